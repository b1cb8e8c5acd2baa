//! How calls to Slack go wrong, and where they can be made to wait.

use serde::{Deserialize, Serialize};

/// How one call to Slack goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble {
    /// HTTP 429; nothing is done.
    RateLimited { seconds: u64 },
    /// HTTP 500; nothing is done.
    ServerError,
    /// HTTP 503, and it is done all the same.
    DoneServerError,
    /// A page of HTML where JSON was expected; nothing is done.
    Html,
    /// `internal_error`; nothing is done.
    InternalError,
    /// No answer; nothing is done.
    LostBefore,
    /// No answer, but it is done.
    LostAfter,
    /// No answer; it is done so many seconds later.
    Late { seconds: u64 },
}

impl Trouble {
    pub fn word(self) -> &'static str {
        match self {
            Trouble::RateLimited { .. } => "rate limited",
            Trouble::ServerError => "server error",
            Trouble::DoneServerError => "server error after commit",
            Trouble::Html => "a page for an answer",
            Trouble::InternalError => "internal_error",
            Trouble::LostBefore => "timeout before commit",
            Trouble::LostAfter => "timeout after commit",
            Trouble::Late { .. } => "late commit",
        }
    }
}

/// Where a call stops and waits to be told how it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hold {
    BeforeCommit,
    AfterCommit,
}
