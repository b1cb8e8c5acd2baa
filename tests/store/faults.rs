//! What can be wrong with a database has an answer: a sentence, and work that goes on afterwards.

use std::time::Duration;

use balefire::store::{self, Db, Tx, db::Place, trouble};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{databases, migrations::at, on_both, samples::*};

on_both! {
    async fn a_clock_that_was_set_back_holds_nothing_up(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let (minute, day) = (Duration::from_secs(60), later(24 * 3600));
        let body = json!({});
        store::inbox::receive(&mut tx, "slack", "Ev1", "message", &body, day).await.unwrap();
        let first = json!({ "outage": 1 });
        assert!(store::idempotency::remember(&mut tx, "said", "U1", &first, day, minute).await.unwrap());

        // A day earlier: what came is worked on now, and held by whoever works on it.
        let taken = store::inbox::take(&mut tx, noon(), later(60)).await.unwrap();
        assert_eq!(taken.unwrap().kind, "message");
        assert!(store::inbox::take(&mut tx, later(1), later(60)).await.unwrap().is_none());
        // What somebody said tomorrow does not swallow what they say today.
        let known = store::idempotency::recall(&mut tx, "said", "U1", noon(), minute).await.unwrap();
        assert_eq!(known, None);
        let again = json!({ "outage": 2 });
        assert!(store::idempotency::remember(&mut tx, "said", "U1", &again, noon(), minute).await.unwrap());
        assert!(!store::idempotency::remember(&mut tx, "said", "U1", &first, later(1), minute).await.unwrap());
        // A second is no reason to forget anything.
        let known = store::idempotency::recall(&mut tx, "said", "U1", noon().minus(Duration::from_secs(1)), minute).await.unwrap();
        assert_eq!(known, Some(again));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_another_program_holds_is_waited_for_and_then_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("held.db");
    let db = Db::open_sqlite(&path).await.unwrap();
    let other = Db::open_sqlite(&path).await.unwrap();
    let held = other.begin().await.unwrap();
    let error = db.begin().await.err().expect("somebody else writes");
    assert!(
        trouble::in_words(&error).contains("is locked: another program"),
        "{error}"
    );
    drop(held);
    let mut tx = db.begin().await.unwrap();
    outage(&mut tx).await;
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_used_are_said_with_their_reason() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("letter.txt");
    let letter = "Dear reader, this is no database. ".repeat(100);
    std::fs::write(&text, &letter).unwrap();
    for (path, expected) in [
        (folder.path().join("missing/x.db"), "missing does not exist"),
        (folder.path().to_owned(), "it is a folder"),
        ("/proc/x.db".into(), "Balefire may not write there"),
        (text.clone(), "no SQLite database. Nothing was changed"),
    ] {
        let told = Place::Sqlite(&path).open().await.err().unwrap().to_string();
        assert!(told.contains(expected), "{told}");
    }
    assert_eq!(std::fs::read_to_string(&text).unwrap(), letter);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_and_what_was_committed_stays() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open_sqlite(&folder.path().join("full.db"))
        .await
        .unwrap();
    let mut tx = db.begin().await.unwrap();
    let kept = outage(&mut tx).await;
    tx.commit().await.unwrap();
    let Db::Sqlite { writer, .. } = &db else {
        unreachable!()
    };
    writer.execute("PRAGMA max_page_count = 1").await.unwrap();
    let large = json!("x".repeat(1_000_000));
    let mut tx = db.begin().await.unwrap();
    let minute = Duration::from_secs(60);
    let full = store::idempotency::remember(&mut tx, "t", "1", &large, noon(), minute).await;
    let told = trouble::in_words(&full.unwrap_err());
    assert!(told.contains("disk under the database is full"), "{told}");
    drop(tx);
    // There is room again.
    let mut tx = db.begin().await.unwrap();
    assert!(
        store::outages::by_id(&mut tx, kept.id)
            .await
            .unwrap()
            .is_some()
    );
    outage(&mut tx).await;
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_lost_in_a_transaction_costs_that_transaction_only() {
    let url = databases::empty_postgres().await;
    let db = at(&url).open().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let lost = outage(&mut tx).await;
    let Tx::Postgres(inner) = &mut tx else {
        unreachable!()
    };
    let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut **inner)
        .await
        .unwrap();
    databases::administer(
        &url,
        &format!("SELECT pg_terminate_backend({backend}, 5000)"),
    )
    .await;
    let error = tx.commit().await.unwrap_err();
    let told = trouble::in_words(&error);
    assert!(
        told.contains("ended the connection") || told.contains("is lost"),
        "{told}"
    );
    let mut tx = db.begin().await.unwrap();
    assert!(
        store::outages::by_id(&mut tx, lost.id)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        outage(&mut tx).await.number,
        lost.number,
        "no number is lost"
    );
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stalls_holds_rows_for_a_short_while_only() {
    async fn show(db: &Db, name: &str) -> String {
        let Db::Postgres(pool) = db else {
            unreachable!()
        };
        let sql = AssertSqlSafe(format!("SHOW {name}"));
        sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
    }
    let url = databases::empty_postgres().await;
    let db = at(&url).open().await.unwrap();
    for (name, expected) in [
        ("statement_timeout", "20s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "10"),
        ("tcp_keepalives_count", "3"),
        ("application_name", "balefire"),
    ] {
        assert_eq!(show(&db, name).await, expected, "{name}");
    }
    // Whoever knows better says so in the address. In milliseconds, so that nobody waits here.
    let url = format!(
        "{url}?options[statement_timeout]=50&options[idle_in_transaction_session_timeout]=50"
    );
    let db = at(&url).open().await.unwrap();
    assert_eq!(show(&db, "statement_timeout").await, "50ms");
    assert_eq!(show(&db, "tcp_keepalives_idle").await, "30");
    let mut tx = db.begin().await.unwrap();
    let Tx::Postgres(inner) = &mut tx else {
        unreachable!()
    };
    let slow = inner.execute("SELECT pg_sleep(10)").await.unwrap_err();
    assert!(trouble::in_words(&slow).contains("took too long"), "{slow}");
    drop(tx);

    let mut stalled = db.begin().await.unwrap();
    outage(&mut stalled).await;
    let Tx::Postgres(inner) = &mut stalled else {
        unreachable!()
    };
    // The server says so by itself; until then there is nothing to read.
    while inner.ping().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    assert!(stalled.commit().await.is_err());
    let mut tx = db.begin().await.unwrap();
    assert_eq!(store::outages::count_open(&mut tx).await.unwrap(), 0);
}

/// A server that refuses everybody for one reason.
async fn refusing(code: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut length = [0; 4];
            // First they ask for TLS, in eight bytes.
            while stream.read_exact(&mut length).await.is_ok() {
                let mut rest = vec![0; u32::from_be_bytes(length) as usize - 4];
                stream.read_exact(&mut rest).await.unwrap();
                if rest.len() == 4 {
                    stream.write_all(b"N").await.unwrap();
                    continue;
                }
                let fields = format!("SFATAL\0VFATAL\0C{code}\0Mit says no\0\0");
                let mut answer = vec![b'E'];
                answer.extend((fields.len() as u32 + 4).to_be_bytes());
                answer.extend(fields.as_bytes());
                stream.write_all(&answer).await.unwrap();
                break;
            }
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_used_is_said_with_its_place_and_without_the_password() {
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    for (port, expected) in [
        (nobody, "nobody listens at 127.0.0.1:"),
        (
            refusing("28P01").await,
            "refuses the password of the role ana",
        ),
        (refusing("28000").await, "does not let the role ana in"),
        (
            refusing("3D000").await,
            "there is no database desk at 127.0.0.1:",
        ),
        (refusing("53300").await, "has no connection left"),
        (refusing("57P03").await, "is starting or stopping"),
        (refusing("XX000").await, "it says no"),
    ] {
        let url = format!("postgres://ana:s3cret@127.0.0.1:{port}/desk");
        let told = at(&url).open().await.err().expect(expected).to_string();
        assert!(told.contains(expected), "{told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
}

/// The clock of this test stands still while there is something to do, and leaps when there is not.
#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_not_waited_for_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("postgres://ana:s3cret@127.0.0.1:{port}/desk");
    let told = at(&url).open().await.err().expect("silence").to_string();
    assert!(told.contains("does not answer"), "{told}");
}
