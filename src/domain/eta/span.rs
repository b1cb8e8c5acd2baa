//! Reads how long it takes: `45m`, `2h30`, `1,5 h`, `an hour and a half`.

use std::time::Duration;

use super::tokens::Cursor;

/// Seconds of a unit; smaller units follow bigger ones.
type Unit = u64;

const MINUTE: Unit = 60;
const HOUR: Unit = 60 * MINUTE;
const DAY: Unit = 24 * HOUR;
const WEEK: Unit = 7 * DAY;

/// None when this is no duration to its very end. A day is 24 hours here, whatever the clocks do.
pub fn read(mut rest: Cursor<'_>) -> Option<Duration> {
    let (mut total, mut unit) = part(&mut rest)?;
    while !rest.is_end() {
        if rest.skip_words("from now") {
            break;
        }
        if unit == HOUR
            && let Some(minutes) = rest.attempt(bare_minutes)
        {
            total += minutes;
            break;
        }
        if rest.skip_words("and a half") {
            total += unit / 2;
            break;
        }
        rest.skip_words("and");
        let (more, smaller) = part(&mut rest)?;
        if smaller >= unit {
            return None;
        }
        total = total.saturating_add(more);
        unit = smaller;
    }
    (rest.full_stop() || rest.is_end()).then(|| Duration::from_secs(total))
}

/// A number with its unit: seconds, and the unit.
fn part(rest: &mut Cursor<'_>) -> Option<(u64, Unit)> {
    for half in ["half an hour", "half hour", "a half hour"] {
        if rest.skip_words(half) {
            return Some((HOUR / 2, MINUTE));
        }
    }
    if rest.skip_words("a") || rest.skip_words("an") {
        let unit = unit(rest)?;
        return Some((unit, unit));
    }
    let whole = u64::from(rest.number()?.value);
    let hundredths = rest.attempt(decimals);
    let unit = unit(rest)?;
    let seconds = (whole * unit).saturating_add(hundredths.unwrap_or(0) * unit / 100);
    // `1.5h 30m` is more likely a slip than a sum.
    if hundredths.is_some() && !rest.is_end() {
        return None;
    }
    Some((seconds, unit))
}

/// What follows the comma, in hundredths. `1.30h` is an hour and a half to some and 78 minutes to
/// others, so of two digits only quarters are read.
fn decimals(rest: &mut Cursor<'_>) -> Option<u64> {
    if !matches!(rest.mark()?, '.' | ',') {
        return None;
    }
    let number = rest.number()?;
    match (number.digits, number.value) {
        (1, tenths) => Some(u64::from(tenths) * 10),
        (2, quarter @ (25 | 75)) => Some(u64::from(quarter)),
        _ => None,
    }
}

/// The `30` of `2h30`, in seconds.
fn bare_minutes(rest: &mut Cursor<'_>) -> Option<u64> {
    let minutes = rest.number_of(2).filter(|it| *it < 60)?;
    (rest.full_stop() || rest.is_end()).then(|| u64::from(minutes) * MINUTE)
}

fn unit(rest: &mut Cursor<'_>) -> Option<Unit> {
    let unit = match rest.word()? {
        "m" | "min" | "mins" | "minute" | "minutes" => MINUTE,
        "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
        "d" | "day" | "days" => DAY,
        "w" | "week" | "weeks" => WEEK,
        _ => return None,
    };
    // `45 min.`
    rest.full_stop();
    Some(unit)
}
