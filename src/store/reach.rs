//! Workspaces that cannot be reached, for all nodes to see. A row is there only meanwhile.

use super::{Result, Tx, db::on};
use crate::domain::{ids::WorkspaceId, time::Timestamp};

/// Since when and why a workspace cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Unreached {
    pub workspace_id: WorkspaceId,
    pub since: Timestamp,
    pub why: String,
    /// When it was last asked for a sign of life.
    pub checked_at: Timestamp,
}

/// Writes down that a workspace cannot be reached; true when that is news.
pub async fn lost(tx: &mut Tx, workspace: &WorkspaceId, why: &str, now: Timestamp) -> Result<bool> {
    const SQL: &str = "
        INSERT INTO unreached (workspace_id, since, why, checked_at) VALUES ($1, $2, $3, $2)
        ON CONFLICT (workspace_id) DO UPDATE SET why = excluded.why, checked_at = excluded.checked_at
        RETURNING since";
    let since: Timestamp = on!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(workspace)
            .bind(now)
            .bind(why)
            .fetch_one(conn)
            .await
    })?;
    Ok(since == now)
}

/// Since when it was out of reach, if it was.
pub async fn found(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Option<Timestamp>> {
    const SQL: &str = "DELETE FROM unreached WHERE workspace_id = $1 RETURNING since";
    on!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(workspace)
        .fetch_optional(conn)
        .await)
}

pub async fn all(tx: &mut Tx) -> Result<Vec<Unreached>> {
    const SQL: &str =
        "SELECT workspace_id, since, why, checked_at FROM unreached ORDER BY workspace_id";
    on!(tx, |conn| sqlx::query_as(SQL).fetch_all(conn).await)
}
