//! What the app says in the body of its answer, or at a response_url: a message for the person or
//! the channel, or what to do with a modal.

use super::Reply;
use crate::sandbox::blocks::{check_message, check_view};
use crate::sandbox::world::World;
use crate::sandbox::world::message::Author;
use crate::sandbox::world::posting::Draft;
use crate::sandbox::world::views::DEEPEST_STACK;
use serde_json::Value;
use std::collections::BTreeMap;

/// What Slack's client says when a modal's answer cannot be used.
pub const TROUBLE: &str = "We had some trouble connecting. Try again?";

/// Shows the answer to a command. Says whether there was anything to show; the error is the one
/// the person sees.
pub fn show_command_answer(
    world: &mut World,
    user: &str,
    channel: &str,
    typed: &str,
    reply: &Reply,
) -> Result<bool, &'static str> {
    if reply.is_empty() {
        return Ok(false);
    }
    let Reply::Answered { is_json, body, .. } = reply else {
        return Ok(false);
    };
    let answer = match reply.json() {
        Some(answer @ Value::Object(_)) => answer,
        // Said to be JSON, but it is not.
        _ if *is_json => return Err("invalid_command_response"),
        _ => {
            let text = String::from_utf8_lossy(body).into_owned();
            world.whisper(user, channel, Draft::text(text), "command");
            return Ok(true);
        }
    };
    // One message for everything an app can get wrong here (seen with duplicate action ids).
    let draft = draft_from(&answer).map_err(|_| "invalid_command_response")?;
    let in_channel = answer["response_type"] == "in_channel";
    if in_channel {
        let typed = Draft::text(typed);
        world.post(channel, Author::Person(user.to_owned()), typed);
    }
    match (draft.is_empty(), in_channel) {
        (true, _) => return Ok(in_channel),
        (false, true) => drop(world.post(channel, Author::App, draft)),
        (false, false) => drop(world.whisper(user, channel, draft, "command")),
    }
    Ok(true)
}

/// The message in an answer or a post to a response_url.
pub fn draft_from(answer: &Value) -> Result<Draft, &'static str> {
    let list = |name: &str| match &answer[name] {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => Ok(items.clone()),
        _ => Err("invalid_payload"),
    };
    let draft = Draft {
        text: answer["text"].as_str().unwrap_or("").to_owned(),
        blocks: list("blocks")?,
        attachments: list("attachments")?,
        thread_ts: answer["thread_ts"].as_str().map(str::to_owned),
        metadata: Some(&answer["metadata"])
            .filter(|metadata| metadata.is_object())
            .cloned(),
        ..Draft::default()
    };
    check_message(&draft.blocks, &draft.attachments).map_err(|refusal| refusal.error)?;
    Ok(draft)
}

/// What became of a submitted modal.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Submitted {
    pub closed: bool,
    pub errors: BTreeMap<String, String>,
}

/// Does what the answer to a `view_submission` says. The error is the person's.
pub fn apply_submission(
    world: &mut World,
    user: &str,
    view_id: &str,
    reply: &Reply,
) -> Result<Submitted, &'static str> {
    if !reply.is_success() {
        return Err(TROUBLE);
    }
    let closed = Submitted {
        closed: true,
        ..Submitted::default()
    };
    let answer = if reply.is_empty() {
        Value::Null
    } else {
        reply.json().ok_or(TROUBLE)?
    };
    match answer["response_action"].as_str() {
        None => {
            world.close_view(view_id);
            Ok(closed)
        }
        Some("clear") => {
            world.views.remove(user);
            Ok(closed)
        }
        Some("errors") => {
            let errors = field_errors(world, view_id, &answer["errors"]).ok_or(TROUBLE)?;
            if let Some(view) = world.view_mut(view_id) {
                view.errors = errors.clone();
            }
            Ok(Submitted {
                closed: false,
                errors,
            })
        }
        Some("update") => {
            check_view(&answer["view"], false).map_err(|_| TROUBLE)?;
            world.update_view(view_id, answer["view"].clone());
            Ok(Submitted::default())
        }
        Some("push") => {
            check_view(&answer["view"], false).map_err(|_| TROUBLE)?;
            if world.views.get(user).map_or(0, Vec::len) >= DEEPEST_STACK {
                return Err(TROUBLE);
            }
            world.open_view(user, answer["view"].clone(), false);
            Ok(Submitted::default())
        }
        Some(_) => Err(TROUBLE),
    }
}

/// Errors may stand only at input blocks of the view; one that does not spoils them all.
fn field_errors(world: &World, view_id: &str, given: &Value) -> Option<BTreeMap<String, String>> {
    let inputs: Vec<&str> = world
        .view(view_id)?
        .blocks()
        .iter()
        .filter(|block| block["type"] == "input")
        .filter_map(|block| block["block_id"].as_str())
        .collect();
    let given = given.as_object().filter(|given| !given.is_empty())?;
    given
        .iter()
        .map(|(block, text)| {
            inputs
                .contains(&block.as_str())
                .then(|| Some((block.clone(), text.as_str()?.to_owned())))?
        })
        .collect()
}
