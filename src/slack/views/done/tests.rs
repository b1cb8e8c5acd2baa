//! What answers to text commands look like, and that whatever people write fits into them.

use std::time::Duration;

use insta::assert_json_snapshot;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::domain::{
    actor::Identity,
    component::Component,
    eta::Eta,
    ids::{ComponentId, ComponentKey, OutageId, WorkspaceId},
    outage::{Affected, Facts, Resolution, Roles, Severity, Stage},
};

const ANA: PersonId = PersonId(1);
const LINK: &str = "https://example.slack.com/archives/C1/p1772366400000100";

/// Minutes after noon of 2026-03-01.
fn at(minutes: u64) -> Timestamp {
    Timestamp::from_epoch(1_772_366_400).plus(Duration::from_secs(minutes * 60))
}

fn prague() -> Zone {
    "Europe/Prague".parse().unwrap_or(Zone::UTC)
}

fn outage(component: &str) -> Outage {
    Outage {
        id: OutageId(7),
        number: OutageNumber(12),
        version: 3,
        facts: Facts {
            workspace: WorkspaceId::from("T1"),
            phase: Phase::Open {
                stage: Stage::Identified,
                former: None,
            },
            severity: Severity::Major,
            summary: "Customers cannot pay".into(),
            affected: vec![Affected {
                component: Component {
                    id: ComponentId(1),
                    key: ComponentKey("payments".into()),
                    name: component.into(),
                },
                status: "partial_outage".into(),
                from: at(0),
                to: None,
            }],
            impact: Vec::new(),
            eta: Eta::exact(at(210), at(5)),
            slips: 0,
            roles: Roles {
                creator: ANA,
                solution: Some(ANA),
                communication: None,
            },
            turnover: None,
            post_mortem: None,
            started_at: at(0),
            announced_at: at(5),
            last_update: None,
            channel: None,
        },
    }
}

fn resolved() -> Outage {
    let mut outage = outage("Payments");
    outage.phase = Phase::Resolved(Resolution {
        at: at(90),
        by: Identity::Person { id: ANA },
        first_recorded_at: at(92),
        text: "It is back.".into(),
        post_mortem_wanted: true,
    });
    outage
}

fn answered(order: &Order, outage: &Outage) -> Message {
    done(&Done {
        order,
        outage,
        permalink: Some(LINK),
        person: ANA,
        zone: prague(),
        now: at(30),
    })
}

fn said() -> String {
    "words".to_owned()
}

#[test]
fn a_resolution_can_be_taken_back_and_completed() {
    let order = Order::Resolve { text: said() };
    assert_json_snapshot!(answered(&order, &resolved()).to_json());
}

#[test]
fn an_eta_is_said_back_in_the_zone_of_its_writer() {
    let order = Order::Eta { text: said() };
    let shown = answered(&order, &outage("Payments"));
    assert_eq!(
        shown.text,
        "You changed the ETA of outage 12. Understood as today 16:30 CET (in 3h 0m)."
    );
    assert_json_snapshot!(shown.to_json());
}

#[test]
fn everything_that_is_done_is_said() {
    let into = OutageNumber(11);
    let open = outage("Payments");
    let mut lines = Vec::new();
    for order in [
        Order::Update { text: said() },
        Order::Reopen { reason: said() },
        Order::Withdraw { why: said() },
        Order::Merge { into },
        Order::Take,
    ] {
        lines.push(answered(&order, &open).text);
    }
    assert_eq!(
        lines,
        [
            "You updated outage 12.",
            "You reopened outage 12.",
            "You withdrew outage 12.",
            "You merged outage 12 into outage 11.",
            "You are on outage 12 now: solution.",
        ]
    );
    let merged = answered(&Order::Merge { into }, &open).to_json();
    assert!(merged.to_string().contains("Show outage 11"), "{merged}");
}

#[test]
fn what_cannot_be_done_says_how_it_stands_and_what_can() {
    assert_json_snapshot!(not_now(&resolved(), Some(LINK)).to_json());
    let open = not_now(&outage("Payments"), None);
    assert_eq!(open.text, "Outage 12 is open, so that cannot be done now.");
}

#[test]
fn an_eta_that_is_not_understood_changes_nothing_and_says_how_to_write_it() {
    let shown = eta_unclear(&outage("Payments"), None, &Unclear::Past, prague());
    assert_json_snapshot!(shown.to_json());
}

#[test]
fn a_command_without_a_number_may_be_an_outage() {
    let words = "update the payments page is down";
    let shown = how_to_write(Verb::Update, words, "/outage").to_json();
    assert_json_snapshot!(shown);
    let alone = how_to_write(Verb::Update, "update", "/outage").to_json();
    assert!(!alone.to_string().contains("button"), "{alone}");
}

#[test]
fn mentions_get_buttons_for_what_needs_a_form() {
    assert_json_snapshot!(announce("payments cards fail").to_json());
    assert!(!announce("").to_json().to_string().contains("\"value\""));
    assert_json_snapshot!(press(&outage("Payments"), Some(LINK), Verb::Resolve).to_json());
}

/// All texts of a button that Slack reads as they are.
fn values(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if map.get("type").is_some_and(|it| it == "button") {
                found.extend(map.get("value").and_then(Value::as_str).map(str::to_owned));
            }
            map.values().for_each(|it| values(it, found));
        }
        Value::Array(items) => items.iter().for_each(|it| values(it, found)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn words_fit_into_buttons_and_pings_into_nothing(
        words in "([a-z <>&@]|🔥|<!channel>|\n){0,3000}",
        name in "([a-z<>&|]|<!here>){1,75}",
    ) {
        let outage = outage(&name);
        let eta = Order::Eta { text: words.clone() };
        for message in [
            how_to_write(Verb::Eta, &words, "/outage"),
            announce(&words),
            answered(&eta, &outage),
            not_now(&outage, None),
            press(&outage, Some(LINK), Verb::Merge),
        ] {
            let mut carried = Vec::new();
            let json = message.to_json();
            values(&json, &mut carried);
            for value in carried {
                prop_assert!(!value.is_empty() && mrkdwn::width(&value) <= CARRIED);
            }
            let mut shown = json;
            without_values(&mut shown);
            let shown = shown.to_string();
            prop_assert!(!shown.contains("<!here>") && !shown.contains("<!channel>"), "{}", shown);
        }
    }
}

fn without_values(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("value");
            map.values_mut().for_each(without_values);
        }
        Value::Array(items) => items.iter_mut().for_each(without_values),
        _ => {}
    }
}
