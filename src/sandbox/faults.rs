//! Faults somebody asked for: rules that make a Web API call fail in one of the ways in which
//! calls to Slack really fail. Only choosing the rule is here; `api` carries it out.

use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};

/// In microseconds.
const MINUTE: i64 = 60_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// HTTP 429 with Retry-After; nothing is done.
    Ratelimited,
    /// HTTP 500; nothing is done.
    #[serde(rename = "http_500")]
    Http500,
    /// A page of HTML with HTTP 200 where JSON was expected; nothing is done.
    Html,
    /// Done at once, answered late.
    Slow,
    /// The connection is closed; nothing is done.
    DropBefore,
    /// Done, then the connection is closed without an answer.
    DropAfter,
    /// The connection is closed at once, and it is done only later.
    LateCommit,
    /// HTTP 200 with `ok: false` and the rule's error; nothing is done.
    ApiError,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    pub method: String,
    pub kind: Kind,
    /// How many calls it hits before it is used up.
    #[serde(default = "once")]
    pub times: u32,
    #[serde(default)]
    pub retry_after: Option<u64>,
    #[serde(default)]
    pub milliseconds: Option<u64>,
    #[serde(default)]
    pub error: Option<String>,
    /// Only calls whose `channel` or `channel_id` argument is this channel (its id; the control
    /// API puts ids in place of names).
    #[serde(default)]
    pub channel: Option<String>,
}

fn once() -> u32 {
    1
}

impl Rule {
    /// What a call gets that comes too soon, and when it may come again.
    pub fn too_soon(method: &str, retry_after: u64) -> Rule {
        Rule {
            method: method.to_owned(),
            kind: Kind::Ratelimited,
            times: 0,
            retry_after: Some(retry_after),
            milliseconds: None,
            error: None,
            channel: None,
        }
    }
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Faults {
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Whether chat.postMessage is held to one message per second and channel.
    #[serde(default)]
    pub pacing: bool,
    /// How many messages may come at once beyond that.
    #[serde(default)]
    pub burst: u32,
    /// Whether every method is held to so many calls in a minute as its tier allows.
    #[serde(default)]
    pub tiers: bool,
    #[serde(skip)]
    posts: HashMap<String, Bucket>,
    #[serde(skip)]
    calls: HashMap<String, VecDeque<i64>>,
}

/// What a channel may still be sent: it fills by one message a second.
#[derive(Debug, Clone)]
struct Bucket {
    messages: f64,
    at: i64,
}

/// What goes wrong with the events that are sent.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeliveryFaults {
    /// Each is sent so many times more, under other ids.
    pub duplicate: u32,
    /// Each waits for the next one and is sent after it.
    pub reorder: bool,
    /// Each is sent this much later, in real time.
    pub delay_ms: u64,
    /// What the app answers does not arrive, so each is sent again.
    pub drop_ack: bool,
}

impl Faults {
    /// The first rule that covers this call, with one of its uses taken.
    pub fn take(&mut self, method: &str, channel: Option<&str>) -> Option<Rule> {
        let rule = self.rules.iter_mut().find(|rule| {
            rule.times > 0
                && (rule.method == "*" || rule.method == method)
                && rule
                    .channel
                    .as_deref()
                    .is_none_or(|wanted| Some(wanted) == channel)
        })?;
        rule.times -= 1;
        Some(rule.clone())
    }

    /// When a message to this channel comes too soon: how many seconds to wait.
    pub fn too_fast(&mut self, channel: &str, now_micros: i64) -> Option<u64> {
        if !self.pacing {
            return None;
        }
        let most = 1.0 + f64::from(self.burst);
        let bucket = self.posts.entry(channel.to_owned()).or_insert(Bucket {
            messages: most,
            at: now_micros,
        });
        // A clock that was set back begins anew.
        let passed = now_micros - bucket.at;
        let refilled = match passed {
            ..0 => most,
            _ => bucket.messages + passed as f64 / 1_000_000.0,
        };
        *bucket = Bucket {
            messages: refilled.min(most),
            at: now_micros,
        };
        if bucket.messages < 1.0 {
            return Some(1);
        }
        bucket.messages -= 1.0;
        None
    }

    /// When a method was called too often in the last minute: how many seconds to wait.
    pub fn too_often(&mut self, method: &str, most: usize, now_micros: i64) -> Option<u64> {
        if !self.tiers {
            return None;
        }
        let calls = self.calls.entry(method.to_owned()).or_default();
        calls.retain(|at| (0..MINUTE).contains(&(now_micros - at)));
        if calls.len() >= most {
            let oldest = calls.front().copied().unwrap_or(now_micros);
            let wait = (oldest + MINUTE - now_micros).max(1) as u64;
            return Some(wait.div_ceil(1_000_000));
        }
        calls.push_back(now_micros);
        None
    }
}
