//! The live database: which one it is, how to reach it, how to open a transaction.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, Connection, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection,
    SqlitePool, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    migrations::{self, Grant, Standing, Step, TablesError},
    trouble,
};

/// How long to wait for a connection. Slack hangs up after 3 s, so waiting longer helps nobody.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(4);

/// A connection to a server that rested for longer is asked whether it is still there before it is
/// used. One that just came back was asked then, and asking twice is most of the cost of a short
/// transaction.
const RESTED: Duration = Duration::from_secs(1);

/// How long SQLite waits for another program that writes. Shorter than the above, so that whoever
/// waits is told the reason and not only that it took too long.
const BUSY_TIMEOUT: Duration = Duration::from_secs(3);

/// How long to wait while another program brings the tables of a file up to date.
const MIGRATION_TIMEOUT: Duration = Duration::from_secs(60);

/// How soon to look again whether it has.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What PostgreSQL is asked to do about a node that stalls or vanishes, so that it does not hold
/// rows for ever. Our longest statements take a fraction of a second.
const SESSION: &[(&str, &str)] = &[
    ("statement_timeout", "20s"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "60s"),
    // Our statements look things up by key, whatever the key is. Planning each of them anew the
    // first times, on each connection, took longer than carrying them out.
    ("plan_cache_mode", "force_generic_plan"),
];

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

/// Where a database is.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    Sqlite(&'a Path),
    Postgres {
        url: &'a str,
        /// The role that makes the tables, where it is not the one that works with them.
        migrate_url: Option<&'a str>,
        max_connections: u32,
    },
}

/// Why a database could not be opened: a sentence, without any password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{0}")]
    Unreachable(String),
    #[error(transparent)]
    Tables(#[from] TablesError),
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> OpenError {
        OpenError::Unreachable(trouble::in_words(&error))
    }
}

impl Place<'_> {
    /// Opens it, and brings its tables up to date. A file is made when it is not there.
    pub async fn open(self) -> std::result::Result<Db, OpenError> {
        match self {
            Place::Sqlite(path) => Db::open_sqlite(path).await,
            Place::Postgres {
                url,
                migrate_url,
                max_connections,
            } => {
                let migrating = migrate_url.map(postgres_options).transpose()?;
                open_postgres(postgres_options(url)?, migrating, max_connections).await
            }
        }
    }

    /// How its tables stand. Changes nothing and makes no file.
    pub async fn standing(self) -> std::result::Result<Standing, OpenError> {
        match self {
            Place::Sqlite(path) => {
                let options = SqliteConnectOptions::new().filename(path).read_only(true);
                if !path.exists() {
                    return Ok(migrations::nothing_yet());
                }
                let mut connection = connect_sqlite(path, &options).await?;
                let standing = migrations::standing_sqlite(&mut connection).await?;
                connection.close().await?;
                Ok(standing)
            }
            Place::Postgres {
                url, migrate_url, ..
            } => {
                let options = postgres_options(migrate_url.unwrap_or(url))?;
                let mut connection = connect_postgres(&options).await?;
                let standing = migrations::standing_postgres(&mut connection).await?;
                connection.close().await?;
                Ok(standing)
            }
        }
    }

    /// Brings its tables up to date, and gives the role that works with them its rights anew.
    /// Answers what was applied.
    pub async fn migrate(self) -> std::result::Result<Vec<Step>, OpenError> {
        match self {
            Place::Sqlite(path) => {
                let mut connection = connect_sqlite(path, &sqlite_options(path)).await?;
                let applied = migrate_sqlite(&mut connection).await?;
                connection.close().await?;
                Ok(applied)
            }
            Place::Postgres {
                url, migrate_url, ..
            } => {
                let running = postgres_options(url)?;
                match migrate_url {
                    Some(url) => migrate_as(&postgres_options(url)?, &running).await,
                    None => migrate_as(&running, &running).await,
                }
            }
        }
    }
}

impl Db {
    /// Opens a file, which is made when it is not there, and brings its tables up to date.
    pub async fn open_sqlite(path: &Path) -> std::result::Result<Db, OpenError> {
        let options = sqlite_options(path);
        let opening = |error| OpenError::Unreachable(trouble::opening_sqlite(path, &error));
        let mut first = connect_sqlite(path, &options).await?;
        if !migrations::standing_sqlite(&mut first)
            .await?
            .waiting
            .is_empty()
        {
            migrate_sqlite(&mut first).await?;
        }
        let writer = sqlite_pool()
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .map_err(opening)?;
        let readers = sqlite_pool()
            .max_connections(4)
            .connect_with(options.read_only(true))
            .await
            .map_err(opening)?;
        // Not before: whoever closes a file as the last one tidies up after it.
        first.close().await.map_err(opening)?;
        Ok(Db::Sqlite { writer, readers })
    }

    /// Opens a database on a server and brings its tables up to date.
    pub async fn open_postgres(
        options: PgConnectOptions,
        max_connections: u32,
    ) -> std::result::Result<Db, OpenError> {
        open_postgres(options, None, max_connections).await
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

fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // What was acknowledged must survive a power cut, not only a crash of ours.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
}

/// Tries for a while: SQLite does not wait by itself when the mode of a file changes under it, which
/// is so when several programs open a new file at once.
async fn connect_sqlite(
    path: &Path,
    options: &SqliteConnectOptions,
) -> std::result::Result<SqliteConnection, OpenError> {
    make_private(path);
    let mut busy = None;
    let trying = async {
        loop {
            match options.connect().await {
                Err(error) if trouble::is_busy(&error) => busy = Some(error),
                done => return done,
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    let connected = match tokio::time::timeout(ACQUIRE_TIMEOUT, trying).await {
        Ok(connected) => connected,
        Err(_) => Err(busy.unwrap_or(sqlx::Error::PoolTimedOut)),
    };
    connected.map_err(|error| OpenError::Unreachable(trouble::opening_sqlite(path, &error)))
}

/// A new file is its owner's alone: there are addresses in it, and what people wrote. What cannot be
/// made is left to SQLite, which says why.
fn make_private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
}

/// Tries for a while: another program may be at it, for longer than SQLite waits by itself.
async fn migrate_sqlite(
    connection: &mut SqliteConnection,
) -> std::result::Result<Vec<Step>, TablesError> {
    let mut busy = None;
    let trying = async {
        loop {
            match migrations::migrate_sqlite(connection).await {
                Err(TablesError::Database(error)) if trouble::is_busy(&error) => {
                    busy = Some(error);
                }
                done => return done,
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    match tokio::time::timeout(MIGRATION_TIMEOUT, trying).await {
        Ok(done) => done,
        Err(_) => Err(busy.unwrap_or(sqlx::Error::PoolTimedOut).into()),
    }
}

fn postgres_options(url: &str) -> std::result::Result<PgConnectOptions, OpenError> {
    PgConnectOptions::from_str(url)
        .map_err(|error| OpenError::Unreachable(format!("the address cannot be read: {error}")))
}

/// With our limits, unless the address sets others.
fn with_limits(options: PgConnectOptions) -> PgConnectOptions {
    let given = options.get_options().unwrap_or_default().to_owned();
    let ours = SESSION
        .iter()
        .filter(|(name, _)| !given.contains(name))
        .copied();
    let named = options.get_application_name().unwrap_or("balefire");
    let named = named.to_owned();
    options.application_name(&named).options(ours)
}

async fn open_postgres(
    options: PgConnectOptions,
    migrating: Option<PgConnectOptions>,
    max_connections: u32,
) -> std::result::Result<Db, OpenError> {
    let running = with_limits(options);
    // Beside the pool, which would try for a while and then not say what was wrong.
    let mut first = connect_postgres(&running).await?;
    match (migrations::standing_postgres(&mut first).await, migrating) {
        (Ok(standing), _) if standing.waiting.is_empty() => {}
        (Ok(_) | Err(TablesError::NoRights { .. }), Some(migrating)) => {
            migrate_as(&migrating, &running).await?;
        }
        (Ok(_), None) => {
            migrations::migrate_postgres(&mut first, None).await?;
        }
        (Err(error), _) => return Err(error.into()),
    }
    first.close().await?;
    let pool = PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|connection, known| {
            let rested = known.idle_for >= RESTED;
            Box::pin(async move { Ok(!rested || connection.ping().await.is_ok()) })
        })
        .connect_lazy_with(running);
    Ok(Db::Postgres(pool))
}

/// Migrates as one role, for another one.
async fn migrate_as(
    migrating: &PgConnectOptions,
    running: &PgConnectOptions,
) -> std::result::Result<Vec<Step>, OpenError> {
    let mut connection = connect_postgres(&with_limits(migrating.clone())).await?;
    let (owner, role) = (migrating.get_username(), running.get_username());
    let grant = (owner != role).then_some(Grant { role });
    let applied = migrations::migrate_postgres(&mut connection, grant).await?;
    connection.close().await?;
    Ok(applied)
}

async fn connect_postgres(
    options: &PgConnectOptions,
) -> std::result::Result<PgConnection, OpenError> {
    let connected = match tokio::time::timeout(ACQUIRE_TIMEOUT, options.connect()).await {
        Ok(connected) => connected,
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    };
    connected.map_err(|error| OpenError::Unreachable(trouble::opening_postgres(options, &error)))
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

/// Lets PostgreSQL plan what follows in the transaction for the values that are asked for: of
/// "everything before that day" one plan for all days takes a third of the table to be meant.
pub async fn plan_for_values(tx: &mut Tx) -> sqlx::Result<()> {
    if tx.is_postgres() {
        const SQL: &str = "SELECT set_config('plan_cache_mode', 'force_custom_plan', TRUE)";
        on!(tx, |conn| {
            sqlx::query(SQL).execute(conn).await?;
        });
    }
    Ok(())
}

/// Whether the database answers.
pub async fn ping(tx: &mut Tx) -> sqlx::Result<()> {
    let one: i32 = on!(tx, |conn| sqlx::query_scalar("SELECT 1")
        .fetch_one(conn)
        .await)?;
    debug_assert_eq!(one, 1);
    Ok(())
}
