//! Calls to Slack's Web API, with errors that say what may have happened.
//!
//! slack-morphism makes the calls; its rate control stays off because the outbox paces, and its
//! errors are translated here because they print response bodies.

use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use slack_morphism::{
    SlackApiToken, SlackApiTokenValue, SlackClient, errors::SlackClientError,
    hyper_tokio::SlackClientHyperConnector,
};

use super::contact::{Contact, Hindrance};
use crate::{
    clock::Clock,
    domain::ids::{ChannelId, MessageTs},
    telemetry::unreached::why_unreached,
};

type Connector = SlackClientHyperConnector<hyper_rustls::HttpsConnector<HttpConnector>>;

/// What to wait when Slack limits a call and forgets to say for how long.
const DEFAULT_PAUSE: u64 = 30;

/// Why a call brought nothing back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    #[error("Slack asks for a pause of {seconds} s")]
    RateLimited { seconds: u64 },
    /// Slack said no: `code` is its error name, `detail` what it adds without echoing our text.
    #[error("Slack answered {code}{detail}")]
    Refused { code: String, detail: String },
    /// It may have happened all the same.
    #[error("it is unknown whether Slack did it: {why}")]
    Unknown { why: String },
    /// Something else than Slack answered, or Slack in no state to do so. What was asked may have
    /// got through all the same.
    #[error("it is unknown whether Slack did it: {what}")]
    NotSlack { what: String },
    /// Slack was not reached, so nothing happened.
    #[error("Slack cannot be reached: {why}")]
    Unreachable { why: String },
}

impl CallError {
    pub fn code(&self) -> Option<&str> {
        match self {
            CallError::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// What was seen and nothing else, for a call of which it does not matter whether it was done.
    pub fn without_verdict(self) -> String {
        match self {
            CallError::Unknown { why: seen }
            | CallError::NotSlack { what: seen }
            | CallError::Unreachable { why: seen } => seen,
            refused => refused.to_string(),
        }
    }
}

/// The Web API as the bot sees it.
pub struct SlackApi {
    client: SlackClient<Connector>,
    token: SlackApiToken,
    timeout: Duration,
    /// Only the bot's calls say how it stands with the workspace.
    contact: Option<Contact>,
}

/// What `auth.test` says of the token.
#[derive(Clone, Debug, Deserialize)]
pub struct Installation {
    pub team_id: String,
    pub team: String,
    pub url: String,
    pub user_id: String,
    #[serde(default)]
    pub bot_id: String,
}

/// Where a message ended up.
#[derive(Clone, Debug, Deserialize)]
pub struct Posted {
    pub channel: String,
    pub ts: String,
}

impl SlackApi {
    /// `base` is `https://slack.com/api` but for the local Slack; no call outlasts `timeout`.
    pub fn new(base: &str, token: &SecretString, timeout: Duration) -> anyhow::Result<SlackApi> {
        let https = hyper_rustls::HttpsConnectorBuilder::new()
            .with_native_roots()
            .or_else(|_| {
                // A machine without certificates can still talk to the local Slack.
                Ok::<_, std::io::Error>(
                    hyper_rustls::HttpsConnectorBuilder::new().with_webpki_roots(),
                )
            })?
            .https_or_http()
            .enable_http1()
            .build();
        let connector = SlackClientHyperConnector::with_connector(https)
            .with_slack_api_url(base.trim_end_matches('/'));
        let token = SlackApiTokenValue::new(token.expose_secret().to_owned());
        Ok(SlackApi {
            client: SlackClient::new(connector),
            token: SlackApiToken::new(token),
            timeout,
            contact: None,
        })
    }

    /// Says in the log, and to whoever asks, when nothing at all can be had from Slack.
    pub fn watched(mut self, clock: Clock) -> SlackApi {
        self.contact = Some(Contact::new(clock));
        self
    }

    pub fn hindrance(&self) -> Option<Hindrance> {
        self.contact.as_ref().and_then(Contact::hindrance)
    }

    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Calls a method that takes JSON.
    pub async fn post<T: DeserializeOwned + Send>(
        &self,
        method: &str,
        arguments: &(impl Serialize + Send + Sync),
    ) -> Result<T, CallError> {
        let session = self.client.open_session(&self.token);
        let call = session.http_session_api.http_post(method, arguments, None);
        self.bounded(call).await
    }

    /// Calls a method that reads, with arguments in the query.
    pub async fn get<T: DeserializeOwned + Send>(
        &self,
        method: &str,
        arguments: &[(&str, String)],
    ) -> Result<T, CallError> {
        let session = self.client.open_session(&self.token);
        let arguments: Vec<(&str, Option<&String>)> = arguments
            .iter()
            .map(|(name, value)| (*name, Some(value)))
            .collect();
        let call = session.http_session_api.http_get(method, &arguments, None);
        self.bounded(call).await
    }

    /// The address of a message.
    pub async fn permalink(
        &self,
        channel: &ChannelId,
        ts: &MessageTs,
    ) -> Result<String, CallError> {
        #[derive(Deserialize)]
        struct Answer {
            permalink: String,
        }
        let arguments = [
            ("channel", channel.to_string()),
            ("message_ts", ts.to_string()),
        ];
        let answer: Answer = self.get("chat.getPermalink", &arguments).await?;
        Ok(answer.permalink)
    }

    pub async fn installation(&self) -> Result<Installation, CallError> {
        self.post("auth.test", &serde_json::json!({})).await
    }

    /// Whether anybody is there who takes the token's calls. Any answer of Slack's shows it, a
    /// refusal or a wish for a pause as well, but for one that all calls get. `auth.test` may be
    /// ill all by itself; so before nobody is believed to be there, something else is asked, too.
    pub async fn sign_of_life(&self) -> Result<(), CallError> {
        let Err(error) = shows_life(self.installation().await) else {
            return Ok(());
        };
        match error {
            CallError::Unknown { .. } | CallError::NotSlack { .. } => {
                // Everybody has it, and if not, that is an answer, too.
                let somebody = [("user", "USLACKBOT".to_owned())];
                let answer = self.get::<Value>("users.info", &somebody).await;
                shows_life(answer).map_err(|_| error)
            }
            _ => Err(error),
        }
    }

    async fn bounded<T: DeserializeOwned>(
        &self,
        call: impl Future<Output = Result<Value, SlackClientError>>,
    ) -> Result<T, CallError> {
        let answer = match tokio::time::timeout(self.timeout, call).await {
            Ok(answer) => answer.map_err(translate).and_then(read),
            Err(_) => Err(CallError::Unknown {
                why: format!("no answer within {} s", self.timeout.as_secs()),
            }),
        };
        if let Some(contact) = &self.contact {
            contact.learn(answer.as_ref().err());
        }
        answer
    }
}

fn shows_life<T>(answer: Result<T, CallError>) -> Result<(), CallError> {
    match answer {
        Ok(_) | Err(CallError::RateLimited { .. }) => Ok(()),
        Err(error @ CallError::Refused { .. }) if Hindrance::of(&error).is_none() => Ok(()),
        Err(error) => Err(error),
    }
}

/// The answer, if it is one of Slack's. The client takes a page that somebody between us and Slack
/// put in its place for an answer without content.
fn read<T: DeserializeOwned>(answer: Value) -> Result<T, CallError> {
    let said = match answer["ok"] == true {
        true => serde_json::from_value(answer).ok(),
        false => None,
    };
    said.ok_or_else(|| CallError::NotSlack {
        what: NOT_SLACKS.into(),
    })
}

const NOT_SLACKS: &str = "the answer was not what Slack sends";

fn translate(error: SlackClientError) -> CallError {
    match error {
        SlackClientError::RateLimitError(limit) => CallError::RateLimited {
            seconds: limit
                .retry_after
                .map_or(DEFAULT_PAUSE, |it| it.as_secs().max(1)),
        },
        SlackClientError::ApiError(api) => match api.code.as_str() {
            "ratelimited" | "rate_limited" | "message_limit_exceeded" => CallError::RateLimited {
                seconds: DEFAULT_PAUSE,
            },
            // Slack's documentation: the operation may have partly succeeded.
            "fatal_error" | "internal_error" | "request_timeout" | "service_unavailable" => {
                CallError::Unknown { why: api.code }
            }
            _ => CallError::Refused {
                detail: detail(api.http_response_body.as_deref()),
                code: api.code,
            },
        },
        SlackClientError::HttpError(http) => CallError::NotSlack {
            what: format!("the answer was HTTP status {}", http.status_code.as_u16()),
        },
        SlackClientError::HttpProtocolError(http) => {
            let refused = http
                .cause
                .as_ref()
                .and_then(|it| it.downcast_ref::<hyper_util::client::legacy::Error>())
                .filter(|it| it.is_connect());
            match refused {
                Some(error) => CallError::Unreachable {
                    why: why_unreached(error),
                },
                None => CallError::Unknown {
                    why: "the connection broke".into(),
                },
            }
        }
        SlackClientError::ProtocolError(_) => CallError::NotSlack {
            what: NOT_SLACKS.into(),
        },
        _ => CallError::Unknown {
            why: "the connection ended early".into(),
        },
    }
}

/// The scope that is missing, or where in our blocks the error is; never the text we sent.
fn detail(body: Option<&str>) -> String {
    #[derive(Deserialize)]
    struct Body {
        needed: Option<String>,
        #[serde(default)]
        response_metadata: Metadata,
    }
    #[derive(Default, Deserialize)]
    struct Metadata {
        #[serde(default)]
        messages: Vec<String>,
    }
    let Some(body) = body.and_then(|it| serde_json::from_str::<Body>(it).ok()) else {
        return String::new();
    };
    let mut detail = String::new();
    if let Some(needed) = body.needed {
        detail.push_str(&format!(" (the app needs the scope {needed})"));
    }
    if let Some(message) = body.response_metadata.messages.first() {
        let short: String = message.chars().take(200).collect();
        detail.push_str(&format!(" ({short})"));
    }
    detail
}
