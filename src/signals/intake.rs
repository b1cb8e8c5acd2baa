//! Keeps what came before it is answered: who was told that it arrived can forget it.
//!
//! Waiting for the disk is what costs most, and many can wait together: whatever comes while a
//! transaction is under way is written in the next one. One task at a time does that, and it ends
//! when nobody waits; no request that is given up takes others with it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use tokio::sync::{Notify, oneshot};

use super::Source;
use crate::{
    clock::Clock,
    domain::{health::Report, ids::WorkspaceId},
    store::{self, Db, signals::NewSignal, trouble},
    telemetry::Metrics,
};

/// The most reports that are not written yet. More come in only while the database does not keep up.
const MOST_WAITING: usize = 10_000;

/// The most reports in one transaction, unless a single request has more.
const MOST_AT_ONCE: usize = 2_000;

/// Why something was not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    #[error("too much waits to be written already: the database does not keep up")]
    Full,
    #[error("Slack has not said yet which workspace this is")]
    NoWorkspace,
    /// The database does not work, in a sentence.
    #[error("{0}")]
    Away(String),
    /// It works, and did not take this.
    #[error("{0}")]
    Broken(String),
}

/// Where reports come in.
pub struct Intake {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) metrics: Arc<Metrics>,
    /// Which workspace they are about, once it is known.
    workspace: Arc<RwLock<Option<WorkspaceId>>>,
    waiting: Mutex<Waiting>,
    /// Rung when something was kept.
    pub(super) wake: Notify,
}

#[derive(Default)]
struct Waiting {
    requests: VecDeque<Request>,
    /// In all of them, and in those that are being written.
    reports: usize,
    /// A task is at it.
    writing: bool,
}

struct Request {
    source: Source,
    reports: Vec<Report>,
    told: oneshot::Sender<Result<(), NotKept>>,
}

impl Intake {
    pub fn new(
        db: Db,
        clock: Clock,
        metrics: Arc<Metrics>,
        workspace: Arc<RwLock<Option<WorkspaceId>>>,
    ) -> Intake {
        Intake {
            db,
            clock,
            metrics,
            workspace,
            waiting: Mutex::default(),
            wake: Notify::new(),
        }
    }

    /// Keeps the reports of one request, and returns once they are on the disk.
    pub async fn accept(
        self: &Arc<Self>,
        source: Source,
        reports: Vec<Report>,
    ) -> Result<(), NotKept> {
        if reports.is_empty() {
            return Ok(());
        }
        let (told, answer) = oneshot::channel();
        let begins = self.with(|waiting| {
            if waiting.reports > 0 && waiting.reports + reports.len() > MOST_WAITING {
                return Err(NotKept::Full);
            }
            waiting.reports += reports.len();
            waiting.requests.push_back(Request {
                source,
                reports,
                told,
            });
            Ok(!std::mem::replace(&mut waiting.writing, true))
        })?;
        if begins {
            tokio::spawn(self.clone().write_all());
        }
        let crashed = || NotKept::Broken("the work on it crashed".to_owned());
        answer.await.unwrap_or_else(|_| Err(crashed()))
    }

    /// How many reports are not written yet.
    pub fn unwritten(&self) -> usize {
        self.with(|waiting| waiting.reports)
    }

    async fn write_all(self: Arc<Self>) {
        let _turn = Turn(&self);
        loop {
            let group = self.with(Waiting::next_group);
            if group.is_empty() {
                return;
            }
            let written: usize = group.iter().map(|it| it.reports.len()).sum();
            self.write(group).await;
            self.with(|waiting| waiting.reports -= written);
        }
    }

    async fn write(&self, group: Vec<Request>) {
        let workspace = match self.workspace.read() {
            Ok(workspace) => workspace.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        };
        let Some(workspace) = workspace else {
            group
                .into_iter()
                .for_each(|it| it.tell(Err(NotKept::NoWorkspace)));
            return;
        };
        match self.keep(&workspace, &group).await {
            Ok(()) => group.into_iter().for_each(|it| it.tell(Ok(()))),
            // One of them may be the only one that cannot be written.
            Err(error) if group.len() > 1 && !trouble::is_of_the_database(&error) => {
                for alone in group {
                    let kept = self.keep(&workspace, std::slice::from_ref(&alone)).await;
                    alone.tell(kept.map_err(not_kept));
                }
            }
            Err(error) => {
                let why = not_kept(error);
                group.into_iter().for_each(|it| it.tell(Err(why.clone())));
            }
        }
        self.wake.notify_one();
    }

    async fn keep(&self, workspace: &WorkspaceId, group: &[Request]) -> store::Result<()> {
        let new: Vec<NewSignal<'_>> = group
            .iter()
            .map(|it| NewSignal {
                source: it.source.name(),
                reports: &it.reports,
            })
            .collect();
        let mut tx = self.db.begin().await?;
        store::signals::keep(&mut tx, workspace, &new, self.clock.now()).await?;
        tx.commit().await?;
        self.metrics.signal_commit();
        Ok(())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Waiting) -> T) -> T {
        act(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Waiting {
    /// What is written next; empty when nobody waits, and then the turn is over.
    fn next_group(&mut self) -> Vec<Request> {
        let mut group = Vec::new();
        let mut reports = 0;
        while let Some(next) = self.requests.front() {
            if !group.is_empty() && reports + next.reports.len() > MOST_AT_ONCE {
                break;
            }
            reports += next.reports.len();
            group.extend(self.requests.pop_front());
        }
        self.writing = !group.is_empty();
        group
    }
}

impl Request {
    fn tell(self, kept: Result<(), NotKept>) {
        // Whoever sent it may have hung up.
        let _ = self.told.send(kept);
    }
}

fn not_kept(error: store::Error) -> NotKept {
    let sentence = trouble::in_words(&error);
    match trouble::is_of_the_database(&error) {
        true => NotKept::Away(sentence),
        false => NotKept::Broken(sentence),
    }
}

/// Whoever crashes must not keep the turn for ever.
struct Turn<'a>(&'a Intake);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.with(|waiting| {
                waiting.writing = false;
                waiting.reports = waiting.requests.iter().map(|it| it.reports.len()).sum();
            });
        }
    }
}
