//! What the dedicated channel says: its first message, its topic, and that it will be archived.

use super::{Message, people, state};
use crate::{
    domain::{
        outage::{Outage, Phase},
        person::Person,
        time::{Timestamp, Zone},
    },
    slack::{kit, mrkdwn},
};

/// What Slack takes for a topic.
const TOPIC: usize = 250;

/// What the channel is for, who does what, and how to share a message. `emoji` is without colons.
pub fn welcome(
    outage: &Outage,
    people: &[Person],
    permalink: Option<&str>,
    emoji: &str,
) -> Message {
    let (shape, title) = (state::shape(outage), state::title(outage));
    let (word, severity) = (state::word(outage), outage.severity.word());
    let summary = mrkdwn::one_line(&outage.summary, 200);
    let text = format!("This channel is for {title}: {summary}");
    let mut head = format!(
        "This channel is for *{title}*.\n{shape} {word}, severity {severity}\n{}",
        mrkdwn::quote(&outage.summary, 1500)
    );
    if let Some(url) = permalink {
        let link = mrkdwn::link(url, "Go to the announcement");
        head = format!("{head}\n{link}");
    }
    let roles = format!(
        "*Solution:* {} · *Communication:* {}",
        people::assignee(outage.roles.solution, people),
        people::assignee(outage.roles.communication, people)
    );
    let emoji = mrkdwn::one_line(emoji, 100);
    let how = format!(
        "React with :{emoji}: to a message here, and it is shared in the thread of the \
         announcement, where everybody follows."
    );
    let mut blocks = vec![
        kit::section("welcome", &head),
        kit::section("roles", &roles),
    ];
    blocks.extend(kit::context("how", &[how]));
    Message::new(&text, blocks)
}

/// How the outage stands, in plain words that stay true: no date of a topic is ever converted for
/// whoever reads it, and nobody writes it anew because time passes.
pub fn topic(outage: &Outage, people: &[Person], zone: Zone) -> String {
    let component = mrkdwn::one_line(outage.title_component(), 60);
    let title = format!("Outage {} · {component}", outage.number);
    let severity = outage.severity.word();
    let text = match &outage.phase {
        Phase::Open { stage, .. } => {
            let eta = match outage.eta.due {
                Some(due) => due.in_zone(zone),
                None => match outage.eta.label.trim() {
                    "" | "unknown" => "unknown".to_owned(),
                    label => format!("unknown ({})", mrkdwn::one_line(label, 40)),
                },
            };
            let word = stage.word();
            format!("{title}: {word}, severity {severity}. ETA {eta}.")
        }
        Phase::Resolved(resolution) => {
            let at = resolution.at.in_zone(zone);
            let by = people::name_of(&resolution.by, people);
            format!("{title}: resolved {at} by {by}, severity was {severity}.")
        }
        Phase::Withdrawn {
            duplicate_of: Some(original),
            ..
        } => format!("{title}: merged into outage {original}."),
        Phase::Withdrawn { .. } => format!("{title}: withdrawn, it was a false alarm."),
    };
    mrkdwn::cut(&text, TOPIC)
}

/// That the channel will be archived, and what keeps it open.
pub fn archiving(outage: &Outage, at: Timestamp) -> Message {
    let number = outage.number;
    Message::new(
        &format!(
            "Outage {number} is over. This channel will be archived {}. To keep it, reopen the \
             outage, or take Balefire out of the channel; everything written here can be read \
             after that, too.",
            mrkdwn::date(at)
        ),
        Vec::new(),
    )
}
