//! Monitors that send webhooks, the routes that they call, and somebody who takes in what they say.

use std::sync::{
    Arc, Mutex, RwLock,
    atomic::{AtomicUsize, Ordering},
};

use axum::http::StatusCode;
use balefire::{
    clock::Clock,
    config::{SignalSource, Signals},
    domain::{actor::Identity, health::Report, ids::WorkspaceId, time::Timestamp},
    signals::{http, intake::Intake, worker::TakeIn},
    store::{self, Db, Tx},
    telemetry::Metrics,
};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

use super::databases::Scratch;

/// The secret of every source, unless a test sets others.
pub const SECRET: &str = "a-secret-of-a-monitor";

/// Small enough to be passed by.
pub const BODY_LIMIT: usize = 64 * 1024;

pub fn noon() -> Timestamp {
    Timestamp::from_epoch(1_772_366_400)
}

pub fn by_secrets(secrets: &[&str]) -> SignalSource {
    SignalSource {
        secrets: secrets.iter().map(|it| (*it).into()).collect(),
        signing: None,
    }
}

pub fn all_on() -> Signals {
    let source = by_secrets(&[SECRET]);
    Signals {
        pingdom: source.clone(),
        alertmanager: source.clone(),
        grafana: source.clone(),
        datadog: source.clone(),
        generic: source,
    }
}

/// The routes over a database, with a clock that stands.
pub struct Post {
    pub url: String,
    pub db: Db,
    pub clock: Clock,
    pub intake: Arc<Intake>,
    pub metrics: Arc<Metrics>,
    pub workspace: Arc<RwLock<Option<WorkspaceId>>>,
    http: reqwest::Client,
    _server: AbortOnDropHandle<()>,
    _scratch: Scratch,
}

pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub retry_after: Option<String>,
}

impl Post {
    pub async fn open(scratch: Scratch, settings: Signals) -> Post {
        let db = scratch.db.clone();
        let clock = Clock::standing_at(noon());
        let metrics = Arc::new(Metrics::new());
        let workspace = Arc::new(RwLock::new(Some(WorkspaceId::from("T1"))));
        let intake = Intake::new(
            db.clone(),
            clock.clone(),
            metrics.clone(),
            workspace.clone(),
        );
        let intake = Arc::new(intake);
        let router = http::routes(intake.clone(), settings, BODY_LIMIT);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Post {
            url,
            db,
            clock,
            intake,
            metrics,
            workspace,
            http: reqwest::Client::new(),
            _server: AbortOnDropHandle::new(server),
            _scratch: scratch,
        }
    }

    /// Sends a body with headers.
    pub async fn sends(&self, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        let url = format!("{}/integration/{path}", self.url);
        let mut request = self.http.post(url).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let retry_after = answer.headers().get("retry-after");
        Answer {
            status: answer.status().as_u16(),
            retry_after: retry_after.map(|it| it.to_str().unwrap().to_owned()),
            body: answer
                .text()
                .await
                .map(|it| serde_json::from_str(&it).unwrap_or(Value::String(it)))
                .unwrap(),
        }
    }

    /// Sends to a source with the secret.
    pub async fn tells(&self, source: &str, body: &Value) -> Answer {
        let path = format!("{source}/{SECRET}");
        self.sends(&path, &body.to_string(), &[]).await
    }

    /// Sends what has to be accepted.
    pub async fn is_told(&self, source: &str, body: &Value) {
        let answer = self.tells(source, body).await;
        let status = StatusCode::from_u16(answer.status).unwrap();
        assert!(status.is_success(), "{source}: {status} {}", answer.body);
    }

    pub async fn gets(&self, path: &str) -> u16 {
        let url = format!("{}/integration/{path}", self.url);
        self.http.get(url).send().await.unwrap().status().as_u16()
    }

    /// How many requests wait, and how many were put away.
    pub async fn figures(&self) -> (i64, i64) {
        let mut tx = self.db.read().await.unwrap();
        store::signals::figures(&mut tx).await.unwrap()
    }

    /// A figure of the metrics.
    #[track_caller]
    pub fn counted(&self, name: &str) -> u64 {
        let text = self.metrics.render();
        let line = text.lines().find_map(|it| it.strip_prefix(name));
        line.map_or(0, |it| it.trim().parse().unwrap())
    }
}

/// A report of ours, of a check that is down.
pub fn down(check: &str) -> Value {
    json!({ "check": check, "state": "down", "at": noon().iso() })
}

/// Writes down what it is given, in the transaction and beside it.
#[derive(Default)]
pub struct Scribe {
    pub taken: Mutex<Vec<Report>>,
    /// How often it was asked.
    pub asked: AtomicUsize,
    /// How often what it wrote was committed.
    pub committed: AtomicUsize,
    /// What it does with some reports.
    pub trouble: Option<fn(&Report) -> Trouble>,
}

/// How taking in a report ends.
pub enum Trouble {
    None,
    /// It cannot be worked on.
    Poison,
    /// The database does not answer.
    Away,
    Panic,
}

impl Scribe {
    pub fn with(trouble: fn(&Report) -> Trouble) -> Scribe {
        Scribe {
            trouble: Some(trouble),
            ..Scribe::default()
        }
    }

    /// The checks that were committed to the database, in any order.
    pub async fn written(db: &Db) -> Vec<String> {
        let mut tx = db.read().await.unwrap();
        let rows = store::audit::newest(&mut tx, "signal.taken", 10_000).await;
        let rows = rows.unwrap().into_iter();
        let mut all: Vec<String> = rows
            .map(|it| it["detail"]["check"].as_str().unwrap().to_owned())
            .collect();
        all.sort();
        all
    }
}

impl TakeIn for Scribe {
    fn take_in<'a>(
        &'a self,
        tx: &'a mut Tx,
        workspace: &'a WorkspaceId,
        reports: &'a [Report],
        now: Timestamp,
    ) -> BoxFuture<'a, store::Result<()>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            assert_eq!(workspace.as_str(), "T1");
            let by = Identity::CommandLine {
                name: "test".into(),
            };
            for report in reports {
                let detail = json!({ "check": report.external_id });
                store::audit::record(tx, &by, "signal.taken", "check", &detail, now).await?;
                match self.trouble.map(|it| it(report)) {
                    None | Some(Trouble::None) => {}
                    Some(Trouble::Poison) => return Err(sqlx::Error::RowNotFound),
                    Some(Trouble::Away) => return Err(sqlx::Error::PoolTimedOut),
                    Some(Trouble::Panic) => panic!("{} is too much", report.external_id),
                }
            }
            self.taken.lock().unwrap().extend_from_slice(reports);
            Ok(())
        })
    }

    fn committed(&self) {
        self.committed.fetch_add(1, Ordering::SeqCst);
    }
}
