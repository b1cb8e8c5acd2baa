//! When each job last ran, how it went, and when it is next due: for all nodes together.

use std::time::Duration;

use super::{Result, Tx, db::on};
use crate::domain::time::Timestamp;

/// The job that reads who is in the groups that come from elsewhere: events ask for it.
pub const GROUPS: &str = "groups";

/// The last run of a job.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Run {
    pub job: String,
    /// Which node ran it.
    pub node: String,
    pub started_at: Timestamp,
    /// None while it runs, and when its node went away.
    pub finished_at: Option<Timestamp>,
    /// When it is due by itself.
    pub next_at: Timestamp,
    /// When it is due because somebody asked for it since it last started.
    pub wanted_at: Option<Timestamp>,
    pub failed: bool,
    /// What it did, or why it failed.
    pub outcome: String,
}

impl Run {
    pub fn due_at(&self) -> Timestamp {
        self.wanted_at
            .map_or(self.next_at, |it| it.min(self.next_at))
    }
}

pub async fn of_job(tx: &mut Tx, job: &str) -> Result<Option<Run>> {
    const SQL: &str = "
        SELECT job, node, started_at, finished_at, next_at, wanted_at, failed, outcome
        FROM job_runs WHERE job = $1";
    on!(tx, |conn| sqlx::query_as(SQL)
        .bind(job)
        .fetch_optional(conn)
        .await)
}

/// Should its node go away, it is due again at `next_at`.
pub async fn record_started(
    tx: &mut Tx,
    job: &str,
    node: &str,
    now: Timestamp,
    next_at: Timestamp,
) -> Result<()> {
    const SQL: &str = "
        INSERT INTO job_runs (job, node, started_at, next_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (job) DO UPDATE SET node = excluded.node, started_at = excluded.started_at,
            finished_at = NULL, next_at = excluded.next_at, wanted_at = NULL";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(job)
            .bind(node)
            .bind(now)
            .bind(next_at)
            .execute(conn)
            .await?;
    });
    Ok(())
}

pub async fn record_finished(
    tx: &mut Tx,
    job: &str,
    outcome: std::result::Result<&str, &str>,
    now: Timestamp,
    next_at: Timestamp,
) -> Result<()> {
    const SQL: &str = "
        UPDATE job_runs SET finished_at = $2, next_at = $3, failed = $4, outcome = $5 WHERE job = $1";
    let (failed, outcome) = match outcome {
        Ok(done) => (false, done),
        Err(why) => (true, why),
    };
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(job)
            .bind(now)
            .bind(next_at)
            .bind(failed)
            .bind(outcome)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Asks for a run of a job before its time: now, or `pause` after it last started, so that many who
/// ask at once have one run. What is asked for while it runs comes after that run, which may have
/// looked already. A job that never ran is due anyway.
pub async fn ask_for(tx: &mut Tx, job: &str, now: Timestamp, pause: Duration) -> Result<()> {
    let Some(run) = of_job(tx, job).await? else {
        return Ok(());
    };
    // A start in the future is of a clock that has been set back since.
    let rested = match run.started_at > now {
        true => now,
        false => run.started_at.plus(pause),
    };
    let at = now.max(rested);
    if run.due_at() <= at {
        return Ok(());
    }
    on!(tx, |conn| {
        sqlx::query("UPDATE job_runs SET wanted_at = $2 WHERE job = $1")
            .bind(job)
            .bind(at)
            .execute(conn)
            .await?;
    });
    Ok(())
}
