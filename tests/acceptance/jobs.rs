//! What passing time does, with several nodes: each job on one of them, and never under a lease
//! that has passed on.

use std::time::Duration;

use balefire::{
    config::GroupSource,
    domain::membership::{ON_CALL, Source},
    jobs::{
        Job,
        groups::{self, Lists},
        schedule::{Turn, lease_name},
    },
    store,
};

use crate::{
    databases,
    harness::{
        Setup, World,
        google::{Fault, GoogleFake},
        minutes,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn of_two_nodes_one_does_what_is_due() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        let (one, other) = (world.node().await.jobs(), world.node().await.jobs());
        let (first, second) = tokio::join!(
            one.turn(Job::Channels, false),
            other.turn(Job::Channels, false)
        );
        let turns = [first.unwrap(), second.unwrap()];
        let ran = turns.iter().filter(|it| matches!(it, Turn::Ran(_)));
        assert_eq!(ran.count(), 1, "{turns:?}");
        let early = other.turn(Job::Channels, false).await.unwrap();
        assert!(matches!(early, Turn::Early { .. }), "{early:?}");
        world.passes(Job::Channels.every()).await;
        let due = other.turn(Job::Channels, false).await.unwrap();
        assert_eq!(due, Turn::Ran("0 channels warned or archived".into()));
        world.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_slept_writes_nothing_under_its_old_lease() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        let ana = world.person("ana");
        ana.announces("Payments", "Cards fail").await;
        ana.runs("/outage eta 1 30m").await.whisper();
        world.settle().await;

        let mut tx = world.db.begin().await.unwrap();
        let now = world.clock.now();
        let slept = store::leases::take(&mut tx, "job:etas", "slept", now).await;
        let slept = slept.unwrap().unwrap();
        tx.commit().await.unwrap();
        // Nothing of ours runs jobs here, so the words about the ETA are stale by then.
        world.moves(minutes(25)).await;
        let jobs = world.node().await.jobs();
        let stale = jobs.turn(Job::Etas, true).await.unwrap();
        assert_eq!(stale, Turn::Ran("1 announcement rendered anew".into()));
        world.settle().await;
        world.moves(minutes(10)).await;
        let late = jobs.run_once(Job::Etas, Some(&slept)).await;
        let late = late.unwrap_err().to_string();
        assert_eq!(late, "another node has taken over");
        let late = jobs.run_once(Job::Forget, Some(&slept)).await;
        assert!(late.is_err());

        world.settle().await;
        world.announcement().await;
        world.thread().await;
        ana.direct_messages().await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_node_is_at_it_another_says_so() {
    let world = World::start().await;
    let jobs = world.node().await.jobs();
    let now = world.clock.now();
    let mut tx = world.db.begin().await.unwrap();
    let held = store::leases::take(&mut tx, "job:forget", "process 7", now).await;
    assert!(held.unwrap().is_some());
    tx.commit().await.unwrap();
    match jobs.turn(Job::Forget, true).await.unwrap() {
        Turn::Taken { by, until } => {
            assert_eq!(by, "process 7");
            assert_eq!(until, now.plus(store::leases::LASTS));
        }
        other => panic!("{other:?}"),
    }
    // Its node went away: somebody else does it when the lease has run out.
    world.moves(Duration::from_secs(61)).await;
    let ran = jobs.turn(Job::Forget, false).await.unwrap();
    assert!(matches!(ran, Turn::Ran(_)), "{ran:?}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_set_back_does_not_keep_a_job_from_running() {
    let world = World::start().await;
    let jobs = world.node().await.jobs();
    world.moves(minutes(24 * 60)).await;
    jobs.turn(Job::Etas, false).await.unwrap();
    let back = serde_json::json!({ "advance_seconds": -24 * 3600 });
    world.control("clock", back).await;
    let turn = jobs.turn(Job::Etas, false).await.unwrap();
    assert!(matches!(turn, Turn::Ran(_)), "{turn:?}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_takes_long_to_read_is_not_begun_anew_elsewhere() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let google = GoogleFake::start().await;
        google.group("all@example.com", &["dee@example.com"]);
        google.fails("all@example.com", Fault::Silent);
        let world = World::on(scratch, Setup::default()).await;
        let lists = Lists {
            slack: world.slack.clone(),
            google: google.settings(),
            sources: vec![GroupSource {
                group: ON_CALL.into(),
                source: Source::Google("all@example.com".into()),
            }],
        };
        let name = lease_name(Job::Groups);
        let mut tx = world.db.begin().await.unwrap();
        let now = world.clock.now();
        let lease = store::leases::take(&mut tx, &name, "reads", now).await;
        let lease = lease.unwrap().unwrap();
        tx.commit().await.unwrap();
        let reading = tokio::spawn(async move { groups::sync(&lists, Some(&lease)).await });
        while google.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Minutes pass before Google says anything: longer than a lease lasts. A machine that is busy
        // gets the time to begin it anew.
        let (mut passed, mut waited) = (0, 0);
        while passed < 200 && waited < 10_000 {
            let now = world.clock.now();
            let mut tx = world.db.read().await.unwrap();
            let held = store::leases::holder(&mut tx, &name, now).await.unwrap();
            drop(tx);
            let (_, until) = held.expect("it is kept meanwhile");
            if until.since(now) > Duration::from_secs(30) {
                world.moves(Duration::from_secs(1)).await;
                passed += 1;
            } else {
                tokio::time::sleep(Duration::from_millis(5)).await;
                waited += 1;
            }
        }
        assert_eq!(passed, 200, "it is kept meanwhile");
        let mut tx = world.db.begin().await.unwrap();
        let other = store::leases::take(&mut tx, &name, "other", world.clock.now()).await;
        assert_eq!(other.unwrap(), None);
        drop(tx);
        reading.abort();
        world.end().await;
    }
}
