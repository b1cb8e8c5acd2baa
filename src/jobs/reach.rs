//! Looks for signs of life where deliveries go, while they cannot be reached.

use crate::outbox::{Deliver, Outbox};

/// Asks once; nothing happens while everything can be reached.
pub async fn run_once<D: Deliver>(outbox: &Outbox<D>) -> anyhow::Result<()> {
    Ok(outbox.look_for_signs_of_life().await?)
}
