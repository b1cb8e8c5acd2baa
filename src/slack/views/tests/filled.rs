//! Forms, filled in well and badly.

use serde_json::{Value, json};

use super::*;
use crate::{
    domain::{
        impact::{Given, Kind},
        refusal::{Field, Refusal},
    },
    slack::views::forms::{
        self, FieldErrors, Values, announce, block, edit_resolution, edit_times,
    },
};

pub(super) fn prague() -> Zone {
    "Europe/Prague".parse().unwrap()
}

pub(super) fn given(question: &str, answer: Answer) -> Given {
    Given {
        question: question.into(),
        answer: Some(answer),
        detail: None,
    }
}

pub(super) fn promised(label: &str) -> Eta {
    EtaChoice::parse(label).unwrap().promise(at(60))
}

/// `state.values` with fields added one by one.
#[derive(Clone)]
pub(super) struct Filled(Value);

impl Filled {
    pub(super) fn new() -> Filled {
        Filled(json!({}))
    }

    pub(super) fn put(mut self, block: &str, element: Value) -> Filled {
        self.0[block] = json!({ block: element });
        self
    }

    pub(super) fn text(self, block: &str, text: &str) -> Filled {
        let value = (!text.is_empty()).then_some(text);
        self.put(block, json!({ "type": "plain_text_input", "value": value }))
    }

    pub(super) fn choice(self, block: &str, value: &str) -> Filled {
        let option = json!({ "text": { "type": "plain_text", "text": "…" }, "value": value });
        self.put(
            block,
            json!({ "type": "static_select", "selected_option": option }),
        )
    }

    pub(super) fn blank(self, block: &str) -> Filled {
        self.put(
            block,
            json!({ "type": "static_select", "selected_option": null }),
        )
    }

    pub(super) fn time(self, block: &str, at: Timestamp) -> Filled {
        self.put(
            block,
            json!({ "type": "datetimepicker", "selected_date_time": at.epoch() }),
        )
    }

    pub(super) fn read<T>(
        &self,
        read: impl Fn(&Values) -> Result<T, FieldErrors>,
    ) -> Result<T, FieldErrors> {
        read(&Values::new(&self.0))
    }
}

pub(super) fn wrong<T>(outcome: Result<T, FieldErrors>) -> Value {
    match outcome {
        Ok(_) => Value::Null,
        Err(errors) => errors.to_response()["errors"].clone(),
    }
}

pub(super) fn announcing() -> Filled {
    Filled::new()
        .text(block::SUMMARY, "  Cards fail \n")
        .choice(block::COMPONENT, "1")
        .choice(block::SEVERITY, "critical")
        .choice(block::ETA, "<8h")
        .choice("impact.sales", "yes")
        .choice("impact.b2b_partners", "unknown")
}

pub(super) fn resolving() -> Filled {
    Filled::new()
        .text(block::RESOLUTION, "")
        .time(block::RESOLVED_AT, at(90))
        .choice("impact.sales", "yes")
        .choice("impact.b2b_partners", "no")
        .text(block::TURNOVER, "")
        .choice(block::POST_MORTEM, "yes")
}

#[test]
fn an_outage_is_announced() {
    let filled = announcing()
        .read(|it| announce::read(it, &policy(), at(60), prague()))
        .unwrap();
    assert_eq!(filled.summary, "Cards fail");
    assert_eq!(filled.component, ComponentId(1));
    assert_eq!(filled.severity, Severity::Critical);
    assert_eq!(filled.eta, promised("<8h"));
    let answers = [
        given("sales", Answer::Yes),
        given("b2b_partners", Answer::Unknown),
    ];
    assert_eq!(filled.answers, answers);
}

#[test]
fn only_what_happened_and_what_is_affected_must_be_said() {
    let filled = Filled::new()
        .text(block::SUMMARY, "Cards fail")
        .choice(block::COMPONENT, "1")
        .read(|it| announce::read(it, &policy(), at(60), prague()))
        .unwrap();
    assert_eq!(filled.severity, Severity::Major);
    assert_eq!(filled.eta.label, "unknown");
    assert_eq!(filled.answers, []);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let bad = announcing()
        .text(block::SUMMARY, " ")
        .blank(block::COMPONENT)
        .choice(block::SEVERITY, "apocalyptic")
        .choice(block::ETA, "<1000y")
        .choice("impact.sales", "perhaps");
    insta::assert_json_snapshot!(wrong(bad.read(|it| announce::read(
        it,
        &policy(),
        at(60),
        prague()
    ))));
    let nonsense = announcing().choice(block::COMPONENT, "-3");
    assert_eq!(
        wrong(nonsense.read(|it| announce::read(it, &policy(), at(60), prague()))),
        json!({ "component": "This choice is not offered any more. Choose again." })
    );
    let long = announcing().text(block::SUMMARY, &"ž".repeat(3001));
    assert_eq!(
        wrong(long.read(|it| announce::read(it, &policy(), at(60), prague()))),
        json!({ "summary": "This has 3001 characters; 3000 fit. Shorten it a little." })
    );
}

#[test]
fn an_update_says_only_what_is_new() {
    let read = |filled: &Filled| {
        filled.read(|it| forms::update::read(it, &open(), &policy(), at(60), prague()))
    };
    let same = Filled::new()
        .text(block::TEXT, "Still looking")
        .choice(block::STAGE, "identified")
        .choice(block::ETA, "keep");
    let update = read(&same).unwrap();
    assert_eq!(
        (update.text.as_str(), update.stage, update.eta),
        ("Still looking", None, None)
    );
    let new = same
        .clone()
        .choice(block::STAGE, "monitoring")
        .choice(block::ETA, "<2h");
    let update = read(&new).unwrap();
    assert_eq!(update.stage, Some(Stage::Monitoring));
    // The same label is a new promise: it counts from now.
    assert_eq!(update.eta, Some(promised("<2h")));
    let bad = Filled::new()
        .text(block::TEXT, "")
        .choice(block::STAGE, "x")
        .choice(block::ETA, "x");
    insta::assert_json_snapshot!(wrong(read(&bad)));
    let missing = Filled::new().text(block::TEXT, "Still looking");
    assert_eq!(read(&missing).unwrap().stage, None);
}

#[test]
fn an_edit_changes_only_what_was_touched() {
    let read = |filled: &Filled| {
        filled.read(|it| forms::edit::read(it, &open(), &policy(), at(60), prague()))
    };
    let same = Filled::new()
        .text(block::SUMMARY, &open().summary)
        .choice(block::COMPONENT, "1")
        .choice(block::SEVERITY, "major")
        .choice(block::ETA, "keep")
        .choice("impact.sales", "yes")
        .choice("impact.b2b_partners", "unknown")
        .text(block::REASON, "No reason");
    let edit = read(&same).unwrap();
    assert_eq!(
        edit,
        forms::edit::Filled {
            summary: None,
            component: None,
            severity: None,
            eta: None,
            answers: Vec::new(),
            reason: "No reason".into(),
        }
    );
    let new = same
        .clone()
        .text(block::SUMMARY, "Card payments fail")
        .choice(block::COMPONENT, "2")
        .choice(block::SEVERITY, "minor")
        .choice(block::ETA, ">24h")
        .choice("impact.b2b_partners", "no");
    let edit = read(&new).unwrap();
    assert_eq!(edit.summary.as_deref(), Some("Card payments fail"));
    assert_eq!(edit.component, Some(ComponentId(2)));
    assert_eq!(edit.severity, Some(Severity::Minor));
    assert_eq!(edit.eta, Some(promised(">24h")));
    assert_eq!(edit.answers, [given("b2b_partners", Answer::No)]);
    let bad = same
        .text(block::SUMMARY, "")
        .blank(block::COMPONENT)
        .text(block::REASON, "");
    insta::assert_json_snapshot!(wrong(read(&bad)));
}

#[test]
fn a_summary_too_long_for_the_field_is_not_cut_by_looking_at_it() {
    let mut base = open();
    base.summary = "🔥".repeat(3000);
    let view = json!(forms::edit::view(&base, &policy()));
    let shown = view["blocks"][0]["element"]["initial_value"]
        .as_str()
        .unwrap();
    assert!(shown.ends_with('…'));
    let filled = Filled::new()
        .text(block::SUMMARY, shown)
        .text(block::REASON, "ETA");
    let edit = filled
        .read(|it| forms::edit::read(it, &base, &policy(), at(60), prague()))
        .unwrap();
    assert_eq!(edit.summary, None);
}

#[test]
fn an_outage_is_resolved() {
    let read = |filled: &Filled| filled.read(|it| forms::resolve::read(it, &open(), &policy()));
    let resolve = read(&resolving()).unwrap();
    assert_eq!((resolve.text.as_str(), resolve.at), ("", at(90)));
    assert_eq!(resolve.turnover, None);
    assert!(resolve.post_mortem_wanted);
    // Sales stood as affected already: only what differs is an answer.
    assert_eq!(resolve.answers.len(), 1);
    let full = resolving()
        .text(block::TURNOVER, "12 500")
        .text(block::RESOLUTION, "Done");
    let resolve = read(&full).unwrap();
    assert_eq!(resolve.turnover.unwrap().to_string(), "12,500 EUR");
    assert_eq!(resolve.text, "Done");
}

#[test]
fn every_wrong_field_of_a_resolution_is_told_at_once() {
    let read = |filled: &Filled| filled.read(|it| forms::resolve::read(it, &open(), &policy()));
    let bad = resolving()
        .text(block::RESOLUTION, &"x".repeat(3001))
        .put(block::RESOLVED_AT, json!({ "selected_date_time": null }))
        .blank("impact.sales")
        .choice("impact.b2b_partners", "unknown")
        .text(block::TURNOVER, "about a thousand")
        .choice(block::POST_MORTEM, "maybe");
    insta::assert_json_snapshot!(wrong(read(&bad)));
    for number in ["12.5", "-1", "1e3", "9999999999999999", "€5"] {
        let wrong = wrong(read(&resolving().text(block::TURNOVER, number)));
        assert_eq!(
            wrong,
            json!({ "turnover": "Write a whole number such as 1000." }),
            "{number}"
        );
    }
}

#[test]
fn a_question_that_the_form_did_not_have_is_no_error() {
    let mut policy = policy();
    policy.questions.push(crate::domain::impact::Question {
        key: "new".into(),
        label: "Asked since a minute ago".into(),
        kind: Kind::YesNo { tell: Vec::new() },
    });
    let read = resolving().read(|it| forms::resolve::read(it, &open(), &policy));
    assert_eq!(read.unwrap().answers.len(), 1);
}

#[test]
fn what_was_written_before_reopening_is_there_again() {
    let former = resolved().phase.resolution().cloned();
    let mut outage = resolved();
    outage.phase = Phase::Open {
        stage: Stage::Investigating,
        former,
    };
    let view = json!(forms::resolve::view(&outage, &policy(), at(200)));
    let find = |block: &str| {
        let blocks = view["blocks"].as_array().unwrap();
        blocks.iter().find(|it| it["block_id"] == block).unwrap()["element"].clone()
    };
    assert_eq!(
        find(block::RESOLUTION)["initial_value"],
        "We switched to the other provider."
    );
    assert_eq!(find(block::TURNOVER)["initial_value"], "12500");
    assert_eq!(find(block::POST_MORTEM)["initial_option"]["value"], "yes");
    assert_eq!(find("impact.sales")["initial_option"]["value"], "yes");
    assert_eq!(find("impact.b2b_partners")["initial_option"], Value::Null);
    assert_eq!(
        find("impact.b2b_partners")["options"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_resolution_is_edited_where_it_was_touched() {
    let read =
        |filled: &Filled| filled.read(|it| edit_resolution::read(it, &resolved(), &policy()));
    let same = Filled::new()
        .text(block::RESOLUTION, "We switched to the other provider.")
        .choice("impact.sales", "yes")
        .choice("impact.b2b_partners", "no")
        .text(block::TURNOVER, "12500")
        .choice(block::POST_MORTEM, "yes");
    let edit = read(&same).unwrap();
    assert_eq!(
        (edit.text, edit.turnover, edit.post_mortem_wanted),
        (None, None, None)
    );
    assert_eq!(edit.answers, [given("b2b_partners", Answer::No)]);
    let new = same
        .clone()
        .text(block::RESOLUTION, "")
        .text(block::TURNOVER, "")
        .choice(block::POST_MORTEM, "no");
    let edit = read(&new).unwrap();
    assert_eq!(edit.text.as_deref(), Some(""));
    assert_eq!(edit.turnover, Some(None));
    assert_eq!(edit.post_mortem_wanted, Some(false));
    let bad = same.blank("impact.sales").text(block::TURNOVER, "x");
    insta::assert_json_snapshot!(wrong(read(&bad)));
}

#[test]
fn cents_survive_a_form_that_does_not_show_them() {
    let mut base = resolved();
    base.turnover = Some(crate::domain::money::Money {
        minor: 1_250_049,
        currency: "CZK".into(),
    });
    let filled = Filled::new().text(block::TURNOVER, "12500");
    let edit = filled
        .read(|it| edit_resolution::read(it, &base, &policy()))
        .unwrap();
    assert_eq!(edit.turnover, None);
    let filled = Filled::new().text(block::TURNOVER, "13000");
    let edit = filled
        .read(|it| edit_resolution::read(it, &base, &policy()))
        .unwrap();
    assert_eq!(edit.turnover.unwrap().unwrap().to_string(), "13,000 CZK");
}

#[test]
fn times_are_edited_by_the_minute() {
    let base = resolved();
    let read = |filled: &Filled| filled.read(|it| edit_times::read(it, &base));
    let same = Filled::new()
        .time(
            block::STARTED_AT,
            base.started_at.plus(Duration::from_secs(30)),
        )
        .time(block::RESOLVED_AT, at(90));
    assert_eq!(read(&same).unwrap(), (None, None));
    let new = same.clone().time(block::RESOLVED_AT, at(80));
    assert_eq!(read(&new).unwrap(), (None, Some(at(80))));
    let bad = same.put(block::STARTED_AT, json!({ "selected_date_time": null }));
    assert_eq!(
        wrong(read(&bad)),
        json!({ "started_at": "Choose when it started." })
    );
}

#[test]
fn a_reason_may_be_left_out_where_it_says_so() {
    let nothing = Filled::new().text(block::REASON, "").text(block::WHY, "");
    assert_eq!(nothing.read(forms::reopen::read).unwrap(), "");
    assert_eq!(
        wrong(nothing.read(forms::withdraw::read)),
        json!({ "why": "Say why, so that others can follow." })
    );
    let filled = Filled::new().text(block::WHY, " False alarm ");
    let (why, duplicate_of) = filled.read(forms::withdraw::read).unwrap();
    assert_eq!((why.as_str(), duplicate_of), ("False alarm", None));
}

#[test]
fn values_of_any_shape_are_read_with_patience() {
    for values in [
        Value::Null,
        json!([]),
        json!("x"),
        json!({ "summary": null, "eta": [], "resolved_at": {} }),
        json!({ "summary": { "a": 1 }, "eta": { "a": { "selected_option": "x" } } }),
        json!({ "summary": { "a": { "value": 5 } }, "resolved_at": { "a": { "selected_date_time": 1.5 } } }),
    ] {
        let read = Values::new(&values);
        assert_eq!(read.text(block::SUMMARY), None, "{values}");
        assert_eq!(read.selected(block::ETA), None, "{values}");
        assert_eq!(read.date_time(block::RESOLVED_AT), None, "{values}");
        assert!(announce::read(&read, &policy(), at(60), prague()).is_err());
        assert!(forms::resolve::read(&read, &open(), &policy()).is_err());
    }
    let other = json!({ "summary": { "another_action": { "value": "Cards fail" } } });
    assert_eq!(Values::new(&other).text(block::SUMMARY), Some("Cards fail"));
}

#[test]
fn a_refusal_of_the_desk_finds_its_field() {
    let (at_field, message) = forms::field_error(&Refusal::EndsBeforeItStarts {
        field: Field::ResolvedAt,
        started_at: at(0),
    })
    .unwrap();
    assert_eq!(at_field, block::RESOLVED_AT);
    assert_eq!(message, "It cannot end before it started.");
    assert_eq!(forms::field_error(&Refusal::NothingChanged), None);
}

#[test]
fn pickers_start_where_things_are() {
    let resolve = json!(forms::resolve::view(&open(), &policy(), at(95)));
    let starts =
        |view: &Value, index: usize| view["blocks"][index]["element"]["initial_date_time"].as_i64();
    assert_eq!(starts(&resolve, 1), Some(at(95).epoch()));
    let times = json!(forms::edit_times::view(&resolved()));
    assert_eq!(starts(&times, 0), Some(at(0).epoch()));
    assert_eq!(starts(&times, 1), Some(at(90).epoch()));
}
