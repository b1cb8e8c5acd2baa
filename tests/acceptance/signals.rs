//! What monitors send: who is let in, what is answered, and that it is kept.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use balefire::{
    config::{Signals, Signing},
    domain::{component::Described, ids::WorkspaceId, status::Status},
    health::Health,
    store,
};
use serde_json::{Value, json};

use crate::harness::{
    Setup, World,
    databases::{self, Scratch},
    monitors::{self, BODY_LIMIT, Post, SECRET, Scribe, all_on, by_secrets, down},
};

const SOURCES: [&str; 5] = ["pingdom", "alertmanager", "grafana", "datadog", "generic"];

/// One report of each source.
fn sample(source: &str) -> Value {
    let alert = json!({
        "status": "firing", "fingerprint": "a1b2c3d4e5f60718",
        "labels": { "alertname": "LoginsFail", "severity": "critical" }, "annotations": {},
        "startsAt": "2026-03-01T12:00:00Z", "endsAt": "0001-01-01T00:00:00Z"
    });
    match source {
        "pingdom" => json!({
            "check_id": 4711, "check_name": "Shop front", "check_type": "HTTP",
            "previous_state": "UP", "current_state": "DOWN", "importance_level": "HIGH",
            "state_changed_timestamp": 1_772_366_400, "description": "HTTP Server Error 503"
        }),
        "alertmanager" => json!({ "version": "4", "status": "firing", "alerts": [alert] }),
        "grafana" => json!({ "version": "1", "state": "alerting", "alerts": [alert] }),
        "datadog" => json!({
            "template": "balefire-1", "monitor": "1234", "scope": "*", "transition": "Triggered",
            "type": "error", "at": "1772366400000", "title": "[Triggered] Disk is full"
        }),
        _ => down("nightly-backup"),
    }
}

async fn both() -> [Scratch; 2] {
    [databases::sqlite().await, databases::postgres().await]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_source_is_heard_kept_and_handed_on() {
    for scratch in both().await {
        let post = Post::open(scratch, all_on()).await;
        for source in SOURCES {
            let answer = post.tells(source, &sample(source)).await;
            assert_eq!(
                (answer.status, &answer.body["accepted"]),
                (200, &json!(1)),
                "{source}"
            );
        }
        assert_eq!(post.figures().await, (5, 0));
        let scribe = Scribe::default();
        assert_eq!(post.intake.work_off(&scribe).await.unwrap(), 5);
        let taken = scribe.taken.lock().unwrap().clone();
        let known: Vec<_> = taken
            .iter()
            .map(|it| (it.source.as_str(), it.external_id.as_str()))
            .collect();
        let expected = [
            ("pingdom", "4711"),
            ("alertmanager", "a1b2c3d4e5f60718"),
            ("grafana", "a1b2c3d4e5f60718"),
            ("datadog", "1234"),
            ("generic", "nightly-backup"),
        ];
        assert_eq!(known, expected);
        assert!(taken.iter().all(|it| it.observation.at == monitors::noon()));
        // In one transaction with putting them away.
        assert_eq!(Scribe::written(&post.db).await.len(), 5);
        assert_eq!(post.figures().await, (0, 0));
        assert_eq!(post.intake.work_off(&scribe).await.unwrap(), 0);
    }
}

/// From a webhook to how a component is, and back again.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_monitor_says_becomes_the_status_of_its_component() {
    for scratch in both().await {
        let post = Post::open(scratch, all_on()).await;
        let workspace = WorkspaceId::from("T1");
        let mut tx = post.db.begin().await.unwrap();
        let payments = Described::plain("payments", "Payments");
        store::components::save(&mut tx, &workspace, &[&payments], monitors::noon())
            .await
            .unwrap();
        let known = store::components::all(&mut tx, &workspace).await.unwrap();
        tx.commit().await.unwrap();
        let id = known[0].id;
        let wake = Arc::default();
        let health = Health::new(post.db.clone(), post.clock.clone(), wake, BTreeMap::new());
        for (second, state, expected) in [
            (0, "down", Status::MajorOutage),
            (20, "up", Status::Operational),
            // It comes late, and again.
            (10, "down", Status::Operational),
            (0, "down", Status::Operational),
        ] {
            let at = monitors::noon().plus(Duration::from_secs(second));
            let body = json!({
                "check": "nightly", "component": "payments", "state": state, "at": at.iso(),
            });
            assert_eq!(post.tells("generic", &body).await.status, 200);
            post.intake.work_off(&health).await.unwrap();
            let mut tx = post.db.read().await.unwrap();
            let is = store::health::of(&mut tx, &[id]).await.unwrap();
            assert_eq!(
                is[&id].standing.status,
                Some(expected),
                "{state} at {second}"
            );
        }
    }
}

/// Only whoever made something of them knows which are the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_again_is_accepted_again() {
    let post = Post::open(databases::sqlite().await, all_on()).await;
    for _ in 0..3 {
        post.is_told("pingdom", &sample("pingdom")).await;
    }
    let scribe = Scribe::default();
    post.intake.work_off(&scribe).await.unwrap();
    let taken = scribe.taken.lock().unwrap().clone();
    assert_eq!(taken.len(), 3);
    assert!(taken.iter().all(|it| *it == taken[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_stands_in_the_path_or_in_a_header_and_two_are_good_at_once() {
    let settings = Signals {
        generic: by_secrets(&["the-secret-until-today", "the-secret-from-today"]),
        ..Signals::default()
    };
    let post = Post::open(databases::sqlite().await, settings).await;
    let body = down("a").to_string();
    for secret in ["the-secret-until-today", "the-secret-from-today"] {
        let path = format!("generic/{secret}");
        assert_eq!(post.sends(&path, &body, &[]).await.status, 200);
        let bearer = format!("Bearer {secret}");
        let header = [("authorization", bearer.as_str())];
        assert_eq!(post.sends("generic", &body, &header).await.status, 200);
    }
    // anybody:the-secret-from-today
    let basic = "Basic YW55Ym9keTp0aGUtc2VjcmV0LWZyb20tdG9kYXk=";
    let header = [("authorization", basic)];
    assert_eq!(post.sends("generic", &body, &header).await.status, 200);
    assert_eq!(post.figures().await, (5, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_knows_no_secret_finds_nothing_and_changes_nothing() {
    let settings = Signals {
        pingdom: by_secrets(&[SECRET]),
        ..Signals::default()
    };
    let post = Post::open(databases::sqlite().await, settings).await;
    let body = sample("pingdom").to_string();
    let mut answers = Vec::new();
    for path in [
        "pingdom".to_owned(),
        "pingdom/wrong".to_owned(),
        format!("pingdom/{SECRET}x"),
        format!("pingdom/{}", &SECRET[1..]),
        "pingdom/%00".to_owned(),
        // That is off.
        format!("generic/{SECRET}"),
        format!("nobody/{SECRET}"),
    ] {
        let answer = post.sends(&path, &body, &[]).await;
        assert_eq!(answer.status, 404, "{path}");
        answers.push(answer.body);
    }
    // Nor does anybody learn which of these it was.
    assert!(answers.iter().all(|it| *it == answers[0]), "{answers:?}");
    for header in ["Bearer wrong", "Basic eDp5", "Digest x"] {
        let headers = [("authorization", header)];
        let answer = post.sends("pingdom", &body, &headers).await;
        assert_eq!(answer.status, 404, "{header}");
    }
    assert_eq!(post.figures().await, (0, 0));
    let refused = "balefire_signals_total{source=\"pingdom\",outcome=\"refused\"}";
    assert_eq!(post.counted(refused), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_cannot_be_used_is_refused_with_the_name_of_the_field() {
    let post = Post::open(databases::sqlite().await, all_on()).await;
    for (source, body, field) in [
        ("pingdom", json!({ "current_state": "UP" }), "check_id"),
        (
            "alertmanager",
            json!({ "version": "3", "alerts": [] }),
            "version",
        ),
        (
            "grafana",
            json!({ "version": "1", "alerts": [{}] }),
            "alerts[0].status",
        ),
        ("datadog", json!({ "text": "mine" }), "template"),
        (
            "generic",
            json!([{ "check": "a", "state": "odd" }]),
            "[0].state",
        ),
    ] {
        let answer = post.tells(source, &body).await;
        assert_eq!(answer.status, 400, "{source}");
        assert_eq!(answer.body["field"], field, "{source}: {}", answer.body);
        assert!(answer.body["error"].as_str().unwrap().len() > 5);
    }
    for body in ["", "current_state=UP", "\u{feff}", "{\"check_id\":1"] {
        let path = format!("pingdom/{SECRET}");
        let answer = post.sends(&path, body, &[]).await;
        assert_eq!(
            (answer.status, &answer.body["field"]),
            (400, &json!("body")),
            "{body}"
        );
    }
    assert_eq!(post.figures().await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_posts_of_a_sane_size_are_read_whatever_type_they_claim() {
    let post = Post::open(databases::sqlite().await, all_on()).await;
    for source in SOURCES {
        assert_eq!(post.gets(source).await, 405, "{source}");
        assert_eq!(
            post.gets(&format!("{source}/{SECRET}")).await,
            405,
            "{source}"
        );
    }
    let mut long = down("a");
    long["detail"] = json!("x".repeat(BODY_LIMIT));
    assert_eq!(post.tells("generic", &long).await.status, 413);
    let path = format!("generic/{SECRET}");
    for claimed in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "nonsense",
    ] {
        let headers = [("content-type", claimed)];
        let answer = post.sends(&path, &down("a").to_string(), &headers).await;
        assert_eq!(answer.status, 200, "{claimed}");
    }
    assert_eq!(post.figures().await, (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn grafana_may_sign_instead_or_as_well() {
    fn signed(text: &str) -> String {
        let key = b"what-grafana-signs-with";
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key);
        let tag = aws_lc_rs::hmac::sign(&key, text.as_bytes());
        tag.as_ref().iter().map(|it| format!("{it:02x}")).collect()
    }
    let mut settings = Signals::default();
    settings.grafana.signing = Some(Signing {
        secrets: vec!["what-grafana-signs-with".into()],
        header: "X-Grafana-Alerting-Signature".to_owned(),
        timestamp_header: Some("X-Grafana-Alerting-Timestamp".to_owned()),
    });
    let body = sample("grafana").to_string();
    let post = Post::open(databases::sqlite().await, settings.clone()).await;
    let at = |seconds: i64| (monitors::noon().epoch() + seconds).to_string();
    for (sent, status) in [
        (at(0), 200),
        (at(-300), 200),
        (at(-301), 404),
        (at(301), 404),
    ] {
        let signature = signed(&format!("{sent}:{body}"));
        let headers = [
            ("x-grafana-alerting-signature", signature.as_str()),
            ("x-grafana-alerting-timestamp", sent.as_str()),
        ];
        let answer = post.sends("grafana", &body, &headers).await;
        assert_eq!(answer.status, status, "{sent}");
    }
    assert_eq!(post.sends("grafana", &body, &[]).await.status, 404);

    settings.grafana.secrets = vec![SECRET.into()];
    let post = Post::open(databases::sqlite().await, settings).await;
    let sent = at(0);
    let signature = signed(&format!("{sent}:{body}"));
    let headers = [
        ("x-grafana-alerting-signature", signature.as_str()),
        ("x-grafana-alerting-timestamp", sent.as_str()),
    ];
    assert_eq!(post.sends("grafana", &body, &headers).await.status, 404);
    let path = format!("grafana/{SECRET}");
    assert_eq!(post.sends(&path, &body, &headers).await.status, 200);
    assert_eq!(post.sends(&path, &body, &[]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_can_be_kept_monitors_are_asked_to_come_again() {
    for scratch in both().await {
        let post = Post::open(scratch, all_on()).await;
        let known = post.workspace.write().unwrap().take();
        let answer = post.tells("pingdom", &sample("pingdom")).await;
        assert_eq!(answer.status, 503, "no workspace is known");
        *post.workspace.write().unwrap() = known;
        post.is_told("pingdom", &sample("pingdom")).await;

        post.db.close().await;
        for source in SOURCES {
            let answer = post.tells(source, &sample(source)).await;
            assert_eq!(answer.status, 503, "{source}");
            assert_eq!(answer.retry_after.as_deref(), Some("10"), "{source}");
            assert!(answer.body["error"].is_string(), "{source}");
        }
        // What is no use is no use then, either, and who knows no secret hears nothing of it.
        assert_eq!(post.tells("pingdom", &json!({})).await.status, 400);
        assert_eq!(post.sends("pingdom/wrong", "{}", &[]).await.status, 404);
        let unavailable = "balefire_signals_total{source=\"pingdom\",outcome=\"unavailable\"}";
        assert_eq!(post.counted(unavailable), 2);
    }
}

/// In the whole program, beside what is Slack's.
#[tokio::test(flavor = "multi_thread")]
async fn the_program_has_the_addresses_whichever_way_slack_reaches_it() {
    for socket_mode in [false, true] {
        let setup = Setup {
            socket_mode,
            monitors: SECRET,
            ..Setup::default()
        };
        let world = World::with(setup).await;
        let body = sample("pingdom").to_string();
        let path = format!("/integration/pingdom/{SECRET}");
        let (status, answer) = world.post(&path, &body, None).await;
        assert_eq!((status, &answer["accepted"]), (200, &json!(1)));
        assert_eq!(world.post("/integration/pingdom", &body, None).await.0, 404);
        assert_eq!(world.get(&path).await.0, 405);
        let (_, metrics) = world.get("/metrics").await;
        assert!(metrics.contains("balefire_signal_commits_total 1"));
        world.end().await;
    }
}
