//! Slash commands. Lists, help and text commands are answered at once; forms are opened beside the
//! answer.

use std::sync::Arc;

use slack_morphism::prelude::SlackView;

use super::{
    Answer,
    open::{Again, Opening},
    who, words,
};
use crate::{
    desk::{Announcing, DeskError, MayAnnounce},
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
        Parsed::Who { of } => return who::answer(slack, workspace, command, of).await,
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

/// Opens the form for whoever may announce. When so many are on their way that it would come too
/// late, the answer itself is a button, and nothing is left to do beside it. Who is not known yet is
/// asked for first, beside the answer, because their e-mail address may be what gives them the
/// right.
async fn announce(
    slack: Arc<Slack>,
    workspace: WorkspaceId,
    command: SlashCommand,
    words: String,
) -> Answer {
    let user = SlackUserId(command.user_id.clone());
    let again = Again::announce(&words);
    let mut prepared = None;
    let mut profile_at = None;
    if let Ok(start) = slack.desk.announcing(&workspace, &user, &words).await
        && start.profile_at.is_some()
    {
        match slack.form(&start, None) {
            Ok(view) => match slack.turn(Some(again)) {
                Ok(turn) => prepared = Some((view, turn)),
                Err(later) => return Answer::Body(inline(&later)),
            },
            Err(refusal) => return Answer::Body(inline(&refusal)),
        }
        profile_at = start.profile_at;
    }
    // The same command again would only be told that its trigger is used up.
    if !slack.triggers.first_time(&command.trigger_id) {
        return Answer::Empty;
    }
    let opening = Opening {
        user: user.clone(),
        trigger_id: command.trigger_id,
        response_url: command.response_url,
    };
    let tasks = slack.tasks.clone();
    tasks.spawn(async move {
        match prepared {
            Some((view, turn)) => slack.open_in(turn, &opening, &view).await,
            None => {
                let name = &command.user_name;
                slack
                    .announce_unknown(&workspace, &opening, name, &words)
                    .await;
            }
        }
        if !profile_at.is_some_and(|at| slack.is_fresh(at)) {
            slack.get_to_know(&workspace, &user).await;
        }
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
    ) -> Result<Result<SlackView, Message>, DeskError> {
        let mut start = self.desk.announcing(workspace, user, words).await?;
        if !start.met {
            self.desk.meet(workspace, user, name).await?;
            start = self.desk.announcing(workspace, user, words).await?;
        }
        Ok(self.form(&start, from_message))
    }

    fn form(
        &self,
        start: &Announcing,
        from_message: Option<MessageRef>,
    ) -> Result<SlackView, Message> {
        let policy = self.desk.policy();
        if let MayAnnounce::No { holders } = &start.may {
            return Err(views::lists::may_not_announce(holders, &policy.ask));
        }
        if !start.has_components {
            return Err(views::lists::no_components());
        }
        Ok(forms::announce::view(&forms::announce::Model {
            policy,
            summary: &start.summary,
            component: start.component.as_ref(),
            from_message,
        }))
    }

    /// Gets to know somebody, and then opens the form for them or says why not.
    async fn announce_unknown(
        self: &Arc<Slack>,
        workspace: &WorkspaceId,
        opening: &Opening,
        name: &str,
        words: &str,
    ) {
        let user = &opening.user;
        self.get_to_know(workspace, user).await;
        let message = match self.form_for(workspace, user, name, words, None).await {
            Ok(Ok(view)) => {
                let again = Again::announce(words);
                return self.open(opening, &view, Some(again)).await;
            }
            Ok(Err(refusal)) => refusal,
            Err(error) => self.explain(workspace, &error, None).await,
        };
        self.tell(user, &opening.response_url, &message).await;
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
