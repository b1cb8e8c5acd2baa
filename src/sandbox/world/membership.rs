//! What happens to channels themselves: made, renamed, archived, given a topic, joined and left.
//! Each change says so in the channel, in Slack's own words, and tells the app. Who may do what
//! is checked by the callers.

use super::World;
use super::channel::{Channel, Kind, Note};
use super::message::{Author, Message, System};
use serde_json::{Map, Value, json};

/// The longest name of a channel.
const LONGEST_NAME: usize = 80;

/// What Slack has against the name of a channel, as the Web API says it.
pub fn wrong_name(name: &str) -> Option<&'static str> {
    let allowed = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter)
    };
    if name.is_empty() {
        Some("invalid_name_required")
    } else if name.chars().count() > LONGEST_NAME {
        Some("invalid_name_maxlength")
    } else if !name.chars().any(char::is_alphanumeric) {
        Some("invalid_name_punctuation")
    } else if !name.chars().all(allowed) {
        Some("invalid_name_specials")
    } else {
        None
    }
}

impl World {
    /// Archived channels keep their names.
    pub fn is_name_taken(&self, name: &str) -> bool {
        self.channels
            .iter()
            .any(|channel| channel.name() == Some(name))
    }

    /// Makes a channel whose only member is who made it.
    pub fn create_channel(&mut self, name: &str, by: &str, private: bool) -> String {
        let id = self.next_id("C");
        let name = name.to_owned();
        let kind = if private {
            Kind::Private { name: name.clone() }
        } else {
            Kind::Public { name: name.clone() }
        };
        let created = self.clock.seconds();
        self.channels.push(Channel {
            creator: Some(by.to_owned()),
            ..Channel::new(id.clone(), kind, Vec::new(), created)
        });
        if private {
            self.add_member(&id, by, None);
            return id;
        }
        // Everybody in the workspace hears of new channels, the app too.
        self.tell(json!({
            "type": "channel_created",
            "channel": {
                "id": id,
                "name": name,
                "name_normalized": name,
                "is_channel": true,
                "is_shared": false,
                "is_org_shared": false,
                "context_team_id": self.workspace.id,
                "created": created,
                "creator": by,
            },
        }));
        self.add_member(&id, by, None);
        id
    }

    /// Does nothing when they are there already.
    pub fn add_member(&mut self, channel_id: &str, user: &str, inviter: Option<&str>) {
        let Some(channel) = self.channel_mut(channel_id) else {
            return;
        };
        if channel.has_member(user) {
            return;
        }
        channel.members.push(user.to_owned());
        let mut fields = Map::new();
        if let Some(inviter) = inviter {
            fields.insert("inviter".to_owned(), json!(inviter));
        }
        let text = format!("<@{user}> has joined the channel");
        self.announce(channel_id, user, "channel_join", text, fields);
        let mut event = self.membership_event("member_joined_channel", channel_id, user);
        if let Some(inviter) = inviter {
            event["inviter"] = json!(inviter);
        }
        self.tell_members(channel_id, event);
    }

    /// Does nothing when they are not there. `by` is who did it: they themselves, or another.
    pub fn remove_member(&mut self, channel_id: &str, user: &str, by: &str) {
        if !self
            .channel(channel_id)
            .is_some_and(|channel| channel.has_member(user))
        {
            return;
        }
        if let Some(channel) = self.channel_mut(channel_id) {
            channel.members.retain(|member| member != user);
        }
        let text = format!("<@{user}> has left the channel");
        self.announce(channel_id, user, "channel_leave", text, Map::new());
        if user == self.app.user_id {
            // Who is out of a channel hears of nothing in it but this.
            let kind = self.event_kind(channel_id, "left");
            self.tell(json!({"type": kind, "channel": channel_id, "actor_id": by}));
        } else {
            let event = self.membership_event("member_left_channel", channel_id, user);
            self.tell_members(channel_id, event);
        }
    }

    pub fn rename_channel(&mut self, channel_id: &str, name: &str, by: &str) {
        let Some(channel) = self.channel_mut(channel_id) else {
            return;
        };
        let (Kind::Public { name: old } | Kind::Private { name: old }) = &mut channel.kind else {
            return;
        };
        if old == name {
            return;
        }
        let old = std::mem::replace(old, name.to_owned());
        channel.previous_names.insert(0, old.clone());
        let created = channel.created;
        let text = format!("<@{by}> has renamed the channel from \"{old}\" to \"{name}\"");
        let fields = fields(json!({"old_name": old, "name": name}));
        self.announce(channel_id, by, "channel_name", text, fields);
        let kind = self.event_kind(channel_id, "rename");
        self.tell_who_see(
            channel_id,
            json!({
                "type": kind,
                "channel": {
                    "id": channel_id,
                    "name": name,
                    "name_normalized": name,
                    "is_channel": true,
                    "is_mpim": false,
                    "created": created,
                },
            }),
        );
    }

    pub fn set_topic(&mut self, channel_id: &str, topic: &str, by: &str) {
        let note = self.new_note(topic, by);
        let Some(channel) = self.channel_mut(channel_id) else {
            return;
        };
        // Slack says nothing in the channel when the topic is the one it had.
        if channel.topic.value == topic {
            return;
        }
        channel.topic = note;
        let text = match topic {
            "" => format!("<@{by}> cleared the channel topic"),
            _ => format!("<@{by}> set the channel topic: {topic}"),
        };
        let fields = fields(json!({"topic": topic}));
        self.announce(channel_id, by, "channel_topic", text, fields);
    }

    pub fn set_purpose(&mut self, channel_id: &str, purpose: &str, by: &str) {
        let note = self.new_note(purpose, by);
        let Some(channel) = self.channel_mut(channel_id) else {
            return;
        };
        if channel.purpose.value == purpose {
            return;
        }
        channel.purpose = note;
        let text = match purpose {
            "" => format!("<@{by}> cleared the channel purpose"),
            _ => format!("<@{by}> set the channel purpose: {purpose}"),
        };
        let fields = fields(json!({"purpose": purpose}));
        self.announce(channel_id, by, "channel_purpose", text, fields);
    }

    pub fn archive_channel(&mut self, channel_id: &str, archived: bool, by: &str) {
        let Some(channel) = self.channel_mut(channel_id) else {
            return;
        };
        if channel.is_archived == archived {
            return;
        }
        channel.is_archived = archived;
        let (kind, text) = if archived {
            ("channel_archive", format!("<@{by}> archived the channel"))
        } else {
            (
                "channel_unarchive",
                format!("<@{by}> un-archived the channel"),
            )
        };
        self.announce(channel_id, by, kind, text, Map::new());
        let kind = self.event_kind(channel_id, kind.trim_start_matches("channel_"));
        let event = json!({"type": kind, "channel": channel_id, "user": by, "is_moved": 0});
        self.tell_who_see(channel_id, event);
    }

    /// Takes a channel away with everything in it.
    pub fn delete_channel(&mut self, channel_id: &str, by: &str) {
        let kind = self.event_kind(channel_id, "deleted");
        let event = json!({"type": kind, "channel": channel_id, "actor_id": by});
        self.tell_who_see(channel_id, event);
        self.channels.retain(|channel| channel.id != channel_id);
    }

    fn is_private(&self, channel_id: &str) -> bool {
        self.channel(channel_id).is_some_and(Channel::is_hidden)
    }

    /// The events of private channels still have their old names.
    fn event_kind(&self, channel_id: &str, what: &str) -> String {
        let kind = if self.is_private(channel_id) {
            "group"
        } else {
            "channel"
        };
        format!("{kind}_{what}")
    }

    /// Tells the app, if it can know of the channel.
    fn tell_who_see(&mut self, channel_id: &str, event: Value) {
        if self
            .channel(channel_id)
            .is_some_and(|channel| self.sees(channel))
        {
            self.tell(event);
        }
    }

    fn new_note(&self, value: &str, by: &str) -> Note {
        Note {
            value: value.to_owned(),
            creator: by.to_owned(),
            last_set: self.clock.seconds(),
        }
    }

    /// Posts what Slack says in somebody's name.
    fn announce(
        &mut self,
        channel_id: &str,
        user: &str,
        subtype: &str,
        text: String,
        fields: Map<String, Value>,
    ) {
        let author = if user == self.app.user_id {
            Author::App
        } else {
            Author::Person(user.to_owned())
        };
        let ts = self.next_ts();
        let mut message = Message::new(ts.clone(), author, text);
        message.system = Some(System {
            subtype: subtype.to_owned(),
            fields,
        });
        if let Some(channel) = self.channel_mut(channel_id) {
            channel.messages.push(message);
        }
        self.tell_posted(channel_id, &ts);
    }

    fn membership_event(&self, kind: &str, channel_id: &str, user: &str) -> Value {
        json!({
            "type": kind,
            "user": user,
            "channel": channel_id,
            "channel_type": if self.is_private(channel_id) { "G" } else { "C" },
            "team": self.workspace.id,
        })
    }

    /// Tells the app, if it is a member.
    fn tell_members(&mut self, channel_id: &str, event: Value) {
        if self
            .channel(channel_id)
            .is_some_and(|channel| self.is_heard(channel))
        {
            self.tell(event);
        }
    }
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
