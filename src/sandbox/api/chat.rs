//! chat.postMessage, update, delete, postEphemeral, getPermalink.

use super::arguments::Arguments;
use super::{Answer, Fail, channel, joined_channel};
use crate::sandbox::blocks::check_message;
use crate::sandbox::world::World;
use crate::sandbox::world::channel::{Channel, Kind};
use crate::sandbox::world::message::{Author, Costume, Message};
use crate::sandbox::world::posting::{Change, Draft};
use serde_json::{Value, json};

/// chat.update, unlike chat.postMessage, refuses longer text.
const LONGEST_UPDATE: usize = 4000;
/// Message metadata may be about this long as JSON (not documented exactly).
const LONGEST_METADATA: usize = 8000;

pub fn post_message(world: &mut World, arguments: &Arguments) -> Answer {
    let (channel_id, mut draft) = message(world, arguments)?;
    let truncated = draft.truncate();
    let ts = world.post(&channel_id, Author::App, draft);
    let mut answer = json!({
        "channel": channel_id,
        "ts": ts,
        "message": world.snapshot(&channel_id, &ts),
    });
    if truncated {
        answer["warning"] = json!("message_truncated");
        answer["response_metadata"] = json!({"warnings": ["message_truncated"]});
    }
    Ok(answer)
}

/// A message to be posted, now or later, and where.
pub fn message(world: &mut World, arguments: &Arguments) -> Result<(String, Draft), Fail> {
    let channel_id = destination(world, arguments)?;
    let mut draft = draft(arguments)?;
    draft.metadata = metadata(arguments)?.flatten();
    draft.thread_ts = thread(world, &channel_id, arguments)?;
    draft.broadcast = arguments.bool("reply_broadcast");
    draft.costume = Costume {
        username: filled(arguments, "username"),
        icon_url: filled(arguments, "icon_url"),
        icon_emoji: filled(arguments, "icon_emoji"),
    };
    Ok((channel_id, draft))
}

pub fn update(world: &mut World, arguments: &Arguments) -> Answer {
    let (channel_id, ts) = own_message(world, arguments, "cant_update_message")?;
    let text = arguments.text("text");
    if text
        .as_ref()
        .is_some_and(|text| text.chars().count() > LONGEST_UPDATE)
    {
        return Err("msg_too_long".into());
    }
    let blocks = arguments.structures("blocks", "invalid_blocks_format")?;
    let attachments = arguments.structures("attachments", "invalid_attachments")?;
    if text.is_none() && blocks.is_none() && attachments.is_none() {
        return Err("no_text".into());
    }
    check_message(
        blocks.as_deref().unwrap_or(&[]),
        attachments.as_deref().unwrap_or(&[]),
    )?;
    let has_blocks = blocks.as_ref().is_some_and(|blocks| !blocks.is_empty());
    // Text without blocks takes the old blocks away; neither text nor blocks keeps them.
    let blocks = blocks.or_else(|| text.is_some().then(Vec::new));
    let change = Change {
        text,
        blocks,
        attachments,
        metadata: metadata(arguments)?,
    };
    if would_be_empty(world, &channel_id, &ts, &change) {
        return Err("no_text".into());
    }
    let editor = (!has_blocks).then(|| world.app.user_id.clone());
    world.change_message(&channel_id, &ts, change, editor);
    let message = world.snapshot(&channel_id, &ts);
    Ok(json!({
        "channel": channel_id,
        "ts": ts,
        "text": message["text"],
        "message": message,
    }))
}

pub fn delete(world: &mut World, arguments: &Arguments) -> Answer {
    let (channel_id, ts) = own_message(world, arguments, "cant_delete_message")?;
    world.delete_message(&channel_id, &ts);
    Ok(json!({"channel": channel_id, "ts": ts}))
}

pub fn post_ephemeral(world: &mut World, arguments: &Arguments) -> Answer {
    let found = joined_channel(world, arguments)?;
    if found.is_archived {
        return Err("is_archived".into());
    }
    let user = arguments.required("user")?;
    let deactivated = world.user(&user).is_some_and(|user| user.deleted);
    if deactivated || !found.has_member(&user) {
        return Err("user_not_in_channel".into());
    }
    let channel_id = found.id.clone();
    let mut draft = draft(arguments)?;
    if draft
        .attachments
        .iter()
        .any(|attachment| !attachment["blocks"].is_null())
    {
        return Err("invalid_attachments".into());
    }
    draft.thread_ts = filled(arguments, "thread_ts");
    let ts = world.whisper(&user, &channel_id, draft, "chat.postEphemeral");
    Ok(json!({"message_ts": ts}))
}

pub fn permalink(world: &mut World, arguments: &Arguments) -> Answer {
    let found = channel(world, arguments)?;
    let ts = arguments.required("message_ts")?;
    let message = found
        .message(&ts)
        .ok_or_else(|| Fail::new("message_not_found"))?;
    Ok(json!({"channel": found.id, "permalink": world.permalink(found, message)}))
}

/// Where a new message goes. A person's id means the direct conversation with them.
fn destination(world: &mut World, arguments: &Arguments) -> Result<String, Fail> {
    let name = arguments.required("channel")?;
    if world.user(&name).is_some_and(|user| !user.is_bot) {
        return Ok(world.open_dm(&name));
    }
    let found = channel(world, arguments)?;
    let scopes = world.settings.scopes.iter().flatten();
    // With this scope an app need not join public channels before it posts.
    let anywhere = matches!(found.kind, Kind::Public { .. })
        && scopes.into_iter().any(|scope| scope == "chat:write.public");
    if !anywhere && !found.has_member(&world.app.user_id) {
        return Err("not_in_channel".into());
    }
    if found.is_archived {
        return Err("is_archived".into());
    }
    Ok(found.id.clone())
}

/// Text, blocks and attachments of a new message.
fn draft(arguments: &Arguments) -> Result<Draft, Fail> {
    let draft = Draft {
        text: arguments.text("text").unwrap_or_default(),
        blocks: arguments
            .structures("blocks", "invalid_blocks_format")?
            .unwrap_or_default(),
        attachments: arguments
            .structures("attachments", "invalid_attachments")?
            .unwrap_or_default(),
        ..Draft::default()
    };
    if draft.is_empty() {
        return Err("no_text".into());
    }
    check_message(&draft.blocks, &draft.attachments)?;
    Ok(draft)
}

/// The thread to post into: always the parent's, even when a reply was named.
fn thread(world: &World, channel_id: &str, arguments: &Arguments) -> Result<Option<String>, Fail> {
    let Some(ts) = filled(arguments, "thread_ts") else {
        return Ok(None);
    };
    let parent = world
        .channel(channel_id)
        .and_then(|channel| channel.message(&ts))
        .ok_or_else(|| Fail::new("cannot_reply_to_message"))?;
    Ok(Some(parent.thread_ts.clone().unwrap_or(ts)))
}

/// `None`: not given. `Some(None)`: an empty object, which removes it.
fn metadata(arguments: &Arguments) -> Result<Option<Option<Value>>, Fail> {
    let given = match arguments.nested("metadata") {
        Ok(None | Some(Value::Null)) => return Ok(None),
        Ok(Some(given)) => given,
        Err(()) => return Err("invalid_metadata_format".into()),
    };
    let Some(fields) = given.as_object() else {
        return Err("invalid_metadata_format".into());
    };
    if fields.is_empty() {
        return Ok(Some(None));
    }
    if !given["event_type"].is_string() || !given["event_payload"].is_object() {
        return Err("invalid_metadata_format".into());
    }
    if given.to_string().len() > LONGEST_METADATA {
        return Err("metadata_too_large".into());
    }
    Ok(Some(Some(json!({
        "event_type": given["event_type"],
        "event_payload": given["event_payload"],
    }))))
}

/// A message this app may change or delete: only its own.
fn own_message(
    world: &World,
    arguments: &Arguments,
    foreign: &'static str,
) -> Result<(String, String), Fail> {
    let found: &Channel = channel(world, arguments)?;
    let ts = arguments.required("ts")?;
    let message: &Message = found
        .message(&ts)
        .filter(|message| !message.tombstone)
        .ok_or_else(|| Fail::new("message_not_found"))?;
    if message.author != Author::App {
        return Err(foreign.into());
    }
    if found.is_archived {
        return Err("is_archived".into());
    }
    Ok((found.id.clone(), ts))
}

fn would_be_empty(world: &World, channel_id: &str, ts: &str, change: &Change) -> bool {
    let Some(message) = world
        .channel(channel_id)
        .and_then(|channel| channel.message(ts))
    else {
        return false;
    };
    let text = change.text.as_ref().unwrap_or(&message.text);
    let blocks = change.blocks.as_ref().unwrap_or(&message.blocks);
    let attachments = change.attachments.as_ref().unwrap_or(&message.attachments);
    text.is_empty() && blocks.is_empty() && attachments.is_empty()
}

fn filled(arguments: &Arguments, name: &str) -> Option<String> {
    arguments.text(name).filter(|text| !text.is_empty())
}
