//! Slack: what it sends, what we answer, what we deliver.
//!
//! `ingress` verifies and reads, `handlers` ask the desk and open forms, `views` put everything
//! into words and blocks without doing anything, `deliver` carries out what the outbox hands over.

pub mod action;
pub mod api;
pub mod commands;
pub mod contact;
pub mod deliver;
pub mod handlers;
pub mod ingress;
pub mod kit;
pub mod mrkdwn;
pub mod plain;
pub mod profiles;
pub mod replies;
pub mod roster;
pub mod standing;
pub mod triggers;
pub mod views;

use std::{
    collections::BTreeSet,
    sync::{Arc, RwLock},
};

use tokio::sync::{Notify, Semaphore};
use tokio_util::task::TaskTracker;

use crate::{
    clock::Clock,
    desk::Desk,
    domain::ids::WorkspaceId,
    slack::{api::SlackApi, replies::Responder, triggers::Triggers},
    store::Db,
    telemetry::Metrics,
};

/// How many forms may be on their way to Slack at once. Beyond that people get a button instead:
/// a queue would only make every trigger expire.
pub const FORMS_AT_ONCE: usize = 64;

/// What handlers share.
pub struct Slack {
    pub desk: Desk,
    pub db: Db,
    pub clock: Clock,
    pub api: Arc<SlackApi>,
    pub responder: Responder,
    pub metrics: Arc<Metrics>,
    /// Work that outlives its request; waited for at shutdown.
    pub tasks: TaskTracker,
    pub forms: Arc<Semaphore>,
    /// Which of them were asked for already.
    pub triggers: Triggers,
    /// The slash commands that are ours, the first is shown in help.
    pub commands: Vec<String>,
    /// Wakes the worker of the inbox.
    pub inbox_wake: Arc<Notify>,
    /// The user groups that give rights, by their IDs.
    pub user_groups: BTreeSet<String>,
    /// Wakes the job that reads who is in groups.
    pub groups_wake: Arc<Notify>,
    /// The workspace of the token; none until Slack has said it once.
    pub connected: Arc<RwLock<Option<WorkspaceId>>>,
}

impl Slack {
    /// The command that answers name.
    pub fn command(&self) -> &str {
        self.commands.first().map_or("", String::as_str)
    }

    /// The workspace, once it is known.
    pub fn workspace(&self) -> Option<WorkspaceId> {
        match self.connected.read() {
            Ok(workspace) => workspace.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }
}
