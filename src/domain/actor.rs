//! Who acts, and what they may do.

use serde::{Deserialize, Serialize};

use super::{ids::PersonId, outage::Outage};

/// Whoever caused a change. Kept with every timeline line and every audit row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Identity {
    Person { id: PersonId },
    Job { name: String },
    Signal { source: String },
    ApiToken { name: String },
    CommandLine { name: String },
    Import { source: String },
}

impl Identity {
    pub fn person(&self) -> Option<PersonId> {
        match self {
            Identity::Person { id } => Some(*id),
            _ => None,
        }
    }

    /// The word stored in `actor_kind` columns.
    pub fn kind(&self) -> &'static str {
        match self {
            Identity::Person { .. } => "person",
            Identity::Job { .. } => "job",
            Identity::Signal { .. } => "signal",
            Identity::ApiToken { .. } => "api_token",
            Identity::CommandLine { .. } => "command_line",
            Identity::Import { .. } => "import",
        }
    }

    /// What stands in `actor_name` columns; empty for a person, whose row says it.
    pub fn name(&self) -> &str {
        match self {
            Identity::Person { .. } => "",
            Identity::Job { name }
            | Identity::ApiToken { name }
            | Identity::CommandLine { name }
            | Identity::Signal { source: name }
            | Identity::Import { source: name } => name,
        }
    }
}

/// One permission. Groups grant them; the words are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    Announce,
    ChangeAnyOutage,
    Publish,
    Administer,
}

impl Right {
    pub const ALL: [Right; 4] = [
        Right::Announce,
        Right::ChangeAnyOutage,
        Right::Publish,
        Right::Administer,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Right::Announce => "announce",
            Right::ChangeAnyOutage => "change_any_outage",
            Right::Publish => "publish",
            Right::Administer => "administer",
        }
    }

    pub fn from_word(word: &str) -> Option<Right> {
        Right::ALL.into_iter().find(|right| right.word() == word)
    }
}

/// A set of [`Right`]s.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights(Vec<Right>);

impl Rights {
    pub fn has(&self, right: Right) -> bool {
        // An administrator may do everything: the older tool's superuser.
        self.0.contains(&right) || self.0.contains(&Right::Administer)
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Rights {
        Rights(rights.into_iter().collect())
    }
}

/// Somebody who asks for something, with what they may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub identity: Identity,
    pub rights: Rights,
}

impl Actor {
    /// The one rule for changing an outage: its creator, its two assignees, and whoever may
    /// change any outage; open or resolved.
    pub fn may_change(&self, outage: &Outage) -> bool {
        let involved = self
            .identity
            .person()
            .is_some_and(|person| outage.roles.involves(person));
        involved || self.rights.has(Right::ChangeAnyOutage)
    }
}
