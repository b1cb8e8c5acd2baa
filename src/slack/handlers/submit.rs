//! Submitted forms: read, decided by the desk, answered with nothing (the form closes) or with
//! what is wrong at which field (it stays, and keeps what was typed).

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Answer;
use crate::{
    desk::{DeskError, Once},
    domain::{
        command::{Command, Edit, Request},
        ids::{SlackUserId, WorkspaceId},
        person::Person,
        policy::Policy,
    },
    slack::{
        Slack,
        action::{Form, FormContext},
        ingress::envelope::{Interaction, View},
        views::{
            self, Message,
            forms::{self, FieldErrors, Values},
        },
    },
};

/// Why a form stays open.
enum Stays {
    Fields(FieldErrors),
    Desk(DeskError),
    /// The form is not one that this version knows.
    Unknown,
}

impl From<FieldErrors> for Stays {
    fn from(errors: FieldErrors) -> Stays {
        Stays::Fields(errors)
    }
}

impl From<DeskError> for Stays {
    fn from(error: DeskError) -> Stays {
        Stays::Desk(error)
    }
}

pub async fn answer(slack: Arc<Slack>, interaction: Interaction) -> Answer {
    let Some(view) = interaction.view.as_ref() else {
        return Answer::Empty;
    };
    let user = SlackUserId(interaction.user.id.clone());
    let Some(workspace) = slack.workspace() else {
        return at_first_field(
            view,
            "Balefire has not reached Slack yet. Try again in a minute.",
        );
    };
    let outcome = async {
        let person = slack
            .desk
            .meet(&workspace, &user, interaction.user.called())
            .await?;
        submit(&slack, &workspace, &person, view).await
    };
    match outcome.await {
        Ok(()) => Answer::Empty,
        Err(Stays::Fields(errors)) => Answer::Body(errors.to_response()),
        Err(Stays::Desk(error)) => {
            if let DeskError::Refused(refusal) = &error
                && let Some((block, message)) = forms::field_error(refusal)
                && has_input(view, block)
            {
                return errors_at(block, &message);
            }
            if let DeskError::UnknownComponent(_) = &error
                && has_input(view, forms::block::COMPONENT)
            {
                return errors_at(forms::block::COMPONENT, forms::NOT_OFFERED);
            }
            let message = slack.explain(&workspace, &error, None).await;
            stay_open(&slack, &user, view, &message).await
        }
        Err(Stays::Unknown) => {
            tracing::warn!(callback = view.callback_id, "an unknown form was submitted");
            let message = views::lists::form_out_of_date();
            stay_open(&slack, &user, view, &message).await
        }
    }
}

async fn submit(
    slack: &Slack,
    workspace: &WorkspaceId,
    person: &Person,
    view: &View,
) -> Result<(), Stays> {
    let form = Form::decode(&view.callback_id).ok_or(Stays::Unknown)?;
    let context = FormContext::decode(&view.private_metadata).ok_or(Stays::Unknown)?;
    let values = Values::new(&view.state.values);
    let once = Once::new("slack.form", view.id.clone(), digest(&view.state.values));
    let now = slack.clock.now();
    let policy = slack.desk.policy();
    if form == Form::Announce {
        let filled = forms::announce::read(&values, policy)?;
        let request = Request {
            component: slack.desk.component(workspace, filled.component).await?,
            summary: filled.summary,
            severity: filled.severity,
            eta: filled.eta.promise(now),
            answers: filled.answers,
            from_message: None,
            not_the_same_as: Vec::new(),
        };
        slack
            .desk
            .declare(workspace, person.id, &request, &once)
            .await?;
        return Ok(());
    }
    let number = context.number.ok_or(Stays::Unknown)?;
    let version = context.version.unwrap_or(0);
    let base = slack.desk.outage_at(workspace, number, version).await?;
    let command = match form {
        Form::Announce => return Err(Stays::Unknown),
        Form::Update => Command::Update(forms::update::read(&values, &base, policy, now)?),
        Form::Edit => Command::Edit(edit(slack, workspace, &values, &base, policy).await?),
        Form::Resolve => Command::Resolve(forms::resolve::read(&values, &base, policy)?),
        Form::EditResolution => {
            Command::EditResolution(forms::edit_resolution::read(&values, &base, policy)?)
        }
        Form::EditTimes => {
            let (started_at, resolved_at) = forms::edit_times::read(&values, &base)?;
            Command::EditTimes {
                started_at,
                resolved_at,
            }
        }
        Form::Reopen => Command::Reopen {
            reason: forms::reopen::read(&values)?,
        },
        Form::Withdraw => Command::Withdraw {
            why: forms::withdraw::read(&values)?,
            duplicate_of: None,
        },
    };
    slack
        .desk
        .change(workspace, person.id, number, &command, &once)
        .await?;
    Ok(())
}

/// Tells whether a form comes again as it was, or with other words in it.
fn digest(values: &Value) -> String {
    let digest = Sha256::digest(values.to_string());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The edit form names a component by its row; the desk wants the component.
async fn edit(
    slack: &Slack,
    workspace: &WorkspaceId,
    values: &Values<'_>,
    base: &crate::domain::outage::Outage,
    policy: &Policy,
) -> Result<Edit, Stays> {
    let filled = forms::edit::read(values, base, policy)?;
    let component = match filled.component {
        Some(id) => Some(slack.desk.component(workspace, id).await?),
        None => None,
    };
    Ok(Edit {
        summary: filled.summary,
        component,
        severity: filled.severity,
        eta: filled.eta.map(|it| it.promise(slack.clock.now())),
        answers: filled.answers,
        reason: filled.reason,
    })
}

/// What a submission gets when its work is not done in time. Pressing again is safe: the same form
/// gets the first answer.
pub fn late_answer(interaction: &Interaction) -> Option<Value> {
    if interaction.kind != "view_submission" {
        return None;
    }
    let message = "This takes longer than usual. Nothing is lost: press the button again.";
    match at_first_field(interaction.view.as_ref()?, message) {
        Answer::Body(body) => Some(body),
        _ => None,
    }
}

fn errors_at(block: &str, message: &str) -> Answer {
    Answer::Body(json!({ "response_action": "errors", "errors": { block: message } }))
}

/// Leaves the form open with what is wrong; a form without any field is closed by Slack, and its
/// owner told in private.
async fn stay_open(slack: &Slack, user: &SlackUserId, view: &View, message: &Message) -> Answer {
    let answer = at_first_field(view, &message.text);
    if answer == Answer::Empty {
        slack.tell(user, "", message).await;
    }
    answer
}

/// Slack shows errors only at fields, so what concerns the whole form stands at its first one.
fn at_first_field(view: &View, message: &str) -> Answer {
    let first = view
        .blocks
        .iter()
        .find(|it| it["type"] == "input")
        .and_then(|it| it["block_id"].as_str());
    match first {
        Some(block) => errors_at(block, message),
        None => Answer::Empty,
    }
}

fn has_input(view: &View, block: &str) -> bool {
    view.blocks
        .iter()
        .any(|it| it["type"] == "input" && it["block_id"] == block)
}
