//! Lines in the announcement's thread.

use super::{changes, direct, people, state};
use crate::{
    domain::{
        actor::Identity,
        change::differences,
        effect::Line,
        outage::Outage,
        person::Person,
        time::{Timestamp, duration_in_words},
    },
    slack::mrkdwn,
};

/// What a line takes at most: `chat.update` refuses more than 4,000.
const MOST: usize = 3900;

/// A line, without where it goes.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadMessage {
    pub text: String,
    /// Under whose name and picture it should appear; none when it is the bot's own.
    pub as_person: Option<Person>,
    /// What to post when it cannot appear under anybody's name: says whose words they are.
    pub unsigned: String,
}

/// `before_after` are the two versions between which a line of changes tells.
pub fn thread_line(
    line: &Line,
    outage: &Outage,
    before_after: Option<(&Outage, &Outage)>,
    people: &[Person],
    command: &str,
) -> ThreadMessage {
    match line {
        Line::Reason { by, text } => {
            own_words(by, "why it was changed", text, outage, people, command)
        }
        Line::Update { by, text } => own_words(by, "update", text, outage, people, command),
        Line::Changes { by, .. } => bots(changed(by, before_after, people)),
        Line::Resolved { by, at, text } => {
            let lasted = duration_in_words(outage.duration_until(*at));
            let (at, by) = (mrkdwn::date(*at), people::mention_of(by, people));
            let title = state::title(outage);
            let resolved = format!("✔ *{title}: resolved* {at} by {by}, after {lasted}.");
            bots(match text.is_empty() {
                true => resolved,
                false => format!("{resolved}\n{}", mrkdwn::quote(text, 3000)),
            })
        }
        Line::Reopened { by, reason } => {
            let what = format!("↻ *{}: reopened*", state::title(outage));
            bots(with_words(&what, by, reason, people))
        }
        Line::Withdrawn {
            by,
            why,
            duplicate_of,
        } => {
            let what = match duplicate_of {
                Some(original) => format!("○ *Merged into outage {original}*"),
                None => "○ *Withdrawn*".to_owned(),
            };
            bots(with_words(&what, by, why, people))
        }
        Line::Raised { by, before, after } => {
            let (before, after) = (before.word(), after.word());
            let by = people::mention_of(by, people);
            let (shape, title) = (state::shape(outage), state::title(outage));
            bots(format!(
                "{shape} *{title}: severity raised to {after}* (was {before}) by {by}."
            ))
        }
        Line::Channel { by } => {
            let by = people::mention_of(by, people);
            let channel = outage.channel.as_ref().and_then(|it| it.id.as_ref());
            let channel =
                channel.map_or_else(|| "a channel of its own".to_owned(), mrkdwn::channel);
            bots(format!("Work on it happens in {channel}, opened by {by}."))
        }
        Line::Joined { by, text } => {
            // Under their own name the words alone would look like any update.
            let joined = "_Reports the same:_\n";
            let words = own_words(by, "reports the same", text, outage, people, command);
            match words.as_person {
                Some(_) => ThreadMessage {
                    text: mrkdwn::cut(&format!("{joined}{}", words.text), MOST),
                    ..words
                },
                None => words,
            }
        }
        Line::Absorbed {
            by,
            number,
            summary,
        } => {
            let by = people::mention_of(by, people);
            bots(format!(
                "Outage {number} is the same and was merged into this one by {by}:\n{}",
                mrkdwn::quote(summary, 1000)
            ))
        }
        Line::AssigneeLeft { person, roles } => {
            let (name, roles) = (people::name(*person, people), direct::parts(roles));
            bots(format!(
                "{name} has left the workspace. Who takes {roles}? *I am on it* at the announcement \
                 takes it, *Reassign* gives it to somebody."
            ))
        }
        // What needs more than the outage to be rendered has a function of its own below.
        Line::FromMessage { .. } => from_message(None),
        Line::Shared { .. } => bots("A message was shared here.".to_owned()),
        Line::CaughtUp { .. } => caught_up(&[], outage, command),
    }
}

/// The message that the outage was made from; without its address when Slack gives none.
pub fn from_message(permalink: Option<&str>) -> ThreadMessage {
    bots(match permalink {
        Some(url) => format!("Made from {}.", mrkdwn::link(url, "this message")),
        None => "Made from a message that cannot be linked.".to_owned(),
    })
}

/// Lines that waited for so long that they are told together, each with when it was said. What
/// people wrote is quoted in all of them, so that nobody's words can pass for somebody else's line.
pub fn caught_up(spoken: &[(Timestamp, String)], outage: &Outage, command: &str) -> ThreadMessage {
    let heading = "*Caught up.* This was said while Slack did not take it:";
    let note = format!("(full texts: {command} {})", outage.number);
    let room = MOST - mrkdwn::width(heading) - mrkdwn::width(&note) - 2;
    let each = room / spoken.len().max(1);
    let mut text = heading.to_owned();
    let mut shortened = false;
    for (at, words) in spoken {
        let words = mrkdwn::without_fences(words);
        let when = format!("\n{} – ", mrkdwn::date(*at));
        let short = mrkdwn::cut(&words, each.saturating_sub(mrkdwn::width(&when)));
        shortened |= !short.starts_with(words.as_str());
        text.push_str(&when);
        text.push_str(&short);
    }
    if shortened {
        text.push('\n');
        text.push_str(&note);
    }
    bots(text)
}

/// With when it was said, because the message shows only when Slack took it.
pub fn said_earlier(message: ThreadMessage, line: &Line, at: Timestamp) -> ThreadMessage {
    if matches!(line, Line::CaughtUp { .. }) {
        return message;
    }
    let note = format!("\n_Said {}._", mrkdwn::date(at));
    let room = MOST - mrkdwn::width(&note);
    let noted = |text: &str| format!("{}{note}", mrkdwn::cut_whole(text, room));
    ThreadMessage {
        text: noted(&message.text),
        unsigned: noted(&message.unsigned),
        as_person: message.as_person,
    }
}

fn bots(text: String) -> ThreadMessage {
    ThreadMessage {
        unsigned: text.clone(),
        text,
        as_person: None,
    }
}

fn own_words(
    by: &Identity,
    what: &str,
    words: &str,
    outage: &Outage,
    people: &[Person],
    command: &str,
) -> ThreadMessage {
    let note = format!("(full text: {command} {})", outage.number);
    let author = people::name_of(by, people);
    // Quoted, because words might look like such a heading with somebody else's name.
    let heading = format!("*{author}* ({what}):\n");
    let room = MOST - mrkdwn::width(&heading);
    let unsigned = format!("{heading}{}", mrkdwn::quote_abridged(words, room, &note));
    match by.person().and_then(|id| people::find(id, people)) {
        Some(person) => ThreadMessage {
            text: mrkdwn::abridge(words, MOST, &note),
            as_person: Some(person.clone()),
            unsigned,
        },
        None => bots(unsigned),
    }
}

fn with_words(what: &str, by: &Identity, words: &str, people: &[Person]) -> String {
    let by = people::mention_of(by, people);
    if words.is_empty() {
        return format!("{what} by {by}.");
    }
    format!("{what} by {by}:\n{}", mrkdwn::quote(words, 3000))
}

fn changed(by: &[Identity], before_after: Option<(&Outage, &Outage)>, people: &[Person]) -> String {
    let by = match people::listed(by.iter().take(10).map(|it| people::mention_of(it, people))) {
        it if it.is_empty() => "somebody".to_owned(),
        it => it,
    };
    let Some((before, after)) = before_after else {
        return format!("The announcement was changed and shows how it stands.\n— {by}");
    };
    let changes = differences(before, after);
    if changes.is_empty() {
        return format!("Nothing remains changed: it stands as it did before.\n— {by}");
    }
    let room = MOST - mrkdwn::width(&by) - 50;
    let mut told = String::new();
    for (index, change) in changes.iter().enumerate() {
        let line = changes::line(change, people);
        if mrkdwn::width(&told) + mrkdwn::width(&line) > room {
            told.push_str(&format!("and {} more\n", changes.len() - index));
            break;
        }
        told.push_str(&line);
        told.push('\n');
    }
    format!("{told}— {by}")
}
