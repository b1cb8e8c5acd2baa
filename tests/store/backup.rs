//! A copy of an SQLite file that is in use.

use std::os::unix::fs::PermissionsExt;

use balefire::store::{
    self, Db,
    backup::{self, BackupError},
};

use crate::samples::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_has_everything_that_was_committed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.db");
    let copy = folder.path().join("copy.db");
    let db = Db::open_sqlite(&path).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let kept = outage(&mut tx).await;
    tx.commit().await.unwrap();
    // Somebody is in the middle of something, and is not held up.
    let mut unfinished = db.begin().await.unwrap();
    let lost = outage(&mut unfinished).await;
    let made = backup::sqlite(&path, &copy).await.unwrap();
    unfinished.commit().await.unwrap();
    db.close().await;

    let original = std::fs::metadata(&path).unwrap();
    assert_eq!(original.permissions().mode() & 0o777, 0o600);
    let on_disk = std::fs::metadata(&copy).unwrap();
    assert_eq!(made.bytes, on_disk.len());
    assert_eq!(on_disk.permissions().mode() & 0o777, 0o600);
    assert_eq!(made.applied[0].name, "init");
    let db = Db::open_sqlite(&copy).await.unwrap();
    let mut tx = db.read().await.unwrap();
    let read = store::outages::by_id(&mut tx, kept.id).await.unwrap();
    assert_eq!(read.unwrap().summary, kept.summary);
    assert!(
        store::outages::by_id(&mut tx, lost.id)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_overwritten_and_nothing_half_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.db");
    let copy = folder.path().join("copy.db");
    let missing = backup::sqlite(&path, &copy).await.unwrap_err();
    assert!(matches!(missing, BackupError::NoDatabase(_)), "{missing}");
    assert!(!copy.exists() && !path.exists());

    Db::open_sqlite(&path).await.unwrap().close().await;
    std::fs::write(&copy, "precious").unwrap();
    let exists = backup::sqlite(&path, &copy).await.unwrap_err();
    assert!(matches!(exists, BackupError::Exists(_)), "{exists}");
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), "precious");

    std::fs::write(&path, "This is no database, though it has the name of one.").unwrap();
    let other = folder.path().join("other.db");
    let damaged = backup::sqlite(&path, &other).await.unwrap_err();
    assert!(
        damaged.to_string().contains("no SQLite database"),
        "{damaged}"
    );
    assert!(!other.exists());
}

/// What was damaged while nobody looked is noticed when it is copied, not when it is needed.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_gives_no_copy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.db");
    let copy = folder.path().join("copy.db");
    Db::open_sqlite(&path).await.unwrap().close().await;
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    // More than pages of indexes, which a copy makes anew.
    bytes[middle..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let damaged = backup::sqlite(&path, &copy).await.unwrap_err();
    assert!(damaged.to_string().contains("damaged"), "{damaged}");
    assert!(!copy.exists());
}
