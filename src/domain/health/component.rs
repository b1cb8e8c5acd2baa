//! What all checks of a component, and what people said of it, make of its status.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::{
    ids::{CheckId, ComponentId, OverrideId},
    status::Status,
    time::Timestamp,
};

/// A check as its component sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckStanding {
    pub id: CheckId,
    pub status: Option<Status>,
    pub stale: bool,
    pub flapping: bool,
}

/// What somebody said of a component, for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub id: OverrideId,
    pub status: Status,
    pub from: Timestamp,
    /// None until somebody takes it back.
    pub until: Option<Timestamp>,
}

impl Override {
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|it| now < it)
    }
}

/// Why a component has its status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Why {
    /// Nothing has an opinion of it.
    Nothing,
    /// The worst of its checks; all that are as bad.
    Checks { worst: Vec<CheckId> },
    /// Somebody said so.
    Override { id: OverrideId },
}

/// How a component stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// None where nothing ever had an opinion.
    pub status: Option<Status>,
    pub why: Why,
    /// What it rests on is no longer heard of.
    pub stale: bool,
    pub flapping: bool,
}

/// Planned work wins over what somebody said, that over all checks, and of these the worst counts.
pub fn standing(checks: &[CheckStanding], overrides: &[Override], now: Timestamp) -> Standing {
    let said = overrides
        .iter()
        .filter(|it| it.holds(now))
        .max_by_key(|it| (it.status == Status::UnderMaintenance, it.from, it.id));
    if let Some(said) = said {
        return Standing {
            status: Some(said.status),
            why: Why::Override { id: said.id },
            stale: false,
            flapping: false,
        };
    }
    let Some(status) = checks.iter().filter_map(|it| it.status).max() else {
        return Standing {
            status: None,
            why: Why::Nothing,
            stale: false,
            flapping: false,
        };
    };
    let worst = || checks.iter().filter(|it| it.status == Some(status));
    let mut ids: Vec<CheckId> = worst().map(|it| it.id).collect();
    ids.sort();
    Standing {
        status: Some(status),
        stale: worst().all(|it| it.stale),
        flapping: worst().any(|it| it.flapping),
        why: Why::Checks { worst: ids },
    }
}

/// The ancestors of a component, nearest first; `parents` are pairs of child and parent.
pub fn ancestors(of: ComponentId, parents: &[(ComponentId, ComponentId)]) -> Vec<ComponentId> {
    let mut by_child: BTreeMap<ComponentId, Vec<ComponentId>> = BTreeMap::new();
    for (child, parent) in parents {
        by_child.entry(*child).or_default().push(*parent);
    }
    // The catalogue refuses circles; one that is there all the same must not hang anybody.
    let mut seen = BTreeSet::from([of]);
    let mut found = Vec::new();
    let mut next = vec![of];
    while !next.is_empty() {
        let mut further = Vec::new();
        for child in next {
            for parent in by_child.get(&child).into_iter().flatten() {
                if seen.insert(*parent) {
                    found.push(*parent);
                    further.push(*parent);
                }
            }
        }
        next = further;
    }
    found
}

/// Whose sickness explains that a component is sick: the nearest of its ancestors that is as bad, or
/// worse. Nobody needs to hear of both.
pub fn explained_by(
    status: Status,
    ancestors: &[(ComponentId, Option<Status>)],
) -> Option<ComponentId> {
    let explains = |it: &&(ComponentId, Option<Status>)| {
        it.1.is_some_and(|theirs| theirs.is_sick() && theirs >= status)
    };
    match status.is_sick() {
        true => ancestors.iter().find(explains).map(|it| it.0),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_epoch(1_000_000 + seconds)
    }

    fn check(id: i64, status: Option<Status>) -> CheckStanding {
        CheckStanding {
            id: CheckId(id),
            status,
            stale: false,
            flapping: false,
        }
    }

    fn said(id: i64, status: Status, from: i64, until: Option<i64>) -> Override {
        Override {
            id: OverrideId(id),
            status,
            from: at(from),
            until: until.map(at),
        }
    }

    #[test]
    fn the_worst_check_counts() {
        let checks = [
            check(3, Some(Status::PartialOutage)),
            check(1, None),
            check(2, Some(Status::PartialOutage)),
            check(4, Some(Status::Operational)),
        ];
        let found = standing(&checks, &[], at(0));
        assert_eq!(found.status, Some(Status::PartialOutage));
        let worst = vec![CheckId(2), CheckId(3)];
        assert_eq!(found.why, Why::Checks { worst });
        assert_eq!(standing(&checks[1..2], &[], at(0)).why, Why::Nothing);
        assert_eq!(standing(&[], &[], at(0)).status, None);
    }

    #[test]
    fn it_is_stale_when_all_it_rests_on_is() {
        let mut checks = [
            check(1, Some(Status::MajorOutage)),
            check(2, Some(Status::MajorOutage)),
            check(3, Some(Status::Operational)),
        ];
        checks[0].stale = true;
        assert!(!standing(&checks, &[], at(0)).stale);
        checks[1].stale = true;
        assert!(standing(&checks, &[], at(0)).stale);
    }

    #[test]
    fn planned_work_wins_then_people_then_checks() {
        let checks = [check(1, Some(Status::MajorOutage))];
        let overrides = [
            said(1, Status::UnderMaintenance, 10, Some(20)),
            said(2, Status::Operational, 0, None),
            said(3, Status::DegradedPerformance, 15, Some(30)),
        ];
        let told = |now| standing(&checks, &overrides, at(now)).status;
        assert_eq!(told(-1), Some(Status::MajorOutage));
        assert_eq!(told(5), Some(Status::Operational));
        assert_eq!(told(10), Some(Status::UnderMaintenance));
        assert_eq!(told(19), Some(Status::UnderMaintenance));
        assert_eq!(told(20), Some(Status::DegradedPerformance));
        assert_eq!(told(30), Some(Status::Operational));
    }

    #[test]
    fn ancestors_are_found_once_even_in_a_circle() {
        let id = ComponentId;
        let parents = [
            (id(1), id(2)),
            (id(1), id(3)),
            (id(2), id(4)),
            (id(3), id(4)),
            (id(4), id(1)),
        ];
        assert_eq!(ancestors(id(1), &parents), [id(2), id(3), id(4)]);
        assert!(ancestors(id(9), &parents).is_empty());
    }

    #[test]
    fn only_a_parent_that_is_as_bad_explains_it() {
        let id = ComponentId;
        let sick = Status::PartialOutage;
        let near = |status| [(id(2), status), (id(3), Some(Status::MajorOutage))];
        assert_eq!(explained_by(sick, &near(Some(sick))), Some(id(2)));
        assert_eq!(
            explained_by(sick, &near(Some(Status::DegradedPerformance))),
            Some(id(3))
        );
        assert_eq!(explained_by(sick, &near(None)), Some(id(3)));
        assert_eq!(explained_by(sick, &near(None)[..1]), None);
        assert_eq!(explained_by(Status::Operational, &near(Some(sick))), None);
    }
}
