//! The form that links the written lessons.

use slack_morphism::prelude::SlackView;

use super::{FieldErrors, Values, block, fields};
use crate::{
    domain::{limits, outage::Outage, refusal::Field},
    slack::{
        action::{Form, FormContext},
        kit,
    },
};

pub fn view(outage: &Outage) -> SlackView {
    let link = fields::link("Where is the post-mortem?", linked(outage), false);
    let title = format!("Post-mortem {}", outage.number);
    kit::modal(
        Form::LinkPostMortem,
        FormContext::of(outage),
        &title,
        "Save",
        vec![link],
    )
}

/// The address as it was written: what is one the decision says.
pub fn read(values: &Values, base: &Outage) -> Result<String, FieldErrors> {
    let mut errors = FieldErrors::default();
    let (at, limit) = (block::LINK, limits::URL);
    let url = fields::read_text(values, at, Field::Link, limit, &mut errors);
    let before = linked(base);
    let same = fields::left_alone(&url, before, limit);
    errors.or(if same { before.to_owned() } else { url })
}

/// The address that stands there; empty when none does.
pub fn linked(outage: &Outage) -> &str {
    outage.post_mortem.as_ref().map_or("", |it| &it.url)
}
