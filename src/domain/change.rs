//! What differs between two versions of an outage, as before and after.

use serde::{Deserialize, Serialize};

use super::{
    eta::Eta,
    impact::Answer,
    money::Money,
    outage::{Facts, Phase, Roles, Severity, Stage},
    time::Timestamp,
};

/// One field that changed. Serialised into the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "field", rename_all = "snake_case")]
pub enum Change {
    Summary {
        before: String,
        after: String,
    },
    Components {
        before: Vec<String>,
        after: Vec<String>,
    },
    Severity {
        before: Severity,
        after: Severity,
    },
    Stage {
        before: Stage,
        after: Stage,
    },
    Eta {
        before: Eta,
        after: Eta,
        /// How often it has slipped by now.
        #[serde(default)]
        slips: u32,
    },
    Roles {
        before: Roles,
        after: Roles,
    },
    Impact {
        label: String,
        before: Answer,
        after: Answer,
    },
    /// The few words besides an answer.
    ImpactDetail {
        label: String,
        before: String,
        after: String,
    },
    StartedAt {
        before: Timestamp,
        after: Timestamp,
    },
    ResolvedAt {
        before: Timestamp,
        after: Timestamp,
    },
    Resolution {
        before: String,
        after: String,
    },
    PostMortem {
        before: bool,
        after: bool,
    },
    PostMortemLink {
        before: Option<String>,
        after: Option<String>,
    },
    Turnover {
        before: Option<Money>,
        after: Option<Money>,
    },
}

/// Every visible difference, in the order in which people read an announcement. Two edits that
/// cancel each other out leave nothing.
pub fn differences(before: &Facts, after: &Facts) -> Vec<Change> {
    let mut changes = Vec::new();
    if before.summary != after.summary {
        changes.push(Change::Summary {
            before: before.summary.clone(),
            after: after.summary.clone(),
        });
    }
    let names = |facts: &Facts| -> Vec<String> {
        facts
            .affected
            .iter()
            .map(|it| it.component.name.clone())
            .collect()
    };
    if names(before) != names(after) {
        changes.push(Change::Components {
            before: names(before),
            after: names(after),
        });
    }
    if before.severity != after.severity {
        changes.push(Change::Severity {
            before: before.severity,
            after: after.severity,
        });
    }
    if let (Phase::Open { stage: was, .. }, Phase::Open { stage: is, .. }) =
        (&before.phase, &after.phase)
        && was != is
    {
        changes.push(Change::Stage {
            before: *was,
            after: *is,
        });
    }
    if (&before.eta.label, before.eta.due) != (&after.eta.label, after.eta.due) {
        changes.push(Change::Eta {
            before: before.eta.clone(),
            after: after.eta.clone(),
            slips: after.slips,
        });
    }
    if before.roles != after.roles {
        changes.push(Change::Roles {
            before: before.roles.clone(),
            after: after.roles.clone(),
        });
    }
    for impact in &after.impact {
        let was = before.answer(&impact.question);
        if was != impact.answer {
            changes.push(Change::Impact {
                label: impact.label.clone(),
                before: was,
                after: impact.answer.clone(),
            });
        }
        let was = before.detail(&impact.question);
        if was != impact.detail {
            changes.push(Change::ImpactDetail {
                label: impact.label.clone(),
                before: was.to_owned(),
                after: impact.detail.clone(),
            });
        }
    }
    if before.started_at != after.started_at {
        changes.push(Change::StartedAt {
            before: before.started_at,
            after: after.started_at,
        });
    }
    if let (Phase::Resolved(was), Phase::Resolved(is)) = (&before.phase, &after.phase) {
        if was.at != is.at {
            changes.push(Change::ResolvedAt {
                before: was.at,
                after: is.at,
            });
        }
        if was.text != is.text {
            changes.push(Change::Resolution {
                before: was.text.clone(),
                after: is.text.clone(),
            });
        }
        if was.post_mortem_wanted != is.post_mortem_wanted {
            changes.push(Change::PostMortem {
                before: was.post_mortem_wanted,
                after: is.post_mortem_wanted,
            });
        }
    }
    let link = |facts: &Facts| facts.post_mortem.as_ref().map(|it| it.url.clone());
    if link(before) != link(after) {
        changes.push(Change::PostMortemLink {
            before: link(before),
            after: link(after),
        });
    }
    if before.turnover != after.turnover {
        changes.push(Change::Turnover {
            before: before.turnover.clone(),
            after: after.turnover.clone(),
        });
    }
    changes
}
