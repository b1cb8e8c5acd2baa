//! Is it alive, is it ready, what does it count; and the same under the older tool's paths.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::time::Timestamp,
    slack::{Slack, ingress::socket::Link},
    store,
    telemetry::{CONTENT_TYPE, Metrics},
};

/// What Slack said of the token is believed for this long: anybody may ask, and Slack must not be
/// asked each time.
const BELIEVED: Duration = Duration::from_secs(30);

pub struct Readiness {
    slack: Arc<Slack>,
    metrics: Arc<Metrics>,
    /// In Socket Mode only.
    link: Option<Arc<Link>>,
    working: Arc<AtomicBool>,
    stop: CancellationToken,
    slack_answered: Mutex<Option<(Timestamp, bool)>>,
}

impl Readiness {
    pub fn new(
        slack: Arc<Slack>,
        metrics: Arc<Metrics>,
        link: Option<Arc<Link>>,
        working: Arc<AtomicBool>,
        stop: CancellationToken,
    ) -> Arc<Readiness> {
        Arc::new(Readiness {
            slack,
            metrics,
            link,
            working,
            stop,
            slack_answered: Mutex::new(None),
        })
    }

    async fn database_answers(&self) -> bool {
        let ping = async {
            let mut tx = self.slack.db.read().await?;
            store::db::ping(&mut tx).await
        };
        ping.await.is_ok()
    }

    async fn slack_answers(&self) -> bool {
        let now = self.slack.clock.now();
        // Held over the call: those who ask meanwhile wait for the same answer.
        let mut known = self.slack_answered.lock().await;
        if let Some((at, answered)) = *known
            && now.since(at) < BELIEVED
        {
            return answered;
        }
        let answered = self.slack.api.sign_of_life().await.is_ok();
        *known = Some((now, answered));
        answered
    }

    /// Whether Slack can reach us, as far as we can know: over HTTP it is not ours to see.
    fn reachable(&self) -> bool {
        self.link.as_ref().is_none_or(|it| it.stands())
    }

    fn works(&self) -> bool {
        self.working.load(Ordering::SeqCst) && !self.stop.is_cancelled()
    }
}

pub fn routes(health: Arc<Readiness>) -> Router {
    Router::new()
        .route(
            "/healthz",
            get(|| async { Json(json!({ "status": "ok" })) }),
        )
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route(
            "/slack/status",
            any(|| async { Json(json!({ "status": "ok" })) }),
        )
        .route(
            "/slack/health",
            any(|| async { Json(json!({ "status": "ok" })) }),
        )
        .route("/slack/up", any(up))
        .with_state(health)
}

/// Whether requests should be sent here: the database answers, Slack is known and takes the token,
/// nobody is stopping us. In Socket Mode nobody sends requests here, and it says whether Slack can
/// send any. What is not well is said as in the log, where that is known.
async fn ready(State(health): State<Arc<Readiness>>) -> Response {
    let not_yet = |well: bool| if well { "ok" } else { "not yet" }.to_owned();
    let hindrance = health.slack.api.hindrance();
    let told = hindrance.as_ref().map(ToString::to_string);
    let workspace = match health.slack.workspace() {
        Some(_) => "ok".to_owned(),
        None => told.clone().unwrap_or_else(|| not_yet(false)),
    };
    // Slack being away for a while is no reason to send people elsewhere: what they ask for is
    // kept. Without a token nothing works until somebody has seen to it.
    let token = match hindrance.is_some_and(|it| it.needs_somebody()) {
        true => told.unwrap_or_default(),
        false => "ok".to_owned(),
    };
    let mut checks = vec![
        ("database", not_yet(health.database_answers().await)),
        ("workspace", workspace),
        ("token", token),
        ("workers", not_yet(health.works())),
    ];
    if let Some(link) = &health.link {
        let socket = match link.stands() {
            true => "ok".to_owned(),
            false => link.what_is_wrong().unwrap_or_else(|| not_yet(false)),
        };
        checks.push(("socket", socket));
    }
    let ready = checks.iter().all(|(_, how)| how == "ok");
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let checks: serde_json::Map<String, Value> = checks
        .into_iter()
        .map(|(name, how)| (name.to_owned(), json!(how)))
        .collect();
    (status, Json(json!({ "ready": ready, "checks": checks }))).into_response()
}

/// The older tool's deep check: database, Slack's token and the workers.
async fn up(State(health): State<Arc<Readiness>>) -> Response {
    let well = health.database_answers().await && health.works() && health.reachable();
    if well && health.slack_answers().await {
        Json(json!({ "status": "ok" })).into_response()
    } else {
        let body = Json(json!({ "status": "error" }));
        (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
    }
}

async fn metrics(State(health): State<Arc<Readiness>>) -> Response {
    if let Some(silence) = health.link.as_ref().and_then(|it| it.silent_for()) {
        health.metrics.set_socket_silence(silence);
    }
    (
        [(header::CONTENT_TYPE, CONTENT_TYPE)],
        health.metrics.render(),
    )
        .into_response()
}
