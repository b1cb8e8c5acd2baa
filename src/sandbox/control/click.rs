//! Using an element of a message, a modal or the home tab: buttons, menus, pickers; and asking
//! for a menu's options.

use super::ask::{Ask, Refused};
use super::choose::{Target, offered, pick};
use super::seen::{Mark, Result as Seen};
use crate::sandbox::outgoing::answers::TROUBLE;
use crate::sandbox::outgoing::payload::{Place, block_actions};
use crate::sandbox::world::World;
use crate::sandbox::world::controls::{Control, all_blocks, controls, state_values};
use crate::sandbox::world::views::OpenView;
use serde_json::{Value, json};

pub async fn click(ask: &Ask<'_>) -> Result<Value, Refused> {
    let user = ask.user()?;
    let target = find_target(ask, &user)?;
    let mut mark = Mark::now(ask, &user);
    let given = match &ask.body["selected"] {
        Value::Null => &ask.body["value"],
        selected => selected,
    };
    let (action, state) = use_element(ask, &target, given).await?;
    let control = Control {
        block: &target.block,
        element: &target.element,
    };
    let prepared = ask.shared.change(|world| {
        if let Some(state) = state {
            remember(world, &target, state);
        }
        if !control.dispatches() {
            return None;
        }
        let values = current_values(world, &target.user, &target.place);
        let mut action = action;
        action["action_ts"] = json!(world.next_ts());
        Some(block_actions(world, &user, &target.place, action, values))
    });
    let Some((payload, _)) = prepared else {
        // Typing into a field that does not ask to be told: only the client knows.
        return Ok(mark.report(ask, Seen::default()));
    };
    let reply = ask.shared.post_payload(&payload).await;
    mark.answered();
    let mut result = Seen::of(&reply);
    if result.error.is_some() && matches!(target.place, Place::View { .. }) {
        result.error = Some(TROUBLE.to_owned());
    }
    if reply.is_success() {
        let channel = payload["channel"]["id"].as_str();
        mark.wait_for_sight(ask, channel).await;
    }
    Ok(mark.report(ask, result))
}

pub async fn suggest(ask: &Ask<'_>) -> Result<Value, Refused> {
    let user = ask.user()?;
    let target = find_target(ask, &user)?;
    let mut mark = Mark::now(ask, &user);
    let query = ask.text("query").unwrap_or("");
    let (reply, answer) = target.suggest(ask, query).await;
    mark.answered();
    let mut result = Seen::of(&reply);
    match answer {
        Ok(answer) => result.options = Some(json!(offered(&answer))),
        Err(error) => result.error = Some(error),
    }
    Ok(mark.report(ask, result))
}

/// The `actions[]` item, and the element's new state where it has one.
async fn use_element(
    ask: &Ask<'_>,
    target: &Target,
    given: &Value,
) -> Result<(Value, Option<Value>), Refused> {
    let element = &target.element;
    let mut action = json!({
        "type": element["type"],
        "block_id": target.block_id(),
        "action_id": target.action_id(),
    });
    let copy = |action: &mut Value, names: &[&str]| {
        for name in names {
            if !element[*name].is_null() {
                action[*name] = element[*name].clone();
            }
        }
    };
    match element["type"].as_str() {
        Some("button") => {
            copy(&mut action, &["text", "value", "url", "style"]);
            Ok((action, None))
        }
        Some("icon_button") => {
            copy(&mut action, &["text", "value"]);
            Ok((action, None))
        }
        Some("feedback_buttons") => {
            let buttons = [&element["positive_button"], &element["negative_button"]];
            let chosen = buttons
                .into_iter()
                .find(|button| button["value"] == *given || button["text"]["text"] == *given);
            let Some(button) = chosen else {
                return Refused::because(format!("There is no button {given} here."));
            };
            action["value"] = button["value"].clone();
            action["text"] = button["text"].clone();
            Ok((action, None))
        }
        Some("overflow") => {
            let name = given.as_str().unwrap_or("");
            let Some(option) = pick(&offered(element), name) else {
                return Refused::because(format!("There is no option {name} in this menu."));
            };
            action["selected_option"] = option;
            Ok((action, None))
        }
        _ => {
            let state = target.choose(ask, given).await?;
            if let Some(fields) = state.as_object() {
                for (name, value) in fields {
                    action[name.as_str()] = value.clone();
                }
            }
            copy(&mut action, &["placeholder", "initial_option"]);
            Ok((action, Some(state)))
        }
    }
}

fn find_target(ask: &Ask<'_>, user: &str) -> Result<Target, Refused> {
    let place = find_place(ask, user)?;
    let action_id = ask.required("action_id")?;
    let block_id = ask.text("block_id");
    let blocks = ask.shared.read(|world| blocks_of(world, &place));
    let all = controls(&blocks);
    let fitting: Vec<&Control<'_>> = all
        .iter()
        .filter(|control| control.action_id() == action_id)
        .filter(|control| block_id.is_none_or(|id| control.block_id() == id))
        .collect();
    // Lists repeat the same button in many blocks; its value then tells which one is meant.
    let by_value = fitting.iter().find(|control| {
        control.kind() == "button"
            && ask.body["value"].is_string()
            && control.element["value"] == ask.body["value"]
    });
    match by_value.or(fitting.first()) {
        Some(control) => Ok(Target {
            user: user.to_owned(),
            place,
            block: control.block.clone(),
            element: control.element.clone(),
        }),
        None => {
            let known: Vec<&str> = all.iter().map(Control::action_id).collect();
            Refused::because(format!(
                "There is no element {action_id} here; there are: {}.",
                known.join(", ")
            ))
        }
    }
}

fn find_place(ask: &Ask<'_>, user: &str) -> Result<Place, Refused> {
    let Some(ts) = ask.text("ts") else {
        return find_view(ask, user).map(|id| Place::View { id });
    };
    let ephemeral = ask.shared.read(|world| {
        let found = world.ephemeral(ts)?;
        Some((found.id.clone(), found.user == user))
    });
    match ephemeral {
        Some((id, true)) => return Ok(Place::Ephemeral { id }),
        Some((_, false)) => {
            return Refused::because("Only the person it was shown to can use this message.");
        }
        None => {}
    }
    let channel = ask.channel()?;
    let ts = ask.message(&channel)?;
    Ok(Place::Message { channel, ts })
}

/// The view named, else the person's top modal, else their home tab.
fn find_view(ask: &Ask<'_>, user: &str) -> Result<String, Refused> {
    ask.shared.read(|world| {
        let view: Option<&OpenView> = match ask.text("view_id") {
            Some(id) => world.view(id).filter(|view| view.user == user),
            None => world.top_view(user).or_else(|| world.homes.get(user)),
        };
        match view {
            Some(view) => Ok(view.id.clone()),
            None => Refused::because(format!("{user} has no such view open.")),
        }
    })
}

fn blocks_of(world: &World, place: &Place) -> Vec<Value> {
    let found = match place {
        Place::View { id } => world.view(id).map(|view| view.blocks().to_vec()),
        Place::Ephemeral { id } => world
            .ephemeral(id)
            .map(|found| all_blocks(&found.blocks, &found.attachments)),
        Place::Message { channel, ts } => world
            .channel(channel)
            .and_then(|channel| channel.message(ts))
            .filter(|message| !message.tombstone)
            .map(|message| all_blocks(&message.blocks, &message.attachments)),
    };
    found.unwrap_or_default()
}

fn remember(world: &mut World, target: &Target, state: Value) {
    let (block_id, action_id) = (target.block_id(), target.action_id());
    if let Place::View { id } = &target.place {
        if let Some(view) = world.view_mut(id) {
            view.set(block_id, action_id, state);
        }
        return;
    }
    world
        .message_state
        .entry(state_place(&target.user, &target.place))
        .or_default()
        .entry(block_id.to_owned())
        .or_default()
        .insert(action_id.to_owned(), state);
}

fn current_values(world: &World, user: &str, place: &Place) -> Value {
    match place {
        Place::View { id } => world.view(id).map_or_else(|| json!({}), OpenView::values),
        _ => {
            let typed = world.message_state.get(&state_place(user, place));
            let typed = typed.cloned().unwrap_or_default();
            state_values(&blocks_of(world, place), &typed)
        }
    }
}

fn state_place(user: &str, place: &Place) -> String {
    match place {
        Place::View { id } | Place::Ephemeral { id } => format!("{user}/{id}"),
        Place::Message { channel, ts } => format!("{user}/{channel}/{ts}"),
    }
}
