//! What Slack sends us: verified, read, answered.
//!
//! There are two ways in: `http`, where `signature` proves that Slack sent it, and `socket`, where
//! we opened the connection ourselves. `envelope` reads what comes without breaking on what Slack
//! may add tomorrow, and `answering` sees that the answer is there in time. Nothing here knows what
//! an outage is.

pub mod answering;
pub mod envelope;
pub mod http;
pub mod signature;
pub mod socket;
