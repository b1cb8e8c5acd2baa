//! Stories of people, told through the local Slack.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

#[path = "../harness/mod.rs"]
mod harness;

mod alike;
mod announce;
mod attack;
mod browser;
mod browser_life;
mod catalog;
mod change;
mod channel;
mod crash;
mod deliveries;
mod demo;
mod fallback;
mod forms;
mod google;
mod google_failures;
mod groups;
mod home;
mod ingress;
mod jobs;
mod leavers;
mod operating;
mod parity;
mod passing;
mod races;
mod refusals;
mod repair;
mod resolve;
mod sandbox;
mod sdk;
mod shares;
mod signals;
mod signals_kept;
mod signals_real;
mod soak;
mod socket;
mod socket_frames;
mod terminal;
mod troubles;
mod unreachable;
mod users;
mod words;

pub use harness::databases;
