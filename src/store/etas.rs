//! Outages whose promised end is near or over.

use super::{Result, Tx, db::on};
use crate::domain::{ids::OutageId, time::Timestamp};

/// Open outages whose ETA is `until` at the latest, or has passed, with when Slack last took how
/// they stand. Not those whose announcement is being rendered, however long Slack takes for that,
/// and not those where it was given up: what people do next tries it again, time alone does not.
pub async fn near_their_eta(
    tx: &mut Tx,
    until: Timestamp,
) -> Result<Vec<(OutageId, Timestamp, Option<Timestamp>)>> {
    const SQL: &str = "
        SELECT outages.id, outages.eta_due_at, announcements.rendered_at
        FROM outages JOIN announcements ON announcements.outage_id = outages.id
        WHERE phase IN ('investigating', 'identified', 'monitoring')
          AND outages.eta_due_at <= $1 AND announcements.message_ts IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM deliveries
              WHERE deliveries.id = (SELECT MAX(id) FROM deliveries AS asked
                      WHERE asked.outage_id = outages.id AND asked.kind = 'refresh')
                AND (deliveries.done_at IS NULL OR deliveries.dead_at IS NOT NULL))";
    let mut near: Vec<(OutageId, Timestamp, Option<Timestamp>)> =
        on!(tx, |conn| sqlx::query_as(SQL)
            .bind(until)
            .fetch_all(conn)
            .await)?;
    // Asked for in this order, SQLite would look at every outage that there ever was.
    near.sort_by_key(|it| it.0);
    Ok(near)
}
