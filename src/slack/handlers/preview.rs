//! What is shown while somebody fills in a form: how their ETA is understood, and what an
//! announcement would look like. Nothing is written.

use std::sync::Arc;

use serde_json::{Value, json};

use super::click::opening_of;
use crate::{
    desk::DeskError,
    domain::{
        command::Request,
        component::Component,
        decide::declare,
        eta::Eta,
        ids::{ComponentId, ComponentKey, SlackUserId, WorkspaceId},
    },
    slack::{
        Slack,
        action::FormContext,
        ingress::envelope::{Action, Interaction, View},
        views::{
            forms::{self, Values, announce},
            preview,
        },
    },
};

/// Stands where nothing was filled in yet.
const MISSING: &str = "…";

/// Says below the field how the words in it are understood. What was typed stays.
pub(super) async fn say_eta(
    slack: &Arc<Slack>,
    workspace: &WorkspaceId,
    interaction: &Interaction,
    clicked: &Action,
    view: &View,
) -> Result<(), DeskError> {
    let user = SlackUserId(interaction.user.id.clone());
    let called = interaction.user.called();
    let person = slack.desk.meet(workspace, &user, called).await?;
    let zone = slack.zone_of(workspace, &person).await;
    let values = Values::new(&view.state.values);
    let typed = clicked.value.as_deref();
    let text = typed.or(values.text(forms::block::ETA_TEXT)).unwrap_or("");
    let note = forms::eta::note(text, slack.clock.now(), zone);
    let blocks = forms::eta::with_note(&view.blocks, &note);
    let arguments = json!({ "view_id": view.id, "hash": view.hash, "view": again(view, blocks) });
    if let Err(error) = slack.api.post::<Value>("views.update", &arguments).await {
        match error.code() {
            // A newer update is there already, or the form was closed.
            Some("hash_conflict" | "not_found" | "view_not_found") => {}
            _ => tracing::warn!(%error, "a form could not say how an ETA is understood"),
        }
    }
    Ok(())
}

/// The form as it is, with other blocks.
pub(super) fn again(view: &View, blocks: Vec<Value>) -> Value {
    let mut again = json!({
        "type": "modal",
        "callback_id": view.callback_id,
        "private_metadata": view.private_metadata,
        "blocks": blocks,
    });
    for (name, value) in [
        ("title", &view.title),
        ("submit", &view.submit),
        ("close", &view.close),
    ] {
        if !value.is_null() {
            again[name] = value.clone();
        }
    }
    again
}

/// Shows the announcement as it would be, above the form.
pub(super) async fn show(
    slack: &Arc<Slack>,
    workspace: &WorkspaceId,
    interaction: &Interaction,
) -> Result<(), DeskError> {
    let Some(view) = &interaction.view else {
        return Ok(());
    };
    let user = SlackUserId(interaction.user.id.clone());
    let called = interaction.user.called();
    let person = slack.desk.meet(workspace, &user, called).await?;
    let zone = slack.zone_of(workspace, &person).await;
    let (policy, now) = (slack.desk.policy(), slack.clock.now());
    let values = Values::new(&view.state.values);
    let (filled, problems) = announce::read_partly(&values, policy, now, zone);
    let chosen = match filled.component {
        Some(id) => slack.desk.component(workspace, id).await.ok(),
        None => None,
    };
    let context = FormContext::decode(&view.private_metadata).unwrap_or_default();
    let request = Request {
        component: chosen.unwrap_or_else(missing_component),
        summary: match filled.summary.as_str() {
            "" => MISSING.to_owned(),
            summary => summary.to_owned(),
        },
        severity: filled.severity,
        eta: filled.eta.clone().unwrap_or_else(|| Eta::unknown(now)),
        answers: filled.answers,
        from_message: context.from_message,
        not_the_same_as: Vec::new(),
    };
    let actor = slack.desk.actor(person.id).await?;
    let decision = declare(workspace, &request, &[], &[], &actor, policy, now)?;
    let modal = preview::view(&preview::Model {
        facts: &decision.next,
        effects: &decision.effects,
        people: &[person],
        eta: filled.eta.as_ref(),
        problems: &problems,
        policy,
        now,
        zone,
        command: slack.command(),
    });
    slack.push(&opening_of(interaction), &modal).await;
    Ok(())
}

fn missing_component() -> Component {
    Component {
        id: ComponentId(0),
        key: ComponentKey(String::new()),
        name: MISSING.to_owned(),
    }
}
