//! The words that ETAs are made of.

use super::tokens::Number;

const NOBODY_KNOWS: [&str; 20] = [
    "unknown",
    "?",
    "??",
    "???",
    "no idea",
    "tbd",
    "tba",
    "don't know",
    "dont know",
    "do not know",
    "i don't know",
    "i dont know",
    "idk",
    "none",
    "no eta",
    "not known",
    "not known yet",
    "-",
    "n/a",
    "na",
];

const NUMBERS: [&str; 12] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Hours ahead of UTC. Left out are names that mean different times in different countries, such as
/// CST, IST, BST and AST; where the writer's own zone has such a name, it is that one.
const ZONES: [(&str, i32); 24] = [
    ("utc", 0),
    ("gmt", 0),
    ("z", 0),
    ("wet", 0),
    ("west", 1),
    ("cet", 1),
    ("cest", 2),
    ("eet", 2),
    ("eest", 3),
    ("msk", 3),
    ("jst", 9),
    ("aest", 10),
    ("aedt", 11),
    ("nzst", 12),
    ("nzdt", 13),
    ("est", -5),
    ("edt", -4),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
    ("akst", -9),
    ("akdt", -8),
    ("hst", -10),
];

pub fn says_unknown(text: &str) -> bool {
    NOBODY_KNOWS.contains(&text.trim_end_matches(['.', '!']))
}

/// `two`, as if it had been written in digits.
pub fn small_number(word: &str) -> Option<Number> {
    let value = (1..).zip(NUMBERS).find(|(_, it)| *it == word)?.0;
    let digits = if value < 10 { 1 } else { 2 };
    Some(Number { value, digits })
}

/// 1 to 12, by the whole name or its usual short forms.
pub fn month(word: &str) -> Option<u32> {
    if word == "sept" {
        return Some(9);
    }
    (1..)
        .zip(MONTHS)
        .find(|(_, it)| is_name(word, it, &[3]))
        .map(|it| it.0)
}

/// Days after Monday, 0 to 6, by the whole name or its usual short forms.
pub fn weekday(word: &str) -> Option<u32> {
    if word == "weds" {
        return Some(2);
    }
    (0..)
        .zip(WEEKDAYS)
        .find(|(_, it)| match *it {
            "tuesday" => is_name(word, it, &[3, 4]),
            "thursday" => is_name(word, it, &[3, 4, 5]),
            _ => is_name(word, it, &[3]),
        })
        .map(|it| it.0)
}

fn is_name(word: &str, name: &str, short: &[usize]) -> bool {
    word == name || short.iter().any(|it| name.get(..*it) == Some(word))
}

/// Minutes ahead of UTC of a name that means one thing everywhere.
pub fn zone_offset(name: &str) -> Option<i32> {
    let (_, hours) = ZONES.iter().find(|(it, _)| *it == name)?;
    Some(hours * 60)
}
