//! The lines of an outage's timeline. Only added, never changed.

use sqlx::types::Json;

use super::{Result, Tx, db::on};
use crate::domain::{actor::Identity, effect::Event, ids::OutageId, time::Timestamp};

#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub by: Identity,
    pub event: Event,
    pub occurred_at: Timestamp,
}

pub async fn add(
    tx: &mut Tx,
    outage: OutageId,
    version: i64,
    by: &Identity,
    event: &Event,
    occurred_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    const SQL: &str = "
        INSERT INTO timeline (outage_id, version, kind, actor, event, occurred_at, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(outage)
            .bind(version)
            .bind(event.kind())
            .bind(Json(by))
            .bind(Json(event))
            .bind(occurred_at)
            .bind(now)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// The last `limit` lines, oldest first, with how many there are in all.
pub async fn last(tx: &mut Tx, outage: OutageId, limit: i64) -> Result<(Vec<Line>, i64)> {
    const SQL: &str = "
        SELECT actor, event, occurred_at FROM timeline WHERE outage_id = $1 ORDER BY id DESC LIMIT $2";
    let rows: Vec<(Json<Identity>, Json<Event>, Timestamp)> = on!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(outage)
            .bind(limit)
            .fetch_all(conn)
            .await
    })?;
    let total: i64 = on!(tx, |conn| {
        sqlx::query_scalar("SELECT COUNT(*) FROM timeline WHERE outage_id = $1")
            .bind(outage)
            .fetch_one(conn)
            .await
    })?;
    let lines = rows
        .into_iter()
        .rev()
        .map(|(by, event, occurred_at)| Line {
            by: by.0,
            event: event.0,
            occurred_at,
        })
        .collect();
    Ok((lines, total))
}
