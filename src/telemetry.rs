//! What the operator sees: logs, and metrics that are passed to whoever counts. Nothing here
//! decides anything, and nothing here is global but the log subscriber.

mod labels;
pub mod logs;
mod metrics;

pub use labels::{DeliveryOutcome, InboxOutcome, SlackRequest, SlackRequestOutcome, SocketEnd};
pub use metrics::{CONTENT_TYPE, Metrics, ModalOpening};
