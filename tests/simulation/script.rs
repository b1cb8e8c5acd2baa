//! What happens, step by step. A seed makes a script before anything runs, so that a script can be
//! shortened and played again. Steps name outages, messages and events by a number that is taken
//! modulo what there is; a step that finds nothing to do does nothing.

use serde::{Deserialize, Serialize};

use crate::{
    away::Act,
    homes, leaving, scenes,
    silence::Silence,
    trouble::{self, Hold, Trouble},
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    pub seed: u64,
    /// When it begins, in seconds of the epoch.
    pub begins: i64,
    /// In Socket Mode, not over HTTP.
    pub sockets: bool,
    /// The optional scope that the app lacks, by its place among them.
    #[serde(default)]
    pub lacks: Option<usize>,
    /// Whether the settings name another channel for announcements.
    #[serde(default)]
    pub fallback: bool,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Somebody announces an outage with the form.
    Announce {
        who: Who,
        component: usize,
        sales: bool,
        entry: Entry,
    },
    /// Somebody types a command with words.
    Words {
        outage: usize,
        verb: Verb,
        who: Who,
        entry: Entry,
    },
    /// Somebody edits summary and severity with the form behind the button.
    Edit {
        outage: usize,
        severity: usize,
        who: Who,
        entry: Entry,
    },
    Reassign {
        outage: usize,
        to: Who,
        who: Who,
        entry: Entry,
    },
    /// Somebody presses "Create channel".
    Channel {
        outage: usize,
        who: Who,
        entry: Entry,
    },
    /// Somebody writes in a dedicated channel.
    Write {
        outage: usize,
    },
    /// Somebody shares a message by a reaction, or takes the reaction away.
    React {
        message: usize,
        who: Who,
        remove: bool,
    },
    /// Somebody presses the button that takes what was shared out of the thread.
    TakeBack {
        who: Who,
    },
    Rewrite {
        message: usize,
    },
    Delete {
        message: usize,
    },
    /// Somebody takes an announcement away, or its channel, or gives that back.
    TakeAway {
        outage: usize,
        act: Act,
    },
    /// Somebody leaves the workspace, or comes back.
    Leaves {
        who: Who,
        back: bool,
    },
    /// Somebody opens the Home tab.
    Look {
        who: Who,
    },
    /// Slack sends an event.
    Hear {
        event: usize,
        node: usize,
        how: Hearing,
    },
    /// A node works on an event that it or another one has kept.
    Follow {
        node: usize,
        crash: Option<Crash>,
    },
    /// A node claims a delivery and does not begin with it yet.
    Claim {
        node: usize,
    },
    /// A node makes an attempt at what it has claimed; when it has nothing, it claims first.
    Attempt {
        node: usize,
        end: End,
    },
    /// The call that was held goes on.
    GoOn,
    /// Both nodes deliver until nothing is due.
    Drain,
    Pass {
        seconds: u64,
    },
    /// Hours pass, and the nodes do what becomes due meanwhile.
    PassWorking {
        hours: u64,
    },
    /// The clock of one machine is set, relative to the right time.
    Skew {
        node: usize,
        seconds: i64,
    },
    /// Slack is away for a while.
    Silence {
        how: Silence,
        minutes: u64,
    },
    /// Somebody types a command in a shell, and perhaps the same again with the same key.
    Terminal {
        outage: usize,
        verb: Verb,
        who: Who,
        again: bool,
    },
    AnnounceInTerminal {
        who: Who,
        component: usize,
        again: bool,
    },
    /// What runs because time passes.
    Jobs {
        node: usize,
    },
    /// A node stands still in a call of a job's, until `GoOn`.
    JobStands {
        node: usize,
        crash: Crash,
    },
    /// The next call of this method goes wrong.
    Fault {
        method: usize,
        trouble: Trouble,
    },
    /// A connection of Socket Mode breaks.
    Break {
        node: usize,
    },
    Crash {
        node: usize,
    },
    Start {
        node: usize,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Who {
    Ana,
    Bo,
    Cy,
    Dee,
}

impl Who {
    pub const ALL: [Who; 4] = [Who::Ana, Who::Bo, Who::Cy, Who::Dee];

    pub fn name(self) -> &'static str {
        ["ana", "bo", "cy", "dee"][self as usize]
    }

    /// As in their profiles.
    pub fn real_name(self) -> &'static str {
        ["Ana Alvarez", "Bo Berg", "Cy Chen", "Dee Diaz"][self as usize]
    }

    pub fn id(self) -> &'static str {
        ["U0ANA", "U0BO", "U0CY", "U0DEE"][self as usize]
    }

    /// Whether they may change every outage by what the settings say of them, whatever Slack says.
    pub fn may_change(self) -> bool {
        matches!(self, Who::Ana | Who::Bo | Who::Cy)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verb {
    Update,
    Eta { phrase: usize },
    Resolve,
    Reopen,
    Withdraw,
    Merge { into: usize },
    Take,
}

pub const ETAS: [&str; 6] = [
    "45m",
    "2h",
    "tomorrow 2:30",
    "tomorrow 9:00",
    "in 10 minutes",
    "unknown",
];

/// How a request reaches a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub node: usize,
    pub how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    Plain,
    /// The very same request comes again, to that node.
    Twice {
        node: usize,
    },
    /// The person does the same again.
    Again,
    /// The answer is lost, and the person does the same again.
    AnswerLost,
    /// The node crashes with the request before it has read it.
    CrashBefore,
    /// The node crashes after its commit, before its answer arrives.
    CrashAfter,
    /// The node crashes in the middle of what it does beside the answer.
    CrashBeside {
        crash: Crash,
    },
}

impl How {
    pub fn word(self) -> &'static str {
        match self {
            How::Plain => "a request",
            How::Twice { .. } => "the same request again",
            How::Again => "the same wish again",
            How::AnswerLost => "answer lost",
            How::CrashBefore => "crash before a request is read",
            How::CrashAfter => "crash between commit and answer",
            How::CrashBeside { .. } => "crash beside an answer",
        }
    }
}

/// At which call of Slack's something stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crash {
    pub nth: usize,
    pub hold: Hold,
}

/// How Slack sends an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hearing {
    Once,
    /// With the same identifier again, to the other node.
    Repeated,
    /// With another identifier again.
    OtherId,
    /// The answer does not arrive, over a socket because that breaks: it stays in the queue and
    /// comes again.
    AnswerLost,
    /// The node crashes after it has kept it, before Slack hears that; it comes again.
    CrashAfter,
}

impl Hearing {
    pub fn word(self) -> &'static str {
        match self {
            Hearing::Once => "an event",
            Hearing::Repeated => "an event again",
            Hearing::OtherId => "an event again under another id",
            Hearing::AnswerLost => "an event whose acknowledgement is lost",
            Hearing::CrashAfter => "crash between keeping an event and its acknowledgement",
        }
    }
}

/// How an attempt at a delivery ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    Settled,
    CrashAfterClaim,
    CrashInCall {
        crash: Crash,
    },
    CrashAfterSettle,
    /// The node stands still in that call, until `GoOn`.
    Stall {
        crash: Crash,
    },
}

/// What deliveries and handlers call.
pub const METHODS: [&str; 23] = [
    "chat.postMessage",
    "chat.postMessage",
    "chat.postMessage",
    "chat.postMessage",
    "chat.update",
    "chat.update",
    "chat.delete",
    "chat.getPermalink",
    "pins.add",
    "pins.remove",
    "conversations.open",
    "conversations.create",
    "conversations.history",
    "conversations.replies",
    "conversations.invite",
    "conversations.setTopic",
    "bookmarks.add",
    "reactions.add",
    "reactions.get",
    "users.info",
    "views.open",
    "views.publish",
    "response_url",
];

/// Summer time ends in Europe, begins there, ends in America; and an ordinary Tuesday.
const BEGINNINGS: [i64; 4] = [1_792_879_200, 1_774_735_200, 1_793_505_600, 1_781_600_400];

/// The script of a seed.
pub fn written(seed: u64) -> Script {
    let mut luck = fastrand::Rng::with_seed(seed);
    let begins = BEGINNINGS[luck.usize(..BEGINNINGS.len())] + luck.i64(0..7200);
    let sockets = luck.u32(..3) == 0;
    let length = luck.usize(30..70);
    let fallback = luck.u32(..3) > 0;
    let lacks = (luck.u32(..8) == 0).then(|| luck.usize(..trouble::OPTIONAL.len()));
    // Some scripts have hardly any trouble, some little else.
    let trouble = luck.u32(0..30);
    let mut steps = Vec::new();
    while steps.len() < length {
        match luck.u32(..127) {
            120 => steps.extend(scenes::taken_over(&mut luck)),
            123..127 => steps.extend(scenes::taken_away(&mut luck)),
            121..123 => steps.extend(scenes::job_stands(&mut luck)),
            0..2 => steps.extend(scenes::overtaken(&mut luck)),
            2..6 => steps.extend(scenes::shared(&mut luck)),
            6 => steps.extend(scenes::silence(&mut luck)),
            7 => steps.extend(scenes::roles_wait(&mut luck)),
            8 => steps.extend(scenes::late_amend(&mut luck)),
            9..11 => steps.push(refusal(&mut luck)),
            11..14 => steps.push(terminal(&mut luck)),
            _ => steps.push(step(&mut luck, trouble)),
        }
    }
    // Afterwards, so that what came before is the same story as without it.
    if seed.is_multiple_of(3) {
        steps.extend(leaving::somebody_leaves(&mut luck));
        steps.extend((0..10).map(|_| step(&mut luck, trouble)));
    }
    if seed % 3 == 1 {
        for who in [Who::Bo, Who::Dee] {
            let at = steps.len() / 3;
            steps.splice(at..at, homes::look(who));
        }
    }
    Script {
        seed,
        begins,
        sockets,
        lacks,
        fallback,
        steps,
    }
}

/// A call that Slack refuses for good. Not the channel's: whether there is one decides too much.
fn refusal(luck: &mut fastrand::Rng) -> Step {
    const REFUSED: [&str; 10] = [
        "chat.postMessage",
        "chat.postMessage",
        "chat.postMessage",
        "chat.update",
        "chat.update",
        "chat.delete",
        "pins.add",
        "pins.remove",
        "conversations.open",
        "conversations.replies",
    ];
    let named = REFUSED[luck.usize(..REFUSED.len())];
    let code = luck.usize(..trouble::FOR_GOOD);
    Step::Fault {
        method: METHODS.iter().position(|it| *it == named).unwrap_or(0),
        trouble: Trouble::Refused { code },
    }
}

pub fn terminal(luck: &mut fastrand::Rng) -> Step {
    let (who, again) = (who(luck), luck.u32(..4) == 0);
    if luck.u32(..5) == 0 {
        return Step::AnnounceInTerminal {
            who,
            component: luck.usize(..6),
            again,
        };
    }
    Step::Terminal {
        outage: luck.usize(..1000),
        verb: verb(luck),
        who,
        again,
    }
}

pub fn step(luck: &mut fastrand::Rng, trouble: u32) -> Step {
    let node = luck.usize(..2);
    let outage = luck.usize(..1000);
    if luck.u32(..100) < trouble {
        return match luck.u32(..12) {
            0 => Step::Crash { node },
            _ => Step::Fault {
                method: luck.usize(..METHODS.len()),
                trouble: some_trouble(luck),
            },
        };
    }
    match luck.u32(..100) {
        0..8 => Step::Announce {
            who: who(luck),
            component: luck.usize(..6),
            sales: luck.bool(),
            entry: entry(luck),
        },
        8..26 => Step::Words {
            outage,
            verb: verb(luck),
            who: who(luck),
            entry: entry(luck),
        },
        26..31 => Step::Edit {
            outage,
            severity: luck.usize(..3),
            who: who(luck),
            entry: entry(luck),
        },
        31..34 => Step::Reassign {
            outage,
            to: Who::ALL[luck.usize(..4)],
            who: who(luck),
            entry: entry(luck),
        },
        34..37 => Step::Channel {
            outage,
            who: who(luck),
            entry: entry(luck),
        },
        37..40 => Step::Write { outage },
        40..45 => Step::React {
            message: luck.usize(..1000),
            who: [Who::Ana, Who::Bo][luck.usize(..2)],
            remove: luck.u32(..4) == 0,
        },
        45 => Step::Rewrite {
            message: luck.usize(..1000),
        },
        46 => Step::Delete {
            message: luck.usize(..1000),
        },
        47..52 => Step::Hear {
            event: luck.usize(..1000),
            node,
            how: match luck.u32(..10) {
                0..4 => Hearing::Once,
                4..6 => Hearing::Repeated,
                6..8 => Hearing::OtherId,
                8 => Hearing::AnswerLost,
                _ => Hearing::CrashAfter,
            },
        },
        52..57 => Step::Follow {
            node,
            crash: (luck.u32(..5) == 0).then(|| crash(luck)),
        },
        57..59 => Step::Claim { node },
        59..82 => Step::Attempt {
            node,
            end: match luck.u32(..40) {
                0 => End::CrashAfterClaim,
                1..6 => End::CrashInCall { crash: crash(luck) },
                6 => End::CrashAfterSettle,
                7..9 => End::Stall { crash: crash(luck) },
                _ => End::Settled,
            },
        },
        82..84 => Step::GoOn,
        84..87 => Step::Drain,
        87..94 => Step::Pass {
            seconds: [1, 2, 5, 20, 45, 61, 130, 700][luck.usize(..8)],
        },
        94 => Step::PassWorking {
            hours: luck.u64(1..27),
        },
        95 => Step::Skew {
            node,
            seconds: luck.i64(-20..20),
        },
        96 => Step::Break { node },
        97 => Step::Jobs { node },
        _ => Step::Start { node },
    }
}

pub fn who(luck: &mut fastrand::Rng) -> Who {
    Who::ALL[[0, 0, 0, 0, 1, 1, 2, 2, 3][luck.usize(..9)]]
}

pub fn verb(luck: &mut fastrand::Rng) -> Verb {
    match luck.u32(..20) {
        0..9 => Verb::Update,
        9..11 => Verb::Eta {
            phrase: luck.usize(..ETAS.len()),
        },
        11..14 => Verb::Resolve,
        14..16 => Verb::Reopen,
        16..18 => Verb::Withdraw,
        18 => Verb::Merge {
            into: luck.usize(..1000),
        },
        _ => Verb::Take,
    }
}

pub fn entry(luck: &mut fastrand::Rng) -> Entry {
    Entry {
        node: luck.usize(..2),
        how: match luck.u32(..30) {
            0..3 => How::Twice {
                node: luck.usize(..2),
            },
            3..5 => How::Again,
            5..7 => How::AnswerLost,
            7 => How::CrashBefore,
            8 => How::CrashAfter,
            9 => How::CrashBeside { crash: crash(luck) },
            _ => How::Plain,
        },
    }
}

pub fn crash(luck: &mut fastrand::Rng) -> Crash {
    Crash {
        nth: [0, 0, 0, 1, 1, 2][luck.usize(..6)],
        hold: [Hold::BeforeCommit, Hold::AfterCommit][luck.usize(..2)],
    }
}

fn some_trouble(luck: &mut fastrand::Rng) -> Trouble {
    match luck.u32(..11) {
        0..2 => Trouble::RateLimited {
            seconds: luck.u64(1..90),
        },
        2 => Trouble::ServerError,
        3 => Trouble::DoneServerError,
        4 => Trouble::Html,
        5 => Trouble::InternalError,
        6 => Trouble::LostBefore,
        7..9 => Trouble::LostAfter,
        _ => Trouble::Late {
            seconds: luck.u64(1..100),
        },
    }
}
