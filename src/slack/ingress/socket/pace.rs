//! How soon a line may open its next connection. A connection that was lost is replaced at once,
//! but whoever loses one after the other waits longer and longer.

use std::time::Duration;

/// Waits after failures are between a half of this and all of it, twice as much each time.
const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub struct Pace {
    /// Losses and failures since a connection last stood long enough.
    failures: u32,
    wait: Duration,
}

impl Pace {
    /// How long to wait before the next connection is opened.
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// The connection has stood for long, so nothing before it counts any more.
    pub fn steady(&mut self) {
        self.failures = 0;
    }

    /// A connection that had said hello is over, or will be soon.
    pub fn lost(&mut self) {
        self.wait = match self.failures {
            0 => Duration::ZERO,
            failures => backoff(failures),
        };
        self.failures = self.failures.saturating_add(1);
    }

    /// No connection came about.
    pub fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
        self.wait = backoff(self.failures);
    }

    /// There is a reason to wait for so long, at least. Many who wait for the same should not all
    /// come back in the same moment.
    pub fn wait_for(&mut self, least: Duration) {
        self.failures = self.failures.saturating_add(1);
        self.wait = least + least.mul_f64(0.1 * fastrand::f64());
    }
}

fn backoff(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(10);
    let most = (FIRST * 2_u32.pow(doublings)).min(LONGEST);
    most.mul_f64(0.5 + 0.5 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_loss_is_made_good_at_once_and_more_of_them_are_not() {
        let mut pace = Pace::default();
        pace.lost();
        assert_eq!(pace.wait(), Duration::ZERO);
        for most in [2, 4, 8, 16, 32, 60, 60, 60] {
            pace.lost();
            let range = Duration::from_secs(most) / 2..=Duration::from_secs(most);
            assert!(range.contains(&pace.wait()), "{most}: {:?}", pace.wait());
        }
        pace.steady();
        pace.lost();
        assert_eq!(pace.wait(), Duration::ZERO);
    }

    #[test]
    fn failures_wait_from_a_second_to_a_minute() {
        let mut pace = Pace::default();
        for _ in 0..100 {
            pace.failed();
            let range = Duration::from_secs(1)..=LONGEST;
            assert!(range.contains(&pace.wait()), "{:?}", pace.wait());
        }
        assert!(pace.wait() >= LONGEST / 2);
    }
}
