//! What holds for whatever is written, in every zone, at any moment, and above all around the
//! moments when clocks are put forward or back.

use proptest::prelude::*;

use super::{
    super::{Eta, Unclear, moment_in_words, understand},
    Duration,
};
use crate::domain::time::{Clock, Timestamp, Zone, all_zones};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// 2000-01-01 and 2040-01-01, UTC.
const YEARS: std::ops::Range<i64> = 946_684_800..2_208_988_800;

/// Any zone, with a moment that is often near a change of its clocks and often a whole minute.
fn somewhere() -> impl Strategy<Value = (Zone, Timestamp)> {
    let near = prop_oneof![
        Just(None),
        (-30 * HOUR..30 * HOUR).prop_map(Some),
        (-2 * HOUR..2 * HOUR).prop_map(Some),
    ];
    let zone = proptest::sample::select(all_zones());
    (zone, YEARS, near, any::<bool>()).prop_map(|(zone, second, near, whole)| {
        let near_change = near.and_then(|it| Some(change_after(zone, second)? + it));
        let now = Timestamp::from_epoch(near_change.unwrap_or(second));
        (zone, if whole { now.minute() } else { now })
    })
}

/// How far from now's the wanted time is on the face of a clock, in minutes.
fn turn() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), 0..200_u32, 1240..1440_u32, 0..1440_u32]
}

fn turned(zone: Zone, now: Timestamp, turn: u32) -> Clock {
    let shown = zone.clock(now).to_string();
    let (hour, minute) = shown.split_once(':').unwrap();
    let minute = hour.parse::<u32>().unwrap() * 60 + minute.parse::<u32>().unwrap() + turn;
    Clock::new(minute / 60 % 24, minute % 60).unwrap()
}

/// The second when the clocks of `zone` change next, if they do within a year.
fn change_after(zone: Zone, second: i64) -> Option<i64> {
    let ahead = |it: i64| ahead_of_utc(zone, Timestamp::from_epoch(it));
    let mut before = second;
    let mut after = (1..53).map(|week| second + week * 7 * DAY).find(|it| {
        let changed = ahead(*it) != ahead(second);
        if !changed {
            before = *it;
        }
        changed
    })?;
    while after - before > 1 {
        let middle = before.midpoint(after);
        if ahead(middle) == ahead(second) {
            before = middle;
        } else {
            after = middle;
        }
    }
    Some(after)
}

/// Minutes that clocks in `zone` are ahead of UTC, from what they show.
fn ahead_of_utc(zone: Zone, at: Timestamp) -> i64 {
    let minute = |zone: Zone| {
        let clock = zone.clock(at).to_string();
        let (hour, minute) = clock.split_once(':').unwrap();
        let of_day = hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap();
        zone.day(at)
            .days_since(Zone::UTC.day(Timestamp::from_epoch(0)))
            * 24
            * 60
            + of_day
    };
    minute(zone) - minute(Zone::UTC)
}

/// Anything, and things that look like something.
fn scribble() -> impl Strategy<Value = String> {
    let pieces = [
        "in",
        "at",
        "by",
        "~",
        "eta",
        "half",
        "an",
        "a",
        "hour",
        "and",
        "h",
        "m",
        "d",
        "week",
        "30",
        "9",
        "16",
        ":",
        ".",
        ",",
        "-",
        "+",
        "00",
        "2026",
        "11",
        "22",
        "nov",
        "feb",
        "mon",
        "next",
        "today",
        "tomorrow",
        "tonight",
        "noon",
        "midnight",
        "eod",
        "pm",
        "utc",
        "cet",
        "z",
        "<",
        ">",
        "?",
        " ",
        "99999999999",
        "0",
        "🔥",
        "é",
        "١",
    ];
    prop_oneof![
        any::<String>(),
        "[0-9:. a-z+-]{0,30}",
        proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..9)
            .prop_map(|it| it.concat()),
        proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..9)
            .prop_map(|it| it.join(" ")),
    ]
}

fn due(text: &str, now: Timestamp, zone: Zone) -> Result<Timestamp, Unclear> {
    understand(text, now, zone).map(|it: Eta| it.due.expect("a moment"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn nothing_written_breaks_it(text in scribble(), place in somewhere()) {
        let (zone, now) = place;
        if let Ok(eta) = understand(&text, now, zone) {
            prop_assert_eq!(eta.set_at, now);
            prop_assert!(eta.due.is_none_or(|it| it > now), "{:?}", eta);
        }
    }

    /// Minute by minute: the first time from now that the clock shows it, or a jump over it before
    /// it could.
    #[test]
    fn a_time_is_the_next_one_on_the_clock(turn in turn(), place in somewhere()) {
        let (zone, now) = place;
        let wanted = turned(zone, now, turn);
        let (end, skipped) = match due(&wanted.to_string(), now, zone) {
            Ok(due) => (due, false),
            Err(Unclear::Skipped { next }) => (next, true),
            Err(other) => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        prop_assert!(end > now);
        let put_back = ahead_of_utc(zone, now) - ahead_of_utc(zone, end);
        // Where a whole day is left out it is the date that moves, not the clock.
        let put_back = put_back.max(0) % (24 * 60);
        prop_assert!(end.since(now).as_secs() <= u64::try_from(DAY + put_back * MINUTE).unwrap());
        let mut at = now.minute_up();
        while at < end {
            prop_assert!(at == now || zone.clock(at) != wanted, "{:?} is earlier", at);
            at = at.shifted(1);
        }
        if skipped {
            let (before, after) = (zone.clock(end.shifted(-1)), zone.clock(end));
            let over = if before < after {
                before < wanted && wanted < after
            } else {
                before < wanted || wanted < after
            };
            prop_assert!(over, "{before} {wanted} {after}");
        } else {
            prop_assert_eq!(zone.clock(end), wanted);
            prop_assert_eq!(end, end.minute());
        }
    }

    #[test]
    fn a_length_of_time_is_the_same_everywhere(
        (days, hours, minutes) in (0..300_u64, 0..24_u64, 1..60_u64),
        place in somewhere(),
    ) {
        let (zone, now) = place;
        let span = Duration::from_secs(((days * 24 + hours) * 60 + minutes) * 60);
        let due = due(&format!("{days}d {hours}h {minutes}m"), now, zone).unwrap();
        prop_assert_eq!(due.epoch() % MINUTE, 0);
        prop_assert!(due >= now.plus(span));
        prop_assert!(due.since(now.plus(span)) < Duration::from_secs(60));
    }

    #[test]
    fn tomorrow_is_the_next_date(turn in turn(), place in somewhere()) {
        let (zone, now) = place;
        let wanted = turned(zone, now, turn);
        let today = zone.day(now);
        match due(&format!("tomorrow {wanted}"), now, zone) {
            Ok(due) => {
                let left_out = zone.leaves_out(today.plus(1));
                let tomorrow = today.plus(if left_out { 2 } else { 1 });
                prop_assert_eq!(zone.day(due), tomorrow);
                prop_assert_eq!(zone.clock(due), wanted);
            }
            Err(Unclear::Skipped { next }) => {
                prop_assert!(next > now);
                let jump = ahead_of_utc(zone, next) - ahead_of_utc(zone, next.shifted(-1));
                prop_assert!(jump > 0);
            }
            Err(other) => return Err(TestCaseError::fail(format!("{other:?}"))),
        }
    }

    #[test]
    fn what_is_shown_can_be_read(minutes in 1..500_000_i64, place in somewhere()) {
        let (zone, now) = place;
        let due = now.minute().shifted(minutes);
        let shown = moment_in_words(due, now, zone);
        let again = understand(&shown, now, zone).map(|it| it.due);
        // The same clock under the same name an hour apart: nothing tells those two apart.
        let twin = again.clone().ok().flatten().is_some_and(|it| {
            it < due && moment_in_words(it, now, zone) == shown
        });
        prop_assert!(twin || again == Ok(Some(due)), "{shown}: {again:?}");
    }
}
