//! The form that opens a resolved outage again.

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
    let hint = "What showed that it is not over?";
    let blocks = vec![fields::reason("Why do you reopen it?", hint, true)];
    let title = format!("Reopen outage {}", outage.number);
    kit::modal(
        Form::Reopen,
        FormContext::of(outage),
        &title,
        "Reopen",
        blocks,
    )
}

/// The reason, which may be empty.
pub fn read(values: &Values) -> Result<String, FieldErrors> {
    let mut errors = FieldErrors::default();
    let (at, limit) = (block::REASON, limits::REASON);
    let reason = fields::read_optional_text(values, at, Field::Reason, limit, &mut errors);
    errors.or(reason)
}
