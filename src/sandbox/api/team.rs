//! auth.test, api.test, team.info, emoji.list.

use super::arguments::Arguments;
use super::{Answer, Fail};
use crate::sandbox::world::World;
use serde_json::{Value, json};

pub fn api_test(arguments: &Arguments) -> Answer {
    let given = arguments.decoded();
    match arguments.text("error") {
        Some(error) => {
            let mut fail = Fail::new(error);
            fail.extra.insert("args".to_owned(), given);
            Err(fail)
        }
        None if given.as_object().is_some_and(serde_json::Map::is_empty) => Ok(json!({})),
        None => Ok(json!({"args": given})),
    }
}

pub fn auth_test(world: &mut World, _arguments: &Arguments) -> Answer {
    Ok(json!({
        "url": format!("https://{}.slack.com/", world.workspace.domain),
        "team": world.workspace.name,
        "user": world.app.name,
        "team_id": world.workspace.id,
        "user_id": world.app.user_id,
        "bot_id": world.app.bot_id,
        "app_id": world.app.app_id,
        "is_enterprise_install": false,
    }))
}

pub fn info(world: &mut World, arguments: &Arguments) -> Answer {
    if let Some(team) = arguments.text("team")
        && team != world.workspace.id
    {
        return Err("team_not_found".into());
    }
    let picture = world.picture(&world.app.user_id);
    let mut icon = json!({"image_default": true});
    for size in [34, 44, 68, 88, 102, 132, 230] {
        icon[format!("image_{size}")] = Value::String(picture.clone());
    }
    Ok(json!({"team": {
        "id": world.workspace.id,
        "name": world.workspace.name,
        "url": format!("https://{}.slack.com/", world.workspace.domain),
        "domain": world.workspace.domain,
        "email_domain": "",
        "icon": icon,
        "avatar_base_url": "https://ca.slack-edge.com/",
        "is_verified": false,
    }}))
}

/// Only the workspace's own emoji are listed, and it has one.
pub fn emoji(world: &mut World, _arguments: &Arguments) -> Answer {
    Ok(json!({
        "emoji": {
            "balefire": world.picture(&world.app.user_id),
            "beacon": "alias:balefire",
        },
        "cache_ts": format!("{}.000000", world.clock.seconds()),
    }))
}
