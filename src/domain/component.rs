//! Components: what can be unhealthy.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ids::{ComponentId, ComponentKey};

/// The attribute that says where among the others a component stands.
pub const GROUP: &str = "group";

/// A component as an outage names it. The name is kept with the history as it was then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    pub id: ComponentId,
    pub key: ComponentKey,
    pub name: String,
}

/// Everything that a catalogue says of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    pub key: ComponentKey,
    pub name: String,
    /// In small letters.
    pub aliases: BTreeSet<String>,
    /// [`GROUP`], region, market and whatever else a team wants to say; none is empty.
    pub attributes: BTreeMap<String, String>,
    /// What it needs in order to work.
    pub parents: BTreeSet<ComponentKey>,
    /// Who looks after it: a group here or in Slack, or any other words.
    pub owner: Option<String>,
    /// Pages about it, elsewhere.
    pub links: Vec<Link>,
    pub description: Option<String>,
    /// It cannot be chosen any more; its outages stay.
    pub retired: bool,
}

/// A page about a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub name: String,
    /// http or https.
    pub url: String,
}

/// A component of the database with everything that is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub id: ComponentId,
    pub said: Described,
}

impl Described {
    /// A component of which nothing else is said.
    pub fn plain(key: &str, name: &str) -> Described {
        Described {
            key: ComponentKey::from(key),
            name: name.to_owned(),
            aliases: BTreeSet::new(),
            attributes: BTreeMap::new(),
            parents: BTreeSet::new(),
            owner: None,
            links: Vec::new(),
            description: None,
            retired: false,
        }
    }

    /// What people may call it by, other than its name.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.key.as_str()).chain(self.aliases.iter().map(String::as_str))
    }
}

/// Finds the component that `words` begin with, among `(component, aliases)`, and returns it with
/// the words that follow. The longest key, name or alias wins, whatever its case.
pub fn recognise<'a, 'w>(
    words: &'w str,
    known: &'a [(Component, Vec<String>)],
) -> Option<(&'a Component, &'w str)> {
    let words = words.trim();
    let mut best: Option<(&Component, usize)> = None;
    for (component, aliases) in known {
        let names = [component.key.as_str(), component.name.as_str()];
        for name in names.into_iter().chain(aliases.iter().map(String::as_str)) {
            if let Some(length) = leads(words, name)
                && best.is_none_or(|(_, longest)| length > longest)
            {
                best = Some((component, length));
            }
        }
    }
    best.map(|(component, length)| {
        let rest = words[length..]
            .trim_start_matches([':', ',', '-', '–'])
            .trim();
        match goes_on(rest) {
            true => (component, words),
            false => (component, rest),
        }
    })
}

/// Whether words need what stands before them: "search is slow" is a sentence, "is slow" is none.
fn goes_on(rest: &str) -> bool {
    const JOINTS: [&str; 24] = [
        "is", "are", "was", "were", "isn't", "aren't", "has", "have", "had", "does", "doesn't",
        "do", "don't", "can", "can't", "cannot", "won't", "will", "and", "or", "for", "of", "in",
        "on",
    ];
    let first = rest.split_whitespace().next().unwrap_or("").to_lowercase();
    JOINTS.contains(&first.as_str())
}

/// Every beginning of `words` that could be the name of a component, in lower case.
pub fn beginnings(words: &str) -> Vec<String> {
    /// Longer than any name, and enough words for all of them.
    const CHARACTERS: usize = 100;
    let words: String = words.chars().take(CHARACTERS).collect();
    let ends = words
        .char_indices()
        .filter(|(_, letter)| !letter.is_alphanumeric() && *letter != '_')
        .map(|(at, _)| at)
        .chain([words.len()]);
    let mut found: Vec<String> = ends.map(|end| words[..end].to_lowercase()).collect();
    found.retain(|it| !it.trim().is_empty());
    found.dedup();
    found
}

/// How many bytes of `words` the whole word or words `name` take at its start.
fn leads(words: &str, name: &str) -> Option<usize> {
    let mut rest = words.char_indices();
    for expected in name.chars().flat_map(char::to_lowercase) {
        let (_, found) = rest.next()?;
        // Characters whose lower case is longer than one character are compared by the first.
        if found.to_lowercase().next() != Some(expected) {
            return None;
        }
    }
    match rest.next() {
        None => Some(words.len()),
        Some((at, next)) if !next.is_alphanumeric() && next != '_' => {
            // "check-in" must not be taken for "check" followed by words.
            let joined = next == '-' && words[at + 1..].starts_with(char::is_alphanumeric);
            (!joined).then_some(at)
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<(Component, Vec<String>)> {
        let make = |id, key: &str, name: &str, aliases: &[&str]| {
            (
                Component {
                    id: ComponentId(id),
                    key: ComponentKey::from(key),
                    name: name.into(),
                },
                aliases.iter().map(|it| it.to_string()).collect(),
            )
        };
        vec![
            make(1, "payments", "Payments", &["pay"]),
            make(2, "partner-api", "Partner API", &[]),
            make(3, "partner", "Partner", &[]),
        ]
    }

    fn check(words: &str, expected: Option<(&str, &str)>) {
        let known = known();
        let found = recognise(words, &known).map(|(it, rest)| (it.key.as_str(), rest));
        assert_eq!(found, expected, "{words:?}");
    }

    #[test]
    fn every_beginning_could_be_a_name() {
        let found = beginnings("Partner-API v2: slow");
        assert_eq!(
            found,
            [
                "partner",
                "partner-api",
                "partner-api v2",
                "partner-api v2:",
                "partner-api v2: slow"
            ]
        );
        assert!(beginnings("").is_empty());
    }

    #[test]
    fn a_leading_component_is_recognised() {
        check("payments cards fail", Some(("payments", "cards fail")));
        check("PAYMENTS: cards fail", Some(("payments", "cards fail")));
        check("pay", Some(("payments", "")));
        check(
            "Partner API is slow",
            Some(("partner-api", "Partner API is slow")),
        );
        check(
            "partner-api is slow",
            Some(("partner-api", "partner-api is slow")),
        );
        check("partner: timeouts", Some(("partner", "timeouts")));
        check(
            "payments and refunds fail",
            Some(("payments", "payments and refunds fail")),
        );
        check("payments cards fail", Some(("payments", "cards fail")));
        check("partner-portal is slow", None);
        check("paying is hard", None);
        check("cards fail in payments", None);
        check("", None);
    }
}
