//! The clock's side: what happens because time passes, not because somebody asks.
//!
//! [`Job::ALL`] is the table of what there is and how often it runs. Most jobs run on one node at a
//! time, under a lease; what they write checks it. Each has a `run_once`, which decides nothing
//! about when it runs; [`schedule`] does.

pub mod groups;
pub mod housekeeping;
pub mod inbox;
pub mod passing;
pub mod schedule;

use std::{future::Future, sync::Arc, time::Duration};

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    desk::Desk,
    health::Health,
    outbox::{self, Deliver, Outbox},
    slack::{Slack, roster::Roster},
    store::{self, Db, leases::Lease},
    telemetry::Metrics,
};

/// Slack tells of everybody who comes and goes; this is for what was missed.
const USERS_EVERY: Duration = Duration::from_secs(24 * 3600);

/// Something that is done again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    Etas,
    Channels,
    Announcements,
    Health,
    Groups,
    Users,
    Forget,
    Reach,
    Count,
}

impl Job {
    pub const ALL: [Job; 9] = [
        Job::Etas,
        Job::Channels,
        Job::Announcements,
        Job::Health,
        Job::Groups,
        Job::Users,
        Job::Forget,
        Job::Reach,
        Job::Count,
    ];

    /// What it is called on the command line, in leases and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Job::Etas => "etas",
            Job::Channels => "channels",
            Job::Announcements => "announcements",
            Job::Health => "health",
            Job::Groups => store::runs::GROUPS,
            Job::Users => "users",
            Job::Forget => "forget",
            Job::Reach => "reach",
            Job::Count => "count",
        }
    }

    pub fn about(self) -> &'static str {
        match self {
            Job::Etas => "renders announcements whose words about the ETA grew stale",
            Job::Channels => "warns of and archives channels of outages that are long over",
            Job::Announcements => "looks whether announcements stand where they should",
            Job::Health => "decides on components where time alone changes how they are",
            Job::Groups => "reads who is in the groups that come from elsewhere",
            Job::Users => "learns who is in the workspace, and who has left it",
            Job::Forget => "deletes what nobody needs any more",
            Job::Reach => "asks Slack for a sign of life while it cannot be reached",
            Job::Count => "counts what the metrics show",
        }
    }

    pub fn every(self) -> Duration {
        match self {
            Job::Etas => passing::ETAS_EVERY,
            Job::Channels => passing::CHANNELS_EVERY,
            Job::Announcements => passing::ANNOUNCEMENTS_EVERY,
            Job::Health => passing::HEALTH_EVERY,
            Job::Groups => groups::SYNC_EVERY,
            Job::Users => USERS_EVERY,
            Job::Forget => housekeeping::FORGET_EVERY,
            Job::Reach => outbox::LOOK_EVERY,
            Job::Count => housekeeping::COUNT_EVERY,
        }
    }

    /// Whether every node runs it for itself, because it brings that node's figures up to date.
    pub fn on_every_node(self) -> bool {
        matches!(self, Job::Reach | Job::Count)
    }

    /// Whether it takes so long that nobody waits for it when they stop: what it has written stays,
    /// and it begins anew.
    pub fn may_be_left(self) -> bool {
        self == Job::Users
    }

    pub fn named(name: &str) -> Option<Job> {
        Job::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// What the jobs work with.
pub struct Jobs<D> {
    pub db: Db,
    pub clock: Clock,
    pub desk: Desk,
    pub health: Health,
    pub slack: Arc<Slack>,
    pub outbox: Arc<Outbox<D>>,
    /// Lists of members that are kept elsewhere.
    pub groups: Arc<groups::Lists>,
    pub metrics: Arc<Metrics>,
    /// Names this process in leases.
    pub node: String,
    /// Is told how far a job is that takes long.
    pub progress: fn(&str),
}

impl<D: Deliver> Jobs<D> {
    /// Does a job once, now, and says what it did. Under a lease it writes only while the lease is
    /// ours.
    pub async fn run_once(&self, job: Job, lease: Option<&Lease>) -> anyhow::Result<String> {
        match job {
            Job::Etas => passing::refresh_etas(&self.desk, lease).await,
            Job::Channels => passing::archive_channels(&self.desk, lease).await,
            Job::Announcements => self.slack.look_after_announcements(lease).await,
            Job::Health => passing::look_at_health(&self.health, &self.clock).await,
            Job::Groups => groups::sync(&self.groups, lease).await,
            Job::Users => self.sync_users(lease).await,
            Job::Forget => housekeeping::forget(&self.db, &self.clock, lease).await,
            Job::Reach => {
                self.outbox.look_for_signs_of_life().await?;
                Ok(String::new())
            }
            Job::Count => housekeeping::count(&self.db, &self.clock, &self.metrics).await,
        }
    }
}

impl<D> Jobs<D> {
    async fn sync_users(&self, lease: Option<&Lease>) -> anyhow::Result<String> {
        let workspace = match self.slack.workspace() {
            Some(workspace) => workspace,
            // A command that did not ask Slack.
            None => {
                let mut tx = self.db.read().await?;
                let known = store::workspaces::latest(&mut tx).await?;
                known
                    .context("Slack has not said yet which workspace this is")?
                    .id
            }
        };
        let progress = |it: &Roster| (self.progress)(&format!("{} people …", it.seen));
        let roster = self.slack.sync_people(&workspace, lease, progress).await?;
        Ok(roster.to_string())
    }
}

/// Runs a worker until `stop`, and again when it crashes.
pub async fn supervise<F>(
    name: &'static str,
    stop: CancellationToken,
    worker: impl Fn(CancellationToken) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    /// So that a worker that crashes at once does not spin.
    const BREATH: Duration = Duration::from_secs(1);
    while !stop.is_cancelled() {
        match tokio::spawn(worker(stop.clone())).await {
            Ok(()) => return,
            Err(error) => {
                tracing::error!(worker = name, %error, "a worker crashed and is started again");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}
