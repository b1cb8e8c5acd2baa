//! `[deliveries]`: how hard Balefire tries to get a message to Slack.

use super::reader::Reader;

#[derive(Debug, Clone)]
pub struct Deliveries {
    /// After so many failures a delivery is put aside for a person to look at.
    pub max_attempts: u32,
    /// How many deliveries are under way at once.
    pub workers: u32,
}

pub(super) fn read(reader: &mut Reader) -> Option<Deliveries> {
    let max_attempts = reader.number("deliveries.max_attempts", 12, 1..=100, "attempts");
    let workers = reader.number("deliveries.workers", 4, 1..=64, "workers");
    Some(Deliveries {
        max_attempts: max_attempts?,
        workers: workers?,
    })
}
