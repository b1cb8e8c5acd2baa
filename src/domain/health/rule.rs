//! How many observations, and for how long, make a status.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// So many of the last so many opinions have to agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// At least 1 and at most `of`.
    pub least: usize,
    /// At most [`Agreement::MOST`].
    pub of: usize,
}

impl Agreement {
    /// No more opinions than this are kept of a check.
    pub const MOST: usize = 20;

    /// Every single opinion counts at once.
    pub const AT_ONCE: Agreement = Agreement { least: 1, of: 1 };

    pub fn new(least: usize, of: usize) -> Option<Agreement> {
        (1 <= least && least <= of && of <= Agreement::MOST).then_some(Agreement { least, of })
    }
}

/// When a check counts as one that goes back and forth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flapping {
    /// So many changes of its status…
    pub changes: usize,
    /// …within this time. It ends when there was none for as long.
    pub within: Duration,
}

/// What it takes for a check to change its status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub worse: Agreement,
    pub better: Agreement,
    /// How long it has to have been worse, or better.
    pub worse_for: Duration,
    pub better_for: Duration,
    /// How long after the last opinion there is "no data". None where a source speaks only when
    /// something changes: its silence says nothing.
    pub stale_after: Option<Duration>,
    pub flapping: Option<Flapping>,
}

impl Rule {
    /// Of sources that decide themselves and tell only changes: webhooks.
    pub const TOLD: Rule = Rule {
        worse: Agreement::AT_ONCE,
        better: Agreement::AT_ONCE,
        worse_for: Duration::ZERO,
        better_for: Duration::ZERO,
        stale_after: None,
        flapping: Some(Flapping {
            changes: 6,
            within: Duration::from_secs(30 * 60),
        }),
    };

    /// Of what is measured every `interval`.
    pub fn measured(interval: Duration) -> Rule {
        Rule {
            stale_after: Some(interval.saturating_mul(3)),
            ..Rule::TOLD
        }
    }
}
