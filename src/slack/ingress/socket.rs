//! Socket Mode: we open WebSockets to Slack, and what it would post to an address comes over them.
//!
//! `door` gets an address for a connection and opens it, `connection` is one connection's life,
//! `line` keeps one open for ever, `pace` says how soon it may try again, `frame` reads what comes,
//! and `work` leads to the same handlers as HTTP. Two lines run beside each other, so that there is
//! no gap when a connection is replaced or lost. Slack sends each envelope over one of them, and
//! what comes twice all the same is known again by the handlers.

mod connection;
pub mod door;
mod frame;
mod line;
mod pace;
#[cfg(test)]
mod tests;
mod work;

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::door::{Door, Trouble};
use crate::{clock::Stopwatch, slack::Slack, telemetry::Metrics};

/// How the connections do, for whoever asks from outside.
pub struct Link {
    /// How many have said hello and are not over.
    open: AtomicUsize,
    /// Runs since the last frame of any connection.
    heard: Mutex<Option<Stopwatch>>,
    /// What an operator has been told since a connection last stood for long: once is enough.
    told: Mutex<HashSet<String>>,
    /// Why the last connection did not come about, or ended.
    wrong: Mutex<Option<String>>,
    metrics: Arc<Metrics>,
}

impl Link {
    pub fn new(metrics: Arc<Metrics>) -> Arc<Link> {
        Arc::new(Link {
            open: AtomicUsize::new(0),
            heard: Mutex::new(None),
            told: Mutex::new(HashSet::new()),
            wrong: Mutex::new(None),
            metrics,
        })
    }

    /// Whether Slack can reach us at this moment.
    pub fn stands(&self) -> bool {
        self.open.load(Ordering::SeqCst) > 0
    }

    /// How long nothing has come, over any connection; none as long as nothing ever came.
    pub fn silent_for(&self) -> Option<Duration> {
        lock(&self.heard).as_ref().map(Stopwatch::elapsed)
    }

    /// Why there is no connection, as far as that is known.
    pub fn what_is_wrong(&self) -> Option<String> {
        lock(&self.wrong).clone()
    }

    fn frame_came(&self) {
        *lock(&self.heard) = Some(Stopwatch::start());
    }

    /// A connection said hello; it counts until what is returned is dropped.
    fn greeted(self: &Arc<Link>) -> Standing {
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.metrics.set_sockets_open(open);
        *lock(&self.wrong) = None;
        Standing(self.clone())
    }

    /// A connection has stood for long: what was wrong is mended, and worth telling again.
    fn mended(&self) {
        lock(&self.told).clear();
    }

    fn trouble(&self, trouble: &Trouble) {
        let before = lock(&self.wrong).replace(trouble.to_string());
        if !trouble.needs_somebody() {
            // Both lines have the same trouble, and have it again with every try.
            if before.is_some_and(|it| it == trouble.to_string()) {
                return;
            }
            tracing::warn!("no connection to Slack: {trouble}. It is tried again within a minute");
        } else if lock(&self.told).insert(trouble.to_string()) {
            tracing::error!("{trouble}");
        }
    }
}

/// A connection that counts as open.
struct Standing(Arc<Link>);

impl Drop for Standing {
    fn drop(&mut self) {
        let before = self.0.open.fetch_sub(1, Ordering::SeqCst);
        self.0.metrics.set_sockets_open(before.saturating_sub(1));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps two connections open until `stop`, and then finishes what came over them.
pub async fn run(slack: Arc<Slack>, door: Arc<Door>, link: Arc<Link>, stop: CancellationToken) {
    let connections = TaskTracker::new();
    let line = line::Line {
        dial: door,
        worker: slack.clone(),
        link,
        tasks: slack.tasks.clone(),
        connections: connections.clone(),
        stop,
    };
    tokio::join!(line.clone().keep(), line.keep());
    connections.close();
    connections.wait().await;
}
