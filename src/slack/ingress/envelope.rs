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

/// What a click, a submission or a type-ahead sends.
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
    pub callback_id: String,
    pub private_metadata: String,
    pub state: State,
    pub blocks: Vec<Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct State {
    pub values: Value,
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
    url::form_urlencoded::parse(body).into_owned().collect()
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
    let interaction: Interaction =
        serde_json::from_str(payload).map_err(|_| Unreadable::NotJson)?;
    if interaction.kind.is_empty() {
        return Err(Unreadable::Missing("type"));
    }
    Ok(interaction)
}

pub fn event(body: &[u8]) -> Result<EventEnvelope, Unreadable> {
    let envelope: EventEnvelope = serde_json::from_slice(body).map_err(|_| Unreadable::NotJson)?;
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
    fn what_cannot_be_read_is_said() {
        let broken = |text: &str| interaction(&[("payload".to_owned(), text.to_owned())]).err();
        assert_eq!(broken("{"), Some(Unreadable::NotJson));
        assert_eq!(broken("{}"), Some(Unreadable::Missing("type")));
        assert_eq!(interaction(&[]).err(), Some(Unreadable::Missing("payload")));
        assert_eq!(event(b"not json").err(), Some(Unreadable::NotJson));
        assert_eq!(
            event(br#"{"type":"event_callback"}"#).err(),
            Some(Unreadable::Missing("event_id"))
        );
    }
}
