//! The form that corrects when an outage started and ended.

use slack_morphism::prelude::SlackView;

use super::{FieldErrors, Values, block};
use crate::{
    domain::{
        outage::Outage,
        refusal::{Field, Refusal},
        time::Timestamp,
    },
    slack::{
        action::{Form, FormContext},
        kit,
        views::answers,
    },
};

pub fn view(outage: &Outage) -> SlackView {
    let picker = |block, label, at| {
        let hint = "In your own time zone.";
        kit::input(block, label, kit::date_time(block, at), hint, false)
    };
    let mut blocks = vec![picker(block::STARTED_AT, "Started at", outage.started_at)];
    if let Some(resolution) = outage.phase.resolution() {
        blocks.push(picker(block::RESOLVED_AT, "Resolved at", resolution.at));
    }
    let title = format!("Edit times {}", outage.number);
    kit::modal(
        Form::EditTimes,
        FormContext::of(outage),
        &title,
        "Save",
        blocks,
    )
}

/// The start and the end, each none when it stays within its minute: a form knows no seconds.
pub fn read(
    values: &Values,
    base: &Outage,
) -> Result<(Option<Timestamp>, Option<Timestamp>), FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut picked = |block: &str, field, before: Option<Timestamp>| {
        let at = values.date_time(block);
        if at.is_none() && values.has(block) {
            errors.add(block, &answers::sentence(&Refusal::Empty { field }));
        }
        at.filter(|it| before.map(Timestamp::minute) != Some(it.minute()))
    };
    let ended = base.phase.resolution().map(|it| it.at);
    let started_at = picked(block::STARTED_AT, Field::StartedAt, Some(base.started_at));
    let resolved_at = picked(block::RESOLVED_AT, Field::ResolvedAt, ended);
    errors.or((started_at, resolved_at))
}
