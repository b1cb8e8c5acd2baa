//! What whoever runs Balefire is told when something between it and Slack is wrong, and that
//! nothing is lost by it.

use std::process::Stdio;

use balefire::{
    sandbox::{self, Sandbox},
    slack::{
        contact::Hindrance,
        ingress::{signature::Untrusted, socket::door::Trouble},
    },
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    sync::mpsc,
    time::{Duration, timeout},
};

use super::ingress::{signature, signed_body};
use crate::harness::{BOT_TOKEN, SIGNING_SECRET, World, minutes};

/// How long something may take in real time before the test gives up. Nothing waits this long when
/// it works.
const PATIENCE: Duration = Duration::from_secs(60);

fn event(id: &str, kind: &str) -> String {
    json!({ "type": "event_callback", "event_id": id, "team_id": "T0BALEFIRE",
        "event": { "type": kind } })
    .to_string()
}

async fn token_check(world: &World) -> String {
    let (_, body) = world.get("/readyz").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    body["checks"]["token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_keeps_everything_waiting_and_nothing_is_lost() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    world.control("app", json!({ "revoked": true })).await;
    ana.runs("/outage update 1 The provider looks into it")
        .await;
    ana.runs("/outage update 1 They found it").await;
    world.settle().await;
    let told = token_check(&world).await;
    assert!(told.contains("no longer good (token_revoked)"), "{told}");
    // Longer than anything else is tried for.
    world.passes(minutes(30 * 60)).await;
    let mut tx = world.db.read().await.unwrap();
    let dead = balefire::store::deliveries::list(&mut tx, true, 10);
    assert!(dead.await.unwrap().is_empty());
    drop(tx);

    // The time until something is given up has not run meanwhile: failures are survived.
    let fails = json!({ "method": "chat.postMessage", "kind": "http_500", "times": 2 });
    world.faults(json!([fails])).await;
    world.control("app", json!({ "revoked": false })).await;
    for _ in 0..5 {
        world.passes(minutes(2)).await;
    }
    assert_eq!(token_check(&world).await, "ok");
    let thread = world.thread().await;
    let lines = thread.iter().flat_map(|(_, text)| text.lines());
    let lines = lines.map(|it| it.trim_start_matches("> "));
    let said: Vec<&str> = lines.filter(|it| it.starts_with("The")).collect();
    assert_eq!(said, ["The provider looks into it", "They found it"]);
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_removed_says_so_at_once_and_one_that_is_not_does_not() {
    let world = World::start().await;
    for (kind, revoked, expected) in [
        ("tokens_revoked", false, "ok"),
        ("app_uninstalled", true, "removed from the workspace"),
    ] {
        world.control("app", json!({ "revoked": revoked })).await;
        let (status, _) = signed_body(&world, "/slack/events", &event(kind, kind)).await;
        assert_eq!(status, 200);
        let worked_on = balefire::jobs::inbox::run_once(&world.slack).await;
        assert_eq!(worked_on.unwrap(), 1, "{kind}");
        let told = token_check(&world).await;
        assert!(told.contains(expected), "{kind}: {told}");
    }
    world.close().await;
}

async fn local_slack() -> Sandbox {
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

async fn control(slack: &Sandbox, what: &str, body: Value) {
    let url = format!("{}/_sandbox/{what}", slack.url());
    let request = reqwest::Client::new().post(url).json(&body);
    assert!(request.send().await.unwrap().status().is_success());
}

/// The lines of a log as they come.
struct Log(mpsc::UnboundedReceiver<String>);

impl Log {
    /// Waits for a line, and gives what came up to it.
    async fn until(&mut self, wanted: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let looking = async {
            while let Some(line) = self.0.recv().await {
                for secret in [BOT_TOKEN, SIGNING_SECRET] {
                    assert!(!line.contains(secret), "{line}");
                }
                lines.push(line);
                if lines.last().is_some_and(|it| it.contains(wanted)) {
                    return;
                }
            }
        };
        let found = timeout(PATIENCE, looking).await;
        assert!(found.is_ok(), "never said: {wanted}\n{lines:#?}");
        lines
    }
}

async fn ready(url: &str) -> (u16, Value) {
    let answer = reqwest::get(format!("{url}/readyz")).await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn sends(url: &str, path: &str, body: &str, sent: i64, secret: &str) -> u16 {
    let request = reqwest::Client::new()
        .post(format!("{url}{path}"))
        .header("content-type", "application/json")
        .header("x-slack-request-timestamp", sent.to_string())
        .header("x-slack-signature", signature(secret, sent, body))
        .body(body.to_owned());
    request.send().await.unwrap().status().as_u16()
}

/// The program itself, from its start behind somebody's login page to the day its app is removed.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_each_trouble_once_and_when_it_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack().await;
    let page = json!([{ "method": "auth.test", "kind": "html", "times": 1 }]);
    control(&slack, "faults", json!({ "rules": page })).await;
    let mut child = Command::new(env!("CARGO_BIN_EXE_balefire"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .current_dir(folder.path())
        .env("BALEFIRE__DATABASE__URL", "sqlite:balefire.db")
        .env("BALEFIRE__SLACK__API_URL", slack.api_url())
        .env("BALEFIRE__SLACK__BOT_TOKEN", BOT_TOKEN)
        .env("BALEFIRE__SLACK__SIGNING_SECRET", SIGNING_SECRET)
        .env("BALEFIRE__SLACK__ANNOUNCE_CHANNEL", "C0OUTAGES")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
    tokio::spawn(async move {
        while let Ok(Some(line)) = errors.next_line().await {
            let _ = sender.send(line);
        }
    });
    let mut log = Log(receiver);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
    let url = line.unwrap().strip_prefix("app: ").unwrap().to_owned();

    let (status, checks) = ready(&url).await;
    let workspace = checks["checks"]["workspace"].as_str().unwrap();
    assert_eq!(status, 503, "{checks}");
    assert!(workspace.contains("in Slack's place"), "{workspace}");
    let said = log.until("connected to Slack").await;
    let pages = said.iter().filter(|it| it.contains("in Slack's place"));
    assert_eq!(pages.count(), 1, "{said:#?}");
    assert!(said.iter().any(|it| it.contains("Slack answers again")));
    assert_eq!(ready(&url).await.0, 200);

    let now = balefire::clock::Clock::system().now().epoch();
    let (events, body) = ("/slack/events", event("E1", "app_uninstalled"));
    for _ in 0..50 {
        assert_eq!(sends(&url, events, &body, now, "another").await, 401);
    }
    let early = now - 400;
    assert_eq!(sends(&url, events, &body, early, SIGNING_SECRET).await, 401);
    let said = log.until("NTP").await;
    let refused = said.iter().filter(|it| it.contains("slack.signing_secret"));
    assert_eq!(refused.count(), 1, "{said:#?}");

    control(&slack, "app", json!({ "revoked": true })).await;
    assert_eq!(sends(&url, events, &body, now, SIGNING_SECRET).await, 200);
    log.until("no longer good (token_revoked)").await;
    let (status, checks) = ready(&url).await;
    let token = checks["checks"]["token"].as_str().unwrap();
    assert_eq!(status, 503);
    assert!(token.contains("Install the app again"), "{token}");
    child.kill().await.unwrap();
    slack.stop().await;
}

/// Every sentence of these kinds.
fn sentences() -> Vec<String> {
    let code = || "x".to_owned();
    let mut all: Vec<String> = [
        Hindrance::Unknown { code: code() },
        Hindrance::Revoked { code: code() },
        Hindrance::Denied { code: code() },
        Hindrance::Page { what: code() },
        Hindrance::Away { why: code() },
    ]
    .iter()
    .map(ToString::to_string)
    .collect();
    let refused = [Untrusted::Malformed, Untrusted::Stale, Untrusted::Mismatch];
    all.extend(refused.map(|it| format!("refused a request: {it}")));
    all.extend(
        [
            Trouble::Token { code: code() },
            Trouble::Scope { code: code() },
            Trouble::LinkDisabled,
            Trouble::TooMany,
        ]
        .map(|it| it.to_string()),
    );
    let passing = [Trouble::Limited { seconds: 1 }, Trouble::Other(code())];
    all.extend(passing.map(|it| format!("no connection to Slack: {it}")));
    all
}

#[test]
fn the_page_about_troubles_has_every_sentence_and_no_other() {
    let page = include_str!("../../docs/troubleshooting.md");
    let (_, table) = page.split_once("## What the log says").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let rows = table.lines().filter_map(|it| it.strip_prefix("| `"));
    let beginnings: Vec<&str> = rows.map(|it| it.split_once('`').unwrap().0).collect();
    let all = sentences();
    for sentence in &all {
        let found = beginnings.iter().any(|it| sentence.starts_with(it));
        assert!(found, "docs/troubleshooting.md lacks: {sentence}");
    }
    for beginning in beginnings {
        let said = all.iter().any(|it| it.starts_with(beginning));
        assert!(said, "nothing says: {beginning}");
    }
}
