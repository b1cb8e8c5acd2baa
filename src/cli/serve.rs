//! `balefire serve`: runs with a real workspace, over HTTP.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Context;
use tokio::net::TcpListener;

use super::{Failure, asked_to_stop, checks, say, sources, start_logs};
use crate::{
    app::{App, ConnectError},
    clock::Clock,
    config::{self, Compat},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to listen, instead of server.listen.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

pub async fn run(file: Option<PathBuf>, arguments: Arguments) -> Result<(), Failure> {
    let mut flags = toml::Table::new();
    if let Some(listen) = arguments.listen {
        let mut server = toml::Table::new();
        server.insert("listen".to_owned(), listen.to_string().into());
        flags.insert("server".to_owned(), server.into());
    }
    let settings = config::load(&sources(file, flags), &checks())?;
    start_logs(&settings.log)?;
    tell_without_effect(&settings.compat);
    let listen = settings.server.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        Failure::Usage(format!(
            "balefire: cannot listen on {listen}: {error}. Choose another with server.listen or --listen."
        ))
    })?;
    let app = App::build(settings, Clock::system()).await?;
    match app.connect().await {
        Ok(()) => {}
        Err(error @ ConnectError::Token(_)) => {
            return Err(Failure::Usage(format!("balefire: {error}.")));
        }
        // Slack being away is no reason not to start.
        Err(error) => error.tell(&mut String::new()),
    }
    let running = app.start(listener).context("cannot start")?;
    say(&format!("app: http://{}", running.address));
    asked_to_stop().await?;
    running.stop().await;
    Ok(())
}

/// Says which variables of an older tool do nothing, so that nobody believes in them.
fn tell_without_effect(compat: &Compat) {
    if let Some(warning) = compat.warning() {
        tracing::warn!("{warning}");
    }
    for it in &compat.without_effect {
        tracing::info!("{}: {}", it.variable, it.advice);
    }
}
