//! `balefire manifest`: the Slack app that fits the settings. Everything in it stands in
//! `manifest/slack.yaml`; what the settings do without is left out here.

use std::path::PathBuf;

use url::Url;

use super::{Failure, checks, say, sources};
use crate::config;

mod yaml;

const SHIPPED: &str = include_str!("../../manifest/slack.yaml");

/// The address that stands in the shipped file.
const EXAMPLE: &str = "https://balefire.example.com";

/// Keys whose values are addresses; in Socket Mode there are none.
const ADDRESSES: [&str; 3] = ["url:", "request_url:", "message_menu_options_url:"];

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Without addresses: Balefire opens the connections. Also when slack.mode is socket.
    #[arg(long, conflicts_with = "url")]
    socket_mode: bool,
    /// The https address under which Slack reaches Balefire, instead of server.public_url.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// In JSON instead of YAML.
    #[arg(long)]
    json: bool,
}

/// What the manifest depends on.
struct Wanted {
    /// `None` in Socket Mode.
    url: Option<String>,
    commands: Vec<String>,
    /// Whether members of user groups are read.
    user_groups: bool,
    /// Whether they give rights, so that a change of one matters at once.
    groups_give_rights: bool,
}

impl Wanted {
    fn does_without(&self, line: &str) -> bool {
        match line {
            "- usergroups:read" => !self.user_groups,
            "- subteam_members_changed" | "- subteam_updated" => !self.groups_give_rights,
            _ => false,
        }
    }
}

pub async fn run(file: Option<PathBuf>, arguments: Arguments) -> Result<(), Failure> {
    let settings = config::load_app(&sources(file, toml::Table::new()), &checks())?;
    let public = settings.server.public_url.as_ref();
    let url = match &arguments.url {
        Some(given) => Some(address(given)?),
        None if arguments.socket_mode || settings.slack.socket_mode => None,
        None => match public {
            Some(url) => Some(address(url.as_str())?),
            None => Some(EXAMPLE.to_owned()),
        },
    };
    let groups_give_rights = !settings.permissions.user_groups().is_empty();
    let text = manifest(&Wanted {
        url,
        commands: settings.slack.commands,
        user_groups: groups_give_rights || !settings.channels.invite_groups.is_empty(),
        groups_give_rights,
    });
    match arguments.json {
        true => say(&format!("{:#}", yaml::parse(&text))),
        false => say(text.trim_end()),
    }
    Ok(())
}

fn address(text: &str) -> Result<String, Failure> {
    let sound = Url::parse(text).ok().filter(|url| {
        url.scheme() == "https"
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    match sound {
        Some(url) => Ok(url.as_str().trim_end_matches('/').to_owned()),
        None => Err(Failure::Usage(format!(
            "balefire: Slack cannot call {text}. Write an https address without ? and #, like \
             {EXAMPLE}, or use --socket-mode."
        ))),
    }
}

/// The shipped file, its opening aside, as it is wanted.
fn manifest(wanted: &Wanted) -> String {
    let mut text = String::from("# The Slack app of Balefire, made by `balefire manifest`.\n");
    if wanted.url.as_deref() == Some(EXAMPLE) {
        text.push_str(&format!(
            "# Replace {EXAMPLE} by the address under which Slack reaches Balefire.\n"
        ));
    }
    let (before, commands, after) = parts();
    let all = [before, &with_commands(commands, &wanted.commands), after].concat();
    let lines: Vec<&str> = all.lines().collect();
    let mut position = 0;
    while let Some(line) = lines.get(position) {
        position += 1;
        // A comment belongs to the line below it.
        let next = lines.get(position).map_or("", |line| line.trim());
        let is_comment = line.trim().starts_with('#');
        if wanted.does_without(line.trim()) || is_comment && wanted.does_without(next) {
            continue;
        }
        match &wanted.url {
            Some(url) => text.push_str(&line.replace(EXAMPLE, url)),
            None if ADDRESSES.iter().any(|key| line.trim().starts_with(key)) => continue,
            None => {
                text.push_str(
                    &line.replace("socket_mode_enabled: false", "socket_mode_enabled: true"),
                );
            }
        }
        text.push('\n');
    }
    text
}

/// The shipped file from its first key on: up to the first command, the commands, what follows.
fn parts() -> (&'static str, &'static str, &'static str) {
    let (_, file) = split(SHIPPED, "_metadata:");
    let (before, rest) = split(file, "    - command: ");
    let (commands, after) = split(rest, "oauth_config:");
    (before, commands, after)
}

/// Where there is no such line everything is before it; a test would notice.
fn split<'a>(text: &'a str, line: &str) -> (&'a str, &'a str) {
    text.split_at(text.find(line).unwrap_or(text.len()))
}

/// The first command is described as the first of the shipped ones, the others as the same.
fn with_commands(shipped: &str, names: &[String]) -> String {
    let (_, second) = shipped.split_at(shipped.rfind("    - command: ").unwrap_or(0));
    let (first, _) = shipped.split_at(shipped.len() - second.len());
    let mut text = String::new();
    for (position, name) in names.iter().enumerate() {
        match (position, names.first()) {
            (0, _) | (_, None) => text.push_str(&first.replace("/outage", name)),
            (_, Some(main)) => {
                let second = second.replace("/announce", name);
                let same = format!("The same as {main}");
                text.push_str(&second.replace("The same as /outage", &same));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests;
