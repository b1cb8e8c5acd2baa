//! Questions about who is hit, channels that are told, and dedicated channels, from all places.

use std::time::Duration;

use super::*;
use crate::domain::ids::ChannelId;
use crate::domain::impact::{Kind, Question, shipped_questions};

const OWN: &str = "[[impact.questions]]\nkey = \"shops\"\nlabel = \" Shops closed \"\n\
    tell = [\"C0SHOPS\"]\n\
    [[impact.questions]]\nkey = \"lost\"\nlabel = \"Lost orders\"\n\
    choices = [\"none\", \"some\"]\ndetails = true\n\
    [[impact.questions]]\nkey = \"plain_2\"\nlabel = \"Plain\"\nchoices = [\"a\", \"b\"]\n";

fn yes_no(key: &str, label: &str, tell: &[&str]) -> Question {
    Question {
        key: key.into(),
        label: label.into(),
        kind: Kind::YesNo {
            tell: tell.iter().map(|it| ChannelId((*it).into())).collect(),
        },
    }
}

fn choice(key: &str, label: &str, choices: &[&str], details: bool) -> Question {
    Question {
        key: key.into(),
        label: label.into(),
        kind: Kind::Choice {
            choices: choices.iter().map(|it| (*it).into()).collect(),
            details,
        },
    }
}

#[track_caller]
fn asked(desk: &Desk) -> Vec<Question> {
    desk.load_partial().expect("good settings").impact.questions
}

/// What one of the questions tells.
#[track_caller]
fn told(desk: &Desk, key: &str) -> Vec<String> {
    let questions = asked(desk);
    let question = questions.iter().find(|it| it.key == key).expect(key);
    question.tells().iter().map(|it| it.0.clone()).collect()
}

/// The problems of these settings, without the name of the file.
#[track_caller]
fn problems(text: &str) -> Vec<String> {
    let problems = Desk::with_file(&format!("{SLACK}{text}\n")).problems();
    problems
        .iter()
        .map(|it| it.replace("…/balefire.toml, ", ""))
        .collect()
}

/// The problem of this question beside a good one.
#[track_caller]
fn problem_of(question: &str) -> String {
    let text = format!(
        "[[impact.questions]]\nkey = \"one\"\nlabel = \"One\"\n[[impact.questions]]\n{question}"
    );
    let problems = problems(&text);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems[0].clone()
}

#[test]
fn nothing_given_asks_the_shipped_questions() {
    assert_eq!(asked(&Desk::without_file()), shipped_questions());
}

#[test]
fn own_questions_take_the_place_of_the_shipped_ones() {
    assert_eq!(
        asked(&Desk::with_file(OWN)),
        [
            yes_no("shops", "Shops closed", &["C0SHOPS"]),
            choice("lost", "Lost orders", &["none", "some"], true),
            choice("plain_2", "Plain", &["a", "b"], false),
        ]
    );
}

#[test]
fn an_empty_list_asks_nothing() {
    assert_eq!(asked(&Desk::with_file("[impact]\nquestions = []\n")), []);
    for nothing in ["[]", " ", ""] {
        let desk = Desk::with_file(OWN).variable("BALEFIRE__IMPACT__QUESTIONS", nothing);
        assert_eq!(asked(&desk), []);
    }
}

#[test]
fn the_environment_brings_questions_in_json() {
    let desk = Desk::with_file(OWN).variable(
        "BALEFIRE__IMPACT__QUESTIONS",
        r#"[{"key": "shops", "label": "Shops", "tell": ["C1A", "C2B"]},
            {"key": "lost", "label": "Lost", "choices": ["<10%", ">10%"], "details": true}]"#,
    );
    assert_eq!(
        asked(&desk),
        [
            yes_no("shops", "Shops", &["C1A", "C2B"]),
            choice("lost", "Lost", &["<10%", ">10%"], true),
        ]
    );
}

#[test]
fn channels_are_added_to_the_shipped_questions() {
    let file = "[impact.tell]\nsales = [\"C0SALES\"]\nb2b_partners = [\"C1A\", \"C2B\"]\n";
    let desk = Desk::with_file(file);
    assert_eq!(told(&desk, "sales"), ["C0SALES"]);
    assert_eq!(told(&desk, "b2b_partners"), ["C1A", "C2B"]);
    assert_eq!(asked(&desk).len(), shipped_questions().len());
    let desk = desk.variable("BALEFIRE__IMPACT__TELL__SALES", "C3C, C4D");
    assert_eq!(told(&desk, "sales"), ["C3C", "C4D"]);
    let desk = desk.variable("BALEFIRE__IMPACT__TELL__B2B_PARTNERS", "");
    assert!(told(&desk, "b2b_partners").is_empty());
}

#[test]
fn channels_are_added_to_own_questions_once_each() {
    let file = format!("{OWN}[impact.tell]\nshops = [\"C1A\", \"C0SHOPS\"]\n");
    assert_eq!(told(&Desk::with_file(&file), "shops"), ["C0SHOPS", "C1A"]);
}

#[test]
fn a_question_that_nobody_asks_cannot_tell() {
    assert_eq!(
        problems("[impact.tell]\nsale = [\"C1A\"]\nlost_bookings = [\"C1A\"]"),
        [
            "line 7: impact.tell.lost_bookings = [\"C1A\"]. This question has choices, and \
             channels are told only when an answer is yes. Remove it, or make it a question of \
             yes and no.",
            "line 6: impact.tell.sale = [\"C1A\"]. There is no question with this key. The \
             questions of yes and no are sales, b2b_partners.",
        ]
    );
    let none = problems("[impact]\nquestions = []\n[impact.tell]\nsales = [\"C1A\"]");
    assert!(none[0].ends_with("Remove it: no question is answered with yes or no."));
    assert_eq!(none.len(), 1, "{none:#?}");
}

#[test]
fn channels_are_named_by_their_ids() {
    let told = problems("[impact.tell]\nsales = [\"#sales\", \"C1A\", \"C1A\"]\nno = [\"x\"]");
    assert_eq!(told.len(), 4, "{told:#?}");
    assert!(told[0].contains("impact.tell.sales = #sales. It is not the ID of a channel"));
    assert!(told[1].contains("impact.tell.sales = C1A. It is listed twice"));
    assert!(told[2].contains("impact.tell.no = x. It is not the ID of a channel"));
    assert!(told[3].contains("There is no question with this key"));
    let told = problems("[impact]\ntell = [\"C1A\"]");
    assert!(told[0].contains("Put its settings under [impact.tell]"));
}

#[test]
fn every_kind_of_wrong_question_is_told() {
    let long_key = format!("key = \"{}\"\nlabel = \"Two\"", "k".repeat(41));
    let long_label = format!("key = \"two\"\nlabel = \"{}\"", "é".repeat(49));
    let two = "key = \"two\"\nlabel = \"Two\"\n";
    let with = |rest: &str| format!("{two}{rest}");
    let many: Vec<String> = (0..91).map(|it| format!("\"c{it}\"")).collect();
    let long_choice = format!("choices = [\"a\", \"{}\"]", "c".repeat(76));
    for (question, expected) in [
        ("label = \"Two\"".into(), "2, key. The question has none."),
        ("key = \"two\"".into(), "2, label. The question has none."),
        (
            "key = \"Two\"\nlabel = \"Two\"".into(),
            "2, key = \"Two\". It must be small letters",
        ),
        (
            "key = \"\"\nlabel = \"Two\"".into(),
            "It must be small letters",
        ),
        (
            "key = 2\nlabel = \"Two\"".into(),
            "2, key = 2. It must be a text",
        ),
        (long_key, "at most 40 characters"),
        (
            "key = \"one\"\nlabel = \"Two\"".into(),
            "Another question has this key",
        ),
        (
            "key = \"two\"\nlabel = \"one\"".into(),
            "Another question has this label",
        ),
        ("key = \"two\"\nlabel = \" \"".into(), "one line of 1 to 48"),
        (
            "key = \"two\"\nlabel = \"a\\nb\"".into(),
            "one line of 1 to 48",
        ),
        (long_label, "one line of 1 to 48"),
        (
            with("choice = [\"a\", \"b\"]"),
            "2, choice = [\"a\", \"b\"]. A question has no such field. Did you mean choices?",
        ),
        (
            with("colour = 1"),
            "A question has key, label, tell, choices, details.",
        ),
        (
            with("details = true"),
            "2, details = true. Only a question with choices",
        ),
        (
            with("tell = \"C1A\""),
            "2, tell = \"C1A\". It must be a list of texts",
        ),
        (
            with("tell = [\"#two\"]"),
            "2, tell = \"#two\". It is not the ID of a channel",
        ),
        (
            with("tell = [\"C1A\", \"C1A\"]"),
            "2, tell = \"C1A\". It is listed twice",
        ),
        (
            with("choices = [\"a\", \"b\"]\ntell = []"),
            "told only when an answer is yes",
        ),
        (
            with("choices = [\"a\", \"b\"]\ndetails = 1"),
            "2, details = 1. It must be true or false",
        ),
        (
            with("choices = 3"),
            "2, choices = 3. It must be a list of texts",
        ),
        (with("choices = [\"a\"]"), "between 2 and 90 choices"),
        (with("choices = []"), "between 2 and 90 choices"),
        (
            with(&format!("choices = [{}]", many.join(", "))),
            "between 2 and 90 choices",
        ),
        (
            with("choices = [\"a\", \"A\"]"),
            "2, choices = \"A\". It is listed twice",
        ),
        (with("choices = [\"a\", \"\"]"), "one line of 1 to 75"),
        (with(&long_choice), "one line of 1 to 75"),
        (
            with("choices = [\"a\", \"Unknown\"]"),
            "2, choices = \"Unknown\". This answer has a meaning",
        ),
        (
            with("choices = [\"yes\", \"b\"]"),
            "This answer has a meaning",
        ),
    ] {
        let problem = problem_of(&question);
        assert!(problem.contains(expected), "{question}: {problem}");
        assert!(
            problem.starts_with("line 5: impact.questions, question 2, "),
            "{problem}"
        );
    }
}

#[test]
fn everything_wrong_with_questions_is_told_at_once() {
    let text = "[[impact.questions]]\nkey = \"A\"\nlabel = \"\"\nchoices = [\"yes\", \"no\"]\n\
        [[impact.questions]]\nlabel = 5\ncolour = 1\n[impact.tell]\nsales = [\"x\"]";
    let problems = problems(text);
    assert_eq!(problems.len(), 8, "{problems:#?}");
    // Whether sales is asked cannot be said.
    assert!(problems[7].contains("impact.tell.sales = x. It is not the ID"));
}

#[test]
fn there_are_at_most_20_questions() {
    let questions = |count: usize| -> String {
        (0..count)
            .map(|it| format!("[[impact.questions]]\nkey = \"q{it}\"\nlabel = \"Q {it}\"\n"))
            .collect()
    };
    assert_eq!(asked(&Desk::with_file(&questions(20))).len(), 20);
    assert_eq!(
        problems(&questions(21)),
        [
            "line 5: impact.questions, question 21. There are more than 20 questions. \
             Leave some out."
        ]
    );
}

#[test]
fn what_is_no_list_of_questions_is_refused() {
    let told = problems("[impact]\nquestions = [\"sales\"]");
    assert!(told[0].contains(
        "impact.questions = [\"sales\"]. It must be a list of tables, and this is a list. \
         Write each under a line with its name in [[ ]]."
    ));
    for (json, expected) in [
        ("sales", "It is not a list in JSON: expected"),
        (
            "[{\"key\": \"a\",}]",
            "It is not a list in JSON: trailing comma",
        ),
        ("{}", "It must be a list of tables"),
        ("[1]", "It must be a list of tables"),
    ] {
        let desk = Desk::with_file(SLACK).variable("BALEFIRE__IMPACT__QUESTIONS", json);
        let problems = desk.problems();
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(problems[0].contains(expected), "{json}: {}", problems[0]);
    }
}

#[test]
fn dedicated_channels_have_defaults() {
    let channels = Desk::without_file()
        .load_partial()
        .expect("defaults")
        .channels;
    assert_eq!(channels.name, "o-{component}-{yymmdd}");
    assert_eq!(channels.emoji, "point_up");
    assert!(channels.invite_groups.is_empty());
    assert_eq!(channels.archive_after, None);
}

#[test]
fn dedicated_channels_are_set_by_file_and_environment() {
    let file = "[channels]\nname = \"inc-{number}\"\nemoji = \":mega:\"\narchive_after_hours = 5\n";
    let channels = Desk::with_file(file)
        .variable("BALEFIRE__CHANNELS__INVITE_GROUPS", "S01A,S02B")
        .variable("BALEFIRE__CHANNELS__ARCHIVE_AFTER_HOURS", "24")
        .load_partial()
        .expect("good settings")
        .channels;
    assert_eq!(channels.name, "inc-{number}");
    assert_eq!(channels.emoji, "mega");
    assert_eq!(channels.invite_groups, ["S01A", "S02B"]);
    let day = Duration::from_secs(24 * 3600);
    assert_eq!(channels.archive_after, Some(day));
}

#[test]
fn wrong_settings_of_dedicated_channels_are_told_together() {
    let file = "[channels]\nname = \"o-{component\"\nemoji = \"☝\"\n\
        invite_groups = [\"S01A\", \"@ops\"]\narchive_after_hours = 8761";
    assert_eq!(
        problems(file),
        [
            "line 6: channels.name = \"o-{component\". The brace at {component is not closed. \
             Did you mean {component}?",
            "line 7: channels.emoji = \"☝\". It is not the name of an emoji. Write it like \
             point_up: what Slack shows between colons when you hover over the emoji.",
            "line 8: channels.invite_groups = @ops. It is not the ID of a user group, which \
             begins with S. Open the user group in Slack and copy its ID, which looks like \
             S0123456789.",
            "line 9: channels.archive_after_hours = 8761. It must be between 0 and 8760 hours. \
             Choose a number in that range.",
        ]
    );
}
