//! Filling in, submitting and closing modals.

use super::ask::{Ask, Refused};
use super::checks::client_errors;
use super::choose::Target;
use super::seen::{Mark, Result as Seen};
use crate::sandbox::outgoing::answers::{TROUBLE, apply_submission};
use crate::sandbox::outgoing::payload::{self, Place};
use crate::sandbox::world::controls::{Control, controls};
use crate::sandbox::world::views::OpenView;
use serde_json::Value;

pub async fn submit(ask: &Ask<'_>) -> Result<Value, Refused> {
    let user = ask.user()?;
    let view = find_modal(ask, &user)?;
    if view.definition["submit"].is_null() {
        return Refused::because("This modal has no submit button.");
    }
    let mut mark = Mark::now(ask, &user);
    fill_in(ask, &user, &view).await?;
    let view_id = view.id;
    let errors = ask.shared.change(|world| {
        let Some(view) = world.view_mut(&view_id) else {
            return Refused::because("The modal was closed meanwhile.");
        };
        view.errors = client_errors(view);
        Ok(view.errors.clone())
    })?;
    if !errors.is_empty() {
        let result = Seen {
            errors: Some(errors),
            ..Seen::default()
        };
        return Ok(mark.report(ask, result));
    }
    let prepared = ask.shared.change(|world| {
        let view = world.view(&view_id)?.clone();
        Some(payload::view_submission(world, &user, &view))
    });
    let Some((payload, _)) = prepared else {
        return Refused::because("The modal was closed meanwhile.");
    };
    let reply = ask.shared.post_payload(&payload).await;
    mark.answered();
    let outcome = ask
        .shared
        .change(|world| apply_submission(world, &user, &view_id, &reply));
    let mut result = Seen {
        status: reply.status(),
        ..Seen::default()
    };
    match outcome {
        Ok(submitted) => {
            result.closed = submitted.closed;
            result.errors = Some(submitted.errors).filter(|errors| !errors.is_empty());
        }
        Err(error) => result.error = Some(error.to_owned()),
    }
    Ok(mark.report(ask, result))
}

/// Puts the values given into the fields they name.
async fn fill_in(ask: &Ask<'_>, user: &str, view: &OpenView) -> Result<(), Refused> {
    let values = match &ask.body["values"] {
        Value::Null => return Ok(()),
        Value::Object(values) => values,
        _ => return Refused::because("\"values\" must be an object."),
    };
    for (name, given) in values {
        let control = find_field(view, name)?;
        let target = Target {
            user: user.to_owned(),
            place: Place::View {
                id: view.id.clone(),
            },
            block: control.block.clone(),
            element: control.element.clone(),
        };
        let state = target
            .choose(ask, given)
            .await
            .map_err(|Refused(sentence)| Refused(format!("{name}: {sentence}")))?;
        ask.shared.change(|world| {
            if let Some(view) = world.view_mut(&view.id) {
                view.set(target.block_id(), target.action_id(), state);
            }
        });
    }
    Ok(())
}

/// A field by block_id, by its visible label, or by action_id.
fn find_field<'a>(view: &'a OpenView, name: &str) -> Result<Control<'a>, Refused> {
    let all = controls(view.blocks());
    let label = |control: &Control<'a>| control.block["label"]["text"].as_str().unwrap_or("");
    let found = all
        .iter()
        .find(|control| control.block_id() == name)
        .or_else(|| all.iter().find(|control| label(control) == name))
        .or_else(|| {
            all.iter()
                .find(|control| !name.is_empty() && label(control).eq_ignore_ascii_case(name))
        })
        .or_else(|| all.iter().find(|control| control.action_id() == name));
    match found {
        Some(control) => Ok(*control),
        None => {
            let known: Vec<String> = all
                .iter()
                .filter(|control| control.is_input())
                .map(|control| format!("{} ({})", label(control), control.block_id()))
                .collect();
            Refused::because(format!(
                "There is no field {name} in this modal; there are: {}.",
                known.join(", ")
            ))
        }
    }
}

pub async fn close(ask: &Ask<'_>) -> Result<Value, Refused> {
    let user = ask.user()?;
    let view = find_modal(ask, &user)?;
    let mut mark = Mark::now(ask, &user);
    let all = ask.flag("all") || view.definition["clear_on_close"] == true;
    // Top first, as the client takes them away.
    let payloads = ask.shared.change(|world| {
        let stack = world.views.get(&user).cloned().unwrap_or_default();
        let place = stack.iter().position(|open| open.id == view.id);
        let from = if all { 0 } else { place.unwrap_or(0) };
        let payloads: Vec<Value> = stack[from..]
            .iter()
            .rev()
            .filter(|open| open.wants_close())
            .map(|open| payload::view_closed(world, &user, open, all))
            .collect();
        if let Some(lowest) = stack.get(from) {
            world.close_view(&lowest.id);
        }
        payloads
    });
    let mut result = Seen {
        closed: true,
        ..Seen::default()
    };
    for payload in payloads {
        let reply = ask.shared.post_payload(&payload).await;
        result.status = reply.status();
        if !reply.is_success() {
            result.error = Some(TROUBLE.to_owned());
        }
    }
    mark.answered();
    Ok(mark.report(ask, result))
}

/// The modal named, else the person's top one.
fn find_modal(ask: &Ask<'_>, user: &str) -> Result<OpenView, Refused> {
    ask.shared.read(|world| {
        let stack = world.views.get(user).map_or(&[][..], Vec::as_slice);
        let found = match ask.text("view_id") {
            Some(id) => stack.iter().find(|view| view.id == id),
            None => stack.last(),
        };
        match found {
            Some(view) => Ok(view.clone()),
            None => Refused::because(format!("{user} has no such modal open.")),
        }
    })
}
