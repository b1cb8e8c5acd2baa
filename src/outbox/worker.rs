//! The loop that empties the queue.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time};
use tokio_util::sync::CancellationToken;

use super::{Deliver, Outbox, POLL};
use crate::{domain::time::Timestamp, store};

/// While more waits than there are hands, a claim waits this long for more of them to be free: each
/// claim costs a wait for the disk, however few deliveries it is for.
const GATHER: Duration = Duration::from_millis(10);

impl<D: Deliver> Outbox<D> {
    /// Delivers everything that is due now and returns how many attempts that took.
    pub async fn run_once(self: &Arc<Self>) -> store::Result<usize> {
        let mut attempts = 0;
        loop {
            let claimed = self.claim(self.width).await?;
            if claimed.is_empty() {
                return Ok(attempts);
            }
            let mut running = JoinSet::new();
            for delivery in claimed {
                attempts += 1;
                let this = self.clone();
                running.spawn(async move { this.attempt(delivery).await });
            }
            while let Some(done) = running.join_next().await {
                match done {
                    Ok(result) => result?,
                    Err(error) => tracing::error!(%error, "an attempt at a delivery crashed"),
                }
            }
        }
    }

    /// When something will be due that is not due yet.
    pub async fn next_due(&self) -> store::Result<Option<Timestamp>> {
        let mut tx = self.db.read().await?;
        store::deliveries::next_due(&mut tx, self.clock.now()).await
    }

    /// Delivers until `stop`, then lets running attempts finish.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut running: JoinSet<()> = JoinSet::new();
        while !stop.is_cancelled() {
            let free = self.width.saturating_sub(running.len());
            let claimed = if free == 0 {
                Vec::new()
            } else {
                self.claim(free).await.unwrap_or_else(|error| {
                    let error = store::trouble::in_words(&error);
                    tracing::error!(error, "deliveries could not be claimed");
                    Vec::new()
                })
            };
            let busy = !claimed.is_empty();
            let more_wait = claimed.len() == free && free > 0;
            for delivery in claimed {
                let (this, id) = (self.clone(), delivery.id.0);
                running.spawn(async move {
                    if let Err(error) = this.attempt(delivery).await {
                        // The lease runs out and somebody looks at it again.
                        let error = store::trouble::in_words(&error);
                        tracing::error!(error, delivery.id = id, "a delivery could not be settled");
                    }
                });
            }
            if busy && running.len() < self.width {
                continue;
            }
            self.idle(&mut running, &stop).await;
            if more_wait {
                self.gather(&mut running).await;
            }
        }
        while let Some(done) = running.join_next().await {
            report_crash(done);
        }
    }

    /// What was settled together ends together: waits for a while until half the hands are free.
    async fn gather(&self, running: &mut JoinSet<()>) {
        let half_free = async {
            while running.len() > self.width / 2 {
                if let Some(done) = running.join_next().await {
                    report_crash(done);
                }
            }
        };
        // Calls may take seconds, and whoever is free does not wait for them.
        let _ = time::timeout(GATHER, half_free).await;
        while let Some(done) = running.try_join_next() {
            report_crash(done);
        }
    }

    /// Waits for a reason to look again.
    async fn idle(&self, running: &mut JoinSet<()>, stop: &CancellationToken) {
        let poll = self.clock.now().plus(POLL);
        // With no hand free it does not matter what else is due.
        let until = match running.len() < self.width {
            true => match self.next_due().await {
                Ok(Some(due)) => due.min(poll),
                _ => poll,
            },
            false => poll,
        };
        tokio::select! {
            () = stop.cancelled() => {}
            Some(done) = running.join_next(), if !running.is_empty() => report_crash(done),
            () = self.wake.notified() => {}
            () = self.clock.wait(until) => {}
        }
    }
}

fn report_crash(done: Result<(), tokio::task::JoinError>) {
    if let Err(error) = done {
        tracing::error!(%error, "an attempt at a delivery crashed");
    }
}
