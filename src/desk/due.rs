//! What becomes due because time passes. Called by jobs; when they run is their business.

use std::time::Duration;

use super::Desk;
use crate::{
    domain::{
        actor::Identity,
        effect::Effect,
        eta::{STEP, overdue},
        ids::OutageId,
        time::Timestamp,
    },
    store::{self, leases::Lease},
};

/// How long before it is archived a channel hears of it.
const WARNING: Duration = Duration::from_secs(24 * 3600);

/// How many channels are looked at in one go.
const CHANNELS: i64 = 100;

/// Why what is due was not done.
#[derive(Debug, thiserror::Error)]
pub enum DueError {
    #[error("another node has taken over")]
    LeaseLost,
    #[error("{}", store::trouble::in_words(.0))]
    Store(#[from] store::Error),
}

impl Desk {
    /// Renders announcements anew whose words about the ETA are not true any more: ten minutes
    /// before it, at it, and after it ever more seldom. Returns how many.
    pub async fn refresh_etas(&self, lease: Option<&Lease>) -> Result<usize, DueError> {
        let now = self.clock.now();
        let mut tx = self.db.read().await?;
        let near = store::etas::near_their_eta(&mut tx, now.plus(STEP)).await?;
        drop(tx);
        let by = Identity::Job { name: "eta".into() };
        let mut refreshed = 0;
        for (id, due, rendered_at) in near {
            let stale = rendered_at.is_none_or(|it| it < last_moment(due, now));
            if stale {
                self.follow_up(id, &by, &[Effect::Refresh], lease, now)
                    .await?;
                refreshed += 1;
            }
        }
        Ok(refreshed)
    }

    /// Warns of the archiving of channels whose outage is over for long enough, and archives those
    /// that were warned. Only channels that were made here. Returns how many.
    pub async fn archive_channels(&self, lease: Option<&Lease>) -> Result<usize, DueError> {
        let Some(after) = self.policy.channels.archive_after else {
            return Ok(0);
        };
        let now = self.clock.now();
        let warning = WARNING.min(after);
        let mut tx = self.db.read().await?;
        let left = store::channels::left(&mut tx, now.minus(after - warning), CHANNELS).await?;
        let mut due = Vec::new();
        for id in left {
            if let Some(row) = store::channels::of_outage(&mut tx, id).await? {
                match row.warned_at {
                    None => due.push((
                        id,
                        Effect::WarnOfArchive {
                            at: now.plus(warning),
                        },
                    )),
                    Some(at) if now.since(at) >= warning => {
                        due.push((id, Effect::ArchiveChannel { warned_at: at }));
                    }
                    Some(_) => {}
                }
            }
        }
        drop(tx);
        let by = Identity::Job {
            name: "archive".into(),
        };
        let found = due.len();
        for (id, effect) in due {
            self.follow_up(id, &by, &[effect], lease, now).await?;
        }
        Ok(found)
    }

    /// Queues effects that change nothing of the outage itself, while the lease is ours.
    async fn follow_up(
        &self,
        id: OutageId,
        by: &Identity,
        effects: &[Effect],
        lease: Option<&Lease>,
        now: Timestamp,
    ) -> Result<(), DueError> {
        let mut tx = self.db.begin().await?;
        if let Some(lease) = lease
            && !store::leases::hold(&mut tx, lease, now).await?
        {
            return Err(DueError::LeaseLost);
        }
        if let Some(outage) = store::outages::by_id(&mut tx, id).await? {
            self.enqueue(&mut tx, &outage, by, effects, now).await?;
            tx.commit().await?;
            self.wake.notify_one();
        }
        Ok(())
    }
}

/// The last moment at or before `now` at which the words about an ETA changed; `due` is less than
/// a step ahead.
fn last_moment(due: Timestamp, now: Timestamp) -> Timestamp {
    if now < due {
        return due.minus(STEP);
    }
    due.plus(overdue(now.since(due)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_change_ten_minutes_before_at_and_ever_more_seldom_after() {
        let at = |minutes: i64| Timestamp::from_epoch(1_772_366_400 + minutes * 60);
        let due = at(0);
        assert_eq!(last_moment(due, at(-10)), at(-10));
        assert_eq!(last_moment(due, at(-1)), at(-10));
        assert_eq!(last_moment(due, at(0)), at(0));
        assert_eq!(last_moment(due, at(9)), at(0));
        assert_eq!(last_moment(due, at(25)), at(20));
        assert_eq!(last_moment(due, at(359)), at(350));
        assert_eq!(last_moment(due, at(659)), at(600));
        assert_eq!(last_moment(due, at(100 * 60)), at(4 * 24 * 60));
    }
}
