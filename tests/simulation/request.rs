//! A request of Slack's, kept so that it can come again: signed anew, under another identifier, or in
//! an envelope.

use axum::body::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};

pub const SIGNING_SECRET: &str = "a-signing-secret-for-the-simulation";

/// The bot's user.
pub const BOT: &str = "U0BALEFIRE";

/// A request as Slack sent it.
#[derive(Clone, Debug)]
pub struct Kept {
    pub path: String,
    pub content_type: String,
    pub body: Bytes,
}

impl Kept {
    /// What it is over a socket.
    pub fn in_envelope(&self) -> (&'static str, Value) {
        if self.path.ends_with("/events") {
            return ("events_api", serde_json::from_slice(&self.body).unwrap());
        }
        let fields: serde_json::Map<String, Value> = url::form_urlencoded::parse(&self.body)
            .map(|(name, value)| (name.into_owned(), json!(value)))
            .collect();
        match fields.get("payload").and_then(Value::as_str) {
            Some(payload) => ("interactive", serde_json::from_str(payload).unwrap()),
            None => ("slash_commands", Value::Object(fields)),
        }
    }

    /// The same event under another identifier.
    pub fn renamed(&self, id: &str) -> Kept {
        let mut envelope: Value = serde_json::from_slice(&self.body).unwrap();
        envelope["event_id"] = json!(id);
        Kept {
            body: Bytes::from(envelope.to_string()),
            ..self.clone()
        }
    }
}

/// What the bot itself does comes back as events, too; they are no concern of anybody. `deleted` are
/// messages of the bot's that people deleted: the event does not say who did.
pub fn is_by_a_person(body: &Bytes, deleted: &[String]) -> bool {
    let envelope: Value = serde_json::from_slice(body).unwrap_or_default();
    let event = &envelope["event"];
    let is_person = |it: &Value| it.as_str().is_some_and(|it| it != BOT);
    match event["type"].as_str().unwrap_or("") {
        "pin_removed" | "channel_archive" | "channel_unarchive" => {
            return is_person(&event["user"]);
        }
        "channel_left" => return is_person(&event["actor_id"]),
        "member_joined_channel" => return event["user"] == BOT && is_person(&event["inviter"]),
        _ => {}
    }
    // Somebody's account changed.
    if event["type"] == "user_change" {
        return true;
    }
    let gone = match event["message"]["subtype"] == "tombstone" {
        true => &event["message"]["ts"],
        false => &event["deleted_ts"],
    };
    if deleted.iter().any(|it| gone == it.as_str()) {
        return true;
    }
    let message = match event["subtype"].as_str() {
        Some("message_changed") => &event["message"],
        Some("message_deleted") => &event["previous_message"],
        Some(_) => return false,
        None => event,
    };
    let by_person =
        message["bot_id"].is_null() && message["user"].as_str().is_some_and(|it| it != BOT);
    let kind = event["type"].as_str().unwrap_or("");
    by_person
        && matches!(
            kind,
            "message" | "reaction_added" | "reaction_removed" | "app_home_opened"
        )
}

pub fn sign(seconds: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SIGNING_SECRET.as_bytes()).unwrap();
    mac.update(format!("v0:{seconds}:").as_bytes());
    mac.update(body);
    let digest = mac.finalize().into_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={hex}")
}
