//! users.info, users.list, users.lookupByEmail, users.profile.get, dnd.info.

use super::arguments::Arguments;
use super::{Answer, Fail, page};
use crate::sandbox::world::World;
use serde_json::{Value, json};

pub fn info(world: &mut World, arguments: &Arguments) -> Answer {
    let id = arguments.required("user")?;
    let user = world.user(&id).ok_or_else(|| Fail::new("user_not_found"))?;
    Ok(json!({"user": world.render_user(user)}))
}

pub fn list(world: &mut World, arguments: &Arguments) -> Answer {
    let users = world.users.iter().collect();
    // Without a limit Slack tries to answer with everybody.
    let page = page::cut(users, arguments, 1000, 1000, |user| &user.id)?;
    let members: Vec<Value> = page
        .items
        .iter()
        .map(|user| world.render_user(user))
        .collect();
    Ok(json!({
        "members": members,
        "cache_ts": world.clock.seconds(),
        "response_metadata": page.metadata(),
    }))
}

pub fn lookup_by_email(world: &mut World, arguments: &Arguments) -> Answer {
    let email = arguments.required("email")?;
    let user = world
        .users
        .iter()
        .filter(|user| !user.deleted)
        .find(|user| {
            user.email
                .as_deref()
                .is_some_and(|known| known.eq_ignore_ascii_case(&email))
        })
        .ok_or_else(|| Fail::new("users_not_found"))?;
    Ok(json!({"user": world.render_user(user)}))
}

pub fn profile(world: &mut World, arguments: &Arguments) -> Answer {
    let id = arguments
        .text("user")
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| world.app.user_id.clone());
    let user = world.user(&id).ok_or_else(|| Fail::new("user_not_found"))?;
    Ok(json!({"profile": world.render_user(user)["profile"]}))
}

/// Nobody is away here.
pub fn dnd(world: &mut World, arguments: &Arguments) -> Answer {
    let id = arguments
        .text("user")
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| world.app.user_id.clone());
    if world.user(&id).is_none() {
        return Err("user_not_found".into());
    }
    Ok(json!({
        "dnd_enabled": false,
        "next_dnd_start_ts": 1,
        "next_dnd_end_ts": 1,
        "snooze_enabled": false,
    }))
}
