//! The events the workspace tells the app about: each inner event and the envelope around it.
//! Sending and retrying is `outgoing::events`.

use super::World;
use super::channel::{Channel, Kind};
use crate::sandbox::api::scopes::is_event_granted;
use serde_json::{Value, json};

impl World {
    /// Notes that something happened; it is sent when the change under way is complete.
    pub fn tell(&mut self, mut event: Value) {
        if self.settings.revoked || !is_event_granted(self, &event) {
            return;
        }
        if event["event_ts"].is_null() {
            event["event_ts"] = json!(self.next_ts());
        }
        let event_id = self.next_id("Ev");
        let envelope = json!({
            "token": "sandbox-verification-token",
            "team_id": self.workspace.id,
            "context_team_id": self.workspace.id,
            "context_enterprise_id": null,
            "api_app_id": self.app.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": self.clock.seconds(),
            "authorizations": [{
                "enterprise_id": null,
                "team_id": self.workspace.id,
                "user_id": self.app.user_id,
                "is_bot": true,
                "is_enterprise_install": false,
            }],
            "is_ext_shared_channel": false,
            "event_context": format!("4-{event_id}"),
        });
        // Slack may send the same news again under another id.
        for _ in 0..self.delivery_faults.duplicate {
            let mut again = envelope.clone();
            let event_id = self.next_id("Ev");
            again["event_context"] = json!(format!("4-{event_id}"));
            again["event_id"] = json!(event_id);
            self.happened.push(again);
        }
        self.happened.push(envelope);
    }

    /// Whether the app hears of what happens in this channel: it must be a member.
    pub fn is_heard(&self, channel: &Channel) -> bool {
        channel.has_member(&self.app.user_id)
    }

    pub fn tell_posted(&mut self, channel_id: &str, ts: &str) {
        let Some(channel) = self.channel(channel_id) else {
            return;
        };
        let Some(message) = channel.message(ts) else {
            return;
        };
        let is_persons = message.author != super::message::Author::App && message.system.is_none();
        if !self.is_heard(channel) {
            // Of links it is told wherever they are posted in public.
            if is_persons && self.sees(channel) {
                self.tell_links(channel_id, ts);
            }
            return;
        }
        let mut event = self.render(channel, message, true);
        if !message.files.is_empty() {
            event["subtype"] = json!("file_share");
        }
        event["channel"] = json!(channel_id);
        event["channel_type"] = json!(channel.channel_type());
        event["event_ts"] = json!(ts);
        let mentioned = !matches!(channel.kind, Kind::Direct { .. })
            && is_persons
            && message.text.contains(&format!("<@{}", self.app.user_id));
        self.tell(event.clone());
        if mentioned {
            // A mention arrives twice, as a message and as this, under two event ids.
            event["type"] = json!("app_mention");
            if let Some(fields) = event.as_object_mut() {
                fields.remove("channel_type");
            }
            self.tell(event);
        }
        if is_persons {
            self.tell_links(channel_id, ts);
        }
    }

    pub fn tell_changed(&mut self, channel_id: &str, ts: &str, previous: Value) {
        let Some(channel) = self.channel(channel_id) else {
            return;
        };
        let Some(message) = channel.message(ts) else {
            return;
        };
        if !self.is_heard(channel) {
            return;
        }
        let event = json!({
            "type": "message",
            "subtype": "message_changed",
            "channel": channel_id,
            "channel_type": channel.channel_type(),
            "hidden": true,
            "message": self.render(channel, message, true),
            "previous_message": previous,
        });
        self.tell_with_own_ts(event);
    }

    pub fn tell_deleted(&mut self, channel_id: &str, ts: &str, previous: Value) {
        let Some(channel) = self.channel(channel_id) else {
            return;
        };
        if !self.is_heard(channel) {
            return;
        }
        let event = json!({
            "type": "message",
            "subtype": "message_deleted",
            "channel": channel_id,
            "channel_type": channel.channel_type(),
            "hidden": true,
            "deleted_ts": ts,
            "previous_message": previous,
        });
        self.tell_with_own_ts(event);
    }

    /// Changes have a `ts` of their own, equal to the event's.
    fn tell_with_own_ts(&mut self, mut event: Value) {
        let ts = self.next_ts();
        event["ts"] = json!(ts);
        event["event_ts"] = json!(ts);
        self.tell(event);
    }
}
