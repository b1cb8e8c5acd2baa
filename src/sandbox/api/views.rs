//! views.open, views.push, views.update, views.publish.

use super::arguments::Arguments;
use super::{Answer, Fail};
use crate::sandbox::blocks::check_view;
use crate::sandbox::world::World;
use crate::sandbox::world::views::DEEPEST_STACK;
use serde_json::{Value, json};

pub fn open(world: &mut World, arguments: &Arguments) -> Answer {
    let (trigger, view) = opening(world, arguments)?;
    let user = world.exchange_trigger(&trigger)?;
    let id = world.open_view(&user, view, true);
    shown(world, &id)
}

pub fn push(world: &mut World, arguments: &Arguments) -> Answer {
    let (trigger, view) = opening(world, arguments)?;
    let user = world.exchange_trigger(&trigger)?;
    match world.views.get(&user).map(Vec::len) {
        None | Some(0) => Err("not_found".into()),
        Some(depth) if depth >= DEEPEST_STACK => Err("push_limit_reached".into()),
        Some(_) => {
            let id = world.open_view(&user, view, false);
            shown(world, &id)
        }
    }
}

pub fn update(world: &mut World, arguments: &Arguments) -> Answer {
    let view = view_argument(arguments)?;
    let found = match (arguments.text("view_id"), arguments.text("external_id")) {
        (Some(id), _) if !id.is_empty() => world.view(&id),
        (_, Some(external)) if !external.is_empty() => world.view_by_external_id(&external),
        _ => return Err(Fail::missing("view_id")),
    };
    let (id, hash, home) = match found {
        Some(found) => (found.id.clone(), found.hash.clone(), found.is_home()),
        None => {
            check_view(&view, false)?;
            return Err("not_found".into());
        }
    };
    check_view(&view, home)?;
    check_hash(arguments, Some(&hash))?;
    refuse_taken_external_id(world, &view, Some(&id))?;
    world.update_view(&id, view);
    shown(world, &id)
}

pub fn publish(world: &mut World, arguments: &Arguments) -> Answer {
    let user = arguments.required("user_id")?;
    let view = view_argument(arguments)?;
    check_view(&view, true)?;
    if world.user(&user).is_none_or(|user| user.is_bot) {
        return Err(Fail::invalid_arguments("user_not_found"));
    }
    let current = world.homes.get(&user).map(|home| home.hash.clone());
    check_hash(arguments, current.as_deref())?;
    let own = world.homes.get(&user).map(|home| home.id.clone());
    refuse_taken_external_id(world, &view, own.as_deref())?;
    let home = world.publish_home(&user, view);
    Ok(json!({"view": world.render_view(&home)}))
}

/// The arguments of open and push. A view Slack refuses does not use its trigger up.
fn opening(world: &World, arguments: &Arguments) -> Result<(String, Value), Fail> {
    let trigger = arguments
        .text("trigger_id")
        .or_else(|| arguments.text("interactivity_pointer"))
        .filter(|trigger| !trigger.is_empty())
        .ok_or_else(|| Fail::missing("trigger_id"))?;
    let view = view_argument(arguments)?;
    check_view(&view, false)?;
    refuse_taken_external_id(world, &view, None)?;
    Ok((trigger, view))
}

fn view_argument(arguments: &Arguments) -> Result<Value, Fail> {
    match arguments.nested("view") {
        Ok(Some(view)) if view.is_object() => Ok(view),
        Ok(None) => Err(Fail::missing("view")),
        _ => Err(Fail::invalid_arguments(
            "must provide an object [json-pointer:/view]",
        )),
    }
}

fn check_hash(arguments: &Arguments, current: Option<&str>) -> Result<(), Fail> {
    match (arguments.text("hash").as_deref(), current) {
        (None | Some(""), _) => Ok(()),
        (Some(given), Some(current)) if given == current => Ok(()),
        _ => Err("hash_conflict".into()),
    }
}

fn refuse_taken_external_id(world: &World, view: &Value, own_id: Option<&str>) -> Result<(), Fail> {
    let external = view["external_id"].as_str().unwrap_or("");
    let taken = world
        .view_by_external_id(external)
        .is_some_and(|other| Some(other.id.as_str()) != own_id);
    if taken {
        return Err("duplicate_external_id".into());
    }
    Ok(())
}

fn shown(world: &World, id: &str) -> Answer {
    let view = world.view(id).ok_or_else(|| Fail::new("not_found"))?;
    Ok(json!({"view": world.render_view(view)}))
}
