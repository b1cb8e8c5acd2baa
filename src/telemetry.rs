//! What the operator sees: logs, the words for what was not reached, and metrics that are passed to
//! whoever counts. Nothing here decides anything, and nothing here is global but the log subscriber.

mod labels;
pub mod logs;
mod metrics;
pub mod unreached;

pub use labels::{
    DeliveryOutcome, InboxOutcome, SignalOutcome, SlackRequest, SlackRequestOutcome, SocketEnd,
};
pub use metrics::{CONTENT_TYPE, Metrics, ModalOpening};
