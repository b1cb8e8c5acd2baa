//! `balefire migrate`: brings the tables up to date, or says whether that waits.

use std::path::PathBuf;

use anyhow::{Context, anyhow};

use super::{Failure, checks, say, sources};
use crate::{app::place_of_database, config, store::migrations::in_words};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Change nothing; exit with 1 when migrations wait.
    #[arg(long)]
    check: bool,
}

pub async fn run(config: Option<PathBuf>, arguments: Arguments) -> Result<(), Failure> {
    let settings = config::load_partial(&sources(config, toml::Table::new()), &checks())?;
    let shown = settings.database.url.to_string();
    let place = place_of_database(&settings.database);
    let cannot = || format!("cannot bring the database {shown} up to date");
    if arguments.check {
        let standing = place.standing().await;
        let standing = standing.with_context(|| format!("cannot look at the database {shown}"))?;
        if standing.waiting.is_empty() {
            say(&format!("Nothing waits: {shown} is up to date."));
            return Ok(());
        }
        let waiting = in_words(&standing.waiting);
        return Err(
            anyhow!("{shown} waits for {waiting}. `balefire migrate` applies that.").into(),
        );
    }
    let applied = place.migrate().await.with_context(cannot)?;
    for step in &applied {
        say(&format!("applied {} {}", step.version, step.name));
    }
    say(&match applied.len() {
        0 => format!("Nothing was to be done: {shown} is up to date."),
        _ => format!("{shown} is up to date."),
    });
    Ok(())
}
