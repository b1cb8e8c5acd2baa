//! Opening a connection: Slack gives out an address that can be used once and soon, and says why
//! when it does not.

use std::{sync::Arc, time::Duration};

use hyper_rustls::ConfigBuilderExt;
use rustls::{ClientConfig, crypto::aws_lc_rs};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{self, error::ProtocolError, protocol::WebSocketConfig},
};

use super::frame::Farewell;
use crate::{
    slack::api::{CallError, SlackApi},
    telemetry::unreached::{plainly, why_unreached},
};

/// Nothing that Slack sends comes near; more would only fill the memory.
const LARGEST: usize = 16 * 1024 * 1024;

/// What only somebody can mend need not be tried often.
const SLOWLY: Duration = Duration::from_secs(300);

/// Connections of others end at some time.
const WHEN_OTHERS_ARE_GONE: Duration = Duration::from_secs(60);

/// Slack asks for seconds; whatever else comes as a pause is not believed.
const LONGEST_PAUSE: u64 = 600;

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error(
        "Slack refuses the app-level token ({code}). Make an App-Level Token with the scope \
         connections:write under Basic Information in the app's settings, put it into \
         slack.app_token, and start Balefire again"
    )]
    Token { code: String },
    #[error(
        "slack.app_token lacks the scope connections:write ({code}). Scopes of a token cannot be \
         changed: make another App-Level Token under Basic Information in the app's settings, and \
         start Balefire again"
    )]
    Scope { code: String },
    #[error(
        "Socket Mode is switched off for the app at Slack. Switch it on under Socket Mode in the \
         app's settings, and Balefire connects within minutes; or set slack.mode = \"http\""
    )]
    LinkDisabled,
    #[error(
        "Slack keeps at most 10 connections of an app open, and there are that many. Stop what \
         else uses the same app-level token"
    )]
    TooMany,
    #[error("Slack asks for a pause of {seconds} s")]
    Limited { seconds: u64 },
    #[error("{0}")]
    Other(String),
}

impl Trouble {
    /// Whether it will not get better by itself.
    pub fn needs_somebody(&self) -> bool {
        match self {
            Trouble::Token { .. }
            | Trouble::Scope { .. }
            | Trouble::LinkDisabled
            | Trouble::TooMany => true,
            Trouble::Limited { .. } | Trouble::Other(_) => false,
        }
    }

    /// How long to wait at least; none when trying again with growing pauses will do.
    pub fn pause(&self) -> Option<Duration> {
        match self {
            Trouble::Token { .. } | Trouble::Scope { .. } | Trouble::LinkDisabled => Some(SLOWLY),
            Trouble::TooMany => Some(WHEN_OTHERS_ARE_GONE),
            Trouble::Limited { seconds } => Some(Duration::from_secs(*seconds)),
            Trouble::Other(_) => None,
        }
    }

    /// What a farewell means when it takes the place of a hello, or comes without warning.
    pub fn of_farewell(farewell: Farewell) -> Option<Trouble> {
        match farewell {
            Farewell::LinkDisabled => Some(Trouble::LinkDisabled),
            Farewell::TooMany => Some(Trouble::TooMany),
            Farewell::Warning | Farewell::RefreshRequested | Farewell::Other => None,
        }
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Trouble {
        match error {
            CallError::RateLimited { seconds } => Trouble::Limited {
                seconds: seconds.clamp(1, LONGEST_PAUSE),
            },
            CallError::Refused { code, detail } => match code.as_str() {
                "invalid_auth"
                | "not_authed"
                | "token_revoked"
                | "token_expired"
                | "account_inactive"
                | "not_allowed_token_type" => Trouble::Token { code },
                "missing_scope" | "no_permission" => Trouble::Scope { code },
                "too_many_websockets" => Trouble::TooMany,
                "link_disabled" => Trouble::LinkDisabled,
                _ => Trouble::Other(format!("Slack answered {code}{detail}")),
            },
            CallError::Unreachable { why } => {
                Trouble::Other(format!("Slack cannot be reached: {why}"))
            }
            CallError::Unknown { why } => {
                Trouble::Other(format!("Slack gave no address for a connection: {why}"))
            }
            CallError::NotSlack { what } => Trouble::Other(format!(
                "something answers in Slack's place, perhaps a proxy or a login page: {what}"
            )),
        }
    }
}

/// Opens connections; another one than Slack's is of use for tests.
pub trait Dial: Send + Sync + 'static {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    fn dial(&self) -> impl Future<Output = Result<WebSocketStream<Self::Stream>, Trouble>> + Send;
}

/// Slack's.
pub struct Door {
    api: SlackApi,
    tls: Arc<ClientConfig>,
    /// The local Slack speaks without TLS; Slack itself must not.
    plain_allowed: bool,
}

impl Door {
    /// `api_url` and `timeout` as for the Web API, but with the app-level token.
    pub fn new(api_url: &str, token: &SecretString, timeout: Duration) -> anyhow::Result<Door> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let tls = match builder.clone().with_native_roots() {
            Ok(builder) => builder,
            // A machine without certificates can still talk to the local Slack.
            Err(_) => builder.with_webpki_roots(),
        };
        Ok(Door {
            api: SlackApi::new(api_url, token, timeout)?,
            tls: Arc::new(tls.with_no_client_auth()),
            plain_allowed: !api_url.starts_with("https:"),
        })
    }

    async fn connect(
        &self,
        url: &str,
    ) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, String> {
        let sound = url.starts_with("wss://") || (self.plain_allowed && url.starts_with("ws://"));
        if !sound {
            return Err("Slack gave an address that is no secure WebSocket".into());
        }
        let connector = Connector::Rustls(self.tls.clone());
        let opening = connect_async_tls_with_config(url, Some(limits()), true, Some(connector));
        match tokio::time::timeout(self.api.timeout(), opening).await {
            Ok(Ok((socket, _))) => Ok(socket),
            Ok(Err(error)) => Err(why(&error)),
            Err(_) => Err("no connection came about in time".into()),
        }
    }
}

impl Dial for Door {
    type Stream = MaybeTlsStream<TcpStream>;

    async fn dial(&self) -> Result<WebSocketStream<Self::Stream>, Trouble> {
        #[derive(Deserialize)]
        struct Opened {
            url: String,
        }
        let opened: Opened = self.api.post("apps.connections.open", &json!({})).await?;
        self.connect(&opened.url)
            .await
            .map_err(|why| Trouble::Other(format!("the WebSocket did not open: {why}")))
    }
}

/// How large what comes may be.
pub fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(LARGEST))
        .max_frame_size(Some(LARGEST))
}

/// Why a connection broke, without the address, which is a secret while it can be used.
pub fn why(error: &tungstenite::Error) -> String {
    use tungstenite::Error;
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => "it was closed".into(),
        Error::Io(cause) => match plainly(cause) {
            Some(plain) => plain.into(),
            None => match cause.get_ref() {
                Some(below) => why_unreached(below),
                None => cause.to_string(),
            },
        },
        Error::Tls(error) => format!("TLS failed ({error})"),
        Error::Capacity(_) => format!(
            "a frame was larger than the {} MiB that are taken",
            LARGEST / 1024 / 1024
        ),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            "it ended without being closed, perhaps in the middle of a frame".into()
        }
        Error::Protocol(error) => format!("what came is no WebSocket's ({error})"),
        Error::Utf8(_) => "a text is no text".into(),
        Error::Http(response) => format!(
            "HTTP status {} came in its place; a proxy may not let WebSockets through",
            response.status().as_u16()
        ),
        Error::Url(_) | Error::HttpFormat(_) => "the address is of no use".into(),
        Error::WriteBufferFull(_) => "nothing can be written".into(),
        Error::AttackAttempt => "the connection misbehaves".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str) -> CallError {
        CallError::Refused {
            code: code.into(),
            detail: String::new(),
        }
    }

    #[test]
    fn what_slack_says_instead_of_an_address_has_its_sentence_and_its_pause() {
        let slowly = Some(SLOWLY);
        for (error, expected, pause) in [
            (
                refused("invalid_auth"),
                "app-level token (invalid_auth)",
                slowly,
            ),
            (refused("token_revoked"), "slack.app_token", slowly),
            (
                refused("not_allowed_token_type"),
                "Basic Information",
                slowly,
            ),
            (refused("missing_scope"), "connections:write", slowly),
            (refused("link_disabled"), "Switch it on", slowly),
            (
                refused("too_many_websockets"),
                "at most 10",
                Some(WHEN_OTHERS_ARE_GONE),
            ),
            (refused("odd"), "Slack answered odd", None),
            (
                CallError::RateLimited { seconds: 7 },
                "a pause of 7 s",
                Some(Duration::from_secs(7)),
            ),
            (
                CallError::Unknown {
                    why: "internal_error".into(),
                },
                "no address for a connection: internal_error",
                None,
            ),
            (
                CallError::NotSlack {
                    what: "HTTP status 503".into(),
                },
                "a proxy or a login page: HTTP status 503",
                None,
            ),
            (
                CallError::Unreachable {
                    why: "refused".into(),
                },
                "cannot be reached: refused",
                None,
            ),
        ] {
            let trouble = Trouble::from(error);
            let told = trouble.to_string();
            assert!(told.contains(expected), "{told}");
            assert_eq!(trouble.pause(), pause, "{told}");
        }
    }

    #[test]
    fn every_way_for_a_connection_to_break_has_words() {
        use std::io::{Error as IoError, ErrorKind};
        use tungstenite::{Error, error::CapacityError, http::Response};
        let turned_away = Response::builder()
            .status(403)
            .body(None)
            .expect("a response");
        for (error, expected) in [
            (
                Error::Protocol(ProtocolError::ResetWithoutClosingHandshake),
                "in the middle of a frame",
            ),
            (
                Error::Protocol(ProtocolError::InvalidOpcode(11)),
                "no WebSocket's",
            ),
            (
                Error::Capacity(CapacityError::MessageTooLong {
                    size: 1,
                    max_size: 0,
                }),
                "larger than the 16 MiB",
            ),
            (
                Error::Io(IoError::from(ErrorKind::ConnectionReset)),
                "cut it off",
            ),
            (
                Error::Io(IoError::from(ErrorKind::ConnectionRefused)),
                "refused",
            ),
            (
                Error::Io(IoError::other("failed to lookup address information")),
                "cannot be resolved",
            ),
            (
                Error::Http(Box::new(turned_away)),
                "HTTP status 403 came in its place",
            ),
        ] {
            let told = why(&error);
            assert!(told.contains(expected), "{told}");
        }
    }
}
