//! `balefire demo`: Balefire and a local Slack, in one command and without configuration.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context;
use tokio::net::TcpListener;

use super::{Failure, asked_to_stop, checks, say, start_logs};
use crate::{
    app::App,
    clock::Clock,
    config::{self, Sources, parse_catalog},
    desk::catalog::provision,
    domain::actor::Identity,
    sandbox::{self, Sandbox},
};

/// The components of the demo: what is shipped as an example.
const CATALOG: &str = include_str!("../../config/catalog.toml");

/// How many ports after the wanted one are tried when it is taken.
const PORTS_TRIED: u16 = 50;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where Balefire listens; port 0 picks one, a taken port leads to the next free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the local Slack listens.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8090")]
    sandbox_listen: SocketAddr,
    /// Where to keep the data, of Balefire and of the local Slack. Without it a temporary folder is used and removed at the end.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let kept = arguments
        .data
        .as_ref()
        .map(|folder| folder.join("sandbox.json"));
    let (folder, _removed_at_the_end) = folder(arguments.data)?;
    let listener = free_listener(arguments.listen).await?;
    let app_url = format!("http://{}", listener.local_addr().context("no address")?);
    let sandbox_listen = free_address(arguments.sandbox_listen).await?;
    let secrets = Secrets::new();
    let sandbox = Sandbox::start(sandbox::Options {
        listen: sandbox_listen,
        app_url: Some(app_url.clone()),
        signing_secret: secrets.signing.clone(),
        bot_token: secrets.token.clone(),
        scopes: None,
        app_token: None,
        socket_mode: false,
        commands: vec!["/outage".to_owned(), "/announce".to_owned()],
        shortcuts: shortcuts(),
        clock_offset_seconds: 0,
        seed: sandbox::Seed::default(),
        data: kept,
    })
    .await?;
    let settings = config::load(
        &Sources {
            file: None,
            environment: Vec::new(),
            flags: settings(&folder, &sandbox.api_url(), &secrets),
        },
        &checks(),
    )?;
    start_logs(&settings.log)?;
    let clock = Clock::system();
    let moved = clock.clone();
    sandbox.on_clock_moved(move |seconds| moved.run_ahead(seconds));
    let app = App::build(settings, clock.clone()).await?;
    app.connect().await.map_err(anyhow::Error::from)?;
    let workspace = app
        .slack
        .workspace()
        .context("the local Slack has no workspace")?;
    let catalog = parse_catalog(CATALOG, "the catalogue of the demo")?;
    let by = Identity::CommandLine {
        name: "demo".to_owned(),
    };
    let components = &catalog.entries;
    provision(&app.db, &clock, &workspace, components, false, &by)
        .await
        .context("cannot write the components of the demo")?;
    let running = app.start(listener)?;
    say(&format!("app: {app_url}"));
    say(&format!("sandbox: {}", sandbox.url()));
    say("");
    say("Open the sandbox in a browser and type /outage. Stop with Ctrl-C.");
    say(&format!("Data: {}", folder.display()));
    asked_to_stop().await?;
    // Balefire first: what it still delivers has somewhere to go, and is kept.
    running.stop().await;
    sandbox.stop().await;
    Ok(())
}

/// As `manifest/slack.yaml` has them.
pub(super) fn shortcuts() -> Vec<sandbox::Shortcut> {
    let shortcut = |callback_id: &str, name: &str, kind| sandbox::Shortcut {
        callback_id: callback_id.to_owned(),
        name: name.to_owned(),
        kind,
    };
    vec![
        shortcut(
            "balefire.v1.announce",
            "Announce an outage",
            sandbox::ShortcutKind::Global,
        ),
        shortcut(
            "balefire.v1.announce_from_message",
            "Make this an outage",
            sandbox::ShortcutKind::Message,
        ),
    ]
}

/// Made anew for each run: nothing outside of this process may speak to either side.
struct Secrets {
    token: String,
    signing: String,
}

impl Secrets {
    fn new() -> Secrets {
        let random = || uuid::Uuid::new_v4().simple().to_string();
        Secrets {
            token: format!("xoxb-{}", random()),
            signing: random(),
        }
    }
}

fn settings(folder: &Path, api_url: &str, secrets: &Secrets) -> toml::Table {
    toml::toml! {
        [log]
        filter = "warn,balefire=info"
        [permissions]
        administrators = ["U0ANA"]
        on_call = ["U0ANA", "U0BO"]
        edit_all_outages = ["U0ANA"]
        ask = "Ana Alvarez, who administers Balefire here"
        [time]
        zone = "Europe/Prague"
        [impact.tell]
        sales = ["C0SALES"]
        b2b_partners = ["C0PARTNERS"]
        [channels]
        invite_groups = ["S0ONCALL"]
        archive_after_hours = 72
    }
    .into_iter()
    .chain([
        section(
            "database",
            &[(
                "url",
                &format!("sqlite:{}", folder.join("balefire.db").display()),
            )],
        ),
        section(
            "slack",
            &[
                ("bot_token", &secrets.token),
                ("signing_secret", &secrets.signing),
                ("announce_channel", "C0OUTAGES"),
                ("api_url", api_url),
            ],
        ),
    ])
    .collect()
}

fn section(name: &str, values: &[(&str, &str)]) -> (String, toml::Value) {
    let table: toml::Table = values
        .iter()
        .map(|(key, value)| ((*key).to_owned(), toml::Value::from(*value)))
        .collect();
    (name.to_owned(), table.into())
}

fn folder(wanted: Option<PathBuf>) -> anyhow::Result<(PathBuf, Option<tempfile::TempDir>)> {
    match wanted {
        Some(path) => {
            std::fs::create_dir_all(&path)
                .with_context(|| format!("cannot make the folder {}", path.display()))?;
            Ok((path, None))
        }
        None => {
            let temporary = tempfile::Builder::new()
                .prefix("balefire-demo-")
                .tempdir()
                .context("cannot make a temporary folder")?;
            Ok((temporary.path().to_owned(), Some(temporary)))
        }
    }
}

/// Listens where it was wanted, or on the next free port.
async fn free_listener(wanted: SocketAddr) -> anyhow::Result<TcpListener> {
    let mut address = wanted;
    for _ in 0..PORTS_TRIED {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                if address != wanted {
                    tell_moved(wanted, address);
                }
                return Ok(listener);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                address.set_port(address.port().saturating_add(1));
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot listen on {address}"));
            }
        }
    }
    anyhow::bail!(
        "no port from {} to {} is free",
        wanted.port(),
        address.port()
    )
}

#[allow(clippy::print_stderr)] // the log has not begun yet
fn tell_moved(wanted: SocketAddr, address: SocketAddr) {
    eprintln!("port {} is taken, using {}", wanted.port(), address.port());
}

async fn free_address(wanted: SocketAddr) -> anyhow::Result<SocketAddr> {
    Ok(free_listener(wanted).await?.local_addr()?)
}
