//! Bringing the tables up to date: by whoever comes first, once, in one transaction, and never
//! backwards.
//!
//! What was applied stands in the table `_sqlx_migrations`, which sqlx's own tools read too.

use std::collections::BTreeMap;

use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection,
    migrate::{MigrateError, Migrator},
};

use super::trouble;

pub static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
pub static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Nodes that start together come one after the other. Any number will do, as long as it is always
/// the same one; the lock belongs to one database.
const LOCK: i64 = 0x0062_616c_6566_6972;

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub version: i64,
    pub name: String,
}

/// How the tables stand, compared with what this program knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub applied: Vec<Step>,
    pub waiting: Vec<Step>,
}

/// Why the tables are not, and cannot be, what this program needs.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    #[error(
        "the database was brought up to date by a newer Balefire: it has migration {version} \
         ({name}), and this one knows them up to {ours} only. Nothing was changed. Start the newer \
         version again, or restore a backup from before the upgrade"
    )]
    Newer {
        version: i64,
        name: String,
        ours: i64,
    },
    #[error(
        "migration {version} ({name}) of this database is not the one of this Balefire: another \
         program, or a version between two releases, has made the tables. Nothing was changed. \
         Start the version that made them, or begin with an empty database"
    )]
    Changed { version: i64, name: String },
    #[error(
        "its tables must be brought up to date first ({}), and the role {role} may not do that. \
         Set database.migrate_url to a role that owns the database, or run `balefire migrate` with \
         that setting once", in_words(.waiting)
    )]
    NotAllowed { role: String, waiting: Vec<Step> },
    #[error(
        "the role {role} may not read its tables. Run `balefire migrate` with database.migrate_url \
         set to the role that owns them: it grants what is needed"
    )]
    NoRights { role: String },
    #[error("the tables could not be brought up to date: {}. Nothing was changed", trouble::in_words(.0))]
    Failed(sqlx::Error),
    #[error("{}", trouble::in_words(.0))]
    Database(sqlx::Error),
}

// By hand, so that the driver's own words are not told after ours.
impl From<sqlx::Error> for TablesError {
    fn from(error: sqlx::Error) -> TablesError {
        TablesError::Database(error)
    }
}

/// What a role that is not the owner gets.
pub(super) struct Grant<'a> {
    pub role: &'a str,
}

/// `1 init, 2 pages`.
pub fn in_words(steps: &[Step]) -> String {
    let steps: Vec<String> = steps
        .iter()
        .map(|it| format!("{} {}", it.version, it.name))
        .collect();
    steps.join(", ")
}

/// A row of the table of migrations.
#[derive(sqlx::FromRow)]
struct Row {
    version: i64,
    description: String,
    checksum: Vec<u8>,
}

const APPLIED: &str =
    "SELECT version, description, checksum FROM _sqlx_migrations ORDER BY version";

/// Of a file that is not there.
pub(super) fn nothing_yet() -> Standing {
    let waiting = SQLITE.iter().map(|it| Step {
        version: it.version,
        name: it.description.to_string(),
    });
    Standing {
        applied: Vec::new(),
        waiting: waiting.collect(),
    }
}

/// Changes nothing.
pub(super) async fn standing_sqlite(
    connection: &mut SqliteConnection,
) -> Result<Standing, TablesError> {
    compare(&SQLITE, rows_sqlite(connection).await?)
}

/// What was applied, by whichever version.
pub(super) async fn applied_sqlite(
    connection: &mut SqliteConnection,
) -> Result<Vec<Step>, TablesError> {
    let rows = rows_sqlite(connection).await?.into_iter();
    let steps = rows.map(
        |Row {
             version,
             description,
             ..
         }| Step {
            version,
            name: description,
        },
    );
    Ok(steps.collect())
}

async fn rows_sqlite(connection: &mut SqliteConnection) -> sqlx::Result<Vec<Row>> {
    const THERE: &str =
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '_sqlx_migrations')";
    let there: bool = sqlx::query_scalar(THERE)
        .fetch_one(&mut *connection)
        .await?;
    match there {
        true => sqlx::query_as(APPLIED).fetch_all(connection).await,
        false => Ok(Vec::new()),
    }
}

/// Changes nothing.
pub(super) async fn standing_postgres(
    connection: &mut PgConnection,
) -> Result<Standing, TablesError> {
    const THERE: &str = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    let there: bool = sqlx::query_scalar(THERE)
        .fetch_one(&mut *connection)
        .await?;
    let rows = match there {
        true => sqlx::query_as(APPLIED).fetch_all(&mut *connection).await,
        false => Ok(Vec::new()),
    };
    match rows {
        Ok(rows) => compare(&POSTGRES, rows),
        Err(error) if trouble::is_forbidden(&error) => {
            let role = sqlx::query_scalar("SELECT current_user::text")
                .fetch_one(connection)
                .await?;
            Err(TablesError::NoRights { role })
        }
        Err(error) => Err(error.into()),
    }
}

/// Applies what waits; what somebody else applied in the meantime is not applied again.
pub(super) async fn migrate_sqlite(
    connection: &mut SqliteConnection,
) -> Result<Vec<Step>, TablesError> {
    // The write lock up front: whoever comes second waits here, and sees what the first has done.
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    let waiting = standing_sqlite(&mut tx).await?.waiting;
    if !waiting.is_empty() {
        let run = unlocked(&SQLITE).run_direct(None, &mut *tx, false).await;
        run.map_err(|error| TablesError::Failed(cause(error)))?;
    }
    tx.commit().await.map_err(TablesError::Failed)?;
    Ok(waiting)
}

/// As [`migrate_sqlite`]; also gives another role what it needs to work with the tables.
pub(super) async fn migrate_postgres(
    connection: &mut PgConnection,
    grant: Option<Grant<'_>>,
) -> Result<Vec<Step>, TablesError> {
    let mut tx = connection.begin().await?;
    // What waits here for another node, or rewrites a large table, may take its time.
    tx.execute("SET LOCAL statement_timeout = 0").await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *tx)
        .await?;
    let waiting = standing_postgres(&mut tx).await?.waiting;
    if !waiting.is_empty()
        && let Err(error) = unlocked(&POSTGRES).run_direct(None, &mut *tx, false).await
    {
        let error = cause(error);
        drop(tx);
        if !trouble::is_forbidden(&error) {
            return Err(TablesError::Failed(error));
        }
        let role = sqlx::query_scalar("SELECT current_user::text")
            .fetch_one(connection)
            .await?;
        return Err(TablesError::NotAllowed { role, waiting });
    }
    if let Some(grant) = grant {
        give(&mut tx, grant.role)
            .await
            .map_err(TablesError::Failed)?;
    }
    tx.commit().await.map_err(TablesError::Failed)?;
    Ok(waiting)
}

/// Rows may be read and written, tables may not be made, changed or dropped; what was migrated may
/// only be looked at. In the transaction that makes the tables, so that no node ever meets tables
/// that it has no right to.
async fn give(connection: &mut PgConnection, role: &str) -> sqlx::Result<()> {
    let schema: String = sqlx::query_scalar("SELECT quote_ident(current_schema())")
        .fetch_one(&mut *connection)
        .await?;
    let role: String = sqlx::query_scalar("SELECT quote_ident($1)")
        .bind(role)
        .fetch_one(&mut *connection)
        .await?;
    // Both are quoted by the database itself.
    let sql = format!(
        "GRANT USAGE ON SCHEMA {schema} TO {role};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
         GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
         REVOKE INSERT, UPDATE, DELETE ON {schema}._sqlx_migrations FROM {role};"
    );
    connection.execute(AssertSqlSafe(sql)).await?;
    Ok(())
}

/// For `run_direct`, which `run` is in turn: futures over the latter are not `Send`.
///
/// The lock is ours: SQLite has none of sqlx's, and on PostgreSQL one that ends with the
/// transaction cannot be forgotten.
fn unlocked(migrator: &Migrator) -> Migrator {
    let mut unlocked = Migrator::with_migrations(migrator.iter().cloned().collect());
    unlocked.set_locking(false);
    unlocked
}

fn compare(migrator: &Migrator, rows: Vec<Row>) -> Result<Standing, TablesError> {
    let mut ours: BTreeMap<i64, (&str, &[u8])> = migrator
        .iter()
        .map(|it| (it.version, (it.description.as_ref(), it.checksum.as_ref())))
        .collect();
    let newest = ours.keys().next_back().copied().unwrap_or_default();
    let mut applied = Vec::new();
    for row in rows {
        let (version, name) = (row.version, row.description);
        match ours.remove(&version) {
            Some((_, checksum)) if checksum == row.checksum => applied.push(Step { version, name }),
            None if version > newest => {
                return Err(TablesError::Newer {
                    version,
                    name,
                    ours: newest,
                });
            }
            Some(_) | None => return Err(TablesError::Changed { version, name }),
        }
    }
    let waiting = ours.into_iter().map(|(version, (name, _))| Step {
        version,
        name: name.to_owned(),
    });
    Ok(Standing {
        applied,
        waiting: waiting.collect(),
    })
}

fn cause(error: MigrateError) -> sqlx::Error {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error,
        other => sqlx::Error::Migrate(Box::new(other)),
    }
}
