//! The deterministic simulation: a seed makes a script of what people do, what goes wrong and which
//! node does what, and after every step the invariants are checked. docs/simulation.md says how to
//! read a failure.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

mod amended;
mod away;
mod dead;
mod homes;
mod invariants;
mod jobs;
mod leaving;
mod looking;
mod model;
mod node;
mod play;
mod request;
mod run;
mod scenes;
mod script;
mod silence;
mod sockets;
mod terminal;
mod trouble;
mod wire;
mod world;

use run::{KINDS, Summary, run_many};
use script::{Script, written};

/// What scripts/simulate asks for.
#[expect(
    clippy::disallowed_methods,
    reason = "what scripts/simulate exports is no setting of Balefire"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn number(name: &str, otherwise: u64) -> u64 {
    environment(name).map_or(otherwise, |it| it.parse().unwrap())
}

/// After so many failures there is enough to look at.
const FAILURES: usize = 3;

fn hold(summary: &Summary) {
    let told: Vec<String> = summary.failures.iter().map(run::Failure::told).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn two_hundred_seeds_hold() {
    let summary = run_many(1, 200, FAILURES);
    hold(&summary);
    let never: Vec<&str> = sometimes()
        .into_iter()
        .filter(|it| !summary.counts.contains_key(it))
        .collect();
    assert!(
        never.is_empty(),
        "in 200 seeds this never happened: {never:?}"
    );
}

/// What has to happen somewhere in two hundred seeds, so that the simulation cannot become empty
/// without anybody noticing.
fn sometimes() -> Vec<&'static str> {
    let mut all = vec![
        "announce",
        "update",
        "eta",
        "resolve",
        "reopen",
        "withdraw",
        "merge",
        "take",
        "edit",
        "reassign",
        "create a channel",
        "write",
        "react",
        "take a reaction away",
        "take a shared message back",
        "change a message",
        "delete a message",
        "an announcement is deleted",
        "an announcement is unpinned",
        "the channel is archived",
        "the bot is removed",
        "the channel is given back",
        "somebody leaves",
        "somebody comes back",
        "mended: posted_again",
        "mended: stays_away",
        "mended: pinned_again",
        "mended: stays_unpinned",
        "mended: moved",
        "mended: stranded",
        // requests
        "a request",
        "the same request again",
        "the same wish again",
        "answer lost",
        "crash before a request is read",
        "crash between commit and answer",
        "crash beside an answer",
        "a call beside an answer is cut off",
        // events
        "somebody looks at the Home tab",
        "an event",
        "an event again",
        "an event again under another id",
        "an event whose acknowledgement is lost",
        "crash between keeping an event and its acknowledgement",
        "crash in the work on an event",
        "a socket breaks",
        "a socket breaks under an event",
        // deliveries
        "crash after a claim",
        "crash before a call",
        "crash between a call and its settlement",
        "crash after a settlement",
        "a node stands still before a call",
        "a node stands still after a call",
        "crash at rest",
        "a node stands still in a job",
        "a job is refused to another node",
        "a job is overtaken",
        // Slack
        "rate limited",
        "server error",
        "server error after commit",
        "a page for an answer",
        "internal_error",
        "timeout before commit",
        "timeout after commit",
        "late commit",
        "refused for good",
        "a retry by hand",
        "an optional scope is missing",
        "Slack is down",
        "Slack is down: not reached",
        "Slack is down: errors",
        "Slack is down: no answers",
        "Slack is down: rate limited throughout",
        "Slack is down: the token is revoked",
        "told together: roles",
        // a terminal
        "a command in a terminal",
        "a command in a terminal again",
        "an outage announced in a terminal",
        // time
        "hours pass",
        "a clock jumps",
    ];
    all.extend(KINDS);
    all
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in [3, 14, 159] {
        let script = written(seed);
        let (first, second) = (run::run(&script), run::run(&script));
        for (first, second) in first.story.iter().zip(&second.story) {
            assert_eq!(first, second, "seed {seed}");
        }
    }
}

#[test]
fn a_script_survives_being_written_down() {
    let script = written(1);
    let text = serde_json::to_string(&script).unwrap();
    assert_eq!(serde_json::from_str::<Script>(&text).unwrap(), script);
}

/// What scripts/simulate runs.
#[test]
#[ignore = "run by scripts/simulate"]
fn simulate() {
    if let Some(path) = environment("SIMULATE_SCRIPT") {
        let text = std::fs::read_to_string(&path).unwrap();
        let script: Script = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{path} is no script that a failure printed: {error}"));
        let outcome = run::run(&script);
        println!("{}", outcome.story.join("\n"));
        assert_eq!(outcome.violation, None);
        return;
    }
    let (first, many) = (number("SIMULATE_FIRST", 1), number("SIMULATE_SEEDS", 200));
    let started = std::time::Instant::now();
    let enough = number("SIMULATE_FAILURES", FAILURES as u64) as usize;
    let summary = run_many(first, many, enough);
    println!(
        "{} scripts, {} steps, {:.0} s",
        summary.scripts,
        summary.steps,
        started.elapsed().as_secs_f64()
    );
    for (what, many) in &summary.counts {
        println!("{many:>9} {what}");
    }
    hold(&summary);
}
