//! What Slack's client checks in a form before it calls the app. The sentences are the client's
//! as far as they are known; their exact wording is not documented.

use crate::sandbox::world::controls::state_key;
use crate::sandbox::world::views::OpenView;
use serde_json::Value;
use std::collections::BTreeMap;

/// The error at each input block that Slack's client would not let pass.
pub fn client_errors(view: &OpenView) -> BTreeMap<String, String> {
    let values = view.values();
    let mut errors = BTreeMap::new();
    for block in view.blocks() {
        if block["type"] != "input" {
            continue;
        }
        let block_id = block["block_id"].as_str().unwrap_or("");
        let element = &block["element"];
        let action_id = element["action_id"].as_str().unwrap_or("");
        let kind = element["type"].as_str().unwrap_or("");
        let Some((key, _)) = state_key(kind) else {
            continue;
        };
        let value = &values[block_id][action_id][key];
        let problem = if is_blank(value) {
            (block["optional"] != true).then(|| "Please complete this required field.".to_owned())
        } else {
            problem_with(element, kind, value)
        };
        if let Some(problem) = problem {
            errors.insert(block_id.to_owned(), problem);
        }
    }
    errors
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn problem_with(element: &Value, kind: &str, value: &Value) -> Option<String> {
    let text = value.as_str()?;
    match kind {
        "plain_text_input" => {
            let length = text.chars().count() as u64;
            let least = element["min_length"].as_u64().unwrap_or(0);
            let most = element["max_length"].as_u64().unwrap_or(3000);
            if length < least {
                return Some(format!("Please enter at least {least} characters."));
            }
            (length > most).then(|| format!("Please enter no more than {most} characters."))
        }
        "number_input" => number_problem(element, text),
        "url_text_input" => {
            let good = url::Url::parse(text)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            (!good).then(|| "Please enter a valid URL.".to_owned())
        }
        "email_text_input" => {
            (!is_email(text)).then(|| "Please enter a valid email address.".to_owned())
        }
        _ => None,
    }
}

fn number_problem(element: &Value, text: &str) -> Option<String> {
    let text = text.trim();
    let Some(number) = text.parse::<f64>().ok().filter(|number| number.is_finite()) else {
        return Some("Please enter a number.".to_owned());
    };
    if element["is_decimal_allowed"] != true && text.contains(['.', 'e', 'E']) {
        return Some("Please enter a whole number.".to_owned());
    }
    let bound = |name: &str| element[name].as_str()?.parse::<f64>().ok();
    if let Some(least) = bound("min_value").filter(|least| number < *least) {
        return Some(format!("Please enter a number that is at least {least}."));
    }
    bound("max_value")
        .filter(|most| number > *most)
        .map(|most| format!("Please enter a number that is at most {most}."))
}

fn is_email(text: &str) -> bool {
    match text.split_once('@') {
        Some((name, domain)) => {
            !name.is_empty()
                && !domain.contains('@')
                && domain.contains('.')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && !text.contains(char::is_whitespace)
        }
        None => false,
    }
}
