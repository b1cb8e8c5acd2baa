//! Who waits for whom: a change and the outbox at work on the same outage at once, with no deadlock
//! and nothing lost.

use std::{future::Future, sync::Arc, time::Duration};

use balefire::{
    clock::Clock,
    domain::{
        actor::Identity,
        delivery::{Outcome, Receipt, Task},
        effect::Line,
        ids::{DeliveryId, OutageId},
        late::Together,
    },
    outbox::{Deliver, Outbox},
    store::{
        self, Tx,
        deliveries::{Delivery, NewDelivery, Settle},
    },
    telemetry::Metrics,
};
use tokio::{sync::Notify, task::JoinHandle};

use crate::{on_both, samples::*};

/// Long enough for a statement to come to a lock that somebody holds.
const A_WHILE: Duration = Duration::from_millis(300);

fn changes() -> Task {
    let line = Line::Changes {
        by: vec![Identity::Job { name: "x".into() }],
        from_version: 1,
        to_version: 2,
    };
    Task::Say { line }
}

async fn queue(tx: &mut Tx, outage: OutageId, key: &str, task: Task) -> DeliveryId {
    let new = NewDelivery {
        outage: Some(outage),
        task,
        ..delivery("thread", key)
    };
    let queued = store::deliveries::enqueue(tx, &new, noon()).await;
    queued.unwrap().unwrap()
}

/// A line that leads, a line of changes, and the announcement to be shown anew.
async fn three(db: &store::Db) -> (OutageId, [DeliveryId; 3]) {
    let mut tx = db.begin().await.unwrap();
    let id = outage(&mut tx).await.id;
    let ids = [
        queue(&mut tx, id, "1", changes()).await,
        queue(&mut tx, id, "2", changes()).await,
        queue(&mut tx, id, "3", Task::Refresh).await,
    ];
    tx.commit().await.unwrap();
    (id, ids)
}

/// Begins something, and lets it come as far as it can while others hold what they hold.
async fn begin<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let mut begun = tokio::spawn(work);
    // Whoever is through already is so without having waited.
    if let Ok(done) = tokio::time::timeout(A_WHILE, &mut begun).await {
        let done = done.unwrap();
        return tokio::spawn(async move { done });
    }
    begun
}

/// As a change queues what follows from it: first the announcement, then the line about it.
async fn shown(tx: &mut Tx, outage: OutageId) -> bool {
    let waits = store::waiting::waits(tx, outage, ["announce", "refresh"]);
    waits.await.unwrap()
}

async fn told(tx: &mut Tx, outage: OutageId) -> store::Result<Option<DeliveryId>> {
    let since = noon().minus(Duration::from_secs(60));
    let newest = store::waiting::newest_since(tx, outage, "say_changes", since).await?;
    Ok(newest.map(|it| it.0))
}

struct Takes;

impl Deliver for Takes {
    async fn deliver(&self, _: &Delivery, _: bool) -> Outcome {
        Outcome::Delivered(Receipt::Done)
    }

    async fn answers(&self) -> Result<(), String> {
        Ok(())
    }
}

on_both! {
    async fn what_was_told_together_meanwhile_is_not_added_to(db: &Db) {
        let (id, [first, second, _]) = three(db).await;
        let mut folding = db.begin().await.unwrap();
        let line = Line::CaughtUp { lines: Vec::new() };
        let together = Together { task: Task::Say { line }, folded: vec![second] };
        store::late::fold(&mut folding, first, &together, later(1)).await.unwrap();
        let other = db.clone();
        let newest = begin(async move {
            let mut tx = other.begin().await.unwrap();
            told(&mut tx, id).await.unwrap()
        })
        .await;
        folding.commit().await.unwrap();
        assert_eq!(newest.await.unwrap(), None, "a line that will not be posted by itself");
    }

    async fn a_change_and_the_end_of_a_rest_do_not_wait_for_each_other(db: &Db) {
        let (id, [_, second, _]) = three(db).await;
        let mut change = db.begin().await.unwrap();
        assert!(shown(&mut change, id).await);
        let other = db.clone();
        let going_on = begin(async move {
            let mut tx = other.begin().await.unwrap();
            store::deliveries::go_on(&mut tx, &workspace(), later(1)).await.unwrap();
            tx.commit().await.unwrap();
        })
        .await;
        assert_eq!(told(&mut change, id).await.unwrap(), Some(second));
        change.commit().await.unwrap();
        going_on.await.unwrap();
    }

    async fn two_that_are_barred_at_once_do_not_wait_for_each_other(db: &Db) {
        three(db).await;
        let mut tx = db.begin().await.unwrap();
        let other = store::deliveries::enqueue(&mut tx, &delivery("other", "4"), noon()).await;
        assert!(other.unwrap().is_some());
        let claimed = store::deliveries::claim(&mut tx, "w", noon(), later(60), 9).await.unwrap();
        assert_eq!(claimed.len(), 2);
        tx.commit().await.unwrap();
        let how = Settle::Again { due_at: later(60), why: "barred", uncertain: false, free: true };
        let mut tx = db.begin().await.unwrap();
        assert!(store::deliveries::settle(&mut tx, claimed[0].id, "w", &how, later(1)).await.unwrap());
        let (db, id) = (db.clone(), claimed[1].id);
        let second = begin(async move {
            let mut tx = db.begin().await.unwrap();
            assert!(store::deliveries::settle(&mut tx, id, "w", &how, later(1)).await.unwrap());
            store::deliveries::begin_anew(&mut tx, &workspace(), later(2), later(1)).await.unwrap();
            tx.commit().await.unwrap();
        })
        .await;
        store::deliveries::begin_anew(&mut tx, &workspace(), later(2), later(1)).await.unwrap();
        tx.commit().await.unwrap();
        second.await.unwrap();
    }

    async fn a_change_and_what_is_told_together_do_not_wait_for_each_other(db: &Db) {
        let (id, [_, second, _]) = three(db).await;
        let number = {
            let mut tx = db.read().await.unwrap();
            store::outages::by_id(&mut tx, id).await.unwrap().unwrap().number
        };
        let hour = Duration::from_secs(3600);
        let clock = Clock::standing_at(noon().plus(hour));
        let outbox = Arc::new(Outbox::new(
            db.clone(), clock, Takes, Arc::new(Metrics::new()), Arc::new(Notify::new()), hour * 24, 4, hour / 60,
        ));
        let mut claimed = outbox.claim(1).await.unwrap();
        let mut change = db.begin().await.unwrap();
        store::outages::hold(&mut change, &workspace(), number, None).await.unwrap();
        assert!(shown(&mut change, id).await);
        let attempt = begin(async move { outbox.attempt(claimed.remove(0)).await }).await;
        assert_eq!(told(&mut change, id).await.unwrap(), Some(second));
        change.commit().await.unwrap();
        attempt.await.unwrap().unwrap();
        let mut tx = db.read().await.unwrap();
        let left = store::deliveries::list(&mut tx, false, 9).await.unwrap();
        let left: Vec<_> = left.iter().map(|it| it.kind.as_str()).collect();
        assert_eq!(left, ["refresh"], "both lines are told together");
    }
}
