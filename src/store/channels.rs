//! Dedicated channels: the one in which people work on an outage.

use sqlx::types::Json;

use super::{Result, Tx, among::among, db::on};
use crate::domain::{
    actor::Identity,
    ids::{ChannelId, OutageId, WorkspaceId},
    outage::DedicatedChannel,
    time::Timestamp,
};

/// A dedicated channel with what only its keeper needs to know.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Row {
    pub outage_id: OutageId,
    pub name: String,
    pub channel_id: Option<ChannelId>,
    pub made_here: bool,
    pub requested_by: Json<Identity>,
    pub requested_at: Timestamp,
    pub failed: Option<String>,
    /// As it was last set from here; empty when never.
    pub topic: String,
    pub warned_at: Option<Timestamp>,
    pub archived_at: Option<Timestamp>,
}

impl Row {
    pub fn into_channel(self) -> DedicatedChannel {
        DedicatedChannel {
            name: self.name,
            id: self.channel_id,
            made_here: self.made_here,
            failed: self.failed,
            archived_at: self.archived_at,
        }
    }
}

const COLUMNS: &str = "outage_id, name, channel_id, made_here, requested_by, requested_at, failed, \
                       topic, warned_at, archived_at";

/// Asks for a channel, in place of one that could not be had.
pub async fn request(
    tx: &mut Tx,
    outage: OutageId,
    workspace: &WorkspaceId,
    name: &str,
    made_here: bool,
    by: &Identity,
    now: Timestamp,
) -> Result<()> {
    const SQL: &str = "
        INSERT INTO dedicated_channels (outage_id, workspace_id, name, made_here, requested_by, requested_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (outage_id) DO UPDATE SET name = excluded.name, made_here = excluded.made_here,
            requested_by = excluded.requested_by, requested_at = excluded.requested_at,
            channel_id = NULL, failed = NULL, topic = '', warned_at = NULL, archived_at = NULL";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(outage)
            .bind(workspace)
            .bind(name)
            .bind(made_here)
            .bind(Json(by))
            .bind(now)
            .execute(conn)
            .await?;
    });
    Ok(())
}

pub(super) async fn of_outages(
    tx: &mut Tx,
    outages: impl Iterator<Item = OutageId>,
) -> Result<Vec<Row>> {
    let among = among(tx, "outage_id");
    let sql = format!("SELECT {COLUMNS} FROM dedicated_channels WHERE {among}");
    on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(super::among::ids(outages.map(|it| it.0)))
            .fetch_all(conn)
            .await
    })
}

pub async fn of_outage(tx: &mut Tx, outage: OutageId) -> Result<Option<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM dedicated_channels WHERE outage_id = $1");
    on!(tx, |conn| sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(outage)
        .fetch_optional(conn)
        .await)
}

/// The outages that this channel is or was dedicated to, newest first.
pub async fn outages_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    channel: &ChannelId,
) -> Result<Vec<OutageId>> {
    const SQL: &str = "
        SELECT outage_id FROM dedicated_channels
        WHERE workspace_id = $1 AND channel_id = $2 AND failed IS NULL ORDER BY outage_id DESC";
    on!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(workspace)
        .bind(channel)
        .fetch_all(conn)
        .await)
}

/// As [`outages_of`], with those whose people asked for this channel and wait until the bot is in it.
pub async fn wanted_by(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    channel: &ChannelId,
) -> Result<Vec<OutageId>> {
    // Until the bot knows its name, a channel is called by its ID.
    const SQL: &str = "
        SELECT outage_id FROM dedicated_channels
        WHERE workspace_id = $1 AND failed IS NULL
          AND (channel_id = $2 OR (channel_id IS NULL AND NOT made_here AND name = $2))
        ORDER BY outage_id DESC";
    on!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(workspace)
        .bind(channel)
        .fetch_all(conn)
        .await)
}

/// The channel exists, is called so, and the bot is in it.
pub async fn record_ready(
    tx: &mut Tx,
    outage: OutageId,
    channel: &ChannelId,
    name: &str,
) -> Result<()> {
    const SQL: &str = "
        UPDATE dedicated_channels SET channel_id = $2, name = $3, failed = NULL WHERE outage_id = $1";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(outage)
            .bind(channel)
            .bind(name)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// There is no channel, and why.
pub async fn record_failed(tx: &mut Tx, outage: OutageId, why: &str) -> Result<()> {
    const SQL: &str = "
        UPDATE dedicated_channels SET failed = $2 WHERE outage_id = $1 AND channel_id IS NULL";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(outage)
            .bind(why)
            .execute(conn)
            .await?;
    });
    Ok(())
}

pub async fn record_topic(tx: &mut Tx, outage: OutageId, topic: &str) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query("UPDATE dedicated_channels SET topic = $2 WHERE outage_id = $1")
            .bind(outage)
            .bind(topic)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Something happens in a channel: that its members were told it will be archived counts no more,
/// for none of its outages.
pub async fn forget_warnings(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    channel: &ChannelId,
) -> Result<()> {
    const SQL: &str = "
        UPDATE dedicated_channels SET warned_at = NULL
        WHERE workspace_id = $1 AND channel_id = $2 AND warned_at IS NOT NULL";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(workspace)
            .bind(channel)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Its members are told that it will be archived.
pub async fn record_warned(tx: &mut Tx, outage: OutageId, at: Timestamp) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query("UPDATE dedicated_channels SET warned_at = $2 WHERE outage_id = $1")
            .bind(outage)
            .bind(at)
            .execute(conn)
            .await?;
    });
    Ok(())
}

pub async fn record_archived(tx: &mut Tx, outage: OutageId, at: Timestamp) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query("UPDATE dedicated_channels SET archived_at = $2 WHERE outage_id = $1")
            .bind(outage)
            .bind(at)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Channels made here, not archived yet, of outages that ended before `ended_before`, and in which
/// nobody works on another one since. Those whose archiving was tried since the warning are left
/// alone: should that not work out, they must not stand before the others for ever.
pub async fn left(tx: &mut Tx, ended_before: Timestamp, limit: i64) -> Result<Vec<OutageId>> {
    const SQL: &str = "
        SELECT kept.outage_id FROM dedicated_channels AS kept JOIN outages ON outages.id = kept.outage_id
        WHERE kept.made_here AND kept.channel_id IS NOT NULL AND kept.archived_at IS NULL
          AND outages.phase IN ('resolved', 'withdrawn') AND outages.ended_at < $1
          AND NOT EXISTS (SELECT 1 FROM dedicated_channels AS also
              JOIN outages AS other ON other.id = also.outage_id
              WHERE also.workspace_id = kept.workspace_id AND also.channel_id = kept.channel_id
                AND also.failed IS NULL AND (other.ended_at IS NULL OR other.ended_at >= $1))
          AND NOT EXISTS (SELECT 1 FROM deliveries
              WHERE deliveries.outage_id = kept.outage_id AND deliveries.kind = 'archive'
                AND deliveries.created_at >= kept.warned_at)
        ORDER BY kept.outage_id LIMIT $2";
    on!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(ended_before)
        .bind(limit)
        .fetch_all(conn)
        .await)
}
