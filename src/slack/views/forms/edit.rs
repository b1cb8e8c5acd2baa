//! The form that corrects what was announced.

use slack_morphism::prelude::SlackView;

use super::{FieldErrors, Values, block, fields, questions};
use crate::{
    domain::{
        command::Answers,
        eta::Eta,
        ids::ComponentId,
        limits,
        outage::{Outage, Severity},
        policy::Policy,
        refusal::Field,
        time::{Timestamp, Zone},
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
    pub eta: Option<Eta>,
    pub answers: Answers,
    pub reason: String,
}

pub fn view(outage: &Outage, policy: &Policy) -> SlackView {
    let mut blocks = vec![
        fields::summary(&outage.summary),
        fields::component(outage.affected.first().map(|it| &it.component)),
        fields::severity(outage.severity),
    ];
    blocks.extend(fields::new_eta(outage, policy));
    blocks.extend(questions::open(policy, Some(outage)));
    let hint = "It is posted in the thread under your name.";
    blocks.push(fields::reason("Why do you change it?", hint, false));
    let title = format!("Edit outage {}", outage.number);
    kit::modal(Form::Edit, FormContext::of(outage), &title, "Save", blocks)
}

/// `base` is the outage as it was when the form was opened.
pub fn read(
    values: &Values,
    base: &Outage,
    policy: &Policy,
    now: Timestamp,
    zone: Zone,
) -> Result<Filled, FieldErrors> {
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
    let eta = fields::read_eta(values, policy, now, zone, &mut errors);
    let answers = questions::read_open(values, policy, &mut errors);
    let (at, limit) = (block::REASON, limits::REASON);
    let reason = fields::read_text(values, at, Field::Reason, limit, &mut errors);
    let primary = base.affected.first().map(|it| it.component.id);
    errors.or(Filled {
        summary: summary.filter(|it| !fields::left_alone(it, &base.summary, limits::SUMMARY)),
        component: component.filter(|it| primary != Some(*it)),
        severity: severity.filter(|it| base.severity != *it),
        eta,
        answers: questions::changed(answers, base),
        reason,
    })
}
