//! Deliveries that nobody has carried out yet, as whoever queues more sees them: what already serves
//! the newest state, what can still be rewritten, what has to wait for what.

use sqlx::types::Json;

use super::{Result, Tx, db::on};
use crate::domain::{
    delivery::Task,
    ids::{DeliveryId, OutageId},
    time::Timestamp,
};

/// Whether a delivery of one of `kinds` for the outage still waits and will therefore show the
/// state of this transaction. It is locked until the commit, so no worker takes it meanwhile.
pub async fn waits(tx: &mut Tx, outage: OutageId, kinds: [&str; 2]) -> Result<bool> {
    const SQL: &str = "
        UPDATE deliveries SET due_at = due_at
        WHERE outage_id = $1 AND kind IN ($2, $3) AND done_at IS NULL AND locked_by IS NULL
          AND sent_at IS NULL";
    Ok(on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(outage)
            .bind(kinds[0])
            .bind(kinds[1])
            .execute(conn)
            .await?
            .rows_affected()
    }) > 0)
}

/// As [`waits`], for one delivery.
pub async fn waits_by_key(tx: &mut Tx, dedupe_key: &str) -> Result<bool> {
    const SQL: &str = "
        UPDATE deliveries SET due_at = due_at
        WHERE dedupe_key = $1 AND done_at IS NULL AND locked_by IS NULL AND sent_at IS NULL";
    Ok(on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(dedupe_key)
            .execute(conn)
            .await?
            .rows_affected()
    }) > 0)
}

/// The delivery that will post the announcement, while it is not posted: what has to stand in its
/// thread, or is about it, waits for that.
pub async fn posting(tx: &mut Tx, outage: OutageId) -> Result<Option<DeliveryId>> {
    const SQL: &str = "
        SELECT MAX(id) FROM deliveries
        WHERE outage_id = $1 AND kind = 'announce' AND done_at IS NULL";
    on!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(outage)
        .fetch_one(conn)
        .await)
}

/// Lets everything that waits in these lanes wait for `id`, whether somebody is at it or not.
pub async fn wait_for(tx: &mut Tx, id: DeliveryId, lanes: [String; 3]) -> Result<()> {
    const SQL: &str = "
        UPDATE deliveries SET after_id = $1
        WHERE lane IN ($2, $3, $4) AND done_at IS NULL AND id < $1";
    let [one, two, three] = lanes;
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(id)
            .bind(one)
            .bind(two)
            .bind(three)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// The newest delivery of a kind for the outage that was queued after `since`: its ID and task.
/// Locks it until the commit; none when it was put away while this waited for the lock.
pub async fn newest_since(
    tx: &mut Tx,
    outage: OutageId,
    kind: &str,
    since: Timestamp,
) -> Result<Option<(DeliveryId, Task)>> {
    const SQL: &str = "
        UPDATE deliveries SET due_at = due_at
        WHERE id = (SELECT MAX(id) FROM deliveries
                    WHERE outage_id = $1 AND kind = $2 AND created_at > $3 AND dead_at IS NULL
                      AND folded_into IS NULL)
          AND dead_at IS NULL AND folded_into IS NULL
        RETURNING id, payload";
    let row: Option<(DeliveryId, Json<Task>)> = on!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(outage)
            .bind(kind)
            .bind(since)
            .fetch_optional(conn)
            .await
    })?;
    Ok(row.map(|(id, task)| (id, task.0)))
}

/// Gives a delivery that nobody has taken yet another task; false when it is too late for that.
pub async fn replace_task(tx: &mut Tx, id: DeliveryId, task: &Task) -> Result<bool> {
    const SQL: &str = "
        UPDATE deliveries SET payload = $2
        WHERE id = $1 AND done_at IS NULL AND locked_by IS NULL AND sent_at IS NULL";
    Ok(on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(id)
            .bind(Json(task))
            .execute(conn)
            .await?
            .rows_affected()
    }) == 1)
}

/// Gives a dead delivery another task, for whoever takes it back to life; nothing happens to one
/// that is not dead.
pub async fn replace_dead(tx: &mut Tx, id: DeliveryId, task: &Task) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query("UPDATE deliveries SET payload = $2 WHERE id = $1 AND dead_at IS NOT NULL")
            .bind(id)
            .bind(Json(task))
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// What a line of changes was to become last, if it was to be written anew at all.
pub async fn newest_amend(tx: &mut Tx, outage: OutageId, line: DeliveryId) -> Result<Option<Task>> {
    const SQL: &str = "
        SELECT payload FROM deliveries
        WHERE outage_id = $1 AND kind = 'amend' AND id > $2 AND dead_at IS NULL
        ORDER BY id DESC";
    let rows: Vec<Json<Task>> = on!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(outage)
            .bind(line)
            .fetch_all(conn)
            .await
    })?;
    let mut tasks = rows.into_iter().map(|it| it.0);
    Ok(tasks.find(|it| matches!(it, Task::Amend { line: of, .. } if *of == line)))
}
