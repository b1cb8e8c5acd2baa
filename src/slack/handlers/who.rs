//! `/outage who`: what somebody may do, why, and who can give them more.

use std::sync::Arc;

use super::Answer;
use crate::{
    desk::DeskError,
    domain::ids::{SlackUserId, WorkspaceId},
    slack::{
        Slack,
        commands::Whom,
        ingress::envelope::SlashCommand,
        replies::inline,
        views::{self, Message},
    },
};

/// Who is not known yet is asked for first, beside the answer, because their e-mail address may be
/// what gives them a right.
pub async fn answer(
    slack: Arc<Slack>,
    workspace: WorkspaceId,
    command: SlashCommand,
    of: Option<Whom>,
) -> Answer {
    let asking = SlackUserId(command.user_id);
    let of = match slack.whom(&workspace, &asking, of).await {
        Ok(Ok(of)) => of,
        Ok(Err(unclear)) => return Answer::Body(inline(&unclear)),
        Err(error) => {
            let why = slack.explain(&workspace, &error, None).await;
            return Answer::Body(inline(&why));
        }
    };
    let known = matches!(slack.knows(&workspace, &of).await, Ok(true));
    if known {
        let message = slack
            .who(&workspace, &asking, &of, &command.user_name)
            .await;
        let tasks = slack.tasks.clone();
        tasks.spawn(async move { slack.get_to_know(&workspace, &of).await });
        return Answer::Body(inline(&message));
    }
    let tasks = slack.tasks.clone();
    tasks.spawn(async move {
        slack.get_to_know(&workspace, &of).await;
        let message = slack
            .who(&workspace, &asking, &of, &command.user_name)
            .await;
        slack.tell(&asking, &command.response_url, &message).await;
    });
    Answer::Empty
}

impl Slack {
    /// Whom somebody names in words, themselves when nobody: the one place for every command that
    /// takes a person. The inner error is what to tell them when it is not clear.
    pub(super) async fn whom(
        &self,
        workspace: &WorkspaceId,
        asking: &SlackUserId,
        named: Option<Whom>,
    ) -> Result<Result<SlackUserId, Message>, DeskError> {
        let said = match named {
            None => return Ok(Ok(asking.clone())),
            Some(Whom::User(user)) => return Ok(Ok(user)),
            Some(Whom::Called(said)) => said,
        };
        let found = self.desk.people_called(workspace, &said).await?;
        Ok(match &found[..] {
            [one] => Ok(one.slack_user.clone()),
            [] => Err(views::who::nobody(self.command(), &said)),
            several => Err(views::who::several(self.command(), &said, several)),
        })
    }

    /// What `of` may do, for `asking`; `name` is what to call the latter when nothing is known.
    pub(super) async fn who(
        &self,
        workspace: &WorkspaceId,
        asking: &SlackUserId,
        of: &SlackUserId,
        name: &str,
    ) -> Message {
        let name = if of == asking { name } else { of.as_str() };
        match self.standing(workspace, asking, of, name).await {
            Ok(message) => message,
            Err(error) => self.explain(workspace, &error, None).await,
        }
    }

    async fn standing(
        &self,
        workspace: &WorkspaceId,
        asking: &SlackUserId,
        of: &SlackUserId,
        name: &str,
    ) -> Result<Message, DeskError> {
        let person = self.desk.meet(workspace, of, name).await?;
        let standing = self.desk.standing(workspace, person.id).await?;
        let other = (of != asking).then_some(person.name.as_str());
        Ok(views::who::who(&standing, other, &self.desk.policy().ask))
    }
}
