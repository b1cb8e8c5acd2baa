//! The small language the tables are written in: a field with its rule, and the walk that checks
//! an object against its fields.

use super::objects::{self, Limits};
use super::{Refusal, elements};
use serde_json::Value;

/// The problems found so far, in the order in which Slack would list them.
#[derive(Debug, Default)]
pub struct Report {
    problems: Vec<String>,
}

impl Report {
    pub fn add(&mut self, problem: &str, pointer: &str) {
        self.problems
            .push(format!("{problem} [json-pointer:{pointer}]"));
    }

    pub fn finish(self, error: &'static str) -> Result<(), Refusal> {
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(Refusal {
            error,
            problems: self.problems,
        })
    }

    /// Runs a check of one of several shapes Slack allows in a place. A failure is reported as
    /// Slack does for those: first that no shape fits, then what is wrong inside.
    pub fn one_of(&mut self, pointer: &str, check: impl FnOnce(&mut Report)) {
        let mut inner = Report::default();
        check(&mut inner);
        if !inner.problems.is_empty() {
            self.add("failed to match all allowed schemas", pointer);
            self.problems.append(&mut inner.problems);
        }
    }
}

pub struct Field {
    pub name: &'static str,
    required: bool,
    rule: Rule,
}

pub const fn need(name: &'static str, rule: Rule) -> Field {
    Field {
        name,
        required: true,
        rule,
    }
}

pub const fn may(name: &'static str, rule: Rule) -> Field {
    Field {
        name,
        required: false,
        rule,
    }
}

#[derive(Clone, Copy)]
pub enum Rule {
    /// Text of at most so many characters, possibly none.
    Str(usize),
    /// Text of 1 to so many characters.
    Filled(usize),
    Url(usize),
    Bool,
    Int(i64, i64),
    /// A number written as text, as number inputs have it.
    NumberText,
    Date,
    Time,
    /// Ten digits: seconds since 1970.
    Epoch,
    OneOf(&'static [&'static str]),
    /// A `plain_text` object.
    Plain(usize),
    /// A `plain_text` or `mrkdwn` object.
    Text(usize),
    /// Several of those: at most so many, each at most so long.
    Texts(usize, usize),
    /// Texts and images, at most so many.
    ContextItems(usize),
    Options(Limits),
    Groups,
    Opt,
    Opts,
    Confirm,
    /// One element of these types.
    Element(&'static [&'static str]),
    /// A list of elements of these types, at most so many, their action ids all different.
    Elements(&'static [&'static str], usize),
    Strings,
    Array,
    /// Whatever this function says.
    Check(fn(&Value, &str, &mut Report)),
    Any,
}

/// Checks an object that may have exactly these fields, beside `type`.
pub fn check_object(value: &Value, pointer: &str, fields: &[Field], report: &mut Report) {
    let Some(given) = value.as_object() else {
        report.add("must be an object", pointer);
        return;
    };
    for field in fields {
        match given.get(field.name) {
            None | Some(Value::Null) => {
                if field.required {
                    report.add(&format!("missing required field: {}", field.name), pointer);
                }
            }
            Some(value) => check(
                value,
                &format!("{pointer}/{}", field.name),
                field.rule,
                report,
            ),
        }
    }
    for name in given.keys() {
        if name != "type" && !fields.iter().any(|field| field.name == name) {
            report.add(&format!("invalid additional property: {name}"), pointer);
        }
    }
}

fn check(value: &Value, pointer: &str, rule: Rule, report: &mut Report) {
    match rule {
        Rule::Str(most) => check_string(value, pointer, 0, most, report),
        Rule::Filled(most) => check_string(value, pointer, 1, most, report),
        Rule::Url(most) => check_url(value, pointer, most, report),
        Rule::Bool => expect(value.is_boolean(), "must be a boolean", pointer, report),
        Rule::Int(least, most) => check_int(value, pointer, least, most, report),
        Rule::NumberText => expect(
            value
                .as_str()
                .is_some_and(|text| text.parse::<f64>().is_ok()),
            "must be a number in a string",
            pointer,
            report,
        ),
        Rule::Date => expect(
            value.as_str().is_some_and(is_date),
            "must be a date in the format YYYY-MM-DD",
            pointer,
            report,
        ),
        Rule::Time => expect(
            value.as_str().is_some_and(is_time),
            "must be a time in the format HH:mm",
            pointer,
            report,
        ),
        Rule::Epoch => check_int(value, pointer, 1_000_000_000, 9_999_999_999, report),
        Rule::OneOf(allowed) => expect(
            value.as_str().is_some_and(|text| allowed.contains(&text)),
            "must be a valid enum value",
            pointer,
            report,
        ),
        Rule::Plain(most) => objects::check_plain(value, pointer, most, report),
        Rule::Text(most) => objects::check_text(value, pointer, most, report),
        Rule::Texts(items, most) => {
            for (value, pointer) in list(value, pointer, 1, items, report) {
                objects::check_text(value, &pointer, most, report);
            }
        }
        Rule::ContextItems(items) => {
            for (value, pointer) in list(value, pointer, 1, items, report) {
                if value["type"] == "image" {
                    elements::check_element(value, &pointer, &["image"], report);
                } else {
                    objects::check_text(value, &pointer, objects::LONGEST_TEXT, report);
                }
            }
        }
        Rule::Options(limits) => objects::check_options(value, pointer, limits, report),
        Rule::Groups => objects::check_groups(value, pointer, report),
        Rule::Opt => objects::check_option(value, pointer, Limits::SELECT, report),
        Rule::Opts => objects::check_options(value, pointer, Limits::SELECT, report),
        Rule::Confirm => objects::check_confirm(value, pointer, report),
        Rule::Element(allowed) => elements::check_element(value, pointer, allowed, report),
        Rule::Elements(allowed, most) => check_elements(value, pointer, allowed, most, report),
        Rule::Strings => {
            for (value, pointer) in list(value, pointer, 0, usize::MAX, report) {
                check_string(value, &pointer, 0, usize::MAX, report);
            }
        }
        Rule::Array => expect(value.is_array(), "must be an array", pointer, report),
        Rule::Check(check) => check(value, pointer, report),
        Rule::Any => {}
    }
}

fn expect(holds: bool, problem: &str, pointer: &str, report: &mut Report) {
    if !holds {
        report.add(problem, pointer);
    }
}

pub fn check_string(value: &Value, pointer: &str, least: usize, most: usize, report: &mut Report) {
    let Some(text) = value.as_str() else {
        report.add("must be a string", pointer);
        return;
    };
    let length = text.chars().count();
    if length < least {
        report.add(
            &format!("must be more than {} characters", least - 1),
            pointer,
        );
    } else if length > most {
        report.add(
            &format!("must be less than {} characters", most + 1),
            pointer,
        );
    }
}

fn check_url(value: &Value, pointer: &str, most: usize, report: &mut Report) {
    check_string(value, pointer, 1, most, report);
    if let Some(text) = value.as_str()
        && !text.is_empty()
        && url::Url::parse(text).is_err()
    {
        report.add("invalid url", pointer);
    }
}

fn check_int(value: &Value, pointer: &str, least: i64, most: i64, report: &mut Report) {
    match value.as_i64() {
        None => report.add("must be an integer", pointer),
        Some(number) if number < least => {
            report.add(&format!("must be greater than {}", least - 1), pointer);
        }
        Some(number) if number > most => {
            report.add(&format!("must be less than {}", most + 1), pointer);
        }
        Some(_) => {}
    }
}

/// The items of a list with their pointers, after checking how many there are.
pub fn list<'a>(
    value: &'a Value,
    pointer: &str,
    least: usize,
    most: usize,
    report: &mut Report,
) -> Vec<(&'a Value, String)> {
    let Some(items) = value.as_array() else {
        report.add("must be an array", pointer);
        return Vec::new();
    };
    if items.len() < least {
        report.add(&format!("must provide at least {least} items"), pointer);
    } else if items.len() > most {
        report.add(&format!("no more than {most} items allowed"), pointer);
    }
    items
        .iter()
        .enumerate()
        .map(|(index, item)| (item, format!("{pointer}/{index}")))
        .collect()
}

fn check_elements(
    value: &Value,
    pointer: &str,
    allowed: &[&str],
    most: usize,
    report: &mut Report,
) {
    let mut seen = std::collections::HashSet::new();
    for (element, pointer) in list(value, pointer, 1, most, report) {
        elements::check_element(element, &pointer, allowed, report);
        if let Some(id) = element["action_id"].as_str()
            && !id.is_empty()
            && !seen.insert(id)
        {
            report.add(
                &format!("`action_id` \"{id}\" already exists"),
                &format!("{pointer}/action_id"),
            );
        }
    }
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

fn is_time(text: &str) -> bool {
    text.len() == 5 && chrono::NaiveTime::parse_from_str(text, "%H:%M").is_ok()
}
