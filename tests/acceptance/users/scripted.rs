//! Something in Slack's place that says what it was told to, one answer after the other.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use balefire::jobs::{Job, schedule::Turn};
use serde_json::{Value, json};

use crate::harness::World;

/// What is answered to `users.list`.
pub enum Answer {
    /// These people, and the cursor of the next page.
    Page(Vec<Value>, &'static str),
    /// HTTP 429 with so many seconds.
    Limited(u64),
    /// HTTP 500.
    Broken,
    /// Something that is not of Slack's.
    Dropped,
    Refused(&'static str),
}

pub struct Scripted {
    pub url: String,
    script: Arc<Script>,
}

struct Script {
    answers: Mutex<VecDeque<Answer>>,
    /// The cursors that were asked for.
    asked: Mutex<Vec<String>>,
    /// Whether the last answer makes whoever asked wait.
    rests: AtomicBool,
}

#[derive(serde::Deserialize)]
struct Asked {
    limit: u32,
    #[serde(default)]
    cursor: String,
}

pub fn user(id: &str) -> Value {
    json!({ "id": id, "name": id, "tz": "Europe/Prague", "profile": { "email": format!("{id}@example.com") } })
}

impl Scripted {
    pub async fn start(answers: Vec<Answer>) -> Scripted {
        let script = Arc::new(Script {
            answers: Mutex::new(answers.into()),
            asked: Mutex::new(Vec::new()),
            rests: AtomicBool::new(false),
        });
        let router = Router::new().fallback(answer).with_state(script.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Scripted { url, script }
    }

    pub fn asked(&self) -> Vec<String> {
        self.script.asked.lock().unwrap().clone()
    }

    pub fn is_used_up(&self) -> bool {
        self.script.answers.lock().unwrap().is_empty()
    }
}

async fn answer(State(script): State<Arc<Script>>, Query(asked): Query<Asked>) -> Response {
    assert_eq!(asked.limit, 200);
    script.asked.lock().unwrap().push(asked.cursor);
    let next = script.answers.lock().unwrap().pop_front();
    let rests = matches!(
        next,
        Some(Answer::Limited(_) | Answer::Broken | Answer::Dropped)
    );
    script.rests.store(rests, Ordering::SeqCst);
    match next {
        Some(Answer::Page(members, next)) => axum::Json(json!({
            "ok": true, "members": members, "response_metadata": { "next_cursor": next },
        }))
        .into_response(),
        Some(Answer::Limited(seconds)) => {
            let retry = [("retry-after", seconds.to_string())];
            let body = axum::Json(json!({ "ok": false, "error": "ratelimited" }));
            (StatusCode::TOO_MANY_REQUESTS, retry, body).into_response()
        }
        Some(Answer::Broken) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Answer::Dropped) => "<html>Sorry</html>".into_response(),
        Some(Answer::Refused(error)) => {
            axum::Json(json!({ "ok": false, "error": error })).into_response()
        }
        None => panic!("there is nothing more to say"),
    }
}

/// Reads everybody from there. Whenever that waits, `meanwhile` happens, and then some time passes.
pub async fn syncs(world: &World, slack: &Scripted, meanwhile: impl AsyncFn()) -> Turn {
    let jobs = world.node_at(&slack.url).jobs();
    let turn = tokio::spawn(async move { jobs.turn(Job::Users, true).await.unwrap() });
    while !turn.is_finished() {
        tokio::time::sleep(Duration::from_millis(5)).await;
        if slack.script.rests.load(Ordering::SeqCst) {
            meanwhile().await;
            world.moves(Duration::from_secs(21)).await;
            // It is woken, and keeps its lease.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    turn.await.unwrap()
}
