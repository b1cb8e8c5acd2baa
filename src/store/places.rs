//! Channels for announcements: which of them cannot be used.

use sqlx::types::Json;

use super::{Result, Tx, db::on};
use crate::domain::{
    ids::{ChannelId, WorkspaceId},
    repair::{Because, Channel},
    time::Timestamp,
};

#[derive(sqlx::FromRow)]
struct Row {
    lost_at: Option<Timestamp>,
    because: Option<Json<Because>>,
    found_at: Option<Timestamp>,
    rejoin_at: Option<Timestamp>,
    rejoining: bool,
}

/// What is known of a channel; of most of them nothing.
pub async fn of(tx: &mut Tx, workspace: &WorkspaceId, channel: &ChannelId) -> Result<Channel> {
    const SQL: &str = "
        SELECT lost_at, because, found_at, rejoin_at, rejoining FROM announcement_channels
        WHERE workspace_id = $1 AND channel_id = $2";
    let row: Option<Row> = on!(tx, |conn| sqlx::query_as(SQL)
        .bind(workspace)
        .bind(channel)
        .fetch_optional(conn)
        .await)?;
    Ok(row.map_or_else(Channel::default, |it| Channel {
        lost: it.lost_at.zip(it.because.map(|it| it.0)),
        found_at: it.found_at,
        rejoin_at: it.rejoin_at,
        rejoining: it.rejoining,
    }))
}

/// As [`of`], and nobody else may write it until the commit.
pub async fn hold(tx: &mut Tx, workspace: &WorkspaceId, channel: &ChannelId) -> Result<Channel> {
    const SQL: &str = "
        INSERT INTO announcement_channels (workspace_id, channel_id) VALUES ($1, $2)
        ON CONFLICT (workspace_id, channel_id) DO UPDATE SET channel_id = excluded.channel_id";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(workspace)
            .bind(channel)
            .execute(conn)
            .await?;
    });
    of(tx, workspace, channel).await
}

/// Writes what is known. Whoever does so holds it.
pub async fn save(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    channel: &ChannelId,
    known: &Channel,
) -> Result<()> {
    const SQL: &str = "
        UPDATE announcement_channels
        SET lost_at = $3, because = $4, found_at = $5, rejoin_at = $6, rejoining = $7
        WHERE workspace_id = $1 AND channel_id = $2";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(workspace)
            .bind(channel)
            .bind(known.lost.map(|it| it.0))
            .bind(known.lost.map(|it| Json(it.1)))
            .bind(known.found_at)
            .bind(known.rejoin_at)
            .bind(known.rejoining)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Those that were found to be of no use and not of use since.
pub async fn lost(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<ChannelId>> {
    const SQL: &str = "
        SELECT channel_id FROM announcement_channels
        WHERE workspace_id = $1 AND (lost_at IS NOT NULL OR rejoining) ORDER BY channel_id";
    on!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(workspace)
        .fetch_all(conn)
        .await)
}
