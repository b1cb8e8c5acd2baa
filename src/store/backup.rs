//! A copy of an SQLite file while it is in use.

use std::{
    fs::{File, OpenOptions, remove_file},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{self, Path},
};

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{
    migrations::{Step, TablesError, applied_sqlite},
    trouble,
};

/// A copy that was looked at.
#[derive(Debug)]
pub struct Copy {
    pub bytes: u64,
    /// The migrations that it has, which say the versions of Balefire that can open it.
    pub applied: Vec<Step>,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("there is no database {0}")]
    NoDatabase(String),
    #[error("{0} is there already and is not overwritten")]
    Exists(String),
    #[error("{0} cannot be written: {1}")]
    Unwritable(String, io::Error),
    #[error("the database cannot be read: {0}")]
    Source(String),
    #[error("the copy could not be written: {0}")]
    Copying(String),
    #[error("the copy is not good and was removed: {0}")]
    Damaged(String),
}

/// Writes everything that is committed into a new file that only its owner may read. Whoever writes
/// meanwhile is not held up.
pub async fn sqlite(database: &Path, target: &Path) -> Result<Copy, BackupError> {
    if !database.exists() {
        return Err(BackupError::NoDatabase(database.display().to_string()));
    }
    let shown = target.display().to_string();
    // From the root, so that SQLite takes no name for an address, such as file:….
    let target =
        &path::absolute(target).map_err(|error| BackupError::Unwritable(shown.clone(), error))?;
    if target.to_str().is_none() {
        let error = io::Error::other("its name is not UTF-8");
        return Err(BackupError::Unwritable(shown, error));
    }
    // Made here and empty, so that nobody can come between the look and the copy, and so that no
    // moment passes in which others may read it. SQLite fills an empty file.
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(target)
        .map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists(shown.clone()),
            _ => BackupError::Unwritable(shown.clone(), error),
        })?;
    let copied = copy(database, target, &file).await;
    if copied.is_err() {
        // What is left of it is of no use, and the next try needs the name.
        let _ = remove_file(target);
    }
    copied
}

async fn copy(database: &Path, target: &Path, file: &File) -> Result<Copy, BackupError> {
    let unreadable = |error| BackupError::Source(trouble::opening_sqlite(database, &error));
    let mut source = connect(database).await.map_err(unreadable)?;
    let applied = applied_sqlite(&mut source).await.map_err(source_tables)?;
    sqlx::query("VACUUM INTO $1")
        .bind(target.to_string_lossy().into_owned())
        .execute(&mut source)
        .await
        .map_err(|error| BackupError::Copying(trouble::in_words(&error)))?;
    source.close().await.map_err(unreadable)?;

    let damaged = |error: sqlx::Error| BackupError::Damaged(trouble::in_words(&error));
    let mut copy = connect(target).await.map_err(damaged)?;
    let sound: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_all(&mut copy)
        .await
        .map_err(damaged)?;
    let in_copy = applied_sqlite(&mut copy)
        .await
        .map_err(|error| BackupError::Damaged(error.to_string()))?;
    copy.close().await.map_err(damaged)?;
    if sound != ["ok"] {
        return Err(BackupError::Damaged(sound.join("; ")));
    }
    if in_copy != applied {
        return Err(BackupError::Damaged(
            "its tables are not those of the database".to_owned(),
        ));
    }
    // SQLite leaves it to the system when the copy reaches the disk.
    let unwritable = |error| BackupError::Unwritable(target.display().to_string(), error);
    file.sync_all().map_err(unwritable)?;
    let bytes = file.metadata().map_err(unwritable)?.len();
    Ok(Copy { bytes, applied })
}

async fn connect(path: &Path) -> sqlx::Result<SqliteConnection> {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .connect()
        .await
}

fn source_tables(error: TablesError) -> BackupError {
    BackupError::Source(error.to_string())
}
