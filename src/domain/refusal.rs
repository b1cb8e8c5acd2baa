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
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
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
}
