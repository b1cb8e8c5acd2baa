//! Who looked at the bot's Home tab lately, and what is queued so that they see how things stand.

use std::{collections::BTreeSet, time::Duration};

use serde::Serialize;
use sqlx::types::Json;

use super::{
    Result, Tx,
    among::among_texts,
    db::on,
    deliveries::{self, NewDelivery},
};
use crate::domain::{
    delivery::Task,
    ids::{PersonId, SlackUserId, WorkspaceId},
    time::Timestamp,
};

/// For how long after somebody looked their Home tab is kept up to date.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// For how many, at most: those who looked last.
const LATEST: i64 = 200;

/// Changes are shown to so many a second: about what Slack takes of these calls, and few enough
/// that announcements never wait behind two hundred Home tabs.
const TURNS: u32 = 2;

/// What has waited for less is on its way, and no news.
const ON_ITS_WAY: Duration = Duration::from_secs(60);

/// A delivery for each of many.
#[derive(Serialize)]
struct Row {
    lane: String,
    conversation: String,
    key: String,
    task: Task,
}

/// What waits to reach the other side for longer than it should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Backlog {
    pub waiting: i64,
    /// Since when the oldest of it waits.
    pub since: Option<Timestamp>,
}

/// Remembers that somebody looks at their Home tab.
pub async fn visited(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    user: &SlackUserId,
    now: Timestamp,
) -> Result<()> {
    const SQL: &str = "
        INSERT INTO home_tabs (workspace_id, slack_user_id, opened_at) VALUES ($1, $2, $3)
        ON CONFLICT (workspace_id, slack_user_id) DO UPDATE SET opened_at = excluded.opened_at";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(workspace)
            .bind(user)
            .bind(now)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Forgets that somebody looked.
pub async fn forget(tx: &mut Tx, workspace: &WorkspaceId, user: &SlackUserId) -> Result<()> {
    const SQL: &str = "DELETE FROM home_tabs WHERE workspace_id = $1 AND slack_user_id = $2";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(workspace)
            .bind(user)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Forgets who looked too long ago. Returns how many.
pub async fn forget_old(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    Ok(on!(tx, |conn| {
        sqlx::query("DELETE FROM home_tabs WHERE opened_at <= $1")
            .bind(now.minus(KEPT))
            .execute(conn)
            .await?
            .rows_affected()
    }))
}

/// Whose Home tab is kept up to date, those first who looked last.
pub async fn visitors(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    now: Timestamp,
) -> Result<Vec<SlackUserId>> {
    const SQL: &str = "
        SELECT slack_user_id FROM home_tabs WHERE workspace_id = $1 AND opened_at > $2
        ORDER BY opened_at DESC, slack_user_id LIMIT $3";
    on!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(workspace)
        .bind(now.minus(KEPT))
        .bind(LATEST)
        .fetch_all(conn)
        .await)
}

/// Queues the Home tab of somebody who looks at it now, and so waits for no turn.
pub async fn publish(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    user: &SlackUserId,
    now: Timestamp,
) -> Result<()> {
    const HURRY: &str = "
        UPDATE deliveries SET conversation = ''
        WHERE lane = $1 AND done_at IS NULL AND locked_by IS NULL";
    let waits = on!(tx, |conn| {
        sqlx::query(HURRY)
            .bind(lane(user))
            .execute(conn)
            .await?
            .rows_affected()
    }) > 0;
    if waits {
        return Ok(());
    }
    let new = NewDelivery {
        workspace: workspace.clone(),
        outage: None,
        lane: lane(user),
        conversation: String::new(),
        after: None,
        dedupe_key: format!("home:{user}:visit:{}", now.micros()),
        task: Task::Home { user: user.clone() },
        due_at: now,
    };
    deliveries::enqueue(tx, &new, now).await?;
    Ok(())
}

/// Queues the Home tab of everybody who looked lately, but for those whose waits already: that one
/// will show the state of this transaction. `because` tells this change from every other one.
pub async fn publish_all(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    because: &str,
    now: Timestamp,
) -> Result<()> {
    let visitors = visitors(tx, workspace, now).await?;
    queue(tx, workspace, visitors, because, now).await
}

/// As [`publish_all`], for those alone whom one of `members` means: a Slack user ID, or an address
/// that somebody is known by.
pub async fn publish_to(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    members: &BTreeSet<String>,
    because: &str,
    now: Timestamp,
) -> Result<()> {
    let mut visitors = visitors(tx, workspace, now).await?;
    // Most of the time nobody looks.
    if visitors.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT slack_user_id FROM people WHERE workspace_id = $2 AND ({} OR {})",
        among_texts(tx, "slack_user_id"),
        among_texts(tx, "address")
    );
    let meant: Vec<SlackUserId> = on!(tx, |conn| {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(Json(members))
            .bind(workspace)
            .fetch_all(conn)
            .await
    })?;
    visitors.retain(|it| meant.contains(it));
    queue(tx, workspace, visitors, because, now).await
}

/// Queues the Home tab of these, but for those whose waits already.
async fn queue(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    visitors: Vec<SlackUserId>,
    because: &str,
    now: Timestamp,
) -> Result<()> {
    if visitors.is_empty() {
        return Ok(());
    }
    let served = waiting(tx, &visitors).await?;
    let rows: Vec<Row> = visitors
        .into_iter()
        .filter(|it| !served.contains(&lane(it)))
        .map(|user| Row {
            lane: lane(&user),
            conversation: turn(&user),
            key: format!("home:{user}:{because}:{}", now.micros()),
            task: Task::Home { user },
        })
        .collect();
    enqueue(tx, workspace, &rows, now).await
}

/// The lanes of these people in which a delivery waits that nobody has claimed. It is locked until
/// the commit, so no worker takes it meanwhile. What somebody else has locked does not count:
/// rather one Home tab too many than two changes that wait for each other.
async fn waiting(tx: &mut Tx, visitors: &[SlackUserId]) -> Result<BTreeSet<String>> {
    macro_rules! sql {
        ($elements:literal, $lock:literal) => {
            concat!(
                "UPDATE deliveries SET due_at = due_at WHERE id IN (
                     SELECT id FROM deliveries
                     WHERE lane IN (SELECT value FROM ",
                $elements,
                "($1)) AND done_at IS NULL AND locked_by IS NULL ",
                $lock,
                ") RETURNING lane"
            )
        };
    }
    let sql = match tx.is_postgres() {
        true => sql!("JSONB_ARRAY_ELEMENTS_TEXT", "FOR UPDATE SKIP LOCKED"),
        false => sql!("JSON_EACH", ""),
    };
    let lanes: Vec<String> = visitors.iter().map(lane).collect();
    let waiting: Vec<String> = on!(tx, |conn| sqlx::query_scalar(sql)
        .bind(Json(lanes))
        .fetch_all(conn)
        .await)?;
    Ok(waiting.into_iter().collect())
}

/// All in one statement: there may be many, and whoever changes an outage waits for it.
async fn enqueue(tx: &mut Tx, workspace: &WorkspaceId, rows: &[Row], now: Timestamp) -> Result<()> {
    macro_rules! sql {
        ($elements:literal) => {
            concat!(
                "INSERT INTO deliveries (workspace_id, kind, lane, conversation, dedupe_key, payload,
                                         due_at, trying_since, created_at)
                 SELECT $1, 'home', it.value ->> 'lane', it.value ->> 'conversation',
                        it.value ->> 'key', it.value -> 'task', $3, $3, $3
                 FROM ",
                $elements,
                "($2) AS it WHERE TRUE ON CONFLICT (dedupe_key) DO NOTHING"
            )
        };
    }
    if rows.is_empty() {
        return Ok(());
    }
    let sql = match tx.is_postgres() {
        true => sql!("JSONB_ARRAY_ELEMENTS"),
        false => sql!("JSON_EACH"),
    };
    on!(tx, |conn| {
        sqlx::query(sql)
            .bind(workspace)
            .bind(Json(rows))
            .bind(now)
            .execute(conn)
            .await?;
    });
    Ok(())
}

fn lane(user: &SlackUserId) -> String {
    format!("home:{user}")
}

/// Which of the turns somebody takes part in.
fn turn(user: &SlackUserId) -> String {
    let sum: u32 = user.as_str().bytes().map(u32::from).sum();
    format!("home:{}", sum % TURNS)
}

/// How many outages are open, and how many of them are a person's.
pub async fn open(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    person: Option<PersonId>,
) -> Result<(i64, i64)> {
    const SQL: &str = "
        SELECT COUNT(*), COUNT(*) FILTER (WHERE $2 IN (creator_id,
            COALESCE(solution_assignee_id, creator_id), COALESCE(communication_assignee_id, creator_id)))
        FROM outages
        WHERE workspace_id = $1 AND phase IN ('investigating', 'identified', 'monitoring')";
    on!(tx, |conn| sqlx::query_as(SQL)
        .bind(workspace)
        .bind(person)
        .fetch_one(conn)
        .await)
}

/// What waits longer than it should: what rests after a failure, and what waits behind that. Not
/// what goes on at this moment, and not Home tabs, which say nothing that is not said elsewhere.
pub async fn backlog(tx: &mut Tx, workspace: &WorkspaceId, now: Timestamp) -> Result<Backlog> {
    const SQL: &str = "
        SELECT COUNT(*) AS waiting, MIN(created_at) AS since FROM deliveries
        WHERE workspace_id = $1 AND done_at IS NULL AND kind NOT IN ('home', 'sweep')
          AND created_at <= $2
          AND EXISTS (SELECT 1 FROM deliveries AS resting
              WHERE resting.lane = deliveries.lane AND resting.id <= deliveries.id
                AND resting.done_at IS NULL AND resting.last_error IS NOT NULL
                AND resting.due_at > $3)";
    on!(tx, |conn| sqlx::query_as(SQL)
        .bind(workspace)
        .bind(now.minus(ON_ITS_WAY))
        .bind(now)
        .fetch_one(conn)
        .await)
}

/// How many deliveries of a workspace were given up.
pub async fn given_up(tx: &mut Tx, workspace: &WorkspaceId) -> Result<i64> {
    const SQL: &str = "
        SELECT COUNT(*) FROM deliveries WHERE workspace_id = $1 AND dead_at IS NOT NULL";
    on!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(workspace)
        .fetch_one(conn)
        .await)
}
