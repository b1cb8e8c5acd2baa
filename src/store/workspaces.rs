//! The Slack workspace that the bot is installed in, and counters per workspace.

use super::{Result, Tx, db::on};
use crate::domain::{
    ids::{SlackUserId, WorkspaceId},
    time::Timestamp,
};

/// What `auth.test` said of the installation.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Workspace {
    pub id: WorkspaceId,
    pub name: String,
    pub url: String,
    pub bot_user_id: String,
    pub bot_id: String,
}

pub async fn save(tx: &mut Tx, workspace: &Workspace, now: Timestamp) -> Result<()> {
    const SQL: &str = "
        INSERT INTO workspaces (id, name, url, bot_user_id, bot_id, seen_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, url = excluded.url,
            bot_user_id = excluded.bot_user_id, bot_id = excluded.bot_id, seen_at = excluded.seen_at";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(&workspace.id)
            .bind(&workspace.name)
            .bind(&workspace.url)
            .bind(&workspace.bot_user_id)
            .bind(&workspace.bot_id)
            .bind(now)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// The workspace that was last seen.
pub async fn latest(tx: &mut Tx) -> Result<Option<Workspace>> {
    const SQL: &str = "
        SELECT id, name, url, bot_user_id, bot_id FROM workspaces ORDER BY seen_at DESC LIMIT 1";
    on!(tx, |conn| sqlx::query_as(SQL).fetch_optional(conn).await)
}

pub async fn by_id(tx: &mut Tx, id: &WorkspaceId) -> Result<Option<Workspace>> {
    const SQL: &str = "
        SELECT id, name, url, bot_user_id, bot_id FROM workspaces WHERE id = $1";
    on!(tx, |conn| sqlx::query_as(SQL)
        .bind(id)
        .fetch_optional(conn)
        .await)
}

/// Slack's IDs of those who cannot be invited anywhere: bots, and people who left.
pub async fn not_to_invite(tx: &mut Tx, id: &WorkspaceId) -> Result<Vec<SlackUserId>> {
    const SQL: &str = "
        SELECT slack_user_id FROM people
        WHERE workspace_id = $1 AND (is_bot OR deactivated_at IS NOT NULL)";
    on!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(id)
        .fetch_all(conn)
        .await)
}

/// Takes the next value of a counter, from 1 and without gaps: a rolled back transaction gives
/// its value back.
pub async fn next_value(tx: &mut Tx, workspace: &WorkspaceId, name: &str) -> Result<i64> {
    const SQL: &str = "
        INSERT INTO counters (workspace_id, name, value) VALUES ($1, $2, 1)
        ON CONFLICT (workspace_id, name) DO UPDATE SET value = counters.value + 1
        RETURNING value";
    on!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(workspace)
            .bind(name)
            .fetch_one(conn)
            .await
    })
}
