//! What Slack sends to the app: signed posts to its three URLs, or envelopes in Socket Mode
//! (`sockets`). One post and its outcome is here;
//! the bodies are in `payload`, events with their retries in `events`, and what the app answers
//! is understood in `answers` and `hooks`; `verify` asks whether it is there,
//! and `trouble` says what was wrong.

pub mod answers;
pub mod events;
pub mod hooks;
pub mod payload;
pub mod trouble;
pub mod verify;

use super::shared::Shared;
use super::signing::signature;
use bytes::Bytes;
use serde_json::Value;

/// Not documented; what Slack is seen to send.
const USER_AGENT: &str = "Slackbot 1.0 (+https://api.slack.com/robots)";

/// What came of one post to the app.
#[derive(Debug, Clone)]
pub enum Reply {
    Answered {
        status: u16,
        is_json: bool,
        /// The app asked not to be sent this event again.
        no_retry: bool,
        body: Bytes,
    },
    TimedOut,
    TooManyRedirects,
    /// No connection, or it broke; why, in words.
    Unreachable(String),
}

impl Reply {
    pub fn status(&self) -> u16 {
        match self {
            Reply::Answered { status, .. } => *status,
            _ => 0,
        }
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status())
    }

    /// The error Slack shows when a command or an interaction fails, or `None`.
    pub fn error(&self) -> Option<&'static str> {
        match self {
            Reply::TimedOut => Some("operation_timeout"),
            _ if self.is_success() => None,
            _ => Some("dispatch_failed"),
        }
    }

    /// The JSON in the body; `None` when it is empty or something else.
    pub fn json(&self) -> Option<Value> {
        match self {
            Reply::Answered { body, .. } => serde_json::from_slice(body).ok(),
            _ => None,
        }
    }

    pub fn is_empty(&self) -> bool {
        match self {
            Reply::Answered { body, .. } => body.trim_ascii().is_empty(),
            _ => true,
        }
    }
}

impl Shared {
    /// Posts a form to the app: a slash command or an interaction.
    pub async fn post_form(&self, path: &str, fields: &[(&str, String)]) -> Reply {
        if self.is_socket_mode() {
            let field = |name: &str| fields.iter().find(|(field, _)| *field == name);
            let (kind, payload) = match field("payload") {
                Some((_, payload)) => (
                    "interactive",
                    serde_json::from_str(payload).unwrap_or_default(),
                ),
                None => ("slash_commands", serde_json::json!(as_object(fields))),
            };
            let reply = self.send_envelope(kind, payload, None).await;
            self.notice(path, &reply);
            return reply;
        }
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let reply = self
            .post_to_app(path, "application/x-www-form-urlencoded", body, None)
            .await;
        self.notice(path, &reply);
        reply
    }

    /// Posts an interaction's payload to the app.
    pub async fn post_payload(&self, payload: &Value) -> Reply {
        self.post_form("interactivity", &[("payload", payload.to_string())])
            .await
    }

    /// Sends an event to the app; `retry` is the attempt's number and why the last one failed.
    pub async fn post_event(&self, body: &str, retry: Option<(u32, &str)>) -> Reply {
        let reply = if self.is_socket_mode() {
            let payload = serde_json::from_str(body).unwrap_or_default();
            self.send_envelope("events_api", payload, retry).await
        } else {
            self.post_to_app("events", "application/json", body.to_owned(), retry)
                .await
        };
        self.notice("events", &reply);
        reply
    }

    pub async fn post_to_app(
        &self,
        path: &str,
        content_type: &str,
        body: String,
        retry: Option<(u32, &str)>,
    ) -> Reply {
        let Some(app_url) = self.app_url() else {
            return Reply::Unreachable("it has no address".into());
        };
        let timestamp = self.clock.seconds().to_string();
        let mut request = self
            .http
            .post(format!("{app_url}/slack/{path}"))
            .header("content-type", content_type)
            .header("user-agent", USER_AGENT)
            .header("accept", "application/json,*/*")
            .header(
                "x-slack-signature",
                signature(&self.signing_secret, &timestamp, body.as_bytes()),
            )
            .header("x-slack-request-timestamp", timestamp);
        if let Some((number, reason)) = retry {
            request = request
                .header("x-slack-retry-num", number)
                .header("x-slack-retry-reason", reason);
        }
        let exchange = async {
            let response = request.body(body).send().await?;
            let status = response.status().as_u16();
            let header = |name| {
                let value = response.headers().get(name);
                value.and_then(|value| value.to_str().ok()).unwrap_or("")
            };
            let is_json = header("content-type").starts_with("application/json");
            let no_retry = header("x-slack-no-retry") == "1";
            let body = response.bytes().await?;
            Ok::<Reply, reqwest::Error>(Reply::Answered {
                status,
                is_json,
                no_retry,
                body,
            })
        };
        match tokio::time::timeout(self.patience, exchange).await {
            Err(_) => Reply::TimedOut,
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) if error.is_redirect() => Reply::TooManyRedirects,
            Ok(Err(error)) => Reply::Unreachable(trouble::why(&error)),
        }
    }
}

fn as_object(fields: &[(&str, String)]) -> serde_json::Map<String, Value> {
    fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::String(value.clone())))
        .collect()
}
