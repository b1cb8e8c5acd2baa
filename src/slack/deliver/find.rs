//! Looks for what an attempt with an unknown answer may have posted.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    domain::{
        ids::{ChannelId, DeliveryId, MessageTs},
        time::Timestamp,
    },
    slack::api::{CallError, SlackApi},
    store::deliveries::Delivery,
};

/// Clocks differ: look this many seconds further back than the attempt.
const SLACK_SECONDS: i64 = 300;

/// Pages of 200 messages. More than this cannot have come within the time that is looked at.
const PAGES: usize = 25;

/// An answer without messages is none: what is not seen is posted again.
#[derive(Deserialize)]
struct Page {
    messages: Vec<Message>,
    #[serde(flatten)]
    paging: Paging,
}

/// Where a list goes on. On its last page Slack leaves out any part of it, or has nothing in it.
#[derive(Deserialize)]
pub(super) struct Paging {
    #[serde(default)]
    response_metadata: Option<Cursor>,
}

#[derive(Deserialize)]
struct Cursor {
    #[serde(default)]
    next_cursor: Option<String>,
}

impl Paging {
    /// What to ask for the next page with; empty at the end.
    pub(super) fn next(self) -> String {
        let cursor = self.response_metadata.and_then(|it| it.next_cursor);
        cursor.unwrap_or_default()
    }
}

/// Only what is looked at; other apps' metadata may hold anything.
#[derive(Deserialize)]
struct Message {
    ts: String,
    #[serde(default)]
    metadata: Value,
}

/// The key that a delivery's message carries. The time stands in it because another database of
/// the same workspace may have had a delivery of the same number.
pub fn key(id: DeliveryId, created_at: Timestamp) -> String {
    format!("{id}-{}", created_at.micros())
}

/// The messages of a delivery in a channel or a thread, oldest first.
pub async fn messages(
    api: &SlackApi,
    delivery: &Delivery,
    channel: &ChannelId,
    thread: Option<&MessageTs>,
) -> Result<Vec<MessageTs>, CallError> {
    let since = delivery.sent_at.unwrap_or(delivery.created_at).epoch() - SLACK_SECONDS;
    let mut arguments = vec![
        ("channel", channel.to_string()),
        ("oldest", format!("{since}.000000")),
        ("limit", "200".to_owned()),
        ("include_all_metadata", "true".to_owned()),
    ];
    let method = match thread {
        Some(thread) => {
            arguments.push(("ts", thread.to_string()));
            "conversations.replies"
        }
        None => "conversations.history",
    };
    let wanted = key(delivery.id, delivery.created_at);
    let mut found = Vec::new();
    let mut cursor = String::new();
    for _ in 0..PAGES {
        let mut arguments = arguments.clone();
        if !cursor.is_empty() {
            arguments.push(("cursor", cursor));
        }
        let page: Page = match api.get(method, &arguments).await {
            Ok(page) => page,
            // Whoever deletes a message with replies leaves its thread, so this one had none.
            Err(error) if error.code() == Some("thread_not_found") => break,
            Err(error) => return Err(error),
        };
        for message in page.messages {
            if message.metadata["event_payload"]["delivery"] == *wanted {
                found.push(MessageTs(message.ts));
            }
        }
        cursor = page.paging.next();
        if cursor.is_empty() {
            break;
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_ends_in_any_of_slacks_ways_and_no_other_answer_passes_for_an_empty_one() {
        let next = |metadata: Value| {
            let mut page = json!({ "ok": true, "messages": [] });
            if metadata != "left out" {
                page["response_metadata"] = metadata;
            }
            serde_json::from_value::<Page>(page).unwrap().paging.next()
        };
        assert_eq!(next(json!({ "next_cursor": "a=" })), "a=");
        for end in [
            json!("left out"),
            json!(null),
            json!({}),
            json!({ "next_cursor": null }),
            json!({ "next_cursor": "" }),
        ] {
            assert_eq!(next(end), "");
        }
        for odd in [
            json!({ "ok": true }),
            json!({ "ok": true, "messages": null }),
        ] {
            assert!(serde_json::from_value::<Page>(odd).is_err());
        }
    }
}
