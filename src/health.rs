//! How components are: what was heard of them becomes observations, these a status of their check,
//! and all checks of a component together its status. Each use case is one transaction, or a part of
//! one; the rules are in `domain/health`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokio::sync::Notify;

use crate::{
    clock::Clock,
    domain::{
        actor::Identity,
        health::{
            Check, Last, Report,
            check::Heard,
            component::{CheckStanding, Override, Standing, Why, standing},
            rule::Rule,
        },
        ids::{CheckId, ComponentId, WorkspaceId},
        status::Status,
        time::Timestamp,
    },
    store::{
        self, Db, Tx,
        checks::Kept,
        health::{Health as Known, NewOverride, Transition},
    },
};

/// How many checks, or things that people said, are looked at in one transaction.
const AT_ONCE: i64 = 1000;

/// Observations from further ahead than this were made by a clock that is wrong. They are taken to be
/// of now, or nothing that is true later would be believed.
const AHEAD: Duration = Duration::from_secs(300);

/// The use cases.
#[derive(Clone)]
pub struct Health {
    db: Db,
    clock: Clock,
    /// Whoever tells what follows.
    wake: Arc<Notify>,
    /// Rules of sources that have others than [`Rule::TOLD`].
    rules: Arc<BTreeMap<String, Rule>>,
}

/// What came of reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Reports that said something new.
    pub new: usize,
    pub changed: Vec<Transition>,
}

/// What came of passing time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// How many components have another status.
    pub changed: usize,
    /// Whether more may be due.
    pub more: bool,
}

impl Health {
    pub fn new(db: Db, clock: Clock, wake: Arc<Notify>, rules: BTreeMap<String, Rule>) -> Health {
        Health {
            db,
            clock,
            wake,
            rules: Arc::new(rules),
        }
    }

    /// Takes in what sources said. The same report twice is one, and what comes late changes nothing.
    pub async fn take_in(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        reports: &[Report],
        now: Timestamp,
    ) -> store::Result<Taken> {
        let reports: Vec<Report> = reports.iter().map(|it| believable(it, now)).collect();
        let checks = store::checks::hold_all(tx, workspace, &reports, now).await?;
        let mut checks: BTreeMap<(String, String), Check> = checks
            .into_iter()
            .map(|it| ((it.source.clone(), it.external_id.clone()), it))
            .collect();
        let new = keep(tx, &checks, &reports, now).await?;
        let named = named_components(tx, workspace, &reports).await?;

        let mut in_order: Vec<&Report> = reports.iter().collect();
        // Stable: what a source said of one moment stays in its order.
        in_order.sort_by_key(|it| it.observation.at);
        let (mut touched, mut news) = (BTreeSet::new(), 0);
        for report in in_order {
            let key = (report.source.clone(), report.external_id.clone());
            let Some(check) = checks.get_mut(&key) else {
                continue;
            };
            if !new.contains(&(check.id, report.observation.at, report.word.clone())) {
                continue;
            }
            news += 1;
            check.learn(report);
            let before = check.component;
            if let (Some(component), None) = (&report.component, &check.mapped_by) {
                check.component = named.get(component).copied().or(check.component);
            }
            touched.extend(before);
            touched.extend(check.component);
            if report.is_test {
                continue;
            }
            let rule = self.rule_of(check).clone();
            if check.state.observe(&report.observation, &rule) == Heard::Old {
                continue;
            }
            let sick = report.observation.status.is_some_and(Status::is_sick);
            check.occurrences += i64::from(sick);
            check.last = Some(Last {
                observation: report.observation.clone(),
                word: report.word.clone(),
            });
        }
        self.save(tx, checks.values()).await?;
        let touched: Vec<ComponentId> = touched.into_iter().collect();
        let changed = recompute(tx, &touched, now).await?;
        Ok(Taken { new: news, changed })
    }

    /// Does what is due because time has passed, or a good part of it.
    pub async fn pass(&self, now: Timestamp) -> store::Result<Passed> {
        let mut tx = self.db.begin().await?;
        let mut checks = store::checks::hold_due(&mut tx, now, AT_ONCE).await?;
        let mut touched: BTreeSet<ComponentId> = BTreeSet::new();
        for check in &mut checks {
            let rule = self.rule_of(check).clone();
            check.state.pass(&rule, now);
            touched.extend(check.component);
        }
        self.save(&mut tx, checks.iter()).await?;
        let said = store::health::take_due(&mut tx, now, AT_ONCE).await?;
        let more = checks.len() as i64 == AT_ONCE || said.len() as i64 == AT_ONCE;
        touched.extend(said);
        let touched: Vec<ComponentId> = touched.into_iter().collect();
        let changed = recompute(&mut tx, &touched, now).await?;
        tx.commit().await?;
        self.told(&changed);
        let changed = changed.len();
        Ok(Passed { changed, more })
    }

    /// When the passing of time may change something next.
    pub async fn next_due(&self) -> store::Result<Option<Timestamp>> {
        let mut tx = self.db.read().await?;
        let checks = store::checks::next_due(&mut tx).await?;
        let said = store::health::next_due(&mut tx).await?;
        Ok([checks, said].into_iter().flatten().min())
    }

    /// Says what a check is about; none takes it away again. False when there is no such check.
    pub async fn map(
        &self,
        workspace: &WorkspaceId,
        check: CheckId,
        component: Option<ComponentId>,
        by: &Identity,
    ) -> store::Result<bool> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let Some(mut check) = store::checks::hold(&mut tx, workspace, check).await? else {
            return Ok(false);
        };
        let before = check.component;
        check.component = component;
        check.mapped_by = Some(by.clone());
        self.save(&mut tx, [&check]).await?;
        let detail = serde_json::json!({ "from": before, "to": component });
        let subject = check.id.to_string();
        store::audit::record(&mut tx, by, "check.map", &subject, &detail, now).await?;
        let touched: BTreeSet<ComponentId> = before.into_iter().chain(component).collect();
        let touched: Vec<ComponentId> = touched.into_iter().collect();
        let changed = recompute(&mut tx, &touched, now).await?;
        tx.commit().await?;
        self.told(&changed);
        Ok(true)
    }

    /// Says how a component is, whatever its checks say, until a time or until it is taken back.
    pub async fn say(
        &self,
        component: ComponentId,
        status: Status,
        until: Option<Timestamp>,
        why: &str,
        by: &Identity,
    ) -> store::Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let new = NewOverride {
            component,
            status,
            why,
            by,
            from: now,
            until,
        };
        store::health::say(&mut tx, &new, now).await?;
        let detail = serde_json::json!({ "status": status, "until": until, "why": why });
        let subject = component.to_string();
        store::audit::record(&mut tx, by, "component.override", &subject, &detail, now).await?;
        // What begins now is answered here, and its end when it comes.
        store::health::take_due(&mut tx, now, AT_ONCE).await?;
        let changed = recompute(&mut tx, &[component], now).await?;
        tx.commit().await?;
        self.told(&changed);
        Ok(())
    }

    /// Takes back what people said of a component; false when nobody said anything.
    pub async fn unsay(&self, component: ComponentId, by: &Identity) -> store::Result<bool> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if store::health::unsay(&mut tx, component, now).await? == 0 {
            return Ok(false);
        }
        let subject = component.to_string();
        let detail = serde_json::json!({});
        store::audit::record(&mut tx, by, "component.release", &subject, &detail, now).await?;
        let changed = recompute(&mut tx, &[component], now).await?;
        tx.commit().await?;
        self.told(&changed);
        Ok(true)
    }

    fn rule_of<'a>(&'a self, check: &'a Check) -> &'a Rule {
        let of_source = self.rules.get(&check.source);
        check.rule.as_ref().or(of_source).unwrap_or(&Rule::TOLD)
    }

    async fn save(
        &self,
        tx: &mut Tx,
        checks: impl IntoIterator<Item = &Check>,
    ) -> store::Result<()> {
        let kept: Vec<Kept> = checks
            .into_iter()
            .map(|check| Kept {
                check,
                due_at: check.state.due_at(self.rule_of(check)),
            })
            .collect();
        store::checks::save_all(tx, &kept).await
    }

    /// What was written is committed: whoever tells what follows can begin.
    pub fn tell(&self) {
        self.wake.notify_one();
    }

    fn told(&self, changed: &[Transition]) {
        if !changed.is_empty() {
            self.tell();
        }
    }
}

/// A report that is not from the future.
fn believable(report: &Report, now: Timestamp) -> Report {
    let mut report = report.clone();
    if report.observation.at > now.plus(AHEAD) {
        report.observation.at = now;
    }
    report
}

/// Keeps the observations, and returns which of them say something new: the check, when, and how.
async fn keep(
    tx: &mut Tx,
    checks: &BTreeMap<(String, String), Check>,
    reports: &[Report],
    now: Timestamp,
) -> store::Result<BTreeSet<(CheckId, Timestamp, String)>> {
    let mut kept: Vec<(CheckId, &Report)> = Vec::new();
    let mut new = BTreeSet::new();
    // What was measured last of each, within these reports too.
    let mut last: BTreeMap<CheckId, &str> = BTreeMap::new();
    for report in reports {
        let Some(check) = checks.get(&(report.source.clone(), report.external_id.clone())) else {
            continue;
        };
        let before = last
            .insert(check.id, &report.word)
            .or(check.last.as_ref().map(|it| it.word.as_str()));
        match report.is_measured && before == Some(report.word.as_str()) {
            true => {
                new.insert((check.id, report.observation.at, report.word.clone()));
            }
            false => kept.push((check.id, report)),
        }
    }
    let said = store::checks::keep_observations(tx, &kept, now).await?;
    new.extend(said.into_iter().map(|it| (it.check_id, it.at, it.word)));
    Ok(new)
}

async fn named_components(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    reports: &[Report],
) -> store::Result<BTreeMap<String, ComponentId>> {
    let named = reports.iter().filter_map(|it| it.component.as_deref());
    let named: BTreeSet<&str> = named.collect();
    let named: Vec<&str> = named.into_iter().collect();
    match named.is_empty() {
        true => Ok(BTreeMap::new()),
        false => store::health::by_keys(tx, workspace, &named).await,
    }
}

/// Decides anew how components are, and writes down what is different.
async fn recompute(
    tx: &mut Tx,
    components: &[ComponentId],
    now: Timestamp,
) -> store::Result<Vec<Transition>> {
    if components.is_empty() {
        return Ok(Vec::new());
    }
    store::health::hold(tx, components).await?;
    let known = store::health::of(tx, components).await?;
    let checks = store::checks::standings(tx, components).await?;
    let overrides = store::health::overrides(tx, components).await?;
    let (different, changed) = different(components, &known, checks, overrides, now);
    store::health::save_all(tx, &different).await?;
    store::health::add_transitions(tx, &changed, now).await?;
    Ok(changed)
}

/// What becomes of components: those that are not as they were `known` to be, and whose status is
/// another one.
pub fn different(
    components: &[ComponentId],
    known: &BTreeMap<ComponentId, Known>,
    checks: Vec<(ComponentId, CheckStanding, Option<Timestamp>)>,
    overrides: Vec<(ComponentId, Override)>,
    now: Timestamp,
) -> (Vec<(ComponentId, Known)>, Vec<Transition>) {
    let mut checks_of: BTreeMap<ComponentId, Vec<CheckStanding>> = BTreeMap::new();
    let mut since_of: BTreeMap<CheckId, Timestamp> = BTreeMap::new();
    for (component, check, since) in checks {
        since_of.extend(since.map(|it| (check.id, it)));
        checks_of.entry(component).or_default().push(check);
    }
    let mut overrides_of: BTreeMap<ComponentId, Vec<Override>> = BTreeMap::new();
    for (component, said) in overrides {
        overrides_of.entry(component).or_default().push(said);
    }
    let (mut different, mut changed) = (Vec::new(), Vec::new());
    for id in components {
        let checks = checks_of.remove(id).unwrap_or_default();
        let overrides = overrides_of.remove(id).unwrap_or_default();
        let is = standing(&checks, &overrides, now);
        let was = known.get(id);
        if was.is_some_and(|it| it.standing == is) {
            continue;
        }
        let from = was.and_then(|it| it.standing.status);
        let since = match was {
            Some(was) if from == is.status => was.since,
            _ => changed_at(&is, &since_of, was, now),
        };
        if from != is.status {
            changed.push(Transition {
                component: *id,
                at: since,
                from,
                to: is.status,
                why: is.why.clone(),
            });
        }
        let health = Known {
            standing: is,
            since,
        };
        different.push((*id, health));
    }
    (different, changed)
}

/// When its status became another one: when the first of the checks that it rests on changed, unless
/// it was something else after that.
fn changed_at(
    is: &Standing,
    since_of: &BTreeMap<CheckId, Timestamp>,
    was: Option<&Known>,
    now: Timestamp,
) -> Timestamp {
    let Why::Checks { worst } = &is.why else {
        return now;
    };
    let first = worst.iter().filter_map(|it| since_of.get(it)).min();
    let since = first.copied().unwrap_or(now).min(now);
    match was {
        Some(was) if since < was.since => now,
        _ => since,
    }
}
