//! `url_verification`: what Slack sends to the events' address when it is saved, and what came
//! back.

use super::Reply;
use crate::sandbox::shared::Shared;
use serde_json::json;

/// What came of asking the app to repeat a challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// It repeated the challenge.
    Good,
    /// Nobody listens there, or the connection broke; why, in words.
    Unreachable(String),
    TimedOut,
    TooManyRedirects,
    /// Something else came back.
    Wrong {
        status: u16,
        given: String,
    },
}

impl Shared {
    /// Asks the app to repeat a challenge, as Slack does.
    pub async fn verify(&self) -> Verified {
        let challenge = format!("{:048x}", fastrand::u128(..));
        let body = json!({
            "token": "sandbox-verification-token",
            "challenge": challenge,
            "type": "url_verification",
        });
        let reply = self
            .post_to_app("events", "application/json", body.to_string(), None)
            .await;
        let in_json = reply
            .json()
            .is_some_and(|json| json["challenge"] == challenge);
        let (status, given) = match reply {
            Reply::Unreachable(why) => return Verified::Unreachable(why),
            Reply::TimedOut => return Verified::TimedOut,
            Reply::TooManyRedirects => return Verified::TooManyRedirects,
            Reply::Answered { status, body, .. } => {
                (status, String::from_utf8_lossy(&body).trim().to_owned())
            }
        };
        let in_form = url::form_urlencoded::parse(given.as_bytes())
            .any(|(name, value)| name == "challenge" && value == challenge);
        if status == 200 && (given == challenge || in_json || in_form) {
            Verified::Good
        } else {
            Verified::Wrong { status, given }
        }
    }
}
