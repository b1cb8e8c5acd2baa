//! The forms for ETAs, people, channels, links and doubles, filled in well and badly.

use serde_json::{Value, json};

use super::{
    filled::{Filled, announcing, given, prague, promised, resolving, wrong},
    *,
};
use crate::{
    domain::impact::Given,
    slack::views::forms::{self, announce, block, same::Choice},
};

/// 13:00 in Prague on Sunday 1 March 2026.
fn noon() -> Timestamp {
    at(0)
}

fn detail(question: &str, answer: Option<Answer>, detail: &str) -> Given {
    Given {
        question: question.into(),
        answer,
        detail: Some(detail.into()),
    }
}

#[test]
fn an_exact_eta_counts_more_than_the_choice() {
    let read = |text: &str| {
        let filled = announcing().text(block::ETA_TEXT, text);
        filled.read(|it| announce::read(it, &policy(), noon(), prague()))
    };
    let exact = read("45m").unwrap().eta;
    assert_eq!(exact, Eta::exact(at(45), noon()));
    assert!(read("unknown").unwrap().eta.is_unknown());
    assert_eq!(read("<2h").unwrap().eta.label, "<2h");
    assert_eq!(read("  ").unwrap().eta.label, "<8h");
    assert_eq!(
        wrong(read("soonish")),
        json!({ "eta_text": "That cannot be read as an ETA. Write it like 45m, 2h, 16:30, tomorrow \
            9:00, 24 Nov 16:30, or unknown." })
    );
}

#[test]
fn exact_words_beat_keeping_the_eta() {
    let keep = Filled::new()
        .text(block::TEXT, "Still looking")
        .choice(block::ETA, "keep");
    let read = |filled: &Filled| {
        filled.read(|it| forms::update::read(it, &open(), &policy(), noon(), prague()))
    };
    assert_eq!(read(&keep).unwrap().eta, None);
    let exact = keep.clone().text(block::ETA_TEXT, "2h30");
    assert_eq!(read(&exact).unwrap().eta, Some(Eta::exact(at(150), noon())));
    let bad = keep.text(block::ETA_TEXT, "today 9:00");
    assert!(wrong(read(&bad))["eta_text"].is_string());
}

#[test]
fn a_new_eta_is_made() {
    let read =
        |filled: &Filled| filled.read(|it| forms::eta::read(it, &policy(), at(60), prague()));
    let chosen = Filled::new()
        .choice(block::ETA, "<8h")
        .text(block::REASON, " The part is late ");
    let (eta, reason) = read(&chosen).unwrap();
    assert_eq!(
        (eta, reason.as_str()),
        (promised("<8h"), "The part is late")
    );
    let nothing = Filled::new().choice(block::ETA, "keep");
    assert_eq!(
        wrong(read(&nothing)),
        json!({ "eta": "Nothing was changed, so there is nothing to tell." })
    );
    let bad = nothing.text(block::ETA_TEXT, "whenever");
    let errors = wrong(read(&bad));
    assert!(errors["eta_text"].is_string() && errors["eta"].is_null());
}

#[test]
fn a_form_says_how_an_eta_is_understood() {
    let note = |text: &str| forms::eta::note(text, noon(), prague());
    assert_eq!(note("45m"), "Understood as today 13:45 CET (in 45m)");
    assert_eq!(
        note("tomorrow noon"),
        "Understood as tomorrow 12:00 CET (in 23h 0m)"
    );
    assert_eq!(note("unknown"), "Understood as unknown");
    assert!(note("<2h").starts_with("Understood as &lt;2h, until today 15:00 CET"));
    assert!(note("<!channel>").starts_with("That cannot be read as an ETA."));

    let view = json!(forms::eta::view(&open(), &policy()));
    let blocks = view["blocks"].as_array().unwrap();
    let once = forms::eta::with_note(blocks, &note("45m"));
    let twice = forms::eta::with_note(&once, &note("50m"));
    let ids = |blocks: &[Value]| -> Vec<String> {
        blocks
            .iter()
            .map(|it| it["block_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(&once), ["eta", "eta_text", "eta_note", "reason"]);
    assert_eq!(ids(&twice), ids(&once));
    assert_eq!(
        twice[2]["elements"][0]["text"],
        "Understood as today 13:50 CET (in 50m)"
    );
    assert_eq!(once[0], blocks[0]);
    let text = &blocks[1];
    assert_eq!(text["dispatch_action"], true);
    assert_eq!(
        text["element"]["dispatch_action_config"],
        json!({ "trigger_actions_on": ["on_enter_pressed"] })
    );
}

#[test]
fn questions_have_details() {
    let answered = announcing()
        .choice("impact.lost_bookings", "<10%")
        .text("detail.lost_bookings", " 40 an hour ");
    let read = |filled: &Filled| filled.read(|it| announce::read(it, &policy(), noon(), prague()));
    let answers = read(&answered).unwrap().answers;
    let some = Some(Answer::Choice("<10%".into()));
    assert_eq!(answers[2], detail("lost_bookings", some, "40 an hour"));
    let long = answered
        .clone()
        .text("detail.lost_bookings", &"x".repeat(151));
    assert_eq!(
        wrong(read(&long)),
        json!({ "detail.lost_bookings": "This has 151 characters; 150 fit. Shorten it a little." })
    );
    let foreign = answered.choice("impact.lost_bookings", "yes");
    assert!(wrong(read(&foreign))["impact.lost_bookings"].is_string());
}

#[test]
fn only_what_differs_is_an_answer() {
    let read = |filled: &Filled| {
        let read = |it: &forms::Values| forms::edit::read(it, &open(), &policy(), noon(), prague());
        filled.read(read).unwrap().answers
    };
    let same = Filled::new()
        .text(block::REASON, "why")
        .text(block::SUMMARY, &open().summary)
        .choice(block::COMPONENT, "1")
        .choice("impact.sales", "yes")
        .choice("impact.lost_bookings", "<10%")
        .text("detail.lost_bookings", "about 40 an hour");
    assert_eq!(read(&same), []);
    let other = same.clone().text("detail.lost_bookings", "about 60");
    assert_eq!(read(&other), [detail("lost_bookings", None, "about 60")]);
    let cleared = same
        .clone()
        .text("detail.lost_bookings", "")
        .choice("impact.lost_bookings", "unknown");
    let unknown = Some(Answer::Unknown);
    assert_eq!(read(&cleared), [detail("lost_bookings", unknown, "")]);
}

#[test]
fn at_the_end_nothing_stays_unknown() {
    let read = |filled: &Filled| filled.read(|it| forms::resolve::read(it, &open(), &policy()));
    let blank = resolving()
        .blank("impact.lost_bookings")
        .text("detail.lost_bookings", "about 60");
    assert_eq!(
        wrong(read(&blank)),
        json!({ "impact.lost_bookings": "Choose an answer." })
    );
    let full = blank.choice("impact.lost_bookings", "100%");
    let all = Some(Answer::Choice("100%".into()));
    assert_eq!(
        read(&full).unwrap().answers,
        [
            given("b2b_partners", Answer::No),
            detail("lost_bookings", all, "about 60")
        ]
    );
}

#[test]
fn people_are_named() {
    let person = |user: Value| json!({ "type": "users_select", "selected_user": user });
    let filled = Filled::new()
        .put(block::SOLUTION, person(json!("U0CY")))
        .put(block::COMMUNICATION, person(Value::Null));
    let read = filled.read(|it| Ok(forms::reassign::read(it))).unwrap();
    assert_eq!(read, (Some(Some("U0CY".into())), Some(None)));
    let nothing = Filled::new().read(|it| Ok(forms::reassign::read(it)));
    assert_eq!(nothing.unwrap(), (None, None));
}

#[test]
fn a_channel_is_chosen() {
    let chosen = |id: Value| {
        let element = json!({ "type": "conversations_select", "selected_conversation": id });
        Filled::new()
            .put(block::CHANNEL, element)
            .read(forms::set_channel::read)
    };
    assert_eq!(chosen(json!("C5")).unwrap(), ChannelId::from("C5"));
    assert_eq!(
        wrong(chosen(Value::Null)),
        json!({ "channel": "Choose a channel." })
    );
}

#[test]
fn a_post_mortem_is_linked_and_taken_away() {
    let mut linked = resolved();
    linked.post_mortem = Some(crate::domain::outage::PostMortem {
        url: "https://wiki.example.com/12".into(),
        title: None,
    });
    let link = |url: &str| {
        let filled = Filled::new().text(block::LINK, url);
        filled.read(|it| forms::link_post_mortem::read(it, &linked))
    };
    assert_eq!(link("wiki.example.com/13").unwrap(), "wiki.example.com/13");
    assert_eq!(
        wrong(link("")),
        json!({ "link": "Paste the address of the post-mortem." })
    );
    assert!(wrong(link(&"x".repeat(1001)))["link"].is_string());
    let edit = |filled: Filled| {
        let read = |it: &forms::Values| forms::edit_resolution::read(it, &linked, &policy());
        filled.read(read).unwrap().post_mortem
    };
    assert_eq!(edit(Filled::new()), None);
    assert_eq!(
        edit(Filled::new().text(block::LINK, "https://wiki.example.com/12")),
        None
    );
    assert_eq!(edit(Filled::new().text(block::LINK, "")), Some(None));
    assert_eq!(
        edit(Filled::new().text(block::LINK, "wiki.example.com/13")),
        Some(Some("wiki.example.com/13".into()))
    );
}

#[test]
fn a_double_needs_no_other_reason() {
    let read = |filled: &Filled| filled.read(forms::withdraw::read);
    let double = Filled::new()
        .text(block::WHY, "")
        .choice(block::DUPLICATE_OF, "11");
    assert_eq!(
        read(&double).unwrap(),
        (String::new(), Some(OutageNumber(11)))
    );
    let bad = Filled::new().choice(block::DUPLICATE_OF, "x");
    assert!(wrong(read(&bad))["duplicate_of"].is_string());
}

#[test]
fn the_question_whether_it_is_the_same_is_answered() {
    let read = |value: &str| {
        let option = json!({ "value": value });
        let element = json!({ "type": "radio_buttons", "selected_option": option });
        Filled::new()
            .put(block::SAME, element)
            .read(forms::same::read)
    };
    let number = OutageNumber(12);
    assert_eq!(read("join.12").unwrap(), Choice::Join { number });
    assert_eq!(read("reopen.12").unwrap(), Choice::Reopen { number });
    assert_eq!(read("announce").unwrap(), Choice::Announce);
    for bad in ["", "join", "join.", "join.0", "join.-1", "leave.12"] {
        assert!(read(bad).is_err(), "{bad}");
    }
}
