//! Slack's own SDKs and Bolt, in Python and JavaScript: the local Slack answers as they expect, and
//! what is signed with them is accepted.

use std::{
    fs::File,
    io::{Read, Seek},
    path::Path,
    process::Stdio,
    time::Duration,
};

use balefire::sandbox::{self, Sandbox};
use tokio::{process::Command, time::timeout};

use crate::harness::{APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, World, environment};

/// After this a script hangs. The longest needs a few seconds: clients pause before they connect
/// again.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a script of tests/sdk, which says on its own what is wrong.
async fn run(script: &str, arguments: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/sdk")
        .join(script);
    let mut command = if script.ends_with(".py") {
        let mut python = Command::new(environment("BALEFIRE_TEST_PYTHON"));
        // Leaves no compiled files beside the scripts, and what it says does not wait in a buffer.
        python.arg("-Bu");
        python
    } else {
        let mut node = Command::new(environment("BALEFIRE_TEST_NODE"));
        let modules = environment("BALEFIRE_TEST_NODE_MODULES");
        node.env("BALEFIRE_TEST_NODE_MODULES", modules);
        node
    };
    // A file and no pipe: what was said before a script hung is still there.
    let said = tempfile::tempfile().unwrap();
    let mut child = command
        .arg(path)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(said.try_clone().unwrap())
        .stderr(said.try_clone().unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    if let Ok(status) = timeout(PATIENCE, child.wait()).await {
        let status = status.unwrap();
        assert!(status.success(), "{script}: {status}\n{}", read(said));
    } else {
        child.kill().await.unwrap();
        panic!("{script} did not end in {PATIENCE:?}\n{}", read(said));
    }
}

fn read(mut said: File) -> String {
    let mut bytes = Vec::new();
    said.rewind().unwrap();
    said.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A local Slack without any app.
async fn sandbox() -> Sandbox {
    Sandbox::start(sandbox::Options {
        listen: ([127, 0, 0, 1], 0).into(),
        app_url: None,
        signing_secret: SIGNING_SECRET.to_owned(),
        bot_token: BOT_TOKEN.to_owned(),
        scopes: None,
        app_token: Some(APP_TOKEN.to_owned()),
        socket_mode: false, // the scripts turn it on themselves
        commands: vec!["/outage".to_owned(), "/announce".to_owned()],
        shortcuts: Vec::new(),
        clock_offset_seconds: 0,
        seed: sandbox::Seed::default(),
        data: None,
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_slack_answers_as_the_official_sdk_expects() {
    let slack = sandbox().await;
    run("smoke.py", &[&slack.url(), BOT_TOKEN, SIGNING_SECRET]).await;
    slack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_client_of_socket_mode_gets_along_with_the_local_slack() {
    let slack = sandbox().await;
    run("socket_mode.py", &[&slack.url(), BOT_TOKEN, APP_TOKEN]).await;
    slack.stop().await;
}

/// Over HTTP, where Bolt looks at the local Slack's signatures, and over Socket Mode.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_made_with_bolt_for_python_works() {
    let slack = sandbox().await;
    let told = [&slack.url(), BOT_TOKEN, SIGNING_SECRET, APP_TOKEN];
    run("bolt_app.py", &told).await;
    slack.stop().await;
}

/// Over HTTP, where Bolt looks at the local Slack's signatures, and over Socket Mode.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_made_with_bolt_for_node_works() {
    let slack = sandbox().await;
    let told = [&slack.url(), BOT_TOKEN, SIGNING_SECRET, APP_TOKEN];
    run("bolt_app.mjs", &told).await;
    slack.stop().await;
}

/// What `balefire manifest` prints in every form, and the file that is shipped, as a parser of YAML
/// that is not ours reads them.
#[tokio::test(flavor = "multi_thread")]
async fn manifests_are_what_slack_takes() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifest/slack.yaml");
    let mut files = vec![shipped.to_str().unwrap().to_owned()];
    let with_group = ("BALEFIRE__CHANNELS__INVITE_GROUPS", "S0ONCALL");
    let renamed = ("BALEFIRE__SLACK__COMMANDS", "/fire,/blaze,/smoke");
    for (number, (flags, variable)) in [
        (&[][..], with_group),
        (&["--json"], with_group),
        (&["--socket-mode"], with_group),
        (&["--socket-mode", "--json"], renamed),
        (&["--url", "https://a.example/below"], renamed),
        (&["--url", "https://a.example", "--json"], renamed),
    ]
    .into_iter()
    .enumerate()
    {
        let done = Command::new(env!("CARGO_BIN_EXE_balefire"))
            .arg("manifest")
            .args(flags)
            .current_dir(folder.path())
            .env(variable.0, variable.1)
            .output()
            .await
            .unwrap();
        assert!(done.status.success(), "{flags:?}: {done:?}");
        let path = folder.path().join(format!("{number}.yaml"));
        std::fs::write(&path, done.stdout).unwrap();
        files.push(path.to_str().unwrap().to_owned());
    }
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    run("manifest.py", &files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_official_sdk_signs_is_accepted_and_nothing_else() {
    let world = World::start().await;
    run("sign.py", &[&world.app_url, SIGNING_SECRET]).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_node_signs_is_accepted_and_nothing_else() {
    let world = World::start().await;
    run("sign.mjs", &[&world.app_url, SIGNING_SECRET]).await;
    world.end().await;
}
