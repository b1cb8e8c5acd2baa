//! Writing messages: posting, changing, deleting, whispering. The rules here hold whoever writes;
//! who may write what is checked by the callers.

use super::message::{Author, Costume, Edited, Message};
use super::{Ephemeral, World};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Slack cuts the text of a message here.
const LONGEST_TEXT: usize = 40_000;

/// What a message is made of, before it has a timestamp.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Draft {
    pub text: String,
    pub blocks: Vec<Value>,
    pub attachments: Vec<Value>,
    pub metadata: Option<Value>,
    /// Ids of the files it shows.
    #[serde(default)]
    pub files: Vec<String>,
    pub thread_ts: Option<String>,
    pub broadcast: bool,
    pub costume: Costume,
}

impl Draft {
    pub fn text(text: impl Into<String>) -> Draft {
        Draft {
            text: text.into(),
            ..Draft::default()
        }
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
            && self.blocks.is_empty()
            && self.attachments.is_empty()
            && self.files.is_empty()
    }

    /// Cuts the text at Slack's limit and says whether that was needed.
    pub fn truncate(&mut self) -> bool {
        match self.text.char_indices().nth(LONGEST_TEXT) {
            Some((byte, _)) => {
                self.text.truncate(byte);
                true
            }
            None => false,
        }
    }
}

/// A change of a message; `None` keeps what is there.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub text: Option<String>,
    pub blocks: Option<Vec<Value>>,
    pub attachments: Option<Vec<Value>>,
    /// `Some(None)` removes the metadata.
    pub metadata: Option<Option<Value>>,
}

impl World {
    /// Stores a message in a channel that exists, and tells the app.
    pub fn post(&mut self, channel_id: &str, author: Author, mut draft: Draft) -> String {
        draft.truncate();
        self.finish_blocks(&mut draft.blocks);
        self.finish_attachments(&mut draft.attachments);
        let ts = self.next_ts();
        let mut message = Message::new(ts.clone(), author, draft.text);
        if matches!(message.author, Author::Person(_)) {
            message.client_msg_id = Some(client_msg_id());
            // Slack's composer writes rich text; the plain text goes along for apps.
            draft.blocks = vec![World::rich_text(&message.text)];
            self.finish_blocks(&mut draft.blocks);
        }
        message.blocks = draft.blocks;
        message.attachments = draft.attachments;
        message.metadata = draft.metadata;
        message.files = draft.files;
        message.broadcast = draft.broadcast && draft.thread_ts.is_some();
        message.thread_ts = draft.thread_ts;
        message.costume = draft.costume;
        if let Some(channel) = self.channel_mut(channel_id) {
            channel.messages.push(message);
        }
        self.tell_posted(channel_id, &ts);
        ts
    }

    /// The block that Slack's composer makes of what a person types. What the text mentions is
    /// not taken apart.
    pub fn rich_text(text: &str) -> Value {
        json!({
            "type": "rich_text",
            "elements": [{
                "type": "rich_text_section",
                "elements": [{"type": "text", "text": text}],
            }],
        })
    }

    /// Applies a change to a message that exists. `editor` is `None` where Slack shows no
    /// "(edited)" mark, that is for messages with blocks.
    pub fn change_message(
        &mut self,
        channel_id: &str,
        ts: &str,
        mut change: Change,
        editor: Option<String>,
    ) {
        let previous = self.snapshot(channel_id, ts);
        if let Some(blocks) = &mut change.blocks {
            self.finish_blocks(blocks);
        }
        if let Some(attachments) = &mut change.attachments {
            self.finish_attachments(attachments);
        }
        let edited = editor.map(|user| Edited {
            user,
            ts: self.next_ts(),
        });
        let Some(message) = self
            .channel_mut(channel_id)
            .and_then(|channel| channel.message_mut(ts))
        else {
            return;
        };
        if let Some(text) = change.text {
            message.text = text;
        }
        if let Some(blocks) = change.blocks {
            message.blocks = blocks;
        }
        if let Some(attachments) = change.attachments {
            message.attachments = attachments;
        }
        if let Some(metadata) = change.metadata {
            message.metadata = metadata;
        }
        if edited.is_some() {
            message.edited = edited;
        }
        self.tell_changed(channel_id, ts, previous);
    }

    /// Deletes a message that exists; the head of a thread with replies becomes a tombstone.
    pub fn delete_message(&mut self, channel_id: &str, ts: &str) {
        let previous = self.snapshot(channel_id, ts);
        let Some(channel) = self.channel_mut(channel_id) else {
            return;
        };
        channel.pins.retain(|pin| pin.ts != ts);
        if channel.replies(ts).next().is_some() {
            if let Some(message) = channel.message_mut(ts) {
                message.tombstone = true;
                message.reactions.clear();
                message.metadata = None;
            }
            // To the app, too, such a message changes into a tombstone rather than going away.
            self.tell_changed(channel_id, ts, previous);
            return;
        }
        channel.messages.retain(|message| message.ts != ts);
        self.forget_empty_tombstones(channel_id);
        self.tell_deleted(channel_id, ts, previous);
    }

    /// A tombstone goes when the last of its replies does.
    fn forget_empty_tombstones(&mut self, channel_id: &str) {
        let Some(channel) = self.channel_mut(channel_id) else {
            return;
        };
        let empty: Vec<String> = channel
            .messages
            .iter()
            .filter(|message| message.tombstone && channel.replies(&message.ts).next().is_none())
            .map(|message| message.ts.clone())
            .collect();
        channel
            .messages
            .retain(|message| !empty.contains(&message.ts));
    }

    /// Shows a message to one person only.
    pub fn whisper(
        &mut self,
        user: &str,
        channel: &str,
        mut draft: Draft,
        source: &'static str,
    ) -> String {
        draft.truncate();
        self.finish_blocks(&mut draft.blocks);
        self.finish_attachments(&mut draft.attachments);
        let ts = self.next_ts();
        let id = self.next_id("EPH");
        self.ephemerals.push(Ephemeral {
            id,
            user: user.to_owned(),
            channel: channel.to_owned(),
            thread_ts: draft.thread_ts,
            ts: ts.clone(),
            text: draft.text,
            blocks: draft.blocks,
            attachments: draft.attachments,
            source: source.to_owned(),
        });
        ts
    }

    /// The message as it is now, for an event's `previous_message`.
    pub fn snapshot(&self, channel_id: &str, ts: &str) -> Value {
        self.channel(channel_id)
            .and_then(|channel| {
                let message = channel.message(ts)?;
                Some(self.render(channel, message, true))
            })
            .unwrap_or(Value::Null)
    }
}

fn client_msg_id() -> String {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_be_bytes())
        .into_uuid()
        .to_string()
}
