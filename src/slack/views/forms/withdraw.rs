//! The form that takes a false alarm back.

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
    let element = kit::text_area(block::WHY, "It turned out that …", "", limits::REASON);
    let hint = "For a false alarm: nothing was broken. A withdrawn outage stays out of the \
                statistics. If something was broken and works again, resolve it instead.";
    let why = kit::input(block::WHY, "Why was it no outage?", element, hint, false);
    let title = format!("Withdraw outage {}", outage.number);
    kit::modal(
        Form::Withdraw,
        FormContext::of(outage),
        &title,
        "Withdraw",
        vec![why],
    )
}

pub fn read(values: &Values) -> Result<String, FieldErrors> {
    let mut errors = FieldErrors::default();
    let (at, limit) = (block::WHY, limits::REASON);
    let why = fields::read_text(values, at, Field::Reason, limit, &mut errors);
    errors.or(why)
}
