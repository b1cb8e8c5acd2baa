//! An outage and the states it can be in. Impossible ones cannot be built.

use serde::{Deserialize, Serialize};

use super::{
    actor::Identity,
    component::Component,
    eta::Eta,
    ids::{ChannelId, OutageId, OutageNumber, PersonId, WorkspaceId},
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

    /// The outage that this one turned out to be.
    pub fn duplicate_of(&self) -> Option<OutageNumber> {
        match self {
            Phase::Withdrawn { duplicate_of, .. } => *duplicate_of,
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
    /// Works on the solution; nobody as yet when none.
    pub solution: Option<PersonId>,
    /// Keeps everybody informed; nobody as yet when none.
    pub communication: Option<PersonId>,
}

impl Roles {
    pub fn involves(&self, person: PersonId) -> bool {
        self.people().contains(&person)
    }

    /// Everybody with a part in it, each once.
    pub fn people(&self) -> Vec<PersonId> {
        let mut people = vec![self.creator];
        for assignee in [self.solution, self.communication].into_iter().flatten() {
            if !people.contains(&assignee) {
                people.push(assignee);
            }
        }
        people
    }

    /// Who has this role.
    pub fn of(&self, role: Role) -> Option<PersonId> {
        match role {
            Role::Solution => self.solution,
            Role::Communication => self.communication,
        }
    }

    pub fn set(&mut self, role: Role, person: Option<PersonId>) {
        match role {
            Role::Solution => self.solution = person,
            Role::Communication => self.communication = person,
        }
    }

    pub fn is_complete(&self) -> bool {
        self.solution.is_some() && self.communication.is_some()
    }
}

/// A part that somebody can have in an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Solution,
    Communication,
}

impl Role {
    pub const ALL: [Role; 2] = [Role::Solution, Role::Communication];
}

/// The written lessons, wherever a team keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostMortem {
    /// With `https://` or `http://`.
    pub url: String,
    /// The title of the issue behind it, once it was read; takes the place of the announcement's.
    pub title: Option<String>,
}

/// The channel in which people work on one outage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DedicatedChannel {
    /// Without `#`. As asked for until Slack has said what it is.
    pub name: String,
    /// None until it exists and the bot is in it.
    pub id: Option<ChannelId>,
    /// Made by Balefire, not an existing one that was set.
    pub made_here: bool,
    /// Why it could not be made or joined.
    pub failed: Option<String>,
    pub archived_at: Option<Timestamp>,
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
    /// How often the promise moved to later, or was taken back.
    #[serde(default)]
    pub slips: u32,
    pub roles: Roles,
    /// What it cost.
    pub turnover: Option<Money>,
    #[serde(default)]
    pub post_mortem: Option<PostMortem>,
    pub started_at: Timestamp,
    pub announced_at: Timestamp,
    pub last_update: Option<LastUpdate>,
    /// Comes with the outage but is written by whoever makes the channel.
    #[serde(default)]
    pub channel: Option<DedicatedChannel>,
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
            .map_or(Answer::Unknown, |it| it.answer.clone())
    }

    /// The few words besides an answer.
    pub fn detail(&self, question: &str) -> &str {
        self.impact
            .iter()
            .find(|it| it.question == question)
            .map_or("", |it| &it.detail)
    }

    /// The dedicated channel, unless making it failed or its time is over.
    pub fn working_channel(&self) -> Option<&DedicatedChannel> {
        let channel = self.channel.as_ref();
        channel.filter(|it| it.failed.is_none() && it.archived_at.is_none())
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
