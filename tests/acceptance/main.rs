//! Stories of people, told through the local Slack.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

#[path = "../harness/mod.rs"]
mod harness;

mod announce;
mod attack;
mod browser;
mod change;
mod channel;
mod crash;
mod deliveries;
mod demo;
mod forms;
mod ingress;
mod parity;
mod refusals;
mod resolve;
mod sdk;
mod shares;
mod words;

pub use harness::databases;
