//! Whether the other side can be reached: suspected when attempts fail, decided by asking.
//!
//! While it cannot, nothing is tried: the whole workspace rests, on all nodes, until it gives a sign
//! of life. So an outage of Slack's is one line in the log and not a thousand failed calls.

use std::sync::atomic::{AtomicU32, Ordering};

use super::{Deliver, Outbox, REST, SUSPICIOUS};
use crate::{
    domain::{delivery::Outcome, ids::WorkspaceId},
    store,
};

/// What this node's attempts told lately.
#[derive(Default)]
pub(super) struct Reach {
    /// Attempts in a row that brought no answer.
    unanswered: AtomicU32,
}

impl Reach {
    pub(super) fn heard(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Delivered(_) | Outcome::Refused { .. } | Outcome::RateLimited { .. } => {
                self.unanswered.store(0, Ordering::Relaxed);
            }
            // Nothing will get through; no need for a second one.
            Outcome::Barred { .. } => self.unanswered.store(SUSPICIOUS, Ordering::Relaxed),
            // Some failures are answers, too; whoever asks finds out.
            Outcome::Failed { .. } | Outcome::Uncertain { .. } => {
                self.unanswered.fetch_add(1, Ordering::Relaxed);
            }
            // No call was made.
            Outcome::Moot { .. } => {}
        }
    }
}

impl<D: Deliver> Outbox<D> {
    /// After too many failures in a row: is anybody there?
    pub(super) async fn ask_if_suspicious(&self, workspace: &WorkspaceId) -> store::Result<()> {
        let unanswered = &self.reach.unanswered;
        // Whoever sees the count reach its limit asks; the others go on.
        let due = unanswered
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                (count >= SUSPICIOUS).then_some(0)
            })
            .is_ok();
        if due && let Err(why) = self.deliver.answers().await {
            self.lost(workspace, &why).await?;
        }
        Ok(())
    }

    /// Asks what could not be reached for a sign of life, and goes on when there is one.
    pub async fn look_for_signs_of_life(&self) -> store::Result<()> {
        let mut tx = self.db.read().await?;
        let unreached = store::reach::all(&mut tx).await?;
        drop(tx);
        self.metrics.set_slack_reachable(unreached.is_empty());
        for it in unreached {
            match self.deliver.answers().await {
                Ok(()) => self.found(&it.workspace_id).await?,
                Err(why) => self.lost(&it.workspace_id, &why).await?,
            }
        }
        Ok(())
    }

    async fn lost(&self, workspace: &WorkspaceId, why: &str) -> store::Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let say = store::reach::lost(&mut tx, workspace, why, now).await?;
        store::deliveries::pause(&mut tx, workspace, "*", now.plus(REST)).await?;
        tx.commit().await?;
        self.metrics.set_slack_reachable(false);
        if say {
            tracing::error!(
                why,
                "Slack cannot be reached: nothing is lost, deliveries wait until it answers"
            );
        }
        Ok(())
    }

    async fn found(&self, workspace: &WorkspaceId) -> store::Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let was = store::reach::found(&mut tx, workspace).await?;
        let waiting = store::deliveries::go_on(&mut tx, workspace, now).await?;
        tx.commit().await?;
        self.metrics.set_slack_reachable(true);
        self.wake.notify_one();
        if let Some(was) = was.filter(|it| it.told) {
            let seconds = now.since(was.since).as_secs();
            tracing::info!(seconds, waiting, "Slack answers again: deliveries go on");
        }
        Ok(())
    }
}
