//! Hands what was kept to whoever makes something of it, many at once, and keeps one report that
//! cannot be worked on from holding up all others.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::intake::Intake;
use crate::{
    clock::complaints::Complaints,
    domain::{health::Report, ids::WorkspaceId, time::Timestamp},
    health::Health,
    store::{self, Tx, signals::Signal, trouble},
};

/// How often to look for what another node kept, and for what is to be tried again.
const POLL: Duration = Duration::from_secs(1);

/// How long a node may take for what it claimed, before another one takes it.
const HELD: Duration = Duration::from_secs(60);

/// The most requests that are claimed at once, and the most reports in one transaction.
const BATCH: usize = 1_000;

/// How long to wait after each try that failed. After the last one it is put away.
const AGAIN_AFTER: [Duration; 4] = [
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(300),
    Duration::from_secs(600),
];

/// Whoever makes something of reports. Reports may come again, and late: taking in the same ones twice
/// has to be the same as once.
pub trait TakeIn: Send + Sync {
    /// Writes in `tx` what follows from them. Called with reports of one workspace, the oldest first.
    fn take_in<'a>(
        &'a self,
        tx: &'a mut Tx,
        workspace: &'a WorkspaceId,
        reports: &'a [Report],
        now: Timestamp,
    ) -> BoxFuture<'a, store::Result<()>>;

    /// What it wrote is committed: whoever goes on from there can begin.
    fn committed(&self);
}

impl TakeIn for Health {
    fn take_in<'a>(
        &'a self,
        tx: &'a mut Tx,
        workspace: &'a WorkspaceId,
        reports: &'a [Report],
        now: Timestamp,
    ) -> BoxFuture<'a, store::Result<()>> {
        let taken = Health::take_in(self, tx, workspace, reports, now);
        Box::pin(async move { taken.await.map(drop) })
    }

    fn committed(&self) {
        self.tell();
    }
}

/// A request whose reports could be read.
struct Kept {
    id: i64,
    workspace: WorkspaceId,
    source: String,
    reports: Vec<Report>,
    attempts: i64,
}

enum Failure {
    Store(store::Error),
    Crashed,
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Failure {
        Failure::Store(error)
    }
}

impl Failure {
    fn in_words(&self) -> String {
        match self {
            Failure::Store(error) => trouble::in_words(error),
            Failure::Crashed => "the work on it crashed".to_owned(),
        }
    }
}

pub async fn run(intake: Arc<Intake>, taker: Arc<dyn TakeIn>, stop: CancellationToken) {
    let complaints = Complaints::default();
    while !stop.is_cancelled() {
        if let Err(error) = intake.work_off(taker.as_ref()).await {
            let error = trouble::in_words(&error);
            if complaints.due((), intake.clock.now()).is_some() {
                tracing::error!(error, "signals wait, because they could not be worked on");
            }
        }
        let until = intake.clock.now().plus(POLL);
        tokio::select! {
            () = stop.cancelled() => {}
            () = intake.wake.notified() => {}
            () = intake.clock.wait(until) => {}
        }
    }
}

impl Intake {
    /// Hands on everything that is due now; returns how many requests that were. Fails only when the
    /// database does.
    pub async fn work_off(&self, taker: &dyn TakeIn) -> store::Result<usize> {
        let mut done = 0;
        loop {
            let now = self.clock.now();
            let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
            let mut tx = self.db.begin().await?;
            let claimed = store::signals::claim(&mut tx, now, now.plus(HELD), limit).await?;
            tx.commit().await?;
            if claimed.is_empty() {
                return Ok(done);
            }
            done += claimed.len();
            self.hand_on(claimed, taker).await?;
        }
    }

    async fn hand_on(&self, claimed: Vec<Signal>, taker: &dyn TakeIn) -> store::Result<()> {
        let mut batch: Vec<Kept> = Vec::new();
        let mut alone: Vec<Kept> = Vec::new();
        for signal in claimed {
            let Some(kept) = self.readable(signal).await? else {
                continue;
            };
            // What failed before may be what fails.
            if kept.attempts > 0 {
                alone.push(kept);
                continue;
            }
            let reports: usize = batch.iter().map(|it| it.reports.len()).sum();
            let same = batch.iter().all(|it| it.workspace == kept.workspace);
            if !same || reports + kept.reports.len() > BATCH {
                let full = std::mem::take(&mut batch);
                self.hand_on_together(full, taker).await?;
            }
            batch.push(kept);
        }
        self.hand_on_together(batch, taker).await?;
        for kept in alone {
            self.hand_on_alone(kept, taker).await?;
        }
        Ok(())
    }

    async fn readable(&self, signal: Signal) -> store::Result<Option<Kept>> {
        let Signal {
            id,
            workspace_id,
            source,
            reports,
            attempts,
        } = signal;
        match serde_json::from_value(reports.0.clone()) {
            Ok(reports) => Ok(Some(Kept {
                id,
                workspace: workspace_id,
                source,
                reports,
                attempts,
            })),
            Err(error) => {
                let why = format!("what was kept cannot be read any more: {error}");
                self.put_away(id, &source, &reports.0, &why).await?;
                Ok(None)
            }
        }
    }

    async fn hand_on_together(&self, batch: Vec<Kept>, taker: &dyn TakeIn) -> store::Result<()> {
        let Some(first) = batch.first() else {
            return Ok(());
        };
        let ids: Vec<i64> = batch.iter().map(|it| it.id).collect();
        let reports: Vec<Report> = batch.iter().flat_map(|it| it.reports.clone()).collect();
        match self.take(&first.workspace, &reports, &ids, taker).await {
            Ok(()) => Ok(()),
            Err(Failure::Store(error)) if trouble::is_of_the_database(&error) => Err(error),
            Err(_) => {
                for kept in batch {
                    self.hand_on_alone(kept, taker).await?;
                }
                Ok(())
            }
        }
    }

    /// Each report for itself. Those that fail are tried again later, or put away.
    async fn hand_on_alone(&self, kept: Kept, taker: &dyn TakeIn) -> store::Result<()> {
        let mut failed = Vec::new();
        let mut why = String::new();
        for report in kept.reports {
            let one = std::slice::from_ref(&report);
            match self.take(&kept.workspace, one, &[], taker).await {
                Ok(()) => {}
                Err(Failure::Store(error)) if trouble::is_of_the_database(&error) => {
                    return Err(error);
                }
                Err(failure) => {
                    why = failure.in_words();
                    failed.push(report);
                }
            }
        }
        let now = self.clock.now();
        let tries = usize::try_from(kept.attempts).unwrap_or(usize::MAX);
        match (failed.is_empty(), AGAIN_AFTER.get(tries)) {
            (true, _) => {
                let mut tx = self.db.begin().await?;
                store::signals::finish(&mut tx, &[kept.id], now).await?;
                tx.commit().await
            }
            (false, Some(after)) => {
                let mut tx = self.db.begin().await?;
                let due = now.plus(*after);
                store::signals::put_back(&mut tx, kept.id, &failed, &why, due).await?;
                tx.commit().await
            }
            (false, None) => {
                let left = serde_json::to_value(&failed).unwrap_or_default();
                self.put_away(kept.id, &kept.source, &left, &why).await
            }
        }
    }

    /// Takes reports in and puts away what they came in, or does neither.
    async fn take(
        &self,
        workspace: &WorkspaceId,
        reports: &[Report],
        finished: &[i64],
        taker: &dyn TakeIn,
    ) -> Result<(), Failure> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let taking = AssertUnwindSafe(taker.take_in(&mut tx, workspace, reports, now));
        taking
            .catch_unwind()
            .await
            .map_err(|_| Failure::Crashed)??;
        if !finished.is_empty() {
            store::signals::finish(&mut tx, finished, now).await?;
        }
        tx.commit().await?;
        taker.committed();
        Ok(())
    }

    async fn put_away(&self, id: i64, source: &str, left: &Value, why: &str) -> store::Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        store::signals::put_away(&mut tx, id, left, why, now).await?;
        tx.commit().await?;
        tracing::error!(
            signal = id,
            source,
            why,
            "a signal could not be worked on and was put away"
        );
        Ok(())
    }
}
