//! What an operator does with the binary and its database, and what it says when the database is in
//! trouble.

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use balefire::store::{Db, db::Place};
use sqlx::{ConnectOptions, Executor, sqlite::SqliteConnectOptions};
use tokio::process::Command;

use crate::{
    databases::{self, environment},
    harness::{Setup, World, words},
};

fn command(program: &Path, folder: &Path, database: &str) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env("BALEFIRE__DATABASE__URL", database)
        .env("BALEFIRE__SLACK__BOT_TOKEN", "xoxb-a-token-for-tests")
        .env(
            "BALEFIRE__SLACK__SIGNING_SECRET",
            "a-signing-secret-for-tests",
        )
        .env("BALEFIRE__SLACK__ANNOUNCE_CHANNEL", "C0OUTAGES")
        .env("BALEFIRE__SLACK__API_URL", "http://127.0.0.1:9/api")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

fn balefire(folder: &Path, database: &str) -> Command {
    command(Path::new(env!("CARGO_BIN_EXE_balefire")), folder, database)
}

async fn run(folder: &Path, database: &str, arguments: &[&str]) -> Output {
    let done = balefire(folder, database).args(arguments).output().await;
    done.unwrap()
}

fn out(done: &Output) -> String {
    String::from_utf8(done.stdout.clone()).unwrap()
}

fn told(done: &Output) -> String {
    String::from_utf8(done.stderr.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn migrating_says_what_it_did_and_checking_says_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let server = databases::empty_postgres().await;
    for database in ["sqlite:balefire.db", &server] {
        let waits = run(folder.path(), database, &["migrate", "--check"]).await;
        assert_eq!(waits.status.code(), Some(1), "{waits:?}");
        assert!(told(&waits).contains("waits for 1 init. `balefire migrate`"));
        let done = run(folder.path(), database, &["migrate"]).await;
        assert_eq!(
            out(&done),
            format!("applied 1 init\n{database} is up to date.\n")
        );
        let again = run(folder.path(), database, &["migrate"]).await;
        assert!(again.status.success() && out(&again).starts_with("Nothing was to be done"));
        let waits = run(folder.path(), database, &["migrate", "--check"]).await;
        assert!(waits.status.success(), "{waits:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_start_together_on_an_empty_database_make_the_tables_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = databases::empty_postgres().await;
    for database in ["sqlite:balefire.db", &server] {
        let mut started = Vec::new();
        for _ in 0..6 {
            let mut command = balefire(folder.path(), database);
            command
                .arg("migrate")
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            started.push(command.spawn().unwrap());
        }
        let mut applied = 0;
        for child in started {
            let done = child.wait_with_output().await.unwrap();
            assert!(done.status.success(), "{done:?}");
            applied += usize::from(out(&done).starts_with("applied 1 init"));
        }
        assert_eq!(applied, 1, "{database}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_refuses_the_database_of_a_newer_version() {
    let folder = tempfile::tempdir().unwrap();
    let database = "sqlite:balefire.db";
    run(folder.path(), database, &["migrate"]).await;
    let file = SqliteConnectOptions::new().filename(folder.path().join("balefire.db"));
    let newer = "INSERT INTO _sqlx_migrations VALUES (9000, 'pages', '', TRUE, x'00', 1)";
    file.connect().await.unwrap().execute(newer).await.unwrap();
    let catalog = "[[component]]\nkey = \"payments\"\nname = \"Payments\"\n";
    std::fs::write(folder.path().join("catalog.toml"), catalog).unwrap();
    for arguments in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["migrate"],
        &["migrate", "--check"],
        &["deliveries"],
        &["jobs", "list"],
        &["jobs", "run", "forget"],
        &["catalog", "provision", "catalog.toml"],
    ] {
        let done = run(folder.path(), database, arguments).await;
        let told = told(&done);
        assert_eq!(done.status.code(), Some(1), "{arguments:?}: {told}");
        let once = told
            .matches("a newer Balefire: it has migration 9000 (pages)")
            .count();
        assert_eq!(once, 1, "{arguments:?}: {told}");
    }
    // Before somebody goes back, a copy may be all they want.
    let done = run(folder.path(), database, &["backup", "copy.db"]).await;
    assert!(
        out(&done).contains("tables as of 9000 pages, checked"),
        "{done:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_made_while_it_runs_and_brings_everything_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("balefire.db");
    let db = Db::open_sqlite(&path).await.unwrap();
    let world = World::on(db.into(), Setup::default()).await;
    world
        .person("ana")
        .announces("Payments", "Cards fail")
        .await;
    world.announcement().await;
    let done = run(folder.path(), "sqlite:balefire.db", &["backup", "copy.db"]).await;
    assert!(out(&done).starts_with("copy.db: "), "{done:?}");
    assert!(
        out(&done).ends_with("tables as of 1 init, checked\n"),
        "{done:?}"
    );
    let again = run(folder.path(), "sqlite:balefire.db", &["backup", "copy.db"]).await;
    assert_eq!(again.status.code(), Some(1));
    assert!(
        told(&again).contains("copy.db is there already"),
        "{again:?}"
    );
    world.close().await;

    // As docs/operating.md says: everything of the old file away, the copy in its place.
    for gone in ["balefire.db", "balefire.db-wal", "balefire.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join(gone));
    }
    std::fs::rename(folder.path().join("copy.db"), &path).unwrap();
    let db = Db::open_sqlite(&path).await.unwrap();
    let world = World::on(db.into(), Setup::default()).await;
    let seen = world.person("ana").runs("/outage list").await.whisper();
    assert!(seen.contains("Cards fail"), "{seen}");
    world.close().await;
}

fn tool(name: &str) -> PathBuf {
    Path::new(&environment("BALEFIRE_TEST_POSTGRES")).join(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_says_about_postgres_makes_a_copy_that_can_be_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (owner, runner) = databases::two_roles().await;
    let place = Place::Postgres {
        url: &runner,
        migrate_url: Some(&owner),
        max_connections: 4,
    };
    // Everything that people do works with the role that may make no tables.
    let db = place.open().await.unwrap();
    let world = World::on(db.into(), Setup::default()).await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    ana.runs("/outage update 1 We look at it").await.whisper();
    ana.runs("/outage resolve 1 It is back").await.whisper();
    world.passes(crate::harness::minutes(5)).await;
    assert!(words(&world.announcement().await).contains("It is back"));

    let done = balefire(folder.path(), &runner)
        .env("BALEFIRE__DATABASE__MIGRATE_URL", &owner)
        .args(["backup", "balefire.dump"])
        .output()
        .await
        .unwrap();
    assert_eq!(done.status.code(), Some(2), "{done:?}");
    let told = told(&done);
    let line = told.lines().find(|it| it.contains("pg_dump")).unwrap();
    let mut dump = Command::new("sh");
    dump.args([
        "-c",
        &line.replace("pg_dump", &tool("pg_dump").display().to_string()),
    ]);
    let dumped = dump.current_dir(folder.path()).output().await.unwrap();
    assert!(dumped.status.success(), "{line}: {dumped:?}");
    world.close().await;

    let empty = databases::empty_postgres().await;
    let name = empty.rsplit('/').next().unwrap();
    let in_it = |address: &str| format!("{}/{name}", address.rsplit_once('/').unwrap().0);
    let role = owner.rsplit('/').next().unwrap();
    let given = format!("ALTER DATABASE {name} OWNER TO own_{role}");
    databases::administer(&empty, &given).await;
    let restored = Command::new(tool("pg_restore"))
        .args([
            "--exit-on-error",
            "--dbname",
            &in_it(&owner),
            "balefire.dump",
        ])
        .current_dir(folder.path())
        .output()
        .await
        .unwrap();
    assert!(restored.status.success(), "{restored:?}");
    let db = Place::Postgres {
        url: &in_it(&runner),
        migrate_url: None,
        max_connections: 4,
    };
    let world = World::on(db.open().await.unwrap().into(), Setup::default()).await;
    let seen = world.person("ana").runs("/outage list").await.whisper();
    assert!(seen.contains("Cards fail"), "{seen}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_goes_away_and_comes_back_is_ridden_out() {
    let url = databases::empty_postgres().await;
    let place = Place::Postgres {
        url: &url,
        migrate_url: None,
        max_connections: 4,
    };
    let db = place.open().await.unwrap();
    let world = World::on(db.into(), Setup::default()).await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    let name = url.rsplit('/').next().unwrap();
    let elsewhere = environment("TEST_POSTGRES_URL");
    let away = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false");
    databases::administer(&elsewhere, &away).await;
    let ended = format!(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
    );
    databases::administer(&elsewhere, &ended).await;

    let (_, ready) = world.get("/readyz").await;
    assert!(ready.contains(r#""database":"not yet""#), "{ready}");
    let answer = ana.runs("/outage update 1 We look at it").await.whisper();
    assert!(answer.contains("Please try again"), "{answer}");

    let back = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true");
    databases::administer(&elsewhere, &back).await;
    let answer = ana.runs("/outage update 1 We look at it").await.whisper();
    assert!(answer.contains("You updated outage 1"), "{answer}");
    let (_, ready) = world.get("/readyz").await;
    assert!(ready.contains(r#""database":"ok""#), "{ready}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_people_are_asked_to_try_again_and_later_it_works() {
    let scratch = databases::sqlite().await;
    let Db::Sqlite { writer, .. } = scratch.db.clone() else {
        unreachable!()
    };
    let world = World::on(scratch, Setup::default()).await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    world.settle().await;
    // It may not grow any more; long words make it want to.
    writer.execute("PRAGMA max_page_count = 1").await.unwrap();
    let long = "We look at every one of the switches. ".repeat(60);
    let mut refused = 0;
    let mut accepted = 0;
    for number in 0..12 {
        let said = format!("/outage update 1 {number} {long}");
        let answer = ana.runs(&said).await.whisper();
        if answer.contains("Please try again") {
            refused += 1;
            // The driver's connection is replaced, and the new one has room.
            break;
        }
        assert!(answer.contains("You updated outage 1"), "{answer}");
        accepted += 1;
    }
    assert_eq!(refused, 1, "after {accepted} that were accepted");
    let answer = ana.runs(&format!("/outage update 1 again {long}")).await;
    assert!(answer.whisper().contains("You updated outage 1"));
    world.settle().await;
    // What was acknowledged is there, each once, and nothing else.
    let said = world.thread().await;
    let updates = said
        .iter()
        .filter(|(_, text)| text.contains("every one of the switches"));
    assert_eq!(updates.count(), accepted + 1);
    world.close().await;
}

/// Root may write everything, so as somebody else if need be.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_may_not_be_written_are_said_at_the_start() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "sqlite:balefire.db", &["migrate"]).await;
    // A checkout may be closed to others.
    let program = folder.path().join("balefire");
    std::fs::copy(env!("CARGO_BIN_EXE_balefire"), &program).unwrap();
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&folder.path().join("balefire.db"), 0o444);
    mode(folder.path(), 0o555);
    let root = std::process::Command::new("id").arg("-u").output().unwrap();
    let mut command = if root.stdout == b"0\n" {
        let mut command = command(Path::new("setpriv"), folder.path(), "sqlite:balefire.db");
        command.args([
            "--reuid",
            "65534",
            "--regid",
            "65534",
            "--clear-groups",
            "--",
        ]);
        command.arg(&program);
        command
    } else {
        command(&program, folder.path(), "sqlite:balefire.db")
    };
    let done = command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .output()
        .await
        .unwrap();
    mode(folder.path(), 0o755);
    let told = told(&done);
    assert_eq!(done.status.code(), Some(1), "{told}");
    assert!(told.contains("Balefire may not write there"), "{told}");
    assert!(told.contains("the folder . as well"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_said_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let database = "postgres://ana:s3cret@127.0.0.1:9/desk";
    let done = run(
        folder.path(),
        database,
        &["serve", "--listen", "127.0.0.1:0"],
    )
    .await;
    assert_eq!(done.status.code(), Some(1));
    assert_eq!(
        told(&done),
        "balefire: cannot open the database postgres://ana:***@127.0.0.1:9/desk: nobody listens at \
         127.0.0.1:9. Is PostgreSQL running there?\n"
    );
    let done = run(
        folder.path(),
        "sqlite:balefire.db",
        &["backup", "/nonexistent/copy.db"],
    )
    .await;
    assert!(
        told(&done).contains("there is no database balefire.db"),
        "{done:?}"
    );
}
