//! Messages through the Web API: changing, deleting, threads, history, pins, metadata.

use super::Stage;
use serde_json::{Value, json};

fn section(text: &str) -> Value {
    json!([{"type": "section", "text": {"type": "mrkdwn", "text": text}}])
}

#[tokio::test]
async fn text_alone_takes_blocks_away_and_keeps_metadata() {
    let stage = Stage::start().await;
    let metadata = json!({"event_type": "card", "event_payload": {"id": 7}});
    let posted = stage
        .api(
            "chat.postMessage",
            json!({
                "channel": "outages", "text": "old", "blocks": section("old"),
                "metadata": metadata, "attachments": [{"color": "#d00000", "text": "bar"}],
            }),
        )
        .await;
    assert_eq!(posted["message"]["blocks"][0]["text"]["verbatim"], false);
    let ts = posted["ts"].clone();
    let kept = stage
        .api(
            "chat.update",
            json!({"channel": "C0OUTAGES", "ts": ts, "attachments": []}),
        )
        .await;
    assert!(kept["message"]["blocks"].is_array());
    assert!(kept["message"]["attachments"].is_null());
    let updated = stage
        .api(
            "chat.update",
            json!({"channel": "C0OUTAGES", "ts": ts, "text": "new"}),
        )
        .await;
    assert_eq!(updated["ok"], true);
    assert!(updated["message"]["blocks"].is_null());
    let with = json!({"channel": "C0OUTAGES", "include_all_metadata": true});
    let history = stage.api("conversations.history", with).await;
    assert_eq!(history["messages"][0]["metadata"], metadata);
    let without = json!({"channel": "C0OUTAGES"});
    let history = stage.api("conversations.history", without).await;
    assert!(history["messages"][0]["metadata"].is_null());
    assert_eq!(history["messages"][0]["edited"]["user"], "U0BALEFIRE");
}

#[tokio::test]
async fn refusals_have_slacks_names() {
    let stage = Stage::start().await;
    let ts = stage.post("hello").await;
    let said = stage
        .control(
            "message",
            json!({"user": "bo", "channel": "outages", "text": "hi"}),
        )
        .await;
    let cases = [
        (
            "chat.postMessage",
            json!({"text": "x"}),
            "invalid_arguments",
        ),
        (
            "chat.postMessage",
            json!({"channel": "C0OUTAGES"}),
            "no_text",
        ),
        (
            "chat.postMessage",
            json!({"channel": "nowhere", "text": "x"}),
            "channel_not_found",
        ),
        (
            "chat.update",
            json!({"channel": "C0OUTAGES", "ts": ts, "text": "x".repeat(4001)}),
            "msg_too_long",
        ),
        (
            "chat.update",
            json!({"channel": "C0OUTAGES", "ts": said["ts"], "text": "x"}),
            "cant_update_message",
        ),
        (
            "chat.update",
            json!({"channel": "C0OUTAGES", "ts": "1.000000", "text": "x"}),
            "message_not_found",
        ),
        (
            "chat.delete",
            json!({"channel": "C0OUTAGES", "ts": said["ts"]}),
            "cant_delete_message",
        ),
        (
            "pins.remove",
            json!({"channel": "C0OUTAGES", "timestamp": ts}),
            "no_pin",
        ),
        ("users.info", json!({"user": "U0NOBODY"}), "user_not_found"),
        (
            "users.lookupByEmail",
            json!({"email": "nobody@example.com"}),
            "users_not_found",
        ),
        (
            "conversations.history",
            json!({"channel": "C0OUTAGES", "cursor": "x"}),
            "invalid_cursor",
        ),
        (
            "conversations.replies",
            json!({"channel": "C0OUTAGES", "ts": "1.000000"}),
            "thread_not_found",
        ),
        ("files.list", json!({}), "unknown_method"),
    ];
    for (method, arguments, error) in cases {
        let answer = stage.api(method, arguments).await;
        assert_eq!(answer["error"], error, "{method}: {answer}");
    }
    let missing = stage.api("chat.postMessage", json!({"text": "x"})).await;
    assert_eq!(
        missing["response_metadata"]["messages"][0],
        "[ERROR] missing required field: channel"
    );
}

#[tokio::test]
async fn channels_can_be_closed_to_the_app() {
    let stage = Stage::start().await;
    let hello = json!({"channel": "sales", "text": "hello"});
    stage
        .control("channel", json!({"channel": "sales", "remove": "balefire"}))
        .await;
    let answer = stage.api("chat.postMessage", hello.clone()).await;
    assert_eq!(answer["error"], "not_in_channel");
    stage
        .api("conversations.join", json!({"channel": "C0SALES"}))
        .await;
    stage
        .control("channel", json!({"channel": "sales", "archived": true}))
        .await;
    let answer = stage.api("chat.postMessage", hello).await;
    assert_eq!(answer["error"], "is_archived");
}

#[tokio::test]
async fn invalid_blocks_list_their_problems_twice() {
    let stage = Stage::start().await;
    let answer = stage
        .api(
            "chat.postMessage",
            json!({"channel": "C0OUTAGES", "blocks": section(&"x".repeat(3001))}),
        )
        .await;
    assert_eq!(answer["error"], "invalid_blocks");
    assert_eq!(
        answer["errors"][1],
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    );
    assert_eq!(
        answer["response_metadata"]["messages"][0],
        "[ERROR] failed to match all allowed schemas [json-pointer:/blocks/0/text]"
    );
}

#[tokio::test]
async fn threads_count_and_leave_tombstones() {
    let stage = Stage::start().await;
    let parent = stage.post("parent").await;
    stage.post("another").await;
    let reply =
        |text: &str, ts: &Value| json!({"channel": "C0OUTAGES", "text": text, "thread_ts": ts});
    let first = stage
        .api("chat.postMessage", reply("one", &json!(parent)))
        .await;
    // A reply to a reply belongs to the parent's thread.
    let second = stage
        .api("chat.postMessage", reply("two", &first["ts"]))
        .await;
    assert_eq!(second["message"]["thread_ts"], json!(parent));
    let history = stage
        .api("conversations.history", json!({"channel": "C0OUTAGES"}))
        .await;
    let messages = history["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[1]["reply_count"], 2);
    assert_eq!(messages[1]["latest_reply"], second["ts"]);
    assert_eq!(messages[1]["reply_users"], json!(["U0BALEFIRE"]));
    let thread = json!({"channel": "C0OUTAGES", "ts": parent});
    stage.api("chat.delete", thread.clone()).await;
    let replies = stage.api("conversations.replies", thread).await;
    assert_eq!(replies["messages"][0]["subtype"], "tombstone");
    assert_eq!(replies["messages"][2]["text"], "two");
}

#[tokio::test]
async fn history_has_pages_and_windows() {
    let stage = Stage::start().await;
    let mut all = Vec::new();
    for number in 0..5 {
        all.push(stage.post(&number.to_string()).await);
    }
    let history = |more: Value| {
        let mut arguments = json!({"channel": "C0OUTAGES"});
        for (name, value) in more.as_object().unwrap() {
            arguments[name.as_str()] = value.clone();
        }
        stage.api("conversations.history", arguments)
    };
    let texts = |answer: &Value| -> Vec<String> {
        let messages = answer["messages"].as_array().unwrap();
        let text = |one: &Value| one["text"].as_str().unwrap().to_owned();
        messages.iter().map(text).collect()
    };
    let first = history(json!({"limit": 2})).await;
    assert_eq!(texts(&first), ["4", "3"]);
    assert_eq!(first["has_more"], true);
    let cursor = first["response_metadata"]["next_cursor"].clone();
    stage.post("newer").await;
    let second = history(json!({"limit": 2, "cursor": cursor})).await;
    assert_eq!(texts(&second), ["2", "1"]);
    let one = history(json!({"latest": all[2], "inclusive": true, "limit": 1})).await;
    assert_eq!(texts(&one), ["2"]);
    let between = history(json!({"oldest": all[0], "latest": all[3]})).await;
    assert_eq!(texts(&between), ["2", "1"]);
}

#[tokio::test]
async fn pins_reactions_and_links() {
    let stage = Stage::start().await;
    let ts = stage.post("pin me").await;
    let target = json!({"channel": "C0OUTAGES", "timestamp": ts});
    assert_eq!(stage.api("pins.add", target.clone()).await["ok"], true);
    let again = stage.api("pins.add", target.clone()).await;
    assert_eq!(again["error"], "already_pinned");
    let pins = stage
        .api("pins.list", json!({"channel": "C0OUTAGES"}))
        .await;
    assert_eq!(pins["items"][0]["message"]["ts"], json!(ts));
    let mut reaction = target.clone();
    reaction["name"] = json!("eyes");
    assert_eq!(
        stage.api("reactions.add", reaction.clone()).await["ok"],
        true
    );
    let again = stage.api("reactions.add", reaction).await;
    assert_eq!(again["error"], "already_reacted");
    let got = stage.api("reactions.get", target).await;
    assert_eq!(
        got["message"]["reactions"][0]["users"],
        json!(["U0BALEFIRE"])
    );
    let link = json!({"channel": "C0OUTAGES", "message_ts": ts});
    let link = stage.api("chat.getPermalink", link).await;
    let expected = format!(
        "https://balefire-demo.slack.com/archives/C0OUTAGES/p{}",
        ts.replace('.', "")
    );
    assert_eq!(link["permalink"], json!(expected));
}

#[tokio::test]
async fn a_person_is_a_direct_conversation() {
    let stage = Stage::start().await;
    let posted = stage
        .api(
            "chat.postMessage",
            json!({"channel": "U0BO", "text": "psst"}),
        )
        .await;
    let opened = stage
        .api("conversations.open", json!({"users": "U0BO"}))
        .await;
    assert_eq!(posted["channel"], opened["channel"]["id"]);
    assert_eq!(opened["already_open"], true);
    let costume = stage
        .api(
            "chat.postMessage",
            json!({"channel": "C0SALES", "text": "x", "username": "Ana (via app)", "icon_url": "https://example.com/a.png"}),
        )
        .await;
    assert_eq!(costume["message"]["username"], "Ana (via app)");
    assert_eq!(costume["message"]["subtype"], "bot_message");
}

#[tokio::test]
async fn calls_are_read_however_they_are_sent() {
    let stage = Stage::start().await;
    let url = |method: &str| format!("{}/{method}", stage.sandbox.api_url());
    let form = stage
        .http
        .post(url("chat.postMessage"))
        .form(&[
            ("token", super::TOKEN),
            ("channel", "C0OUTAGES"),
            ("blocks", r#"[{"type":"divider"}]"#),
            ("unknown", "ignored"),
        ])
        .send()
        .await
        .unwrap();
    let answer: Value = form.json().await.unwrap();
    assert_eq!(answer["message"]["blocks"][0]["type"], "divider");
    let get = stage
        .http
        .get(url("users.info?user=U0ANA"))
        .bearer_auth(super::TOKEN)
        .send()
        .await
        .unwrap();
    let answer: Value = get.json().await.unwrap();
    assert_eq!(answer["user"]["profile"]["email"], "ana@example.com");
    let query = stage.http.get(url("auth.test?token=xoxb-test"));
    let answer: Value = query.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["error"], "not_authed");
    let wrong = stage.http.get(url("auth.test")).bearer_auth("xoxb-other");
    let answer: Value = wrong.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["error"], "invalid_auth");
}
