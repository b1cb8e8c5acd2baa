//! Runs scripts: one to its end, many at once, and one that failed ever shorter.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    invariants::{self, Violation, violated},
    script::{Script, Step, written},
    world::{World, make_empty_database},
};

/// What a run came to.
pub struct Outcome {
    pub violation: Option<Violation>,
    /// How many steps were played.
    pub played: usize,
    pub counts: BTreeMap<&'static str, u64>,
    /// What Slack was called, step by step, when somebody wants to see it.
    pub story: Vec<String>,
}

/// How long one script may really take; nothing in it waits.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// Plays a script on this thread.
pub fn run(script: &Script) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let outcome = runtime.block_on(async {
        make_empty_database().await;
        let mut world = World::begin(script).await;
        world.wire.lacks(script.lacks);
        let mut story = Vec::new();
        let mut played = 0;
        let playing = play(&mut world, &script.steps, &mut played, &mut story);
        let violation = match tokio::time::timeout(PATIENCE, playing).await {
            Ok(played) => played.err(),
            Err(_) => violated::<()>("it comes to an end", "nothing happens any more").err(),
        };
        let mut counts = world.counts.clone();
        let (troubles, calls) = world.wire.counts();
        counts.extend(troubles);
        counts.insert("calls of Slack", calls);
        if violation.is_none() {
            counts.extend(world.delivered().await);
            counts.extend(world.mended().await);
            world.end().await;
        }
        Outcome {
            violation,
            played,
            counts,
            story,
        }
    });
    runtime.shutdown_background();
    outcome
}

async fn play(
    world: &mut World,
    steps: &[Step],
    played: &mut usize,
    story: &mut Vec<String>,
) -> Result<(), Violation> {
    for step in steps {
        *played += 1;
        let outcome = world.play(step).await;
        let called = world.wire.take_log();
        story.push(format!("{step:?} → {called:?}"));
        outcome?;
        invariants::always(world, !called.is_empty()).await?;
    }
    let quiet = world.becomes_quiet().await;
    story.push(format!("quiet → {:?}", world.wire.take_log()));
    quiet?;
    invariants::finally(world).await
}

impl World {
    /// Nothing goes wrong any more, and time passes until nothing is left to do.
    async fn becomes_quiet(&mut self) -> Result<(), Violation> {
        self.wire.mend();
        if self.wire.silent_until().is_some() {
            self.speaks_again().await;
        }
        self.go_on().await;
        for index in 0..2 {
            self.start(index).await;
            if let Some(node) = &mut self.nodes[index] {
                node.skew = 0;
            }
        }
        self.pass(1000).await;
        self.hears_all().await;
        self.stands_elsewhere().await?;
        let mut jobs_ran = false;
        for _ in 0..2000 {
            self.work().await;
            let next = self.next_due().await;
            let late = self.wire.next_late();
            let left: i64 = self
                .one(
                    "SELECT (SELECT COUNT(*) FROM deliveries WHERE done_at IS NULL)
                          + (SELECT COUNT(*) FROM inbox WHERE done_at IS NULL)",
                )
                .await;
            let until = match (left, late) {
                (0, None) if jobs_ran => match self.retries_what_is_dead().await? {
                    true => continue,
                    false => return Ok(()),
                },
                (0, None) => {
                    self.jobs(0).await;
                    jobs_ran = true;
                    continue;
                }
                (0, Some(late)) => late,
                (_, late) => match [next, late].into_iter().flatten().min() {
                    Some(until) => until,
                    None => break,
                },
            };
            jobs_ran = false;
            self.pass((until - self.now).max(0) + 1000).await;
        }
        violated("it becomes quiet", "there is always something left to do")
    }

    /// How many deliveries of each kind there were.
    async fn delivered(&self) -> Vec<(&'static str, u64)> {
        let rows: Vec<(String, i64)> = self
            .rows("SELECT kind, COUNT(*) FROM deliveries GROUP BY kind ORDER BY kind")
            .await;
        let folded: i64 = self
            .one("SELECT COUNT(*) FROM deliveries WHERE kind = 'tell_roles' AND folded_into IS NOT NULL")
            .await;
        let folded = (folded > 0).then_some(("told together: roles", folded as u64));
        let known = |kind: &str| KINDS.iter().find(|it| **it == kind).copied();
        rows.into_iter()
            .map(|(kind, many)| (known(&kind).unwrap_or("a new kind"), many as u64))
            .chain(folded)
            .collect()
    }
}

/// Every kind of effect that these scripts bring about.
pub const KINDS: [&str; 26] = [
    "announce",
    "permalink",
    "refresh",
    "pin",
    "tell_roles",
    "tell_channel",
    "create_channel",
    "welcome",
    "invite",
    "topic",
    "bookmark",
    "warn_of_archive",
    "archive",
    "mark",
    "reshow",
    "unshare",
    "say_changes",
    "say",
    "amend",
    "catch_up",
    "sweep",
    "apologise",
    "tell_mend",
    "ask_for_assignee",
    "rejoin",
    "home",
];

/// A script that failed, as short as it gets.
pub struct Failure {
    pub seed: u64,
    pub violation: Violation,
    pub script: Script,
}

/// Leaves out steps for as long as the same invariant is violated.
pub fn shortened(script: &Script, violation: &Violation) -> (Script, Violation) {
    let mut best = (script.clone(), violation.clone());
    let mut chunk = script.steps.len().div_ceil(2);
    let mut tries = 0;
    while chunk > 0 && tries < 400 {
        let mut at = 0;
        let mut shorter = false;
        while at < best.0.steps.len() {
            let mut attempt = best.0.clone();
            let end = (at + chunk).min(attempt.steps.len());
            attempt.steps.drain(at..end);
            tries += 1;
            match run(&attempt).violation {
                Some(it) if it.invariant == violation.invariant => {
                    best = (attempt, it);
                    shorter = true;
                }
                _ => at += chunk,
            }
        }
        if !shorter || chunk > 1 {
            chunk /= 2;
        }
    }
    best
}

/// What many runs came to.
#[derive(Default)]
pub struct Summary {
    pub scripts: u64,
    pub steps: u64,
    pub counts: BTreeMap<&'static str, u64>,
    pub failures: Vec<Failure>,
}

/// Plays the scripts of many seeds, on all cores; stops after `enough` failures.
pub fn run_many(first: u64, many: u64, enough: usize) -> Summary {
    let next = AtomicU64::new(first);
    let summary = Mutex::new(Summary::default());
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + many || summary.lock().unwrap().failures.len() >= enough {
                        return;
                    }
                    let script = written(seed);
                    let outcome = run(&script);
                    let failure = outcome.violation.map(|violation| {
                        let (script, violation) = shortened(&script, &violation);
                        Failure {
                            seed,
                            violation,
                            script,
                        }
                    });
                    let mut summary = summary.lock().unwrap();
                    summary.scripts += 1;
                    summary.steps += outcome.played as u64;
                    for (what, many) in outcome.counts {
                        *summary.counts.entry(what).or_default() += many;
                    }
                    summary.failures.extend(failure);
                }
            });
        }
    });
    summary.into_inner().unwrap()
}

impl Failure {
    pub fn told(&self) -> String {
        format!(
            "seed {} violates \"{}\": {}\n\nscripts/simulate --script FILE plays this again:\n{}\n",
            self.seed,
            self.violation.invariant,
            self.violation.seen,
            serde_json::to_string(&self.script).unwrap(),
        )
    }
}
