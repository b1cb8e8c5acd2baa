//! From what was said to a moment: calendars, zones and clocks that are put back and forward.

use super::{
    Unclear,
    moment::{Date, Place, Said, SaidDay, SaidTime, Which},
    vocabulary,
};
use crate::domain::time::{Clock, Day, Reading, Timestamp, Zone};

/// A date without a year is the coming one when that is at most half a year ahead. `22 nov` on the
/// 23rd is more likely a slip than a promise for next year.
const COMING_DAYS: i64 = 183;

/// `tonight 22:00` is clear and `tonight 1:00` is not; before this hour nothing is tonight.
const EVENING_HOUR: u32 = 17;

/// A day without a time is its noon.
fn of_a_day() -> Clock {
    Clock::new(12, 0).unwrap_or(Clock::MIDNIGHT)
}

/// The end of a working day.
fn of_business() -> Clock {
    Clock::new(17, 0).unwrap_or(Clock::MIDNIGHT)
}

/// The moment that somebody in `zone` meant at `now`; always after `now`.
pub fn moment(said: &Said, now: Timestamp, zone: Zone) -> Result<Timestamp, Unclear> {
    let place = Frame::of(said.place.as_ref(), now, zone)?;
    let Some(day) = said.day else {
        return match said.time {
            Some(SaidTime::Clock(clock)) => place.next(clock, now),
            Some(SaidTime::Midnight | SaidTime::DayEnd) => place.next(Clock::MIDNIGHT, now),
            Some(SaidTime::Business) => place.on(zone.day(now), of_business(), now),
            None => Err(Unclear::NotUnderstood),
        };
    };
    let today = zone.day(now);
    let at = |day: Day| match clock(said)? {
        Some(clock) => place.on(day, clock, now),
        None => place.on(place.zone.day_after(day), Clock::MIDNIGHT, now),
    };
    let on_the_day = |day: Day| {
        let due = at(day)?;
        // Said in the writer's calendar and counted in another's, this is right in one only.
        if !place.is(zone) && clock(said)?.is_some() && zone.day(due) != day {
            return Err(Unclear::OtherDay);
        }
        Ok(due)
    };
    match day {
        SaidDay::Today | SaidDay::Tonight => on_the_day(today),
        SaidDay::Tomorrow => on_the_day(zone.day_after(today)),
        SaidDay::AfterTomorrow => on_the_day(zone.day_after(zone.day_after(today))),
        SaidDay::Weekday(weekday, which) => {
            let ahead = (weekday + 7 - today.weekday()) % 7;
            match (ahead, which) {
                (0, Which::This) => on_the_day(today),
                (0, Which::Next) => on_the_day(today.plus(7)),
                (0, Which::Unsaid) => match on_the_day(today) {
                    Err(Unclear::Past) => on_the_day(today.plus(7)),
                    Ok(_) => Err(Unclear::TodayOrNextWeek),
                    unclear => unclear,
                },
                (ahead, _) => on_the_day(today.plus(u64::from(ahead))),
            }
        }
        SaidDay::Date(date) => at(dated(date, place.day(now))?),
    }
}

/// The time on the day that was said; none for the end of that day.
fn clock(said: &Said) -> Result<Option<Clock>, Unclear> {
    match (said.day, said.time) {
        // By when today, or when this night, nobody can say who did not say it.
        (Some(SaidDay::Today | SaidDay::Tonight), None) => Err(Unclear::NotUnderstood),
        (Some(SaidDay::Today | SaidDay::Tonight), Some(SaidTime::Midnight)) => Ok(None),
        (Some(SaidDay::Tonight), Some(SaidTime::Clock(clock))) if clock.hour() < EVENING_HOUR => {
            Err(Unclear::NotUnderstood)
        }
        (Some(SaidDay::Tonight), Some(SaidTime::Business)) => Err(Unclear::NotUnderstood),
        (_, Some(SaidTime::Clock(clock))) => Ok(Some(clock)),
        (_, Some(SaidTime::DayEnd)) => Ok(None),
        (_, Some(SaidTime::Business)) => Ok(Some(of_business())),
        // Its beginning or its end?
        (_, Some(SaidTime::Midnight)) => Err(Unclear::NotUnderstood),
        (_, None) => Ok(Some(of_a_day())),
    }
}

fn dated(date: Date, today: Day) -> Result<Day, Unclear> {
    let in_year = |year| Day::new(year, date.month, date.day);
    let day = match date.year {
        Some(year) => in_year(year),
        None => {
            let this = in_year(today.year());
            let coming = in_year(today.year() + 1).filter(|it| {
                it.days_since(today) <= COMING_DAYS && this.is_none_or(|it| it < today)
            });
            coming.or(this)
        }
    };
    let day = day.ok_or(Unclear::NoSuchDay)?;
    match date.weekday {
        Some(weekday) if weekday != day.weekday() => Err(Unclear::WrongWeekday),
        _ => Ok(day),
    }
}

/// Where a time holds.
struct Frame {
    zone: Zone,
    /// Minutes ahead of `zone`, for the places that are only known by their distance to UTC.
    shift: i64,
    /// The name of the writer's own zone, where it was written: it tells apart the times that happen
    /// twice.
    name: Option<String>,
}

impl Frame {
    fn of(place: Option<&Place>, now: Timestamp, zone: Zone) -> Result<Frame, Unclear> {
        let own = |name| Frame {
            zone,
            shift: 0,
            name,
        };
        let offset = |minutes: i32| Frame {
            zone: Zone::UTC,
            shift: i64::from(minutes),
            name: None,
        };
        match place {
            None => Ok(own(None)),
            Some(Place::Offset(minutes)) => Ok(offset(*minutes)),
            Some(Place::Named(name)) => {
                if let Some(name) = own_name(name, now, zone) {
                    return Ok(own(Some(name)));
                }
                vocabulary::zone_offset(name)
                    .map(offset)
                    .ok_or(Unclear::NotUnderstood)
            }
        }
    }

    fn is(&self, zone: Zone) -> bool {
        self.zone == zone && self.shift == 0
    }

    fn day(&self, now: Timestamp) -> Day {
        self.zone.day(now.shifted(self.shift))
    }

    /// The first time from `now` that the clock there shows this.
    fn next(&self, clock: Clock, now: Timestamp) -> Result<Timestamp, Unclear> {
        // Yesterday too: clocks that are put back over midnight bring its evening back.
        let mut day = self.day(now).minus(1);
        for _ in 0..5 {
            if !self.zone.leaves_out(day)
                && let Some(due) = self.ahead(day, clock, now)?
            {
                return Ok(due);
            }
            day = day.plus(1);
        }
        Err(Unclear::NotUnderstood)
    }

    fn on(&self, day: Day, clock: Clock, now: Timestamp) -> Result<Timestamp, Unclear> {
        self.ahead(day, clock, now)?.ok_or(Unclear::Past)
    }

    /// When the clock there shows this on that day; none when that has passed.
    fn ahead(&self, day: Day, clock: Clock, now: Timestamp) -> Result<Option<Timestamp>, Unclear> {
        let times = match self.zone.reading(day, clock) {
            Reading::Once(only) => vec![only],
            Reading::Twice(first, second) => self.named(&[first, second]),
            Reading::Skipped(next) if next > now => return Err(Unclear::Skipped { next }),
            Reading::Skipped(_) => vec![],
        };
        let due = times
            .into_iter()
            .map(|it| it.shifted(-self.shift))
            .find(|it| *it > now);
        if let (Some(due), Some(name)) = (due, &self.name) {
            let in_force = self.zone.abbreviation(due);
            if in_force != *name {
                return Err(Unclear::OutOfSeason { in_force });
            }
        }
        Ok(due)
    }

    /// Those of `times` that have the name that was written, or all where none has it.
    fn named(&self, times: &[Timestamp]) -> Vec<Timestamp> {
        let fits = |it: &&Timestamp| match &self.name {
            Some(name) => self.zone.abbreviation(**it) == *name,
            None => true,
        };
        let fitting: Vec<Timestamp> = times.iter().filter(fits).copied().collect();
        if fitting.is_empty() {
            return times.to_vec();
        }
        fitting
    }
}

/// The name as the zone spells it, when it has that name at some time of the year around `now`.
fn own_name(name: &str, now: Timestamp, zone: Zone) -> Option<String> {
    const MONTH_MINUTES: i64 = 30 * 24 * 60;
    (0..=12)
        .map(|month| zone.abbreviation(now.shifted(month * MONTH_MINUTES)))
        .find(|it| it.eq_ignore_ascii_case(name))
}
