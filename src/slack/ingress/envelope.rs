//! Slack's requests as we read them: only the fields that are used, and none of them trusted to be
//! there. slack-morphism's own types fail on what they do not know; these must not.

use serde::Deserialize;
use serde_json::Value;

/// A slash command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlashCommand {
    pub user_id: String,
    pub user_name: String,
    pub channel_id: String,
    pub command: String,
    pub text: String,
    pub response_url: String,
    pub trigger_id: String,
}

/// What a click, a submission, a type-ahead or a shortcut sends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Interaction {
    #[serde(rename = "type")]
    pub kind: String,
    pub user: User,
    pub trigger_id: String,
    pub response_url: String,
    pub channel: Option<Channel>,
    pub container: Container,
    pub actions: Vec<Action>,
    pub view: Option<View>,
    /// Of a shortcut: which one.
    pub callback_id: String,
    /// Of a shortcut on a message: that message.
    pub message: Option<Message>,
    pub message_ts: Option<String>,
    /// Of a type-ahead: which element asks, and what was typed.
    pub action_id: String,
    pub block_id: String,
    pub value: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct User {
    pub id: String,
    pub name: String,
    pub username: String,
}

impl User {
    /// What to call somebody of whom nothing else is known.
    pub fn called(&self) -> &str {
        [&self.name, &self.username, &self.id]
            .into_iter()
            .find(|it| !it.is_empty())
            .map_or("", |it| it)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Channel {
    pub id: String,
}

/// A message that somebody points at. Its author is of no interest.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Message {
    pub ts: String,
    /// Slack's markup. None of a message of blocks or files alone.
    pub text: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Container {
    pub message_ts: Option<String>,
    pub channel_id: Option<String>,
    pub is_ephemeral: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Action {
    pub action_id: String,
    pub block_id: String,
    pub action_ts: String,
    pub value: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct View {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub callback_id: String,
    pub private_metadata: String,
    pub state: State,
    pub blocks: Vec<Value>,
    /// Changes with every update, so that an update over a newer one is refused.
    pub hash: String,
    /// As we sent them: an update has to say them again.
    pub title: Value,
    pub submit: Value,
    pub close: Value,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct State {
    pub values: Value,
}

/// Somebody wrote to the bot.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Mention {
    /// None when a program wrote it.
    pub user: Option<String>,
    pub bot_id: Option<String>,
    pub text: Option<String>,
    pub channel: String,
    pub ts: String,
    pub thread_ts: Option<String>,
    pub subtype: Option<String>,
    /// There when the message was changed afterwards.
    pub edited: Option<Value>,
}

/// The outer part of an event.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct EventEnvelope {
    #[serde(rename = "type")]
    pub kind: String,
    pub challenge: Option<String>,
    pub event_id: String,
    pub event: Value,
}

/// A request that cannot be read at all.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the form has no field {0}")]
    Missing(&'static str),
    #[error("the payload is not JSON")]
    NotJson,
}

/// What a form field holds.
pub fn field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

pub fn form(body: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(body)
        .map(|(key, value)| (key.into_owned(), value.replace('\0', "")))
        .collect()
}

/// Reads JSON and leaves out every NUL, which PostgreSQL cannot keep in a text.
pub fn json(text: &[u8]) -> Result<Value, Unreadable> {
    let mut value = serde_json::from_slice(text).map_err(|_| Unreadable::NotJson)?;
    without_nul(&mut value);
    Ok(value)
}

fn without_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => text.retain(|it| it != '\0'),
        Value::Array(items) => items.iter_mut().for_each(without_nul),
        Value::Object(fields) => {
            if fields.keys().any(|it| it.contains('\0')) {
                *fields = std::mem::take(fields)
                    .into_iter()
                    .map(|(key, value)| (key.replace('\0', ""), value))
                    .collect();
            }
            fields.values_mut().for_each(without_nul);
        }
        _ => {}
    }
}

pub fn slash_command(form: &[(String, String)]) -> Result<SlashCommand, Unreadable> {
    let required = |name: &'static str| {
        field(form, name)
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .ok_or(Unreadable::Missing(name))
    };
    let optional = |name| field(form, name).unwrap_or_default().to_owned();
    Ok(SlashCommand {
        user_id: required("user_id")?,
        command: required("command")?,
        trigger_id: required("trigger_id")?,
        user_name: optional("user_name"),
        channel_id: optional("channel_id"),
        text: optional("text"),
        response_url: optional("response_url"),
    })
}

pub fn interaction(form: &[(String, String)]) -> Result<Interaction, Unreadable> {
    let payload = field(form, "payload").ok_or(Unreadable::Missing("payload"))?;
    interaction_in(json(payload.as_bytes())?)
}

pub fn interaction_in(payload: Value) -> Result<Interaction, Unreadable> {
    let interaction: Interaction =
        serde_json::from_value(payload).map_err(|_| Unreadable::NotJson)?;
    if interaction.kind.is_empty() {
        return Err(Unreadable::Missing("type"));
    }
    let used = matches!(
        interaction.kind.as_str(),
        "block_actions" | "view_submission" | "block_suggestion" | "shortcut" | "message_action"
    );
    if used && interaction.user.id.is_empty() {
        return Err(Unreadable::Missing("user.id"));
    }
    // A form without an ID would be taken for any other one that had none.
    let view = interaction.view.as_ref();
    if interaction.kind == "view_submission" && view.is_none_or(|it| it.id.is_empty()) {
        return Err(Unreadable::Missing("view.id"));
    }
    Ok(interaction)
}

pub fn event(body: &[u8]) -> Result<EventEnvelope, Unreadable> {
    event_in(json(body)?)
}

pub fn event_in(payload: Value) -> Result<EventEnvelope, Unreadable> {
    let envelope: EventEnvelope =
        serde_json::from_value(payload).map_err(|_| Unreadable::NotJson)?;
    if envelope.kind.is_empty() {
        return Err(Unreadable::Missing("type"));
    }
    if envelope.kind == "event_callback" && envelope.event_id.is_empty() {
        return Err(Unreadable::Missing("event_id"));
    }
    Ok(envelope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_or_null_does_not_break_reading() {
        let payload = serde_json::json!({
            "type": "view_submission", "team": null, "enterprise": {"id": "E1"},
            "user": {"id": "U1", "surprise": [1]}, "view": {"id": "V1", "state": {}, "novel": {}},
        });
        let form = vec![("payload".to_owned(), payload.to_string())];
        let read = interaction(&form).unwrap();
        assert_eq!(read.user.called(), "U1");
        assert_eq!(read.view.unwrap().id, "V1");
    }

    #[test]
    fn no_nul_comes_through() {
        let payload = r#"{"type":"view_submission","user":{"id":"U\u00001","name":"\u0000"},
            "view":{"id":"V1","state":{"values":{"a\u0000":{"b":{"value":["x\u0000y"]}}}}}}"#;
        let read = interaction(&form(
            &url::form_urlencoded::Serializer::new(String::new())
                .append_pair("payload", payload)
                .finish()
                .into_bytes(),
        ))
        .unwrap();
        assert_eq!((read.user.id.as_str(), read.user.called()), ("U1", "U1"));
        let values = read.view.unwrap().state.values;
        assert_eq!(values["a"]["b"]["value"][0], "xy");
        let read = event(br#"{"type":"event_callback","event_id":"E1","event":{"x":"\u0000"}}"#);
        assert_eq!(read.unwrap().event["x"], "");
        assert_eq!(form(b"text=a%00b")[0].1, "ab");
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let broken = |text: &str| interaction(&[("payload".to_owned(), text.to_owned())]).err();
        assert_eq!(broken("{"), Some(Unreadable::NotJson));
        assert_eq!(broken("{}"), Some(Unreadable::Missing("type")));
        for (payload, missing) in [
            (r#"{"type":"block_actions"}"#, "user.id"),
            (r#"{"type":"shortcut"}"#, "user.id"),
            (r#"{"type":"message_action","user":{}}"#, "user.id"),
            (
                r#"{"type":"view_submission","view":{"id":"V1"}}"#,
                "user.id",
            ),
            (
                r#"{"type":"view_submission","user":{"id":"U1"}}"#,
                "view.id",
            ),
            (
                r#"{"type":"view_submission","user":{"id":"U1"},"view":{"id":""}}"#,
                "view.id",
            ),
        ] {
            assert_eq!(broken(payload), Some(Unreadable::Missing(missing)));
        }
        assert_eq!(interaction(&[]).err(), Some(Unreadable::Missing("payload")));
        assert_eq!(event(b"not json").err(), Some(Unreadable::NotJson));
        assert_eq!(
            event(br#"{"type":"event_callback"}"#).err(),
            Some(Unreadable::Missing("event_id"))
        );
    }
}
