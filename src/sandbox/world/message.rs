//! One stored message, and the finishing Slack gives to blocks and attachments when it stores
//! them: generated ids, the defaults of text objects.

use super::World;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    pub ts: String,
    pub author: Author,
    pub text: String,
    pub blocks: Vec<Value>,
    pub attachments: Vec<Value>,
    pub metadata: Option<Value>,
    /// Ids of the files it shows.
    #[serde(default)]
    pub files: Vec<String>,
    pub thread_ts: Option<String>,
    /// A reply that is also shown in the channel.
    pub broadcast: bool,
    pub reactions: Vec<Reaction>,
    pub edited: Option<Edited>,
    pub costume: Costume,
    pub client_msg_id: Option<String>,
    /// Deleted, but kept as the head of a thread that still has replies.
    pub tombstone: bool,
    /// What Slack itself says in the author's name, e.g. that they joined.
    #[serde(default)]
    pub system: Option<System>,
}

/// A message of Slack's: `channel_join`, `channel_topic` and the like, with their own fields.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct System {
    pub subtype: String,
    pub fields: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Author {
    Person(String),
    App,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reaction {
    pub name: String,
    pub users: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Edited {
    pub user: String,
    pub ts: String,
}

/// The name and picture an app may give a single message (`chat:write.customize`).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Costume {
    pub username: Option<String>,
    pub icon_url: Option<String>,
    pub icon_emoji: Option<String>,
}

impl Costume {
    fn is_plain(&self) -> bool {
        self.username.is_none() && self.icon_url.is_none() && self.icon_emoji.is_none()
    }
}

impl Message {
    pub fn new(ts: String, author: Author, text: String) -> Message {
        Message {
            ts,
            author,
            text,
            blocks: Vec::new(),
            attachments: Vec::new(),
            metadata: None,
            files: Vec::new(),
            thread_ts: None,
            broadcast: false,
            reactions: Vec::new(),
            edited: None,
            costume: Costume::default(),
            client_msg_id: None,
            tombstone: false,
            system: None,
        }
    }

    pub fn is_reply(&self) -> bool {
        self.thread_ts
            .as_deref()
            .is_some_and(|thread| thread != self.ts)
    }
}

impl World {
    /// The message as the Web API shows it, without what depends on its thread and pins
    /// (`Channel` adds those).
    pub fn render_alone(&self, message: &Message) -> Value {
        if message.tombstone {
            return json!({
                "type": "message",
                "subtype": "tombstone",
                "text": "This message was deleted.",
                "user": "USLACKBOT",
                "hidden": true,
                "ts": message.ts,
            });
        }
        let mut shown = json!({
            "type": "message",
            "ts": message.ts,
            "text": message.text,
            "team": self.workspace.id,
        });
        match (&message.author, &message.system) {
            (_, Some(system)) => {
                shown["user"] = json!(self.author_id(message));
                shown["subtype"] = json!(system.subtype);
                for (name, value) in &system.fields {
                    shown[name] = value.clone();
                }
            }
            (Author::Person(user), None) => shown["user"] = json!(user),
            (Author::App, None) => self.dress(&mut shown, &message.costume),
        }
        if !message.blocks.is_empty() {
            shown["blocks"] = json!(message.blocks);
        }
        if !message.attachments.is_empty() {
            shown["attachments"] = json!(message.attachments);
        }
        if !message.files.is_empty() {
            let files = message.files.iter().filter_map(|id| self.file(id));
            shown["files"] = files.map(|file| self.render_file(file)).collect();
            shown["upload"] = json!(true);
            shown["display_as_bot"] = json!(false);
        }
        if let Some(id) = &message.client_msg_id {
            shown["client_msg_id"] = json!(id);
        }
        if let Some(edited) = &message.edited {
            shown["edited"] = json!({"user": edited.user, "ts": edited.ts});
        }
        if let Some(thread_ts) = &message.thread_ts {
            shown["thread_ts"] = json!(thread_ts);
        }
        if message.broadcast {
            shown["subtype"] = json!("thread_broadcast");
        }
        if !message.reactions.is_empty() {
            shown["reactions"] = message
                .reactions
                .iter()
                .map(|reaction| {
                    json!({
                        "name": reaction.name,
                        "users": reaction.users,
                        "count": reaction.users.len(),
                    })
                })
                .collect();
        }
        shown
    }

    fn dress(&self, shown: &mut Value, costume: &Costume) {
        shown["bot_id"] = json!(self.app.bot_id);
        shown["app_id"] = json!(self.app.app_id);
        if costume.is_plain() {
            shown["user"] = json!(self.app.user_id);
            shown["bot_profile"] = json!({
                "id": self.app.bot_id,
                "app_id": self.app.app_id,
                "user_id": self.app.user_id,
                "name": self.app.name,
                "icons": {"image_72": self.picture(&self.app.user_id)},
                "deleted": false,
                "updated": 1_700_000_000,
                "team_id": self.workspace.id,
            });
            return;
        }
        // Only posts in a costume still have the old subtype.
        shown["subtype"] = json!("bot_message");
        shown["username"] = json!(costume.username.as_deref().unwrap_or(&self.app.name));
        if let Some(url) = &costume.icon_url {
            shown["icons"] = json!({"image_36": url, "image_48": url, "image_72": url});
            shown["icon_url"] = json!(url);
        }
        if let Some(emoji) = &costume.icon_emoji {
            shown["icons"] = json!({"emoji": emoji});
        }
    }

    /// Gives blocks the ids and defaults that Slack adds to those an app left out.
    pub fn finish_blocks(&mut self, blocks: &mut [Value]) {
        for block in blocks {
            if block["block_id"].as_str().is_none_or(str::is_empty) {
                block["block_id"] = json!(self.short_id());
            }
            for place in ["accessory", "element"] {
                if block[place].is_object() {
                    self.finish_element(&mut block[place]);
                }
            }
            if block["type"] == "actions"
                && let Some(elements) = block["elements"].as_array_mut()
            {
                for element in elements {
                    self.finish_element(element);
                }
            }
            if block["type"] != "rich_text" {
                finish_texts(block);
            }
        }
    }

    fn finish_element(&mut self, element: &mut Value) {
        if element["type"] != "image" && element["action_id"].as_str().is_none_or(str::is_empty) {
            element["action_id"] = json!(self.short_id());
        }
    }

    pub fn finish_attachments(&mut self, attachments: &mut [Value]) {
        for (index, attachment) in attachments.iter_mut().enumerate() {
            if !attachment.is_object() {
                continue;
            }
            attachment["id"] = json!(index + 1);
            if attachment["fallback"].as_str().is_none() {
                attachment["fallback"] = json!("[no preview available]");
            }
            // Slack stores the colour without the hash sign.
            if let Some(color) = attachment["color"].as_str() {
                attachment["color"] = json!(color.trim_start_matches('#'));
            }
            if let Some(mut blocks) = attachment["blocks"].as_array().cloned() {
                self.finish_blocks(&mut blocks);
                attachment["blocks"] = json!(blocks);
            }
        }
    }

    /// Five letters and digits, as Slack generates for a missing block_id or action_id.
    fn short_id(&mut self) -> String {
        let id = self.next_id("");
        id[id.len().saturating_sub(7)..].to_owned()
    }
}

/// `emoji` and `verbatim` are always present in what Slack gives back.
pub fn finish_texts(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let kind = fields.get("type").and_then(Value::as_str).unwrap_or("");
            if fields.get("text").is_some_and(Value::is_string) {
                match kind {
                    "plain_text" => drop(fields.entry("emoji").or_insert(json!(true))),
                    "mrkdwn" => drop(fields.entry("verbatim").or_insert(json!(false))),
                    _ => {}
                }
            }
            fields.values_mut().for_each(finish_texts);
        }
        Value::Array(items) => items.iter_mut().for_each(finish_texts),
        _ => {}
    }
}
