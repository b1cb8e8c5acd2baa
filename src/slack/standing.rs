//! How Slack says that announcements and their channels stand.

use serde::Deserialize;
use serde_json::Value;

use super::api::{CallError, SlackApi};
use crate::domain::{
    ids::{ChannelId, MessageTs},
    repair::Because,
};

/// How an announcement stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Stands { pinned: bool },
    Deleted { thread_stands: bool },
}

/// What a refusal says about the channel that was named in the call.
pub fn why_lost(error: &CallError) -> Option<Because> {
    match error.code()? {
        "is_archived" | "is_inactive" => Some(Because::Archived),
        "not_in_channel" => Some(Because::Left),
        "channel_not_found" => Some(Because::Gone),
        _ => None,
    }
}

/// Looks at one message. A refusal may say how its channel stands.
pub async fn look(api: &SlackApi, channel: &ChannelId, ts: &MessageTs) -> Result<Seen, CallError> {
    // An answer without messages says nothing: what it did not show would be posted again.
    #[derive(Deserialize)]
    struct Page {
        messages: Vec<Value>,
    }
    let arguments = [
        ("channel", channel.to_string()),
        ("oldest", ts.to_string()),
        ("latest", ts.to_string()),
        ("inclusive", "true".to_owned()),
        ("limit", "1".to_owned()),
    ];
    let page: Page = api.get("conversations.history", &arguments).await?;
    let mut found = message(page.messages, ts);
    if found.is_none() {
        // Only its thread may be left.
        let arguments = [
            ("channel", channel.to_string()),
            ("ts", ts.to_string()),
            ("limit", "1".to_owned()),
        ];
        found = match api.get::<Page>("conversations.replies", &arguments).await {
            Ok(page) => message(page.messages, ts),
            Err(error)
                if matches!(error.code(), Some("thread_not_found" | "message_not_found")) =>
            {
                None
            }
            Err(error) => return Err(error),
        };
    }
    Ok(match found {
        None => Seen::Deleted {
            thread_stands: false,
        },
        Some(message) if message["subtype"] == "tombstone" => Seen::Deleted {
            thread_stands: true,
        },
        Some(message) => Seen::Stands {
            pinned: message["pinned_to"]
                .as_array()
                .is_some_and(|it| it.iter().any(|it| *it == channel.as_str())),
        },
    })
}

fn message(messages: Vec<Value>, ts: &MessageTs) -> Option<Value> {
    messages.into_iter().find(|it| it["ts"] == *ts.as_str())
}

/// How a channel stands: `Some(None)` when it can be used, none when the app may not ask.
pub async fn channel(
    api: &SlackApi,
    channel: &ChannelId,
) -> Result<Option<Option<Because>>, CallError> {
    #[derive(Deserialize)]
    struct Info {
        channel: Found,
    }
    #[derive(Deserialize)]
    struct Found {
        #[serde(default)]
        is_archived: bool,
        is_member: Option<bool>,
    }
    let arguments = [("channel", channel.to_string())];
    match api.get::<Info>("conversations.info", &arguments).await {
        Ok(Info { channel: it }) if it.is_archived => Ok(Some(Some(Because::Archived))),
        Ok(Info { channel: it }) if it.is_member == Some(false) => Ok(Some(Some(Because::Left))),
        Ok(_) => Ok(Some(None)),
        Err(error) if error.code() == Some("missing_scope") => Ok(None),
        Err(error) => match why_lost(&error) {
            Some(because) => Ok(Some(Some(because))),
            None => Err(error),
        },
    }
}
