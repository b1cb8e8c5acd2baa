//! The form that announces an outage. Only what happened and what is affected must be filled in.

use slack_morphism::prelude::SlackView;

use super::{FieldErrors, Values, block, fields, questions};
use crate::{
    domain::{
        command::{Answers, MessageRef},
        component::Component,
        eta::Eta,
        ids::ComponentId,
        limits,
        outage::Severity,
        policy::Policy,
        refusal::Field,
        time::{Timestamp, Zone},
    },
    slack::{
        action::{Action, Form, FormContext},
        kit::{self, Look},
    },
};

pub struct Model<'a> {
    pub policy: &'a Policy,
    /// What the person typed already; may be empty.
    pub summary: &'a str,
    /// What was recognised in it.
    pub component: Option<&'a Component>,
    /// The message that the outage is made from.
    pub from_message: Option<MessageRef>,
}

/// What was filled in. The component is named by its row.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    pub summary: String,
    pub component: ComponentId,
    pub severity: Severity,
    pub eta: Eta,
    pub answers: Answers,
}

/// What was filled in so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Partly {
    pub summary: String,
    pub component: Option<ComponentId>,
    pub severity: Severity,
    pub eta: Option<Eta>,
    pub answers: Answers,
}

pub fn view(model: &Model) -> SlackView {
    let policy = model.policy;
    let mut blocks = vec![
        fields::summary(model.summary),
        fields::component(model.component),
        fields::severity(policy.default_severity),
    ];
    blocks.extend(fields::eta(policy));
    blocks.extend(questions::open(policy, None));
    let spoken = "Preview the announcement";
    let preview = kit::button(Action::Preview, "Preview", spoken, Look::Plain);
    blocks.extend(kit::actions("preview", vec![preview]));
    let context = FormContext {
        from_message: model.from_message.clone(),
        ..FormContext::default()
    };
    kit::modal(
        Form::Announce,
        context,
        "Announce an outage",
        "Announce",
        blocks,
    )
}

pub fn read(
    values: &Values,
    policy: &Policy,
    now: Timestamp,
    zone: Zone,
) -> Result<Filled, FieldErrors> {
    let (partly, errors) = read_partly(values, policy, now, zone);
    match (partly.component, partly.eta) {
        (Some(component), Some(eta)) => errors.or(Filled {
            summary: partly.summary,
            component,
            severity: partly.severity,
            eta,
            answers: partly.answers,
        }),
        _ => Err(errors),
    }
}

/// Whatever was filled in, and what is missing or wrong: something is when the component or the
/// ETA is none.
pub fn read_partly(
    values: &Values,
    policy: &Policy,
    now: Timestamp,
    zone: Zone,
) -> (Partly, FieldErrors) {
    let mut errors = FieldErrors::default();
    let (at, limit) = (block::SUMMARY, limits::SUMMARY);
    let summary = fields::read_text(values, at, Field::Summary, limit, &mut errors);
    let component = fields::read_component(values, &mut errors);
    let severity = fields::read_severity(values, &mut errors).unwrap_or(policy.default_severity);
    let mut eta = fields::read_eta(values, policy, now, zone, &mut errors);
    let wrong = [block::ETA, block::ETA_TEXT].map(|it| errors.get(it).is_some());
    if eta.is_none() && wrong == [false, false] {
        eta = Some(Eta::unknown(now));
        if eta.is_none() {
            errors.add(block::ETA, fields::NOT_OFFERED);
        }
    }
    let answers = questions::read_open(values, policy, &mut errors);
    let partly = Partly {
        summary,
        component,
        severity,
        eta,
        answers,
    };
    (partly, errors)
}
