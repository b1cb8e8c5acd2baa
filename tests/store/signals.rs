//! What monitors said, from keeping to forgetting.

use std::time::Duration;

use balefire::{
    domain::{
        health::{Observation, Report},
        status::Status,
        time::Timestamp,
    },
    store::{
        Db, Tx,
        signals::{self, NewSignal, Signal},
        trouble,
    },
};

use crate::{on_both, samples::*};

fn report(check: &str) -> Report {
    Report {
        source: "generic".into(),
        external_id: check.into(),
        observation: Observation {
            at: noon(),
            status: Some(Status::PartialOutage),
            value: Some(0.25),
            detail: "„ein Teil“ — \"žluťoučký\" \\ 🔥".into(),
        },
        word: "down".into(),
        name: None,
        link: None,
        description: None,
        importance: None,
        created_by: None,
        component: Some("payments".into()),
        channel: None,
        is_test: false,
        is_measured: false,
    }
}

async fn keeps(tx: &mut Tx, checks: &[&str], now: Timestamp) {
    let reports: Vec<[Report; 1]> = checks.iter().map(|it| [report(it)]).collect();
    let new: Vec<NewSignal<'_>> = reports
        .iter()
        .map(|reports| NewSignal {
            source: "generic",
            reports,
        })
        .collect();
    signals::keep(tx, &workspace(), &new, now).await.unwrap();
}

async fn claims(tx: &mut Tx, now: Timestamp, limit: i64) -> Vec<Signal> {
    let until = now.plus(Duration::from_secs(60));
    signals::claim(tx, now, until, limit).await.unwrap()
}

fn checks(claimed: &[Signal]) -> Vec<&str> {
    let all = claimed.iter();
    all.map(|it| it.reports[0]["external_id"].as_str().unwrap())
        .collect()
}

on_both! {
    async fn many_are_kept_at_once_and_come_back_as_they_were(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        keeps(&mut tx, &["a", "b", "c"], noon()).await;
        signals::keep(&mut tx, &workspace(), &[], noon()).await.unwrap();
        let claimed = claims(&mut tx, noon(), 10).await;
        assert_eq!(checks(&claimed), ["a", "b", "c"]);
        let first = &claimed[0];
        assert_eq!((first.source.as_str(), first.attempts), ("generic", 0));
        assert_eq!(first.workspace_id, workspace());
        let reports: Vec<Report> = serde_json::from_value(first.reports.0.clone()).unwrap();
        assert_eq!(reports, [report("a")]);
    }

    async fn the_oldest_are_claimed_and_held_for_a_while(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        keeps(&mut tx, &["b", "c"], later(1)).await;
        keeps(&mut tx, &["a"], noon()).await;
        assert_eq!(checks(&claims(&mut tx, later(1), 2).await).len(), 2);
        assert_eq!(checks(&claims(&mut tx, later(1), 2).await), ["c"]);
        assert!(claims(&mut tx, later(60), 9).await.is_empty());
        assert_eq!(claims(&mut tx, later(61), 9).await.len(), 3);
        // By a clock that was an hour ahead.
        keeps(&mut tx, &["d"], later(4000)).await;
        assert_eq!(checks(&claims(&mut tx, later(62), 9).await), ["d"]);
    }

    async fn two_nodes_never_share_a_signal(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let all: Vec<String> = (0..100).map(|nth| format!("check-{nth}")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        keeps(&mut tx, &all, noon()).await;
        tx.commit().await.unwrap();
        let node = |db: Db| async move {
            let mut mine = Vec::new();
            loop {
                let mut tx = db.begin().await.unwrap();
                let claimed = claims(&mut tx, noon(), 7).await;
                tx.commit().await.unwrap();
                if claimed.is_empty() {
                    return mine;
                }
                mine.extend(claimed.into_iter().map(|it| it.id));
            }
        };
        let nodes = (0..4).map(|_| tokio::spawn(node(db.clone())));
        let mut ids = Vec::new();
        for node in nodes.collect::<Vec<_>>() {
            ids.extend(node.await.unwrap());
        }
        ids.sort_unstable();
        let claimed = ids.len();
        ids.dedup();
        assert_eq!((claimed, ids.len()), (100, 100));
    }

    async fn what_failed_waits_and_is_counted_and_what_is_done_is_done(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        keeps(&mut tx, &["a", "b", "c"], noon()).await;
        let ids: Vec<i64> = claims(&mut tx, noon(), 9).await.iter().map(|it| it.id).collect();
        assert_eq!(signals::figures(&mut tx).await.unwrap(), (3, 0));
        signals::finish(&mut tx, &ids[..1], noon()).await.unwrap();
        let failed = [report("b2")];
        signals::put_back(&mut tx, ids[1], &failed, "no", later(100)).await.unwrap();
        let left = serde_json::to_value([report("c")]).unwrap();
        signals::put_away(&mut tx, ids[2], &left, "never", noon()).await.unwrap();
        assert_eq!(signals::figures(&mut tx).await.unwrap(), (1, 1));
        assert!(claims(&mut tx, later(99), 9).await.is_empty());
        let again = claims(&mut tx, later(100), 9).await;
        assert_eq!(checks(&again), ["b2"]);
        assert_eq!(again[0].attempts, 1);

        // Whoever lost it to another node changes nothing any more.
        signals::finish(&mut tx, &ids[1..2], later(101)).await.unwrap();
        signals::put_back(&mut tx, ids[1], &failed, "no", later(200)).await.unwrap();
        signals::put_away(&mut tx, ids[1], &left, "never", later(200)).await.unwrap();
        assert_eq!(signals::figures(&mut tx).await.unwrap(), (0, 1));
        assert!(claims(&mut tx, later(900), 9).await.is_empty());
    }

    async fn a_database_that_is_away_is_told_from_one_that_refuses(db: &Db) {
        let sql = "INSERT INTO leases (name, holder, expires_at)
                   VALUES ('a', 'b', '2026-03-01T12:00:00+00:00'), ('a', 'c', '2026-03-01T12:00:00+00:00')";
        let refused = match db {
            Db::Sqlite { writer, .. } => sqlx::query(sql).execute(writer).await.err(),
            Db::Postgres(pool) => sqlx::query(sql).execute(pool).await.err(),
        };
        assert!(!trouble::is_of_the_database(&refused.unwrap()));
        db.close().await;
        let away = db.begin().await.err().unwrap();
        assert!(trouble::is_of_the_database(&away));
    }

    async fn what_was_put_away_is_kept_for_longer(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        keeps(&mut tx, &["a", "b", "c"], noon()).await;
        let ids: Vec<i64> = claims(&mut tx, noon(), 9).await.iter().map(|it| it.id).collect();
        signals::finish(&mut tx, &ids[..1], noon()).await.unwrap();
        let left = serde_json::json!([]);
        signals::put_away(&mut tx, ids[1], &left, "never", noon()).await.unwrap();
        assert_eq!(signals::forget(&mut tx, noon(), noon()).await.unwrap(), 0);
        assert_eq!(signals::forget(&mut tx, later(1), noon()).await.unwrap(), 1);
        assert_eq!(signals::figures(&mut tx).await.unwrap(), (1, 1));
        assert_eq!(signals::forget(&mut tx, later(1), later(1)).await.unwrap(), 1);
        assert_eq!(signals::figures(&mut tx).await.unwrap(), (1, 0));
    }
}
