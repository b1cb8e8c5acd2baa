//! Where the announcement of an outage stands.

use super::{Result, Tx, db::on};
use crate::domain::{
    ids::{ChannelId, MessageTs, OutageId, WorkspaceId},
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Announcement {
    pub outage_id: OutageId,
    pub workspace_id: WorkspaceId,
    pub channel_id: ChannelId,
    /// None until it was posted.
    pub message_ts: Option<MessageTs>,
    pub permalink: Option<String>,
    pub pinned: bool,
}

pub async fn insert(
    tx: &mut Tx,
    outage: OutageId,
    workspace: &WorkspaceId,
    channel: &ChannelId,
) -> Result<()> {
    const SQL: &str =
        "INSERT INTO announcements (outage_id, workspace_id, channel_id) VALUES ($1, $2, $3)";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(outage)
            .bind(workspace)
            .bind(channel)
            .execute(conn)
            .await?;
    });
    Ok(())
}

pub async fn of_outage(tx: &mut Tx, outage: OutageId) -> Result<Option<Announcement>> {
    const SQL: &str = "
        SELECT outage_id, workspace_id, channel_id, message_ts, permalink, pinned
        FROM announcements WHERE outage_id = $1";
    on!(tx, |conn| sqlx::query_as(SQL)
        .bind(outage)
        .fetch_optional(conn)
        .await)
}

/// The announcement that is this message.
pub async fn at(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    channel: &ChannelId,
    ts: &MessageTs,
) -> Result<Option<Announcement>> {
    const SQL: &str = "
        SELECT outage_id, workspace_id, channel_id, message_ts, permalink, pinned
        FROM announcements WHERE workspace_id = $1 AND channel_id = $2 AND message_ts = $3";
    on!(tx, |conn| sqlx::query_as(SQL)
        .bind(workspace)
        .bind(channel)
        .bind(ts)
        .fetch_optional(conn)
        .await)
}

pub async fn record_posted(
    tx: &mut Tx,
    outage: OutageId,
    channel: &ChannelId,
    ts: &MessageTs,
    now: Timestamp,
) -> Result<()> {
    const SQL: &str = "
        UPDATE announcements SET channel_id = $2, message_ts = $3, posted_at = $4, rendered_at = $4
        WHERE outage_id = $1";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(outage)
            .bind(channel)
            .bind(ts)
            .bind(now)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Slack took how the outage stood at `now`.
pub async fn record_rendered(tx: &mut Tx, outage: OutageId, now: Timestamp) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query("UPDATE announcements SET rendered_at = $2 WHERE outage_id = $1")
            .bind(outage)
            .bind(now)
            .execute(conn)
            .await?;
    });
    Ok(())
}

pub async fn record_permalink(tx: &mut Tx, outage: OutageId, permalink: &str) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query("UPDATE announcements SET permalink = $2 WHERE outage_id = $1")
            .bind(outage)
            .bind(permalink)
            .execute(conn)
            .await?;
    });
    Ok(())
}

pub async fn record_pinned(tx: &mut Tx, outage: OutageId, pinned: bool) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query("UPDATE announcements SET pinned = $2 WHERE outage_id = $1")
            .bind(outage)
            .bind(pinned)
            .execute(conn)
            .await?;
    });
    Ok(())
}
