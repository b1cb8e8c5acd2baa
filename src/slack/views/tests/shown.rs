//! What people see, whole.

use insta::assert_json_snapshot;

use super::*;
use crate::{
    desk::Detail,
    domain::{
        change::differences,
        command::MessageRef,
        effect::{Effect, Event, Line},
        outage::Role,
        refusal::{Field, Refusal},
    },
    slack::action::Action,
    slack::views::{
        announcement::{AnnouncementModel, announcement},
        direct, forms, lists, preview,
        thread::thread_line,
    },
    store::timeline,
};

fn shown(outage: &Outage, minutes: u64) -> serde_json::Value {
    let people = people();
    announcement(&AnnouncementModel {
        outage,
        people: &people,
        now: at(minutes),
        policy: &policy(),
        command: "/outage",
        original: None,
        again: None,
    })
    .to_json()
}

#[test]
fn an_open_outage() {
    assert_json_snapshot!(shown(&open(), 30));
}

#[test]
fn an_open_outage_after_its_eta() {
    let mut outage = open();
    outage.severity = Severity::Critical;
    outage.last_update = None;
    assert_json_snapshot!(shown(&outage, 130));
}

#[test]
fn an_outage_without_a_promise() {
    let mut outage = open();
    outage.severity = Severity::Minor;
    outage.eta.due = None;
    outage.eta.label = ">24h".into();
    let shown = shown(&outage, 30).to_string();
    assert!(shown.contains("unknown (&gt;24h)"), "{shown}");
    outage.eta.label = "unknown".into();
    let shown = super::shown::shown(&outage, 30).to_string();
    assert!(shown.contains("*ETA*\\nunknown\""), "{shown}");
}

#[test]
fn a_resolved_outage() {
    assert_json_snapshot!(shown(&resolved(), 500));
}

#[test]
fn a_resolved_outage_that_nobody_described_yet() {
    let mut outage = resolved();
    if let Phase::Resolved(resolution) = &mut outage.phase {
        resolution.text.clear();
    }
    outage.turnover = None;
    let shown = shown(&outage, 500).to_string();
    assert!(shown.contains("_No resolution text yet_"), "{shown}");
    assert!(shown.contains("*Impact on turnover:* —"), "{shown}");
}

#[test]
fn a_withdrawn_outage() {
    assert_json_snapshot!(shown(&withdrawn(), 500));
}

#[test]
fn severity_major_is_never_called_a_major_outage() {
    let people = people();
    let pairs = [announced(open()), announced(resolved())];
    let texts = [
        shown(&open(), 30),
        shown(&resolved(), 500),
        lists::open_list(&pairs, &pairs, at(30)).to_json(),
        direct::roles(&Role::ALL, &[], &open(), None, &people[0]).to_json(),
    ];
    for text in texts {
        assert!(
            !text.to_string().to_lowercase().contains("major outage"),
            "{text}"
        );
    }
}

#[test]
fn lines_of_the_thread() {
    let people = people();
    let before = open();
    let mut after = open();
    after.version = 4;
    after.summary = "Card payments fail".into();
    after.severity = Severity::Critical;
    after.eta = Eta {
        label: "<8h".into(),
        due: Some(at(510)),
        set_at: at(30),
    };
    after.facts.impact[1].answer = Answer::Yes;
    let changes = |by| Line::Changes {
        by,
        from_version: 3,
        to_version: 4,
    };
    let line = |line: Line, versions: Option<(&Outage, &Outage)>| {
        let said = thread_line(&line, &after, versions, &people, "/outage");
        let author = said.as_person.map(|it| it.name);
        serde_json::json!({ "text": said.text, "as": author, "unsigned": said.unsigned })
    };
    let reason = Line::Reason {
        by: by(ANA),
        text: "It is <worse> than we thought, @channel".into(),
    };
    let api = Identity::ApiToken {
        name: "deploys".into(),
    };
    let resolved = Line::Resolved {
        by: by(BO),
        at: at(90),
        text: "The provider is back".into(),
    };
    let reopened = |reason: &str| Line::Reopened {
        by: by(BO),
        reason: reason.into(),
    };
    let withdrawn = Line::Withdrawn {
        by: by(BO),
        why: "The alarm was broken".into(),
        duplicate_of: None,
    };
    let update = Line::Update {
        by: api,
        text: "Rolled back".into(),
    };
    assert_json_snapshot!(serde_json::json!({
        "reason": line(reason, None),
        "update by a machine": line(update, None),
        "changes": line(changes(vec![by(ANA)]), Some((&before, &after))),
        "changes by several": line(changes(vec![by(ANA), by(BO), by(ANA)]), Some((&before, &after))),
        "nothing remains": line(changes(vec![by(ANA)]), Some((&before, &before))),
        "versions lost": line(changes(vec![by(ANA)]), None),
        "resolved": line(resolved, None),
        "reopened": line(reopened("It fails again"), None),
        "reopened without a word": line(reopened(""), None),
        "withdrawn": line(withdrawn, None),
    }));
}

#[test]
fn changes_after_the_end() {
    let people = people();
    let before = resolved();
    let mut after = resolved();
    after.started_at = at(10);
    after.turnover = None;
    if let Phase::Resolved(resolution) = &mut after.phase {
        resolution.at = at(80);
        resolution.text = "A certificate had expired".into();
        resolution.post_mortem_wanted = false;
    }
    let line = Line::Changes {
        by: vec![by(ANA)],
        from_version: 4,
        to_version: 5,
    };
    let said = thread_line(&line, &after, Some((&before, &after)), &people, "/outage");
    insta::assert_snapshot!(said.text);
}

#[test]
fn a_role_is_told_with_what_to_do() {
    let ana = &people()[0];
    let told = |gained: &[Role], lost: &[Role]| {
        direct::roles(gained, lost, &open(), Some(LINK), ana).to_json()
    };
    assert_json_snapshot!([
        told(&[Role::Solution], &[]),
        told(&[Role::Communication], &[Role::Solution]),
        told(&Role::ALL, &[])
    ]);
    let sorry = direct::apology(
        "a line in the thread",
        "channel_not_found",
        Some(&open()),
        "/outage",
    );
    insta::assert_snapshot!(sorry.text);
}

#[test]
fn whoever_left_is_asked_for_with_buttons_and_without_a_ping() {
    let mut outage = open();
    outage.roles.communication = None;
    let roles = [Role::Communication];
    let asked = direct::ask_for_assignee(&roles, "Bo", &outage, Some(LINK));
    assert!(
        asked
            .text
            .starts_with("Bo has left the workspace and was responsible for communication in ")
    );
    assert!(asked.text.ends_with("Who takes communication?"));
    let shown = asked.to_json().to_string();
    for part in ["balefire.v1.take", "balefire.v1.reassign", LINK] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }
    let line = Line::AssigneeLeft {
        person: BO,
        roles: Role::ALL.to_vec(),
    };
    let said = thread_line(&line, &outage, None, &people(), "/outage");
    assert_eq!(
        said.text,
        "Bo has left the workspace. Who takes solution and communication? *I am on it* at the \
         announcement takes it, *Reassign* gives it to somebody."
    );
    assert_eq!(said.as_person, None);
}

#[test]
fn a_list() {
    let ended = [announced(resolved()), announced(withdrawn())];
    assert_json_snapshot!(lists::open_list(&[announced(open())], &ended, at(30)).to_json());
}

#[test]
fn an_empty_list() {
    assert_json_snapshot!(lists::open_list(&[], &[], at(30)).to_json());
}

#[test]
fn an_outage_with_its_timeline() {
    let (outage, announcement) = announced(resolved());
    let line = |who, minutes, event| timeline::Line {
        by: who,
        event,
        occurred_at: at(minutes),
    };
    let mut edited = outage.clone();
    edited.severity = Severity::Minor;
    let detail = Detail {
        timeline: vec![
            line(
                by(BO),
                20,
                Event::Edited {
                    reason: "It is less\nthan we thought".into(),
                    changes: differences(&outage, &edited),
                },
            ),
            line(
                by(ANA),
                90,
                Event::Resolved {
                    text: "We switched to the other provider.".into(),
                    at: at(90),
                    changes: Vec::new(),
                },
            ),
        ],
        lines: 5,
        people: people(),
        outage,
        announcement,
    };
    assert_json_snapshot!(lists::detail(&detail, &policy(), at(500)).to_json());
}

#[test]
fn help() {
    let commands = ["/outage".to_owned(), "/announce".to_owned()];
    assert_json_snapshot!(lists::help(&commands).to_json());
}

#[test]
fn short_answers() {
    let people = people();
    let ask = "the platform team.";
    let refused = |refusal| lists::refusal(&refusal, &people, ask).to_json();
    let number = OutageNumber(12);
    let holders = ["U0ANA".to_owned(), "bo@example.com".to_owned()];
    assert_json_snapshot!(serde_json::json!({
        "may not change": refused(Refusal::MayNotChange { involved: vec![ANA, BO] }),
        "nobody known": refused(Refusal::MayNotChange { involved: vec![PersonId(99)] }),
        "may not announce": lists::may_not_announce(&holders, "").to_json(),
        "may not announce, nobody known": lists::may_not_announce(&[], ask).to_json(),
        "nothing changed": refused(Refusal::NothingChanged),
        "too long": refused(Refusal::TooLong { field: Field::Summary, limit: 3000, actual: 3100 }),
        "out of date": lists::out_of_date(Some(number), Some(LINK), Some("resolved"), "/outage").to_json(),
        "out of date, unknown": lists::out_of_date(None, None, None, "/outage").to_json(),
        "no such outage": lists::no_such_outage(number, "/outage").to_json(),
        "no components": lists::no_components().to_json(),
        "try again": lists::try_again("Slack is busy and did not open the form").to_json(),
        "too many forms": lists::too_many_forms(Some((Action::Resolve { number }, ""))).to_json(),
        "too many forms, with words":
            lists::too_many_forms(Some((Action::Announce, "cards <fail>"))).to_json(),
        "too many forms, without a button": lists::too_many_forms(None).to_json(),
    }));
}

#[test]
fn the_announce_form() {
    let policy = policy();
    let payments = component(1, "Payments");
    assert_json_snapshot!(forms::announce::view(&forms::announce::Model {
        policy: &policy,
        summary: "cards are declined",
        component: Some(&payments),
        from_message: None,
    }));
}

#[test]
fn the_forms_of_an_open_outage() {
    let (outage, policy) = (open(), policy());
    assert_json_snapshot!("update", forms::update::view(&outage, &policy));
    assert_json_snapshot!("edit", forms::edit::view(&outage, &policy));
    assert_json_snapshot!("resolve", forms::resolve::view(&outage, &policy, at(95)));
    assert_json_snapshot!("withdraw", forms::withdraw::view(&outage, &[]));
    assert_json_snapshot!("eta", forms::eta::view(&outage, &policy));
    let mut half = open();
    half.roles.communication = None;
    assert_json_snapshot!("reassign", forms::reassign::view(&half, &people()));
    assert_json_snapshot!("set_channel", forms::set_channel::view(&outage));
    let mut other = resolved();
    other.number = OutageNumber(11);
    assert_json_snapshot!(
        "withdraw_as_a_duplicate",
        forms::withdraw::view(&outage, &[outage.clone(), other])
    );
}

#[test]
fn the_forms_of_a_resolved_outage() {
    let (outage, policy) = (resolved(), policy());
    assert_json_snapshot!(
        "edit_resolution",
        forms::edit_resolution::view(&outage, &policy)
    );
    assert_json_snapshot!("edit_times", forms::edit_times::view(&outage));
    assert_json_snapshot!("reopen", forms::reopen::view(&outage));
    assert_json_snapshot!("link_post_mortem", forms::link_post_mortem::view(&outage));
}

#[test]
fn the_question_whether_it_is_the_same() {
    let mut lately = resolved();
    lately.number = OutageNumber(11);
    let found = [announced(open()), announced(lately)];
    let context = crate::slack::action::FormContext {
        seen: vec![OutageNumber(12), OutageNumber(11)],
        draft: Some(crate::slack::action::Draft {
            view: "V1".into(),
            digest: "d1".into(),
        }),
        ..Default::default()
    };
    assert_json_snapshot!(forms::same::view(&found, context, policy().zone));
}

#[test]
fn a_preview() {
    let policy = policy();
    let mut outage = open();
    outage.last_update = None;
    let tell = |question: &str, channel: &str| Effect::TellChannel {
        question: question.into(),
        channel: ChannelId::from(channel),
    };
    let effects = [
        Effect::Announce,
        Effect::Pin,
        Effect::TellRoles {
            person: ANA,
            gained: Role::ALL.to_vec(),
            lost: Vec::new(),
        },
        tell("sales", "C7"),
        tell("b2b_partners", "C7"),
        tell("sales", "C8"),
        Effect::Say {
            line: Line::FromMessage {
                message: MessageRef {
                    channel: "C9".into(),
                    ts: "1772366400.000100".into(),
                },
            },
        },
    ];
    let mut problems = forms::FieldErrors::default();
    problems.add(forms::block::COMPONENT, "Choose what is affected.");
    assert_json_snapshot!(preview::view(&preview::Model {
        facts: &outage.facts,
        effects: &effects,
        people: &people(),
        eta: Some(&outage.eta),
        problems: &problems,
        policy: &policy,
        now: at(5),
        zone: policy.zone,
        command: "/outage",
    }));
}

#[test]
fn what_somebody_may_do() {
    use crate::{
        desk::Standing,
        domain::{
            actor::Right,
            membership::{Membership, Source},
        },
        slack::views::who,
        store::{people::Account, syncs::Sync},
    };
    let standing = Standing {
        account: Account::Member,
        rights: vec![Right::Announce],
        memberships: vec![
            Membership {
                group: "on_call".into(),
                source: Source::Google("on-call@example.com".into()),
                rights: vec![Right::Announce],
                since: at(0),
            },
            Membership {
                group: "on_call".into(),
                source: Source::Settings,
                rights: vec![Right::Announce],
                since: at(0),
            },
        ],
        everybody_announces: false,
        administrators: vec!["U0ANA".into(), "cy@example.com".into()],
        stale: vec![Sync {
            group: "on_call".into(),
            source: Source::SlackGroup("S1".into()),
            tried_at: at(0),
            synced_at: Some(at(0)),
            problem: "Slack answered <missing_scope>".into(),
            would_remove: 0,
            warned_at: None,
        }],
    };
    insta::assert_json_snapshot!(who::who(&standing, None, "ask in #help").to_json());
    let other = who::who(&standing, Some("Ana <!channel>"), "");
    assert!(
        other.text.starts_with("Ana &lt;!channel&gt; may"),
        "{}",
        other.text
    );
    let told = who::removals("on_call", "google:on-call@example.com", 3, 4);
    assert!(
        told.text
            .starts_with("3 of 4 members of on_call (from the Google group")
    );
}
