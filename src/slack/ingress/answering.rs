//! What every way in has in common: what a request is counted as, how long its answer may take,
//! and what becomes of an answer that is late. Nothing here knows over what it came.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::envelope::{EventEnvelope, Interaction, SlashCommand, Unreadable};
use crate::{
    clock::Stopwatch,
    slack::{
        Slack,
        handlers::{self, Answer},
    },
    telemetry::{SlackRequest, SlackRequestOutcome},
};

/// Slack gives up after 3 s; by then we have said something.
pub const ANSWER_WITHIN: Duration = Duration::from_millis(2500);

/// Answers a command. When it takes long, its answer follows to the response address.
pub async fn command(slack: &Arc<Slack>, watch: Stopwatch, command: SlashCommand) -> Answer {
    let response_url = command.response_url.clone();
    let work = handlers::command::answer(slack.clone(), command);
    match within_time(slack, SlackRequest::Command, watch, work).await {
        Ok(answer) => answer,
        Err(None) => Answer::Body(only_for_them(
            "Something broke in Balefire. Nothing is lost; try again in a minute.",
        )),
        Err(Some(_)) if response_url.is_empty() => Answer::Body(only_for_them(
            "This takes longer than usual. Nothing is lost; try again in a minute.",
        )),
        Err(Some(running)) => {
            let slack = slack.clone();
            slack.tasks.clone().spawn(async move {
                if let Ok(Answer::Body(body)) = running.await {
                    slack.respond(&response_url, &body).await;
                }
            });
            Answer::Body(only_for_them(
                "This takes longer than usual. What comes of it appears here; if nothing does, \
                 try again in a minute.",
            ))
        }
    }
}

/// Answers a click, a submission or a type-ahead.
pub async fn interaction(slack: &Arc<Slack>, watch: Stopwatch, interaction: Interaction) -> Answer {
    let kind = kind(&interaction);
    let late = handlers::submit::late_answer(&interaction);
    let work = handlers::interaction(slack.clone(), interaction);
    let answer = within_time(slack, kind, watch, work).await;
    answer.unwrap_or_else(|_| late.map_or(Answer::Empty, Answer::Body))
}

/// Keeps an event. Slack sends it again when it gets no answer, so `Unavailable` is an honest one.
pub async fn event(slack: &Arc<Slack>, watch: Stopwatch, event: EventEnvelope) -> Answer {
    let work = handlers::event::receive(slack.clone(), event);
    let answer = within_time(slack, SlackRequest::Event, watch, work).await;
    answer.unwrap_or(Answer::Unavailable)
}

fn kind(interaction: &Interaction) -> SlackRequest {
    match interaction.kind.as_str() {
        "block_actions" => SlackRequest::Action,
        "view_submission" | "view_closed" => SlackRequest::Submission,
        "block_suggestion" => SlackRequest::Options,
        "shortcut" | "message_action" => SlackRequest::Shortcut,
        _ => SlackRequest::Other,
    }
}

/// Counts and logs a request that cannot be read.
pub fn malformed(slack: &Slack, kind: SlackRequest, unreadable: &Unreadable) {
    tracing::warn!(?kind, reason = %unreadable, "refused a request that cannot be read");
    slack
        .metrics
        .slack_request(kind, SlackRequestOutcome::Malformed);
}

/// Runs `work` to its end whatever happens to the connection, in a task of its own, because Slack
/// hanging up must not stop it half way. When it is not done in time it goes on, and whoever wants
/// to know how it ends is given the task.
async fn within_time(
    slack: &Slack,
    kind: SlackRequest,
    watch: Stopwatch,
    work: impl Future<Output = Answer> + Send + 'static,
) -> Result<Answer, Option<JoinHandle<Answer>>> {
    let mut running = slack.tasks.spawn(work);
    let answer = match tokio::time::timeout(ANSWER_WITHIN, &mut running).await {
        Ok(Ok(Answer::Unavailable)) => Err(None),
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            tracing::error!(?kind, %error, "the work on a request crashed");
            Err(None)
        }
        Err(_) => {
            tracing::warn!(?kind, "the work on a request takes long; it goes on");
            Err(Some(running))
        }
    };
    let outcome = match answer {
        Ok(_) => SlackRequestOutcome::Accepted,
        Err(_) => SlackRequestOutcome::Failed,
    };
    slack.metrics.slack_request(kind, outcome);
    slack.metrics.slack_acked(kind, watch.elapsed());
    answer
}

fn only_for_them(text: &str) -> Value {
    json!({ "response_type": "ephemeral", "text": text })
}
