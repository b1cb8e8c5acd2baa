//! How an outage stands, in words, shape and colour, and which buttons make sense then.
//!
//! Severities are Balefire's own words and are always introduced as such ("severity major"): the
//! status page calls something else a major outage.

use slack_morphism::prelude::SlackBlockButtonElement;

use crate::{
    domain::{
        eta::Eta,
        outage::{Outage, Phase, Severity},
        time::Timestamp,
    },
    slack::{
        action::Action,
        kit::{Look, button},
        mrkdwn,
    },
};

/// How long the name of a component may be within a line.
const COMPONENT: usize = 80;

/// Shape and colour never carry a meaning alone: a word stands next to them.
pub fn shape(outage: &Outage) -> &'static str {
    match (&outage.phase, outage.severity) {
        (Phase::Open { .. }, Severity::Critical) => "◆",
        (Phase::Open { .. }, Severity::Major) => "▲",
        (Phase::Open { .. }, Severity::Minor) => "●",
        (Phase::Resolved(_), _) => "✔",
        (Phase::Withdrawn { .. }, _) => "○",
    }
}

pub fn colour(outage: &Outage) -> &'static str {
    match (&outage.phase, outage.severity) {
        (Phase::Open { .. }, Severity::Critical) => "#c4161c",
        (Phase::Open { .. }, Severity::Major) => "#e8491d",
        (Phase::Open { .. }, Severity::Minor) => "#f2a900",
        (Phase::Resolved(_), _) => "#2e8b57",
        (Phase::Withdrawn { .. }, _) => "#8d9096",
    }
}

/// `Investigating`, `Resolved`, …
pub fn word(outage: &Outage) -> String {
    capitalised(outage.phase.word())
}

/// `Outage 12 · Payments`.
pub fn title(outage: &Outage) -> String {
    let component = mrkdwn::one_line(outage.title_component(), COMPONENT);
    format!("Outage {} · {component}", outage.number)
}

/// Names of components, at most `max` long; how many more there are when they do not fit.
pub fn components<'a>(names: impl ExactSizeIterator<Item = &'a str>, max: usize) -> String {
    let count = names.len();
    let mut listed = String::new();
    for (index, name) in names.enumerate() {
        let name = mrkdwn::one_line(name, COMPONENT);
        let separator = if index == 0 { "" } else { ", " };
        // Room for the words about those that are left out.
        if mrkdwn::width(&listed) + mrkdwn::width(&name) + 25 > max && index > 0 {
            return format!("{listed} and {} more", count - index);
        }
        listed.push_str(separator);
        listed.push_str(&name);
    }
    listed
}

/// `<2h — due …`, `was due … (<2h)`, `unknown`.
pub fn eta(eta: &Eta, now: Timestamp) -> String {
    let label = eta_label(eta);
    match eta.due {
        Some(due) if due > now => format!("{label} — due {}", mrkdwn::date(due)),
        Some(due) => format!("was due {} ({label})", mrkdwn::date(due)),
        None if label == "unknown" => label,
        None => format!("unknown ({label})"),
    }
}

/// `slipped once`, `slipped 3 times`; nothing when it never did.
pub fn slips(count: u32) -> String {
    match count {
        0 => String::new(),
        1 => "slipped once".to_owned(),
        2 => "slipped twice".to_owned(),
        more => format!("slipped {more} times"),
    }
}

pub fn eta_label(eta: &Eta) -> String {
    match eta.label.trim() {
        "" => "unknown".to_owned(),
        label => mrkdwn::one_line(label, 75),
    }
}

/// What can be done with it now.
pub fn buttons(outage: &Outage) -> Vec<SlackBlockButtonElement> {
    let number = outage.number;
    match outage.phase {
        Phase::Open { .. } => vec![
            button(
                Action::Update { number },
                "Update",
                &format!("Update outage {number}"),
                Look::Plain,
            ),
            button(
                Action::Edit { number },
                "Edit",
                &format!("Edit outage {number}"),
                Look::Plain,
            ),
            button(
                Action::Resolve { number },
                "Resolve",
                &format!("Resolve outage {number}"),
                Look::Primary,
            ),
            button(
                Action::Withdraw { number },
                "Withdraw",
                &format!("Withdraw outage {number}"),
                Look::Danger,
            ),
        ],
        Phase::Resolved(_) => vec![
            button(
                Action::EditResolution { number },
                "Edit resolution",
                &format!("Edit the resolution of outage {number}"),
                Look::Plain,
            ),
            button(
                Action::EditTimes { number },
                "Edit times",
                &format!("Edit the times of outage {number}"),
                Look::Plain,
            ),
            button(
                Action::Reopen { number },
                "Reopen",
                &format!("Reopen outage {number}"),
                Look::Plain,
            ),
        ],
        Phase::Withdrawn { .. } => Vec::new(),
    }
}

pub fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
