//! The form that corrects what was announced.

use slack_morphism::prelude::SlackView;

use super::{FieldErrors, Values, block, fields};
use crate::{
    domain::{
        command::Answers,
        eta::EtaChoice,
        ids::ComponentId,
        limits,
        outage::{Outage, Severity},
        policy::Policy,
        refusal::Field,
    },
    slack::{
        action::{Form, FormContext},
        kit,
    },
};

/// What was changed, and why. The component is named by its row.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    pub summary: Option<String>,
    pub component: Option<ComponentId>,
    pub severity: Option<Severity>,
    /// A new promise.
    pub eta: Option<EtaChoice>,
    pub answers: Answers,
    pub reason: String,
}

pub fn view(outage: &Outage, policy: &Policy) -> SlackView {
    let mut blocks = vec![
        fields::summary(&outage.summary),
        fields::component(outage.affected.first().map(|it| &it.component)),
        fields::severity(outage.severity),
        fields::new_eta(outage, policy),
    ];
    blocks.extend(fields::questions(policy, |it| outage.answer(&it.key)));
    let hint = "It is posted in the thread under your name.";
    blocks.push(fields::reason("Why do you change it?", hint, false));
    let title = format!("Edit outage {}", outage.number);
    kit::modal(Form::Edit, FormContext::of(outage), &title, "Save", blocks)
}

/// `base` is the outage as it was when the form was opened.
pub fn read(values: &Values, base: &Outage, policy: &Policy) -> Result<Filled, FieldErrors> {
    let mut errors = FieldErrors::default();
    let (at, limit) = (block::SUMMARY, limits::SUMMARY);
    let summary = match values.has(at) {
        true => Some(fields::read_text(
            values,
            at,
            Field::Summary,
            limit,
            &mut errors,
        )),
        false => None,
    };
    let component = match values.has(block::COMPONENT) {
        true => fields::read_component(values, &mut errors),
        false => None,
    };
    let severity = fields::read_severity(values, &mut errors);
    let eta = fields::read_eta(values, policy, &mut errors);
    let answers = fields::read_questions(values, policy, &mut errors);
    let (at, limit) = (block::REASON, limits::REASON);
    let reason = fields::read_text(values, at, Field::Reason, limit, &mut errors);
    let primary = base.affected.first().map(|it| it.component.id);
    errors.or(Filled {
        summary: summary.filter(|it| !fields::left_alone(it, &base.summary)),
        component: component.filter(|it| primary != Some(*it)),
        severity: severity.filter(|it| base.severity != *it),
        eta,
        answers: fields::changed(answers, base),
        reason,
    })
}
