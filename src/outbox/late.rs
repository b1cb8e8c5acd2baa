//! What waited too long is told together with what waits behind it.

use super::{Deliver, Outbox};
use crate::{
    domain::{
        late::{LATE, Waiting, can_lead, together},
        time::Timestamp,
    },
    store::{self, Tx, deliveries::Delivery},
    telemetry::DeliveryOutcome,
};

/// Whether a delivery waited so long that it tells what waits behind it, too. What may stand there
/// already must not become longer.
pub(super) fn leads(delivery: &Delivery, now: Timestamp) -> bool {
    let begun = delivery.sent_at.is_some();
    let late = now.since(delivery.created_at) >= LATE;
    late && !begun && can_lead(&delivery.payload)
}

impl<D: Deliver> Outbox<D> {
    /// `delivery`, which leads, as it tells what waits behind it in its lane, too; none when it stays alone.
    ///
    /// In the transaction that holds its outage and marks it as sent: from then on it says what it says.
    pub(super) async fn told_together(
        &self,
        tx: &mut Tx,
        delivery: &Delivery,
        now: Timestamp,
    ) -> store::Result<Option<Delivery>> {
        let behind = store::late::behind(tx, delivery).await?;
        let first = Waiting {
            id: delivery.id,
            at: delivery.created_at,
            task: delivery.payload.clone(),
        };
        let Some(together) = together(&first, &behind) else {
            return Ok(None);
        };
        store::late::fold(tx, delivery.id, &together, now).await?;
        for waiting in behind {
            if together.folded.contains(&waiting.id) {
                let kind = waiting.task.kind();
                self.metrics.delivery(kind, DeliveryOutcome::Folded);
            }
        }
        tracing::info!(
            delivery.id = delivery.id.0,
            folded = together.folded.len(),
            "what waited for long is told together"
        );
        Ok(Some(Delivery {
            payload: together.task,
            ..delivery.clone()
        }))
    }
}
