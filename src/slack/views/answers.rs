//! Short answers to one person: what cannot be done, why, and what to do instead.
//!
//! Their `text` holds no tokens: it may be shown at a field of a form, where Slack reads no markup.

use super::{Message, direct};
use crate::{
    domain::{
        ids::OutageNumber,
        outage::Role,
        person::Person,
        refusal::{Field, Refusal},
    },
    slack::{
        action::Action,
        kit::{self, Look},
        mrkdwn,
        views::people,
    },
};

/// How many people are named.
const NAMED: usize = 10;

/// A refusal in words. `people` are those whom it names, `ask` is whom to ask for a right.
pub fn refusal(refusal: &Refusal, people: &[Person], ask: &str) -> Message {
    match refusal {
        Refusal::MayNotAnnounce => may_not_announce(&[], ask),
        Refusal::OutOfDate { number, is } => out_of_date(Some(*number), None, Some(is), ""),
        Refusal::MayNotChange { involved } => {
            let each = involved.iter().take(NAMED);
            let known = each.filter(|id| people::find(**id, people).is_some());
            let names = people::listed(known.clone().map(|id| people::name(*id, people)));
            let mentions = people::listed(known.map(|id| people::mention(*id, people)));
            let sentence = |who: &str| {
                let who = match who {
                    "" => "the people who work on this outage".to_owned(),
                    who => who.to_owned(),
                };
                let how = asking(ask, "Ask one of them");
                format!("Only {who}, and whoever may change any outage, can do that. {how}")
            };
            let markup = sentence(&mentions);
            Message::new(&sentence(&names), vec![kit::section("refusal", &markup)])
        }
        other => Message::new(&sentence(other), Vec::new()),
    }
}

/// What is wrong with what was filled in, in a sentence for the field.
pub fn sentence(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Empty { field } => match field {
            Field::Summary => "Say in a sentence or two what happened.",
            Field::Component => "Choose what is affected.",
            Field::Update => "Say what is known now.",
            Field::Reason => "Say why, so that others can follow.",
            Field::Resolution => "Say how it was resolved.",
            Field::ResolvedAt => "Choose when it ended.",
            Field::StartedAt => "Choose when it started.",
            Field::Link => "Paste the address of the post-mortem.",
            Field::Channel => "Choose a channel.",
            Field::Impact => "Say it in a few words.",
            Field::DuplicateOf => "Choose an outage.",
        }
        .to_owned(),
        Refusal::TooLong { limit, actual, .. } => {
            format!("This has {actual} characters; {limit} fit. Shorten it a little.")
        }
        // Without the time: a field shows no date of Slack's, and any other has the wrong zone.
        Refusal::EndsBeforeItStarts { .. } => "It cannot end before it started.".to_owned(),
        Refusal::InTheFuture { .. } => "That time has not come yet.".to_owned(),
        Refusal::NothingChanged => "Nothing was changed, so there is nothing to tell.".to_owned(),
        Refusal::Deactivated => {
            "Nothing can be done in the name of an account that is deactivated \
             in Slack. Once it is active again, try again."
                .to_owned()
        }
        Refusal::MayNotAnnounce => "You may not announce outages.".to_owned(),
        Refusal::MayNotChange { .. } => "You may not change this outage.".to_owned(),
        Refusal::OutOfDate { number, is } => format!("Outage {number} is {is} now."),
        Refusal::MaybeTheSame { open, lately } => maybe_the_same(open, lately),
        Refusal::NotALink => "That is not the address of a page. Paste it from the browser, like \
             https://wiki.example.com/post-mortem-12."
            .to_owned(),
        Refusal::HasChannel => "This outage has a channel of its own already.".to_owned(),
        Refusal::ChannelTaken { by } => {
            format!("Outage {by} is being worked on in that channel. Choose another one.")
        }
        Refusal::IsAnnounceChannel => {
            "Outages are announced in that channel. Choose one for this outage alone.".to_owned()
        }
        Refusal::NothingToTake => {
            "Both parts are taken already. Whoever has one can reassign it.".to_owned()
        }
        Refusal::NotAnOriginal { number } => {
            format!(
                "Outage {number} cannot be the one that stays: that has to be another one, and open. \
                 Reopen it first, or choose another."
            )
        }
    }
}

/// What somebody is responsible for now, after they took it.
pub fn taken(number: OutageNumber, roles: &[Role]) -> Message {
    let parts = people::listed(roles.iter().map(|it| direct::role(*it).to_owned()));
    let text = format!("You are responsible for {parts} in outage {number} now.");
    Message::new(&text, Vec::new())
}

/// The channel will be there in a moment.
pub fn channel_is_made(number: OutageNumber) -> Message {
    let text = format!(
        "The channel for outage {number} is being made; its link will stand in the thread."
    );
    Message::new(&text, Vec::new())
}

/// Where the words of somebody are who reported what was announced already.
pub fn joined(number: OutageNumber, permalink: Option<&str>) -> Message {
    let text = format!("Your words are on their way into the thread of outage {number}.");
    with_link("joined", &text, permalink)
}

/// An outage is open again because it was reported again.
pub fn reopened(number: OutageNumber, permalink: Option<&str>) -> Message {
    let text = format!("Outage {number} is open again, with your words as the reason.");
    with_link("reopened", &text, permalink)
}

fn with_link(block_id: &str, text: &str, permalink: Option<&str>) -> Message {
    let markup = match permalink {
        Some(url) => format!("{text}\n{}", mrkdwn::link(url, "Go to the announcement")),
        None => text.to_owned(),
    };
    Message::new(text, vec![kit::section(block_id, &markup)])
}

/// Why somebody cannot have a role: a sentence for the field.
pub const IS_AN_APP: &str = "That is an app, and outages need people. Choose somebody else.";
pub const IS_GONE: &str = "That account is deactivated. Choose somebody else.";

fn maybe_the_same(open: &[OutageNumber], lately: &[OutageNumber]) -> String {
    let numbers = |of: &[OutageNumber]| people::listed(of.iter().map(|it| format!("outage {it}")));
    match (open, lately) {
        ([], lately) => format!(
            "This may be the same as {}, resolved just now.",
            numbers(lately)
        ),
        (open, _) => format!("This may be the same as {}, which is open.", numbers(open)),
    }
}

/// Who may announce and how to ask. `holders` are Slack user IDs or e-mail addresses.
pub fn may_not_announce(holders: &[String], ask: &str) -> Message {
    let how = asking(ask, "Ask one of the people on call");
    let text = format!("You may not announce outages. {how}");
    if holders.is_empty() {
        return Message::new(&text, Vec::new());
    }
    let who =
        people::listed(holders.iter().take(NAMED).map(|holder| {
            mrkdwn::mention_id(holder).unwrap_or_else(|| mrkdwn::one_line(holder, 100))
        }));
    let how = asking(ask, "Ask one of them to announce it, or for the right");
    let markup = format!("You may not announce outages. These may: {who}. {how}");
    Message::new(&text, vec![kit::section("refusal", &markup)])
}

/// A button or a form was older than the outage is now. `command` is what people type.
pub fn out_of_date(
    number: Option<OutageNumber>,
    permalink: Option<&str>,
    is: Option<&str>,
    command: &str,
) -> Message {
    let now = match (number, is) {
        (Some(number), Some(is)) => format!(" Outage {number} is {is} now."),
        (Some(number), None) => format!(" {command} {number} shows how it stands."),
        (None, _) => format!(" {command} list shows what is open."),
    };
    let text = format!("What you saw is out of date.{now}");
    let mut blocks = Vec::new();
    if let Some(url) = permalink {
        let link = mrkdwn::link(url, "Go to the current announcement");
        blocks.push(kit::section("out_of_date", &format!("{text}\n{link}")));
    } else {
        blocks.push(kit::section("out_of_date", &text));
    }
    if let Some(number) = number {
        let spoken = format!("Show outage {number}");
        let show = kit::button(Action::Show { number }, "Show", &spoken, Look::Plain);
        blocks.extend(kit::actions("actions", vec![show]));
    }
    Message::new(&text, blocks)
}

/// A form was filled in while the outage went on: its words must not be lost.
pub fn too_late(number: OutageNumber, is: &str, command: &str) -> Message {
    let text = format!(
        "Outage {number} is {is} by now, so this cannot be done any more. Copy what you wrote; \
         {command} {number} shows how it stands."
    );
    Message::new(&text, Vec::new())
}

pub fn no_such_outage(number: OutageNumber, command: &str) -> Message {
    let text = format!("There is no outage {number}. {command} list shows what is open.");
    Message::new(&text, Vec::new())
}

/// A form that this version does not know.
pub fn form_out_of_date() -> Message {
    let text = "This form is out of date. Copy what you typed and open it again.";
    Message::new(text, Vec::new())
}

/// A form that was slow to close was changed and sent again after its first words had arrived.
pub fn done_otherwise(number: OutageNumber) -> Message {
    let text = format!(
        "The first words of this form have arrived and stand in outage {number}. Copy what you \
         changed, close the form, and press Edit there."
    );
    Message::new(&text, Vec::new())
}

/// Instead of the form, which could not be sent without a component.
pub fn no_components() -> Message {
    let text = "There is no component yet that an outage could be about. Whoever looks after \
                Balefire adds them with `balefire catalog provision`.";
    Message::new(text, Vec::new())
}

/// `why` is a sentence without its full stop.
pub fn try_again(why: &str) -> Message {
    let why = mrkdwn::one_line(why, 500);
    let text = format!("That did not work: {why}. Please try again.");
    Message::new(&text, Vec::new())
}

/// So many forms are being opened that another one would come too late. `again` is what the button
/// asks for that opens it later, and the words that it carries.
pub fn too_many_forms(again: Option<(Action, &str)>) -> Message {
    let many = "Many people are opening forms right now, so yours did not open.";
    let Some((action, words)) = again else {
        let text = format!("{many} Please do the same again in a moment.");
        return Message::new(&text, Vec::new());
    };
    let text = format!("{many} Press the button in a moment.");
    let open = super::done::carrying(action, words, "Open the form", Look::Primary);
    let mut blocks = vec![kit::section("too_many_forms", &text)];
    blocks.extend(kit::actions("actions", vec![open]));
    Message::new(&text, blocks)
}

fn asking(ask: &str, otherwise: &str) -> String {
    match ask.trim() {
        "" => format!("{otherwise}."),
        ask => format!("Ask {}.", mrkdwn::one_line(ask, 200).trim_end_matches('.')),
    }
}
