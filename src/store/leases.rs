//! Leases: who may do something that only one node should do at a time.
//!
//! Each time a lease is taken its fence grows by one. Whoever writes under a lease checks it in the
//! same transaction ([`hold`]), so that a node that slept through the end of its lease writes
//! nothing.

use std::time::Duration;

use super::{Result, Tx, db::on, deliveries::FURTHEST};
use crate::domain::time::Timestamp;

/// How long a lease lasts without a word of its holder's. Each write under it begins it anew.
pub const LASTS: Duration = Duration::from_secs(60);

/// A lease that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub name: String,
    pub holder: String,
    pub fence: i64,
}

/// Takes a lease that nobody has; none while somebody has it. One that ends further ahead than any
/// lease can was written by a clock that has been set back since, and nobody has it.
pub async fn take(tx: &mut Tx, name: &str, holder: &str, now: Timestamp) -> Result<Option<Lease>> {
    const SQL: &str = "
        INSERT INTO leases (name, holder, fence, expires_at) VALUES ($1, $2, 1, $4)
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = leases.fence + 1,
            expires_at = excluded.expires_at
        WHERE leases.expires_at <= $3 OR leases.expires_at > $5
        RETURNING fence";
    let fence: Option<i64> = on!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(name)
            .bind(holder)
            .bind(now)
            .bind(now.plus(LASTS))
            .bind(now.plus(FURTHEST))
            .fetch_optional(conn)
            .await
    })?;
    Ok(fence.map(|fence| Lease {
        name: name.to_owned(),
        holder: holder.to_owned(),
        fence,
    }))
}

/// Begins the lease anew; false when somebody else has taken it since. Nobody can take it before
/// the end of this transaction.
pub async fn hold(tx: &mut Tx, lease: &Lease, now: Timestamp) -> Result<bool> {
    expire(tx, lease, now.plus(LASTS)).await
}

/// Gives the lease back, if it is still ours.
pub async fn give_back(tx: &mut Tx, lease: &Lease, now: Timestamp) -> Result<bool> {
    expire(tx, lease, now).await
}

/// Who has a lease until when, if anybody has.
pub async fn holder(
    tx: &mut Tx,
    name: &str,
    now: Timestamp,
) -> Result<Option<(String, Timestamp)>> {
    const SQL: &str = "SELECT holder, expires_at FROM leases WHERE name = $1 AND expires_at > $2";
    on!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(name)
            .bind(now)
            .fetch_optional(conn)
            .await
    })
}

async fn expire(tx: &mut Tx, lease: &Lease, at: Timestamp) -> Result<bool> {
    const SQL: &str =
        "UPDATE leases SET expires_at = $4 WHERE name = $1 AND holder = $2 AND fence = $3";
    let ours = on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(&lease.name)
            .bind(&lease.holder)
            .bind(lease.fence)
            .bind(at)
            .execute(conn)
            .await?
            .rows_affected()
    });
    Ok(ours == 1)
}
