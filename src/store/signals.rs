//! What monitors said, kept before it is answered and until it is taken in. What it means is not
//! looked at here: reports are JSON.

use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use super::{
    Result, Tx,
    among::{among, ids},
    db::on,
    deliveries::FURTHEST,
};
use crate::domain::{health::Report, ids::WorkspaceId, time::Timestamp};

/// One request, to be kept.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct NewSignal<'a> {
    pub source: &'a str,
    pub reports: &'a [Report],
}

/// One request that was kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Signal {
    pub id: i64,
    pub workspace_id: WorkspaceId,
    pub source: String,
    /// Reports, as the version that kept them wrote them.
    pub reports: Json<Value>,
    /// How often it failed so far.
    pub attempts: i64,
}

/// Keeps them all in one statement.
pub async fn keep(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    new: &[NewSignal<'_>],
    now: Timestamp,
) -> Result<()> {
    macro_rules! sql {
        ($elements:literal) => {
            concat!(
                "INSERT INTO signals (workspace_id, source, reports, received_at, due_at)
                 SELECT $1, value ->> 'source', value -> 'reports', $3, $3 FROM ",
                $elements,
                "($2)"
            )
        };
    }
    let sql = if tx.is_postgres() {
        sql!("JSONB_ARRAY_ELEMENTS")
    } else {
        sql!("JSON_EACH")
    };
    on!(tx, |conn| {
        sqlx::query(sql)
            .bind(workspace)
            .bind(Json(new))
            .bind(now)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// The oldest that are due, at most `limit`. Takes them for `until`, so that another node leaves them
/// alone. What is due later than it can be was written by a clock that has been set back since.
pub async fn claim(
    tx: &mut Tx,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Signal>> {
    macro_rules! sql {
        ($lock:literal) => {
            concat!(
                "WITH due AS MATERIALIZED (
                     SELECT id FROM signals
                     WHERE done_at IS NULL AND (due_at <= $1 OR due_at > $3)
                     ORDER BY due_at, id LIMIT $4 ",
                $lock,
                ")
                 UPDATE signals SET due_at = $2 WHERE id IN (SELECT id FROM due)
                 RETURNING id, workspace_id, source, reports, attempts"
            )
        };
    }
    let sql = if tx.is_postgres() {
        sql!("FOR UPDATE SKIP LOCKED")
    } else {
        sql!("")
    };
    let mut claimed: Vec<Signal> = on!(tx, |conn| {
        sqlx::query_as(sql)
            .bind(now)
            .bind(until)
            .bind(now.plus(FURTHEST))
            .bind(limit)
            .fetch_all(conn)
            .await
    })?;
    // RETURNING promises no order on either database.
    claimed.sort_by_key(|it| it.id);
    Ok(claimed)
}

/// Puts away what was taken in. What was said is kept elsewhere by then.
pub async fn finish(tx: &mut Tx, taken: &[i64], now: Timestamp) -> Result<()> {
    let sql = format!(
        "UPDATE signals SET done_at = $2, last_error = NULL, reports = $3
         WHERE {} AND done_at IS NULL",
        among(tx, "id")
    );
    on!(tx, |conn| {
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(ids(taken.iter().copied()))
            .bind(now)
            .bind(Json(Value::Array(Vec::new())))
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Puts one back until `due_at`, with those of its reports that failed.
pub async fn put_back(
    tx: &mut Tx,
    id: i64,
    failed: &[Report],
    error: &str,
    due_at: Timestamp,
) -> Result<()> {
    const SQL: &str = "
        UPDATE signals SET due_at = $2, last_error = $3, reports = $4, attempts = attempts + 1
        WHERE id = $1 AND done_at IS NULL";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(id)
            .bind(due_at)
            .bind(error)
            .bind(Json(failed))
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Gives one up, with what is left of its reports for somebody to look at.
pub async fn put_away(
    tx: &mut Tx,
    id: i64,
    left: &Value,
    error: &str,
    now: Timestamp,
) -> Result<()> {
    const SQL: &str = "
        UPDATE signals SET done_at = $2, last_error = $3, reports = $4, attempts = attempts + 1
        WHERE id = $1 AND done_at IS NULL";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(id)
            .bind(now)
            .bind(error)
            .bind(Json(left))
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Forgets what was taken in before `taken`, and what was put away before `put_away`; returns how
/// many.
pub async fn forget(tx: &mut Tx, taken: Timestamp, put_away: Timestamp) -> Result<u64> {
    const SQL: &str = "
        DELETE FROM signals
        WHERE done_at IS NOT NULL
          AND ((last_error IS NULL AND done_at < $1) OR (last_error IS NOT NULL AND done_at < $2))";
    Ok(on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(taken)
            .bind(put_away)
            .execute(conn)
            .await?
            .rows_affected()
    }))
}

/// How many wait, and how many were put away.
pub async fn figures(tx: &mut Tx) -> Result<(i64, i64)> {
    const SQL: &str = "
        SELECT (SELECT COUNT(*) FROM signals WHERE done_at IS NULL),
               (SELECT COUNT(*) FROM signals WHERE done_at IS NOT NULL AND last_error IS NOT NULL)";
    on!(tx, |conn| sqlx::query_as(SQL).fetch_one(conn).await)
}
