//! Messages to one person.

use super::{Message, state};
use crate::{
    domain::{
        outage::{Outage, Role},
        person::Person,
    },
    slack::{
        action::Action,
        kit::{self, Look},
        mrkdwn,
    },
};

/// Tells somebody which roles they got and which they lost, in one message.
pub fn roles(
    gained: &[Role],
    lost: &[Role],
    outage: &Outage,
    permalink: Option<&str>,
    person: &Person,
) -> Message {
    let (title, severity) = (state::title(outage), outage.severity.word());
    let mut sentences = Vec::new();
    if !lost.is_empty() {
        sentences.push(format!(
            "You are no longer responsible for {} in",
            parts(lost)
        ));
    }
    if !gained.is_empty() {
        sentences.push(format!("You are responsible for {} in", parts(gained)));
    }
    let plain = sentences.iter().map(|it| format!("{it} {title}."));
    let text = format!(
        "{} Severity {severity}.",
        plain.collect::<Vec<_>>().join(" ")
    );
    let bold = sentences.iter().map(|it| format!("{it} *{title}*."));
    let started = mrkdwn::date_in(outage.started_at, person.zone);
    let mut markup = format!(
        "{} {} Severity {severity}, started {started}.\n{}",
        state::shape(outage),
        bold.collect::<Vec<_>>().join(" "),
        mrkdwn::quote(&outage.summary, 600),
    );
    for task in gained.iter().map(task) {
        markup = format!("{markup}\n{task}");
    }
    if let Some(url) = permalink {
        let link = mrkdwn::link(url, "Go to the announcement");
        markup = format!("{markup}\n{link}");
    }
    Message::new(&text, vec![kit::section("roles", &markup)])
}

/// Roles in a row: `solution and communication`.
pub fn parts(roles: &[Role]) -> String {
    let words: Vec<&str> = roles.iter().map(|it| role(*it)).collect();
    words.join(" and ")
}

/// What a role is called.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Solution => "solution",
        Role::Communication => "communication",
    }
}

fn task(role: &Role) -> &'static str {
    match role {
        Role::Solution => "Work on the fix, or find who can.",
        Role::Communication => {
            "Keep everybody informed: *Update* at the announcement posts what is known."
        }
    }
}

/// Asks somebody who takes the roles of somebody who left.
pub fn ask_for_assignee(
    roles: &[Role],
    left: &str,
    outage: &Outage,
    permalink: Option<&str>,
) -> Message {
    let (title, number, roles) = (state::title(outage), outage.number, parts(roles));
    let text = format!(
        "{left} has left the workspace and was responsible for {roles} in {title}. Who takes {roles}?"
    );
    let mut markup = format!(
        "{} {left} has left the workspace and was responsible for {roles} in *{title}*. Who takes \
         {roles}?\n{}",
        state::shape(outage),
        mrkdwn::quote(&outage.summary, 600),
    );
    if let Some(url) = permalink {
        let link = mrkdwn::link(url, "Go to the announcement");
        markup = format!("{markup}\n{link}");
    }
    let button = |action, label, spoken: &str| {
        kit::button(action, label, &format!("{spoken} {number}"), Look::Plain)
    };
    let buttons = vec![
        button(
            Action::Take { number },
            "I am on it",
            "Take the free part in outage",
        ),
        button(Action::Reassign { number }, "Reassign", "Reassign outage"),
    ];
    let mut blocks = vec![kit::section("left", &markup)];
    blocks.extend(kit::actions("actions", buttons));
    Message::new(&text, blocks)
}

/// Tells a channel that asked for it that the answer to a question is yes.
pub fn affected(label: &str, outage: &Outage, permalink: Option<&str>) -> Message {
    let (title, severity) = (state::title(outage), outage.severity.word());
    let label = mrkdwn::one_line(label, 100);
    let text = format!(
        "{label}: yes. {title}, severity {severity}: {}",
        mrkdwn::one_line(&outage.summary, 200)
    );
    let mut markup = format!(
        "{} *{label}: yes* — {title}, severity {severity}.\n{}",
        state::shape(outage),
        mrkdwn::quote(&outage.summary, 600),
    );
    if let Some(url) = permalink {
        let link = mrkdwn::link(url, "Go to the announcement");
        markup = format!("{markup}\n{link}");
    }
    Message::new(&text, vec![kit::section("affected", &markup)])
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
