//! Text commands: what somebody asks of one outage in words. With words they act at once, in one
//! transaction; without, the form asks for them.

use std::{sync::Arc, time::Duration};

use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::{Answer, click, open::Opening};
use crate::{
    desk::{DeskError, Once, OnceKey},
    domain::{
        command::{Command, Resolve, Update},
        eta::understand,
        ids::{OutageNumber, SlackUserId, WorkspaceId},
        outage::{Outage, Phase},
        refusal::Refusal,
        time::Timestamp,
    },
    slack::{
        Slack,
        commands::{Order, Verb},
        ingress::envelope::SlashCommand,
        plain,
        replies::inline,
        views::{
            self, Message,
            done::{self, Done},
        },
    },
    store,
};

/// How long the same words of the same person are known again: people press twice when an answer is
/// slow, and a minute later they mean it.
const SAID_TWICE: Duration = Duration::from_secs(60);

/// How long a request is known again when Slack repeats it.
const REPEATED: Duration = Duration::from_secs(3600);

/// How long the answer is waited for. Later it comes to the response address.
const AT_ONCE: Duration = Duration::from_secs(2);

/// How many people of one message are called by their names.
const NAMED: usize = 20;

/// Somebody who asks for something in words.
#[derive(Clone, Debug)]
pub struct Asking {
    pub user: SlackUserId,
    /// What to call them when nothing else is known.
    pub name: String,
    /// Everything they said.
    pub words: String,
    /// By which Slack's own repetition is known.
    pub scope: &'static str,
    pub key: String,
}

impl Asking {
    /// The same request again, or the same words again, is the same wish.
    fn once(&self) -> Once {
        let digest = Sha256::digest(self.words.trim());
        let content: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let key = |scope, key, kept| OnceKey { scope, key, kept };
        Once {
            keys: vec![
                key(self.scope, self.key.clone(), REPEATED),
                key("slack.said", format!("{}:{content}", self.user), SAID_TWICE),
            ],
            content,
        }
    }
}

/// A command with words: done at once. Who is not known yet is asked for first, beside the answer,
/// because their e-mail address may be what gives them the right.
pub async fn answer(
    slack: Arc<Slack>,
    workspace: WorkspaceId,
    command: SlashCommand,
    number: OutageNumber,
    order: Order,
) -> Answer {
    let asking = Asking {
        user: SlackUserId(command.user_id),
        name: command.user_name,
        words: command.text,
        scope: "slack.words",
        key: command.trigger_id,
    };
    let known = matches!(slack.knows(&workspace, &asking.user).await, Ok(true));
    let (tell, mut told) = oneshot::channel();
    let tasks = slack.tasks.clone();
    tasks.spawn(async move {
        if !known {
            slack.get_to_know(&workspace, &asking.user).await;
        }
        let message = slack.carry_out(&workspace, &asking, number, &order).await;
        let user = &asking.user;
        if let Err(late) = tell.send(message) {
            slack.tell(user, &command.response_url, &late).await;
        }
        slack.get_to_know(&workspace, user).await;
    });
    // The answer never waits for Slack, and not for ever: whoever hears nothing says it again.
    if known && let Ok(Ok(message)) = tokio::time::timeout(AT_ONCE, &mut told).await {
        return Answer::Body(inline(&message));
    }
    told.close();
    match told.try_recv() {
        Ok(message) => Answer::Body(inline(&message)),
        Err(_) => Answer::Empty,
    }
}

/// A command without words: the same form as behind the button.
pub async fn form(
    slack: Arc<Slack>,
    workspace: WorkspaceId,
    command: SlashCommand,
    number: OutageNumber,
    verb: Verb,
) -> Answer {
    let opening = Opening {
        user: SlackUserId(command.user_id),
        trigger_id: command.trigger_id,
        response_url: command.response_url,
    };
    let tasks = slack.tasks.clone();
    tasks.spawn(async move {
        let (user, name) = (&opening.user, &command.user_name);
        // The same command again would only be told that its trigger is used up.
        if !slack.triggers.first_time(&opening.trigger_id) {
            return;
        }
        let Some(action) = done::form_of(verb, number) else {
            return;
        };
        if let Err(error) = click::act(&slack, &workspace, name, &opening, &action, "").await {
            let message = slack.explain_words(&workspace, error, number).await;
            slack.tell(user, &opening.response_url, &message).await;
        }
        slack.get_to_know(&workspace, user).await;
    });
    Answer::Empty
}

impl Slack {
    /// Does what somebody asks in words, and says what was done or why not.
    pub(super) async fn carry_out(
        &self,
        workspace: &WorkspaceId,
        asking: &Asking,
        number: OutageNumber,
        order: &Order,
    ) -> Message {
        match self.try_to(workspace, asking, number, order).await {
            Ok(message) => message,
            Err(error) => self.explain_words(workspace, error, number).await,
        }
    }

    async fn try_to(
        &self,
        workspace: &WorkspaceId,
        asking: &Asking,
        number: OutageNumber,
        order: &Order,
    ) -> Result<Message, DeskError> {
        let person = self
            .desk
            .meet(workspace, &asking.user, &asking.name)
            .await?;
        let zone = match self.knows(workspace, &asking.user).await? {
            true => person.zone,
            false => self.desk.policy().zone,
        };
        let now = self.clock.now();
        let outage = self.desk.outage(workspace, number).await?;
        let command = match order {
            Order::Update { text } => Command::Update(Update {
                text: text.clone(),
                stage: None,
                eta: None,
            }),
            Order::Eta { text } => match understand(text, now, zone) {
                Ok(eta) => Command::Eta {
                    eta,
                    reason: String::new(),
                },
                Err(unclear) => {
                    // Whoever may not change it should not be taught how.
                    let actor = self.desk.actor(person.id).await?;
                    if !actor.may_change(&outage) {
                        let involved = outage.roles.people();
                        return Err(DeskError::Refused(Refusal::MayNotChange { involved }));
                    }
                    let link = self.permalink(workspace, number).await;
                    return Ok(done::eta_unclear(&outage, link.as_deref(), &unclear, zone));
                }
            },
            Order::Resolve { text } => Command::Resolve(self.resolve(&outage, text, now)),
            Order::Reopen { reason } => Command::Reopen {
                reason: reason.clone(),
            },
            Order::Withdraw { why } => Command::Withdraw {
                why: why.clone(),
                duplicate_of: None,
            },
            Order::Merge { into } => Command::Withdraw {
                why: String::new(),
                duplicate_of: Some(*into),
            },
            Order::Take => Command::Take,
        };
        let outage = self
            .desk
            .change(workspace, person.id, number, &command, &asking.once())
            .await?;
        let link = self.permalink(workspace, number).await;
        Ok(done::done(&Done {
            order,
            outage: &outage,
            permalink: link.as_deref(),
            person: person.id,
            zone,
            now,
        }))
    }

    /// Over now, with nothing said but the text: what the form would ask besides keeps what it has,
    /// also from before it was reopened.
    fn resolve(&self, outage: &Outage, text: &str, now: Timestamp) -> Resolve {
        let former = match &outage.phase {
            Phase::Open { former, .. } => former.as_ref(),
            _ => None,
        };
        let preset = self.desk.policy().post_mortem_default;
        Resolve {
            text: text.to_owned(),
            at: now,
            answers: Vec::new(),
            turnover: outage.turnover.clone(),
            post_mortem_wanted: former.map_or(preset, |it| it.post_mortem_wanted),
        }
    }

    /// As [`Slack::explain`], where no message can be out of date: the words are new.
    async fn explain_words(
        &self,
        workspace: &WorkspaceId,
        error: DeskError,
        number: OutageNumber,
    ) -> Message {
        if let DeskError::Refused(Refusal::OutOfDate { number, .. }) = &error
            && let Ok(outage) = self.desk.outage(workspace, *number).await
        {
            let link = self.permalink(workspace, *number).await;
            return done::not_now(&outage, link.as_deref());
        }
        self.explain(workspace, &error, Some(number)).await
    }

    /// What people see in a message, with those named in it called by their names.
    pub(super) async fn words_of(&self, workspace: &WorkspaceId, markup: &str) -> String {
        let names = match self.names(workspace, markup).await {
            Ok(names) => names,
            Err(error) => {
                let error = store::trouble::in_words(&error);
                tracing::warn!(error, "nobody's name could be looked up");
                Vec::new()
            }
        };
        plain::plain(markup, |user| {
            let found = names.iter().find(|(it, _)| it == user);
            found.map(|(_, name)| name.clone())
        })
    }

    async fn names(
        &self,
        workspace: &WorkspaceId,
        markup: &str,
    ) -> store::Result<Vec<(String, String)>> {
        let mut tx = self.db.read().await?;
        let mut names = Vec::new();
        for user in plain::mentioned(markup).into_iter().take(NAMED) {
            let id = SlackUserId(user.clone());
            let person = store::people::by_slack_user(&mut tx, workspace, &id).await?;
            names.extend(person.map(|it| (user, it.name)));
        }
        Ok(names)
    }

    /// How to write a command that was not clear.
    pub(super) fn how_to_write(&self, verb: Verb, words: &str) -> Message {
        views::done::how_to_write(verb, words, self.command())
    }
}
