//! `balefire deliveries`: what waits, what could not be delivered, and another try for it.

use std::path::PathBuf;

use anyhow::Context;

use super::{Failure, checks, must_exist, say, sources};
use crate::{
    app::open_database,
    clock::Clock,
    config,
    domain::{
        actor::Identity,
        ids::DeliveryId,
        time::{Timestamp, Zone},
    },
    store::{self, deliveries::Listed},
};

/// How many rows a list shows.
const LISTED: i64 = 200;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only those that nobody tries any more.
    #[arg(long)]
    dead: bool,
    /// One JSON object to a line.
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Try a dead delivery again.
    Retry { id: i64 },
}

pub async fn run(config: Option<PathBuf>, arguments: Arguments) -> Result<(), Failure> {
    let settings = config::load_partial(&sources(config, toml::Table::new()), &checks())?;
    must_exist(&settings.database.url)?;
    let zone: Zone = settings.time.zone.parse().unwrap_or(Zone::UTC);
    let db = open_database(&settings.database)
        .await
        .with_context(|| format!("cannot open the database {}", settings.database.url))?;
    if let Some(Command::Retry { id }) = arguments.command {
        let now = Clock::system().now();
        let mut tx = db.begin().await.context("cannot write to the database")?;
        let revived = store::deliveries::revive(&mut tx, DeliveryId(id), now)
            .await
            .context("cannot write to the database")?;
        if !revived {
            return Err(Failure::Usage(format!(
                "balefire: delivery {id} is not dead. `balefire deliveries --dead` lists those that are."
            )));
        }
        let by = Identity::CommandLine {
            name: "cli".to_owned(),
        };
        let nothing = serde_json::json!({});
        store::audit::record(
            &mut tx,
            &by,
            "delivery.retry",
            &id.to_string(),
            &nothing,
            now,
        )
        .await
        .context("cannot write to the database")?;
        tx.commit().await.context("cannot write to the database")?;
        say(&format!("delivery {id} will be tried again"));
        return Ok(());
    }
    let mut tx = db.read().await.context("cannot read the database")?;
    let listed = store::deliveries::list(&mut tx, arguments.dead, LISTED)
        .await
        .context("cannot read the database")?;
    let unreached = store::reach::all(&mut tx)
        .await
        .context("cannot read the database")?;
    let now = Clock::system().now();
    if !arguments.json {
        for it in unreached {
            let since = it.since.in_zone(zone);
            say(&format!(
                "Slack cannot be reached since {since}: {}. Everything waits until it answers.",
                it.why
            ));
        }
        if listed.is_empty() {
            say("Nothing waits, and nothing is dead.");
        }
    }
    for delivery in listed {
        if arguments.json {
            say(&as_json(&delivery, now).to_string());
        } else {
            say(&as_line(&delivery, now, zone));
        }
    }
    Ok(())
}

/// Why it is not delivered yet, or never will be.
fn why(delivery: &Listed, now: Timestamp, zone: Zone) -> String {
    let paused = delivery.paused_until.filter(|it| *it > now);
    match (&delivery.last_error, delivery.behind, paused) {
        (Some(error), _, _) => error.clone(),
        (None, Some(first), _) => format!("waits for delivery {first}"),
        (None, None, Some(until)) => format!("has a pause until {}", until.in_zone(zone)),
        (None, None, None) => "-".to_owned(),
    }
}

fn as_line(delivery: &Listed, now: Timestamp, zone: Zone) -> String {
    let state = match delivery.dead_at {
        Some(at) => format!("dead since {}", at.in_zone(zone)),
        None => format!("due {}", delivery.due_at.in_zone(zone)),
    };
    let outage = delivery
        .outage_number
        .map_or(String::new(), |number| format!(" of outage {number}"));
    let attempts = match delivery.attempts {
        1 => "1 attempt".to_owned(),
        count => format!("{count} attempts"),
    };
    let why = why(delivery, now, zone);
    format!(
        "{}  {}{outage}  {state}  {attempts}  {why}",
        delivery.id, delivery.kind
    )
}

fn as_json(delivery: &Listed, now: Timestamp) -> serde_json::Value {
    serde_json::json!({
        "id": delivery.id,
        "kind": delivery.kind,
        "outage": delivery.outage_number,
        "attempts": delivery.attempts,
        "created_at": delivery.created_at.iso(),
        "due_at": delivery.due_at.iso(),
        "dead_at": delivery.dead_at.map(|it| it.iso()),
        "error": delivery.last_error,
        "waits_for": delivery.behind,
        "paused_until": delivery.paused_until.filter(|it| *it > now).map(|it| it.iso()),
    })
}
