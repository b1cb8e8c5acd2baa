//! Channels and people as their administrators change them: made, renamed, archived, joined and
//! left; deactivated, renamed, moved to another time zone; people who are new; and user groups.

use super::ask::{Ask, Refused, user_id};
use crate::sandbox::world::World;
use crate::sandbox::world::membership::wrong_name;
use serde_json::{Value, json};

/// Makes a channel, or changes one: its name, its members (the bot, too), whether it is archived; or
/// deletes one.
pub fn channel(ask: &Ask<'_>) -> Result<Value, Refused> {
    let by = actor(ask)?;
    let id = if ask.flag("create") {
        let name = new_name(ask, "name")?;
        ask.shared.change(|world| {
            free(world, &name)?;
            Ok::<_, Refused>(world.create_channel(&name, &by, ask.flag("private")))
        })?
    } else {
        ask.channel()?
    };
    let rename = match ask.text("rename") {
        Some(_) => Some(new_name(ask, "rename")?),
        None => None,
    };
    let (add, remove) = (member(ask, "add")?, member(ask, "remove")?);
    ask.shared.change(|world: &mut World| {
        if let Some(name) = &rename {
            if world.channel(&id).and_then(|channel| channel.name()) != Some(name) {
                free(world, name)?;
            }
            world.rename_channel(&id, name, &by);
        }
        if let Some(user) = remove {
            // Without somebody who does it, people go on their own.
            let actor = ask.text("by").map_or(user.as_str(), |_| by.as_str());
            world.remove_member(&id, &user, actor);
        }
        if let Some(user) = add {
            let inviter = ask.text("by").map(|_| by.as_str());
            world.add_member(&id, &user, inviter.filter(|inviter| *inviter != user));
        }
        if let Some(topic) = ask.body["topic"].as_str() {
            world.set_topic(&id, topic, &by);
        }
        if let Some(archived) = ask.body["archived"].as_bool() {
            world.archive_channel(&id, archived, &by);
        }
        if ask.flag("delete") {
            world.delete_channel(&id, &by);
        }
        let shown = world
            .channel(&id)
            .map(|channel| world.render_channel(channel, true));
        Ok(json!({"ok": true, "channel": shown}))
    })
}

/// Who does it: the person named, else the first one.
fn actor(ask: &Ask<'_>) -> Result<String, Refused> {
    ask.shared.read(|world| match ask.text("by") {
        Some(name) => user_id(world, name),
        None => match world.users.iter().find(|user| !user.is_bot) {
            Some(user) => Ok(user.id.clone()),
            None => Refused::because("There is nobody in this workspace."),
        },
    })
}

/// Somebody who comes or goes; the bot can, too.
fn member(ask: &Ask<'_>, field: &str) -> Result<Option<String>, Refused> {
    ask.shared.read(|world| match ask.text(field) {
        None => Ok(None),
        Some(user) if world.app.user_id == user || world.app.name == user => {
            Ok(Some(world.app.user_id.clone()))
        }
        Some(user) => user_id(world, user).map(Some),
    })
}

fn new_name(ask: &Ask<'_>, field: &str) -> Result<String, Refused> {
    let name = ask.required(field)?.trim_start_matches('#').to_owned();
    match wrong_name(&name) {
        None => Ok(name),
        Some(error) => Refused::because(format!("No channel can be called {name}: {error}.")),
    }
}

fn free(world: &World, name: &str) -> Result<(), Refused> {
    if world.is_name_taken(name) {
        return Refused::because(format!("There is a channel called {name} already."));
    }
    Ok(())
}

/// Changes somebody's account and tells the app, or makes one.
pub fn person(ask: &Ask<'_>) -> Result<Value, Refused> {
    let name = ask.required("user")?;
    if let Some(zone) = ask.text("zone")
        && !World::is_zone(zone)
    {
        return Refused::because(format!("{zone} is not a time zone."));
    }
    let is_plain = name.chars().all(|it| it.is_ascii_alphanumeric());
    ask.shared.change(|world| {
        if ask.flag("join") {
            if !is_plain || world.user_named(name).is_some() {
                return Refused::because(format!("Nobody new can be called {name}."));
            }
            let id = world.join(name);
            let shown = world.user(&id).map(|user| world.render_user(user));
            return Ok(json!({"ok": true, "user": shown}));
        }
        let id = match world.user_named(name) {
            Some(user) if user.is_bot => {
                return Refused::because("The bot cannot be changed here.");
            }
            Some(user) => user.id.clone(),
            None => return Refused::because(format!("There is nobody called {name}.")),
        };
        if let Some(user) = world.users.iter_mut().find(|user| user.id == id) {
            if let Some(deactivated) = ask.body["deactivated"].as_bool() {
                user.deleted = deactivated;
            }
            if let Some(guest) = ask.body["guest"].as_bool() {
                user.is_restricted = guest;
            }
            if let Some(email) = ask.text("email") {
                user.email = Some(email.to_owned());
            }
            if let Some(name) = ask.text("name") {
                user.real_name = name.to_owned();
            }
            if let Some(zone) = ask.text("zone") {
                user.tz = zone.to_owned();
            }
        }
        world.tell_user_changed(&id);
        let shown = world.user(&id).map(|user| world.render_user(user));
        Ok(json!({"ok": true, "user": shown}))
    })
}

/// Takes people into a user group and out of it, and tells the app.
pub fn group(ask: &Ask<'_>) -> Result<Value, Refused> {
    let name = ask.required("group")?.trim_start_matches('@');
    let (add, remove) = (people(ask, "add")?, people(ask, "remove")?);
    ask.shared.change(|world| {
        let mut groups = world.groups.iter();
        let found = groups.find(|group| group.id == name || group.handle == name);
        let Some(id) = found.map(|group| group.id.clone()) else {
            return Refused::because(format!("There is no user group called {name}."));
        };
        world.change_group(&id, add, &remove);
        let users = world.group(&id).map(|group| group.users.clone());
        Ok(json!({"ok": true, "users": users}))
    })
}

/// A list of people, or one.
fn people(ask: &Ask<'_>, field: &str) -> Result<Vec<String>, Refused> {
    let names = match &ask.body[field] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect::<Vec<_>>(),
    };
    ask.shared.read(|world| {
        let ids = names.into_iter().map(|name| match world.user_named(name) {
            Some(user) => Ok(user.id.clone()),
            None => Refused::because(format!("There is nobody called {name}.")),
        });
        ids.collect()
    })
}
