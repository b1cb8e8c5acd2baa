//! A script being played: the local Slack, the wire, two nodes on one database, and the one time
//! that all of them are told. One step at a time; whatever a step starts has ended, or is held at
//! the wire, before the next one begins.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use balefire::{
    config::parse_catalog,
    desk::catalog::provision,
    domain::actor::Identity,
    sandbox::{self, Sandbox},
    store::Db,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::{
    invariants::Violation,
    model::Model,
    node::{BOT_TOKEN, Node, Stalled},
    request::SIGNING_SECRET,
    script::{Crash, End, Script},
    silence::{Silence, Silences},
    terminal::Terminal,
    wire::Wire,
};

const CATALOG: &str = r#"
    [[component]]
    key = "payments"
    name = "Payments"

    [[component]]
    key = "booking"
    name = "Booking"

    [[component]]
    key = "search"
    name = "Search"

    [[component]]
    key = "partner-api"
    name = "Partner API"

    [[component]]
    key = "mail"
    name = "Mail"

    [[component]]
    key = "tickets"
    name = "Tickets"
"#;

pub const COMPONENTS: [&str; 6] = [
    "Payments",
    "Booking",
    "Search",
    "Partner API",
    "Mail",
    "Tickets",
];

const SECOND: i64 = 1_000_000;

/// A node that stands still for longer than this would have been cut off by its own time limits.
const LONGEST_STALL: i64 = 90 * SECOND;

pub struct World {
    pub sandbox: Sandbox,
    pub wire: Arc<Wire>,
    /// For looking only.
    pub db: Db,
    pub nodes: [Option<Node>; 2],
    /// The right time, in microseconds of the epoch.
    pub now: i64,
    pub model: Model,
    pub counts: BTreeMap<&'static str, u64>,
    seed: u64,
    luck: u64,
    pub stalled_since: i64,
    /// What did not hold of a job, for the next look.
    pub job_seen: Option<Violation>,
    pub silences: Silences,
    /// The optional scope that the app lacks.
    pub lacks: Option<usize>,
    terminal: Option<Terminal>,
    /// Whether the nodes hear from Slack in Socket Mode.
    sockets: bool,
    /// Whether the settings name another channel for announcements.
    pub fallback: bool,
    path: PathBuf,
    http: reqwest::Client,
    _folder: TempDir,
    _tasks: JoinSet<()>,
}

/// A migrated database, to be copied: making the tables takes longer than many a script.
static EMPTY: OnceLock<Vec<u8>> = OnceLock::new();

/// Where a disk is quickest.
fn folder() -> TempDir {
    let memory = std::path::Path::new("/dev/shm");
    match memory.is_dir() {
        true => tempfile::tempdir_in(memory).unwrap(),
        false => tempfile::tempdir().unwrap(),
    }
}

pub async fn make_empty_database() {
    if EMPTY.get().is_some() {
        return;
    }
    let folder = folder();
    let path = folder.path().join("empty.db");
    Db::open_sqlite(&path).await.unwrap().close().await;
    let _ = EMPTY.set(std::fs::read(&path).unwrap());
}

impl World {
    pub async fn begin(script: &Script) -> World {
        let folder = folder();
        let path = folder.path().join("balefire.db");
        std::fs::write(&path, EMPTY.get().unwrap()).unwrap();
        let sandbox = Sandbox::start(sandbox::Options {
            listen: ([127, 0, 0, 1], 0).into(),
            app_url: None,
            signing_secret: SIGNING_SECRET.to_owned(),
            bot_token: BOT_TOKEN.to_owned(),
            scopes: None,
            app_token: None,
            socket_mode: false,
            commands: vec!["/outage".to_owned()],
            shortcuts: Vec::new(),
            clock_offset_seconds: 0,
            seed: sandbox::Seed::default(),
            data: None,
        })
        .await
        .unwrap();
        let mut tasks = JoinSet::new();
        let wire = Wire::start(sandbox.url(), &mut tasks).await;
        sandbox.connect_app(&wire.door());
        let now = script.begins * SECOND;
        let mut world = World {
            sandbox,
            wire,
            db: Db::open_sqlite(&path).await.unwrap(),
            nodes: [None, None],
            now,
            model: Model::default(),
            counts: BTreeMap::new(),
            seed: script.seed,
            luck: 0,
            stalled_since: 0,
            job_seen: None,
            silences: Silences::default(),
            lacks: script.lacks,
            terminal: None,
            sockets: script.sockets,
            fallback: script.fallback,
            path,
            http: reqwest::Client::builder()
                .no_proxy()
                .tls_certs_only([])
                .build()
                .unwrap(),
            _folder: folder,
            _tasks: tasks,
        };
        world.pass(0).await;
        world.start(0).await;
        world.start(1).await;
        let slack = world.node(0).slack.clone();
        let catalog = parse_catalog(CATALOG, "simulation").unwrap();
        let by = Identity::CommandLine {
            name: "simulation".into(),
        };
        let workspace = slack.workspace().unwrap();
        provision(
            &slack.db,
            &slack.clock,
            &workspace,
            &catalog.entries,
            false,
            &by,
        )
        .await
        .unwrap();
        world.terminal = Some(Terminal::start(&world.path, world.node(0)).await);
        world
    }

    pub async fn end(mut self) {
        self.nodes = [None, None];
        self.db.close().await;
        self.sandbox.stop().await;
    }

    /// Says that something happened, for the figures.
    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub fn terminal(&mut self) -> &mut Terminal {
        self.terminal.as_mut().unwrap()
    }

    pub fn is_over_sockets(&self) -> bool {
        self.sockets
    }

    pub fn luck(&mut self) -> u64 {
        self.luck += 1;
        self.seed.wrapping_mul(1_000_003).wrapping_add(self.luck)
    }

    // ---- Slack

    /// Asks the local Slack for something, as somebody who uses it; what it refuses is an answer,
    /// too.
    pub async fn control(&self, what: &str, mut body: Value) -> Value {
        if matches!(what, "command" | "click" | "submit" | "close") {
            // What comes of it is waited for by other means.
            body["wait_ms"] = json!(0);
        }
        let url = format!("{}/_sandbox/{what}", self.sandbox.url());
        let request = self.http.post(url);
        let request = request.header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    pub fn state(&self) -> Value {
        self.sandbox.state()
    }

    // ---- time

    /// Time passes, and nobody works meanwhile.
    pub async fn pass(&mut self, micros: i64) {
        if self.wire.is_held() && self.now + micros - self.stalled_since > LONGEST_STALL {
            self.go_on().await;
        }
        self.now += micros;
        if self.wire.silent_until().is_some_and(|it| it <= self.now) {
            self.speaks_again().await;
        }
        self.sandbox.stand_at(self.now).await;
        for node in self.nodes.iter().flatten() {
            node.move_to(self.now);
        }
        self.wire.pass_to(self.now).await;
        self.asks_for_a_sign().await;
    }

    // ---- nodes

    pub fn node(&self, index: usize) -> &Node {
        self.nodes[index].as_ref().unwrap()
    }

    /// The node, or the other one while that is down; both down, it is started.
    pub async fn living(&mut self, index: usize) -> usize {
        match (&self.nodes[index], &self.nodes[1 - index]) {
            (None, Some(_)) => 1 - index,
            (None, None) => {
                if !self.may_start() {
                    self.speaks_again().await;
                }
                self.start(index).await;
                index
            }
            _ => index,
        }
    }

    pub async fn start(&mut self, index: usize) {
        if self.nodes[index].is_none() && self.may_start() {
            let how = (self.sockets, self.fallback);
            let node = Node::start(index, &self.wire, &self.path, self.now, how).await;
            self.nodes[index] = Some(node);
        }
    }

    /// Without Slack a node starts where it knows the workspace from before, but for a token that is
    /// no good. Over sockets it would go on asking by itself.
    fn may_start(&self) -> bool {
        match self.wire.silence() {
            None => true,
            Some(how) => how != Silence::Barred && !self.sockets,
        }
    }

    pub async fn crash(&mut self, index: usize) {
        let Some(node) = self.nodes[index].take() else {
            return;
        };
        self.wire.open(index, None);
        node.crash();
        self.wire.sockets.are_gone(index);
        if self.wire.is_held() {
            self.wire.hang_up().await;
            // Where the other node stood still, the connection broke.
            self.let_go().await;
        }
    }

    /// A connection of the node breaks; true when it has one to lose.
    pub async fn breaks(&mut self, index: usize) -> bool {
        let sockets = self.sockets;
        match &mut self.nodes[index] {
            Some(node) if sockets && node.broken < 2 => node.broken += 1,
            _ => return false,
        }
        self.wire.sockets.breaks(index).await;
        self.count("a socket breaks");
        true
    }

    /// What was held goes on, and whoever waited for it comes to an end.
    pub async fn go_on(&mut self) {
        if self.wire.is_held() {
            self.wire.go_on().await;
        }
        self.let_go().await;
    }

    async fn let_go(&mut self) {
        for node in self.nodes.iter_mut().flatten() {
            match node.stalled.take() {
                None => {}
                Some(Stalled::Attempt(delivery, attempt)) => {
                    attempt.await.unwrap();
                    if self.wire.take_refused() {
                        self.model.refused.push(delivery);
                    }
                }
                Some(Stalled::Job(job)) => {
                    self.wire.take_refused();
                    self.job_seen = self.job_seen.take().or(job.ends().await);
                }
            }
        }
    }

    /// Waits until the node has nothing more to do, or until it is held at the wire and does nothing
    /// else; true when it is held.
    pub async fn rests(&self, index: usize) -> bool {
        let Some(node) = &self.nodes[index] else {
            return false;
        };
        if self.nodes.iter().flatten().any(|it| it.stalled.is_some()) {
            node.is_idle().await;
            return false;
        }
        tokio::select! {
            biased;
            () = node.is_idle() => return false,
            () = self.wire.somebody_is_held() => {}
        }
        node.slack.tasks.reopen();
        while node.slack.tasks.len() > 1 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        true
    }

    // ---- deliveries

    /// Claims at most one delivery.
    pub async fn claim(&mut self, index: usize) -> bool {
        let luck = self.luck();
        let dark = self.is_known_to_be_away().await;
        let Some(node) = &mut self.nodes[index] else {
            return false;
        };
        let outbox = node.outbox.clone();
        let claimed = node.run(luck, async move { outbox.claim(1).await });
        let claimed = claimed.await.unwrap().unwrap();
        let found = !claimed.is_empty();
        let many = claimed.len();
        node.claimed.extend(claimed);
        if dark {
            self.took_in_the_dark(many);
        }
        found
    }

    /// Attempts what was claimed first; false when there is nothing.
    pub async fn attempt(&mut self, index: usize, end: End) -> bool {
        let luck = self.luck();
        let held_already = self.wire.is_held();
        let Some(node) = &mut self.nodes[index] else {
            return false;
        };
        if node.claimed.is_empty() {
            return false;
        }
        if end == End::CrashAfterClaim {
            self.count("crash after a claim");
            self.crash(index).await;
            return true;
        }
        let delivery = node.claimed.remove(0);
        let id = delivery.id.0;
        self.wire.take_refused();
        let hold = match end {
            End::CrashInCall { crash } | End::Stall { crash } if !held_already => Some(crash),
            _ => None,
        };
        if let Some(Crash { nth, hold }) = hold {
            self.wire.hold(nth, hold);
        }
        let outbox = node.outbox.clone();
        let mut attempt = node.run(luck, async move {
            // A failure leaves the lease, which runs out.
            if let Err(error) = outbox.attempt(delivery).await {
                panic!("a delivery could not be settled: {error}");
            }
        });
        let held = match hold {
            None => false,
            Some(_) => tokio::select! {
                biased;
                () = self.wire.somebody_is_held() => true,
                done = &mut attempt => {
                    done.unwrap();
                    false
                }
            },
        };
        if !held {
            self.wire.unhold();
            if hold.is_none() {
                attempt.await.unwrap();
            }
            if self.wire.take_refused() {
                self.model.refused.push(id);
            }
            if end == End::CrashAfterSettle {
                self.count("crash after a settlement");
                self.crash(index).await;
            }
            return true;
        }
        if self.wire.take_refused() {
            self.model.refused.push(id);
        }
        let before = hold.is_some_and(|it| it.hold == crate::trouble::Hold::BeforeCommit);
        if let End::Stall { .. } = end {
            self.count(match before {
                true => "a node stands still before a call",
                false => "a node stands still after a call",
            });
            self.stalled_since = self.now;
            if let Some(node) = &mut self.nodes[index] {
                node.stalled = Some(Stalled::Attempt(id, attempt));
            }
        } else {
            self.count(match before {
                true => "crash before a call",
                false => "crash between a call and its settlement",
            });
            self.crash(index).await;
        }
        true
    }

    /// Works on events and deliveries until none is due at this moment.
    pub async fn work(&mut self) -> bool {
        let mut worked = false;
        loop {
            let mut found = false;
            for index in 0..2 {
                if self.nodes[index].is_none() {
                    continue;
                }
                while self.follow(index).await {
                    found = true;
                }
                self.claim(index).await;
                while self.attempt(index, End::Settled).await {
                    found = true;
                }
            }
            if !found {
                return worked;
            }
            worked = true;
        }
    }

    /// Works on one event that was kept.
    pub async fn follow(&mut self, index: usize) -> bool {
        let luck = self.luck();
        let Some(node) = &self.nodes[index] else {
            return false;
        };
        let slack = node.slack.clone();
        let work = node.run(luck, async move { slack.work_on_event().await });
        work.await.unwrap().unwrap()
    }

    /// Works on one event and crashes in one of its calls, when it makes that many.
    pub async fn follow_and_crash(&mut self, index: usize, crash: Crash) {
        if self.wire.is_held() {
            return;
        }
        let luck = self.luck();
        let Some(node) = &self.nodes[index] else {
            return;
        };
        let slack = node.slack.clone();
        self.wire.hold(crash.nth, crash.hold);
        let mut work = node.run(luck, async move { slack.work_on_event().await });
        tokio::select! {
            biased;
            () = self.wire.somebody_is_held() => {
                self.count("crash in the work on an event");
                self.crash(index).await;
            }
            done = &mut work => {
                done.unwrap().unwrap();
                self.wire.unhold();
            }
        }
    }

    /// When something is due that is not due yet, by the right time.
    pub async fn next_due(&self) -> Option<i64> {
        let node = self.nodes.iter().flatten().next()?;
        let due = node.outbox.next_due().await.unwrap();
        let event: Option<balefire::domain::time::Timestamp> = self
            .one("SELECT MIN(due_at) FROM inbox WHERE done_at IS NULL")
            .await;
        // Nodes look every second whether a lease ran out; here only when one does.
        let leases: Vec<(balefire::domain::time::Timestamp,)> = self
            .rows(
                "SELECT locked_until FROM deliveries
                 WHERE done_at IS NULL AND locked_until IS NOT NULL",
            )
            .await;
        let dues = [due, event].into_iter().flatten();
        let dues = dues.chain(leases.into_iter().map(|it| it.0));
        dues.map(|it| it.micros() - node.skew)
            .filter(|it| *it > self.now)
            .min()
    }

    /// Works until nothing is due within two seconds.
    pub async fn drain(&mut self) {
        for _ in 0..500 {
            self.work().await;
            match self.next_due().await {
                Some(due) if due <= self.now + 2 * SECOND => self.pass(due - self.now + 1000).await,
                _ => return,
            }
        }
        panic!("deliveries never come to rest");
    }

    /// Time passes, and the nodes work.
    pub async fn pass_working(&mut self, micros: i64) {
        let end = self.now + micros;
        while self.now < end {
            self.drain().await;
            let index = self.living(0).await;
            self.jobs(index).await;
            let hour = 3600 * SECOND;
            self.pass((end - self.now).clamp(1000, hour)).await;
        }
        self.drain().await;
    }
}
