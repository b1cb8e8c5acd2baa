//! Deliveries of one lane that are told together, because they waited too long.

use sqlx::types::Json;

use super::{Result, Tx, db::on, deliveries::Delivery};
use crate::domain::{
    delivery::Task,
    ids::DeliveryId,
    late::{Together, Waiting},
    time::Timestamp,
};

/// What waits behind `first` in its lane and was never begun, in its order. Locked until the
/// commit, so that nobody rewrites what is being read.
pub async fn behind(tx: &mut Tx, first: &Delivery) -> Result<Vec<Waiting>> {
    const SQL: &str = "
        UPDATE deliveries SET due_at = due_at
        WHERE lane = $1 AND id > $2 AND done_at IS NULL AND locked_by IS NULL AND sent_at IS NULL
        RETURNING id, created_at, payload";
    let rows: Vec<(DeliveryId, Timestamp, Json<Task>)> = on!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(&first.lane)
            .bind(first.id)
            .fetch_all(conn)
            .await
    })?;
    let mut waiting: Vec<Waiting> = rows
        .into_iter()
        .map(|(id, at, task)| Waiting {
            id,
            at,
            task: task.0,
        })
        .collect();
    // RETURNING promises no order on either database.
    waiting.sort_by_key(|it| it.id);
    Ok(waiting)
}

/// Gives `first` what it does for the others, and finishes those.
pub async fn fold(
    tx: &mut Tx,
    first: DeliveryId,
    together: &Together,
    now: Timestamp,
) -> Result<()> {
    const FIRST: &str = "UPDATE deliveries SET kind = $2, payload = $3 WHERE id = $1";
    const OTHER: &str = "UPDATE deliveries SET done_at = $3, folded_into = $2 WHERE id = $1";
    on!(tx, |conn| {
        sqlx::query(FIRST)
            .bind(first)
            .bind(together.task.kind())
            .bind(Json(&together.task))
            .execute(&mut *conn)
            .await?;
        for folded in &together.folded {
            sqlx::query(OTHER)
                .bind(*folded)
                .bind(first)
                .bind(now)
                .execute(&mut *conn)
                .await?;
        }
    });
    Ok(())
}
