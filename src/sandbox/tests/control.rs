//! The control API: who may use it, looking, long polls, the home tab, deleting.

use super::{Stage, modal};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

#[tokio::test]
async fn other_sites_and_names_are_refused() {
    let stage = Stage::start().await;
    let url = format!("{}/_sandbox/state", stage.sandbox.url());
    let rebound = stage.http.get(&url).header("host", "evil.example");
    assert_eq!(rebound.send().await.unwrap().status(), 403);
    let foreign = stage
        .http
        .get(&url)
        .header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    let own = stage.http.get(&url).header("origin", stage.sandbox.url());
    assert_eq!(own.send().await.unwrap().status(), 200);
    let manual = stage.http.get(format!("{}/_sandbox", stage.sandbox.url()));
    assert!(
        manual
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .contains("/_sandbox/clock")
    );
}

#[tokio::test]
async fn the_demo_workspace_is_as_described() {
    let stage = Stage::start().await;
    let state = stage.look("state").await;
    assert_eq!(state["workspace"]["domain"], "balefire-demo");
    assert_eq!(state["users"][0]["id"], "U0ANA");
    assert_eq!(state["users"][0]["is_admin"], true);
    assert_eq!(state["channels"][1]["name"], "outages");
    assert_eq!(state["commands"], json!(["/outage", "/announce"]));
    let picture = state["users"][3]["picture"].as_str().unwrap();
    let picture = stage.http.get(picture).send().await.unwrap();
    assert_eq!(picture.headers()["content-type"], "image/svg+xml");
    assert!(picture.text().await.unwrap().contains(">DD<"));
    let wrong = stage
        .control(
            "message",
            json!({"user": "zed", "channel": "outages", "text": "x"}),
        )
        .await;
    assert_eq!(wrong["error"], "There is nobody called zed.");
}

#[tokio::test]
async fn changes_wake_those_who_wait() {
    let stage = Stage::start().await;
    let revision = stage.look("state").await["revision"].clone();
    let path = format!("changes?after={revision}");
    let (woken, _) = tokio::join!(stage.look(&path), stage.post("hello"));
    assert!(woken["revision"].as_u64() > revision.as_u64());
}

#[tokio::test]
async fn moving_the_clock_calls_the_hook() {
    let stage = Stage::start().await;
    let seen = Arc::new(AtomicI64::new(0));
    let hook = seen.clone();
    stage
        .sandbox
        .on_clock_moved(move |offset| hook.store(offset, Ordering::SeqCst));
    stage.control("clock", json!({"advance_seconds": 60})).await;
    stage.control("clock", json!({"advance_seconds": 30})).await;
    assert_eq!(seen.load(Ordering::SeqCst), 90);
}

#[tokio::test]
async fn administrators_delete_the_apps_message() {
    let stage = Stage::start().await;
    stage.post("mistake").await;
    let delete = |user: &str| json!({"user": user, "channel": "outages", "ts": "last"});
    let refused = stage.control("delete", delete("bo")).await;
    assert_eq!(refused["ok"], false);
    assert_eq!(stage.control("delete", delete("ana")).await["ok"], true);
    assert!(stage.messages("C0OUTAGES").await.is_empty());
    let calls = stage.app.wait_for("events", 2).await;
    let deleted = calls.iter().map(|call| call.event()["event"].clone());
    assert!(
        deleted
            .into_iter()
            .any(|event| event["subtype"] == "message_deleted")
    );
}

#[tokio::test]
async fn the_home_tab_is_published_and_used() {
    let stage = Stage::start().await;
    let view = json!({"type": "home", "blocks": [{"type": "actions", "elements": [{
        "type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"},
    }]}]});
    let publish = async {
        stage.app.wait_for("events", 1).await;
        let arguments = json!({"user_id": "U0ANA", "view": view});
        stage.api("views.publish", arguments).await
    };
    let (seen, published) = tokio::join!(stage.control("home", json!({"user": "ana"})), publish);
    assert_eq!(
        seen["seen"]["home"]["id"], published["view"]["id"],
        "{seen}"
    );
    let event = stage.app.received("events")[0].event()["event"].clone();
    assert_eq!(event["type"], "app_home_opened");
    assert_eq!(event["view"], Value::Null);
    let click = json!({"user": "ana", "action_id": "go", "wait_ms": 0});
    assert_eq!(stage.control("click", click).await["status"], 200);
    let payload = stage.app.last("interactivity").payload();
    assert_eq!(payload["view"]["type"], "home");
}

#[tokio::test]
async fn only_their_person_uses_ephemeral_messages() {
    let stage = Stage::start().await;
    let blocks = json!([{"type": "actions", "elements": [{
        "type": "button", "action_id": "ok", "text": {"type": "plain_text", "text": "OK"},
    }]}]);
    let posted = stage
        .api(
            "chat.postEphemeral",
            json!({"channel": "C0OUTAGES", "user": "U0BO", "text": "x", "blocks": blocks}),
        )
        .await;
    let click = |user: &str| json!({"user": user, "channel": "outages", "ts": posted["message_ts"], "action_id": "ok", "wait_ms": 0});
    assert_eq!(stage.control("click", click("ana")).await["ok"], false);
    assert_eq!(stage.control("click", click("bo")).await["ok"], true);
    let payload = stage.app.last("interactivity").payload();
    assert_eq!(payload["container"]["is_ephemeral"], true);
    assert_eq!(payload["message"], Value::Null);
    let url = payload["response_url"].as_str().unwrap();
    let body = json!({"delete_original": "true"});
    stage.http.post(url).json(&body).send().await.unwrap();
    assert_eq!(stage.look("state").await["ephemerals"], json!([]));
}

#[tokio::test]
async fn stopping_ends_waiting_requests() {
    let stage = Stage::start().await;
    let waiting = stage.http.get(format!(
        "{}/_sandbox/changes?after=999999",
        stage.sandbox.url()
    ));
    let waiting = tokio::spawn(waiting.send());
    tokio::task::yield_now().await;
    stage.sandbox.stop().await;
    assert!(waiting.await.is_ok());
}

#[tokio::test]
async fn a_mention_waits_for_what_the_app_does() {
    let stage = Stage::start().await;
    let answer = async {
        stage.app.wait_for("events", 2).await;
        let whisper = json!({"channel": "C0OUTAGES", "user": "U0BO", "text": "Yes?"});
        stage.api("chat.postEphemeral", whisper).await
    };
    let mention = json!({"user": "bo", "channel": "outages", "text": "help"});
    let (seen, _) = tokio::join!(stage.control("mention", mention), answer);
    assert_eq!(seen["seen"]["ephemeral"]["text"], "Yes?", "{seen}");
    // The others wait where it is asked for.
    let before = stage.app.received("events").len();
    let answer = async {
        stage.app.wait_for("events", before + 1).await;
        let whisper = json!({"channel": "C0OUTAGES", "user": "U0BO", "text": "Noted"});
        stage.api("chat.postEphemeral", whisper).await
    };
    let react = json!({
        "user": "bo", "channel": "outages", "ts": seen["ts"], "name": "eyes", "wait_ms": 2000,
    });
    let (seen, _) = tokio::join!(stage.control("react", react), answer);
    assert_eq!(seen["seen"]["ephemeral"]["text"], "Noted", "{seen}");
}

#[tokio::test]
async fn shortcuts_are_told_to_the_page() {
    let stage = Stage::start().await;
    let shortcuts = json!([
        {"callback_id": "announce", "name": "Announce an outage", "type": "global"},
        {"callback_id": "note", "name": "Add to the timeline", "type": "message"},
    ]);
    let told = json!({"shortcuts": shortcuts});
    assert_eq!(stage.control("app", told).await["ok"], true);
    assert_eq!(stage.look("state").await["shortcuts"], shortcuts);
    let wrong = json!({"shortcuts": [{"callback_id": "x", "name": "X", "type": "window"}]});
    assert_eq!(stage.control("app", wrong).await["ok"], false);
    assert_eq!(stage.control("app", json!({})).await["ok"], false);
}

#[tokio::test]
async fn a_shortcut_on_a_message_shows_the_modal_that_follows() {
    let stage = Stage::start().await;
    let ts = stage.post("Cards fail").await;
    let open = async {
        let payload = stage.app.wait_for("interactivity", 1).await[0].payload();
        let view = modal(json!([{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}]));
        let arguments = json!({"trigger_id": payload["trigger_id"], "view": view});
        assert_eq!(stage.api("views.open", arguments).await["ok"], true);
        payload
    };
    let shortcut = json!({
        "user": "bo", "callback_id": "note", "channel": "outages", "ts": ts,
    });
    let (seen, payload) = tokio::join!(stage.control("shortcut", shortcut), open);
    assert_eq!(seen["seen"]["modal"]["callback_id"], "form", "{seen}");
    assert_eq!(payload["type"], "message_action");
    assert_eq!(payload["message_ts"], json!(ts));
    assert_eq!(payload["message"]["text"], "Cards fail");
    assert_eq!(payload["channel"]["name"], "outages");
    assert!(payload["response_url"].is_string());
}
