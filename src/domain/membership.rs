//! Groups of people: where a membership comes from, and what a newly read list of members changes.

use std::{collections::BTreeSet, fmt, str::FromStr};

use super::{actor::Right, time::Timestamp};

/// The groups that are shipped.
pub const ON_CALL: &str = "on_call";
pub const EDIT_ALL_OUTAGES: &str = "edit_all_outages";
pub const ADMINISTRATORS: &str = "administrators";

/// Where a membership comes from. A person who is in a group from several holds it until the last
/// one lets go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    Settings,
    /// Somebody granted it.
    Manual,
    /// A Google group, by its address in lower case.
    Google(String),
    /// A user group of Slack's, by its ID.
    SlackGroup(String),
}

/// A text that is the stored form of no source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a source of memberships")]
pub struct UnknownSource;

impl Source {
    /// Why somebody is in a group, to follow "is in it".
    pub fn in_words(&self) -> String {
        match self {
            Source::Settings => "named in the settings".to_owned(),
            Source::Manual => "granted by hand".to_owned(),
            Source::Google(address) => format!("from the Google group {address}"),
            Source::SlackGroup(id) => format!("from the user group {id}"),
        }
    }
}

impl fmt::Display for Source {
    /// As stored.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Settings => f.write_str("settings"),
            Source::Manual => f.write_str("manual"),
            Source::Google(address) => write!(f, "google:{address}"),
            Source::SlackGroup(id) => write!(f, "slack:{id}"),
        }
    }
}

impl FromStr for Source {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Source, UnknownSource> {
        match text.split_once(':') {
            None if text == "settings" => Ok(Source::Settings),
            None if text == "manual" => Ok(Source::Manual),
            Some(("google", address)) => Ok(Source::Google(address.to_owned())),
            Some(("slack", id)) => Ok(Source::SlackGroup(id.to_owned())),
            _ => Err(UnknownSource),
        }
    }
}

/// A group as a team set it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub rights: Vec<Right>,
    /// Those whom the settings name.
    pub members: BTreeSet<String>,
}

/// One membership of a person, with what it permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub group: String,
    pub source: Source,
    pub rights: Vec<Right>,
    pub since: Timestamp,
}

/// A member as lists name them: Slack IDs as they are, addresses in lower case.
pub fn normal(member: &str) -> String {
    let member = member.trim();
    match member.contains('@') {
        true => member.to_lowercase(),
        false => member.to_owned(),
    }
}

/// What a newly read list changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    pub added: BTreeSet<String>,
    pub removed: BTreeSet<String>,
    /// How many there were.
    pub before: usize,
}

impl Difference {
    pub fn between(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Difference {
        Difference {
            added: after.difference(before).cloned().collect(),
            removed: before.difference(after).cloned().collect(),
            before: before.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }

    /// Whether more than half would go: more often a list that was read wrong, or a group that
    /// somebody emptied by mistake, than what anybody wants.
    pub fn needs_a_yes(&self) -> bool {
        self.removed.len() * 2 > self.before
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|it| (*it).to_owned()).collect()
    }

    #[test]
    fn sources_are_read_as_they_are_written() {
        for source in [
            Source::Settings,
            Source::Manual,
            Source::Google("on-call@example.com".into()),
            Source::SlackGroup("S1".into()),
        ] {
            assert_eq!(source.to_string().parse(), Ok(source));
        }
        assert_eq!("ldap:x".parse::<Source>(), Err(UnknownSource));
    }

    #[test]
    fn more_than_half_needs_a_yes() {
        let four = set(&["a", "b", "c", "d"]);
        let gone = |after: &[&str]| Difference::between(&four, &set(after)).needs_a_yes();
        assert!(!gone(&["a", "b"]));
        assert!(gone(&["a"]));
        assert!(gone(&[]));
        // Whoever comes does not make up for those who go.
        assert!(gone(&["a", "e", "f", "g", "h"]));
        assert!(!Difference::between(&set(&[]), &set(&[])).needs_a_yes());
    }

    proptest! {
        #[test]
        fn what_changes_leads_from_one_to_the_other(
            before in proptest::collection::btree_set("[a-e]", 0..5),
            after in proptest::collection::btree_set("[a-e]", 0..5),
        ) {
            let difference = Difference::between(&before, &after);
            let mut now: BTreeSet<String> = before.difference(&difference.removed).cloned().collect();
            now.extend(difference.added.iter().cloned());
            prop_assert_eq!(now, after.clone());
            prop_assert_eq!(difference.is_empty(), before == after);
        }
    }
}
