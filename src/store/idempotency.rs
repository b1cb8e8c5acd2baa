//! First answers, kept for as long as the same thing may come again.
//!
//! What is kept for longer than it can be was written by a clock that has been set back since, and
//! is taken to be forgotten: people who say the same an hour later mean it.

use std::time::Duration;

use sqlx::types::Json;

use super::{Result, Tx, db::on, deliveries::FURTHEST};
use crate::domain::time::Timestamp;

/// The answer that was given the first time, while it is kept, which is for `keep`.
pub async fn recall(
    tx: &mut Tx,
    scope: &str,
    key: &str,
    now: Timestamp,
    keep: Duration,
) -> Result<Option<serde_json::Value>> {
    const SQL: &str = "
        SELECT outcome FROM idempotency
        WHERE scope = $1 AND key = $2 AND expires_at > $3 AND expires_at <= $4";
    let found: Option<Json<serde_json::Value>> = on!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(scope)
            .bind(key)
            .bind(now)
            .bind(now.plus(keep).plus(FURTHEST))
            .fetch_optional(conn)
            .await
    })?;
    Ok(found.map(|it| it.0))
}

/// Keeps an answer for `keep`. False when the key is taken: somebody else was first, and this
/// transaction must not be committed.
pub async fn remember(
    tx: &mut Tx,
    scope: &str,
    key: &str,
    outcome: &serde_json::Value,
    now: Timestamp,
    keep: Duration,
) -> Result<bool> {
    const SQL: &str = "
        INSERT INTO idempotency (scope, key, outcome, expires_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (scope, key) DO UPDATE SET outcome = excluded.outcome, expires_at = excluded.expires_at
            WHERE idempotency.expires_at <= $5 OR idempotency.expires_at > $6";
    let written = on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(scope)
            .bind(key)
            .bind(Json(outcome))
            .bind(now.plus(keep))
            .bind(now)
            .bind(now.plus(keep).plus(FURTHEST))
            .execute(conn)
            .await?
            .rows_affected()
    });
    Ok(written == 1)
}

/// Forgets what has expired; returns how many.
pub async fn forget_expired(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    Ok(on!(tx, |conn| {
        sqlx::query("DELETE FROM idempotency WHERE expires_at <= $1")
            .bind(now)
            .execute(conn)
            .await?
            .rows_affected()
    }))
}
