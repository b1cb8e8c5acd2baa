//! Socket Mode: how a connection is opened, what goes over it and back, and how it ends.

use super::{APP_TOKEN, Stage, TOKEN, modal};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// An app's end of a connection.
struct Client(WebSocketStream<TcpStream>);

impl Client {
    async fn next(&mut self) -> Option<Message> {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(5), self.0.next());
            match next.await.expect("a frame within five seconds") {
                None | Some(Err(_)) => return None,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return Some(message),
            }
        }
    }

    async fn json(&mut self) -> Value {
        let frame = self.next().await.expect("a frame");
        serde_json::from_str(frame.to_text().unwrap()).unwrap()
    }

    async fn ack(&mut self, envelope: &Value, payload: Option<Value>) {
        let mut ack = json!({"envelope_id": envelope["envelope_id"]});
        if let Some(payload) = payload {
            ack["payload"] = payload;
        }
        self.0.send(Message::text(ack.to_string())).await.unwrap();
    }

    /// Reads one envelope and acknowledges it.
    async fn answer(&mut self, payload: Option<Value>) -> Value {
        let envelope = self.json().await;
        self.ack(&envelope, payload).await;
        envelope
    }

    /// Whether the connection ended, and with which code.
    async fn end(&mut self) -> Option<u16> {
        match self.next().await {
            Some(Message::Close(frame)) => frame.map(|frame| frame.code.into()),
            Some(other) => panic!("{other} instead of the end"),
            None => None,
        }
    }
}

async fn open(stage: &Stage, token: &str) -> Value {
    let request = stage
        .http
        .post(format!("{}/apps.connections.open", stage.sandbox.api_url()))
        .bearer_auth(token);
    request.send().await.unwrap().json().await.unwrap()
}

async fn try_connect(url: &str) -> Option<Client> {
    let address = url.strip_prefix("ws://").unwrap();
    let address = address.split('/').next().unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let opened = tokio_tungstenite::client_async(url, stream).await;
    opened.ok().map(|(socket, _)| Client(socket))
}

async fn connect(stage: &Stage) -> Client {
    let opened = open(stage, APP_TOKEN).await;
    try_connect(opened["url"].as_str().unwrap()).await.unwrap()
}

/// A connection that has said hello.
async fn ready(stage: &Stage) -> Client {
    let mut client = connect(stage).await;
    assert_eq!(client.json().await["type"], "hello");
    client
}

async fn socket_mode() -> Stage {
    socket_mode_with(Duration::from_secs(3)).await
}

async fn socket_mode_with(patience: Duration) -> Stage {
    let stage = Stage::start_with(patience).await;
    stage.control("app", json!({"socket_mode": true})).await;
    stage
}

fn typed(text: &str) -> Value {
    json!({"user": "ana", "channel": "outages", "text": text, "wait_ms": 0})
}

#[tokio::test]
async fn a_connection_takes_the_app_token_and_a_ticket_used_once() {
    let stage = socket_mode().await;
    assert_eq!(open(&stage, TOKEN).await["error"], "not_allowed_token_type");
    assert_eq!(open(&stage, "xapp-other").await["error"], "invalid_auth");
    let other = stage
        .http
        .post(format!("{}/auth.test", stage.sandbox.api_url()));
    let other: Value = other
        .bearer_auth(APP_TOKEN)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(other["error"], "not_allowed_token_type");
    let opened = open(&stage, APP_TOKEN).await;
    let url = opened["url"].as_str().unwrap();
    assert!(url.contains("app_id=A0BALEFIRE"), "{url}");
    let mut client = try_connect(url).await.unwrap();
    let hello = client.json().await;
    assert_eq!(hello["num_connections"], 1);
    assert_eq!(hello["connection_info"]["app_id"], "A0BALEFIRE");
    assert_eq!(hello["debug_info"]["approximate_connection_time"], 18060);
    assert!(try_connect(url).await.is_none());
    let state = stage.look("state").await;
    assert_eq!(state["sockets"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn commands_and_interactions_go_over_the_socket() {
    let stage = socket_mode().await;
    let mut client = ready(&stage).await;
    let command = typed("/outage cards");
    let (seen, envelope) = tokio::join!(
        stage.control("command", command),
        client.answer(Some(json!({"text": "Noted"})))
    );
    assert_eq!(envelope["type"], "slash_commands");
    assert_eq!(envelope["accepts_response_payload"], true);
    assert_eq!(envelope["payload"]["text"], "cards");
    assert_eq!(envelope["payload"]["is_enterprise_install"], "false");
    assert_eq!(seen["seen"]["ephemeral"]["text"], "Noted");
    assert!(stage.app.received("commands").is_empty());
    let view = modal(json!([{
        "type": "input", "block_id": "name", "label": {"type": "plain_text", "text": "Name"},
        "element": {"type": "plain_text_input", "action_id": "x"},
    }]));
    let trigger = envelope["payload"]["trigger_id"].clone();
    let opened = json!({"trigger_id": trigger, "view": view});
    assert_eq!(stage.api("views.open", opened).await["ok"], true);
    let errors = json!({"response_action": "errors", "errors": {"name": "Too short"}});
    let submit = json!({"user": "ana", "values": {"name": "x"}});
    let (seen, envelope) = tokio::join!(
        stage.control("submit", submit.clone()),
        client.answer(Some(errors))
    );
    assert_eq!(envelope["type"], "interactive");
    assert_eq!(envelope["payload"]["type"], "view_submission");
    assert_eq!(seen["seen"]["errors"]["name"], "Too short");
    // An empty object counts as nothing.
    let (seen, _) = tokio::join!(
        stage.control("submit", submit),
        client.answer(Some(json!({})))
    );
    assert_eq!(seen["seen"]["closed"], true, "{seen}");
}

#[tokio::test]
async fn events_go_over_the_socket_and_are_sent_again() {
    let stage = socket_mode_with(Duration::from_millis(60)).await;
    let mut client = ready(&stage).await;
    let ts = stage.post("hello").await;
    let first = client.json().await;
    assert_eq!(first["type"], "events_api");
    assert_eq!(first["accepts_response_payload"], false);
    assert_eq!(first["retry_attempt"], 0);
    assert_eq!(first["retry_reason"], "");
    assert_eq!(first["payload"]["event"]["ts"], json!(ts));
    // Not acknowledged in time.
    let again = client.answer(Some(json!({}))).await;
    assert_eq!(again["retry_attempt"], 1);
    assert_eq!(again["retry_reason"], "timeout");
    assert_eq!(again["payload"], first["payload"]);
    assert_ne!(again["envelope_id"], first["envelope_id"]);
    // Too late for the first one: nothing happens.
    client.ack(&first, None).await;
    let (seen, _) = tokio::join!(stage.control("command", typed("x")), client.json());
    assert_eq!(seen["seen"]["error"], "operation_timeout");
    assert!(stage.app.received("events").is_empty());
}

#[tokio::test]
async fn without_a_connection_commands_fail_and_events_wait() {
    let stage = socket_mode().await;
    let seen = stage.control("command", typed("x")).await;
    assert_eq!(seen["seen"]["error"], "dispatch_failed");
    let ts = stage.post("hello").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut client = ready(&stage).await;
    let advanced = json!({"advance_seconds": 61});
    let (_, envelope) = tokio::join!(stage.control("clock", advanced), client.answer(None));
    assert_eq!(envelope["payload"]["event"]["ts"], json!(ts));
    assert_eq!(envelope["retry_attempt"], 2);
}

#[tokio::test]
async fn ten_connections_share_what_comes_and_the_eleventh_is_turned_away() {
    let stage = socket_mode().await;
    let mut clients = Vec::new();
    for number in 1..=10 {
        let mut client = connect(&stage).await;
        assert_eq!(client.json().await["num_connections"], number);
        clients.push(client);
    }
    let mut late = connect(&stage).await;
    let turned_away = late.json().await;
    assert_eq!(turned_away["type"], "disconnect");
    assert_eq!(turned_away["reason"], "too_many_websockets");
    late.end().await;
    for mut client in clients {
        tokio::spawn(async move {
            loop {
                client.answer(None).await;
            }
        });
    }
    for _ in 0..40 {
        stage.control("command", typed("x")).await;
    }
    let state = stage.look("state").await;
    let sockets = state["sockets"].as_array().unwrap();
    let acked: Vec<u64> = sockets
        .iter()
        .map(|one| one["acked"].as_u64().unwrap())
        .collect();
    assert_eq!(acked.iter().sum::<u64>(), 40);
    assert!(acked.iter().all(|count| *count < 40), "{acked:?}");
}

#[tokio::test]
async fn connections_end_in_every_way() {
    let stage = socket_mode().await;
    let socket = |body: Value| stage.control("socket", body);
    assert_eq!(socket(json!({"drop": true})).await["ok"], false);

    let mut client = ready(&stage).await;
    socket(json!({"disconnect": "warning", "close_after_ms": 20})).await;
    let warning = client.json().await;
    assert_eq!(warning["type"], "disconnect");
    assert_eq!(warning["reason"], "warning");
    assert!(warning["debug_info"]["host"].is_string());
    assert_eq!(client.end().await, Some(1000));

    let mut client = ready(&stage).await;
    socket(json!({"disconnect": "link_disabled"})).await;
    assert_eq!(client.json().await["reason"], "link_disabled");
    assert_eq!(client.end().await, Some(1000));

    let mut client = ready(&stage).await;
    socket(json!({"close_code": 1011})).await;
    assert_eq!(client.end().await, Some(1011));

    let mut client = ready(&stage).await;
    socket(json!({"garbage": "{not json"})).await;
    assert_eq!(client.next().await, Some(Message::text("{not json")));
    socket(json!({"drop": true})).await;
    assert_eq!(client.end().await, None);

    let mut client = ready(&stage).await;
    socket(json!({"cut_mid_frame": true})).await;
    assert_eq!(client.end().await, None);

    let _unheard = ready(&stage).await;
    assert_eq!(socket(json!({"silent": true})).await["connections"], 1);
    let state = stage.look("state").await;
    assert_eq!(state["sockets"][0]["silent"], true);
    assert_eq!(state["sockets"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_silent_connection_answers_nothing_until_it_speaks_again() {
    let stage = socket_mode_with(Duration::from_millis(60)).await;
    let mut client = ready(&stage).await;
    stage.control("socket", json!({"silent": true})).await;
    let seen = stage.control("command", typed("x")).await;
    assert_eq!(seen["seen"]["error"], "operation_timeout");
    stage.control("socket", json!({"silent": false})).await;
    let (seen, _) = tokio::join!(stage.control("command", typed("y")), client.answer(None));
    assert_eq!(seen["seen"]["error"], Value::Null);
}

#[tokio::test]
async fn switched_off_it_disables_links_and_calls_over_http_again() {
    let stage = socket_mode().await;
    let mut client = ready(&stage).await;
    stage.control("app", json!({"socket_mode": false})).await;
    assert_eq!(client.json().await["reason"], "link_disabled");
    stage.control("command", typed("x")).await;
    assert_eq!(stage.app.received("commands").len(), 1);
    let mut late = connect(&stage).await;
    assert_eq!(late.json().await["reason"], "link_disabled");
    late.end().await;
}

#[tokio::test]
async fn a_workspace_begins_as_its_options_say() {
    let stage = Stage::start_like(Duration::from_secs(3), |options| {
        options.app_url = None;
        options.app_token = Some("xapp-2".to_owned());
        options.socket_mode = true;
        options.scopes = Some(vec!["chat:write".to_owned()]);
    });
    let stage = stage.await.unwrap();
    assert_eq!(open(&stage, APP_TOKEN).await["error"], "invalid_auth");
    let opened = open(&stage, "xapp-2").await;
    let mut client = try_connect(opened["url"].as_str().unwrap()).await.unwrap();
    assert_eq!(client.json().await["type"], "hello");
    let refused = stage.api("users.list", json!({})).await;
    assert_eq!(refused["provided"], "chat:write");
}

#[tokio::test]
async fn pings_are_answered() {
    let stage = socket_mode().await;
    let mut client = ready(&stage).await;
    client
        .0
        .send(Message::Ping("are you there".into()))
        .await
        .unwrap();
    let answer = client.0.next().await.unwrap().unwrap();
    assert_eq!(answer, Message::Pong("are you there".into()));
}

#[tokio::test]
async fn a_closing_frame_is_answered() {
    let stage = socket_mode().await;
    let mut client = ready(&stage).await;
    let frame = CloseFrame {
        code: 1000.into(),
        reason: "".into(),
    };
    client.0.send(Message::Close(Some(frame))).await.unwrap();
    assert_eq!(client.end().await, Some(1000));
}

#[tokio::test]
async fn stopping_closes_connections() {
    let stage = socket_mode().await;
    let mut client = ready(&stage).await;
    let (end, ()) = tokio::join!(client.end(), stage.sandbox.stop());
    assert_eq!(end, Some(1001));
}
