//! What somebody tries who wants to break it, and what must hold all the same.

use std::{sync::Arc, time::Duration};

use balefire::{
    domain::delivery::{Outcome, Receipt, Task},
    outbox::{Deliver, Outbox},
    store::deliveries::Delivery,
    telemetry::Metrics,
};
use serde_json::json;
use tokio::sync::Notify;

use crate::{
    databases,
    harness::{Setup, World, minutes},
    ingress::signed,
};

/// PostgreSQL keeps no NUL in a text, and Slack takes no text without a letter.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_keyboard_types_is_left_out() {
    let world = World::on(databases::postgres().await, Setup::default()).await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards\u{0} fail\u{7}").await;
    let message = world.announcement().await.to_string();
    assert!(message.contains("Cards fail"), "{message}");
    ana.clicks("Update").await.form("Update outage 1");
    let nothing = ana.submits(json!({ "Update": "\u{1}\u{2}" })).await;
    assert!(!nothing.error_at("text").is_empty());
    ana.submits(json!({ "Update": "more\u{0} is known" }))
        .await
        .closed();
    world.settle().await;
    assert_eq!(world.thread().await[0].1, "more is known");
    let update = json!({
        "type": "block_actions", "user": { "id": "U0N\u{0}UL", "name": "n\u{0}ul" }, "trigger_id": "1.2.3",
        "container": { "type": "message", "message_ts": "1.1\u{0}" },
        "actions": [{ "action_id": "balefire.v1.show", "value": "1", "action_ts": "\u{0}5.5" }],
    });
    assert_eq!(signed(&world, "/slack/interactivity", &update).await.0, 200);
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_an_id_or_a_person_is_malformed() {
    let world = World::start().await;
    for payload in [
        json!({ "type": "view_submission", "user": { "id": "U0ANA" }, "view": { "callback_id": "balefire.v1.form.announce" } }),
        json!({ "type": "view_submission", "view": { "id": "V1", "callback_id": "balefire.v1.form.announce" } }),
        json!({ "type": "block_actions", "actions": [{ "action_id": "balefire.v1.announce" }] }),
    ] {
        let (status, answer) = signed(&world, "/slack/interactivity", &payload).await;
        assert_eq!(status, 400, "{answer}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resolving_does_not_undo_what_somebody_corrected_meanwhile() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    bo.announces("Payments", "Cards fail").await;
    bo.clicks("Edit").await.form("Edit outage 1");
    bo.submits(json!({ "Sales affected": "yes", "reason": "sales called" }))
        .await
        .closed();
    world.settle().await;
    ana.clicks("Resolve").await.form("Resolve outage 1");
    bo.clicks("Edit").await.form("Edit outage 1");
    bo.submits(json!({ "Sales affected": "no", "reason": "a mistake" }))
        .await
        .closed();
    ana.submits(json!({ "B2B partners affected": "no", "Lost bookings": "0%" }))
        .await
        .closed();
    world.settle().await;
    let message = crate::harness::words(&world.announcement().await);
    assert!(message.contains("Sales affected: no"), "{message}");
    world.thread().await;
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_counts_what_it_does_not_show() {
    let world = World::start().await;
    let ana = world.person("ana");
    for n in 0..18 {
        ana.runs("/outage").await.form("Announce an outage");
        let what = json!({ "summary": format!("Problem {n}"), "component": "Payments" });
        let seen = ana.submits(what).await;
        if seen.asks("Is it the same?") {
            ana.submits(json!({ "same": "announce" })).await.closed();
        }
        world.settle().await;
    }
    let list = ana.runs("/outage list").await.whisper();
    assert!(list.contains("18 outages are open."), "{list}");
    assert!(list.contains("and 2 more"), "{list}");
    world.channel("outages").await;
    ana.direct_messages().await;
    world.end().await;
}

/// Answers each call when it is let go: the first with one place, one that looks with another.
struct Held {
    called: tokio::sync::mpsc::UnboundedSender<bool>,
    first: Arc<Notify>,
    second: Arc<Notify>,
}

impl Deliver for Held {
    async fn deliver(&self, delivery: &Delivery, look_first: bool) -> Outcome {
        if !matches!(delivery.payload, Task::Announce { .. }) {
            return Outcome::Moot {
                why: "not in this story".into(),
            };
        }
        self.called.send(look_first).unwrap();
        let (go, ts) = match look_first {
            false => (&self.first, "1.1"),
            true => (&self.second, "2.2"),
        };
        go.notified().await;
        let channel = "C0OUTAGES".into();
        Outcome::Delivered(Receipt::Posted {
            channel,
            ts: ts.into(),
        })
    }

    async fn answers(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The clock jumps over the lease while Slack has not answered yet, as after a suspended machine:
/// the same process takes the delivery again. Only the later claim counts, and it is swept.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_during_a_call_leaves_no_double_behind() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.runs("/outage").await.form("Announce an outage");
    ana.submits(json!({ "What happened?": "Cards fail", "component": "Payments" }))
        .await
        .closed();
    let (called, mut calls) = tokio::sync::mpsc::unbounded_channel();
    let (first, second) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let held = Held {
        called,
        first: first.clone(),
        second: second.clone(),
    };
    let outbox = Arc::new(Outbox::new(
        world.db.clone(),
        world.clock.clone(),
        held,
        Arc::new(Metrics::new()),
        Arc::new(Notify::new()),
        minutes(60),
        1,
        Duration::from_secs(2),
    ));
    let run = || {
        tokio::spawn({
            let outbox = outbox.clone();
            async move { outbox.run_once().await.unwrap() }
        })
    };
    let early = run();
    assert_eq!(calls.recv().await, Some(false));
    world
        .control("clock", json!({ "advance_seconds": 70 }))
        .await;
    let late = run();
    assert_eq!(calls.recv().await, Some(true));
    first.notify_one();
    early.await.unwrap();
    second.notify_one();
    late.await.unwrap();
    let mut tx = world.db.read().await.unwrap();
    let waiting = balefire::store::deliveries::list(&mut tx, false, 10)
        .await
        .unwrap();
    assert!(waiting.iter().any(|it| it.kind == "sweep"), "{waiting:?}");
    drop(tx);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_does_not_exist_is_told_at_its_field() {
    let world = World::start().await;
    let payload = json!({
        "type": "view_submission", "user": { "id": "U0ANA", "name": "ana" },
        "view": {
            "id": "V1", "callback_id": "balefire.v1.form.announce", "private_metadata": "{\"v\":1}",
            "blocks": [{ "type": "input", "block_id": "summary" }, { "type": "input", "block_id": "component" }],
            "state": { "values": {
                "summary": { "summary": { "value": "Cards fail" } },
                "component": { "component": { "selected_option": { "value": "999" } } },
            } },
        },
    });
    let (status, answer) = signed(&world, "/slack/interactivity", &payload).await;
    assert_eq!(status, 200);
    let told = answer["errors"]["component"].as_str().unwrap();
    assert!(told.contains("not offered any more"), "{answer}");
    let query = json!({
        "type": "block_suggestion", "user": { "id": "U0ANA" }, "action_id": "component",
        "value": "%".repeat(100_000),
    });
    let (_, answer) = signed(&world, "/slack/interactivity", &query).await;
    assert_eq!(answer, json!({ "options": [] }));
    world.end().await;
}

/// Whoever was taken out of the settings has no rights although Slack is away at the start.
#[tokio::test(flavor = "multi_thread")]
async fn removed_rights_are_gone_although_slack_is_away() {
    use balefire::{
        app::App,
        clock::Clock,
        config,
        domain::{actor::Right, time::Zone},
        store,
    };
    let world = World::start().await;
    let ana = world.person("ana");
    ana.runs("/outage").await.form("Announce an outage");
    let settings = r#"
        [slack]
        bot_token = "xoxb-a-token-for-tests"
        signing_secret = "a-signing-secret-for-tests"
        announce_channel = "C0OUTAGES"
        api_url = "http://127.0.0.1:9/api"
        [permissions]
        on_call = ["U0BO"]
    "#;
    let sources = config::Sources {
        file: None,
        environment: Vec::new(),
        flags: settings.parse().unwrap(),
    };
    let checks = config::Checks {
        zone_exists: |name| name.parse::<Zone>().is_ok(),
        log_filter: |_| Ok(()),
    };
    let settings = config::load(&sources, &checks).unwrap_or_else(|it| panic!("{it}"));
    let next = App::with_database(settings, world.db.clone(), Clock::system()).unwrap();
    next.connect().await.unwrap_err();
    let workspace = world.slack.workspace().unwrap();
    let mut tx = world.db.read().await.unwrap();
    let person = store::people::by_slack_user(&mut tx, &workspace, &"U0ANA".into()).await;
    let rights = store::rights::of_person(&mut tx, person.unwrap().unwrap().id).await;
    assert!(!rights.unwrap().has(Right::Announce));
    drop(tx);
    ana.closes().await;
    world.close().await;
}

/// A disk that was full once: nothing was written, and as soon as there is room everything goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_recovered_from() {
    use balefire::store::{self, Db};
    let scratch = databases::sqlite().await;
    let Db::Sqlite { writer, .. } = &scratch.db else {
        panic!("this is about SQLite");
    };
    // Less than it has already: it may not grow.
    sqlx::query("PRAGMA max_page_count = 1")
        .execute(writer)
        .await
        .unwrap();
    let now = balefire::clock::Clock::system().now();
    let keep = crate::harness::minutes(1);
    let large = json!("x".repeat(1_000_000));
    let mut tx = scratch.db.begin().await.unwrap();
    let full = store::idempotency::remember(&mut tx, "test", "1", &large, now, keep).await;
    assert!(full.unwrap_err().to_string().contains("full"));
    drop(tx);
    let mut tx = scratch.db.begin().await.unwrap();
    store::idempotency::remember(&mut tx, "test", "1", &large, now, keep)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}
