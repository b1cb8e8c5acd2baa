//! What a token may do: scopes, revoking, and how often it may ask.

use super::{Stage, TOKEN};
use serde_json::{Value, json};

async fn scoped(scopes: &[&str]) -> Stage {
    let stage = Stage::start().await;
    stage.control("app", json!({"scopes": scopes})).await;
    stage
}

#[tokio::test]
async fn a_missing_scope_is_named_with_those_there_are() {
    let stage = scoped(&["chat:write", "channels:read"]).await;
    let history = stage.api("conversations.history", json!({"channel": "C0OUTAGES"}));
    let refused = history.await;
    assert_eq!(
        refused,
        json!({
            "ok": false, "error": "missing_scope", "needed": "channels:history",
            "provided": "chat:write,channels:read",
        })
    );
    let both = json!({"types": "public_channel,private_channel"});
    let refused = stage.api("conversations.list", both).await;
    assert_eq!(refused["needed"], "groups:read");
    let list = stage.api("conversations.list", json!({})).await;
    assert_eq!(list["ok"], true);
    let dressed = json!({"channel": "C0OUTAGES", "text": "x", "username": "bo"});
    let refused = stage.api("chat.postMessage", dressed).await;
    assert_eq!(refused["needed"], "chat:write.customize");
    stage.post("plain").await;
    for (method, needed) in [
        ("conversations.create", "channels:manage"),
        ("conversations.open", "im:write"),
        ("pins.add", "pins:write"),
        ("users.info", "users:read"),
        ("files.getUploadURLExternal", "files:write"),
    ] {
        assert_eq!(stage.api(method, json!({})).await["needed"], needed);
    }
    stage.control("app", json!({"scopes": "all"})).await;
    let history = stage.api("conversations.history", json!({"channel": "C0OUTAGES"}));
    assert_eq!(history.await["ok"], true);
}

#[tokio::test]
async fn scopes_are_in_the_headers() {
    let stage = scoped(&["chat:write", "im:write"]).await;
    let url = format!("{}/chat.postMessage", stage.sandbox.api_url());
    let request = stage.http.post(url).bearer_auth(TOKEN);
    let response = request.form(&[("channel", "C0OUTAGES"), ("text", "x")]);
    let response = response.send().await.unwrap();
    assert_eq!(response.headers()["x-oauth-scopes"], "chat:write,im:write");
    assert_eq!(response.headers()["x-accepted-oauth-scopes"], "chat:write");
}

#[tokio::test]
async fn events_take_their_scope() {
    let stage = scoped(&["chat:write", "app_mentions:read"]).await;
    let say = json!({"user": "ana", "channel": "outages", "text": "help", "wait_ms": 0});
    stage.control("mention", say).await;
    let calls = stage.app.wait_for("events", 1).await;
    assert_eq!(calls[0].event()["event"]["type"], "app_mention");
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(stage.app.received("events").len(), 1);
}

#[tokio::test]
async fn mails_are_shown_only_with_their_scope() {
    let stage = scoped(&["users:read"]).await;
    let asked = json!({"user": "U0ANA"});
    let ana = stage.api("users.info", asked.clone()).await;
    assert_eq!(ana["user"]["profile"]["email"], Value::Null);
    let both = json!({"scopes": ["users:read", "users:read.email", "users.profile:read"]});
    stage.control("app", both).await;
    let ana = stage.api("users.profile.get", asked).await;
    assert_eq!(ana["profile"]["email"], "ana@example.com");
}

#[tokio::test]
async fn with_one_more_scope_apps_post_in_public_without_joining() {
    let stage = Stage::start().await;
    let leave = json!({"channel": "sales", "remove": "balefire"});
    stage.control("channel", leave).await;
    let post = json!({"channel": "C0SALES", "text": "x"});
    let refused = stage.api("chat.postMessage", post.clone()).await;
    assert_eq!(refused["error"], "not_in_channel");
    let scopes = json!({"scopes": ["chat:write", "chat:write.public"]});
    stage.control("app", scopes).await;
    assert_eq!(stage.api("chat.postMessage", post).await["ok"], true);
}

#[tokio::test]
async fn a_revoked_token_is_good_for_nothing() {
    let stage = Stage::start().await;
    let only_asked = stage.api("auth.revoke", json!({"test": true})).await;
    assert_eq!(only_asked["revoked"], false);
    assert_eq!(stage.api("auth.revoke", json!({})).await["revoked"], true);
    let refused = stage.api("auth.test", json!({})).await;
    assert_eq!(refused["error"], "token_revoked");
    let told = stage.app.wait_for("events", 1).await;
    assert_eq!(told[0].event()["event"]["type"], "tokens_revoked");
    stage.control("app", json!({"revoked": false})).await;
    assert_eq!(stage.api("auth.test", json!({})).await["ok"], true);
}

#[tokio::test]
async fn tiers_hold_every_method_to_its_number() {
    let stage = Stage::start().await;
    stage.control("faults", json!({"tiers": true})).await;
    for _ in 0..20 {
        assert_eq!(stage.api("users.list", json!({})).await["ok"], true);
    }
    stage.control("clock", json!({"advance_seconds": 10})).await;
    let url = format!("{}/users.list", stage.sandbox.api_url());
    let refused = stage
        .http
        .post(url)
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 429);
    let wait = refused.headers()["retry-after"].to_str().unwrap();
    assert!((40..=50).contains(&wait.parse::<i64>().unwrap()), "{wait}");
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body, json!({"ok": false, "error": "ratelimited"}));
    // Each method has its own.
    assert_eq!(
        stage.api("users.info", json!({"user": "U0BO"})).await["ok"],
        true
    );
    stage.control("clock", json!({"advance_seconds": 51})).await;
    assert_eq!(stage.api("users.list", json!({})).await["ok"], true);
}

#[tokio::test]
async fn a_burst_of_messages_goes_through() {
    let stage = Stage::start().await;
    let faults = json!({"pacing": true, "burst": 2});
    stage.control("faults", faults).await;
    let post =
        |channel: &str| stage.api("chat.postMessage", json!({"channel": channel, "text": "x"}));
    for expected in [Value::Null, Value::Null, Value::Null, json!("ratelimited")] {
        assert_eq!(post("C0OUTAGES").await["error"], expected);
    }
    assert_eq!(post("C0SALES").await["ok"], true);
    stage.control("clock", json!({"advance_seconds": 1})).await;
    assert_eq!(post("C0OUTAGES").await["ok"], true);
}

#[tokio::test]
async fn forms_in_parts_are_read() {
    let stage = Stage::start().await;
    let blocks = json!([{"type": "section", "text": {"type": "mrkdwn", "text": "größer"}}]);
    let field = |name: &str, value: &str| {
        format!("--xx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = [
        field("token", TOKEN),
        field("channel", "C0OUTAGES"),
        field("text", "in parts"),
        field("blocks", &blocks.to_string()),
        "--xx--\r\n".to_owned(),
    ];
    let url = format!("{}/chat.postMessage", stage.sandbox.api_url());
    let request = stage.http.post(&url);
    let request = request.header("content-type", "multipart/form-data; boundary=xx");
    let answer = request.body(body.concat()).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["message"]["text"], "in parts", "{answer}");
    assert_eq!(answer["message"]["blocks"][0]["text"]["text"], "größer");
    let request = stage.http.post(&url);
    let request = request.header("content-type", "multipart/form-data; boundary=xx");
    let answer = request.body("--yy").send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["error"], "invalid_form_data");
}
