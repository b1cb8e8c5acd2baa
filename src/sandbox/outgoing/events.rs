//! Delivery of events: at once, and after a failure up to three times more: immediately, a minute
//! and five minutes later on the sandbox's clock, with an identical body.

use super::Reply;
use crate::sandbox::shared::Shared;
use crate::sandbox::world::World;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// When each retry is due, in seconds after the first attempt.
const RETRIES: [i64; 3] = [0, 60, 300];
/// How often the queue is looked at while nobody moves the clock.
const TICK: Duration = Duration::from_millis(250);
/// How long an event waits to be overtaken, in real time.
const OVERTAKEN: Duration = Duration::from_secs(1);

/// Events waiting for their next attempt.
#[derive(Debug, Default)]
pub struct Queue(Mutex<Vec<Delivery>>);

#[derive(Debug)]
pub struct Delivery {
    body: String,
    first_attempt: i64,
    /// How many attempts failed so far, and why the last one did.
    failed: usize,
    reason: &'static str,
}

/// An event that waits to be overtaken by the next one.
#[derive(Debug, Default)]
pub struct Held(Mutex<Option<Delivery>>);

impl Delivery {
    fn due(&self) -> i64 {
        let wait = self
            .failed
            .checked_sub(1)
            .and_then(|retry| RETRIES.get(retry))
            .copied()
            .unwrap_or(0);
        self.first_attempt + wait
    }
}

impl Shared {
    /// Starts the delivery of an event. Without an app nobody is told, as with an app that is
    /// not installed.
    pub fn send_event(self: &Arc<Self>, envelope: &Value) {
        if !self.has_app() {
            return;
        }
        let delivery = Delivery {
            body: envelope.to_string(),
            first_attempt: self.clock.seconds(),
            failed: 0,
            reason: "",
        };
        let faults = self.read(|world| world.delivery_faults.clone());
        let shared = self.clone();
        let delay = Duration::from_millis(faults.delay_ms);
        self.spawn(async move {
            tokio::time::sleep(delay).await;
            if faults.reorder {
                shared.attempt_reordered(delivery).await;
            } else {
                shared.attempt(delivery).await;
            }
        });
    }

    /// Waits for the next event and goes after it. The last one does not wait for ever.
    async fn attempt_reordered(&self, delivery: Delivery) {
        if let Some(earlier) = self.held.take() {
            self.attempt(delivery).await;
            self.attempt(earlier).await;
            return;
        }
        self.held.put(delivery);
        tokio::time::sleep(OVERTAKEN).await;
        if let Some(delivery) = self.held.take() {
            self.attempt(delivery).await;
        }
    }

    /// Runs every retry that is due, until none is. Waits for their outcomes.
    pub async fn run_due_retries(self: &Arc<Self>) {
        loop {
            let due = self.events.take_due(self.clock.seconds());
            if due.is_empty() {
                return;
            }
            let attempts = due.into_iter().map(|delivery| self.attempt(delivery));
            futures_util::future::join_all(attempts).await;
        }
    }

    /// Keeps running retries as the clock passes by itself.
    pub async fn keep_retrying(self: Arc<Self>) {
        loop {
            tokio::time::sleep(TICK).await;
            self.post_due_messages();
            self.run_due_retries().await;
        }
    }

    /// Posts what the app scheduled for now or earlier.
    pub fn post_due_messages(self: &Arc<Self>) {
        if self.read(World::has_due_messages) {
            self.change(World::post_due_messages);
        }
    }

    async fn attempt(&self, mut delivery: Delivery) {
        loop {
            let retry = u32::try_from(delivery.failed)
                .ok()
                .filter(|number| *number > 0)
                .map(|number| (number, delivery.reason));
            let reply = self.post_event(&delivery.body, retry).await;
            let is_heard = !self.read(|world| world.delivery_faults.drop_ack);
            if reply.is_success() && is_heard {
                return;
            }
            delivery.reason = match &reply {
                _ if !is_heard => "http_timeout",
                Reply::Answered { no_retry: true, .. } => return,
                Reply::Answered { .. } => "http_error",
                Reply::TimedOut => "http_timeout",
                Reply::TooManyRedirects => "too_many_redirects",
                Reply::Unreachable(_) => "connection_failed",
            };
            delivery.failed += 1;
            if delivery.failed > RETRIES.len() {
                return;
            }
            if delivery.due() > self.clock.seconds() {
                self.events.push(delivery);
                return;
            }
        }
    }
}

impl Held {
    fn take(&self) -> Option<Delivery> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, delivery: Delivery) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(delivery);
    }
}

impl Queue {
    fn push(&self, delivery: Delivery) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(delivery);
    }

    fn take_due(&self, now: i64) -> Vec<Delivery> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (due, later) = std::mem::take(&mut *waiting)
            .into_iter()
            .partition(|delivery| delivery.due() <= now);
        *waiting = later;
        due
    }
}
