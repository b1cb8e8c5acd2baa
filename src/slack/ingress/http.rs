//! The HTTP side: one route for commands, one for interactivity, one for events, and the paths of
//! the older tool beside them. In Socket Mode they only say that it is on.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{any, post},
};
use serde_json::json;
use tower_http::limit::RequestBodyLimitLayer;

use super::{
    answering,
    envelope::{self, Unreadable},
    signature::{Untrusted, Verifier},
};
use crate::{
    clock::{Stopwatch, complaints::Complaints},
    slack::{Slack, handlers::Answer},
    telemetry::{SlackRequest, SlackRequestOutcome},
};

const COMMANDS: [&str; 2] = ["/slack/commands", "/slack/announce"];
const INTERACTIVITY: [&str; 2] = ["/slack/interactivity", "/slack/interaction"];
const EVENTS: &str = "/slack/events";

struct Ingress {
    slack: Arc<Slack>,
    verifier: Verifier,
    complaints: Complaints<Untrusted>,
}

/// The routes that Slack calls.
pub fn routes(slack: Arc<Slack>, verifier: Verifier, body_limit: usize) -> Router {
    let mut router = Router::new().route(EVENTS, post(events));
    for path in COMMANDS {
        router = router.route(path, post(commands));
    }
    for path in INTERACTIVITY {
        router = router.route(path, post(interactivity));
    }
    router
        // axum's own limit would come before the one of the settings.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(body_limit))
        .with_state(Arc::new(Ingress {
            slack,
            verifier,
            complaints: Complaints::default(),
        }))
}

/// What stands in their place in Socket Mode, where nothing that comes over HTTP is Slack's.
pub fn closed_routes() -> Router {
    let paths = COMMANDS.iter().chain(&INTERACTIVITY).chain([&EVENTS]);
    paths.fold(Router::new(), |router, path| {
        router.route(path, any(closed))
    })
}

async fn closed() -> Response {
    let why = "Socket Mode is on: Balefire hears from Slack over its own connections and takes \
               no requests here. Set slack.mode = \"http\" to change that.";
    let body = json!({ "ok": false, "error": why });
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Answer::Body(body) => Json(body).into_response(),
            Answer::Empty => StatusCode::OK.into_response(),
            Answer::Unavailable => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }
}

async fn commands(
    State(ingress): State<Arc<Ingress>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let watch = Stopwatch::start();
    let form = envelope::form(&body);
    // Slack checks certificates of public apps with this; it asks for nothing.
    if envelope::field(&form, "ssl_check") == Some("1") {
        return StatusCode::OK.into_response();
    }
    let kind = SlackRequest::Command;
    if let Some(refused) = ingress.distrusted(kind, &headers, &body) {
        return refused;
    }
    match envelope::slash_command(&form) {
        Ok(command) => answering::command(&ingress.slack, watch, command)
            .await
            .into_response(),
        Err(unreadable) => ingress.malformed(kind, &unreadable),
    }
}

async fn interactivity(
    State(ingress): State<Arc<Ingress>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let watch = Stopwatch::start();
    let kind = SlackRequest::Other;
    if let Some(refused) = ingress.distrusted(kind, &headers, &body) {
        return refused;
    }
    match envelope::interaction(&envelope::form(&body)) {
        Ok(interaction) => answering::interaction(&ingress.slack, watch, interaction)
            .await
            .into_response(),
        Err(unreadable) => ingress.malformed(kind, &unreadable),
    }
}

async fn events(State(ingress): State<Arc<Ingress>>, headers: HeaderMap, body: Bytes) -> Response {
    let watch = Stopwatch::start();
    let kind = SlackRequest::Event;
    if let Some(refused) = ingress.distrusted(kind, &headers, &body) {
        return refused;
    }
    match envelope::event(&body) {
        Ok(event) => answering::event(&ingress.slack, watch, event)
            .await
            .into_response(),
        Err(unreadable) => ingress.malformed(kind, &unreadable),
    }
}

impl Ingress {
    /// Refuses what Slack did not sign. Nothing was stored or called before this.
    fn distrusted(&self, kind: SlackRequest, headers: &HeaderMap, body: &[u8]) -> Option<Response> {
        let header = |name| headers.get(name).and_then(|it| it.to_str().ok());
        let untrusted = self
            .verifier
            .verify(
                header("x-slack-request-timestamp"),
                header("x-slack-signature"),
                body,
                self.slack.clock.now(),
            )
            .err()?;
        let now = self.slack.clock.now();
        if let Some(unsaid) = self.complaints.due(untrusted, now) {
            tracing::warn!(unsaid, "refused a request: {untrusted}");
        }
        self.slack
            .metrics
            .slack_request(kind, SlackRequestOutcome::Unauthentic);
        let body = json!({ "ok": false, "error": "the request signature is not valid" });
        Some((StatusCode::UNAUTHORIZED, Json(body)).into_response())
    }

    fn malformed(&self, kind: SlackRequest, unreadable: &Unreadable) -> Response {
        answering::malformed(&self.slack, kind, unreadable);
        let body = json!({ "ok": false, "error": unreadable.to_string() });
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}
