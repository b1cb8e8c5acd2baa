//! The one clock. Everything else takes the time as an argument, so tests and the local Slack can
//! move it.

pub mod complaints;

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
    /// Microseconds ahead of the system's clock; of the epoch, when it stands.
    ahead: AtomicI64,
    /// Does not go by itself.
    stands: bool,
    moved: Notify,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Clock {
        Clock(Arc::new(Inner {
            ahead: AtomicI64::new(0),
            stands: false,
            moved: Notify::new(),
        }))
    }

    /// A clock that stands still until it is moved: what happens does not depend on how long it
    /// really takes.
    pub fn standing_at(at: Timestamp) -> Clock {
        Clock(Arc::new(Inner {
            ahead: AtomicI64::new(at.micros()),
            stands: true,
            moved: Notify::new(),
        }))
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.unmoved() + self.0.ahead.load(Ordering::SeqCst))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    fn unmoved(&self) -> i64 {
        match self.0.stands {
            true => 0,
            false => from_system(std::time::SystemTime::now()).micros(),
        }
    }

    /// Says `at` from now on, whatever it said before.
    pub fn move_to(&self, at: Timestamp) {
        self.0
            .ahead
            .store(at.micros() - self.unmoved(), Ordering::SeqCst);
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
        tokio::select! {
            () = moved => {}
            () = tokio::time::sleep(left) => {}
        }
    }
}
