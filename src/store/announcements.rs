//! Where the announcement of an outage stands, and where it stood.

use sqlx::types::Json;

use super::{Result, Tx, among::among, db::on};
use crate::domain::{
    ids::{ChannelId, MessageTs, OutageId, OutageNumber, WorkspaceId},
    repair::Because,
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
    /// When that was last written.
    pub pinned_at: Option<Timestamp>,
    /// Counts how often it was posted anew, from 1.
    pub copy: i64,
    /// Why it stands here, when it is not the first or not where it was meant to be.
    pub because: Option<Json<Because>>,
    /// When it was decided to post this copy; none for the first.
    pub copied_at: Option<Timestamp>,
    /// People deleted it again, and it is left so.
    pub away: bool,
    pub deletions: i64,
    pub unpins: i64,
    pub moves: i64,
}

/// An announcement that another one took the place of.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Former {
    pub channel_id: ChannelId,
    pub message_ts: MessageTs,
    pub permalink: Option<String>,
    /// Whether its replies can still be read.
    pub thread_stands: bool,
}

/// Where an announcement is to be looked for.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ToCheck {
    pub outage_id: OutageId,
    pub workspace_id: WorkspaceId,
    pub channel_id: ChannelId,
    pub message_ts: MessageTs,
}

const COLUMNS: &str = "announcements.outage_id, announcements.workspace_id, \
    announcements.channel_id, announcements.message_ts, announcements.permalink, pinned, pinned_at, \
    announcements.copy, because, copied_at, away, deletions, unpins, moves";

/// Of outages that are open.
const OPEN: &str = "outages.phase IN ('investigating', 'identified', 'monitoring')";

/// The first announcement of an outage; `because` when it is not where it was meant to be.
pub async fn insert(
    tx: &mut Tx,
    outage: OutageId,
    workspace: &WorkspaceId,
    channel: &ChannelId,
    because: Option<Because>,
) -> Result<()> {
    const SQL: &str = "
        INSERT INTO announcements (outage_id, workspace_id, channel_id, because)
        VALUES ($1, $2, $3, $4)";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(outage)
            .bind(workspace)
            .bind(channel)
            .bind(because.map(Json))
            .execute(conn)
            .await?;
    });
    Ok(())
}

pub async fn of_outage(tx: &mut Tx, outage: OutageId) -> Result<Option<Announcement>> {
    let sql = format!("SELECT {COLUMNS} FROM announcements WHERE outage_id = $1");
    on!(tx, |conn| sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(outage)
        .fetch_optional(conn)
        .await)
}

/// The announcements of several outages, in no order.
pub async fn of_outages(
    tx: &mut Tx,
    outages: impl IntoIterator<Item = OutageId>,
) -> Result<Vec<Announcement>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM announcements WHERE {}",
        among(tx, "outage_id")
    );
    let ids = super::among::ids(outages.into_iter().map(|it| it.0));
    on!(tx, |conn| sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(ids)
        .fetch_all(conn)
        .await)
}

/// The announcement that is this message.
pub async fn at(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    channel: &ChannelId,
    ts: &MessageTs,
) -> Result<Option<Announcement>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM announcements
         WHERE workspace_id = $1 AND channel_id = $2 AND message_ts = $3"
    );
    on!(tx, |conn| sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(workspace)
        .bind(channel)
        .bind(ts)
        .fetch_optional(conn)
        .await)
}

/// The announcement that took the place of this message.
pub async fn formerly_at(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    channel: &ChannelId,
    ts: &MessageTs,
) -> Result<Option<Announcement>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM announcements
         JOIN former_announcements AS former ON former.outage_id = announcements.outage_id
         WHERE former.workspace_id = $1 AND former.channel_id = $2 AND former.message_ts = $3"
    );
    on!(tx, |conn| sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(workspace)
        .bind(channel)
        .bind(ts)
        .fetch_optional(conn)
        .await)
}

/// Those whose place was taken, the last one first.
pub async fn former(tx: &mut Tx, outage: OutageId) -> Result<Vec<Former>> {
    const SQL: &str = "
        SELECT channel_id, message_ts, permalink, thread_stands FROM former_announcements
        WHERE outage_id = $1 ORDER BY copy DESC";
    on!(tx, |conn| sqlx::query_as(SQL)
        .bind(outage)
        .fetch_all(conn)
        .await)
}

/// Remembers where an announcement stood that another one takes the place of.
pub async fn remember(
    tx: &mut Tx,
    announcement: &Announcement,
    thread_stands: bool,
    now: Timestamp,
) -> Result<()> {
    let Some(ts) = &announcement.message_ts else {
        return Ok(());
    };
    let it = announcement;
    leave(tx, it.outage_id, it.copy, (&it.channel_id, ts), now).await?;
    const SQL: &str = "
        UPDATE former_announcements SET permalink = $3, thread_stands = $4
        WHERE outage_id = $1 AND copy = $2";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(it.outage_id)
            .bind(it.copy)
            .bind(&it.permalink)
            .bind(thread_stands)
            .execute(conn)
            .await?;
    });
    Ok(())
}

async fn leave(
    tx: &mut Tx,
    outage: OutageId,
    copy: i64,
    (channel, ts): (&ChannelId, &MessageTs),
    now: Timestamp,
) -> Result<()> {
    const SQL: &str = "
        INSERT INTO former_announcements (outage_id, copy, workspace_id, channel_id, message_ts, thread_stands, left_at)
        SELECT outage_id, $2, workspace_id, $3, $4, TRUE, $5 FROM announcements WHERE outage_id = $1
        ON CONFLICT DO NOTHING";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(outage)
            .bind(copy)
            .bind(channel)
            .bind(ts)
            .bind(now)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Writes where an announcement stands and what was done about it. Whoever does so holds its
/// outage's row.
pub async fn save(tx: &mut Tx, it: &Announcement) -> Result<()> {
    const SQL: &str = "
        UPDATE announcements SET channel_id = $2, message_ts = $3, permalink = $4, pinned = $5,
            pinned_at = $6, copy = $7, because = $8, copied_at = $9, away = $10, deletions = $11,
            unpins = $12, moves = $13
        WHERE outage_id = $1";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(it.outage_id)
            .bind(&it.channel_id)
            .bind(&it.message_ts)
            .bind(&it.permalink)
            .bind(it.pinned)
            .bind(it.pinned_at)
            .bind(it.copy)
            .bind(it.because)
            .bind(it.copied_at)
            .bind(it.away)
            .bind(it.deletions)
            .bind(it.unpins)
            .bind(it.moves)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// A copy stands there now. One whose place was taken while it was on its way is remembered as a
/// former one.
pub async fn record_posted(
    tx: &mut Tx,
    outage: OutageId,
    copy: i64,
    channel: &ChannelId,
    ts: &MessageTs,
    now: Timestamp,
) -> Result<()> {
    const SQL: &str = "
        UPDATE announcements SET channel_id = $2, message_ts = $3, posted_at = $4, rendered_at = $4
        WHERE outage_id = $1 AND copy = $5";
    let current = on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(outage)
            .bind(channel)
            .bind(ts)
            .bind(now)
            .bind(copy)
            .execute(conn)
            .await?
            .rows_affected()
    }) == 1;
    if !current {
        leave(tx, outage, copy, (channel, ts), now).await?;
    }
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

/// Nothing is written about a copy whose place was taken.
pub async fn record_permalink(
    tx: &mut Tx,
    outage: OutageId,
    copy: i64,
    permalink: &str,
) -> Result<()> {
    const SQL: &str = "UPDATE announcements SET permalink = $3 WHERE outage_id = $1 AND copy = $2";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(outage)
            .bind(copy)
            .bind(permalink)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Nothing is written about a copy whose place was taken.
pub async fn record_pinned(
    tx: &mut Tx,
    outage: OutageId,
    copy: i64,
    pinned: bool,
    now: Timestamp,
) -> Result<()> {
    const SQL: &str = "
        UPDATE announcements SET pinned = $3, pinned_at = $4 WHERE outage_id = $1 AND copy = $2";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(outage)
            .bind(copy)
            .bind(pinned)
            .bind(now)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Open outages whose announcement stands in a channel, or is meant to, by number.
pub async fn open_in(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    channel: &ChannelId,
) -> Result<Vec<OutageNumber>> {
    let sql = format!(
        "SELECT outages.number FROM announcements
         JOIN outages ON outages.id = announcements.outage_id
         WHERE announcements.workspace_id = $1 AND announcements.channel_id = $2 AND NOT away
           AND {OPEN}
         ORDER BY outages.number"
    );
    on!(tx, |conn| sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(workspace)
        .bind(channel)
        .fetch_all(conn)
        .await)
}

/// The channels that announcements of open outages stand in.
pub async fn channels_in_use(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<ChannelId>> {
    let sql = format!(
        "SELECT DISTINCT announcements.channel_id FROM announcements
         JOIN outages ON outages.id = announcements.outage_id
         WHERE announcements.workspace_id = $1 AND NOT away AND {OPEN}
         ORDER BY announcements.channel_id"
    );
    on!(tx, |conn| sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(workspace)
        .fetch_all(conn)
        .await)
}

/// Announcements of open outages that nobody looked at for longest.
pub async fn to_check(tx: &mut Tx, workspace: &WorkspaceId, limit: i64) -> Result<Vec<ToCheck>> {
    let sql = format!(
        "SELECT announcements.outage_id, announcements.workspace_id, announcements.channel_id,
                announcements.message_ts
         FROM announcements JOIN outages ON outages.id = announcements.outage_id
         WHERE announcements.workspace_id = $1 AND message_ts IS NOT NULL AND NOT away AND {OPEN}
         ORDER BY checked_at IS NOT NULL, checked_at, outages.id LIMIT $2"
    );
    on!(tx, |conn| sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(workspace)
        .bind(limit)
        .fetch_all(conn)
        .await)
}

pub async fn record_checked(tx: &mut Tx, outage: OutageId, now: Timestamp) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query("UPDATE announcements SET checked_at = $2 WHERE outage_id = $1")
            .bind(outage)
            .bind(now)
            .execute(conn)
            .await?;
    });
    Ok(())
}
