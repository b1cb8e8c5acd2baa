//! Before → after, in words.

use crate::{
    domain::{
        change::Change,
        eta::Eta,
        impact::Answer,
        outage::{Role, Roles},
        person::Person,
        time::Timestamp,
    },
    slack::{
        mrkdwn,
        views::{direct, people, state},
    },
};

/// How much of a former text is shown.
const FORMER: usize = 400;

/// A line, or a few, for the thread.
pub fn line(change: &Change, people: &[Person]) -> String {
    let label = label(change);
    match change {
        Change::Summary { before, .. } => former(&label, before),
        Change::Resolution { before, after } if before.is_empty() => {
            format!("*{label}* added:\n{}", mrkdwn::quote(after, FORMER))
        }
        Change::Resolution { before, .. } => former(&label, before),
        Change::Components { before, after } => {
            let names = |of: &[String]| state::components(of.iter().map(String::as_str), FORMER);
            arrow(&label, &names(before), &names(after))
        }
        Change::Severity { before, after } => arrow(&label, before.word(), after.word()),
        Change::Stage { before, after } => arrow(&label, before.word(), after.word()),
        Change::Eta {
            before,
            after,
            slips,
        } => {
            let same = before.label == after.label;
            let line = arrow(&label, &promise(before, same), &promise(after, true));
            match state::slips(*slips) {
                it if it.is_empty() => line,
                it => format!("{line} ({it})"),
            }
        }
        Change::Roles { before, after } => roles(before, after, people),
        Change::ImpactDetail { before, after, .. } => {
            let words = |it: &str| match mrkdwn::one_line(it, FORMER) {
                it if it.is_empty() => "—".to_owned(),
                it => it,
            };
            arrow(&label, &words(before), &words(after))
        }
        Change::PostMortemLink { after, .. } => match after {
            Some(url) => format!("*{label}* {}", mrkdwn::link(url, "linked")),
            None => format!("*{label}* is not linked any more"),
        },
        Change::Impact { before, after, .. } => {
            let word = |it: &Answer| mrkdwn::one_line(it.word(), 80);
            arrow(&label, &word(before), &word(after))
        }
        Change::StartedAt { before, after } | Change::ResolvedAt { before, after } => {
            arrow(&label, &time(*before), &time(*after))
        }
        Change::PostMortem { before, after } => {
            let word = |wanted: &bool| if *wanted { "wanted" } else { "not wanted" };
            arrow(&label, word(before), word(after))
        }
        Change::Turnover { before, after } => {
            let amount = |it: &Option<crate::domain::money::Money>| {
                it.as_ref().map_or_else(
                    || "—".to_owned(),
                    |it| mrkdwn::one_line(&it.to_string(), 50),
                )
            };
            arrow(&label, &amount(before), &amount(after))
        }
    }
}

/// What changed in a few words, without a ping: for a line of a timeline.
pub fn brief(change: &Change, people: &[Person]) -> String {
    let label = label(change);
    let arrow = |before: &str, after: &str| format!("{label} {before} → {after}");
    match change {
        // Too long for a line.
        Change::Summary { .. } | Change::Resolution { .. } | Change::PostMortemLink { .. } => label,
        Change::Components { before, after } => {
            let names = |of: &[String]| state::components(of.iter().map(String::as_str), 80);
            arrow(&names(before), &names(after))
        }
        Change::Severity { before, after } => arrow(before.word(), after.word()),
        Change::Stage { before, after } => arrow(before.word(), after.word()),
        Change::Eta {
            before,
            after,
            slips,
        } => {
            let changed = arrow(&state::eta_label(before), &state::eta_label(after));
            match state::slips(*slips) {
                it if it.is_empty() => changed,
                it => format!("{changed}, {it}"),
            }
        }
        Change::Roles { before, after } => {
            let roles = Role::ALL
                .into_iter()
                .filter(|it| before.of(*it) != after.of(*it));
            let moved = roles.map(|role| {
                let name = |of: &Roles| people::assignee_name(of.of(role), people);
                format!("{} {} → {}", direct::role(role), name(before), name(after))
            });
            moved.collect::<Vec<_>>().join(", ")
        }
        Change::Impact { before, after, .. } => {
            let word = |it: &Answer| mrkdwn::one_line(it.word(), 40);
            arrow(&word(before), &word(after))
        }
        Change::ImpactDetail { after, .. } => format!("{label}: {}", mrkdwn::one_line(after, 60)),
        Change::StartedAt { before, after } | Change::ResolvedAt { before, after } => {
            arrow(&time(*before), &time(*after))
        }
        Change::PostMortem { .. } | Change::Turnover { .. } => {
            line(change, people).replace('*', "")
        }
    }
}

/// What changed, in a word or two.
pub fn label(change: &Change) -> String {
    match change {
        Change::Summary { .. } => "Summary",
        Change::Components { .. } => "Components",
        Change::Severity { .. } => "Severity",
        Change::Stage { .. } => "Stage",
        Change::Eta { .. } => "ETA",
        Change::Roles { .. } => "Assignees",
        Change::Impact { label, .. } => return mrkdwn::one_line(label, 100),
        Change::ImpactDetail { label, .. } => {
            return format!("{}, details", mrkdwn::one_line(label, 100));
        }
        Change::PostMortemLink { .. } => "Post-mortem",
        Change::StartedAt { .. } => "Started",
        Change::ResolvedAt { .. } => "Resolved",
        Change::Resolution { .. } => "Resolution",
        Change::PostMortem { .. } => "Post-mortem",
        Change::Turnover { .. } => "Turnover",
    }
    .to_owned()
}

/// Both assignees as they are now, and who it was before.
fn roles(before: &Roles, after: &Roles, people: &[Person]) -> String {
    let part = |role| {
        let now = people::assignee(after.of(role), people);
        let label = state::capitalised(direct::role(role));
        match before.of(role) == after.of(role) {
            true => format!("*{label}:* {now}"),
            false => {
                let was = people::assignee_name(before.of(role), people);
                format!("*{label}:* {now} (was {was})")
            }
        }
    };
    Role::ALL.map(part).join(" · ")
}

fn arrow(label: &str, before: &str, after: &str) -> String {
    format!("*{label}* {before} → {after}")
}

fn former(label: &str, before: &str) -> String {
    if before.is_empty() {
        return format!("*{label}* was empty");
    }
    format!("*{label}* was:\n{}", mrkdwn::quote(before, FORMER))
}

fn promise(eta: &Eta, with_time: bool) -> String {
    let label = state::eta_label(eta);
    match eta.due {
        // An exact time is its own label.
        Some(due) if with_time && !eta.label.trim().is_empty() => {
            format!("{label} (until {})", time(due))
        }
        _ => label,
    }
}

fn time(at: Timestamp) -> String {
    mrkdwn::date(at)
}
