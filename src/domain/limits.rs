//! How long texts may be, in characters. Forms show these numbers and decisions hold them.

/// What happened. Slack's text input and The Phoenix both stop at 3,000.
pub const SUMMARY: usize = 3000;
/// An update of the timeline.
pub const UPDATE: usize = 3000;
/// Why something was changed, reopened or withdrawn.
pub const REASON: usize = 1000;
/// How the outage was resolved.
pub const RESOLUTION: usize = 3000;
/// A few words besides an answer.
pub const DETAIL: usize = 150;
/// The address of a post-mortem.
pub const URL: usize = 1000;
