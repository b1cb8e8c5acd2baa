//! `balefire backup`: a copy of the SQLite file while it is in use. PostgreSQL has tools of its own.

use std::path::PathBuf;

use anyhow::Context;

use super::{Failure, checks, say, sources};
use crate::{
    config::{self, DatabaseUrl},
    store::{backup, migrations::in_words},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where the copy goes; it must not be there yet.
    file: PathBuf,
}

pub async fn run(config: Option<PathBuf>, arguments: Arguments) -> Result<(), Failure> {
    let settings = config::load_partial(&sources(config, toml::Table::new()), &checks())?;
    let target = &arguments.file;
    let path = match &settings.database.url {
        DatabaseUrl::Sqlite(path) => path,
        DatabaseUrl::Postgres(_) => {
            let address = settings.database.address_for_tools().unwrap_or_default();
            return Err(Failure::Usage(format!(
                "balefire: PostgreSQL makes its own copies, also while Balefire runs:\n\n  \
                 pg_dump --format=custom --file='{}' '{address}'\n\n\
                 docs/operating.md says how to restore it.",
                target.display()
            )));
        }
    };
    let copy = backup::sqlite(path, target)
        .await
        .with_context(|| format!("cannot back up {}", path.display()))?;
    let tables = match copy.applied.as_slice() {
        [] => "no tables yet".to_owned(),
        applied => format!("tables as of {}", in_words(&applied[applied.len() - 1..])),
    };
    say(&format!(
        "{}: {}, {tables}, checked",
        target.display(),
        size(copy.bytes)
    ));
    Ok(())
}

/// As people read it.
fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    match bytes {
        0..KIB => format!("{bytes} bytes"),
        KIB..0x10_0000 => format!("{} KiB", bytes / KIB),
        _ => format!("{}.{} MiB", bytes >> 20, ((bytes % (1 << 20)) * 10) >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_by_people() {
        assert_eq!(size(512), "512 bytes");
        assert_eq!(size(4096), "4 KiB");
        assert_eq!(size(3 * 1024 * 1024 + 512 * 1024), "3.5 MiB");
    }
}
