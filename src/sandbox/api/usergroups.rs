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
    let creator = world.users.first().map(|user| user.id.clone());
    let groups: Vec<Value> = world
        .groups
        .iter()
        .map(|group| {
            let mut shown = json!({
                "id": group.id,
                "team_id": world.workspace.id,
                "is_usergroup": true,
                "is_subteam": true,
                "name": group.name,
                "description": "",
                "handle": group.handle,
                "is_external": false,
                "date_create": 1_700_000_000,
                "date_update": 1_700_000_000,
                "date_delete": 0,
                "auto_type": null,
                "auto_provision": false,
                "enterprise_subteam_id": "",
                "created_by": creator,
                "updated_by": creator,
                "deleted_by": null,
                "prefs": {"channels": [], "groups": []},
            });
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
    let id = arguments.required("usergroup")?;
    let group = world
        .groups
        .iter()
        .find(|group| group.id == id)
        .ok_or_else(|| Fail::new("no_such_subteam"))?;
    Ok(json!({"users": group.users}))
}
