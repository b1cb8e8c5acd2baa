//! Every version of an outage, with who made it, when and why.

use sqlx::types::Json;

use super::{Result, Tx, db::on};
use crate::domain::{actor::Identity, ids::OutageId, outage::Outage, time::Timestamp};

pub(super) async fn write_snapshot(
    tx: &mut Tx,
    outage: &Outage,
    by: &Identity,
    why: &str,
    now: Timestamp,
) -> Result<()> {
    const SQL: &str = "
        INSERT INTO outage_versions (outage_id, version, snapshot, actor, why, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(outage.id)
            .bind(outage.version)
            .bind(Json(outage))
            .bind(Json(by))
            .bind(why)
            .bind(now)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// The outage as it was at a version.
pub async fn at_version(tx: &mut Tx, id: OutageId, version: i64) -> Result<Option<Outage>> {
    const SQL: &str = "SELECT snapshot FROM outage_versions WHERE outage_id = $1 AND version = $2";
    let found: Option<Json<Outage>> = on!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(id)
            .bind(version)
            .fetch_optional(conn)
            .await
    })?;
    Ok(found.map(|it| it.0))
}
