//! conversations.create, join, leave, invite, kick, setTopic, setPurpose, rename, archive,
//! unarchive: making and changing channels.

use super::arguments::Arguments;
use super::{Answer, Fail, channel};
use crate::sandbox::world::World;
use crate::sandbox::world::channel::{Channel, Kind};
use crate::sandbox::world::membership::wrong_name;
use serde_json::{Value, json};

/// The longest topic and the longest purpose.
const LONGEST_NOTE: usize = 250;
/// One invitation names at most this many people.
const MOST_INVITED: usize = 100;

pub fn create(world: &mut World, arguments: &Arguments) -> Answer {
    let name = arguments.text("name").unwrap_or_default();
    check_name(world, &name)?;
    let bot = world.app.user_id.clone();
    let id = world.create_channel(&name, &bot, arguments.bool("is_private"));
    show(world, &id)
}

pub fn join(world: &mut World, arguments: &Arguments) -> Answer {
    let found = public(world, arguments)?;
    if matches!(found.kind, Kind::Private { .. }) {
        return Err("method_not_supported_for_channel_type".into());
    }
    if found.is_archived {
        return Err("is_archived".into());
    }
    let id = found.id.clone();
    let bot = world.app.user_id.clone();
    let already = found.has_member(&bot);
    world.add_member(&id, &bot, None);
    let mut answer = show(world, &id)?;
    if already {
        answer["warning"] = json!("already_in_channel");
        answer["response_metadata"] = json!({"warnings": ["already_in_channel"]});
    }
    Ok(answer)
}

pub fn leave(world: &mut World, arguments: &Arguments) -> Answer {
    let found = public(world, arguments)?;
    if is_general(found) {
        return Err("cant_leave_general".into());
    }
    if found.is_archived {
        return Err("is_archived".into());
    }
    let bot = world.app.user_id.clone();
    // Leaving twice is no error.
    if !found.has_member(&bot) {
        return Ok(json!({"not_in_channel": true}));
    }
    if found.members.len() == 1 {
        return Err("last_member".into());
    }
    let id = found.id.clone();
    world.remove_member(&id, &bot, &bot);
    Ok(json!({}))
}

/// All or nobody, unless `force` is set: then those who can be invited are. Either way an answer
/// that is about a failure names everyone it is about.
pub fn invite(world: &mut World, arguments: &Arguments) -> Answer {
    let users = arguments.list("users");
    let id = changeable(world, arguments)?;
    if users.is_empty() {
        return Err("no_user".into());
    }
    if users.len() > MOST_INVITED {
        return Err("too_many_users".into());
    }
    let mut errors: Vec<Value> = Vec::new();
    let mut good: Vec<String> = Vec::new();
    for user in users {
        match refusal(world, &id, &user) {
            Some(error) => errors.push(json!({"user": user, "ok": false, "error": error})),
            None if good.contains(&user) => {}
            None => good.push(user),
        }
    }
    if errors.is_empty() || arguments.bool("force") {
        let bot = world.app.user_id.clone();
        for user in &good {
            world.add_member(&id, user, Some(&bot));
        }
    }
    match errors.first() {
        None => show(world, &id),
        Some(first) => {
            let mut fail = Fail::new(first["error"].as_str().unwrap_or("cant_invite"));
            fail.extra.insert("errors".to_owned(), json!(errors));
            Err(fail)
        }
    }
}

/// Why one person cannot be invited.
fn refusal(world: &World, channel: &str, user: &str) -> Option<&'static str> {
    let Some(found) = world.user(user) else {
        return Some("user_not_found");
    };
    if user == world.app.user_id {
        Some("cant_invite_self")
    } else if found.deleted {
        Some("cant_invite")
    } else if world
        .channel(channel)
        .is_some_and(|channel| channel.has_member(user))
    {
        Some("already_in_channel")
    } else {
        None
    }
}

pub fn kick(world: &mut World, arguments: &Arguments) -> Answer {
    let user = arguments.required("user")?;
    let id = changeable(world, arguments)?;
    let bot = world.app.user_id.clone();
    if user == bot {
        return Err("cant_kick_self".into());
    }
    if world.user(&user).is_none() {
        return Err("user_not_found".into());
    }
    let found = channel(world, arguments)?;
    if is_general(found) {
        return Err("cant_kick_from_general".into());
    }
    if !found.has_member(&user) {
        return Err("not_in_channel".into());
    }
    world.remove_member(&id, &user, &bot);
    Ok(json!({"errors": {}}))
}

pub fn set_topic(world: &mut World, arguments: &Arguments) -> Answer {
    let (id, topic) = note(world, arguments, "topic")?;
    let bot = world.app.user_id.clone();
    world.set_topic(&id, &topic, &bot);
    show(world, &id)
}

pub fn set_purpose(world: &mut World, arguments: &Arguments) -> Answer {
    let (id, purpose) = note(world, arguments, "purpose")?;
    let bot = world.app.user_id.clone();
    world.set_purpose(&id, &purpose, &bot);
    show(world, &id)
}

pub fn rename(world: &mut World, arguments: &Arguments) -> Answer {
    let id = changeable(world, arguments)?;
    let name = arguments.text("name").unwrap_or_default();
    let found = channel(world, arguments)?;
    let bot = world.app.user_id.clone();
    if found.name() != Some(&name) {
        check_name(world, &name)?;
        // A bot may rename only what it made itself.
        if world.creator(found) != Some(&bot) {
            return Err("not_authorized".into());
        }
        world.rename_channel(&id, &name, &bot);
    }
    show(world, &id)
}

pub fn archive(world: &mut World, arguments: &Arguments) -> Answer {
    let found = public(world, arguments)?;
    let bot = world.app.user_id.clone();
    if found.is_archived {
        return Err("already_archived".into());
    }
    if is_general(found) {
        return Err("cant_archive_general".into());
    }
    if !found.has_member(&bot) {
        return Err("not_in_channel".into());
    }
    let id = found.id.clone();
    world.archive_channel(&id, true, &bot);
    Ok(json!({}))
}

/// Slack's page on this method says that bot tokens cannot be used to bring a channel back; the
/// error is the one that apps meet. People can, by the control API.
pub fn unarchive(world: &mut World, arguments: &Arguments) -> Answer {
    let found = public(world, arguments)?;
    if !found.is_archived {
        return Err("not_archived".into());
    }
    Err("not_in_channel".into())
}

fn check_name(world: &World, name: &str) -> Result<(), Fail> {
    if let Some(error) = wrong_name(name) {
        return Err(error.into());
    }
    if world.is_name_taken(name) {
        return Err("name_taken".into());
    }
    Ok(())
}

fn is_general(channel: &Channel) -> bool {
    channel.name() == Some("general")
}

/// The channel that is meant, if it is one and not a direct conversation.
fn public<'a>(world: &'a World, arguments: &Arguments) -> Result<&'a Channel, Fail> {
    let found = channel(world, arguments)?;
    match found.kind {
        Kind::Public { .. } | Kind::Private { .. } => Ok(found),
        Kind::Direct { .. } | Kind::Group { .. } => {
            Err("method_not_supported_for_channel_type".into())
        }
    }
}

/// A channel that the app is in and that is not archived.
fn changeable(world: &World, arguments: &Arguments) -> Result<String, Fail> {
    let found = public(world, arguments)?;
    if found.is_archived {
        return Err("is_archived".into());
    }
    if !found.has_member(&world.app.user_id) {
        return Err("not_in_channel".into());
    }
    Ok(found.id.clone())
}

/// A topic or purpose and the channel it is for. An empty one takes away what is there.
fn note(
    world: &World,
    arguments: &Arguments,
    name: &'static str,
) -> Result<(String, String), Fail> {
    let id = changeable(world, arguments)?;
    let text = arguments.text(name).ok_or_else(|| Fail::missing(name))?;
    if text.chars().count() > LONGEST_NOTE {
        return Err("too_long".into());
    }
    Ok((id, text))
}

fn show(world: &World, id: &str) -> Answer {
    let found = world
        .channel(id)
        .ok_or_else(|| Fail::new("channel_not_found"))?;
    Ok(json!({"channel": world.render_channel(found, false)}))
}
