//! The live database: which one it is, how to reach it, how to open a transaction.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    Connection, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
pub static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How long to wait for a connection. Slack hangs up after 3 s, so waiting longer helps nobody.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(4);

/// A connection to a server that rested for longer is asked whether it is still there before it is
/// used. One that just came back was asked then, and asking twice is most of the cost of a short
/// transaction.
const RESTED: Duration = Duration::from_secs(1);

/// A database; cheap to clone.
#[derive(Clone)]
pub enum Db {
    /// One writer connection, many readers. SQLite allows a single writer anyway, and queueing
    /// for it in our pool is fair and can be cancelled, where SQLite's busy handler is neither.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// An open transaction. Dropping it rolls back.
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Evaluates one block against whichever database is live.
///
/// The block is compiled once per database with concrete types, so it needs no trait bounds.
/// Inside it `$conn` is the connection and `Backend` names its `sqlx::Database`.
macro_rules! on {
    ($tx:expr, |$conn:ident| $body:expr) => {
        match $tx {
            $crate::store::db::Tx::Sqlite(tx) => {
                #[allow(dead_code)]
                type Backend = sqlx::Sqlite;
                let $conn: &mut sqlx::SqliteConnection = &mut **tx;
                $body
            }
            $crate::store::db::Tx::Postgres(tx) => {
                #[allow(dead_code)]
                type Backend = sqlx::Postgres;
                let $conn: &mut sqlx::PgConnection = &mut **tx;
                $body
            }
        }
    };
}
pub(super) use on;

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("the tables could not be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

impl Db {
    /// Opens a file, which is made when it is not there, and brings its tables up to date.
    pub async fn open_sqlite(path: &Path) -> std::result::Result<Db, OpenError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What was acknowledged must survive a power cut, not only a crash of ours.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        let writer = sqlite_pool()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        SQLITE_MIGRATIONS.run(&writer).await?;
        let readers = sqlite_pool()
            .max_connections(4)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Db::Sqlite { writer, readers })
    }

    /// Opens a database on a server and brings its tables up to date.
    pub async fn open_postgres(
        options: PgConnectOptions,
        max_connections: u32,
    ) -> std::result::Result<Db, OpenError> {
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|connection, known| {
                let rested = known.idle_for >= RESTED;
                Box::pin(async move { Ok(!rested || connection.ping().await.is_ok()) })
            })
            .connect_with(options)
            .await?;
        POSTGRES_MIGRATIONS.run(&pool).await?;
        Ok(Db::Postgres(pool))
    }

    /// As [`Db::open_postgres`], by its address `postgres://…`.
    pub async fn open_postgres_at(
        url: &str,
        max_connections: u32,
    ) -> std::result::Result<Db, OpenError> {
        Db::open_postgres(PgConnectOptions::from_str(url)?, max_connections).await
    }

    /// A transaction that may write.
    pub async fn begin(&self) -> sqlx::Result<Tx> {
        match self {
            // A deferred BEGIN that reads before it writes can fail at once with SQLITE_BUSY,
            // whatever the busy timeout is; IMMEDIATE takes the write lock up front.
            Db::Sqlite { writer, .. } => writer.begin_with("BEGIN IMMEDIATE").await.map(Tx::Sqlite),
            Db::Postgres(pool) => pool.begin().await.map(Tx::Postgres),
        }
    }

    /// A read-only snapshot.
    pub async fn read(&self) -> sqlx::Result<Tx> {
        match self {
            Db::Sqlite { readers, .. } => readers.begin().await.map(Tx::Sqlite),
            Db::Postgres(pool) => pool
                .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .await
                .map(Tx::Postgres),
        }
    }

    /// Waits until connections in use are given back, then closes all.
    pub async fn close(&self) {
        match self {
            Db::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    pub async fn commit(self) -> sqlx::Result<()> {
        match self {
            Tx::Sqlite(tx) => tx.commit().await,
            Tx::Postgres(tx) => tx.commit().await,
        }
    }

    /// Which database this is, where one text does not serve both.
    pub(super) fn is_postgres(&self) -> bool {
        matches!(self, Tx::Postgres(_))
    }
}

/// SQLite rolls back by itself when the disk is full or does not answer. The driver does not notice
/// and takes that connection to be in a transaction for ever: it is replaced by a new one.
fn sqlite_pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A file is always there.
        .test_before_acquire(false)
        .before_acquire(|connection, _| {
            let stuck = connection.is_in_transaction();
            Box::pin(async move { Ok(!stuck) })
        })
}

/// Whether the database answers.
pub async fn ping(tx: &mut Tx) -> sqlx::Result<()> {
    let one: i32 = on!(tx, |conn| sqlx::query_scalar("SELECT 1")
        .fetch_one(conn)
        .await)?;
    debug_assert_eq!(one, 1);
    Ok(())
}
