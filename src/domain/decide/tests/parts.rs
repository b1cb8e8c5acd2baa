//! Promises, roles, channels, duplicates, questions and links, one by one.

use super::*;

fn effects_of(outage: &Outage, command: &Command) -> Vec<Effect> {
    decided(outage, command, later(5)).effects
}

fn eta(eta: Eta) -> Command {
    Command::Eta {
        eta,
        reason: String::new(),
    }
}

#[test]
fn a_later_promise_and_a_promise_taken_back_are_slips() {
    let outage = declared();
    let at = |minutes| Eta::exact(later(minutes), later(5));
    let slips = |command: &Command| decided(&outage, command, later(5)).next.slips;
    assert_eq!(slips(&eta(at(60))), 0, "sooner is no slip");
    assert_eq!(slips(&eta(at(121))), 1);
    assert_eq!(slips(&eta(Eta::unknown(later(5)))), 1);
    let slipped = decided(&outage, &eta(Eta::unknown(later(5))), later(5)).next;
    let again = decided(&slipped, &eta(at(500)), later(6)).next;
    assert_eq!(again.slips, 1, "a promise where there was none is no slip");
    let update = Command::Update(Update {
        text: "it takes longer".into(),
        stage: None,
        eta: Some(at(300)),
    });
    let Event::Updated { changes, .. } = &decided(&outage, &update, later(5)).events[0] else {
        panic!("an update is told as one");
    };
    assert!(matches!(changes[..], [Change::Eta { slips: 1, .. }]));
}

#[test]
fn the_same_promise_again_changes_nothing() {
    let outage = declared();
    let same = eta(Eta {
        set_at: later(5),
        ..outage.eta.clone()
    });
    let refused = decide(&outage, &same, &ana(), &policy(), later(5));
    assert_eq!(refused.unwrap_err(), Refusal::NothingChanged);
}

#[test]
fn why_the_eta_changed_is_said_before_the_change() {
    let command = Command::Eta {
        eta: Eta::exact(later(200), later(5)),
        reason: " a part is missing ".into(),
    };
    let effects = effects_of(&declared(), &command);
    assert!(matches!(
        &effects[..],
        [Effect::Refresh, Effect::Say { line: Line::Reason { text, .. } }, Effect::Say { line: Line::Changes { .. } }]
            if text == "a part is missing"
    ));
}

fn reassign(solution: Option<i64>, communication: Option<i64>) -> Command {
    Command::Reassign {
        solution: Some(solution.map(PersonId)),
        communication: Some(communication.map(PersonId)),
    }
}

fn told(effects: &[Effect]) -> Vec<(i64, &[Role], &[Role])> {
    let told = effects.iter().filter_map(|it| match it {
        Effect::TellRoles {
            person,
            gained,
            lost,
        } => Some((person.0, &gained[..], &lost[..])),
        _ => None,
    });
    told.collect()
}

#[test]
fn who_gains_and_who_loses_a_role_is_told_once() {
    use Role::{Communication, Solution};
    let outage = declared();
    let effects = effects_of(&outage, &reassign(Some(2), Some(3)));
    let expected: [(i64, &[Role], &[Role]); 3] = [
        (1, &[], &[Solution, Communication]),
        (2, &[Solution], &[]),
        (3, &[Communication], &[]),
    ];
    assert_eq!(told(&effects), expected);

    let effects = effects_of(&outage, &reassign(Some(2), Some(1)));
    let expected: [(i64, &[Role], &[Role]); 2] = [(1, &[], &[Solution]), (2, &[Solution], &[])];
    assert_eq!(
        told(&effects),
        expected,
        "who keeps a role hears of the other alone"
    );

    // Two people change places: each gets one message with both.
    let apart = decided(&outage, &reassign(Some(2), Some(3)), later(1)).next;
    let editor = actor(1, &[Right::ChangeAnyOutage]);
    let swap = reassign(Some(3), Some(2));
    let swapped = decide(&apart, &swap, &editor, &policy(), later(2)).unwrap();
    let expected: [(i64, &[Role], &[Role]); 2] = [
        (2, &[Communication], &[Solution]),
        (3, &[Solution], &[Communication]),
    ];
    assert_eq!(told(&swapped.effects), expected);

    let same = decide(
        &outage,
        &reassign(Some(1), Some(1)),
        &ana(),
        &policy(),
        noon(),
    );
    assert_eq!(same.unwrap_err(), Refusal::NothingChanged);
}

#[test]
fn whoever_may_announce_takes_what_nobody_has() {
    let free = decided(&declared(), &reassign(Some(2), None), later(1)).next;
    assert!(!free.roles.is_complete());
    let bo = actor(7, &[Right::Announce]);
    let taken = decide(&free, &Command::Take, &bo, &policy(), later(2)).unwrap();
    assert_eq!(taken.next.roles.solution, Some(PersonId(2)));
    assert_eq!(taken.next.roles.communication, Some(PersonId(7)));
    assert!(told(&taken.effects).is_empty(), "they know");
    let again = decide(&taken.next, &Command::Take, &bo, &policy(), later(3));
    assert_eq!(again.unwrap_err(), Refusal::NothingToTake);
    let nobody = actor(8, &[]);
    let refused = decide(&free, &Command::Take, &nobody, &policy(), later(2));
    assert!(matches!(refused, Err(Refusal::MayNotChange { .. })));
}

#[test]
fn raising_is_announced_and_lowering_is_not() {
    let severity = |severity| {
        Command::Edit(Edit {
            summary: None,
            component: None,
            severity: Some(severity),
            eta: None,
            answers: vec![],
            reason: "now we know more".into(),
        })
    };
    let raised = |effects: Vec<Effect>| {
        let mut lines = effects.into_iter();
        lines.any(|it| {
            matches!(
                it,
                Effect::Say {
                    line: Line::Raised { .. }
                }
            )
        })
    };
    let outage = declared();
    assert!(raised(effects_of(&outage, &severity(Severity::Critical))));
    assert!(!raised(effects_of(&outage, &severity(Severity::Minor))));
}

#[test]
fn a_yes_tells_each_channel_once_also_when_it_comes_late() {
    use crate::domain::impact::Kind;
    let mut policy = policy();
    policy.questions[0].kind = Kind::YesNo {
        tell: vec!["C1".into(), "C2".into()],
    };
    let channels = |effects: &[Effect]| -> Vec<String> {
        let told = effects.iter().filter_map(|it| match it {
            Effect::TellChannel { channel, .. } => Some(channel.to_string()),
            _ => None,
        });
        told.collect()
    };
    let workspace = "T1".into();
    let at_once = declare(&workspace, &request(), &[], &[], &ana(), &policy, noon()).unwrap();
    assert_eq!(channels(&at_once.effects), ["C1", "C2"]);

    let unknown = Request {
        answers: vec![],
        ..request()
    };
    let later_on = declare(&workspace, &unknown, &[], &[], &ana(), &policy, noon()).unwrap();
    assert!(channels(&later_on.effects).is_empty());
    let mut outage = Outage {
        facts: later_on.next,
        ..declared()
    };
    let mut heard = Vec::new();
    for answer in [Answer::Yes, Answer::No, Answer::Yes] {
        let command = Command::Edit(Edit {
            summary: None,
            component: None,
            severity: None,
            eta: None,
            answers: vec![given("sales", answer)],
            reason: "sales said so".into(),
        });
        let decision = decide(&outage, &command, &ana(), &policy, later(5)).unwrap();
        heard.extend(channels(&decision.effects));
        outage = decision.next;
    }
    assert_eq!(heard, ["C1", "C2"]);
}

#[test]
fn answers_that_are_not_offered_and_details_that_have_no_place_are_left_alone() {
    let request = Request {
        answers: vec![
            given("sales", Answer::Choice("perhaps".into())),
            Given {
                question: "b2b_partners".into(),
                answer: None,
                detail: Some("the big one".into()),
            },
            Given {
                question: "lost_bookings".into(),
                answer: Some(Answer::Choice("<10%".into())),
                detail: Some(" mostly Spain ".into()),
            },
            given("unheard_of", Answer::Yes),
        ],
        ..request()
    };
    let next = declare(&"T1".into(), &request, &[], &[], &ana(), &policy(), noon())
        .unwrap()
        .next;
    assert_eq!(next.answer("sales"), Answer::Unknown);
    assert_eq!(next.detail("b2b_partners"), "");
    assert_eq!(next.answer("lost_bookings"), Answer::Choice("<10%".into()));
    assert_eq!(next.detail("lost_bookings"), "mostly Spain");
    assert_eq!(next.impact.len(), 3);
}

#[test]
fn the_same_component_asks_before_it_is_announced_again() {
    let open = declared();
    let workspace = "T1".into();
    let again = |request: &Request, open: &[Outage], recent: &[Outage], now| {
        declare(&workspace, request, open, recent, &ana(), &policy(), now).map(|_| ())
    };
    let number = OutageNumber(1);
    let same = Refusal::MaybeTheSame {
        open: vec![number],
        lately: vec![],
    };
    let one = [open.clone()];
    assert_eq!(again(&request(), &one, &[], later(1)), Err(same));
    let other = Request {
        component: component(2),
        ..request()
    };
    assert_eq!(again(&other, &one, &[], later(1)), Ok(()));
    let sure = Request {
        not_the_same_as: vec![number],
        ..request()
    };
    assert_eq!(again(&sure, &one, &[], later(1)), Ok(()));
    let next = Outage {
        number: OutageNumber(2),
        ..open.clone()
    };
    let unseen = again(&sure, &[open.clone(), next], &[], later(1));
    assert!(matches!(unseen, Err(Refusal::MaybeTheSame { open, .. }) if open == [OutageNumber(2)]));

    let resolved = [decided(&open, &resolve(later(10)), later(10)).next];
    let lately = Refusal::MaybeTheSame {
        open: vec![],
        lately: vec![number],
    };
    assert_eq!(again(&request(), &[], &resolved, later(19)), Err(lately));
    assert_eq!(again(&request(), &[], &resolved, later(20)), Ok(()));
}

#[test]
fn what_is_said_to_be_resolved_now_may_be_reopened_however_early_it_ended() {
    let resolved = [decided(&declared(), &resolve(later(10)), later(60)).next];
    let again = declare(
        &"T1".into(),
        &request(),
        &[],
        &resolved,
        &ana(),
        &policy(),
        later(65),
    );
    assert!(matches!(again, Err(Refusal::MaybeTheSame { .. })));
}

#[test]
fn a_duplicate_needs_no_reason_and_an_original_that_stays() {
    let outage = declared();
    let merge = |number| Command::Withdraw {
        why: String::new(),
        duplicate_of: Some(OutageNumber(number)),
    };
    let refused = decide(&outage, &merge(1), &ana(), &policy(), later(1));
    let number = OutageNumber(1);
    assert_eq!(refused.unwrap_err(), Refusal::NotAnOriginal { number });
    let merged = decided(&outage, &merge(2), later(1)).next;
    assert_eq!(merged.phase.duplicate_of(), Some(OutageNumber(2)));
    let original = Outage {
        number: OutageNumber(2),
        ..outage.clone()
    };
    let absorbed = absorb(&original, &merged, &ana()).unwrap();
    assert_eq!(absorbed.next, original);
    assert_eq!(absorbed.events, [Event::Absorbed { number }]);
    assert!(absorb(&merged, &original, &ana()).is_err());
}

#[test]
fn an_outage_has_one_channel_of_its_own() {
    let outage = declared();
    let effects = effects_of(&outage, &Command::CreateChannel);
    let name = "o-component-1-260301".to_owned();
    assert_eq!(effects, [Effect::CreateChannel { name }, Effect::Refresh]);
    let announce_channel = Command::SetChannel {
        channel: policy().announce_channel,
    };
    let refused = decide(&outage, &announce_channel, &ana(), &policy(), noon());
    assert_eq!(refused.unwrap_err(), Refusal::IsAnnounceChannel);

    let mut with_channel = outage.clone();
    let mut channel = crate::domain::outage::DedicatedChannel {
        name: "o-1".into(),
        id: Some("C5".into()),
        made_here: true,
        failed: None,
        archived_at: None,
    };
    with_channel.channel = Some(channel.clone());
    let refused = decide(
        &with_channel,
        &Command::CreateChannel,
        &ana(),
        &policy(),
        noon(),
    );
    assert_eq!(refused.unwrap_err(), Refusal::HasChannel);
    channel.failed = Some("restricted".into());
    with_channel.channel = Some(channel);
    assert!(
        decide(
            &with_channel,
            &Command::CreateChannel,
            &ana(),
            &policy(),
            noon()
        )
        .is_ok()
    );
}

#[test]
fn a_post_mortem_is_linked_with_its_scheme_and_only_by_a_web_address() {
    let resolved = decided(&declared(), &resolve(later(10)), later(10)).next;
    let link = |url: &str| {
        let command = Command::LinkPostMortem { url: url.into() };
        decide(&resolved, &command, &ana(), &policy(), later(20))
            .map(|it| it.next.facts.post_mortem.unwrap().url)
    };
    let linked = Ok("https://git.example.com/a/b/-/issues/5".to_owned());
    assert_eq!(link(" git.example.com/a/b/-/issues/5 "), linked);
    assert_eq!(link("http://wiki/12"), Ok("http://wiki/12".into()));
    for bad in [
        "javascript:alert(1)",
        "ftp://example.com",
        "nothing",
        "https://",
        "https://ana:secret@example.com",
        "two words",
    ] {
        assert_eq!(link(bad), Err(Refusal::NotALink), "{bad}");
    }
    let field = Field::Link;
    assert_eq!(link("  "), Err(Refusal::Empty { field }));
    let open = Command::LinkPostMortem {
        url: "example.com".into(),
    };
    let refused = decide(&declared(), &open, &ana(), &policy(), later(20));
    assert!(matches!(refused, Err(Refusal::OutOfDate { .. })));
}

#[test]
fn joining_changes_nothing_but_the_history() {
    let outage = declared();
    let bo = actor(9, &[Right::Announce]);
    let join = Command::Join {
        text: " cards fail here, too ".into(),
    };
    let joined = decide(&outage, &join, &bo, &policy(), later(3)).unwrap();
    assert_eq!(joined.next, outage);
    assert!(matches!(
        &joined.effects[..],
        [Effect::Say { line: Line::Joined { text, .. } }] if text == "cards fail here, too"
    ));
}

#[test]
fn a_promise_made_anew_at_once_corrects_a_slip_of_the_pen() {
    let outage = declared();
    let after = |seconds| {
        let now = noon().plus(Duration::from_secs(seconds));
        let later = eta(Eta::exact(later(500), now));
        decided(&outage, &later, now).next.slips
    };
    assert_eq!(after(59), 0);
    assert_eq!(after(60), 1);
}

#[test]
fn nothing_is_merged_into_what_is_over() {
    let open = declared();
    let resolved = decided(&open, &resolve(later(10)), later(10)).next;
    let other = Outage {
        number: OutageNumber(2),
        ..open
    };
    let number = resolved.number;
    let refused = absorb(&resolved, &other, &ana()).unwrap_err();
    assert_eq!(refused, Refusal::NotAnOriginal { number });
}

#[test]
fn what_was_withdrawn_by_mistake_is_opened_again() {
    let withdraw = Command::Withdraw {
        why: "a test".into(),
        duplicate_of: None,
    };
    let withdrawn = decided(&declared(), &withdraw, later(5)).next;
    let reopen = Command::Reopen {
        reason: "it is real".into(),
    };
    let reopened = decided(&withdrawn, &reopen, later(9));
    assert!(reopened.next.is_open());
    assert_eq!(reopened.next.affected[0].to, None);
    assert!(reopened.effects.contains(&Effect::Pin));
}

#[test]
fn a_channel_that_was_set_can_be_changed() {
    let mut outage = declared();
    outage.channel = Some(crate::domain::outage::DedicatedChannel {
        name: "sales".into(),
        id: Some("C5".into()),
        made_here: false,
        failed: None,
        archived_at: None,
    });
    let set = |channel: &str| {
        let command = Command::SetChannel {
            channel: channel.into(),
        };
        decide(&outage, &command, &ana(), &policy(), later(1)).map(|_| ())
    };
    assert_eq!(set("C5"), Err(Refusal::NothingChanged));
    assert_eq!(set("C6"), Ok(()));
}
