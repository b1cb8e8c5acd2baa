//! Leases and runs of jobs.

use balefire::{
    domain::time::Timestamp,
    store::{self, Tx, leases, runs},
};

use crate::{on_both, samples::*};

on_both! {
    async fn one_holder_at_a_time_and_a_fence_that_grows(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let first = leases::take(&mut tx, "job:x", "a", noon()).await.unwrap().unwrap();
        assert_eq!(first.fence, 1);
        assert_eq!(leases::take(&mut tx, "job:x", "b", later(59)).await.unwrap(), None);
        assert_eq!(leases::take(&mut tx, "job:x", "a", later(59)).await.unwrap(), None);
        assert_eq!(leases::holder(&mut tx, "job:x", later(59)).await.unwrap(), Some(("a".into(), later(60))));
        assert!(leases::take(&mut tx, "job:y", "b", later(59)).await.unwrap().is_some());
        let second = leases::take(&mut tx, "job:x", "b", later(60)).await.unwrap().unwrap();
        assert_eq!(second.fence, 2);
    }

    async fn whoever_lost_a_lease_holds_nothing(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let slept = leases::take(&mut tx, "job:x", "a", noon()).await.unwrap().unwrap();
        let awake = leases::take(&mut tx, "job:x", "b", later(60)).await.unwrap().unwrap();
        assert!(!leases::hold(&mut tx, &slept, later(61)).await.unwrap());
        assert!(!leases::give_back(&mut tx, &slept, later(61)).await.unwrap());
        assert_eq!(leases::take(&mut tx, "job:x", "c", later(62)).await.unwrap(), None);
        // The same node may have lost it to itself.
        assert!(leases::give_back(&mut tx, &awake, later(63)).await.unwrap());
        let again = leases::take(&mut tx, "job:x", "b", later(63)).await.unwrap().unwrap();
        assert!(!leases::hold(&mut tx, &awake, later(64)).await.unwrap());
        assert!(leases::hold(&mut tx, &again, later(64)).await.unwrap());
    }

    async fn a_word_of_its_holder_makes_a_lease_last(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let lease = leases::take(&mut tx, "job:x", "a", noon()).await.unwrap().unwrap();
        assert!(leases::hold(&mut tx, &lease, later(50)).await.unwrap());
        assert_eq!(leases::take(&mut tx, "job:x", "b", later(109)).await.unwrap(), None);
        assert!(leases::take(&mut tx, "job:x", "b", later(110)).await.unwrap().is_some());
    }

    async fn a_lease_of_a_clock_that_was_set_back_is_nobodys(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        leases::take(&mut tx, "job:x", "a", later(7200)).await.unwrap().unwrap();
        assert!(leases::take(&mut tx, "job:x", "b", noon()).await.unwrap().is_some());
    }

    async fn the_last_run_is_known(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        assert_eq!(store::runs::of_job(&mut tx, "etas").await.unwrap(), None);
        store::runs::record_started(&mut tx, "etas", "a", noon(), later(20)).await.unwrap();
        let run = store::runs::of_job(&mut tx, "etas").await.unwrap().unwrap();
        assert_eq!((run.node.as_str(), run.finished_at, run.next_at), ("a", None, later(20)));
        store::runs::record_finished(&mut tx, "etas", Err("no"), later(1), later(300)).await.unwrap();
        let run = store::runs::of_job(&mut tx, "etas").await.unwrap().unwrap();
        assert_eq!((run.finished_at, run.failed, run.outcome.as_str()), (Some(later(1)), true, "no"));
        store::runs::record_started(&mut tx, "etas", "b", later(300), later(320)).await.unwrap();
        store::runs::record_finished(&mut tx, "etas", Ok("3"), later(301), later(320)).await.unwrap();
        let run = store::runs::of_job(&mut tx, "etas").await.unwrap().unwrap();
        assert_eq!((run.node.as_str(), run.failed, run.outcome.as_str()), ("b", false, "3"));
    }

    async fn a_run_that_is_asked_for_comes_sooner_and_once(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let minute = std::time::Duration::from_secs(60);
        // It never ran, so it is due anyway.
        runs::ask_for(&mut tx, "groups", noon(), minute).await.unwrap();
        assert_eq!(runs::of_job(&mut tx, "groups").await.unwrap(), None);

        runs::record_started(&mut tx, "groups", "a", noon(), later(300)).await.unwrap();
        runs::record_finished(&mut tx, "groups", Ok(""), later(1), later(9000)).await.unwrap();
        for seconds in [10, 20, 30] {
            runs::ask_for(&mut tx, "groups", later(seconds), minute).await.unwrap();
            assert_eq!(due_at(&mut tx).await, later(60), "a while after it last started");
        }
        // What is asked for while it runs is not lost when it ends.
        runs::record_started(&mut tx, "groups", "b", later(60), later(360)).await.unwrap();
        assert_eq!(due_at(&mut tx).await, later(360));
        runs::ask_for(&mut tx, "groups", later(61), minute).await.unwrap();
        runs::record_finished(&mut tx, "groups", Ok(""), later(62), later(9000)).await.unwrap();
        assert_eq!(due_at(&mut tx).await, later(120));
        runs::record_started(&mut tx, "groups", "a", later(121), later(400)).await.unwrap();
        runs::record_finished(&mut tx, "groups", Ok(""), later(122), later(9000)).await.unwrap();
        assert_eq!(due_at(&mut tx).await, later(9000));
        runs::ask_for(&mut tx, "groups", later(500), minute).await.unwrap();
        assert_eq!(due_at(&mut tx).await, later(500), "it has rested");
    }

    async fn a_run_is_asked_for_though_a_clock_was_set_back(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let minute = std::time::Duration::from_secs(60);
        runs::record_started(&mut tx, "groups", "a", later(7200), later(7500)).await.unwrap();
        runs::ask_for(&mut tx, "groups", noon(), minute).await.unwrap();
        assert_eq!(due_at(&mut tx).await, noon());
    }
}

async fn due_at(tx: &mut Tx) -> Timestamp {
    runs::of_job(tx, "groups").await.unwrap().unwrap().due_at()
}
