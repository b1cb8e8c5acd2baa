//! Workspaces that cannot be reached, for all nodes to see. A row is there only meanwhile.

use std::time::Duration;

use super::{Result, Tx, db::on, deliveries};
use crate::domain::{ids::WorkspaceId, time::Timestamp};

/// Since when and why a workspace cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Unreached {
    pub workspace_id: WorkspaceId,
    pub since: Timestamp,
    pub why: String,
    /// When it was last asked for a sign of life.
    pub checked_at: Timestamp,
    /// Whether the log says so.
    pub told: bool,
}

/// After it was said in some log that a workspace is out of reach, no node says it again for this
/// long: one that comes and goes would fill the logs.
pub const QUIET: Duration = Duration::from_secs(120);

/// Takes its turns beside the conversations, but nothing is ever delivered there.
const SAYING_SO: &str = "log:reach";

/// Writes down that a workspace cannot be reached; true when that should be said.
pub async fn lost(tx: &mut Tx, workspace: &WorkspaceId, why: &str, now: Timestamp) -> Result<bool> {
    const SQL: &str = "
        INSERT INTO unreached (workspace_id, since, why, checked_at) VALUES ($1, $2, $3, $2)
        ON CONFLICT (workspace_id) DO UPDATE SET why = excluded.why, checked_at = excluded.checked_at
        RETURNING told";
    const TOLD: &str = "UPDATE unreached SET told = TRUE WHERE workspace_id = $1";
    let told: bool = on!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(workspace)
            .bind(now)
            .bind(why)
            .fetch_one(conn)
            .await
    })?;
    if told {
        return Ok(false);
    }
    let until = now.plus(QUIET);
    let turn = deliveries::take_turns(tx, workspace, &[SAYING_SO], now, until).await?;
    if turn.is_empty() {
        return Ok(false);
    }
    on!(tx, |conn| {
        sqlx::query(TOLD).bind(workspace).execute(conn).await?;
    });
    Ok(true)
}

/// How it was out of reach, if it was.
pub async fn found(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Option<Unreached>> {
    const SQL: &str = "
        DELETE FROM unreached WHERE workspace_id = $1
        RETURNING workspace_id, since, why, checked_at, told";
    on!(tx, |conn| sqlx::query_as(SQL)
        .bind(workspace)
        .fetch_optional(conn)
        .await)
}

pub async fn all(tx: &mut Tx) -> Result<Vec<Unreached>> {
    const SQL: &str = "
        SELECT workspace_id, since, why, checked_at, told FROM unreached ORDER BY workspace_id";
    on!(tx, |conn| sqlx::query_as(SQL).fetch_all(conn).await)
}
