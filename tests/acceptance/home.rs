//! The Home tab: opened, kept up to date, and used.

use std::time::Duration;

use balefire::{
    desk::How,
    domain::{
        actor::{Identity, Right},
        command::{Command, Update},
        eta::Eta,
        membership::{Group, ON_CALL, Source},
        outage::Stage,
    },
    jobs::{self, housekeeping},
    store,
};
use serde_json::{Value, json};

use crate::{
    channel::{changes, update, writes},
    databases,
    harness::{
        Setup, World, minutes,
        person::{Seen, button},
        words,
    },
};

fn id(user: &str) -> String {
    format!("U0{}", user.to_uppercase())
}

/// Ana announces the outage that most stories here are about.
async fn announced(world: &World) {
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
}

/// Somebody opens the Home tab, and the event has been worked on.
async fn opens(world: &World, user: &str) -> Value {
    let body = json!({ "user": user, "wait_ms": 0 });
    world.control("home", body).await;
    hears(world).await;
    world.settle().await;
    home(world, user).await
}

/// Waits for an event, and works on it.
async fn hears(world: &World) {
    for _ in 0..2000 {
        if jobs::inbox::run_once(&world.slack).await.unwrap() > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("no event comes");
}

/// What somebody's Home tab shows.
async fn home(world: &World, user: &str) -> Value {
    world.state().await["homes"][id(user)].clone()
}

/// Presses the button with these words below an outage.
async fn presses(world: &World, user: &str, number: i64, label: &str) -> Seen {
    let view = home(world, user).await;
    let block = format!("outage.{number}.actions");
    let blocks = view["blocks"].as_array().unwrap();
    let row = blocks.iter().find(|it| it["block_id"] == *block);
    let action = row.and_then(|it| button(it, label));
    let action = action.unwrap_or_else(|| panic!("there is no {label} in {view:#}"));
    let body = json!({
        "user": user, "view_id": view["id"], "block_id": block, "action_id": action["action_id"],
    });
    Seen::of(world.control("click", body).await)
}

fn false_alarm() -> Command {
    Command::Withdraw {
        why: "False alarm".into(),
        duplicate_of: None,
    }
}

/// How often somebody's tab was published.
async fn published(world: &World, user: &str) -> usize {
    let calls = world.calls("views.publish").await;
    let theirs = |it: &&Value| it["arguments"]["user_id"] == id(user);
    calls.iter().filter(theirs).count()
}

async fn visitors(world: &World) -> usize {
    let workspace = world.slack.workspace().unwrap();
    let mut tx = world.db.read().await.unwrap();
    let visitors = store::homes::visitors(&mut tx, &workspace, world.clock.now()).await;
    visitors.unwrap().len()
}

/// The end of a story in which nobody cares what else the bot said.
async fn ends(world: World) {
    world.reads_all().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_opens_it_sees_how_things_stand() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        let view = opens(&world, "bo").await;
        assert!(words(&view).contains("No outage is open"), "{view:#}");
        assert!(button(&view, "Announce").is_some(), "{view:#}");
        world.person("bo").announces("Payments", "Cards fail").await;
        let view = opens(&world, "bo").await;
        let text = words(&view);
        assert!(text.contains("Your open outage"), "{text}");
        assert!(text.contains("|Outage 1 · Payments>"), "{text}");
        assert!(text.contains("Cards fail"), "{text}");
        assert!(text.contains("Solution: Bo Berg"), "{text}");
        ends(world).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_somebody_elses_shows_without_opening_it_again() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        opens(&world, "bo").await;
        opens(&world, "cy").await;
        announced(&world).await;
        for user in ["bo", "cy"] {
            let text = words(&home(&world, user).await);
            assert!(text.contains("One outage is open"), "{text}");
            assert!(text.contains("|Outage 1 · Payments>"), "the link: {text}");
        }
        assert_eq!(home(&world, "ana").await, Value::Null, "she never looked");
        let news = Update {
            text: "It is the switch".into(),
            stage: Some(Stage::Monitoring),
            eta: None,
        };
        changes(&world, 1, &Command::Update(news)).await;
        let text = words(&home(&world, "cy").await);
        assert!(text.contains("monitoring, severity"), "{text}");
        let resolved = world.person("ana").runs("/outage resolve 1 Switched").await;
        resolved.whisper();
        world.settle().await;
        let text = words(&home(&world, "cy").await);
        assert!(text.contains("No outage is open"), "{text}");
        assert!(text.contains("resolved"), "{text}");
        ends(world).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_once_are_published_together() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    ana.announces("Booking", "No bookings").await;
    opens(&world, "bo").await;
    let before = published(&world, "bo").await;
    for number in 0..10 {
        let eta = Eta {
            label: format!("{number}h"),
            due: None,
            set_at: world.clock.now(),
        };
        let reason = String::new();
        writes(&world, number % 2 + 1, &Command::Eta { eta, reason }).await;
    }
    world.settle().await;
    assert_eq!(published(&world, "bo").await, before + 1);
    let text = words(&home(&world, "bo").await);
    assert!(text.contains("8h") && text.contains("9h"), "{text}");
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn buttons_are_there_for_whoever_may_press_them() {
    let world = World::start().await;
    world.person("bo").announces("Payments", "Cards fail").await;
    for user in ["ana", "bo"] {
        let view = opens(&world, user).await;
        assert!(button(&view, "Resolve").is_some(), "{user}: {view:#}");
        assert!(button(&view, "Announce").is_some(), "{user}: {view:#}");
    }
    let view = opens(&world, "cy").await;
    let text = words(&view);
    assert!(text.contains("Cards fail"), "{text}");
    assert!(text.contains("You may not announce outages"), "{text}");
    assert!(text.contains("the desk in #general"), "{text}");
    assert!(!view.to_string().contains("\"button\""), "{view:#}");
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_open_from_it_and_change_what_it_shows() {
    let world = World::start().await;
    let bo = world.person("bo");
    bo.announces("Payments", "Cards fail").await;
    opens(&world, "bo").await;
    presses(&world, "bo", 1, "Update")
        .await
        .form("Update outage 1");
    bo.submits(json!({ "text": "It is the switch", "stage": "identified" }))
        .await
        .closed();
    world.settle().await;
    let text = words(&home(&world, "bo").await);
    assert!(text.contains("identified"), "{text}");

    presses(&world, "bo", 1, "Resolve")
        .await
        .form("Resolve outage 1");
    let known =
        json!({ "Sales affected": "no", "B2B partners affected": "no", "Lost bookings": "0%" });
    bo.submits(known).await.closed();
    world.settle().await;
    let view = home(&world, "bo").await;
    assert!(words(&view).contains("No outage is open"), "{view:#}");

    let announce =
        json!({ "user": "bo", "view_id": view["id"], "action_id": "balefire.v1.announce" });
    let seen = Seen::of(world.control("click", announce).await);
    seen.form("Announce an outage");
    bo.closes().await;
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_form_comes_as_a_direct_message() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    ana.announces("Payments", "Cards fail").await;
    ana.clicks("Reassign").await.form("Reassign outage 1");
    ana.submits(json!({ "solution": "", "communication": "" }))
        .await
        .closed();
    world.settle().await;
    opens(&world, "bo").await;
    let heard = bo.direct_messages().await.len();
    presses(&world, "bo", 1, "I am on it").await.no_form();
    world.settle().await;
    let told = bo.direct_messages().await;
    assert_eq!(told.len(), heard + 1, "{told:#?}");
    let said = words(&told[heard]);
    assert!(said.contains("You are responsible for"), "{said}");
    let text = words(&home(&world, "bo").await);
    assert!(text.contains("Your open outage"), "{text}");
    assert!(text.contains("Solution: Bo Berg"), "{text}");

    // What the tab showed was older than the outage.
    let stale = home(&world, "bo").await;
    world.faults(json!([{ "method": "views.publish", "kind": "ratelimited", "retry_after": 30, "times": 1 }]))
        .await;
    ana.runs("/outage resolve 1 Switched").await.whisper();
    world.settle().await;
    assert_eq!(home(&world, "bo").await, stale);
    let heard = bo.direct_messages().await.len();
    presses(&world, "bo", 1, "Update").await.no_form();
    world.settle().await;
    let told = bo.direct_messages().await;
    assert_eq!(told.len(), heard + 1, "{told:#?}");
    assert!(words(&told[heard]).contains("Outage 1 is resolved now"));
    world.passes(minutes(1)).await;
    let text = words(&home(&world, "bo").await);
    assert!(text.contains("No outage is open"), "{text}");
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_that_change_show_without_opening_it_again() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        for user in ["bo", "cy", "dee"] {
            opens(&world, user).await;
        }
        let (desk, workspace) = (&world.slack.desk, world.slack.workspace().unwrap());
        let by = Identity::CommandLine {
            name: "test".into(),
        };
        let may = async |user: &str| {
            world.settle().await;
            button(&home(&world, user).await, "Announce").is_some()
        };
        assert!(may("bo").await && !may("cy").await && !may("dee").await);
        let bystander = published(&world, "bo").await;

        // By hand, at a terminal.
        let done = desk.grant(&workspace, ON_CALL, "U0CY", &by).await;
        assert!(done.unwrap() && may("cy").await && !may("dee").await);
        let done = desk.revoke(&workspace, ON_CALL, "U0CY", &by).await;
        assert!(done.unwrap() && !may("cy").await);
        // By a list that names people by their addresses.
        let source = Source::Google("on-call@example.com".into());
        let list = |members: &[&str]| members.iter().map(|it| (*it).to_owned()).collect();
        let dee = list(&["dee@example.com"]);
        let how = How::default();
        let synced = desk.sync_members(&workspace, ON_CALL, &source, &dee, &by, how);
        synced.await.unwrap();
        assert!(may("dee").await && !may("cy").await);
        let before = published(&world, "dee").await;
        let synced = desk.sync_members(&workspace, ON_CALL, &source, &dee, &by, how);
        synced.await.unwrap();
        world.settle().await;
        assert_eq!(published(&world, "dee").await, before, "it is as before");
        assert_eq!(
            published(&world, "bo").await,
            bystander,
            "his are as before"
        );

        // By the settings, which name others, and then let the group permit something else.
        let group = |right| Group {
            name: ON_CALL.into(),
            rights: vec![right],
            members: list(&["U0CY"]),
        };
        let google = [(ON_CALL.to_owned(), source)];
        for (right, expected) in [(Right::Announce, true), (Right::Publish, false)] {
            let groups = [group(right)];
            let provisioned = desk.provision_groups(&workspace, &groups, &google);
            provisioned.await.unwrap();
            assert_eq!(may("cy").await, expected, "{right:?}");
            assert_eq!(may("dee").await, expected, "{right:?}");
            assert!(!may("bo").await);
        }
        ends(world).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_none_is_forgotten_without_a_word() {
    for fault in [
        json!({ "error": "not_enabled" }),
        json!({ "error": "user_not_found" }),
    ] {
        let world = World::start().await;
        opens(&world, "bo").await;
        assert_eq!(visitors(&world).await, 1);
        let mut rule = json!({ "method": "views.publish", "kind": "api_error", "times": 1 });
        rule["error"] = fault["error"].clone();
        world.faults(json!([rule])).await;
        let ana = world.person("ana");
        ana.announces("Payments", "Cards fail").await;
        assert_eq!(visitors(&world).await, 0);
        let before = published(&world, "bo").await;
        ana.runs("/outage update 1 It is the switch")
            .await
            .whisper();
        world.settle().await;
        assert_eq!(published(&world, "bo").await, before);
        // Until they look again.
        let text = words(&opens(&world, "bo").await);
        assert!(text.contains("Cards fail"), "{text}");
        ends(world).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_slack_was_away_the_newest_state_is_published_once() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        announced(&world).await;
        opens(&world, "bo").await;
        let nothing = json!([{ "method": "*", "kind": "http_500", "times": 1_000_000 }]);
        world.faults(nothing).await;
        for said in ["One", "Two", "Three"] {
            changes(&world, 1, &update(said)).await;
            world.passes(minutes(2)).await;
        }
        changes(&world, 1, &false_alarm()).await;
        for _ in 0..20 {
            world.passes(Duration::from_secs(30)).await;
        }
        world.faults(json!([])).await;
        let before = published(&world, "bo").await;
        for _ in 0..4 {
            world.passes(Duration::from_secs(15)).await;
        }
        assert_eq!(published(&world, "bo").await, before + 1);
        let text = words(&home(&world, "bo").await);
        assert!(text.contains("No outage is open"), "{text}");
        assert!(!text.contains("to be shown in Slack"), "{text}");
        // Once more, should Slack have carried out an older attempt in the end.
        world.passes(minutes(5)).await;
        let all = published(&world, "bo").await;
        assert!(all <= before + 2, "{all} after {before}");
        ends(world).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_between_the_change_and_the_call_loses_nothing() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        announced(&world).await;
        opens(&world, "bo").await;
        writes(&world, 1, &false_alarm()).await;
        // It claims everything, and ends before it has called anybody.
        let dies = world.node().await.jobs().outbox;
        let claimed = dies.claim(50).await.unwrap();
        assert!(claimed.iter().any(|it| it.payload.kind() == "home"));
        let next = world.node().await.jobs().outbox;
        world.moves(minutes(2)).await;
        for _ in 0..5 {
            next.run_once().await.unwrap();
            world.moves(minutes(1)).await;
        }
        world.settle().await;
        let text = words(&home(&world, "bo").await);
        assert!(text.contains("No outage is open"), "{text}");
        ends(world).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_it_is_left_alone_until_somebody_looks_or_presses() {
    let world = World::start().await;
    let bo = world.person("bo");
    bo.announces("Payments", "Cards fail").await;
    opens(&world, "bo").await;
    let day = minutes(24 * 60 + 1);
    world.moves(day).await;
    let told = housekeeping::forget(&world.db, &world.clock, None)
        .await
        .unwrap();
    assert!(told.contains("1 visits of Home tabs"), "{told}");
    let before = published(&world, "bo").await;
    bo.runs("/outage update 1 It is the switch").await.whisper();
    world.settle().await;
    assert_eq!(published(&world, "bo").await, before);
    presses(&world, "bo", 1, "Update")
        .await
        .form("Update outage 1");
    bo.closes().await;
    world.settle().await;
    assert_eq!(published(&world, "bo").await, before + 1);
    assert_eq!(visitors(&world).await, 1);
    ends(world).await;
}
