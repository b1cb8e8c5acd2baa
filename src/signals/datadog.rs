//! Datadog's webhooks. Their body is whatever the customer writes, so we publish what it has to be:
//! `docs/signals.md` has the template, and only that is understood. Datadog fills in its variables as
//! texts; what it does not know stays empty, or stays the variable.

use super::{
    BadSignal, Said, Source,
    shape::{self, Fields},
};
use crate::domain::{
    health::{Importance, Observation, Report},
    status::Status,
    time::Timestamp,
};

const TEMPLATE: &str = "balefire-1";

/// A tag that names a component by its key.
const COMPONENT: &str = "component:";

/// How the button for a test begins the title of a monitor.
const TEST: &str = "[TEST]";

/// States by the words that their transitions begin with in titles.
const STATES: [&str; 8] = [
    "Triggered",
    "Re-Triggered",
    "Warn",
    "Re-Warn",
    "No Data",
    "Re-No Data",
    "Renotify",
    "Recovered",
];

pub(super) fn read(body: &[u8], now: Timestamp) -> Result<Said, BadSignal> {
    let json = shape::json(body)?;
    let body = Fields::of(&json, "")?;
    if body.needed("template")? != TEMPLATE {
        let why = format!("only \"{TEMPLATE}\" is understood, which docs/signals.md has");
        return Err(body.bad("template", why));
    }
    let known = |key: &str| -> Result<Option<String>, BadSignal> {
        Ok(body.text(key)?.filter(|it| is_known(it)))
    };
    let monitor = known("monitor")?;
    // Of a monitor in several groups each scope is a check. The key of a cycle would be another
    // check each time.
    let id = match (monitor, known("scope")?, known("cycle")?) {
        (Some(monitor), Some(scope), _) if scope != "*" => format!("{monitor}:{scope}"),
        (Some(monitor), _, _) => monitor,
        (None, _, Some(cycle)) => cycle,
        (None, _, None) => return Err(body.bad("monitor", "it is missing")),
    };
    let given = known("transition")?.ok_or_else(|| body.bad("transition", "it is missing"))?;
    let title = known("title")?.unwrap_or_default();
    let kind = known("type")?.unwrap_or_default();
    let word = word(&given, &kind, &title);
    let at = match known("at")? {
        Some(_) => body.since_1970("at", 1000)?,
        None => None,
    };
    let name = without_state(&title);
    let detail = known("detail")?.unwrap_or_default();
    let tags = known("tags")?.unwrap_or_default();
    let component = tags
        .split(',')
        .find_map(|it| it.trim().strip_prefix(COMPONENT));
    let report = Report {
        source: Source::Datadog.name().to_owned(),
        external_id: shape::id(&id),
        observation: Observation {
            at: shape::moment(at, now),
            status: status(word),
            value: None,
            detail: shape::words(&detail),
        },
        word: shape::name(word),
        name: (!name.is_empty()).then(|| shape::name(name)),
        link: known("link")?.and_then(|it| shape::link(&it)),
        description: None,
        importance: known("priority")?.map(|it| importance(&it)),
        created_by: None,
        component: component.filter(|it| !it.is_empty()).map(shape::name),
        channel: None,
        is_test: name.starts_with(TEST),
        is_measured: false,
    };
    Ok(vec![report].into())
}

/// Whether Datadog knew something to put in a variable's place.
fn is_known(text: &str) -> bool {
    let is_variable = text.strip_prefix('$').is_some_and(|it| {
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        !it.is_empty() && it.chars().all(plain)
    });
    !is_variable && text != "null"
}

/// The state behind a transition. Being told again is the state that it was told of before.
fn word<'a>(transition: &'a str, kind: &str, title: &str) -> &'a str {
    match transition {
        "Triggered" | "Re-Triggered" => "Triggered",
        "Warn" | "Re-Warn" => "Warn",
        "No Data" | "Re-No Data" => "No Data",
        "Renotify" if title.contains("No Data") => "No Data",
        "Renotify" => match kind {
            "error" => "Triggered",
            "warning" => "Warn",
            _ => "Renotify",
        },
        "Recovered" | "Warn Recovered" => "Recovered",
        other => other,
    }
}

/// None for no data, and for whatever nobody told us of.
fn status(word: &str) -> Option<Status> {
    match word {
        "Triggered" => Some(Status::MajorOutage),
        "Warn" => Some(Status::DegradedPerformance),
        "Recovered" => Some(Status::Operational),
        _ => None,
    }
}

fn importance(priority: &str) -> Importance {
    match priority {
        "P1" | "P2" => Importance::High,
        "P3" => Importance::Medium,
        "P4" | "P5" => Importance::Low,
        _ => Importance::Undefined,
    }
}

/// A title such as `[Triggered on {host:a}] Disk is full` without what changes.
fn without_state(title: &str) -> &str {
    let inside = title.strip_prefix('[').and_then(|it| it.split_once(']'));
    match inside {
        Some((state, rest)) if STATES.iter().any(|it| state.starts_with(it)) => rest.trim(),
        _ => title,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const DOCUMENT: &str = include_str!("../../docs/signals.md");

    fn now() -> Timestamp {
        Timestamp::from_epoch(1_800_000_000)
    }

    /// The template of the documentation.
    fn template() -> String {
        let (_, rest) = DOCUMENT.split_once("```json datadog\n").unwrap();
        rest.split_once("```").unwrap().0.to_owned()
    }

    /// As Datadog fills it in.
    fn filled(values: &[(&str, &str)]) -> String {
        let usual = [
            ("$ALERT_ID", "1234"),
            ("$ALERT_SCOPE", "host:web-1"),
            ("$ALERT_CYCLE_KEY", "1679328171"),
            ("$ALERT_TRANSITION", "Triggered"),
            ("$ALERT_TYPE", "error"),
            ("$ALERT_PRIORITY", "P1"),
            ("$DATE", "1772366400000"),
            ("$ALERT_TITLE", "[Triggered on {host:web-1}] Disk is full"),
            ("$LINK", "https://app.datadoghq.eu/event/event?id=1"),
            ("$TAGS", "monitor, component:payments, role:web"),
            ("$TEXT_ONLY_MSG", "The disk of \\\"web-1\\\" is full."),
        ];
        let mut text = template();
        let given = |variable: &str| values.iter().any(|it| it.0 == variable);
        let usual = usual.iter().filter(|it| !given(it.0));
        for (variable, value) in values.iter().chain(usual) {
            text = text.replace(&format!("\"{variable}\""), &format!("\"{value}\""));
        }
        text
    }

    fn only(values: &[(&str, &str)]) -> Report {
        let said = read(filled(values).as_bytes(), now()).unwrap();
        said.reports.into_iter().next().unwrap()
    }

    #[test]
    fn the_published_template_is_understood() {
        let report = only(&[]);
        assert_eq!(report.source, "datadog");
        assert_eq!(report.external_id, "1234:host:web-1");
        assert_eq!(report.word, "Triggered");
        assert_eq!(report.observation.at, Timestamp::from_epoch(1_772_366_400));
        assert_eq!(report.observation.status, Some(Status::MajorOutage));
        assert_eq!(report.observation.detail, "The disk of \"web-1\" is full.");
        assert_eq!(report.name.as_deref(), Some("Disk is full"));
        assert_eq!(report.component.as_deref(), Some("payments"));
        assert_eq!(report.importance, Some(Importance::High));
        let link = "https://app.datadoghq.eu/event/event?id=1";
        assert_eq!(report.link.as_deref(), Some(link));
        let fields: Value = serde_json::from_str(&template()).unwrap();
        assert!(fields.as_object().unwrap().values().all(Value::is_string));
    }

    #[test]
    fn every_transition_has_its_status() {
        let major = Some(Status::MajorOutage);
        let degraded = Some(Status::DegradedPerformance);
        let well = Some(Status::Operational);
        for (transition, word, status) in [
            ("Triggered", "Triggered", major),
            ("Re-Triggered", "Triggered", major),
            ("Renotify", "Triggered", major),
            ("Warn", "Warn", degraded),
            ("Re-Warn", "Warn", degraded),
            ("No Data", "No Data", None),
            ("Re-No Data", "No Data", None),
            ("Recovered", "Recovered", well),
            ("Warn Recovered", "Recovered", well),
            ("Null", "Null", None),
        ] {
            let report = only(&[("$ALERT_TRANSITION", transition)]);
            assert_eq!(report.word, word, "{transition}");
            assert_eq!(report.observation.status, status, "{transition}");
        }
    }

    #[test]
    fn being_told_again_says_what_was_told_before() {
        let again = |kind: &'static str, title: &'static str| {
            let values = [
                ("$ALERT_TRANSITION", "Renotify"),
                ("$ALERT_TYPE", kind),
                ("$ALERT_TITLE", title),
            ];
            (only(&values).word, only(&values).observation.status)
        };
        let warn = ("Warn".to_owned(), Some(Status::DegradedPerformance));
        assert_eq!(again("warning", "[Renotify] Disk"), warn);
        assert_eq!(
            again("error", "[Renotify No Data] Disk"),
            ("No Data".to_owned(), None)
        );
        assert_eq!(
            again("info", "[Renotify] Disk"),
            ("Renotify".to_owned(), None)
        );
    }

    #[test]
    fn what_datadog_does_not_know_is_left_out() {
        let report = only(&[
            ("$ALERT_SCOPE", "*"),
            ("$ALERT_PRIORITY", "$ALERT_PRIORITY"),
            ("$DATE", ""),
            ("$LINK", "null"),
            ("$TAGS", ""),
            ("$ALERT_TITLE", "$ALERT_TITLE"),
        ]);
        assert_eq!(report.external_id, "1234");
        assert_eq!(report.observation.at, now());
        assert_eq!((report.importance, report.link), (None, None));
        assert_eq!((report.name, report.component), (None, None));
        let report = only(&[("$ALERT_ID", "")]);
        assert_eq!(report.external_id, "1679328171");
    }

    #[test]
    fn the_button_for_a_test_changes_no_status() {
        assert!(only(&[("$ALERT_TITLE", "[Triggered] [TEST] Disk is full")]).is_test);
        assert!(only(&[("$ALERT_TITLE", "[TEST] Disk is full")]).is_test);
        assert!(!only(&[("$ALERT_TITLE", "[Shop] [TEST] Disk")]).is_test);
    }

    #[test]
    fn a_body_that_cannot_be_used_is_told_by_its_field() {
        for (body, field) in [
            (String::new(), "body"),
            ("{}".to_owned(), "template"),
            (r#"{"template":"mine"}"#.to_owned(), "template"),
            (filled(&[("$ALERT_TRANSITION", "")]), "transition"),
            (
                filled(&[("$ALERT_ID", ""), ("$ALERT_CYCLE_KEY", "")]),
                "monitor",
            ),
            (filled(&[("$DATE", "noon")]), "at"),
        ] {
            let bad = read(body.as_bytes(), now()).expect_err(field);
            assert_eq!(bad.field, field, "{body}: {bad}");
        }
    }
}
