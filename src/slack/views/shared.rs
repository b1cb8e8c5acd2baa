//! A message of the dedicated channel as it stands in the thread of the announcement.

use super::Message;
use crate::{
    domain::{
        ids::{OutageNumber, ShareId},
        person::Person,
        time::Timestamp,
    },
    slack::{
        action::Action,
        kit::{self, Look},
        mrkdwn,
    },
    store::shares::Share,
};

/// What a line takes at most: `chat.update` refuses more than 4,000.
const MOST: usize = 3900;

/// What Slack shows of a name.
const AUTHOR: usize = 80;

/// Under which name the line appears, where it may appear under one.
pub fn author(share: &Share) -> String {
    match share.author_name.trim() {
        "" => "Somebody".to_owned(),
        name => mrkdwn::shorten(name, AUTHOR),
    }
}

/// The words of a message, and below them who wrote it, where and when. The author is named there
/// also where the line appears under their name: Slack may take the name from us at any time, and a
/// line that is written anew cannot know how it was posted. `people` are those whom it mentions.
pub fn line(share: &Share, people: &[Person]) -> String {
    let name = mrkdwn::one_line(&author(share), AUTHOR);
    let mut source = format!("{name} in {}", mrkdwn::channel(&share.channel_id));
    if let Some(at) = written_at(share) {
        source = format!("{source}, {}", mrkdwn::date(at));
    }
    if share.deleted {
        return format!("_The message that was shared here was deleted._\n— {source}");
    }
    if share.edited {
        source.push_str(" (edited)");
    }
    if let Some(url) = &share.permalink {
        let link = mrkdwn::link(url, "Go to the message");
        source = format!("{source} · {link}");
    }
    let text = mrkdwn::foreign(&share.text, people);
    let words = match text.trim() {
        "" => "_A message without text_".to_owned(),
        text => mrkdwn::quote_markup(text, MOST - mrkdwn::width(&source) - 3),
    };
    format!("{words}\n— {source}")
}

fn written_at(share: &Share) -> Option<Timestamp> {
    let (seconds, _) = share.message_ts.as_str().split_once('.')?;
    seconds.parse().ok().map(Timestamp::from_epoch)
}

/// Asks whoever took the last reaction away whether the message should leave the thread, too.
pub fn offer(number: OutageNumber, share: ShareId, emoji: &str) -> Message {
    let emoji = mrkdwn::one_line(emoji, 100);
    let question = format!(
        "You took the last :{emoji}: away. Should the message leave the thread of outage \
         {number}, too?"
    );
    let button = kit::button(
        Action::WithdrawShare { share },
        "Take it out",
        &format!("Take the message out of the thread of outage {number}"),
        Look::Plain,
    );
    let keep = "To keep it there, you need not do anything.".to_owned();
    let mut blocks = vec![kit::section("offer", &question)];
    blocks.extend(kit::actions("actions", vec![button]));
    blocks.extend(kit::context("keep", &[keep]));
    Message::new(&question, blocks)
}

/// That it is being taken out.
pub fn withdrawn(number: OutageNumber) -> Message {
    Message::new(
        &format!("The message leaves the thread of outage {number}."),
        Vec::new(),
    )
}
