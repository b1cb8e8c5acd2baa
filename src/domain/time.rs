//! Points in time and time zones. The only file that names chrono, so that the day it is replaced
//! one file changes. Nothing here reads a clock.

use std::{fmt, str::FromStr, time::Duration};

use chrono::{DateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A point in time, in UTC, cut to whole microseconds because PostgreSQL keeps no more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[sqlx(transparent)]
#[serde(transparent)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// Whole seconds since 1970-01-01 UTC. Values outside of chrono's range become the epoch.
    pub fn from_epoch(seconds: i64) -> Timestamp {
        Timestamp(DateTime::from_timestamp(seconds, 0).unwrap_or_default())
    }

    /// Microseconds since 1970-01-01 UTC.
    pub fn from_micros(micros: i64) -> Timestamp {
        Timestamp(DateTime::from_timestamp_micros(micros).unwrap_or_default())
    }

    pub fn epoch(self) -> i64 {
        self.0.timestamp()
    }

    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// Later by `span`; saturates at the end of chrono's calendar.
    pub fn plus(self, span: Duration) -> Timestamp {
        let delta = TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
        Timestamp(
            self.0
                .checked_add_signed(delta)
                .unwrap_or(DateTime::<Utc>::MAX_UTC)
                .trunc_subsecs(6),
        )
    }

    pub fn minus(self, span: Duration) -> Timestamp {
        let delta = TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
        Timestamp(
            self.0
                .checked_sub_signed(delta)
                .unwrap_or(DateTime::<Utc>::MIN_UTC)
                .trunc_subsecs(6),
        )
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Timestamp) -> Duration {
        (self.0 - earlier.0).to_std().unwrap_or_default()
    }

    /// The start of the minute this falls in: what a person can pick in a form.
    pub fn minute(self) -> Timestamp {
        Timestamp::from_epoch(self.epoch().div_euclid(60) * 60)
    }

    /// `2026-03-01T12:00:00Z`, for logs and machines.
    pub fn iso(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// `2026-03-01 13:00 CET`: for people who read it outside of Slack.
    pub fn in_zone(self, zone: Zone) -> String {
        self.0
            .with_timezone(&zone.0)
            .format("%Y-%m-%d %H:%M %Z")
            .to_string()
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

/// A time zone by its IANA name, such as `Europe/Prague`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(chrono_tz::Tz);

impl Zone {
    pub const UTC: Zone = Zone(chrono_tz::Tz::Etc__UTC);

    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Zone, UnknownZone> {
        name.parse()
            .map(Zone)
            .map_err(|_| UnknownZone(name.to_owned()))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not an IANA time zone name such as Europe/Prague")]
pub struct UnknownZone(String);

/// Reads the system's clock. Only [`crate`]'s clock room calls this.
pub fn from_system(time: std::time::SystemTime) -> Timestamp {
    Timestamp(DateTime::<Utc>::from(time).trunc_subsecs(6))
}

/// `1d 3h 10m`: minutes always, hours and days once they are not zero. Rounded to the minute,
/// because one end usually comes from a form that knows no seconds.
pub fn duration_in_words(span: Duration) -> String {
    let minutes = (span.as_secs() + 30) / 60;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}m"),
        (0, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h {minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_whole_days() {
        let minutes = |n: u64| duration_in_words(Duration::from_secs(n * 60));
        assert_eq!(minutes(0), "0m");
        assert_eq!(minutes(59), "59m");
        assert_eq!(minutes(60), "1h 0m");
        assert_eq!(minutes(24 * 60), "1d 0h 0m");
        assert_eq!(minutes(27 * 60 + 10), "1d 3h 10m");
        assert_eq!(minutes(40 * 24 * 60), "40d 0h 0m");
    }

    #[test]
    fn a_later_time_is_never_before_the_earlier() {
        let noon = Timestamp::from_epoch(1_772_366_400);
        assert_eq!(
            noon.plus(Duration::from_secs(90)).since(noon),
            Duration::from_secs(90)
        );
        assert_eq!(
            noon.since(noon.plus(Duration::from_secs(90))),
            Duration::ZERO
        );
        assert_eq!(noon.plus(Duration::from_secs(59)).minute(), noon);
        assert!(noon.plus(Duration::MAX) > noon);
    }

    #[test]
    fn zones_are_checked_by_name() {
        let prague: Zone = "Europe/Prague".parse().unwrap();
        assert_eq!(
            Timestamp::from_epoch(1_772_366_400).in_zone(prague),
            "2026-03-01 13:00 CET"
        );
        assert!("Europe/Atlantis".parse::<Zone>().is_err());
    }
}
