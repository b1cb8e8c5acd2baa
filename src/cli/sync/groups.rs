//! `balefire sync groups`: reads the lists of members that are kept elsewhere, and says what that
//! changes.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::{Context, anyhow};

use crate::{
    app::App,
    cli::{Failure, checks, say, sources, start_logs},
    clock::Clock,
    config,
    desk::{How, Synced},
    domain::{actor::Identity, membership::Difference},
    jobs::groups::Report,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only say what would change.
    #[arg(long)]
    dry_run: bool,
    /// Also remove people where more than half of a group would go.
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
}

pub async fn run(config: Option<PathBuf>, arguments: Arguments) -> Result<(), Failure> {
    let settings = config::load(&sources(config, toml::Table::new()), &checks())?;
    start_logs(&settings.log)?;
    if settings.permissions.sources.is_empty() {
        return Err(Failure::Usage(
            "balefire: no group is read from elsewhere. Name lists in [[permissions.sources]] of \
             the settings; config/balefire.toml shows how."
                .to_owned(),
        ));
    }
    let app = App::build(settings, Clock::system()).await?;
    let lists = app.group_lists();
    let workspace = lists
        .workspace()
        .await
        .context("cannot read the database")?;
    let Some(workspace) = workspace else {
        return Err(Failure::Usage(
            "balefire: no workspace is known yet. Start `balefire serve` once, so that Slack says \
             which one it is."
                .to_owned(),
        ));
    };
    let by = Identity::CommandLine { name: "cli".into() };
    let how = How {
        dry_run: arguments.dry_run,
        yes: arguments.yes,
        lease: None,
    };
    let tally = lists
        .sync(&workspace, &by, how, |report| say(&told(&report)))
        .await
        .context("cannot write to the database")?;
    match (tally.unread, tally.held) {
        (0, 0) => Ok(()),
        (0, held) => Err(anyhow!(
            "{held} of {} lists would remove more than half of a group, and were left alone. Look \
             at who would go; if it is meant, run this again with --yes.",
            tally.lists
        )
        .into()),
        (unread, _) => Err(anyhow!(
            "{unread} of {} lists could not be read. Nobody lost or got a right by them.",
            tally.lists
        )
        .into()),
    }
}

/// What became of one list, with everybody who comes or goes.
fn told(report: &Report) -> String {
    let mut lines = Vec::new();
    let (title, difference) = match &report.outcome {
        Err(unread) => (format!("not read: {}", unread.why), None),
        Ok(Synced::NotOurs | Synced::NoGroup) => ("left to another node".to_owned(), None),
        Ok(Synced::Applied(it)) => (counted(it, "added", "removed"), Some(it)),
        Ok(Synced::WouldApply(it)) => {
            let mut title = counted(it, "to be added", "to be removed");
            if it.needs_a_yes() {
                title.push_str(", which needs --yes");
            }
            (title, Some(it))
        }
        Ok(Synced::Held(it, _)) => {
            let gone = format!("{} of {} would be removed", it.removed.len(), it.before);
            (format!("left alone: {gone}"), Some(it))
        }
    };
    lines.push(format!("{} from {}: {title}", report.group, report.source));
    if let Some(difference) = difference {
        let each = |sign: char, members: &BTreeSet<String>| -> Vec<String> {
            members.iter().map(|it| format!("  {sign} {it}")).collect()
        };
        lines.extend(each('+', &difference.added));
        lines.extend(each('-', &difference.removed));
    }
    lines.extend(report.left_out.iter().map(|it| format!("  ({it})")));
    lines.join("\n")
}

fn counted(difference: &Difference, added: &str, removed: &str) -> String {
    match difference.is_empty() {
        true => format!("nothing changes, {} members", difference.before),
        false => format!(
            "{} {added}, {} {removed}",
            difference.added.len(),
            difference.removed.len()
        ),
    }
}
