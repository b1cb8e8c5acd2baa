//! How an attempt failed, whether there is another one, and when.

use std::time::Duration;

use super::unread::Unread;

/// A page is asked for so often again, after about so many seconds.
const PAUSES: [u64; 3] = [1, 2, 4];

/// Attempts after the first, for all pages of a reading together: a Google that stumbles at every
/// page is asked again by the next reading.
const RETRIES: u32 = 10;

/// Whoever is to wait longer comes back another time.
const LONGEST: Duration = Duration::from_secs(30);

pub const BROKEN: &str = "the connection broke off";

/// Nothing came of an attempt.
#[derive(Debug)]
pub struct Failed {
    pub unread: Unread,
    pub again: Again,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Again {
    Never,
    /// With another token.
    Fresh,
    /// After a pause, of this length if Google asked for one.
    After(Option<Duration>),
}

impl Failed {
    /// It would be the same again, or nobody knows when it is over.
    pub fn for_good(unread: Unread) -> Failed {
        Failed {
            unread,
            again: Again::Never,
        }
    }

    /// It may be over in a moment.
    pub fn later(unread: Unread) -> Failed {
        Failed {
            unread,
            again: Again::After(None),
        }
    }
}

/// How many attempts a reading has left.
pub struct Patience {
    retries: u32,
    /// Whether a token was thrown away before it had run out.
    renewed: bool,
}

impl Patience {
    pub fn new() -> Patience {
        Patience {
            retries: RETRIES,
            renewed: false,
        }
    }

    /// Whether another token may be asked for: once in a reading.
    pub fn renews(&mut self) -> bool {
        !std::mem::replace(&mut self.renewed, true)
    }

    /// How long to wait before the next attempt at a page that failed `tried` times before; none
    /// when it is given up. `chance` is between 0 and 1: several nodes do not come back together.
    pub fn pause(
        &mut self,
        tried: usize,
        asked: Option<Duration>,
        chance: f64,
    ) -> Option<Duration> {
        let base = Duration::from_secs(*PAUSES.get(tried)?);
        self.retries = self.retries.checked_sub(1)?;
        let own = base.mul_f64(1.0 + chance / 2.0);
        Some(asked.unwrap_or_default().max(own)).filter(|it| *it <= LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn pauses_grow_and_end() {
        let mut patience = Patience::new();
        let pauses = [0, 1, 2, 3].map(|tried| patience.pause(tried, None, 0.0));
        assert_eq!(
            pauses,
            [Some(seconds(1)), Some(seconds(2)), Some(seconds(4)), None]
        );
        let late = patience.pause(0, None, 1.0);
        assert_eq!(late, Some(Duration::from_millis(1500)));
    }

    #[test]
    fn what_google_asks_for_counts_unless_it_is_long() {
        let mut patience = Patience::new();
        assert_eq!(patience.pause(0, Some(seconds(7)), 0.0), Some(seconds(7)));
        assert_eq!(patience.pause(0, Some(seconds(30)), 0.0), Some(seconds(30)));
        assert_eq!(patience.pause(0, Some(seconds(31)), 0.0), None);
        // At once would be another refusal.
        assert_eq!(patience.pause(0, Some(seconds(0)), 0.0), Some(seconds(1)));
    }

    #[test]
    fn a_reading_has_only_so_many_attempts() {
        let mut patience = Patience::new();
        let pauses = (0..20).filter_map(|_| patience.pause(0, None, 0.5));
        assert_eq!(pauses.count(), 10);
        assert!(patience.renews());
        assert!(!patience.renews());
    }
}
