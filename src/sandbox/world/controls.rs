//! What people can type and choose in Block Kit elements: finding an element in blocks, the state
//! it starts with, and the `state.values` Slack reports for it.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What somebody typed or chose, by block_id and action_id.
pub type Typed = BTreeMap<String, BTreeMap<String, Value>>;

/// One interactive element with the block it sits in.
#[derive(Debug, Clone, Copy)]
pub struct Control<'a> {
    pub block: &'a Value,
    pub element: &'a Value,
}

impl<'a> Control<'a> {
    pub fn block_id(&self) -> &'a str {
        self.block["block_id"].as_str().unwrap_or("")
    }

    pub fn action_id(&self) -> &'a str {
        self.element["action_id"].as_str().unwrap_or("")
    }

    pub fn kind(&self) -> &'a str {
        self.element["type"].as_str().unwrap_or("")
    }

    pub fn is_input(&self) -> bool {
        self.block["type"] == "input"
    }

    /// Whether using the element calls the app at once: everything outside an input block, and
    /// an input block that asks for it.
    pub fn dispatches(&self) -> bool {
        !self.is_input() || self.block["dispatch_action"] == true
    }
}

/// Every interactive element of these blocks, in order.
pub fn controls(blocks: &[Value]) -> Vec<Control<'_>> {
    let mut found = Vec::new();
    for block in blocks {
        // Blocks inside of blocks.
        for inside in ["child_blocks", "elements"] {
            if matches!(block["type"].as_str(), Some("container" | "carousel"))
                && let Some(inner) = block[inside].as_array()
            {
                found.extend(controls(inner));
            }
        }
        let places: &[&str] = match block["type"].as_str() {
            Some("section") => &["accessory"],
            Some("input") => &["element"],
            Some("actions" | "context_actions") => &["elements"],
            Some("card") => &["actions"],
            _ => &[],
        };
        for place in places {
            let elements = match &block[*place] {
                Value::Array(elements) => elements.as_slice(),
                single @ Value::Object(_) => std::slice::from_ref(single),
                _ => &[],
            };
            found.extend(
                elements
                    .iter()
                    .filter(|element| element["action_id"].is_string())
                    .map(|element| Control { block, element }),
            );
        }
    }
    found
}

/// The blocks of a message with those inside its attachments.
pub fn all_blocks(blocks: &[Value], attachments: &[Value]) -> Vec<Value> {
    let nested = attachments
        .iter()
        .filter_map(|attachment| attachment["blocks"].as_array())
        .flatten();
    blocks.iter().chain(nested).cloned().collect()
}

/// The key and starting value an element has in `state.values`; buttons and overflow menus have
/// no state.
pub fn state_key(kind: &str) -> Option<(&'static str, Value)> {
    Some(match kind {
        "plain_text_input" | "number_input" | "url_text_input" | "email_text_input" => {
            ("value", Value::Null)
        }
        "static_select" | "external_select" | "radio_buttons" => ("selected_option", Value::Null),
        "multi_static_select" | "multi_external_select" | "checkboxes" => {
            ("selected_options", json!([]))
        }
        "users_select" => ("selected_user", Value::Null),
        "multi_users_select" => ("selected_users", json!([])),
        "conversations_select" => ("selected_conversation", Value::Null),
        "multi_conversations_select" => ("selected_conversations", json!([])),
        "channels_select" => ("selected_channel", Value::Null),
        "multi_channels_select" => ("selected_channels", json!([])),
        "datepicker" => ("selected_date", Value::Null),
        "timepicker" => ("selected_time", Value::Null),
        "datetimepicker" => ("selected_date_time", Value::Null),
        "rich_text_input" => ("rich_text_value", Value::Null),
        "file_input" => ("files", json!([])),
        _ => return None,
    })
}

/// The state of an element nobody has touched.
pub fn initial_state(element: &Value) -> Option<Value> {
    let kind = element["type"].as_str()?;
    let (key, empty) = state_key(kind)?;
    let initial = match key {
        "value" | "rich_text_value" => "initial_value",
        "selected_option" => "initial_option",
        "selected_options" => "initial_options",
        "selected_user" => "initial_user",
        "selected_users" => "initial_users",
        "selected_conversation" => "initial_conversation",
        "selected_conversations" => "initial_conversations",
        "selected_channel" => "initial_channel",
        "selected_channels" => "initial_channels",
        "selected_date" => "initial_date",
        "selected_time" => "initial_time",
        // Nothing can be chosen for somebody here.
        "files" => return Some(json!({"type": kind, key: empty})),
        _ => "initial_date_time",
    };
    let value = match &element[initial] {
        Value::Null => empty,
        given => given.clone(),
    };
    let mut state = Map::new();
    state.insert("type".to_owned(), json!(kind));
    state.insert(key.to_owned(), value);
    Some(Value::Object(state))
}

/// `state.values` of these blocks: what was typed, else what elements start with.
pub fn state_values(blocks: &[Value], typed: &Typed) -> Value {
    let mut values = Map::new();
    for control in controls(blocks) {
        let Some(initial) = initial_state(control.element) else {
            continue;
        };
        let state = typed
            .get(control.block_id())
            .and_then(|block| block.get(control.action_id()))
            .filter(|state| state["type"] == initial["type"])
            .cloned()
            .unwrap_or(initial);
        values
            .entry(control.block_id())
            .or_insert_with(|| json!({}))[control.action_id()] = state;
    }
    Value::Object(values)
}
