//! What a workspace is after a restart, and files that are no workspace.

use super::{SECRET, Stage, TOKEN};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

async fn start(file: &Path) -> anyhow::Result<Stage> {
    Stage::start_from(Duration::from_secs(3), Some(file.to_owned())).await
}

/// What has to be the same, without the addresses of this run.
async fn workspace(stage: &Stage) -> Value {
    let mut state = stage.look("state").await;
    let offset = state["clock"]["offset"].take();
    for name in ["revision", "clock", "views", "homes", "faults"] {
        state.as_object_mut().unwrap().remove(name);
    }
    state["offset"] = offset;
    let text = state.to_string().replace(&stage.sandbox.url(), "");
    serde_json::from_str(&text).unwrap()
}

/// Something of every kind.
async fn busy_day(stage: &Stage) -> String {
    let ts = stage.post("Cards fail").await;
    let now = stage.look("state").await["clock"]["now"].as_i64().unwrap();
    let far_away = now + 100_000;
    let here = json!({"channel": "C0OUTAGES", "timestamp": ts});
    let calls = [
        (
            "chat.postMessage",
            json!({
                "channel": "C0OUTAGES", "thread_ts": ts, "text": "We look", "username": "bo",
                "icon_emoji": ":fire:", "reply_broadcast": true,
                "metadata": {"event_type": "note", "event_payload": {"of": "outage 1"}},
            }),
        ),
        ("pins.add", here.clone()),
        (
            "reactions.add",
            json!({"channel": "C0OUTAGES", "timestamp": ts, "name": "eyes"}),
        ),
        (
            "chat.update",
            json!({"channel": "C0OUTAGES", "ts": ts, "text": "Visa cards fail"}),
        ),
        (
            "chat.postMessage",
            json!({"channel": "U0BO", "text": "in private"}),
        ),
        (
            "chat.postEphemeral",
            json!({"channel": "C0SALES", "user": "U0CY", "text": "only you"}),
        ),
        (
            "bookmarks.add",
            json!({
                "channel_id": "C0SALES", "type": "link", "title": "Prices",
                "link": "https://example.com/prices",
            }),
        ),
        (
            "conversations.create",
            json!({"name": "board", "is_private": true}),
        ),
        ("conversations.open", json!({"users": "U0ANA,U0CY"})),
        (
            "chat.scheduleMessage",
            json!({"channel": "C0SALES", "text": "later", "post_at": far_away}),
        ),
    ];
    for (method, arguments) in calls {
        let answer = stage.api(method, arguments).await;
        assert_eq!(answer["ok"], true, "{method}: {answer}");
    }
    let plays = [
        (
            "message",
            json!({"user": "dee", "channel": "general", "text": "hello"}),
        ),
        (
            "channel",
            json!({"channel": "partners", "archived": true, "remove": "cy"}),
        ),
        (
            "channel",
            json!({"create": true, "name": "lunch", "by": "bo", "topic": "Soup?"}),
        ),
        ("person", json!({"user": "cy", "deactivated": true})),
        ("clock", json!({"advance_seconds": 3600})),
    ];
    for (what, body) in plays {
        let answer = stage.control(what, body).await;
        assert_eq!(answer["ok"], true, "{what}: {answer}");
    }
    ts
}

#[tokio::test]
async fn a_workspace_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.json");
    let stage = start(&file).await.unwrap();
    let ts = busy_day(&stage).await;
    let before = workspace(&stage).await;
    stage.sandbox.stop().await;

    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains(TOKEN) && !text.contains(SECRET), "{text}");
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "nothing stays beside the file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    let stage = start(&file).await.unwrap();
    assert_eq!(workspace(&stage).await, before);
    let told = Arc::new(AtomicI64::new(0));
    let hook = told.clone();
    stage
        .sandbox
        .on_clock_moved(move |offset| hook.store(offset, Ordering::SeqCst));
    assert_eq!(told.load(Ordering::SeqCst), 3600);
    let update = json!({"channel": "C0OUTAGES", "ts": ts, "text": "All cards fail"});
    assert_eq!(stage.api("chat.update", update).await["ok"], true);
    let again = json!({"channel": "C0OUTAGES", "timestamp": ts});
    let again = stage.api("pins.add", again).await;
    assert_eq!(again["error"], "already_pinned");
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn timestamps_go_on_even_when_the_clock_went_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.json");
    let stage = start(&file).await.unwrap();
    let first = stage.post("one").await;
    let back = json!({"advance_seconds": -86_400});
    stage.control("clock", back).await;
    let second = stage.post("two").await;
    stage.sandbox.stop().await;
    let stage = start(&file).await.unwrap();
    let third = stage.post("three").await;
    assert!(first < second && second < third, "{first} {second} {third}");
    stage.sandbox.stop().await;
}

/// Killed processes do not stop in order.
#[tokio::test]
async fn changes_reach_the_file_by_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.json");
    let stage = start(&file).await.unwrap();
    for text in ["one", "two", "the last one"] {
        stage.post(text).await;
    }
    let written = async {
        while !std::fs::read_to_string(&file)
            .unwrap()
            .contains("the last one")
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), written)
        .await
        .expect("the file is written without a stop");
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn a_file_that_is_no_workspace_is_an_error_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.json");
    let stage = start(&file).await.unwrap();
    stage.post("Cards fail").await;
    stage.sandbox.stop().await;
    let good = std::fs::read_to_string(&file).unwrap();
    let cases = [
        (String::new(), "EOF"),
        (good[..good.len() / 2].to_owned(), "EOF"),
        ("a shopping list".to_owned(), "expected value"),
        ("{\"name\": \"other\"}".to_owned(), "format"),
        ("{\"format\": 1}".to_owned(), "missing field"),
        (
            good.replace("\"format\":1,", "\"format\":2,"),
            "its format is 2",
        ),
        (good.replace("T0BALEFIRE", "T0OTHER"), "workspace T0OTHER"),
    ];
    for (content, problem) in cases {
        std::fs::write(&file, &content).unwrap();
        let error = start(&file).await.err().expect("it does not start");
        let told = format!("{error:#}");
        assert!(told.contains(problem), "{problem}: {told}");
        assert!(told.contains(&*file.to_string_lossy()), "{told}");
        assert!(told.contains("move the file away"), "{told}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), content);
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_an_error_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("not there/sandbox.json");
    let error = start(&file).await.err().expect("it does not start");
    let told = format!("{error:#}");
    assert!(told.contains("cannot write"), "{told}");
    assert!(told.contains(&*file.to_string_lossy()), "{told}");
}

/// Before channels had topics, bookmarks and messages of Slack's own, and people an end.
#[tokio::test]
async fn a_file_of_an_older_sandbox_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.json");
    let stage = start(&file).await.unwrap();
    let ts = stage.post("Cards fail").await;
    stage.sandbox.stop().await;
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let remove = |value: &mut Value, names: &[&str]| {
        for name in names {
            let removed = value.as_object_mut().unwrap().remove(*name);
            assert!(removed.is_some(), "{name}");
        }
    };
    for channel in kept["channels"].as_array_mut().unwrap() {
        let new = ["creator", "topic", "purpose", "previous_names", "bookmarks"];
        remove(channel, &new);
        for message in channel["messages"].as_array_mut().unwrap() {
            remove(message, &["system"]);
        }
    }
    for user in kept["users"].as_array_mut().unwrap() {
        remove(user, &["deleted"]);
    }
    std::fs::write(&file, kept.to_string()).unwrap();
    let stage = start(&file).await.unwrap();
    assert_eq!(stage.messages("C0OUTAGES").await[0]["ts"], json!(ts));
    stage.sandbox.stop().await;
}
