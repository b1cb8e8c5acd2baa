//! How an outage stands, in words, shape and colour, and which buttons make sense then.
//!
//! Severities are Balefire's own words and are always introduced as such ("severity major"): the
//! status page calls something else a major outage.

use std::time::Duration;

use slack_morphism::prelude::{SlackBlockButtonElement, SlackBlockConfirmItem};

use crate::{
    domain::{
        channel as naming,
        eta::{Eta, STEP, overdue},
        impact::Impact,
        outage::{Outage, Phase, Severity},
        policy::Policy,
        time::{Timestamp, duration_in_words},
    },
    slack::{
        action::Action,
        kit::{self, Look, button},
        mrkdwn,
    },
};

/// How long the name of a component may be within a line.
const COMPONENT: usize = 80;

/// How long the title of a post-mortem may be within a line.
const LESSONS: usize = 120;

/// How long the words of an ETA may be within a line.
const ETA: usize = 75;

/// What the few words besides an answer may take.
const DETAIL: usize = 100;

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

/// `Investigating`, `Resolved`, `Merged into outage 3`, …
pub fn word(outage: &Outage) -> String {
    capitalised(&phase(outage))
}

/// `investigating`, `resolved`, `merged into outage 3`, …
pub fn phase(outage: &Outage) -> String {
    match outage.phase.duplicate_of() {
        Some(original) => format!("merged into outage {original}"),
        None => outage.phase.word().to_owned(),
    }
}

/// `Outage 12 · Payments`, or the title of its post-mortem in place of the component.
pub fn title(outage: &Outage) -> String {
    let lessons = outage
        .post_mortem
        .as_ref()
        .and_then(|it| it.title.as_deref());
    let title = match lessons.filter(|it| !it.trim().is_empty()) {
        Some(title) => mrkdwn::one_line(title, LESSONS),
        None => mrkdwn::one_line(outage.title_component(), COMPONENT),
    };
    format!("Outage {} · {title}", outage.number)
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

/// `<2h — due …, in less than 10 minutes`, `was due … (<2h), more than 20 minutes ago`, `unknown`.
///
/// An announcement is rendered anew ten minutes before the ETA, at it, and whenever [`overdue`]
/// grows after it, so the words are true until the next time.
pub fn eta(eta: &Eta, now: Timestamp) -> String {
    let label = match eta.label.trim() {
        "" => None,
        label => Some(mrkdwn::one_line(label, ETA)),
    };
    let Some(due) = eta.due else {
        return match label {
            None => "unknown".to_owned(),
            Some(label) if label == "unknown" => label,
            Some(label) => format!("unknown ({label})"),
        };
    };
    let at = mrkdwn::date(due);
    if due > now {
        let label = label.map(|it| format!("{it} — ")).unwrap_or_default();
        let soon = due.since(now) <= STEP;
        let soon = if soon {
            ", in less than 10 minutes"
        } else {
            ""
        };
        return format!("{label}due {at}{soon}");
    }
    let label = label.map(|it| format!(" ({it})")).unwrap_or_default();
    let passed = match overdue(now.since(due)) {
        Duration::ZERO => String::new(),
        span => format!(", more than {} ago", duration_in_words(span)),
    };
    format!("was due {at}{label}{passed}")
}

/// The ETA, and below it how often it slipped.
pub fn eta_with_slips(outage: &Outage, now: Timestamp) -> String {
    let eta = eta(&outage.eta, now);
    match slips(outage.slips) {
        it if it.is_empty() => eta,
        it => format!("{eta}\n_{it}_"),
    }
}

/// `Lost bookings: <10% — mostly Spain`.
pub fn impact(impact: &Impact) -> String {
    let label = mrkdwn::one_line(&impact.label, 100);
    let answer = mrkdwn::one_line(impact.answer.word(), 80);
    match mrkdwn::one_line(&impact.detail, DETAIL) {
        detail if detail.is_empty() => format!("{label}: {answer}"),
        detail => format!("{label}: {answer} — {detail}"),
    }
}

/// Where people work on it, or why there is no such place; nothing when nobody asked for one.
pub fn channel(outage: &Outage) -> String {
    let Some(channel) = &outage.channel else {
        return String::new();
    };
    match (&channel.id, &channel.failed) {
        (Some(id), _) if channel.archived_at.is_some() => {
            format!("{} (archived)", mrkdwn::channel(id))
        }
        (Some(id), _) => mrkdwn::channel(id),
        (None, None) => "on its way".to_owned(),
        (None, Some(why)) => format!("could not be opened: {}", mrkdwn::one_line(why, 300)),
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

/// In a word or two: the choice, else the moment, else that it is unknown.
pub fn eta_label(eta: &Eta) -> String {
    match (eta.label.trim(), eta.due) {
        ("", Some(due)) => mrkdwn::date(due),
        ("", None) => "unknown".to_owned(),
        (label, _) => mrkdwn::one_line(label, ETA),
    }
}

/// What can be done with it now: first what is pressed most, then the rest.
pub fn buttons(outage: &Outage, policy: &Policy) -> [Vec<SlackBlockButtonElement>; 2] {
    let number = outage.number;
    let plain = |action, label: &str, spoken: &str| {
        button(
            action,
            label,
            &format!("{spoken} outage {number}"),
            Look::Plain,
        )
    };
    match outage.phase {
        Phase::Open { .. } => {
            let resolve = format!("Resolve outage {number}");
            let first = vec![
                plain(Action::Update { number }, "Update", "Update"),
                plain(Action::Eta { number }, "ETA", "Change the ETA of"),
                plain(Action::Edit { number }, "Edit", "Edit"),
                button(
                    Action::Resolve { number },
                    "Resolve",
                    &resolve,
                    Look::Primary,
                ),
            ];
            let mut rest = Vec::new();
            if !outage.roles.is_complete() {
                let label = "I am on it";
                rest.push(plain(
                    Action::Take { number },
                    label,
                    "Take the free part in",
                ));
            }
            rest.push(plain(Action::Reassign { number }, "Reassign", "Reassign"));
            if outage.working_channel().is_some() {
                rest.push(plain(
                    Action::SetChannel { number },
                    "Change channel",
                    "Change the channel of",
                ));
            } else {
                let create = plain(
                    Action::CreateChannel { number },
                    "Create channel",
                    "Create a channel for",
                );
                rest.push(create.with_confirm(creation(outage, policy)));
                rest.push(plain(
                    Action::SetChannel { number },
                    "Set channel",
                    "Set the channel of",
                ));
            }
            let withdraw = format!("Withdraw outage {number}");
            rest.push(button(
                Action::Withdraw { number },
                "Withdraw",
                &withdraw,
                // Red would draw the eye to what is needed least.
                Look::Plain,
            ));
            [first, rest]
        }
        Phase::Resolved(_) => {
            let mut first = vec![
                plain(
                    Action::EditResolution { number },
                    "Edit resolution",
                    "Edit the resolution of",
                ),
                plain(
                    Action::EditTimes { number },
                    "Edit times",
                    "Edit the times of",
                ),
            ];
            if outage.post_mortem.is_none() {
                first.push(plain(
                    Action::LinkPostMortem { number },
                    "Link post-mortem",
                    "Link the post-mortem of",
                ));
            }
            first.push(plain(Action::Reopen { number }, "Reopen", "Reopen"));
            [first, Vec::new()]
        }
        Phase::Withdrawn { .. } => {
            let reopen = plain(Action::Reopen { number }, "Reopen", "Reopen");
            [vec![reopen], Vec::new()]
        }
    }
}

/// A channel cannot be unmade, so whoever presses is asked once.
fn creation(outage: &Outage, policy: &Policy) -> SlackBlockConfirmItem {
    let name = naming::name(outage, policy);
    let groups = match policy.channels.invite_groups.len() {
        0 => "",
        1 => ", and a group",
        _ => ", and some groups",
    };
    let text = format!(
        "#{name} will be made, or one with a number behind the name. Whoever announced the outage \
         and both assignees are invited{groups}."
    );
    kit::confirm("Create a channel?", &text, "Create", "Not now")
}

pub fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
