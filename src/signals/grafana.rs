//! Grafana's webhook for alerts, version 1: Alertmanager's with more in it.

use serde_json::Value;

use super::{
    BadSignal, Said, Source,
    alertmanager::{alerts, of_version, report},
    shape::{self, Fields},
};
use crate::domain::{health::Report, time::Timestamp};

/// What rules fire as when their query has no data or fails. That says nothing about what they watch,
/// neither when it begins nor when it ends.
const NO_OPINION: [&str; 2] = ["DatasourceNoData", "DatasourceError"];

/// What the button for a test sends.
const TEST: (&str, &str) = ("TestAlert", "Grafana");

/// Where somebody looks first.
const LINKS: [&str; 3] = ["panelURL", "dashboardURL", "generatorURL"];

pub(super) fn read(body: &[u8], now: Timestamp) -> Result<Said, BadSignal> {
    let json = shape::json(body)?;
    let body = Fields::of(&json, "")?;
    if body.get("ruleId").is_some() && body.get("alerts").is_none() {
        let why = "this is an alert of Grafana before version 9, which is not understood: use \
                   unified alerting";
        return Err(body.bad("alerts", why));
    }
    of_version(&body, "1")?;
    let left_out = body.get("truncatedAlerts").and_then(Value::as_u64);
    let reports = alerts(&body)?
        .iter()
        .map(|alert| of_alert(alert, now))
        .collect::<Result<_, BadSignal>>()?;
    Ok(Said {
        reports,
        left_out: left_out.unwrap_or_default(),
    })
}

fn of_alert(alert: &Fields<'_>, now: Timestamp) -> Result<Report, BadSignal> {
    let mut report = report(Source::Grafana, alert, now)?;
    let mut links = LINKS.iter().filter_map(|key| alert.words(key));
    report.link = links.find_map(|it| shape::link(&it));
    report.observation.value = only_value(alert);
    if report.observation.detail.is_empty() {
        let values = alert.words("valueString").unwrap_or_default();
        report.observation.detail = shape::words(&values);
    }
    let labels = alert.object("labels")?;
    let name = labels.words("alertname").unwrap_or_default();
    if NO_OPINION.contains(&name.as_str()) {
        report.observation.status = None;
        report.word = format!("{} ({name})", report.word);
        if let Some(rule) = labels.words("rulename") {
            report.name = Some(shape::name(&format!("{rule} ({name})")));
        }
    }
    let instance = labels.words("instance").unwrap_or_default();
    report.is_test = (name.as_str(), instance.as_str()) == TEST;
    Ok(report)
}

/// What was measured, where there is only one number: of several nobody says which is meant.
fn only_value(alert: &Fields<'_>) -> Option<f64> {
    let values = alert.get("values")?.as_object()?;
    let (1, Some(value)) = (values.len(), values.values().next()) else {
        return None;
    };
    value.as_f64().filter(|it| it.is_finite())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::status::Status;

    fn now() -> Timestamp {
        Timestamp::from_epoch(1_800_000_000)
    }

    fn alert() -> Value {
        json!({
            "status": "firing",
            "labels": { "alertname": "Slow checkout", "grafana_folder": "Shop", "severity": "warning" },
            "annotations": { "summary": "Checkout takes 4 s" },
            "startsAt": "2026-03-01T13:00:00+01:00", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "https://grafana.example/alerting/grafana/abc/view",
            "fingerprint": "57c6d9296de2ad39",
            "silenceURL": "https://grafana.example/alerting/silence/new",
            "dashboardURL": "https://grafana.example/d/abc", "panelURL": "",
            "imageURL": "", "values": { "B": 4.2 },
            "valueString": "[ var='B' labels={} value=4.2 ]"
        })
    }

    fn group(alert: Value) -> Value {
        json!({
            "receiver": "balefire", "status": "firing", "orgId": 1, "alerts": [alert],
            "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
            "externalURL": "https://grafana.example/", "version": "1", "groupKey": "{}:{}",
            "truncatedAlerts": 0, "title": "[FIRING:1] Slow checkout", "state": "alerting",
            "message": "**Firing**", "numFiring": 1, "numResolved": 0
        })
    }

    fn only(alert: Value) -> Report {
        let said = read(group(alert).to_string().as_bytes(), now()).unwrap();
        said.reports.into_iter().next().unwrap()
    }

    fn labelled(labels: Value) -> Value {
        let mut alert = alert();
        alert["labels"] = labels;
        alert
    }

    #[test]
    fn an_alert_is_reported_with_what_grafana_adds() {
        let report = only(alert());
        assert_eq!(report.source, "grafana");
        assert_eq!(report.external_id, "57c6d9296de2ad39");
        assert_eq!(report.observation.status, Some(Status::DegradedPerformance));
        assert_eq!(report.observation.at, Timestamp::from_epoch(1_772_366_400));
        assert_eq!(report.observation.value, Some(4.2));
        assert_eq!(report.observation.detail, "Checkout takes 4 s");
        assert_eq!(
            report.link.as_deref(),
            Some("https://grafana.example/d/abc")
        );
        assert!(!report.is_test);
    }

    #[test]
    fn of_several_numbers_none_is_taken_and_the_words_tell_them() {
        let mut alert = alert();
        alert["values"] = json!({ "B": 4.2, "C": 1 });
        alert["annotations"] = json!({});
        let report = only(alert);
        assert_eq!(report.observation.value, None);
        assert_eq!(report.observation.detail, "[ var='B' labels={} value=4.2 ]");
    }

    #[test]
    fn no_data_and_a_failing_query_are_no_opinion_when_they_begin_and_end() {
        for name in NO_OPINION {
            let labels =
                json!({ "alertname": name, "rulename": "Slow checkout", "severity": "critical" });
            for status in ["firing", "resolved"] {
                let mut alert = labelled(labels.clone());
                alert["status"] = json!(status);
                let report = only(alert);
                assert_eq!(report.observation.status, None, "{name} {status}");
                assert_eq!(report.word, format!("{status} ({name})"));
                let shown = format!("Slow checkout ({name})");
                assert_eq!(report.name.as_deref(), Some(shown.as_str()));
            }
        }
    }

    #[test]
    fn the_button_for_a_test_changes_no_status() {
        let labels = json!({ "alertname": "TestAlert", "instance": "Grafana" });
        assert!(only(labelled(labels)).is_test);
        let labels = json!({ "alertname": "TestAlert", "instance": "shop-1" });
        assert!(!only(labelled(labels)).is_test);
    }

    #[test]
    fn a_body_that_cannot_be_used_is_told_by_its_field() {
        let mut other = group(alert());
        other["version"] = json!("4");
        let mut unmarked = group(alert());
        unmarked["alerts"][0]["fingerprint"] = Value::Null;
        let legacy = json!({
            "evalMatches": [], "message": "", "ruleId": 1, "ruleName": "Slow checkout",
            "ruleUrl": "https://grafana.example/d/abc", "state": "alerting", "title": "[Alerting]"
        });
        for (body, field) in [
            (json!(1), "body"),
            (other, "version"),
            (unmarked, "alerts[0].fingerprint"),
            (legacy, "alerts"),
        ] {
            let bad = read(body.to_string().as_bytes(), now()).expect_err(field);
            assert_eq!(bad.field, field, "{bad}");
        }
    }
}
