//! From an envelope to its acknowledgement, by way of the handlers that serve HTTP too.

use std::sync::Arc;

use serde_json::Value;

use super::frame::{Envelope, acknowledgement};
use crate::{
    clock::Stopwatch,
    slack::{
        Slack,
        handlers::Answer,
        ingress::{
            answering,
            envelope::{self, Unreadable},
        },
    },
    telemetry::SlackRequest,
};

/// What is said when the work on an envelope is done.
#[derive(Debug, PartialEq)]
pub struct Acknowledgement {
    pub text: String,
    /// An answer that is of use also when the acknowledgement does not arrive, and where it goes.
    pub otherwise: Option<(String, Value)>,
}

/// Works on envelopes; another one than ours is of use for tests.
pub trait Worker: Clone + Send + Sync + 'static {
    /// None is no acknowledgement: Slack should send it again, or tell whoever asked.
    fn work(&self, envelope: Envelope) -> impl Future<Output = Option<Acknowledgement>> + Send;

    /// An acknowledgement that could not be sent.
    fn not_sent(&self, acknowledgement: Acknowledgement) -> impl Future<Output = ()> + Send;
}

impl Worker for Arc<Slack> {
    async fn work(&self, envelope: Envelope) -> Option<Acknowledgement> {
        let watch = Stopwatch::start();
        let Envelope {
            id,
            kind,
            payload,
            takes_answer,
        } = envelope;
        let mut response_url = payload["response_url"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let answer = match kind.as_str() {
            "events_api" => {
                let event = match envelope::event_in(payload) {
                    Ok(event) => event,
                    Err(unreadable) => {
                        answering::malformed(self, SlackRequest::Event, &unreadable);
                        // It would not be easier to read the next time.
                        return Some(plain(&id));
                    }
                };
                answering::event(self, watch, event).await
            }
            "slash_commands" => {
                let command = envelope::slash_command(&fields(&payload));
                match self.readable(SlackRequest::Command, command) {
                    Some(command) => answering::command(self, watch, command).await,
                    None => Answer::Unavailable,
                }
            }
            "interactive" => {
                let interaction = envelope::interaction_in(payload);
                // What answers an interaction means nothing but in the acknowledgement.
                response_url.clear();
                match self.readable(SlackRequest::Other, interaction) {
                    Some(it) => answering::interaction(self, watch, it).await,
                    None => Answer::Unavailable,
                }
            }
            other => {
                tracing::info!(kind = other, "ignored an envelope of an unknown kind");
                Answer::Empty
            }
        };
        let body = match answer {
            Answer::Unavailable => return None,
            Answer::Empty => return Some(plain(&id)),
            Answer::Body(body) => body,
        };
        let elsewhere = !response_url.is_empty();
        if takes_answer {
            return Some(Acknowledgement {
                text: acknowledgement(&id, Some(&body)),
                otherwise: elsewhere.then_some((response_url, body)),
            });
        }
        if elsewhere {
            let slack = self.clone();
            // Beside the acknowledgement, which must not wait.
            self.tasks
                .spawn(async move { slack.respond(&response_url, &body).await });
        } else {
            tracing::warn!(kind, "Slack takes no answer where there is one");
        }
        Some(plain(&id))
    }

    async fn not_sent(&self, acknowledgement: Acknowledgement) {
        if let Some((response_url, body)) = acknowledgement.otherwise {
            self.respond(&response_url, &body).await;
        }
    }
}

impl Slack {
    fn readable<T>(&self, kind: SlackRequest, read: Result<T, Unreadable>) -> Option<T> {
        read.map_err(|unreadable| answering::malformed(self, kind, &unreadable))
            .ok()
    }
}

fn plain(id: &str) -> Acknowledgement {
    Acknowledgement {
        text: acknowledgement(id, None),
        otherwise: None,
    }
}

/// A command's payload has the fields that the form has over HTTP.
fn fields(payload: &Value) -> Vec<(String, String)> {
    let fields = payload.as_object().into_iter().flatten();
    fields
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}
