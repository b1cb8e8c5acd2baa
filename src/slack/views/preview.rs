//! What an announcement will look like and whom it will reach, before anybody sees it.
//!
//! The outage has no number yet, so it is rendered with one that no outage has, and that number is
//! taken out of every text. Nothing in it can be pressed.

use serde_json::{Value, json};
use slack_morphism::prelude::{SlackBlock, SlackView};

use super::{
    announcement::{AnnouncementModel, announcement},
    forms::{FieldErrors, block},
    people::{self, listed},
};
use crate::{
    domain::{
        command::MessageRef,
        effect::{Effect, Line},
        eta::{Eta, in_words},
        ids::{ChannelId, OutageId, OutageNumber},
        outage::{Facts, Outage},
        person::Person,
        policy::Policy,
        time::{Timestamp, Zone},
    },
    slack::{kit, mrkdwn},
};

/// Stands in for the number until there is one.
const NUMBER: OutageNumber = OutageNumber(i64::MAX);

/// What people see instead of it.
const NEXT: &str = "⟨next number⟩";

/// How many problems and how many channels are listed.
const PROBLEMS: usize = 30;
const CHANNELS: usize = 30;

pub struct Model<'a> {
    /// The outage as it would be.
    pub facts: &'a Facts,
    /// What would follow.
    pub effects: &'a [Effect],
    /// Everybody whom it names.
    pub people: &'a [Person],
    /// None when what was written is not understood.
    pub eta: Option<&'a Eta>,
    /// What is missing or wrong as yet.
    pub problems: &'a FieldErrors,
    pub policy: &'a Policy,
    pub now: Timestamp,
    /// Of whoever looks.
    pub zone: Zone,
    pub command: &'a str,
}

pub fn view(model: &Model) -> SlackView {
    let outage = Outage {
        id: OutageId(0),
        number: NUMBER,
        version: 0,
        facts: model.facts.clone(),
    };
    let message = announcement(&AnnouncementModel {
        outage: &outage,
        people: model.people,
        now: model.now,
        policy: model.policy,
        command: model.command,
        original: None,
        again: None,
    });
    let mut blocks = Vec::new();
    let problems = problems(model);
    if !problems.is_empty() {
        let list = format!("*Before you announce*\n{}", problems.join("\n"));
        blocks.push(kit::section("preview.problems", &list));
    }
    blocks.push(kit::section("preview.text", &unnumbered(&message.text)));
    let attached = message.attachments.into_iter().flatten();
    let of_message = message
        .blocks
        .into_iter()
        .chain(attached.filter_map(|it| it.blocks).flatten());
    blocks.extend(of_message.filter_map(without_buttons));
    let reach = format!("*What happens then*\n{}", reach(model).join("\n"));
    blocks.push(kit::section("preview.reach", &reach));
    kit::reading_modal("Preview", blocks)
}

/// The label of a field with what is wrong there.
fn problems(model: &Model) -> Vec<String> {
    let wrong = |(at, sentence): (&str, &str)| {
        let question = |it: &&crate::domain::impact::Question| {
            at == block::impact(&it.key) || at == block::impact_detail(&it.key)
        };
        let label = match at {
            block::SUMMARY => "What happened?",
            block::COMPONENT => "What is affected?",
            block::SEVERITY => "How severe is it?",
            block::ETA | block::ETA_TEXT => "ETA",
            _ => model
                .policy
                .questions
                .iter()
                .find(question)
                .map_or("", |it| it.label.as_str()),
        };
        let (label, sentence) = (mrkdwn::one_line(label, 60), mrkdwn::escape(sentence));
        format!("• *{label}* {sentence}")
    };
    model.problems.iter().take(PROBLEMS).map(wrong).collect()
}

/// Who hears of it, and how.
fn reach(model: &Model) -> Vec<String> {
    let mut lines = vec![format!(
        "• It is posted in {}.",
        mrkdwn::channel(&model.policy.announce_channel)
    )];
    for effect in model.effects {
        match effect {
            Effect::Pin => lines.push("• It is pinned there while the outage is open.".to_owned()),
            Effect::TellRoles { person, .. } => {
                let name = people::name(*person, model.people);
                let time = people::find(*person, model.people)
                    .filter(|it| it.zone != Zone::UTC)
                    .map(|it| it.zone);
                let time = time.map_or_else(String::new, |zone| {
                    let (clock, abbreviation) =
                        (zone.clock(model.now), zone.abbreviation(model.now));
                    format!(", where it is {clock} {abbreviation}")
                });
                lines.push(format!("• {name} gets a direct message{time}."));
            }
            Effect::Say {
                line: Line::FromMessage { message },
            } => lines.push(from_message(message)),
            _ => {}
        }
    }
    lines.extend(told_channels(model));
    if let Some(eta) = model.eta {
        let words = in_words(eta, model.now, model.zone);
        lines.push(format!(
            "• ETA understood as {}",
            mrkdwn::one_line(&words, 200)
        ));
    }
    lines
}

fn from_message(message: &MessageRef) -> String {
    format!(
        "• The thread begins with a link to the message in {}.",
        mrkdwn::channel(&message.channel)
    )
}

/// Each channel once, with the answers because of which it is told.
fn told_channels(model: &Model) -> Vec<String> {
    let mut told: Vec<(&ChannelId, Vec<String>)> = Vec::new();
    for effect in model.effects {
        let Effect::TellChannel { question, channel } = effect else {
            continue;
        };
        let impact = model
            .facts
            .impact
            .iter()
            .find(|it| it.question == *question);
        let label = mrkdwn::one_line(impact.map_or(question, |it| &it.label), 60);
        match told.iter_mut().find(|(it, _)| *it == channel) {
            Some((_, labels)) => labels.push(label),
            None => told.push((channel, vec![label])),
        }
    }
    let count = told.len();
    let line = |(channel, labels): (&ChannelId, Vec<String>)| {
        let because = listed(labels.into_iter().take(5));
        format!(
            "• {} is told, because of: {because}.",
            mrkdwn::channel(channel)
        )
    };
    let mut lines: Vec<String> = told.into_iter().take(CHANNELS).map(line).collect();
    match count {
        0 => {}
        1 => lines.insert(0, "• One other channel is told:".to_owned()),
        more => lines.insert(0, format!("• {more} other channels are told:")),
    }
    lines
}

/// A block of the announcement as something to look at; none for a row of buttons.
fn without_buttons(block: SlackBlock) -> Option<SlackBlock> {
    let mut block = json!(block);
    if block["type"] == "actions" {
        return None;
    }
    if let Some(fields) = block.as_object_mut() {
        fields.remove("accessory");
    }
    replace_number(&mut block);
    serde_json::from_value(block).ok()
}

fn replace_number(value: &mut Value) {
    match value {
        Value::String(text) => *text = unnumbered(text),
        Value::Array(items) => items.iter_mut().for_each(replace_number),
        Value::Object(fields) => fields.values_mut().for_each(replace_number),
        _ => {}
    }
}

fn unnumbered(text: &str) -> String {
    text.replace(&NUMBER.to_string(), NEXT)
}
