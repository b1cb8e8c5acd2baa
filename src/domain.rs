//! Plain data and rules of an outage: no I/O, no async, and no clock but the argument `now`.
//!
//! Everything here can be tested with values alone. The heart is [`decide::declare`] and
//! [`decide::decide`]: what a person may make of an outage, what that writes into its history,
//! and what the outside world has to hear of it.

pub mod actor;
pub mod address;
pub mod catalog;
pub mod change;
pub mod channel;
pub mod command;
pub mod component;
pub mod decide;
pub mod delivery;
pub mod effect;
pub mod eta;
pub mod health;
pub mod ids;
pub mod impact;
pub mod late;
pub mod limits;
pub mod membership;
pub mod money;
pub mod outage;
pub mod person;
pub mod policy;
pub mod refusal;
pub mod repair;
pub mod status;
pub mod time;
