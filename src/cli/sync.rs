//! `balefire sync`: reads anew what is kept elsewhere.

mod groups;

use std::path::PathBuf;

use super::Failure;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Who is in the groups that come from Google or from user groups of Slack.
    Groups(groups::Arguments),
}

pub async fn run(config: Option<PathBuf>, arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::Groups(command) => groups::run(config, command).await,
    }
}
