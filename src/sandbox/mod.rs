//! A Slack workspace on this machine: Slack's Web API, and Slack's calls to the app, with people
//! played through a control API. Tests and demos run the product against it.
//!
//! It is written from Slack's documentation alone and uses nothing of the product, so that it
//! cannot share the product's misunderstandings. What it does not know it answers with
//! `unknown_method`. OAuth, Enterprise Grid and canvases are not here.

mod api;
mod avatar;
mod blocks;
mod calls;
mod clock;
mod control;
mod faults;
mod journal;
mod keeping;
mod outgoing;
mod seed;
mod server;
mod shared;
mod signing;
mod sockets;
#[cfg(test)]
mod tests;
mod world;

pub use outgoing::verify::Verified;
pub use seed::{
    Seed, SeedApp, SeedChannel, SeedGroup, SeedUser, SeedWorkspace, Shortcut, ShortcutKind,
};

use anyhow::Context;
use clock::Clock;
use shared::Shared;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use world::World;
use world::settings::Settings;

/// Slack waits this long for an app to answer.
const PATIENCE: Duration = Duration::from_secs(3);

pub struct Options {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Base URL of the app, e.g. `http://127.0.0.1:8080`; see also [`Sandbox::connect_app`].
    pub app_url: Option<String>,
    pub signing_secret: String,
    /// The one bot token the Web API accepts, `xoxb-…`.
    pub bot_token: String,
    /// What the bot's token may do; `None` is everything.
    pub scopes: Option<Vec<String>>,
    /// The app-level token with which sockets are opened, `xapp-…`.
    pub app_token: Option<String>,
    /// Whether the app is called over its sockets instead of its URL.
    pub socket_mode: bool,
    /// Registered slash commands, e.g. `/outage`.
    pub commands: Vec<String>,
    /// The app's shortcuts, which the page offers.
    pub shortcuts: Vec<Shortcut>,
    /// How far the sandbox's clock is ahead of the system's when it starts for the first time.
    pub clock_offset_seconds: i64,
    pub seed: Seed,
    /// The file that the workspace is kept in between runs. Without it, it is gone at the end.
    pub data: Option<PathBuf>,
}

/// A running workspace. Dropping it leaves it running; see [`Sandbox::stop`].
pub struct Sandbox {
    shared: Arc<Shared>,
    address: SocketAddr,
    data: Option<PathBuf>,
}

impl Sandbox {
    /// Binds and begins to serve.
    pub async fn start(options: Options) -> anyhow::Result<Sandbox> {
        Sandbox::start_with(options, PATIENCE).await
    }

    async fn start_with(options: Options, patience: Duration) -> anyhow::Result<Sandbox> {
        let listener = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("the sandbox cannot listen on {}", options.listen))?;
        let address = listener
            .local_addr()
            .context("the sandbox does not know its own address")?;
        let http = reqwest::Client::builder()
            // Slack follows two redirects; and a proxy has no place on loopback.
            .redirect(reqwest::redirect::Policy::limited(2))
            .no_proxy()
            .build()
            .context("the sandbox cannot make an HTTP client")?;
        let clock = Arc::new(Clock::new(options.clock_offset_seconds));
        let mut world = World::new(options.seed, options.bot_token, options.commands, clock);
        world.url = format!("http://{address}");
        world.shortcuts = options.shortcuts;
        world.settings = Settings {
            scopes: options.scopes,
            app_token: options.app_token,
            socket_mode: options.socket_mode,
            ..Settings::default()
        };
        if let Some(file) = &options.data {
            keeping::restore(&mut world, file)?;
        }
        let shared = Arc::new(Shared::new(world, options.signing_secret, patience, http));
        if let Some(app_url) = &options.app_url {
            shared.connect_app(app_url);
        }
        if let Some(file) = &options.data {
            // A file that cannot be written is better known now than at the end.
            keeping::save(&shared, file).await?;
            let keeping = keeping::keep(shared.clone(), file.clone(), shared.watch());
            shared.tasks.spawn(keeping);
        }
        let router = server::router(shared.clone());
        shared
            .tasks
            .spawn(server::accept(listener, router, shared.clone()));
        shared.spawn(shared.clone().keep_retrying());
        Ok(Sandbox {
            shared,
            address,
            data: options.data,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn api_url(&self) -> String {
        format!("{}/api", self.url())
    }

    /// Says where the app is: its `/slack/commands`, `/slack/interactivity`, `/slack/events`.
    pub fn connect_app(&self, app_url: &str) {
        self.shared.connect_app(app_url);
    }

    /// What `GET /_sandbox/state` answers, for whoever looks often.
    pub fn state(&self) -> serde_json::Value {
        control::look::shown(&self.shared)
    }

    /// Stops the clock at a time, as `POST /_sandbox/clock` does with `stand_at_micros`.
    pub async fn stand_at(&self, micros: i64) {
        self.shared.change(|world| world.clock.stand_at(micros));
        self.shared.post_due_messages();
        self.shared.run_due_retries().await;
    }

    /// Asks the app at its URL to repeat a challenge, as Slack does when a URL is saved.
    pub async fn verify(&self) -> Verified {
        self.shared.verify().await
    }

    /// Calls the hook with the clock's total offset in seconds, now and after each move of the
    /// clock.
    pub fn on_clock_moved(&self, hook: impl Fn(i64) + Send + Sync + 'static) {
        self.shared.add_clock_hook(Box::new(hook));
    }

    /// Ends everything the sandbox started, giving open connections a moment, and keeps what the
    /// workspace came to.
    pub async fn stop(self) {
        self.shared.stopping.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
        if let Some(file) = &self.data
            && let Err(error) = keeping::save(&self.shared, file).await
        {
            keeping::complain(&error);
        }
    }
}
