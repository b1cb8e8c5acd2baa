//! `balefire catalog`: the components as a file says them, and as the database has them.

use std::{fs, path::PathBuf};

use anyhow::{Context, anyhow};

use super::{Failure, checks, existing_database, in_words, say, sources};
use crate::{
    app::open_database,
    clock::Clock,
    config::{self, Catalog, Problems, Settings, Slack, read_catalog, write_catalog},
    desk::catalog::{self, CatalogError, Fate},
    domain::{
        actor::Identity,
        catalog::{Change, Kind, Plan, Step},
        component::Described,
        ids::{ComponentKey, WorkspaceId},
    },
    slack::{api::SlackApi, contact::Hindrance},
    store::{self, Db},
};

/// How much of a text is shown where it changes.
const SHOWN: usize = 100;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Add and change the components of a file, all or none. Nothing is ever deleted, and nothing is
    /// retired without --prune.
    ///
    /// A file whose name ends in .yaml or .yml is read as the catalogue of stackmon's status
    /// dashboard.
    Provision(Wanted),
    /// Say what `provision` would do, and change nothing.
    ///
    /// Exit codes are those of diff: 0 when nothing would change, 1 when something would, 2 when it
    /// cannot be said.
    Diff(Wanted),
    /// Delete components that no outage ever named and nothing ever watched; the others are retired.
    Purge {
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
        /// Do it. Without this, only what would become of each is said.
        #[arg(long)]
        yes: bool,
    },
    /// Write the components of the database as a file for `provision`.
    Export {
        /// Where to; standard output when not given. A file that is there is written over.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Also those that are retired, marked so.
        #[arg(long)]
        retired: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Wanted {
    #[arg(default_value = "config/catalog.toml")]
    file: PathBuf,
    /// Retire what the file does not name, or says is retired: it can no longer be chosen.
    #[arg(long, aliases = ["retire-others", "retire_others"])]
    prune: bool,
}

type Loaded = Settings<Option<Slack>>;

pub async fn run(config: Option<PathBuf>, arguments: Arguments) -> Result<(), Failure> {
    let settings = config::load_partial(&sources(config, toml::Table::new()), &checks())?;
    match arguments.command {
        Command::Provision(wanted) => provision(&settings, &wanted).await,
        // 1 would say that something is different.
        Command::Diff(wanted) => diff(&settings, &wanted).await.map_err(|it| match it {
            Failure::Failed(error) => Failure::Usage(format!("balefire: {}", in_words(&error))),
            other => other,
        }),
        Command::Purge { keys, yes } => purge(&settings, &keys, yes).await,
        Command::Export { output, retired } => export(&settings, output, retired).await,
    }
}

async fn provision(settings: &Loaded, wanted: &Wanted) -> Result<(), Failure> {
    let file = read(wanted)?;
    let db = open_database(&settings.database)
        .await
        .with_context(|| format!("cannot open the database {}", settings.database.url))?;
    let workspace = workspace(settings, &db).await?;
    let (entries, clock, by) = (&file.entries, Clock::system(), identity());
    let done = catalog::provision(&db, &clock, &workspace, entries, wanted.prune, &by).await;
    let plan = done.map_err(|it| refused(it, &file))?;
    say(&counted(&plan, ""));
    say_left(&plan);
    db.close().await;
    Ok(())
}

async fn diff(settings: &Loaded, wanted: &Wanted) -> Result<(), Failure> {
    let file = read(wanted)?;
    let db = existing_database(&settings.database).await?;
    let workspace = workspace(settings, &db).await?;
    let planned = catalog::would_provision(&db, &workspace, &file.entries, wanted.prune).await;
    let plan = planned.map_err(|it| refused(it, &file))?;
    for step in &plan.steps {
        say(&told(step));
    }
    say(&counted(&plan, "would be "));
    say_left(&plan);
    db.close().await;
    match plan.steps.is_empty() {
        true => Ok(()),
        false => Err(Failure::Differs),
    }
}

fn read(wanted: &Wanted) -> Result<Catalog, Failure> {
    let file = read_catalog(&wanted.file)?;
    // More likely an accident than the end of everything.
    if wanted.prune && file.entries.is_empty() {
        return Err(Failure::Usage(format!(
            "balefire: {} names no component, so that --prune would retire them all. To take \
             components out of use, name them: `balefire catalog purge KEY`.",
            wanted.file.display()
        )));
    }
    Ok(file)
}

async fn purge(settings: &Loaded, keys: &[String], yes: bool) -> Result<(), Failure> {
    let (db, workspace) = existing(settings).await?;
    let mut named: Vec<ComponentKey> = Vec::new();
    for key in keys {
        let key = ComponentKey::from(key.as_str());
        if !named.contains(&key) {
            named.push(key);
        }
    }
    let fates = match yes {
        true => catalog::purge(&db, &Clock::system(), &workspace, &named, &identity()).await,
        false => catalog::would_purge(&db, &workspace, &named).await,
    };
    let fates = fates.map_err(|error| match error {
        CatalogError::Unknown(key) => Failure::Usage(format!(
            "balefire: there is no component with the key {key}. Nothing was changed."
        )),
        other => Failure::Failed(failed(other)),
    })?;
    for (key, fate) in &fates {
        say(&format!("{key}: {}", fate_in_words(fate, yes)));
    }
    db.close().await;
    let stay = fates
        .iter()
        .filter(|(_, it)| matches!(it, Fate::Needed { .. }));
    match (yes, stay.count()) {
        (false, _) => Err(Failure::Usage(
            "balefire: nothing was changed. If this is meant, add --yes.".to_owned(),
        )),
        (true, 0) => Ok(()),
        (true, count) => Err(anyhow!(
            "{count} of {} stay: change the parents of those that need them first.",
            fates.len()
        )
        .into()),
    }
}

fn fate_in_words(fate: &Fate, done: bool) -> String {
    let would = if done { "" } else { "would be " };
    let outages = |count: i64| match count {
        0 => "something watches it, or did".to_owned(),
        1 => "1 outage names it".to_owned(),
        count => format!("{count} outages name it"),
    };
    match fate {
        Fate::Deleted => format!("{would}deleted"),
        Fate::Retired {
            outages: count,
            before: false,
        } => format!("{would}retired, not deleted: {}", outages(*count)),
        Fate::Retired {
            outages: count,
            before: true,
        } => format!("stays retired: {}", outages(*count)),
        Fate::Needed { by } => {
            let by: Vec<&str> = by.iter().map(ComponentKey::as_str).collect();
            format!("stays in use: it is a parent of {}", by.join(", "))
        }
    }
}

async fn export(settings: &Loaded, output: Option<PathBuf>, retired: bool) -> Result<(), Failure> {
    let (db, workspace) = existing(settings).await?;
    let known = catalog::components(&db, &workspace).await.map_err(failed)?;
    let said = known.into_iter().map(|it| it.said);
    let said: Vec<Described> = said.filter(|it| retired || !it.retired).collect();
    let text = write_catalog(&said);
    match output {
        Some(path) => {
            fs::write(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
            say(&format!("{}: {}", path.display(), components(said.len())));
        }
        None => say(text.trim_end()),
    }
    db.close().await;
    Ok(())
}

fn identity() -> Identity {
    Identity::CommandLine {
        name: "cli".to_owned(),
    }
}

/// The database and the workspace that it knows. Slack is asked only before the first `serve`: what
/// is in the database can be had without it.
async fn existing(settings: &Loaded) -> Result<(Db, WorkspaceId), Failure> {
    let db = existing_database(&settings.database).await?;
    let workspace = match known(&db).await? {
        Some(workspace) => workspace,
        None => workspace(settings, &db).await?,
    };
    Ok((db, workspace))
}

/// Which workspace is meant: Slack is asked, and where it does not answer the database.
async fn workspace(settings: &Loaded, db: &Db) -> Result<WorkspaceId, Failure> {
    let Some(slack) = &settings.slack else {
        return latest(db, "").await;
    };
    // Asking Slack is right even when the database knows a workspace: the token may be new.
    let api = SlackApi::new(slack.api_url.as_str(), &slack.bot_token, slack.timeout)?;
    match api.installation().await {
        Ok(installation) => Ok(WorkspaceId(installation.team_id)),
        // Components of another workspace than the one that is meant would be in nobody's way
        // and of no use, so a token that is wrong is said and not passed over.
        Err(error) => match Hindrance::of(&error).filter(Hindrance::is_the_token) {
            Some(token) => Err(Failure::Usage(format!("balefire: {token}."))),
            None => latest(db, &format!(" {error}.")).await,
        },
    }
}

async fn latest(db: &Db, why: &str) -> Result<WorkspaceId, Failure> {
    known(db).await?.ok_or_else(|| {
        Failure::Usage(format!(
            "balefire: it is not known yet for which workspace.{why} Set slack.bot_token, or run \
             `balefire serve` once."
        ))
    })
}

async fn known(db: &Db) -> Result<Option<WorkspaceId>, Failure> {
    let mut tx = db.read().await.context("cannot read the database")?;
    let latest = store::workspaces::latest(&mut tx).await;
    let latest = latest.context("cannot read the database")?;
    Ok(latest.map(|it| it.id))
}

/// What the database refuses, with the places in the file.
fn refused(error: CatalogError, file: &Catalog) -> Failure {
    match error {
        CatalogError::Refused(conflicts) => {
            let problems: Problems = file.refused(&conflicts);
            Failure::Settings(problems)
        }
        other => Failure::Failed(failed(other)),
    }
}

fn failed(error: CatalogError) -> anyhow::Error {
    match error {
        CatalogError::Store(error) => {
            anyhow::Error::from(error).context("cannot read or write the components")
        }
        other => other.into(),
    }
}

fn components(count: usize) -> String {
    match count {
        1 => "1 component".to_owned(),
        count => format!("{count} components"),
    }
}

fn counted(plan: &Plan, would: &str) -> String {
    let count = |kind| plan.count(kind);
    format!(
        "{} {would}new, {} {would}changed, {} unchanged, {} {would}retired",
        count(Kind::New),
        count(Kind::Changed),
        plan.unchanged,
        count(Kind::Retired)
    )
}

fn say_left(plan: &Plan) {
    if plan.left > 0 {
        say(&format!(
            "{} in use that the file does not name, or says is retired: --prune retires what it \
             does not want",
            components(plan.left)
        ));
    }
}

/// One component, with what is said otherwise of it.
fn told(step: &Step) -> String {
    let (sign, note) = match step.kind() {
        Kind::New => ('+', ""),
        Kind::Changed => ('~', ""),
        Kind::Retired => ('-', ", retired"),
    };
    let name = match &step.before {
        Some(before) => &before.said.name,
        None => &step.after.name,
    };
    let mut lines = vec![format!("{sign} {} ({name}){note}", step.after.key)];
    let skipped = match step.kind() {
        Kind::New => "name",
        _ => "",
    };
    for Change { field, old, new } in step.changes() {
        let is_said = field == skipped || (field == "retired" && step.kind() == Kind::Retired);
        match step.kind() {
            _ if is_said => {}
            Kind::New => lines.push(format!("    {field}: {}", shown(&new))),
            _ => lines.push(format!("    {field}: {} → {}", shown(&old), shown(&new))),
        }
    }
    lines.join("\n")
}

fn shown(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    match line.char_indices().nth(SHOWN) {
        _ if line.is_empty() => "(none)".to_owned(),
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_shown_in_a_line_each() {
        let before = Described::plain("pay", "Payments");
        let mut after = before.clone();
        after.name = "Money".into();
        after.description = Some(format!("one\n\n  two {}", "x".repeat(SHOWN)));
        let known = crate::domain::component::Known {
            id: crate::domain::ids::ComponentId(1),
            said: before.clone(),
        };
        let mut step = Step {
            before: Some(known),
            after,
        };
        let cut = "x".repeat(SHOWN - "one two ".len());
        assert_eq!(
            told(&step),
            format!(
                "~ pay (Payments)\n    description: (none) → one two {cut}…\n    name: Payments → Money"
            )
        );
        step.after = before;
        step.after.retired = true;
        assert_eq!(told(&step), "- pay (Payments), retired");
        step.after.retired = false;
        step.after.owner = Some("Team".into());
        step.before = None;
        assert_eq!(told(&step), "+ pay (Payments)\n    owner: Team");
    }
}
