//! The record of what the app asked of Slack: every Web API call and every post to a
//! response_url, in the order in which the sandbox saw them. Tokens are not recorded.

use serde::Serialize;
use serde_json::Value;

/// Oldest entries are forgotten beyond this many, so that a demo left running stays small.
const KEPT: usize = 20_000;

#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    pub number: u64,
    pub method: String,
    pub arguments: Value,
    /// What was answered; `null` when the connection was closed without an answer.
    pub answer: Value,
    /// HTTP status; 0 when the connection was closed without an answer.
    pub status: u16,
    /// Seconds on the sandbox's clock.
    pub at: f64,
}

#[derive(Debug, Default)]
pub struct Journal {
    entries: std::collections::VecDeque<Entry>,
    last: u64,
}

impl Journal {
    pub fn record(
        &mut self,
        method: &str,
        arguments: Value,
        answer: Value,
        status: u16,
        micros: i64,
    ) {
        self.last += 1;
        self.entries.push_back(Entry {
            number: self.last,
            method: method.to_owned(),
            arguments,
            answer,
            status,
            at: micros as f64 / 1_000_000.0,
        });
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }

    pub fn since(&self, number: u64) -> Vec<Entry> {
        self.entries
            .iter()
            .filter(|entry| entry.number > number)
            .cloned()
            .collect()
    }

    pub fn last(&self) -> u64 {
        self.last
    }
}
