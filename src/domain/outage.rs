//! An outage and the states it can be in. Impossible ones cannot be built.

use serde::{Deserialize, Serialize};

use super::{
    actor::Identity,
    component::Component,
    eta::Eta,
    ids::{OutageId, OutageNumber, PersonId, WorkspaceId},
    impact::{Answer, Impact},
    money::Money,
    time::Timestamp,
};

/// How bad it is. The words are Balefire's own; what the public page says is another mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Minor,
    Major,
    Critical,
}

impl Severity {
    pub const ALL: [Severity; 3] = [Severity::Critical, Severity::Major, Severity::Minor];

    pub fn word(self) -> &'static str {
        match self {
            Severity::Minor => "minor",
            Severity::Major => "major",
            Severity::Critical => "critical",
        }
    }

    pub fn from_word(word: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|it| it.word() == word)
    }

    /// What a component suffers, in Statuspage's words.
    pub fn component_status(self) -> &'static str {
        match self {
            Severity::Minor => "degraded_performance",
            Severity::Major => "partial_outage",
            Severity::Critical => "major_outage",
        }
    }
}

/// How far the work on an open outage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Investigating,
    Identified,
    Monitoring,
}

impl Stage {
    pub const ALL: [Stage; 3] = [Stage::Investigating, Stage::Identified, Stage::Monitoring];

    pub fn word(self) -> &'static str {
        match self {
            Stage::Investigating => "investigating",
            Stage::Identified => "identified",
            Stage::Monitoring => "monitoring",
        }
    }

    pub fn from_word(word: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|it| it.word() == word)
    }
}

/// How an outage ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// When service was back; people may correct it.
    pub at: Timestamp,
    /// Who first resolved it; kept when it is reopened and resolved again.
    pub by: Identity,
    /// When it was first said to be resolved: post-mortem deadlines count from here.
    pub first_recorded_at: Timestamp,
    /// May be empty: people resolve first and write later.
    pub text: String,
    pub post_mortem_wanted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "lowercase")]
pub enum Phase {
    Open {
        stage: Stage,
        /// The resolution before it was reopened: presets of the next one.
        former: Option<Resolution>,
    },
    Resolved(Resolution),
    /// A false alarm. Stays out of statistics.
    Withdrawn {
        at: Timestamp,
        by: Identity,
        why: String,
        duplicate_of: Option<OutageNumber>,
    },
}

impl Phase {
    pub fn resolution(&self) -> Option<&Resolution> {
        match self {
            Phase::Resolved(resolution) => Some(resolution),
            _ => None,
        }
    }

    /// The stored word.
    pub fn word(&self) -> &'static str {
        match self {
            Phase::Open { stage, .. } => stage.word(),
            Phase::Resolved(_) => "resolved",
            Phase::Withdrawn { .. } => "withdrawn",
        }
    }
}

/// Who is responsible for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles {
    pub creator: PersonId,
    /// Works on the solution.
    pub solution: PersonId,
    /// Keeps everybody informed.
    pub communication: PersonId,
}

impl Roles {
    pub fn involves(&self, person: PersonId) -> bool {
        [self.creator, self.solution, self.communication].contains(&person)
    }
}

/// A component that an outage affects, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    pub component: Component,
    /// Statuspage's words.
    pub status: String,
    pub from: Timestamp,
    pub to: Option<Timestamp>,
}

/// What an outage is about, apart from its number and version. A new outage is only this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub workspace: WorkspaceId,
    pub phase: Phase,
    pub severity: Severity,
    /// What happened, at most [`super::limits::SUMMARY`] characters, trimmed.
    pub summary: String,
    /// The first is the primary one. Never empty.
    pub affected: Vec<Affected>,
    pub impact: Vec<Impact>,
    pub eta: Eta,
    pub roles: Roles,
    /// What it cost.
    pub turnover: Option<Money>,
    pub started_at: Timestamp,
    pub announced_at: Timestamp,
    pub last_update: Option<LastUpdate>,
}

/// The newest line of the timeline that a person wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUpdate {
    pub text: String,
    pub by: Identity,
    pub at: Timestamp,
}

/// An outage as it stands. Derefs to its [`Facts`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    pub id: OutageId,
    pub number: OutageNumber,
    /// Counts changes; a change is written only over the version it was decided on.
    pub version: i64,
    #[serde(flatten)]
    pub facts: Facts,
}

impl std::ops::Deref for Outage {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.facts
    }
}

impl std::ops::DerefMut for Outage {
    fn deref_mut(&mut self) -> &mut Facts {
        &mut self.facts
    }
}

impl Facts {
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open { .. })
    }

    /// The component that gives the outage its title.
    pub fn title_component(&self) -> &str {
        self.affected
            .first()
            .map_or("Unknown component", |it| it.component.name.as_str())
    }

    pub fn answer(&self, question: &str) -> Answer {
        self.impact
            .iter()
            .find(|it| it.question == question)
            .map_or(Answer::Unknown, |it| it.answer)
    }

    /// From its start to its end, or to `now` while it is open.
    pub fn duration(&self, now: Timestamp) -> std::time::Duration {
        self.duration_until(self.phase.resolution().map_or(now, |it| it.at))
    }

    /// From minute to minute, as people read and pick the times: 9:00 to 10:00 is an hour, also
    /// when it started at 9:00:09.
    pub fn duration_until(&self, end: Timestamp) -> std::time::Duration {
        end.minute().since(self.started_at.minute())
    }
}
