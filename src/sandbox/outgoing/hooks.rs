//! response_url: what an app may post there instead of calling the Web API. Five times within
//! thirty minutes; `world::tickets` counts.

use super::answers::draft_from;
use crate::sandbox::calls::Call;
use crate::sandbox::shared::Shared;
use crate::sandbox::world::World;
use crate::sandbox::world::message::Author;
use crate::sandbox::world::posting::{Change, Draft};
use crate::sandbox::world::tickets::{Hook, Source};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;

/// What the journal and fault rules call these posts.
pub const METHOD: &str = "response_url";

pub async fn serve(
    State(shared): State<Arc<Shared>>,
    Path((kind, id)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let given: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let channel = shared.read(|world| world.hooks.get(&id).map(|hook| hook.channel.clone()));
    let mut arguments = given.clone();
    if arguments.is_object() {
        arguments["response_url"] = json!(format!("/hooks/{kind}/{id}"));
        arguments["channel"] = json!(channel);
    }
    let call = Call {
        method: METHOD.to_owned(),
        arguments,
        act: move |world: &mut World| match apply(world, &id, &given) {
            Ok(()) => (200, json!("ok")),
            // Slack's names for these; its status codes are not documented.
            Err(error @ ("expired_url" | "used_url" | "invalid_url")) => {
                (404, json!({"ok": false, "error": error}))
            }
            Err(error) => (400, json!({"ok": false, "error": error})),
        },
        present,
    };
    call.run(&shared).await
}

fn present(status: u16, answer: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    match answer.as_str() {
        Some(text) => (status, text.to_owned()).into_response(),
        None => (
            status,
            [("content-type", "application/json; charset=utf-8")],
            answer.to_string(),
        )
            .into_response(),
    }
}

fn apply(world: &mut World, id: &str, given: &Value) -> Result<(), &'static str> {
    let hook = world.use_hook(id)?;
    if !given.is_object() {
        return Err("invalid_payload");
    }
    let draft = draft_from(given)?;
    let delete = is_true(&given["delete_original"]);
    if draft.is_empty() && !delete {
        return Err("no_text");
    }
    if delete {
        delete_original(world, &hook);
        if draft.is_empty() {
            return Ok(());
        }
    } else if is_true(&given["replace_original"]) && replace_original(world, &hook, &draft) {
        return Ok(());
    }
    say(world, &hook, draft, given["response_type"] == "in_channel");
    Ok(())
}

fn say(world: &mut World, hook: &Hook, mut draft: Draft, in_channel: bool) {
    if in_channel {
        draft.broadcast = false;
        world.post(&hook.channel, Author::App, draft);
        return;
    }
    if draft.thread_ts.is_none() {
        draft.thread_ts.clone_from(&hook.thread_ts);
    }
    world.whisper(&hook.user, &hook.channel, draft, METHOD);
}

fn delete_original(world: &mut World, hook: &Hook) {
    match &hook.source {
        Source::Nothing => {}
        Source::Ephemeral(id) => world.ephemerals.retain(|ephemeral| &ephemeral.id != id),
        Source::Message(ts) if is_apps(world, hook, ts) => world.delete_message(&hook.channel, ts),
        Source::Message(_) => {}
    }
}

/// Says whether there was an original that could be replaced; else the message is a new one.
fn replace_original(world: &mut World, hook: &Hook, draft: &Draft) -> bool {
    let mut draft = draft.clone();
    match &hook.source {
        Source::Nothing => false,
        Source::Ephemeral(id) => {
            world.finish_blocks(&mut draft.blocks);
            world.finish_attachments(&mut draft.attachments);
            let found = world
                .ephemerals
                .iter_mut()
                .find(|ephemeral| &ephemeral.id == id);
            let Some(ephemeral) = found else {
                return false;
            };
            ephemeral.text = draft.text;
            ephemeral.blocks = draft.blocks;
            ephemeral.attachments = draft.attachments;
            true
        }
        Source::Message(ts) if is_apps(world, hook, ts) => {
            let change = Change {
                text: Some(draft.text),
                blocks: Some(draft.blocks),
                attachments: Some(draft.attachments),
                metadata: draft.metadata.map(Some),
            };
            world.change_message(&hook.channel, ts, change, None);
            true
        }
        Source::Message(_) => false,
    }
}

fn is_apps(world: &World, hook: &Hook, ts: &str) -> bool {
    world
        .channel(&hook.channel)
        .and_then(|channel| channel.message(ts))
        .is_some_and(|message| message.author == Author::App && !message.tombstone)
}

/// Booleans also come as text.
fn is_true(value: &Value) -> bool {
    value == true || value == "true"
}
