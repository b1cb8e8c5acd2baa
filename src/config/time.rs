//! `[time]`: the zone for people whose own is not known. Which zones exist is asked of the caller,
//! because this room knows nothing about calendars.

use super::Checks;
use super::problem::Fault;
use super::reader::Reader;

#[derive(Debug, Clone)]
pub struct Time {
    /// A name of the IANA database.
    pub zone: String,
}

pub(super) fn read(reader: &mut Reader, checks: &Checks) -> Option<Time> {
    let zone = reader.text("time.zone", "Etc/UTC", |text| {
        if (checks.zone_exists)(text) {
            return Ok(text.to_owned());
        }
        Err(Fault::new(
            "There is no such time zone.",
            "Use an IANA name with its capitals, like Europe/Prague or Etc/UTC.",
        ))
    });
    Some(Time { zone: zone? })
}
