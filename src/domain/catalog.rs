//! What has to be done so that the components of the database are those of a catalogue.
//!
//! Keys never change: an entry with another key is another component. What a catalogue does not name
//! stays as it is, unless it is to be pruned; nothing is ever deleted here.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    component::{Described, Known, Link},
    ids::{ComponentId, ComponentKey},
};

/// What provisioning does, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// First what the catalogue names, in its order; then what it does not name, by key.
    pub steps: Vec<Step>,
    /// How many entries say what is so already.
    pub unchanged: usize,
    /// How many components are in use and would be retired by pruning.
    pub left: usize,
}

/// One component that becomes something else than it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// None when it is new.
    pub before: Option<Known>,
    pub after: Described,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    New,
    Changed,
    Retired,
}

/// One thing that is said otherwise than before. What was or is not said is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub field: String,
    pub old: String,
    pub new: String,
}

/// Why a catalogue cannot be written. `key` is an entry of it, the others may be of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// A key or alias belongs to another component.
    Word {
        key: ComponentKey,
        word: String,
        other: ComponentKey,
    },
    Name {
        key: ComponentKey,
        name: String,
        other: ComponentKey,
    },
    UnknownParent {
        key: ComponentKey,
        parent: ComponentKey,
        /// Of which component this is an alias.
        meant: Option<ComponentKey>,
    },
    RetiredParent {
        key: ComponentKey,
        parent: ComponentKey,
    },
    /// Each is a parent of the one before it, and the first of the last one.
    Circle {
        key: ComponentKey,
        keys: Vec<ComponentKey>,
    },
}

impl Plan {
    pub fn count(&self, kind: Kind) -> usize {
        self.steps.iter().filter(|it| it.kind() == kind).count()
    }
}

impl Step {
    pub fn kind(&self) -> Kind {
        match &self.before {
            None => Kind::New,
            Some(before) if !before.said.retired && self.after.retired => Kind::Retired,
            Some(_) => Kind::Changed,
        }
    }

    pub fn id(&self) -> Option<ComponentId> {
        self.before.as_ref().map(|it| it.id)
    }

    /// What is said otherwise; of a new component, all that is said.
    pub fn changes(&self) -> Vec<Change> {
        let old = self.before.as_ref().map(|it| fields(&it.said));
        let old = old.unwrap_or_default();
        let new = fields(&self.after);
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let told = |all: &BTreeMap<String, String>, field: &String| {
            all.get(field).cloned().unwrap_or_default()
        };
        let changes = names.into_iter().map(|field| Change {
            field: field.clone(),
            old: told(&old, field),
            new: told(&new, field),
        });
        changes.filter(|it| it.old != it.new).collect()
    }
}

/// Everything that is said, in words. Attributes stand under their own names.
fn fields(said: &Described) -> BTreeMap<String, String> {
    let list = |all: Vec<&str>| all.join(", ");
    let links = |link: &Link| format!("{} {}", link.name, link.url);
    let links: Vec<String> = said.links.iter().map(links).collect();
    let parents = said.parents.iter().map(ComponentKey::as_str);
    let aliases = said.aliases.iter().map(String::as_str);
    let own = [
        ("name", said.name.clone()),
        ("aliases", list(aliases.collect())),
        ("parents", list(parents.collect())),
        ("owner", said.owner.clone().unwrap_or_default()),
        ("links", links.join(", ")),
        ("description", said.description.clone().unwrap_or_default()),
        ("retired", if said.retired { "yes" } else { "" }.to_owned()),
    ];
    let mut fields: BTreeMap<String, String> = said.attributes.clone();
    fields.extend(own.map(|(field, text)| (field.to_owned(), text)));
    fields.retain(|_, text| !text.is_empty());
    fields
}

/// What makes `known` what `wanted` says. Entries of `wanted` have different keys. Without `prune`
/// nothing is retired, also not what an entry says is.
pub fn plan(known: &[Known], wanted: &[Described], prune: bool) -> Result<Plan, Vec<Conflict>> {
    let by_key: HashMap<&ComponentKey, &Known> =
        known.iter().map(|it| (&it.said.key, it)).collect();
    let named: HashSet<&ComponentKey> = wanted.iter().map(|it| &it.key).collect();
    let mut plan = Plan::default();
    let mut after: Vec<(Option<&Known>, Described)> = Vec::new();
    for entry in wanted {
        let before = by_key.get(&entry.key).copied();
        let mut entry = entry.clone();
        if before.is_some_and(|it| !it.said.retired) && entry.retired && !prune {
            entry.retired = false;
            plan.left += 1;
        }
        after.push((before, entry));
    }
    let mut others: Vec<&Known> = known.iter().collect();
    others.retain(|it| !named.contains(&it.said.key));
    others.sort_by(|a, b| a.said.key.cmp(&b.said.key));
    for other in others {
        let mut said = other.said.clone();
        if !said.retired && prune {
            said.retired = true;
        } else if !said.retired {
            plan.left += 1;
        }
        after.push((Some(other), said));
    }
    give_words_back(&mut after);
    let conflicts = conflicts(&after, &named);
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    for (before, said) in after {
        if before.is_some_and(|it| it.said == said) {
            plan.unchanged += usize::from(named.contains(&said.key));
            continue;
        }
        let before = before.cloned();
        plan.steps.push(Step {
            before,
            after: said,
        });
    }
    Ok(plan)
}

/// Nobody finds a retired component by its aliases: those that others have are gone.
fn give_words_back(after: &mut [(Option<&Known>, Described)]) {
    let in_use = after.iter().filter(|(_, it)| !it.retired);
    let mut taken: HashSet<String> = in_use
        .flat_map(|(_, it)| it.words())
        .map(str::to_owned)
        .collect();
    for (_, said) in after.iter_mut().filter(|(_, it)| it.retired) {
        said.aliases.retain(|it| taken.insert(it.clone()));
    }
}

fn conflicts(
    after: &[(Option<&Known>, Described)],
    named: &HashSet<&ComponentKey>,
) -> Vec<Conflict> {
    let mut found = Vec::new();
    let mut words: HashMap<&str, &ComponentKey> = HashMap::new();
    let mut names: HashMap<String, &ComponentKey> = HashMap::new();
    // Those that the catalogue does not name come first, so that what it says is what is in the way.
    let (theirs, others): (Vec<_>, Vec<_>) = after
        .iter()
        .map(|(_, it)| it)
        .partition(|it| named.contains(&it.key));
    for said in others.iter().chain(&theirs).filter(|it| !it.retired) {
        let key = &said.key;
        for word in said.words() {
            if let Some(other) = words.insert(word, key) {
                let (key, other) = (key.clone(), other.clone());
                let word = word.to_owned();
                found.push(Conflict::Word { key, word, other });
            }
        }
        if let Some(other) = names.insert(said.name.to_lowercase(), key) {
            let (key, other) = (key.clone(), other.clone());
            let name = said.name.clone();
            found.push(Conflict::Name { key, name, other });
        }
    }
    let by_key: HashMap<&ComponentKey, &Described> =
        after.iter().map(|(_, it)| (&it.key, it)).collect();
    for said in &theirs {
        for parent in &said.parents {
            let (key, parent) = (said.key.clone(), parent.clone());
            match by_key.get(&parent) {
                None => {
                    let meant = words.get(parent.as_str()).map(|it| (*it).clone());
                    found.push(Conflict::UnknownParent { key, parent, meant });
                }
                Some(it) if it.retired && !said.retired => {
                    found.push(Conflict::RetiredParent { key, parent });
                }
                Some(_) => {}
            }
        }
    }
    let circle = circle(after.iter().map(|(_, it)| it));
    if let Some(keys) = circle {
        let key = keys.iter().find(|it| named.contains(it)).or(keys.first());
        found.extend(key.cloned().map(|key| Conflict::Circle { key, keys }));
    }
    found
}

/// Components that are parents of each other in a circle, if there are any: each is a parent of the
/// one before it, and the first of the last one. Parents that are not among `all` do not count.
pub fn circle<'a>(all: impl IntoIterator<Item = &'a Described>) -> Option<Vec<ComponentKey>> {
    let all: BTreeMap<&ComponentKey, &Described> =
        all.into_iter().map(|it| (&it.key, it)).collect();
    let mut children: HashMap<&ComponentKey, Vec<&ComponentKey>> = HashMap::new();
    let mut waits_for: HashMap<&ComponentKey, usize> = HashMap::new();
    for (key, said) in &all {
        let parents = said.parents.iter().filter(|it| all.contains_key(it));
        for parent in parents {
            children.entry(parent).or_default().push(key);
            *waits_for.entry(key).or_default() += 1;
        }
    }
    // From the top down, each when all its parents are done. Who is never done is in a circle, or
    // below one.
    let mut ready: Vec<&ComponentKey> = all.keys().copied().collect();
    ready.retain(|it| !waits_for.contains_key(it));
    while let Some(done) = ready.pop() {
        for child in children.get(done).into_iter().flatten() {
            if let Some(left) = waits_for.get_mut(child) {
                *left -= 1;
                if *left == 0 {
                    waits_for.remove(child);
                    ready.push(child);
                }
            }
        }
    }
    let mut way: Vec<&ComponentKey> = Vec::new();
    let mut at = all.keys().copied().find(|it| waits_for.contains_key(*it))?;
    loop {
        if let Some(start) = way.iter().position(|it| *it == at) {
            return Some(way[start..].iter().map(|it| (*it).clone()).collect());
        }
        way.push(at);
        // Whoever waits has a parent that waits.
        at = all[at]
            .parents
            .iter()
            .find(|it| waits_for.contains_key(it))?;
    }
}

#[cfg(test)]
mod tests;
