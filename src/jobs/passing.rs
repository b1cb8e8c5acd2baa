//! What passing time does to outages: the words about an ETA grow stale, channels grow old. The
//! desk knows the rules; here stands only how often it is asked.

use std::time::Duration;

use crate::desk::Desk;

/// The words about an ETA change at whole moments; this is how late they may be.
pub const ETAS_EVERY: Duration = Duration::from_secs(20);

/// Archiving is in no hurry.
pub const CHANNELS_EVERY: Duration = Duration::from_secs(600);

/// Renders announcements whose words about the ETA are not true any more.
pub async fn refresh_etas(desk: &Desk) -> anyhow::Result<()> {
    let refreshed = desk.refresh_etas().await?;
    if refreshed > 0 {
        tracing::info!(
            refreshed,
            "announcements near or past their ETA are rendered anew"
        );
    }
    Ok(())
}

/// Archives channels of outages that are long over, after a warning.
pub async fn archive_channels(desk: &Desk) -> anyhow::Result<()> {
    let touched = desk.archive_channels().await?;
    if touched > 0 {
        tracing::info!(touched, "channels of past outages are warned or archived");
    }
    Ok(())
}
