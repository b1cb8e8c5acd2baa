//! Stories of people, told through the local Slack.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

#[path = "../harness/mod.rs"]
mod harness;

mod announce;
mod attack;
mod browser;
mod change;
mod crash;
mod deliveries;
mod demo;
mod ingress;
mod refusals;
mod resolve;
mod sdk;
mod socket;
mod socket_frames;

pub use harness::databases;
