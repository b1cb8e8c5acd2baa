//! What waited too long is told together with what waits behind it.

use super::{Deliver, Outbox, attempt::holder};
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
fn leads(delivery: &Delivery, now: Timestamp) -> bool {
    let begun = delivery.sent_at.is_some();
    let late = now.since(delivery.created_at) >= LATE;
    late && !begun && can_lead(&delivery.payload)
}

impl<D: Deliver> Outbox<D> {
    /// `delivery` as it tells what waits behind it in its lane, too, if it is late. None when it is
    /// not ours any more.
    ///
    /// A transaction of its own: it locks what waits, which whoever claims must not do.
    pub(super) async fn with_what_is_late(
        &self,
        delivery: Delivery,
    ) -> store::Result<Option<Delivery>> {
        let now = self.clock.now();
        if !leads(&delivery, now) {
            return Ok(Some(delivery));
        }
        let mut tx = self.db.begin().await?;
        if let Some(outage) = delivery.outage_id {
            // Before any delivery, as whoever changes the outage does: else each could lock what
            // the other one needs.
            store::outages::hold_one(&mut tx, outage).await?;
        }
        let (ids, holder) = ([delivery.id], holder(&delivery));
        if store::deliveries::mark_sent(&mut tx, &ids, holder, now).await? == 0 {
            return Ok(None);
        }
        let together = self.told_together(&mut tx, &delivery, now).await?;
        tx.commit().await?;
        Ok(Some(together.unwrap_or(delivery)))
    }

    async fn told_together(
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
