//! Socket Mode: what Slack otherwise posts to the app's URLs goes as envelopes over WebSockets
//! that the app opened. Here are the open connections, which of them gets an envelope, and the
//! answers that are waited for; one connection's life is in `connection`.

pub mod connection;

use super::outgoing::Reply;
use super::shared::Shared;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// An app may have this many connections; one more is turned away.
pub const MOST_CONNECTIONS: usize = 10;
/// What every frame says about where it comes from.
const HOST: &str = "applink-sandbox";

/// What a connection is told to do.
#[derive(Debug, Clone)]
pub enum Order {
    Send(String),
    /// Says in a frame that the connection ends, and ends it that much later.
    Disconnect(&'static str, Duration),
    /// Neither reads nor writes nor closes any more; `false` ends that.
    Silent(bool),
    /// The TCP connection ends, without a closing frame.
    Drop,
    /// The TCP connection ends in the middle of a frame.
    CutMidFrame,
    Close(u16),
}

#[derive(Debug)]
struct Open {
    id: u64,
    since: i64,
    silent: bool,
    sent: u64,
    acked: u64,
    orders: mpsc::UnboundedSender<Order>,
}

/// An envelope whose acknowledgement somebody waits for.
#[derive(Debug)]
struct Waiting {
    connection: u64,
    answer: oneshot::Sender<Value>,
}

#[derive(Debug, Default)]
struct Inner {
    open: Vec<Open>,
    waiting: HashMap<String, Waiting>,
    last: u64,
}

#[derive(Debug, Default)]
pub struct Sockets(Mutex<Inner>);

impl Sockets {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection in: its number, how many there are now, and its orders. `None` when
    /// there are enough.
    fn enter(&self, now: i64) -> Option<(u64, usize, mpsc::UnboundedReceiver<Order>)> {
        let mut inner = self.lock();
        if inner.open.len() >= MOST_CONNECTIONS {
            return None;
        }
        inner.last += 1;
        let id = inner.last;
        let (orders, receiver) = mpsc::unbounded_channel();
        inner.open.push(Open {
            id,
            since: now,
            silent: false,
            sent: 0,
            acked: 0,
            orders,
        });
        Some((id, inner.open.len(), receiver))
    }

    fn leave(&self, id: u64) {
        self.lock().open.retain(|open| open.id != id);
    }

    /// Gives an envelope to one arbitrary connection. `None` when there is none.
    fn send(&self, envelope_id: &str, envelope: String) -> Option<oneshot::Receiver<Value>> {
        let mut inner = self.lock();
        if inner.open.is_empty() {
            return None;
        }
        let place = fastrand::usize(..inner.open.len());
        let open = &mut inner.open[place];
        open.orders.send(Order::Send(envelope)).ok()?;
        open.sent += 1;
        let connection = open.id;
        let (answer, receiver) = oneshot::channel();
        inner
            .waiting
            .insert(envelope_id.to_owned(), Waiting { connection, answer });
        Some(receiver)
    }

    fn forget(&self, envelope_id: &str) {
        self.lock().waiting.remove(envelope_id);
    }

    /// Takes an acknowledgement. One that nobody waits for (any more) counts for nothing.
    fn acknowledged(&self, frame: &Value) {
        let mut inner = self.lock();
        let id = frame["envelope_id"].as_str().unwrap_or("");
        let Some(waiting) = inner.waiting.remove(id) else {
            return;
        };
        if let Some(open) = inner
            .open
            .iter_mut()
            .find(|open| open.id == waiting.connection)
        {
            open.acked += 1;
        }
        // Whoever waited may have given up at this moment.
        let _ = waiting.answer.send(frame["payload"].clone());
    }

    /// Tells one connection, or all of them, and says how many were told.
    pub fn order(&self, connection: Option<u64>, order: &Order) -> usize {
        let mut inner = self.lock();
        let mut told = 0;
        for open in &mut inner.open {
            if connection.is_some_and(|wanted| wanted != open.id) {
                continue;
            }
            if let Order::Silent(silent) = order {
                open.silent = *silent;
            }
            if open.orders.send(order.clone()).is_ok() {
                told += 1;
            }
        }
        told
    }

    pub fn show(&self) -> Value {
        let inner = self.lock();
        let shown = inner.open.iter().map(|open| {
            json!({
                "id": open.id,
                "since": open.since,
                "silent": open.silent,
                "sent": open.sent,
                "acked": open.acked,
            })
        });
        shown.collect()
    }
}

impl Shared {
    pub fn is_socket_mode(&self) -> bool {
        self.read(|world| world.settings.socket_mode)
    }

    /// Sends a payload over one of the connections and waits for the acknowledgement. What comes
    /// with it counts like the body of an answer over HTTP.
    pub async fn send_envelope(
        &self,
        kind: &str,
        payload: Value,
        retry: Option<(u32, &str)>,
    ) -> Reply {
        let id = uuid::Builder::from_random_bytes(fastrand::u128(..).to_be_bytes())
            .into_uuid()
            .to_string();
        let is_event = kind == "events_api";
        let mut envelope = json!({
            "envelope_id": id,
            "payload": payload,
            "type": kind,
            "accepts_response_payload": !is_event,
        });
        if is_event {
            let (attempt, reason) = retry.unwrap_or((0, ""));
            envelope["retry_attempt"] = json!(attempt);
            // Over a socket there is only one way to fail.
            envelope["retry_reason"] = json!(if reason.is_empty() { "" } else { "timeout" });
        }
        let Some(answer) = self.sockets.send(&id, envelope.to_string()) else {
            return Reply::Unreachable("no connection is open".into());
        };
        let Ok(Ok(payload)) = tokio::time::timeout(self.patience, answer).await else {
            self.sockets.forget(&id);
            return Reply::TimedOut;
        };
        let body = match payload {
            Value::Null => Bytes::new(),
            // Some clients acknowledge with an empty object.
            Value::Object(fields) if fields.is_empty() || is_event => Bytes::new(),
            Value::String(text) => Bytes::from(text),
            payload => Bytes::from(payload.to_string()),
        };
        Reply::Answered {
            status: 200,
            is_json: body.starts_with(b"{"),
            no_retry: false,
            body,
        }
    }
}
