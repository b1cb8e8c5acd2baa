//! `balefire sandbox`: the local Slack alone, for an app that is not ours.

use std::{process::Stdio, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::TcpListener,
    process::{ChildStdout, Command},
};

/// How long something may take in real time before the test gives up. Nothing waits this long when
/// it works.
const PATIENCE: Duration = Duration::from_secs(60);

async fn line_with(lines: &mut Lines<BufReader<ChildStdout>>, wanted: &str) -> String {
    let looking = async {
        loop {
            let line = lines.next_line().await.unwrap().expect("it goes on");
            assert!(!line.contains("kept-quiet"), "{line}");
            if line.contains(wanted) {
                return line;
            }
        }
    };
    tokio::time::timeout(PATIENCE, looking)
        .await
        .unwrap_or_else(|_| panic!("never said: {wanted}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_alone_says_whether_the_app_answers() {
    // A port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let mut child = Command::new(env!("CARGO_BIN_EXE_balefire"))
        .args(["sandbox", "--listen", "127.0.0.1:0", "--command", "/deploy"])
        .args(["--app-url", &format!("http://{address}/")])
        .env("BALEFIRE_SANDBOX_SIGNING_SECRET", "kept-quiet")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let api = line_with(&mut lines, "api: ").await;
    let api = api.strip_prefix("api: ").unwrap().to_owned();
    let token = line_with(&mut lines, "pretend bot token").await;
    let token = token.rsplit(' ').next().unwrap();
    let asked = reqwest::Client::new().post(format!("{api}auth.test"));
    let answer = asked.bearer_auth(token).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["ok"], true, "{answer}");

    line_with(&mut lines, "Nobody answers at").await;
    let listener = TcpListener::bind(address).await.unwrap();
    let refusing = axum::Router::new().fallback(|| async { axum::http::StatusCode::UNAUTHORIZED });
    tokio::spawn(async move { axum::serve(listener, refusing).await });
    line_with(&mut lines, "another signing secret").await;

    let id = child.id().unwrap().to_string();
    let sent = Command::new("kill").args(["-TERM", &id]).status().await;
    assert!(sent.unwrap().success());
    let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
    assert!(ended.unwrap().unwrap().success());
}
