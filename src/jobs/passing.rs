//! What passing time does to outages: the words about an ETA grow stale, channels grow old. The
//! desk knows the rules; here stands only how often it is asked.

use std::time::Duration;

use crate::{desk::Desk, store::leases::Lease};

/// The words about an ETA change at whole moments; this is how late they may be.
pub const ETAS_EVERY: Duration = Duration::from_secs(20);

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

fn counted(count: usize, what: &str, done: &str) -> String {
    if count > 0 {
        tracing::info!(count, "{what}s {done}");
    }
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s} {done}")
}
