//! When jobs run: each at its time, on one node, and again soon when it fails.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{Job, Jobs};
use crate::{
    domain::time::Timestamp,
    outbox::Deliver,
    store::{self, leases::Lease},
};

/// How often a node looks whether a job is due, at least.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// A job that failed is tried again after this time, if it would not be sooner.
const AFTER_FAILURE: Duration = Duration::from_secs(300);

/// What became of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It ran; what it did.
    Ran(String),
    Failed(String),
    /// It is not due yet.
    Early {
        next_at: Timestamp,
    },
    /// Another node is at it.
    Taken {
        by: String,
        until: Timestamp,
    },
}

impl<D: Deliver> Jobs<D> {
    /// Looks again and again whether `job` is due, until `stop`.
    pub async fn repeat(self: Arc<Self>, job: Job, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let now = self.clock.now();
            let mut until = now.plus(job.every().min(LOOK_EVERY));
            // Before Slack has said which workspace this is, nobody can be looked for in it.
            let turn = match job == Job::Users && self.slack.workspace().is_none() {
                true => Ok(Turn::Early { next_at: until }),
                false if job.may_be_left() => tokio::select! {
                    () = stop.cancelled() => return,
                    turn = self.turn(job, false) => turn,
                },
                false => self.turn(job, false).await,
            };
            match turn {
                Ok(Turn::Early { next_at }) => until = until.min(next_at),
                Ok(_) => {}
                Err(error) => {
                    let error = store::trouble::in_words(&error);
                    tracing::error!(job = job.name(), error, "a job could not be looked at");
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.clock.wait(until) => {}
                () = self.asked_for(job) => {}
            }
        }
    }

    /// Waits until somebody asks for a job before its time, here; other nodes look for themselves.
    async fn asked_for(&self, job: Job) {
        match job {
            Job::Groups => self.slack.groups_wake.notified().await,
            _ => std::future::pending().await,
        }
    }

    /// Runs a job if it is due, or in any case with `at_once`, unless another node is at it.
    pub async fn turn(&self, job: Job, at_once: bool) -> store::Result<Turn> {
        if job.on_every_node() {
            let ran = self.run_once(job, None).await;
            return Ok(self.report(job, ran));
        }
        let lease = match self.take(job, at_once).await? {
            Ok(lease) => lease,
            Err(turn) => return Ok(turn),
        };
        let ran = self.run_once(job, Some(&lease)).await;
        let turn = self.report(job, ran);
        self.finish(job, &lease, &turn).await?;
        Ok(turn)
    }

    async fn take(&self, job: Job, at_once: bool) -> store::Result<Result<Lease, Turn>> {
        let now = self.clock.now();
        // Most looks find nothing to do; they write nothing.
        if !at_once {
            let mut tx = self.db.read().await?;
            if let Some(next_at) = not_before(&mut tx, job, now).await? {
                return Ok(Err(Turn::Early { next_at }));
            }
        }
        let mut tx = self.db.begin().await?;
        let name = lease_name(job);
        let Some(lease) = store::leases::take(&mut tx, &name, &self.node, now).await? else {
            let holder = store::leases::holder(&mut tx, &name, now).await?;
            let (by, until) = holder.unwrap_or_else(|| (String::new(), now));
            return Ok(Err(Turn::Taken { by, until }));
        };
        // Another node may have run it since we looked.
        if !at_once && let Some(next_at) = not_before(&mut tx, job, now).await? {
            return Ok(Err(Turn::Early { next_at }));
        }
        let again = now.plus(job.every().min(AFTER_FAILURE));
        store::runs::record_started(&mut tx, job.name(), &self.node, now, again).await?;
        tx.commit().await?;
        Ok(Ok(lease))
    }

    async fn finish(&self, job: Job, lease: &Lease, turn: &Turn) -> store::Result<()> {
        let now = self.clock.now();
        let (outcome, pause) = match turn {
            Turn::Failed(why) => (Err(why.as_str()), job.every().min(AFTER_FAILURE)),
            Turn::Ran(done) => (Ok(done.as_str()), job.every()),
            Turn::Early { .. } | Turn::Taken { .. } => return Ok(()),
        };
        let mut tx = self.db.begin().await?;
        if store::leases::give_back(&mut tx, lease, now).await? {
            let next_at = now.plus(pause);
            store::runs::record_finished(&mut tx, job.name(), outcome, now, next_at).await?;
        }
        tx.commit().await
    }

    fn report(&self, job: Job, ran: anyhow::Result<String>) -> Turn {
        self.metrics.job_ran(job.name(), ran.is_ok());
        match ran {
            Ok(done) => Turn::Ran(done),
            Err(error) => {
                let why = store::trouble::of_any(&error);
                tracing::error!(job = job.name(), why, "a job failed and is tried again");
                Turn::Failed(why)
            }
        }
    }
}

pub fn lease_name(job: Job) -> String {
    format!("job:{}", job.name())
}

/// When a job is due that is not due yet. What is due later than it can be was written by a clock
/// that has been set back since.
async fn not_before(
    tx: &mut store::Tx,
    job: Job,
    now: Timestamp,
) -> store::Result<Option<Timestamp>> {
    let run = store::runs::of_job(tx, job.name()).await?;
    let next_at = run.map(|it| it.due_at());
    Ok(next_at.filter(|it| *it > now && it.since(now) <= job.every()))
}
