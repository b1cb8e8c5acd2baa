//! Answers that come after the acknowledgement: to the response address where there is one, else
//! as a direct message, else to the person alone in the announcement channel.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Slack, views::Message};
use crate::domain::ids::SlackUserId;

/// How long an answer to a response address may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How many connections are kept for the next answer.
const IDLE: usize = 8;

/// Sends answers to response addresses.
pub struct Responder {
    http: reqwest::Client,
    /// Besides Slack's own host, the origin of the Web API that is configured: the local Slack.
    api_origin: Option<url::Origin>,
}

impl Responder {
    pub fn new(api_url: &str) -> anyhow::Result<Responder> {
        Ok(Responder {
            http: reqwest::Client::builder()
                .timeout(TIMEOUT)
                // A rush leaves hundreds of connections behind otherwise, each with its buffers.
                .pool_max_idle_per_host(IDLE)
                .redirect(reqwest::redirect::Policy::none())
                .build()?,
            api_origin: url::Url::parse(api_url).ok().map(|it| it.origin()),
        })
    }

    /// Whether an address is one that Slack gives out.
    fn is_slacks(&self, address: &url::Url) -> bool {
        let official = address.scheme() == "https"
            && address
                .host_str()
                .is_some_and(|host| host == "hooks.slack.com" || host == "hooks.slack-gov.com");
        official || self.api_origin.as_ref() == Some(&address.origin())
    }

    async fn send(&self, address: &str, body: &Value) -> Result<(), String> {
        let address = url::Url::parse(address).map_err(|_| "no address".to_owned())?;
        if !self.is_slacks(&address) {
            return Err("the address is not Slack's".into());
        }
        let answer = self.http.post(address).json(body).send().await;
        match answer {
            Ok(mut answer) if answer.status().is_success() => {
                // Slack says "ok", whatever it calls that; a page is a proxy's or a login's.
                let said = answer.chunk().await.ok().flatten().unwrap_or_default();
                match said.trim_ascii_start().starts_with(b"<") {
                    true => Err("a page came in place of Slack's answer".into()),
                    false => Ok(()),
                }
            }
            Ok(answer) => Err(format!("HTTP status {}", answer.status().as_u16())),
            // The error would print the address, which is a secret for half an hour.
            Err(error) => Err(error.without_url().to_string()),
        }
    }
}

/// An answer in the body of the acknowledgement, for the person alone.
pub fn inline(message: &Message) -> Value {
    let mut body = message.to_json();
    body["response_type"] = json!("ephemeral");
    body
}

impl Slack {
    /// Sends what would have been the body of an answer to the response address, after the time
    /// for it was over.
    pub async fn respond(&self, response_url: &str, body: &Value) {
        let mut body = body.clone();
        // The message with the button must stay.
        body["replace_original"] = json!(false);
        if let Err(why) = self.responder.send(response_url, &body).await {
            tracing::warn!(why, "a response address did not take a late answer");
        }
    }

    /// Tells somebody something, by whatever way is open.
    pub async fn tell(&self, user: &SlackUserId, response_url: &str, message: &Message) {
        if !response_url.is_empty() {
            let mut body = inline(message);
            // The message with the button must stay.
            body["replace_original"] = json!(false);
            match self.responder.send(response_url, &body).await {
                Ok(()) => return,
                Err(why) => tracing::warn!(why, "a response address did not take an answer"),
            }
        }
        let mut body = message.to_json();
        body["channel"] = json!(user);
        match self.api.post::<Value>("chat.postMessage", &body).await {
            Ok(_) => return,
            Err(error) => tracing::warn!(%error, "a direct message could not be sent"),
        }
        body["channel"] = json!(self.desk.policy().announce_channel);
        body["user"] = json!(user);
        if let Err(error) = self.api.post::<Value>("chat.postEphemeral", &body).await {
            tracing::error!(%error, "somebody could not be told anything");
        }
    }
}
