//! Points in time and time zones. The only file that names chrono, so that the day it is replaced
//! one file changes. Nothing here reads a clock.

use std::{fmt, str::FromStr, time::Duration};

use chrono::{
    DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset,
    SecondsFormat, SubsecRound, TimeDelta, TimeZone, Timelike, Utc,
};
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

    /// What machines write: RFC 3339, or the same without a zone, which is UTC then.
    pub fn read(text: &str) -> Option<Timestamp> {
        let text = text.trim();
        let at = match DateTime::parse_from_rfc3339(text) {
            Ok(at) => at.with_timezone(&Utc),
            Err(_) => {
                let local: NaiveDateTime = text.replacen(' ', "T", 1).parse().ok()?;
                local.and_utc()
            }
        };
        Some(Timestamp(at.trunc_subsecs(6)))
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

    /// Later by whole minutes, or earlier by negative ones; saturates like [`Timestamp::plus`].
    pub fn shifted(self, minutes: i64) -> Timestamp {
        let span = Duration::from_secs(minutes.unsigned_abs().saturating_mul(60));
        if minutes < 0 {
            return self.minus(span);
        }
        self.plus(span)
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Timestamp) -> Duration {
        (self.0 - earlier.0).to_std().unwrap_or_default()
    }

    /// The start of the minute this falls in: what a person can pick in a form.
    pub fn minute(self) -> Timestamp {
        Timestamp::from_epoch(self.epoch().div_euclid(60) * 60)
    }

    /// The first whole minute that is not before this.
    pub fn minute_up(self) -> Timestamp {
        let start = self.minute();
        if start == self {
            return self;
        }
        start.plus(Duration::from_secs(60))
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

    /// The date that a calendar in this zone shows.
    pub fn day(self, at: Timestamp) -> Day {
        Day(self.local(at).date())
    }

    /// What a clock in this zone shows, cut to the minute.
    pub fn clock(self, at: Timestamp) -> Clock {
        let time = self.local(at).time();
        Clock::new(time.hour(), time.minute()).unwrap_or(Clock::MIDNIGHT)
    }

    /// What the zone is called at that moment: `CET`, `EST`, or `UTC+03` where no letters are in use.
    pub fn abbreviation(self, at: Timestamp) -> String {
        let name = self
            .0
            .offset_from_utc_datetime(&at.0.naive_utc())
            .to_string();
        if name.starts_with(['+', '-']) {
            return format!("UTC{name}");
        }
        name
    }

    /// When a clock in this zone shows `clock` on `day`.
    pub fn reading(self, day: Day, clock: Clock) -> Reading {
        let local = day.0.and_time(clock.0);
        let at = |it: DateTime<chrono_tz::Tz>| Timestamp(it.with_timezone(&Utc));
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(only) => Reading::Once(at(only)),
            LocalResult::Ambiguous(one, other) => {
                Reading::Twice(at(one.min(other)), at(one.max(other)))
            }
            LocalResult::None => Reading::Skipped(
                chrono_tz::GapInfo::new(&local, &self.0)
                    .and_then(|gap| gap.end)
                    .map_or(Timestamp(local.and_utc()), at),
            ),
        }
    }

    /// The date after `day`. Usually the next, but a zone that crosses the date line leaves one out.
    pub fn day_after(self, day: Day) -> Day {
        let next = day.plus(1);
        if self.leaves_out(next) {
            return next.plus(1);
        }
        next
    }

    /// Whether no clock in this zone ever shows this date, such as 2011-12-30 on Samoa.
    pub fn leaves_out(self, day: Day) -> bool {
        match (
            self.reading(day, Clock::MIDNIGHT),
            self.reading(day, Clock::LAST),
        ) {
            (Reading::Skipped(one), Reading::Skipped(other)) => one == other,
            _ => false,
        }
    }

    fn local(self, at: Timestamp) -> NaiveDateTime {
        let utc = at.0.naive_utc();
        let offset = self.0.offset_from_utc_datetime(&utc).fix();
        // Only at the ends of chrono's calendar there is nothing to add to.
        utc.checked_add_offset(offset).unwrap_or(utc)
    }
}

/// A date, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(NaiveDate);

impl Day {
    /// None when the calendar has no such date. Months and days count from 1.
    pub fn new(year: i32, month: u32, day: u32) -> Option<Day> {
        NaiveDate::from_ymd_opt(year, month, day).map(Day)
    }

    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// Days after Monday, 0 to 6.
    pub fn weekday(self) -> u32 {
        self.0.weekday().num_days_from_monday()
    }

    /// Later by whole days; saturates at the end of chrono's calendar.
    pub fn plus(self, days: u64) -> Day {
        Day(self
            .0
            .checked_add_days(Days::new(days))
            .unwrap_or(NaiveDate::MAX))
    }

    /// Earlier by whole days; saturates at the beginning of chrono's calendar.
    pub fn minus(self, days: u64) -> Day {
        Day(self
            .0
            .checked_sub_days(Days::new(days))
            .unwrap_or(NaiveDate::MIN))
    }

    /// Days from `earlier` to this; negative when this is before it.
    pub fn days_since(self, earlier: Day) -> i64 {
        (self.0 - earlier.0).num_days()
    }

    /// `Tue 3 Mar`.
    pub fn short(self) -> String {
        self.0.format("%a %-d %b").to_string()
    }
}

/// What a clock shows, to the minute. Shown as `09:05`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clock(NaiveTime);

impl Clock {
    pub const MIDNIGHT: Clock = Clock(NaiveTime::MIN);
    /// The last minute of a day, 23:59.
    const LAST: Clock = Clock(match NaiveTime::from_hms_opt(23, 59, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    });

    /// None unless a clock of 24 hours can show it; 24:00 is the 00:00 of the next day.
    pub fn new(hour: u32, minute: u32) -> Option<Clock> {
        NaiveTime::from_hms_opt(hour, minute, 0).map(Clock)
    }

    pub fn hour(self) -> u32 {
        self.0.hour()
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

/// When a clock shows a certain time on a certain day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    Once(Timestamp),
    /// The clocks are put back over it: the earlier and the later time.
    Twice(Timestamp, Timestamp),
    /// The clocks are put forward over it, at this moment.
    Skipped(Timestamp),
}

/// Every zone there is.
#[cfg(test)]
pub fn all_zones() -> Vec<Zone> {
    chrono_tz::TZ_VARIANTS.iter().copied().map(Zone).collect()
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
    fn what_machines_write_is_read() {
        let noon = Timestamp::from_epoch(1_772_366_400);
        for text in [
            "2026-03-01T12:00:00Z",
            "2026-03-01T13:00:00+01:00",
            "2026-03-01T12:00:00",
            " 2026-03-01 12:00:00 ",
        ] {
            assert_eq!(Timestamp::read(text), Some(noon), "{text}");
        }
        let finer = Timestamp::read("2026-03-01T12:00:00.123456789Z").unwrap();
        assert_eq!(finer.micros(), noon.micros() + 123_456);
        for text in [
            "",
            "soon",
            "2026-03-01",
            "2026-02-30T12:00:00Z",
            "1772366400",
        ] {
            assert_eq!(Timestamp::read(text), None, "{text}");
        }
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
