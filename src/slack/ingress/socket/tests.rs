//! A line against a Slack that misbehaves, on paused time: minutes pass while nobody waits.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncWriteExt, DuplexStream, duplex},
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Bytes, Message, protocol::Role},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Link,
    door::{self, Dial, Trouble},
    frame::{Envelope, acknowledgement},
    line::Line,
    work::{Acknowledgement, Worker},
};
use crate::telemetry::Metrics;

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Opens connections to the test, or refuses to.
struct Fake {
    dials: AtomicUsize,
    refuse: Mutex<Option<Trouble>>,
    far_ends: mpsc::UnboundedSender<WebSocketStream<DuplexStream>>,
}

impl Dial for Fake {
    type Stream = DuplexStream;

    async fn dial(&self) -> Result<WebSocketStream<DuplexStream>, Trouble> {
        self.dials.fetch_add(1, Ordering::SeqCst);
        if let Some(trouble) = self.refuse.lock().unwrap().clone() {
            return Err(trouble);
        }
        let (near, far) = duplex(1 << 20);
        let far = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
        self.far_ends
            .send(far)
            .map_err(|_| Trouble::Other("the test is over".into()))?;
        Ok(WebSocketStream::from_raw_socket(near, Role::Client, Some(door::limits())).await)
    }
}

/// Answers with the payload after `ms`; not at all when that says so.
#[derive(Clone, Default)]
struct Clerk {
    unsent: Arc<Mutex<Vec<Acknowledgement>>>,
}

impl Worker for Clerk {
    async fn work(&self, envelope: Envelope) -> Option<Acknowledgement> {
        let payload = &envelope.payload;
        if let Some(ms) = payload["ms"].as_u64() {
            sleep(Duration::from_millis(ms)).await;
        }
        (payload["fail"] != true).then(|| Acknowledgement {
            text: acknowledgement(&envelope.id, Some(payload)),
            otherwise: None,
        })
    }

    async fn not_sent(&self, acknowledgement: Acknowledgement) {
        self.unsent.lock().unwrap().push(acknowledgement);
    }
}

/// One line, and the far ends of its connections.
struct Desk {
    fake: Arc<Fake>,
    far_ends: mpsc::UnboundedReceiver<WebSocketStream<DuplexStream>>,
    clerk: Clerk,
    link: Arc<Link>,
    metrics: Arc<Metrics>,
    tasks: TaskTracker,
    connections: TaskTracker,
    stop: CancellationToken,
    _line: JoinHandle<()>,
}

impl Desk {
    fn new() -> Desk {
        Desk::refusing(None)
    }

    fn refusing(trouble: Option<Trouble>) -> Desk {
        let (sender, far_ends) = mpsc::unbounded_channel();
        let fake = Arc::new(Fake {
            dials: AtomicUsize::new(0),
            refuse: Mutex::new(trouble),
            far_ends: sender,
        });
        let metrics = Arc::new(Metrics::new());
        let line = Line {
            dial: fake.clone(),
            worker: Clerk::default(),
            link: Link::new(metrics.clone()),
            tasks: TaskTracker::new(),
            connections: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        Desk {
            fake,
            far_ends,
            clerk: line.worker.clone(),
            link: line.link.clone(),
            metrics,
            tasks: line.tasks.clone(),
            connections: line.connections.clone(),
            stop: line.stop.clone(),
            _line: tokio::spawn(line.keep()),
        }
    }

    fn dials(&self) -> usize {
        self.fake.dials.load(Ordering::SeqCst)
    }

    fn refuse(&self, trouble: Option<Trouble>) {
        *self.fake.refuse.lock().unwrap() = trouble;
    }

    /// The far end of the next connection, which must come within a second.
    async fn next(&mut self) -> Peer {
        self.next_within(seconds(1)).await
    }

    async fn next_within(&mut self, span: Duration) -> Peer {
        let far_end = timeout(span, self.far_ends.recv()).await;
        Peer(far_end.expect("no connection").unwrap())
    }

    /// The same, after it said hello.
    async fn greeted(&mut self) -> Peer {
        self.greeted_within(seconds(1)).await
    }

    async fn greeted_within(&mut self, span: Duration) -> Peer {
        let mut peer = self.next_within(span).await;
        peer.says(json!({ "type": "hello" })).await;
        sleep(Duration::from_millis(1)).await;
        peer
    }

    #[track_caller]
    fn counts(&self, line: &str) {
        let text = self.metrics.render();
        assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
    }
}

struct Peer(WebSocketStream<DuplexStream>);

impl Peer {
    async fn says(&mut self, frame: Value) {
        self.sends(Message::text(frame.to_string())).await;
    }

    async fn sends(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// The next frame but pings; none when it was closed.
    async fn hears(&mut self) -> Option<Value> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    async fn asks(&mut self, id: &str, payload: Value) {
        let frame = json!({
            "envelope_id": id, "type": "slash_commands", "payload": payload,
            "accepts_response_payload": true,
        });
        self.says(frame).await;
    }

    /// Whether an envelope is acknowledged.
    async fn is_alive(&mut self) -> bool {
        self.asks("alive", json!({})).await;
        self.hears()
            .await
            .is_some_and(|it| it["envelope_id"] == "alive")
    }
}

#[tokio::test(start_paused = true)]
async fn envelopes_are_acknowledged_as_they_are_done() {
    let mut desk = Desk::new();
    let mut peer = desk.greeted().await;
    assert!(desk.link.stands());
    desk.counts("balefire_slack_sockets_open 1");
    peer.asks("slow", json!({ "ms": 1000, "a": 1 })).await;
    peer.asks("never", json!({ "fail": true })).await;
    peer.asks("quick", json!({ "b": 2 })).await;
    let quick = json!({ "envelope_id": "quick", "payload": { "b": 2 } });
    assert_eq!(peer.hears().await, Some(quick));
    let slow = json!({ "envelope_id": "slow", "payload": { "ms": 1000, "a": 1 } });
    assert_eq!(peer.hears().await, Some(slow));
    let more = timeout(seconds(10), peer.hears()).await;
    assert!(more.is_err(), "what was not done is not acknowledged");
}

#[tokio::test(start_paused = true)]
async fn a_minute_of_silence_ends_a_connection() {
    let mut desk = Desk::new();
    let silent = desk.greeted().await;
    sleep(seconds(59)).await;
    assert_eq!(desk.dials(), 1);
    sleep(seconds(1)).await;
    let mut peer = desk.greeted().await;
    assert!(peer.is_alive().await);
    desk.counts("balefire_slack_socket_reconnects_total{reason=\"silence\"} 1");
    desk.counts("balefire_slack_sockets_open 1");
    drop(silent);
}

#[tokio::test(start_paused = true)]
async fn pings_of_slack_are_signs_of_life() {
    let mut desk = Desk::new();
    let mut peer = desk.greeted().await;
    for number in 0..20_u8 {
        sleep(seconds(50)).await;
        let sign = Bytes::from(vec![number]);
        peer.sends(Message::Ping(sign.clone())).await;
        // Ours wait to be read before it.
        let answered =
            async { while peer.0.next().await.unwrap().unwrap() != Message::Pong(sign.clone()) {} };
        assert!(timeout(seconds(1), answered).await.is_ok(), "{number}");
    }
    assert_eq!(desk.dials(), 1);
}

#[tokio::test(start_paused = true)]
async fn answers_to_our_pings_are_signs_of_life() {
    let mut desk = Desk::new();
    let mut peer = desk.greeted().await;
    assert!(timeout(seconds(3600), peer.hears()).await.is_err());
    assert_eq!(desk.dials(), 1);
    assert!(peer.is_alive().await);
}

#[tokio::test(start_paused = true)]
async fn a_warned_connection_is_replaced_before_it_ends() {
    for reason in ["warning", "refresh_requested", "of a new kind"] {
        let mut desk = Desk::new();
        let mut old = desk.greeted().await;
        old.says(json!({ "type": "disconnect", "reason": reason }))
            .await;
        let mut new = desk.next().await;
        assert!(old.is_alive().await, "the new one has not said hello");
        sleep(seconds(5)).await;
        assert!(old.is_alive().await, "the new one has not said hello");
        new.says(json!({ "type": "hello" })).await;
        sleep(seconds(1)).await;
        desk.counts("balefire_slack_sockets_open 2");
        assert!(old.is_alive().await, "what was sent already is answered");
        let end = timeout(seconds(3), old.hears()).await;
        assert_eq!(end, Ok(None), "then it is closed");
        assert!(new.is_alive().await);
        desk.counts("balefire_slack_sockets_open 1");
        assert_eq!(desk.dials(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_warned_connection_goes_on_while_there_is_no_other() {
    let mut desk = Desk::new();
    let mut old = desk.greeted().await;
    desk.refuse(Some(Trouble::Other("Slack is away".into())));
    old.says(json!({ "type": "disconnect", "reason": "warning" }))
        .await;
    sleep(seconds(30)).await;
    assert!(old.is_alive().await);
    assert!((3..=9).contains(&desk.dials()), "{}", desk.dials());
    desk.refuse(None);
    assert!(desk.greeted_within(seconds(60)).await.is_alive().await);
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_replaced_at_once_and_a_second_one_later() {
    let mut desk = Desk::new();
    let peer = desk.greeted().await;
    drop(peer);
    sleep(Duration::from_millis(10)).await;
    assert!(!desk.link.stands());
    let peer = desk.greeted().await;
    assert!(desk.link.stands());
    drop(peer);
    sleep(Duration::from_millis(990)).await;
    assert_eq!(desk.dials(), 2);
    sleep(Duration::from_millis(1100)).await;
    let peer = desk.greeted().await;
    // Whoever stood for long may be replaced at once again.
    let mut peer = peer;
    assert!(timeout(seconds(61), peer.hears()).await.is_err());
    drop(peer);
    assert!(desk.greeted().await.is_alive().await);
    desk.counts("balefire_slack_socket_reconnects_total{reason=\"broken\"} 3");
}

#[tokio::test(start_paused = true)]
async fn there_is_no_storm_when_slack_closes_after_each_hello() {
    for farewell in [None, Some("warning"), Some("refresh_requested")] {
        let mut desk = Desk::new();
        let began = async {
            loop {
                let Some(far_end) = desk.far_ends.recv().await else {
                    return;
                };
                let mut peer = Peer(far_end);
                peer.says(json!({ "type": "hello" })).await;
                if let Some(reason) = farewell {
                    peer.says(json!({ "type": "disconnect", "reason": reason }))
                        .await;
                }
                peer.0.close(None).await.unwrap();
            }
        };
        assert!(timeout(seconds(3600), began).await.is_err());
        let dials = desk.dials();
        assert!(
            (55..=135).contains(&dials),
            "{dials} connections in an hour"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_only_somebody_can_mend_is_said_once_and_tried_slowly() {
    for code in [
        "invalid_auth",
        "token_revoked",
        "not_allowed_token_type",
        "missing_scope",
    ] {
        let trouble = crate::slack::api::CallError::Refused {
            code: code.into(),
            detail: String::new(),
        };
        let trouble = Trouble::from(trouble);
        assert!(trouble.needs_somebody(), "{code}");
        assert!(
            trouble.to_string().contains(code) && trouble.to_string().contains("connections:write")
        );
        let desk = Desk::refusing(Some(trouble));
        sleep(seconds(299)).await;
        assert_eq!(desk.dials(), 1, "{code}");
        sleep(seconds(3600)).await;
        assert!(
            (11..=13).contains(&desk.dials()),
            "{code}: {}",
            desk.dials()
        );
        assert_eq!(desk.link.told.lock().unwrap().len(), 1);
        assert!(!desk.link.stands());
    }
}

#[tokio::test(start_paused = true)]
async fn a_disabled_link_is_tried_every_five_minutes() {
    let mut desk = Desk::new();
    let mut peer = desk.greeted().await;
    peer.says(json!({ "type": "disconnect", "reason": "link_disabled" }))
        .await;
    drop(peer);
    sleep(seconds(299)).await;
    assert_eq!(desk.dials(), 1);
    // In the place of a hello it means the same.
    let mut peer = desk.next_within(seconds(32)).await;
    peer.says(json!({ "type": "disconnect", "reason": "link_disabled" }))
        .await;
    drop(peer);
    sleep(seconds(299)).await;
    assert_eq!(desk.dials(), 2);
    assert_eq!(desk.link.told.lock().unwrap().len(), 1);
    assert!(desk.greeted_within(seconds(32)).await.is_alive().await);
    desk.counts("balefire_slack_socket_reconnects_total{reason=\"link_disabled\"} 2");
}

#[tokio::test(start_paused = true)]
async fn too_many_connections_and_pauses_are_waited_for() {
    let mut desk = Desk::new();
    let mut peer = desk.next().await;
    peer.says(json!({ "type": "disconnect", "reason": "too_many_websockets" }))
        .await;
    drop(peer);
    sleep(seconds(59)).await;
    assert_eq!(desk.dials(), 1);
    desk.refuse(Some(Trouble::Limited { seconds: 40 }));
    sleep(seconds(8)).await;
    assert_eq!(desk.dials(), 2);
    sleep(seconds(31)).await;
    assert_eq!(desk.dials(), 2);
    desk.refuse(None);
    assert!(desk.greeted_within(seconds(14)).await.is_alive().await);
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_hello_is_given_up() {
    let mut desk = Desk::new();
    let _mute = desk.next().await;
    sleep(seconds(9)).await;
    assert_eq!(desk.dials(), 1);
    sleep(seconds(3)).await;
    assert!(desk.greeted().await.is_alive().await);
}

#[tokio::test(start_paused = true)]
async fn nonsense_is_survived() {
    let mut desk = Desk::new();
    let mut peer = desk.greeted().await;
    for text in [
        "",
        "{",
        "[]",
        "null",
        r#"{"type":"tea"}"#,
        r#"{"type":"hello"}"#,
    ] {
        peer.sends(Message::text(text)).await;
    }
    peer.sends(Message::binary(vec![0, 255])).await;
    peer.asks("large", json!({ "text": "x".repeat(1 << 20) }))
        .await;
    assert_eq!(peer.hears().await.unwrap()["envelope_id"], "large");
    assert!(peer.is_alive().await);
    assert_eq!(desk.dials(), 1);
    desk.counts("balefire_slack_sockets_open 1");
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_is_cut_or_too_large_costs_one_connection() {
    let mut desk = Desk::new();
    let mut peer = desk.greeted().await;
    let begun = [&[0x81, 126, 0x03, 0xe8][..], b"{\"envelope_id\":\""].concat();
    peer.0.get_mut().write_all(&begun).await.unwrap();
    drop(peer);
    let mut peer = desk.greeted().await;
    // The length of a frame of 17 MB.
    let begun = [&[0x81, 127][..], &(17_u64 << 20).to_be_bytes()].concat();
    peer.0.get_mut().write_all(&begun).await.unwrap();
    sleep(seconds(2)).await;
    assert!(desk.greeted().await.is_alive().await);
    assert_eq!(desk.dials(), 3);
}

#[tokio::test(start_paused = true)]
async fn stopping_finishes_what_is_in_flight() {
    let mut desk = Desk::new();
    let mut peer = desk.greeted().await;
    peer.asks("1", json!({ "ms": 2000 })).await;
    sleep(seconds(1)).await;
    desk.stop.cancel();
    assert_eq!(peer.hears().await.unwrap()["envelope_id"], "1");
    assert_eq!(peer.hears().await, None, "then it is closed");
    desk.connections.close();
    assert!(timeout(seconds(2), desk.connections.wait()).await.is_ok());
    assert_eq!(desk.dials(), 1);
    desk.counts("balefire_slack_sockets_open 0");
}

#[tokio::test(start_paused = true)]
async fn stopping_does_not_wait_for_ever() {
    let mut desk = Desk::new();
    let mut peer = desk.greeted().await;
    peer.asks("1", json!({ "ms": 3_600_000 })).await;
    sleep(seconds(1)).await;
    desk.stop.cancel();
    desk.connections.close();
    // The other side does not close either.
    assert!(timeout(seconds(6), desk.connections.wait()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_is_done_after_the_connection_is_over_is_not_lost() {
    let mut desk = Desk::new();
    let mut peer = desk.greeted().await;
    peer.asks("1", json!({ "ms": 2000 })).await;
    sleep(seconds(1)).await;
    drop(peer);
    desk.tasks.close();
    desk.tasks.wait().await;
    let unsent = desk.clerk.unsent.lock().unwrap();
    assert_eq!(unsent.len(), 1);
    assert!(unsent[0].text.contains("\"1\""));
}
