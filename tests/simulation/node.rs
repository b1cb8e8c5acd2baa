//! One Balefire: the real rooms on a runtime of their own, so that it can be gone from one moment to
//! the next with everything it was doing.

use std::{path::Path, sync::Arc, time::Duration};

use balefire::{
    app::App,
    clock::Clock,
    config::{self, Checks, Settings, Sources},
    domain::time::{Timestamp, Zone},
    outbox::Outbox,
    slack::{Slack, deliver::SlackDeliver},
    store::{Db, deliveries::Delivery},
};
use tokio::{runtime::Runtime, task::JoinHandle};

use crate::wire::{Entrance, SIGNING_SECRET, Wire};

pub const BOT_TOKEN: &str = "xoxb-a-token-for-the-simulation";

pub struct Node {
    runtime: Option<Runtime>,
    pub slack: Arc<Slack>,
    pub outbox: Arc<Outbox<SlackDeliver>>,
    clock: Clock,
    /// How far its clock is ahead of everybody else's, in microseconds.
    pub skew: i64,
    /// What it has claimed and not begun with.
    pub claimed: Vec<Delivery>,
    /// An attempt in the middle of which it stands still.
    pub stalled: Option<JoinHandle<()>>,
}

impl Node {
    /// Starts over the database at `path`.
    pub async fn start(index: usize, wire: &Arc<Wire>, path: &Path, now: i64, skew: i64) -> Node {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let settings = settings(&wire.api_url(index), path);
        let clock = Clock::standing_at(Timestamp::from_micros(now + skew));
        let (path, its_clock) = (path.to_owned(), clock.clone());
        let starting = runtime.spawn(async move {
            let db = Db::open_sqlite(&path).await.unwrap();
            let app = App::with_database(settings, db, its_clock).unwrap();
            app.connect().await.unwrap();
            (app.router(), app.slack.clone(), app.outbox.clone())
        });
        let (router, slack, outbox) = starting.await.unwrap();
        let entrance = Entrance {
            router,
            runtime: runtime.handle().clone(),
        };
        wire.open(index, Some(entrance));
        Node {
            runtime: Some(runtime),
            slack,
            outbox,
            clock,
            skew,
            claimed: Vec::new(),
            stalled: None,
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

fn settings(api_url: &str, path: &Path) -> Settings {
    let text = format!(
        r#"
        [database]
        url = "sqlite:{}"

        [slack]
        bot_token = "{BOT_TOKEN}"
        mode = "http"
        signing_secret = "{SIGNING_SECRET}"
        announce_channel = "C0OUTAGES"
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
