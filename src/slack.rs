//! Slack: what people read and press there, as values.

pub mod action;
pub mod kit;
pub mod mrkdwn;
pub mod views;
