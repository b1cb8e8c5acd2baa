//! The composition objects: texts, options, option groups, confirmation dialogs.

use super::schema::{Field, Report, Rule, check_object, list, may, need};
use serde_json::Value;

/// The longest text object anywhere.
pub const LONGEST_TEXT: usize = 3000;

/// How many options a list may have, and whether they may carry a link (only overflow menus).
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    least: usize,
    most: usize,
    links: bool,
    /// Checkboxes and radio buttons allow mrkdwn in their options.
    rich: bool,
}

impl Limits {
    pub const SELECT: Limits = limits(1, 100, false, false);
    pub const SUGGESTED: Limits = limits(0, 100, false, false);
    pub const CHOICE: Limits = limits(1, 10, false, true);
    pub const OVERFLOW: Limits = limits(1, 5, true, false);
}

const fn limits(least: usize, most: usize, links: bool, rich: bool) -> Limits {
    Limits {
        least,
        most,
        links,
        rich,
    }
}

const OPTION: &[Field] = &[
    need("text", Rule::Plain(75)),
    need("value", Rule::Str(150)),
    may("description", Rule::Plain(75)),
];

const RICH_OPTION: &[Field] = &[
    need("text", Rule::Text(75)),
    need("value", Rule::Str(150)),
    may("description", Rule::Text(75)),
];

const LINK_OPTION: &[Field] = &[
    need("text", Rule::Plain(75)),
    may("value", Rule::Str(150)),
    may("description", Rule::Plain(75)),
    may("url", Rule::Url(3000)),
];

const GROUP: &[Field] = &[
    need("label", Rule::Plain(75)),
    need("options", Rule::Options(Limits::SELECT)),
];

const CONFIRM: &[Field] = &[
    need("title", Rule::Plain(100)),
    need("text", Rule::Text(300)),
    need("confirm", Rule::Plain(30)),
    need("deny", Rule::Plain(30)),
    may("style", Rule::OneOf(&["primary", "danger"])),
];

pub fn check_plain(value: &Value, pointer: &str, most: usize, report: &mut Report) {
    check_text_object(value, pointer, most, &["plain_text"], report);
}

pub fn check_text(value: &Value, pointer: &str, most: usize, report: &mut Report) {
    report.one_of(pointer, |inner| {
        check_text_object(value, pointer, most, &["plain_text", "mrkdwn"], inner);
    });
}

fn check_text_object(
    value: &Value,
    pointer: &str,
    most: usize,
    types: &[&str],
    report: &mut Report,
) {
    match value["type"].as_str() {
        _ if !value.is_object() => {
            report.add("must be an object", pointer);
            return;
        }
        None => report.add("missing required field: type", pointer),
        Some(kind) if !types.contains(&kind) => {
            report.add(
                &format!("unsupported type: {kind}"),
                &format!("{pointer}/type"),
            );
            return;
        }
        Some(_) => {}
    }
    let text = need("text", Rule::Filled(most));
    if value["type"] == "mrkdwn" {
        check_object(value, pointer, &[text, may("verbatim", Rule::Bool)], report);
    } else {
        check_object(value, pointer, &[text, may("emoji", Rule::Bool)], report);
    }
}

pub fn check_options(value: &Value, pointer: &str, limits: Limits, report: &mut Report) {
    for (option, pointer) in list(value, pointer, limits.least, limits.most, report) {
        check_option(option, &pointer, limits, report);
    }
}

pub fn check_option(value: &Value, pointer: &str, limits: Limits, report: &mut Report) {
    let fields = match limits {
        Limits { links: true, .. } => LINK_OPTION,
        Limits { rich: true, .. } => RICH_OPTION,
        _ => OPTION,
    };
    check_object(value, pointer, fields, report);
}

pub fn check_groups(value: &Value, pointer: &str, report: &mut Report) {
    for (group, pointer) in list(value, pointer, 1, 100, report) {
        check_object(group, &pointer, GROUP, report);
    }
}

pub fn check_confirm(value: &Value, pointer: &str, report: &mut Report) {
    check_object(value, pointer, CONFIRM, report);
}
