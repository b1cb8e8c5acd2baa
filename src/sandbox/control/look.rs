//! Looking at the workspace: its whole state, what the app called, and when something changes.

use super::json_response;
use super::seen::show_ephemeral;
use crate::sandbox::shared::Shared;
use crate::sandbox::world::World;
use crate::sandbox::world::channel::{Channel, Kind};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The longest a request for changes waits, in real time.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

pub async fn manual() -> Response {
    (
        [
            ("content-type", "text/html; charset=utf-8"),
            (
                "content-security-policy",
                "default-src 'none'; style-src 'unsafe-inline'",
            ),
        ],
        include_str!("manual.html"),
    )
        .into_response()
}

pub async fn state(State(shared): State<Arc<Shared>>) -> Response {
    json_response(StatusCode::OK, &shown(&shared))
}

/// The whole workspace.
pub fn shown(shared: &Shared) -> Value {
    let revision = shared.revision();
    let mut state = shared.read(|world| show_world(world, revision));
    state["sockets"] = shared.sockets.show();
    state
}

#[derive(Deserialize)]
pub struct After {
    #[serde(default)]
    after: u64,
}

pub async fn changes(State(shared): State<Arc<Shared>>, Query(query): Query<After>) -> Response {
    let mut changes = shared.watch();
    tokio::select! {
        // An error means the sandbox is gone; the answer below is then as good as any.
        _ = changes.wait_for(|revision| *revision > query.after) => {}
        () = tokio::time::sleep(LONGEST_WAIT) => {}
        () = shared.stopping.cancelled() => {}
    }
    json_response(StatusCode::OK, &json!({"revision": shared.revision()}))
}

#[derive(Deserialize)]
pub struct Since {
    #[serde(default)]
    since: u64,
}

pub async fn journal(State(shared): State<Arc<Shared>>, Query(query): Query<Since>) -> Response {
    let (entries, next) = shared.read(|world| {
        let entries = world.journal.since(query.since);
        (entries, world.journal.last())
    });
    let answer = json!({"entries": entries, "next": next});
    json_response(StatusCode::OK, &answer)
}

fn show_world(world: &World, revision: u64) -> Value {
    let mut channels = Vec::new();
    let mut dms = Vec::new();
    let mut groups = Vec::new();
    for channel in &world.channels {
        let messages: Vec<Value> = channel
            .messages
            .iter()
            .map(|message| world.render(channel, message, true))
            .collect();
        match &channel.kind {
            Kind::Public { .. } | Kind::Private { .. } => {
                channels.push(show_channel(world, channel, messages))
            }
            Kind::Group { .. } => groups.push(show_channel(world, channel, messages)),
            Kind::Direct { user } => {
                dms.push(json!({"id": channel.id, "user": user, "messages": messages}));
            }
        }
    }
    let users: Vec<Value> = world
        .users
        .iter()
        .map(|user| {
            json!({
                "id": user.id,
                "name": user.name,
                "real_name": user.real_name,
                "email": user.email,
                "tz": user.tz,
                "is_admin": user.is_admin,
                "is_bot": user.is_bot,
                "deleted": user.deleted,
                "picture": world.picture(&user.id),
            })
        })
        .collect();
    let ephemerals: Vec<Value> = world.ephemerals.iter().map(show_ephemeral).collect();
    let files: Vec<Value> = world
        .files
        .iter()
        .filter(|file| file.is_complete)
        .map(|file| world.render_file(file))
        .collect();
    let views: Map<String, Value> = world
        .views
        .iter()
        .map(|(user, stack)| {
            let stack = stack.iter().map(|view| world.show_view(view)).collect();
            (user.clone(), stack)
        })
        .collect();
    let homes: Map<String, Value> = world
        .homes
        .iter()
        .map(|(user, view)| (user.clone(), world.show_view(view)))
        .collect();
    json!({
        "revision": revision,
        "clock": {"now": world.clock.seconds(), "offset": world.clock.offset()},
        "workspace": world.workspace,
        "app": world.app,
        "commands": world.commands,
        "shortcuts": world.shortcuts,
        "groups": world.groups,
        "users": users,
        "channels": channels,
        "dms": dms,
        "group_dms": groups,
        "files": files,
        "scheduled": world.scheduled,
        "ephemerals": ephemerals,
        "views": views,
        "homes": homes,
        "faults": world.faults,
        "events": world.delivery_faults,
        "settings": {
            "scopes": world.settings.scopes,
            "socket_mode": world.settings.socket_mode,
            "should_escape": world.settings.should_escape,
            "unfurl_domains": world.settings.unfurl_domains,
            "revoked": world.settings.revoked,
        },
    })
}

fn show_channel(world: &World, channel: &Channel, messages: Vec<Value>) -> Value {
    let bookmarks: Vec<Value> = channel
        .bookmarks
        .iter()
        .map(|bookmark| world.render_bookmark(channel, bookmark))
        .collect();
    let pins: Vec<&str> = channel.pins.iter().map(|pin| pin.ts.as_str()).collect();
    json!({
        "id": channel.id,
        "name": channel.name(),
        "is_archived": channel.is_archived,
        "is_private": channel.is_hidden(),
        "members": channel.members,
        "topic": channel.topic,
        "purpose": channel.purpose,
        "creator": world.creator(channel),
        "bookmarks": bookmarks,
        "pins": pins,
        "messages": messages,
    })
}
