//! On PostgreSQL one role makes the tables and another one works with them.

use balefire::store::{Db, db::Place, trouble};
use sqlx::{AssertSqlSafe, Executor};

use crate::{databases, migrations::*};

fn both<'a>(owner: &'a str, runner: &'a str) -> Place<'a> {
    Place::Postgres {
        url: runner,
        migrate_url: Some(owner),
        max_connections: 4,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_running_role_works_with_rows_and_makes_no_tables() {
    let (owner, runner) = databases::two_roles().await;
    let db = both(&owner, &runner).open().await.unwrap();
    let Db::Postgres(pool) = &db else {
        unreachable!()
    };
    let newest = balefire::store::migrations::POSTGRES.iter().last().unwrap();
    let written = pool.execute(AssertSqlSafe(rows(newest.version))).await;
    written.unwrap();
    reads_everything(&db).await;
    works_on_everything(&db).await;

    const LACKING: &str = "
        SELECT tablename || ' ' || privilege FROM pg_tables,
            unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
        WHERE schemaname = 'public' AND NOT has_table_privilege(tablename, privilege)
        ORDER BY 1";
    let lacking: Vec<String> = sqlx::query_scalar(LACKING).fetch_all(pool).await.unwrap();
    assert_eq!(
        lacking,
        [
            "_sqlx_migrations DELETE",
            "_sqlx_migrations INSERT",
            "_sqlx_migrations UPDATE"
        ]
    );
    for refused in [
        "CREATE TABLE mine (id INT)",
        "CREATE SCHEMA mine",
        "ALTER TABLE outages ADD COLUMN mine INT",
        "CREATE INDEX mine ON outages (summary)",
        "DROP TABLE shares",
        "TRUNCATE timeline",
        "DELETE FROM _sqlx_migrations",
    ] {
        let error = pool.execute(refused).await.expect_err(refused);
        let code = error.as_database_error().and_then(|it| it.code());
        assert_eq!(code.as_deref(), Some("42501"), "{refused}: {error}");
        assert!(trouble::in_words(&error).contains("lacks a right"));
    }
    // From now on the owner's password need not be at hand.
    at(&runner).open().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_role_that_may_migrate_it_says_what_to_do() {
    let (owner, runner) = databases::two_roles().await;
    let told = at(&runner)
        .open()
        .await
        .err()
        .expect("no rights")
        .to_string();
    assert!(told.contains("1 init"), "{told}");
    assert!(told.contains("the role run_roles_"), "{told}");
    assert!(told.contains("database.migrate_url"), "{told}");

    // Made by the owner alone, without a word of who will work with it.
    at(&owner).migrate().await.unwrap();
    let told = at(&runner)
        .open()
        .await
        .err()
        .expect("no rights")
        .to_string();
    assert!(told.contains("may not read its tables"), "{told}");
    assert!(told.contains("`balefire migrate`"), "{told}");
    // What it says helps.
    assert_eq!(both(&owner, &runner).migrate().await.unwrap(), []);
    at(&runner).open().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_that_were_lost_are_given_anew_at_the_next_start() {
    let (owner, runner) = databases::two_roles().await;
    both(&owner, &runner).migrate().await.unwrap();
    let role = runner.split(['/', '@']).nth(2).unwrap();
    let sql = format!("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}");
    databases::administer(&runner, &sql).await;
    both(&owner, &runner).open().await.unwrap();
    at(&runner).open().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_nodes_with_two_roles_start_together() {
    let (owner, runner) = databases::two_roles().await;
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (owner, runner) = (owner.clone(), runner.clone());
        starting.spawn(async move { both(&owner, &runner).open().await });
    }
    for db in starting.join_all().await {
        db.unwrap().read().await.unwrap();
    }
}
