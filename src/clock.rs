//! The one clock. Everything else takes the time as an argument, so tests and the local Slack can
//! move it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use crate::domain::time::{Timestamp, from_system};

/// Measures how long something takes, in real time: for figures, never for decisions.
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    pub fn start() -> Stopwatch {
        Stopwatch(std::time::Instant::now())
    }

    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Tells the time; cheap to clone, all clones agree.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    /// Stands still at this many microseconds since 1970, or runs with the system when negative.
    standing: AtomicI64,
    /// Microseconds ahead of the system's clock.
    ahead: AtomicI64,
    moved: Notify,
}

const RUNNING: i64 = -1;

impl Clock {
    /// The system's clock.
    pub fn system() -> Clock {
        Clock::new(RUNNING)
    }

    /// A clock that only moves when told.
    pub fn standing_at(now: Timestamp) -> Clock {
        Clock::new(now.micros())
    }

    fn new(standing: i64) -> Clock {
        Clock(Arc::new(Inner {
            standing: AtomicI64::new(standing),
            ahead: AtomicI64::new(0),
            moved: Notify::new(),
        }))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn now(&self) -> Timestamp {
        match self.0.standing.load(Ordering::SeqCst) {
            RUNNING => {
                let now = from_system(std::time::SystemTime::now());
                Timestamp::from_micros(now.micros() + self.0.ahead.load(Ordering::SeqCst))
            }
            micros => Timestamp::from_micros(micros),
        }
    }

    /// Moves on by `span`.
    pub fn advance(&self, span: Duration) {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 4);
        if self.0.standing.load(Ordering::SeqCst) == RUNNING {
            self.0.ahead.fetch_add(micros, Ordering::SeqCst);
        } else {
            self.0.standing.fetch_add(micros, Ordering::SeqCst);
        }
        self.0.moved.notify_waiters();
    }

    /// Runs `seconds` ahead of the system's clock from now on.
    pub fn run_ahead(&self, seconds: i64) {
        self.0
            .ahead
            .store(seconds.saturating_mul(1_000_000), Ordering::SeqCst);
        self.0.moved.notify_waiters();
    }

    /// Waits until `until`, or until the clock is moved, whichever comes first.
    pub async fn wait(&self, until: Timestamp) {
        let moved = self.0.moved.notified();
        let left = until.since(self.now());
        if self.0.standing.load(Ordering::SeqCst) == RUNNING {
            tokio::select! {
                () = moved => {}
                () = tokio::time::sleep(left) => {}
            }
        } else if !left.is_zero() {
            moved.await;
        }
    }
}
