//! One Balefire: the real rooms on a runtime of their own, so that it can be gone from one moment to
//! the next with everything it was doing.

use std::{path::Path, sync::Arc, time::Duration};

use balefire::{
    app::{App, ConnectError, Running},
    clock::Clock,
    config::{self, Checks, Settings, Sources},
    domain::time::{Timestamp, Zone},
    jobs::Jobs,
    outbox::Outbox,
    slack::{Slack, deliver::SlackDeliver},
    store::{Db, deliveries::Delivery},
};
use tokio::{net::TcpListener, runtime::Runtime, task::JoinHandle};
use tokio_util::task::TaskTracker;

use crate::{
    away::{CHANNEL, FALLBACK},
    jobs::StandingJob,
    request::SIGNING_SECRET,
    wire::{Entrance, Wire},
};

pub const BOT_TOKEN: &str = "xoxb-a-token-for-the-simulation";

/// What a node can stand still in.
pub enum Stalled {
    /// An attempt at this delivery.
    Attempt(i64, JoinHandle<()>),
    Job(StandingJob),
}

pub struct Node {
    runtime: Option<Runtime>,
    pub slack: Arc<Slack>,
    pub outbox: Arc<Outbox<SlackDeliver>>,
    pub jobs: Arc<Jobs<SlackDeliver>>,
    clock: Clock,
    /// How far its clock is ahead of everybody else's, in microseconds.
    pub skew: i64,
    /// What it has claimed and not begun with.
    pub claimed: Vec<Delivery>,
    /// What it stands still in the middle of.
    pub stalled: Option<Stalled>,
    /// How many of its connections have broken. It replaces the first loss of each at once; for more
    /// it would really wait.
    pub broken: usize,
    /// In Socket Mode.
    _running: Option<Running>,
}

impl Node {
    /// Starts over the database at `path`.
    pub async fn start(
        index: usize,
        wire: &Arc<Wire>,
        path: &Path,
        now: i64,
        (sockets, fallback): (bool, bool),
    ) -> Node {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let settings = settings(&wire.api_url(index), path, (sockets, fallback));
        let clock = Clock::standing_at(Timestamp::from_micros(now));
        let (path, its_clock) = (path.to_owned(), clock.clone());
        let starting = runtime.spawn(async move {
            let db = Db::open_sqlite(&path).await.unwrap();
            let app = App::with_database(settings, db, its_clock).unwrap();
            match app.connect().await {
                // The workspace is known from before: people can go on.
                Ok(()) | Err(ConnectError::Slack(_)) => {}
                Err(error) => panic!("{error}"),
            }
            let (router, slack) = (app.router(), app.slack.clone());
            let outbox = app.outbox.clone();
            let jobs = Arc::new(app.jobs());
            let mut running = None;
            if sockets {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                running = Some(app.serve(listener, TaskTracker::new()).unwrap());
            }
            (router, slack, outbox, jobs, running)
        });
        let (router, slack, outbox, jobs, running) = starting.await.unwrap();
        let entrance = match sockets {
            true => Entrance::Sockets,
            false => Entrance::Http {
                router,
                runtime: runtime.handle().clone(),
            },
        };
        if sockets {
            wire.sockets.are_open(index).await;
        }
        wire.open(index, Some(entrance));
        Node {
            runtime: Some(runtime),
            slack,
            outbox,
            jobs,
            clock,
            skew: 0,
            claimed: Vec::new(),
            stalled: None,
            broken: 0,
            _running: running,
        }
    }

    pub fn move_to(&self, now: i64) {
        self.clock.move_to(Timestamp::from_micros(now + self.skew));
    }

    /// Runs something of this node's where it dies with it. The pauses between attempts are random
    /// by design; here they follow from `luck`.
    pub fn run<T: Send + 'static>(
        &self,
        luck: u64,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let runtime = self.runtime.as_ref().unwrap();
        runtime.spawn(async move {
            fastrand::seed(luck);
            work.await
        })
    }

    /// Ends when no handler is at work.
    pub async fn is_idle(&self) {
        self.slack.tasks.close();
        self.slack.tasks.wait().await;
        self.slack.tasks.reopen();
    }

    /// As with `kill -9`.
    pub fn crash(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// How long a call may take, as the settings say; no call really takes that long here.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);

fn settings(api_url: &str, path: &Path, (sockets, fallback): (bool, bool)) -> Settings {
    let mode = if sockets { "socket" } else { "http" };
    let fallback = match fallback {
        true => format!("fallback_channel = \"{FALLBACK}\""),
        false => String::new(),
    };
    let text = format!(
        r#"
        [database]
        url = "sqlite:{}"

        [slack]
        bot_token = "{BOT_TOKEN}"
        mode = "{mode}"
        app_token = "xapp-a-token-for-the-simulation"
        signing_secret = "{SIGNING_SECRET}"
        announce_channel = "{CHANNEL}"
        {fallback}
        api_url = "{api_url}"
        timeout_seconds = {}

        [permissions]
        on_call = ["U0ANA", "bo@example.com"]
        edit_all_outages = ["U0ANA", "U0BO", "U0CY"]

        [impact.tell]
        sales = ["C0SALES"]

        [channels]
        archive_after_hours = 30
        "#,
        path.display(),
        CALL_TIMEOUT.as_secs(),
    );
    let sources = Sources {
        file: None,
        environment: Vec::new(),
        flags: text.parse().unwrap(),
    };
    let checks = Checks {
        zone_exists: |name| name.parse::<Zone>().is_ok(),
        log_filter: |_| Ok(()),
    };
    config::load(&sources, &checks).unwrap_or_else(|problems| panic!("{problems}"))
}
