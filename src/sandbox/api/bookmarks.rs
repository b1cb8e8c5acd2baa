//! bookmarks.add, edit, list, remove: the links under a channel's name. Only links, as in Slack.

use super::arguments::Arguments;
use super::reactions::emoji;
use super::{Answer, Fail};
use crate::sandbox::world::World;
use crate::sandbox::world::bookmarks::Bookmark;
use crate::sandbox::world::channel::Channel;
use serde_json::{Value, json};

/// A channel holds this many.
const MOST_BOOKMARKS: usize = 100;
const LONGEST_TITLE: usize = 256;
const LONGEST_LINK: usize = 2048;

pub fn add(world: &mut World, arguments: &Arguments) -> Answer {
    let channel = changeable(world, arguments)?.id.clone();
    let title = title(arguments)?.ok_or_else(|| Fail::missing("title"))?;
    if arguments.required("type")? != "link" {
        return Err("invalid_bookmark_type".into());
    }
    let link = link(arguments)?.ok_or_else(|| Fail::new("invalid_link"))?;
    let emoji = given_emoji(arguments)?;
    let bookmark = Bookmark {
        id: world.next_id("Bk"),
        title,
        link,
        emoji,
        created: world.clock.seconds(),
        updated: 0,
        updated_by: world.app.user_id.clone(),
    };
    let id = bookmark.id.clone();
    let found = world
        .channel_mut(&channel)
        .ok_or_else(|| Fail::new("channel_not_found"))?;
    if found.bookmarks.len() >= MOST_BOOKMARKS {
        return Err("too_many_bookmarks".into());
    }
    found.bookmarks.push(bookmark);
    show(world, &channel, &id)
}

pub fn edit(world: &mut World, arguments: &Arguments) -> Answer {
    let channel = changeable(world, arguments)?.id.clone();
    let id = arguments.required("bookmark_id")?;
    let (title, link, emoji) = (title(arguments)?, link(arguments)?, given_emoji(arguments)?);
    let (now, bot) = (world.clock.seconds(), world.app.user_id.clone());
    let bookmark = world
        .channel_mut(&channel)
        .and_then(|channel| channel.bookmarks.iter_mut().find(|one| one.id == id))
        .ok_or_else(|| Fail::new("not_found"))?;
    if let Some(title) = title {
        bookmark.title = title;
    }
    if let Some(link) = link {
        bookmark.link = link;
    }
    if emoji.is_some() {
        bookmark.emoji = emoji;
    }
    bookmark.updated = now;
    bookmark.updated_by = bot;
    show(world, &channel, &id)
}

pub fn list(world: &mut World, arguments: &Arguments) -> Answer {
    let channel = joined(world, arguments)?;
    let bookmarks: Vec<Value> = channel
        .bookmarks
        .iter()
        .map(|bookmark| world.render_bookmark(channel, bookmark))
        .collect();
    Ok(json!({"bookmarks": bookmarks}))
}

pub fn remove(world: &mut World, arguments: &Arguments) -> Answer {
    let channel = changeable(world, arguments)?.id.clone();
    let id = arguments.required("bookmark_id")?;
    let found = world
        .channel_mut(&channel)
        .ok_or_else(|| Fail::new("channel_not_found"))?;
    let before = found.bookmarks.len();
    found.bookmarks.retain(|bookmark| bookmark.id != id);
    if found.bookmarks.len() == before {
        return Err("not_found".into());
    }
    Ok(json!({}))
}

/// These methods call the channel `channel_id`.
fn joined<'a>(world: &'a World, arguments: &Arguments) -> Result<&'a Channel, Fail> {
    let id = arguments.required("channel_id")?;
    let found = world
        .channel(&id)
        .filter(|channel| world.sees(channel))
        .ok_or_else(|| Fail::new("channel_not_found"))?;
    if !found.has_member(&world.app.user_id) {
        return Err("not_in_channel".into());
    }
    Ok(found)
}

fn changeable<'a>(world: &'a World, arguments: &Arguments) -> Result<&'a Channel, Fail> {
    let found = joined(world, arguments)?;
    if found.is_archived {
        return Err("is_archived".into());
    }
    Ok(found)
}

fn title(arguments: &Arguments) -> Result<Option<String>, Fail> {
    match arguments.text("title").filter(|title| !title.is_empty()) {
        Some(title) if title.chars().count() > LONGEST_TITLE => {
            Err(Fail::invalid_arguments(&format!(
                "must be less than {} characters [json-pointer:/title]",
                LONGEST_TITLE + 1
            )))
        }
        title => Ok(title),
    }
}

fn link(arguments: &Arguments) -> Result<Option<String>, Fail> {
    let Some(link) = arguments.text("link").filter(|link| !link.is_empty()) else {
        return Ok(None);
    };
    let is_web = url::Url::parse(&link).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !is_web || link.chars().count() > LONGEST_LINK {
        return Err("invalid_link".into());
    }
    Ok(Some(link))
}

fn given_emoji(arguments: &Arguments) -> Result<Option<String>, Fail> {
    let Some(name) = arguments.text("emoji").filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    match emoji(&name) {
        Ok(name) => Ok(Some(format!(":{name}:"))),
        Err(_) => Err("invalid_emoji".into()),
    }
}

fn show(world: &World, channel: &str, id: &str) -> Answer {
    let shown = world.channel(channel).and_then(|channel| {
        let bookmark = channel.bookmarks.iter().find(|one| one.id == id)?;
        Some(world.render_bookmark(channel, bookmark))
    });
    Ok(json!({"bookmark": shown}))
}
