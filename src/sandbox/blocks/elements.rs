//! The tables of interactive elements (and the image element), and in which blocks each may be.

use super::objects::Limits;
use super::rich::{FEEDBACK_BUTTONS, ICON_BUTTON, check_rich_value, check_workflow};
use super::schema::{Field, Report, Rule, check_object, may, need};
use serde_json::Value;

pub const IN_SECTION: &[&str] = &[
    "button",
    "image",
    "overflow",
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
    "multi_static_select",
    "multi_external_select",
    "multi_users_select",
    "multi_conversations_select",
    "multi_channels_select",
    "datepicker",
    "timepicker",
    "radio_buttons",
    "checkboxes",
    "workflow_button",
];

pub const IN_CONTEXT_ACTIONS: &[&str] = &["feedback_buttons", "icon_button"];

/// No multi selects here, and no text inputs.
pub const IN_ACTIONS: &[&str] = &[
    "button",
    "overflow",
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
    "datepicker",
    "timepicker",
    "datetimepicker",
    "radio_buttons",
    "checkboxes",
    "workflow_button",
];

pub const IN_INPUT: &[&str] = &[
    "plain_text_input",
    "number_input",
    "url_text_input",
    "email_text_input",
    "rich_text_input",
    "file_input",
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
    "multi_static_select",
    "multi_external_select",
    "multi_users_select",
    "multi_conversations_select",
    "multi_channels_select",
    "datepicker",
    "timepicker",
    "datetimepicker",
    "radio_buttons",
    "checkboxes",
];

const ACTION_ID: Field = may("action_id", Rule::Str(255));
const CONFIRM: Field = may("confirm", Rule::Confirm);
const PLACEHOLDER: Field = may("placeholder", Rule::Plain(150));
const FOCUS: Field = may("focus_on_load", Rule::Bool);
const MOST_SELECTED: Field = may("max_selected_items", Rule::Int(1, i64::MAX - 1));
const DISPATCH: Field = may("dispatch_action_config", Rule::Any);
const RESPONSE_URL: Field = may("response_url_enabled", Rule::Bool);
const CURRENT: Field = may("default_to_current_conversation", Rule::Bool);
const FILTER: Field = may("filter", Rule::Any);

const BUTTON: &[Field] = &[
    ACTION_ID,
    need("text", Rule::Plain(75)),
    may("value", Rule::Str(2000)),
    may("url", Rule::Url(3000)),
    may("style", Rule::OneOf(&["primary", "danger"])),
    CONFIRM,
    may("accessibility_label", Rule::Str(75)),
];

const IMAGE: &[Field] = &[
    may("image_url", Rule::Url(3000)),
    may("slack_file", Rule::Any),
    need("alt_text", Rule::Str(2000)),
];

const OVERFLOW: &[Field] = &[
    ACTION_ID,
    need("options", Rule::Options(Limits::OVERFLOW)),
    CONFIRM,
];

const STATIC_SELECT: &[Field] = &[
    ACTION_ID,
    may("options", Rule::Options(Limits::SELECT)),
    may("option_groups", Rule::Groups),
    may("initial_option", Rule::Opt),
    CONFIRM,
    FOCUS,
    PLACEHOLDER,
];

const MULTI_STATIC_SELECT: &[Field] = &[
    ACTION_ID,
    may("options", Rule::Options(Limits::SELECT)),
    may("option_groups", Rule::Groups),
    may("initial_options", Rule::Opts),
    MOST_SELECTED,
    CONFIRM,
    FOCUS,
    PLACEHOLDER,
];

const EXTERNAL_SELECT: &[Field] = &[
    ACTION_ID,
    may("initial_option", Rule::Opt),
    may("min_query_length", Rule::Int(0, i64::MAX - 1)),
    CONFIRM,
    FOCUS,
    PLACEHOLDER,
];

const MULTI_EXTERNAL_SELECT: &[Field] = &[
    ACTION_ID,
    may("initial_options", Rule::Opts),
    may("min_query_length", Rule::Int(0, i64::MAX - 1)),
    MOST_SELECTED,
    CONFIRM,
    FOCUS,
    PLACEHOLDER,
];

const USERS_SELECT: &[Field] = &[
    ACTION_ID,
    may("initial_user", Rule::Str(255)),
    CONFIRM,
    FOCUS,
    PLACEHOLDER,
];

const MULTI_USERS_SELECT: &[Field] = &[
    ACTION_ID,
    may("initial_users", Rule::Strings),
    MOST_SELECTED,
    CONFIRM,
    FOCUS,
    PLACEHOLDER,
];

const CONVERSATIONS_SELECT: &[Field] = &[
    ACTION_ID,
    may("initial_conversation", Rule::Str(255)),
    CURRENT,
    FILTER,
    RESPONSE_URL,
    CONFIRM,
    FOCUS,
    PLACEHOLDER,
];

const MULTI_CONVERSATIONS_SELECT: &[Field] = &[
    ACTION_ID,
    may("initial_conversations", Rule::Strings),
    CURRENT,
    FILTER,
    MOST_SELECTED,
    CONFIRM,
    FOCUS,
    PLACEHOLDER,
];

const CHANNELS_SELECT: &[Field] = &[
    ACTION_ID,
    may("initial_channel", Rule::Str(255)),
    RESPONSE_URL,
    CONFIRM,
    FOCUS,
    PLACEHOLDER,
];

const MULTI_CHANNELS_SELECT: &[Field] = &[
    ACTION_ID,
    may("initial_channels", Rule::Strings),
    MOST_SELECTED,
    CONFIRM,
    FOCUS,
    PLACEHOLDER,
];

const PLAIN_TEXT_INPUT: &[Field] = &[
    ACTION_ID,
    may("initial_value", Rule::Str(3000)),
    may("multiline", Rule::Bool),
    may("min_length", Rule::Int(0, 3000)),
    may("max_length", Rule::Int(1, 3000)),
    DISPATCH,
    FOCUS,
    PLACEHOLDER,
];

const NUMBER_INPUT: &[Field] = &[
    ACTION_ID,
    need("is_decimal_allowed", Rule::Bool),
    may("initial_value", Rule::NumberText),
    may("min_value", Rule::NumberText),
    may("max_value", Rule::NumberText),
    DISPATCH,
    FOCUS,
    PLACEHOLDER,
];

/// URL and e-mail inputs have the same fields.
const ADDRESS_INPUT: &[Field] = &[
    ACTION_ID,
    may("initial_value", Rule::Str(3000)),
    DISPATCH,
    FOCUS,
    PLACEHOLDER,
];

const RICH_TEXT_INPUT: &[Field] = &[
    ACTION_ID,
    may("initial_value", Rule::Check(check_rich_value)),
    DISPATCH,
    FOCUS,
    PLACEHOLDER,
];

const FILE_INPUT: &[Field] = &[
    ACTION_ID,
    may("filetypes", Rule::Strings),
    may("max_files", Rule::Int(1, 10)),
];

const WORKFLOW_BUTTON: &[Field] = &[
    ACTION_ID,
    need("text", Rule::Plain(75)),
    need("workflow", Rule::Check(check_workflow)),
    may("style", Rule::OneOf(&["primary", "danger"])),
    may("accessibility_label", Rule::Str(75)),
];

const DATEPICKER: &[Field] = &[
    ACTION_ID,
    may("initial_date", Rule::Date),
    CONFIRM,
    FOCUS,
    PLACEHOLDER,
];

const TIMEPICKER: &[Field] = &[
    ACTION_ID,
    may("initial_time", Rule::Time),
    may("timezone", Rule::Str(255)),
    CONFIRM,
    FOCUS,
    PLACEHOLDER,
];

const DATETIMEPICKER: &[Field] = &[
    ACTION_ID,
    may("initial_date_time", Rule::Epoch),
    CONFIRM,
    FOCUS,
];

const RADIO_BUTTONS: &[Field] = &[
    ACTION_ID,
    need("options", Rule::Options(Limits::CHOICE)),
    may("initial_option", Rule::Any),
    CONFIRM,
    FOCUS,
];

const CHECKBOXES: &[Field] = &[
    ACTION_ID,
    need("options", Rule::Options(Limits::CHOICE)),
    may("initial_options", Rule::Array),
    CONFIRM,
    FOCUS,
];

fn fields(kind: &str) -> Option<&'static [Field]> {
    Some(match kind {
        "button" => BUTTON,
        "image" => IMAGE,
        "overflow" => OVERFLOW,
        "static_select" => STATIC_SELECT,
        "multi_static_select" => MULTI_STATIC_SELECT,
        "external_select" => EXTERNAL_SELECT,
        "multi_external_select" => MULTI_EXTERNAL_SELECT,
        "users_select" => USERS_SELECT,
        "multi_users_select" => MULTI_USERS_SELECT,
        "conversations_select" => CONVERSATIONS_SELECT,
        "multi_conversations_select" => MULTI_CONVERSATIONS_SELECT,
        "channels_select" => CHANNELS_SELECT,
        "multi_channels_select" => MULTI_CHANNELS_SELECT,
        "plain_text_input" => PLAIN_TEXT_INPUT,
        "number_input" => NUMBER_INPUT,
        "url_text_input" | "email_text_input" => ADDRESS_INPUT,
        "rich_text_input" => RICH_TEXT_INPUT,
        "file_input" => FILE_INPUT,
        "workflow_button" => WORKFLOW_BUTTON,
        "feedback_buttons" => FEEDBACK_BUTTONS,
        "icon_button" => ICON_BUTTON,
        "datepicker" => DATEPICKER,
        "timepicker" => TIMEPICKER,
        "datetimepicker" => DATETIMEPICKER,
        "radio_buttons" => RADIO_BUTTONS,
        "checkboxes" => CHECKBOXES,
        _ => return None,
    })
}

pub fn check_element(value: &Value, pointer: &str, allowed: &[&str], report: &mut Report) {
    if !value.is_object() {
        report.add("must be an object", pointer);
        return;
    }
    let Some(kind) = value["type"].as_str() else {
        report.add("missing required field: type", pointer);
        return;
    };
    let Some(fields) = fields(kind).filter(|_| allowed.contains(&kind)) else {
        report.add(
            &format!("unsupported type: {kind}"),
            &format!("{pointer}/type"),
        );
        return;
    };
    check_object(value, pointer, fields, report);
    match kind {
        "static_select" | "multi_static_select"
            if value["options"].is_null() && value["option_groups"].is_null() =>
        {
            report.add("missing required field: options", pointer);
        }
        "image" if value["image_url"].is_null() && value["slack_file"].is_null() => {
            report.add("missing required field: image_url", pointer);
        }
        _ => {}
    }
    check_initial(value, pointer, report);
}

/// What is chosen at first must be among the options offered.
fn check_initial(element: &Value, pointer: &str, report: &mut Report) {
    let offered = offered_options(element);
    if offered.is_empty() {
        return;
    }
    let same = |one: &Value, other: &Value| {
        one["value"] == other["value"] && one["text"]["text"] == other["text"]["text"]
    };
    let known = |chosen: &Value| offered.iter().any(|option| same(option, chosen));
    let single = &element["initial_option"];
    if single.is_object() && !known(single) {
        report.add(
            "must exactly match one of the options",
            &format!("{pointer}/initial_option"),
        );
    }
    let several = element["initial_options"].as_array();
    for (index, chosen) in several.into_iter().flatten().enumerate() {
        if !known(chosen) {
            report.add(
                "must exactly match one of the options",
                &format!("{pointer}/initial_options/{index}"),
            );
        }
    }
}

fn offered_options(element: &Value) -> Vec<&Value> {
    let groups = element["option_groups"].as_array();
    let grouped = groups
        .into_iter()
        .flatten()
        .filter_map(|group| group["options"].as_array())
        .flatten();
    let plain = element["options"].as_array();
    plain.into_iter().flatten().chain(grouped).collect()
}
