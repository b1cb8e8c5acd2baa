//! The form that completes or corrects how an outage ended.

use slack_morphism::prelude::SlackView;

use super::{FieldErrors, Values, block, fields, link_post_mortem::linked, questions};
use crate::{
    domain::{command::EditResolution, limits, outage::Outage, policy::Policy, refusal::Field},
    slack::{
        action::{Form, FormContext},
        kit,
    },
};

pub fn view(outage: &Outage, policy: &Policy) -> SlackView {
    let resolution = outage.phase.resolution();
    let mut blocks = vec![fields::resolution(resolution.map_or("", |it| &it.text))];
    blocks.extend(questions::last(policy, outage));
    blocks.push(fields::turnover(outage.turnover.as_ref(), policy));
    let wanted = resolution.map_or(policy.post_mortem_default, |it| it.post_mortem_wanted);
    blocks.push(fields::post_mortem(wanted));
    let label = "Link to the post-mortem";
    blocks.push(fields::link(label, linked(outage), true));
    let title = format!("Edit resolution {}", outage.number);
    kit::modal(
        Form::EditResolution,
        FormContext::of(outage),
        &title,
        "Save",
        blocks,
    )
}

/// `base` is the outage as it was when the form was opened.
pub fn read(
    values: &Values,
    base: &Outage,
    policy: &Policy,
) -> Result<EditResolution, FieldErrors> {
    let mut errors = FieldErrors::default();
    let before = base.phase.resolution();
    let (at, limit) = (block::RESOLUTION, limits::RESOLUTION);
    let text = fields::read_optional_text(values, at, Field::Resolution, limit, &mut errors);
    let same = fields::left_alone(&text, before.map_or("", |it| &it.text), limit);
    let answers = questions::read_last(values, policy, &mut errors);
    let turnover = fields::read_turnover(values, base.turnover.as_ref(), policy, &mut errors);
    let wanted = fields::read_post_mortem(values, &mut errors);
    let limit = limits::URL;
    let url = fields::read_optional_text(values, block::LINK, Field::Link, limit, &mut errors);
    let same_link = !values.has(block::LINK) || fields::left_alone(&url, linked(base), limit);
    errors.or(EditResolution {
        text: (values.has(at) && !same).then_some(text),
        answers: questions::changed(answers, base),
        turnover: (values.has(block::TURNOVER) && turnover != base.turnover).then_some(turnover),
        post_mortem: (!same_link).then(|| Some(url).filter(|it| !it.is_empty())),
        post_mortem_wanted: wanted.filter(|it| before.map(|it| it.post_mortem_wanted) != Some(*it)),
    })
}
