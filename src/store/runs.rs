//! When each job last ran, how it went, and when it is next due: for all nodes together.

use super::{Result, Tx, db::on};
use crate::domain::time::Timestamp;

/// The last run of a job.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Run {
    pub job: String,
    /// Which node ran it.
    pub node: String,
    pub started_at: Timestamp,
    /// None while it runs, and when its node went away.
    pub finished_at: Option<Timestamp>,
    pub next_at: Timestamp,
    pub failed: bool,
    /// What it did, or why it failed.
    pub outcome: String,
}

pub async fn of_job(tx: &mut Tx, job: &str) -> Result<Option<Run>> {
    const SQL: &str = "
        SELECT job, node, started_at, finished_at, next_at, failed, outcome
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
            finished_at = NULL, next_at = excluded.next_at";
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
