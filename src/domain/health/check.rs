//! What a check's observations in a row make of its status.
//!
//! Only times that sources gave are used, and a change gets the time at which it was due. So the
//! same observations make the same changes, however often it was looked at in between.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Observation,
    rule::{Agreement, Rule},
};
use crate::domain::{status::Status, time::Timestamp};

/// How a check stands, with what the next change depends on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckState {
    /// What enough observations agree on; none until they do for the first time.
    pub status: Option<Status>,
    pub since: Option<Timestamp>,
    /// The time of the newest observation. Older ones that come later change nothing.
    pub heard_at: Option<Timestamp>,
    /// There is no data for longer than the rule allows. The status stays as it was.
    pub stale: bool,
    /// It goes back and forth, and is held at the worst until it rests.
    pub flapping: bool,
    /// The newest opinion.
    last: Option<Opinion>,
    /// Opinions since the last change of the status, oldest first.
    recent: Vec<Opinion>,
    /// On which side of the status all opinions were lately, and since when.
    leaning: Option<Leaning>,
    /// When it changed, within the time that flapping is about.
    changes: Vec<Timestamp>,
    /// When opinions last turned from one side to the other.
    turned_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Opinion {
    at: Timestamp,
    status: Status,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Side {
    Worse,
    Better,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Leaning {
    side: Side,
    since: Timestamp,
}

/// A status that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    pub at: Timestamp,
    pub from: Option<Status>,
    pub to: Status,
}

/// What an observation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// What changed, the earliest first; mostly nothing.
    New(Vec<Transition>),
    /// A newer one is known already, or this very one.
    Old,
}

impl CheckState {
    /// Takes in one observation, and first the time until it.
    pub fn observe(&mut self, seen: &Observation, rule: &Rule) -> Heard {
        if self.heard_at.is_some_and(|it| seen.at < it) || self.has(seen) {
            return Heard::Old;
        }
        let mut changed = self.pass(rule, seen.at);
        self.heard_at = Some(seen.at);
        let Some(status) = seen.status else {
            return Heard::New(changed);
        };
        let opinion = Opinion {
            at: seen.at,
            status,
        };
        self.last = Some(opinion);
        self.stale = false;
        self.recent.push(opinion);
        if self.recent.len() > Agreement::MOST {
            self.recent.remove(0);
        }
        if self.status.is_none() && status == Status::Operational {
            // Nobody has to wait to be told that something is well.
            changed.push(self.change(status, seen.at, rule));
        } else {
            self.lean(status, seen.at);
            changed.extend(self.pass(rule, seen.at));
        }
        Heard::New(changed)
    }

    /// Takes in that time has passed, as far as `now`.
    pub fn pass(&mut self, rule: &Rule, now: Timestamp) -> Vec<Transition> {
        let mut changed = Vec::new();
        // Each change forgets the opinions that it rests on, so this comes to an end.
        while let Some((to, at)) = self.next(rule).filter(|(_, at)| *at <= now) {
            changed.push(self.change(to, at, rule));
        }
        if self.rests_at(rule).is_some_and(|it| it <= now) {
            self.rest();
        }
        if let (Some(most), Some(last)) = (rule.stale_after, self.last) {
            self.stale = now.since(last.at) > most;
        }
        changed
    }

    /// When the passing of time alone may change something next.
    pub fn due_at(&self, rule: &Rule) -> Option<Timestamp> {
        let change = self.next(rule).map(|(_, at)| at);
        let stale = match (self.stale, rule.stale_after, self.last) {
            // One microsecond later it is longer than that.
            (false, Some(most), Some(last)) => Some(last.at.plus(most + Duration::from_micros(1))),
            _ => None,
        };
        let moments = [change, self.rests_at(rule), stale];
        moments.into_iter().flatten().min()
    }

    /// When it will not have gone back and forth for long enough.
    fn rests_at(&self, rule: &Rule) -> Option<Timestamp> {
        match (self.flapping, rule.flapping, self.turned_at) {
            (true, Some(flapping), Some(turned)) => Some(turned.plus(flapping.within)),
            // The rule was changed meanwhile.
            (true, _, _) => self.heard_at,
            (false, _, _) => None,
        }
    }

    fn rest(&mut self) {
        self.flapping = false;
        self.changes.clear();
    }

    fn has(&self, seen: &Observation) -> bool {
        let newest = self.last.map(|it| (it.at, Some(it.status)));
        self.heard_at == Some(seen.at)
            && (seen.status.is_none() || newest == Some((seen.at, seen.status)))
    }

    fn change(&mut self, to: Status, at: Timestamp, rule: &Rule) -> Transition {
        let from = self.status.replace(to);
        self.since = Some(at);
        self.recent.clear();
        self.leaning = None;
        match (rule.flapping, from) {
            // It has become better, so it has rested.
            (_, Some(from)) if self.flapping && to < from => self.rest(),
            (Some(flapping), Some(_)) => {
                self.changes.push(at);
                self.changes.retain(|it| at.since(*it) < flapping.within);
                self.flapping |= self.changes.len() >= flapping.changes;
            }
            _ => {}
        }
        Transition { at, from, to }
    }

    fn lean(&mut self, status: Status, at: Timestamp) {
        let baseline = self.baseline();
        let side = match status.cmp(&baseline) {
            std::cmp::Ordering::Greater => Side::Worse,
            std::cmp::Ordering::Less => Side::Better,
            std::cmp::Ordering::Equal => {
                if self.leaning.take().is_some() {
                    self.turned_at = Some(at);
                }
                return;
            }
        };
        if self.leaning.is_none_or(|it| it.side != side) {
            self.leaning = Some(Leaning { side, since: at });
            self.turned_at = Some(at);
        }
    }

    /// What is compared with. Something that nobody looked at yet is taken to be well.
    fn baseline(&self) -> Status {
        self.status.unwrap_or(Status::Operational)
    }

    /// The change that what was heard amounts to, and when it is due.
    fn next(&self, rule: &Rule) -> Option<(Status, Timestamp)> {
        let resting = match (self.flapping, rule.flapping) {
            (true, Some(flapping)) => flapping.within,
            _ => Duration::ZERO,
        };
        self.towards(Side::Worse, rule.worse, rule.worse_for)
            .or_else(|| self.towards(Side::Better, rule.better, rule.better_for.max(resting)))
    }

    fn towards(
        &self,
        side: Side,
        agreement: Agreement,
        lasting: Duration,
    ) -> Option<(Status, Timestamp)> {
        let baseline = self.baseline();
        let window = &self.recent[self.recent.len().saturating_sub(agreement.of)..];
        let mut agree: Vec<Opinion> = window.to_vec();
        match side {
            Side::Worse => {
                agree.retain(|it| it.status > baseline);
                agree.sort_by_key(|it| std::cmp::Reverse(it.status));
            }
            Side::Better => {
                agree.retain(|it| it.status < baseline);
                agree.sort_by_key(|it| it.status);
            }
        }
        // So many are at least as bad as this one, or at least as good.
        let to = agree.get(agreement.least - 1)?.status;
        let leaning = self.leaning.filter(|it| it.side == side);
        let since = agree.iter().map(|it| it.at).min()?;
        let since = leaning.map_or(since, |it| it.since.min(since));
        let newest = window.last()?.at;
        Some((to, since.plus(lasting).max(newest)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::health::rule::Flapping;

    const GOOD: Status = Status::Operational;
    const SLOW: Status = Status::DegradedPerformance;
    const HALF: Status = Status::PartialOutage;
    const DOWN: Status = Status::MajorOutage;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_epoch(1_000_000 + seconds)
    }

    fn seen(seconds: i64, status: impl Into<Option<Status>>) -> Observation {
        Observation {
            at: at(seconds),
            status: status.into(),
            value: None,
            detail: String::new(),
        }
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn rule() -> Rule {
        Rule {
            flapping: None,
            ..Rule::TOLD
        }
    }

    fn agreed(least: usize, of: usize) -> Agreement {
        Agreement::new(least, of).expect("can be")
    }

    /// Feeds `all` and returns what changed, in seconds.
    fn fed(rule: &Rule, all: &[Observation]) -> (CheckState, Vec<(i64, Status)>) {
        let mut state = CheckState::default();
        let mut changes = Vec::new();
        for it in all {
            if let Heard::New(changed) = state.observe(it, rule) {
                changes.extend(changed.iter().map(|it| (it.at.epoch() - 1_000_000, it.to)));
            }
        }
        (state, changes)
    }

    #[test]
    fn what_is_told_counts_at_once() {
        let all = [
            seen(0, GOOD),
            seen(10, DOWN),
            seen(20, DOWN),
            seen(30, GOOD),
        ];
        let (state, changes) = fed(&rule(), &all);
        assert_eq!(changes, [(0, GOOD), (10, DOWN), (30, GOOD)]);
        assert_eq!(state.since, Some(at(30)));
    }

    #[test]
    fn the_first_word_may_be_a_bad_one() {
        let (_, changes) = fed(&rule(), &[seen(0, HALF)]);
        assert_eq!(changes, [(0, HALF)]);
    }

    #[test]
    fn so_many_of_so_many_agree() {
        let rule = Rule {
            worse: agreed(3, 5),
            better: agreed(2, 2),
            ..rule()
        };
        let all = [
            seen(0, GOOD),
            seen(1, DOWN),
            seen(2, GOOD),
            seen(3, SLOW),
            seen(4, GOOD),
            seen(5, HALF),
            seen(6, GOOD),
            seen(7, DOWN),
            seen(8, GOOD),
            seen(9, GOOD),
        ];
        let (_, changes) = fed(&rule, &all);
        // Three of five were at least degraded; one good result is not enough to be well again.
        assert_eq!(changes, [(0, GOOD), (5, SLOW), (9, GOOD)]);
    }

    #[test]
    fn it_has_to_last() {
        let rule = Rule {
            worse_for: seconds(60),
            better_for: seconds(30),
            ..rule()
        };
        let (mut state, changes) = fed(&rule, &[seen(0, GOOD), seen(10, DOWN)]);
        assert_eq!(changes, [(0, GOOD)]);
        assert_eq!(state.due_at(&rule), Some(at(70)));
        assert!(state.pass(&rule, at(69)).is_empty());
        let changed = state.pass(&rule, at(200));
        assert_eq!(changed.len(), 1);
        assert_eq!((changed[0].at, changed[0].to), (at(70), DOWN));

        // It was well again before that.
        let (_, changes) = fed(&rule, &[seen(0, GOOD), seen(10, DOWN), seen(50, GOOD)]);
        assert_eq!(changes, [(0, GOOD)]);
        // Nobody looked in between, and yet it was down for longer than that.
        let (_, changes) = fed(&rule, &[seen(0, GOOD), seen(10, DOWN), seen(100, GOOD)]);
        assert_eq!(changes, [(0, GOOD), (70, DOWN)]);
    }

    #[test]
    fn no_opinion_changes_nothing_and_ages() {
        let rule = Rule {
            stale_after: Some(seconds(100)),
            ..rule()
        };
        let (mut state, changes) = fed(&rule, &[seen(0, DOWN), seen(60, None), seen(90, None)]);
        assert_eq!(changes, [(0, DOWN)]);
        assert!(!state.stale);
        assert!(state.pass(&rule, at(101)).is_empty());
        assert!(state.stale);
        assert_eq!(state.status, Some(DOWN));
        state.observe(&seen(102, DOWN), &rule);
        assert!(!state.stale);
    }

    #[test]
    fn what_comes_late_or_twice_changes_nothing() {
        let (mut state, _) = fed(&rule(), &[seen(0, GOOD), seen(20, DOWN)]);
        let before = state.clone();
        for old in [seen(10, GOOD), seen(20, DOWN), seen(19, None)] {
            assert_eq!(state.observe(&old, &rule()), Heard::Old);
        }
        assert_eq!(state, before);
        // Down and up again within the second that the source counts in.
        let Heard::New(changed) = state.observe(&seen(20, GOOD), &rule()) else {
            panic!("it is new");
        };
        assert_eq!(changed.len(), 1);
    }

    #[test]
    fn who_goes_back_and_forth_is_held_at_the_worst_until_it_rests() {
        let rule = Rule {
            flapping: Some(Flapping {
                changes: 4,
                within: seconds(600),
            }),
            ..rule()
        };
        let mut all = vec![seen(0, GOOD)];
        for turn in 0..10 {
            all.push(seen(10 + turn * 20, DOWN));
            all.push(seen(20 + turn * 20, GOOD));
        }
        let (mut state, changes) = fed(&rule, &all);
        let expected = [
            (0, GOOD),
            (10, DOWN),
            (20, GOOD),
            (30, DOWN),
            (40, GOOD),
            (50, DOWN),
        ];
        assert_eq!(changes, expected);
        assert!(state.flapping);
        // The last good word was at 200.
        assert!(state.pass(&rule, at(799)).is_empty());
        let changed = state.pass(&rule, at(900));
        assert_eq!((changed[0].at, changed[0].to), (at(800), GOOD));
    }

    fn observations() -> impl Strategy<Value = Vec<Observation>> {
        let status = prop_oneof![
            Just(None),
            Just(Some(GOOD)),
            Just(Some(SLOW)),
            Just(Some(HALF)),
            Just(Some(DOWN))
        ];
        prop::collection::vec((0i64..90, status), 1..60).prop_map(|steps| {
            let mut now = 0;
            steps
                .into_iter()
                .map(|(pause, status)| {
                    now += pause;
                    seen(now, status)
                })
                .collect()
        })
    }

    fn rules() -> impl Strategy<Value = Rule> {
        let agreement = || (1usize..5, 0usize..4).prop_map(|(k, more)| agreed(k, k + more));
        let flapping = prop::option::of((2usize..6, 60u64..600));
        (agreement(), agreement(), 0u64..120, 0u64..120, flapping).prop_map(
            |(worse, better, worse_for, better_for, flapping)| Rule {
                worse,
                better,
                worse_for: seconds(worse_for),
                better_for: seconds(better_for),
                stale_after: Some(seconds(100)),
                flapping: flapping.map(|(changes, within)| Flapping {
                    changes,
                    within: seconds(within),
                }),
            },
        )
    }

    proptest! {
        /// However often somebody looks, however often a report comes, and whatever comes late: the
        /// same observations make the same changes.
        #[test]
        fn a_replay_is_the_same(
            rule in rules(),
            all in observations(),
            looks in prop::collection::vec(any::<bool>(), 60),
        ) {
            let (plain, changes) = fed(&rule, &all);
            let mut state = CheckState::default();
            let mut seen_changes = Vec::new();
            let mut take = |changed: Vec<Transition>| {
                seen_changes.extend(changed.iter().map(|it| (it.at.epoch() - 1_000_000, it.to)));
            };
            for (nth, it) in all.iter().enumerate() {
                if looks[nth % looks.len()] {
                    let before = state.heard_at.map_or(it.at, |last| {
                        last.plus(it.at.since(last) / 2)
                    });
                    take(state.pass(&rule, before));
                }
                for again in [it, it, &all[nth / 2]] {
                    // What has come before and is not the newest is old.
                    let newest = again.at == it.at && again.status == it.status;
                    if (newest || again.at < it.at)
                        && let Heard::New(changed) = state.observe(again, &rule)
                    {
                        take(changed);
                    }
                }
            }
            prop_assert_eq!(seen_changes, changes);
            prop_assert_eq!(state.status, plain.status);
            prop_assert_eq!(state.since, plain.since);
        }

        /// When something is due, it happens then and not before.
        #[test]
        fn nothing_happens_before_it_is_due(rule in rules(), all in observations()) {
            let (state, _) = fed(&rule, &all);
            if let Some(due) = state.due_at(&rule) {
                let mut early = state.clone();
                let before = due.minus(Duration::from_micros(1));
                prop_assert!(early.pass(&rule, before).is_empty());
                prop_assert_eq!(early.status, state.status);
                let mut then = state.clone();
                let changed = then.pass(&rule, due);
                prop_assert!(
                    !changed.is_empty() || then.flapping != state.flapping || then.stale != state.stale
                );
            }
        }
    }
}
