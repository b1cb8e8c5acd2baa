//! Steps that belong together: what by chance alone would hardly ever come in this order.

use crate::{
    away::Act,
    script::{
        Crash, End, Entry, Hearing, How, METHODS, Step, Verb, Who, crash, step, terminal, verb, who,
    },
    silence::Silence,
    trouble::{Hold, Trouble},
};

/// People work in a dedicated channel and share what they find.
pub fn shared(luck: &mut fastrand::Rng) -> Vec<Step> {
    let (outage, message) = (luck.usize(..1000), luck.usize(..1000));
    let entry = Entry {
        node: luck.usize(..2),
        how: How::Plain,
    };
    let who = Who::Ana;
    let react = |remove| Step::React {
        message,
        who,
        remove,
    };
    let mut steps = vec![
        Step::Drain,
        Step::Channel { outage, who, entry },
        Step::Drain,
        Step::Write { outage },
        react(false),
        heard(luck),
        Step::Follow {
            node: luck.usize(..2),
            crash: luck.bool().then(|| crash(luck)),
        },
    ];
    steps.extend((0..4).map(|_| step(luck, 10)));
    steps.push(match luck.u32(..4) {
        0 => Step::Rewrite { message },
        1 => Step::Delete { message },
        _ => react(luck.bool()),
    });
    if luck.u32(..3) < 2 {
        // Shared, seen in the thread, and taken back.
        let node = luck.usize(..2);
        let how = Hearing::Once;
        for remove in [false, true] {
            steps.push(react(remove));
            steps.extend((0..8).map(|_| Step::Hear {
                event: 0,
                node,
                how,
            }));
            // Whoever works on it crashes, and another one finishes it.
            for node in [node, 1 - node] {
                let crash = Some(Crash {
                    nth: 0,
                    hold: Hold::BeforeCommit,
                });
                steps.extend([Step::Follow { node, crash }, Step::Start { node }]);
            }
            steps.push(Step::Drain);
            steps.push(Step::Pass { seconds: 130 });
            steps.push(Step::Drain);
        }
        steps.extend([Step::TakeBack { who }, Step::Drain]);
    }
    if luck.u32(..4) == 0 {
        let verb = Verb::Resolve;
        steps.extend([
            Step::Drain,
            Step::Words {
                outage,
                verb,
                who,
                entry,
            },
            Step::PassWorking { hours: 26 },
            Step::PassWorking { hours: 8 },
        ]);
    }
    steps
}

/// A node stands still for longer than its lease, and the other one goes on in its place.
pub fn overtaken(luck: &mut fastrand::Rng) -> Vec<Step> {
    let node = luck.usize(..2);
    let claims = luck.bool();
    let stalls = End::Stall { crash: crash(luck) };
    let other = || Step::Attempt {
        node: 1 - node,
        end: End::Settled,
    };
    let waits = Step::Pass {
        seconds: luck.u64(61..80),
    };
    let first = match claims {
        true => Step::Claim { node },
        false => Step::Attempt { node, end: stalls },
    };
    let last = match claims {
        true => Step::Attempt {
            node,
            end: End::Settled,
        },
        false => Step::GoOn,
    };
    let mut steps = vec![first, waits, other(), other(), last];
    steps.extend(overtaken_by_silence(node));
    steps
}

/// A node stands still before it posts a line; the one that goes on in its place posts it and hears
/// no answer; then the first one posts it, too.
fn overtaken_by_silence(node: usize) -> Vec<Step> {
    let entry = Entry {
        node,
        how: How::Plain,
    };
    let attempt = |node, end| Step::Attempt { node, end };
    let before = Crash {
        nth: 0,
        hold: Hold::BeforeCommit,
    };
    let posts = METHODS.iter().position(|it| *it == "chat.postMessage");
    let answer_lost = Step::Fault {
        method: posts.unwrap_or(0),
        trouble: Trouble::LostAfter,
    };
    vec![
        Step::GoOn,
        Step::Drain,
        Step::Words {
            outage: 0,
            verb: Verb::Update,
            who: Who::Ana,
            entry,
        },
        // The announcement has its turn first.
        attempt(node, End::Settled),
        Step::Pass { seconds: 2 },
        attempt(node, End::Stall { crash: before }),
        Step::Pass { seconds: 65 },
        answer_lost,
        attempt(1 - node, End::Settled),
        Step::GoOn,
    ]
}

/// Slack is away for minutes or hours, and people go on.
pub fn silence(luck: &mut fastrand::Rng) -> Vec<Step> {
    const ALL: [Silence; 5] = [
        Silence::NotReached,
        Silence::Errors,
        Silence::NoAnswer,
        Silence::Limited,
        Silence::Barred,
    ];
    let how = ALL[luck.usize(..ALL.len())];
    let minutes = [8, 25, 45, 70, 200][luck.usize(..5)];
    let mut steps = vec![Step::Drain, Step::Silence { how, minutes }];
    steps.extend(much_is_said(luck));
    for _ in 0..luck.usize(3..9) {
        let (node, outage) = (luck.usize(..2), luck.usize(..3));
        let entry = Entry {
            node,
            how: How::Plain,
        };
        steps.push(match luck.u32(..20) {
            0..7 => Step::Words {
                outage,
                verb: verb(luck),
                who: who(luck),
                entry,
            },
            7..9 => terminal(luck),
            9..14 => Step::Attempt {
                node,
                end: match luck.u32(..6) {
                    0 => End::CrashInCall { crash: crash(luck) },
                    1 => End::CrashAfterClaim,
                    _ => End::Settled,
                },
            },
            14..17 => Step::Pass {
                seconds: [20, 61, 130, 400, 700][luck.usize(..5)],
            },
            17 => Step::Jobs { node },
            18 => Step::Start { node },
            _ => step(luck, 5),
        });
    }
    if luck.u32(..4) > 0 {
        steps.push(Step::Pass {
            seconds: minutes * 60,
        });
    }
    steps.extend((0..2).map(|_| step(luck, 10)));
    steps
}

/// More in one thread than may be told in messages of their own, and enough time for the nodes to
/// try more than they may.
fn much_is_said(luck: &mut fastrand::Rng) -> Vec<Step> {
    let words = |verb, node| Step::Words {
        outage: 0,
        verb,
        who: Who::Ana,
        entry: Entry {
            node,
            how: How::Plain,
        },
    };
    let node = luck.usize(..2);
    let mut steps = vec![words(Verb::Reopen, node)];
    steps.extend((0..6).map(|_| words(Verb::Update, node)));
    for seconds in [20, 45, 61, 61, 61, 130] {
        steps.extend([Step::Drain, Step::Pass { seconds }]);
    }
    steps.push(Step::Drain);
    steps
}

/// A lease runs out by the clock of one node and not by that of its holder, who begins with what
/// waited for long, and is gone.
pub fn taken_over(luck: &mut fastrand::Rng) -> Vec<Step> {
    let node = luck.usize(..2);
    let other = 1 - node;
    let outage = luck.usize(..1000);
    let entry = Entry {
        node,
        how: How::Plain,
    };
    let attempt = |node, end| Step::Attempt { node, end };
    let crash = Crash {
        nth: 0,
        hold: Hold::BeforeCommit,
    };
    let update = || Step::Words {
        outage,
        verb: Verb::Update,
        who: Who::Ana,
        entry,
    };
    let skew = |node, seconds| Step::Skew { node, seconds };
    let starts = [node, other].map(|node| Step::Start { node });
    let mut steps = vec![Step::GoOn, Step::Drain];
    steps.extend(starts);
    steps.extend([skew(node, 0), skew(other, 19)]);
    steps.extend((0..3).map(|_| update()));
    steps.extend([
        Step::Pass { seconds: 330 },
        // The announcement has its turn first.
        attempt(node, End::Settled),
        Step::Pass { seconds: 2 },
        Step::Claim { node },
        Step::Pass { seconds: 45 },
        Step::Claim { node: other },
        attempt(node, End::CrashInCall { crash }),
        attempt(other, End::Settled),
        skew(other, 0),
        Step::Start { node },
    ]);
    steps
}

/// People take an announcement away or the channel that it stands in, while the outage goes on; and
/// perhaps they do it again.
pub fn taken_away(luck: &mut fastrand::Rng) -> Vec<Step> {
    const ACTS: [Act; 8] = [
        Act::Delete,
        Act::Delete,
        Act::Delete,
        Act::Unpin,
        Act::Unpin,
        Act::Archive,
        Act::Archive,
        Act::Remove,
    ];
    let outage = luck.usize(..3);
    let act = ACTS[luck.usize(..ACTS.len())];
    let words = |verb, node| Step::Words {
        outage,
        verb,
        who: Who::Ana,
        entry: Entry {
            node,
            how: How::Plain,
        },
    };
    let mut steps = vec![Step::GoOn, Step::Drain];
    for _ in 0..luck.usize(1..4) {
        let node = luck.usize(..2);
        steps.push(words(
            [Verb::Update, Verb::Reopen][luck.usize(..2)],
            1 - node,
        ));
        steps.extend(luck.bool().then_some(Step::Drain));
        steps.push(Step::TakeAway { outage, act });
        match luck.u32(..4) {
            0 => steps.push(Step::Jobs { node }),
            1 => steps.push(words(Verb::Update, node)),
            _ => steps.extend([
                heard(luck),
                Step::Follow {
                    node,
                    crash: (luck.u32(..4) == 0).then(|| crash(luck)),
                },
            ]),
        }
        steps.push(step(luck, 10));
        steps.extend(luck.bool().then_some(Step::Drain));
    }
    if luck.u32(..3) == 0 {
        let act = Act::GiveBack;
        steps.extend([Step::TakeAway { outage, act }, heard(luck)]);
    }
    steps
}

/// A node stands still in a job that asks Slack; the other one may not begin with it before its
/// lease is over, and after that the first one writes nothing more.
pub fn job_stands(luck: &mut fastrand::Rng) -> Vec<Step> {
    let node = luck.usize(..2);
    let crash = crash(luck);
    let jobs = || Step::Jobs { node: 1 - node };
    let waits = Step::Pass {
        seconds: [5, 30, 61, 80][luck.usize(..4)],
    };
    let starts = [node, 1 - node].map(|node| Step::Start { node });
    let mut steps = vec![Step::GoOn];
    steps.extend(starts);
    steps.extend([Step::JobStands { node, crash }, jobs(), waits, jobs()]);
    steps.push(Step::GoOn);
    steps
}

/// The same person is told of roles again and again while such messages have to wait.
pub fn roles_wait(luck: &mut fastrand::Rng) -> Vec<Step> {
    let outage = luck.usize(..1000);
    let opens = METHODS.iter().position(|it| *it == "conversations.open");
    let limited = Step::Fault {
        method: opens.unwrap_or(0),
        trouble: Trouble::RateLimited { seconds: 590 },
    };
    let to = |to, luck: &mut fastrand::Rng| Step::Reassign {
        outage,
        to,
        who: Who::Ana,
        entry: Entry {
            node: luck.usize(..2),
            how: How::Plain,
        },
    };
    let mut steps = vec![Step::Drain, limited, to(Who::Bo, luck), Step::Drain];
    steps.extend([to(Who::Cy, luck), to(Who::Bo, luck), to(Who::Cy, luck)]);
    steps.extend([Step::Pass { seconds: 630 }, Step::Drain]);
    steps
}

/// A line of changes is written anew twice within its minute, and Slack carries out the first of
/// that late.
pub fn late_amend(luck: &mut fastrand::Rng) -> Vec<Step> {
    let outage = luck.usize(..1000);
    let entry = Entry {
        node: luck.usize(..2),
        how: How::Plain,
    };
    let eta = |phrase| Step::Words {
        outage,
        verb: Verb::Eta { phrase },
        who: Who::Ana,
        entry,
    };
    let updates = METHODS.iter().position(|it| *it == "chat.update");
    let late = Step::Fault {
        method: updates.unwrap_or(0),
        trouble: Trouble::Late {
            seconds: luck.u64(41..99),
        },
    };
    let attempts = |many: usize| {
        (0..many).map(|_| Step::Attempt {
            node: 0,
            end: End::Settled,
        })
    };
    let mut steps = vec![Step::Drain, eta(0), Step::Drain, eta(1)];
    steps.extend(luck.bool().then(|| attempts(1)).into_iter().flatten());
    steps.extend([late, Step::Drain, eta(5), Step::Drain]);
    steps.push(Step::Pass { seconds: 45 });
    steps.push(Step::Drain);
    steps
}

/// An event comes in, in any of the ways in which Slack sends one.
fn heard(luck: &mut fastrand::Rng) -> Step {
    let event = luck.usize(..1000);
    Step::Hear {
        event,
        node: luck.usize(..2),
        how: match event % 5 {
            0 => Hearing::Once,
            1 => Hearing::Repeated,
            2 => Hearing::OtherId,
            3 => Hearing::AnswerLost,
            _ => Hearing::CrashAfter,
        },
    }
}
