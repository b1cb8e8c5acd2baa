//! The question whether what is being announced is announced already.

use slack_morphism::prelude::{SlackBlock, SlackView};

use super::{FieldErrors, Values, block, fields};
use crate::{
    domain::{ids::OutageNumber, outage::Outage, time::Zone},
    slack::{
        action::{Form, FormContext},
        kit, mrkdwn,
        views::state,
    },
    store::announcements::Announcement,
};

/// How many outages are shown: each takes a choice, and one is left for being something else.
const SHOWN: usize = kit::RADIOS - 1;

/// An outage with its announcement.
pub type Found = (Outage, Option<Announcement>);

/// What the person says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Join { number: OutageNumber },
    Reopen { number: OutageNumber },
    Announce,
}

impl Choice {
    fn value(self) -> String {
        match self {
            Choice::Join { number } => format!("join.{number}"),
            Choice::Reopen { number } => format!("reopen.{number}"),
            Choice::Announce => "announce".to_owned(),
        }
    }

    fn decode(value: &str) -> Option<Choice> {
        if value == "announce" {
            return Some(Choice::Announce);
        }
        let (word, number) = value.split_once('.')?;
        let number = number.parse().ok().filter(|it| *it > 0).map(OutageNumber)?;
        match word {
            "join" => Some(Choice::Join { number }),
            "reopen" => Some(Choice::Reopen { number }),
            _ => None,
        }
    }
}

/// `found` are open outages, which may be joined, and resolved ones, which may be reopened.
pub fn view(found: &[Found], context: FormContext, zone: Zone) -> SlackView {
    let shown = &found[..found.len().min(SHOWN)];
    let some_open = shown.iter().any(|(outage, _)| outage.is_open());
    let intro = match (some_open, shown.len()) {
        (true, 1) => "This may be announced already:",
        (false, 1) => "This may be an outage that was resolved a moment ago:",
        _ => "This may be one of these:",
    };
    let mut blocks = vec![kit::section("same.intro", intro)];
    blocks.extend(shown.iter().map(|it| entry(it, zone)));
    blocks.push(question(shown));
    kit::modal(Form::Same, context, "Is it the same?", "Continue", blocks)
}

fn entry((outage, announcement): &Found, zone: Zone) -> SlackBlock {
    let title = format!("Outage {} · {}", outage.number, outage.title_component());
    let linked = match announcement.as_ref().and_then(|it| it.permalink.as_deref()) {
        Some(url) => mrkdwn::link(url, &title),
        None => mrkdwn::one_line(&title, 120),
    };
    let since = match outage.phase.resolution() {
        Some(it) => format!("resolved {}", mrkdwn::date_in(it.at, zone)),
        None => format!(
            "{}, since {}",
            state::phase(outage),
            mrkdwn::date_in(outage.started_at, zone)
        ),
    };
    let (shape, summary) = (state::shape(outage), mrkdwn::quote(&outage.summary, 600));
    let markup = format!("{shape} *{linked}* — {since}\n{summary}");
    kit::section(&format!("same.{}", outage.number), &markup)
}

fn question(shown: &[Found]) -> SlackBlock {
    let offer = |(outage, _): &Found| {
        let number = outage.number;
        if outage.is_open() {
            let text = format!("Join outage {number}: only my words, into its thread");
            kit::choice(&text, &Choice::Join { number }.value())
        } else {
            let text = format!("Reopen outage {number}");
            kit::choice(&text, &Choice::Reopen { number }.value())
        }
    };
    let mut choices: Vec<_> = shown.iter().map(offer).collect();
    choices.push(kit::choice(
        "It is something else: announce it",
        &Choice::Announce.value(),
    ));
    let initial = choices.first().map(|it| it.value.clone());
    let element = kit::radios(block::SAME, &choices, initial.as_deref());
    kit::input(block::SAME, "What do you want to do?", element, "", false)
}

pub fn read(values: &Values) -> Result<Choice, FieldErrors> {
    let mut errors = FieldErrors::default();
    let chosen = values.selected(block::SAME).and_then(Choice::decode);
    match chosen {
        Some(choice) => Ok(choice),
        None => {
            errors.add(block::SAME, fields::NOT_OFFERED);
            Err(errors)
        }
    }
}
