//! Answers to text commands: what was done and what can be done next, or how to say it instead.

use slack_morphism::prelude::{SlackBlock, SlackBlockButtonElement};

use super::{Message, eta, people, state};
use crate::{
    domain::{
        eta::{Unclear, in_words},
        ids::{OutageNumber, PersonId},
        outage::{Outage, Phase, Role},
        time::{Timestamp, Zone},
    },
    slack::{
        action::Action,
        commands::{Order, Verb},
        kit::{self, Look},
        mrkdwn,
    },
};

/// How many characters of somebody's words a button carries. Slack takes 2,000.
pub const CARRIED: usize = 1500;

/// What was done in somebody's words.
pub struct Done<'a> {
    pub order: &'a Order,
    /// As it is now.
    pub outage: &'a Outage,
    pub permalink: Option<&'a str>,
    /// Whose words they were.
    pub person: PersonId,
    pub zone: Zone,
    pub now: Timestamp,
}

pub fn done(done: &Done) -> Message {
    let sentence = sentence(done);
    let buttons = match done.order {
        // What happens next, happens to the one that stays.
        Order::Merge { into } => vec![show(*into)],
        _ => next(done.outage),
    };
    about(done.outage, done.permalink, &sentence, buttons)
}

fn sentence(done: &Done) -> String {
    let number = done.outage.number;
    match done.order {
        Order::Update { .. } => format!("You updated outage {number}."),
        Order::Eta { .. } => {
            let understood = in_words(&done.outage.eta, done.now, done.zone);
            let understood = mrkdwn::one_line(&understood, 150);
            format!("You changed the ETA of outage {number}. Understood as {understood}.")
        }
        // The same words within a minute count once, and meanwhile somebody may have done the
        // opposite.
        Order::Resolve { .. } if done.outage.is_open() => {
            format!("You resolved outage {number} a moment ago, and it was reopened since.")
        }
        Order::Resolve { .. } => format!("You resolved outage {number}."),
        Order::Reopen { .. } if !done.outage.is_open() => {
            let word = done.outage.phase.word();
            format!("You reopened outage {number} a moment ago, and it is {word} again since.")
        }
        Order::Reopen { .. } => format!("You reopened outage {number}."),
        Order::Withdraw { .. } => format!("You withdrew outage {number}."),
        Order::Merge { into } => format!("You merged outage {number} into outage {into}."),
        Order::Take => {
            let roles = &done.outage.roles;
            let has = |role: &Role| roles.of(*role) == Some(done.person);
            let parts = Role::ALL.into_iter().filter(has).map(|role| match role {
                Role::Solution => "solution".to_owned(),
                Role::Communication => "communication".to_owned(),
            });
            match people::listed(parts) {
                // Somebody else took over since, and the same words came again.
                none if none.is_empty() => format!("You took what was free in outage {number}."),
                parts => format!("You are on outage {number} now: {parts}."),
            }
        }
    }
}

/// The outage has come to where that makes no sense; what does.
pub fn not_now(outage: &Outage, permalink: Option<&str>) -> Message {
    let (number, word) = (outage.number, outage.phase.word());
    let sentence = match outage.phase {
        Phase::Open { .. } => format!("Outage {number} is open, so that cannot be done now."),
        _ => format!("Outage {number} is {word}, so that cannot be done now."),
    };
    about(outage, permalink, &sentence, next(outage))
}

/// The words of an ETA were not understood.
pub fn eta_unclear(
    outage: &Outage,
    permalink: Option<&str>,
    unclear: &Unclear,
    zone: Zone,
) -> Message {
    let sentence = format!(
        "The ETA of outage {} stays as it was. {}",
        outage.number,
        mrkdwn::escape(&eta::unclear(unclear, zone))
    );
    about(outage, permalink, &sentence, next(outage))
}

/// Words without a form: Slack opens forms only for commands and buttons.
pub fn press(outage: &Outage, permalink: Option<&str>, verb: Verb) -> Message {
    let number = outage.number;
    let sentence =
        "A mention opens no form. Press the button, or write the words behind the number.";
    let button = match form_of(verb, number) {
        Some(action) => {
            let label = state::capitalised(verb.word());
            let label = match verb {
                Verb::Eta => "Change ETA",
                _ => &label,
            };
            let spoken = format!("{label} of outage {number}");
            vec![kit::button(action, label, &spoken, Look::Primary)]
        }
        None => next(outage),
    };
    about(outage, permalink, sentence, button)
}

/// The form that asks for what a command left out.
pub fn form_of(verb: Verb, number: OutageNumber) -> Option<Action> {
    Some(match verb {
        Verb::Update => Action::Update { number },
        Verb::Eta => Action::Eta { number },
        Verb::Resolve => Action::Resolve { number },
        Verb::Reopen => Action::Reopen { number },
        Verb::Withdraw => Action::Withdraw { number },
        Verb::Merge | Verb::Take | Verb::Show => return None,
    })
}

/// How to write a command that was not clear. The words may as well have been an outage's.
pub fn how_to_write(verb: Verb, words: &str, command: &str) -> Message {
    let command = mrkdwn::one_line(command, 40);
    let (form, what) = match verb {
        Verb::Update => ("update 12 We found the cause", "updates outage 12"),
        Verb::Eta => ("eta 12 16:30", "changes the ETA of outage 12"),
        Verb::Resolve => ("resolve 12 The provider is back", "resolves outage 12"),
        Verb::Reopen => ("reopen 12 Cards fail again", "reopens outage 12"),
        Verb::Withdraw => ("withdraw 12 It was a test", "withdraws outage 12"),
        Verb::Merge => ("merge 13 into 12", "merges outage 13 into outage 12"),
        Verb::Take => ("take 12", "takes what nobody does yet in outage 12"),
        Verb::Show => ("show 12", "shows outage 12"),
    };
    let nothing = "Nothing was done yet, because it was not clear which outage you mean.";
    let text = format!("{nothing} {command} {form} {what}; {command} list shows the numbers.");
    let markup =
        format!("{nothing}\n`{command} {form}` {what}.\n`{command} list` shows the numbers.");
    let mut blocks = vec![kit::section("how", &markup)];
    // A verb alone is not what happened.
    if words.split_whitespace().nth(1).is_some() {
        let label = "Announce an outage with these words";
        let button = carrying(Action::Announce, words, label, Look::Plain);
        blocks.extend(kit::actions("actions", vec![button]));
    }
    Message::new(&text, blocks)
}

/// Digits that no outage can have for its number.
pub fn no_such_number(words: &str) -> Message {
    let text = format!(
        "{} is not the number of an outage.",
        mrkdwn::one_line(words, 60)
    );
    Message::new(&text, Vec::new())
}

/// The answer to a mention: it has no trigger, so the form waits behind a button.
pub fn announce(words: &str) -> Message {
    let text = "Press the button to announce an outage. Nothing is announced before you send \
                the form.";
    let mut blocks = vec![kit::section("announce", text)];
    let button = carrying(Action::Announce, words, "Announce an outage", Look::Primary);
    blocks.extend(kit::actions("actions", vec![button]));
    Message::new(text, blocks)
}

/// A shortcut of another version.
pub fn unknown_shortcut(command: &str) -> Message {
    let text =
        format!("Balefire does not know that shortcut. {command} help shows what it can do.");
    Message::new(&mrkdwn::one_line(&text, 200), Vec::new())
}

/// A button that carries words to the form it opens, where there are any.
pub(super) fn carrying(
    action: Action,
    words: &str,
    label: &str,
    look: Look,
) -> SlackBlockButtonElement {
    let button = kit::button(action, label, label, look);
    match mrkdwn::shorten(words.trim(), CARRIED) {
        none if none.is_empty() => button,
        words => button.with_value(words),
    }
}

/// A sentence about one outage, below its title.
fn about(
    outage: &Outage,
    permalink: Option<&str>,
    sentence: &str,
    buttons: Vec<SlackBlockButtonElement>,
) -> Message {
    let title = format!("Outage {} · {}", outage.number, outage.title_component());
    let linked = match permalink {
        Some(url) => mrkdwn::link(url, &title),
        None => mrkdwn::one_line(&title, 120),
    };
    let markup = format!("{} *{linked}*\n{sentence}", state::shape(outage));
    let mut blocks: Vec<SlackBlock> = vec![kit::section("done", &markup)];
    blocks.extend(kit::actions("actions", buttons));
    Message::new(sentence, blocks)
}

/// The few buttons that are likely to be wanted next.
fn next(outage: &Outage) -> Vec<SlackBlockButtonElement> {
    let number = outage.number;
    let button = |action: Action, label: &str, rest: &str| {
        let spoken = format!("{label} {rest}outage {number}");
        kit::button(action, label, &spoken, Look::Plain)
    };
    match outage.phase {
        Phase::Open { .. } => vec![
            button(Action::Update { number }, "Update", ""),
            button(Action::Resolve { number }, "Resolve", ""),
        ],
        Phase::Resolved(_) => vec![
            button(Action::Reopen { number }, "Reopen", ""),
            button(Action::EditResolution { number }, "Edit resolution", "of "),
        ],
        Phase::Withdrawn { .. } => vec![show(number)],
    }
}

fn show(number: OutageNumber) -> SlackBlockButtonElement {
    let label = format!("Show outage {number}");
    kit::button(Action::Show { number }, &label, &label, Look::Plain)
}

#[cfg(test)]
mod tests;
