//! The sandbox's clock: the system's time plus an offset that people and tests move, or a time at
//! which a simulation has stopped it.
//! The only place in this room that reads the real time of day.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// How time passes whatever the clock says: for what lasts so long for the person waiting.
pub fn monotonic() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// What a clock that goes by itself has in place of the time at which it stands.
const GOES: i64 = i64::MIN;

#[derive(Debug)]
pub struct Clock {
    offset_seconds: AtomicI64,
    /// In microseconds since the epoch.
    stands_at: AtomicI64,
}

impl Clock {
    pub fn new(offset_seconds: i64) -> Clock {
        Clock {
            offset_seconds: AtomicI64::new(offset_seconds),
            stands_at: AtomicI64::new(GOES),
        }
    }

    /// Stops the clock at a time, or moves one that stands already.
    pub fn stand_at(&self, micros: i64) {
        self.stands_at.store(micros, Ordering::SeqCst);
    }

    pub fn offset(&self) -> i64 {
        self.offset_seconds.load(Ordering::SeqCst)
    }

    /// Moves the clock and answers the total offset. Going backwards is allowed: message
    /// timestamps stay increasing all the same, see `World::next_ts`.
    pub fn advance(&self, seconds: i64) -> i64 {
        self.offset_seconds.fetch_add(seconds, Ordering::SeqCst) + seconds
    }

    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn micros(&self) -> i64 {
        let stands_at = self.stands_at.load(Ordering::SeqCst);
        if stands_at != GOES {
            return stands_at;
        }
        let real = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| {
                i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
            });
        real.saturating_add(self.offset().saturating_mul(1_000_000))
    }

    pub fn seconds(&self) -> i64 {
        self.micros().div_euclid(1_000_000)
    }
}
