//! One WebSocket of an app: the way in with a ticket, and what is said over it until it ends.

use super::{HOST, Order};
use crate::sandbox::shared::Shared;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role};

/// slack-go gives a connection up that brings no ping for thirty seconds.
const PING: Duration = Duration::from_secs(10);
/// Slack's connections last for hours; with `debug_reconnects` for six minutes.
const LIFETIME: Duration = Duration::from_secs(18_060);
const DEBUG_LIFETIME: Duration = Duration::from_secs(360);
/// This long before its end a connection is warned.
pub const WARNING: Duration = Duration::from_secs(10);
/// A closing frame that cannot be written in this time is not worth more.
const CLOSING: Duration = Duration::from_millis(500);

type Socket = WebSocketStream<TokioIo<Upgraded>>;

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    ticket: String,
    #[serde(default)]
    debug_reconnects: bool,
}

pub async fn serve(
    State(shared): State<Arc<Shared>>,
    Query(asked): Query<Asked>,
    mut request: Request,
) -> Response {
    let Some(accept) = accept_key(request.headers()) else {
        return (StatusCode::BAD_REQUEST, "a WebSocket is expected here").into_response();
    };
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if !shared.change(|world| world.use_link_ticket(&asked.ticket)) {
        return (StatusCode::FORBIDDEN, "this ticket opens nothing").into_response();
    }
    let lifetime = if asked.debug_reconnects {
        DEBUG_LIFETIME
    } else {
        LIFETIME
    };
    let work = shared.clone();
    shared.tasks.spawn(async move {
        let Ok(upgraded) = upgrade.await else {
            return;
        };
        let socket =
            WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
        welcome(&work, socket, lifetime).await;
    });
    (
        StatusCode::SWITCHING_PROTOCOLS,
        [
            (header::CONNECTION, "Upgrade".to_owned()),
            (header::UPGRADE, "websocket".to_owned()),
            (header::SEC_WEBSOCKET_ACCEPT, accept),
        ],
    )
        .into_response()
}

fn accept_key(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let upgrade = text(header::UPGRADE)?.eq_ignore_ascii_case("websocket");
    let version = text(header::SEC_WEBSOCKET_VERSION)? == "13";
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    (upgrade && version).then(|| derive_accept_key(key.as_bytes()))
}

async fn welcome(shared: &Arc<Shared>, mut socket: Socket, lifetime: Duration) {
    if !shared.is_socket_mode() {
        turn_away(socket, "link_disabled").await;
        return;
    }
    let Some((id, count, orders)) = shared.sockets.enter(shared.clock.seconds()) else {
        turn_away(socket, "too_many_websockets").await;
        return;
    };
    let app_id = shared.change(|world| world.app.app_id.clone());
    let hello = json!({
        "type": "hello",
        "num_connections": count,
        "debug_info": {
            "host": HOST,
            "build_number": 10,
            "approximate_connection_time": lifetime.as_secs(),
        },
        "connection_info": {"app_id": app_id},
    });
    if write(&mut socket, &hello).await {
        talk(shared, socket, orders, lifetime).await;
    }
    shared.sockets.leave(id);
    // Those who look at the state see that it is gone.
    shared.change(|_| ());
}

async fn turn_away(mut socket: Socket, reason: &str) {
    if write(&mut socket, &farewell(reason)).await {
        close(&mut socket, CloseCode::Normal).await;
    }
}

fn farewell(reason: &str) -> Value {
    json!({"type": "disconnect", "reason": reason, "debug_info": {"host": HOST}})
}

/// Says whether it could be written.
async fn write(socket: &mut Socket, frame: &Value) -> bool {
    let frame = Message::text(frame.to_string());
    socket.send(frame).await.is_ok()
}

async fn close(socket: &mut Socket, code: CloseCode) {
    let frame = CloseFrame {
        code,
        reason: "".into(),
    };
    // A failure means that it is closed already.
    let _ = tokio::time::timeout(CLOSING, socket.close(Some(frame))).await;
}

/// Carries a connection to its end, whoever brings that about.
async fn talk(
    shared: &Arc<Shared>,
    mut socket: Socket,
    mut orders: UnboundedReceiver<Order>,
    lifetime: Duration,
) {
    let began = Instant::now();
    let mut pings = tokio::time::interval_at(began + PING, PING);
    let mut silent = false;
    let mut warned = false;
    let mut end = began + lifetime;
    loop {
        let next = if warned { end } else { end - WARNING };
        tokio::select! {
            order = orders.recv() => {
                let Some(order) = order else { return };
                match carry_out(&mut socket, order, &mut silent).await {
                    Next::On => {}
                    Next::Until(after) => (warned, end) = (true, Instant::now() + after),
                    Next::End => return,
                }
            }
            frame = socket.next(), if !silent => match frame {
                Some(Ok(Message::Text(text))) => {
                    let frame = serde_json::from_str(&text).unwrap_or(Value::Null);
                    shared.sockets.acknowledged(&frame);
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                // Pings are answered by the socket itself.
                Some(Ok(_)) => {}
            },
            _ = pings.tick(), if !silent => {
                let ping = Message::Ping(format!("Ping from {HOST}").into());
                if socket.send(ping).await.is_err() {
                    return;
                }
            }
            () = tokio::time::sleep_until(next), if !silent => {
                if warned {
                    return close(&mut socket, CloseCode::Normal).await;
                }
                warned = true;
                if !write(&mut socket, &farewell("warning")).await {
                    return;
                }
            }
            () = shared.stopping.cancelled() => {
                if !silent {
                    close(&mut socket, CloseCode::Away).await;
                }
                return;
            }
        }
    }
}

enum Next {
    On,
    /// It ends this much later.
    Until(Duration),
    End,
}

async fn carry_out(socket: &mut Socket, order: Order, silent: &mut bool) -> Next {
    match order {
        Order::Silent(now) => *silent = now,
        Order::Drop => return Next::End,
        // Nothing is written to who hears nothing.
        _ if *silent => {}
        Order::Send(text) => {
            if socket.send(Message::text(text)).await.is_err() {
                return Next::End;
            }
        }
        Order::Disconnect(reason, after) => {
            if !write(socket, &farewell(reason)).await {
                return Next::End;
            }
            return Next::Until(after);
        }
        Order::CutMidFrame => {
            // A text frame of a thousand bytes that ends after the first few.
            let stream = socket.get_mut();
            let begun = [&[0x81, 126, 0x03, 0xe8][..], b"{\"envelope_id\":\""].concat();
            if stream.write_all(&begun).await.is_ok() {
                let _ = stream.flush().await;
            }
            return Next::End;
        }
        Order::Close(code) => {
            close(socket, code.into()).await;
            return Next::End;
        }
    }
    Next::On
}
