//! Who works on what is open.

use super::{Result, Tx, among::among, db::on};
use crate::domain::ids::{OutageId, PersonId};

/// Open outages in which one of `people` is an assignee.
pub async fn open_outages_of(tx: &mut Tx, people: &[PersonId]) -> Result<Vec<OutageId>> {
    let (solution, communication) = (
        among(tx, "solution_assignee_id"),
        among(tx, "communication_assignee_id"),
    );
    let sql = format!(
        "SELECT id FROM outages WHERE phase IN ('investigating', 'identified', 'monitoring')
           AND ({solution} OR {communication})"
    );
    let mut open: Vec<OutageId> = on!(tx, |conn| sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(super::among::ids(people.iter().map(|it| it.0)))
        .fetch_all(conn)
        .await)?;
    // Asked for in this order, SQLite would look at every outage that there ever was.
    open.sort();
    Ok(open)
}
