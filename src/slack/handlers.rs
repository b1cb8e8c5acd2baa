//! What a request of Slack's leads to. Each handler asks the desk and puts the answer into a view.

pub mod click;
pub mod command;
pub mod event;
pub mod mention;
pub mod open;
mod place;
mod preview;
mod reaction;
mod said;
mod same;
pub mod shortcut;
pub mod submit;
pub mod suggest;
mod who;
pub mod words;

use std::sync::Arc;

use serde_json::Value;

use super::{
    Slack,
    ingress::envelope::Interaction,
    views::{self, Message},
};
use crate::{
    desk::DeskError,
    domain::{
        ids::{OutageNumber, WorkspaceId},
        person::Person,
        refusal::Refusal,
        time::Zone,
    },
};

/// What Slack gets for an answer.
#[derive(Debug, PartialEq)]
pub enum Answer {
    Empty,
    Body(Value),
    /// Nothing could be done: Slack should send it again where it does that.
    Unavailable,
}

/// Everything that comes to the interactivity address.
pub async fn interaction(slack: Arc<Slack>, interaction: Interaction) -> Answer {
    match interaction.kind.as_str() {
        "block_actions" => {
            slack.tasks.spawn(click::follow(slack.clone(), interaction));
            Answer::Empty
        }
        "view_submission" => submit::answer(slack, interaction).await,
        "block_suggestion" => suggest::answer(slack, interaction).await,
        "shortcut" | "message_action" => {
            let work = shortcut::follow(slack.clone(), interaction);
            slack.tasks.spawn(work);
            Answer::Empty
        }
        // Closing a form changes nothing.
        "view_closed" => Answer::Empty,
        other => {
            tracing::info!(kind = other, "ignored an interaction of an unknown kind");
            Answer::Empty
        }
    }
}

impl Slack {
    /// Puts into words why something was not done.
    async fn explain(
        &self,
        workspace: &WorkspaceId,
        error: &DeskError,
        number: Option<OutageNumber>,
    ) -> Message {
        match error {
            DeskError::Refused(Refusal::OutOfDate { number, is }) => {
                let link = self.permalink(workspace, *number).await;
                views::lists::out_of_date(Some(*number), link.as_deref(), Some(is), self.command())
            }
            DeskError::Refused(Refusal::MayNotAnnounce) => {
                views::lists::may_not_announce(&[], &self.desk.policy().ask)
            }
            DeskError::Refused(refusal) => {
                let people = match refusal {
                    Refusal::MayNotChange { involved } => {
                        self.desk.people(involved).await.unwrap_or_default()
                    }
                    _ => Vec::new(),
                };
                views::lists::refusal(refusal, &people, &self.desk.policy().ask)
            }
            DeskError::UnknownOutage(number) => {
                views::lists::no_such_outage(*number, self.command())
            }
            DeskError::UnknownComponent(_) => {
                views::lists::out_of_date(number, None, None, self.command())
            }
            DeskError::DoneOtherwise(number) => views::lists::done_otherwise(*number),
            DeskError::Busy(_) | DeskError::FirstAnswerLost | DeskError::Store(_) => {
                tracing::error!(%error, "a request of somebody's failed");
                views::lists::try_again("Balefire could not write it down just now")
            }
        }
    }

    /// The clock that somebody's words are read by.
    async fn zone_of(&self, workspace: &WorkspaceId, person: &Person) -> Zone {
        match self.knows(workspace, &person.slack_user).await {
            Ok(true) => person.zone,
            _ => self.desk.policy().zone,
        }
    }

    async fn permalink(&self, workspace: &WorkspaceId, number: OutageNumber) -> Option<String> {
        let detail = self.desk.detail(workspace, number, 1).await.ok()?;
        detail.announcement?.permalink
    }
}
