//! What became of an announcement that people took away, or whose channel cannot be used.

use slack_morphism::prelude::SlackBlockButtonElement;

use super::{Message, state};
use crate::{
    domain::{
        ids::{ChannelId, OutageNumber},
        outage::Outage,
        repair::{Because, Mend},
    },
    slack::{
        action::Action,
        kit::{self, Look},
        mrkdwn,
    },
};

/// Why an announcement stands where it does.
#[derive(Clone, Copy, Debug)]
pub struct Again<'a> {
    pub because: Because,
    /// Where it stood, or was meant to.
    pub channel: &'a ChannelId,
    /// The address of the thread before this one, if that can still be read.
    pub thread: Option<&'a str>,
}

/// A calm line at the foot of the announcement.
pub fn again(again: &Again) -> String {
    let why = match again.because {
        Because::Deleted => "Posted again, because it was deleted.".to_owned(),
        Because::Asked => "Posted again, because somebody asked for it.".to_owned(),
        because => format!("It stands here because {}.", lost(because, again.channel)),
    };
    match again.thread {
        Some(url) => format!("{why} {}", mrkdwn::link(url, "The thread until then")),
        None => why,
    }
}

fn lost(because: Because, channel: &ChannelId) -> String {
    let channel = mrkdwn::channel(channel);
    match because {
        Because::Archived => format!("{channel} is archived"),
        Because::Left => format!("Balefire is not in {channel} any more"),
        _ => format!("{channel} cannot be found any more"),
    }
}

/// Tells somebody what was done, and what they can do.
pub fn told(mend: &Mend, outage: &Outage, permalink: Option<&str>, command: &str) -> Message {
    let (title, number) = (state::title(outage), outage.number);
    let shows = format!("{command} {number} shows everything");
    let text = match mend {
        Mend::PostedAgain { .. } => {
            format!("The announcement of {title} was deleted and is posted again.")
        }
        Mend::StaysAway => format!(
            "The announcement of {title} was deleted again. Balefire leaves it at that and does not \
             post it by itself any more. {shows}, and the outage goes on as it is."
        ),
        Mend::PinnedAgain => {
            format!("The announcement of {title} was unpinned and is pinned again.")
        }
        Mend::StaysUnpinned => format!(
            "The announcement of {title} was unpinned again. Balefire leaves it at that; whoever \
             wants to can pin it by hand."
        ),
        Mend::Moved { because, from, to } => format!(
            "The announcement of {title} stands in {} now, because {}. What comes next is said \
             there.",
            mrkdwn::channel(to),
            lost(*because, from)
        ),
        Mend::Stranded { because, channel } => format!(
            "The announcement of {title} cannot be kept up to date, because {}. Bring the channel \
             back or invite Balefire into it, then `balefire deliveries` lists what is left to do. \
             {shows}. With slack.fallback_channel in the settings it would stand elsewhere.",
            lost(*because, channel)
        ),
    };
    let mut markup = text.clone();
    if let Some(url) = permalink {
        let link = mrkdwn::link(url, "Go to the announcement");
        markup = format!("{markup}\n{link}");
    }
    let mut blocks = vec![kit::section("mend", &markup)];
    if *mend == Mend::StaysAway {
        blocks.extend(kit::actions("actions", vec![button(number)]));
    }
    Message::new(&text, blocks)
}

/// Brings an announcement back that stays away.
pub fn button(number: OutageNumber) -> SlackBlockButtonElement {
    let spoken = format!("Post the announcement of outage {number} again");
    let action = Action::PostAgain { number };
    kit::button(action, "Post it again", &spoken, Look::Plain)
}

/// Answers who asked for the announcement: it is on its way, or stands there already.
pub fn asked(number: OutageNumber, posted: bool, permalink: Option<&str>) -> Message {
    let text = match posted {
        true => format!("The announcement of outage {number} is posted again."),
        false => format!("The announcement of outage {number} was posted again already."),
    };
    let link = permalink.filter(|_| !posted);
    match link {
        Some(url) => {
            let link = mrkdwn::link(url, "Go to the announcement");
            Message::new(&format!("{text} {link}"), Vec::new())
        }
        None => Message::new(&text, Vec::new()),
    }
}

/// A line of the timeline.
pub fn in_timeline(mend: &Mend) -> String {
    match mend {
        Mend::PostedAgain {
            because: Because::Asked,
        } => "posted it again".to_owned(),
        Mend::PostedAgain { .. } => "posted it again after it was deleted".to_owned(),
        Mend::StaysAway => "left it away after it was deleted again".to_owned(),
        Mend::PinnedAgain => "pinned it again after it was unpinned".to_owned(),
        Mend::StaysUnpinned => "left it unpinned after it was unpinned again".to_owned(),
        Mend::Moved { because, from, to } => format!(
            "moved it to {}, because {}",
            mrkdwn::channel(to),
            lost(*because, from)
        ),
        Mend::Stranded { because, channel } => {
            format!(
                "could not keep it up to date, because {}",
                lost(*because, channel)
            )
        }
    }
}
