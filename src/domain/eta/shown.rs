//! ETAs and moments for people, in words that can be read back.

use std::time::Duration;

use super::{Eta, UNKNOWN};
use crate::domain::time::{Timestamp, Zone, duration_in_words};

/// `today 16:30 CET (in 45m)` for an exact time, `<2h, until today 18:00 CET` for a choice, the label
/// alone where nothing is promised. The label is as it was made: a view escapes it.
pub fn in_words(eta: &Eta, now: Timestamp, zone: Zone) -> String {
    let label = eta.label.trim();
    match eta.due {
        Some(due) if label.is_empty() => {
            let moment = moment_in_words(due, now, zone);
            format!("{moment} ({})", distance(due, now))
        }
        Some(due) => format!("{label}, until {}", moment_in_words(due, now, zone)),
        None if label.is_empty() => UNKNOWN.to_owned(),
        None => label.to_owned(),
    }
}

/// `today 16:30 CET`, `tomorrow 12:00 CET`, `Tue 3 Mar 09:00 CET`, with the year when it is another
/// than now's: `Sun 3 Jan 2027 09:00 CET`. [`super::understand`] reads all but what has passed.
pub fn moment_in_words(at: Timestamp, now: Timestamp, zone: Zone) -> String {
    let (day, today) = (zone.day(at), zone.day(now));
    let date = if day == today {
        "today".to_owned()
    } else if day == zone.day_after(today) {
        "tomorrow".to_owned()
    } else if day.year() == today.year() {
        day.short()
    } else {
        format!("{} {}", day.short(), day.year())
    };
    format!("{date} {} {}", zone.clock(at), zone.abbreviation(at))
}

/// `in 45m` or `45m ago`, in whole minutes: a due was rounded up, so "45m" is read back as 45m.
fn distance(due: Timestamp, now: Timestamp) -> String {
    let whole = |span: Duration| Duration::from_secs(span.as_secs() / 60 * 60);
    let (ahead, passed) = (whole(due.since(now)), whole(now.since(due)));
    if ahead.is_zero() && passed.is_zero() {
        "now".to_owned()
    } else if due > now {
        format!("in {}", duration_in_words(ahead))
    } else {
        format!("{} ago", duration_in_words(passed))
    }
}
