//! What a row of the outbox asks for, and what became of it.

use serde::{Deserialize, Serialize};

use super::{
    actor::Identity,
    effect::{Line, Role},
    ids::{ChannelId, DeliveryId, MessageTs, PersonId},
};

/// Something to do outside, as stored. What can be rendered from the current state is not stored,
/// so that a late delivery still says the truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Post the announcement.
    Announce,
    /// Ask for the announcement's address.
    Permalink,
    /// Render the announcement anew.
    Refresh,
    /// Pin the announcement while the outage is open, else unpin it.
    Pin,
    /// Tell somebody about their role.
    TellAssigned { person: PersonId, role: Role },
    /// Post a line into the thread.
    Say { line: Line },
    /// Write a line of changes anew, because more changed within the minute.
    Amend {
        line: DeliveryId,
        by: Vec<Identity>,
        from_version: i64,
        to_version: i64,
    },
    /// Delete what a delivery posted twice, because Slack committed later than anybody waits.
    Sweep { of: DeliveryId },
    /// Tell somebody that Slack refused something of theirs.
    Apologise {
        person: PersonId,
        what: String,
        why: String,
    },
}

impl Task {
    /// The stored word, also a label of metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Task::Announce => "announce",
            Task::Permalink => "permalink",
            Task::Refresh => "refresh",
            Task::Pin => "pin",
            Task::TellAssigned { .. } => "tell_assigned",
            Task::Say {
                line: Line::Changes { .. },
            } => "say_changes",
            Task::Say { .. } => "say",
            Task::Amend { .. } => "amend",
            Task::Sweep { .. } => "sweep",
            Task::Apologise { .. } => "apologise",
        }
    }

    /// What a person calls it.
    pub fn in_words(&self) -> &'static str {
        match self {
            Task::Announce => "the announcement",
            Task::Permalink => "the link to the announcement",
            Task::Refresh => "the change of the announcement",
            Task::Pin => "the pin of the announcement",
            Task::TellAssigned { .. } => "the message about a role",
            Task::Say { .. } | Task::Amend { .. } => "a line in the thread",
            Task::Sweep { .. } => "the removal of a doubled message",
            Task::Apologise { .. } => "a note about an undelivered message",
        }
    }

    /// Whether it makes a message, so that doing it twice would show twice.
    pub fn creates_message(&self) -> bool {
        matches!(
            self,
            Task::Announce | Task::TellAssigned { .. } | Task::Say { .. } | Task::Apologise { .. }
        )
    }
}

/// What a delivery brought back; kept in its row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "receipt", rename_all = "snake_case")]
pub enum Receipt {
    Posted { channel: ChannelId, ts: MessageTs },
    Permalink { url: String },
    Pinned { pinned: bool },
    Done,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Delivered(Receipt),
    /// The other side asks for a pause of this kind of call.
    RateLimited {
        seconds: u64,
    },
    /// It may or may not have happened: look before doing it again.
    Uncertain {
        why: String,
    },
    /// It did not happen and may go better later.
    Failed {
        why: String,
    },
    /// It did not happen and never will.
    Refused {
        why: String,
    },
    /// Nothing to do any more; why is kept.
    Moot {
        why: String,
    },
}
