//! Submitted forms: read, decided by the desk, answered with nothing (the form closes) or with
//! what is wrong at which field (it stays, and keeps what was typed).

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Answer, preview, same};
use crate::{
    desk::{DeskError, Once},
    domain::{
        command::{Command, Edit, Request},
        ids::{PersonId, SlackUserId, WorkspaceId},
        outage::{Outage, Role},
        person::Person,
        refusal::Refusal,
        time::Zone,
    },
    slack::{
        Slack,
        action::{Draft, Form, FormContext},
        ingress::envelope::{Interaction, View},
        kit,
        views::{
            self, Message,
            forms::{self, FieldErrors, Values, reassign::Named},
        },
    },
    store::{self, people::Account},
};

/// Why a form stays open.
pub(super) enum Stays {
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
        Ok(answer) => answer,
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
            let message = match &error {
                DeskError::Refused(Refusal::OutOfDate { number, is }) => {
                    views::lists::too_late(*number, is, slack.command())
                }
                error => slack.explain(&workspace, error, None).await,
            };
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
    slack: &Arc<Slack>,
    workspace: &WorkspaceId,
    person: &Person,
    view: &View,
) -> Result<Answer, Stays> {
    let form = Form::decode(&view.callback_id).ok_or(Stays::Unknown)?;
    let context = FormContext::decode(&view.private_metadata).ok_or(Stays::Unknown)?;
    let values = Values::new(&view.state.values);
    let digest = digest(&view.state.values);
    match form {
        Form::Announce => {
            let waiting = same::Waiting {
                draft: Draft {
                    view: view.id.clone(),
                    digest,
                },
                values: &view.state.values,
                from_message: context.from_message,
                seen: context.seen,
            };
            return same::announce_or_ask(slack, workspace, person, waiting, "push").await;
        }
        Form::Same => return same::answered(slack, workspace, person, view, context).await,
        _ => {}
    }
    let number = context.number.ok_or(Stays::Unknown)?;
    let version = context.version.unwrap_or(0);
    let base = slack.desk.outage_at(workspace, number, version).await?;
    let command = command(slack, workspace, person, form, &values, &base).await?;
    let current = slack.desk.outage(workspace, number).await?;
    if let Some(meanwhile) = forms::rewritten(&command, &base, &current) {
        let context = FormContext {
            version: Some(current.version),
            ..context
        };
        return Ok(with_note(view, &context, &meanwhile));
    }
    let once = Once::new("slack.form", view.id.clone(), digest);
    slack
        .desk
        .change(workspace, person.id, number, &command, &once)
        .await?;
    Ok(Answer::Empty)
}

/// What a form about an outage asks for. `base` is the outage as it was when the form was opened.
async fn command(
    slack: &Arc<Slack>,
    workspace: &WorkspaceId,
    person: &Person,
    form: Form,
    values: &Values<'_>,
    base: &Outage,
) -> Result<Command, Stays> {
    let (now, policy) = (slack.clock.now(), slack.desk.policy());
    let zone = slack.zone_of(workspace, person).await;
    Ok(match form {
        Form::Announce | Form::Same => return Err(Stays::Unknown),
        Form::Update => Command::Update(forms::update::read(values, base, policy, now, zone)?),
        Form::Edit => Command::Edit(edit(slack, workspace, values, base, zone).await?),
        Form::Resolve => Command::Resolve(forms::resolve::read(values, base, policy)?),
        Form::EditResolution => {
            Command::EditResolution(forms::edit_resolution::read(values, base, policy)?)
        }
        Form::EditTimes => {
            let (started_at, resolved_at) = forms::edit_times::read(values, base)?;
            Command::EditTimes {
                started_at,
                resolved_at,
            }
        }
        Form::Reopen => Command::Reopen {
            reason: forms::reopen::read(values)?,
        },
        Form::Withdraw => {
            let (why, duplicate_of) = forms::withdraw::read(values)?;
            Command::Withdraw { why, duplicate_of }
        }
        Form::Eta => {
            let (eta, reason) = forms::eta::read(values, policy, now, zone)?;
            Command::Eta { eta, reason }
        }
        Form::Reassign => reassign(slack, workspace, values, base).await?,
        Form::SetChannel => Command::SetChannel {
            channel: forms::set_channel::read(values)?,
        },
        Form::LinkPostMortem => Command::LinkPostMortem {
            url: forms::link_post_mortem::read(values, base)?,
        },
    })
}

/// The form again, as it was filled in, with something to read first: sent once more, it counts as
/// filled in with that in sight.
fn with_note(view: &View, context: &FormContext, note: &str) -> Answer {
    const NOTE: &str = "meanwhile";
    let note = json!(kit::section(NOTE, note));
    let mut blocks = vec![note];
    let others = view.blocks.iter().filter(|it| it["block_id"] != NOTE);
    blocks.extend(others.cloned());
    let mut again = preview::again(view, blocks);
    again["private_metadata"] = json!(context.encode());
    Answer::Body(json!({ "response_action": "update", "view": again }))
}

/// Tells whether a form comes again as it was, or with other words in it.
fn digest(values: &Value) -> String {
    let digest = Sha256::digest(values.to_string());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the form that announces asks for. It names a component by its row; the desk wants the
/// component.
pub(super) async fn request(
    slack: &Slack,
    workspace: &WorkspaceId,
    person: &Person,
    values: &Values<'_>,
) -> Result<Request, Stays> {
    let zone = slack.zone_of(workspace, person).await;
    let (policy, now) = (slack.desk.policy(), slack.clock.now());
    let filled = forms::announce::read(values, policy, now, zone)?;
    Ok(Request {
        component: slack.desk.component(workspace, filled.component).await?,
        summary: filled.summary,
        severity: filled.severity,
        eta: filled.eta,
        answers: filled.answers,
        from_message: None,
        not_the_same_as: Vec::new(),
    })
}

/// The edit form names a component by its row, too.
async fn edit(
    slack: &Slack,
    workspace: &WorkspaceId,
    values: &Values<'_>,
    base: &Outage,
    zone: Zone,
) -> Result<Edit, Stays> {
    let (policy, now) = (slack.desk.policy(), slack.clock.now());
    let filled = forms::edit::read(values, base, policy, now, zone)?;
    let component = match filled.component {
        Some(id) => Some(slack.desk.component(workspace, id).await?),
        None => None,
    };
    Ok(Edit {
        summary: filled.summary,
        component,
        severity: filled.severity,
        eta: filled.eta,
        answers: filled.answers,
        reason: filled.reason,
    })
}

/// The form names people by their Slack IDs; whoever was never seen here is met now.
async fn reassign(
    slack: &Arc<Slack>,
    workspace: &WorkspaceId,
    values: &Values<'_>,
    base: &Outage,
) -> Result<Command, Stays> {
    let (solution, communication) = forms::reassign::read(values);
    let mut errors = FieldErrors::default();
    let mut roles = [None, None];
    for (at, (role, named)) in [
        (Role::Solution, solution),
        (Role::Communication, communication),
    ]
    .into_iter()
    .enumerate()
    {
        let field = forms::reassign::field(role);
        let person = meet(slack, workspace, named, field, &mut errors).await?;
        roles[at] = person.filter(|it| *it != base.roles.of(role));
    }
    let [solution, communication] = roles;
    Ok(errors.or(Command::Reassign {
        solution,
        communication,
    })?)
}

async fn meet(
    slack: &Arc<Slack>,
    workspace: &WorkspaceId,
    named: Named,
    field: &str,
    errors: &mut FieldErrors,
) -> Result<Option<Option<PersonId>>, Stays> {
    let user = match named {
        None => return Ok(None),
        Some(None) => return Ok(Some(None)),
        Some(Some(user)) => user,
    };
    match standing(slack, workspace, &user).await? {
        Account::Member => {}
        Account::App => errors.add(field, views::lists::IS_AN_APP),
        Account::Gone => errors.add(field, views::lists::IS_GONE),
    }
    if errors.get(field).is_some() {
        return Ok(None);
    }
    // Their name comes with their profile, which is asked for beside the answer.
    let person = slack.desk.meet(workspace, &user, user.as_str()).await?;
    let (tasks, slack, workspace) = (slack.tasks.clone(), slack.clone(), workspace.clone());
    tasks.spawn(async move { slack.get_to_know(&workspace, &user).await });
    Ok(Some(Some(person.id)))
}

/// What is known of somebody who gets a role.
async fn standing(
    slack: &Slack,
    workspace: &WorkspaceId,
    user: &SlackUserId,
) -> Result<Account, DeskError> {
    // Slack's own assistant is in every list of people and has no profile that says so.
    if user.as_str() == "USLACKBOT" {
        return Ok(Account::App);
    }
    let mut tx = slack.db.read().await?;
    Ok(store::people::account(&mut tx, workspace, user).await?)
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
