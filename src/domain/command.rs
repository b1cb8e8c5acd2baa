//! What can be asked of an outage. Parsed at the edge: inside, texts are trimmed and typed.

use super::{
    component::Component,
    eta::Eta,
    ids::{ChannelId, MessageTs, OutageNumber, PersonId},
    impact::Given,
    money::Money,
    outage::{Severity, Stage},
    time::Timestamp,
};

/// Answers to questions, each at most once.
pub type Answers = Vec<Given>;

/// A new outage.
#[derive(Clone, Debug)]
pub struct Request {
    pub summary: String,
    pub component: Component,
    pub severity: Severity,
    pub eta: Eta,
    pub answers: Answers,
    /// The message that it was made from.
    pub from_message: Option<MessageRef>,
    /// Outages that the person has seen and says this is none of.
    pub not_the_same_as: Vec<OutageNumber>,
}

/// A message of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MessageRef {
    pub channel: ChannelId,
    pub ts: MessageTs,
}

/// A change to an outage that exists. What is none, or not among the answers, stays as it is, so
/// that two people who edit different things at once do not undo each other.
#[derive(Clone, Debug)]
pub enum Command {
    Update(Update),
    Edit(Edit),
    /// A new promise.
    Eta {
        eta: Eta,
        /// May be empty.
        reason: String,
    },
    /// Who has which role; the inner none leaves it to whoever takes it.
    Reassign {
        solution: Option<Option<PersonId>>,
        communication: Option<Option<PersonId>>,
    },
    /// "I am on it": takes every role that nobody has.
    Take,
    CreateChannel,
    /// Works in a channel that exists.
    SetChannel {
        channel: ChannelId,
    },
    /// Somebody reports the same again, in their own words.
    Join {
        text: String,
    },
    Resolve(Resolve),
    EditResolution(EditResolution),
    EditTimes {
        started_at: Option<Timestamp>,
        resolved_at: Option<Timestamp>,
    },
    /// An address, with or without its scheme.
    LinkPostMortem {
        url: String,
    },
    Reopen {
        reason: String,
    },
    Withdraw {
        /// May be empty when it is another one's duplicate.
        why: String,
        duplicate_of: Option<OutageNumber>,
    },
}

/// A line for everybody who follows, with what else is known now.
#[derive(Clone, Debug)]
pub struct Update {
    pub text: String,
    pub stage: Option<Stage>,
    /// A new promise.
    pub eta: Option<Eta>,
}

/// Corrects what was announced.
#[derive(Clone, Debug)]
pub struct Edit {
    pub summary: Option<String>,
    pub component: Option<Component>,
    pub severity: Option<Severity>,
    /// A new promise.
    pub eta: Option<Eta>,
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
    /// The inner none takes the link away.
    pub post_mortem: Option<Option<String>>,
}
