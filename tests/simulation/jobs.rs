//! What runs because time passes, on one node at a time.

use balefire::{
    jobs::{Job, schedule::Turn},
    store::leases::LASTS,
};
use tokio::task::JoinHandle;

use crate::{
    invariants::{Violation, violated},
    node::{Node, Stalled},
    script::Crash,
    world::World,
};

const ONE_NODE: &str = "a job runs on one node at a time";

/// A job in whose middle a node stands still.
pub struct StandingJob {
    turn: JoinHandle<Turn>,
    /// Until when nobody else may run it.
    lease_ends: i64,
    /// Whether somebody else has run it since.
    overtaken: bool,
}

impl StandingJob {
    /// Lets it come to its end. What was overtaken writes nothing more, and it would have written
    /// that it looked at an announcement.
    pub async fn ends(self) -> Option<Violation> {
        match self.turn.await.unwrap() {
            Turn::Ran(done) if self.overtaken && !done.starts_with("0 announcements") => {
                violated::<()>(ONE_NODE, format!("overtaken, and says: {done}")).err()
            }
            _ => None,
        }
    }
}

impl World {
    /// Runs every job on this node.
    pub async fn jobs(&mut self, index: usize) {
        let luck = self.luck();
        let Some(node) = &self.nodes[index] else {
            return;
        };
        if node.stalled.is_some() {
            return;
        }
        let (all, its_now) = (node.jobs.clone(), self.now + node.skew);
        // It waits for Slack, and nobody moves the clock meanwhile.
        let is_silent = self.wire.silent_until().is_some();
        let jobs = node.run(luck, async move {
            let mut of_announcements = None;
            let all_but_long = Job::ALL
                .into_iter()
                .filter(|it| *it != Job::Users || !is_silent);
            for job in all_but_long {
                let turn = all.turn(job, true).await.unwrap();
                // The other node may have crashed in the middle of one: its lease runs out. What
                // asks Slack may get no answer, and asks again.
                let may_fail = job == Job::Announcements;
                assert!(
                    may_fail || !matches!(turn, Turn::Failed(_)),
                    "{job:?}: {turn:?}"
                );
                if may_fail {
                    of_announcements = Some(turn);
                }
            }
            of_announcements
        });
        let turn = jobs.await.unwrap();
        self.wire.take_refused();
        let Some(Node { stalled, .. }) = &mut self.nodes[1 - index] else {
            return;
        };
        let (Some(Stalled::Job(stands)), Some(turn)) = (stalled, turn) else {
            return;
        };
        if matches!(turn, Turn::Taken { .. }) {
            return self.count("a job is refused to another node");
        }
        stands.overtaken = true;
        if its_now < stands.lease_ends {
            let seen = format!("another one is in the middle of it: {turn:?}");
            self.job_seen = violated::<()>(ONE_NODE, seen).err();
        }
        self.count("a job is overtaken");
    }

    /// A node stands still in a call of the job that asks Slack, when it makes that many.
    pub async fn job_stands(&mut self, index: usize, crash: Crash) {
        if self.wire.is_held() {
            return;
        }
        let luck = self.luck();
        let Some(node) = &self.nodes[index] else {
            return;
        };
        let (all, lease_ends) = (
            node.jobs.clone(),
            self.now + node.skew + LASTS.as_micros() as i64,
        );
        self.wire.hold(crash.nth, crash.hold);
        let job = async move { all.turn(Job::Announcements, true).await.unwrap() };
        let mut turn = node.run(luck, job);
        tokio::select! {
            biased;
            () = self.wire.somebody_is_held() => {
                self.count("a node stands still in a job");
                self.stalled_since = self.now;
                let standing = StandingJob { turn, lease_ends, overtaken: false };
                if let Some(node) = &mut self.nodes[index] {
                    node.stalled = Some(Stalled::Job(standing));
                }
            }
            done = &mut turn => {
                done.unwrap();
                self.wire.unhold();
            }
        }
    }
}
