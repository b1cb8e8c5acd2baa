//! What people wished for and were told: everything that Slack and the database are held against.
//! Every text has a word of its own in it, by which it is found wherever it ends up.

/// A wish to announce something.
#[derive(Clone, Debug)]
pub struct Announced {
    pub word: String,
    /// Slack heard that it was done.
    pub acknowledged: bool,
    /// Once it is there.
    pub number: Option<i64>,
}

/// A line that somebody caused in a thread.
#[derive(Clone, Debug)]
pub struct Line {
    pub word: String,
    pub outage: i64,
    /// Nothing comes after it but what reopens the outage.
    pub withdraws: bool,
}

/// A message in a dedicated channel.
#[derive(Clone, Debug)]
pub struct Written {
    pub channel: String,
    pub ts: String,
    pub by: &'static str,
    /// The word that stands in it now.
    pub word: String,
    pub deleted: bool,
}

#[derive(Debug, Default)]
pub struct Model {
    words: u64,
    pub announced: Vec<Announced>,
    /// In the order in which they were decided.
    pub lines: Vec<Line>,
    pub written: Vec<Written>,
    /// How often somebody took a shared message back.
    pub taken_back: usize,
    /// Outages whose dedicated channel was asked for, and people were told so.
    pub channels: Vec<i64>,
    /// Deliveries of which Slack refused a call for good.
    pub refused: Vec<i64>,
    /// Deliveries that an operator took back to life, and that come out of their turn.
    pub retried: Vec<i64>,
    /// Messages that were announcements until somebody deleted them, with their outages.
    pub deleted: Vec<(i64, String)>,
    /// Outages whose announcement somebody unpinned.
    pub unpinned: Vec<i64>,
    /// How often a channel was taken away.
    pub channel_lost: usize,
    /// Withdrawn outages, and when that was seen first.
    pub withdrawn: Vec<(i64, i64)>,
}

impl Model {
    /// A word that stands nowhere yet and in no other word.
    pub fn word(&mut self) -> String {
        self.words += 1;
        format!("q{}z", self.words)
    }
}
