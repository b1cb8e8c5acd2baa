//! The HTTP side: one route for commands, one for interactivity, one for events, and the paths of
//! the older tool beside them.
//!
//! Every answer is ready long before Slack's three seconds. The work runs in a task of its own,
//! because Slack hanging up must not stop it half way.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::json;
use tower_http::limit::RequestBodyLimitLayer;

use super::envelope::{self, Unreadable};
use crate::{
    clock::Stopwatch,
    slack::{
        Slack,
        handlers::{self, Answer},
    },
    telemetry::{SlackRequest, SlackRequestOutcome},
};

/// Slack gives up after 3 s; by then we have said something.
const ANSWER_WITHIN: Duration = Duration::from_millis(2500);

/// The routes that Slack calls.
pub fn routes(slack: Arc<Slack>, body_limit: usize) -> Router {
    Router::new()
        .route("/slack/commands", post(commands))
        .route("/slack/announce", post(commands))
        .route("/slack/interactivity", post(interactivity))
        .route("/slack/interaction", post(interactivity))
        .route("/slack/events", post(events))
        // axum's own limit would come before the one of the settings.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(body_limit))
        .with_state(slack)
}

async fn commands(State(slack): State<Arc<Slack>>, headers: HeaderMap, body: Bytes) -> Response {
    let watch = Stopwatch::start();
    let form = envelope::form(&body);
    // Slack checks certificates of public apps with this; it asks for nothing.
    if envelope::field(&form, "ssl_check") == Some("1") {
        return StatusCode::OK.into_response();
    }
    let kind = SlackRequest::Command;
    if let Some(refused) = distrusted(&slack, kind, &headers, &body) {
        return refused;
    }
    let command = match envelope::slash_command(&form) {
        Ok(command) => command,
        Err(unreadable) => return malformed(&slack, kind, &unreadable),
    };
    let work = handlers::command::answer(slack.clone(), command);
    within_time(&slack, kind, watch, work)
        .await
        .unwrap_or_else(|| {
            Json(json!({
                "response_type": "ephemeral",
                "text": "This takes longer than usual. Nothing is lost; try again in a minute.",
            }))
            .into_response()
        })
}

async fn interactivity(
    State(slack): State<Arc<Slack>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let watch = Stopwatch::start();
    if let Some(refused) = distrusted(&slack, SlackRequest::Other, &headers, &body) {
        return refused;
    }
    let interaction = match envelope::interaction(&envelope::form(&body)) {
        Ok(interaction) => interaction,
        Err(unreadable) => return malformed(&slack, SlackRequest::Other, &unreadable),
    };
    let kind = match interaction.kind.as_str() {
        "block_actions" => SlackRequest::Action,
        "view_submission" | "view_closed" => SlackRequest::Submission,
        "block_suggestion" => SlackRequest::Options,
        "shortcut" | "message_action" => SlackRequest::Shortcut,
        _ => SlackRequest::Other,
    };
    let late = handlers::submit::late_answer(&interaction);
    let work = handlers::interaction(slack.clone(), interaction);
    let answer = within_time(&slack, kind, watch, work).await;
    answer.unwrap_or_else(|| match late {
        Some(body) => Json(body).into_response(),
        None => StatusCode::OK.into_response(),
    })
}

async fn events(State(slack): State<Arc<Slack>>, headers: HeaderMap, body: Bytes) -> Response {
    let watch = Stopwatch::start();
    let kind = SlackRequest::Event;
    if let Some(refused) = distrusted(&slack, kind, &headers, &body) {
        return refused;
    }
    let event = match envelope::event(&body) {
        Ok(event) => event,
        Err(unreadable) => return malformed(&slack, kind, &unreadable),
    };
    let work = handlers::event::receive(slack.clone(), event);
    // Slack sends an event again when it gets no answer, so an error is an honest one.
    within_time(&slack, kind, watch, work)
        .await
        .unwrap_or_else(|| StatusCode::SERVICE_UNAVAILABLE.into_response())
}

/// Refuses what Slack did not sign. Nothing was stored or called before this.
fn distrusted(
    slack: &Slack,
    kind: SlackRequest,
    headers: &HeaderMap,
    body: &[u8],
) -> Option<Response> {
    let header = |name| headers.get(name).and_then(|it| it.to_str().ok());
    let untrusted = slack
        .verifier
        .verify(
            header("x-slack-request-timestamp"),
            header("x-slack-signature"),
            body,
            slack.clock.now(),
        )
        .err()?;
    tracing::warn!(reason = %untrusted, "refused a request that Slack did not sign");
    slack
        .metrics
        .slack_request(kind, SlackRequestOutcome::Unauthentic);
    let body = json!({ "ok": false, "error": "the request signature is not valid" });
    Some((StatusCode::UNAUTHORIZED, Json(body)).into_response())
}

fn malformed(slack: &Slack, kind: SlackRequest, unreadable: &Unreadable) -> Response {
    tracing::warn!(?kind, reason = %unreadable, "refused a request that cannot be read");
    slack
        .metrics
        .slack_request(kind, SlackRequestOutcome::Malformed);
    let body = json!({ "ok": false, "error": unreadable.to_string() });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// Runs `work` to its end whatever happens to the connection; none when it is not done in time.
async fn within_time(
    slack: &Slack,
    kind: SlackRequest,
    watch: Stopwatch,
    work: impl Future<Output = Answer> + Send + 'static,
) -> Option<Response> {
    let running = slack.tasks.spawn(work);
    let answer = match tokio::time::timeout(ANSWER_WITHIN, running).await {
        Ok(Ok(Answer::Body(body))) => Some(Json(body).into_response()),
        Ok(Ok(Answer::Empty)) => Some(StatusCode::OK.into_response()),
        Ok(Ok(Answer::Unavailable)) => None,
        Ok(Err(error)) => {
            tracing::error!(?kind, %error, "the work on a request crashed");
            None
        }
        Err(_) => {
            tracing::warn!(?kind, "the work on a request takes long; it goes on");
            None
        }
    };
    let outcome = match answer {
        Some(_) => SlackRequestOutcome::Accepted,
        None => SlackRequestOutcome::Failed,
    };
    slack.metrics.slack_request(kind, outcome);
    slack.metrics.slack_acked(kind, watch.elapsed());
    answer
}
