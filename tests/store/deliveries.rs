//! The outbox's rows: lanes, turns, leases, unknown answers.

use balefire::{
    domain::{
        actor::Identity,
        delivery::{Receipt, Task},
        effect::Line,
        ids::DeliveryId,
        late::Together,
    },
    store::{
        self, Tx,
        deliveries::{Finished, NewDelivery, Settle},
    },
};

use crate::{on_both, samples::*};

async fn claim(tx: &mut Tx, worker: &str, at: u64) -> Vec<i64> {
    let claimed = store::deliveries::claim(tx, worker, later(at), later(at + 60), 10)
        .await
        .unwrap();
    claimed.into_iter().map(|it| it.id.0).collect()
}

/// Whether `worker` still held it, so that it is done now.
async fn done(tx: &mut Tx, id: DeliveryId, worker: &str, at: u64) -> bool {
    let finished = Finished {
        id,
        worker,
        receipt: &Receipt::Done,
        note: None,
    };
    let finished = [finished];
    let ours = store::deliveries::finish(tx, &finished, later(at));
    ours.await.unwrap().contains(&id)
}

on_both! {
    async fn a_key_is_queued_once(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        assert!(store::deliveries::enqueue(&mut tx, &delivery("a", "k"), noon()).await.unwrap().is_some());
        assert!(store::deliveries::enqueue(&mut tx, &delivery("a", "k"), noon()).await.unwrap().is_none());
    }

    async fn a_rollback_leaves_nothing_to_deliver(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        assert!(store::deliveries::enqueue(&mut tx, &delivery("a", "k"), noon()).await.unwrap().is_some());
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        assert!(claim(&mut tx, "w", 1).await.is_empty());
    }

    async fn a_lane_keeps_its_order(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let first = store::deliveries::enqueue(&mut tx, &delivery("a", "1"), noon()).await.unwrap().unwrap();
        let second = store::deliveries::enqueue(&mut tx, &delivery("a", "2"), noon()).await.unwrap().unwrap();
        let other = store::deliveries::enqueue(&mut tx, &delivery("b", "3"), noon()).await.unwrap().unwrap();
        assert_eq!(claim(&mut tx, "w", 0).await, [first.0, other.0]);
        assert!(claim(&mut tx, "v", 1).await.is_empty());
        assert!(done(&mut tx, first, "w", 2).await);
        assert_eq!(claim(&mut tx, "v", 3).await, [second.0]);
    }

    async fn what_ended_together_is_put_away_together(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let mut ids = Vec::new();
        for key in ["1", "2", "3"] {
            ids.extend(store::deliveries::enqueue(&mut tx, &delivery(key, key), noon()).await.unwrap());
        }
        assert_eq!(claim(&mut tx, "w", 0).await.len(), 3);
        let posted = Receipt::Posted { channel: "C1".into(), ts: "1.000001".into() };
        let finished = [
            Finished { id: ids[2], worker: "w", receipt: &posted, note: None },
            Finished { id: ids[0], worker: "another", receipt: &posted, note: None },
            Finished { id: ids[1], worker: "w", receipt: &Receipt::Done, note: Some("it's \"over\"") },
        ];
        let ours = store::deliveries::finish(&mut tx, &finished, later(1)).await.unwrap();
        assert!(ours.into_iter().eq([ids[1], ids[2]]));
        assert_eq!(store::deliveries::receipt(&mut tx, ids[0]).await.unwrap(), None);
        assert_eq!(store::deliveries::receipt(&mut tx, ids[1]).await.unwrap(), Some(Receipt::Done));
        assert_eq!(store::deliveries::receipt(&mut tx, ids[2]).await.unwrap(), Some(posted));
        // Done once is done.
        assert!(!done(&mut tx, ids[2], "w", 2).await);
    }

    async fn a_dead_delivery_does_not_block_its_lane(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let first = store::deliveries::enqueue(&mut tx, &delivery("a", "1"), noon()).await.unwrap().unwrap();
        let second = store::deliveries::enqueue(&mut tx, &delivery("a", "2"), noon()).await.unwrap().unwrap();
        claim(&mut tx, "w", 0).await;
        store::deliveries::settle(&mut tx, first, "w", &Settle::Dead { why: "no" }, later(1)).await.unwrap();
        assert_eq!(claim(&mut tx, "w", 2).await, [second.0]);
        let listed = store::deliveries::list(&mut tx, true, 10).await.unwrap();
        assert_eq!((listed.len(), listed[0].id, listed[0].last_error.as_deref()), (1, first, Some("no")));
        assert!(store::deliveries::revive(&mut tx, first, later(3)).await.unwrap());
        assert!(!store::deliveries::revive(&mut tx, second, later(3)).await.unwrap());
        assert_eq!(claim(&mut tx, "w", 4).await, [first.0]);
    }

    async fn one_waits_for_another(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let first = store::deliveries::enqueue(&mut tx, &delivery("a", "1"), noon()).await.unwrap().unwrap();
        let waits = NewDelivery { after: Some(first), ..delivery("b", "2") };
        let waits = store::deliveries::enqueue(&mut tx, &waits, noon()).await.unwrap().unwrap();
        assert_eq!(claim(&mut tx, "w", 0).await, [first.0]);
        assert!(claim(&mut tx, "w", 1).await.is_empty());
        assert!(done(&mut tx, first, "w", 2).await);
        assert_eq!(claim(&mut tx, "w", 3).await, [waits.0]);
    }

    async fn the_time_until_it_is_given_up_begins_with_the_first_try(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let id = store::deliveries::enqueue(&mut tx, &delivery("a", "1"), noon()).await.unwrap().unwrap();
        // It waited for others for more than a day.
        assert_eq!(claim(&mut tx, "w", 100_000).await, [id.0]);
        let again = Settle::Again { due_at: later(100_100), why: "Slack asks for a pause", uncertain: false, free: true };
        assert!(store::deliveries::settle(&mut tx, id, "w", &again, later(100_001)).await.unwrap());
        assert_eq!(claim(&mut tx, "w", 100_200).await, [id.0]);
        let tried = store::deliveries::by_id(&mut tx, id).await.unwrap().unwrap();
        assert_eq!(tried.trying_since, later(100_000));
    }

    async fn a_conversation_takes_turns(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let paced = |lane: &str| NewDelivery { conversation: "C1".into(), ..delivery(lane, lane) };
        let first = store::deliveries::enqueue(&mut tx, &paced("a"), noon()).await.unwrap().unwrap();
        let take = async |tx: &mut Tx, names: &[&str]| {
            let mut taken = store::deliveries::take_turns(tx, &workspace(), names, noon(), later(1)).await.unwrap();
            taken.sort();
            taken
        };
        assert_eq!(take(&mut tx, &["C1", "C2"]).await, ["C1", "C2"]);
        assert_eq!(take(&mut tx, &["C3", "C1"]).await, ["C3"]);
        assert!(claim(&mut tx, "w", 0).await.is_empty());
        assert_eq!(store::deliveries::next_due(&mut tx, noon()).await.unwrap(), Some(later(1)));
        assert_eq!(claim(&mut tx, "w", 1).await, [first.0]);
        store::deliveries::pause(&mut tx, &workspace(), "kind:pin", later(30)).await.unwrap();
        store::deliveries::enqueue(&mut tx, &delivery("b", "b"), noon()).await.unwrap().unwrap();
        assert!(claim(&mut tx, "w", 29).await.is_empty());
        assert_eq!(claim(&mut tx, "w", 30).await.len(), 1);
    }

    async fn a_whole_workspace_rests_and_goes_on_at_once(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let failed = store::deliveries::enqueue(&mut tx, &delivery("a", "a"), noon()).await.unwrap().unwrap();
        let unknown = store::deliveries::enqueue(&mut tx, &delivery("b", "b"), noon()).await.unwrap().unwrap();
        let fresh = store::deliveries::enqueue(&mut tx, &delivery("c", "c"), later(100)).await.unwrap().unwrap();
        claim(&mut tx, "w", 0).await;
        for (id, uncertain) in [(failed, false), (unknown, true)] {
            store::deliveries::mark_sent(&mut tx, &[id], "w", noon()).await.unwrap();
            let again = Settle::Again { due_at: later(300), why: "x", uncertain, free: false };
            store::deliveries::settle(&mut tx, id, "w", &again, noon()).await.unwrap();
        }
        assert!(store::reach::lost(&mut tx, &workspace(), "nobody there", later(1)).await.unwrap());
        assert!(!store::reach::lost(&mut tx, &workspace(), "still nobody", later(90)).await.unwrap());
        store::deliveries::pause(&mut tx, &workspace(), "*", later(120)).await.unwrap();
        assert!(claim(&mut tx, "w", 110).await.is_empty());
        let listed = store::deliveries::list(&mut tx, false, 9).await.unwrap();
        assert!(listed.iter().all(|it| it.paused_until == Some(later(120))));
        let unreached = store::reach::all(&mut tx).await.unwrap();
        assert_eq!((unreached[0].since, unreached[0].why.as_str()), (later(1), "still nobody"));
        let found = store::reach::found(&mut tx, &workspace()).await.unwrap();
        assert_eq!(found.map(|it| (it.since, it.told)), Some((later(1), true)));
        assert_eq!(store::reach::found(&mut tx, &workspace()).await.unwrap(), None);
        assert_eq!(store::deliveries::go_on(&mut tx, &workspace(), later(110)).await.unwrap(), 3);
        assert_eq!(claim(&mut tx, "w", 110).await, [failed.0, fresh.0]);
        let waiting = store::deliveries::by_id(&mut tx, unknown).await.unwrap().unwrap();
        assert_eq!(waiting.trying_since, later(110));
    }

    async fn a_workspace_that_comes_and_goes_is_said_so_now_and_then(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let mut said = Vec::new();
        // Away for ten seconds out of twenty, for ten minutes, and then for good.
        for second in (0..600).step_by(20) {
            if store::reach::lost(&mut tx, &workspace(), "nobody there", later(second)).await.unwrap() {
                said.push(second);
            }
            let found = store::reach::found(&mut tx, &workspace()).await.unwrap().unwrap();
            assert_eq!(found.told, said.last() == Some(&second), "who was told hears of the end");
        }
        for second in (600..900).step_by(10) {
            if store::reach::lost(&mut tx, &workspace(), "nobody there", later(second)).await.unwrap() {
                said.push(second);
            }
        }
        assert_eq!(said, [0, 120, 240, 360, 480, 600]);
        let all = store::reach::all(&mut tx).await.unwrap();
        assert!(all[0].told);
    }

    async fn what_is_told_together_is_finished_with_the_first(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let mut ids = Vec::new();
        for (lane, key) in [("a", "1"), ("a", "2"), ("b", "3"), ("a", "4")] {
            ids.push(store::deliveries::enqueue(&mut tx, &delivery(lane, key), noon()).await.unwrap().unwrap());
        }
        let first = store::deliveries::by_id(&mut tx, ids[0]).await.unwrap().unwrap();
        let behind = store::late::behind(&mut tx, &first).await.unwrap();
        assert_eq!(behind.iter().map(|it| it.id).collect::<Vec<_>>(), [ids[1], ids[3]]);
        let line = Line::CaughtUp { lines: Vec::new() };
        let together = Together { task: Task::Say { line }, folded: vec![ids[1]] };
        store::late::fold(&mut tx, ids[0], &together, later(1)).await.unwrap();
        let first = store::deliveries::by_id(&mut tx, ids[0]).await.unwrap().unwrap();
        assert_eq!(first.payload, together.task);
        let left = store::deliveries::list(&mut tx, false, 9).await.unwrap();
        let left: Vec<_> = left.iter().map(|it| (it.id, it.kind.as_str(), it.behind)).collect();
        assert_eq!(left, [(ids[3], "pin", Some(ids[0])), (ids[2], "pin", None), (ids[0], "catch_up", None)]);
        // The first one may not be forgotten before those that point to it.
        assert_eq!(store::deliveries::forget(&mut tx, later(9)).await.unwrap(), 1);
    }

    async fn what_a_clock_wrote_that_was_set_back_holds_nothing_up(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let ahead = 2 * 3600;
        let paced = |key: &str| NewDelivery { conversation: "C1".into(), due_at: later(ahead + 5), ..delivery(key, key) };
        let first = store::deliveries::enqueue(&mut tx, &paced("a"), later(ahead)).await.unwrap().unwrap();
        let held = store::deliveries::enqueue(&mut tx, &delivery("b", "b"), noon()).await.unwrap().unwrap();
        assert_eq!(claim(&mut tx, "ahead", ahead).await, [held.0]);
        store::deliveries::take_turns(&mut tx, &workspace(), &["C1"], later(ahead), later(ahead + 1)).await.unwrap();
        assert_eq!(claim(&mut tx, "w", 0).await, [first.0, held.0]);
        let free = store::deliveries::take_turns(&mut tx, &workspace(), &["C1"], noon(), later(1)).await.unwrap();
        assert_eq!(free, ["C1"]);
    }

    async fn a_lease_that_ran_out_passes_on_and_the_old_holder_writes_nothing(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let id = store::deliveries::enqueue(&mut tx, &delivery("a", "1"), noon()).await.unwrap().unwrap();
        assert_eq!(claim(&mut tx, "slow", 0).await, [id.0]);
        assert_eq!(store::deliveries::mark_sent(&mut tx, &[id], "slow", noon()).await.unwrap(), 1);
        assert!(claim(&mut tx, "quick", 59).await.is_empty());
        let claimed = store::deliveries::claim(&mut tx, "quick", later(60), later(120), 1).await.unwrap();
        assert_eq!((claimed[0].id, claimed[0].sent_at, claimed[0].attempts), (id, Some(noon()), 2));
        assert!(!done(&mut tx, id, "slow", 61).await);
        assert_eq!(store::deliveries::mark_sent(&mut tx, &[id], "slow", later(61)).await.unwrap(), 0);
        assert!(done(&mut tx, id, "quick", 61).await);
    }

    async fn an_unknown_answer_is_remembered_and_a_known_failure_is_not(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let id = store::deliveries::enqueue(&mut tx, &delivery("a", "1"), noon()).await.unwrap().unwrap();
        for (round, uncertain, expected) in [(0, false, None), (10, true, Some(later(10)))] {
            claim(&mut tx, "w", round).await;
            store::deliveries::mark_sent(&mut tx, &[id], "w", later(round)).await.unwrap();
            let again = Settle::Again { due_at: later(round + 5), why: "x", uncertain, free: true };
            store::deliveries::settle(&mut tx, id, "w", &again, later(round)).await.unwrap();
            let row = store::deliveries::by_id(&mut tx, id).await.unwrap().unwrap();
            assert_eq!((row.sent_at, row.attempts), (expected, 0));
        }
    }

    async fn a_waiting_delivery_serves_the_next_change_too(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let outage = outage(&mut tx).await;
        let refresh = |key: &str| NewDelivery { outage: Some(outage.id), task: Task::Refresh, ..delivery("a", key) };
        let kinds = ["announce", "refresh"];
        assert!(!store::waiting::waits(&mut tx, outage.id, kinds).await.unwrap());
        let id = store::deliveries::enqueue(&mut tx, &refresh("1"), noon()).await.unwrap().unwrap();
        assert!(store::waiting::waits(&mut tx, outage.id, kinds).await.unwrap());
        claim(&mut tx, "w", 0).await;
        assert!(!store::waiting::waits(&mut tx, outage.id, kinds).await.unwrap(), "it may have read the old state");
        assert!(done(&mut tx, id, "w", 1).await);
        assert!(!store::waiting::waits(&mut tx, outage.id, kinds).await.unwrap());
        assert_eq!(store::deliveries::receipt(&mut tx, id).await.unwrap(), Some(Receipt::Done));
    }

    async fn a_task_is_replaced_only_while_nobody_has_it(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let outage = outage(&mut tx).await;
        let changes = |to_version| Task::Say { line: Line::Changes {
            by: vec![Identity::Person { id: outage.roles.creator }], from_version: 1, to_version,
        } };
        let new = NewDelivery { outage: Some(outage.id), task: changes(2), ..delivery("a", "1") };
        let id = store::deliveries::enqueue(&mut tx, &new, noon()).await.unwrap().unwrap();
        let newest = store::waiting::newest_since(&mut tx, outage.id, "say_changes", later(0)).await.unwrap();
        assert_eq!(newest, None, "not after that time");
        let minute_before = noon().minus(std::time::Duration::from_secs(60));
        let newest = store::waiting::newest_since(&mut tx, outage.id, "say_changes", minute_before).await.unwrap();
        assert_eq!(newest, Some((id, changes(2))));
        assert!(store::waiting::replace_task(&mut tx, id, &changes(3)).await.unwrap());
        claim(&mut tx, "w", 0).await;
        assert!(!store::waiting::replace_task(&mut tx, id, &changes(4)).await.unwrap());
        assert_eq!(store::deliveries::by_id(&mut tx, id).await.unwrap().unwrap().payload, changes(3));
    }

    async fn what_died_with_the_announcement_comes_back_with_it(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let outage = outage(&mut tx).await;
        let of = |lane: &str, task: Task| NewDelivery { outage: Some(outage.id), task, ..delivery(lane, lane) };
        let announce = store::deliveries::enqueue(&mut tx, &of("a", Task::Announce { copy: 1 }), noon()).await.unwrap().unwrap();
        let pin = store::deliveries::enqueue(&mut tx, &of("b", Task::Pin), noon()).await.unwrap().unwrap();
        let other = store::deliveries::enqueue(&mut tx, &delivery("c", "c"), noon()).await.unwrap().unwrap();
        claim(&mut tx, "w", 0).await;
        for id in [announce, pin, other] {
            store::deliveries::settle(&mut tx, id, "w", &Settle::Dead { why: "no" }, later(1)).await.unwrap();
        }
        assert!(store::deliveries::revive(&mut tx, announce, later(9)).await.unwrap());
        let row = store::deliveries::by_id(&mut tx, announce).await.unwrap().unwrap();
        assert_eq!((row.trying_since, row.attempts), (later(9), 0));
        let dead = store::deliveries::list(&mut tx, true, 10).await.unwrap();
        assert_eq!(dead.iter().map(|it| it.id).collect::<Vec<_>>(), [other]);
        assert_eq!(claim(&mut tx, "w", 9).await, [announce.0, pin.0]);
    }

    async fn old_deliveries_are_forgotten_and_dead_ones_are_not(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let first = store::deliveries::enqueue(&mut tx, &delivery("a", "1"), noon()).await.unwrap().unwrap();
        let dead = NewDelivery { after: Some(first), ..delivery("b", "2") };
        let dead = store::deliveries::enqueue(&mut tx, &dead, noon()).await.unwrap().unwrap();
        claim(&mut tx, "w", 0).await;
        assert!(done(&mut tx, first, "w", 1).await);
        claim(&mut tx, "w", 2).await;
        store::deliveries::settle(&mut tx, dead, "w", &Settle::Dead { why: "no" }, later(3)).await.unwrap();
        assert_eq!(store::deliveries::figures(&mut tx, later(4)).await.unwrap(), (0, 1, None));
        assert_eq!(store::deliveries::forget(&mut tx, later(1)).await.unwrap(), 0);
        assert_eq!(store::deliveries::forget(&mut tx, later(2)).await.unwrap(), 1);
        assert_eq!(store::deliveries::forget(&mut tx, later(10)).await.unwrap(), 0);
        assert!(store::deliveries::by_id(&mut tx, dead).await.unwrap().is_some());
    }

    async fn six_workers_never_share_a_delivery(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        for n in 0..60 {
            let lane = format!("lane{}", n % 20);
            store::deliveries::enqueue(&mut tx, &delivery(&lane, &n.to_string()), noon()).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut workers = tokio::task::JoinSet::new();
        for n in 0..6 {
            let db = db.clone();
            workers.spawn(async move {
                let worker = format!("w{n}");
                let mut mine = Vec::new();
                let mut idle = 0;
                while idle < 50 {
                    let mut tx = db.begin().await.unwrap();
                    let claimed = store::deliveries::claim(&mut tx, &worker, noon(), later(60), 3).await.unwrap();
                    tx.commit().await.unwrap();
                    if claimed.is_empty() {
                        idle += 1;
                        tokio::task::yield_now().await;
                    }
                    for delivery in claimed {
                        let mut tx = db.begin().await.unwrap();
                        assert!(done(&mut tx, delivery.id, &worker, 0).await);
                        tx.commit().await.unwrap();
                        mine.push(delivery.id.0);
                    }
                }
                mine
            });
        }
        let mut all = workers.join_all().await.concat();
        let claimed = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!((claimed, all.len()), (60, 60));
    }
}

#[test]
fn both_databases_have_the_same_migrations() {
    let list = |migrator: &sqlx::migrate::Migrator| -> Vec<(i64, String)> {
        migrator
            .iter()
            .map(|it| (it.version, it.description.to_string()))
            .collect()
    };
    assert_eq!(
        list(&store::migrations::SQLITE),
        list(&store::migrations::POSTGRES)
    );
}
