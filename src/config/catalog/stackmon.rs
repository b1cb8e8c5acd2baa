//! The catalogue of stackmon's status dashboard, in YAML: a list of names with attributes.
//!
//! It has no keys, and the same name may stand there once for each region. A key is made of the name
//! and the region, whether or not others share the name, so that an entry finds its component again
//! when entries come, go or change places. Only entries with one name in one region have more of what
//! tells them apart in their keys.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use serde::Deserialize;
use serde_saphyr::{Error, Spanned};
use sha2::{Digest, Sha256};

use super::{Entry, Lines, Report, checks};
use crate::config::problem::Fault;
use crate::domain::{
    component::{Described, GROUP},
    ids::ComponentKey,
};

/// More than any catalogue has, and far below what memory holds: a dozen for each component.
const NODES_MOST: usize = 2_000_000;

/// What tells entries with one name apart, in this order; then the other attributes.
const FIRST: [&str; 3] = [REGION, CATEGORY, "type"];
const REGION: &str = "region";
/// What it calls our group.
const CATEGORY: &str = "category";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    components: Option<Vec<Spanned<Component>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Component {
    name: Spanned<String>,
    #[serde(default)]
    attributes: Option<BTreeMap<String, Spanned<Option<String>>>>,
}

/// An entry before it has a key.
struct Named {
    name: String,
    attributes: BTreeMap<String, String>,
    line: usize,
    name_line: usize,
}

/// How an entry is known and shown.
struct Identity {
    key: String,
    shown: String,
    /// It stands there already.
    twice: bool,
}

pub(super) fn read(text: &str, report: &mut Report<'_>) -> Vec<Entry> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: NODES_MOST,
            max_events: 2 * NODES_MOST,
        },
        with_snippet: false,
    };
    let file: Option<File> = match serde_saphyr::from_str_with_options(text, options) {
        Ok(file) => file,
        Err(error) => {
            unreadable(&error, report);
            return Vec::new();
        }
    };
    let components = file.and_then(|it| it.components).unwrap_or_default();
    let named: Vec<Named> = components.into_iter().map(|it| named(it, report)).collect();
    let identities = identities(&named, report);
    let entries = named.into_iter().zip(identities);
    let entries = entries.filter(|(_, it)| !it.twice);
    entries.map(|(named, it)| entry(named, it)).collect()
}

fn unreadable(error: &Error, report: &mut Report<'_>) {
    let error = error.without_snippet();
    let line = error.location().map_or(0, |it| it.line() as usize);
    let told = error.to_string();
    let told = told
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches('.');
    let fault = Fault::new(
        format!("This is no catalogue of a status dashboard: {told}."),
        "It is a list `components` of entries with a name and attributes, which are texts.",
    );
    report.fault(line, "", None, fault);
}

fn named(component: Spanned<Component>, report: &mut Report<'_>) -> Named {
    let line = component.referenced.line() as usize;
    let component = component.value;
    let name_line = component.name.referenced.line() as usize;
    let mut attributes = BTreeMap::new();
    for (field, value) in component.attributes.unwrap_or_default() {
        let line = value.referenced.line() as usize;
        let text = value.value.unwrap_or_default().trim().to_owned();
        // An owner and a description mean the same here. The other fields are none that it knows.
        let known = matches!(field.as_str(), "owner" | "description" | GROUP);
        let named_well = match known {
            true => Ok(()),
            false => checks::attribute(&field),
        };
        let checked = match field.as_str() {
            "description" => checks::description(&text),
            _ => checks::line(&text),
        };
        if let Err(fault) = named_well.and(checked) {
            report.fault(line, &field, None, fault);
        }
        if !text.is_empty() {
            attributes.insert(field, text);
        }
    }
    Named {
        name: component.name.value.trim().to_owned(),
        attributes,
        line,
        name_line,
    }
}

fn identities(all: &[Named], report: &mut Report<'_>) -> Vec<Identity> {
    // What people read differs among all with the name, and a key among those of the region.
    let by_name = apart(all, |it| it.name.to_lowercase());
    let by_region = apart(all, |it| (it.name.to_lowercase(), it.region()));
    let mut first: HashMap<(String, Vec<&str>), usize> = HashMap::new();
    let mut found = Vec::new();
    for named in all {
        let name = named.name.to_lowercase();
        let by = by_region.get(&(name.clone(), named.region()));
        let others = values(named, by.map(Vec::as_slice).unwrap_or_default());
        let by = by_name.get(&name).map(Vec::as_slice).unwrap_or_default();
        let values = values(named, by);
        let other = first.insert((name, values.clone()), named.line);
        if let Some(other) = other {
            let fault = Fault::new(
                format!("The same stands there already ({}).", report.place(other)),
                "Take one of them out.",
            );
            report.fault(named.line, "name", Some(&named.name), fault);
        }
        let values: Vec<&str> = values.into_iter().filter(|it| !it.is_empty()).collect();
        let shown = match values.is_empty() {
            true => named.name.clone(),
            false => format!("{} ({})", named.name, values.join(", ")),
        };
        let mut parts = vec![named.name.as_str(), named.region()];
        parts.extend(others);
        parts.retain(|it| !it.is_empty());
        let key = key(&parts);
        let twice = other.is_some();
        found.push(Identity { key, shown, twice });
    }
    with_different_keys(all, found)
}

impl Named {
    fn region(&self) -> &str {
        self.attributes.get(REGION).map_or("", String::as_str)
    }
}

/// For each kind of entries, the attributes that tell them apart.
fn apart<'a, K: Eq + Hash>(
    all: &'a [Named],
    kind: impl Fn(&'a Named) -> K,
) -> HashMap<K, Vec<&'a str>> {
    let mut kinds: HashMap<K, Vec<&Named>> = HashMap::new();
    for named in all {
        kinds.entry(kind(named)).or_default().push(named);
    }
    let told = kinds.into_iter();
    told.map(|(kind, same)| (kind, telling_apart(&same)))
        .collect()
}

/// The attributes that have to be looked at to tell entries with one name apart: none for one alone.
fn telling_apart<'a>(same: &[&'a Named]) -> Vec<&'a str> {
    let mut candidates: Vec<&str> = same
        .iter()
        .flat_map(|it| it.attributes.keys().map(String::as_str))
        .collect();
    candidates.sort_by_key(|it| (FIRST.iter().position(|first| first == it).unwrap_or(3), *it));
    candidates.dedup();
    let kinds = |by: &[&str]| {
        let mut kinds: Vec<Vec<&str>> = same.iter().map(|it| values(it, by)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds.len()
    };
    let mut by: Vec<&str> = Vec::new();
    for candidate in candidates {
        let before = kinds(&by);
        if before == same.len() {
            break;
        }
        by.push(candidate);
        if kinds(&by) == before {
            by.pop();
        }
    }
    by
}

fn values<'a>(named: &'a Named, by: &[&str]) -> Vec<&'a str> {
    let value = |it: &&str| named.attributes.get(*it).map_or("", String::as_str);
    by.iter().map(value).collect()
}

/// A key of the shape that keys have. Different parts may give the same one.
fn key(parts: &[&str]) -> String {
    let whole = parts.join(" ").to_lowercase();
    let mut key = String::new();
    for letter in whole.chars() {
        match letter {
            it if it.is_ascii_alphanumeric() => key.push(it),
            _ if key.is_empty() || key.ends_with('-') => {}
            _ => key.push('-'),
        }
    }
    let mut key = key.trim_end_matches('-').to_owned();
    if checks::word(&key).is_ok() && whole.is_ascii() {
        return key;
    }
    // A number, a word of the command, too long, or with letters that keys do not have.
    if !key.starts_with(|c: char| c.is_ascii_lowercase())
        || checks::RESERVED.contains(&key.as_str())
    {
        key.insert_str(0, "c-");
    }
    match key.len() > checks::KEY_MOST || !whole.is_ascii() {
        true => marked(&key, &whole),
        false => key,
    }
}

/// The key with a mark that is another one for other words.
fn marked(key: &str, words: &str) -> String {
    let hash = Sha256::digest(words.as_bytes());
    let mark: String = hash.iter().take(3).map(|it| format!("{it:02x}")).collect();
    let room = checks::KEY_MOST - mark.len() - 1;
    let key: String = key.chars().take(room).collect();
    format!("{}-{mark}", key.trim_end_matches('-'))
}

/// Names such as "A+B" and "A B" give one key: then each gets a mark of its own.
fn with_different_keys(all: &[Named], mut found: Vec<Identity>) -> Vec<Identity> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for identity in found.iter().filter(|it| !it.twice) {
        *counts.entry(identity.key.clone()).or_default() += 1;
    }
    for (identity, named) in found.iter_mut().zip(all) {
        if counts.get(&identity.key).is_some_and(|it| *it > 1) {
            let words = format!("{}\n{}", identity.shown, named.region());
            identity.key = marked(&identity.key, &words);
        }
    }
    found
}

fn entry(named: Named, identity: Identity) -> Entry {
    let mut attributes = named.attributes;
    let owner = attributes.remove("owner");
    let description = attributes.remove("description");
    if !attributes.contains_key(GROUP)
        && let Some(category) = attributes.remove(CATEGORY)
    {
        attributes.insert(GROUP.to_owned(), category);
    }
    let said = Described {
        attributes,
        owner,
        description,
        key: ComponentKey(identity.key),
        ..Described::plain("", &identity.shown)
    };
    let lines = Lines {
        name: named.name_line,
        ..Lines::all(named.line)
    };
    Entry { said, lines }
}
