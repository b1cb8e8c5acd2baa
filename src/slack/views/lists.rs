//! Answers to one person: lists of outages here, one outage in `detail`, short ones in `answers`.

use slack_morphism::prelude::SlackBlock;

use super::{Message, state};
pub use super::{
    answers::{
        may_not_announce, no_components, no_such_outage, out_of_date, refusal, too_many_forms,
        try_again,
    },
    detail::detail,
    help::help,
};
use crate::{
    domain::{
        outage::{Outage, Phase},
        time::{Timestamp, duration_in_words},
    },
    slack::{
        action::Action,
        kit::{self, Look},
        mrkdwn,
    },
    store::announcements::Announcement,
};

/// How many outages are shown of each kind, so that all texts stay below Slack's limit.
const OPEN: usize = 16;
const ENDED: usize = 8;

type Listed = (Outage, Option<Announcement>);

/// `/outage list`: what is open, newest first, and what ended last.
pub fn open_list(open: &[Listed], ended: &[Listed], now: Timestamp) -> Message {
    let text = match open.len() {
        0 => "No outage is open.".to_owned(),
        1 => "One outage is open.".to_owned(),
        count => format!("{count} outages are open."),
    };
    let mut blocks = vec![kit::section("open", &format!("*{text}*"))];
    blocks.extend(open.iter().take(OPEN).map(|it| entry(it, now)));
    blocks.extend(left_out("open_more", open.len(), OPEN));
    if open.is_empty() {
        let announce = kit::button(
            Action::Announce,
            "Announce",
            "Announce an outage",
            Look::Plain,
        );
        blocks.extend(kit::actions("actions", vec![announce]));
    }
    if !ended.is_empty() {
        blocks.push(kit::divider());
        blocks.push(kit::section("ended", "*Ended last*"));
        blocks.extend(ended.iter().take(ENDED).map(|it| entry(it, now)));
        blocks.extend(left_out("ended_more", ended.len(), ENDED));
    }
    Message::new(&text, blocks)
}

fn entry((outage, announcement): &Listed, now: Timestamp) -> SlackBlock {
    let number = outage.number;
    let title = format!("Outage {number} · {}", outage.title_component());
    let linked = match announcement.as_ref().and_then(|it| it.permalink.as_deref()) {
        Some(url) => mrkdwn::link(url, &title),
        None => mrkdwn::one_line(&title, 120),
    };
    let lasted = duration_in_words(outage.duration(now));
    let stands = match &outage.phase {
        Phase::Open { stage, .. } => format!(
            "{}, severity {}, for {lasted}. ETA {}",
            stage.word(),
            outage.severity.word(),
            state::eta(&outage.eta, now)
        ),
        Phase::Resolved(it) => {
            format!("resolved {}, after {lasted}", mrkdwn::date(it.at))
        }
        Phase::Withdrawn { at, .. } => format!("withdrawn {}", mrkdwn::date(*at)),
    };
    let markup = format!(
        "{} *{linked}* — {stands}\n{}",
        state::shape(outage),
        mrkdwn::one_line(&outage.summary, 150)
    );
    let spoken = format!("Show outage {number}");
    let show = kit::button(Action::Show { number }, "Show", &spoken, Look::Plain);
    kit::section_with(&format!("outage.{number}"), &markup, show)
}

fn left_out(block_id: &str, count: usize, shown: usize) -> Option<SlackBlock> {
    let more = count.checked_sub(shown).filter(|it| *it > 0)?;
    kit::context(block_id, &[format!("and {more} more")])
}
