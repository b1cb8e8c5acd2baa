//! What is inside rich text, tables and the newer buttons.

use super::objects::{check_confirm, check_plain};
use super::schema::{Field, Report, Rule, check_object, list, may, need};
use serde_json::Value;

const STYLE: Field = may("style", Rule::Any);
const BORDER: Field = may("border", Rule::Int(0, 1));

const TEXT: &[Field] = &[need("text", Rule::Filled(usize::MAX - 1)), STYLE];
const LINK: &[Field] = &[
    need("url", Rule::Url(3000)),
    may("text", Rule::Str(usize::MAX - 1)),
    may("unsafe", Rule::Bool),
    STYLE,
];
const EMOJI: &[Field] = &[
    need("name", Rule::Filled(255)),
    may("unicode", Rule::Str(255)),
    may("display_url", Rule::Str(3000)),
    may("skin_tone", Rule::Int(1, 6)),
    may("url", Rule::Str(3000)),
    STYLE,
];
const USER: &[Field] = &[need("user_id", Rule::Filled(255)), STYLE];
const GROUP: &[Field] = &[need("usergroup_id", Rule::Filled(255)), STYLE];
const CHANNEL: &[Field] = &[need("channel_id", Rule::Filled(255)), STYLE];
const TEAM: &[Field] = &[need("team_id", Rule::Filled(255)), STYLE];
const BROADCAST: &[Field] = &[
    need("range", Rule::OneOf(&["here", "channel", "everyone"])),
    STYLE,
];
const DATE: &[Field] = &[
    need("timestamp", Rule::Int(0, i64::MAX - 1)),
    need("format", Rule::Filled(255)),
    may("url", Rule::Url(3000)),
    may("fallback", Rule::Str(3000)),
    STYLE,
];
const COLOR: &[Field] = &[need("value", Rule::Filled(255)), STYLE];

const SECTION: &[Field] = &[need("elements", Rule::Check(check_words))];
const BORDERED: &[Field] = &[
    need("elements", Rule::Check(check_words)),
    BORDER,
    may("language", Rule::Str(255)),
];
const LIST: &[Field] = &[
    need("elements", Rule::Check(check_sections)),
    need("style", Rule::OneOf(&["bullet", "ordered"])),
    may("indent", Rule::Int(0, 8)),
    may("offset", Rule::Int(0, i64::MAX - 1)),
    BORDER,
];

/// The elements of a rich text block.
pub fn check_rich_text(value: &Value, pointer: &str, report: &mut Report) {
    for (element, pointer) in list(value, pointer, 0, usize::MAX, report) {
        check_by_type(element, &pointer, report, |kind| {
            Some(match kind {
                "rich_text_section" => SECTION,
                "rich_text_list" => LIST,
                "rich_text_preformatted" | "rich_text_quote" => BORDERED,
                _ => return None,
            })
        });
    }
}

fn check_sections(value: &Value, pointer: &str, report: &mut Report) {
    for (element, pointer) in list(value, pointer, 0, usize::MAX, report) {
        check_by_type(element, &pointer, report, |kind| {
            (kind == "rich_text_section").then_some(SECTION)
        });
    }
}

fn check_words(value: &Value, pointer: &str, report: &mut Report) {
    for (element, pointer) in list(value, pointer, 0, usize::MAX, report) {
        check_by_type(element, &pointer, report, |kind| {
            Some(match kind {
                "text" => TEXT,
                "link" => LINK,
                "emoji" => EMOJI,
                "user" => USER,
                "usergroup" => GROUP,
                "channel" => CHANNEL,
                "team" => TEAM,
                "broadcast" => BROADCAST,
                "date" => DATE,
                "color" => COLOR,
                _ => return None,
            })
        });
    }
}

fn check_by_type(
    value: &Value,
    pointer: &str,
    report: &mut Report,
    fields: impl Fn(&str) -> Option<&'static [Field]>,
) {
    if !value.is_object() {
        report.add("must be an object", pointer);
        return;
    }
    let Some(kind) = value["type"].as_str() else {
        report.add("missing required field: type", pointer);
        return;
    };
    match fields(kind) {
        Some(fields) => check_object(value, pointer, fields, report),
        None => report.add(
            &format!("unsupported type: {kind}"),
            &format!("{pointer}/type"),
        ),
    }
}

const RICH_TEXT: &[Field] = &[
    may("block_id", Rule::Str(255)),
    need("elements", Rule::Check(check_rich_text)),
];
const RAW_TEXT: &[Field] = &[need("text", Rule::Str(3000))];

/// A whole rich text, as an input begins with it.
pub fn check_rich_value(value: &Value, pointer: &str, report: &mut Report) {
    check_by_type(value, pointer, report, |kind| {
        (kind == "rich_text").then_some(RICH_TEXT)
    });
}

const MOST_ROWS: usize = 100;
const MOST_CELLS: usize = 20;

/// The rows of a table.
pub fn check_rows(value: &Value, pointer: &str, report: &mut Report) {
    for (row, pointer) in list(value, pointer, 1, MOST_ROWS, report) {
        for (cell, pointer) in list(row, &pointer, 1, MOST_CELLS, report) {
            check_by_type(cell, &pointer, report, |kind| {
                Some(match kind {
                    "raw_text" => RAW_TEXT,
                    "rich_text" => RICH_TEXT,
                    _ => return None,
                })
            });
        }
    }
}

const COLUMN: &[Field] = &[
    may("align", Rule::OneOf(&["left", "center", "right"])),
    may("is_wrapped", Rule::Bool),
];

pub fn check_columns(value: &Value, pointer: &str, report: &mut Report) {
    for (column, pointer) in list(value, pointer, 0, MOST_CELLS, report) {
        if !column.is_null() {
            check_object(column, &pointer, COLUMN, report);
        }
    }
}

const FEEDBACK_BUTTON: &[Field] = &[
    need("text", Rule::Plain(75)),
    need("value", Rule::Str(2000)),
    may("accessibility_label", Rule::Str(75)),
];

pub fn check_feedback_button(value: &Value, pointer: &str, report: &mut Report) {
    check_object(value, pointer, FEEDBACK_BUTTON, report);
}

pub const FEEDBACK_BUTTONS: &[Field] = &[
    may("action_id", Rule::Str(255)),
    need("positive_button", Rule::Check(check_feedback_button)),
    need("negative_button", Rule::Check(check_feedback_button)),
];

pub const ICON_BUTTON: &[Field] = &[
    may("action_id", Rule::Str(255)),
    need("icon", Rule::Filled(255)),
    need("text", Rule::Check(check_icon_text)),
    may("value", Rule::Str(2000)),
    may("confirm", Rule::Check(check_confirm)),
    may("accessibility_label", Rule::Str(75)),
    may("visible_to_user_ids", Rule::Strings),
];

fn check_icon_text(value: &Value, pointer: &str, report: &mut Report) {
    check_plain(value, pointer, 75, report);
}

const WORKFLOW: &[Field] = &[need("trigger", Rule::Check(check_trigger))];
const TRIGGER: &[Field] = &[
    need("url", Rule::Url(3000)),
    may("customizable_input_parameters", Rule::Array),
];

fn check_trigger(value: &Value, pointer: &str, report: &mut Report) {
    check_object(value, pointer, TRIGGER, report);
}

pub fn check_workflow(value: &Value, pointer: &str, report: &mut Report) {
    check_object(value, pointer, WORKFLOW, report);
}
