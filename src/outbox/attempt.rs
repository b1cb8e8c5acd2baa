//! One attempt at a time: claim, deliver, settle.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use super::{
    Deliver, LEASE, LOOK_AGAIN_AFTER, TURN,
    group::{Ended, Group},
    reach::Reach,
};
use crate::{
    clock::Clock,
    domain::{delivery::Outcome, ids::WorkspaceId, time::Timestamp},
    store::{
        self, Db, Tx,
        deliveries::{Delivery, Settle},
    },
    telemetry::{DeliveryOutcome, Metrics},
};

/// First pause after a failure; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// How soon it shows that the other side lets us in again, without knocking all the time.
const BARRED_PAUSE: Duration = Duration::from_secs(60);

/// How exact the time until something is given up is after that.
const BARRED_ANEW: Duration = Duration::from_secs(600);

/// Why a delivery was given up that was never let through.
const PAUSES: &str = "Slack asked for a pause every time";

/// The queue with what empties it.
pub struct Outbox<D> {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) deliver: D,
    pub(super) metrics: Arc<Metrics>,
    pub(super) wake: Arc<Notify>,
    /// Names this process in leases.
    pub(super) worker: String,
    /// What attempts told lately.
    pub(super) reach: Reach,
    /// What waits to be settled.
    pub(super) group: Group,
    /// How many claims it made.
    pub(super) claims: AtomicU64,
    pub(super) give_up_after: Duration,
    /// How many attempts run at once.
    pub(super) width: usize,
    /// How long a call of the adapter may take.
    pub(super) call_timeout: Duration,
}

impl<D: Deliver> Outbox<D> {
    #[allow(clippy::too_many_arguments)] // the composition root names each of them
    pub fn new(
        db: Db,
        clock: Clock,
        deliver: D,
        metrics: Arc<Metrics>,
        wake: Arc<Notify>,
        give_up_after: Duration,
        width: usize,
        call_timeout: Duration,
    ) -> Outbox<D> {
        Outbox {
            db,
            clock,
            deliver,
            metrics,
            wake,
            worker: uuid::Uuid::now_v7().to_string(),
            reach: Reach::default(),
            group: Group::default(),
            claims: AtomicU64::new(0),
            give_up_after,
            width,
            call_timeout,
        }
    }

    /// Claims what is due, at most `limit`, takes the turns of the conversations, and says that the
    /// calls may happen: whoever claims makes them at once. What is returned is as it was before.
    /// Apart from the worker only a simulation claims, which crashes between this and the attempt.
    pub async fn claim(&self, limit: usize) -> store::Result<Vec<Delivery>> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let until = now.plus(LEASE);
        // A holder of its own for every claim: when the clock jumps over a lease, this very process
        // may claim again what it still works on, and only the later claim may settle it.
        let claims = self.claims.fetch_add(1, Ordering::Relaxed);
        let holder = format!("{}:{claims}", self.worker);
        let claimed = store::deliveries::claim(&mut tx, &holder, now, until, limit).await?;
        let mut turns = self.turns(&mut tx, &claimed, now).await?;
        let mut taken = Vec::with_capacity(claimed.len());
        for delivery in claimed {
            if delivery.conversation.is_empty() || turns.remove(&turn_of(&delivery)) {
                taken.push(delivery);
            } else {
                // Another delivery of this very claim has the turn.
                let again = Settle::Again {
                    due_at: now,
                    why: "waits for its turn in the conversation",
                    uncertain: true,
                    free: true,
                };
                store::deliveries::settle(&mut tx, delivery.id, &holder, &again, now).await?;
            }
        }
        if !taken.is_empty() {
            let ids: Vec<_> = taken.iter().map(|it| it.id).collect();
            store::deliveries::mark_sent(&mut tx, &ids, &holder, now).await?;
        }
        tx.commit().await?;
        Ok(taken)
    }

    /// Takes the turns of the conversations that these are for, and returns which were free.
    async fn turns(
        &self,
        tx: &mut Tx,
        claimed: &[Delivery],
        now: Timestamp,
    ) -> store::Result<BTreeSet<(WorkspaceId, String)>> {
        let mut asked: BTreeMap<&WorkspaceId, BTreeSet<&str>> = BTreeMap::new();
        for delivery in claimed.iter().filter(|it| !it.conversation.is_empty()) {
            let of_workspace = asked.entry(&delivery.workspace_id).or_default();
            of_workspace.insert(&delivery.conversation);
        }
        let mut free = BTreeSet::new();
        for (workspace, conversations) in asked {
            let conversations: Vec<&str> = conversations.into_iter().collect();
            let until = now.plus(TURN);
            let turns =
                store::deliveries::take_turns(tx, workspace, &conversations, now, until).await?;
            free.extend(turns.into_iter().map(|it| (workspace.clone(), it)));
        }
        Ok(free)
    }

    /// Makes one attempt at a claimed delivery and settles it.
    pub async fn attempt(&self, delivery: Delivery) -> store::Result<()> {
        let look_first = delivery.sent_at.is_some();
        // Whoever was held up since the claim may not be the only one any more.
        if delivery.locked_until <= Some(self.clock.now()) {
            return Ok(());
        }
        let workspace = delivery.workspace_id.clone();
        let Some(delivery) = self.with_what_is_late(delivery).await? else {
            return Ok(());
        };
        let call = self.deliver.deliver(&delivery, look_first);
        // An adapter bounds its calls itself; this catches one that does not.
        let outcome = match tokio::time::timeout(LEASE - LOOK_AGAIN_AFTER, call).await {
            Ok(outcome) => outcome,
            Err(_) => Outcome::Uncertain {
                why: "no answer in time".to_owned(),
            },
        };
        self.settle(delivery, look_first, outcome.clone()).await?;
        self.reach.heard(&outcome);
        self.ask_if_suspicious(&workspace).await
    }

    /// Puts back, or gives up, what was not delivered. None when the lease has passed to another
    /// worker: then nothing was written.
    pub(super) async fn put_back(
        &self,
        tx: &mut Tx,
        ended: &Ended,
        now: Timestamp,
    ) -> store::Result<Option<DeliveryOutcome>> {
        let (delivery, outcome, looked_first) =
            (&ended.delivery, &ended.outcome, ended.looked_first);
        let (how, label) = match outcome {
            // These are finished and not put back.
            Outcome::Delivered(_) | Outcome::Moot { .. } => return Ok(None),
            Outcome::RateLimited { .. }
                if now.since(delivery.trying_since) >= self.give_up_after =>
            {
                (Settle::Dead { why: PAUSES }, DeliveryOutcome::Dead)
            }
            Outcome::RateLimited { seconds } => {
                let rest = Duration::from_secs(*seconds).min(store::deliveries::FURTHEST);
                let due_at = now.plus(rest);
                self.rest(tx, delivery, due_at).await?;
                (
                    Settle::Again {
                        due_at,
                        why: "Slack asks for a pause",
                        uncertain: looked_first,
                        free: true,
                    },
                    DeliveryOutcome::RateLimited,
                )
            }
            Outcome::Refused { why } => (Settle::Dead { why }, DeliveryOutcome::Dead),
            Outcome::Barred { why } => (
                Settle::Again {
                    due_at: now.plus(BARRED_PAUSE),
                    why,
                    uncertain: looked_first,
                    free: true,
                },
                DeliveryOutcome::Retried,
            ),
            // Time, not attempts: an outage of Slack's of an hour must not kill anything.
            Outcome::Failed { why } | Outcome::Uncertain { why }
                if now.since(delivery.trying_since) >= self.give_up_after =>
            {
                (Settle::Dead { why }, DeliveryOutcome::Dead)
            }
            Outcome::Uncertain { why } => (
                Settle::Again {
                    due_at: now
                        .plus(pause(delivery.attempts).max(self.call_timeout + LOOK_AGAIN_AFTER)),
                    why,
                    uncertain: true,
                    free: false,
                },
                DeliveryOutcome::Uncertain,
            ),
            Outcome::Failed { why } => (
                Settle::Again {
                    due_at: now.plus(pause(delivery.attempts)),
                    why,
                    uncertain: looked_first,
                    free: false,
                },
                DeliveryOutcome::Retried,
            ),
        };
        if !store::deliveries::settle(tx, delivery.id, holder(delivery), &how, now).await? {
            return Ok(None);
        }
        let kind = delivery.payload.kind();
        match outcome {
            // Said once by whoever calls; here it would be said for each delivery every minute.
            Outcome::Barred { why } => {
                tracing::debug!(delivery.id = delivery.id.0, why, "a delivery waits");
                let earlier = now.minus(BARRED_ANEW);
                let workspace = &delivery.workspace_id;
                store::deliveries::begin_anew(tx, workspace, earlier, now).await?;
            }
            Outcome::Failed { why } | Outcome::Refused { why } | Outcome::Uncertain { why } => {
                tracing::warn!(
                    delivery.id = delivery.id.0,
                    delivery.kind = kind,
                    delivery.attempts = delivery.attempts,
                    outcome = ?label,
                    why,
                    "a delivery did not go through"
                );
                if label == DeliveryOutcome::Dead {
                    self.given_up(tx, delivery, why, now).await?;
                }
            }
            Outcome::RateLimited { .. } if label == DeliveryOutcome::Dead => {
                self.given_up(tx, delivery, PAUSES, now).await?;
            }
            Outcome::RateLimited { .. } | Outcome::Delivered(_) | Outcome::Moot { .. } => {}
        }
        Ok(Some(label))
    }
}

pub(super) fn holder(delivery: &Delivery) -> &str {
    delivery.locked_by.as_deref().unwrap_or_default()
}

fn turn_of(delivery: &Delivery) -> (WorkspaceId, String) {
    (delivery.workspace_id.clone(), delivery.conversation.clone())
}

/// The pause before attempt number `attempts + 1`, with jitter so that many do not come at once.
fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 16) - 1).unwrap_or(0);
    let full = FIRST_PAUSE
        .saturating_mul(2u32.saturating_pow(doublings))
        .min(LONGEST_PAUSE);
    full.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_bounded() {
        for attempts in 1..40 {
            let pause = pause(attempts);
            assert!(pause >= FIRST_PAUSE / 2 && pause <= LONGEST_PAUSE);
        }
        assert!(pause(12) > pause(1));
    }
}
