//! When an outage is expected to be over: a promise, with the moment it was made.

use std::time::Duration;

use serde::{Deserialize, Serialize};

mod moment;
mod resolve;
mod shown;
mod span;
mod tokens;
mod vocabulary;

pub use shown::{in_words, moment_in_words};

use self::tokens::Cursor;
use super::time::{Timestamp, Zone};

/// One of the configured quick choices, such as `<2h`; `>24h` promises nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EtaChoice {
    /// As configured and as shown.
    pub label: String,
    /// How long from now, or none when nothing is promised.
    pub within: Option<Duration>,
}

impl EtaChoice {
    /// Reads `<30m`, `<2h`, `<3d` or `>24h`.
    pub fn parse(text: &str) -> Option<EtaChoice> {
        let text = text.trim();
        let promised = match text.chars().next()? {
            '<' => true,
            '>' => false,
            _ => return None,
        };
        let number = text.get(1..text.len().checked_sub(1)?)?;
        if !number.bytes().all(|it| it.is_ascii_digit()) {
            return None;
        }
        let minutes = number.parse::<u64>().ok().filter(|it| *it > 0)?
            * match text.chars().last()? {
                'm' => 1,
                'h' => 60,
                'd' => 1440,
                _ => return None,
            };
        // A year is beyond every promise and keeps arithmetic far from its limits.
        if minutes > 366 * 1440 {
            return None;
        }
        Some(EtaChoice {
            label: text.to_owned(),
            within: promised.then(|| Duration::from_secs(minutes * 60)),
        })
    }

    pub fn promise(&self, now: Timestamp) -> Eta {
        Eta {
            label: self.label.clone(),
            due: self.within.map(|span| now.plus(span)),
            set_at: now,
        }
    }
}

/// The label of an ETA that nobody knows.
const UNKNOWN: &str = "unknown";

/// The promise as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eta {
    /// The choice as it was shown to whoever made it; empty for an exact time, which is shown as its
    /// moment; `unknown` when nobody knows.
    pub label: String,
    /// When the outage should be over; none when unknown.
    pub due: Option<Timestamp>,
    pub set_at: Timestamp,
}

/// Between two moments at which people are told how near an ETA is, or how long it has passed.
pub const STEP: Duration = Duration::from_secs(600);

/// How long ago an ETA was due, as it is told: minutes count at first, and later nobody wants to
/// have an announcement rendered anew all day for them.
pub fn overdue(past: Duration) -> Duration {
    const HOUR: u64 = 3600;
    let seconds = past.as_secs();
    let step = match seconds / HOUR {
        0..6 => STEP.as_secs(),
        6..72 => HOUR,
        _ => 24 * HOUR,
    };
    Duration::from_secs(seconds / step * step)
}

impl Eta {
    /// An exact time. Its label is empty: it is shown as its moment.
    pub fn exact(due: Timestamp, now: Timestamp) -> Eta {
        Eta {
            label: String::new(),
            due: Some(due),
            set_at: now,
        }
    }

    /// Nobody knows.
    pub fn unknown(now: Timestamp) -> Eta {
        Eta {
            label: UNKNOWN.to_owned(),
            due: None,
            set_at: now,
        }
    }

    /// Whether nothing at all is said: `>24h` promises no moment and yet says something.
    pub fn is_unknown(&self) -> bool {
        let label = self.label.trim();
        self.due.is_none() && (label.is_empty() || label == UNKNOWN)
    }
}

/// Why words were not understood as an ETA; views put it into a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// Nothing was written.
    Empty,
    /// No reading at all, or more than one with nothing to choose between them, such as `30`.
    NotUnderstood,
    /// Understood, and it is not after now.
    Past,
    /// Understood, and more than a year ahead.
    TooFar,
    /// No clock shows it: `25:00`, `13 pm`.
    NoSuchTime,
    /// No calendar has it: `31 Feb`.
    NoSuchDay,
    /// The clocks jump over it on that day; they do so at `next`, the first moment that exists.
    Skipped { next: Timestamp },
    /// The date is not on that day of the week: `Mon 22 Nov` in a year when that is a Sunday.
    WrongWeekday,
    /// Today's own weekday with a time still ahead: today or in a week? `today 9:00`,
    /// `next monday 9:00` and a date are clear.
    TodayOrNextWeek,
    /// A name from the writer's own zone that is not in use then, such as `16:30 CET` in July, where
    /// many mean what their clock shows. `in_force` is the name in use then.
    OutOfSeason { in_force: String },
    /// `tomorrow 23:30 UTC` is tomorrow there and another day where the writer is.
    OtherDay,
}

/// No ETA is longer than this, in characters; reading stops here.
const LONGEST: usize = 100;

/// Nothing is promised further ahead than this: as [`EtaChoice::parse`] has it.
const FURTHEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Reads what somebody in `zone` wrote at `now`: how long it takes (`2h30`), a moment
/// (`tomorrow 9:00`), a quick choice (`<2h`) or that nobody knows (`tbd`).
///
/// What is due is after `now` and on a whole minute, for a length of time the first that is not
/// before its end; a quick choice is the same promise as its button, to the second. Nothing is
/// guessed: words with two readings are not understood.
pub fn understand(text: &str, now: Timestamp, zone: Zone) -> Result<Eta, Unclear> {
    if text.chars().nth(LONGEST).is_some() {
        return Err(Unclear::NotUnderstood);
    }
    let text = tokens::normal(text);
    if text.is_empty() {
        return Err(Unclear::Empty);
    }
    let text = without_name(&text);
    if vocabulary::says_unknown(text) {
        return Ok(Eta::unknown(now));
    }
    if text.starts_with(['<', '>']) {
        let label = text.trim_end_matches('.').replace(' ', "");
        let choice = EtaChoice::parse(&label).ok_or(Unclear::NotUnderstood)?;
        return Ok(choice.promise(now));
    }
    let tokens = tokens::split(text).ok_or(Unclear::NotUnderstood)?;
    let due = due(Cursor::new(&tokens), now, zone)?;
    if due > now.plus(FURTHEST).minute_up() {
        return Err(Unclear::TooFar);
    }
    Ok(Eta::exact(due, now))
}

/// What follows `ETA` or `eta:`.
fn without_name(text: &str) -> &str {
    match text.strip_prefix("eta") {
        Some(rest) if rest.starts_with([' ', ':']) => rest.trim_start_matches([' ', ':']),
        _ => text,
    }
}

fn due(mut rest: Cursor<'_>, now: Timestamp, zone: Zone) -> Result<Timestamp, Unclear> {
    // `in 2:30` is likely two and a half hours, and `at 16h` likely 16:00: neither is read.
    let (mut span_fits, mut moment_fits) = (true, true);
    loop {
        if rest.skip_words("in") || rest.skip_words("within") {
            moment_fits = false;
        } else if ["at", "by", "on", "until", "till"]
            .iter()
            .any(|it| rest.skip_words(it))
        {
            span_fits = false;
        } else if !["around", "about", "approx", "roughly"]
            .iter()
            .any(|it| rest.skip_words(it))
            && !rest.skip_mark('~')
        {
            break;
        }
    }
    match span::read(rest) {
        Some(_) if !span_fits => Err(Unclear::NotUnderstood),
        Some(Duration::ZERO) => Err(Unclear::Past),
        Some(span) => Ok(now.plus(span).minute_up()),
        None if !moment_fits => Err(Unclear::NotUnderstood),
        None => resolve::moment(&moment::read(rest)?, now, zone),
    }
}

#[cfg(test)]
mod tests;
