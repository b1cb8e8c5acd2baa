//! `balefire sync`: reads anew what is kept elsewhere, beside a Balefire that runs.

mod groups;

use std::path::PathBuf;

use anyhow::Context;

use super::{Failure, checks, existing_database, jobs::say_turn, say, sources, start_logs};
use crate::{app::App, clock::Clock, config, domain::time::Zone, jobs::Job};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Everybody of the workspace, from Slack.
    Users,
    /// Who is in the groups that come from Google or from user groups of Slack.
    Groups(groups::Arguments),
}

pub async fn run(config: Option<PathBuf>, arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::Users => users(config).await,
        Command::Groups(command) => groups::run(config, command).await,
    }
}

async fn users(config: Option<PathBuf>) -> Result<(), Failure> {
    let settings = config::load(&sources(config, toml::Table::new()), &checks())?;
    start_logs(&settings.log)?;
    let zone: Zone = settings.time.zone.parse().unwrap_or(Zone::UTC);
    let db = existing_database(&settings.database).await?;
    let app = App::with_database(settings, db, Clock::system())?;
    app.connect().await.context("Slack cannot be asked")?;
    let mut jobs = app.jobs();
    jobs.progress = say;
    let turn = jobs
        .turn(Job::Users, true)
        .await
        .context("the database did not answer")?;
    say_turn("users", turn, zone)
}
