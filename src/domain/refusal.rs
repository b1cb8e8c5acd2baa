//! Why something cannot be done. A refusal is a normal answer that a view puts into words.

use super::{
    ids::{OutageNumber, PersonId},
    time::Timestamp,
};

/// The part of a form that a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Summary,
    Component,
    Update,
    Reason,
    Resolution,
    ResolvedAt,
    StartedAt,
    Link,
    Channel,
    Impact,
    DuplicateOf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The actor's account in Slack is deactivated.
    Deactivated,
    /// The actor lacks the right to announce.
    MayNotAnnounce,
    /// Only these people, and whoever may change any outage, may do that.
    MayNotChange { involved: Vec<PersonId> },
    /// A text that must not be empty.
    Empty { field: Field },
    TooLong {
        field: Field,
        limit: usize,
        actual: usize,
    },
    /// An outage cannot end before it started.
    EndsBeforeItStarts { field: Field, started_at: Timestamp },
    /// That time has not come yet.
    InTheFuture { field: Field },
    /// The outage is not in a state in which that makes sense any more.
    OutOfDate {
        number: OutageNumber,
        is: &'static str,
    },
    /// Nothing was changed, so there is nothing to tell.
    NothingChanged,
    /// Something of the same component is open, or was resolved a moment ago.
    MaybeTheSame {
        /// Open outages that may be joined, newest first.
        open: Vec<OutageNumber>,
        /// Lately resolved ones that may be reopened, newest first.
        lately: Vec<OutageNumber>,
    },
    /// Not the address of a page.
    NotALink,
    /// There is a dedicated channel, or one is being made.
    HasChannel,
    /// The channel is that of another open outage.
    ChannelTaken { by: OutageNumber },
    /// Announcements stand there: it cannot be one outage's own.
    IsAnnounceChannel,
    /// Nobody's part is free.
    NothingToTake,
    /// An outage cannot be its own duplicate, or that of one that was withdrawn itself.
    NotAnOriginal { number: OutageNumber },
}
