//! The catalogue: what provisioning would do, doing it, and taking components out of use for good.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use crate::{
    clock::Clock,
    domain::{
        actor::Identity,
        catalog::{self, Change, Conflict, Kind, Plan, Step},
        component::{Described, Known},
        ids::{ComponentId, ComponentKey, WorkspaceId},
        time::Timestamp,
    },
    store::{self, Db, Tx},
};

/// Whoever changes components takes the next value of this counter first, so that two who provision at
/// once come one after the other, and the second sees what the first wrote.
const TURN: &str = "catalog";

/// Why the components stay as they are.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("the catalogue contradicts the database in {} places", .0.len())]
    Refused(Vec<Conflict>),
    #[error("there is no component {0}")]
    Unknown(ComponentKey),
    #[error("{}", store::trouble::in_words(.0))]
    Store(#[from] store::Error),
}

/// What becomes of a component that is to be purged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    Deleted,
    /// So many outages named it, or something was ever heard or said of how it is. `before` when it
    /// was retired before.
    Retired {
        outages: i64,
        before: bool,
    },
    /// Others that are in use need it.
    Needed {
        by: Vec<ComponentKey>,
    },
}

/// Everything that is said of the components of a workspace, by key.
pub async fn components(db: &Db, workspace: &WorkspaceId) -> Result<Vec<Known>, CatalogError> {
    let mut tx = db.read().await?;
    Ok(store::components::all(&mut tx, workspace).await?)
}

/// What [`provision`] would do now.
pub async fn would_provision(
    db: &Db,
    workspace: &WorkspaceId,
    wanted: &[Described],
    prune: bool,
) -> Result<Plan, CatalogError> {
    let known = components(db, workspace).await?;
    catalog::plan(&known, wanted, prune).map_err(CatalogError::Refused)
}

/// Makes the components what `wanted` says, all of it or nothing. With `prune` what it does not name
/// is retired.
pub async fn provision(
    db: &Db,
    clock: &Clock,
    workspace: &WorkspaceId,
    wanted: &[Described],
    prune: bool,
    by: &Identity,
) -> Result<Plan, CatalogError> {
    let now = clock.now();
    let mut tx = db.begin().await?;
    store::workspaces::next_value(&mut tx, workspace, TURN).await?;
    let known = store::components::all(&mut tx, workspace).await?;
    let plan = catalog::plan(&known, wanted, prune).map_err(CatalogError::Refused)?;
    if plan.steps.is_empty() {
        return Ok(plan);
    }
    let after: Vec<&Described> = plan.steps.iter().map(|it| &it.after).collect();
    store::components::save(&mut tx, workspace, &after, now).await?;
    record(&mut tx, &plan, by, now).await?;
    tx.commit().await?;
    Ok(plan)
}

/// One entry for each component that changed, and one for the whole.
async fn record(tx: &mut Tx, plan: &Plan, by: &Identity, now: Timestamp) -> store::Result<()> {
    let kinds = [
        (Kind::New, "component.add"),
        (Kind::Changed, "component.change"),
        (Kind::Retired, "component.retire"),
    ];
    for (kind, action) in kinds {
        let steps = plan.steps.iter().filter(|it| it.kind() == kind);
        let subjects: Vec<(String, Value)> = steps
            .map(|it| (it.after.key.to_string(), detail(it)))
            .collect();
        store::audit::record_all(tx, by, action, &subjects, now).await?;
    }
    let whole = json!({
        "new": plan.count(Kind::New),
        "changed": plan.count(Kind::Changed),
        "unchanged": plan.unchanged,
        "retired": plan.count(Kind::Retired),
    });
    store::audit::record(tx, by, "catalog.provision", "components", &whole, now).await
}

fn detail(step: &Step) -> Value {
    let told = |it: Change| (it.field, json!({ "old": it.old, "new": it.new }));
    step.changes().into_iter().map(told).collect()
}

/// Deletes components that nothing ever referred to, and retires the others; those that others need
/// stay as they are. In the order of `keys`.
pub async fn purge(
    db: &Db,
    clock: &Clock,
    workspace: &WorkspaceId,
    keys: &[ComponentKey],
    by: &Identity,
) -> Result<Vec<(ComponentKey, Fate)>, CatalogError> {
    let now = clock.now();
    let mut tx = db.begin().await?;
    store::workspaces::next_value(&mut tx, workspace, TURN).await?;
    let fates = fates(&mut tx, workspace, keys).await?;
    let ids = |wanted: fn(&Fate) -> bool| -> Vec<ComponentId> {
        let those = fates.iter().filter(|(_, fate)| wanted(fate));
        those.map(|(known, _)| known.id).collect()
    };
    let deleted = ids(|it| matches!(it, Fate::Deleted));
    let retired = ids(|it| matches!(it, Fate::Retired { before: false, .. }));
    store::components::retire(&mut tx, &retired, now).await?;
    store::components::delete(&mut tx, &deleted).await?;
    for (known, fate) in &fates {
        let action = match fate {
            Fate::Deleted => "component.delete",
            Fate::Retired { before: false, .. } => "component.retire",
            Fate::Retired { before: true, .. } | Fate::Needed { .. } => continue,
        };
        let detail = match fate {
            Fate::Deleted => said(known),
            _ => json!({}),
        };
        let key = known.said.key.as_str();
        store::audit::record(&mut tx, by, action, key, &detail, now).await?;
    }
    tx.commit().await?;
    Ok(named(fates))
}

/// All that was said of a component that is gone.
fn said(known: &Known) -> Value {
    let all = Step {
        before: None,
        after: known.said.clone(),
    };
    let told = |it: Change| (it.field, Value::from(it.new));
    all.changes().into_iter().map(told).collect()
}

/// What [`purge`] would do now.
pub async fn would_purge(
    db: &Db,
    workspace: &WorkspaceId,
    keys: &[ComponentKey],
) -> Result<Vec<(ComponentKey, Fate)>, CatalogError> {
    let mut tx = db.begin().await?;
    Ok(named(fates(&mut tx, workspace, keys).await?))
}

fn named(fates: Vec<(Known, Fate)>) -> Vec<(ComponentKey, Fate)> {
    let named = fates
        .into_iter()
        .map(|(known, fate)| (known.said.key, fate));
    named.collect()
}

async fn fates(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    keys: &[ComponentKey],
) -> Result<Vec<(Known, Fate)>, CatalogError> {
    let all = store::components::all(tx, workspace).await?;
    let find = |key: &ComponentKey| {
        let found = all.iter().find(|it| it.said.key == *key);
        found.ok_or_else(|| CatalogError::Unknown(key.clone()))
    };
    let chosen = keys.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<ComponentId> = chosen.iter().map(|it| it.id).collect();
    // An outage that is being announced is waited for, so that it is counted.
    store::components::hold(tx, &ids).await?;
    let named = store::components::named_by_outages(tx, &ids).await?;
    let named: HashMap<ComponentId, i64> = named.into_iter().collect();
    let watched = store::health::ever_known(tx, &ids).await?;
    let needed = needed(&all, keys);
    let fate = |known: &Known| {
        let outages = named.get(&known.id).copied().unwrap_or(0);
        match needed.get(&known.said.key) {
            Some(by) => Fate::Needed { by: by.clone() },
            None if outages > 0 || watched.contains(&known.id) => Fate::Retired {
                outages,
                before: known.said.retired,
            },
            None => Fate::Deleted,
        }
    };
    Ok(chosen
        .into_iter()
        .map(|it| (it.clone(), fate(it)))
        .collect())
}

/// Those of `keys` that must stay, because something in use that stays needs them, with what does.
fn needed(all: &[Known], keys: &[ComponentKey]) -> HashMap<ComponentKey, Vec<ComponentKey>> {
    let mut going: HashSet<&ComponentKey> = keys.iter().collect();
    let mut needed: HashMap<ComponentKey, Vec<ComponentKey>> = HashMap::new();
    loop {
        let staying = all
            .iter()
            .filter(|it| !it.said.retired && !going.contains(&it.said.key));
        needed.clear();
        for known in staying {
            let parents = known.said.parents.iter();
            for parent in parents.filter(|it| keys.contains(it)) {
                let by = needed.entry(parent.clone()).or_default();
                by.push(known.said.key.clone());
            }
        }
        let before = going.len();
        going.retain(|it| !needed.contains_key(*it));
        if going.len() == before {
            return needed;
        }
    }
}
