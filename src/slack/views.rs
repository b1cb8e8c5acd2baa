//! Everything that people read in Slack: values in, blocks out.
//!
//! Nothing here asks, waits or knows the time other than by the argument `now`. A [`Message`] has
//! a `text` that makes sense alone, without markup where it may end up at a field of a form:
//! notifications, search and screen readers get nothing else.

pub mod announcement;
mod answers;
mod changes;
pub mod channel;
mod detail;
pub mod direct;
pub mod done;
pub mod eta;
pub mod forms;
mod help;
pub mod home;
pub mod lists;
pub mod mended;
mod people;
pub mod preview;
pub mod shared;
mod state;
pub mod thread;
pub mod who;

use serde_json::{Value, json};
use slack_morphism::prelude::{SlackBlock, SlackMessageAttachment};

use super::{kit, mrkdwn};

/// A message, without where it goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub text: String,
    pub blocks: Vec<SlackBlock>,
    /// Only the announcement has one, for its bar of colour. Ephemeral messages take none.
    pub attachments: Option<Vec<SlackMessageAttachment>>,
}

impl Message {
    /// `text` is markup that [`mrkdwn`] made.
    pub fn new(text: &str, blocks: Vec<SlackBlock>) -> Message {
        Message {
            text: mrkdwn::cut(text, kit::MESSAGE_TEXT),
            blocks: blocks.into_iter().take(kit::MESSAGE_BLOCKS).collect(),
            attachments: None,
        }
    }

    /// The arguments `text`, `blocks` and `attachments` of a call; without those that are empty.
    pub fn to_json(&self) -> Value {
        let mut arguments = json!({ "text": self.text });
        if !self.blocks.is_empty() {
            arguments["blocks"] = json!(self.blocks);
        }
        if let Some(attachments) = &self.attachments {
            arguments["attachments"] = json!(attachments);
        }
        arguments
    }
}

#[cfg(test)]
mod tests;
