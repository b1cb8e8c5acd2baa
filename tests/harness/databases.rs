//! An empty database for every test, on SQLite and on PostgreSQL.

use std::str::FromStr;

use balefire::store::{Db, migrations};
use sqlx::{ConnectOptions, Connection, Executor, postgres::PgConnectOptions};
use tempfile::TempDir;
use tokio::sync::OnceCell;

static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// A database and what must outlive it.
pub struct Scratch {
    pub db: Db,
    _folder: Option<TempDir>,
}

/// A database that was opened elsewhere.
impl From<Db> for Scratch {
    fn from(db: Db) -> Scratch {
        Scratch { db, _folder: None }
    }
}

pub async fn sqlite() -> Scratch {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open_sqlite(&folder.path().join("test.db"))
        .await
        .unwrap();
    Scratch {
        db,
        _folder: Some(folder),
    }
}

/// What the tests get from around them: addresses and programs.
#[expect(
    clippy::disallowed_methods,
    reason = "what scripts/test exports is no setting of Balefire"
)]
pub fn environment(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run the tests with scripts/test"))
}

fn server() -> PgConnectOptions {
    PgConnectOptions::from_str(&environment("TEST_POSTGRES_URL")).unwrap()
}

/// Migrates one template database per process and clones it for every test.
pub async fn postgres() -> Scratch {
    let template = TEMPLATE
        .get_or_init(|| async {
            let name = unused_name("template");
            let mut admin = server().connect().await.unwrap();
            create(&mut admin, &name, "template0").await;
            let mut connection = server().database(&name).connect().await.unwrap();
            migrations::POSTGRES.run(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            name
        })
        .await;
    let name = unused_name("test");
    let mut admin = server().connect().await.unwrap();
    create(&mut admin, &name, template).await;
    let db = Db::open_postgres(server().database(&name), 8)
        .await
        .unwrap();
    db.into()
}

/// The address of a new and empty database.
pub async fn empty_postgres() -> String {
    let name = unused_name("empty");
    let mut admin = server().connect().await.unwrap();
    create(&mut admin, &name, "template0").await;
    address(None, &name)
}

/// A new and empty database with two roles: the address as the one that owns it and may make
/// tables, and as the one that may not.
pub async fn two_roles() -> (String, String) {
    let name = unused_name("roles");
    let (owner, runner) = (format!("own_{name}"), format!("run_{name}"));
    let mut admin = server().connect().await.unwrap();
    create(&mut admin, &name, "template0").await;
    let sql = format!(
        "CREATE ROLE {owner} LOGIN; CREATE ROLE {runner} LOGIN;
         ALTER DATABASE {name} OWNER TO {owner}"
    );
    admin.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
    let mut inside = server().database(&name).connect().await.unwrap();
    // As every new database is since PostgreSQL 15.
    inside
        .execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        .await
        .unwrap();
    (address(Some(&owner), &name), address(Some(&runner), &name))
}

/// Does something as the one who may do everything, in the database of an address.
pub async fn administer(address: &str, sql: &str) {
    let at = PgConnectOptions::from_str(address).unwrap();
    let name = at.get_database().unwrap();
    let mut admin = server().database(name).connect().await.unwrap();
    admin
        .execute(sqlx::AssertSqlSafe(sql.to_owned()))
        .await
        .unwrap();
}

fn address(role: Option<&str>, database: &str) -> String {
    let mut url = url::Url::parse(&environment("TEST_POSTGRES_URL")).unwrap();
    if let Some(role) = role {
        url.set_username(role).unwrap();
    }
    url.set_path(database);
    url.into()
}

/// Others may work on the same server, also in other containers, where processes have the same
/// numbers, and what an earlier run left is still there. Short enough for the names of roles, too.
pub fn unused_name(of: &str) -> String {
    format!("{of}_{}", uuid::Uuid::now_v7().simple())
}

async fn create(admin: &mut sqlx::PgConnection, name: &str, template: &str) {
    // Names come from this file, never from input.
    let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
    admin.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
}

/// Writes one test body and runs it on both databases.
#[macro_export]
macro_rules! on_both {
    ($(async fn $name:ident($db:ident: &Db) $body:block)+) => {
        mod sqlite {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let scratch = $crate::databases::sqlite().await;
                let $db = &scratch.db;
                $body
            })+
        }
        mod postgres {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let scratch = $crate::databases::postgres().await;
                let $db = &scratch.db;
                $body
            })+
        }
    };
}
