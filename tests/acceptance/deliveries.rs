//! What happens when Slack does not do what it is asked, or does it and says nothing.

use std::time::Duration;

use serde_json::json;

use crate::{
    databases,
    harness::{Setup, World, minutes, words},
};

async fn announce_under(world: &World, faults: serde_json::Value) {
    world.faults(faults).await;
    world
        .person("ana")
        .announces("Payments", "Cards fail")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_got_lost_does_not_double_the_announcement() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        announce_under(
            &world,
            json!([{ "method": "chat.postMessage", "kind": "drop_after", "times": 1 }]),
        )
        .await;
        assert_eq!(
            world.channel("outages").await.len(),
            1,
            "Slack has it, we do not know"
        );
        world.passes(minutes(1)).await;
        world.announcement().await;
        assert!(world.is_pinned().await);
        assert_eq!(world.person("ana").direct_messages().await.len(), 1);
        world.passes(minutes(5)).await;
        world.announcement().await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_a_direct_message_does_not_double_it() {
    let world = World::start().await;
    let ana = world.person("ana");
    // A word of Ana's opens the conversation, so that a fault can name it.
    let said = json!({ "user": "ana", "channel": "@ana", "text": "hello" });
    world.control("message", said).await;
    let dm = world.state().await["dms"][0]["id"].clone();
    let lost =
        json!([{ "method": "chat.postMessage", "kind": "drop_after", "times": 1, "channel": dm }]);
    announce_under(&world, lost).await;
    world.passes(minutes(1)).await;
    world.passes(minutes(5)).await;
    assert_eq!(ana.direct_messages().await.len(), 1);
    world.announcement().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_never_arrived_is_made_again() {
    let world = World::start().await;
    announce_under(
        &world,
        json!([{ "method": "chat.postMessage", "kind": "drop_before", "times": 1 }]),
    )
    .await;
    assert!(world.channel("outages").await.is_empty());
    world.passes(minutes(1)).await;
    world.announcement().await;
    world.person("ana").direct_messages().await;
    world.passes(minutes(5)).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_is_waited_for_and_counts_for_nothing() {
    let world = World::start().await;
    announce_under(&world, json!([{ "method": "chat.postMessage", "kind": "ratelimited", "times": 1, "retry_after": 40 }])).await;
    assert!(world.channel("outages").await.is_empty());
    assert_eq!(world.calls("chat.postMessage").await.len(), 1);
    world.passes(minutes(1)).await;
    world.announcement().await;
    world.person("ana").direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_is_swept_away() {
    let world = World::start().await;
    announce_under(&world, json!([{ "method": "chat.postMessage", "kind": "late_commit", "milliseconds": 300, "times": 1 }])).await;
    // The clock jumps over the wait before Slack has committed the first one in real time.
    world
        .control("clock", json!({ "advance_seconds": 30 }))
        .await;
    world.outbox.run_once().await.unwrap();
    for _ in 0..200 {
        if world.channel("outages").await.len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(
        world.channel("outages").await.len(),
        2,
        "both are there for a while"
    );
    world.passes(minutes(5)).await;
    world.announcement().await;
    assert!(world.is_pinned().await);
    world.person("ana").direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slack_refuses_for_good_is_kept_and_its_owner_is_told() {
    let world = World::start().await;
    let ana = world.person("ana");
    announce_under(&world, json!([{ "method": "chat.postMessage", "kind": "api_error", "error": "is_archived", "times": 1 }])).await;
    world.settle().await;
    assert!(world.channel("outages").await.is_empty());
    let told: Vec<String> = ana.direct_messages().await.iter().map(words).collect();
    assert!(told.iter().any(|it| it.contains("is_archived")), "{told:?}");
    let mut tx = world.db.read().await.unwrap();
    let dead = balefire::store::deliveries::list(&mut tx, true, 10)
        .await
        .unwrap();
    drop(tx);
    let announce = dead
        .iter()
        .find(|it| it.kind == "announce")
        .expect("it is listed as dead");

    // Somebody mends the channel and tries again: the announcement comes, and only once.
    let mut tx = world.db.begin().await.unwrap();
    let now = world.clock.now();
    assert!(
        balefire::store::deliveries::revive(&mut tx, announce.id, now)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    world.settle().await;
    world.announcement().await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_keeps_its_order_through_failures() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    world
        .faults(json!([
            { "method": "chat.postMessage", "kind": "http_500", "times": 1 },
            { "method": "chat.postMessage", "kind": "drop_after", "times": 1 },
        ]))
        .await;
    for n in 1..=4 {
        ana.clicks("Update").await.form("Update outage 1");
        ana.submits(json!({ "text": format!("line {n}") }))
            .await
            .closed();
    }
    for _ in 0..6 {
        world.passes(minutes(2)).await;
    }
    let thread: Vec<String> = world
        .thread()
        .await
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    // What came late is told together, in the same order.
    let said: Vec<&str> = thread
        .iter()
        .flat_map(|text| text.lines().map(|it| it.trim_start_matches("> ")))
        .filter(|it| it.starts_with("line "))
        .collect();
    assert_eq!(said, ["line 1", "line 2", "line 3", "line 4"]);
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_cannot_be_opened_is_told() {
    let world = World::start().await;
    world
        .faults(json!([{ "method": "views.open", "kind": "http_500", "times": 1 }]))
        .await;
    let ana = world.person("ana");
    ana.runs("/outage").await.no_form();
    world.settle().await;
    let whispers = ana.whispers().await;
    assert!(
        whispers.iter().any(|it| it.contains("form")),
        "{whispers:?}"
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_never_waits_for_slack() {
    let world = World::start().await;
    world.person("ana").runs("/outage list").await;
    world
        .faults(json!([{ "method": "*", "kind": "slow", "milliseconds": 1500, "times": 5 }]))
        .await;
    let seen = world.person("ana").runs("/outage").await;
    assert!(
        seen.milliseconds() < 1000,
        "answered after {} ms",
        seen.milliseconds()
    );
    world.settle().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_scope_for_names_falls_back_to_the_bots_own() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    world.faults(json!([{ "method": "chat.postMessage", "kind": "api_error", "error": "missing_scope", "times": 1 }])).await;
    ana.clicks("Update").await.form("Update outage 1");
    ana.submits(json!({ "text": "We look into it" }))
        .await
        .closed();
    world.settle().await;
    let thread = world.thread().await;
    assert_eq!(thread[0].0, "balefire", "{thread:?}");
    assert!(
        thread[0].1.contains("*Ana Alvarez*") && thread[0].1.contains("We look into it"),
        "{thread:?}"
    );
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

/// A proxy's page is no answer of Slack's, also where nothing is expected but that it went well.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_place_of_an_answer_is_no_answer() {
    let world = World::start().await;
    announce_under(&world, json!([])).await;
    let page = |method: &str| json!({ "method": method, "kind": "html", "times": 1 });
    let methods = ["chat.update", "pins.remove"];
    world.faults(methods.map(page).to_vec().into()).await;
    let ana = world.person("ana");
    ana.runs("/outage resolve 1 It is back").await;
    world.settle().await;
    world.passes(minutes(1)).await;
    // Then it is shown once more.
    world.passes(minutes(3)).await;
    let text = crate::harness::words(&world.announcement().await);
    assert!(text.contains("It is back"), "{text}");
    assert!(!world.is_pinned().await);
    world.thread().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_slack_carries_out_late_does_not_stay() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    world
        .faults(json!([{ "method": "chat.update", "kind": "late_commit", "milliseconds": 300, "times": 1 }]))
        .await;
    ana.runs("/outage update 1 The first news").await;
    world
        .control("clock", json!({ "advance_seconds": 5 }))
        .await;
    world.outbox.run_once().await.unwrap();
    ana.runs("/outage update 1 The second news").await;
    world
        .control("clock", json!({ "advance_seconds": 30 }))
        .await;
    world.outbox.run_once().await.unwrap();
    let shows = async |news: &str| words(&world.announcement().await).contains(news);
    assert!(shows("The second news").await);
    for _ in 0..200 {
        if shows("The first news").await {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(shows("The first news").await, "Slack did it only now");
    world.passes(minutes(5)).await;
    assert!(shows("The second news").await);
    world.thread().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_changes_that_slack_writes_anew_late_shows_the_newest() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        let ana = world.person("ana");
        ana.announces("Payments", "Cards fail").await;
        ana.runs("/outage eta 1 45m").await;
        world.settle().await;
        let goes_on = async || {
            world
                .control("clock", json!({ "advance_seconds": 2 }))
                .await;
            world.outbox.run_once().await.unwrap();
        };
        ana.runs("/outage eta 1 2h").await;
        // First the announcement, then the line in its thread.
        goes_on().await;
        world
            .faults(json!([{ "method": "chat.update", "kind": "late_commit", "milliseconds": 3000, "times": 1 }]))
            .await;
        goes_on().await;
        ana.runs("/outage eta 1 3h").await;
        world.passes(Duration::from_secs(45)).await;
        let line = async || world.thread().await.swap_remove(0).1;
        let newest = line().await;
        for _ in 0..1000 {
            if line().await != newest {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_ne!(line().await, newest, "Slack did it only now");
        world.passes(minutes(5)).await;
        assert_eq!(line().await, newest);
        assert_eq!(world.thread().await.len(), 1);
        world.announcement().await;
        ana.direct_messages().await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_merged_before_anything_is_posted_links_the_other_one() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        let ana = world.person("ana");
        for (component, what) in [("Payments", "Cards fail"), ("Booking", "Nobody can book")] {
            ana.runs("/outage").await.form("Announce an outage");
            ana.submits(json!({ "summary": what, "component": component }))
                .await
                .closed();
        }
        ana.runs("/outage merge 1 into 2").await;
        world.settle().await;
        let all = world.channel("outages").await;
        let merged = all.iter().map(words).find(|it| it.contains("Cards fail"));
        let merged = merged.unwrap();
        assert!(merged.contains("|outage 2>"), "{merged}");
        world.thread().await;
        ana.direct_messages().await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_called_to_the_channel_of_a_false_alarm() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    ana.clicks("Create channel").await;
    ana.runs("/outage withdraw 1 It was a test").await;
    world.settle().await;
    let thread = world.thread().await;
    let (_, last) = thread.last().unwrap();
    assert!(last.contains("It was a test"), "{thread:#?}");
    crate::channel::read_all(&world).await;
    world.end().await;
}
