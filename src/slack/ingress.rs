//! What Slack sends us: verified, read, answered.
//!
//! `signature` proves that Slack sent it, `envelope` reads it without breaking on what Slack may
//! add tomorrow, `http` is the transport. Nothing here knows what an outage is.

pub mod envelope;
pub mod http;
pub mod signature;
