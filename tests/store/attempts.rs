//! Attempts at deliveries, with somebody else in Slack's place: what is called, and what is written.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use balefire::{
    clock::Clock,
    domain::delivery::{Outcome, Receipt},
    outbox::{Deliver, LEASE, Outbox},
    store::{self, Db, deliveries::Delivery},
    telemetry::Metrics,
};
use tokio::sync::Notify;

use crate::{databases, on_both, samples::*};

/// Takes everything, and counts.
#[derive(Clone, Default)]
struct Counts(Arc<AtomicUsize>);

impl Counts {
    fn calls(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Deliver for Counts {
    async fn deliver(&self, _: &Delivery, _: bool) -> Outcome {
        self.0.fetch_add(1, Ordering::SeqCst);
        Outcome::Delivered(Receipt::Done)
    }

    async fn answers(&self) -> Result<(), String> {
        Ok(())
    }
}

fn outbox(db: &Db, clock: &Clock, counts: &Counts) -> Arc<Outbox<Counts>> {
    let (hour, metrics) = (Duration::from_secs(3600), Arc::new(Metrics::new()));
    let (db, clock, wake) = (db.clone(), clock.clone(), Arc::new(Notify::new()));
    let outbox = Outbox::new(
        db,
        clock,
        counts.clone(),
        metrics,
        wake,
        hour * 24,
        8,
        hour / 60,
    );
    Arc::new(outbox)
}

async fn enqueue(db: &Db, key: &str) {
    let mut tx = db.begin().await.unwrap();
    let queued = store::deliveries::enqueue(&mut tx, &delivery(key, key), noon()).await;
    assert!(queued.unwrap().is_some());
    tx.commit().await.unwrap();
}

/// How many wait, apart from second looks.
async fn left(db: &Db) -> usize {
    let mut tx = db.read().await.unwrap();
    let left = store::deliveries::list(&mut tx, false, 9).await.unwrap();
    left.iter().filter(|it| it.kind != "sweep").count()
}

on_both! {
    async fn who_was_held_up_until_the_lease_ran_out_calls_nobody(db: &Db) {
        enqueue(db, "a").await;
        let clock = Clock::standing_at(noon());
        let counts = Counts::default();
        let slow = outbox(db, &clock, &counts);
        let mut claimed = slow.claim(1).await.unwrap();
        clock.move_to(noon().plus(LEASE));
        slow.attempt(claimed.remove(0)).await.unwrap();
        assert_eq!((counts.calls(), left(db).await), (0, 1));

        // Another one has it now, and has to look first: nobody knows how far the first one came.
        let other = outbox(db, &clock, &counts);
        let mut claimed = other.claim(1).await.unwrap();
        assert!(claimed[0].sent_at.is_some());
        other.attempt(claimed.remove(0)).await.unwrap();
        assert_eq!((counts.calls(), left(db).await), (1, 0));
    }
}

/// Lets the others work until something is so, without any time passing.
async fn until<F: Future<Output = bool>>(is_so: impl Fn() -> F) {
    while !is_so().await {
        tokio::task::yield_now().await;
    }
}

/// One thread, so that whoever has called has also come to wait for its turn to settle.
#[tokio::test]
async fn of_a_group_that_cannot_be_settled_each_is_settled_for_itself() {
    let scratch = databases::postgres().await;
    let (db, clock) = (&scratch.db, Clock::standing_at(noon()));
    let Db::Postgres(pool) = db else {
        unreachable!()
    };
    // Counts how often it is tried, also where that is undone.
    sqlx::raw_sql(
        "CREATE SEQUENCE tried;
         CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             PERFORM nextval('tried');
             RAISE EXCEPTION 'not this one';
         END $$;
         CREATE TRIGGER refuse BEFORE UPDATE ON deliveries FOR EACH ROW
             WHEN (NEW.dedupe_key = 'bad' AND NEW.done_at IS NOT NULL) EXECUTE FUNCTION refuse()",
    )
    .execute(pool)
    .await
    .unwrap();
    for key in ["first", "good", "bad", "well"] {
        enqueue(db, key).await;
    }
    let counts = Counts::default();
    let outbox = outbox(db, &clock, &counts);
    let mut claimed = outbox.claim(4).await.unwrap();
    claimed.sort_by_key(|it| it.id);
    let mut attempts = claimed.into_iter().map(|delivery| {
        let outbox = outbox.clone();
        tokio::spawn(async move { outbox.attempt(delivery).await })
    });

    // The first one cannot be settled before the others have ended, too.
    let mut holds = pool.begin().await.unwrap();
    sqlx::query("SELECT id FROM deliveries WHERE dedupe_key = 'first' FOR UPDATE")
        .execute(&mut *holds)
        .await
        .unwrap();
    let first = attempts.next().unwrap();
    until(|| async { counts.calls() == 1 }).await;
    let others: Vec<_> = attempts.collect();
    until(|| async { counts.calls() == 4 }).await;
    holds.rollback().await.unwrap();

    first.await.unwrap().unwrap();
    let mut settled = Vec::new();
    for it in others {
        settled.push(it.await.unwrap().is_ok());
    }
    assert_eq!(settled, [true, false, true]);
    let tried: i64 = sqlx::query_scalar("SELECT last_value FROM tried")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(tried, 2, "with the others, and for itself");
    assert_eq!(left(db).await, 1);
    clock.move_to(noon().plus(LEASE));
    let again = outbox.claim(4).await.unwrap();
    assert_eq!(again.len(), 1, "its lease ran out");
    assert!(again[0].sent_at.is_some(), "whoever has it now looks first");
}
