//! Stories over Socket Mode: everything as over HTTP, and connections that come and go.

use std::{path::Path, process::Stdio, time::Duration};

use balefire::{
    clock::Clock,
    desk::catalog,
    domain::actor::Identity,
    sandbox::{self, Sandbox},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::harness::{APP_TOKEN, BOT_TOKEN, Setup, World, words};

async fn over_socket() -> World {
    World::with(Setup {
        socket_mode: true,
        ..Setup::default()
    })
    .await
}

async fn does_to_sockets(world: &World, what: Value) {
    world.control("socket", what).await;
}

/// Waits until none of these connections is left and there are two others.
async fn replaced(world: &World, old: &[u64]) {
    for _ in 0..2000 {
        let now = world.sockets(2).await;
        if now.iter().all(|it| !old.contains(it)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the connections are never replaced");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_lives_its_whole_life_over_the_socket() {
    let world = over_socket().await;
    let ana = world.person("ana");
    ana.runs("/outage").await.form("Announce an outage");
    assert_eq!(ana.types("component", "api").await, ["Partner API"]);
    let refused = ana.submits(json!({})).await;
    assert!(!refused.error_at("summary").is_empty());
    ana.submits(json!({ "What happened?": "Cards fail", "component": "Payments" }))
        .await
        .closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(
        text.contains("Payments") && text.contains("Cards fail"),
        "{text}"
    );
    assert!(world.is_pinned().await);
    assert_eq!(ana.direct_messages().await.len(), 1);

    let list = ana.runs("/outage list").await.whisper();
    assert!(list.contains("Cards fail"), "{list}");
    let refused = world.person("cy").clicks("Resolve").await;
    assert!(refused.no_form().whisper().contains("U0ANA"));
    ana.clicks("Resolve").await.form("Resolve outage 1");
    ana.closes().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_replaced_before_they_end() {
    let world = over_socket().await;
    let old = world.sockets(2).await;
    for reason in ["warning", "refresh_requested"] {
        does_to_sockets(
            &world,
            json!({ "disconnect": reason, "connection": old[0] }),
        )
        .await;
        // Whatever connection it is sent over, it is answered.
        for _ in 0..5 {
            world.person("ana").runs("/outage list").await.whisper();
        }
    }
    does_to_sockets(
        &world,
        json!({ "disconnect": "warning", "connection": old[1] }),
    )
    .await;
    for _ in 0..20 {
        world.person("ana").runs("/outage list").await.whisper();
    }
    replaced(&world, &old).await;
    world.person("ana").runs("/outage list").await.whisper();
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_connections_others_take_their_place() {
    let world = over_socket().await;
    let drops = [
        json!({ "drop": true }),
        json!({ "cut_mid_frame": true }),
        json!({ "close_code": 1011 }),
    ];
    for what in drops {
        let old = world.sockets(2).await;
        for nonsense in [
            "{",
            "[]",
            r#"{"type":"tea"}"#,
            r#"{"envelope_id":"1","type":"tea"}"#,
        ] {
            does_to_sockets(&world, json!({ "garbage": nonsense })).await;
        }
        does_to_sockets(&world, what).await;
        replaced(&world, &old).await;
        world.person("ana").runs("/outage list").await.whisper();
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_whose_connection_drops_counts_and_counts_once() {
    let world = over_socket().await;
    let ana = world.person("ana");
    ana.runs("/outage").await.form("Announce an outage");
    // As long as somebody else writes, the work on the form waits.
    let writes = world.db.begin().await.unwrap();
    let form = json!({ "What happened?": "Cards fail", "component": "Payments" });
    let cut = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        does_to_sockets(&world, json!({ "drop": true })).await;
        drop(writes);
    };
    let (first, ()) = tokio::join!(ana.submits(form.clone()), cut);
    assert!(!first.is_closed(), "its acknowledgement never arrived");
    world.sockets(2).await;
    ana.submits(form).await.closed();
    world.settle().await;
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_connection_drops_still_opens_its_form() {
    let world = over_socket().await;
    let ana = world.person("ana");
    // As long as nobody can read, the work on the command waits.
    let mut reads = Vec::new();
    for _ in 0..4 {
        reads.push(world.db.read().await.unwrap());
    }
    let cut = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        does_to_sockets(&world, json!({ "drop": true })).await;
        drop(reads);
    };
    let (seen, ()) = tokio::join!(ana.runs("/outage cards fail"), cut);
    seen.form("Announce an outage");
    world.sockets(2).await;
    ana.submits(json!({ "component": "Payments" }))
        .await
        .closed();
    world.settle().await;
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_kept_and_what_comes_twice_is_worked_on_once() {
    let world = over_socket().await;
    // Slack hears no acknowledgement and sends it again.
    world.control("events", json!({ "drop_ack": true })).await;
    let zone = json!({ "user": "cy", "zone": "America/New_York" });
    world.control("person", zone).await;
    let sent = async {
        loop {
            let state = world.state().await;
            let sockets = state["sockets"].as_array().unwrap();
            let acked: u64 = sockets.iter().map(|it| it["acked"].as_u64().unwrap()).sum();
            if acked >= 2 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let both = tokio::time::timeout(Duration::from_secs(20), sent).await;
    assert!(both.is_ok(), "it is acknowledged each time");
    let worked_on = balefire::jobs::inbox::run_once(&world.slack).await;
    assert_eq!(worked_on.unwrap(), 1);
    world.control("reset_faults", json!({})).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slacks_addresses_say_that_socket_mode_is_on() {
    let world = over_socket().await;
    for path in [
        "commands",
        "announce",
        "interactivity",
        "interaction",
        "events",
    ] {
        let (status, answer) = world.post(&format!("/slack/{path}"), "", None).await;
        assert_eq!(status, 404, "{path}");
        let why = answer["error"].as_str().unwrap();
        assert!(why.contains("Socket Mode is on"), "{why}");
    }
    assert_eq!(world.get("/slack/status").await.0, 200);
    assert_eq!(world.get("/healthz").await.0, 200);
    // Slack knows of a connection before its first word has come through.
    let mut metrics = String::new();
    for _ in 0..2000 {
        metrics = world.get("/metrics").await.1;
        if metrics.contains("balefire_slack_sockets_open 2") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(
        metrics.contains("balefire_slack_sockets_open 2"),
        "{metrics}"
    );
    assert!(
        metrics.contains("balefire_slack_socket_silence_seconds 0."),
        "{metrics}"
    );
    let (_, ready) = world.get("/readyz").await;
    assert!(ready.contains(r#""socket":"ok""#), "{ready}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pauses_that_slack_asks_for_are_kept() {
    let world = over_socket().await;
    let old = world.sockets(2).await;
    let busy = json!([{ "method": "apps.connections.open", "kind": "ratelimited",
        "retry_after": 1, "times": 2 }]);
    world.faults(busy).await;
    does_to_sockets(&world, json!({ "drop": true })).await;
    replaced(&world, &old).await;
    let tries = world.calls("apps.connections.open").await.len();
    assert_eq!(
        tries, 6,
        "two at the start, two that were refused, two that were not"
    );
    world.end().await;
}

async fn local_slack(app_token: &str) -> Sandbox {
    Sandbox::start(sandbox::Options {
        listen: ([127, 0, 0, 1], 0).into(),
        app_url: None,
        signing_secret: "never used".to_owned(),
        bot_token: BOT_TOKEN.to_owned(),
        scopes: None,
        app_token: Some(app_token.to_owned()),
        socket_mode: true,
        commands: vec!["/outage".to_owned()],
        shortcuts: Vec::new(),
        clock_offset_seconds: 0,
        seed: sandbox::Seed::default(),
        data: None,
    })
    .await
    .unwrap()
}

/// Starts `balefire serve` in Socket Mode, without any signing secret.
async fn serve(folder: &Path, slack: &Sandbox) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_balefire"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .current_dir(folder)
        .env("BALEFIRE__DATABASE__URL", "sqlite:balefire.db")
        .env("BALEFIRE__SLACK__API_URL", slack.api_url())
        .env("BALEFIRE__SLACK__BOT_TOKEN", BOT_TOKEN)
        .env("BALEFIRE__SLACK__MODE", "socket")
        .env("BALEFIRE__SLACK__APP_TOKEN", APP_TOKEN)
        .env("BALEFIRE__SLACK__ANNOUNCE_CHANNEL", "C0OUTAGES")
        .env("BALEFIRE__PERMISSIONS__ON_CALL", "U0ANA")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    (child, line.strip_prefix("app: ").unwrap().to_owned())
}

async fn provision(db: &balefire::store::Db) {
    let mut tx = db.read().await.unwrap();
    let workspace = balefire::store::workspaces::latest(&mut tx).await.unwrap();
    drop(tx);
    let file = "[[component]]\nkey = \"payments\"\nname = \"Payments\"\n";
    let file = balefire::config::parse_catalog(file, "test").unwrap();
    let by = Identity::CommandLine {
        name: "test".into(),
    };
    let (workspace, clock) = (workspace.unwrap().id, Clock::system());
    let done = catalog::provision(db, &clock, &workspace, &file.entries, false, &by).await;
    done.unwrap();
}

async fn ready(url: &str) -> (u16, Value) {
    let answer = reqwest::get(format!("{url}/readyz")).await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn control(slack: &Sandbox, what: &str, body: Value) -> Value {
    let url = format!("{}/_sandbox/{what}", slack.url());
    let request = reqwest::Client::new().post(url).json(&body);
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_becomes_ready_and_stops_without_losing_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack(APP_TOKEN).await;
    let (mut child, url) = serve(folder.path(), &slack).await;
    let becomes_ready = async {
        while ready(&url).await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), becomes_ready).await;
    assert!(in_time.is_ok(), "{:?}", ready(&url).await);

    let path = folder.path().join("balefire.db");
    let db = balefire::store::Db::open_sqlite(&path).await.unwrap();
    provision(&db).await;
    let command =
        json!({ "user": "ana", "channel": "general", "text": "/outage payments cards fail" });
    let seen = control(&slack, "command", command).await;
    assert!(seen["seen"]["modal"].is_object(), "{seen:#}");
    // The form is held up by somebody who writes, and meanwhile we are told to stop.
    let writes = db.begin().await.unwrap();
    let stop = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let id = child.id().unwrap().to_string();
        let kill = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(kill.unwrap().success());
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(writes);
    };
    let form = json!({ "user": "ana", "values": {} });
    let (seen, ()) = tokio::join!(control(&slack, "submit", form), stop);
    assert_eq!(seen["seen"]["closed"], true, "{seen:#}");
    let ended = tokio::time::timeout(Duration::from_secs(30), child.wait()).await;
    assert!(ended.unwrap().unwrap().success());
    db.close().await;
    slack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_slack_refuses_is_said_once_and_it_is_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack("xapp-another-one").await;
    let (mut child, url) = serve(folder.path(), &slack).await;
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let said = async {
        loop {
            let line = lines.next_line().await.unwrap().unwrap();
            assert!(!line.contains(APP_TOKEN), "{line}");
            if line.contains("refuses the app-level token (invalid_auth)") {
                return;
            }
        }
    };
    let said = tokio::time::timeout(Duration::from_secs(20), said).await;
    assert!(said.is_ok(), "nothing was said");
    let (status, checks) = ready(&url).await;
    let socket = checks["checks"]["socket"].as_str().unwrap();
    assert_eq!(status, 503);
    assert!(
        socket.contains("refuses the app-level token (invalid_auth)"),
        "{socket}"
    );
    assert_eq!(checks["checks"]["workspace"], "ok");
    child.kill().await.unwrap();
    slack.stop().await;
}
