//! How the app is called: the check of its URL, what goes wrong with events, escaped mentions.

use super::Stage;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_url_is_checked_by_its_challenge() {
    let stage = Stage::start().await;
    let verify = json!({"verify": true});
    let refused = stage.control("app", verify.clone()).await;
    assert_eq!(refused["ok"], false);
    let asked = stage.app.last("events").event();
    assert_eq!(asked["type"], "url_verification");
    assert!(
        stage
            .app
            .last("events")
            .header("x-slack-signature")
            .starts_with("v0=")
    );
    stage.app.answers("events", json!({"challenge": "another"}));
    assert_eq!(stage.control("app", verify).await["ok"], false);
    let echo = axum::Router::new().route(
        "/slack/events",
        axum::routing::post(|body: String| async move {
            let asked: Value = serde_json::from_str(&body).unwrap();
            asked["challenge"].as_str().unwrap().to_owned()
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let good = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, echo).await });
    let checked = stage.control("app", json!({"url": good, "verify": true}));
    assert_eq!(checked.await["verified"], true);
}

#[tokio::test]
async fn certificates_are_checked_now_and_then() {
    let stage = Stage::start().await;
    let checked = stage.control("app", json!({"ssl_check": true})).await;
    assert_eq!(checked["status"], 200);
    assert_eq!(stage.app.last("commands").form("ssl_check"), "1");
}

#[tokio::test]
async fn events_arrive_twice_under_other_ids() {
    let stage = Stage::start().await;
    stage.control("events", json!({"duplicate": 2})).await;
    let ts = stage.post("hello").await;
    let calls = stage.app.wait_for("events", 3).await;
    let mut ids: Vec<String> = calls
        .iter()
        .map(|call| call.event()["event_id"].to_string())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    assert!(
        calls
            .iter()
            .all(|call| call.event()["event"]["ts"] == json!(ts))
    );
    let wrong = stage.control("events", json!({"triplicate": 2})).await;
    assert_eq!(wrong["ok"], false);
}

#[tokio::test]
async fn events_overtake_each_other() {
    let stage = Stage::start().await;
    stage.control("events", json!({"reorder": true})).await;
    let first = stage.post("first").await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let second = stage.post("second").await;
    let calls = stage.app.wait_for("events", 2).await;
    let order: Vec<Value> = calls
        .iter()
        .map(|call| call.event()["event"]["ts"].clone())
        .collect();
    assert_eq!(order, [json!(second), json!(first)]);
    // The last one comes all the same.
    stage.post("third").await;
    stage.app.wait_for("events", 3).await;
}

#[tokio::test]
async fn answers_that_get_lost_bring_events_again() {
    let stage = Stage::start().await;
    stage.control("events", json!({"drop_ack": true})).await;
    stage.post("hello").await;
    let calls = stage.app.wait_for("events", 2).await;
    assert_eq!(calls[1].header("x-slack-retry-num"), "1");
    assert_eq!(calls[1].header("x-slack-retry-reason"), "http_timeout");
    assert_eq!(calls[0].body, calls[1].body);
    stage.control("reset_faults", json!({})).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    stage.control("clock", json!({"advance_seconds": 61})).await;
    stage
        .control("clock", json!({"advance_seconds": 600}))
        .await;
    assert_eq!(stage.app.received("events").len(), 3);
}

#[tokio::test]
async fn commands_escape_what_they_mention() {
    let stage = Stage::start().await;
    let command =
        |text: &str| json!({"user": "ana", "channel": "outages", "text": text, "wait_ms": 0});
    let text = "@bo, look  at #alerts and @oncall: https://example.com/a @nobody @here";
    stage.control("command", command(text)).await;
    assert_eq!(stage.app.last("commands").form("text"), text);
    stage.control("app", json!({"should_escape": true})).await;
    stage.control("command", command(text)).await;
    assert_eq!(
        stage.app.last("commands").form("text"),
        "<@U0BO|bo>, look  at <#C0ALERTS|alerts> and <!subteam^S0ONCALL|@oncall>: \
         <https://example.com/a> @nobody <!here>"
    );
}
