//! Slack's end of Socket Mode: connections that the nodes open, envelopes that go over them and are
//! acknowledged, and connections that break.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};
use tokio_tungstenite::tungstenite::{Message, handshake::server::Request};

/// How many connections a node keeps.
const LINES: usize = 2;

/// How long something may really take that happens at once when it works.
const PATIENCE: Duration = Duration::from_secs(20);

enum Order {
    Send(String, oneshot::Sender<Value>),
    Break,
}

struct Line {
    id: u64,
    node: usize,
    orders: mpsc::UnboundedSender<Order>,
}

pub struct Sockets {
    address: std::net::SocketAddr,
    lines: Mutex<Vec<Line>>,
    opened: watch::Sender<u64>,
    sent: Mutex<u64>,
}

impl Sockets {
    pub async fn start(tasks: &mut JoinSet<()>) -> Arc<Sockets> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sockets = Arc::new(Sockets {
            address: listener.local_addr().unwrap(),
            lines: Mutex::default(),
            opened: watch::Sender::new(0),
            sent: Mutex::default(),
        });
        tasks.spawn(sockets.clone().accept(listener));
        sockets
    }

    /// Where the next connection of a node goes.
    pub fn url(&self, node: usize) -> String {
        format!("ws://{}/{node}", self.address)
    }

    async fn accept(self: Arc<Self>, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            connections.spawn(self.clone().carry(stream));
        }
    }

    async fn carry(self: Arc<Self>, stream: TcpStream) {
        stream.set_nodelay(true).unwrap();
        let mut node = 0;
        #[expect(clippy::result_large_err, reason = "the library asks for it")]
        let read_path = |request: &Request, response| {
            node = request.uri().path()[1..].parse().unwrap();
            Ok(response)
        };
        let accepted = tokio_tungstenite::accept_hdr_async(stream, read_path).await;
        // A node that crashed meanwhile.
        let Ok(mut socket) = accepted else { return };
        let hello = json!({ "type": "hello", "num_connections": 1, "debug_info": {} });
        if socket.send(Message::text(hello.to_string())).await.is_err() {
            return;
        }
        let (orders, mut ordered) = mpsc::unbounded_channel();
        let mut id = 0;
        self.opened.send_modify(|it| {
            *it += 1;
            id = *it;
            self.lines.lock().unwrap().push(Line { id, node, orders });
        });
        let mut waiting: BTreeMap<String, oneshot::Sender<Value>> = BTreeMap::new();
        loop {
            tokio::select! {
                order = ordered.recv() => match order {
                    Some(Order::Send(text, answer)) => {
                        let envelope: Value = serde_json::from_str(&text).unwrap();
                        let id = envelope["envelope_id"].as_str().unwrap().to_owned();
                        waiting.insert(id, answer);
                        if socket.send(Message::text(text)).await.is_err() {
                            break;
                        }
                    }
                    Some(Order::Break) | None => break,
                },
                frame = socket.next() => match frame {
                    Some(Ok(Message::Text(text))) => {
                        let frame: Value = serde_json::from_str(&text).unwrap();
                        let id = frame["envelope_id"].as_str().unwrap_or("");
                        if let Some(answer) = waiting.remove(id) {
                            let _ = answer.send(frame["payload"].clone());
                        }
                    }
                    Some(Ok(_)) => {}
                    _ => break,
                },
            }
        }
        self.forget(id);
    }

    fn forget(&self, id: u64) {
        self.lines.lock().unwrap().retain(|it| it.id != id);
        self.opened.send_modify(|_| {});
    }

    /// Waits until a node has all its connections.
    pub async fn are_open(&self, node: usize) {
        let mut opened = self.opened.subscribe();
        let open = async {
            loop {
                let open = {
                    let lines = self.lines.lock().unwrap();
                    lines.iter().filter(|it| it.node == node).count()
                };
                if open == LINES {
                    return;
                }
                opened.changed().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, open)
            .await
            .expect("a node opens its connections");
    }

    /// A node is gone, and its connections with it.
    pub fn are_gone(&self, node: usize) {
        self.lines.lock().unwrap().retain(|it| it.node != node);
    }

    /// Breaks the oldest connection of a node, and waits until there is another one in its place.
    pub async fn breaks(&self, node: usize) {
        let oldest = {
            let mut lines = self.lines.lock().unwrap();
            let oldest = lines.iter().position(|it| it.node == node);
            oldest.map(|at| lines.remove(at))
        };
        if let Some(line) = oldest {
            let _ = line.orders.send(Order::Break);
            self.are_open(node).await;
        }
    }

    /// Sends an envelope and waits for its acknowledgement; none when the node is gone, or does not
    /// acknowledge it.
    pub async fn send(&self, node: usize, kind: &str, payload: Value) -> Option<Bytes> {
        let number = {
            let mut sent = self.sent.lock().unwrap();
            *sent += 1;
            *sent
        };
        let is_event = kind == "events_api";
        let mut envelope = json!({
            "envelope_id": format!("envelope-{number}"),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": !is_event,
        });
        if is_event {
            envelope["retry_attempt"] = json!(0);
            envelope["retry_reason"] = json!("");
        }
        let (answer, answered) = oneshot::channel();
        {
            let lines = self.lines.lock().unwrap();
            let of_node: Vec<&Line> = lines.iter().filter(|it| it.node == node).collect();
            // In turns.
            let line = of_node.get(number as usize % of_node.len().max(1))?;
            let order = Order::Send(envelope.to_string(), answer);
            line.orders.send(order).ok()?;
        }
        let answered = tokio::time::timeout(PATIENCE, answered).await;
        let payload = answered.ok()?.ok()?;
        Some(match payload {
            Value::Null => Bytes::new(),
            payload => Bytes::from(payload.to_string()),
        })
    }
}
