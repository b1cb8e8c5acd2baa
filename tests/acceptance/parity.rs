//! What people could do with the older tool and nobody else tells a story of, and what went wrong
//! there: `docs/parity.md` names the line or the defect of each.

use balefire::domain::{
    command::Command,
    ids::{ChannelId, OutageNumber},
    outage::{Outage, Phase},
};
use serde_json::{Value, json};

use crate::{
    channel::{announced, changes, only_made, read_all},
    forms::click_on,
    harness::{
        Setup, World, minutes,
        person::{Person, button},
        words,
    },
    shares::{reacts, writes},
};

async fn edits(person: &Person<'_>, mut values: Value) {
    values["reason"] = json!("More is known");
    person.clicks("Edit").await.form("Edit outage 1");
    person.submits(values).await.closed();
}

/// Resolves with the answers that the form insists on, and these.
async fn resolves(world: &World, values: Value) {
    let mut all =
        json!({ "Sales affected": "no", "B2B partners affected": "no", "Lost bookings": "0%" });
    for (field, value) in values.as_object().unwrap() {
        all[field] = value.clone();
    }
    let ana = world.person("ana");
    ana.clicks("Resolve").await.form("Resolve outage 1");
    ana.submits(all).await.closed();
    world.settle().await;
}

async fn reopens(world: &World) {
    let ana = world.person("ana");
    ana.clicks("Reopen").await.form("Reopen outage 1");
    ana.submits(json!({})).await.closed();
    world.settle().await;
}

async fn outage(world: &World) -> Outage {
    let workspace = world.slack.workspace().unwrap();
    let outage = world.slack.desk.outage(&workspace, OutageNumber(1));
    outage.await.unwrap()
}

/// How many lines of the thread say this.
async fn said(world: &World, what: &str) -> usize {
    let thread = world.thread().await;
    thread
        .iter()
        .filter(|(_, text)| text.contains(what))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_is_told_to_each_channel_once_whichever_form_it_comes_from() {
    let world = World::with(Setup {
        told_of_sales: vec!["C0SALES", "C0ALERTS"],
        told_of_partners: vec!["C0PARTNERS"],
        ..Setup::default()
    })
    .await;
    let told = async || {
        let mut counts = Vec::new();
        for channel in ["sales", "alerts", "partners"] {
            counts.push(world.channel(channel).await.len());
        }
        counts
    };
    let ana = world.person("ana");
    ana.runs("/outage").await.form("Announce an outage");
    ana.submits(json!({
        "What happened?": "Cards fail", "component": "Payments", "Sales affected": "no",
    }))
    .await
    .closed();
    world.settle().await;
    assert_eq!(told().await, [0, 0, 0], "no and unknown tell nobody");
    for (answer, expected) in [("yes", [1, 1, 0]), ("no", [1, 1, 0]), ("yes", [1, 1, 0])] {
        edits(&ana, json!({ "Sales affected": answer })).await;
        world.settle().await;
        assert_eq!(told().await, expected, "{answer}");
    }
    resolves(
        &world,
        json!({ "Sales affected": "yes", "B2B partners affected": "yes" }),
    )
    .await;
    assert_eq!(told().await, [1, 1, 1]);
    world.thread().await;
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_follows_an_announcement_until_it_is_there() {
    let world = World::with(Setup {
        told_of_sales: vec!["C0SALES"],
        ..Setup::default()
    })
    .await;
    world
        .faults(json!([{ "method": "chat.postMessage", "kind": "drop_before", "times": 1, "channel": "outages" }]))
        .await;
    let ana = world.person("ana");
    ana.runs("/outage").await.form("Announce an outage");
    ana.submits(json!({
        "What happened?": "Cards fail", "component": "Payments", "Sales affected": "yes",
    }))
    .await
    .closed();
    world.settle().await;
    assert!(world.channel("outages").await.is_empty());
    assert!(ana.direct_messages().await.is_empty());
    assert!(world.channel("sales").await.is_empty());
    assert!(world.calls("pins.add").await.is_empty());
    world.passes(minutes(1)).await;
    world.passes(minutes(5)).await;
    assert!(world.is_pinned().await);
    for told in [ana.direct_messages().await, world.channel("sales").await] {
        assert_eq!(told.len(), 1, "{told:#?}");
        assert!(words(&told[0]).contains("/archives/C0OUTAGES/p"));
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_leaves_the_turnover_and_the_clock_of_the_eta_alone() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    let promised = outage(&world).await.facts.eta;
    world.passes(minutes(10)).await;
    edits(&ana, json!({ "summary": "Only Visa fails" })).await;
    assert_eq!(outage(&world).await.facts.eta, promised);
    resolves(&world, json!({ "turnover": "1000" })).await;
    reopens(&world).await;
    edits(&ana, json!({ "summary": "Only Visa fails again" })).await;
    world.settle().await;
    let turnover = outage(&world).await.facts.turnover.unwrap();
    assert_eq!(turnover.to_string(), "1,000 EUR");
    world.announcement().await;
    world.thread().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_people_names_both_and_tells_only_whom_it_concerns() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    ana.clicks("Reassign").await.form("Reassign outage 1");
    ana.submits(json!({ "solution": "cy" })).await.closed();
    world.settle().await;
    let thread = world.thread().await;
    assert_eq!(thread.len(), 1, "{thread:?}");
    let line = &thread[0].1;
    assert!(
        line.contains("*Solution:* <@U0CY> (was Ana") && line.contains("*Communication:* <@U0ANA>"),
        "{line}"
    );
    assert!(line.ends_with("— <@U0ANA>"), "{line}");
    // Whose role stays as it is hears nothing.
    let (cy, dee) = (world.person("cy"), world.person("dee"));
    assert_eq!(cy.direct_messages().await.len(), 1);
    ana.clicks("Reassign").await.form("Reassign outage 1");
    ana.submits(json!({ "communication": "dee" }))
        .await
        .closed();
    world.settle().await;
    assert_eq!(cy.direct_messages().await.len(), 1);
    assert_eq!(dee.direct_messages().await.len(), 1);
    world.thread().await;
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_on_resolving_is_told_and_the_text_can_be_cleared() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    let values = json!({ "resolution": "It is back", "Sales affected": "yes", "turnover": "1000",
        "Lost bookings": "<10%", "detail.lost_bookings": "mostly Spain", "post_mortem": "yes" });
    resolves(&world, values).await;
    let thread = world.thread().await;
    let told = &thread.last().unwrap().1;
    for expected in [
        "*Sales affected* unknown → yes",
        "*B2B partners affected* unknown → no",
        "*Lost bookings* unknown → &lt;10%",
        "mostly Spain",
        "1,000 EUR",
    ] {
        assert!(told.contains(expected), "{expected} is missing in {told}");
    }
    let text = words(&world.announcement().await);
    assert!(text.contains("will be written"), "{text}");
    ana.clicks("Edit resolution")
        .await
        .form("Edit resolution 1");
    ana.submits(json!({ "resolution": "", "turnover": "" }))
        .await
        .closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(
        text.contains("_No resolution text yet_") && !text.contains("1,000 EUR"),
        "{text}"
    );
    world.thread().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_linked_post_mortem_is_told_and_its_button_goes() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    resolves(&world, json!({})).await;
    ana.clicks("Link post-mortem").await.form("Post-mortem 1");
    ana.submits(json!({ "link": "" })).await.error_at("link");
    ana.submits(json!({ "link": "git.example.com/a/b/-/issues/5" }))
        .await
        .closed();
    world.settle().await;
    let announcement = world.announcement().await;
    assert!(button(&announcement, "Link post-mortem").is_none());
    let linked = said(&world, "<https://git.example.com/a/b/-/issues/5|linked>").await;
    assert_eq!(linked, 1, "{:?}", world.thread().await);
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reopening_is_said_once_whatever_is_edited_after_it() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    resolves(&world, json!({})).await;
    reopens(&world).await;
    for severity in ["critical", "minor"] {
        edits(&ana, json!({ "severity": severity })).await;
        world.settle().await;
        world.passes(minutes(2)).await;
    }
    assert_eq!(said(&world, ": reopened*").await, 1);
    assert_eq!(said(&world, ": resolved*").await, 1);
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_moved_by_a_whole_hour_or_day_are_told() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    resolves(&world, json!({})).await;
    for shift in [3600, 24 * 3600, 60] {
        world.passes(minutes(2)).await;
        let was = outage(&world).await.facts.started_at.epoch() / 60 * 60;
        let start = was - shift;
        ana.clicks("Edit times").await.form("Edit times 1");
        ana.submits(json!({ "started_at": start.to_string() }))
            .await
            .closed();
        world.settle().await;
        let thread = world.thread().await;
        let line = &thread.last().unwrap().1;
        assert!(
            line.contains("*Started* <!date^") && line.contains(&format!("→ <!date^{start}^")),
            "{shift}: {line}"
        );
    }
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_edits_before_anything_was_posted_are_both_told_once() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    bo.announces("Payments", "Cards fail").await;
    // Nothing is delivered between the two.
    edits(&bo, json!({ "severity": "minor" })).await;
    edits(&ana, json!({ "Sales affected": "yes" })).await;
    world.settle().await;
    assert_eq!(said(&world, "*Severity* major → minor").await, 1);
    assert_eq!(said(&world, "*Sales affected* unknown → yes").await, 1);
    assert_eq!(said(&world, "More is known").await, 2, "each reason");
    let text = words(&world.announcement().await);
    assert!(text.contains("minor") && text.contains("Sales affected: yes"));
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_buttons_for_a_channel_stay_until_there_is_one() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    world
        .faults(json!([{ "method": "conversations.create", "kind": "api_error", "error": "restricted_action", "times": 1 }]))
        .await;
    ana.clicks("Create channel").await.whisper();
    world.settle().await;
    assert!(button(&world.announcement().await, "Create channel").is_some());
    let ts = world.announcement().await["ts"].clone();
    // Twice, before anything shows that it was pressed.
    ana.clicks("Create channel").await.whisper();
    let second = ana
        .clicks_action(
            "outages",
            ts.as_str().unwrap(),
            "balefire.v1.create_channel",
        )
        .await;
    assert!(second.whisper().contains("channel"), "{second:?}");
    world.settle().await;
    only_made(&world).await;
    let announcement = world.announcement().await;
    for label in ["Create channel", "Set channel"] {
        assert!(button(&announcement, label).is_none(), "{label}");
    }
    assert_eq!(said(&world, "Work on it happens in").await, 1);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_chosen_in_its_form_and_linked() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    ana.clicks("Set channel").await.form("Channel of outage 1");
    ana.submits(json!({ "channel": "sales" })).await.closed();
    world.settle().await;
    assert_eq!(said(&world, "<#C0SALES>").await, 1);
    let announcement = world.announcement().await;
    assert!(words(&announcement).contains("<#C0SALES>"));
    assert!(button(&announcement, "Set channel").is_none());
    assert_eq!(world.channel("sales").await.len(), 1, "a welcome");
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_channel_of_two_outages_the_one_that_is_over_is_not_meant() {
    let world = announced(Setup::default()).await;
    let ana = world.person("ana");
    ana.announces("Booking", "Nobody can book").await;
    let set = Command::SetChannel {
        channel: ChannelId::from("C0SALES"),
    };
    let withdraw = Command::Withdraw {
        why: "A false alarm".into(),
        duplicate_of: None,
    };
    changes(&world, 2, &set).await;
    changes(&world, 2, &withdraw).await;
    changes(&world, 1, &set).await;
    let ts = writes(&world, "ana", "C0SALES", "it is the provider").await;
    reacts(&world, "ana", "C0SALES", &ts, "point_up", false).await;
    let workspace = world.slack.workspace().unwrap();
    let desk = &world.slack.desk;
    let (channel, message) = ("C0SALES".into(), ts.as_str().into());
    let share = desk
        .share_of(&workspace, &channel, &message)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(share.outage_id, outage(&world).await.id);
    assert_eq!(said(&world, "> it is the provider").await, 1);
    // A channel in which an open outage is worked on is not given to another one.
    ana.announces("Partner API", "Partners see nothing").await;
    click_on(&world, &ana, "Partners see nothing", "set_channel")
        .await
        .form("Channel of outage 3");
    let seen = ana.submits(json!({ "channel": "sales" })).await;
    assert!(seen.error_at("channel").contains("utage 1"), "{seen:?}");
    ana.closes().await;
    world.channel("sales").await;
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_elsewhere_are_acknowledged_and_forgotten() {
    let world = World::start().await;
    let items = [
        json!({ "type": "message", "channel": "C0GENERAL", "ts": "1.000001" }),
        json!({ "type": "message", "channel": "C0NEVERSEEN", "ts": "1.000001" }),
        json!({ "type": "file", "file": "F1" }),
        json!({ "type": "file_comment", "file": "F1", "file_comment": "Fc1" }),
        Value::Null,
    ];
    for (n, item) in items.into_iter().enumerate() {
        let event = json!({ "type": "reaction_added", "user": "U0ANA", "reaction": "point_up", "item": item });
        let body =
            json!({ "type": "event_callback", "event_id": format!("Ev{n}"), "event": event });
        let (status, _) =
            crate::ingress::signed_body(&world, "/slack/events", &body.to_string()).await;
        assert_eq!(status, 200, "{body}");
    }
    let waiting = balefire::jobs::inbox::run_once(&world.slack).await.unwrap();
    assert_eq!(waiting, 0);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_slack_says_nothing_about_can_work_all_the_same() {
    let world = World::start().await;
    world
        .faults(json!([{ "method": "users.info", "kind": "http_500", "times": 100 }]))
        .await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    edits(&ana, json!({ "severity": "minor" })).await;
    world.settle().await;
    assert_eq!(said(&world, "More is known").await, 1);
    // The right of Bo hangs on an address that nobody can tell.
    let whisper = world.person("bo").runs("/outage").await.no_form().whisper();
    assert!(whisper.contains("the desk in #general"), "{whisper}");
    resolves(&world, json!({})).await;
    assert!(matches!(
        outage(&world).await.facts.phase,
        Phase::Resolved(_)
    ));
    world.announcement().await;
    world.thread().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_of_the_older_tool_that_nobody_guarded_are_not_there() {
    let world = World::start().await;
    world
        .person("ana")
        .announces("Payments", "Cards fail")
        .await;
    // Pingdom's is guarded here, by a secret that nobody has set.
    for (path, looked_at) in [
        ("/slack/create_channel/1", 404),
        ("/integration/pingdom", 405),
    ] {
        assert_eq!(world.get(path).await.0, looked_at, "{path}");
        assert_eq!(world.post(path, "{}", None).await.0, 404, "{path}");
    }
    world.settle().await;
    assert!(world.calls("conversations.create").await.is_empty());
    world.announcement().await;
    world.person("ana").direct_messages().await;
    world.end().await;
}
