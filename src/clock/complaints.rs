//! How often something is logged that anybody can bring about: they can do it as often as they like,
//! and must not be able to fill a disk by it.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use crate::domain::time::Timestamp;

/// One line in so long a time, for each reason.
const EVERY_MICROS: u64 = 60_000_000;

/// What was said lately. Reasons are few and fixed: each is kept for ever.
pub struct Complaints<R>(Mutex<HashMap<R, Said>>);

struct Said {
    at: Timestamp,
    unsaid: u64,
}

impl<R> Default for Complaints<R> {
    fn default() -> Complaints<R> {
        Complaints(Mutex::default())
    }
}

impl<R: Eq + Hash> Complaints<R> {
    /// Whether it is time to say it, and how often it was not said since the last time.
    pub fn due(&self, reason: R, now: Timestamp) -> Option<u64> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(before) = said.get_mut(&reason) else {
            said.insert(reason, Said { at: now, unsaid: 0 });
            return Some(0);
        };
        // Both ways: a clock that is set right must not silence it for as long as it was wrong.
        if now.micros().abs_diff(before.at.micros()) < EVERY_MICROS {
            before.unsaid += 1;
            return None;
        }
        before.at = now;
        Some(std::mem::take(&mut before.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_line_a_minute_for_each_reason_and_says_how_much_it_was() {
        let complaints = Complaints::default();
        let at = |seconds: i64| Timestamp::from_epoch(1_800_000_000 + seconds);
        let mut lines = Vec::new();
        for second in 0..=120 {
            lines.extend(complaints.due("mismatch", at(second)));
        }
        assert_eq!(lines, [0, 59, 59]);
        assert_eq!(complaints.due("stale", at(120)), Some(0));
        assert_eq!(complaints.due("stale", at(-400)), Some(0));
    }
}
