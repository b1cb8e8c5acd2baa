//! From what watches the systems to how a component is: pure rules, the same for every source.
//!
//! A [`Report`] is what a source said, once. It becomes an [`Observation`] of a *check*, the one
//! source that observes a component. [`check::CheckState`] makes a status of observations in a row;
//! [`component::standing`] makes one of all checks of a component. The same observations lead to the
//! same statuses, however often they come and whenever they are read.

pub mod check;
pub mod component;
pub mod measure;
pub mod rule;

use serde::{Deserialize, Serialize};

use self::{check::CheckState, rule::Rule};
use super::{
    actor::Identity,
    ids::{ChannelId, CheckId, ComponentId, WorkspaceId},
    status::Status,
    time::Timestamp,
};

/// One result of a check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// When it was so, as the source says.
    pub at: Timestamp,
    /// None is no opinion: no data is neither healthy nor sick.
    pub status: Option<Status>,
    /// What was measured, where something was: a ratio is between 0 and 1.
    pub value: Option<f64>,
    /// Why, in the source's words.
    pub detail: String,
}

/// How important the source says that it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Importance {
    #[default]
    Undefined,
    Low,
    Medium,
    High,
}

impl Importance {
    pub const ALL: [Importance; 4] = [
        Importance::Undefined,
        Importance::Low,
        Importance::Medium,
        Importance::High,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Importance::Undefined => "undefined",
            Importance::Low => "low",
            Importance::Medium => "medium",
            Importance::High => "high",
        }
    }

    pub fn from_word(word: &str) -> Option<Importance> {
        Importance::ALL.into_iter().find(|it| it.word() == word)
    }
}

/// One source that observes a component.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub id: CheckId,
    pub workspace: WorkspaceId,
    pub source: String,
    /// What the source knows it by.
    pub external_id: String,
    /// Empty where nobody gave it one.
    pub name: String,
    pub link: String,
    pub description: String,
    pub importance: Importance,
    /// In the source's words.
    pub created_by: String,
    /// Of whoever looks after it.
    pub note: String,
    /// What people wrote themselves, which the source does not write over.
    pub edited: Vec<Field>,
    /// The Slack channel that its alerts are read in.
    pub channel: Option<ChannelId>,
    /// None: nobody knows yet what it is about.
    pub component: Option<ComponentId>,
    /// Who mapped it; none where the source says it.
    pub mapped_by: Option<Identity>,
    /// None: that of its source.
    pub rule: Option<Rule>,
    pub state: CheckState,
    /// The newest observation, in the source's words too.
    pub last: Option<Last>,
    /// How often it was said to be sick.
    pub occurrences: i64,
    pub created_at: Timestamp,
}

impl Check {
    /// What people know it by.
    pub fn called(&self) -> &str {
        match self.name.is_empty() {
            true => &self.external_id,
            false => &self.name,
        }
    }

    /// Takes over what a report says of the check itself.
    pub fn learn(&mut self, report: &Report) {
        let texts = [
            (Field::Name, &mut self.name, &report.name),
            (Field::Link, &mut self.link, &report.link),
            (
                Field::Description,
                &mut self.description,
                &report.description,
            ),
            (Field::CreatedBy, &mut self.created_by, &report.created_by),
        ];
        for (field, known, told) in texts {
            if let (Some(told), false) = (told, self.edited.contains(&field)) {
                known.clone_from(told);
            }
        }
        if let (Some(told), false) = (report.importance, self.edited.contains(&Field::Importance)) {
            self.importance = told;
        }
        if let Some(channel) = &report.channel {
            self.channel = Some(ChannelId(channel.clone()));
        }
    }
}

/// What people can write of a check themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Name,
    Link,
    Description,
    Importance,
    CreatedBy,
}

/// The newest observation of a check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Last {
    pub observation: Observation,
    /// The state in the source's words.
    pub word: String,
}

/// What one source said of one of its checks. Everything that a source may leave out is optional,
/// and then what is known of the check stays as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Which source: `pingdom`, `alertmanager`, `grafana`, `datadog`, `generic`, `prometheus`.
    pub source: String,
    /// What the source knows the check by.
    pub external_id: String,
    pub observation: Observation,
    /// The state in the source's words, as in `DOWN`. The same word for the same time and check is
    /// the same report, however often it comes.
    pub word: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importance: Option<Importance>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// The key of the component that the source names. It counts where nobody mapped the check by
    /// hand, and where there is such a component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// The Slack channel that it was read in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// It is measured again and again: kept only where it differs from what was measured before.
    #[serde(default)]
    pub is_measured: bool,
    /// Somebody tried whether reports arrive: it is shown, and changes no status.
    #[serde(default)]
    pub is_test: bool,
}
