//! Slack is away for long: what its calls meet, how the nodes ask for a sign of life meanwhile, and
//! what must hold then and afterwards.

use balefire::outbox::LOOK_EVERY;
use serde::{Deserialize, Serialize};

use crate::{
    invariants::{Violation, violated},
    trouble::{REVOKED, Trouble},
    world::World,
};

const QUIETLY: &str = "out of reach, next to nothing is called";
const NO_FLOOD: &str = "no flood after a silence";

/// How Slack is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Silence {
    /// No connection comes about.
    NotReached,
    /// HTTP 500; the first call is carried out all the same.
    Errors,
    /// No answer; the first call is carried out all the same, and the second one late.
    NoAnswer,
    /// HTTP 429 to everything, until it is over.
    Limited,
    /// The token is revoked, and good again later.
    Barred,
}

impl Silence {
    /// How the n-th call fares, with so many seconds to go.
    pub fn trouble(self, nth: u64, seconds: u64) -> Trouble {
        match (self, nth) {
            (Silence::Errors, 0) => Trouble::DoneServerError,
            (Silence::Errors, _) => Trouble::ServerError,
            (Silence::NoAnswer, 0) => Trouble::LostAfter,
            (Silence::NoAnswer, 1) => Trouble::Late { seconds: 25 },
            (Silence::NoAnswer | Silence::NotReached, _) => Trouble::LostBefore,
            (Silence::Limited, _) => Trouble::RateLimited { seconds },
            (Silence::Barred, _) => Trouble::Refused { code: REVOKED },
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Silence::NotReached => "Slack is down: not reached",
            Silence::Errors => "Slack is down: errors",
            Silence::NoAnswer => "Slack is down: no answers",
            Silence::Limited => "Slack is down: rate limited throughout",
            Silence::Barred => "Slack is down: the token is revoked",
        }
    }
}

/// What is known of the times when Slack was away.
#[derive(Default)]
pub struct Silences {
    /// From when until when, in microseconds.
    all: Vec<(i64, i64)>,
    /// When the nodes asked last whether anybody is there.
    asked_at: i64,
    /// How many deliveries were taken while Slack was known to be out of reach.
    taken: usize,
    /// What did not hold, for the next look.
    pub seen: Option<Violation>,
}

/// Whoever took something a moment before may still try it, and three failures make the news; a
/// clock that jumps may end a rest early, and then it is news once more.
const TAKEN_MOST: usize = 6;

/// In a thread, after half an hour of silence or more: what was begun before anybody knew, and what
/// was told together, twice if there was too much for one.
const TOLD_MOST: usize = 5;

impl World {
    pub async fn falls_silent(&mut self, how: Silence, minutes: u64) {
        if self.wire.silent_until().is_some() {
            return;
        }
        // Connections that stand would need a Slack that is only half away.
        let how = match how {
            Silence::NotReached if self.is_over_sockets() => Silence::NoAnswer,
            how => how,
        };
        self.count("Slack is down");
        self.count(how.word());
        let until = self.now + minutes as i64 * 60_000_000;
        self.silences.all.push((self.now, until));
        self.silences.taken = 0;
        self.wire.falls_silent(how, until).await;
    }

    /// Slack is back when its time has come, or earlier for somebody who cannot do without it.
    pub async fn speaks_again(&mut self) {
        if let Some(last) = self.silences.all.last_mut() {
            last.1 = last.1.min(self.now);
        }
        self.wire.speaks_again().await;
    }

    /// What every node does every ten seconds while Slack is out of reach.
    pub async fn asks_for_a_sign(&mut self) {
        let pause = LOOK_EVERY.as_micros() as i64;
        if self.silences.all.is_empty() || self.now - self.silences.asked_at < pause {
            return;
        }
        self.silences.asked_at = self.now;
        for index in 0..2 {
            let luck = self.luck();
            if let Some(node) = &self.nodes[index] {
                let outbox = node.outbox.clone();
                let asks = node.run(luck, async move { outbox.look_for_signs_of_life().await });
                asks.await.unwrap().unwrap();
            }
        }
    }

    /// Whether it is written down that Slack is out of reach, and it is.
    pub async fn is_known_to_be_away(&self) -> bool {
        if self.wire.silent_until().is_none() {
            return false;
        }
        let known: i64 = self.one("SELECT COUNT(*) FROM unreached").await;
        known > 0
    }

    pub fn took_in_the_dark(&mut self, many: usize) {
        self.silences.taken += many;
        if self.silences.taken > TAKEN_MOST {
            let seen = format!("{} deliveries were tried", self.silences.taken);
            self.silences.seen = violated::<()>(QUIETLY, seen).err();
        }
    }

    /// `posted` are the deliveries that stand in a thread, by when they were asked for.
    pub fn no_flood(&self, thread: &str, posted: &[i64]) -> Result<(), Violation> {
        const MINUTE: i64 = 60_000_000;
        for (from, to) in &self.silences.all {
            let waited = |it: &&i64| **it > *from && **it < *to - 6 * MINUTE;
            let told = posted.iter().filter(waited).count();
            if to - from >= 30 * MINUTE && told > TOLD_MOST {
                let seen = format!("{told} messages in thread {thread} at once");
                return violated(NO_FLOOD, seen);
            }
        }
        Ok(())
    }

    /// Once quiet, nobody believes any more that Slack is away.
    pub async fn is_known_to_be_back(&self) -> Result<(), Violation> {
        let unreached: i64 = self.one("SELECT COUNT(*) FROM unreached").await;
        match unreached {
            0 => Ok(()),
            _ => violated("it becomes quiet", "Slack is still said to be out of reach"),
        }
    }
}
