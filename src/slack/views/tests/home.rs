//! The Home tab.

use insta::assert_json_snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    limits::{blocks_of, check, check_markup, nasty, texts, worst},
    *,
};
use crate::{
    desk::{Home, MayAnnounce},
    domain::actor::{Actor, Right},
    slack::{
        mrkdwn::width,
        views::home::{HomeModel, home},
    },
    store::homes::Backlog,
};

/// Of Ana, who has the rights, when nothing is open.
fn calm(rights: &[Right]) -> Home {
    Home {
        actor: Some(Actor {
            identity: by(ANA),
            rights: rights.iter().copied().collect(),
        }),
        may_announce: match rights {
            [] => MayAnnounce::No {
                holders: vec!["U0BO".into(), "cy@example.com".into()],
            },
            _ => MayAnnounce::Yes,
        },
        own: Vec::new(),
        own_in_all: 0,
        others: Vec::new(),
        others_in_all: 0,
        ended: Vec::new(),
        people: people(),
        backlog: Backlog::default(),
        given_up: None,
    }
}

/// An outage of Bo's, with both parts taken or free.
fn of_bo(number: i64, taken: bool) -> Outage {
    let mut outage = open();
    outage.number = OutageNumber(number);
    outage.roles = Roles {
        creator: BO,
        solution: taken.then_some(BO),
        communication: Some(BO),
    };
    outage
}

fn shown(home: &Home) -> Value {
    let policy = policy();
    json!(home_of(home, &policy))
}

fn home_of(shown: &Home, policy: &Policy) -> impl serde::Serialize {
    home(&HomeModel {
        home: shown,
        policy,
        command: "/outage",
        version: "1.2.3",
        now: at(30),
    })
}

/// The words of all buttons below an outage.
fn buttons(view: &Value, number: i64) -> Vec<String> {
    let id = format!("outage.{number}.actions");
    let row = blocks_of(view).find(|it| it["block_id"] == *id);
    let buttons = row.and_then(|it| it["elements"].as_array());
    let words = |it: &Value| it["text"]["text"].as_str().map(str::to_owned);
    buttons.into_iter().flatten().filter_map(words).collect()
}

#[test]
fn everything_that_there_is() {
    let mut home = calm(&[Right::Announce]);
    home.own = vec![announced(open())];
    home.own_in_all = 1;
    home.others = vec![announced(of_bo(11, true)), (of_bo(10, false), None)];
    home.others_in_all = 2;
    home.ended = vec![announced(resolved()), announced(withdrawn())];
    assert_json_snapshot!(shown(&home));
}

#[test]
fn nothing_is_open() {
    assert_json_snapshot!(shown(&calm(&[Right::Announce])));
}

#[test]
fn whoever_may_do_nothing_sees_everything_and_presses_nothing() {
    let mut home = calm(&[]);
    home.others = vec![announced(of_bo(11, true)), announced(of_bo(10, false))];
    home.others_in_all = 2;
    home.ended = vec![announced(resolved())];
    let view = shown(&home);
    assert!(!view.to_string().contains("\"button\""), "{view:#}");
    assert_json_snapshot!(view);
    home.actor = None;
    assert_eq!(shown(&home), view, "somebody of whom nothing is known");
}

#[test]
fn the_buttons_are_those_that_somebody_may_press() {
    let everything = [
        "Update",
        "ETA",
        "Edit",
        "Resolve",
        "I am on it",
        "Reassign",
        "Create channel",
        "Set channel",
        "Withdraw",
    ];
    let mut home = calm(&[Right::Announce]);
    home.others = vec![announced(of_bo(11, true)), announced(of_bo(10, false))];
    home.others_in_all = 2;
    let view = shown(&home);
    assert!(buttons(&view, 11).is_empty());
    assert_eq!(buttons(&view, 10), ["I am on it"]);

    let mut view = calm(&[Right::ChangeAnyOutage]);
    view.others = home.others.clone();
    view.others_in_all = 2;
    let all = shown(&view);
    assert_eq!(buttons(&all, 10), everything);
    assert!(!buttons(&all, 11).contains(&"I am on it".to_owned()));

    if let Some(announcement) = &mut view.others[1].1 {
        announcement.away = true;
    }
    let away = shown(&view);
    assert_eq!(buttons(&away, 10).last().unwrap(), "Post it again");
}

#[test]
fn what_waits_is_said_and_what_is_dead_to_administrators() {
    let mut home = calm(&[Right::Announce]);
    home.backlog = Backlog {
        waiting: 3,
        since: Some(at(10)),
    };
    let said = shown(&home).to_string();
    assert!(
        said.contains("3 things wait to be shown in Slack"),
        "{said}"
    );
    assert!(!said.contains("given up"), "{said}");
    home.backlog = Backlog::default();
    home.given_up = Some(0);
    assert!(!shown(&home).to_string().contains("trouble"));
    home.given_up = Some(2);
    let said = shown(&home).to_string();
    assert!(said.contains("2 deliveries were given up"), "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_thousand_of_the_worst_fit(
        (outage, people) in worst(), text in nasty(300), own in 0i64..20, others in 0i64..40,
    ) {
        let many = |count: i64, from: i64| -> Vec<_> {
            (from..from + count)
                .map(|number| {
                    let mut each = outage.clone();
                    each.number = OutageNumber(number);
                    announced(each)
                })
                .collect()
        };
        let mut home = calm(&[Right::Administer]);
        home.own = many(own.min(15), 1);
        home.own_in_all = own * 50;
        home.others = many(others.min(25), 1000);
        home.others_in_all = others * 50;
        home.ended = many(5, 2000);
        home.people = people;
        home.may_announce = MayAnnounce::No { holders: vec![text.clone(); 10] };
        home.backlog = Backlog { waiting: 1_000_000, since: Some(at(1)) };
        home.given_up = Some(1_000_000);
        let view = shown(&home);
        check(&view);
        let blocks: Vec<&Value> = blocks_of(&view).collect();
        prop_assert!(blocks.len() <= 100, "{} blocks", blocks.len());
        let ids: Vec<&str> = blocks.iter().filter_map(|it| it["block_id"].as_str()).collect();
        let different: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
        prop_assert_eq!(different.len(), ids.len());
        let marked: Vec<&Value> = blocks.iter().filter(|it| it["type"] != "actions").copied().collect();
        let mut found = Vec::new();
        marked.iter().for_each(|it| texts(it, &mut found));
        found.iter().for_each(|it| check_markup(it));
        let all: usize = found.iter().map(|it| width(it)).sum();
        prop_assert!(all < 22_000, "{all} in all texts");
        prop_assert!(view.to_string().len() < 250_000);
        let more = view.to_string().matches(" more. `/outage list` names the newest").count();
        prop_assert_eq!(more, usize::from(own > 0) + usize::from(others > 0));
    }
}
