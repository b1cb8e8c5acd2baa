//! What stands in Slack's place: takes every call, answers after a time that can be set, and says
//! when what interests us came. It checks nothing; the local Slack of the tests does that.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::bail;
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::people;

const PATIENCE: Duration = Duration::from_secs(120);

/// For so long nothing may come before it counts as rest.
const REST: Duration = Duration::from_millis(400);

pub struct Stub {
    address: String,
    inner: Arc<Inner>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Inner {
    delay: AtomicU64,
    busy: AtomicU64,
    posted: AtomicU64,
    people: AtomicUsize,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    calls: HashMap<String, usize>,
    all: usize,
    /// Forms by the trigger they were opened with, as far as somebody waits for them.
    forms: HashMap<String, Value>,
    /// When announcements came.
    announcements: Vec<Instant>,
    /// When the first call about each channel of its own came.
    channels: HashMap<String, Instant>,
}

impl Stub {
    pub async fn start() -> anyhow::Result<Stub> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let inner = Arc::new(Inner::default());
        let router = Router::new().fallback(answer).with_state(inner.clone());
        let server = tokio::spawn(async move {
            // Only a listener that is broken ends this, and then everything fails loudly.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Stub {
            address,
            inner,
            server,
        })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn answers_after(&self, milliseconds: u64) {
        self.inner.delay.store(milliseconds, Ordering::Relaxed);
    }

    /// So many are in the workspace from now on.
    pub fn has_people(&self, count: usize) {
        self.inner.people.store(count, Ordering::Relaxed);
    }

    /// How often a method was called so far.
    pub fn count(&self, method: &str) -> usize {
        self.inner.seen().calls.get(method).copied().unwrap_or(0)
    }

    /// Waits until nothing is under way and nothing new comes.
    pub async fn comes_to_rest(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut last = (usize::MAX, Instant::now());
        while began.elapsed() < PATIENCE {
            let all = self.inner.seen().all;
            if all != last.0 || self.inner.busy.load(Ordering::Relaxed) > 0 {
                last = (all, Instant::now());
            } else if last.1.elapsed() >= REST {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("the calls to Slack never come to rest")
    }

    /// The form that was opened with this trigger.
    pub async fn form(&self, trigger: &str) -> anyhow::Result<Value> {
        self.look(|seen| seen.forms.remove(trigger)).await
    }

    /// When the announcement with this number (from 0) came.
    pub async fn announcement(&self, number: usize) -> anyhow::Result<Instant> {
        self.look(|seen| seen.announcements.get(number).copied())
            .await
    }

    /// From now on calls about channels of their own are first ones again.
    pub fn watch(&self) {
        self.inner.seen().channels.clear();
    }

    pub fn seen_in_channels(&self) -> HashMap<String, Instant> {
        self.inner.seen().channels.clone()
    }

    /// Waits until something came for so many channels of their own.
    pub async fn came(&self, count: usize) -> anyhow::Result<HashMap<String, Instant>> {
        self.look(|seen| (seen.channels.len() >= count).then(|| seen.channels.clone()))
            .await
    }

    /// Waits until something came for each of these, whatever comes for others meanwhile.
    pub async fn came_to(&self, channels: &[String]) -> anyhow::Result<HashMap<String, Instant>> {
        self.look(|seen| {
            let all = channels.iter().all(|it| seen.channels.contains_key(it));
            all.then(|| seen.channels.clone())
        })
        .await
    }

    async fn look<T>(&self, mut find: impl FnMut(&mut Seen) -> Option<T>) -> anyhow::Result<T> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(found) = find(&mut self.inner.seen()) {
                return Ok(found);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        bail!("something never came to Slack")
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Inner {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        match self.seen.lock() {
            Ok(seen) => seen,
            Err(poisoned) => poisoned.into_inner(),
        }
    }
}

async fn answer(State(inner): State<Arc<Inner>>, uri: Uri, body: Bytes) -> Response {
    let came = Instant::now();
    inner.busy.fetch_add(1, Ordering::Relaxed);
    let method = uri.path().rsplit('/').next().unwrap_or("").to_owned();
    let channel = own_channel(&body);
    note(&inner, &method, &body, channel, came);
    let delay = inner.delay.load(Ordering::Relaxed);
    if delay > 0 {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    inner.busy.fetch_sub(1, Ordering::Relaxed);
    let said = match method.as_str() {
        "users.list" => {
            let page = people::page(&uri, inner.people.load(Ordering::Relaxed));
            return ([(header::CONTENT_TYPE, "application/json")], page).into_response();
        }
        "auth.test" => json!({
            "ok": true, "team_id": "T0BENCH", "team": "Bench", "url": "https://bench.example/",
            "user_id": "U0BOT", "bot_id": "B0BOT",
        }),
        "users.info" => json!({
            "ok": true,
            "user": { "id": "U0ANA", "name": "ana", "tz": "Etc/UTC",
                      "profile": { "real_name": "Ana Alvarez", "email": "ana@example.com" } },
        }),
        "chat.postMessage" => {
            let number = inner.posted.fetch_add(1, Ordering::Relaxed);
            let channel = channel.unwrap_or("C0OUTAGES");
            json!({ "ok": true, "channel": channel, "ts": format!("{}.{:06}", 1_700_000_000 + number / 1_000_000, number % 1_000_000) })
        }
        "conversations.history" | "conversations.replies" => json!({ "ok": true, "messages": [] }),
        "chat.getPermalink" => json!({ "ok": true, "permalink": "https://bench.example/p1" }),
        _ => json!({ "ok": true }),
    };
    Json(said).into_response()
}

fn note(inner: &Inner, method: &str, body: &[u8], channel: Option<&str>, came: Instant) {
    let trigger_of_ours = match method {
        // Reading every form would make the stub slow; only those that somebody waits for.
        "views.open" if find(body, b"\"announcement-") => serde_json::from_slice(body).ok(),
        _ => None,
    };
    let announces = method == "chat.postMessage" && find(body, b"\"channel\":\"C0OUTAGES\"");
    let mut seen = inner.seen();
    seen.all += 1;
    match seen.calls.get_mut(method) {
        Some(calls) => *calls += 1,
        None => {
            seen.calls.insert(method.to_owned(), 1);
        }
    }
    if let Some(channel) = channel {
        seen.channels.entry(channel.to_owned()).or_insert(came);
    }
    if announces {
        seen.announcements.push(came);
    }
    if let Some(call) = trigger_of_ours {
        let call: Value = call;
        if let Some(trigger) = call["trigger_id"].as_str() {
            seen.forms.insert(trigger.to_owned(), call["view"].clone());
        }
    }
}

/// The channel of a call, if it is one that an outage of ours has for itself.
fn own_channel(body: &[u8]) -> Option<&str> {
    const BEGINS: &[u8] = b"\"channel\":\"CB";
    let at = body.windows(BEGINS.len()).position(|it| it == BEGINS)?;
    let rest = body.get(at + BEGINS.len() - 2..)?;
    let end = rest.iter().position(|it| *it == b'"')?;
    std::str::from_utf8(&rest[..end]).ok()
}

fn find(body: &[u8], what: &[u8]) -> bool {
    body.windows(what.len()).any(|it| it == what)
}
