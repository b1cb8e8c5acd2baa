//! Deliveries: claimed, paced, tried again, and put away when they are done or never will be.
//!
//! One attempt is: claim (one transaction, with a lease, the conversation's turn, and the word that
//! the call may happen, `sent_at`), make the call without holding anything, settle (one transaction
//! for all that ended meanwhile, only while the lease is still ours). Whatever goes wrong in between,
//! the row tells the next worker whether it has to look for what may already be there before it does
//! it again.
//!
//! What is delivered, and where, is the business of whoever implements [`Deliver`].

mod attempt;
mod follow;
mod group;
mod late;
mod reach;
mod worker;

use std::{future::Future, time::Duration};

pub use attempt::Outbox;

use crate::{domain::delivery::Outcome, store::deliveries::Delivery};

/// How long a worker holds a delivery. Longer than the longest call; then another may take it.
pub const LEASE: Duration = Duration::from_secs(60);

/// After an unknown answer the other side may still commit for as long as its own timeouts last;
/// looking earlier could miss it. The client's timeout is added to this.
pub const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// A message that was sent again after an unknown answer is looked at once more after this time,
/// in case the first one appeared later still; and what shows how things stand is shown once more,
/// in case the first attempt came after the second.
pub const SWEEP_AFTER: Duration = Duration::from_secs(120);

/// Slack allows about one message a second per channel.
pub const TURN: Duration = Duration::from_secs(1);

/// So many attempts in a row without an answer raise the question whether anybody is there.
pub const SUSPICIOUS: u32 = 3;

/// While the other side cannot be reached, everything rests for this long at a time. Longer than
/// the time between two looks, so that only a sign of life ends it.
pub const REST: Duration = Duration::from_secs(30);

/// How often a side that cannot be reached is asked for a sign of life.
pub const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How often to look for work that nobody announced: another node's, or a lease that ran out.
pub const POLL: Duration = Duration::from_secs(1);

/// Does one kind of thing outside.
pub trait Deliver: Send + Sync + 'static {
    /// Makes one attempt. With `look_first` an earlier attempt may have succeeded unseen.
    fn deliver(
        &self,
        delivery: &Delivery,
        look_first: bool,
    ) -> impl Future<Output = Outcome> + Send;

    /// Asks the other side for a sign of life; if there is none, one sentence saying why.
    fn answers(&self) -> impl Future<Output = Result<(), String>> + Send;
}
