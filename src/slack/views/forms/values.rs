//! What was filled in, read with patience, and what is wrong with it.

use serde_json::{Value, json};

use crate::{domain::time::Timestamp, slack::kit};

/// `view.state.values`: by block, then by action, though each of our blocks has one. Whatever is
/// missing, empty or of another shape is none.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a>(&'a Value);

impl<'a> Values<'a> {
    pub fn new(values: &'a Value) -> Values<'a> {
        Values(values)
    }

    /// Whether the form had this field at all.
    pub fn has(&self, block: &str) -> bool {
        self.element(block).is_some()
    }

    /// A text without the blanks around it; none when it is empty.
    pub fn text(&self, block: &str) -> Option<&'a str> {
        let text = self.element(block)?.get("value")?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The value of the choice.
    pub fn selected(&self, block: &str) -> Option<&'a str> {
        self.element(block)?
            .get("selected_option")?
            .get("value")?
            .as_str()
    }

    /// The Slack ID of whoever was chosen.
    pub fn person(&self, block: &str) -> Option<&'a str> {
        self.id(block, "selected_user")
    }

    /// The ID of the channel that was chosen.
    pub fn channel(&self, block: &str) -> Option<&'a str> {
        self.id(block, "selected_conversation")
    }

    fn id(&self, block: &str, key: &str) -> Option<&'a str> {
        let id = self.element(block)?.get(key)?.as_str()?.trim();
        (!id.is_empty()).then_some(id)
    }

    pub fn date_time(&self, block: &str) -> Option<Timestamp> {
        let seconds = self.element(block)?.get("selected_date_time")?;
        let seconds = match seconds {
            Value::String(text) => text.parse().ok(),
            other => other.as_i64(),
        };
        seconds.filter(|it| *it > 0).map(Timestamp::from_epoch)
    }

    fn element(&self, block: &str) -> Option<&'a Value> {
        let elements = self.0.get(kit::short_id(block))?.as_object()?;
        elements.values().next()
    }
}

/// What is wrong, by block, in the order in which it was found: one sentence each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<(String, String)>);

impl FieldErrors {
    /// The first sentence about a field stays.
    pub fn add(&mut self, block: &str, message: &str) {
        if self.get(block).is_none() {
            self.0.push((block.to_owned(), message.to_owned()));
        }
    }

    pub fn get(&self, block: &str) -> Option<&str> {
        let found = self.0.iter().find(|(it, _)| it == block);
        found.map(|(_, message)| message.as_str())
    }

    /// Each block with its sentence.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(block, it)| (block.as_str(), it.as_str()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `value` when nothing is wrong.
    pub fn or<T>(self, value: T) -> Result<T, FieldErrors> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }

    /// What keeps the form open and shows each sentence at its field.
    pub fn to_response(&self) -> Value {
        let errors: serde_json::Map<String, Value> = self
            .0
            .iter()
            .map(|(block, message)| (block.clone(), json!(message)))
            .collect();
        json!({ "response_action": "errors", "errors": errors })
    }
}
