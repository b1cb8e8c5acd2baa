//! How it stands with memberships that are read elsewhere.

use super::{Result, Tx, db::on};
use crate::domain::{ids::WorkspaceId, membership::Source, time::Timestamp};

/// The last try to read the members of a group from a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sync {
    pub group: String,
    pub source: Source,
    pub tried_at: Timestamp,
    /// When it was last read as a whole.
    pub synced_at: Option<Timestamp>,
    /// Why the last try changed nothing; empty when it went well.
    pub problem: String,
    /// How many memberships wait for somebody to say that they may go.
    pub would_remove: i64,
    /// When administrators heard of that.
    pub warned_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    group_name: String,
    source: String,
    tried_at: Timestamp,
    synced_at: Option<Timestamp>,
    problem: String,
    would_remove: i64,
    warned_at: Option<Timestamp>,
}

impl Row {
    fn into_sync(self) -> Option<Sync> {
        Some(Sync {
            group: self.group_name,
            source: self.source.parse().ok()?,
            tried_at: self.tried_at,
            synced_at: self.synced_at,
            problem: self.problem,
            would_remove: self.would_remove,
            warned_at: self.warned_at,
        })
    }
}

pub async fn all(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Sync>> {
    const SQL: &str = "
        SELECT group_name, source, tried_at, synced_at, problem, would_remove, warned_at
        FROM group_syncs WHERE workspace_id = $1 ORDER BY group_name, source";
    let rows: Vec<Row> = on!(tx, |conn| sqlx::query_as(SQL)
        .bind(workspace)
        .fetch_all(conn)
        .await)?;
    Ok(rows.into_iter().filter_map(Row::into_sync).collect())
}

/// How it stands with one list; none when nobody has tried to read it.
pub async fn of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    group: &str,
    source: &Source,
) -> Result<Option<Sync>> {
    const SQL: &str = "
        SELECT group_name, source, tried_at, synced_at, problem, would_remove, warned_at
        FROM group_syncs WHERE workspace_id = $1 AND group_name = $2 AND source = $3";
    let row: Option<Row> = on!(tx, |conn| sqlx::query_as(SQL)
        .bind(workspace)
        .bind(group)
        .bind(source.to_string())
        .fetch_optional(conn)
        .await)?;
    Ok(row.and_then(Row::into_sync))
}

/// Writes how it stands over what was known.
pub async fn save(tx: &mut Tx, workspace: &WorkspaceId, sync: &Sync) -> Result<()> {
    const SQL: &str = "
        INSERT INTO group_syncs (workspace_id, group_name, source, tried_at, synced_at, problem,
                                 would_remove, warned_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (workspace_id, group_name, source) DO UPDATE SET
            tried_at = excluded.tried_at, synced_at = excluded.synced_at,
            problem = excluded.problem, would_remove = excluded.would_remove,
            warned_at = excluded.warned_at";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(workspace)
            .bind(&sync.group)
            .bind(sync.source.to_string())
            .bind(sync.tried_at)
            .bind(sync.synced_at)
            .bind(&sync.problem)
            .bind(sync.would_remove)
            .bind(sync.warned_at)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Forgets a source that is not read any more.
pub async fn forget(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    group: &str,
    source: &Source,
) -> Result<()> {
    const SQL: &str =
        "DELETE FROM group_syncs WHERE workspace_id = $1 AND group_name = $2 AND source = $3";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(workspace)
            .bind(group)
            .bind(source.to_string())
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// How many lists could not be read last time, and how many wait for somebody's yes.
pub async fn figures(tx: &mut Tx) -> Result<(i64, i64)> {
    const SQL: &str = "
        SELECT COUNT(*) FILTER (WHERE problem <> ''), COUNT(*) FILTER (WHERE would_remove > 0)
        FROM group_syncs";
    on!(tx, |conn| sqlx::query_as(SQL).fetch_one(conn).await)
}
