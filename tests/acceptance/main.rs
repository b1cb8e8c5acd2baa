//! Stories of people, told through the local Slack.

#[path = "../harness/mod.rs"]
mod harness;

mod announce;
mod change;
mod crash;
mod deliveries;
mod ingress;
mod refusals;
mod resolve;

pub use harness::databases;
