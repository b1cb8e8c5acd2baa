//! usergroups.list, usergroups.users.list. The groups are those of the seed.

use super::arguments::Arguments;
use super::{Answer, Fail};
use crate::sandbox::world::World;
use serde_json::{Value, json};

pub fn list(world: &mut World, arguments: &Arguments) -> Answer {
    let (with_users, with_count) = (
        arguments.bool("include_users"),
        arguments.bool("include_count"),
    );
    let groups: Vec<Value> = world
        .groups
        .iter()
        .map(|group| {
            let mut shown = world.render_group(group);
            if with_users {
                shown["users"] = json!(group.users);
            }
            if with_count {
                shown["user_count"] = json!(group.users.len());
            }
            shown
        })
        .collect();
    Ok(json!({"usergroups": groups}))
}

/// Deactivated people stay in their groups here, so that apps meet them.
pub fn users(world: &mut World, arguments: &Arguments) -> Answer {
    let group = world
        .group(&arguments.required("usergroup")?)
        .ok_or_else(|| Fail::new("no_such_subteam"))?;
    Ok(json!({"users": group.users}))
}
