//! The form that makes a new promise, and how the words of any form about one are understood.

use serde_json::{Value, json};
use slack_morphism::prelude::SlackView;

use super::{FieldErrors, Values, block, fields};
use crate::{
    domain::{
        eta::{Eta, in_words, understand},
        limits,
        outage::Outage,
        policy::Policy,
        refusal::{Field, Refusal},
        time::{Timestamp, Zone},
    },
    slack::{
        action::{Form, FormContext},
        kit, mrkdwn,
        views::{answers, eta},
    },
};

pub fn view(outage: &Outage, policy: &Policy) -> SlackView {
    let mut blocks = fields::new_eta(outage, policy).to_vec();
    let hint = "When you say why, it is posted in the thread under your name.";
    blocks.push(fields::reason("Why does it change?", hint, true));
    let title = format!("ETA of outage {}", outage.number);
    kit::modal(Form::Eta, FormContext::of(outage), &title, "Save", blocks)
}

/// The promise and the reason, which may be empty.
pub fn read(
    values: &Values,
    policy: &Policy,
    now: Timestamp,
    zone: Zone,
) -> Result<(Eta, String), FieldErrors> {
    let mut errors = FieldErrors::default();
    let promise = fields::read_eta(values, policy, now, zone, &mut errors);
    let (at, limit) = (block::REASON, limits::REASON);
    let reason = fields::read_optional_text(values, at, Field::Reason, limit, &mut errors);
    match promise {
        Some(promise) => errors.or((promise, reason)),
        None => {
            if errors.get(block::ETA_TEXT).is_none() {
                errors.add(block::ETA, &answers::sentence(&Refusal::NothingChanged));
            }
            Err(errors)
        }
    }
}

/// How the words are understood, or what to write instead.
pub fn note(text: &str, now: Timestamp, zone: Zone) -> String {
    let words = match understand(text, now, zone) {
        Ok(promise) => format!("Understood as {}", in_words(&promise, now, zone)),
        Err(unclear) => eta::unclear(&unclear, zone),
    };
    mrkdwn::escape_within(&words, kit::SECTION)
}

/// The blocks of a form as Slack has them, with the note right below the field it is about. What
/// was typed stays where a field keeps its identifiers.
pub fn with_note(blocks: &[Value], note: &str) -> Vec<Value> {
    let mut noted = Vec::with_capacity(blocks.len() + 1);
    for it in blocks.iter().filter(|it| it["block_id"] != block::ETA_NOTE) {
        noted.push(it.clone());
        if it["block_id"] == block::ETA_TEXT {
            noted.extend(kit::context(block::ETA_NOTE, &[note.to_owned()]).map(|it| json!(it)));
        }
    }
    noted
}
