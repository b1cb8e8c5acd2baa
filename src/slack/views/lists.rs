//! Answers to one person: lists of outages here, one outage in `detail`, short ones in `answers`.

use slack_morphism::prelude::SlackBlock;

use super::{Message, state};
pub use super::{
    answers::{
        IS_AN_APP, IS_GONE, channel_is_made, done_otherwise, form_out_of_date, joined,
        may_not_announce, no_components, no_such_outage, out_of_date, refusal, reopened, taken,
        too_late, too_many_forms, try_again,
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

/// How many outages are shown of each kind at most, and how long all their texts may be.
const OPEN: (usize, usize) = (16, 6500);
const ENDED: (usize, usize) = (8, 3000);

type Listed = (Outage, Option<Announcement>);

/// `/outage list`: what is open, newest first, and what ended last.
pub fn open_list(open: &[Listed], ended: &[Listed], now: Timestamp) -> Message {
    let text = match open.len() {
        0 => "No outage is open.".to_owned(),
        1 => "One outage is open.".to_owned(),
        count => format!("{count} outages are open."),
    };
    let mut blocks = vec![kit::section("open", &format!("*{text}*"))];
    blocks.extend(entries(open, "open_more", OPEN, now));
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
        blocks.extend(entries(ended, "ended_more", ENDED, now));
    }
    Message::new(&text, blocks)
}

/// The first ones, as many as there is room for, and how many there are besides.
fn entries(
    listed: &[Listed],
    more_id: &str,
    (most, room): (usize, usize),
    now: Timestamp,
) -> Vec<SlackBlock> {
    let mut blocks = Vec::new();
    let mut used = 0;
    for it in listed.iter().take(most) {
        let markup = entry(it, now);
        used += mrkdwn::width(&markup);
        if used > room {
            break;
        }
        let number = it.0.number;
        let spoken = format!("Show outage {number}");
        let show = kit::button(Action::Show { number }, "Show", &spoken, Look::Plain);
        blocks.push(kit::section_with(
            &format!("outage.{number}"),
            &markup,
            show,
        ));
    }
    if blocks.len() < listed.len() {
        let more = format!("and {} more", listed.len() - blocks.len());
        blocks.extend(kit::context(more_id, &[more]));
    }
    blocks
}

fn entry((outage, announcement): &Listed, now: Timestamp) -> String {
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
    format!(
        "{} *{linked}* — {stands}\n{}",
        state::shape(outage),
        mrkdwn::one_line(&outage.summary, 150)
    )
}
