//! What is read as which moment, around a normal day and around days that are not.

mod properties;

use super::*;

#[test]
fn choices_are_read() {
    let minutes = |text| EtaChoice::parse(text).map(|it| it.within.map(|span| span.as_secs() / 60));
    assert_eq!(minutes("<30m"), Some(Some(30)));
    assert_eq!(minutes("<2h"), Some(Some(120)));
    assert_eq!(minutes(">24h"), Some(None));
    for bad in [
        "",
        "<",
        "<m",
        "30m",
        "<30",
        "<-3h",
        "<3x",
        "<0m",
        "<ěm",
        "<9999999999d",
    ] {
        assert_eq!(minutes(bad), None, "{bad:?}");
    }
}

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

/// A moment as it is written on a clock in that place; the earlier one where there are two.
fn at(place: &str, written: &str) -> Timestamp {
    use crate::domain::time::{Clock, Day, Reading};
    let part = |range: std::ops::Range<usize>| written.get(range).unwrap().parse::<u32>().unwrap();
    let day = Day::new(i32::try_from(part(0..4)).unwrap(), part(5..7), part(8..10)).unwrap();
    let clock = Clock::new(part(11..13), part(14..16)).unwrap();
    match zone(place).reading(day, clock) {
        Reading::Once(only) => only,
        Reading::Twice(first, _) => first,
        Reading::Skipped(_) => panic!("{written} does not exist in {place}"),
    }
}

const PRAGUE: &str = "Europe/Prague";

/// Checks what is read in Prague at half past twelve and 20 seconds on Friday, 20 November 2026.
#[track_caller]
fn reads(table: &[(&str, &str)]) {
    let now = at(PRAGUE, "2026-11-20 12:30").plus(Duration::from_secs(20));
    for (text, due) in table {
        let eta = understand(text, now, zone(PRAGUE));
        let shown = eta
            .clone()
            .map(|it| it.due.map(|it| it.in_zone(zone(PRAGUE))));
        assert_eq!(shown, Ok(Some(format!("{due} CET"))), "{text:?}");
        let eta = eta.unwrap();
        assert_eq!((eta.label.as_str(), eta.set_at), ("", now), "{text:?}");
    }
}

/// The same day's refusals.
#[track_caller]
fn refuses(unclear: &Unclear, texts: &[&str]) {
    let now = at(PRAGUE, "2026-11-20 12:30").plus(Duration::from_secs(20));
    for text in texts {
        assert_eq!(
            understand(text, now, zone(PRAGUE)).as_ref(),
            Err(unclear),
            "{text:?}"
        );
    }
}

#[test]
fn lengths_of_time() {
    reads(&[
        ("45m", "2026-11-20 13:16"),
        ("45 min", "2026-11-20 13:16"),
        ("45 min.", "2026-11-20 13:16"),
        ("  IN   45   MINUTES.  ", "2026-11-20 13:16"),
        ("90 minutes", "2026-11-20 14:01"),
        ("2h", "2026-11-20 14:31"),
        ("2 h", "2026-11-20 14:31"),
        ("~2h", "2026-11-20 14:31"),
        ("~ 2 hrs", "2026-11-20 14:31"),
        ("ETA 2h", "2026-11-20 14:31"),
        ("eta: in about 2 hours", "2026-11-20 14:31"),
        ("two hours", "2026-11-20 14:31"),
        ("2h30", "2026-11-20 15:01"),
        ("2h 30", "2026-11-20 15:01"),
        ("2h30.", "2026-11-20 15:01"),
        ("2h30m", "2026-11-20 15:01"),
        ("2h 30 min", "2026-11-20 15:01"),
        ("2 hours and 30 minutes", "2026-11-20 15:01"),
        ("1.5h", "2026-11-20 14:01"),
        ("1,5 h", "2026-11-20 14:01"),
        ("1.25 hours", "2026-11-20 13:46"),
        ("half an hour", "2026-11-20 13:01"),
        ("in half an hour", "2026-11-20 13:01"),
        ("an hour", "2026-11-20 13:31"),
        ("an hour from now", "2026-11-20 13:31"),
        ("an hour and a half", "2026-11-20 14:01"),
        ("1 day", "2026-11-21 12:31"),
        ("1d 4h", "2026-11-21 16:31"),
        ("1d4h", "2026-11-21 16:31"),
        ("2 days", "2026-11-22 12:31"),
        ("a week", "2026-11-27 12:31"),
        ("16h", "2026-11-21 04:31"),
    ]);
}

#[test]
fn times_of_day() {
    reads(&[
        ("16:30", "2026-11-20 16:30"),
        ("at 16:30", "2026-11-20 16:30"),
        ("by 16.30", "2026-11-20 16:30"),
        ("until 16.30.", "2026-11-20 16:30"),
        ("around 16:30.", "2026-11-20 16:30"),
        ("22.11", "2026-11-20 22:11"),
        ("eta ~16:30", "2026-11-20 16:30"),
        ("1630", "2026-11-20 16:30"),
        ("0930", "2026-11-21 09:30"),
        ("4pm", "2026-11-20 16:00"),
        ("4 PM.", "2026-11-20 16:00"),
        ("4:30 pm", "2026-11-20 16:30"),
        ("4.30pm", "2026-11-20 16:30"),
        ("4 p.m.", "2026-11-20 16:00"),
        ("at 4 P.M", "2026-11-20 16:00"),
        ("12am", "2026-11-21 00:00"),
        ("12pm", "2026-11-21 12:00"),
        ("noon", "2026-11-21 12:00"),
        ("midnight", "2026-11-21 00:00"),
        ("24:00", "2026-11-21 00:00"),
        ("2400", "2026-11-21 00:00"),
        ("00:00", "2026-11-21 00:00"),
        ("9:00", "2026-11-21 09:00"),
        // The current minute has passed, the next has not.
        ("12:30", "2026-11-21 12:30"),
        ("12:31", "2026-11-20 12:31"),
        ("eod", "2026-11-20 17:00"),
        ("by end of day", "2026-11-20 17:00"),
        ("COB", "2026-11-20 17:00"),
    ]);
    let now = at(PRAGUE, "2026-11-20 12:30");
    let due = understand("12:30", now, zone(PRAGUE)).unwrap().due;
    assert_eq!(due, Some(at(PRAGUE, "2026-11-21 12:30")));
}

#[test]
fn days() {
    reads(&[
        ("tomorrow", "2026-11-21 12:00"),
        ("by tomorrow.", "2026-11-21 12:00"),
        ("tomorrow noon", "2026-11-21 12:00"),
        ("noon tomorrow", "2026-11-21 12:00"),
        ("tomorrow 9:00", "2026-11-21 09:00"),
        ("Tomorrow at 9am", "2026-11-21 09:00"),
        ("9am tomorrow", "2026-11-21 09:00"),
        ("tomorrow, 16.30.", "2026-11-21 16:30"),
        ("tomorrow 24:00", "2026-11-22 00:00"),
        ("tomorrow eod", "2026-11-21 17:00"),
        ("day after tomorrow 9:00", "2026-11-22 09:00"),
        ("today 17:00", "2026-11-20 17:00"),
        ("today midnight", "2026-11-21 00:00"),
        ("tonight 22:00", "2026-11-20 22:00"),
        ("tonight at 10pm", "2026-11-20 22:00"),
        ("midnight tonight", "2026-11-21 00:00"),
        ("monday", "2026-11-23 12:00"),
        ("mon 9:00", "2026-11-23 09:00"),
        ("mon, 9.00", "2026-11-23 09:00"),
        ("on Monday at 9 am", "2026-11-23 09:00"),
        ("4pm on monday", "2026-11-23 16:00"),
        ("next tuesday 10:00", "2026-11-24 10:00"),
        ("thurs 10:00", "2026-11-26 10:00"),
        // Today's own weekday: only once its time has passed, or when it is said which.
        ("friday 9:00", "2026-11-27 09:00"),
        ("friday", "2026-11-27 12:00"),
        ("next friday 14:00", "2026-11-27 14:00"),
        ("this friday 14:00", "2026-11-20 14:00"),
    ]);
}

#[test]
fn dates() {
    reads(&[
        ("2026-11-22 09:00", "2026-11-22 09:00"),
        ("2026-11-22T09:00", "2026-11-22 09:00"),
        ("2026-11-22T09:00Z", "2026-11-22 10:00"),
        ("2026-11-22", "2026-11-22 12:00"),
        ("22.11. 9:00", "2026-11-22 09:00"),
        ("22.11. 9.00", "2026-11-22 09:00"),
        ("22. 11. 2026 9:00", "2026-11-22 09:00"),
        ("22.11.2026", "2026-11-22 12:00"),
        ("9:00 22.11.", "2026-11-22 09:00"),
        ("31.12.", "2026-12-31 12:00"),
        ("22 nov 9:00", "2026-11-22 09:00"),
        ("22. nov 9:00", "2026-11-22 09:00"),
        ("22 nov 1630", "2026-11-22 16:30"),
        ("22 nov 2026 1630", "2026-11-22 16:30"),
        ("22nd of November at 9am", "2026-11-22 09:00"),
        ("nov 22 9:00", "2026-11-22 09:00"),
        ("Nov. 22nd, 2026, 9:00", "2026-11-22 09:00"),
        ("nov 22", "2026-11-22 12:00"),
        ("Sun 22 Nov 09:00 CET", "2026-11-22 09:00"),
        // The coming one.
        ("5 jan 9:00", "2027-01-05 09:00"),
        ("Tue 5 Jan 2027 9:00", "2027-01-05 09:00"),
    ]);
}

#[test]
fn places() {
    reads(&[
        ("16:30 CET", "2026-11-20 16:30"),
        ("16:30 utc", "2026-11-20 17:30"),
        ("16:30 Z", "2026-11-20 17:30"),
        ("16:30 GMT", "2026-11-20 17:30"),
        ("4pm EST", "2026-11-20 22:00"),
        ("16:30 UTC+2", "2026-11-20 15:30"),
        ("16:30 utc +02:00", "2026-11-20 15:30"),
        ("16:30 GMT-3", "2026-11-20 20:30"),
        ("16:30 UTC-03:30", "2026-11-20 21:00"),
        ("16:30 +02:00", "2026-11-20 15:30"),
        ("16:30+0200", "2026-11-20 15:30"),
        // Half past midnight there is still ahead, the day before it was not.
        ("12:30 UTC+14", "2026-11-20 23:30"),
        ("tomorrow 9:00 UTC", "2026-11-21 10:00"),
        ("9:00 UTC tomorrow", "2026-11-21 10:00"),
        ("22.11. 23:30 UTC", "2026-11-23 00:30"),
    ]);
}

#[test]
fn nobody_knows() {
    let now = at(PRAGUE, "2026-11-20 12:30");
    for text in [
        "unknown",
        "Unknown.",
        "?",
        "no idea",
        "TBD",
        "don't know",
        "don’t know",
        "none",
        "-",
        "–",
        "n/a",
        "eta unknown",
        "ETA: ?",
        "  no   idea ",
    ] {
        let eta = understand(text, now, zone(PRAGUE));
        assert_eq!(eta, Ok(Eta::unknown(now)), "{text:?}");
        assert!(eta.unwrap().is_unknown());
    }
}

#[test]
fn quick_choices_can_be_typed() {
    let now = at(PRAGUE, "2026-11-20 12:30").plus(Duration::from_secs(20));
    for (text, label) in [
        ("<2h", "<2h"),
        ("< 2 H", "<2h"),
        ("eta <30m", "<30m"),
        (">24h", ">24h"),
    ] {
        let eta = understand(text, now, zone(PRAGUE)).unwrap();
        assert_eq!(
            eta,
            EtaChoice::parse(label).unwrap().promise(now),
            "{text:?}"
        );
        assert!(!eta.is_unknown());
    }
}

#[test]
fn what_has_two_readings_is_refused() {
    refuses(
        &Unclear::NotUnderstood,
        &[
            "30",
            "at 9",
            "tomorrow 9",
            "2h5",
            "2h90",
            "1.30h",
            "1.50h",
            "2-3h",
            "in 2:30",
            "at 16h",
            "22.11.",
            "09.01.",
            "11/22",
            "tonight",
            "tonight 1:00",
            "today",
            "tomorrow midnight",
            "9:00-10:00",
            "9:00 -10:00",
            "16:30 +5",
            "16:30 + 15 min",
            "16:30 CST",
            "4pm IST",
            "30 9:00",
            "16:30 17:30",
            "today tomorrow",
            "22.11.26",
        ],
    );
    refuses(
        &Unclear::TodayOrNextWeek,
        &["friday 14:00", "fri eod", "14:00 friday"],
    );
}

#[test]
fn what_is_no_eta_is_refused() {
    refuses(&Unclear::Empty, &["", "   ", "\u{a0}\n\t"]);
    refuses(
        &Unclear::NotUnderstood,
        &[
            "soon",
            "in",
            "at",
            "eta",
            "~",
            ".",
            "...",
            ":",
            "-2h",
            "- 30m",
            "-16:30",
            "2 h 3 h",
            "30m 2h",
            "2h 2h",
            "1.5h 30m",
            "1.5.5h",
            "2 months",
            "１６:３０",
            "٣٠m",
            "🔥",
            "2h 🔥",
            "<",
            ">",
            "<2",
            "<2h30",
            "<-2h",
            "next",
            "next 9:00",
            "16:5",
            "163",
            "16303",
            "16:30:00",
            "9:00 UTC+99",
            "16:30 +99:00",
            "9:00 nowhere",
            "tomorrow UTC",
            "CET",
            "utc+2",
            "pm",
            "a",
            "half",
            "22x",
        ],
    );
}

#[test]
fn what_cannot_be_is_refused() {
    refuses(
        &Unclear::Past,
        &[
            "0m",
            "0h",
            "today 09:00",
            "today 12:30",
            "2026-11-20 12:30",
            "2020-01-01",
            "20 nov 9:00",
            "19 nov",
            "12.11. 9:00",
            "today 12:00 CET",
        ],
    );
    refuses(
        &Unclear::NoSuchTime,
        &[
            "25:00",
            "16:60",
            "24:01",
            "2560",
            "13pm",
            "0am",
            "16:30 pm",
            "tomorrow 25:00",
        ],
    );
    refuses(
        &Unclear::NoSuchDay,
        &[
            "31 feb",
            "2026-02-29 9:00",
            "2026-13-01",
            "30.2. 9:00",
            "nov 31",
            "0 nov",
        ],
    );
    refuses(
        &Unclear::WrongWeekday,
        &["mon 22 nov 9:00", "Fri 22.11. 9:00"],
    );
    refuses(
        &Unclear::TooFar,
        &[
            "367 days",
            "99999999999999999999h",
            "4294967295 weeks",
            "2028-01-01",
            "22.11. 2030",
            "9999-12-31 23:59",
        ],
    );
    reads(&[("366 days", "2027-11-21 12:31")]);
    refuses(
        &Unclear::OtherDay,
        &[
            "tomorrow 23:30 UTC",
            "monday 8:00 +14:00",
            "today 23:30 UTC",
        ],
    );
}

#[test]
fn long_input_is_not_read() {
    let now = at(PRAGUE, "2026-11-20 12:30");
    let read = |text: &str| understand(text, now, zone(PRAGUE));
    assert!(read(&format!("{}2h", " ".repeat(98))).is_ok());
    for text in [
        format!("{}2h", " ".repeat(99)),
        " ".repeat(10_000),
        "1d ".repeat(3_000),
        "🔥".repeat(10_000),
    ] {
        assert_eq!(read(&text), Err(Unclear::NotUnderstood));
    }
}

#[test]
fn clocks_that_are_put_forward() {
    let prague = zone(PRAGUE);
    let evening = at(PRAGUE, "2026-03-28 20:00");
    let next = at(PRAGUE, "2026-03-29 03:00");
    for text in ["2:30", "tomorrow 2:30", "2026-03-29 02:00", "sunday 2:59"] {
        assert_eq!(
            understand(text, evening, prague),
            Err(Unclear::Skipped { next }),
            "{text:?}"
        );
    }
    let due = |text: &str, now| understand(text, now, prague).unwrap().due.unwrap();
    assert_eq!(due("3:00", evening), next);
    // Behind the gap it has passed like any other time.
    assert_eq!(due("2:30", next), at(PRAGUE, "2026-03-30 02:30"));
    assert_eq!(understand("today 2:30", next, prague), Err(Unclear::Past));
    // A day of the calendar has 23 hours here, a day of time has 24.
    assert_eq!(due("tomorrow 20:00", evening), evening.shifted(23 * 60));
    assert_eq!(due("1 day", evening), evening.shifted(24 * 60));
}

#[test]
fn clocks_that_are_put_back() {
    let prague = zone(PRAGUE);
    let first = at(PRAGUE, "2026-10-25 02:30");
    let second = first.shifted(60);
    let due = |text: &str, now| understand(text, now, prague).unwrap().due.unwrap();
    assert_eq!(due("2:30", first.shifted(-300)), first);
    assert_eq!(due("2:30", first), second);
    assert_eq!(due("today 2:30", first.shifted(10)), second);
    assert_eq!(due("2:30", second), second.shifted(24 * 60));
    // The name of the time tells them apart.
    assert_eq!(due("2:30 CEST", first.shifted(-300)), first);
    assert_eq!(due("2:30 CET", first.shifted(-300)), second);
}

#[test]
fn clocks_that_are_put_back_over_midnight() {
    let st_johns = "America/St_Johns";
    // One minute into the 7th the clocks went back to the evening of the 6th.
    let now = at(st_johns, "2010-11-07 00:00").plus(Duration::from_secs(30));
    let due = understand("23:30", now, zone(st_johns)).unwrap().due;
    let second = at(st_johns, "2010-11-06 23:30").shifted(60);
    assert_eq!(due, Some(second));
    assert!(due.unwrap().since(now) < Duration::from_secs(30 * 60));
}

#[test]
fn the_own_zone_is_what_the_clock_shows() {
    let summer = at(PRAGUE, "2026-07-01 12:00");
    assert_eq!(
        understand("16:30 CET", summer, zone(PRAGUE)),
        Err(Unclear::OutOfSeason {
            in_force: "CEST".to_owned()
        })
    );
    // A name that means several things elsewhere means one at home.
    let chicago = "America/Chicago";
    let winter = at(chicago, "2026-12-01 12:00");
    assert_eq!(
        understand("4pm CST", winter, zone(chicago)).unwrap().due,
        Some(at(chicago, "2026-12-01 16:00"))
    );
}

#[test]
fn a_day_that_a_zone_left_out() {
    let apia = "Pacific/Apia";
    let now = at(apia, "2011-12-29 22:30");
    let read = |text: &str| understand(text, now, zone(apia)).map(|it| it.due);
    assert_eq!(read("22:00"), Ok(Some(at(apia, "2011-12-31 22:00"))));
    assert_eq!(
        read("tomorrow 9:00"),
        Ok(Some(at(apia, "2011-12-31 09:00")))
    );
    let next = at(apia, "2011-12-31 00:00");
    assert_eq!(read("2011-12-30 9:00"), Err(Unclear::Skipped { next }));
    assert_eq!(
        moment_in_words(next, now, zone(apia)),
        "tomorrow 00:00 UTC+14"
    );
}

#[test]
fn said_in_words() {
    let prague = zone(PRAGUE);
    let now = at(PRAGUE, "2026-11-20 16:30");
    let exact = |written| in_words(&Eta::exact(at(PRAGUE, written), now), now, prague);
    assert_eq!(exact("2026-11-20 17:15"), "today 17:15 CET (in 45m)");
    assert_eq!(exact("2026-11-21 12:00"), "tomorrow 12:00 CET (in 19h 30m)");
    assert_eq!(
        exact("2026-11-24 09:00"),
        "Tue 24 Nov 09:00 CET (in 3d 16h 30m)"
    );
    assert_eq!(
        exact("2027-03-03 09:00"),
        "Wed 3 Mar 2027 09:00 CET (in 102d 16h 30m)"
    );
    assert_eq!(exact("2026-11-20 16:30"), "today 16:30 CET (now)");
    assert_eq!(exact("2026-11-20 16:00"), "today 16:00 CET (30m ago)");
    assert_eq!(in_words(&Eta::unknown(now), now, prague), "unknown");
    let choice = |label| in_words(&EtaChoice::parse(label).unwrap().promise(now), now, prague);
    assert_eq!(choice("<2h"), "<2h, until today 18:30 CET");
    assert_eq!(choice(">24h"), ">24h");
}
