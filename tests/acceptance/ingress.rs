//! What Slack, or somebody who is not Slack, sends.

use serde_json::{Value, json};

use crate::harness::{SIGNING_SECRET, World};

/// Signs independently of the product's own code.
pub fn signature(secret: &str, sent: i64, body: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("v0:{sent}:{body}").as_bytes());
    let hex: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|it| format!("{it:02x}"))
        .collect();
    format!("v0={hex}")
}

pub fn form(payload: &Value) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish()
}

/// Sends an interaction as Slack would.
pub async fn signed(world: &World, path: &str, payload: &Value) -> (u16, Value) {
    signed_body(world, path, &form(payload)).await
}

pub async fn signed_body(world: &World, path: &str, body: &str) -> (u16, Value) {
    let now = world.clock.now().epoch();
    let signature = signature(SIGNING_SECRET, now, body);
    world.post(path, body, Some((now, &signature))).await
}

const COMMAND: &str = "command=%2Foutage&text=list&user_id=U0ANA&user_name=ana&trigger_id=1.2.3&channel_id=C0GENERAL&response_url=";

#[tokio::test(flavor = "multi_thread")]
async fn what_slack_did_not_sign_is_refused_and_changes_nothing() {
    let world = World::start().await;
    let now = world.clock.now().epoch();
    let right = signature(SIGNING_SECRET, now, COMMAND);
    let paths = [
        "/slack/commands",
        "/slack/announce",
        "/slack/interactivity",
        "/slack/interaction",
        "/slack/events",
    ];
    for path in paths {
        for (case, sent, signature) in [
            (
                "of another secret",
                now,
                signature("another secret", now, COMMAND),
            ),
            (
                "of another body",
                now,
                signature(SIGNING_SECRET, now, "x=y"),
            ),
            ("of another time", now - 10, right.clone()),
            (
                "too old",
                now - 301,
                signature(SIGNING_SECRET, now - 301, COMMAND),
            ),
            (
                "too early",
                now + 310,
                signature(SIGNING_SECRET, now + 310, COMMAND),
            ),
        ] {
            let (status, _) = world.post(path, COMMAND, Some((sent, &signature))).await;
            assert_eq!(status, 401, "{path}: a signature {case}");
        }
        assert_eq!(
            world.post(path, COMMAND, None).await.0,
            401,
            "{path}: no signature"
        );
    }
    let mut tx = world.db.read().await.unwrap();
    let workspace = world.slack.workspace().unwrap();
    let met = balefire::store::people::by_slack_user(&mut tx, &workspace, &"U0ANA".into()).await;
    assert_eq!(
        met.unwrap(),
        None,
        "nobody is met before the signature is checked"
    );
    drop(tx);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_command_is_answered_under_both_paths() {
    let world = World::start().await;
    for path in ["/slack/commands", "/slack/announce"] {
        let (status, answer) = signed_body(&world, path, COMMAND).await;
        assert_eq!(status, 200);
        assert_eq!(answer["response_type"], "ephemeral");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_400_and_unknown_ones_200() {
    let world = World::start().await;
    for (path, body) in [
        ("/slack/commands", "text=list"),
        ("/slack/interactivity", "payload=%7B"),
        ("/slack/interactivity", "other=1"),
        ("/slack/events", "not json"),
        (
            "/slack/events",
            r#"{"type":"event_callback","event":{"type":"user_change"}}"#,
        ),
    ] {
        assert_eq!(
            signed_body(&world, path, body).await.0,
            400,
            "{path} {body}"
        );
    }
    for payload in [
        json!({ "type": "something_new", "user": { "id": "U0ANA" } }),
        json!({ "type": "interactive_message", "callback_id": "1", "actions": [{ "name": "resolve" }], "user": { "id": "U0ANA" } }),
        json!({ "type": "view_closed", "team": null, "user": { "id": "U0ANA" }, "view": { "id": "V1" } }),
    ] {
        assert_eq!(
            signed(&world, "/slack/interactivity", &payload).await.0,
            200,
            "{payload}"
        );
    }
    for body in [
        r#"{"type":"app_rate_limited","minute_rate_limited":1}"#,
        r#"{"type":"event_callback","event_id":"Ev1","event":{"type":"never_heard_of"}}"#,
    ] {
        assert_eq!(
            signed_body(&world, "/slack/events", body).await.0,
            200,
            "{body}"
        );
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slacks_own_checks_are_answered() {
    let world = World::start().await;
    let (status, answer) = signed_body(
        &world,
        "/slack/events",
        r#"{"type":"url_verification","challenge":"abc","token":"x"}"#,
    )
    .await;
    assert_eq!((status, &answer["challenge"]), (200, &json!("abc")));
    let (status, answer) = world
        .post("/slack/commands", "ssl_check=1&token=x", None)
        .await;
    assert_eq!((status, answer), (200, json!("")));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused() {
    let world = World::start().await;
    let large = format!("text={}", "x".repeat(2_000_000));
    assert_eq!(world.post("/slack/commands", &large, None).await.0, 413);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_again_is_worked_on_once() {
    let world = World::start().await;
    let event = |name: &str| {
        json!({ "type": "event_callback", "event_id": "Ev7", "event": { "type": "user_change", "user": {
            "id": "U0CY", "name": "cy", "tz": "America/New_York", "profile": { "display_name": name } } } })
        .to_string()
    };
    assert_eq!(
        signed_body(&world, "/slack/events", &event("Cy C."))
            .await
            .0,
        200
    );
    assert_eq!(
        balefire::jobs::inbox::run_once(&world.slack).await.unwrap(),
        1
    );
    assert_eq!(
        signed_body(&world, "/slack/events", &event("Cy, again"))
            .await
            .0,
        200
    );
    assert_eq!(
        balefire::jobs::inbox::run_once(&world.slack).await.unwrap(),
        0
    );
    let workspace = world.slack.workspace().unwrap();
    let mut tx = world.db.read().await.unwrap();
    let cy = balefire::store::people::by_slack_user(&mut tx, &workspace, &"U0CY".into()).await;
    assert_eq!(cy.unwrap().unwrap().name, "Cy C.");
    drop(tx);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_buttons_and_forms_are_out_of_date() {
    let world = World::start().await;
    let form = json!({
        "type": "view_submission", "user": { "id": "U0ANA", "name": "ana" },
        "view": { "id": "V9", "callback_id": "balefire.v0.gone", "private_metadata": "{}",
                  "blocks": [{ "type": "input", "block_id": "words" }], "state": { "values": {} } },
    });
    let (status, answer) = signed(&world, "/slack/interactivity", &form).await;
    assert_eq!(status, 200);
    assert!(
        answer["errors"]["words"]
            .as_str()
            .unwrap()
            .contains("out of date"),
        "{answer}"
    );
    let click = json!({
        "type": "block_actions", "user": { "id": "U0ANA", "name": "ana" }, "trigger_id": "1.2.3",
        "container": { "type": "message", "message_ts": "1.1", "channel_id": "C0OUTAGES" },
        "actions": [{ "type": "button", "action_id": "balefire.v0.gone", "block_id": "b", "value": "1", "action_ts": "5.5" }],
    });
    assert_eq!(signed(&world, "/slack/interactivity", &click).await.0, 200);
    world.settle().await;
    let told = world.person("ana").direct_messages().await;
    assert!(
        told[0]["text"].as_str().unwrap().contains("out of date"),
        "{told:?}"
    );
    // On an announcement there is something to link to.
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    let ts = world.announcement().await["ts"].clone();
    let mut click = click;
    click["container"]["message_ts"] = ts;
    click["actions"][0]["action_ts"] = json!("6.6");
    assert_eq!(signed(&world, "/slack/interactivity", &click).await.0, 200);
    click["actions"][0] =
        json!({ "action_id": "balefire.v1.resolve", "value": "99", "action_ts": "7.7" });
    assert_eq!(signed(&world, "/slack/interactivity", &click).await.0, 200);
    world.settle().await;
    let told: Vec<String> = ana
        .direct_messages()
        .await
        .iter()
        .map(crate::harness::words)
        .collect();
    let linked = told
        .iter()
        .filter(|it| it.contains("out of date") && it.contains("/archives/C0OUTAGES/"));
    assert_eq!(linked.count(), 2, "{told:?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_under_the_new_paths_and_the_old() {
    let world = World::start().await;
    for path in ["/healthz", "/slack/status", "/slack/health"] {
        assert_eq!(
            world.get(path).await,
            (200, r#"{"status":"ok"}"#.to_owned()),
            "{path}"
        );
    }
    // No worker runs in a story, so it is honest to say that it is not ready.
    let (status, body) = world.get("/readyz").await;
    assert_eq!(status, 503);
    assert!(body.contains("workers"), "{body}");
    assert_eq!(world.get("/slack/up").await.0, 500);
    signed_body(&world, "/slack/commands", COMMAND).await;
    let (status, metrics) = world.get("/metrics").await;
    assert_eq!(status, 200);
    assert!(
        metrics.contains("balefire_slack_requests_total{kind=\"command\",outcome=\"accepted\"} 1"),
        "{metrics}"
    );
    world.end().await;
}
