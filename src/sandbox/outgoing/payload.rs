//! The bodies of slash commands and interactions, with every field Slack sends. All of one
//! payload's ids are made here: its trigger and its response_url.

use crate::sandbox::world::World;
use crate::sandbox::world::channel::Channel;
use crate::sandbox::world::tickets::Source;
use crate::sandbox::world::views::OpenView;
use serde_json::{Value, json};

/// The same word in every payload; apps must not rely on it.
const VERIFICATION_TOKEN: &str = "sandbox-verification-token";

/// A slash command's form and its trigger.
pub fn command(
    world: &mut World,
    user: &str,
    channel: &str,
    command: &str,
    text: &str,
) -> (Vec<(&'static str, String)>, String) {
    let trigger = world.new_trigger(user);
    let response_url = world.new_hook("commands", user, channel, Source::Nothing, None);
    let channel_name = world
        .channel(channel)
        .map_or("", Channel::spoken_name)
        .to_owned();
    let fields = vec![
        ("token", VERIFICATION_TOKEN.to_owned()),
        ("team_id", world.workspace.id.clone()),
        ("team_domain", world.workspace.domain.clone()),
        ("channel_id", channel.to_owned()),
        ("channel_name", channel_name),
        ("user_id", user.to_owned()),
        ("user_name", user_name(world, user)),
        ("command", command.to_owned()),
        ("text", text.to_owned()),
        ("api_app_id", world.app.app_id.clone()),
        ("is_enterprise_install", "false".to_owned()),
        ("response_url", response_url),
        ("trigger_id", trigger.clone()),
    ];
    (fields, trigger)
}

/// What every interaction has in common.
fn common(world: &World, kind: &str, user: &str) -> Value {
    json!({
        "type": kind,
        "team": {"id": world.workspace.id, "domain": world.workspace.domain},
        "user": {
            "id": user,
            "username": user_name(world, user),
            "name": user_name(world, user),
            "team_id": world.workspace.id,
        },
        "api_app_id": world.app.app_id,
        "token": VERIFICATION_TOKEN,
        "enterprise": null,
        "is_enterprise_install": false,
    })
}

/// Where an element was used.
#[derive(Debug, Clone)]
pub enum Place {
    Message { channel: String, ts: String },
    Ephemeral { id: String },
    View { id: String },
}

/// `block_actions` and its trigger.
pub fn block_actions(
    world: &mut World,
    user: &str,
    place: &Place,
    action: Value,
    values: Value,
) -> (Value, String) {
    let mut payload = common(world, "block_actions", user);
    let trigger = world.new_trigger(user);
    payload["trigger_id"] = json!(trigger);
    payload["actions"] = json!([action]);
    payload["state"] = json!({"values": values});
    add_place(world, &mut payload, place);
    let hook = match place {
        Place::Message { channel, ts } => {
            let thread = world
                .channel(channel)
                .and_then(|channel| channel.message(ts))
                .and_then(|message| message.thread_ts.clone());
            Some((channel.clone(), Source::Message(ts.clone()), thread))
        }
        Place::Ephemeral { id } => world.ephemeral(id).map(|ephemeral| {
            (
                ephemeral.channel.clone(),
                Source::Ephemeral(ephemeral.id.clone()),
                ephemeral.thread_ts.clone(),
            )
        }),
        Place::View { .. } => None,
    };
    if let Some((channel, source, thread)) = hook {
        let url = world.new_hook("actions", user, &channel, source, thread);
        payload["response_url"] = json!(url);
    }
    (payload, trigger)
}

/// `block_suggestion`: no trigger.
pub fn block_suggestion(
    world: &World,
    user: &str,
    place: &Place,
    block_id: &str,
    action_id: &str,
    query: &str,
) -> Value {
    let mut payload = common(world, "block_suggestion", user);
    payload["block_id"] = json!(block_id);
    payload["action_id"] = json!(action_id);
    payload["value"] = json!(query);
    add_place(world, &mut payload, place);
    payload
}

/// `container`, and the message, channel or view the element is in.
fn add_place(world: &World, payload: &mut Value, place: &Place) {
    match place {
        Place::View { id } => {
            payload["container"] = json!({"type": "view", "view_id": id});
            if let Some(view) = world.view(id) {
                payload["view"] = world.render_view(view);
            }
        }
        Place::Message { channel, ts } => {
            payload["container"] = json!({
                "type": "message", "message_ts": ts, "channel_id": channel,
                "is_ephemeral": false,
            });
            if let Some(found) = world.channel(channel) {
                payload["channel"] = json!({"id": channel, "name": found.spoken_name()});
                if let Some(message) = found.message(ts) {
                    payload["message"] = world.render(found, message, true);
                    if let Some(thread) = &message.thread_ts {
                        payload["container"]["thread_ts"] = json!(thread);
                    }
                }
            }
        }
        Place::Ephemeral { id } => {
            if let Some(ephemeral) = world.ephemeral(id) {
                let name = world
                    .channel(&ephemeral.channel)
                    .map_or("", Channel::spoken_name);
                payload["container"] = json!({
                    "type": "message", "message_ts": ephemeral.ts,
                    "channel_id": ephemeral.channel, "is_ephemeral": true,
                });
                if let Some(thread) = &ephemeral.thread_ts {
                    payload["container"]["thread_ts"] = json!(thread);
                }
                payload["channel"] = json!({"id": ephemeral.channel, "name": name});
            }
        }
    }
}

/// `view_submission` and its trigger.
pub fn view_submission(world: &mut World, user: &str, view: &OpenView) -> (Value, String) {
    let mut payload = common(world, "view_submission", user);
    let trigger = world.new_trigger(user);
    payload["trigger_id"] = json!(trigger);
    payload["view"] = world.render_view(view);
    payload["response_urls"] = response_urls(world, user, view);
    (payload, trigger)
}

/// Channel menus that ask for it come with a response_url for the channel chosen.
fn response_urls(world: &mut World, user: &str, view: &OpenView) -> Value {
    let values = view.values();
    let mut urls = Vec::new();
    for block in view.blocks() {
        let element = &block["element"];
        if element["response_url_enabled"] != true {
            continue;
        }
        let (block_id, action_id) = (&block["block_id"], &element["action_id"]);
        let state = &values[block_id.as_str().unwrap_or("")][action_id.as_str().unwrap_or("")];
        let chosen = ["selected_conversation", "selected_channel"]
            .iter()
            .find_map(|key| state[*key].as_str());
        if let Some(channel) = chosen {
            let url = world.new_hook("app", user, channel, Source::Nothing, None);
            urls.push(json!({
                "block_id": block_id, "action_id": action_id,
                "channel_id": channel, "response_url": url,
            }));
        }
    }
    json!(urls)
}

/// `view_closed`: no trigger.
pub fn view_closed(world: &World, user: &str, view: &OpenView, cleared: bool) -> Value {
    let mut payload = common(world, "view_closed", user);
    payload["view"] = world.render_view(view);
    payload["is_cleared"] = json!(cleared);
    payload
}

/// A global shortcut, or a shortcut on a message, and its trigger.
pub fn shortcut(
    world: &mut World,
    user: &str,
    callback_id: &str,
    message: Option<(&str, &str)>,
) -> (Value, String) {
    let kind = match message {
        Some(_) => "message_action",
        None => "shortcut",
    };
    let mut payload = common(world, kind, user);
    let trigger = world.new_trigger(user);
    payload["trigger_id"] = json!(trigger);
    payload["callback_id"] = json!(callback_id);
    payload["action_ts"] = json!(world.next_ts());
    if let Some((channel, ts)) = message {
        let thread = world
            .channel(channel)
            .and_then(|channel| channel.message(ts))
            .and_then(|message| message.thread_ts.clone());
        let source = Source::Message(ts.to_owned());
        let url = world.new_hook("app", user, channel, source, thread);
        payload["response_url"] = json!(url);
        payload["message_ts"] = json!(ts);
        payload["message"] = world.snapshot(channel, ts);
        let name = world.channel(channel).map_or("", Channel::spoken_name);
        payload["channel"] = json!({"id": channel, "name": name});
    }
    (payload, trigger)
}

fn user_name(world: &World, user: &str) -> String {
    world
        .user(user)
        .map_or_else(String::new, |user| user.name.clone())
}
