//! What happens when the same may be announced already: the person is asked, and their words wait.
//!
//! Slack shows the question above the form and sends only the question's answer back, so what was
//! filled in is kept here meanwhile. Whatever the answer leads to is remembered under the first
//! form's ID: that form, or the question, submitted twice does one thing once.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{
    Answer,
    submit::{Stays, request},
};
use crate::{
    desk::{DeskError, Once},
    domain::{
        command::{Command, MessageRef},
        ids::{OutageNumber, WorkspaceId},
        limits,
        person::Person,
        refusal::Refusal,
    },
    slack::{
        Slack,
        action::{Draft, FormContext},
        ingress::envelope::View,
        mrkdwn,
        views::{
            self, Message,
            forms::{self, FieldErrors, Values, same::Choice},
        },
    },
    store,
};

/// How long what was filled in is kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// Under which it is kept.
const SCOPE: &str = "slack.draft";

/// A form that was submitted, as it is kept.
pub(super) struct Waiting<'a> {
    pub draft: Draft,
    pub values: &'a Value,
    pub from_message: Option<MessageRef>,
    /// Outages that the person has seen already.
    pub seen: Vec<OutageNumber>,
}

/// Announces, or asks first whether it is one of those that are known.
pub(super) async fn announce_or_ask(
    slack: &Slack,
    workspace: &WorkspaceId,
    person: &Person,
    waiting: Waiting<'_>,
    how: &str,
) -> Result<Answer, Stays> {
    let values = Values::new(waiting.values);
    let mut request = request(slack, workspace, person, &values).await?;
    request.from_message = waiting.from_message.clone();
    request.not_the_same_as = waiting.seen.clone();
    let once = Once::new(
        "slack.form",
        waiting.draft.view.clone(),
        waiting.draft.digest.clone(),
    );
    match slack
        .desk
        .declare(workspace, person.id, &request, &once)
        .await
    {
        Ok(_) if how == "update" => Ok(clear()),
        Ok(_) => Ok(Answer::Empty),
        Err(DeskError::Refused(Refusal::MaybeTheSame { open, lately })) => {
            ask(
                slack,
                workspace,
                person,
                waiting,
                [open, lately].concat(),
                how,
            )
            .await
        }
        Err(error) => Err(error.into()),
    }
}

async fn ask(
    slack: &Slack,
    workspace: &WorkspaceId,
    person: &Person,
    waiting: Waiting<'_>,
    numbers: Vec<OutageNumber>,
    how: &str,
) -> Result<Answer, Stays> {
    keep(slack, &waiting.draft, waiting.values)
        .await
        .map_err(DeskError::from)?;
    let mut found = Vec::with_capacity(numbers.len());
    for number in &numbers {
        let detail = slack.desk.detail(workspace, *number, 1).await?;
        found.push((detail.outage, detail.announcement));
    }
    let mut seen = waiting.seen;
    seen.extend(numbers);
    let context = FormContext {
        from_message: waiting.from_message,
        draft: Some(waiting.draft),
        seen,
        ..FormContext::default()
    };
    let zone = slack.zone_of(workspace, person).await;
    let view = forms::same::view(&found, context, zone);
    Ok(Answer::Body(
        json!({ "response_action": how, "view": view }),
    ))
}

/// Does what the person chose. Everything is closed then.
pub(super) async fn answered(
    slack: &Arc<Slack>,
    workspace: &WorkspaceId,
    person: &Person,
    view: &View,
    context: FormContext,
) -> Result<Answer, Stays> {
    let draft = context.draft.ok_or(Stays::Unknown)?;
    let values = recall(slack, &draft).await.map_err(DeskError::from)?;
    let values = values.ok_or(Stays::Unknown)?;
    let choice = forms::same::read(&Values::new(&view.state.values))?;
    let words = Values::new(&values)
        .text(forms::block::SUMMARY)
        .unwrap_or("")
        .replace("\r\n", "\n");
    let once = |what: &str, number: OutageNumber| {
        let content = format!("{}:{what}:{number}", draft.digest);
        Once::new("slack.form", draft.view.clone(), content)
    };
    match choice {
        Choice::Announce => {
            let waiting = Waiting {
                draft,
                values: &values,
                from_message: context.from_message,
                seen: context.seen,
            };
            let outcome = announce_or_ask(slack, workspace, person, waiting, "update").await;
            // What is wrong is in the form below, which this one cannot show: a time that was
            // ahead when it was written, for instance.
            outcome.map_err(|stays| match stays {
                Stays::Fields(errors) => Stays::Fields(below(&errors)),
                // Retired since it was chosen.
                Stays::Desk(DeskError::UnknownComponent(_)) => {
                    let mut errors = FieldErrors::default();
                    errors.add(forms::block::COMPONENT, forms::NOT_OFFERED);
                    Stays::Fields(below(&errors))
                }
                stays => stays,
            })
        }
        Choice::Join { number } => {
            let command = Command::Join { text: words };
            let once = once("join", number);
            let change = slack
                .desk
                .change(workspace, person.id, number, &command, &once);
            change.await?;
            tell(slack, workspace, person, number, views::lists::joined);
            Ok(clear())
        }
        Choice::Reopen { number } => {
            let reason = mrkdwn::shorten(&words, limits::REASON);
            let command = Command::Reopen { reason };
            let once = once("reopen", number);
            let change = slack
                .desk
                .change(workspace, person.id, number, &command, &once);
            change.await?;
            tell(slack, workspace, person, number, views::lists::reopened);
            Ok(clear())
        }
    }
}

/// What is wrong with the form below, said here.
fn below(errors: &FieldErrors) -> FieldErrors {
    let mut here = FieldErrors::default();
    if let Some((_, sentence)) = errors.iter().next() {
        let sentence = format!("Press Cancel and correct the form below: {sentence}");
        here.add(forms::block::SAME, &sentence);
    }
    here
}

/// Says where the words are, beside the answer.
fn tell(
    slack: &Arc<Slack>,
    workspace: &WorkspaceId,
    person: &Person,
    number: OutageNumber,
    message: fn(OutageNumber, Option<&str>) -> Message,
) {
    let (slack, workspace) = (slack.clone(), workspace.clone());
    let user = person.slack_user.clone();
    let tasks = slack.tasks.clone();
    tasks.spawn(async move {
        let link = slack.permalink(&workspace, number).await;
        slack
            .tell(&user, "", &message(number, link.as_deref()))
            .await;
    });
}

fn clear() -> Answer {
    Answer::Body(json!({ "response_action": "clear" }))
}

/// The same form again finds its words kept already.
async fn keep(slack: &Slack, draft: &Draft, values: &Value) -> store::Result<()> {
    let now = slack.clock.now();
    let mut tx = slack.db.begin().await?;
    if store::idempotency::remember(&mut tx, SCOPE, &draft.key(), values, now, KEPT).await? {
        tx.commit().await?;
    }
    Ok(())
}

async fn recall(slack: &Slack, draft: &Draft) -> store::Result<Option<Value>> {
    let mut tx = slack.db.read().await?;
    store::idempotency::recall(&mut tx, SCOPE, &draft.key(), slack.clock.now(), KEPT).await
}
