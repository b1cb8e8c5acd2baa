//! JSON of our own for whatever has no other way: one object, or a list of them. Because whoever
//! sends it wrote it for us, what is not understood is refused.

use serde_json::Value;

use super::{
    BadSignal, Said, Source,
    shape::{self, Fields},
};
use crate::domain::{
    health::{Observation, Report},
    status::Status,
    time::Timestamp,
};

/// The most reports in one request.
const MOST: usize = 1000;

const FIELDS: [&str; 10] = [
    "check",
    "component",
    "status",
    "state",
    "at",
    "name",
    "link",
    "description",
    "value",
    "detail",
];
const TEST: &str = "test";

/// What monitors usually say, for those that do not know our words.
const STATES: [(&str, Option<Status>); 13] = [
    ("ok", Some(Status::Operational)),
    ("up", Some(Status::Operational)),
    ("success", Some(Status::Operational)),
    ("resolved", Some(Status::Operational)),
    ("warning", Some(Status::DegradedPerformance)),
    ("degraded", Some(Status::DegradedPerformance)),
    ("firing", Some(Status::PartialOutage)),
    ("failing", Some(Status::PartialOutage)),
    ("down", Some(Status::MajorOutage)),
    ("critical", Some(Status::MajorOutage)),
    ("maintenance", Some(Status::UnderMaintenance)),
    ("unknown", None),
    ("no_data", None),
];

pub(super) fn read(body: &[u8], now: Timestamp) -> Result<Said, BadSignal> {
    let json = shape::json(body)?;
    let reports = match &json {
        Value::Array(all) if all.len() > MOST => {
            let why = format!("there are {} reports, and {MOST} are the most", all.len());
            return Err(BadSignal::new("body", why));
        }
        Value::Array(all) => all
            .iter()
            .enumerate()
            .map(|(nth, one)| report(&Fields::of(one, &format!("[{nth}]"))?, now))
            .collect::<Result<Vec<_>, _>>()?,
        Value::Object(_) => vec![report(&Fields::of(&json, "")?, now)?],
        _ => {
            return Err(BadSignal::new(
                "body",
                "it must be an object or a list of them",
            ));
        }
    };
    Ok(reports.into())
}

fn report(one: &Fields<'_>, now: Timestamp) -> Result<Report, BadSignal> {
    let strange = one
        .keys()
        .find(|it| !FIELDS.contains(&it.as_str()) && it.as_str() != TEST);
    if let Some(key) = strange {
        let why = format!(
            "there is no such field; there are {} and {TEST}",
            FIELDS.join(", ")
        );
        return Err(one.bad(&shape::name(key), why));
    }
    let id = one.needed("check")?;
    let (word, status) = status(one)?;
    let at = match one.get("at") {
        Some(Value::Number(_)) => one.since_1970("at", 1_000_000)?,
        _ => one.time("at")?,
    };
    let value = match one.get("value") {
        None => None,
        Some(value) => Some(
            value
                .as_f64()
                .filter(|it| it.is_finite())
                .ok_or_else(|| one.bad("value", "it must be a number"))?,
        ),
    };
    let link = match one.text("link")? {
        None => None,
        Some(text) => Some(
            shape::link(&text)
                .ok_or_else(|| one.bad("link", "it must begin with https:// or http://"))?,
        ),
    };
    let is_test = match one.get(TEST) {
        None => false,
        Some(Value::Bool(is_test)) => *is_test,
        Some(_) => return Err(one.bad(TEST, "it must be true or false")),
    };
    Ok(Report {
        source: Source::Generic.name().to_owned(),
        external_id: shape::id(&id),
        observation: Observation {
            at: shape::moment(at, now),
            status,
            value,
            detail: shape::words(&one.text("detail")?.unwrap_or_default()),
        },
        word,
        name: one.text("name")?.map(|it| shape::name(&it)),
        link,
        description: one.text("description")?.map(|it| shape::words(&it)),
        importance: None,
        created_by: None,
        component: one.text("component")?.map(|it| shape::name(&it)),
        channel: None,
        is_test,
        // Scripts tell how things are again and again.
        is_measured: true,
    })
}

fn status(one: &Fields<'_>) -> Result<(String, Option<Status>), BadSignal> {
    match (one.text("status")?, one.text("state")?) {
        (Some(_), Some(_)) => Err(one.bad("state", "there is a status too; keep one of the two")),
        (None, None) => Err(one.bad("status", "it is missing, and so is state")),
        (Some(word), None) => match Status::from_word(&word) {
            Some(status) => Ok((word, Some(status))),
            None => Err(one.bad("status", one_of(Status::ALL.iter().map(|it| it.word())))),
        },
        (None, Some(word)) => {
            let meant = word.to_ascii_lowercase();
            match STATES.iter().find(|(state, _)| *state == meant) {
                Some((_, status)) => Ok((word, *status)),
                None => Err(one.bad("state", one_of(STATES.iter().map(|it| it.0)))),
            }
        }
    }
}

fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.collect();
    format!("it must be one of {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_epoch(1_800_000_000)
    }

    fn all(body: &Value) -> Vec<Report> {
        read(body.to_string().as_bytes(), now()).unwrap().reports
    }

    #[test]
    fn one_object_is_one_report_with_all_its_fields() {
        let body = json!({
            "check": "backup", "component": "payments", "status": "partial_outage",
            "at": "2026-03-01T12:00:00Z", "name": "Nightly backup", "value": 0.25,
            "link": "https://backup.example/runs/7", "description": "Copies the database",
            "detail": "3 of 12 tables failed"
        });
        let reports = all(&body);
        assert_eq!(reports.len(), 1);
        let report = &reports[0];
        assert_eq!(
            (report.source.as_str(), report.external_id.as_str()),
            ("generic", "backup")
        );
        assert_eq!(report.word, "partial_outage");
        assert_eq!(report.observation.status, Some(Status::PartialOutage));
        assert_eq!(report.observation.at, Timestamp::from_epoch(1_772_366_400));
        assert_eq!(report.observation.value, Some(0.25));
        assert_eq!(report.observation.detail, "3 of 12 tables failed");
        assert_eq!(report.name.as_deref(), Some("Nightly backup"));
        assert_eq!(report.component.as_deref(), Some("payments"));
        assert!(!report.is_test);
    }

    #[test]
    fn a_list_is_as_many_reports_and_a_thousand_are_the_most() {
        let one = json!({ "check": 7, "state": "Down", "at": 1_772_366_400, "test": true });
        let reports = all(&Value::Array(vec![one.clone(); 1000]));
        assert_eq!(reports.len(), 1000);
        assert_eq!(reports[0].external_id, "7");
        assert_eq!(reports[0].word, "Down");
        assert_eq!(reports[0].observation.status, Some(Status::MajorOutage));
        assert_eq!(
            reports[0].observation.at,
            Timestamp::from_epoch(1_772_366_400)
        );
        assert!(reports[0].is_test);
        assert!(all(&json!([])).is_empty());
        let body = Value::Array(vec![one; 1001]).to_string();
        assert_eq!(read(body.as_bytes(), now()).unwrap_err().field, "body");
    }

    #[test]
    fn the_words_of_the_documentation_are_those_that_are_read() {
        let document = include_str!("../../docs/signals.md");
        for (state, status) in STATES {
            let reports = all(&json!({ "check": "a", "state": state }));
            assert_eq!(reports[0].observation.status, status, "{state}");
            assert_eq!(reports[0].observation.at, now());
            assert!(document.contains(&format!("`{state}`")), "{state}");
        }
        for status in Status::ALL {
            let reports = all(&json!({ "check": "a", "status": status.word() }));
            assert_eq!(reports[0].observation.status, Some(status));
            assert!(
                document.contains(&format!("`{}`", status.word())),
                "{status}"
            );
        }
        for field in FIELDS.iter().chain([&TEST]) {
            assert!(document.contains(&format!("| `{field}` |")), "{field}");
        }
    }

    #[test]
    fn a_body_that_cannot_be_used_is_told_by_its_field() {
        let with = |key: &str, value: Value| {
            let mut body = json!({ "check": "a", "status": "operational" });
            body[key] = value;
            body
        };
        for (body, field) in [
            (json!("up"), "body"),
            (json!({ "status": "operational" }), "check"),
            (json!({ "check": "a" }), "status"),
            (with("check", json!("  ")), "check"),
            (with("check", json!({})), "check"),
            (with("status", json!("fine")), "status"),
            (with("state", json!("up")), "state"),
            (json!({ "check": "a", "state": "odd" }), "state"),
            (with("at", json!("noon")), "at"),
            (with("at", json!(0.5)), "at"),
            (with("value", json!("high")), "value"),
            (with("link", json!("javascript:alert(1)")), "link"),
            (with("name", json!([])), "name"),
            (with("detail", json!(true)), "detail"),
            (with("description", json!({})), "description"),
            (with("component", json!([])), "component"),
            (with("test", json!("yes")), "test"),
            (with("compnent", json!("payments")), "compnent"),
            (json!([{ "check": "a", "state": "up" }, 7]), "[1]"),
            (
                json!([{ "check": "a", "state": "up" }, { "check": "b" }]),
                "[1].status",
            ),
        ] {
            let bad = read(body.to_string().as_bytes(), now()).expect_err(field);
            assert_eq!(bad.field, field, "{bad}");
        }
        let bad = read(b"check=a", now()).unwrap_err();
        assert_eq!(bad.field, "body");
    }
}
