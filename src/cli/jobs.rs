//! `balefire jobs`: what is done again and again, how it went last, and doing it now.

use std::path::PathBuf;

use anyhow::Context;

use super::{Failure, checks, existing_database, say, sources, start_logs};
use crate::{
    app::App,
    clock::Clock,
    config,
    domain::time::{Timestamp, Zone},
    jobs::{Job, schedule::Turn},
    store::{self, runs::Run},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// What there is, when it ran and how it went.
    List {
        /// One JSON object to a line.
        #[arg(long)]
        json: bool,
    },
    /// Do one now, unless another node is at it.
    Run { name: String },
}

pub async fn run(config: Option<PathBuf>, arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::List { json } => list(config, json).await,
        Command::Run { name } => run_now(config, &name).await,
    }
}

async fn list(config: Option<PathBuf>, json: bool) -> Result<(), Failure> {
    let settings = config::load_partial(&sources(config, toml::Table::new()), &checks())?;
    let zone: Zone = settings.time.zone.parse().unwrap_or(Zone::UTC);
    let db = existing_database(&settings.database).await?;
    let now = Clock::system().now();
    let mut tx = db.read().await.context("cannot read the database")?;
    for job in Job::ALL {
        let run = store::runs::of_job(&mut tx, job.name())
            .await
            .context("cannot read the database")?;
        say(&match json {
            true => as_json(job, run.as_ref()).to_string(),
            false => as_line(job, run.as_ref(), now, zone),
        });
    }
    Ok(())
}

async fn run_now(config: Option<PathBuf>, name: &str) -> Result<(), Failure> {
    let Some(job) = Job::named(name) else {
        let names: Vec<&str> = Job::ALL.iter().map(|it| it.name()).collect();
        return Err(Failure::Usage(format!(
            "balefire: there is no job {name}. There are {}.",
            names.join(", ")
        )));
    };
    let settings = config::load(&sources(config, toml::Table::new()), &checks())?;
    start_logs(&settings.log)?;
    let zone: Zone = settings.time.zone.parse().unwrap_or(Zone::UTC);
    let app = App::build(settings, Clock::system()).await?;
    let mut jobs = app.jobs();
    jobs.progress = say;
    let turn = jobs
        .turn(job, true)
        .await
        .context("the database did not answer")?;
    say_turn(name, turn, zone)
}

/// Says what became of a job, and fails when it did not happen.
pub(super) fn say_turn(name: &str, turn: Turn, zone: Zone) -> Result<(), Failure> {
    match turn {
        Turn::Ran(done) if done.is_empty() => say(&format!("{name}: done")),
        Turn::Ran(done) => say(&format!("{name}: {done}")),
        Turn::Failed(why) => return Err(anyhow::anyhow!("{name} failed: {why}").into()),
        Turn::Taken { by, until } => {
            return Err(anyhow::anyhow!(
                "{name} is being done by {by}, until {} at the latest. Try again then.",
                until.in_zone(zone)
            )
            .into());
        }
        Turn::Early { .. } => {}
    }
    Ok(())
}

fn as_line(job: Job, run: Option<&Run>, now: Timestamp, zone: Zone) -> String {
    let (name, about) = (job.name(), job.about());
    let every = crate::domain::time::duration_in_words(job.every());
    let state = match run {
        _ if job.on_every_node() => "runs on every node".to_owned(),
        None => "never ran".to_owned(),
        Some(run) => {
            let outcome = match (run.finished_at, run.failed) {
                (None, _) => format!("running on {}", run.node),
                (Some(_), true) => format!("FAILED: {}", run.outcome),
                (Some(_), false) if run.outcome.is_empty() => "done".to_owned(),
                (Some(_), false) => run.outcome.clone(),
            };
            let next = match run.due_at() > now {
                true => format!("next {}", run.due_at().in_zone(zone)),
                false => "due now".to_owned(),
            };
            format!("last {}: {outcome}; {next}", run.started_at.in_zone(zone))
        }
    };
    format!("{name:<13} every {every:<6} {about}\n              {state}")
}

fn as_json(job: Job, run: Option<&Run>) -> serde_json::Value {
    serde_json::json!({
        "job": job.name(),
        "about": job.about(),
        "every_seconds": job.every().as_secs(),
        "on_every_node": job.on_every_node(),
        "node": run.map(|it| &it.node),
        "started_at": run.map(|it| it.started_at.iso()),
        "finished_at": run.and_then(|it| it.finished_at).map(|it| it.iso()),
        "next_at": run.map(|it| it.due_at().iso()),
        "failed": run.map(|it| it.failed),
        "outcome": run.map(|it| &it.outcome),
    })
}
