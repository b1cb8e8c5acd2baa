//! The form that tells everybody what is known now.

use slack_morphism::prelude::SlackView;

use super::{FieldErrors, Values, block, fields};
use crate::{
    domain::{
        command::Update,
        limits,
        outage::{Outage, Phase, Stage},
        policy::Policy,
        refusal::Field,
        time::{Timestamp, Zone},
    },
    slack::{
        action::{Form, FormContext},
        kit,
        views::state::capitalised,
    },
};

pub fn view(outage: &Outage, policy: &Policy) -> SlackView {
    let text = kit::text_area(block::TEXT, "We know that …", "", limits::UPDATE);
    let hint = "What is known now, and what happens next.";
    let mut blocks = vec![
        kit::input(block::TEXT, "Update", text, hint, false),
        stage_field(outage),
    ];
    blocks.extend(fields::new_eta(outage, policy));
    let title = format!("Update outage {}", outage.number);
    kit::modal(
        Form::Update,
        FormContext::of(outage),
        &title,
        "Post update",
        blocks,
    )
}

fn stage_field(outage: &Outage) -> slack_morphism::prelude::SlackBlock {
    let choices = Stage::ALL.map(|it| {
        let meaning = match it {
            Stage::Investigating => "The cause is being looked for",
            Stage::Identified => "The cause is known, the fix is being worked on",
            Stage::Monitoring => "A fix is in place and being watched",
        };
        kit::described_choice(&capitalised(it.word()), it.word(), meaning)
    });
    let initial = stage(outage).map(Stage::word);
    let element = kit::select(block::STAGE, "Choose a stage", choices.to_vec(), initial);
    kit::input(block::STAGE, "Stage", element, "", false)
}

/// `base` is the outage as it was when the form was opened.
pub fn read(
    values: &Values,
    base: &Outage,
    policy: &Policy,
    now: Timestamp,
    zone: Zone,
) -> Result<Update, FieldErrors> {
    let mut errors = FieldErrors::default();
    let (at, limit) = (block::TEXT, limits::UPDATE);
    let text = fields::read_text(values, at, Field::Update, limit, &mut errors);
    let mut chosen = None;
    if let Some(word) = values.selected(block::STAGE) {
        chosen = Stage::from_word(word);
        if chosen.is_none() {
            errors.add(block::STAGE, fields::NOT_OFFERED);
        }
    }
    let eta = fields::read_eta(values, policy, now, zone, &mut errors);
    errors.or(Update {
        text,
        stage: chosen.filter(|it| stage(base) != Some(*it)),
        eta,
    })
}

fn stage(outage: &Outage) -> Option<Stage> {
    match outage.phase {
        Phase::Open { stage, .. } => Some(stage),
        _ => None,
    }
}
