//! Reading the fields of JSON that others wrote, with the name of the field in every complaint.
//! What is too long is cut, so that nobody has to be refused for being wordy.

use std::{sync::LazyLock, time::Duration};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use url::Url;

use super::BadSignal;
use crate::domain::time::Timestamp;

const NAME_MOST: usize = 255;
const LINK_MOST: usize = 2000;
const WORDS_MOST: usize = 2000;

/// What an ID that is too long keeps of itself.
const ID_KEPT: usize = 200;

/// How far a sender's clock may be ahead of ours.
const AHEAD: Duration = Duration::from_secs(300);

/// 2000-01-01. What is said to be older is no time but the lack of one.
const EARLIEST: i64 = 946_684_800;

const WANTED: &str = "it is missing";

/// A body as JSON.
pub(super) fn json(body: &[u8]) -> Result<Value, BadSignal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(BadSignal::new("body", "it is empty"));
    }
    serde_json::from_slice(body)
        .map_err(|error| BadSignal::new("body", format!("it is not JSON: {error}")))
}

/// An object, and where in the body it stands.
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    place: String,
}

impl<'a> Fields<'a> {
    /// `place` is empty for the body itself.
    pub(super) fn of(value: &'a Value, place: &str) -> Result<Fields<'a>, BadSignal> {
        let Value::Object(map) = value else {
            let field = if place.is_empty() { "body" } else { place };
            return Err(BadSignal::new(field, "it must be an object"));
        };
        Ok(Fields {
            map,
            place: place.to_owned(),
        })
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &String> {
        self.map.keys()
    }

    /// A complaint about a field.
    pub(super) fn bad(&self, key: &str, why: impl Into<String>) -> BadSignal {
        let field = match self.place.as_str() {
            "" => key.to_owned(),
            place => format!("{place}.{key}"),
        };
        BadSignal::new(field, why)
    }

    /// `null` is not there.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|it| !it.is_null())
    }

    /// A text, or a number as text; an empty one is none.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, BadSignal> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => match plain(value) {
                Some(text) => Ok(Some(text).filter(|it| !it.is_empty())),
                None => Err(self.bad(key, "it must be a text")),
            },
        }
    }

    pub(super) fn needed(&self, key: &str) -> Result<String, BadSignal> {
        self.text(key)?.ok_or_else(|| self.bad(key, WANTED))
    }

    /// A text that is only there to be read: of another type it is none.
    pub(super) fn words(&self, key: &str) -> Option<String> {
        self.text(key).ok().flatten()
    }

    pub(super) fn list(&self, key: &str) -> Result<&'a [Value], BadSignal> {
        match self.get(key) {
            None => Err(self.bad(key, WANTED)),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(self.bad(key, "it must be a list")),
        }
    }

    /// An object; an empty one where there is none.
    pub(super) fn object(&self, key: &str) -> Result<Fields<'a>, BadSignal> {
        static EMPTY: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
        let place = self.bad(key, "").field;
        match self.get(key) {
            None => Ok(Fields { map: &EMPTY, place }),
            Some(value) => Fields::of(value, &place),
        }
    }

    /// A time as text. None where it is not there, or is the time that stands for none.
    pub(super) fn time(&self, key: &str) -> Result<Option<Timestamp>, BadSignal> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        let at = Timestamp::read(&text)
            .ok_or_else(|| self.bad(key, "it must be a time such as 2026-03-01T12:00:00Z"))?;
        Ok(Some(at).filter(|it| it.epoch() >= EARLIEST))
    }

    /// A time as whole units of so many microseconds since 1970, also in a text.
    pub(super) fn since_1970(
        &self,
        key: &str,
        micros: i64,
    ) -> Result<Option<Timestamp>, BadSignal> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        let unit = if micros == 1000 {
            "milliseconds"
        } else {
            "seconds"
        };
        // Some write whole numbers with a fraction of zero.
        let number = text.strip_suffix(".0").unwrap_or(&text).parse::<i64>();
        let at = number.ok().and_then(|it| it.checked_mul(micros));
        let at = at.map(Timestamp::from_micros).ok_or_else(|| {
            self.bad(
                key,
                format!("it must be a whole number of {unit} since 1970"),
            )
        })?;
        Ok(Some(at).filter(|it| it.epoch() >= EARLIEST))
    }
}

/// When it was: as the source says, but never ahead of us. A check that was heard of in the future
/// would be deaf until then.
pub(super) fn moment(given: Option<Timestamp>, now: Timestamp) -> Timestamp {
    given.filter(|it| *it <= now.plus(AHEAD)).unwrap_or(now)
}

/// What a check is known by. Of one that is too long the beginning is left, with what tells it from
/// others.
pub(super) fn id(text: &str) -> String {
    if text.chars().count() <= NAME_MOST {
        return text.to_owned();
    }
    let digest = Sha256::digest(text.as_bytes());
    let hex: String = digest[..16].iter().map(|it| format!("{it:02x}")).collect();
    let kept: String = text.chars().take(ID_KEPT).collect();
    format!("{kept}~{hex}")
}

pub(super) fn name(text: &str) -> String {
    cut(text, NAME_MOST)
}

pub(super) fn words(text: &str) -> String {
    cut(text, WORDS_MOST)
}

/// A web address that people can follow; none for anything else.
pub(super) fn link(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let fits = ["http", "https"].contains(&url.scheme()) && text.len() <= LINK_MOST;
    fits.then(|| text.to_owned())
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{}…", kept.trim_end())
}

/// Without what nobody can read and PostgreSQL does not take.
fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let readable = |c: char| match c {
        '\n' | '\t' => c,
        c if c.is_control() => ' ',
        c => c,
    };
    Some(
        text.chars()
            .map(readable)
            .collect::<String>()
            .trim()
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(epoch: i64) -> Timestamp {
        Timestamp::from_epoch(epoch)
    }

    #[test]
    fn a_complaint_names_the_field_and_where_it_is() {
        let value = json!({ "a": { "b": [], "c": "soon", "d": null } });
        let body = Fields::of(&value, "").unwrap();
        let inner = body.object("a").unwrap();
        let said = |bad: Result<_, BadSignal>| bad.unwrap_err().to_string();
        assert_eq!(said(inner.needed("b")), "a.b: it must be a text");
        assert_eq!(said(inner.needed("d")), "a.d: it is missing");
        let time = inner.time("c").unwrap_err();
        assert_eq!(time.field, "a.c");
        let seconds = inner.since_1970("c", 1_000_000).unwrap_err();
        assert!(seconds.why.contains("seconds since 1970"), "{seconds}");
        assert_eq!(body.list("a").unwrap_err().field, "a");
        assert_eq!(json(b" \n").unwrap_err().field, "body");
        assert_eq!(json(b"{").unwrap_err().field, "body");
        assert_eq!(Fields::of(&json!([]), "").err().unwrap().field, "body");
    }

    #[test]
    fn a_time_that_stands_for_none_or_lies_ahead_is_not_believed() {
        let value = json!({
            "zero": "0001-01-01T00:00:00Z", "seconds": 0, "sound": "2026-03-01T12:00:00Z",
            "micros": "1772366400000", "whole": 1772366400.0
        });
        let body = Fields::of(&value, "").unwrap();
        let noon = at(1_772_366_400);
        assert_eq!(body.time("zero"), Ok(None));
        assert_eq!(body.since_1970("seconds", 1_000_000), Ok(None));
        assert_eq!(body.time("sound"), Ok(Some(noon)));
        assert_eq!(body.since_1970("micros", 1000), Ok(Some(noon)));
        assert_eq!(body.since_1970("whole", 1_000_000), Ok(Some(noon)));
        assert_eq!(moment(Some(at(1_772_366_700)), noon), at(1_772_366_700));
        assert_eq!(moment(Some(at(1_772_366_701)), noon), noon);
        assert_eq!(moment(None, noon), noon);
    }

    #[test]
    fn what_is_too_long_is_cut_and_two_ids_stay_two() {
        let long = |end: &str| format!("{}{end}", "ž".repeat(300));
        assert_ne!(id(&long("a")), id(&long("b")));
        assert!(id(&long("a")).chars().count() <= NAME_MOST);
        assert_eq!(id("85975"), "85975");
        assert_eq!(name(&long("a")).chars().count(), NAME_MOST);
        assert!(words(&"w ".repeat(2000)).ends_with("w…"));
    }

    #[test]
    fn only_addresses_of_the_web_are_links() {
        assert!(link("https://my.pingdom.com/reports/uptime#check=1").is_some());
        for text in ["javascript:alert(1)", "/graph", "", "ftp://example.com"] {
            assert_eq!(link(text), None, "{text}");
        }
    }

    #[test]
    fn what_nobody_can_read_is_left_out() {
        assert_eq!(plain(&json!(" a\u{0}b\n")).as_deref(), Some("a b"));
        assert_eq!(plain(&json!(12)).as_deref(), Some("12"));
        assert_eq!(plain(&json!(["a"])), None);
    }
}
