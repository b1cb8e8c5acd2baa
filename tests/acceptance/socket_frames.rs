//! Socket Mode frame by frame, against a Slack that is nothing but a WebSocket and three methods.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Json, Router, extract::State, routing::post};
use balefire::{
    app::{App, Running},
    clock::Clock,
    config::{self, Checks, Sources},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};
use tokio_util::task::TaskTracker;

use crate::databases::{self, Scratch};

/// What was sent to the response address.
type Hooks = Arc<Mutex<Vec<Value>>>;

/// The bare Slack, and Balefire with two connections to it.
struct Bare {
    sockets: Vec<WebSocketStream<TcpStream>>,
    listener: TcpListener,
    hook_url: String,
    hooks: Hooks,
    db: balefire::store::Db,
    running: Running,
    _scratch: Scratch,
}

async fn web_api(link: SocketAddr, hooks: Hooks) -> SocketAddr {
    let team = json!({ "ok": true, "team_id": "T1", "team": "Team", "url": "https://t.slack.com/",
        "user_id": "U0BOT", "bot_id": "B1" });
    let opened = json!({ "ok": true, "url": format!("ws://{link}/link?ticket=1") });
    let hook = |State(hooks): State<Hooks>, Json(body): Json<Value>| async move {
        hooks.lock().unwrap().push(body);
    };
    let router = Router::new()
        .route("/api/auth.test", post(|| async { Json(team) }))
        .route(
            "/api/apps.connections.open",
            post(|| async { Json(opened) }),
        )
        .route("/hook", post(hook))
        .with_state(hooks);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

impl Bare {
    async fn start() -> Bare {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hooks = Hooks::default();
        let api = web_api(listener.local_addr().unwrap(), hooks.clone()).await;
        let settings = format!(
            r#"
            [slack]
            mode = "socket"
            app_token = "xapp-1"
            bot_token = "xoxb-1"
            announce_channel = "C0OUTAGES"
            api_url = "http://{api}/api"
            "#
        );
        let sources = Sources {
            file: None,
            environment: Vec::new(),
            flags: settings.parse().unwrap(),
        };
        let checks = Checks {
            zone_exists: |_| true,
            log_filter: |_| Ok(()),
        };
        let settings = config::load(&sources, &checks).unwrap_or_else(|it| panic!("{it}"));
        let scratch = databases::sqlite().await;
        let app = App::with_database(settings, scratch.db.clone(), Clock::system()).unwrap();
        app.connect().await.unwrap();
        let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = app.serve(http, TaskTracker::new()).unwrap();
        let mut bare = Bare {
            sockets: Vec::new(),
            listener,
            hook_url: format!("http://{api}/hook"),
            hooks,
            db: scratch.db.clone(),
            running,
            _scratch: scratch,
        };
        bare.accepts().await;
        bare.accepts().await;
        bare
    }

    /// Takes the next connection, and says hello.
    async fn accepts(&mut self) {
        let (stream, _) = self.listener.accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        let hello = Message::text(r#"{"type":"hello"}"#);
        socket.send(hello).await.unwrap();
        self.sockets.push(socket);
    }

    async fn says(&mut self, frame: &Value) {
        let frame = Message::text(frame.to_string());
        self.sockets[0].send(frame).await.unwrap();
    }

    /// The next acknowledgement; none when there is none within `span`.
    async fn hears(&mut self, span: Duration) -> Option<Value> {
        let next = async {
            loop {
                if let Message::Text(text) = self.sockets[0].next().await.unwrap().unwrap() {
                    return serde_json::from_str(&text).unwrap();
                }
            }
        };
        tokio::time::timeout(span, next).await.ok()
    }

    async fn answers(&mut self, frame: &Value) -> Value {
        self.says(frame).await;
        let heard = self.hears(Duration::from_secs(5)).await;
        heard.unwrap_or_else(|| panic!("no acknowledgement of {frame}"))
    }

    /// What was sent to the response address, waited for.
    async fn hooked(&self) -> Value {
        for _ in 0..2000 {
            if let Some(body) = self.hooks.lock().unwrap().pop() {
                return body;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("nothing came to the response address");
    }

    fn command(&self, id: &str, text: &str, takes_answer: bool) -> Value {
        json!({
            "envelope_id": id, "type": "slash_commands", "accepts_response_payload": takes_answer,
            "payload": { "command": "/outage", "text": text, "user_id": "U1", "user_name": "ana",
                "trigger_id": format!("1.{id}"), "channel_id": "C1", "team_id": "T1",
                "response_url": self.hook_url, "is_enterprise_install": false, "novel": null },
        })
    }
}

fn plain(id: &str) -> Value {
    json!({ "envelope_id": id })
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_ride_on_acknowledgements_or_go_to_the_response_address() {
    let mut bare = Bare::start().await;
    let help = bare.command("1", "help", true);
    let heard = bare.answers(&help).await;
    assert_eq!(heard["envelope_id"], "1");
    assert_eq!(heard["payload"]["response_type"], "ephemeral");
    let help = bare.command("2", "help", false);
    assert_eq!(bare.answers(&help).await, plain("2"));
    let hooked = bare.hooked().await;
    assert_eq!(hooked["response_type"], "ephemeral");
    assert_eq!(hooked["text"], heard["payload"]["text"]);
    bare.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_envelope_is_acknowledged() {
    let mut bare = Bare::start().await;
    let envelope = |id: &str, kind: &str, payload: Value| json!({ "envelope_id": id, "type": kind, "payload": payload });
    let event = |kind: &str| json!({ "type": "event_callback", "event_id": "Ev1", "event": { "type": kind, "user": { "id": "U1" } } });
    for (kind, payload) in [
        ("events_api", event("user_change")),
        ("events_api", event("user_change")),
        ("events_api", event("never_heard_of")),
        ("events_api", json!({ "type": "app_rate_limited" })),
        // It would be as unreadable the next time.
        ("events_api", json!({ "type": "event_callback" })),
        ("events_api", json!(null)),
        ("tea", json!({ "milk": true })),
        ("", json!(7)),
        (
            "interactive",
            json!({ "type": "view_closed", "user": { "id": "U1" } }),
        ),
        ("interactive", json!({ "type": "of_a_new_kind" })),
    ] {
        let frame = envelope("1", kind, payload);
        assert_eq!(bare.answers(&frame).await, plain("1"), "{frame}");
    }
    let form = json!({
        "type": "view_submission", "user": { "id": "U1", "name": "ana" },
        "view": { "id": "V9", "callback_id": "balefire.v0.gone", "private_metadata": "{}",
                  "blocks": [{ "type": "input", "block_id": "words" }], "state": { "values": {} } },
    });
    let mut frame = envelope("2", "interactive", form);
    frame["accepts_response_payload"] = json!(true);
    let heard = bare.answers(&frame).await;
    assert_eq!(heard["payload"]["response_action"], "errors", "{heard}");
    // What people did and we cannot read is not passed over in silence: Slack tells them.
    for kind in ["slash_commands", "interactive"] {
        bare.says(&envelope("3", kind, json!({}))).await;
    }
    assert_eq!(bare.hears(Duration::from_millis(300)).await, None);
    bare.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_kept_is_not_acknowledged() {
    let mut bare = Bare::start().await;
    let writes = bare.db.begin().await.unwrap();
    let event = json!({ "envelope_id": "1", "type": "events_api", "payload": {
        "type": "event_callback", "event_id": "Ev1",
        "event": { "type": "user_change", "user": { "id": "U1" } } } });
    bare.says(&event).await;
    assert_eq!(bare.hears(Duration::from_millis(2900)).await, None);
    drop(writes);
    assert_eq!(
        bare.answers(&event).await,
        plain("1"),
        "the next time it is"
    );
    bare.running.stop().await;
}

/// As long as this is held, nobody else can read.
async fn all_reads(db: &balefire::store::Db) -> Vec<balefire::store::Tx> {
    let mut reads = Vec::new();
    for _ in 0..4 {
        reads.push(db.read().await.unwrap());
    }
    reads
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_late_follows_to_the_response_address() {
    let mut bare = Bare::start().await;
    let reads = all_reads(&bare.db).await;
    let list = bare.command("1", "list", true);
    let heard = bare.answers(&list).await;
    let text = heard["payload"]["text"].as_str().unwrap();
    assert!(text.contains("takes longer than usual"), "{heard}");
    drop(reads);
    let hooked = bare.hooked().await;
    assert!(
        hooked["text"].as_str().unwrap().contains("outage"),
        "{hooked}"
    );
    assert_eq!(hooked["replace_original"], false);
    bare.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_connection_dropped_goes_to_the_response_address() {
    let mut bare = Bare::start().await;
    let reads = all_reads(&bare.db).await;
    let list = bare.command("1", "list", true);
    bare.says(&list).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    bare.sockets.remove(0);
    bare.accepts().await;
    drop(reads);
    let hooked = bare.hooked().await;
    assert_eq!(hooked["response_type"], "ephemeral");
    bare.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_it_stops_it_closes_its_connections() {
    let mut bare = Bare::start().await;
    let help = bare.command("1", "help", true);
    bare.answers(&help).await;
    let mut socket = bare.sockets.remove(0);
    let stops = tokio::spawn(bare.running.stop());
    let closed = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(_))) => return true,
                Some(Ok(_)) => {}
                _ => return false,
            }
        }
    };
    let closed = tokio::time::timeout(Duration::from_secs(5), closed).await;
    assert_eq!(closed, Ok(true));
    stops.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_very_large_frame_costs_one_connection() {
    let mut bare = Bare::start().await;
    let large = Message::text("x".repeat(17 << 20));
    // It is cut off before it is all there.
    let _ = bare.sockets[0].send(large).await;
    bare.sockets.remove(0);
    bare.accepts().await;
    for _ in 0..2 {
        let help = bare.command("1", "help", true);
        assert_eq!(bare.answers(&help).await["envelope_id"], "1");
        bare.sockets.rotate_left(1);
    }
    bare.running.stop().await;
}
