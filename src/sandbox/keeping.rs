//! The file that the workspace is kept in between runs: reading it at the start, writing it after
//! changes. What stands in it is `world::kept`'s.

use super::shared::Shared;
use super::world::World;
use super::world::kept::{FORMAT, Kept};
use anyhow::Context;
use serde::Deserialize;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The file is written at most this often, in real time.
const PAUSE: Duration = Duration::from_millis(300);
/// After a failure it is tried again this much later, even if nothing changes.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The one thing that every format has.
#[derive(Deserialize)]
struct Opening {
    format: u32,
}

/// Makes the world what the file says; without a file it stays as it is. A file that cannot be
/// used is an error: it may be somebody's only copy, so it is never written over.
pub fn restore(world: &mut World, file: &Path) -> anyhow::Result<()> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", file.display()));
        }
    };
    parse(&bytes)
        .and_then(|kept| world.restore(kept))
        .map_err(|problem| {
            anyhow::anyhow!(
                "{} is not a workspace that this sandbox can go on with: {problem}. The file was \
                 left as it is. Put a good copy in its place, keep the data in another folder, \
                 or, to begin anew, move the file away together with what the app keeps",
                file.display()
            )
        })
}

fn parse(bytes: &[u8]) -> Result<Kept, String> {
    let Opening { format } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if format != FORMAT {
        return Err(format!("its format is {format}, known is {FORMAT}"));
    }
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// Writes the file after changes, until the sandbox stops.
pub async fn keep(shared: Arc<Shared>, file: PathBuf, mut changes: watch::Receiver<u64>) {
    loop {
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = shared.stopping.cancelled() => return,
        }
        // Not given up half-way when the sandbox stops: the last writing comes after this one.
        let pause = match save(&shared, &file).await {
            Ok(()) => PAUSE,
            Err(error) => {
                complain(&error);
                changes.mark_changed();
                PAUSE_AFTER_FAILURE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shared.stopping.cancelled() => return,
        }
    }
}

/// Writes the workspace as it is now. The world is locked only while it is copied.
pub async fn save(shared: &Shared, file: &Path) -> anyhow::Result<()> {
    let kept = shared.read(World::kept);
    let path = file.to_owned();
    tokio::task::spawn_blocking(move || write(&path, &kept))
        .await?
        .with_context(|| format!("cannot write {}", file.display()))
}

pub fn complain(error: &anyhow::Error) {
    tracing::error!(
        error = format!("{error:#}"),
        "the sandbox's workspace is not kept"
    );
}

/// Writes beside the file and puts that in its place, so that there is always a whole one.
fn write(file: &Path, kept: &Kept) -> io::Result<()> {
    let bytes = serde_json::to_vec(kept)?;
    let fresh = file.with_added_extension("new");
    // What a killed process left; made anew, so that its permissions are ours.
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut writing = for_us_alone().write(true).create_new(true).open(&fresh)?;
    writing.write_all(&bytes)?;
    writing.sync_all()?;
    fs::rename(&fresh, file)?;
    sync_folder(file)
}

#[cfg(unix)]
fn for_us_alone() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn for_us_alone() -> OpenOptions {
    OpenOptions::new()
}

/// A new name outlasts a power cut only when its folder is written, too.
#[cfg(unix)]
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|path| !path.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_file: &Path) -> io::Result<()> {
    Ok(())
}
