//! reactions.add, reactions.remove, reactions.get; people's reactions go the same way.

use super::arguments::Arguments;
use super::{Answer, Fail, joined_channel};
use crate::sandbox::world::World;
use crate::sandbox::world::message::Reaction;
use serde_json::json;

pub fn add(world: &mut World, arguments: &Arguments) -> Answer {
    let (channel, ts, name) = target(world, arguments)?;
    let bot = world.app.user_id.clone();
    react(world, &bot, &channel, &ts, &name, true)?;
    Ok(json!({}))
}

pub fn remove(world: &mut World, arguments: &Arguments) -> Answer {
    let (channel, ts, name) = target(world, arguments)?;
    let bot = world.app.user_id.clone();
    react(world, &bot, &channel, &ts, &name, false)?;
    Ok(json!({}))
}

pub fn get(world: &mut World, arguments: &Arguments) -> Answer {
    let channel = joined_channel(world, arguments)?;
    let ts = arguments
        .text("timestamp")
        .ok_or_else(|| Fail::new("no_item_specified"))?;
    let message = channel
        .message(&ts)
        .ok_or_else(|| Fail::new("message_not_found"))?;
    let mut shown = world.render(channel, message, false);
    shown["permalink"] = json!(world.permalink(channel, message));
    Ok(json!({"type": "message", "channel": channel.id, "message": shown}))
}

/// Adds or takes back one person's reaction to a message.
pub fn react(
    world: &mut World,
    user: &str,
    channel: &str,
    ts: &str,
    name: &str,
    add: bool,
) -> Result<(), Fail> {
    let message = world
        .channel_mut(channel)
        .and_then(|channel| channel.message_mut(ts))
        .filter(|message| !message.tombstone)
        .ok_or_else(|| Fail::new("message_not_found"))?;
    let place = message
        .reactions
        .iter()
        .position(|reaction| reaction.name == name);
    match (place, add) {
        (Some(place), true) => {
            let users = &mut message.reactions[place].users;
            if users.iter().any(|known| known == user) {
                return Err("already_reacted".into());
            }
            users.push(user.to_owned());
        }
        (None, true) => message.reactions.push(Reaction {
            name: name.to_owned(),
            users: vec![user.to_owned()],
        }),
        (Some(place), false) if message.reactions[place].users.iter().any(|u| u == user) => {
            message.reactions[place].users.retain(|known| known != user);
            message
                .reactions
                .retain(|reaction| !reaction.users.is_empty());
        }
        (_, false) => return Err("no_reaction".into()),
    }
    tell(world, user, channel, ts, name, add);
    Ok(())
}

fn tell(world: &mut World, user: &str, channel_id: &str, ts: &str, name: &str, added: bool) {
    let Some(channel) = world.channel(channel_id) else {
        return;
    };
    if !world.is_heard(channel) {
        return;
    }
    let author = channel
        .message(ts)
        .map(|message| world.author_id(message).to_owned());
    world.tell(json!({
        "type": if added { "reaction_added" } else { "reaction_removed" },
        "user": user,
        "reaction": name,
        "item": {"type": "message", "channel": channel_id, "ts": ts},
        "item_user": author,
    }));
}

fn target(world: &World, arguments: &Arguments) -> Result<(String, String, String), Fail> {
    let channel = joined_channel(world, arguments)?;
    if channel.is_archived {
        return Err("is_archived".into());
    }
    let ts = arguments
        .text("timestamp")
        .filter(|ts| !ts.is_empty())
        .ok_or_else(|| Fail::new("no_item_specified"))?;
    let name = arguments.required("name")?;
    Ok((channel.id.clone(), ts, emoji(&name)?))
}

/// An emoji's name without colons. Which names exist is not checked, only their form.
pub fn emoji(name: &str) -> Result<String, Fail> {
    let bare = name.trim_matches(':');
    let good = |letter: char| letter.is_alphanumeric() || "_-+':".contains(letter);
    if bare.is_empty() || !bare.chars().all(good) {
        return Err("invalid_name".into());
    }
    Ok(bare.to_owned())
}
