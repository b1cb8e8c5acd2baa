//! Whatever people write, and however much, Slack takes what comes out and reads no markup in it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    desk::Detail,
    domain::{
        change::differences,
        command::MessageRef,
        effect::{Effect, Event, Line},
        ids::ChannelId,
        impact::{Kind, Question},
        late::TOLD_MOST,
        outage::{PostMortem, Role},
        repair::Because,
    },
    slack::{
        action::FormContext,
        mrkdwn::width,
        views::{
            Message,
            announcement::{Again, AnnouncementModel, announcement},
            direct, forms, lists, preview,
            thread::{self, thread_line},
        },
    },
    store::timeline,
};

/// What people write: all that means something to Slack, all that grows when it is escaped.
pub(super) fn nasty(most: usize) -> impl Strategy<Value = String> {
    let parts = [
        "<!channel>",
        "<@U0EVIL>",
        "@here",
        "@everyone",
        "&",
        "<",
        ">",
        "🔥",
        "\n",
        "*",
        "a b",
        "…",
    ];
    let part = proptest::sample::select(parts.to_vec());
    prop_oneof![
        proptest::collection::vec(part.clone(), 0..30).prop_map(|parts| parts.concat()),
        // Filled to the brim with one thing.
        part.prop_map(move |part| part.repeat(most)),
    ]
    .prop_map(move |text| {
        let text: String = text.chars().take(most).collect();
        match text.trim() {
            "" => "x".to_owned(),
            text => text.to_owned(),
        }
    })
}

fn phase() -> impl Strategy<Value = Phase> {
    (nasty(3000), nasty(1000), 0..3usize).prop_map(|(text, why, which)| match which {
        0 => open().phase.clone(),
        1 => Phase::Resolved(Resolution {
            at: at(90),
            by: by(ANA),
            first_recorded_at: at(90),
            text,
            post_mortem_wanted: true,
        }),
        _ => Phase::Withdrawn {
            at: at(90),
            by: Identity::ApiToken { name: why.clone() },
            why,
            duplicate_of: Some(OutageNumber(999_999)),
        },
    })
}

pub(super) fn worst() -> impl Strategy<Value = (Outage, Vec<Person>)> {
    let texts = (nasty(3000), nasty(3000), nasty(200), nasty(200), nasty(300));
    (phase(), texts, 1..40usize, 0..30usize).prop_map(|(phase, texts, components, questions)| {
        let (summary, update, name, label, person) = texts;
        let mut outage = open();
        outage.number = OutageNumber(999_999);
        outage.phase = phase;
        outage.summary = summary;
        outage.eta.label = label.clone();
        outage.facts.affected = (1..)
            .take(components)
            .map(|id| Affected {
                component: component(id, &name),
                status: "partial_outage".into(),
                from: at(0),
                to: None,
            })
            .collect();
        outage.facts.impact = (0..questions)
            .map(|index| Impact {
                question: format!("{index}{label}"),
                label: label.clone(),
                answer: Answer::Yes,
                detail: label.chars().take(150).collect(),
                told_at: None,
            })
            .collect();
        outage.last_update = Some(LastUpdate {
            text: update,
            by: by(BO),
            at: at(20),
        });
        let mut people = people();
        for it in &mut people {
            it.name = person.clone();
        }
        (outage, people)
    })
}

/// Everything in Slack's table of limits that a view of ours could exceed.
pub(super) fn check(value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(check),
        Value::Object(fields) => {
            check_object(value);
            fields.values().for_each(check);
        }
        _ => {}
    }
}

fn check_object(value: &Value) {
    let most = |path: &str, limit: usize| {
        if let Some(text) = value.pointer(path).and_then(Value::as_str) {
            assert!(
                width(text) <= limit,
                "{path} is longer than {limit}: {value}"
            );
            assert!(!text.trim().is_empty(), "{path} is empty: {value}");
        }
    };
    let count = |path: &str, limit: usize| {
        if let Some(items) = value.pointer(path).and_then(Value::as_array) {
            assert!(
                (1..=limit).contains(&items.len()),
                "{path} holds too many or none: {value}"
            );
        }
    };
    most("/block_id", 255);
    most("/action_id", 255);
    match value["type"].as_str().unwrap_or("") {
        "plain_text" | "mrkdwn" => most("/text", 3000),
        "section" => {
            count("/fields", 10);
            for field in value["fields"].as_array().into_iter().flatten() {
                assert!(width(field["text"].as_str().unwrap()) <= 2000);
            }
        }
        "context" => {
            count("/elements", 10);
            assert!(value["elements"][0]["text"] != "");
        }
        "actions" => count("/elements", 25),
        "button" => {
            most("/text/text", 75);
            most("/value", 2000);
            most("/accessibility_label", 75);
        }
        "input" => {
            most("/label/text", 2000);
            most("/hint/text", 2000);
            most("/element/placeholder/text", 150);
            most("/element/initial_value", 3000);
            let radios = value["element"]["type"] == "radio_buttons";
            count("/element/options", if radios { 10 } else { 100 });
            let initial = &value["element"]["initial_option"];
            if let Some(options) = value["element"]["options"].as_array() {
                assert!(initial.is_null() || options.contains(initial), "{value}");
            }
        }
        "modal" => {
            most("/title/text", 24);
            most("/submit/text", 24);
            most("/close/text", 24);
            most("/private_metadata", 3000);
            count("/blocks", 100);
            let ids: std::collections::BTreeSet<&str> = blocks_of(value)
                .filter_map(|it| it["block_id"].as_str())
                .collect();
            assert_eq!(ids.len(), blocks_of(value).count(), "{value}");
            check_marked_up(value);
            assert!(value.to_string().len() < 250_000);
        }
        _ if value.get("value").is_some() && value.get("text").is_some() => {
            most("/text/text", 75);
            most("/value", 150);
            most("/description/text", 75);
        }
        _ => {}
    }
}

/// Of what is shown in a form, only what is marked up can hold tokens.
fn check_marked_up(value: &Value) {
    match value {
        Value::Object(fields) if fields.get("type") == Some(&json!("mrkdwn")) => {
            check_markup(value["text"].as_str().unwrap());
        }
        Value::Object(fields) => fields.values().for_each(check_marked_up),
        Value::Array(items) => items.iter().for_each(check_marked_up),
        _ => {}
    }
}

fn forms_zone() -> Zone {
    "Europe/Prague".parse().unwrap()
}

pub(super) fn blocks_of(value: &Value) -> impl Iterator<Item = &Value> {
    value["blocks"].as_array().into_iter().flatten()
}

pub(super) fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|it| texts(it, found)),
        Value::Object(fields) => fields.values().for_each(|it| texts(it, found)),
        _ => {}
    }
}

pub(super) fn check_message(message: &Message) {
    let value = message.to_json();
    check(&value);
    assert!(width(&message.text) <= 4000 && !message.text.is_empty());
    let attached = value["attachments"].as_array().into_iter().flatten();
    let blocks: Vec<&Value> = blocks_of(&value)
        .chain(attached.flat_map(blocks_of))
        .collect();
    assert!(blocks.len() <= 50, "too many blocks");
    let mut found = Vec::new();
    blocks.iter().for_each(|it| texts(it, &mut found));
    let all: usize = found.iter().map(|it| width(it)).sum();
    assert!(all < crate::slack::kit::ALL_TEXTS, "{all} in all texts");
    let mut found = Vec::new();
    texts(&value, &mut found);
    found.into_iter().for_each(check_markup);
}

/// Only tokens of ours, only whole ones, only entities, and no call to everybody.
pub(super) fn check_markup(text: &str) {
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let end = rest[start..].find('>').expect(text) + start;
        let token = &rest[start + 1..end];
        let ours = token.starts_with("!date^17") && token.ends_with("UTC")
            || token.starts_with("!date^17") && token.ends_with("CET")
            || token == "@U0ANA"
            || token == "@U0BO"
            || token.starts_with("#C")
            || token.starts_with("https://example.slack.com/");
        assert!(ours, "a token that is not ours: {token:?} in {text:?}");
        rest = &rest[end + 1..];
    }
    for after in text.split('&').skip(1) {
        let entity = ["amp;", "lt;", "gt;"]
            .iter()
            .any(|it| after.starts_with(it));
        assert!(entity, "a broken entity in {text:?}");
    }
    for call in ["@channel", "@here", "@everyone"] {
        assert!(!text.to_lowercase().contains(call), "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_announcement_fits((outage, people) in worst(), minutes in 0u64..1000) {
        let model = AnnouncementModel {
            outage: &outage,
            people: &people,
            now: at(minutes),
            policy: &policy(),
            command: "/outage",
            original: Some(LINK),
            again: Some(Again {
                because: Because::Left,
                channel: &ChannelId::from("C0123456789"),
                thread: Some(LINK),
            }),
        };
        check_message(&announcement(&model));
    }

    #[test]
    fn every_line_of_the_thread_fits((outage, people) in worst(), (other, _) in worst(), text in nasty(3000)) {
        let author = by(ANA);
        let token = Identity::ApiToken { name: text.clone() };
        for line in [
            Line::Reason { by: author.clone(), text: text.clone() },
            Line::Update { by: token.clone(), text: text.clone() },
            Line::Changes { by: vec![author.clone(), token.clone()], from_version: 1, to_version: 2 },
            Line::Resolved { by: token, at: at(90), text: text.clone() },
            Line::Reopened { by: author.clone(), reason: text.clone() },
            Line::Withdrawn { by: author, why: text, duplicate_of: None },
        ] {
            let said = thread_line(&line, &outage, Some((&other, &outage)), &people, "/outage");
            let late = thread::said_earlier(said.clone(), &line, at(90));
            let many = vec![(at(90), said.unsigned.clone()); TOLD_MOST];
            let together = thread::caught_up(&many, &outage, "/outage");
            for said in [said, late, together] {
                for text in [said.text, said.unsigned] {
                    prop_assert!(!text.is_empty() && width(&text) <= 4000);
                    check_markup(&text);
                }
            }
        }
    }

    #[test]
    fn nobodys_words_pass_for_a_line_of_somebody_else((outage, people) in worst(), text in nasty(300)) {
        let hostile = format!(
            "fine\n*Bo Brown* (update):\nit was me\r\n\u{2028}*Cy*\u{2029}*Dee*\u{b}*Eve*\n```\nx\n``` *Fay* (update): no\n{text}"
        );
        let (ana, token) = (by(ANA), Identity::ApiToken { name: hostile.clone() });
        let lines = [
            Line::Update { by: ana.clone(), text: hostile.clone() },
            Line::Reason { by: token, text: hostile.clone() },
            Line::Joined { by: ana.clone(), text: hostile.clone() },
            Line::Resolved { by: ana.clone(), at: at(90), text: hostile.clone() },
            Line::Reopened { by: ana.clone(), reason: hostile.clone() },
            Line::Withdrawn { by: ana.clone(), why: hostile.clone(), duplicate_of: None },
            Line::Absorbed { by: ana, number: outage.number, summary: hostile },
        ];
        let spoken: Vec<_> = lines.iter().map(|line| {
            (at(90), thread_line(line, &outage, None, &people, "/outage").unsigned)
        }).collect();
        let together = thread::caught_up(&spoken, &outage, "/outage");
        prop_assert!(!together.text.contains("```"), "{}", together.text);
        prop_assert!(!together.text.contains(['\u{2028}', '\u{2029}', '\u{b}', '\r']), "{}", together.text);
        let mut told = 0;
        let mut below = false;
        for line in together.text.lines().skip(1) {
            let note = line.starts_with("(full text");
            if line.starts_with("<!date^") {
                told += 1;
                below = false;
            } else {
                prop_assert!(line.starts_with('>') || note, "{line} in {}", together.text);
            }
            prop_assert!(!below || !line.starts_with('>'), "nothing follows the note: {line}");
            below = note;
        }
        prop_assert_eq!(told, lines.len());
    }

    #[test]
    fn every_answer_fits((outage, people) in worst(), (other, _) in worst(), text in nasty(3000), count in 0usize..30) {
        let now = at(1000);
        let pairs: Vec<_> = std::iter::repeat_n(announced(outage.clone()), count).collect();
        check_list(&pairs, now);
        let line = |event| timeline::Line { by: by(BO), event, occurred_at: at(20) };
        let edited = Event::Edited { reason: text.clone(), changes: differences(&outage, &other) };
        let (outage, announcement) = announced(outage);
        let detail = Detail {
            timeline: std::iter::repeat_n(line(edited), count).collect(),
            lines: 500,
            people: people.clone(),
            outage,
            announcement,
        };
        check_message(&lists::detail(&detail, &policy(), now));
        let outage = &detail.outage;
        for (gained, lost) in [(&Role::ALL[..], &[][..]), (&[], &Role::ALL), (&Role::ALL[..1], &Role::ALL[1..])] {
            check_message(&direct::roles(gained, lost, outage, Some(LINK), &people[0]));
        }
        check_message(&direct::apology(&text, &text, Some(outage), "/outage"));
        check_message(&lists::try_again(&text));
        check_message(&lists::help(&[text.clone(), text.clone()]));
        check_message(&lists::may_not_announce(&[text.clone(), "U0ANA".into()], &text));
        let refusal = crate::domain::refusal::Refusal::MayNotChange { involved: vec![ANA, BO] };
        check_message(&lists::refusal(&refusal, &people, &text));
    }

    #[test]
    fn every_form_fits((outage, people) in worst(), text in nasty(300)) {
        let mut policy = policy();
        policy.ask = text.clone();
        policy.questions = (0..200)
            .map(|index| Question {
                key: format!("{index}{text}"),
                label: text.clone(),
                kind: match index % 2 {
                    0 => Kind::YesNo { tell: Vec::new() },
                    _ => Kind::Choice { choices: vec![text.clone(), "none".into()], details: true },
                },
            })
            .collect();
        policy.eta_choices.push(EtaChoice { label: text.clone(), within: None });
        let model = forms::announce::Model {
            policy: &policy,
            summary: &outage.summary,
            component: outage.affected.first().map(|it| &it.component),
            from_message: None,
        };
        let mut others = vec![outage.clone(); 120];
        for (other, number) in others.iter_mut().zip(100..) {
            other.number = OutageNumber(number);
        }
        let found: Vec<_> = others.iter().cloned().map(announced).collect();
        let context = FormContext { seen: others.iter().map(|it| it.number).collect(), ..FormContext::default() };
        let mut linked = outage.clone();
        linked.post_mortem = Some(PostMortem { url: text.repeat(4), title: None });
        for view in [
            forms::announce::view(&model),
            forms::update::view(&outage, &policy),
            forms::edit::view(&outage, &policy),
            forms::resolve::view(&outage, &policy, at(90)),
            forms::edit_resolution::view(&outage, &policy),
            forms::edit_times::view(&outage),
            forms::reopen::view(&outage),
            forms::withdraw::view(&outage, &others),
            forms::withdraw::view(&outage, &[]),
            forms::eta::view(&outage, &policy),
            forms::reassign::view(&outage, &people),
            forms::set_channel::view(&outage),
            forms::link_post_mortem::view(&linked),
            forms::edit_resolution::view(&linked, &policy),
            forms::same::view(&found, context, forms_zone()),
        ] {
            check(&json!(view));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_preview_fits((outage, people) in worst(), text in nasty(300), channels in 0usize..60) {
        let mut policy = policy();
        policy.questions.iter_mut().for_each(|it| it.label = text.clone());
        let mut effects = vec![
            Effect::Pin,
            Effect::TellRoles { person: ANA, gained: Role::ALL.to_vec(), lost: Vec::new() },
            Effect::Say { line: Line::FromMessage { message: MessageRef { channel: "C1".into(), ts: "1.1".into() } } },
        ];
        effects.extend((0..channels).map(|index| Effect::TellChannel {
            question: format!("{}{}", index % 7, outage.eta.label),
            channel: ChannelId(format!("C{index}")),
        }));
        let mut problems = forms::FieldErrors::default();
        for at in [forms::block::SUMMARY, forms::block::ETA_TEXT, "impact.sales"] {
            problems.add(at, &text);
        }
        let view = preview::view(&preview::Model {
            facts: &outage.facts,
            effects: &effects,
            people: &people,
            eta: Some(&outage.eta),
            problems: &problems,
            policy: &policy,
            now: at(100),
            zone: forms_zone(),
            command: "/outage",
        });
        check(&json!(view));
        prop_assert!(!json!(view).to_string().contains(&i64::MAX.to_string()));
        prop_assert!(!json!(view).to_string().contains("\"button\""));
    }
}

fn check_list(
    pairs: &[(Outage, Option<crate::store::announcements::Announcement>)],
    now: Timestamp,
) {
    check_message(&lists::open_list(pairs, pairs, now));
}
