//! Forgets what nobody needs any more, and counts what the metrics show.

use std::time::Duration;

use crate::{
    clock::Clock,
    store::{self, Db, leases::Lease},
    telemetry::Metrics,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Events are known again for this long.
const INBOX_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Delivered rows are kept for this long; dead letters until somebody deals with them.
const DELIVERIES_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// What monitors said is kept for this long after it was worked on, to see that it came; what could
/// not be worked on for longer, because somebody should look at it.
const SIGNALS_KEPT: Duration = DAY;
const SIGNALS_PUT_AWAY_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Audit rows are kept for this long.
const AUDIT_KEPT: Duration = Duration::from_secs(400 * 24 * 3600);

/// What sources said is kept for this long; the newest word of each for as long as there is none
/// that is newer.
const OBSERVATIONS_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// How often to forget.
pub const FORGET_EVERY: Duration = DAY;

/// How often to count.
pub const COUNT_EVERY: Duration = Duration::from_secs(15);

/// Deletes what is older than its time.
pub async fn forget(db: &Db, clock: &Clock, lease: Option<&Lease>) -> anyhow::Result<String> {
    let now = clock.now();
    let mut tx = db.begin().await?;
    if let Some(lease) = lease
        && !store::leases::hold(&mut tx, lease, now).await?
    {
        anyhow::bail!("another node has taken over");
    }
    store::db::plan_for_values(&mut tx).await?;
    let answers = store::idempotency::forget_expired(&mut tx, now).await?;
    let events = store::inbox::forget(&mut tx, now.minus(INBOX_KEPT)).await?;
    let deliveries = store::deliveries::forget(&mut tx, now.minus(DELIVERIES_KEPT)).await?;
    let homes = store::homes::forget_old(&mut tx, now).await?;
    let observations =
        store::checks::forget_observations(&mut tx, now.minus(OBSERVATIONS_KEPT)).await?;
    let audit = store::audit::forget(&mut tx, now.minus(AUDIT_KEPT)).await?;
    let taken = now.minus(SIGNALS_KEPT);
    let put_away = now.minus(SIGNALS_PUT_AWAY_KEPT);
    let signals = store::signals::forget(&mut tx, taken, put_away).await?;
    tx.commit().await?;
    tracing::info!(
        answers,
        events,
        deliveries,
        audit,
        homes,
        observations,
        signals,
        "forgot what is old"
    );
    Ok(format!(
        "forgot {answers} answers, {events} events, {deliveries} deliveries, {audit} audit rows, \
         {homes} visits of Home tabs, {observations} observations, {signals} signals"
    ))
}

/// Brings the gauges up to date.
pub async fn count(db: &Db, clock: &Clock, metrics: &Metrics) -> anyhow::Result<String> {
    let now = clock.now();
    let mut tx = db.read().await?;
    let (waiting, dead, oldest) = store::deliveries::figures(&mut tx, now).await?;
    metrics.set_backlog(waiting, dead, oldest.map(|it| now.since(it)));
    metrics.set_outages_open(store::outages::count_open(&mut tx).await?);
    let (unread, held) = store::syncs::figures(&mut tx).await?;
    metrics.set_group_lists(unread, held);
    let (kept, put_away) = store::signals::figures(&mut tx).await?;
    metrics.set_signals(kept, put_away);
    Ok(format!("{waiting} deliveries wait, {dead} are dead"))
}
