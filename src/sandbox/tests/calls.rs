//! Calls to the app and its answers: signatures, triggers, response urls, events, faults.

use super::{SECRET, Stage, modal};
use crate::sandbox::signing::signature;
use serde_json::{Value, json};
use std::time::Duration;

fn ask(text: &str) -> Value {
    json!({"user": "ana", "channel": "outages", "text": text, "wait_ms": 0})
}

#[tokio::test]
async fn commands_are_signed_and_complete() {
    let stage = Stage::start().await;
    stage
        .control("clock", json!({"advance_seconds": 3600}))
        .await;
    stage.app.answers("commands", json!({"text": "Got it"}));
    let seen = stage.control("command", ask("/outage payments down")).await;
    assert_eq!(seen["seen"]["ephemeral"]["text"], "Got it");
    assert_eq!(seen["seen"]["ephemeral"]["source"], "command");
    let call = stage.app.last("commands");
    let timestamp = call.header("x-slack-request-timestamp");
    assert_eq!(
        call.header("x-slack-signature"),
        signature(SECRET, timestamp, &call.body)
    );
    let state = stage.look("state").await;
    let now = state["clock"]["now"].as_i64().unwrap();
    assert!((now - timestamp.parse::<i64>().unwrap()).abs() <= 2);
    assert_eq!(state["clock"]["offset"], 3600);
    assert_eq!(call.form("command"), "/outage");
    assert_eq!(call.form("text"), "payments down");
    assert_eq!(call.form("channel_name"), "outages");
    assert_eq!(call.form("team_domain"), "balefire-demo");
    let unknown = stage.control("command", ask("/lunch")).await;
    assert_eq!(unknown["error"], "/lunch is not a valid command.");
}

#[tokio::test]
async fn commands_answer_into_the_channel() {
    let stage = Stage::start().await;
    let answer = json!({"response_type": "in_channel", "text": "For all"});
    stage.app.answers("commands", answer);
    stage.control("command", ask("status")).await;
    let messages = stage.messages("C0OUTAGES").await;
    assert_eq!(messages[0]["text"], "/outage status");
    assert_eq!(messages[0]["user"], "U0ANA");
    assert_eq!(messages[1]["text"], "For all");
    assert_eq!(messages[1]["bot_id"], "B0BALEFIRE");
}

#[tokio::test]
async fn slow_and_failing_apps_are_shown_as_such() {
    let stage = Stage::start_with(Duration::from_millis(40)).await;
    let slow = Duration::from_millis(120);
    stage.app.answers_with("commands", 200, json!("late"), slow);
    let seen = stage.control("command", ask("x")).await;
    assert_eq!(seen["seen"]["error"], "operation_timeout");
    assert_eq!(
        seen["seen"]["ephemeral"]["text"],
        "/outage failed with the error \"operation_timeout\""
    );
    assert_eq!(seen["seen"]["ephemeral"]["source"], "system");
    stage
        .app
        .answers_with("commands", 500, Value::Null, Duration::ZERO);
    let seen = stage.control("command", ask("x")).await;
    assert_eq!(seen["seen"]["error"], "dispatch_failed");
    let why = seen["seen"]["why"].as_str().unwrap_or_default();
    assert!(why.contains("answered status 500"), "{why}");
    assert_eq!(seen["status"], 500);
}

#[tokio::test]
async fn a_trigger_opens_one_modal_within_three_seconds() {
    let stage = Stage::start().await;
    let view = modal(json!([{"type": "divider"}]));
    let open =
        |trigger: &str| stage.api("views.open", json!({"trigger_id": trigger, "view": view}));
    let trigger = stage.trigger().await;
    let opened = open(&trigger).await;
    assert_eq!(opened["view"]["type"], "modal");
    assert_eq!(opened["view"]["root_view_id"], opened["view"]["id"]);
    assert_eq!(open(&trigger).await["error"], "exchanged_trigger_id");
    assert_eq!(open("1.2.x").await["error"], "invalid_trigger_id");
    let late = stage.trigger().await;
    stage.control("clock", json!({"advance_seconds": 4})).await;
    assert_eq!(open(&late).await["error"], "expired_trigger_id");
    let update = |hash: &Value| {
        let id = &opened["view"]["id"];
        stage.api(
            "views.update",
            json!({"view_id": id, "view": view, "hash": hash}),
        )
    };
    let hash = &opened["view"]["hash"];
    assert_eq!(update(hash).await["ok"], true);
    assert_eq!(update(hash).await["error"], "hash_conflict");
    for expected in [Value::Null, Value::Null, json!("push_limit_reached")] {
        let trigger = stage.trigger().await;
        let push = json!({"trigger_id": trigger, "view": view});
        assert_eq!(stage.api("views.push", push).await["error"], expected);
    }
}

#[tokio::test]
async fn a_modal_that_follows_an_empty_answer_is_seen() {
    let stage = Stage::start().await;
    let view = modal(json!([{"type": "divider"}]));
    let typed = json!({"user": "ana", "channel": "outages", "text": "new"});
    let opening = async {
        stage.app.wait_for("commands", 1).await;
        let trigger = stage.app.last("commands").form("trigger_id");
        stage
            .api("views.open", json!({"trigger_id": trigger, "view": view}))
            .await
    };
    let (seen, opened) = tokio::join!(stage.control("command", typed), opening);
    assert_eq!(seen["seen"]["modal"]["id"], opened["view"]["id"]);
    assert_eq!(seen["seen"]["modal"]["values"], json!({}));
}

#[tokio::test]
async fn a_response_url_works_five_times_in_half_an_hour() {
    let stage = Stage::start().await;
    stage.control("command", ask("x")).await;
    let url = stage.app.last("commands").form("response_url");
    let post = |body: Value| {
        let request = stage.http.post(&url).json(&body);
        async move { request.send().await.unwrap() }
    };
    for number in 0..5 {
        let response = post(json!({"text": format!("note {number}")})).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.text().await.unwrap(), "ok");
    }
    let response = post(json!({"text": "one too many"})).await;
    assert_eq!(response.status(), 404);
    assert!(response.text().await.unwrap().contains("used_url"));
    let state = stage.look("state").await;
    assert_eq!(state["ephemerals"].as_array().unwrap().len(), 5);
    stage.control("command", ask("x")).await;
    let url = stage.app.last("commands").form("response_url");
    stage
        .control("clock", json!({"advance_seconds": 1801}))
        .await;
    let late = stage.http.post(&url).json(&json!({"text": "late"}));
    let response = late.send().await.unwrap();
    assert_eq!(response.status(), 404);
    assert!(response.text().await.unwrap().contains("expired_url"));
}

#[tokio::test]
async fn clicks_replace_their_message() {
    let stage = Stage::start().await;
    let button = |value: &str| {
        json!({"type": "actions", "elements": [{
            "type": "button", "action_id": "take", "value": value,
            "text": {"type": "plain_text", "text": "Take"},
        }]})
    };
    let blocks = json!([button("1"), button("2")]);
    stage
        .api(
            "chat.postMessage",
            json!({"channel": "C0OUTAGES", "text": "x", "blocks": blocks}),
        )
        .await;
    let click = json!({
        "user": "bo", "channel": "outages", "ts": "last", "action_id": "take", "value": "2",
        "wait_ms": 0,
    });
    let seen = stage.control("click", click).await;
    assert_eq!(seen["status"], 200, "{seen}");
    let payload = stage.app.last("interactivity").payload();
    assert_eq!(payload["type"], "block_actions");
    assert_eq!(payload["actions"][0]["value"], "2");
    assert_eq!(payload["container"]["type"], "message");
    assert_eq!(payload["message"]["text"], "x");
    let url = payload["response_url"].as_str().unwrap();
    let body = json!({"replace_original": true, "text": "taken"});
    stage.http.post(url).json(&body).send().await.unwrap();
    let messages = stage.messages("C0OUTAGES").await;
    assert_eq!(messages[0]["text"], "taken");
    assert!(messages[0]["blocks"].is_null());
}

#[tokio::test]
async fn events_are_retried_on_the_sandbox_clock() {
    let stage = Stage::start().await;
    for _ in 0..4 {
        stage
            .app
            .answers_with("events", 503, Value::Null, Duration::ZERO);
    }
    let ts = stage.post("hello").await;
    // The bot's own message: the first attempt and the retry at once.
    stage.app.wait_for("events", 2).await;
    // Give the second failure time to be queued before the clock moves.
    tokio::time::sleep(Duration::from_millis(20)).await;
    stage.control("clock", json!({"advance_seconds": 61})).await;
    assert_eq!(stage.app.received("events").len(), 3);
    stage
        .control("clock", json!({"advance_seconds": 240}))
        .await;
    let calls = stage.app.received("events");
    assert_eq!(calls.len(), 4);
    assert!(calls.iter().all(|call| call.body == calls[0].body));
    let numbers: Vec<&str> = calls
        .iter()
        .map(|call| call.header("x-slack-retry-num"))
        .collect();
    assert_eq!(numbers, ["", "1", "2", "3"]);
    assert_eq!(calls[1].header("x-slack-retry-reason"), "http_error");
    assert_eq!(calls[0].event()["event"]["ts"], json!(ts));
    assert_eq!(calls[0].event()["type"], "event_callback");
    stage
        .control("clock", json!({"advance_seconds": 4000}))
        .await;
    assert_eq!(stage.app.received("events").len(), 4);
}

#[tokio::test]
async fn a_mention_arrives_twice() {
    let stage = Stage::start().await;
    stage
        .control(
            "mention",
            json!({"user": "ana", "channel": "general", "text": "help", "wait_ms": 0}),
        )
        .await;
    let calls = stage.app.wait_for("events", 2).await;
    let mut kinds: Vec<Value> = calls
        .iter()
        .map(|c| c.event()["event"]["type"].clone())
        .collect();
    kinds.sort_by_key(Value::to_string);
    assert_eq!(kinds, [json!("app_mention"), json!("message")]);
    assert_ne!(calls[0].event()["event_id"], calls[1].event()["event_id"]);
}

#[tokio::test]
async fn faults_happen_as_asked() {
    let stage = Stage::start().await;
    let fault = |kind: &str| json!({"rules": [{"method": "chat.postMessage", "kind": kind, "milliseconds": 10, "error": "fatal_error", "retry_after": 7}]});
    let post = |text: &str| {
        stage.try_api(
            "chat.postMessage",
            json!({"channel": "C0OUTAGES", "text": text}),
        )
    };
    stage.control("faults", fault("drop_after")).await;
    assert!(post("dropped after").await.is_err());
    assert_eq!(stage.messages("C0OUTAGES").await.len(), 1);
    stage.control("faults", fault("drop_before")).await;
    assert!(post("dropped before").await.is_err());
    assert_eq!(stage.messages("C0OUTAGES").await.len(), 1);
    // The rule is used up.
    assert!(post("through").await.is_ok());
    stage.control("faults", fault("late_commit")).await;
    assert!(post("late").await.is_err());
    for _ in 0..200 {
        if stage.messages("C0OUTAGES").await.len() == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(stage.messages("C0OUTAGES").await.len(), 3);
    stage.control("faults", fault("api_error")).await;
    assert_eq!(post("x").await.unwrap()["error"], "fatal_error");
    stage.control("faults", fault("html")).await;
    assert!(post("x").await.is_err());
    stage.control("faults", fault("ratelimited")).await;
    let request = stage
        .http
        .post(format!("{}/chat.postMessage", stage.sandbox.api_url()))
        .bearer_auth(super::TOKEN)
        .json(&json!({"channel": "C0OUTAGES", "text": "x"}));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "7");
    stage.control("faults", json!({"pacing": true})).await;
    assert_eq!(post("one").await.unwrap()["ok"], true);
    assert_eq!(post("two").await.unwrap()["error"], "ratelimited");
    stage.control("clock", json!({"advance_seconds": 1})).await;
    assert_eq!(post("three").await.unwrap()["ok"], true);
    let journal = stage.look("journal?since=0").await;
    let first = &journal["entries"][0];
    assert_eq!(first["status"], 0);
    assert_eq!(first["arguments"]["text"], "dropped after");
    assert_eq!(first["number"], 1);
}
