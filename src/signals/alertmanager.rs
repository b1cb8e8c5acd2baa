//! Alertmanager's webhook, version 4: a group of alerts, each with a state of its own.
//!
//! An alert is known by its fingerprint, which is the same whenever it fires again: what tells one
//! time from the next is when it began. So a firing alert is reported for the time at which it began,
//! and every repetition is the same report; a resolved one for the time at which it ended; and one
//! that fires again is later than that. An alert that a group no longer has is not resolved: groups
//! may be cut short, and Alertmanager says so itself when something is over.

use serde_json::Value;

use super::{
    BadSignal, Said, Source,
    shape::{self, Fields},
};
use crate::domain::{
    health::{Importance, Observation, Report},
    status::Status,
    time::Timestamp,
};

/// The label that names a component by its key.
const COMPONENT: &str = "component";

pub(super) fn read(body: &[u8], now: Timestamp) -> Result<Said, BadSignal> {
    let json = shape::json(body)?;
    let body = Fields::of(&json, "")?;
    of_version(&body, "4")?;
    let external_url = body.words("externalURL");
    let left_out = body.get("truncatedAlerts").and_then(Value::as_u64);
    let reports = alerts(&body)?
        .iter()
        .map(|alert| {
            let mut report = report(Source::Alertmanager, alert, now)?;
            // Prometheus knows the query; whatever else sends alerts often has no address.
            let link = alert.words("generatorURL").and_then(|it| shape::link(&it));
            report.link = link.or_else(|| external_url.as_deref().and_then(shape::link));
            Ok(report)
        })
        .collect::<Result<_, BadSignal>>()?;
    Ok(Said {
        reports,
        left_out: left_out.unwrap_or_default(),
    })
}

pub(super) fn of_version(body: &Fields<'_>, wanted: &str) -> Result<(), BadSignal> {
    let version = body.needed("version")?;
    match version == wanted {
        true => Ok(()),
        false => Err(body.bad(
            "version",
            format!("only version \"{wanted}\" is understood"),
        )),
    }
}

pub(super) fn alerts<'a>(body: &Fields<'a>) -> Result<Vec<Fields<'a>>, BadSignal> {
    let alerts = body.list("alerts")?.iter().enumerate();
    alerts
        .map(|(nth, alert)| Fields::of(alert, &format!("alerts[{nth}]")))
        .collect()
}

/// What one alert says, without a link.
pub(super) fn report(
    source: Source,
    alert: &Fields<'_>,
    now: Timestamp,
) -> Result<Report, BadSignal> {
    let state = alert.needed("status")?;
    let id = alert.needed("fingerprint")?;
    let labels = alert.object("labels")?;
    let annotations = alert.object("annotations")?;
    let severity = labels.words("severity").map(|it| it.to_ascii_lowercase());
    let (status, at) = match state.as_str() {
        "firing" => (Some(badness(severity.as_deref())), alert.time("startsAt")?),
        "resolved" => (Some(Status::Operational), alert.time("endsAt")?),
        _ => (None, None),
    };
    let summary = annotations.words("summary");
    let description = annotations.words("description");
    let detail = description.clone().or_else(|| annotations.words("message"));
    let name = [labels.words("alertname"), summary.clone()];
    let name: Vec<String> = name.into_iter().flatten().collect();
    Ok(Report {
        source: source.name().to_owned(),
        external_id: shape::id(&id),
        observation: Observation {
            at: shape::moment(at, now),
            status,
            value: None,
            detail: shape::words(&detail.or(summary).unwrap_or_default()),
        },
        word: shape::name(&state),
        name: (!name.is_empty()).then(|| shape::name(&name.join(": "))),
        link: None,
        description: description.map(|it| shape::words(&it)),
        importance: severity.as_deref().map(importance),
        created_by: None,
        component: labels.words(COMPONENT).map(|it| shape::name(&it)),
        channel: None,
        is_test: false,
        is_measured: false,
    })
}

fn badness(severity: Option<&str>) -> Status {
    match severity {
        Some("critical") => Status::MajorOutage,
        Some("warning") => Status::DegradedPerformance,
        _ => Status::PartialOutage,
    }
}

fn importance(severity: &str) -> Importance {
    match severity {
        "critical" => Importance::High,
        "warning" => Importance::Low,
        _ => Importance::Undefined,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_epoch(1_800_000_000)
    }

    fn noon() -> Timestamp {
        Timestamp::from_epoch(1_772_366_400)
    }

    fn said(body: &Value) -> Said {
        read(body.to_string().as_bytes(), now()).unwrap()
    }

    fn firing() -> Value {
        json!({
            "status": "firing",
            "labels": {
                "alertname": "LoginsFail", "severity": "critical", "component": "payments",
                "instance": "api-1:9090", "job": "api"
            },
            "annotations": { "summary": "Logins fail", "description": "Half of all logins fail." },
            "startsAt": "2026-03-01T12:00:00.123456789Z", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example:9090/graph?g0.expr=up&g0.tab=1",
            "fingerprint": "a1b2c3d4e5f60718"
        })
    }

    fn resolved() -> Value {
        let mut alert = firing();
        alert["status"] = json!("resolved");
        alert["endsAt"] = json!("2026-03-01T12:10:00Z");
        alert["fingerprint"] = json!("00112233aabbccdd");
        alert
    }

    fn group(alerts: Value) -> Value {
        json!({
            "receiver": "balefire", "status": "firing", "alerts": alerts,
            "groupLabels": { "alertname": "LoginsFail" },
            "commonLabels": { "alertname": "LoginsFail" }, "commonAnnotations": {},
            "externalURL": "http://alertmanager.example:9093", "version": "4",
            "groupKey": "{}:{alertname=\"LoginsFail\"}", "truncatedAlerts": 0
        })
    }

    #[test]
    fn a_firing_alert_is_reported_for_the_time_at_which_it_began() {
        let said = said(&group(json!([firing()])));
        let report = &said.reports[0];
        assert_eq!(report.source, "alertmanager");
        assert_eq!(report.external_id, "a1b2c3d4e5f60718");
        assert_eq!(report.word, "firing");
        assert_eq!(report.observation.at.micros(), noon().micros() + 123_456);
        assert_eq!(report.observation.status, Some(Status::MajorOutage));
        assert_eq!(report.observation.detail, "Half of all logins fail.");
        assert_eq!(report.name.as_deref(), Some("LoginsFail: Logins fail"));
        assert_eq!(report.component.as_deref(), Some("payments"));
        assert_eq!(report.importance, Some(Importance::High));
        let link = report.link.as_deref().unwrap();
        assert!(
            link.starts_with("http://prometheus.example:9090/graph"),
            "{link}"
        );
    }

    /// The group fires as long as one of it does.
    #[test]
    fn each_alert_of_a_mixed_group_counts_for_itself() {
        let said = said(&group(json!([resolved(), firing()])));
        let statuses: Vec<_> = said
            .reports
            .iter()
            .map(|it| it.observation.status)
            .collect();
        assert_eq!(
            statuses,
            [Some(Status::Operational), Some(Status::MajorOutage)]
        );
        let ended = &said.reports[0];
        assert_eq!(ended.word, "resolved");
        assert_eq!(
            ended.observation.at,
            noon().plus(std::time::Duration::from_secs(600))
        );
    }

    #[test]
    fn a_repetition_is_the_same_report_and_firing_again_is_a_later_one() {
        let first = said(&group(json!([firing()])));
        let mut again = group(json!([firing()]));
        again["truncatedAlerts"] = json!(0);
        assert_eq!(first.reports, said(&again).reports);

        let mut ended = firing();
        ended["status"] = json!("resolved");
        ended["endsAt"] = json!("2026-03-01T12:10:00Z");
        let mut later = firing();
        later["startsAt"] = json!("2026-03-01T12:30:00Z");
        let of = |alert: Value| said(&group(json!([alert]))).reports.remove(0);
        let (ended, later) = (of(ended), of(later));
        assert_eq!(first.reports[0].external_id, later.external_id);
        assert!(first.reports[0].observation.at < ended.observation.at);
        assert!(ended.observation.at < later.observation.at);
    }

    #[test]
    fn severities_are_words_of_the_team() {
        for (severity, importance, status) in [
            (
                json!("critical"),
                Some(Importance::High),
                Status::MajorOutage,
            ),
            (
                json!("Warning"),
                Some(Importance::Low),
                Status::DegradedPerformance,
            ),
            (
                json!("page"),
                Some(Importance::Undefined),
                Status::PartialOutage,
            ),
            (Value::Null, None, Status::PartialOutage),
        ] {
            let mut alert = firing();
            alert["labels"]["severity"] = severity.clone();
            let report = said(&group(json!([alert]))).reports.remove(0);
            assert_eq!(report.observation.status, Some(status), "{severity}");
            assert_eq!(report.importance, importance, "{severity}");
        }
    }

    #[test]
    fn what_was_left_out_is_counted_and_nothing_is_said_of_it() {
        let mut body = group(json!([firing()]));
        body["truncatedAlerts"] = json!(3);
        let said = said(&body);
        assert_eq!((said.reports.len(), said.left_out), (1, 3));
        assert!(
            read(group(json!([])).to_string().as_bytes(), now())
                .unwrap()
                .reports
                .is_empty()
        );
    }

    #[test]
    fn an_alert_that_says_little_is_taken_all_the_same() {
        let alert = json!({ "status": "firing", "fingerprint": "f", "labels": null });
        let report = said(&group(json!([alert]))).reports.remove(0);
        assert_eq!(report.observation.at, now());
        assert_eq!((report.name, report.component), (None, None));
        assert_eq!(
            report.link.as_deref(),
            Some("http://alertmanager.example:9093")
        );
        let odd = json!({ "status": "suppressed", "fingerprint": "f" });
        let report = said(&group(json!([odd]))).reports.remove(0);
        assert_eq!(
            (report.observation.status, report.word.as_str()),
            (None, "suppressed")
        );
    }

    #[test]
    fn a_body_that_cannot_be_used_is_told_by_its_field() {
        let with = |key: &str, value: Value| {
            let mut body = group(json!([firing()]));
            body[key] = value;
            body
        };
        let alert = |key: &str, value: Value| {
            let mut alert = firing();
            alert[key] = value;
            group(json!([firing(), alert]))
        };
        for (body, field) in [
            (json!("firing"), "body"),
            (with("version", json!("3")), "version"),
            (with("version", Value::Null), "version"),
            (with("alerts", Value::Null), "alerts"),
            (with("alerts", json!({})), "alerts"),
            (with("alerts", json!(["x"])), "alerts[0]"),
            (alert("fingerprint", Value::Null), "alerts[1].fingerprint"),
            (alert("status", Value::Null), "alerts[1].status"),
            (alert("labels", json!([])), "alerts[1].labels"),
            (alert("annotations", json!("x")), "alerts[1].annotations"),
            (alert("startsAt", json!("noon")), "alerts[1].startsAt"),
        ] {
            let bad = read(body.to_string().as_bytes(), now()).expect_err(field);
            assert_eq!(bad.field, field, "{bad}");
        }
        let ended = json!({ "status": "resolved", "fingerprint": "f", "endsAt": true });
        let bad = read(group(json!([ended])).to_string().as_bytes(), now()).unwrap_err();
        assert_eq!(bad.field, "alerts[0].endsAt");
    }
}
