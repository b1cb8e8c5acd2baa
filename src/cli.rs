//! The command line: one file per command.
//!
//! Exit codes: 0 done, 1 it failed, 2 the settings or the command line are wrong. What compares ends
//! as `diff` does: 0 the same, 1 something differs, 2 it could not be said.

mod backup;
mod catalog;
mod deliveries;
mod demo;
mod jobs;
mod manifest;
mod migrate;
mod outage;
mod people;
mod sandbox;
mod serve;
mod sync;

use std::{io::Write, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    app::open_database,
    config::{Checks, Database, DatabaseUrl, LogFormat, Problems, Sources},
    domain::time::Zone,
    slack::mrkdwn::turns_text,
    store::{self, Db},
    telemetry::logs::{self, Format},
};

/// The outage desk of a team that lives in Slack.
#[derive(Debug, Parser)]
#[command(name = "balefire", version, about)]
pub struct Arguments {
    /// The settings file. Without it: $BALEFIRE_CONFIG, config/balefire.toml, /etc/balefire/balefire.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run with your Slack workspace.
    Serve(serve::Arguments),
    /// Try it: Balefire and a local Slack in the browser, without any account.
    Demo(demo::Arguments),
    /// The local Slack alone, for any Slack app.
    Sandbox(sandbox::Arguments),
    /// The manifest of the Slack app, for the settings as they are.
    Manifest(manifest::Arguments),
    /// The components that can have an outage.
    Catalog(catalog::Arguments),
    /// Announce and change outages from a terminal.
    Outage(outage::Arguments),
    /// Who may do what, and why; giving and taking rights.
    People(people::Arguments),
    /// Read anew what is kept elsewhere.
    Sync(sync::Arguments),
    /// What waits to be delivered or could not be.
    Deliveries(deliveries::Arguments),
    /// What is done again and again.
    Jobs(jobs::Arguments),
    /// Bring the tables of the database up to date.
    Migrate(migrate::Arguments),
    /// Copy the database into a new file while Balefire runs.
    Backup(backup::Arguments),
}

/// Why a command ended badly.
#[derive(Debug)]
pub enum Failure {
    /// The settings are wrong: every problem at once.
    Settings(Problems),
    /// The command line or its surroundings are wrong.
    Usage(String),
    Failed(anyhow::Error),
    /// Nothing went wrong: two things were compared, and are not the same.
    Differs,
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        Failure::Failed(error)
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Failure {
        Failure::Settings(problems)
    }
}

/// Runs a command to its end.
pub fn run(arguments: Arguments) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return report(Failure::Failed(error.into())),
    };
    // Named before any connection is made, so that a dependency that brings another provider
    // cannot make the first handshake fail.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let done = runtime.block_on(async {
        match arguments.command {
            Command::Serve(command) => serve::run(arguments.config, command).await,
            Command::Demo(command) => demo::run(command).await,
            Command::Sandbox(command) => sandbox::run(command).await,
            Command::Manifest(command) => manifest::run(arguments.config, command).await,
            Command::Catalog(command) => catalog::run(arguments.config, command).await,
            Command::Outage(command) => outage::run(arguments.config, command).await,
            Command::People(command) => people::run(arguments.config, command).await,
            Command::Sync(command) => sync::run(arguments.config, command).await,
            Command::Jobs(command) => jobs::run(arguments.config, command).await,
            Command::Migrate(command) => migrate::run(arguments.config, command).await,
            Command::Backup(command) => backup::run(arguments.config, command).await,
            Command::Deliveries(command) => deliveries::run(arguments.config, command).await,
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(failure),
    }
}

#[allow(clippy::print_stderr)] // this is where the command line speaks
fn report(failure: Failure) -> ExitCode {
    match failure {
        Failure::Settings(problems) => {
            eprintln!("{}", harmless(&problems.to_string()));
            ExitCode::from(2)
        }
        Failure::Usage(text) => {
            eprintln!("{}", harmless(&text));
            ExitCode::from(2)
        }
        Failure::Differs => ExitCode::FAILURE,
        Failure::Failed(error) => {
            let why = format!("balefire: {}", in_words(&error));
            eprintln!("{}", harmless(&why));
            ExitCode::FAILURE
        }
    }
}

/// The whole story, with what a database driver says put into words.
fn in_words(error: &anyhow::Error) -> String {
    let mut told = Vec::new();
    for cause in error.chain() {
        if let Some(error) = cause.downcast_ref::<store::Error>() {
            told.push(store::trouble::in_words(error));
            break;
        }
        told.push(cause.to_string());
    }
    // What carries such an error may say it in the same words.
    told.dedup();
    told.join(": ")
}

/// What the settings are checked against.
fn checks() -> Checks {
    Checks {
        zone_exists: |name| name.parse::<Zone>().is_ok(),
        log_filter: logs::check_filter,
    }
}

fn sources(file: Option<PathBuf>, flags: toml::Table) -> Sources {
    Sources::from_process(file, flags)
}

/// The database of a Balefire that was set up. Opening a file that is not there would make an empty
/// one, in which nothing is found.
async fn existing_database(database: &Database) -> Result<Db, Failure> {
    if let DatabaseUrl::Sqlite(path) = &database.url
        && !path.exists()
    {
        return Err(Failure::Usage(format!(
            "balefire: there is no database {}. Run this where `balefire serve` runs, or name its \
             settings with --config.",
            path.display()
        )));
    }
    let opened = open_database(database).await;
    Ok(opened.with_context(|| format!("cannot open the database {}", database.url))?)
}

fn start_logs(log: &crate::config::Log) -> anyhow::Result<()> {
    let format = match log.format {
        LogFormat::Human => Format::Human,
        LogFormat::Json => Format::Json,
    };
    Ok(logs::init(format, &log.filter)?)
}

/// Says something on standard output. Whoever stopped listening, such as `head`, is no reason to
/// fall over, as `println!` would.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", harmless(text));
}

/// Without what would command a terminal or turn the direction of what follows: names, errors and
/// the words of others stand in what is said. Written as JSON writes it, so that JSON stays the same.
fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\t' => shown.push(letter),
            it if it.is_control() || turns_text(it) => {
                shown.push_str(&format!("\\u{:04x}", u32::from(it)));
            }
            letter => shown.push(letter),
        }
    }
    shown
}

/// Waits until somebody asks the process to stop.
async fn asked_to_stop() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }

    #[test]
    fn a_trouble_is_told_once_however_deep_it_lies() {
        let error = crate::desk::DeskError::Store(crate::store::Error::PoolTimedOut);
        let error = anyhow::Error::from(error).context("cannot write");
        let said = super::in_words(&error);
        assert!(said.starts_with("cannot write: "), "{said}");
        assert_eq!(
            said.matches("no connection became free").count(),
            1,
            "{said}"
        );
    }

    #[test]
    fn nothing_that_is_said_commands_a_terminal() {
        let evil = "a\u{1b}]0;x\u{7}\r\u{9b}31m\u{7f}\u{202e}\tb\n\u{e9}";
        assert_eq!(
            super::harmless(evil),
            "a\\u001b]0;x\\u0007\\u000d\\u009b31m\\u007f\\u202e\tb\n\u{e9}"
        );
        let json = serde_json::json!({ "summary": evil });
        let said = super::harmless(&json.to_string());
        assert!(!said.chars().any(char::is_control), "{said}");
        let read: serde_json::Value = serde_json::from_str(&said).unwrap_or_default();
        assert_eq!(read, json);
    }
}
