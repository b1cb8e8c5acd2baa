//! The clock's side: what happens because time passes, not because somebody asks.
//!
//! Each job exposes `run_once` and decides nothing about when it runs; the loops here do.

pub mod housekeeping;
pub mod inbox;
pub mod passing;
pub mod reach;

use std::{future::Future, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// Runs `job` at once and then every `period`, until `stop`. A failure is logged, and the job runs
/// again next time.
pub async fn every<F>(
    name: &'static str,
    period: Duration,
    clock: Clock,
    stop: CancellationToken,
    mut job: impl FnMut() -> F,
) where
    F: Future<Output = anyhow::Result<()>>,
{
    let mut due = clock.now();
    while !stop.is_cancelled() {
        let now = clock.now();
        if now >= due {
            if let Err(error) = job().await {
                tracing::error!(job = name, error = %format!("{error:#}"), "a job failed");
            }
            due = now.plus(period);
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = clock.wait(due) => {}
        }
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
