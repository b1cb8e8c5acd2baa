//! Reads which moment is meant, as it was said: `16:30`, `tomorrow noon`, `mon 9:00`,
//! `22.11. 9:00`, `4pm EST`. What it comes to is worked out in `resolve`.

use super::{Unclear, tokens::Cursor, vocabulary};
use crate::domain::time::Clock;

/// A moment as it was said; at least one of day and time is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub day: Option<SaidDay>,
    pub time: Option<SaidTime>,
    /// Where the time holds; the writer's own place when none is said.
    pub place: Option<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaidDay {
    Today,
    Tonight,
    Tomorrow,
    AfterTomorrow,
    /// Days after Monday, 0 to 6.
    Weekday(u32, Which),
    Date(Date),
}

/// Which of the days of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    This,
    Next,
    Unsaid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    pub year: Option<i32>,
    /// From 1; not known to exist.
    pub month: u32,
    /// From 1; not known to exist.
    pub day: u32,
    /// Days after Monday, 0 to 6, where it is said too.
    pub weekday: Option<u32>,
    /// `22.11.` is also how some write 22:11 at the end of a sentence.
    pub may_be_a_time: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaidTime {
    Clock(Clock),
    /// By that word: it does not say whether a day begins or ends there.
    Midnight,
    /// 24:00.
    DayEnd,
    /// `eod`, `cob` and their long forms.
    Business,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Minutes ahead of UTC.
    Offset(i32),
    /// A name in lowercase, such as `cet`.
    Named(String),
}

/// Words between a day and a time that say nothing by themselves.
const FILLERS: [&str; 5] = ["at", "on", "by", "around", "about"];

/// Fails when this is no moment to its very end.
pub fn read(mut rest: Cursor<'_>) -> Result<Said, Unclear> {
    let mut said = Said {
        day: None,
        time: None,
        place: None,
    };
    while !rest.is_end() {
        if FILLERS.iter().any(|it| rest.skip_words(it))
            || rest.skip_mark(',')
            || rest.skip_mark('~')
            || rest.full_stop()
        {
            continue;
        }
        if said.day.is_none()
            && let Some(day) = rest.attempt(day)
        {
            said.day = Some(day);
        } else if said.time.is_none()
            && let Some(time) = rest.attempt(time)
        {
            said.time = Some(time?);
            said.place = rest.attempt(place);
        } else {
            return Err(Unclear::NotUnderstood);
        }
    }
    match said {
        Said {
            day: Some(SaidDay::Date(date)),
            time: None,
            ..
        } if date.may_be_a_time => Err(Unclear::NotUnderstood),
        Said {
            day: None,
            time: None,
            ..
        } => Err(Unclear::NotUnderstood),
        said => Ok(said),
    }
}

fn day(rest: &mut Cursor<'_>) -> Option<SaidDay> {
    if rest.skip_words("today") {
        return Some(SaidDay::Today);
    }
    if rest.skip_words("tonight") {
        return Some(SaidDay::Tonight);
    }
    if rest.skip_words("tomorrow") || rest.skip_words("tmrw") {
        return Some(SaidDay::Tomorrow);
    }
    if rest.skip_words("day after tomorrow") || rest.skip_words("the day after tomorrow") {
        return Some(SaidDay::AfterTomorrow);
    }
    if let Some(date) = rest.attempt(date) {
        return Some(SaidDay::Date(date));
    }
    let which = if rest.skip_words("next") {
        Which::Next
    } else if rest.skip_words("this") {
        Which::This
    } else {
        Which::Unsaid
    };
    let weekday = vocabulary::weekday(rest.word()?)?;
    rest.skip_mark('.');
    rest.skip_mark(',');
    if which == Which::Unsaid
        && let Some(date) = rest.attempt(date)
    {
        let weekday = Some(weekday);
        return Some(SaidDay::Date(Date { weekday, ..date }));
    }
    Some(SaidDay::Weekday(weekday, which))
}

fn date(rest: &mut Cursor<'_>) -> Option<Date> {
    [iso_date, dotted_date, day_and_month, month_and_day]
        .iter()
        .find_map(|form| rest.attempt(form))
}

/// `2026-11-22`, with the `T` of a machine's time after it.
fn iso_date(rest: &mut Cursor<'_>) -> Option<Date> {
    let year = rest.number_of(4)?;
    let month = rest.skip_mark('-').then(|| rest.short_number())??;
    let day = rest.skip_mark('-').then(|| rest.short_number())??;
    rest.skip_words("t");
    Some(plain_date(i32::try_from(year).ok(), month.value, day.value))
}

/// `22.11.`, `22. 11. 2026`.
fn dotted_date(rest: &mut Cursor<'_>) -> Option<Date> {
    let day = rest.short_number()?;
    let month = rest.skip_mark('.').then(|| rest.short_number())??;
    // Else it is a time at the end of a sentence: `16.30.`
    if !rest.skip_mark('.') || day.value > 31 || month.value > 12 {
        return None;
    }
    let year = rest.attempt(year);
    Some(Date {
        may_be_a_time: year.is_none() && day.value < 24 && month.digits == 2,
        ..plain_date(year, month.value, day.value)
    })
}

/// `22 nov`, `22nd of november 2026`, `22. nov`.
fn day_and_month(rest: &mut Cursor<'_>) -> Option<Date> {
    let day = rest.short_number()?;
    ordinal(rest);
    rest.skip_mark('.');
    rest.skip_words("of");
    let month = vocabulary::month(rest.word()?)?;
    rest.skip_mark('.');
    rest.skip_mark(',');
    Some(plain_date(rest.attempt(year), month, day.value))
}

/// `nov 22`, `nov. 22nd, 2026`.
fn month_and_day(rest: &mut Cursor<'_>) -> Option<Date> {
    let month = vocabulary::month(rest.word()?)?;
    rest.skip_mark('.');
    let day = rest.short_number()?;
    ordinal(rest);
    rest.skip_mark(',');
    Some(plain_date(rest.attempt(year), month, day.value))
}

fn ordinal(rest: &mut Cursor<'_>) {
    let _ = ["st", "nd", "rd", "th"]
        .iter()
        .any(|it| rest.skip_words(it));
}

/// After a day and a month four digits can be a year or a time: `22 nov 1630` is no year.
fn year(rest: &mut Cursor<'_>) -> Option<i32> {
    let year = rest.number_of(4).filter(|it| (2000..2200).contains(it))?;
    i32::try_from(year).ok()
}

fn plain_date(year: Option<i32>, month: u32, day: u32) -> Date {
    Date {
        year,
        month,
        day,
        weekday: None,
        may_be_a_time: false,
    }
}

/// Fails when it is a time that no clock shows.
fn time(rest: &mut Cursor<'_>) -> Option<Result<SaidTime, Unclear>> {
    if rest.skip_words("noon") || rest.skip_words("midday") {
        return Some(of_24(12, 0));
    }
    if rest.skip_words("midnight") {
        return Some(Ok(SaidTime::Midnight));
    }
    for words in [
        "eod",
        "cob",
        "eob",
        "end of day",
        "close of business",
        "end of business",
    ] {
        if rest.skip_words(words) {
            return Some(Ok(SaidTime::Business));
        }
    }
    let number = rest.number()?;
    if number.digits == 4 {
        return Some(of_24(number.value / 100, number.value % 100));
    }
    if number.digits > 2 {
        return None;
    }
    let hour = number.value;
    let minute = rest.attempt(minutes);
    let afternoon = if rest.skip_words("am") {
        false
    } else if rest.skip_words("pm") {
        true
    } else {
        // A bare number is not a time.
        return Some(of_24(hour, minute?));
    };
    if !(1..=12).contains(&hour) {
        return Some(Err(Unclear::NoSuchTime));
    }
    Some(of_24(
        hour % 12 + if afternoon { 12 } else { 0 },
        minute.unwrap_or(0),
    ))
}

/// The `:30` or `.30` of `16:30`.
fn minutes(rest: &mut Cursor<'_>) -> Option<u32> {
    if !matches!(rest.mark()?, ':' | '.') {
        return None;
    }
    rest.number_of(2)
}

fn of_24(hour: u32, minute: u32) -> Result<SaidTime, Unclear> {
    if (hour, minute) == (24, 0) {
        return Ok(SaidTime::DayEnd);
    }
    Clock::new(hour, minute)
        .map(SaidTime::Clock)
        .ok_or(Unclear::NoSuchTime)
}

/// `cet`, `utc+2`, `utc -03:30`, `+02:00`. With UTC or GMT in front any form will do; alone it must
/// be the long one with a plus, for `16:30 +5` may be a margin and `9:00-10:00` is a range.
fn place(rest: &mut Cursor<'_>) -> Option<Place> {
    if rest.skip_mark('+') {
        return in_use(long_offset(rest)?);
    }
    let mut after = *rest;
    if FILLERS.iter().any(|it| after.skip_words(it)) || day(&mut after).is_some() {
        return None;
    }
    let name = rest.word()?;
    if matches!(name, "utc" | "gmt")
        && let Some(minutes) = rest.attempt(offset)
    {
        return in_use(minutes);
    }
    Some(Place::Named(name.to_owned()))
}

/// `+2`, `-03:30`, in minutes.
fn offset(rest: &mut Cursor<'_>) -> Option<i32> {
    let sign = match rest.mark()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    if let Some(minutes) = rest.attempt(long_offset) {
        return Some(sign * minutes);
    }
    let hours = i32::try_from(rest.short_number()?.value).ok()?;
    Some(sign * hours * 60)
}

/// `02:00` or `0200`, in minutes.
fn long_offset(rest: &mut Cursor<'_>) -> Option<i32> {
    let number = rest.number()?;
    let (hours, minutes) = match number.digits {
        4 => (number.value / 100, number.value % 100),
        2 if rest.skip_mark(':') => (number.value, rest.number_of(2)?),
        _ => return None,
    };
    let minutes = (minutes < 60).then_some(hours * 60 + minutes)?;
    i32::try_from(minutes).ok()
}

/// No place is further from UTC than 14 hours.
fn in_use(minutes: i32) -> Option<Place> {
    (minutes.abs() <= 14 * 60).then_some(Place::Offset(minutes))
}
