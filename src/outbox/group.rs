//! Attempts that end while others are being settled are settled together: one transaction, and one
//! wait for the disk, for all of them.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use tokio::sync::oneshot;

use super::{Deliver, Outbox, attempt::holder};
use crate::{
    domain::delivery::{Outcome, Receipt},
    store::{
        self,
        deliveries::{Delivery, Finished},
    },
    telemetry::DeliveryOutcome,
};

/// An attempt that ended.
pub(super) struct Ended {
    pub(super) delivery: Delivery,
    pub(super) looked_first: bool,
    pub(super) outcome: Outcome,
    settled: oneshot::Sender<store::Result<()>>,
}

/// Attempts that ended and are not settled yet.
#[derive(Default)]
pub(super) struct Group {
    waiting: Mutex<Vec<Ended>>,
    /// Whoever has it settles for all who wait.
    turn: tokio::sync::Mutex<()>,
}

impl<D: Deliver> Outbox<D> {
    /// Settles an attempt, or waits until somebody else has done it.
    pub(super) async fn settle(
        &self,
        delivery: Delivery,
        looked_first: bool,
        outcome: Outcome,
    ) -> store::Result<()> {
        let (settled, told) = oneshot::channel();
        self.group.with(|waiting| {
            waiting.push(Ended {
                delivery,
                looked_first,
                outcome,
                settled,
            });
        });
        let turn = self.group.turn.lock().await;
        let group = self.group.with(std::mem::take);
        self.settle_all(group).await;
        drop(turn);
        // Should whoever settled for us have crashed, the lease runs out.
        told.await.unwrap_or(Err(store::Error::WorkerCrashed))
    }

    async fn settle_all(&self, group: Vec<Ended>) {
        // What did not go through locks more than its own rows, and is rare: each for itself.
        let (mut together, mut alone): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|it| it.finished().is_some());
        // Rows of others that follow from these are locked in one order on all nodes.
        together.sort_by_key(|it| it.delivery.id);
        match self.settle_in_one(&together).await {
            Ok(()) => together.into_iter().for_each(|it| it.tell(Ok(()))),
            // One of them may be the only one that cannot be settled.
            Err(_) if together.len() > 1 => alone.append(&mut together),
            Err(error) => {
                if let Some(only) = together.pop() {
                    only.tell(Err(error));
                }
            }
        }
        for ended in alone {
            let result = self.settle_in_one(std::slice::from_ref(&ended)).await;
            ended.tell(result);
        }
    }

    async fn settle_in_one(&self, group: &[Ended]) -> store::Result<()> {
        if group.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let finished: Vec<_> = group.iter().filter_map(Ended::finished).collect();
        let ours = match finished.is_empty() {
            true => BTreeSet::new(),
            false => store::deliveries::finish(&mut tx, &finished, now).await?,
        };
        let mut labels = Vec::with_capacity(group.len());
        for ended in group {
            labels.push(match ended.finished() {
                Some(it) if ours.contains(&it.id) => {
                    self.follow(&mut tx, ended, now).await?;
                    Some(DeliveryOutcome::Delivered)
                }
                Some(_) => None,
                None => self.put_back(&mut tx, ended, now).await?,
            });
        }
        tx.commit().await?;
        for (ended, label) in group.iter().zip(labels) {
            if let Some(label) = label {
                self.count(ended, label);
            }
        }
        Ok(())
    }

    fn count(&self, ended: &Ended, label: DeliveryOutcome) {
        let kind = ended.delivery.payload.kind();
        if let Outcome::Delivered(_) = ended.outcome {
            let waited = self.clock.now().since(ended.delivery.created_at);
            self.metrics.delivered_after(kind, waited);
        }
        self.metrics.delivery(kind, label);
    }
}

impl Ended {
    /// How it is put away, if it came to a good end.
    fn finished(&self) -> Option<Finished<'_>> {
        let (receipt, note) = match &self.outcome {
            Outcome::Delivered(receipt) => (receipt, None),
            Outcome::Moot { why } => (&Receipt::Done, Some(why.as_str())),
            _ => return None,
        };
        Some(Finished {
            id: self.delivery.id,
            worker: holder(&self.delivery),
            receipt,
            note,
        })
    }

    fn tell(self, result: store::Result<()>) {
        // Whoever waited for it may have been stopped.
        let _ = self.settled.send(result);
    }
}

impl Group {
    fn with<T>(&self, act: impl FnOnce(&mut Vec<Ended>) -> T) -> T {
        act(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
