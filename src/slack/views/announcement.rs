//! The announcement: one message that always shows how an outage stands.
//!
//! The text is a sentence, the first line people see and all that a notification shows; below it
//! an attachment has the bar of colour and the blocks, whose ids never change.
//!
//! Slack refuses a message whose blocks hold too much text, and the worst outage has the longest
//! texts. So each of them has a share, and all shares together with everything short stay below
//! what Slack takes: the last update gets least, because the thread has it in full, then the
//! resolution; the summary is shortened only when escaping makes it longer than a section. What is
//! shortened says where the whole text stands.

use slack_morphism::prelude::{SlackBlock, SlackMessageAttachment};

pub use super::mended::Again;
use super::{Message, mended, people, state};
use crate::{
    domain::{
        outage::{Outage, Phase, Resolution},
        person::Person,
        policy::Policy,
        time::{Timestamp, duration_in_words},
    },
    slack::{kit, mrkdwn},
};

/// What the last update may take.
const UPDATE: usize = 1000;
/// What the resolution may take, or why it was withdrawn: a section less the words around it.
const RESOLUTION: usize = 2300;
/// What the summary may take: a section.
const SUMMARY: usize = kit::SECTION;

/// How many questions are shown; more would be a questionnaire.
const QUESTIONS: usize = 20;

#[derive(Clone, Copy, Debug)]
pub struct AnnouncementModel<'a> {
    pub outage: &'a Outage,
    /// Everybody whom the outage names.
    pub people: &'a [Person],
    pub now: Timestamp,
    pub policy: &'a Policy,
    /// What people type, such as `/outage`.
    pub command: &'a str,
    /// The address of the announcement of the outage that this one turned out to be.
    pub original: Option<&'a str>,
    /// Why it stands where it does, if that needs a word.
    pub again: Option<Again<'a>>,
}

pub fn announcement(model: &AnnouncementModel) -> Message {
    let (shape, title) = (state::shape(model.outage), state::title(model.outage));
    let rest = rest_of_sentence(model);
    let attachment = SlackMessageAttachment::new()
        .with_color(state::colour(model.outage).to_owned())
        .with_fallback(format!("{shape} {title} — {rest}"))
        .with_blocks(blocks(model));
    Message {
        text: format!("{shape} *{title}* — {rest}"),
        blocks: Vec::new(),
        attachments: Some(vec![attachment]),
    }
}

/// `▲ *Outage 12 · Payments* — investigating, severity major. Cards fail. ETA <2h. Ana leads.`
fn rest_of_sentence(model: &AnnouncementModel) -> String {
    let outage = model.outage;
    let summary = full_stop(mrkdwn::one_line(&outage.summary, 140));
    match &outage.phase {
        Phase::Open { .. } => {
            let eta = match outage.eta.due {
                Some(due) if due <= model.now => {
                    format!("ETA {} has passed", state::eta_label(&outage.eta))
                }
                _ => format!("ETA {}", state::eta_label(&outage.eta)),
            };
            let lead = people::assignee_name(outage.roles.solution, model.people);
            let severity = outage.severity.word();
            let word = outage.phase.word();
            let lead = match outage.roles.solution {
                Some(_) => format!("{lead} leads."),
                None => "Nobody is on it yet.".to_owned(),
            };
            format!("{word}, severity {severity}. {summary} {eta}. {lead}")
        }
        Phase::Resolved(_) => {
            let lasted = duration_in_words(outage.duration(model.now));
            format!("resolved after {lasted}. {summary}")
        }
        Phase::Withdrawn {
            duplicate_of: Some(original),
            ..
        } => format!("merged into outage {original}. {summary}"),
        Phase::Withdrawn { .. } => format!("withdrawn, it was a false alarm. {summary}"),
    }
}

fn blocks(model: &AnnouncementModel) -> Vec<SlackBlock> {
    let outage = model.outage;
    let in_full = format!("(full text: {} {})", model.command, outage.number);
    let summary = mrkdwn::abridge(&outage.summary, SUMMARY, &in_full);
    let mut blocks = vec![
        kit::section("head", &head(outage)),
        kit::section("summary", &summary),
    ];
    blocks.extend(kit::fields("facts", &facts(model)));
    blocks.extend(people(model).map(|it| kit::section("people", &it)));
    blocks.extend(last_update(model).map(|it| kit::section("update", &it)));
    let ending = match &outage.phase {
        Phase::Open { .. } => None,
        Phase::Resolved(resolution) => Some(resolved(model, resolution, &in_full)),
        Phase::Withdrawn {
            at,
            by,
            why,
            duplicate_of,
        } => {
            let by = people::name_of(by, model.people);
            let why = mrkdwn::abridge(why, RESOLUTION, &in_full);
            let at = mrkdwn::date(*at);
            let what = match duplicate_of {
                None => format!("*Withdrawn* {at} by {by}"),
                Some(number) => {
                    let original = format!("outage {number}");
                    let original = match model.original {
                        Some(url) => mrkdwn::link(url, &original),
                        None => original,
                    };
                    format!("*Merged into {original}* {at} by {by}")
                }
            };
            let why = if why.is_empty() {
                why
            } else {
                format!("\n{why}")
            };
            Some(format!("{what}{why}\n_Not counted in statistics._"))
        }
    };
    blocks.extend(ending.map(|it| kit::section("resolution", &it)));
    blocks.extend(kit::context("foot", &[foot(outage)]));
    let again = model.again.as_ref().map(mended::again);
    blocks.extend(again.and_then(|it| kit::context("again", &[it])));
    let [first, rest] = state::buttons(outage, model.policy);
    blocks.extend(kit::actions("actions", first));
    blocks.extend(kit::actions("more", rest));
    blocks
}

fn head(outage: &Outage) -> String {
    let shape = state::shape(outage);
    let word = state::word(outage);
    let severity = outage.severity.word();
    let names = outage.affected.iter().map(|it| it.component.name.as_str());
    let affected = state::components(names, 600);
    let state = match outage.phase {
        Phase::Open {
            former: Some(_), ..
        } => {
            format!("{shape} *{word}* — reopened, severity *{severity}*")
        }
        Phase::Open { .. } => format!("{shape} *{word}* — severity *{severity}*"),
        Phase::Resolved(_) => format!("{shape} *{word}* — severity was {severity}"),
        Phase::Withdrawn {
            duplicate_of: Some(_),
            ..
        } => format!("{shape} *{word}*"),
        Phase::Withdrawn { .. } => format!("{shape} *{word}* — there was no outage"),
    };
    format!("{state}\n*Affected:* {affected}")
}

fn facts(model: &AnnouncementModel) -> Vec<String> {
    let outage = model.outage;
    if let Phase::Withdrawn { .. } = outage.phase {
        return Vec::new();
    }
    let mut facts = Vec::new();
    if !outage.impact.is_empty() {
        let mut lines = vec!["*Impact*".to_owned()];
        lines.extend(outage.impact.iter().take(QUESTIONS).map(state::impact));
        if outage.impact.len() > QUESTIONS {
            lines.push(format!("and {} more", outage.impact.len() - QUESTIONS));
        }
        facts.push(lines.join("\n"));
    }
    if outage.is_open() {
        facts.push(format!(
            "*ETA*\n{}",
            state::eta_with_slips(outage, model.now)
        ));
    }
    facts
}

fn people(model: &AnnouncementModel) -> Option<String> {
    if let Phase::Withdrawn { .. } = model.outage.phase {
        return None;
    }
    let roles = &model.outage.roles;
    let channel = match state::channel(model.outage) {
        it if it.is_empty() => it,
        it => format!("\n*Channel:* {it}"),
    };
    Some(format!(
        "*Solution:* {} · *Communication:* {}{channel}",
        people::assignee(roles.solution, model.people),
        people::assignee(roles.communication, model.people)
    ))
}

/// Only while it is open: later the resolution says more.
fn last_update(model: &AnnouncementModel) -> Option<String> {
    let last = model.outage.last_update.as_ref()?;
    model.outage.is_open().then(|| {
        format!(
            "*Last update* {} by {}\n{}",
            mrkdwn::date(last.at),
            people::name_of(&last.by, model.people),
            mrkdwn::abridge(&last.text, UPDATE, "(more in the thread)")
        )
    })
}

fn resolved(model: &AnnouncementModel, resolution: &Resolution, in_full: &str) -> String {
    let outage = model.outage;
    let text = match resolution.text.as_str() {
        "" => "_No resolution text yet_".to_owned(),
        text => mrkdwn::abridge(text, RESOLUTION, in_full),
    };
    format!(
        "*Started* {}\n*Resolved* {} by {}, after {}\n*Resolution*\n{text}\n{}",
        mrkdwn::date(outage.started_at),
        mrkdwn::date(resolution.at),
        people::name_of(&resolution.by, model.people),
        duration_in_words(outage.duration(model.now)),
        notes(outage, resolution)
    )
}

fn notes(outage: &Outage, resolution: &Resolution) -> String {
    let post_mortem = match &outage.post_mortem {
        Some(lessons) => {
            let title = lessons.title.as_deref().unwrap_or("read it here");
            mrkdwn::link(&lessons.url, title)
        }
        None if resolution.post_mortem_wanted => "will be written".to_owned(),
        None => "not planned".to_owned(),
    };
    let turnover = outage.turnover.as_ref().map_or_else(
        || "—".to_owned(),
        |it| mrkdwn::one_line(&it.to_string(), 50),
    );
    format!("*Post-mortem:* {post_mortem} · *Impact on turnover:* {turnover}")
}

fn foot(outage: &Outage) -> String {
    let announced = mrkdwn::date(outage.announced_at);
    let mut foot = format!("Outage {} · announced {announced}", outage.number);
    if outage.is_open() && outage.started_at.minute() != outage.announced_at.minute() {
        foot = format!("{foot} · started {}", mrkdwn::date(outage.started_at));
    }
    foot
}

fn full_stop(sentence: String) -> String {
    if sentence.ends_with(['.', '!', '?', '…']) {
        sentence
    } else {
        format!("{sentence}.")
    }
}
