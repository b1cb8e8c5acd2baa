//! Slack's own Python SDK: the local Slack answers as it expects, and what it signs is accepted.

use std::path::Path;

use tokio::process::Command;

use crate::harness::{BOT_TOKEN, SIGNING_SECRET, World, environment};

/// Runs a script of tests/sdk, which says on its own what is wrong.
async fn run(script: &str, arguments: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/sdk")
        .join(script);
    let done = Command::new(environment("BALEFIRE_TEST_PYTHON"))
        .arg("-B") // leaves no compiled files beside the scripts
        .arg(path)
        .args(arguments)
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    assert!(
        done.status.success(),
        "{script}: {}\n{}{}",
        done.status,
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_slack_answers_as_the_official_sdk_expects() {
    let world = World::start().await;
    run(
        "smoke.py",
        &[&world.sandbox.url(), BOT_TOKEN, SIGNING_SECRET],
    )
    .await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_official_sdk_signs_is_accepted_and_nothing_else() {
    let world = World::start().await;
    run("sign.py", &[&world.app_url, SIGNING_SECRET]).await;
    world.end().await;
}
