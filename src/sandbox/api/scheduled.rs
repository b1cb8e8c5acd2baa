//! chat.scheduleMessage, chat.deleteScheduledMessage, chat.scheduledMessages.list.

use super::arguments::Arguments;
use super::{Answer, Fail, channel, chat, page};
use crate::sandbox::world::World;
use crate::sandbox::world::schedule::Scheduled;
use serde_json::{Value, json};

/// A message can be put off for this many seconds at most: 120 days.
const LATEST: i64 = 120 * 24 * 60 * 60;
/// No more than this many in a channel within five minutes.
const MOST_TOGETHER: usize = 30;
const TOGETHER: i64 = 5 * 60;

pub fn schedule(world: &mut World, arguments: &Arguments) -> Answer {
    let post_at = match arguments.text("post_at") {
        None => return Err(Fail::missing("post_at")),
        Some(_) => arguments
            .int("post_at")
            .ok_or_else(|| Fail::new("invalid_time"))?,
    };
    let now = world.clock.seconds();
    if post_at <= now {
        return Err("time_in_past".into());
    }
    if post_at > now + LATEST {
        return Err("time_too_far".into());
    }
    let (channel, draft) = chat::message(world, arguments)?;
    let window = post_at / TOGETHER;
    let together = world
        .scheduled
        .iter()
        .filter(|other| other.channel == channel && other.post_at / TOGETHER == window);
    if together.count() >= MOST_TOGETHER {
        return Err("restricted_too_many".into());
    }
    let id = world.next_id("Q");
    let message = json!({
        "type": "delayed_message",
        "subtype": "bot_message",
        "text": draft.text,
        "bot_id": world.app.bot_id,
        "blocks": draft.blocks,
        "attachments": draft.attachments,
    });
    world.scheduled.push(Scheduled {
        id: id.clone(),
        channel: channel.clone(),
        post_at,
        created: now,
        draft,
    });
    Ok(json!({
        "channel": channel,
        "scheduled_message_id": id,
        "post_at": post_at,
        "message": message,
    }))
}

pub fn delete(world: &mut World, arguments: &Arguments) -> Answer {
    let id = arguments.required("scheduled_message_id")?;
    let found = channel(world, arguments)?.id.clone();
    let before = world.scheduled.len();
    world
        .scheduled
        .retain(|one| one.id != id || one.channel != found);
    if world.scheduled.len() == before {
        return Err("invalid_scheduled_message_id".into());
    }
    Ok(json!({}))
}

pub fn list(world: &mut World, arguments: &Arguments) -> Answer {
    let wanted = match arguments.text("channel").filter(|name| !name.is_empty()) {
        None => None,
        Some(_) => Some(channel(world, arguments)?.id.clone()),
    };
    let (oldest, latest) = (arguments.int("oldest"), arguments.int("latest"));
    let mut waiting: Vec<&Scheduled> = world
        .scheduled
        .iter()
        .filter(|one| {
            wanted.as_ref().is_none_or(|id| *id == one.channel)
                && oldest.is_none_or(|oldest| one.post_at >= oldest)
                && latest.is_none_or(|latest| one.post_at <= latest)
        })
        .collect();
    waiting.sort_by_key(|one| one.post_at);
    let page = page::cut(waiting, arguments, 100, 1000, |one| &one.id)?;
    let shown: Vec<Value> = page
        .items
        .iter()
        .map(|one| {
            json!({
                "id": one.id,
                "channel_id": one.channel,
                "post_at": one.post_at,
                "date_created": one.created,
                "text": one.draft.text,
            })
        })
        .collect();
    Ok(json!({
        "scheduled_messages": shown,
        "response_metadata": page.metadata(),
    }))
}
