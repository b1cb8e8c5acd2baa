//! Decisions, told one by one and thrown at random.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::{
    actor::{Identity, Rights},
    command::{Edit, EditResolution, Resolve, Update},
    component::Component,
    eta::EtaChoice,
    ids::*,
    impact::shipped_questions,
    outage::Severity,
    policy::Channels,
    time::Zone,
};

mod parts;

fn noon() -> Timestamp {
    Timestamp::from_epoch(1_772_366_400)
}

fn later(minutes: u64) -> Timestamp {
    noon().plus(Duration::from_secs(minutes * 60))
}

fn actor(person: i64, rights: &[Right]) -> Actor {
    Actor {
        identity: Identity::Person {
            id: PersonId(person),
        },
        rights: rights.iter().copied().collect::<Rights>(),
    }
}

fn ana() -> Actor {
    actor(1, &[Right::Announce])
}

fn policy() -> Policy {
    Policy {
        everybody_announces: false,
        announce_channel: "C1".into(),
        fallback_channel: None,
        eta_choices: ["<30m", "<2h", ">24h"]
            .iter()
            .filter_map(|it| EtaChoice::parse(it))
            .collect(),
        default_severity: Severity::Major,
        questions: shipped_questions(),
        currency: "EUR".into(),
        post_mortem_default: false,
        ask: String::new(),
        email_domain: None,
        channels: Channels::default(),
        zone: Zone::UTC,
    }
}

fn component(id: i64) -> Component {
    Component {
        id: ComponentId(id),
        key: ComponentKey(format!("component-{id}")),
        name: format!("Component {id}"),
    }
}

fn promised(choice: &str, at: Timestamp) -> Eta {
    EtaChoice::parse(choice).unwrap().promise(at)
}

fn given(question: &str, answer: Answer) -> Given {
    Given {
        question: question.into(),
        answer: Some(answer),
        detail: None,
    }
}

fn request() -> Request {
    Request {
        summary: " Cards fail ".into(),
        component: component(1),
        severity: Severity::Major,
        eta: promised("<2h", noon()),
        answers: vec![given("sales", Answer::Yes)],
        from_message: None,
        not_the_same_as: vec![],
    }
}

pub(super) fn declared() -> Outage {
    let decision = declare(
        &"T1".into(),
        &request(),
        &[],
        &[],
        &ana(),
        &policy(),
        noon(),
    )
    .unwrap();
    Outage {
        id: OutageId(1),
        number: OutageNumber(1),
        version: 1,
        facts: decision.next,
    }
}

fn decided(outage: &Outage, command: &Command, now: Timestamp) -> Decision<Outage> {
    decide(outage, command, &ana(), &policy(), now).unwrap()
}

fn resolve(at: Timestamp) -> Command {
    Command::Resolve(Resolve {
        text: "Back".into(),
        at,
        answers: vec![given("sales", Answer::No)],
        turnover: None,
        post_mortem_wanted: true,
    })
}

fn edit(summary: Option<&str>) -> Command {
    Command::Edit(Edit {
        summary: summary.map(str::to_owned),
        component: None,
        severity: None,
        eta: None,
        answers: vec![],
        reason: "why not".into(),
    })
}

#[test]
fn whoever_announces_gets_both_roles_and_one_message() {
    let decision = declare(
        &"T1".into(),
        &request(),
        &[],
        &[],
        &ana(),
        &policy(),
        noon(),
    )
    .unwrap();
    assert_eq!(decision.next.summary, "Cards fail");
    assert_eq!(decision.next.eta.due, Some(later(120)));
    assert_eq!(decision.next.answer("sales"), Answer::Yes);
    assert_eq!(decision.next.answer("b2b_partners"), Answer::Unknown);
    let told = Effect::TellRoles {
        person: PersonId(1),
        gained: vec![Role::Solution, Role::Communication],
        lost: vec![],
    };
    assert_eq!(decision.effects, [Effect::Announce, Effect::Pin, told]);
}

#[test]
fn the_right_to_announce_is_needed_unless_everybody_has_it() {
    let nobody = actor(2, &[Right::ChangeAnyOutage]);
    let refused = declare(
        &"T1".into(),
        &request(),
        &[],
        &[],
        &nobody,
        &policy(),
        noon(),
    );
    assert_eq!(refused.unwrap_err(), Refusal::MayNotAnnounce);
    let everybody = Policy {
        everybody_announces: true,
        ..policy()
    };
    assert!(
        declare(
            &"T1".into(),
            &request(),
            &[],
            &[],
            &nobody,
            &everybody,
            noon()
        )
        .is_ok()
    );
    let administrator = actor(3, &[Right::Administer]);
    assert!(
        declare(
            &"T1".into(),
            &request(),
            &[],
            &[],
            &administrator,
            &policy(),
            noon()
        )
        .is_ok()
    );
}

#[test]
fn only_those_involved_and_editors_may_change_it() {
    let outage = declared();
    let withdraw = Command::Withdraw {
        why: "a test".into(),
        duplicate_of: None,
    };
    let refused = decide(
        &outage,
        &withdraw,
        &actor(2, &[Right::Announce]),
        &policy(),
        noon(),
    );
    let involved = vec![PersonId(1)];
    assert_eq!(refused.unwrap_err(), Refusal::MayNotChange { involved });
    let editor = actor(2, &[Right::ChangeAnyOutage]);
    assert!(decide(&outage, &withdraw, &editor, &policy(), noon()).is_ok());
}

#[test]
fn an_edit_that_changes_nothing_is_refused() {
    let refused = decide(
        &declared(),
        &edit(Some("Cards fail")),
        &ana(),
        &policy(),
        noon(),
    );
    assert_eq!(refused.unwrap_err(), Refusal::NothingChanged);
}

#[test]
fn an_end_within_the_minute_of_the_start_is_the_start() {
    let mut outage = declared();
    outage.started_at = noon().plus(Duration::from_secs(40));
    let now = noon().plus(Duration::from_secs(50));
    let next = decided(&outage, &resolve(noon()), now).next;
    assert_eq!(next.phase.resolution().unwrap().at, now);
    let next = decided(&outage, &resolve(noon()), later(9)).next;
    assert_eq!(next.phase.resolution().unwrap().at, outage.started_at);
    let early = decide(
        &outage,
        &resolve(noon().minus(Duration::from_secs(1))),
        &ana(),
        &policy(),
        now,
    );
    assert!(matches!(early, Err(Refusal::EndsBeforeItStarts { .. })));
    let late = decide(&outage, &resolve(later(1)), &ana(), &policy(), now);
    assert!(matches!(late, Err(Refusal::InTheFuture { .. })));
}

#[test]
fn whoever_resolves_now_does_so_with_a_clock_that_was_set_back_too() {
    let outage = declared();
    let before = outage.started_at.minus(Duration::from_secs(3700));
    // In words, and in a form, which offers the start.
    for at in [before, outage.started_at] {
        let next = decided(&outage, &resolve(at), before).next;
        assert_eq!(next.phase.resolution().unwrap().at, outage.started_at);
    }
}

#[test]
fn it_lasts_from_minute_to_minute_as_its_times_are_read() {
    let mut outage = declared();
    outage.started_at = noon().plus(Duration::from_secs(40));
    let hour = Duration::from_secs(3600);
    assert_eq!(outage.duration(later(60)), hour);
    assert_eq!(
        outage.duration(later(60).plus(Duration::from_secs(59))),
        hour
    );
    let next = decided(&outage, &resolve(later(60)), later(75)).next;
    assert_eq!(next.duration(later(75)), hour);
}

#[test]
fn resolving_again_keeps_who_and_when_it_was_first() {
    let outage = declared();
    let resolved = decided(&outage, &resolve(later(10)), later(10)).next;
    let reopen = Command::Reopen {
        reason: String::new(),
    };
    let reopened = decided(&resolved, &reopen, later(20)).next;
    assert!(reopened.is_open());
    assert_eq!(reopened.affected[0].to, None);
    let editor = actor(2, &[Right::ChangeAnyOutage]);
    let again = decide(
        &reopened,
        &resolve(later(30)),
        &editor,
        &policy(),
        later(30),
    )
    .unwrap();
    let resolution = again.next.phase.resolution().unwrap().clone();
    assert_eq!(resolution.by, ana().identity);
    assert_eq!(resolution.first_recorded_at, later(10));
    assert_eq!(resolution.at, later(30));
}

#[test]
fn a_promise_that_has_passed_is_not_kept_over_a_reopening() {
    let resolved = decided(&declared(), &resolve(later(10)), later(10)).next;
    let reopen = Command::Reopen {
        reason: String::new(),
    };
    assert_eq!(
        decided(&resolved, &reopen, later(60)).next.eta.due,
        Some(later(120))
    );
    assert_eq!(decided(&resolved, &reopen, later(121)).next.eta.due, None);
}

#[test]
fn a_component_takes_the_place_of_the_primary_one() {
    let command = Command::Edit(Edit {
        summary: None,
        component: Some(component(2)),
        severity: Some(Severity::Critical),
        eta: None,
        answers: vec![],
        reason: "it is the other one".into(),
    });
    let next = decided(&declared(), &command, later(5)).next;
    assert_eq!(next.affected.len(), 1);
    assert_eq!(next.title_component(), "Component 2");
    assert_eq!(next.affected[0].status, "major_outage");
    assert_eq!(next.affected[0].from, noon());
}

#[test]
fn times_that_were_left_alone_keep_their_seconds() {
    let mut outage = declared();
    outage.started_at = noon().plus(Duration::from_secs(17));
    let resolved = decided(&outage, &resolve(later(10)), later(10)).next;
    let command = Command::EditTimes {
        started_at: Some(noon()),
        resolved_at: Some(later(5)),
    };
    let next = decided(&resolved, &command, later(20)).next;
    assert_eq!(next.started_at, outage.started_at);
    assert_eq!(next.phase.resolution().unwrap().at, later(5));
}

fn any_command() -> impl Strategy<Value = Command> {
    let minute = 0u64..600;
    prop_oneof![
        ("[a-z ]{0,8}", any::<bool>()).prop_map(|(text, stage)| Command::Update(Update {
            text,
            stage: stage.then_some(Stage::Identified),
            eta: None,
        })),
        "[a-z ]{0,8}".prop_map(|text| edit(Some(&text))),
        minute.clone().prop_map(|it| resolve(later(it))),
        any::<bool>().prop_map(|wanted| Command::EditResolution(EditResolution {
            text: None,
            answers: vec![],
            turnover: None,
            post_mortem_wanted: Some(wanted),
            post_mortem: None,
        })),
        (minute.clone(), minute).prop_map(|(start, end)| Command::EditTimes {
            started_at: Some(later(start)),
            resolved_at: Some(later(end)),
        }),
        Just(Command::Reopen {
            reason: String::new()
        }),
        ("[a-z ]{0,8}", any::<bool>()).prop_map(|(why, same)| Command::Withdraw {
            why,
            duplicate_of: same.then_some(OutageNumber(7)),
        }),
        (0u64..600).prop_map(|it| Command::Eta {
            eta: Eta::exact(later(it), noon()),
            reason: String::new(),
        }),
        (prop::option::of(1i64..4), prop::option::of(1i64..4)).prop_map(|(one, two)| {
            Command::Reassign {
                solution: Some(one.map(PersonId)),
                communication: Some(two.map(PersonId)),
            }
        }),
        Just(Command::Take),
        Just(Command::CreateChannel),
        Just(Command::SetChannel {
            channel: "C9".into()
        }),
        "[a-z]{1,8}".prop_map(|it| Command::LinkPostMortem {
            url: format!("wiki.example.com/{it}")
        }),
        "[a-z ]{0,8}".prop_map(|text| Command::Join { text }),
    ]
}

proptest! {
    /// Whatever happens in whatever order: an outage never ends before it starts, everything that
    /// is written refreshes the announcement, and a withdrawn outage stays withdrawn.
    #[test]
    fn a_life_stays_possible(commands in prop::collection::vec((any_command(), 0u64..30), 1..30)) {
        let mut outage = declared();
        let editor = actor(1, &[Right::Announce, Right::ChangeAnyOutage]);
        let mut minute = 0;
        for (command, passed) in commands {
            minute += passed;
            let now = later(minute);
            let Ok(decision) = decide(&outage, &command, &editor, &policy(), now) else {
                continue;
            };
            let next = decision.next;
            if matches!(outage.phase, Phase::Withdrawn { .. }) {
                let reopened = matches!(command, Command::Reopen { .. });
                prop_assert!(reopened && next.is_open());
            }
            let joined = matches!(command, Command::Join { .. });
            prop_assert!(decision.effects.contains(&Effect::Refresh) != joined);
            prop_assert!(next.slips >= outage.slips && next.slips <= outage.slips + 1);
            prop_assert!(next.roles.creator == outage.roles.creator);
            prop_assert_eq!(decision.events.len(), 1);
            prop_assert_eq!(decision.effects.contains(&Effect::Pin), outage.is_open() != next.is_open());
            if let Some(resolution) = next.phase.resolution() {
                prop_assert!(resolution.at >= next.started_at);
                prop_assert!(resolution.at.minute() <= now.minute());
                prop_assert_eq!(next.affected[0].to, Some(resolution.at));
            }
            prop_assert!(!next.summary.is_empty());
            outage = Outage { version: outage.version + 1, ..next };
        }
    }
}
