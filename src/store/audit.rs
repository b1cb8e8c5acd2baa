//! Who did what, apart from the timelines of outages.

use sqlx::types::Json;

use super::{Result, Tx, db::on};
use crate::domain::{actor::Identity, time::Timestamp};

/// Adds a row. `action` is a verb such as `catalog.provision`; `detail` must hold no secret.
pub async fn record(
    tx: &mut Tx,
    by: &Identity,
    action: &str,
    subject: &str,
    detail: &serde_json::Value,
    now: Timestamp,
) -> Result<()> {
    const SQL: &str = "
        INSERT INTO audit (actor, action, subject, detail, recorded_at) VALUES ($1, $2, $3, $4, $5)";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(Json(by))
            .bind(action)
            .bind(subject)
            .bind(Json(detail))
            .bind(now)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// As [`record`], for many subjects with one action.
pub async fn record_all(
    tx: &mut Tx,
    by: &Identity,
    action: &str,
    subjects: &[(String, serde_json::Value)],
    now: Timestamp,
) -> Result<()> {
    /// SQLite takes 32,766 values at once.
    const AT_ONCE: usize = 1000;
    for some in subjects.chunks(AT_ONCE) {
        on!(tx, |conn| {
            let mut sql = sqlx::QueryBuilder::<Backend>::new(
                "INSERT INTO audit (actor, action, subject, detail, recorded_at) ",
            );
            sql.push_values(some, |mut row, (subject, detail)| {
                row.push_bind(Json(by.clone()));
                row.push_bind(action.to_owned());
                row.push_bind(subject.clone());
                row.push_bind(Json(detail.clone()));
                row.push_bind(now);
            });
            sql.build().persistent(false).execute(conn).await?;
        });
    }
    Ok(())
}

/// The newest entries of one action: who, what about, and the detail; newest first.
pub async fn newest(tx: &mut Tx, action: &str, limit: i64) -> Result<Vec<serde_json::Value>> {
    const SQL: &str = "
        SELECT actor, subject, detail, recorded_at FROM audit WHERE action = $1
        ORDER BY id DESC LIMIT $2";
    type Row = (Json<Identity>, String, Json<serde_json::Value>, Timestamp);
    let rows: Vec<Row> = on!(tx, |conn| sqlx::query_as(SQL)
        .bind(action)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    let shown = rows.into_iter().map(|(actor, subject, detail, at)| {
        serde_json::json!({
            "actor": actor.0,
            "subject": subject,
            "detail": detail.0,
            "at": at.iso(),
        })
    });
    Ok(shown.collect())
}

/// Forgets what was recorded before `before`; returns how many rows.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    Ok(on!(tx, |conn| {
        sqlx::query("DELETE FROM audit WHERE recorded_at < $1")
            .bind(before)
            .execute(conn)
            .await?
            .rows_affected()
    }))
}
