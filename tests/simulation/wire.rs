//! Everything between the nodes and the local Slack goes over this wire: calls out, where they fail
//! as the script says, and requests in, which are passed on as the script says. It knows what Slack
//! did and what the node heard of it, and so what may be there twice for a while.

mod entering;
mod silent;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Request, Response},
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{
    request::Kept,
    silence::Silence,
    sockets::Sockets,
    trouble::{self, CODES, FOR_GOOD, Hold, Trouble},
};

const LONGEST_BODY: usize = 4 * 1024 * 1024;

/// What becomes of the calls that are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Wait,
    GoOn,
    /// Whoever called is gone.
    HangUp,
}

/// How a node takes requests.
#[derive(Clone)]
pub enum Entrance {
    Http {
        router: axum::Router,
        runtime: tokio::runtime::Handle,
    },
    /// Over its own connections.
    Sockets,
}

/// What the next request of Slack's meets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Passing {
    #[default]
    Through,
    /// The node does everything, and Slack hears nothing of it.
    AnswerLost,
    /// The node is never asked.
    Lost,
}

/// A message that Slack took from us.
#[derive(Clone, Debug)]
pub struct Took {
    /// The key in its metadata.
    pub key: String,
    /// Long after it was sent, or by somebody who had lost the lease: for a while it may be there
    /// twice.
    pub late: bool,
}

struct Late {
    due: i64,
    /// The order in which they were sent.
    number: usize,
    call: Call,
}

#[derive(Clone)]
struct Call {
    path: String,
    query: String,
    method: String,
    headers: HeaderMap,
    body: Bytes,
    get: bool,
}

#[derive(Default)]
struct State {
    now: i64,
    troubles: Vec<(String, Trouble)>,
    /// Until when nothing gets through, and how many calls did not.
    silence: Option<(Silence, i64, u64)>,
    /// The optional scope that the app lacks.
    lacks: Option<usize>,
    /// Whether a call was refused for good since somebody asked last.
    refused: bool,
    /// A hold for the n-th call from now, counted down.
    hold: Option<(usize, Hold)>,
    held: usize,
    late: Vec<Late>,
    numbered: usize,
    entrances: [Option<Entrance>; 2],
    /// Which node the next request goes to, and how.
    next: (usize, Passing),
    last: Option<Kept>,
    events: VecDeque<Kept>,
    /// Messages of the bot's that people deleted.
    deleted: Vec<String>,
    /// How many calls were refused as if their channel were of no use.
    lost: usize,
    took: Vec<Took>,
    counts: BTreeMap<&'static str, u64>,
    calls: u64,
    /// What was called and how it ended, for whoever wants to understand.
    log: Vec<String>,
}

pub struct Wire {
    state: Mutex<State>,
    verdict: watch::Sender<(u64, Verdict)>,
    changed: watch::Sender<u64>,
    http: reqwest::Client,
    address: std::net::SocketAddr,
    door: std::net::SocketAddr,
    /// Whether nobody is to get a connection, and whether it is so.
    shut: watch::Sender<bool>,
    is_shut: watch::Sender<bool>,
    sandbox: String,
    pub sockets: Arc<Sockets>,
}

/// The connection ends without an answer.
struct HungUp;

impl Wire {
    /// Listens, and passes on to the sandbox at `sandbox`.
    pub async fn start(sandbox: String, tasks: &mut JoinSet<()>) -> Arc<Wire> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Arc::new(Wire {
            state: Mutex::default(),
            verdict: watch::Sender::new((0, Verdict::Wait)),
            changed: watch::Sender::new(0),
            http: reqwest::Client::builder()
                .no_proxy()
                // Reading the system's certificates takes longer than many a script.
                .tls_certs_only([])
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            address: listener.local_addr().unwrap(),
            door: door.local_addr().unwrap(),
            shut: watch::Sender::new(false),
            is_shut: watch::Sender::new(false),
            sandbox,
            sockets: Sockets::start(tasks).await,
        });
        tasks.spawn(wire.clone().accept(listener, true));
        tasks.spawn(wire.clone().accept(door, false));
        wire
    }

    /// Where a node finds Slack.
    pub fn api_url(&self, node: usize) -> String {
        format!("http://{}/{node}/api", self.address)
    }

    /// Where Slack finds the app.
    pub fn door(&self) -> String {
        format!("http://{}/door", self.door)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn notice(&self) {
        self.changed.send_modify(|it| *it += 1);
    }

    /// Ends when `is_so`, looked at whenever something happened here.
    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        let mut changed = self.changed.subscribe();
        while !is_so(&self.state()) {
            changed.changed().await.unwrap();
        }
    }

    /// `calls` are what nodes send, and what fails when Slack is not reached.
    async fn accept(self: Arc<Self>, mut listener: TcpListener, calls: bool) {
        let mut connections = JoinSet::new();
        let mut shut = self.shut.subscribe();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => Some(accepted.unwrap().0),
                _ = shut.wait_for(|it| *it), if calls => None,
            };
            let Some(stream) = accepted else {
                listener = self.shut_for_a_while(listener, &mut shut).await;
                continue;
            };
            stream.set_nodelay(true).unwrap();
            let wire = self.clone();
            connections.spawn(async move {
                let service =
                    hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
                        let wire = wire.clone();
                        async move {
                            let answer = wire.serve(request.map(Body::new)).await;
                            answer.map_err(|HungUp| std::io::Error::other("hung up"))
                        }
                    });
                // Errors are our own hanging up, and nodes that are gone.
                let _ = hyper::server::conn::http1::Builder::new()
                    // Every call has to be let in anew.
                    .keep_alive(!calls)
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    }

    async fn serve(&self, request: Request<Body>) -> Result<Response<Body>, HungUp> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, LONGEST_BODY).await.map_err(|_| HungUp)?;
        let path = parts.uri.path().to_owned();
        if let Some(path) = path.strip_prefix("/door") {
            return self.enter(path, &parts.headers, body).await;
        }
        if path.ends_with("/api/apps.connections.open") {
            let node = usize::from(path.starts_with("/1/"));
            let opened = json!({ "ok": true, "url": self.sockets.url(node) });
            return Ok(answer(200, &opened));
        }
        let path = match path.find("/api/") {
            Some(at) => path[at..].to_owned(),
            None => path,
        };
        let method = match path.strip_prefix("/api/") {
            Some(method) => method.to_owned(),
            None => "response_url".to_owned(),
        };
        let call = Call {
            path,
            query: parts.uri.query().unwrap_or("").to_owned(),
            method,
            headers: parts.headers,
            body,
            get: parts.method == axum::http::Method::GET,
        };
        self.call_out(call).await
    }

    // ---- calls out

    async fn call_out(&self, call: Call) -> Result<Response<Body>, HungUp> {
        let (trouble, hold) = {
            let mut state = self.state();
            state.calls += 1;
            let silent = state.silent();
            let lacks = state.lacks;
            if silent.is_none()
                && let Some(scope) =
                    lacks.filter(|it| trouble::needs(*it, &call.method, &call.body))
            {
                state
                    .log
                    .push(format!("{}: a scope is missing", call.method));
                let counted = "an optional scope is missing";
                *state.counts.entry(counted).or_default() += 1;
                let needed = trouble::OPTIONAL[scope % trouble::OPTIONAL.len()].0;
                let refusal = json!({ "ok": false, "error": "missing_scope", "needed": needed });
                return Ok(answer(200, &refusal));
            }
            let hold = match state.hold.take() {
                hold if silent.is_some() => {
                    state.hold = hold;
                    None
                }
                Some((0, hold)) => Some(hold),
                Some((n, hold)) => {
                    state.hold = Some((n - 1, hold));
                    None
                }
                None => None,
            };
            let found = state
                .troubles
                .iter()
                .position(|(method, _)| *method == call.method);
            let trouble = match (hold, silent) {
                (_, Some(silent)) => Some(silent),
                (Some(_), _) => None,
                (None, None) => found.map(|at| state.troubles.remove(at).1),
            };
            if let Some(trouble) = trouble.filter(|_| silent.is_none()) {
                state.refused |= matches!(trouble, Trouble::Refused { code } if code < FOR_GOOD);
                state.lost += usize::from(trouble.tells_of_a_lost_channel());
                *state.counts.entry(trouble.word()).or_default() += 1;
            }
            let told = match (trouble, hold) {
                (Some(trouble), _) => format!("{}: {}", call.method, trouble.word()),
                (_, Some(hold)) => format!("{}: held, {hold:?}", call.method),
                _ => call.method.clone(),
            };
            state.log.push(told);
            (trouble, hold)
        };
        if let Some(hold) = hold {
            return self.held(call, hold).await;
        }
        let Some(trouble) = trouble else {
            return self.commit(&call, false).await;
        };
        match trouble {
            Trouble::RateLimited { seconds } => {
                let mut answer = answer(429, &json!({ "ok": false, "error": "ratelimited" }));
                answer.headers_mut().insert("retry-after", seconds.into());
                Ok(answer)
            }
            Trouble::ServerError => Ok(page(500)),
            Trouble::DoneServerError => {
                self.commit(&call, false).await?;
                Ok(page(503))
            }
            Trouble::Html => Ok(page(200)),
            Trouble::InternalError => Ok(answer(
                200,
                &json!({ "ok": false, "error": "internal_error" }),
            )),
            Trouble::LostBefore => Err(HungUp),
            Trouble::Refused { code } => {
                let code = CODES[code % CODES.len()];
                Ok(answer(200, &json!({ "ok": false, "error": code })))
            }
            Trouble::LostAfter => {
                self.commit(&call, false).await?;
                Err(HungUp)
            }
            Trouble::Late { seconds } => {
                let mut state = self.state();
                let number = state.numbered;
                state.numbered += 1;
                let due = state.now + seconds as i64 * 1_000_000;
                state.late.push(Late { due, number, call });
                Err(HungUp)
            }
        }
    }

    async fn held(&self, call: Call, hold: Hold) -> Result<Response<Body>, HungUp> {
        let mut verdict = self.verdict.subscribe();
        let turn = verdict.borrow().0;
        let answer = match hold {
            Hold::BeforeCommit => None,
            Hold::AfterCommit => Some(self.commit(&call, false).await?),
        };
        self.state().held += 1;
        self.notice();
        let told = verdict.wait_for(|it| it.0 > turn).await.map(|it| it.1);
        self.state().held -= 1;
        self.notice();
        match (told, answer) {
            (Ok(Verdict::GoOn), None) => self.commit(&call, true).await,
            (Ok(Verdict::GoOn), Some(answer)) => Ok(answer),
            _ => Err(HungUp),
        }
    }

    /// Lets Slack do it.
    async fn commit(&self, call: &Call, late: bool) -> Result<Response<Body>, HungUp> {
        let mut url = format!("{}{}", self.sandbox, call.path);
        if !call.query.is_empty() {
            url = format!("{url}?{}", call.query);
        }
        let mut request = match call.get {
            true => self.http.get(url),
            false => self.http.post(url).body(call.body.clone()),
        };
        for name in ["content-type", "authorization"] {
            if let Some(value) = call.headers.get(name) {
                request = request.header(name, value.clone());
            }
        }
        let answered = request.send().await.map_err(|_| HungUp)?;
        let status = answered.status();
        let mut response = Response::builder().status(status.as_u16());
        for name in ["content-type", "retry-after"] {
            if let Some(value) = answered.headers().get(name) {
                response = response.header(name, value.clone());
            }
        }
        let body = answered.bytes().await.map_err(|_| HungUp)?;
        if call.method == "chat.postMessage" {
            let said: Value = serde_json::from_slice(&body).unwrap_or_default();
            let asked: Value = serde_json::from_slice(&call.body).unwrap_or_default();
            let key = asked["metadata"]["event_payload"]["delivery"].as_str();
            if let (Some(key), true) = (key, said["ok"] == true) {
                let key = key.to_owned();
                self.state().took.push(Took { key, late });
            }
        }
        Ok(response.body(Body::from(body)).unwrap())
    }

    /// Does what was to be done until now and nobody waits for any more.
    pub async fn pass_to(&self, now: i64) {
        loop {
            let due = {
                let mut state = self.state();
                state.now = now;
                let next = state
                    .late
                    .iter()
                    .enumerate()
                    .filter(|(_, it)| it.due <= now)
                    .min_by_key(|(_, it)| (it.due, it.number));
                let at = next.map(|(at, _)| at);
                at.map(|at| state.late.remove(at))
            };
            let Some(late) = due else { return };
            let _ = self.commit(&late.call, true).await;
        }
    }

    /// When Slack will do something that nobody waits for any more.
    pub fn next_late(&self) -> Option<i64> {
        self.state().late.iter().map(|it| it.due).min()
    }

    /// The next call of this method fails so.
    pub fn trouble(&self, method: &str, trouble: Trouble) {
        self.state().troubles.push((method.to_owned(), trouble));
    }

    /// From now on everything goes well.
    pub fn mend(&self) {
        let mut state = self.state();
        state.troubles.clear();
        state.hold = None;
    }

    /// Holds the n-th call from now.
    pub fn hold(&self, nth: usize, hold: Hold) {
        self.state().hold = Some((nth, hold));
    }

    /// Takes back a hold that nothing came to.
    pub fn unhold(&self) {
        self.state().hold = None;
    }

    pub async fn somebody_is_held(&self) {
        self.until(|state| state.held > 0).await;
    }

    pub fn is_held(&self) -> bool {
        self.state().held > 0
    }

    /// Whoever made the calls that are held is gone.
    pub async fn hang_up(&self) {
        self.rule(Verdict::HangUp).await;
    }

    pub async fn go_on(&self) {
        self.rule(Verdict::GoOn).await;
    }

    async fn rule(&self, verdict: Verdict) {
        self.verdict.send_modify(|it| *it = (it.0 + 1, verdict));
        self.until(|state| state.held == 0).await;
    }

    pub fn took(&self) -> Vec<Took> {
        self.state().took.clone()
    }

    pub fn counts(&self) -> (BTreeMap<&'static str, u64>, u64) {
        let state = self.state();
        (state.counts.clone(), state.calls)
    }

    pub fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.state().log)
    }
}

fn answer(status: u16, body: &Value) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json; charset=utf-8")
        .body(Body::from(body.to_string()))
        .unwrap()
}

fn page(status: u16) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", "text/html; charset=utf-8")
        .body(Body::from("<html><body>Something went wrong</body></html>"))
        .unwrap()
}
