//! Rows of the outbox: written with the change they follow from, claimed one attempt at a time.

use std::{collections::BTreeSet, time::Duration};

use sqlx::types::Json;

use super::{
    Result, Tx,
    among::{among, each},
    db::on,
};
use crate::domain::{
    delivery::{Receipt, Task},
    ids::{DeliveryId, OutageId, WorkspaceId},
    time::Timestamp,
};

/// A delivery to be queued.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    pub workspace: WorkspaceId,
    pub outage: Option<OutageId>,
    /// Deliveries of one lane happen in the order in which they were queued.
    pub lane: String,
    /// Paced together; empty is not paced.
    pub conversation: String,
    /// Waits until that one is finished.
    pub after: Option<DeliveryId>,
    /// Queued at most once.
    pub dedupe_key: String,
    pub task: Task,
    pub due_at: Timestamp,
}

/// A claimed delivery.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Delivery {
    pub id: DeliveryId,
    pub workspace_id: WorkspaceId,
    pub outage_id: Option<OutageId>,
    pub lane: String,
    pub conversation: String,
    #[sqlx(json)]
    pub payload: Task,
    /// With this one.
    pub attempts: i64,
    pub created_at: Timestamp,
    /// Since when it is tried. It may have waited for others long before, or been taken back to life.
    pub trying_since: Timestamp,
    /// When it was first sent without an answer; then look before sending again.
    pub sent_at: Option<Timestamp>,
    /// Who holds it.
    pub locked_by: Option<String>,
    pub locked_until: Option<Timestamp>,
}

/// Queues a delivery; none when its key was queued before.
pub async fn enqueue(tx: &mut Tx, new: &NewDelivery, now: Timestamp) -> Result<Option<DeliveryId>> {
    const SQL: &str = "
        INSERT INTO deliveries (workspace_id, outage_id, kind, lane, conversation, after_id,
                                dedupe_key, payload, due_at, trying_since, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)
        ON CONFLICT (dedupe_key) DO NOTHING RETURNING id";
    on!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(&new.workspace)
            .bind(new.outage)
            .bind(new.task.kind())
            .bind(&new.lane)
            .bind(&new.conversation)
            .bind(new.after)
            .bind(&new.dedupe_key)
            .bind(Json(&new.task))
            .bind(new.due_at)
            .bind(now)
            .fetch_optional(conn)
            .await
    })
}

/// No pause and no lease reaches further ahead. What does was written by a clock that has been set
/// back since, and nobody should wait for it.
pub const FURTHEST: Duration = Duration::from_secs(600);

/// Leases up to `limit` due deliveries to `worker` until `until`. At most one of each lane; none
/// whose conversation, whose kind, or whose whole workspace has a pause.
///
/// Pauses are counted, not asked for with `EXISTS`: then each row looks up its own three, instead of
/// all that there are.
///
/// The picked rows stand in a materialized CTE: as a plain `IN` subquery PostgreSQL may run the
/// `LIMIT … SKIP LOCKED` more than once and lock more rows than asked.
pub async fn claim(
    tx: &mut Tx,
    worker: &str,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Delivery>> {
    macro_rules! claim_sql {
        ($lock:literal) => {
            concat!(
                "WITH due AS MATERIALIZED (
                     SELECT id FROM deliveries AS head
                     WHERE done_at IS NULL AND (due_at <= $3 OR created_at > $5)
                       AND (locked_until IS NULL OR locked_until <= $3 OR locked_until > $5)
                       AND NOT EXISTS (
                           SELECT 1 FROM deliveries AS older
                           WHERE older.lane = head.lane AND older.id < head.id AND older.done_at IS NULL)
                       AND NOT EXISTS (
                           SELECT 1 FROM deliveries AS awaited
                           WHERE awaited.id = head.after_id AND awaited.done_at IS NULL)
                       AND 0 = (
                           SELECT COUNT(CASE WHEN free_at > $3 AND free_at <= $5 THEN 1 END) FROM pacing
                           WHERE pacing.workspace_id = head.workspace_id
                             AND pacing.conversation IN (head.conversation, 'kind:' || head.kind, '*'))
                     ORDER BY due_at, id LIMIT $4 ",
                $lock,
                ")
                 UPDATE deliveries SET locked_by = $1, locked_until = $2, attempts = attempts + 1,
                     trying_since = CASE WHEN last_error IS NULL AND sent_at IS NULL THEN $3
                                         ELSE trying_since END
                 WHERE id IN (SELECT id FROM due)
                 RETURNING id, workspace_id, outage_id, lane, conversation, payload, attempts,
                           created_at, trying_since, sent_at, locked_by, locked_until"
            )
        };
    }
    let sql = if tx.is_postgres() {
        claim_sql!("FOR UPDATE SKIP LOCKED")
    } else {
        claim_sql!("")
    };
    if tx.is_postgres() {
        // Where many rows came to wait since the table was last analysed, the planner takes them for
        // a handful, and looks at all of them before it sorts. In the order of `deliveries_due` it is
        // done as soon as it has enough. What it is told for that makes every cost look immense, and
        // that alone would have it compile the query.
        const IN_ORDER: &str = "
            SELECT set_config('enable_sort', 'off', TRUE), set_config('enable_bitmapscan', 'off', TRUE),
                   set_config('jit', 'off', TRUE)";
        on!(tx, |conn| {
            sqlx::query(IN_ORDER).execute(conn).await?;
        });
    }
    let mut claimed: Vec<Delivery> = on!(tx, |conn| {
        sqlx::query_as(sql)
            .bind(worker)
            .bind(until)
            .bind(now)
            .bind(limit)
            .bind(now.plus(FURTHEST))
            .fetch_all(conn)
            .await
    })?;
    if tx.is_postgres() {
        // What follows in the transaction is planned as usual.
        const AS_USUAL: &str = "RESET enable_sort; RESET enable_bitmapscan; RESET jit";
        on!(tx, |conn| {
            sqlx::raw_sql(AS_USUAL).execute(conn).await?;
        });
    }
    // RETURNING promises no order on either database.
    claimed.sort_by_key(|it| it.id);
    Ok(claimed)
}

/// Takes the next turn of conversations, each of them named once; returns those that were free at
/// `now`.
pub async fn take_turns(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    conversations: &[&str],
    now: Timestamp,
    free_at: Timestamp,
) -> Result<Vec<String>> {
    // In one order, so that no two nodes wait for each other.
    macro_rules! sql {
        ($elements:literal) => {
            concat!(
                "INSERT INTO pacing (workspace_id, conversation, free_at)
                 SELECT $1, value, $3 FROM ",
                $elements,
                "($2) WHERE TRUE ORDER BY value
                 ON CONFLICT (workspace_id, conversation) DO UPDATE SET free_at = excluded.free_at
                     WHERE pacing.free_at <= $4 OR pacing.free_at > $5
                 RETURNING conversation"
            )
        };
    }
    let sql = if tx.is_postgres() {
        sql!("JSONB_ARRAY_ELEMENTS_TEXT")
    } else {
        sql!("JSON_EACH")
    };
    on!(tx, |conn| {
        sqlx::query_scalar(sql)
            .bind(workspace)
            .bind(Json(conversations))
            .bind(free_at)
            .bind(now)
            .bind(now.plus(FURTHEST))
            .fetch_all(conn)
            .await
    })
}

/// Lets a conversation, `kind:…`, or `*` for everything, rest until `free_at` at least.
pub async fn pause(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    conversation: &str,
    free_at: Timestamp,
) -> Result<()> {
    const SQL: &str = "
        INSERT INTO pacing (workspace_id, conversation, free_at) VALUES ($1, $2, $3)
        ON CONFLICT (workspace_id, conversation) DO UPDATE SET free_at = excluded.free_at
            WHERE pacing.free_at < excluded.free_at";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(workspace)
            .bind(conversation)
            .bind(free_at)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Ends the pause of a whole workspace. What failed meanwhile need not wait any longer; what may
/// have happened still has to, until it can be looked for. Nobody gives up for the time in which
/// nothing could be tried. Returns how many wait.
pub async fn go_on(tx: &mut Tx, workspace: &WorkspaceId, now: Timestamp) -> Result<u64> {
    const PAUSE: &str = "DELETE FROM pacing WHERE workspace_id = $1 AND conversation = '*'";
    let due = of_many(
        tx,
        "due_at",
        "locked_by IS NULL AND sent_at IS NULL AND last_error IS NOT NULL AND due_at > $2",
    );
    on!(tx, |conn| {
        sqlx::query(PAUSE)
            .bind(workspace)
            .execute(&mut *conn)
            .await?;
        sqlx::query(sqlx::AssertSqlSafe(due))
            .bind(workspace)
            .bind(now)
            .bind(now)
            .execute(&mut *conn)
            .await?;
    });
    begin_anew(tx, workspace, now.plus(FURTHEST), now).await
}

/// Says that the calls of what `worker` holds of these may happen: from here on a crash leaves it
/// unknown whether they did. Returns how many it holds.
pub async fn mark_sent(
    tx: &mut Tx,
    ids: &[DeliveryId],
    worker: &str,
    now: Timestamp,
) -> Result<u64> {
    let sql = format!(
        "UPDATE deliveries SET sent_at = COALESCE(sent_at, $3)
         WHERE {} AND locked_by = $2 AND done_at IS NULL",
        among(tx, "id")
    );
    Ok(on!(tx, |conn| {
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(super::among::ids(ids.iter().map(|it| it.0)))
            .bind(worker)
            .bind(now)
            .execute(conn)
            .await?
            .rows_affected()
    }))
}

/// A claimed delivery that came to its good end.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Finished<'a> {
    pub id: DeliveryId,
    /// Who holds it.
    pub worker: &'a str,
    /// What came back.
    pub receipt: &'a Receipt,
    /// Why nothing had to be done.
    pub note: Option<&'a str>,
}

/// Puts away what was delivered, all at once. Returns which were still held by who delivered them;
/// of the others, whose lease has passed to somebody else, nothing is written.
pub async fn finish(
    tx: &mut Tx,
    finished: &[Finished<'_>],
    now: Timestamp,
) -> Result<BTreeSet<DeliveryId>> {
    let sql = format!(
        "UPDATE deliveries SET done_at = $3, result = it.value -> 'receipt',
             last_error = it.value ->> 'note', locked_by = NULL, locked_until = NULL
         FROM {}
         WHERE {} AND deliveries.id = CAST(it.value ->> 'id' AS BIGINT)
           AND locked_by = it.value ->> 'worker' AND done_at IS NULL
         RETURNING deliveries.id",
        each(tx, "$2"),
        among(tx, "deliveries.id")
    );
    let ids: Vec<DeliveryId> = on!(tx, |conn| {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(super::among::ids(finished.iter().map(|it| it.id.0)))
            .bind(Json(finished))
            .bind(now)
            .fetch_all(conn)
            .await
    })?;
    Ok(ids.into_iter().collect())
}

/// How a claimed delivery that was not delivered is put back or put away.
#[derive(Clone, Debug)]
pub enum Settle<'a> {
    /// Nobody will try again.
    Dead { why: &'a str },
    /// To be tried again.
    Again {
        due_at: Timestamp,
        why: &'a str,
        /// It may have happened: look first.
        uncertain: bool,
        /// Does not count against the number of attempts.
        free: bool,
    },
}

/// Settles an attempt that failed. False when the lease has passed to another worker: then nothing is written.
pub async fn settle(
    tx: &mut Tx,
    id: DeliveryId,
    worker: &str,
    how: &Settle<'_>,
    now: Timestamp,
) -> Result<bool> {
    const DEAD: &str = "
        UPDATE deliveries SET done_at = $3, dead_at = $3, last_error = $4, locked_by = NULL, locked_until = NULL
        WHERE id = $1 AND locked_by = $2 AND done_at IS NULL";
    const AGAIN: &str = "
        UPDATE deliveries SET due_at = $3, last_error = $4, attempts = attempts - $5,
            sent_at = CASE WHEN $6 THEN sent_at ELSE NULL END, locked_by = NULL, locked_until = NULL
        WHERE id = $1 AND locked_by = $2 AND done_at IS NULL";
    let written = on!(tx, |conn| {
        match how {
            Settle::Dead { why } => sqlx::query(DEAD)
                .bind(id)
                .bind(worker)
                .bind(now)
                .bind(*why)
                .execute(conn)
                .await?
                .rows_affected(),
            Settle::Again {
                due_at,
                why,
                uncertain,
                free,
            } => sqlx::query(AGAIN)
                .bind(id)
                .bind(worker)
                .bind(*due_at)
                .bind(*why)
                .bind(i64::from(*free))
                .bind(*uncertain)
                .execute(conn)
                .await?
                .rows_affected(),
        }
    });
    Ok(written == 1)
}

/// Nothing of a workspace could be delivered, so the time until it is given up begins anew for what
/// has waited since before `earlier`. That is not always: rows need not be written every minute.
/// Returns how many.
pub async fn begin_anew(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    earlier: Timestamp,
    now: Timestamp,
) -> Result<u64> {
    let sql = of_many(tx, "trying_since", "trying_since < $2");
    Ok(on!(tx, |conn| sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(workspace)
        .bind(earlier)
        .bind(now)
        .execute(conn)
        .await?
        .rows_affected()))
}

/// Sets `column` of everything of a workspace that waits and is so to `$3`. What somebody else holds
/// just now is in motion and left alone: whoever waited for it here, with others locked, could be
/// waited for over there.
fn of_many(tx: &Tx, column: &str, and_is_so: &str) -> String {
    let free = if tx.is_postgres() {
        "FOR UPDATE SKIP LOCKED"
    } else {
        ""
    };
    format!(
        "UPDATE deliveries SET {column} = $3 WHERE id IN (
             SELECT id FROM deliveries
             WHERE workspace_id = $1 AND done_at IS NULL AND {and_is_so} {free})"
    )
}

/// What a finished delivery brought back.
pub async fn receipt(tx: &mut Tx, id: DeliveryId) -> Result<Option<Receipt>> {
    let found: Option<Option<Json<Receipt>>> = on!(tx, |conn| {
        sqlx::query_scalar("SELECT result FROM deliveries WHERE id = $1")
            .bind(id)
            .fetch_optional(conn)
            .await
    })?;
    Ok(found.flatten().map(|it| it.0))
}

pub async fn by_id(tx: &mut Tx, id: DeliveryId) -> Result<Option<Delivery>> {
    const SQL: &str = "
        SELECT id, workspace_id, outage_id, lane, conversation, payload, attempts, created_at,
               trying_since, sent_at, locked_by, locked_until
        FROM deliveries WHERE id = $1";
    on!(tx, |conn| sqlx::query_as(SQL)
        .bind(id)
        .fetch_optional(conn)
        .await)
}

/// When the next delivery becomes due, or the next pause ends; none when nothing is ahead. Leases
/// that run out are not looked for: that would mean to read everything that waits.
pub async fn next_due(tx: &mut Tx, now: Timestamp) -> Result<Option<Timestamp>> {
    const SQL: &str = "SELECT MIN(due_at) FROM deliveries WHERE done_at IS NULL AND due_at > $1";
    const PAUSES: &str = "SELECT MIN(free_at) FROM pacing WHERE free_at > $1";
    let due: Option<Timestamp> = on!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(now)
        .fetch_one(conn)
        .await)?;
    let pause: Option<Timestamp> = on!(tx, |conn| sqlx::query_scalar(PAUSES)
        .bind(now)
        .fetch_one(conn)
        .await)?;
    Ok([due, pause].into_iter().flatten().min())
}

/// A delivery as an operator sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Listed {
    pub id: DeliveryId,
    pub kind: String,
    pub outage_number: Option<i64>,
    pub attempts: i64,
    pub created_at: Timestamp,
    pub due_at: Timestamp,
    pub done_at: Option<Timestamp>,
    pub dead_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// What has to be finished first: the oldest of its lane, or what it waits for.
    pub behind: Option<DeliveryId>,
    /// How long its conversation, its kind or its workspace has a pause, whether over or not.
    pub paused_until: Option<Timestamp>,
}

/// Deliveries that wait or are dead, or only the dead ones; newest first.
pub async fn list(tx: &mut Tx, only_dead: bool, limit: i64) -> Result<Vec<Listed>> {
    const SQL: &str = "
        SELECT deliveries.id, deliveries.kind, outages.number AS outage_number, deliveries.attempts,
               deliveries.created_at, deliveries.due_at, deliveries.done_at, deliveries.dead_at,
               deliveries.last_error,
               (SELECT MIN(first.id) FROM deliveries AS first
                WHERE first.done_at IS NULL AND deliveries.done_at IS NULL
                  AND ((first.lane = deliveries.lane AND first.id < deliveries.id)
                       OR first.id = deliveries.after_id)) AS behind,
               (SELECT MAX(pacing.free_at) FROM pacing
                WHERE pacing.workspace_id = deliveries.workspace_id AND pacing.conversation
                      IN (deliveries.conversation, 'kind:' || deliveries.kind, '*')) AS paused_until
        FROM deliveries LEFT JOIN outages ON outages.id = deliveries.outage_id
        WHERE deliveries.dead_at IS NOT NULL OR (deliveries.done_at IS NULL AND NOT $1)
        ORDER BY deliveries.id DESC LIMIT $2";
    on!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(only_dead)
            .bind(limit)
            .fetch_all(conn)
            .await
    })
}

/// Takes a dead delivery back to life, and with it whatever died because it was dead: what waited
/// for it and, when it is the announcement, everything else of its outage. False when it is not
/// dead.
pub async fn revive(tx: &mut Tx, id: DeliveryId, now: Timestamp) -> Result<bool> {
    const DEPENDENT: &str = "
        UPDATE deliveries SET dead_at = NULL, done_at = NULL, attempts = 0, due_at = $2, trying_since = $2
        WHERE dead_at IS NOT NULL AND kind <> 'apologise' AND id > $1
          AND (after_id = $1 OR outage_id = (
              SELECT outage_id FROM deliveries WHERE id = $1 AND kind = 'announce' AND dead_at IS NOT NULL))";
    const SQL: &str = "
        UPDATE deliveries SET dead_at = NULL, done_at = NULL, attempts = 0, due_at = $2, trying_since = $2
        WHERE id = $1 AND dead_at IS NOT NULL";
    on!(tx, |conn| {
        sqlx::query(DEPENDENT)
            .bind(id)
            .bind(now)
            .execute(&mut *conn)
            .await?;
        let revived = sqlx::query(SQL)
            .bind(id)
            .bind(now)
            .execute(&mut *conn)
            .await?
            .rows_affected();
        Ok(revived == 1)
    })
}

/// Figures for the metrics: how many wait, how many are dead, and since when the oldest is due.
pub async fn figures(tx: &mut Tx, now: Timestamp) -> Result<(i64, i64, Option<Timestamp>)> {
    const WAITING: &str = "SELECT COUNT(*) FROM deliveries WHERE done_at IS NULL";
    const DEAD: &str = "SELECT COUNT(*) FROM deliveries WHERE dead_at IS NOT NULL";
    const OLDEST: &str =
        "SELECT MIN(created_at) FROM deliveries WHERE done_at IS NULL AND due_at <= $1";
    on!(tx, |conn| {
        Ok((
            sqlx::query_scalar(WAITING).fetch_one(&mut *conn).await?,
            sqlx::query_scalar(DEAD).fetch_one(&mut *conn).await?,
            sqlx::query_scalar(OLDEST)
                .bind(now)
                .fetch_one(&mut *conn)
                .await?,
        ))
    })
}

/// Forgets what was delivered before `before`; dead letters stay. Returns how many.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    const SQL: &str = "
        DELETE FROM deliveries WHERE done_at IS NOT NULL AND done_at < $1 AND dead_at IS NULL
          AND id NOT IN (SELECT after_id FROM deliveries WHERE after_id IS NOT NULL AND done_at IS NULL)
          AND id NOT IN (SELECT folded_into FROM deliveries WHERE folded_into IS NOT NULL)";
    Ok(on!(tx, |conn| {
        // Finished rows that waited for what is forgotten would hold it back.
        sqlx::query(
            "UPDATE deliveries SET after_id = NULL WHERE done_at IS NOT NULL
             AND after_id IN (SELECT id FROM deliveries WHERE done_at < $1)",
        )
        .bind(before)
        .execute(&mut *conn)
        .await?;
        sqlx::query(SQL)
            .bind(before)
            .execute(&mut *conn)
            .await?
            .rows_affected()
    }))
}
