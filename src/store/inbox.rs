//! Events that came in, kept until they are worked on and long enough to know them again.

use sqlx::types::Json;

use super::{Result, Tx, db::on, deliveries::FURTHEST};
use crate::domain::time::Timestamp;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Received {
    pub id: i64,
    pub kind: String,
    pub body: Json<serde_json::Value>,
    pub attempts: i64,
}

/// Keeps an event; false when it was received before.
pub async fn receive(
    tx: &mut Tx,
    source: &str,
    event_id: &str,
    kind: &str,
    body: &serde_json::Value,
    now: Timestamp,
) -> Result<bool> {
    const SQL: &str = "
        INSERT INTO inbox (source, event_id, kind, body, due_at, received_at)
        VALUES ($1, $2, $3, $4, $5, $5)
        ON CONFLICT (source, event_id) DO NOTHING";
    Ok(on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(source)
            .bind(event_id)
            .bind(kind)
            .bind(Json(body))
            .bind(now)
            .execute(conn)
            .await?
            .rows_affected()
    }) == 1)
}

/// The oldest event that is due. Takes it for `until`, so that another node leaves it alone. What is
/// due later than it can be was written by a clock that has been set back since.
pub async fn take(tx: &mut Tx, now: Timestamp, until: Timestamp) -> Result<Option<Received>> {
    macro_rules! sql {
        ($lock:literal) => {
            concat!(
                "WITH due AS MATERIALIZED (
                     SELECT id FROM inbox
                     WHERE done_at IS NULL AND (due_at <= $1 OR due_at > $3)
                     ORDER BY due_at, id LIMIT 1 ",
                $lock,
                ")
                 UPDATE inbox SET due_at = $2, attempts = attempts + 1
                 WHERE id IN (SELECT id FROM due)
                 RETURNING id, kind, body, attempts"
            )
        };
    }
    let sql = if tx.is_postgres() {
        sql!("FOR UPDATE SKIP LOCKED")
    } else {
        sql!("")
    };
    on!(tx, |conn| sqlx::query_as(sql)
        .bind(now)
        .bind(until)
        .bind(now.plus(FURTHEST))
        .fetch_optional(conn)
        .await)
}

/// Puts an event away. Of one that worked out nothing is kept but that it came: what people wrote or
/// deleted is no business of ours any more.
pub async fn finish(tx: &mut Tx, id: i64, error: Option<&str>, now: Timestamp) -> Result<()> {
    const SQL: &str = "
        UPDATE inbox SET done_at = $2, last_error = $3, body = CASE WHEN $4 THEN $5 ELSE body END
        WHERE id = $1";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(id)
            .bind(now)
            .bind(error)
            .bind(error.is_none())
            .bind(Json(serde_json::json!({})))
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Puts an event back until `due_at`; `free` does not count the try.
pub async fn put_back(tx: &mut Tx, id: i64, due_at: Timestamp, free: bool) -> Result<()> {
    const SQL: &str = "
        UPDATE inbox SET due_at = $2, attempts = attempts - CASE WHEN $3 THEN 1 ELSE 0 END
        WHERE id = $1 AND done_at IS NULL";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(id)
            .bind(due_at)
            .bind(free)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Forgets what was finished before `before`; returns how many.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    Ok(on!(tx, |conn| {
        sqlx::query("DELETE FROM inbox WHERE done_at IS NOT NULL AND done_at < $1")
            .bind(before)
            .execute(conn)
            .await?
            .rows_affected()
    }))
}
