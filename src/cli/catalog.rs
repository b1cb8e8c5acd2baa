//! `balefire catalog provision`: writes the components of a file into the database.

use std::path::PathBuf;

use anyhow::Context;

use super::{Failure, checks, say, sources};
use crate::{
    app::{open_database, provision_components},
    clock::Clock,
    config::{self, read_catalog},
    domain::{actor::Identity, ids::WorkspaceId},
    slack::{api::SlackApi, contact::Hindrance},
    store,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Add and rename the components of a file. Nothing is ever deleted.
    Provision {
        #[arg(default_value = "config/catalog.toml")]
        file: PathBuf,
        /// Components that the file does not name can no longer be chosen.
        #[arg(long)]
        retire_others: bool,
    },
}

pub async fn run(config: Option<PathBuf>, arguments: Arguments) -> Result<(), Failure> {
    let Command::Provision {
        file,
        retire_others,
    } = arguments.command;
    let settings = config::load_partial(&sources(config, toml::Table::new()), &checks())?;
    let entries = read_catalog(&file)?;
    let db = open_database(&settings.database)
        .await
        .with_context(|| format!("cannot open the database {}", settings.database.url))?;
    let mut why = String::new();
    let workspace = match &settings.slack {
        // Asking Slack is right even when the database knows a workspace: the token may be new.
        Some(slack) => {
            let api = SlackApi::new(slack.api_url.as_str(), &slack.bot_token, slack.timeout)?;
            match api.installation().await {
                Ok(installation) => Some(WorkspaceId(installation.team_id)),
                // Components of another workspace than the one that is meant would be in nobody's way
                // and of no use, so a token that is wrong is said and not passed over.
                Err(error) => match Hindrance::of(&error).filter(Hindrance::is_the_token) {
                    Some(token) => return Err(Failure::Usage(format!("balefire: {token}."))),
                    None => {
                        why = format!(" {error}.");
                        None
                    }
                },
            }
        }
        None => None,
    };
    let workspace = match workspace {
        Some(workspace) => workspace,
        None => {
            let mut tx = db.read().await.context("cannot read the database")?;
            let latest = store::workspaces::latest(&mut tx).await;
            latest
                .context("cannot read the database")?
                .map(|it| it.id)
                .ok_or_else(|| {
                    Failure::Usage(format!(
                        "balefire: it is not known yet for which workspace.{why} Set \
                         slack.bot_token, or run `balefire serve` once."
                    ))
                })?
        }
    };
    let by = Identity::CommandLine {
        name: "cli".to_owned(),
    };
    let clock = Clock::system();
    let done = provision_components(&db, &clock, &workspace, &entries, retire_others, &by)
        .await
        .context("cannot write the components")?;
    let (saved, retired) = (done.saved, done.retired);
    let components = if saved == 1 {
        "component"
    } else {
        "components"
    };
    say(&format!("{saved} {components} written, {retired} retired"));
    db.close().await;
    Ok(())
}
