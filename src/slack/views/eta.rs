//! Why an ETA in somebody's words was not understood, and how to write it instead.

use crate::domain::{eta::Unclear, time::Zone};

/// A sentence for a field of a form, or for an answer: plain text, no markup. `zone` is that of
/// whoever wrote the words.
pub fn unclear(unclear: &Unclear, zone: Zone) -> String {
    match unclear {
        Unclear::Empty => {
            "Say when it should be over, like 45m, 16:30, tomorrow 9:00, or unknown.".to_owned()
        }
        Unclear::NotUnderstood => "That cannot be read as an ETA. Write it like 45m, 2h, 16:30, \
             tomorrow 9:00, 24 Nov 16:30, or unknown."
            .to_owned(),
        Unclear::Past => "That time has passed. Write a later one, or add the day, like \
             tomorrow 9:00."
            .to_owned(),
        Unclear::TooFar => {
            "That is more than a year ahead. Write an earlier time, or unknown.".to_owned()
        }
        Unclear::NoSuchTime => {
            "No clock shows that time. Write it like 16:30 or 4:30 pm.".to_owned()
        }
        Unclear::NoSuchDay => "No calendar has that day. Write it like 24 Nov 16:30.".to_owned(),
        Unclear::Skipped { next } => format!(
            "The clocks go forward that day and leave that time out. The first one after it is \
             {} {}.",
            zone.clock(*next),
            zone.abbreviation(*next)
        ),
        Unclear::WrongWeekday => "That date falls on another day of the week. Correct one of \
             them, or leave the day of the week out."
            .to_owned(),
        Unclear::TodayOrNextWeek => "That could be today or in a week. Write it like today 9:00 \
             or next monday 9:00, or write the date."
            .to_owned(),
        Unclear::OutOfSeason { in_force } => format!(
            "That name of your time zone is not in use then, {in_force} is. Write {in_force}, or \
             leave the name out."
        ),
        Unclear::OtherDay => "In that time zone it is another day than where you are. Write the \
             time in your own zone, or write the date."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    fn all() -> Vec<Unclear> {
        vec![
            Unclear::Empty,
            Unclear::NotUnderstood,
            Unclear::Past,
            Unclear::TooFar,
            Unclear::NoSuchTime,
            Unclear::NoSuchDay,
            Unclear::Skipped {
                // 2026-03-29, when Prague's clocks jump from 2:00 to 3:00.
                next: Timestamp::from_epoch(1_774_746_000),
            },
            Unclear::WrongWeekday,
            Unclear::TodayOrNextWeek,
            Unclear::OutOfSeason {
                in_force: "CEST".into(),
            },
            Unclear::OtherDay,
        ]
    }

    #[test]
    fn every_reason_has_a_sentence_that_says_what_to_write() {
        let zone = "Europe/Prague".parse().unwrap_or(Zone::UTC);
        let sentences: Vec<String> = all().iter().map(|it| unclear(it, zone)).collect();
        insta::assert_snapshot!(sentences.join("\n"));
        for sentence in sentences {
            assert!(
                sentence.ends_with('.') && sentence.len() < 150,
                "{sentence}"
            );
            assert!(!sentence.contains(['<', '>', '`', '*']), "{sentence}");
        }
    }
}
