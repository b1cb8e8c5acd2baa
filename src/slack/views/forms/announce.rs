//! The form that announces an outage. Only what happened and what is affected must be filled in.

use slack_morphism::prelude::SlackView;

use super::{FieldErrors, Values, block, fields};
use crate::{
    domain::{
        command::{Answers, MessageRef},
        component::Component,
        eta::EtaChoice,
        ids::ComponentId,
        impact::Answer,
        limits,
        outage::Severity,
        policy::Policy,
        refusal::Field,
    },
    slack::{
        action::{Form, FormContext},
        kit,
    },
};

pub struct Model<'a> {
    pub policy: &'a Policy,
    /// What the person typed already; may be empty.
    pub summary: &'a str,
    /// What was recognised in it.
    pub component: Option<&'a Component>,
    /// The message that it is made from.
    pub from_message: Option<MessageRef>,
}

/// What was filled in. The component is named by its row.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    pub summary: String,
    pub component: ComponentId,
    pub severity: Severity,
    pub eta: EtaChoice,
    pub answers: Answers,
}

pub fn view(model: &Model) -> SlackView {
    let policy = model.policy;
    let mut blocks = vec![
        fields::summary(model.summary),
        fields::component(model.component),
        fields::severity(policy.default_severity),
        fields::eta(policy),
    ];
    blocks.extend(fields::questions(policy, |_| Answer::Unknown));
    let context = FormContext::default();
    kit::modal(
        Form::Announce,
        context,
        "Announce an outage",
        "Announce",
        blocks,
    )
}

pub fn read(values: &Values, policy: &Policy) -> Result<Filled, FieldErrors> {
    let mut errors = FieldErrors::default();
    let (at, limit) = (block::SUMMARY, limits::SUMMARY);
    let summary = fields::read_text(values, at, Field::Summary, limit, &mut errors);
    let component = fields::read_component(values, &mut errors);
    let severity = fields::read_severity(values, &mut errors).unwrap_or(policy.default_severity);
    let eta = fields::read_eta(values, policy, &mut errors)
        .or_else(|| fields::default_eta(policy).cloned());
    let answers = fields::read_questions(values, policy, &mut errors);
    match (component, eta) {
        (Some(component), Some(eta)) => errors.or(Filled {
            summary,
            component,
            severity,
            eta,
            answers,
        }),
        (_, eta) => {
            if eta.is_none() {
                errors.add(block::ETA, fields::NOT_OFFERED);
            }
            Err(errors)
        }
    }
}
