//! The composition root: settings become a database, adapters and rooms, and a server that can be
//! stopped without losing anything.

mod connect;
mod readiness;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use axum::Router;
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use crate::{
    clock::Clock,
    config::{Settings, SlackMode},
    desk::Desk,
    domain::{ids::ChannelId, policy::Policy, time::Zone},
    health::Health,
    jobs::{self, Job, Jobs, groups::Lists},
    outbox::Outbox,
    signals::{
        self,
        intake::Intake,
        worker::{self, TakeIn},
    },
    slack::{
        FORMS_AT_ONCE, Slack,
        api::SlackApi,
        deliver::SlackDeliver,
        ingress::{
            self,
            signature::Verifier,
            socket::{self, Link, door::Door},
        },
        replies::Responder,
        triggers::Triggers,
    },
    store::Db,
    telemetry::Metrics,
};

pub use connect::{ConnectError, open as open_database, place as place_of_database};

/// A request that takes longer than this is given up; Slack's own are answered far earlier.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a database may take to let go of its connections: one that does not answer must not
/// keep us from stopping.
const CLOSING: Duration = Duration::from_secs(5);

/// Every room, wired.
pub struct App {
    pub db: Db,
    pub clock: Clock,
    pub slack: Arc<Slack>,
    pub outbox: Arc<Outbox<SlackDeliver>>,
    pub health: Health,
    pub metrics: Arc<Metrics>,
    /// Where what monitors send comes in.
    pub intake: Arc<Intake>,
    /// Whoever makes something of it.
    pub taker: Arc<dyn TakeIn>,
    settings: Settings,
    /// In Socket Mode only.
    socket: Option<Socket>,
    /// Whether the workers run; readiness depends on it.
    working: Arc<AtomicBool>,
    /// Whether Slack said who we are, in this run.
    met: AtomicBool,
    stop: CancellationToken,
}

/// How Slack reaches us in Socket Mode.
#[derive(Clone)]
struct Socket {
    link: Arc<Link>,
    door: Arc<Door>,
}

/// A server that runs.
pub struct Running {
    pub address: SocketAddr,
    stop: CancellationToken,
    server: JoinHandle<()>,
    workers: TaskTracker,
    tasks: TaskTracker,
    grace: Duration,
    db: Db,
}

impl App {
    /// Opens the database and builds the rooms. Calls nobody outside.
    pub async fn build(settings: Settings, clock: Clock) -> anyhow::Result<App> {
        let db = connect::open(&settings.database)
            .await
            .with_context(|| format!("cannot open the database {}", settings.database.url))?;
        App::with_database(settings, db, clock)
    }

    /// Builds the rooms over a database that is open.
    pub fn with_database(settings: Settings, db: Db, clock: Clock) -> anyhow::Result<App> {
        let metrics = Arc::new(Metrics::new());
        let wake = Arc::new(Notify::new());
        let api = SlackApi::new(
            settings.slack.api_url.as_str(),
            &settings.slack.bot_token,
            settings.slack.timeout,
        )?;
        let api = Arc::new(api.watched(clock.clone()));
        let fallback = settings.slack.fallback_channel.clone().map(ChannelId);
        let policy = Arc::new(policy(
            &settings,
            &settings.slack.announce_channel,
            fallback,
        ));
        let command = settings.slack.commands.first().cloned().unwrap_or_default();
        let desk = Desk::new(db.clone(), clock.clone(), policy, wake.clone());
        let health = Health::new(db.clone(), clock.clone(), wake.clone(), BTreeMap::new());
        let outbox = Arc::new(Outbox::new(
            db.clone(),
            clock.clone(),
            SlackDeliver::new(
                db.clone(),
                clock.clone(),
                api.clone(),
                desk.clone(),
                command,
            ),
            metrics.clone(),
            wake,
            settings.deliveries.give_up_after,
            settings.deliveries.workers as usize,
            settings.slack.timeout,
        ));
        let slack = Arc::new(Slack {
            desk,
            db: db.clone(),
            clock: clock.clone(),
            responder: Responder::new(settings.slack.api_url.as_str())?,
            api,
            metrics: metrics.clone(),
            tasks: TaskTracker::new(),
            forms: Arc::new(Semaphore::new(FORMS_AT_ONCE)),
            triggers: Triggers::default(),
            commands: settings.slack.commands.clone(),
            inbox_wake: Arc::new(Notify::new()),
            user_groups: settings.permissions.user_groups(),
            groups_wake: Arc::new(Notify::new()),
            connected: Arc::new(RwLock::new(None)),
        });
        let intake = Arc::new(Intake::new(
            db.clone(),
            clock.clone(),
            metrics.clone(),
            slack.connected.clone(),
        ));
        let socket = match &settings.slack.mode {
            SlackMode::Http { .. } => None,
            SlackMode::Socket { app_token } => {
                let (url, timeout) = (settings.slack.api_url.as_str(), settings.slack.timeout);
                Some(Socket {
                    link: Link::new(metrics.clone()),
                    door: Arc::new(Door::new(url, app_token, timeout)?),
                })
            }
        };
        let taker = Arc::new(health.clone());
        Ok(App {
            db,
            clock,
            slack,
            outbox,
            health,
            metrics,
            intake,
            taker,
            settings,
            socket,
            working: Arc::new(AtomicBool::new(false)),
            met: AtomicBool::new(false),
            stop: CancellationToken::new(),
        })
    }

    /// Learns from Slack which workspace the token belongs to, and brings groups up to date.
    pub async fn connect(&self) -> Result<(), connect::ConnectError> {
        connect::connect(&self.slack, &self.settings.permissions).await?;
        self.met.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Everything that is served over HTTP.
    pub fn router(&self) -> Router {
        let health = readiness::routes(readiness::Readiness::new(
            self.slack.clone(),
            self.metrics.clone(),
            self.socket.as_ref().map(|it| it.link.clone()),
            self.working.clone(),
            self.stop.clone(),
        ));
        let ingress = match &self.settings.slack.mode {
            SlackMode::Http { signing_secret } => ingress::http::routes(
                self.slack.clone(),
                Verifier::new(signing_secret.clone()),
                self.settings.server.body_limit,
            ),
            SlackMode::Socket { .. } => ingress::http::closed_routes(),
        };
        let signals = signals::http::routes(
            self.intake.clone(),
            self.settings.signals.clone(),
            self.settings.server.body_limit,
        );
        ingress
            .merge(signals)
            .merge(health)
            .layer(TimeoutLayer::with_status_code(
                axum::http::StatusCode::SERVICE_UNAVAILABLE,
                REQUEST_TIMEOUT,
            ))
            .layer(CatchPanicLayer::new())
    }

    /// Serves on `listener`, with the workers that deliver and keep house.
    pub fn start(self, listener: TcpListener) -> anyhow::Result<Running> {
        let workers = self.start_workers();
        self.serve(listener, workers)
    }

    /// Serves on `listener` without any worker: whoever asks for that runs the jobs.
    pub fn serve(self, listener: TcpListener, workers: TaskTracker) -> anyhow::Result<Running> {
        let address = listener.local_addr()?;
        let router = self.router();
        // It takes requests like the server does, so it runs wherever that runs.
        if let Some(Socket { link, door }) = self.socket.clone() {
            let slack = self.slack.clone();
            let run = move |stop| socket::run(slack.clone(), door.clone(), link.clone(), stop);
            workers.spawn(jobs::supervise("socket", self.stop.clone(), run));
        }
        let stopped = self.stop.clone().cancelled_owned();
        let server = tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(stopped);
            if let Err(error) = served.await {
                tracing::error!(%error, "the server stopped");
            }
        });
        Ok(Running {
            address,
            stop: self.stop,
            server,
            workers,
            tasks: self.slack.tasks.clone(),
            grace: self.settings.server.shutdown_grace,
            db: self.db,
        })
    }

    /// What happens because time passes.
    pub fn jobs(&self) -> Jobs<SlackDeliver> {
        Jobs {
            db: self.db.clone(),
            clock: self.clock.clone(),
            desk: self.slack.desk.clone(),
            health: self.health.clone(),
            slack: self.slack.clone(),
            outbox: self.outbox.clone(),
            groups: Arc::new(self.group_lists()),
            metrics: self.metrics.clone(),
            node: node(),
            progress: |_| {},
        }
    }

    /// The lists of members that are kept elsewhere.
    pub fn group_lists(&self) -> Lists {
        Lists {
            slack: self.slack.clone(),
            google: self.settings.google.clone(),
            sources: self.settings.permissions.sources.clone(),
        }
    }

    fn start_workers(&self) -> TaskTracker {
        let workers = TaskTracker::new();
        let stop = &self.stop;
        let outbox = self.outbox.clone();
        workers.spawn(jobs::supervise("outbox", stop.clone(), move |stop| {
            outbox.clone().run(stop)
        }));
        let slack = self.slack.clone();
        workers.spawn(jobs::supervise("inbox", stop.clone(), move |stop| {
            jobs::inbox::run(slack.clone(), stop)
        }));
        let (intake, taker) = (self.intake.clone(), self.taker.clone());
        workers.spawn(jobs::supervise("signals", stop.clone(), move |stop| {
            worker::run(intake.clone(), taker.clone(), stop)
        }));
        let jobs = Arc::new(self.jobs());
        for job in Job::ALL {
            let jobs = jobs.clone();
            workers.spawn(jobs::supervise(job.name(), stop.clone(), move |stop| {
                jobs.clone().repeat(job, stop)
            }));
        }
        // Also when the workspace is known from before: the token may be another one's by now.
        if !self.met.load(Ordering::SeqCst) {
            let slack = self.slack.clone();
            let permissions = self.settings.permissions.clone();
            workers.spawn(connect::keep_trying(slack, permissions, stop.clone()));
        }
        self.working.store(true, Ordering::SeqCst);
        workers
    }
}

impl Running {
    /// Stops taking requests, finishes what is in flight, and closes the database. What does not
    /// finish in time is in the database and goes on at the next start.
    pub async fn stop(self) {
        tracing::info!("stopping: finishing what is in flight");
        self.stop.cancel();
        self.tasks.close();
        self.workers.close();
        let finished = async {
            if let Err(error) = self.server.await {
                tracing::error!(%error, "the server crashed");
            }
            self.tasks.wait().await;
            self.workers.wait().await;
            // Connections of Socket Mode are workers that took requests until now.
            self.tasks.wait().await;
        };
        if tokio::time::timeout(self.grace, finished).await.is_err() {
            tracing::warn!("not everything finished in time; it goes on at the next start");
        }
        if tokio::time::timeout(CLOSING, self.db.close())
            .await
            .is_err()
        {
            tracing::warn!("the database does not let go; leaving it");
        }
        tracing::info!("stopped");
    }
}

/// A name for this process that people recognise and no other one has.
fn node() -> String {
    let id = uuid::Uuid::now_v7().simple().to_string();
    format!("process {} ({})", std::process::id(), &id[24..])
}

/// What a team decided, as far as decisions depend on it.
pub fn policy<S>(
    settings: &Settings<S>,
    announce_channel: &str,
    fallback_channel: Option<ChannelId>,
) -> Policy {
    Policy {
        everybody_announces: settings.permissions.allow_all_to_notify,
        announce_channel: announce_channel.into(),
        fallback_channel,
        eta_choices: settings.outages.eta_choices.clone(),
        default_severity: settings.outages.default_severity,
        questions: settings.impact.questions.clone(),
        currency: settings.outages.currency.clone(),
        post_mortem_default: settings.outages.post_mortem_default,
        ask: settings.permissions.ask.clone(),
        email_domain: settings.permissions.email_domain.clone(),
        channels: settings.channels.clone(),
        zone: settings.time.zone.parse().unwrap_or(Zone::UTC),
    }
}
