//! Channels and direct conversations: their messages, threads and pins, and how `conversations.*`
//! shows them.

use super::World;
use super::bookmarks::Bookmark;
use super::message::{Author, Message};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Channel {
    pub id: String,
    pub kind: Kind,
    pub is_archived: bool,
    pub members: Vec<String>,
    /// Timestamps of pinned messages, oldest pin first.
    pub pins: Vec<Pin>,
    /// Oldest first, replies included.
    pub messages: Vec<Message>,
    pub created: i64,
    /// Who made it; channels of the seed were made by the first person.
    #[serde(default)]
    pub creator: Option<String>,
    #[serde(default)]
    pub topic: Note,
    #[serde(default)]
    pub purpose: Note,
    #[serde(default)]
    pub previous_names: Vec<String>,
    #[serde(default)]
    pub bookmarks: Vec<Bookmark>,
}

/// A topic or a purpose, and who set it when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub value: String,
    pub creator: String,
    pub last_set: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    Public {
        name: String,
    },
    /// Only its members know of it.
    Private {
        name: String,
    },
    Direct {
        user: String,
    },
    /// A conversation of several people.
    Group {
        name: String,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pin {
    pub ts: String,
    pub user: String,
    pub created: i64,
}

impl Channel {
    pub fn new(id: String, kind: Kind, members: Vec<String>, created: i64) -> Channel {
        Channel {
            id,
            kind,
            is_archived: false,
            members,
            pins: Vec::new(),
            messages: Vec::new(),
            created,
            creator: None,
            topic: Note::default(),
            purpose: Note::default(),
            previous_names: Vec::new(),
            bookmarks: Vec::new(),
        }
    }

    pub fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Public { name } | Kind::Private { name } | Kind::Group { name } => Some(name),
            Kind::Direct { .. } => None,
        }
    }

    /// The name as slash commands and interactions give it.
    pub fn spoken_name(&self) -> &str {
        match &self.kind {
            Kind::Public { name } => name,
            Kind::Private { .. } => "privategroup",
            Kind::Direct { .. } => "directmessage",
            Kind::Group { name } => name,
        }
    }

    /// Whether only members know of it.
    pub fn is_hidden(&self) -> bool {
        matches!(self.kind, Kind::Private { .. } | Kind::Group { .. })
    }

    pub fn has_member(&self, user: &str) -> bool {
        self.members.iter().any(|member| member == user)
    }

    pub fn message(&self, ts: &str) -> Option<&Message> {
        self.messages.iter().find(|message| message.ts == ts)
    }

    pub fn message_mut(&mut self, ts: &str) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.ts == ts)
    }

    pub fn replies<'a>(&'a self, ts: &'a str) -> impl Iterator<Item = &'a Message> {
        self.messages
            .iter()
            .filter(move |message| message.is_reply() && message.thread_ts.as_deref() == Some(ts))
    }

    pub fn channel_type(&self) -> &'static str {
        match self.kind {
            Kind::Public { .. } => "channel",
            Kind::Private { .. } => "group",
            Kind::Direct { .. } => "im",
            Kind::Group { .. } => "mpim",
        }
    }
}

impl World {
    /// Whether the app can know of this channel.
    pub fn sees(&self, channel: &Channel) -> bool {
        !channel.is_hidden() || channel.has_member(&self.app.user_id)
    }

    /// A message with everything its channel adds: the thread's counters, the author of its
    /// parent, pins. Metadata is shown only where it was asked for.
    pub fn render(&self, channel: &Channel, message: &Message, metadata: bool) -> Value {
        let mut shown = self.render_alone(message);
        if message.is_reply() {
            let parent = message
                .thread_ts
                .as_deref()
                .and_then(|ts| channel.message(ts));
            if let Some(parent) = parent {
                shown["parent_user_id"] = json!(self.author_id(parent));
            }
        } else {
            self.add_thread(&mut shown, channel, message);
        }
        if metadata && let Some(data) = &message.metadata {
            shown["metadata"] = data.clone();
        }
        if let Some(pin) = channel.pins.iter().find(|pin| pin.ts == message.ts) {
            shown["pinned_to"] = json!([channel.id]);
            shown["pinned_info"] = json!({
                "channel": channel.id, "pinned_by": pin.user, "pinned_ts": pin.created,
            });
        }
        shown
    }

    fn add_thread(&self, shown: &mut Value, channel: &Channel, message: &Message) {
        let mut count = 0;
        let mut people: Vec<&str> = Vec::new();
        let mut latest = None;
        for reply in channel.replies(&message.ts) {
            count += 1;
            latest = Some(reply.ts.as_str());
            let author = self.author_id(reply);
            if !people.contains(&author) {
                people.push(author);
            }
        }
        if let Some(latest) = latest {
            shown["thread_ts"] = json!(message.ts);
            shown["reply_count"] = json!(count);
            shown["reply_users_count"] = json!(people.len());
            shown["reply_users"] = json!(people);
            shown["latest_reply"] = json!(latest);
            shown["is_locked"] = json!(false);
            shown["subscribed"] = json!(false);
        }
    }

    pub fn author_id<'a>(&'a self, message: &'a Message) -> &'a str {
        match &message.author {
            Author::Person(user) => user,
            Author::App => &self.app.user_id,
        }
    }

    pub fn creator<'a>(&'a self, channel: &'a Channel) -> Option<&'a str> {
        let first = || self.users.first().map(|user| user.id.as_str());
        channel.creator.as_deref().or_else(first)
    }

    /// Those whose accounts are in use: Slack does not count the others.
    pub fn active_members<'a>(&'a self, channel: &'a Channel) -> impl Iterator<Item = &'a String> {
        channel
            .members
            .iter()
            .filter(|id| !self.user(id).is_some_and(|user| user.deleted))
    }

    pub fn render_channel(&self, channel: &Channel, with_count: bool) -> Value {
        let created = channel.created;
        let mut shown = match &channel.kind {
            Kind::Public { name } | Kind::Private { name } | Kind::Group { name } => json!({
                "id": channel.id,
                "name": name,
                "name_normalized": name,
                "is_channel": !matches!(channel.kind, Kind::Group { .. }),
                "is_group": matches!(channel.kind, Kind::Group { .. }),
                "is_im": false,
                "is_mpim": matches!(channel.kind, Kind::Group { .. }),
                "is_private": channel.is_hidden(),
                "is_archived": channel.is_archived,
                "is_general": name == "general",
                "is_shared": false,
                "is_org_shared": false,
                "is_ext_shared": false,
                "is_member": channel.has_member(&self.app.user_id),
                "creator": self.creator(channel),
                "created": created,
                "updated": created * 1000,
                "unlinked": 0,
                "context_team_id": self.workspace.id,
                "shared_team_ids": [self.workspace.id],
                "previous_names": channel.previous_names,
                "topic": channel.topic,
                "purpose": channel.purpose,
            }),
            Kind::Direct { user } => json!({
                "id": channel.id,
                "user": user,
                "created": created,
                "updated": created * 1000,
                "is_im": true,
                "is_archived": false,
                "is_org_shared": false,
                "is_user_deleted": false,
                "context_team_id": self.workspace.id,
                "priority": 0,
            }),
        };
        if with_count {
            shown["num_members"] = json!(self.active_members(channel).count());
        }
        shown
    }

    pub fn permalink(&self, channel: &Channel, message: &Message) -> String {
        let base = format!(
            "https://{}.slack.com/archives/{}/p{}",
            self.workspace.domain,
            channel.id,
            message.ts.replace('.', "")
        );
        match &message.thread_ts {
            Some(thread) if message.is_reply() => {
                format!("{base}?thread_ts={thread}&cid={}", channel.id)
            }
            _ => base,
        }
    }
}
