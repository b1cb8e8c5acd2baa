//! The routes: one for each source, with the secret at the end of the path or in a header.
//!
//! A path with a secret in it is logged nowhere, not even where the secret is wrong: it may be the one
//! that was good until yesterday.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::json;
use tower_http::limit::RequestBodyLimitLayer;

use super::{
    BadSignal, Source,
    intake::{Intake, NotKept},
    trust::{self, Credentials, Refused},
};
use crate::{
    clock::complaints::Complaints,
    config::{SignalSource, Signals},
    telemetry::SignalOutcome,
};

/// In seconds: when somebody whose report was not kept may come again.
const COME_AGAIN: &str = "10";

struct Ingress {
    intake: Arc<Intake>,
    settings: Signals,
    complaints: Complaints<(Source, Trouble)>,
}

/// What is logged at most once a minute for each source.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Trouble {
    Refused(Refused),
    Unreadable,
    LeftOut,
    NotKept,
}

pub fn routes(intake: Arc<Intake>, settings: Signals, body_limit: usize) -> Router {
    let ingress = Ingress {
        intake,
        settings,
        complaints: Complaints::default(),
    };
    Router::new()
        .route("/integration/{source}", post(plain))
        .route("/integration/{source}/{secret}", post(with_secret))
        // axum's own limit would come before the one of the settings.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(body_limit))
        .with_state(Arc::new(ingress))
}

async fn plain(
    State(ingress): State<Arc<Ingress>>,
    Path(source): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    ingress.receive(&source, None, &headers, &body).await
}

async fn with_secret(
    State(ingress): State<Arc<Ingress>>,
    Path((source, secret)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    ingress
        .receive(&source, Some(&secret), &headers, &body)
        .await
}

impl Ingress {
    /// What kind of body it says that it is does not matter: JSON is JSON.
    async fn receive(
        &self,
        source: &str,
        in_path: Option<&str>,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Response {
        let Some(source) = Source::named(source) else {
            return not_found();
        };
        let now = self.intake.clock.now();
        let given = Credentials { in_path, headers };
        if let Err(refused) = trust::check(self.settings_of(source), &given, body, now) {
            return self.refuse(source, refused);
        }
        let said = match source.read(body, now) {
            Ok(said) => said,
            Err(bad) => return self.cannot_read(source, &bad),
        };
        if said.left_out > 0
            && let Some(unsaid) = self.complaints.due((source, Trouble::LeftOut), now)
        {
            tracing::warn!(
                source = source.name(),
                left_out = said.left_out,
                unsaid,
                "a group of alerts was cut short: nothing is known of those that were left out. \
                 Raise max_alerts there, or group by more labels"
            );
        }
        let accepted = said.reports.len();
        match self.intake.accept(source, said.reports).await {
            Ok(()) => {
                self.count(source, SignalOutcome::Accepted);
                Json(json!({ "accepted": accepted })).into_response()
            }
            Err(why) => self.could_not_keep(source, &why),
        }
    }

    fn settings_of(&self, source: Source) -> &SignalSource {
        match source {
            Source::Pingdom => &self.settings.pingdom,
            Source::Alertmanager => &self.settings.alertmanager,
            Source::Grafana => &self.settings.grafana,
            Source::Datadog => &self.settings.datadog,
            Source::Generic => &self.settings.generic,
        }
    }

    /// Whoever does not know a secret does not learn whether there is one.
    fn refuse(&self, source: Source, refused: Refused) -> Response {
        self.count(source, SignalOutcome::Refused);
        let now = self.intake.clock.now();
        let trouble = Trouble::Refused(refused);
        if let Some(unsaid) = self.complaints.due((source, trouble), now) {
            tracing::warn!(
                source = source.name(),
                unsaid,
                "refused a signal: {refused}"
            );
        }
        not_found()
    }

    fn cannot_read(&self, source: Source, bad: &BadSignal) -> Response {
        self.count(source, SignalOutcome::Malformed);
        let now = self.intake.clock.now();
        if let Some(unsaid) = self.complaints.due((source, Trouble::Unreadable), now) {
            let (field, why) = (&bad.field, &bad.why);
            tracing::warn!(
                source = source.name(),
                field,
                unsaid,
                "cannot read a signal: {why}"
            );
        }
        let body = json!({ "error": bad.why, "field": bad.field });
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }

    fn could_not_keep(&self, source: Source, why: &NotKept) -> Response {
        self.count(source, SignalOutcome::Unavailable);
        let now = self.intake.clock.now();
        if let Some(unsaid) = self.complaints.due((source, Trouble::NotKept), now) {
            tracing::error!(
                source = source.name(),
                unsaid,
                "could not keep a signal: {why}"
            );
        }
        let error = "it could not be kept; send it again";
        let body = Json(json!({ "error": error }));
        match why {
            NotKept::Broken(_) => (StatusCode::INTERNAL_SERVER_ERROR, body).into_response(),
            NotKept::Full | NotKept::NoWorkspace | NotKept::Away(_) => {
                let again = [(RETRY_AFTER, COME_AGAIN)];
                (StatusCode::SERVICE_UNAVAILABLE, again, body).into_response()
            }
        }
    }

    fn count(&self, source: Source, outcome: SignalOutcome) {
        self.intake.metrics.signal(source.name(), outcome);
    }
}

fn not_found() -> Response {
    let body = json!({ "error": "there is nothing here" });
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}
