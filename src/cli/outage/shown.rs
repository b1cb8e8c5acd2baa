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

/// Markup of Slack's as people read it at a terminal: times in UTC, people by their names, addresses
/// after what links to them, and nothing in bold.
pub fn plain(text: &str, people: &[Person]) -> String {
    let text = unstyled(&with_addresses(text));
    markup::plain(&text, |user| {
        let person = people.iter().find(|it| it.slack_user.as_str() == user);
        person.map(|it| it.name.clone())
    })
}

/// Links with their addresses behind them: nobody presses a link here.
fn with_addresses(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    // Words of people have no bracket: it is escaped.
    while let Some((before, after)) = rest.split_once('<') {
        shown.push_str(before);
        let Some((token, after)) = after.split_once('>') else {
            shown.push('<');
            rest = after;
            break;
        };
        match token.split_once('|') {
            Some((address, label)) if address.starts_with("http") && address != label => {
                shown.push_str(&format!("{label}: {address}"));
            }
            _ => shown.push_str(&format!("<{token}>")),
        }
        rest = after;
    }
    shown + rest
}

/// Without the asterisks and underscores that Slack turns into bold and slanted letters: those
/// around words, and not those within.
fn unstyled(text: &str) -> String {
    let marks = |mark: char| mark == '*' || mark == '_';
    let letters: Vec<char> = text.chars().collect();
    let mut kept = vec![true; letters.len()];
    let outside = |at: Option<&char>| at.is_none_or(|it| !it.is_alphanumeric());
    let blank = |at: Option<&char>| at.is_none_or(|it| it.is_whitespace());
    let mut at = 0;
    while at < letters.len() {
        let before = at.checked_sub(1).and_then(|it| letters.get(it));
        if marks(letters[at]) && outside(before) && !blank(letters.get(at + 1)) {
            let of_line = letters[at + 1..]
                .iter()
                .take_while(|it| **it != '\n')
                .count();
            let end = (at + 2..=at + of_line).find(|end| {
                letters[*end] == letters[at]
                    && !blank(letters.get(end - 1))
                    && outside(letters.get(end + 1))
            });
            if let Some(end) = end {
                (kept[at], kept[end]) = (false, false);
            }
        }
        at += 1;
    }
    let kept = letters.iter().zip(kept).filter(|(_, kept)| *kept);
    kept.map(|(letter, _)| letter).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_shows_words_and_addresses() {
        for (markup, expected) in [
            ("*No outage is open.*", "No outage is open."),
            (
                "▲ *Outage 1 · Cards* — _major_",
                "▲ Outage 1 · Cards — major",
            ),
            ("*a* and *b*", "a and b"),
            ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
            ("* one\n* two *", "* one\n* two *"),
            ("*not\nclosed*", "*not\nclosed*"),
            ("** and * and _", "** and * and _"),
            (
                "<https://a.test/p?x=1&amp;y=2|Go to the announcement>",
                "Go to the announcement: https://a.test/p?x=1&y=2",
            ),
            ("<https://a.test> &lt;b&gt; <", "https://a.test <b> <"),
            ("<!date^1772366400^{date}|1 Mar>", "1 Mar"),
        ] {
            assert_eq!(plain(markup, &[]), expected, "{markup:?}");
        }
    }
}
