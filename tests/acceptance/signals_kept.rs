//! What monitors said is written many at once, and no report that cannot be worked on holds up others.

use std::{sync::atomic::Ordering, time::Duration};

use balefire::{
    domain::health::Report,
    store::{self, Db},
};
use serde_json::{Value, json};

use crate::harness::{
    databases::{self, Scratch},
    monitors::{Post, Scribe, Trouble, all_on, down},
};

const COMMITS: &str = "balefire_signal_commits_total";

async fn both() -> [Scratch; 2] {
    [databases::sqlite().await, databases::postgres().await]
}

fn poisonous(report: &Report) -> Trouble {
    match report.external_id.starts_with("poison") {
        true => Trouble::Poison,
        false => Trouble::None,
    }
}

/// What is left of a request that was put away.
async fn put_away(db: &Db) -> Vec<(String, i64, Value)> {
    let sql = "SELECT last_error, attempts, reports FROM signals
               WHERE done_at IS NOT NULL AND last_error IS NOT NULL ORDER BY id";
    let rows: Vec<(String, i64, sqlx::types::Json<Value>)> = match db {
        Db::Sqlite { readers, .. } => sqlx::query_as(sql).fetch_all(readers).await.unwrap(),
        Db::Postgres(pool) => sqlx::query_as(sql).fetch_all(pool).await.unwrap(),
    };
    rows.into_iter()
        .map(|(why, tries, left)| (why, tries, left.0))
        .collect()
}

/// While one transaction waits for the disk, everybody else gathers for the next.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_while_somebody_writes_is_written_with_the_next() {
    let post = Post::open(databases::sqlite().await, all_on()).await;
    // SQLite has one writer: nobody else gets to write.
    let held = post.db.begin().await.unwrap();
    let many = 200;
    let checks: Vec<String> = (0..many).map(|nth| format!("check-{nth:03}")).collect();
    let bodies: Vec<Value> = checks.iter().map(|it| down(it)).collect();
    let telling = async {
        let all = bodies.iter().map(|it| post.tells("generic", it));
        futures_util::future::join_all(all).await
    };
    let releasing = async {
        while post.intake.unwritten() < many {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        drop(held);
    };
    let (answers, ()) = tokio::join!(telling, releasing);
    assert!(answers.iter().all(|it| it.status == 200));
    assert_eq!(post.figures().await, (200, 0));
    assert_eq!(post.intake.unwritten(), 0);
    let commits = post.counted(COMMITS);
    assert!(commits <= 2, "{commits} commits for {many} requests");

    let scribe = Scribe::default();
    post.intake.work_off(&scribe).await.unwrap();
    assert_eq!(Scribe::written(&post.db).await, checks);
    assert_eq!(
        scribe.asked.load(Ordering::SeqCst),
        1,
        "they are worked on together"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_lost_when_many_come_at_once() {
    for scratch in both().await {
        let post = Post::open(scratch, all_on()).await;
        let checks: Vec<String> = (0..100).map(|nth| format!("check-{nth:03}")).collect();
        let bodies: Vec<Value> = checks.iter().map(|it| down(it)).collect();
        let all = bodies.iter().map(|it| post.tells("generic", it));
        let answers = futures_util::future::join_all(all).await;
        assert!(answers.iter().all(|it| it.status == 200));
        let commits = post.counted(COMMITS);
        assert!((1..=100).contains(&commits), "{commits}");
        let scribe = Scribe::default();
        post.intake.work_off(&scribe).await.unwrap();
        assert_eq!(Scribe::written(&post.db).await, checks);
    }
}

/// What waits has to fit into the memory, however slow the database is.
#[tokio::test(flavor = "multi_thread")]
async fn when_too_much_waits_monitors_are_asked_to_come_again() {
    let post = Post::open(databases::sqlite().await, all_on()).await;
    let held = post.db.begin().await.unwrap();
    let small = |nth: usize| json!({ "check": nth, "state": "up" });
    let thousand: Value = (0..1000).map(small).collect();
    let telling = async {
        let all = (0..10).map(|_| post.tells("generic", &thousand));
        futures_util::future::join_all(all).await
    };
    let one_more = async {
        while post.intake.unwritten() < 10_000 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let answer = post.tells("generic", &down("one more")).await;
        drop(held);
        answer
    };
    let (answers, refused) = tokio::join!(telling, one_more);
    assert!(answers.iter().all(|it| it.status == 200));
    assert_eq!(refused.status, 503);
    assert_eq!(refused.retry_after.as_deref(), Some("10"));
    assert_eq!(post.figures().await, (10, 0));
    post.is_told("generic", &down("one more")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_does_not_take_is_refused_alone() {
    let post = Post::open(databases::sqlite().await, all_on()).await;
    let Db::Sqlite { writer, .. } = &post.db else {
        panic!("it is SQLite");
    };
    let refusing = "CREATE TRIGGER refusing BEFORE INSERT ON signals
                    WHEN NEW.reports LIKE '%poison%' BEGIN SELECT RAISE(ABORT, 'never'); END";
    sqlx::query(refusing).execute(writer).await.unwrap();
    let held = post.db.begin().await.unwrap();
    let bodies = ["a", "b", "poison", "c"].map(down);
    let telling = async {
        let all = bodies.iter().map(|it| post.tells("generic", it));
        futures_util::future::join_all(all).await
    };
    let releasing = async {
        while post.intake.unwritten() < bodies.len() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        drop(held);
    };
    let (answers, ()) = tokio::join!(telling, releasing);
    let statuses: Vec<u16> = answers.iter().map(|it| it.status).collect();
    assert_eq!(statuses, [200, 200, 500, 200]);
    assert_eq!(answers[2].retry_after, None);
    assert_eq!(post.figures().await, (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn large_requests_are_handed_on_in_several_transactions() {
    let post = Post::open(databases::sqlite().await, all_on()).await;
    for request in 0..3 {
        let reports = (0..600).map(|nth| down(&format!("{request}-{nth}")));
        post.is_told("generic", &reports.collect()).await;
    }
    let scribe = Scribe::default();
    assert_eq!(post.intake.work_off(&scribe).await.unwrap(), 3);
    assert_eq!(scribe.taken.lock().unwrap().len(), 1800);
    assert_eq!(scribe.asked.load(Ordering::SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_cannot_be_worked_on_holds_up_no_other_and_is_put_away_at_last() {
    for scratch in both().await {
        let post = Post::open(scratch, all_on()).await;
        post.is_told("generic", &down("first")).await;
        let mixed = json!([down("before"), down("poison"), down("after")]);
        post.is_told("generic", &mixed).await;
        post.is_told("generic", &down("last")).await;
        let scribe = Scribe::with(poisonous);
        assert_eq!(post.intake.work_off(&scribe).await.unwrap(), 3);
        let sound = ["after", "before", "first", "last"];
        assert_eq!(Scribe::written(&post.db).await, sound, "each once");
        assert_eq!(scribe.committed.load(Ordering::SeqCst), sound.len());
        assert_eq!(post.figures().await, (1, 0));

        // It is not tried before its time, and then alone.
        assert_eq!(post.intake.work_off(&scribe).await.unwrap(), 0);
        for seconds in [10, 60, 300, 600] {
            assert_eq!(put_away(&post.db).await, []);
            let almost = post.clock.now().plus(Duration::from_secs(seconds - 1));
            post.clock.move_to(almost);
            assert_eq!(post.intake.work_off(&scribe).await.unwrap(), 0);
            post.clock.move_to(almost.plus(Duration::from_secs(1)));
            assert_eq!(post.intake.work_off(&scribe).await.unwrap(), 1);
        }
        assert_eq!(post.figures().await, (0, 1));
        let left = put_away(&post.db).await;
        let (why, tries, reports) = &left[0];
        assert_eq!((left.len(), *tries), (1, 5));
        assert!(!why.is_empty());
        let reports = reports.as_array().unwrap();
        assert_eq!(reports.len(), 1, "what went through is not kept with it");
        assert_eq!(reports[0]["external_id"], "poison");
        assert_eq!(Scribe::written(&post.db).await, sound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_crashes_whoever_takes_it_in_holds_up_no_other() {
    let post = Post::open(databases::sqlite().await, all_on()).await;
    post.is_told("generic", &down("poison")).await;
    post.is_told("generic", &down("sound")).await;
    let scribe = Scribe::with(|report| match report.external_id.as_str() {
        "poison" => Trouble::Panic,
        _ => Trouble::None,
    });
    post.intake.work_off(&scribe).await.unwrap();
    assert_eq!(Scribe::written(&post.db).await, ["sound"]);
    assert_eq!(post.figures().await, (1, 0));
}

/// It is nobody's fault, so nothing is given up for it.
#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_everything_waits_and_nothing_is_put_away() {
    let post = Post::open(databases::sqlite().await, all_on()).await;
    post.is_told("generic", &down("a")).await;
    post.is_told("generic", &down("b")).await;
    let away = Scribe::with(|_| Trouble::Away);
    for _ in 0..10 {
        post.intake.work_off(&away).await.unwrap_err();
        let later = post.clock.now().plus(Duration::from_secs(61));
        post.clock.move_to(later);
    }
    assert_eq!(post.figures().await, (2, 0));
    let scribe = Scribe::default();
    assert_eq!(post.intake.work_off(&scribe).await.unwrap(), 2);
    assert_eq!(Scribe::written(&post.db).await, ["a", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_any_more_is_put_away_at_once() {
    for scratch in both().await {
        let post = Post::open(scratch, all_on()).await;
        post.is_told("generic", &down("old")).await;
        post.is_told("generic", &down("new")).await;
        let spoil = "UPDATE signals SET reports = '[{\"former\": true}]'
                     WHERE id = (SELECT MIN(id) FROM signals)";
        match &post.db {
            Db::Sqlite { writer, .. } => drop(sqlx::query(spoil).execute(writer).await.unwrap()),
            Db::Postgres(pool) => drop(sqlx::query(spoil).execute(pool).await.unwrap()),
        }
        let scribe = Scribe::default();
        post.intake.work_off(&scribe).await.unwrap();
        assert_eq!(Scribe::written(&post.db).await, ["new"]);
        let left = put_away(&post.db).await;
        assert_eq!(left[0].2, json!([{ "former": true }]));
        assert!(left[0].0.contains("cannot be read"), "{left:?}");
    }
}

/// What was taken in says nothing any more after a day; what was not waits for somebody.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_old_is_forgotten() {
    let post = Post::open(databases::sqlite().await, all_on()).await;
    post.is_told("generic", &down("sound")).await;
    post.is_told("generic", &down("poison")).await;
    let scribe = Scribe::with(poisonous);
    for _ in 0..5 {
        post.intake.work_off(&scribe).await.unwrap();
        let later = post.clock.now().plus(Duration::from_secs(600));
        post.clock.move_to(later);
    }
    post.is_told("generic", &down("waiting")).await;
    let count = async || {
        let mut tx = post.db.read().await.unwrap();
        store::signals::figures(&mut tx).await.unwrap()
    };
    let forgets = async |days: u64| {
        let later = post.clock.now().plus(Duration::from_secs(days * 24 * 3600));
        post.clock.move_to(later);
        balefire::jobs::housekeeping::forget(&post.db, &post.clock, None)
            .await
            .unwrap()
    };
    assert!(forgets(1).await.ends_with("1 signals"));
    assert_eq!(count().await, (1, 1));
    assert!(forgets(28).await.ends_with("0 signals"));
    assert!(forgets(1).await.ends_with("1 signals"));
    assert_eq!(count().await, (1, 0), "what waits is never forgotten");
}
