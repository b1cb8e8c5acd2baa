//! Private channels and group conversations: who knows of them, and what is told.

use super::Stage;
use serde_json::{Value, json};

async fn names(stage: &Stage, types: &str) -> Vec<Value> {
    let list = stage
        .api("conversations.list", json!({"types": types}))
        .await;
    let channels = list["channels"].as_array().unwrap();
    channels.iter().map(|one| one["name"].clone()).collect()
}

#[tokio::test]
async fn a_private_channel_is_known_to_its_members_only() {
    let stage = Stage::start().await;
    let create = json!({"create": true, "name": "board", "by": "ana", "private": true});
    let created = stage.control("channel", create).await;
    let id = created["channel"]["id"].clone();
    assert_eq!(created["channel"]["is_private"], true, "{created}");
    assert!(names(&stage, "private_channel").await.is_empty());
    for (method, arguments) in [
        ("conversations.info", json!({"channel": id})),
        ("conversations.history", json!({"channel": id})),
        ("conversations.join", json!({"channel": id})),
        ("chat.postMessage", json!({"channel": id, "text": "x"})),
        ("chat.postMessage", json!({"channel": "board", "text": "x"})),
        ("bookmarks.list", json!({"channel_id": id})),
    ] {
        let refused = stage.api(method, arguments).await;
        assert_eq!(refused["error"], "channel_not_found", "{method}");
    }
    // Its name is taken all the same.
    let taken = stage
        .api("conversations.create", json!({"name": "board"}))
        .await;
    assert_eq!(taken["error"], "name_taken");
    let secret = json!({"user": "ana", "channel": "board", "text": "secret"});
    assert_eq!(stage.control("message", secret).await["ok"], true);
    let stranger = json!({"user": "bo", "channel": "board", "text": "hi"});
    assert_eq!(stage.control("message", stranger).await["ok"], false);
    let add = json!({"channel": "board", "add": "balefire", "by": "ana"});
    stage.control("channel", add).await;
    let events = stage.app.wait_for("events", 2).await;
    let all: Vec<Value> = events
        .iter()
        .map(|call| call.event()["event"].clone())
        .collect();
    assert!(all.iter().all(|event| event["text"] != "secret"), "{all:?}");
    let joined = all
        .iter()
        .find(|event| event["type"] == "member_joined_channel");
    assert_eq!(joined.unwrap()["channel_type"], "G");
    assert_eq!(names(&stage, "private_channel").await, [json!("board")]);
    let before = stage.app.received("events").len();
    let rename = json!({"channel": "board", "rename": "directors"});
    stage.control("channel", rename).await;
    let events = stage.app.wait_for("events", before + 2).await;
    let renamed = events.iter().map(|call| call.event()["event"].clone());
    assert!(
        renamed
            .into_iter()
            .any(|event| event["type"] == "group_rename")
    );
    let command = json!({"user": "ana", "channel": "directors", "text": "", "wait_ms": 0});
    stage.control("command", command).await;
    assert_eq!(
        stage.app.last("commands").form("channel_name"),
        "privategroup"
    );
}

#[tokio::test]
async fn the_app_makes_private_channels() {
    let stage = Stage::start().await;
    let asked = json!({"name": "inc-7", "is_private": true});
    let made = stage.api("conversations.create", asked).await;
    assert_eq!(made["channel"]["is_private"], true);
    let id = &made["channel"]["id"];
    let invite = json!({"channel": id, "users": "U0ANA,U0BO"});
    assert_eq!(stage.api("conversations.invite", invite).await["ok"], true);
    let post = json!({"channel": id, "text": "hello"});
    assert_eq!(stage.api("chat.postMessage", post).await["ok"], true);
    let said = json!({"user": "bo", "channel": "inc-7", "text": "hi"});
    stage.control("message", said).await;
    let calls = stage.app.wait_for("events", 8).await;
    let heard = calls.iter().map(|call| call.event()["event"].clone());
    let heard = heard.into_iter().find(|event| event["text"] == "hi");
    assert_eq!(heard.unwrap()["channel_type"], "group");
}

#[tokio::test]
async fn several_people_share_one_conversation() {
    let stage = Stage::start().await;
    let open = |users: &str| {
        stage.api(
            "conversations.open",
            json!({"users": users, "return_im": true}),
        )
    };
    let opened = open("U0ANA,U0BO").await;
    let channel = &opened["channel"];
    assert_eq!(channel["is_mpim"], true, "{opened}");
    assert_eq!(channel["name"], "mpdm-ana--balefire--bo-1");
    let again = open("U0BO,U0ANA").await;
    assert_eq!(again["channel"]["id"], channel["id"]);
    assert_eq!(again["already_open"], true);
    assert_eq!(open("U0ANA,U0NO").await["error"], "user_not_found");
    let post = json!({"channel": channel["id"], "text": "you two"});
    assert_eq!(stage.api("chat.postMessage", post).await["ok"], true);
    assert_eq!(names(&stage, "mpim").await.len(), 1);
    let id = channel["id"].clone();
    let reply = json!({"user": "bo", "channel": id, "text": "yes"});
    stage.control("message", reply).await;
    let calls = stage.app.wait_for("events", 2).await;
    let heard = calls.iter().map(|call| call.event()["event"].clone());
    let heard = heard.into_iter().find(|event| event["text"] == "yes");
    assert_eq!(heard.unwrap()["channel_type"], "mpim");
    let topic = json!({"channel": id, "name": "x"});
    let refused = stage.api("conversations.rename", topic).await;
    assert_eq!(refused["error"], "method_not_supported_for_channel_type");
}
