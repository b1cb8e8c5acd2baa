//! What a decision writes down: events for the timeline, effects for the outside.

use serde::{Deserialize, Serialize};

use super::{actor::Identity, change::Change, ids::PersonId, time::Timestamp};

/// One line of an outage's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Announced,
    Updated {
        text: String,
        changes: Vec<Change>,
    },
    Edited {
        reason: String,
        changes: Vec<Change>,
    },
    Resolved {
        text: String,
        at: Timestamp,
        changes: Vec<Change>,
    },
    ResolutionEdited {
        changes: Vec<Change>,
    },
    TimesEdited {
        changes: Vec<Change>,
    },
    Reopened {
        reason: String,
    },
    Withdrawn {
        why: String,
    },
}

impl Event {
    /// The stored word.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::Announced => "announced",
            Event::Updated { .. } => "updated",
            Event::Edited { .. } => "edited",
            Event::Resolved { .. } => "resolved",
            Event::ResolutionEdited { .. } => "resolution_edited",
            Event::TimesEdited { .. } => "times_edited",
            Event::Reopened { .. } => "reopened",
            Event::Withdrawn { .. } => "withdrawn",
        }
    }
}

/// What a person is told about their part in an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Solution,
    Communication,
    Both,
}

/// A line in the announcement's thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// Why somebody changed the announcement, in their own words, under their own name.
    Reason {
        by: Identity,
        text: String,
    },
    /// An update, in somebody's own words, under their own name.
    Update {
        by: Identity,
        text: String,
    },
    /// Before → after between two versions, told once by everybody who had a part in it.
    Changes {
        by: Vec<Identity>,
        from_version: i64,
        to_version: i64,
    },
    Resolved {
        by: Identity,
        at: Timestamp,
    },
    Reopened {
        by: Identity,
        reason: String,
    },
    Withdrawn {
        by: Identity,
        why: String,
    },
}

/// Something that must happen outside. Each becomes a delivery in the same transaction as the
/// state it follows from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// The announcement does not exist yet.
    Announce,
    /// The announcement is stale: render it anew.
    Refresh,
    /// The announcement should be pinned while the outage is open, and only then.
    Pin,
    /// Somebody got a role.
    TellAssigned { person: PersonId, role: Role },
    /// A line for the thread.
    Say { line: Line },
}
