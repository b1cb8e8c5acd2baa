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
    /// One of [`CODES`]; nothing is done.
    Refused { code: usize },
}

/// What Slack refuses calls with: the first three for good.
pub const CODES: [&str; 4] = [
    "channel_not_found",
    "is_archived",
    "invalid_blocks",
    "token_revoked",
];

/// How many of them are for good.
pub const FOR_GOOD: usize = 3;

pub const REVOKED: usize = 3;

/// Scopes that an app may lack, with the methods that need it. The last one is about messages under
/// a person's name.
pub const OPTIONAL: [(&str, &[&str]); 4] = [
    ("reactions:write", &["reactions.add", "reactions.remove"]),
    ("bookmarks:write", &["bookmarks.add", "bookmarks.list"]),
    ("channels:manage", &["conversations.setTopic"]),
    ("chat:write.customize", &["chat.postMessage"]),
];

pub const BOOKMARKS: usize = 1;

/// Whether a call needs that scope.
pub fn needs(scope: usize, method: &str, body: &[u8]) -> bool {
    let (name, methods) = OPTIONAL[scope % OPTIONAL.len()];
    let customized = || body.windows(10).any(|it| it == b"\"username\"");
    methods.contains(&method) && (name != "chat:write.customize" || customized())
}

impl Trouble {
    /// Whether it says that the channel of the call cannot be used.
    pub fn tells_of_a_lost_channel(self) -> bool {
        let says = |code: usize| {
            matches!(
                CODES[code % CODES.len()],
                "channel_not_found" | "is_archived"
            )
        };
        matches!(self, Trouble::Refused { code } if says(code))
    }

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
            Trouble::Refused { .. } => "refused for good",
        }
    }
}

/// Where a call stops and waits to be told how it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hold {
    BeforeCommit,
    AfterCommit,
}
