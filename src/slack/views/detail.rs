//! One outage with its timeline, for one person. Names nobody with a ping.

use super::{Message, changes, direct, mended, people, state};
use crate::{
    desk::Detail,
    domain::{
        change::Change,
        effect::Event,
        outage::{Outage, Phase},
        person::Person,
        policy::Policy,
        time::{Timestamp, duration_in_words},
    },
    slack::{kit, mrkdwn},
    store::timeline::Line,
};

/// How many lines of the timeline are shown at most: the newest.
const LINES: usize = 20;
/// What a line's own words may take.
const WORDS: usize = 200;
/// What the whole timeline may take.
const TIMELINE: usize = 4500;
/// What the values before and after may take in a line.
const CHANGES: usize = 400;
const SUMMARY: usize = 2000;
const RESOLUTION: usize = 1200;

pub fn detail(detail: &Detail, policy: &Policy, now: Timestamp) -> Message {
    let outage = &detail.outage;
    let title = state::title(outage);
    let text = format!("{title}: {}.", state::phase(outage));
    let mut blocks = vec![
        kit::section("head", &head(detail, now)),
        kit::section("summary", &mrkdwn::escape_within(&outage.summary, SUMMARY)),
    ];
    blocks.extend(kit::fields("facts", &facts(outage, &detail.people, now)));
    if let Some(ending) = ending(outage) {
        blocks.push(kit::section("resolution", &ending));
    }
    blocks.extend(
        timeline(detail)
            .iter()
            .enumerate()
            .map(|(index, it)| kit::section(&format!("timeline.{index}"), it)),
    );
    let [mut first, rest] = state::buttons(outage, policy);
    let away = detail.announcement.as_ref().is_some_and(|it| it.away);
    if away && outage.is_open() {
        first.push(mended::button(outage.number));
    }
    blocks.extend(kit::actions("actions", first));
    blocks.extend(kit::actions("more", rest));
    Message::new(&text, blocks)
}

fn head(detail: &Detail, now: Timestamp) -> String {
    let outage = &detail.outage;
    let title = state::title(outage);
    let permalink = detail
        .announcement
        .as_ref()
        .and_then(|it| it.permalink.as_deref());
    let link = permalink
        .map(|url| format!("\n{}", mrkdwn::link(url, "Go to the announcement")))
        .unwrap_or_default();
    let (shape, severity) = (state::shape(outage), outage.severity.word());
    let lasted = duration_in_words(outage.duration(now));
    let stands = match outage.phase {
        Phase::Open { stage, .. } => format!("{}, severity {severity}, for {lasted}", stage.word()),
        Phase::Resolved(_) => format!("resolved after {lasted}, severity was {severity}"),
        Phase::Withdrawn {
            duplicate_of: Some(_),
            ..
        } => state::phase(outage),
        Phase::Withdrawn { .. } => "withdrawn, there was no outage".to_owned(),
    };
    let names = outage.affected.iter().map(|it| it.component.name.as_str());
    let affected = state::components(names, 400);
    format!("{shape} *{title}* — {stands}\n*Affected:* {affected}{link}")
}

fn facts(outage: &Outage, people: &[Person], now: Timestamp) -> Vec<String> {
    let mut facts = Vec::new();
    if !outage.impact.is_empty() {
        let lines: Vec<String> = outage.impact.iter().take(10).map(state::impact).collect();
        facts.push(format!("*Impact*\n{}", lines.join("\n")));
    }
    if outage.is_open() {
        facts.push(format!("*ETA*\n{}", state::eta_with_slips(outage, now)));
    }
    let roles = &outage.roles;
    facts.push(format!(
        "*People*\nSolution: {}\nCommunication: {}",
        people::assignee_name(roles.solution, people),
        people::assignee_name(roles.communication, people)
    ));
    let mut times = format!("*Times*\nStarted {}", mrkdwn::date(outage.started_at));
    if let Some(resolution) = outage.phase.resolution() {
        times = format!("{times}\nResolved {}", mrkdwn::date(resolution.at));
    }
    facts.push(times);
    let channel = state::channel(outage);
    if !channel.is_empty() {
        facts.push(format!("*Channel*\n{channel}"));
    }
    if let Some(lessons) = &outage.post_mortem {
        let title = lessons.title.as_deref().unwrap_or("read it here");
        facts.push(format!(
            "*Post-mortem*\n{}",
            mrkdwn::link(&lessons.url, title)
        ));
    }
    facts
}

fn ending(outage: &Outage) -> Option<String> {
    let (heading, text) = match &outage.phase {
        Phase::Open { .. } => return None,
        Phase::Resolved(resolution) => ("Resolution", resolution.text.as_str()),
        Phase::Withdrawn { why, .. } => ("Why it was withdrawn", why.as_str()),
    };
    let text = match text {
        "" => "_No resolution text yet_".to_owned(),
        text => mrkdwn::escape_within(text, RESOLUTION),
    };
    Some(format!("*{heading}*\n{text}"))
}

/// The newest lines, oldest first, in as few sections as hold them.
fn timeline(detail: &Detail) -> Vec<String> {
    let people = &detail.people;
    let mut shown: Vec<String> = Vec::new();
    let mut used = 0;
    for it in detail.timeline.iter().rev().take(LINES) {
        let line = line(it, people);
        used += mrkdwn::width(&line) + 1;
        if used > TIMELINE {
            break;
        }
        shown.push(line);
    }
    shown.reverse();
    let total = usize::try_from(detail.lines)
        .unwrap_or(0)
        .max(detail.timeline.len());
    let mut sections = vec!["*Timeline*".to_owned()];
    match total - shown.len() {
        0 => {}
        1 => shown.insert(0, "_1 earlier line_".to_owned()),
        earlier => shown.insert(0, format!("_{earlier} earlier lines_")),
    }
    for line in shown {
        match sections.last_mut() {
            Some(last) if mrkdwn::width(last) + mrkdwn::width(&line) < kit::SECTION => {
                last.push('\n');
                last.push_str(&line);
            }
            _ => sections.push(line),
        }
    }
    sections
}

fn line(line: &Line, people: &[Person]) -> String {
    let (what, words) = match &line.event {
        Event::Announced { .. } => ("announced".to_owned(), ""),
        Event::Updated { text, changes } => {
            (with_changes("update", changes, people), text.as_str())
        }
        Event::Edited { reason, changes } => {
            (with_changes("edited", changes, people), reason.as_str())
        }
        Event::Resolved { text, .. } => ("resolved".to_owned(), text.as_str()),
        Event::ResolutionEdited { changes } => {
            (with_changes("resolution edited", changes, people), "")
        }
        Event::TimesEdited { changes } => (with_changes("times edited", changes, people), ""),
        Event::EtaChanged { reason, changes } => (
            with_changes("ETA changed", changes, people),
            reason.as_str(),
        ),
        Event::Reassigned { changes } => (with_changes("reassigned", changes, people), ""),
        Event::Taken { changes } => (with_changes("on it", changes, people), ""),
        Event::ChannelRequested { name } => ("channel asked for".to_owned(), name.as_str()),
        Event::ChannelSet { channel } => {
            (format!("channel set to {}", mrkdwn::channel(channel)), "")
        }
        Event::Joined { text } => ("reported again".to_owned(), text.as_str()),
        Event::Absorbed { number } => (format!("outage {number} merged into it"), ""),
        Event::PostMortemLinked { url } => ("post-mortem linked".to_owned(), url.as_str()),
        Event::Shared { author, .. } => {
            let author = mrkdwn::one_line(author, 80);
            (format!("shared what {author} wrote"), "")
        }
        Event::ShareWithdrawn { .. } => ("took a shared message back".to_owned(), ""),
        Event::Mended { mend } => (mended::in_timeline(mend), ""),
        Event::AssigneeLeft { person, roles } => {
            let (name, roles) = (people::name(*person, people), direct::parts(roles));
            (format!("{roles} free, because {name} has left"), "")
        }
        Event::Reopened { reason } => ("reopened".to_owned(), reason.as_str()),
        Event::Withdrawn {
            why,
            duplicate_of: None,
        } => ("withdrawn".to_owned(), why.as_str()),
        Event::Withdrawn {
            why,
            duplicate_of: Some(original),
        } => (format!("merged into outage {original}"), why.as_str()),
    };
    let words = match mrkdwn::one_line(words, WORDS) {
        it if it.is_empty() => it,
        it => format!(": {it}"),
    };
    let (at, by) = (
        mrkdwn::date(line.occurred_at),
        people::name_of(&line.by, people),
    );
    format!("{at} — *{what}* by {by}{words}")
}

/// What was done, with each value before and after.
fn with_changes(what: &str, changes: &[Change], people: &[Person]) -> String {
    if changes.is_empty() {
        return what.to_owned();
    }
    let each: Vec<String> = changes
        .iter()
        .take(6)
        .map(|it| changes::brief(it, people))
        .collect();
    mrkdwn::cut(&format!("{what}* ({})*", each.join(", ")), CHANGES)
}
