//! The control API, for tests and for the page: what the workspace looks like, and people doing
//! things in it. Loopback only. Not Slack's: everything under `/_sandbox` is our own.

mod act;
mod arrange;
mod ask;
mod checks;
mod choose;
mod click;
mod connect;
mod forms;
mod guard;
pub(super) mod look;
mod seen;
mod talk;
mod tune;

use super::shared::Shared;
use ask::{Ask, Refused};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::sync::Arc;

pub fn routes(shared: Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sandbox", get(look::manual))
        .route("/_sandbox/state", get(look::state))
        .route("/_sandbox/changes", get(look::changes))
        .route("/_sandbox/journal", get(look::journal))
        .route("/_sandbox/{what}", post(play))
        .layer(axum::middleware::from_fn(guard::local_only))
        .with_state(shared)
}

/// One thing somebody does.
async fn play(
    State(shared): State<Arc<Shared>>,
    Path(what): Path<String>,
    body: Bytes,
) -> Response {
    match dispatch(&shared, &what, &body).await {
        Ok(answer) => json_response(StatusCode::OK, &answer),
        Err(Refused(sentence)) => {
            let answer = json!({"ok": false, "error": sentence});
            json_response(StatusCode::BAD_REQUEST, &answer)
        }
    }
}

async fn dispatch(shared: &Arc<Shared>, what: &str, body: &[u8]) -> Result<Value, Refused> {
    let ask = Ask::read(shared, body)?;
    match what {
        "command" => act::command(&ask).await,
        "shortcut" => act::shortcut(&ask).await,
        "home" => act::home(&ask).await,
        "click" => click::click(&ask).await,
        "suggest" => click::suggest(&ask).await,
        "submit" => forms::submit(&ask).await,
        "close" => forms::close(&ask).await,
        "message" => talk::message(&ask).await,
        "mention" => talk::mention(&ask).await,
        "edit" => talk::edit(&ask).await,
        "delete" => talk::delete(&ask).await,
        "react" => talk::react(&ask).await,
        "pin" => talk::pin(&ask).await,
        "clock" => tune::clock(&ask).await,
        "faults" => tune::faults(&ask),
        "reset_faults" => tune::reset_faults(&ask),
        "channel" => arrange::channel(&ask),
        "person" => arrange::person(&ask),
        "group" => arrange::group(&ask),
        "app" => connect::app(&ask).await,
        "events" => connect::events(&ask),
        "socket" => connect::socket(&ask),
        _ => Err(Refused(format!(
            "There is nothing called {what} here; GET /_sandbox lists what there is."
        ))),
    }
}

fn json_response(status: StatusCode, answer: &Value) -> Response {
    (
        status,
        [
            ("content-type", "application/json; charset=utf-8"),
            ("cache-control", "no-store"),
        ],
        answer.to_string(),
    )
        .into_response()
}
