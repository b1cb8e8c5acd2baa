//! The binary itself: killed between Slack's commit and ours, stopped politely, set up wrongly.

use std::{path::Path, process::Stdio, time::Duration};

use balefire::{
    sandbox::{self, Sandbox},
    store::Db,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
};

use crate::harness::{BOT_TOKEN, SIGNING_SECRET};

/// How long something may take in real time before the test gives up. Nothing waits this long when
/// it works.
const PATIENCE: Duration = Duration::from_secs(60);

pub async fn local_slack() -> Sandbox {
    Sandbox::start(sandbox::Options {
        listen: ([127, 0, 0, 1], 0).into(),
        app_url: None,
        signing_secret: SIGNING_SECRET.to_owned(),
        bot_token: BOT_TOKEN.to_owned(),
        scopes: None,
        app_token: None,
        socket_mode: false,
        commands: vec!["/outage".to_owned()],
        shortcuts: Vec::new(),
        clock_offset_seconds: 0,
        seed: sandbox::Seed::default(),
        data: None,
    })
    .await
    .unwrap()
}

pub fn balefire(folder: &Path, api_url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_balefire"));
    command
        .current_dir(folder)
        .env("BALEFIRE__DATABASE__URL", "sqlite:balefire.db")
        .env("BALEFIRE__SLACK__API_URL", api_url)
        .env("BALEFIRE__SLACK__BOT_TOKEN", BOT_TOKEN)
        .env("BALEFIRE__SLACK__SIGNING_SECRET", SIGNING_SECRET)
        .env("BALEFIRE__SLACK__ANNOUNCE_CHANNEL", "C0OUTAGES")
        .env("BALEFIRE__PERMISSIONS__ON_CALL", "U0ANA")
        .env("BALEFIRE__LOG__FORMAT", "json")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Starts `balefire serve` and waits until it says where it listens.
pub async fn serve(folder: &Path, slack: &Sandbox) -> (Child, String) {
    let mut child = balefire(folder, &slack.api_url())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(PATIENCE, lines.next_line())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let url = line
        .strip_prefix("app: ")
        .expect("the first line says where it listens")
        .to_owned();
    slack.connect_app(&url);
    (child, url)
}

pub async fn control(slack: &Sandbox, what: &str, body: Value) -> Value {
    let url = format!("{}/_sandbox/{what}", slack.url());
    let answer = reqwest::Client::new()
        .post(url)
        .json(&body)
        .send()
        .await
        .unwrap();
    answer.json().await.unwrap()
}

pub async fn state(slack: &Sandbox) -> Value {
    let url = format!("{}/_sandbox/state", slack.url());
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

pub fn announcements(state: &Value) -> Vec<Value> {
    let channels = state["channels"].as_array().unwrap();
    let outages = channels.iter().find(|it| it["name"] == "outages").unwrap();
    let messages = outages["messages"].as_array().unwrap();
    messages
        .iter()
        .filter(|it| it["bot_id"].is_string())
        .cloned()
        .collect()
}

fn pins(state: &Value) -> usize {
    let channels = state["channels"].as_array().unwrap();
    let outages = channels.iter().find(|it| it["name"] == "outages").unwrap();
    outages["pins"].as_array().unwrap().len()
}

/// Looks again until it is so.
pub async fn until(slack: &Sandbox, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let looking = async {
        loop {
            let state = state(slack).await;
            if is_so(&state) {
                return state;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking)
        .await
        .unwrap_or_else(|_| panic!("never: {what}"))
}

async fn announce(slack: &Sandbox) {
    let seen = control(
        slack,
        "command",
        json!({ "user": "ana", "channel": "general", "text": "/outage payments cards fail" }),
    )
    .await;
    assert_eq!(
        seen["seen"]["modal"]["title"]["text"], "Announce an outage",
        "{seen:#}"
    );
    let seen = control(slack, "submit", json!({ "user": "ana", "values": {} })).await;
    assert_eq!(seen["seen"]["closed"], true, "{seen:#}");
}

async fn provision(folder: &Path, slack: &Sandbox) {
    let catalog = "[[component]]\nkey = \"payments\"\nname = \"Payments\"\n";
    std::fs::write(folder.join("catalog.toml"), catalog).unwrap();
    let done = balefire(folder, &slack.api_url())
        .args(["catalog", "provision", "catalog.toml"])
        .output()
        .await
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    assert_eq!(
        String::from_utf8(done.stdout).unwrap(),
        "1 new, 0 changed, 0 unchanged, 0 retired\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_slacks_commit_and_ours_there_is_one_announcement() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack().await;
    provision(folder.path(), &slack).await;
    let (mut child, _) = serve(folder.path(), &slack).await;

    // Slack commits at once and answers after the process is gone.
    let slow =
        json!([{ "method": "chat.postMessage", "kind": "slow", "milliseconds": 8000, "times": 1 }]);
    control(&slack, "faults", json!({ "rules": slow })).await;
    announce(&slack).await;
    until(&slack, "the announcement is committed", |it| {
        announcements(it).len() == 1
    })
    .await;
    child.start_kill().unwrap(); // SIGKILL
    child.wait().await.unwrap();
    control(&slack, "reset_faults", json!({})).await;

    // The lease of the dead process has a minute left; nobody should have to wait for that here.
    let db = Db::open_sqlite(&folder.path().join("balefire.db"))
        .await
        .unwrap();
    let Db::Sqlite { writer, .. } = &db else {
        unreachable!()
    };
    let held = sqlx::query("UPDATE deliveries SET locked_until = $1 WHERE locked_by IS NOT NULL AND done_at IS NULL AND sent_at IS NOT NULL")
        .bind(balefire::domain::time::Timestamp::from_epoch(0))
        .execute(writer)
        .await
        .unwrap()
        .rows_affected();
    assert_eq!(held, 1, "one delivery was under way");
    db.close().await;

    let (mut child, _) = serve(folder.path(), &slack).await;
    let state = until(&slack, "the announcement is pinned", |it| pins(it) == 1).await;
    assert_eq!(announcements(&state).len(), 1, "{state:#}");
    until(&slack, "the assignee is told", |it| {
        !it["dms"].as_array().unwrap().is_empty()
    })
    .await;
    terminate(&mut child).await;
    slack.stop().await;
}

async fn terminate(child: &mut Child) {
    let id = child.id().unwrap().to_string();
    let sent = Command::new("kill")
        .args(["-TERM", &id])
        .status()
        .await
        .unwrap();
    assert!(sent.success());
    let status = tokio::time::timeout(PATIENCE, child.wait())
        .await
        .unwrap()
        .unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_stop_it_finishes_what_is_in_flight() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack().await;
    provision(folder.path(), &slack).await;
    let (mut child, url) = serve(folder.path(), &slack).await;
    let ready = reqwest::get(format!("{url}/readyz")).await.unwrap();
    assert_eq!(ready.status(), 200);
    assert_eq!(
        reqwest::get(format!("{url}/slack/up"))
            .await
            .unwrap()
            .status(),
        200
    );
    let slow =
        json!([{ "method": "chat.postMessage", "kind": "slow", "milliseconds": 500, "times": 1 }]);
    control(&slack, "faults", json!({ "rules": slow })).await;
    announce(&slack).await;
    until(&slack, "the announcement is committed", |it| {
        announcements(it).len() == 1
    })
    .await;
    terminate(&mut child).await;

    let db = Db::open_sqlite(&folder.path().join("balefire.db"))
        .await
        .unwrap();
    let mut tx = db.read().await.unwrap();
    let waiting = balefire::store::deliveries::list(&mut tx, false, 50)
        .await
        .unwrap();
    assert!(
        waiting.iter().all(|it| it.kind != "announce"),
        "its answer was waited for: {waiting:?}"
    );
    drop(tx);
    db.close().await;
    slack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_all_told_at_once_with_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let settings = "[slack]\ntimeout_seconds = 0\nanounce_channel = \"outages\"\n[deliveries]\nworkers = \"many\"\n";
    std::fs::write(folder.path().join("b.toml"), settings).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_balefire"))
        .current_dir(folder.path())
        .args(["--config", "b.toml", "serve"])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .await
        .unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(2));
    for expected in [
        "b.toml",
        "slack.timeout_seconds",
        "anounce_channel",
        "slack.announce_channel",
        "deliveries.workers",
        "slack.bot_token",
    ] {
        assert!(told.contains(expected), "{expected} is missing in:\n{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_slack_refuses_is_said_clearly() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack().await;
    let done = balefire(folder.path(), &slack.api_url())
        .env("BALEFIRE__SLACK__BOT_TOKEN", "xoxb-wrong-token-of-somebody")
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stderr(Stdio::piped())
        .output()
        .await
        .unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2), "{told}");
    assert!(
        told.contains("invalid_auth") && told.contains("slack.bot_token"),
        "{told}"
    );
    assert!(!told.contains("xoxb-wrong-token"), "{told}");
    slack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_tools_variables_are_read_and_the_useless_ones_named() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack().await;
    let done = balefire(folder.path(), &slack.api_url())
        .env("BALEFIRE__COMPAT", "phoenix")
        .env_remove("BALEFIRE__SLACK__BOT_TOKEN")
        .env("SLACK_BOT_TOKEN", "xoxb-wrong-token-of-somebody")
        .env("REDIS_URL", "redis://:hush@redis/0")
        .env("NOTIFY_BEFORE_ETA", "15")
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stderr(Stdio::piped())
        .output()
        .await
        .unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    for expected in [
        // The token was read, and Slack asked about it.
        "invalid_auth",
        "without effect here: REDIS_URL; not read yet: NOTIFY_BEFORE_ETA. See docs/phoenix.md.",
        "REDIS_URL: There is no broker",
    ] {
        assert!(told.contains(expected), "{expected} is missing in:\n{told}");
    }
    assert!(
        !told.contains("hush") && !told.contains("xoxb-wrong"),
        "{told}"
    );
    slack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_needs_nothing_and_stops_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_balefire"))
        .current_dir(folder.path())
        .args([
            "demo",
            "--listen",
            "127.0.0.1:0",
            "--sandbox-listen",
            "127.0.0.1:0",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let app = lines.next_line().await.unwrap().unwrap();
    let sandbox = lines.next_line().await.unwrap().unwrap();
    let app = app.strip_prefix("app: ").unwrap();
    let sandbox = sandbox.strip_prefix("sandbox: ").unwrap();
    assert_eq!(
        reqwest::get(format!("{app}/healthz"))
            .await
            .unwrap()
            .status(),
        200
    );
    let page = reqwest::get(sandbox).await.unwrap().text().await.unwrap();
    assert!(page.contains("<html"), "{page}");
    terminate(&mut child).await;
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 0, "nothing is left where it ran");
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_deliveries_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let done = balefire(folder.path(), "http://127.0.0.1:9/api")
        .arg("deliveries")
        .stderr(Stdio::piped())
        .output()
        .await
        .unwrap();
    assert_eq!(done.status.code(), Some(2), "{done:?}");
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(told.contains("there is no database balefire.db"), "{told}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
