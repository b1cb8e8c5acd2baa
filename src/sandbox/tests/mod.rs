//! Tests of the whole room over HTTP, with a small app of their own: the stage and the app are
//! here, the tests in files by subject.

mod blocks;
mod calls;
mod channels;
mod control;
mod forms;
mod keeping;
mod messages;

use super::{Options, Sandbox, Seed};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const TOKEN: &str = "xoxb-test";
const APP_TOKEN: &str = "xapp-1-test";
const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// A sandbox with a small app connected.
struct Stage {
    sandbox: Sandbox,
    app: Arc<App>,
    http: reqwest::Client,
}

/// The app: writes down what it is sent and answers what the test put in its queue, else an
/// empty 200.
#[derive(Default)]
struct App {
    received: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<(String, Answer)>>,
}

#[derive(Clone)]
struct Received {
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

#[derive(Clone)]
struct Answer {
    status: u16,
    body: Value,
    delay: Duration,
}

impl Received {
    fn form(&self, name: &str) -> String {
        url::form_urlencoded::parse(&self.body)
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    }

    fn payload(&self) -> Value {
        serde_json::from_str(&self.form("payload")).unwrap()
    }

    fn event(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl App {
    /// The next request at this path gets this answer.
    fn answers(&self, path: &str, body: Value) {
        self.answers_with(path, 200, body, Duration::ZERO);
    }

    fn answers_with(&self, path: &str, status: u16, body: Value, delay: Duration) {
        let answer = Answer {
            status,
            body,
            delay,
        };
        self.answers
            .lock()
            .unwrap()
            .push_back((path.to_owned(), answer));
    }

    fn received(&self, path: &str) -> Vec<Received> {
        let all = self.received.lock().unwrap();
        all.iter().filter(|one| one.path == path).cloned().collect()
    }

    fn last(&self, path: &str) -> Received {
        self.received(path).pop().unwrap()
    }

    /// Waits for so many requests at a path: events are sent in the background.
    async fn wait_for(&self, path: &str, count: usize) -> Vec<Received> {
        for _ in 0..1000 {
            let received = self.received(path);
            if received.len() >= count {
                return received;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("the app received fewer than {count} requests at {path}");
    }
}

async fn receive(
    State(app): State<Arc<App>>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> (
    axum::http::StatusCode,
    [(&'static str, &'static str); 1],
    String,
) {
    app.received.lock().unwrap().push(Received {
        path: path.clone(),
        headers,
        body: body.to_vec(),
    });
    let answer = {
        let mut queue = app.answers.lock().unwrap();
        let place = queue.iter().position(|(at, _)| *at == path);
        place.and_then(|place| queue.remove(place))
    };
    let Some((_, answer)) = answer else {
        return (
            axum::http::StatusCode::OK,
            [("content-type", "text/plain")],
            String::new(),
        );
    };
    tokio::time::sleep(answer.delay).await;
    let status = axum::http::StatusCode::from_u16(answer.status).unwrap();
    match answer.body {
        Value::Null => (status, [("content-type", "text/plain")], String::new()),
        Value::String(text) => (status, [("content-type", "text/plain")], text),
        other => (
            status,
            [("content-type", "application/json")],
            other.to_string(),
        ),
    }
}

impl Stage {
    async fn start() -> Stage {
        Stage::start_with(Duration::from_secs(3)).await
    }

    async fn start_with(patience: Duration) -> Stage {
        Stage::start_from(patience, None).await.unwrap()
    }

    async fn start_from(patience: Duration, data: Option<PathBuf>) -> anyhow::Result<Stage> {
        let app = Arc::new(App::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/slack/{path}", axum::routing::post(receive))
            .with_state(app.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let options = Options {
            listen: "127.0.0.1:0".parse().unwrap(),
            app_url: Some(format!("http://{address}")),
            signing_secret: SECRET.to_owned(),
            bot_token: TOKEN.to_owned(),
            scopes: None,
            app_token: Some(APP_TOKEN.to_owned()),
            socket_mode: false,
            commands: vec!["/outage".to_owned(), "/announce".to_owned()],
            shortcuts: Vec::new(),
            clock_offset_seconds: 0,
            seed: Seed::default(),
            data,
        };
        Ok(Stage {
            sandbox: Sandbox::start_with(options, patience).await?,
            app,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        })
    }

    /// A Web API call with JSON.
    async fn api(&self, method: &str, arguments: Value) -> Value {
        self.try_api(method, arguments).await.unwrap()
    }

    async fn try_api(&self, method: &str, arguments: Value) -> reqwest::Result<Value> {
        let request = self
            .http
            .post(format!("{}/{method}", self.sandbox.api_url()))
            .bearer_auth(TOKEN)
            .header("content-type", "application/json; charset=utf-8")
            .body(arguments.to_string());
        request.send().await?.json().await
    }

    async fn control(&self, what: &str, body: Value) -> Value {
        let url = format!("{}/_sandbox/{what}", self.sandbox.url());
        let response = self.http.post(url).json(&body).send().await.unwrap();
        response.json().await.unwrap()
    }

    async fn look(&self, what: &str) -> Value {
        let url = format!("{}/_sandbox/{what}", self.sandbox.url());
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// The app posts to #outages and answers the timestamp.
    async fn post(&self, text: &str) -> String {
        let answer = self
            .api(
                "chat.postMessage",
                json!({"channel": "C0OUTAGES", "text": text}),
            )
            .await;
        answer["ts"].as_str().unwrap().to_owned()
    }

    async fn messages(&self, channel: &str) -> Vec<Value> {
        let state = self.look("state").await;
        let channels = state["channels"].as_array().unwrap().clone();
        let found = channels.iter().find(|one| one["id"] == channel).unwrap();
        found["messages"].as_array().unwrap().clone()
    }

    /// A trigger, from a command whose answer is empty.
    async fn trigger(&self) -> String {
        self.control(
            "command",
            json!({"user": "ana", "channel": "outages", "text": "", "wait_ms": 0}),
        )
        .await;
        self.app.last("commands").form("trigger_id")
    }
}

fn modal(blocks: Value) -> Value {
    json!({
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": "A form"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": blocks,
    })
}
