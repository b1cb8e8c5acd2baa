//! Pingdom's webhook for changes of state: one request for each, about any type of check.
//!
//! Only what is needed is required: its bodies have lost and gained fields over the years.

use super::{
    BadSignal, Said, Source,
    shape::{self, Fields},
};
use crate::domain::{
    health::{Importance, Observation, Report},
    status::Status,
    time::Timestamp,
};

/// What the button for a test says, in whose messages no check has changed.
const TEST: &str = "test";
const TEST_IN_FULL: &str = "This is a test message triggered by a user in My Pingdom";

pub(super) fn read(body: &[u8], now: Timestamp) -> Result<Said, BadSignal> {
    let json = shape::json(body)?;
    let body = Fields::of(&json, "")?;
    let id = body.needed("check_id")?;
    let state = body.needed("current_state")?;
    let importance = body.words("importance_level").map(|it| importance(&it));
    let at = match body.since_1970("state_changed_timestamp", 1_000_000)? {
        Some(at) => Some(at),
        None => body.time("state_changed_utc_time")?,
    };
    let description = body.words("description");
    let in_full = body.words("long_description");
    let is_test = description.as_deref() == Some(TEST)
        || [&description, &in_full]
            .into_iter()
            .flatten()
            .any(|it| it.starts_with(TEST_IN_FULL));
    let detail = [
        body.words("custom_message"),
        in_full.or(description.clone()),
    ];
    let detail: Vec<String> = detail.into_iter().flatten().collect();
    let link = format!("https://my.pingdom.com/reports/uptime#check={id}");
    let report = Report {
        source: Source::Pingdom.name().to_owned(),
        external_id: shape::id(&id),
        observation: Observation {
            at: shape::moment(at, now),
            status: status(&state, importance.unwrap_or_default()),
            value: None,
            detail: shape::words(&detail.join("\n")),
        },
        word: shape::name(&state),
        name: body.words("check_name").map(|it| shape::name(&it)),
        link: shape::link(&link),
        description: description.map(|it| shape::words(&it)),
        importance,
        created_by: None,
        component: None,
        channel: None,
        is_test,
        is_measured: false,
    };
    Ok(vec![report].into())
}

fn importance(level: &str) -> Importance {
    match level.to_ascii_uppercase().as_str() {
        "HIGH" => Importance::High,
        "LOW" => Importance::Low,
        _ => Importance::Undefined,
    }
}

/// None for a state that nobody told us of: it is kept, and no opinion.
fn status(state: &str, importance: Importance) -> Option<Status> {
    match state.to_ascii_uppercase().as_str() {
        "UP" | "SUCCESS" => Some(Status::Operational),
        "DOWN" | "FAILING" => Some(match importance {
            Importance::High => Status::MajorOutage,
            Importance::Low => Status::DegradedPerformance,
            Importance::Medium | Importance::Undefined => Status::PartialOutage,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_epoch(1_800_000_000)
    }

    fn only(body: &Value) -> Report {
        let said = read(body.to_string().as_bytes(), now()).unwrap();
        assert_eq!((said.reports.len(), said.left_out), (1, 0));
        said.reports.into_iter().next().unwrap()
    }

    /// An uptime check over HTTP, as it goes down.
    fn down() -> Value {
        json!({
            "check_id": 4711, "check_name": "Shop front", "check_type": "HTTP",
            "check_params": {
                "basic_auth": false, "encryption": true, "full_url": "https://shop.example/",
                "header": "User-Agent:Pingdom.com_bot", "hostname": "shop.example",
                "ipv6": false, "port": 443, "url": "/"
            },
            "tags": ["shop"], "previous_state": "UP", "current_state": "DOWN",
            "importance_level": "HIGH", "state_changed_timestamp": 1_772_366_400,
            "state_changed_utc_time": "2026-03-01T12:00:00",
            "long_description": "The server answered with HTTP 503", "description": "HTTP Server Error 503",
            "first_probe": { "ip": "192.0.2.7", "ipv6": "2001:db8::7", "location": "Vienna, Austria" },
            "second_probe": { "ip": "192.0.2.8", "ipv6": "2001:db8::8", "location": "Oslo, Norway", "version": 1 },
            "version": 1
        })
    }

    fn with(fields: Value) -> Value {
        let mut body = down();
        for (key, value) in fields.as_object().unwrap() {
            body[key] = value.clone();
        }
        body
    }

    #[test]
    fn a_check_that_goes_down_is_reported_with_everything_that_is_known() {
        let report = only(&down());
        assert_eq!(report.source, "pingdom");
        assert_eq!(report.external_id, "4711");
        assert_eq!(report.word, "DOWN");
        assert_eq!(report.observation.at, Timestamp::from_epoch(1_772_366_400));
        assert_eq!(report.observation.status, Some(Status::MajorOutage));
        assert_eq!(
            report.observation.detail,
            "The server answered with HTTP 503"
        );
        assert_eq!(report.name.as_deref(), Some("Shop front"));
        assert_eq!(report.description.as_deref(), Some("HTTP Server Error 503"));
        let link = "https://my.pingdom.com/reports/uptime#check=4711";
        assert_eq!(report.link.as_deref(), Some(link));
        assert_eq!(report.importance, Some(Importance::High));
        assert!(!report.is_test);
    }

    #[test]
    fn every_type_of_check_is_read() {
        let params = |it: &str| match it {
            "DNS" => json!({ "expected_ip": "192.0.2.1", "nameserver": "ns.example" }),
            "UDP" => json!({ "send": "ping", "expect": "pong", "hostname": "h", "port": 53 }),
            _ => json!({ "hostname": "mail.example", "encryption": false, "port": 25 }),
        };
        for kind in [
            "HTTP",
            "HTTP_CUSTOM",
            "PORT_TCP",
            "PING",
            "DNS",
            "UDP",
            "SMTP",
            "POP3",
            "IMAP",
        ] {
            let report = only(&with(
                json!({ "check_type": kind, "check_params": params(kind) }),
            ));
            assert_eq!(
                report.observation.status,
                Some(Status::MajorOutage),
                "{kind}"
            );
        }
    }

    #[test]
    fn a_transaction_has_words_of_its_own_and_says_less() {
        let body = |state: &str| {
            json!({
                "check_id": 12, "check_name": "Buy a ticket", "check_type": "TRANSACTION",
                "check_params": { "encryption": true, "port": 443, "url": "https://shop.example/buy" },
                "tags": [], "previous_state": "SUCCESS", "current_state": state,
                "importance_level": "LOW", "state_changed_timestamp": 1_772_366_400,
                "state_changed_utc_time": "2026-03-01T12:00:00", "description": "Step 3 failed",
                "first_probe": {}, "second_probe": {}, "version": 1
            })
        };
        let failing = only(&body("FAILING"));
        assert_eq!(
            failing.observation.status,
            Some(Status::DegradedPerformance)
        );
        assert_eq!(failing.observation.detail, "Step 3 failed");
        let well = only(&body("SUCCESS"));
        assert_eq!(well.observation.status, Some(Status::Operational));
    }

    #[test]
    fn a_recovery_is_operational_however_important_the_check_is() {
        let recovered = json!({
            "previous_state": "DOWN", "current_state": "UP", "second_probe": {},
            "description": "OK", "long_description": "OK"
        });
        let report = only(&with(recovered));
        assert_eq!(report.observation.status, Some(Status::Operational));
        assert_eq!(report.importance, Some(Importance::High));
    }

    #[test]
    fn how_bad_it_is_follows_from_the_importance() {
        for (level, importance, status) in [
            (json!("HIGH"), Some(Importance::High), Status::MajorOutage),
            (
                json!("LOW"),
                Some(Importance::Low),
                Status::DegradedPerformance,
            ),
            (
                json!("URGENT"),
                Some(Importance::Undefined),
                Status::PartialOutage,
            ),
            (Value::Null, None, Status::PartialOutage),
        ] {
            let report = only(&with(json!({ "importance_level": level })));
            assert_eq!(report.importance, importance, "{level}");
            assert_eq!(report.observation.status, Some(status), "{level}");
        }
    }

    #[test]
    fn the_button_for_a_test_changes_no_status() {
        for fields in [
            json!({ "description": "test" }),
            json!({ "description": "", "long_description":
                    "This is a test message triggered by a user in My Pingdom" }),
        ] {
            let mut body = with(fields);
            body["first_probe"] = json!({});
            body["second_probe"] = json!({});
            assert!(only(&body).is_test, "{body}");
        }
        assert!(!only(&with(json!({ "description": "tests failed" }))).is_test);
    }

    #[test]
    fn a_state_that_nobody_told_us_of_is_kept_without_an_opinion() {
        let report = only(&with(json!({ "current_state": "UNCONFIRMED_DOWN" })));
        assert_eq!(report.observation.status, None);
        assert_eq!(report.word, "UNCONFIRMED_DOWN");
    }

    /// As in 2016: no importance, no version. And less than anybody ever sent.
    #[test]
    fn only_the_check_and_its_state_are_needed() {
        let mut old = down();
        for key in ["importance_level", "version", "state_changed_timestamp"] {
            old.as_object_mut().unwrap().remove(key);
        }
        let report = only(&old);
        assert_eq!(report.observation.at, Timestamp::from_epoch(1_772_366_400));
        assert_eq!(report.observation.status, Some(Status::PartialOutage));

        let least = only(&json!({ "check_id": "7", "current_state": "UP" }));
        assert_eq!(
            (least.external_id.as_str(), least.observation.at),
            ("7", now())
        );
        assert_eq!((least.name, least.importance), (None, None));
    }

    #[test]
    fn what_the_team_wrote_for_a_check_comes_first() {
        let report = only(&with(json!({ "custom_message": "Call the hoster" })));
        let detail = "Call the hoster\nThe server answered with HTTP 503";
        assert_eq!(report.observation.detail, detail);
    }

    #[test]
    fn a_body_that_cannot_be_used_is_told_by_its_field() {
        for (body, field) in [
            (String::new(), "body"),
            ("payload=1".to_owned(), "body"),
            ("[]".to_owned(), "body"),
            (r#"{"current_state":"UP"}"#.to_owned(), "check_id"),
            (r#"{"check_id":1}"#.to_owned(), "current_state"),
            (
                with(json!({ "check_id": { "id": 1 } })).to_string(),
                "check_id",
            ),
            (
                with(json!({ "current_state": ["UP"] })).to_string(),
                "current_state",
            ),
            (
                with(json!({ "state_changed_timestamp": "noon" })).to_string(),
                "state_changed_timestamp",
            ),
            (
                with(json!({ "state_changed_timestamp": null, "state_changed_utc_time": "noon" }))
                    .to_string(),
                "state_changed_utc_time",
            ),
        ] {
            let bad = read(body.as_bytes(), now()).expect_err(&body);
            assert_eq!(bad.field, field, "{body}: {bad}");
        }
    }
}
