//! What passing time does: the words about an ETA grow stale, channels grow old, something has been
//! sick for long enough. The desk and the domain know the rules; here stands only how often it is asked.

use std::time::Duration;

use crate::{clock::Clock, desk::Desk, health::Health, store::leases::Lease};

/// The words about an ETA change at whole moments; this is how late they may be.
pub const ETAS_EVERY: Duration = Duration::from_secs(20);

/// How late it may be that something has lasted long enough, or that there is no data any more.
pub const HEALTH_EVERY: Duration = Duration::from_secs(10);

/// Archiving is in no hurry.
pub const CHANNELS_EVERY: Duration = Duration::from_secs(600);

/// Somebody deletes or unpins an announcement, and Slack's event about it gets lost: this is how late
/// that may be noticed.
pub const ANNOUNCEMENTS_EVERY: Duration = Duration::from_secs(600);

/// Renders announcements whose words about the ETA are not true any more.
pub async fn refresh_etas(desk: &Desk, lease: Option<&Lease>) -> anyhow::Result<String> {
    let refreshed = desk.refresh_etas(lease).await?;
    Ok(counted(refreshed, "announcement", "rendered anew"))
}

/// Archives channels of outages that are long over, after a warning.
pub async fn archive_channels(desk: &Desk, lease: Option<&Lease>) -> anyhow::Result<String> {
    let touched = desk.archive_channels(lease).await?;
    Ok(counted(touched, "channel", "warned or archived"))
}

/// Decides on components where time alone changes how they are. Two nodes that do it at once take
/// turns at each row and come to the same, so it needs no lease.
pub async fn look_at_health(health: &Health, clock: &Clock) -> anyhow::Result<String> {
    let now = clock.now();
    let mut changed = 0;
    loop {
        let passed = health.pass(now).await?;
        changed += passed.changed;
        if !passed.more {
            return Ok(counted(changed, "component", "changed"));
        }
    }
}

fn counted(count: usize, what: &str, done: &str) -> String {
    if count > 0 {
        tracing::info!(count, "{what}s {done}");
    }
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s} {done}")
}
