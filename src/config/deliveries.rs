//! `[deliveries]`: how hard Balefire tries to get a message to Slack.

use std::time::Duration;

use super::reader::Reader;

#[derive(Debug, Clone)]
pub struct Deliveries {
    /// After so long without success a delivery is put aside for a person to look at.
    pub give_up_after: Duration,
    /// How many deliveries are under way at once.
    pub workers: u32,
}

pub(super) fn read(reader: &mut Reader) -> Option<Deliveries> {
    let hours = reader.number("deliveries.give_up_after_hours", 24, 1..=720, "hours");
    let workers = reader.number("deliveries.workers", 64, 1..=64, "workers");
    Some(Deliveries {
        give_up_after: Duration::from_secs(u64::from(hours?) * 3600),
        workers: workers?,
    })
}
