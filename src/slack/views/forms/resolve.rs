//! The form that ends an outage. What was written when it ended before is there again.

use slack_morphism::prelude::SlackView;

use super::{FieldErrors, Values, block, fields, questions};
use crate::{
    domain::{
        command::Resolve,
        limits,
        outage::{Outage, Phase, Resolution},
        policy::Policy,
        refusal::{Field, Refusal},
        time::Timestamp,
    },
    slack::{
        action::{Form, FormContext},
        kit,
        views::answers,
    },
};

pub fn view(outage: &Outage, policy: &Policy, now: Timestamp) -> SlackView {
    let former = former(outage);
    let hint = "When service was back, in your own time zone.";
    let mut blocks = vec![
        fields::resolution(former.map_or("", |it| &it.text)),
        kit::input(
            block::RESOLVED_AT,
            "Resolved at",
            kit::date_time(block::RESOLVED_AT, now.max(outage.started_at)),
            hint,
            false,
        ),
    ];
    blocks.extend(questions::last(policy, outage));
    blocks.push(fields::turnover(outage.turnover.as_ref(), policy));
    let wanted = former.map_or(policy.post_mortem_default, |it| it.post_mortem_wanted);
    blocks.push(fields::post_mortem(wanted));
    let title = format!("Resolve outage {}", outage.number);
    kit::modal(
        Form::Resolve,
        FormContext::of(outage),
        &title,
        "Resolve",
        blocks,
    )
}

/// `base` is the outage as it was when the form was opened.
pub fn read(values: &Values, base: &Outage, policy: &Policy) -> Result<Resolve, FieldErrors> {
    let mut errors = FieldErrors::default();
    let (at, limit) = (block::RESOLUTION, limits::RESOLUTION);
    let mut text = fields::read_optional_text(values, at, Field::Resolution, limit, &mut errors);
    let former = former(base);
    if let Some(former) = former.filter(|it| fields::left_alone(&text, &it.text, limit)) {
        text = former.text.clone();
    }
    let resolved_at = values.date_time(block::RESOLVED_AT);
    if resolved_at.is_none() {
        let field = Field::ResolvedAt;
        let message = answers::sentence(&Refusal::Empty { field });
        errors.add(block::RESOLVED_AT, &message);
    }
    // Told here as well as by the decision, so that it comes together with what else is wrong.
    if resolved_at.is_some_and(|at| at.minute() < base.started_at.minute()) {
        let message = answers::sentence(&Refusal::EndsBeforeItStarts {
            field: Field::ResolvedAt,
            started_at: base.started_at,
        });
        errors.add(block::RESOLVED_AT, &message);
    }
    let answers = questions::read_last(values, policy, &mut errors);
    let turnover = fields::read_turnover(values, base.turnover.as_ref(), policy, &mut errors);
    let wanted = fields::read_post_mortem(values, &mut errors);
    let preset = former.map_or(policy.post_mortem_default, |it| it.post_mortem_wanted);
    match resolved_at {
        Some(at) => errors.or(Resolve {
            text,
            at,
            // Somebody may have corrected what this form shows as answered long ago.
            answers: questions::changed(answers, base),
            turnover,
            post_mortem_wanted: wanted.unwrap_or(preset),
        }),
        None => Err(errors),
    }
}

fn former(outage: &Outage) -> Option<&Resolution> {
    match &outage.phase {
        Phase::Open { former, .. } => former.as_ref(),
        _ => None,
    }
}
