//! Outages as text for people at a terminal and as JSON for programs.

use serde_json::{Value, json};

use crate::{
    domain::{
        ids::PersonId,
        outage::{Outage, Phase},
        person::Person,
        time::Timestamp,
    },
    slack::{
        plain as markup,
        views::{Message, lists},
    },
    store::{announcements::Announcement, timeline},
};

type Listed = (Outage, Option<Announcement>);

pub fn list(open: &[Listed], ended: &[Listed], now: Timestamp) -> String {
    words(&lists::open_list(open, ended, now), &[])
}

/// What a message shows, without its buttons.
pub fn words(message: &Message, people: &[Person]) -> String {
    let mut texts = Vec::new();
    for block in message.to_json()["blocks"].as_array().into_iter().flatten() {
        match block["type"].as_str() {
            Some("section") => {
                texts.extend(block["text"]["text"].as_str().map(str::to_owned));
                let fields = block["fields"].as_array().into_iter().flatten();
                texts.extend(fields.filter_map(|it| it["text"].as_str().map(str::to_owned)));
            }
            Some("context") => {
                let elements = block["elements"].as_array().into_iter().flatten();
                texts.extend(elements.filter_map(|it| it["text"].as_str().map(str::to_owned)));
            }
            Some("header") => texts.extend(block["text"]["text"].as_str().map(str::to_owned)),
            Some("divider") => texts.push(String::new()),
            _ => {}
        }
    }
    let texts: Vec<String> = texts.iter().map(|it| plain(it, people)).collect();
    texts.join("\n")
}

/// Markup of Slack's as people read it: times in UTC, people by their names.
pub fn plain(text: &str, people: &[Person]) -> String {
    markup::plain(text, |user| {
        let person = people.iter().find(|it| it.slack_user.as_str() == user);
        person.map(|it| it.name.clone())
    })
}

/// An outage as programs read it. Names stay as they are; what is not known is null.
pub fn json(outage: &Outage, announcement: Option<&Announcement>, people: &[Person]) -> Value {
    let somebody = |id: Option<PersonId>| {
        let person = people.iter().find(|it| Some(it.id) == id);
        person.map(|it| json!({ "slack_user": it.slack_user, "name": it.name, "email": it.email }))
    };
    let (phase, stage) = match &outage.phase {
        Phase::Open { stage, .. } => ("open", Some(stage.word())),
        Phase::Resolved(_) => ("resolved", None),
        Phase::Withdrawn { .. } => ("withdrawn", None),
    };
    let components = outage.affected.iter().map(|it| {
        let component = &it.component;
        json!({ "key": component.key, "name": component.name, "status": it.status })
    });
    let impact = outage.impact.iter().map(
        |it| json!({ "question": it.question, "answer": it.answer.word(), "detail": it.detail }),
    );
    let resolution = outage.phase.resolution();
    json!({
        "number": outage.number,
        "phase": phase,
        "stage": stage,
        "severity": outage.severity.word(),
        "summary": outage.summary,
        "components": components.collect::<Vec<_>>(),
        "impact": impact.collect::<Vec<_>>(),
        "eta": {
            "label": outage.eta.label,
            "due_at": outage.eta.due.map(|it| it.iso()),
            "slips": outage.slips,
        },
        "creator": somebody(Some(outage.roles.creator)),
        "solution": somebody(outage.roles.solution),
        "communication": somebody(outage.roles.communication),
        "started_at": outage.started_at.iso(),
        "announced_at": outage.announced_at.iso(),
        "resolved_at": resolution.map(|it| it.at.iso()),
        "resolution": resolution.map(|it| &it.text),
        "duplicate_of": outage.phase.duplicate_of(),
        "post_mortem": outage.post_mortem.as_ref().map(|it| &it.url),
        "version": outage.version,
        "permalink": announcement.and_then(|it| it.permalink.as_deref()),
    })
}

/// A line of the timeline as programs read it.
pub fn line_json(line: &timeline::Line) -> Value {
    json!({ "at": line.occurred_at.iso(), "by": line.by, "event": line.event })
}
