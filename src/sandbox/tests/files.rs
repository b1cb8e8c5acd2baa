//! Files: up, into a message, and down again; links and what the app shows below them.

use super::{Stage, TOKEN};
use serde_json::{Value, json};

async fn begin(stage: &Stage, name: &str) -> (String, String) {
    let asked = json!({"filename": name, "length": 5});
    let answer = stage.api("files.getUploadURLExternal", asked).await;
    let url = answer["upload_url"].as_str().unwrap().to_owned();
    (url, answer["file_id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_file_goes_up_and_into_a_message() {
    let stage = Stage::start().await;
    let (url, id) = begin(&stage, "log.txt").await;
    let files = json!([{"id": id, "title": "The log"}]);
    let complete = json!({
        "files": files, "channel_id": "C0OUTAGES", "initial_comment": "See here",
    });
    let early = stage.api("files.completeUploadExternal", complete.clone());
    assert_eq!(early.await["error"], "file_not_found");
    let sent = stage.http.post(&url).body("hello").send().await.unwrap();
    assert_eq!(sent.status(), 200);
    assert_eq!(sent.text().await.unwrap(), "OK - 5");
    let twice = stage.http.post(&url).body("again").send().await.unwrap();
    assert_eq!(twice.status(), 404);
    let done = stage.api("files.completeUploadExternal", complete).await;
    assert_eq!(done["files"][0]["title"], "The log", "{done}");
    let message = stage.messages("C0OUTAGES").await[0].clone();
    assert_eq!(message["text"], "See here");
    assert_eq!(message["files"][0]["id"], json!(id));
    assert_eq!(message["files"][0]["mimetype"], "text/plain");
    let shared = stage.app.wait_for("events", 3).await;
    let mut kinds: Vec<String> = shared
        .iter()
        .map(|call| call.event()["event"].clone())
        .map(|event| format!("{} {}", event["type"], event["subtype"]))
        .collect();
    kinds.sort();
    assert_eq!(
        kinds,
        [
            "\"file_created\" null",
            "\"file_shared\" null",
            "\"message\" \"file_share\"",
        ]
    );
    let info = stage.api("files.info", json!({"file": id})).await;
    let file = &info["file"];
    assert_eq!(file["channels"], json!(["C0OUTAGES"]));
    assert_eq!(
        file["shares"]["public"]["C0OUTAGES"][0]["ts"],
        message["ts"]
    );
    let private = file["url_private"].as_str().unwrap();
    let content = stage
        .http
        .get(private)
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap();
    assert_eq!(content.text().await.unwrap(), "hello");
    let stranger = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let refused = stranger.get(private).send().await.unwrap();
    assert_eq!(refused.status(), 302);
}

#[tokio::test]
async fn sending_bytes_can_fail_and_is_written_down() {
    let stage = Stage::start().await;
    let (url, id) = begin(&stage, "log.txt").await;
    let faults = json!({"rules": [{"method": "upload", "kind": "http_500"}]});
    stage.control("faults", faults).await;
    let failed = stage.http.post(&url).body("hello").send().await.unwrap();
    assert_eq!(failed.status(), 500);
    let sent = stage.http.post(&url).body("hello").send().await.unwrap();
    assert_eq!(sent.status(), 200);
    let journal = stage.look("journal?since=1").await;
    let entries = journal["entries"].as_array().unwrap();
    assert_eq!(entries[0]["method"], "upload");
    assert_eq!(entries[0]["status"], 500);
    assert_eq!(entries[1]["arguments"], json!({"file": id, "length": 5}));
}

#[tokio::test]
async fn a_file_in_a_form_goes_into_a_thread() {
    let stage = Stage::start().await;
    let ts = stage.post("outage").await;
    let (url, id) = begin(&stage, "page.png").await;
    let body = "--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"page.png\"\r\n\
                Content-Type: image/png\r\n\r\nPNG\r\n--xx--\r\n";
    let request = stage.http.post(&url);
    let request = request.header("content-type", "multipart/form-data; boundary=xx");
    let sent = request.body(body).send().await.unwrap();
    assert_eq!(sent.text().await.unwrap(), "OK - 3");
    let complete = json!({"files": [{"id": id}], "channel_id": "C0OUTAGES", "thread_ts": ts});
    let done = stage.api("files.completeUploadExternal", complete).await;
    assert_eq!(done["files"][0]["size"], 3);
    let thread = json!({"channel": "C0OUTAGES", "ts": ts});
    let thread = stage.api("conversations.replies", thread).await;
    assert_eq!(thread["messages"][1]["files"][0]["name"], "page.png");
}

#[tokio::test]
async fn links_to_the_apps_domains_are_unfolded() {
    let stage = Stage::start().await;
    let domains = json!({"unfurl_domains": ["example.com"]});
    stage.control("app", domains).await;
    let text =
        "see https://status.example.com/a?b=1, or https://other.test/ <https://example.com/x|x>";
    let said = json!({"user": "ana", "channel": "outages", "text": text});
    let said = stage.control("message", said).await;
    let calls = stage.app.wait_for("events", 2).await;
    let event = calls
        .iter()
        .map(|call| call.event()["event"].clone())
        .find(|event| event["type"] == "link_shared")
        .unwrap();
    assert_eq!(event["message_ts"], said["ts"]);
    assert_eq!(
        event["links"],
        json!([
            {"domain": "example.com", "url": "https://status.example.com/a?b=1"},
            {"domain": "example.com", "url": "https://example.com/x"},
        ])
    );
    let shown = json!({"https://example.com/x": {"blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "text": "All good"}},
    ]}});
    let unfurl = json!({
        "unfurl_id": event["unfurl_id"], "source": event["source"], "unfurls": shown,
    });
    assert_eq!(stage.api("chat.unfurl", unfurl).await["ok"], true);
    let message = stage.messages("C0OUTAGES").await[0].clone();
    let attachment = &message["attachments"][0];
    assert_eq!(attachment["from_url"], "https://example.com/x");
    assert_eq!(attachment["is_app_unfurl"], true);
    let elsewhere = json!({
        "channel": "C0OUTAGES", "ts": said["ts"],
        "unfurls": {"https://nowhere.test/": {"text": "x"}},
    });
    let refused = stage.api("chat.unfurl", elsewhere).await;
    assert_eq!(refused["error"], "cannot_unfurl_url");
    let refused = stage.api(
        "chat.unfurl",
        json!({"channel": "C0OUTAGES", "ts": said["ts"]}),
    );
    assert_eq!(refused.await["error"], "missing_unfurls");
    assert_eq!(message["attachments"].as_array().map(Vec::len), Some(1));
    assert_eq!(message["edited"], Value::Null);
}
