//! Sends signed requests as Slack does and takes the time. The client is bare on purpose: it shares
//! the machine with what it measures.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::child::SIGNING_SECRET;

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A command that opens a form.
    Command,
    /// An event that is none of our concern: somebody wrote something somewhere.
    Event,
    /// What is open.
    List,
    /// A line about an outage, written in the command.
    Update,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Kind::Command => "command that opens a form",
            Kind::Event => "ignored event",
            Kind::List => "`/outage list`",
            Kind::Update => "`/outage update`",
        }
    }
}

/// What came back.
pub struct Answer {
    status: u16,
    pub body: String,
}

impl Answer {
    /// Whatever else has words in it is a refusal or an excuse.
    pub fn is_well(&self) -> bool {
        self.status == 200 && (self.body.is_empty() || self.is_button())
    }

    /// What is answered in words.
    fn is_in_words(&self) -> bool {
        self.status == 200 && self.body.contains("\"blocks\"")
    }

    /// Too many forms are on their way: a button opens it later.
    fn is_button(&self) -> bool {
        self.body.contains("\"too_many_forms\"")
    }
}

/// How a number of requests went.
#[derive(Default)]
pub struct Load {
    /// In order once it is finished.
    pub latencies: Vec<Duration>,
    pub unwell: usize,
    /// How many were given a button in the place of a form.
    pub buttons: usize,
    pub took: Duration,
}

impl Load {
    pub fn finish(&mut self) {
        self.latencies.sort();
    }

    fn add(&mut self, kind: Kind, latency: Duration, answer: &Answer) {
        let well = match kind {
            Kind::List | Kind::Update => answer.is_in_words(),
            Kind::Command | Kind::Event => answer.is_well(),
        };
        self.latencies.push(latency);
        self.unwell += usize::from(!well);
        self.buttons += usize::from(answer.is_button());
    }

    /// The smallest latency that so large a part does not exceed.
    pub fn quantile(&self, part: f64) -> Duration {
        let count = self.latencies.len();
        #[allow(clippy::cast_sign_loss, clippy::cast_possible_truncation)]
        let rank = (part * count as f64).ceil() as usize;
        let at = rank.clamp(1, count.max(1)) - 1;
        self.latencies.get(at).copied().unwrap_or_default()
    }

    pub fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64()
    }

    pub fn is_well(&self) -> bool {
        self.unwell == 0 && !self.latencies.is_empty()
    }

    pub fn complaint(&self) -> String {
        match self.unwell {
            0 => String::new(),
            unwell => format!("; {unwell} of {} NOT well", self.latencies.len()),
        }
    }
}

pub struct Sender {
    address: String,
    slack: String,
    next: AtomicU64,
    idle: Mutex<Vec<Connection>>,
}

impl Sender {
    pub fn new(address: &str, slack: &str) -> Sender {
        Sender {
            address: address.to_owned(),
            slack: slack.to_owned(),
            next: AtomicU64::new(0),
            idle: Mutex::new(Vec::new()),
        }
    }

    /// So many requests a second, each at its time, whatever became of those before. What a
    /// request waited because we were late ourselves counts as its latency, too.
    pub async fn steady(
        self: &Arc<Sender>,
        kind: Kind,
        rate: u32,
        lasting: Duration,
    ) -> anyhow::Result<Load> {
        let began = Instant::now();
        let apart = Duration::from_secs(1) / rate;
        let mut running = JoinSet::new();
        let mut due = began;
        while due < began + lasting {
            tokio::time::sleep_until(due.into()).await;
            let this = self.clone();
            running.spawn(async move {
                let answer = this.request(kind).await?;
                anyhow::Ok((due.elapsed(), answer))
            });
            due += apart;
        }
        let mut load = Load::default();
        while let Some(done) = running.join_next().await {
            let (latency, answer) = done??;
            load.add(kind, latency, &answer);
        }
        load.took = began.elapsed();
        load.finish();
        Ok(load)
    }

    /// So many connections, each with one request after the other.
    pub async fn flat_out(
        self: &Arc<Sender>,
        kind: Kind,
        connections: usize,
        lasting: Duration,
    ) -> anyhow::Result<Load> {
        let began = Instant::now();
        let mut running = JoinSet::new();
        for _ in 0..connections {
            let this = self.clone();
            running.spawn(async move {
                let mut load = Load::default();
                while began.elapsed() < lasting {
                    let sent = Instant::now();
                    let answer = this.request(kind).await?;
                    load.add(kind, sent.elapsed(), &answer);
                }
                anyhow::Ok(load)
            });
        }
        let mut all = Load::default();
        while let Some(done) = running.join_next().await {
            let one = done??;
            all.latencies.extend(one.latencies);
            all.unwell += one.unwell;
            all.buttons += one.buttons;
        }
        all.took = began.elapsed();
        all.finish();
        Ok(all)
    }

    async fn request(&self, kind: Kind) -> anyhow::Result<Answer> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        match kind {
            Kind::Command => {
                let text = format!("part-{} cards are declined", number % 100);
                self.command(&format!("trigger-{number}"), &text).await
            }
            Kind::List => self.command(&format!("trigger-{number}"), "list").await,
            Kind::Update => {
                let text = format!("update 2 we look into it, for the {number}th time");
                self.command(&format!("{}-{number}", self.address), &text)
                    .await
            }
            Kind::Event => {
                let body = json!({
                    "token": "unused", "team_id": "T0BENCH", "api_app_id": "A0BENCH",
                    "type": "event_callback", "event_id": format!("Ev{number}"),
                    "event_time": 1_700_000_000,
                    "event": { "type": "message", "channel": "C0GENERAL", "user": "U0BO",
                               "text": "has anybody seen my coffee mug? it is the blue one",
                               "ts": format!("1700000000.{number:06}"), "channel_type": "channel",
                               "event_ts": format!("1700000000.{number:06}") },
                });
                self.post("/slack/events", "application/json", &body.to_string())
                    .await
            }
        }
    }

    pub async fn command(&self, trigger: &str, text: &str) -> anyhow::Result<Answer> {
        let form = [
            ("token", "unused"),
            ("team_id", "T0BENCH"),
            ("team_domain", "bench"),
            ("channel_id", "C0GENERAL"),
            ("channel_name", "general"),
            ("user_id", "U0ANA"),
            ("user_name", "ana"),
            ("command", "/outage"),
            ("text", text),
            ("api_app_id", "A0BENCH"),
            ("response_url", &format!("{}/respond/later", self.slack)),
            ("trigger_id", trigger),
        ];
        self.form("/slack/commands", &form).await
    }

    /// Submits the announce form as it was opened, with everything as it stands there.
    pub async fn submit(&self, id: &str, view: &Value) -> anyhow::Result<Answer> {
        let payload = json!({
            "type": "view_submission",
            "team": { "id": "T0BENCH", "domain": "bench" },
            "user": { "id": "U0ANA", "username": "ana", "name": "ana" },
            "trigger_id": format!("submit-{id}"),
            "view": {
                "id": id, "type": "modal", "hash": "1.1",
                "callback_id": view["callback_id"],
                "private_metadata": view["private_metadata"],
                "blocks": view["blocks"], "title": view["title"], "submit": view["submit"],
                "close": view["close"], "state": { "values": values(view) },
            },
        });
        self.form("/slack/interactivity", &[("payload", &payload.to_string())])
            .await
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.post(path, "application/x-www-form-urlencoded", &body)
            .await
    }

    async fn post(&self, path: &str, kind: &str, body: &str) -> anyhow::Result<Answer> {
        let now = epoch();
        let signature = signature(now, body)?;
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nuser-agent: bench\r\naccept: */*\r\n\
             content-type: {kind}\r\ncontent-length: {}\r\nx-slack-request-timestamp: {now}\r\n\
             x-slack-signature: v0={signature}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let kept = match self.idle.lock() {
            Ok(mut idle) => idle.pop(),
            Err(_) => None,
        };
        let mut connection = match kept {
            Some(connection) => connection,
            None => Connection::open(&self.address).await?,
        };
        let answer = connection.exchange(request.as_bytes()).await?;
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(connection);
        }
        Ok(answer)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "requests are signed with the time they are sent"
)]
fn epoch() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |it| it.as_secs())
}

fn signature(now: u64, body: &str) -> anyhow::Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING_SECRET.as_bytes())?;
    mac.update(format!("v0:{now}:").as_bytes());
    mac.update(body.as_bytes());
    let bytes = mac.finalize().into_bytes();
    Ok(bytes.iter().map(|it| format!("{it:02x}")).collect())
}

/// What Slack sends when somebody presses the button without touching a field.
fn values(view: &Value) -> Value {
    let mut values = Map::new();
    for block in view["blocks"].as_array().into_iter().flatten() {
        let element = match block["type"].as_str() {
            Some("input") => &block["element"],
            _ => continue,
        };
        let (Some(at), Some(action)) = (block["block_id"].as_str(), element["action_id"].as_str())
        else {
            continue;
        };
        let kind = &element["type"];
        let state = match kind.as_str() {
            Some("plain_text_input") => json!({ "type": kind, "value": element["initial_value"] }),
            _ => json!({ "type": kind, "selected_option": element["initial_option"] }),
        };
        values.insert(at.to_owned(), json!({ action: state }));
    }
    Value::Object(values)
}

/// Asks for a page on a connection of its own, and says its status.
pub async fn get(address: &str, path: &str) -> anyhow::Result<u16> {
    let mut connection = Connection::open(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    Ok(connection.exchange(request.as_bytes()).await?.status)
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream,
            buffer: Vec::with_capacity(4096),
        })
    }

    /// One request and its answer, which must say how long it is.
    async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            let end = self.buffer.windows(4).position(|it| it == b"\r\n\r\n");
            match end {
                Some(end) => break end,
                None => self.read().await?,
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head])?.to_ascii_lowercase();
        let status = text
            .split_whitespace()
            .nth(1)
            .context("not an answer")?
            .parse()?;
        let length = text
            .lines()
            .find_map(|it| it.strip_prefix("content-length:"))
            .context("an answer of unknown length")?
            .trim()
            .parse::<usize>()?;
        while self.buffer.len() < head + 4 + length {
            self.read().await?;
        }
        let body = String::from_utf8_lossy(&self.buffer[head + 4..head + 4 + length]).into_owned();
        Ok(Answer { status, body })
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        let read = self.stream.read_buf(&mut self.buffer).await?;
        ensure!(read > 0, "the connection was closed");
        Ok(())
    }
}
