//! Works on events that were kept.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{slack::Slack, store};

/// How often to look for events whose first try failed.
const POLL: Duration = Duration::from_secs(5);

/// Works on everything that waits now; returns how many.
pub async fn run_once(slack: &Slack) -> anyhow::Result<usize> {
    let mut done = 0;
    while slack.work_on_event().await? {
        done += 1;
    }
    Ok(done)
}

pub async fn run(slack: Arc<Slack>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = run_once(&slack).await {
            let error = store::trouble::of_any(&error);
            tracing::error!(error, "events could not be worked on");
        }
        let until = slack.clock.now().plus(POLL);
        tokio::select! {
            () = stop.cancelled() => {}
            () = slack.inbox_wake.notified() => {}
            () = slack.clock.wait(until) => {}
        }
    }
}
