//! Messages of dedicated channels that were shared into the thread of an announcement.

use super::{Result, Tx, db::on};
use crate::domain::{
    ids::{ChannelId, MessageTs, OutageId, PersonId, ShareId, WorkspaceId},
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Share {
    pub id: ShareId,
    pub workspace_id: WorkspaceId,
    pub outage_id: OutageId,
    pub channel_id: ChannelId,
    pub message_ts: MessageTs,
    /// A Slack user ID; empty for an app.
    pub author_user: String,
    pub author_name: String,
    pub author_picture: Option<String>,
    /// As written, in Slack's markup.
    pub text: String,
    pub permalink: Option<String>,
    pub shared_by: PersonId,
    pub offered_to: Option<PersonId>,
    pub round: i64,
    /// The line in the announcement's thread; none until it was posted.
    pub posted_ts: Option<MessageTs>,
    /// Where that is.
    pub posted_channel: Option<ChannelId>,
    pub edited: bool,
    pub deleted: bool,
    pub withdrawn_at: Option<Timestamp>,
}

/// What is known of a message when it is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub channel: ChannelId,
    pub ts: MessageTs,
    pub author_user: String,
    pub author_name: String,
    pub author_picture: Option<String>,
    pub text: String,
    pub permalink: Option<String>,
}

const COLUMNS: &str = "id, workspace_id, outage_id, channel_id, message_ts, author_user, \
    author_name, author_picture, text, permalink, shared_by, offered_to, round, posted_ts, posted_channel, edited, \
    deleted, withdrawn_at";

/// Keeps a message as shared; none when it is shared already. One that was withdrawn is shared
/// anew, for the next round; where its line stands is kept until that is taken out of the thread,
/// so that a line which nobody took out yet is used again. None, too, while that line stands in the
/// thread of another outage.
pub async fn share(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    outage: OutageId,
    source: &Source,
    by: PersonId,
    now: Timestamp,
) -> Result<Option<Share>> {
    let sql = format!(
        "INSERT INTO shares (workspace_id, outage_id, channel_id, message_ts, author_user, author_name,
             author_picture, text, permalink, shared_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (workspace_id, channel_id, message_ts) DO UPDATE SET
             outage_id = excluded.outage_id, text = excluded.text, permalink = excluded.permalink,
             author_name = excluded.author_name, author_picture = excluded.author_picture,
             shared_by = excluded.shared_by, offered_to = NULL, round = shares.round + 1,
             edited = FALSE, deleted = FALSE, withdrawn_at = NULL
         WHERE shares.withdrawn_at IS NOT NULL
             AND (shares.posted_ts IS NULL OR shares.outage_id = excluded.outage_id)
         RETURNING {COLUMNS}"
    );
    on!(tx, |conn| sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(workspace)
        .bind(outage)
        .bind(&source.channel)
        .bind(&source.ts)
        .bind(&source.author_user)
        .bind(&source.author_name)
        .bind(&source.author_picture)
        .bind(&source.text)
        .bind(&source.permalink)
        .bind(by)
        .bind(now)
        .fetch_optional(conn)
        .await)
}

pub async fn by_id(tx: &mut Tx, id: ShareId) -> Result<Option<Share>> {
    let sql = format!("SELECT {COLUMNS} FROM shares WHERE id = $1");
    on!(tx, |conn| sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(conn)
        .await)
}

pub async fn of_message(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    channel: &ChannelId,
    ts: &MessageTs,
) -> Result<Option<Share>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM shares
         WHERE workspace_id = $1 AND channel_id = $2 AND message_ts = $3"
    );
    on!(tx, |conn| sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(workspace)
        .bind(channel)
        .bind(ts)
        .fetch_optional(conn)
        .await)
}

/// The line stands there now.
pub async fn record_posted(
    tx: &mut Tx,
    id: ShareId,
    channel: &ChannelId,
    ts: &MessageTs,
) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query("UPDATE shares SET posted_channel = $2, posted_ts = $3 WHERE id = $1")
            .bind(id)
            .bind(channel)
            .bind(ts)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// The line was taken out of the thread.
pub async fn record_unposted(tx: &mut Tx, id: ShareId) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query("UPDATE shares SET posted_ts = NULL WHERE id = $1")
            .bind(id)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Remembers who was asked whether to withdraw it.
pub async fn record_offer(tx: &mut Tx, id: ShareId, to: PersonId) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query("UPDATE shares SET offered_to = $2 WHERE id = $1")
            .bind(id)
            .bind(to)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// The source was edited.
pub async fn record_edited(tx: &mut Tx, id: ShareId, text: &str) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query("UPDATE shares SET text = $2, edited = TRUE WHERE id = $1")
            .bind(id)
            .bind(text)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// The source is gone, and with it what it said.
pub async fn record_deleted(tx: &mut Tx, id: ShareId) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query("UPDATE shares SET text = '', deleted = TRUE WHERE id = $1")
            .bind(id)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Takes a share back; false when it was already.
pub async fn withdraw(tx: &mut Tx, id: ShareId, now: Timestamp) -> Result<bool> {
    const SQL: &str = "
        UPDATE shares SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at IS NULL";
    Ok(on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(id)
            .bind(now)
            .execute(conn)
            .await?
            .rows_affected()
    }) == 1)
}
