//! Faults somebody asked for: rules that make a Web API call fail in one of the ways in which
//! calls to Slack really fail. Only choosing the rule is here; `api` carries it out.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;

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
    /// What a call gets that comes too soon after the last one.
    pub fn pacing(method: &str) -> Rule {
        Rule {
            method: method.to_owned(),
            kind: Kind::Ratelimited,
            times: 0,
            retry_after: Some(1),
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
    #[serde(skip)]
    last_post: HashMap<String, i64>,
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

    /// Whether a message to this channel comes too soon after the last one.
    pub fn too_fast(&mut self, channel: &str, now_micros: i64) -> bool {
        if !self.pacing {
            return false;
        }
        if let Some(last) = self.last_post.get(channel)
            && (0..1_000_000).contains(&(now_micros - last))
        {
            return true;
        }
        self.last_post.insert(channel.to_owned(), now_micros);
        false
    }
}
