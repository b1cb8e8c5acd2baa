//! Who looked at the Home tab, and what is queued for them.

use balefire::{
    domain::{
        delivery::{Receipt, Task},
        ids::{DeliveryId, OutageNumber, SlackUserId},
        outage::Roles,
        time::Timestamp,
    },
    store::{
        self, Db, Tx,
        deliveries::{Delivery, Finished, Settle},
        homes::{self, Backlog},
    },
};

use crate::{databases, on_both, samples::*};

const DAY: u64 = 24 * 3600;

async fn visits(tx: &mut Tx, user: &str, at: Timestamp) {
    homes::visited(tx, &workspace(), &user.into(), at)
        .await
        .unwrap();
}

async fn visitors(tx: &mut Tx, now: Timestamp) -> Vec<SlackUserId> {
    homes::visitors(tx, &workspace(), now).await.unwrap()
}

async fn changes(tx: &mut Tx, because: &str, now: Timestamp) {
    homes::publish_all(tx, &workspace(), because, now)
        .await
        .unwrap();
}

async fn claims(tx: &mut Tx, now: Timestamp) -> Vec<Delivery> {
    let until = now.plus(std::time::Duration::from_secs(60));
    store::deliveries::claim(tx, "worker", now, until, 500)
        .await
        .unwrap()
}

async fn waiting(tx: &mut Tx) -> usize {
    let all = store::deliveries::list(tx, false, 1000).await.unwrap();
    assert!(all.iter().all(|it| it.kind == "home"), "{all:?}");
    all.iter().filter(|it| it.done_at.is_none()).count()
}

async fn is_done(tx: &mut Tx, id: DeliveryId, now: Timestamp) {
    let finished = Finished {
        id,
        worker: "worker",
        receipt: &Receipt::Done,
        note: None,
    };
    let done = store::deliveries::finish(tx, &[finished], now).await;
    assert_eq!(done.unwrap().len(), 1);
}

on_both! {
    async fn visitors_are_known_for_a_day_and_the_latest_two_hundred(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        visits(&mut tx, "U1", noon()).await;
        visits(&mut tx, "U2", later(60)).await;
        visits(&mut tx, "U1", later(120)).await;
        assert_eq!(visitors(&mut tx, later(130)).await, ["U1".into(), "U2".into()]);
        assert_eq!(visitors(&mut tx, later(DAY + 60)).await, ["U1".into()]);
        assert_eq!(homes::forget_old(&mut tx, later(DAY + 60)).await.unwrap(), 1);
        homes::forget(&mut tx, &workspace(), &"U1".into()).await.unwrap();
        assert_eq!(visitors(&mut tx, later(130)).await, []);
        for number in 0..230 {
            visits(&mut tx, &format!("U{number}"), later(number)).await;
        }
        let latest = visitors(&mut tx, later(300)).await;
        assert_eq!((latest.len(), &latest[0], &latest[199]), (200, &"U229".into(), &"U30".into()));
        let elsewhere = homes::visitors(&mut tx, &"T2".into(), later(300)).await;
        assert_eq!(elsewhere.unwrap(), []);
    }

    async fn a_change_is_queued_once_for_each_until_somebody_takes_it(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        changes(&mut tx, "1:1", noon()).await;
        assert_eq!(waiting(&mut tx).await, 0, "nobody looked");
        for user in ["U1", "U2", "U3"] {
            visits(&mut tx, user, noon()).await;
        }
        changes(&mut tx, "1:2", noon()).await;
        changes(&mut tx, "2:1", noon()).await;
        changes(&mut tx, "1:3", later(5)).await;
        assert_eq!(waiting(&mut tx).await, 3);
        let claimed = claims(&mut tx, later(6)).await;
        let of = |it: &Delivery| match &it.payload {
            Task::Home { user } => (it.lane.clone(), user.clone(), it.outage_id),
            other => panic!("{other:?}"),
        };
        let each: Vec<_> = claimed.iter().map(of).collect();
        assert_eq!(
            each,
            ["U1", "U2", "U3"].map(|it| (format!("home:{it}"), it.into(), None))
        );
        assert!(claimed.iter().all(|it| it.conversation.starts_with("home:")));

        // Somebody is at it with the state of then.
        changes(&mut tx, "1:4", later(7)).await;
        assert_eq!(waiting(&mut tx).await, 6);
        assert!(claims(&mut tx, later(8)).await.is_empty(), "one after the other");
        is_done(&mut tx, claimed[0].id, later(8)).await;
        let next = claims(&mut tx, later(8)).await;
        assert_eq!(next.iter().map(of).collect::<Vec<_>>(), each[..1]);

        // What failed waits for its next try, which will show the newest state.
        let again = Settle::Again {
            due_at: later(100), why: "no answer", uncertain: true, free: false,
        };
        let put_back = store::deliveries::settle(&mut tx, next[0].id, "worker", &again, later(9));
        assert!(put_back.await.unwrap());
        let before = waiting(&mut tx).await;
        changes(&mut tx, "1:5", later(10)).await;
        assert_eq!(waiting(&mut tx).await, before);
    }

    async fn whoever_looks_waits_for_no_turn(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        visits(&mut tx, "U1", noon()).await;
        homes::publish(&mut tx, &workspace(), &"U1".into(), noon()).await.unwrap();
        homes::publish(&mut tx, &workspace(), &"U1".into(), later(1)).await.unwrap();
        assert_eq!(waiting(&mut tx).await, 1);
        let first = claims(&mut tx, later(1)).await;
        assert_eq!(first[0].conversation, "");
        is_done(&mut tx, first[0].id, later(1)).await;

        changes(&mut tx, "1:1", later(2)).await;
        homes::publish(&mut tx, &workspace(), &"U1".into(), later(3)).await.unwrap();
        let hurried = claims(&mut tx, later(3)).await;
        assert_eq!((hurried.len(), hurried[0].conversation.as_str()), (1, ""));
    }

    async fn outages_are_told_apart_by_who_has_a_part(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let first = outage(&mut tx).await;
        let (one, two) = (first.roles.creator, person(&mut tx, "U2").await.id);
        let mut second = outage(&mut tx).await;
        second.facts.roles = Roles { creator: one, solution: None, communication: Some(two) };
        let by = balefire::domain::actor::Identity::Person { id: one };
        store::outages::save(&mut tx, second, &by, "", later(1)).await.unwrap().unwrap();
        for (who, has_part, expected) in [
            (Some(one), true, &[2, 1][..]),
            (Some(one), false, &[]),
            (Some(two), true, &[2]),
            (Some(two), false, &[1]),
            (None, true, &[]),
            (None, false, &[2, 1]),
        ] {
            let found = store::outages::open_by_part(&mut tx, &workspace(), who, has_part, 9).await;
            let found: Vec<_> = found.unwrap().iter().map(|it| it.number.0).collect();
            assert_eq!(found, expected, "{who:?} {has_part}");
            let (all, own) = homes::open(&mut tx, &workspace(), who).await.unwrap();
            let counted = if has_part { own } else { all - own };
            assert_eq!(counted, expected.len() as i64, "{who:?} {has_part}");
        }
        let few = store::outages::open_by_part(&mut tx, &workspace(), None, false, 1).await;
        assert_eq!(few.unwrap()[0].number, OutageNumber(2));
    }

    async fn only_what_rests_after_a_failure_counts_as_waiting(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let backlog = async |tx: &mut Tx, now| homes::backlog(tx, &workspace(), now).await.unwrap();
        for (lane, key) in [("a", "1"), ("a", "2"), ("b", "3")] {
            store::deliveries::enqueue(&mut tx, &delivery(lane, key), noon()).await.unwrap();
        }
        visits(&mut tx, "U1", noon()).await;
        changes(&mut tx, "1:1", noon()).await;
        assert_eq!(backlog(&mut tx, later(120)).await, Backlog::default(), "it is on its way");
        let claimed = claims(&mut tx, later(120)).await;
        let again = Settle::Again {
            due_at: later(300), why: "no answer", uncertain: false, free: false,
        };
        let put_back = store::deliveries::settle(&mut tx, claimed[0].id, "worker", &again, later(121));
        assert!(put_back.await.unwrap());
        let found = backlog(&mut tx, later(200)).await;
        assert_eq!(found, Backlog { waiting: 2, since: Some(noon()) });
        assert_eq!(backlog(&mut tx, later(30)).await, Backlog::default(), "no news yet");
        assert_eq!(backlog(&mut tx, later(300)).await, Backlog::default(), "it goes on");
        assert_eq!(homes::given_up(&mut tx, &workspace()).await.unwrap(), 0);
        let claimed = claims(&mut tx, later(300)).await;
        let dead = Settle::Dead { why: "refused" };
        let id = claimed[0].id;
        assert!(store::deliveries::settle(&mut tx, id, "worker", &dead, later(301)).await.unwrap());
        assert_eq!(homes::given_up(&mut tx, &workspace()).await.unwrap(), 1);
    }
}

/// Two changes of different outages do not wait for each other because both show in a Home tab.
#[tokio::test(flavor = "multi_thread")]
async fn two_changes_at_once_do_not_wait_for_each_other() {
    let scratch = databases::postgres().await;
    let db: &Db = &scratch.db;
    let mut tx = db.begin().await.unwrap();
    visits(&mut tx, "U1", noon()).await;
    visits(&mut tx, "U2", noon()).await;
    changes(&mut tx, "1:1", noon()).await;
    tx.commit().await.unwrap();

    let mut one = db.begin().await.unwrap();
    let mut two = db.begin().await.unwrap();
    changes(&mut one, "1:2", later(1)).await;
    changes(&mut two, "2:1", later(1)).await;
    two.commit().await.unwrap();
    one.commit().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    assert_eq!(
        waiting(&mut tx).await,
        4,
        "one too many rather than one too few"
    );
    changes(&mut tx, "1:3", later(2)).await;
    assert_eq!(waiting(&mut tx).await, 4);
}
