//! `balefire demo --data DIR`, stopped or killed and started again in the same folder: both sides
//! still know the announcement.

use std::{path::Path, process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::harness::{person::button, words};

/// How long something may take in real time before the test gives up. Nothing waits this long when
/// it works.
const PATIENCE: Duration = Duration::from_secs(60);

/// A demo that runs in a process of its own.
struct Demo {
    child: Child,
    sandbox: String,
    /// Held open: a process that speaks into a closed pipe ends.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Demo {
    async fn start(folder: &Path) -> Demo {
        let mut child = Command::new(env!("CARGO_BIN_EXE_balefire"))
            .current_dir(folder)
            .args(["demo", "--listen", "127.0.0.1:0"])
            .args(["--sandbox-listen", "127.0.0.1:0", "--data", "kept"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let sandbox = tokio::time::timeout(PATIENCE, async {
            loop {
                let line = lines.next_line().await.unwrap().expect("it starts");
                if let Some(url) = line.strip_prefix("sandbox: ") {
                    return url.to_owned();
                }
            }
        })
        .await
        .unwrap();
        Demo {
            child,
            sandbox,
            _output: lines,
        }
    }

    async fn control(&self, what: &str, body: Value) -> Value {
        let url = format!("{}/_sandbox/{what}", self.sandbox);
        let request = reqwest::Client::new().post(url).json(&body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["ok"], true, "{what} {body}: {answer}");
        answer
    }

    async fn state(&self) -> Value {
        let url = format!("{}/_sandbox/state", self.sandbox);
        reqwest::get(url).await.unwrap().json().await.unwrap()
    }

    /// Looks again until it is so.
    async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let looking = async {
            loop {
                let state = self.state().await;
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

    /// Announces, and waits for all that Balefire does about it. Returns the announcement.
    async fn announce(&self) -> Value {
        let command =
            json!({ "user": "ana", "channel": "general", "text": "/outage payments cards fail" });
        let seen = self.control("command", command).await;
        assert_eq!(
            seen["seen"]["modal"]["title"]["text"], "Announce an outage",
            "{seen:#}"
        );
        self.submit(json!({})).await;
        let state = self
            .until("it is announced, pinned, and the assignee told", |it| {
                announcements(it).len() == 1 && pins(it).len() == 1 && told(it)
            })
            .await;
        announcements(&state).remove(0)
    }

    async fn submit(&self, values: Value) {
        let seen = self
            .control("submit", json!({ "user": "ana", "values": values }))
            .await;
        assert_eq!(seen["seen"]["closed"], true, "{seen:#}");
    }

    /// The announcement is where it was, and an update changes it rather than making another.
    async fn goes_on_with(&self, announcement: &Value) {
        let state = self.state().await;
        let ts = announcement["ts"].as_str().unwrap();
        let found = announcements(&state);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0]["ts"], ts);
        assert_eq!(words(&found[0]), words(announcement));
        assert_eq!(pins(&state), [ts]);

        let update = button(&found[0], "Update").unwrap();
        let click = json!({
            "user": "ana", "channel": "outages", "ts": ts, "action_id": update["action_id"],
        });
        let seen = self.control("click", click).await;
        let title = seen["seen"]["modal"]["title"]["text"].as_str();
        assert_eq!(title, Some("Update outage 1"), "{seen:#}");
        self.submit(json!({ "text": "The provider restarts" }))
            .await;
        let state = self
            .until("the announcement shows the update", |it| {
                let all = announcements(it);
                all.iter()
                    .any(|it| words(it).contains("The provider restarts"))
            })
            .await;
        let found = announcements(&state);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0]["ts"], ts);
        assert_eq!(pins(&state), [ts]);
    }

    async fn terminate(mut self) {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(sent.unwrap().success());
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = ended.unwrap().unwrap();
        assert!(status.success(), "{status}");
    }
}

fn outages(state: &Value) -> &Value {
    let channels = state["channels"].as_array().unwrap();
    channels.iter().find(|it| it["name"] == "outages").unwrap()
}

/// Top-level messages of the bot in #outages.
fn announcements(state: &Value) -> Vec<Value> {
    let messages = outages(state)["messages"].as_array().unwrap();
    let top = messages
        .iter()
        .filter(|it| it["thread_ts"].is_null() || it["thread_ts"] == it["ts"]);
    top.filter(|it| it["bot_id"].is_string()).cloned().collect()
}

fn pins(state: &Value) -> Vec<&str> {
    let pins = outages(state)["pins"].as_array().unwrap();
    pins.iter().map(|it| it.as_str().unwrap()).collect()
}

/// Whether somebody had a direct message.
fn told(state: &Value) -> bool {
    let dms = state["dms"].as_array().unwrap();
    dms.iter()
        .any(|it| !it["messages"].as_array().unwrap().is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_and_started_again_the_demo_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path()).await;
    let announcement = demo.announce().await;
    demo.control("clock", json!({ "advance_seconds": 3600 }))
        .await;
    demo.terminate().await;

    let demo = Demo::start(folder.path()).await;
    let state = demo.state().await;
    assert_eq!(state["clock"]["offset"], 3600);
    // Balefire refuses what was not signed within minutes of its own clock, so it follows.
    demo.goes_on_with(&announcement).await;
    demo.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_started_again_the_demo_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(folder.path()).await;
    let announcement = demo.announce().await;
    let ts = announcement["ts"].as_str().unwrap();
    let kept = async {
        let file = folder.path().join("kept/sandbox.json");
        loop {
            let text = std::fs::read_to_string(&file).unwrap();
            let kept: Value = serde_json::from_str(&text).expect("never half a file");
            let channels = kept["channels"].as_array().unwrap();
            if channels.iter().any(|it| it["pins"][0]["ts"] == ts) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, kept)
        .await
        .expect("the announcement is kept");
    demo.child.kill().await.unwrap(); // SIGKILL

    let demo = Demo::start(folder.path()).await;
    // What the dead process had under way is free again after a minute.
    demo.control("clock", json!({ "advance_seconds": 120 }))
        .await;
    demo.goes_on_with(&announcement).await;
    demo.terminate().await;
}
