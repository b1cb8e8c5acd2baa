//! pins.add, pins.remove, pins.list.

use super::arguments::Arguments;
use super::{Answer, Fail, joined_channel};
use crate::sandbox::world::World;
use crate::sandbox::world::channel::Pin;
use serde_json::{Value, json};

/// A channel holds this many pins.
const MOST_PINS: usize = 100;

pub fn add(world: &mut World, arguments: &Arguments) -> Answer {
    let (channel, ts) = target(world, arguments)?;
    let by = world.app.user_id.clone();
    pin(world, &channel, &ts, &by)
}

/// Whoever pins it.
pub fn pin(world: &mut World, channel: &str, ts: &str, by: &str) -> Answer {
    let pin = Pin {
        ts: ts.to_owned(),
        user: by.to_owned(),
        created: world.clock.seconds(),
    };
    let found = world
        .channel_mut(channel)
        .ok_or_else(|| Fail::new("channel_not_found"))?;
    if found.message(ts).is_none_or(|message| message.tombstone) {
        return Err("message_not_found".into());
    }
    if found.pins.iter().any(|pin| pin.ts == ts) {
        return Err("already_pinned".into());
    }
    if found.pins.len() >= MOST_PINS {
        return Err("too_many_pins".into());
    }
    found.pins.push(pin);
    tell(world, "pin_added", channel, ts, by);
    Ok(json!({}))
}

pub fn remove(world: &mut World, arguments: &Arguments) -> Answer {
    let (channel, ts) = target(world, arguments)?;
    let by = world.app.user_id.clone();
    unpin(world, &channel, &ts, &by)
}

/// Whoever unpins it.
pub fn unpin(world: &mut World, channel: &str, ts: &str, by: &str) -> Answer {
    let found = world
        .channel_mut(channel)
        .ok_or_else(|| Fail::new("channel_not_found"))?;
    let before = found.pins.len();
    found.pins.retain(|pin| pin.ts != ts);
    if found.pins.len() == before {
        return Err("no_pin".into());
    }
    tell(world, "pin_removed", channel, ts, by);
    Ok(json!({}))
}

pub fn list(world: &mut World, arguments: &Arguments) -> Answer {
    let channel = joined_channel(world, arguments)?;
    // Newest pin first.
    let items: Vec<Value> = channel
        .pins
        .iter()
        .rev()
        .filter_map(|pin| {
            let message = channel.message(&pin.ts)?;
            let mut shown = world.render(channel, message, false);
            shown["permalink"] = json!(world.permalink(channel, message));
            Some(json!({
                "type": "message",
                "channel": channel.id,
                "created": pin.created,
                "created_by": pin.user,
                "message": shown,
            }))
        })
        .collect();
    Ok(json!({"items": items}))
}

fn target(world: &World, arguments: &Arguments) -> Result<(String, String), Fail> {
    let channel = joined_channel(world, arguments)?;
    if channel.is_archived {
        return Err("is_archived".into());
    }
    let ts = arguments
        .text("timestamp")
        .filter(|ts| !ts.is_empty())
        .ok_or_else(|| Fail::new("no_item_specified"))?;
    Ok((channel.id.clone(), ts))
}

fn tell(world: &mut World, kind: &str, channel: &str, ts: &str, by: &str) {
    let message = world.snapshot(channel, ts);
    let mut event = json!({
        "type": kind,
        "user": by,
        "channel_id": channel,
        "item": {
            "type": "message",
            "channel": channel,
            "created": world.clock.seconds(),
            "created_by": by,
            "message": message,
        },
    });
    if kind == "pin_removed" {
        let channel = world.channel(channel);
        event["has_pins"] = json!(channel.is_some_and(|channel| !channel.pins.is_empty()));
    }
    world.tell(event);
}
