//! Tables are made once, whoever comes first; rows of older versions are read; a newer database is
//! left alone.

use std::path::{Path, PathBuf};

use balefire::domain::{ids::OutageNumber, outage::Phase};
use balefire::store::{
    self, Db,
    db::{OpenError, Place},
    migrations::{self, TablesError},
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, SqliteConnection,
    postgres::PgConnectOptions, sqlite::SqliteConnectOptions,
};

use crate::{databases, samples::*};

async fn file(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path);
    options.create_if_missing(true).connect().await.unwrap()
}

async fn server(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().unwrap();
    options.connect().await.unwrap()
}

pub fn at(url: &str) -> Place<'_> {
    Place::Postgres {
        url,
        migrate_url: None,
        max_connections: 4,
    }
}

/// Rows as the version with this migration as its last wrote them.
pub fn rows(version: i64) -> String {
    let name = format!("tests/store/rows/{version:04}.sql");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(&name);
    std::fs::read_to_string(path).unwrap_or_else(|_| {
        panic!("{name} is missing: rows as Balefire writes them with migration {version}, in every table")
    })
}

/// What the fixtures hold, through the readers of the present version.
pub async fn reads_everything(db: &Db) {
    let mut tx = db.read().await.unwrap();
    let tx = &mut tx;
    let now = later(36 * 3600);
    let workspace = store::workspaces::latest(tx).await.unwrap().unwrap();
    assert_eq!(workspace.name, "Example");
    let id = &workspace.id;

    let ana = store::people::by_slack_user(tx, id, &"U1".into()).await;
    let ana = ana.unwrap().unwrap();
    let rights = store::rights::of_person(tx, ana.id).await.unwrap();
    assert!(rights.has(balefire::domain::actor::Right::Announce));
    let found = store::components::search(tx, id, "pay", 10).await.unwrap();
    assert_eq!(found[0].name, "Payments");
    let all = store::components::all(tx, id).await.unwrap();
    let payments = &all[1].said;
    assert_eq!(payments.parents, ["ledger".into()].into());
    assert_eq!(payments.links[0].name, "Runbook");
    assert_eq!(payments.owner.as_deref(), Some("Team Money"));

    let first = store::outages::by_number(tx, id, OutageNumber(1))
        .await
        .unwrap();
    let first = first.unwrap();
    assert_eq!(first.version, 2);
    assert!(
        matches!(first.phase, Phase::Resolved { .. }),
        "{:?}",
        first.phase
    );
    assert_eq!(first.impact[0].detail, "mostly Spain");
    assert_eq!(first.eta.due, Some(later(7200)));
    let open = store::outages::open(tx, id, 10).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].channel.as_ref().unwrap().name, "o-payments-260302");
    let ended = store::outages::ended(tx, id, 10).await.unwrap();
    assert_eq!(ended.len(), 1);
    let snapshot = store::versions::at_version(tx, open[0].id, 1)
        .await
        .unwrap();
    assert_eq!(snapshot.unwrap().summary, "Cards fail again");
    let (lines, all) = store::timeline::last(tx, first.id, 10).await.unwrap();
    assert_eq!((lines.len(), all), (2, 2));
    let announced = store::announcements::of_outage(tx, first.id).await.unwrap();
    assert!(announced.unwrap().pinned);
    let share = store::shares::of_message(tx, id, &"C2".into(), &"1772452900.000100".into()).await;
    assert_eq!(share.unwrap().unwrap().text, "it is the switch");

    let waiting = store::deliveries::list(tx, false, 10).await.unwrap();
    assert_eq!(waiting.len(), 2, "{waiting:?}");
    let receipt = store::deliveries::receipt(tx, balefire::domain::ids::DeliveryId(1)).await;
    assert!(receipt.unwrap().is_some());
    let unreached = store::reach::all(tx).await.unwrap();
    assert_eq!(unreached[0].why, "no answer in time");
    let run = store::runs::of_job(tx, "forget").await.unwrap().unwrap();
    assert_eq!(run.outcome, "forgot 0 answers");
    assert!(run.due_at() < run.next_at, "somebody asked for it");
    let day = std::time::Duration::from_secs(24 * 3600);
    let known = store::idempotency::recall(tx, "slack.form", "V1", now, day).await;
    assert_eq!(known.unwrap().unwrap()["outage"], 2);
}

/// What the fixtures hold can also be worked on; nothing of it is kept.
pub async fn works_on_everything(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    let now = later(36 * 3600);
    let number = store::workspaces::next_value(&mut tx, &workspace(), "outage").await;
    assert_eq!(number.unwrap(), 3);
    let lease = store::leases::take(&mut tx, "job:forget", "another", now).await;
    assert_eq!(lease.unwrap().unwrap().fence, 8);
    let event = store::inbox::take(&mut tx, now, now)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(event.kind, "reaction_added");
    let until = now.plus(std::time::Duration::from_secs(60));
    let claimed = store::deliveries::claim(&mut tx, "worker", now, until, 10).await;
    assert_eq!(claimed.unwrap().len(), 1, "the second waits for the first");
    let turn = store::deliveries::take_turns(&mut tx, &workspace(), &["C1"], now, until).await;
    assert_eq!(turn.unwrap(), ["C1"]);
    assert_eq!(store::audit::forget(&mut tx, now).await.unwrap(), 1);
    assert_eq!(outage(&mut tx).await.number, OutageNumber(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_every_older_version_are_read_on_sqlite() {
    for step in migrations::SQLITE.iter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.db");
        let mut old = file(&path).await;
        migrations::SQLITE
            .run_to(step.version, &mut old)
            .await
            .unwrap();
        old.execute(AssertSqlSafe(rows(step.version)))
            .await
            .unwrap();
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )
        .fetch_all(&mut old)
        .await
        .unwrap();
        assert!(tables.len() > 20, "{tables:?}");
        for table in tables {
            let sql = format!("SELECT COUNT(*) FROM {table}");
            let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
                .fetch_one(&mut old)
                .await
                .unwrap();
            assert!(
                count > 0,
                "rows/{:04}.sql has none in {table}",
                step.version
            );
        }
        old.close().await.unwrap();
        let db = Db::open_sqlite(&path).await.unwrap();
        reads_everything(&db).await;
        works_on_everything(&db).await;
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_every_older_version_are_read_on_postgres() {
    for step in migrations::POSTGRES.iter() {
        let url = databases::empty_postgres().await;
        let mut old = server(&url).await;
        migrations::POSTGRES
            .run_to(step.version, &mut old)
            .await
            .unwrap();
        old.execute(AssertSqlSafe(rows(step.version)))
            .await
            .unwrap();
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()",
        )
        .fetch_all(&mut old)
        .await
        .unwrap();
        assert!(tables.len() > 20, "{tables:?}");
        for table in tables {
            let sql = format!("SELECT COUNT(*) FROM {table}");
            let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
                .fetch_one(&mut old)
                .await
                .unwrap();
            assert!(
                count > 0,
                "rows/{:04}.sql has none in {table}",
                step.version
            );
        }
        let db = at(&url).open().await.unwrap();
        reads_everything(&db).await;
        works_on_everything(&db).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_that_start_together_on_an_empty_file_make_the_tables_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let path = path.clone();
        starting.spawn(async move { Place::Sqlite(&path).open().await });
    }
    for db in starting.join_all().await {
        let db = db.unwrap();
        let mut tx = db.read().await.unwrap();
        assert_eq!(store::outages::count_open(&mut tx).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_that_start_together_on_an_empty_server_make_the_tables_once() {
    let url = databases::empty_postgres().await;
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let url = url.clone();
        starting.spawn(async move { at(&url).open().await });
    }
    for db in starting.join_all().await {
        let db = db.unwrap();
        let mut tx = db.read().await.unwrap();
        assert_eq!(store::outages::count_open(&mut tx).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_what_waits_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    let url = databases::empty_postgres().await;
    for place in [Place::Sqlite(&path), at(&url)] {
        for _ in 0..2 {
            let standing = place.standing().await.unwrap();
            assert_eq!(standing.applied, []);
            assert_eq!(standing.waiting[0].version, 1);
        }
        assert!(!path.exists() || matches!(place, Place::Postgres { .. }));
        let applied = place.migrate().await.unwrap();
        assert_eq!(applied[0].name, "init");
        assert_eq!(place.migrate().await.unwrap(), []);
        let standing = place.standing().await.unwrap();
        assert_eq!((standing.applied, standing.waiting), (applied, Vec::new()));
    }
}

const NEWER: &str =
    "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
    SELECT 9000, 'from the future', TRUE, checksum, 1 FROM _sqlx_migrations WHERE version = 1";

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    let url = databases::empty_postgres().await;
    for place in [Place::Sqlite(&path), at(&url)] {
        place.migrate().await.unwrap();
        match place {
            Place::Sqlite(path) => drop(file(path).await.execute(NEWER).await.unwrap()),
            Place::Postgres { url, .. } => drop(server(url).await.execute(NEWER).await.unwrap()),
        }
        for refused in [
            place.open().await.err(),
            place.standing().await.err(),
            place.migrate().await.err(),
        ] {
            let refused = refused.expect("it is not opened");
            assert!(
                matches!(
                    refused,
                    OpenError::Tables(TablesError::Newer { version: 9000, .. })
                ),
                "{refused:?}"
            );
            let told = refused.to_string();
            assert!(told.contains("newer Balefire"), "{told}");
            assert!(told.contains("Start the newer version again"), "{told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_another_program_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    let url = databases::empty_postgres().await;
    let (sqlite, postgres) = (
        "UPDATE _sqlx_migrations SET checksum = x'00'",
        "UPDATE _sqlx_migrations SET checksum = '\\x00'",
    );
    for place in [Place::Sqlite(&path), at(&url)] {
        place.migrate().await.unwrap();
        match place {
            Place::Sqlite(path) => drop(file(path).await.execute(sqlite).await.unwrap()),
            Place::Postgres { url, .. } => drop(server(url).await.execute(postgres).await.unwrap()),
        }
        let told = place.open().await.err().expect("refused").to_string();
        assert!(
            told.starts_with("migration 1 (init) of this database"),
            "{told}"
        );
    }
}
