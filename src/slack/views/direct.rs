//! Messages to one person.

use super::{Message, state};
use crate::{
    domain::{effect::Role, outage::Outage, person::Person},
    slack::{kit, mrkdwn},
};

/// Tells somebody about their part in an outage.
pub fn assigned(role: Role, outage: &Outage, permalink: Option<&str>, person: &Person) -> Message {
    let (title, severity) = (state::title(outage), outage.severity.word());
    let (part, task) = match role {
        Role::Solution => ("solution", "Work on the fix, or find who can."),
        Role::Communication => (
            "communication",
            "Keep everybody informed: *Update* at the announcement posts what is known.",
        ),
        Role::Both => (
            "solution and communication",
            "Work on the fix, or find who can, and keep everybody informed: *Update* at the \
             announcement posts what is known.",
        ),
    };
    let text = format!("You are responsible for {part} in {title} (severity {severity}).");
    let started = mrkdwn::date_in(outage.started_at, person.zone);
    let mut markup = format!(
        "{} You are responsible for *{part}* in *{title}*, severity {severity}, started {started}.\n{}\n{task}",
        state::shape(outage),
        mrkdwn::quote(&outage.summary, 600),
    );
    if let Some(url) = permalink {
        let link = mrkdwn::link(url, "Go to the announcement");
        markup = format!("{markup}\n{link}");
    }
    Message::new(&text, vec![kit::section("assigned", &markup)])
}

/// Says that something of theirs did not reach Slack: `what` as in "the announcement".
pub fn apology(what: &str, why: &str, outage: Option<&Outage>, command: &str) -> Message {
    let what = mrkdwn::one_line(what, 200);
    let why = mrkdwn::one_line(why, 500);
    let text = match outage {
        Some(outage) => {
            let (title, number) = (state::title(outage), outage.number);
            format!(
                "Slack did not take {what} of {title}: {why}. The outage itself is written down: \
                 {command} {number} shows it."
            )
        }
        None => format!("Slack did not take {what}: {why}."),
    };
    Message::new(&text, Vec::new())
}
