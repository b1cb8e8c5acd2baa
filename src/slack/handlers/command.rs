//! Slash commands. Lists, help and text commands are answered at once; forms are opened beside the
//! answer.

use std::sync::Arc;

use super::{Answer, open::Opening, words};
use crate::{
    desk::{DeskError, MayAnnounce},
    domain::{
        command::MessageRef,
        ids::{OutageNumber, SlackUserId, WorkspaceId},
    },
    slack::{
        Slack,
        commands::{Parsed, parse},
        ingress::envelope::SlashCommand,
        replies::inline,
        views::{self, Message, forms},
    },
};

/// How many open outages are read. The list shows fewer and counts the rest.
const LISTED: i64 = 500;

/// How many lines of a timeline are shown.
const LINES: i64 = 20;

pub async fn answer(slack: Arc<Slack>, command: SlashCommand) -> Answer {
    let Some(workspace) = slack.workspace() else {
        let starting = views::lists::try_again("Balefire has not reached Slack yet");
        return Answer::Body(inline(&starting));
    };
    let message = match parse(&command.text) {
        Parsed::Help => Ok(views::lists::help(&slack.commands)),
        Parsed::List => slack.list(&workspace).await,
        Parsed::Show { number } => slack.show(&workspace, number).await,
        Parsed::NoSuchNumber { words } => Ok(views::done::no_such_number(&words)),
        Parsed::Unclear { verb, words } => Ok(slack.how_to_write(verb, &words)),
        Parsed::Do { number, order } => {
            return words::answer(slack, workspace, command, number, order).await;
        }
        Parsed::Form { number, verb } => {
            return words::form(slack, workspace, command, number, verb).await;
        }
        Parsed::Announce { words } => return announce(slack, workspace, command, words).await,
    };
    let message = match message {
        Ok(message) => message,
        Err(error) => slack.explain(&workspace, &error, None).await,
    };
    Answer::Body(inline(&message))
}

/// Opens the form for whoever may announce. Who is not known yet is asked for first, beside the
/// answer, because their e-mail address may be what gives them the right.
async fn announce(
    slack: Arc<Slack>,
    workspace: WorkspaceId,
    command: SlashCommand,
    words: String,
) -> Answer {
    let user = SlackUserId(command.user_id.clone());
    let name = command.user_name;
    let known = matches!(slack.knows(&workspace, &user).await, Ok(true));
    let mut prepared = None;
    if known {
        match slack.form_for(&workspace, &user, &name, &words, None).await {
            Ok(Err(refusal)) => return Answer::Body(inline(&refusal)),
            form => prepared = Some(form),
        }
    }
    let opening = Opening {
        user: user.clone(),
        trigger_id: command.trigger_id,
        response_url: command.response_url,
    };
    let tasks = slack.tasks.clone();
    tasks.spawn(async move {
        // The same command again would only be told that its trigger is used up.
        if let Ok(false) = slack.first_time("slack.command", &opening.trigger_id).await {
            return;
        }
        let form = match prepared {
            Some(form) => form,
            None => {
                slack.get_to_know(&workspace, &user).await;
                slack.form_for(&workspace, &user, &name, &words, None).await
            }
        };
        match form {
            Ok(Ok(view)) => slack.open(&opening, &view).await,
            Ok(Err(refusal)) => slack.tell(&user, &opening.response_url, &refusal).await,
            Err(error) => {
                let message = slack.explain(&workspace, &error, None).await;
                slack.tell(&user, &opening.response_url, &message).await;
            }
        }
        slack.get_to_know(&workspace, &user).await;
    });
    Answer::Empty
}

impl Slack {
    /// The announce form, or the message that says why there is none.
    pub async fn form_for(
        &self,
        workspace: &WorkspaceId,
        user: &SlackUserId,
        name: &str,
        words: &str,
        from_message: Option<MessageRef>,
    ) -> Result<Result<slack_morphism::prelude::SlackView, Message>, DeskError> {
        let person = self.desk.meet(workspace, user, name).await?;
        if let MayAnnounce::No { holders } = self.desk.may_announce(workspace, person.id).await? {
            let ask = &self.desk.policy().ask;
            return Ok(Err(views::lists::may_not_announce(&holders, ask)));
        }
        if self.desk.component_count(workspace).await? == 0 {
            return Ok(Err(views::lists::no_components()));
        }
        let (component, summary) = self.desk.recognise_component(workspace, words).await?;
        Ok(Ok(forms::announce::view(&forms::announce::Model {
            policy: self.desk.policy(),
            summary: &summary,
            component: component.as_ref(),
            from_message,
        })))
    }

    /// What is open and what ended last, for one person.
    pub(super) async fn list(&self, workspace: &WorkspaceId) -> Result<Message, DeskError> {
        let open = self.desk.open_outages(workspace, LISTED).await?;
        let ended = self.desk.ended_outages(workspace, 5).await?;
        Ok(views::lists::open_list(&open, &ended, self.clock.now()))
    }

    /// An outage with its timeline, for one person.
    pub async fn show(
        &self,
        workspace: &WorkspaceId,
        number: OutageNumber,
    ) -> Result<Message, DeskError> {
        let detail = self.desk.detail(workspace, number, LINES).await?;
        Ok(views::lists::detail(
            &detail,
            self.desk.policy(),
            self.clock.now(),
        ))
    }
}
