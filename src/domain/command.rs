//! What can be asked of an outage. Parsed at the edge: inside, texts are trimmed and typed.

use super::{
    component::Component,
    eta::EtaChoice,
    impact::Answer,
    money::Money,
    outage::{Severity, Stage},
    time::Timestamp,
};

/// Answers by question key.
pub type Answers = Vec<(String, Answer)>;

/// A new outage.
#[derive(Clone, Debug)]
pub struct Request {
    pub summary: String,
    pub component: Component,
    pub severity: Severity,
    pub eta: EtaChoice,
    pub answers: Answers,
}

/// A change to an outage that exists. What is none, or not among the answers, stays as it is, so
/// that two people who edit different things at once do not undo each other.
#[derive(Clone, Debug)]
pub enum Command {
    Update(Update),
    Edit(Edit),
    Resolve(Resolve),
    EditResolution(EditResolution),
    EditTimes {
        started_at: Option<Timestamp>,
        resolved_at: Option<Timestamp>,
    },
    Reopen {
        reason: String,
    },
    Withdraw {
        why: String,
    },
}

/// A line for everybody who follows, with what else is known now.
#[derive(Clone, Debug)]
pub struct Update {
    pub text: String,
    pub stage: Option<Stage>,
    /// A new promise.
    pub eta: Option<EtaChoice>,
}

/// Corrects what was announced.
#[derive(Clone, Debug)]
pub struct Edit {
    pub summary: Option<String>,
    pub component: Option<Component>,
    pub severity: Option<Severity>,
    /// A new promise.
    pub eta: Option<EtaChoice>,
    pub answers: Answers,
    pub reason: String,
}

#[derive(Clone, Debug)]
pub struct Resolve {
    pub text: String,
    pub at: Timestamp,
    pub answers: Answers,
    pub turnover: Option<Money>,
    pub post_mortem_wanted: bool,
}

#[derive(Clone, Debug)]
pub struct EditResolution {
    pub text: Option<String>,
    pub answers: Answers,
    /// The inner none clears it.
    pub turnover: Option<Option<Money>>,
    pub post_mortem_wanted: Option<bool>,
}
