//! Messages for later, and the small methods.

use super::Stage;
use serde_json::{Value, json};

#[tokio::test]
async fn scheduled_messages_are_posted_on_the_sandbox_clock() {
    let stage = Stage::start().await;
    let now = stage.look("state").await["clock"]["now"].as_i64().unwrap();
    let schedule = |text: &str, at: i64| {
        let arguments = json!({"channel": "C0OUTAGES", "text": text, "post_at": at});
        stage.api("chat.scheduleMessage", arguments)
    };
    assert_eq!(schedule("x", now - 1).await["error"], "time_in_past");
    let far = now + 121 * 24 * 3600;
    assert_eq!(schedule("x", far).await["error"], "time_too_far");
    let first = schedule("first", now + 600).await;
    assert!(
        first["scheduled_message_id"]
            .as_str()
            .unwrap()
            .starts_with('Q')
    );
    assert_eq!(first["message"]["text"], "first");
    let second = schedule("second", now + 900).await;
    let list = stage.api("chat.scheduledMessages.list", json!({})).await;
    let listed = list["scheduled_messages"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0]["id"], first["scheduled_message_id"]);
    let delete = json!({
        "channel": "C0OUTAGES", "scheduled_message_id": second["scheduled_message_id"],
    });
    let deleted = stage
        .api("chat.deleteScheduledMessage", delete.clone())
        .await;
    assert_eq!(deleted["ok"], true);
    let again = stage.api("chat.deleteScheduledMessage", delete).await;
    assert_eq!(again["error"], "invalid_scheduled_message_id");
    stage
        .control("clock", json!({"advance_seconds": 590}))
        .await;
    assert!(stage.messages("C0OUTAGES").await.is_empty());
    stage
        .control("clock", json!({"advance_seconds": 400}))
        .await;
    let messages = stage.messages("C0OUTAGES").await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["text"], "first");
}

#[tokio::test]
async fn messages_are_written_in_markdown_too() {
    let stage = Stage::start().await;
    let post = |arguments: Value| stage.api("chat.postMessage", arguments);
    let posted = post(json!({"channel": "C0OUTAGES", "markdown_text": "**bold**"})).await;
    assert_eq!(
        posted["message"]["blocks"][0]["type"], "markdown",
        "{posted}"
    );
    let both = json!({"channel": "C0OUTAGES", "markdown_text": "x", "text": "y"});
    assert_eq!(post(both).await["error"], "markdown_text_conflict");
    let long = json!({"channel": "C0OUTAGES", "markdown_text": "x".repeat(12_001)});
    assert_eq!(post(long).await["error"], "msg_too_long");
}

#[tokio::test]
async fn small_methods_answer() {
    let stage = Stage::start().await;
    let emoji = stage.api("emoji.list", json!({})).await;
    assert_eq!(emoji["emoji"]["beacon"], "alias:balefire");
    let quiet = stage.api("dnd.info", json!({"user": "U0ANA"})).await;
    assert_eq!(quiet["dnd_enabled"], false);
    let there = stage
        .api("users.getPresence", json!({"user": "U0BO"}))
        .await;
    assert_eq!(there["presence"], "active");
    let bot = stage.api("bots.info", json!({"bot": "B0BALEFIRE"})).await;
    assert_eq!(bot["bot"]["user_id"], "U0BALEFIRE");
    let read = json!({"channel": "C0OUTAGES", "ts": "1700000000.000001"});
    assert_eq!(stage.api("conversations.mark", read).await["ok"], true);
    let shut = stage
        .api("conversations.close", json!({"channel": "C0OUTAGES"}))
        .await;
    assert_eq!(shut["error"], "method_not_supported_for_channel_type");
    let team = stage.api("team.info", json!({})).await;
    assert_eq!(team["team"]["domain"], "balefire-demo");
    let profile = stage
        .api("users.profile.get", json!({"user": "U0BO"}))
        .await;
    assert_eq!(profile["profile"]["real_name"], "Bo Berg");
    let unknown = stage
        .api("users.profile.get", json!({"user": "U0NO"}))
        .await;
    assert_eq!(unknown["error"], "user_not_found");
    let leave = json!({"channel": "sales", "remove": "cy"});
    stage.control("channel", leave).await;
    for (user, count) in [(json!("U0CY"), 4), (Value::Null, 5)] {
        let asked = json!({"user": user});
        let found = stage.api("users.conversations", asked).await;
        assert_eq!(found["channels"].as_array().unwrap().len(), count);
    }
}
