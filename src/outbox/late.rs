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

impl<D: Deliver> Outbox<D> {
    /// `delivery` as it tells what waits behind it in its lane, too; none when it stays alone.
    ///
    /// In the transaction that marks it as sent: from then on it says what it says.
    pub(super) async fn told_together(
        &self,
        tx: &mut Tx,
        delivery: &Delivery,
        now: Timestamp,
    ) -> store::Result<Option<Delivery>> {
        // What may stand there already must not become longer.
        let begun = delivery.sent_at.is_some();
        let late = now.since(delivery.created_at) >= LATE;
        if begun || !late || !can_lead(&delivery.payload) {
            return Ok(None);
        }
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
