//! Settings: defaults, laid over by an older tool's variables, a file, the environment and flags,
//! with all problems told at once. The only room that reads environment variables; it opens no
//! database and calls nobody. Every setting is explained in `config/balefire.toml`.

mod address;
mod catalog;
mod channels;
mod compat;
mod database;
mod deliveries;
mod document;
mod google;
mod groups;
mod impact;
mod layers;
mod log;
mod outages;
mod permissions;
mod problem;
mod reader;
mod secret;
mod server;
mod signals;
mod slack;
mod sources;
mod suggestion;
#[cfg(test)]
mod tests;
mod time;

pub use address::BaseUrl;
pub use catalog::{Catalog, RESERVED, parse_catalog, parse_stackmon, read_catalog, write_catalog};
pub use compat::{Compat, OlderTool, WithoutEffect};
pub use database::{Database, DatabaseUrl};
pub use deliveries::Deliveries;
pub use google::Google;
pub use groups::{Group, GroupSource};
pub use impact::Impact;
pub use log::{Log, LogFormat};
pub use outages::Outages;
pub use permissions::{Permissions, Person, is_email, is_slack_user};
pub use problem::{Problem, Problems};
pub use server::Server;
pub use signals::{SignalSource, Signals, Signing};
pub use slack::{Slack, SlackApp, SlackMode};
pub use sources::{Sources, variable};
pub use time::Time;

use layers::Layers;
use problem::Fault;
use reader::Reader;

use crate::domain::policy::Channels;

/// Everything that was set. `S` is `Option<Slack>` for commands that only need the database.
#[derive(Debug, Clone)]
pub struct Settings<S = Slack> {
    pub compat: Compat,
    pub server: Server,
    pub database: Database,
    pub log: Log,
    pub slack: S,
    pub outages: Outages,
    pub impact: Impact,
    pub channels: Channels,
    pub permissions: Permissions,
    pub google: Google,
    pub deliveries: Deliveries,
    pub signals: Signals,
    pub time: Time,
}

/// Questions about values that other rooms know the answer to.
#[derive(Clone, Copy)]
pub struct Checks {
    /// Whether the IANA database has this zone.
    pub zone_exists: fn(&str) -> bool,
    /// Whether the logs can be filtered so; if not, one sentence saying why.
    pub log_filter: fn(&str) -> Result<(), String>,
}

/// Settings for `serve`: those of Slack are required.
pub fn load(sources: &Sources, checks: &Checks) -> Result<Settings, Problems> {
    read(Reader::new(Layers::of(sources)), checks, slack::read)
}

/// Settings for commands that only need the database: no token, signing secret or channel is no
/// problem, and neither is a secret's file that is out of reach. A wrong value still is.
pub fn load_partial(
    sources: &Sources,
    checks: &Checks,
) -> Result<Settings<Option<Slack>>, Problems> {
    read(Reader::new(Layers::of(sources)), checks, slack::read_if_set)
}

/// Settings for what is done before there is an app in Slack: no secret is asked for.
pub fn load_app(sources: &Sources, checks: &Checks) -> Result<Settings<SlackApp>, Problems> {
    read(Reader::new(Layers::of(sources)), checks, slack::read_app)
}

fn read<S>(
    mut reader: Reader,
    checks: &Checks,
    read_slack: fn(&mut Reader) -> Option<S>,
) -> Result<Settings<S>, Problems> {
    let settings = read_sections(&mut reader, checks, read_slack);
    let problems = reader.finish();
    match settings {
        Some(settings) if problems.is_empty() => Ok(settings),
        _ => Err(Problems::new(problems)),
    }
}

/// All sections are read before the first `?`, so that none hides the problems of the next.
fn read_sections<S>(
    reader: &mut Reader,
    checks: &Checks,
    read_slack: fn(&mut Reader) -> Option<S>,
) -> Option<Settings<S>> {
    let compat = compat::read(reader);
    let server = server::read(reader);
    let database = database::read(reader);
    let log = log::read(reader, checks);
    let slack = read_slack(reader);
    let outages = outages::read(reader);
    let impact = impact::read(reader);
    let channels = channels::read(reader);
    let permissions = permissions::read(reader);
    let google = google::read(reader);
    let deliveries = deliveries::read(reader);
    let signals = signals::read(reader);
    let time = time::read(reader, checks);
    Some(Settings {
        compat: compat?,
        server: server?,
        database: database?,
        log: log?,
        slack: slack?,
        outages: outages?,
        impact: impact?,
        channels: channels?,
        permissions: permissions?,
        google: google?,
        deliveries: deliveries?,
        signals: signals?,
        time: time?,
    })
}

/// The meaning of one of a few words.
fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, Fault> {
    if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*meaning);
    }
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let remedy = match suggestion::nearest(text, names.iter().copied()) {
        Some(word) => format!("Did you mean {word}?"),
        None => "Choose one of these.".to_owned(),
    };
    let reason = format!("It must be one of {}.", names.join(", "));
    Err(Fault::new(reason, remedy))
}
