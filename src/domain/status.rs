//! How a component is, in Statuspage's words.

use std::fmt;

use serde::{Deserialize, Serialize};

/// From the best to the worst: of several, the greatest one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Operational,
    UnderMaintenance,
    DegradedPerformance,
    PartialOutage,
    MajorOutage,
}

impl Status {
    pub const ALL: [Status; 5] = [
        Status::Operational,
        Status::UnderMaintenance,
        Status::DegradedPerformance,
        Status::PartialOutage,
        Status::MajorOutage,
    ];

    /// As it is stored, and as Statuspage's API has it.
    pub fn word(self) -> &'static str {
        match self {
            Status::Operational => "operational",
            Status::UnderMaintenance => "under_maintenance",
            Status::DegradedPerformance => "degraded_performance",
            Status::PartialOutage => "partial_outage",
            Status::MajorOutage => "major_outage",
        }
    }

    pub fn from_word(word: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|it| it.word() == word)
    }

    /// As people read it.
    pub fn in_words(self) -> &'static str {
        match self {
            Status::Operational => "operational",
            Status::UnderMaintenance => "under maintenance",
            Status::DegradedPerformance => "degraded",
            Status::PartialOutage => "partial outage",
            Status::MajorOutage => "major outage",
        }
    }

    /// Whether somebody should hear of it. Planned work is no sickness.
    pub fn is_sick(self) -> bool {
        self >= Status::DegradedPerformance
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_back() {
        for status in Status::ALL {
            assert_eq!(Status::from_word(status.word()), Some(status));
            let json = serde_json::to_value(status).expect("a word");
            assert_eq!(json, status.word());
        }
        assert_eq!(Status::from_word("broken"), None);
    }
}
