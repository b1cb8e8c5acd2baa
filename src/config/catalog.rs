//! The catalogue of components as a file. What is done with the entries is not decided here.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use toml::Value;
use toml::de::{DeTable, DeValue};

use super::document::{Document, owned};
use super::layers::unreadable;
use super::problem::{Fault, Problem, Problems};
use super::suggestion::nearest;

/// One component as the file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogEntry {
    /// `[a-z][a-z0-9_-]{0,63}`; no other entry has it as key or alias.
    pub key: String,
    /// 1 to 75 characters, what an option in Slack can show.
    pub name: String,
    pub group: Option<String>,
    /// Of the shape of keys.
    pub aliases: Vec<String>,
    /// Every other field, such as region or market.
    pub attributes: BTreeMap<String, String>,
}

/// Words that mean something after `/outage`, so no component can be called so: an outage of it
/// could not be announced by its name. Plain numbers are taken, too.
pub const RESERVED: [&str; 14] = [
    "help", "?", "list", "ls", "show", "update", "eta", "resolve", "reopen", "withdraw", "merge",
    "take", "who", "whoami",
];
const FIELDS: [&str; 4] = ["key", "name", "group", "aliases"];
const NAME_MOST: usize = 75;
const KEY_MOST: usize = 64;

pub fn read_catalog(path: &Path) -> Result<Vec<CatalogEntry>, Problems> {
    let source = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|error| Problems::new(vec![unreadable(&error).at(&source, "", None)]))?;
    parse_catalog(&text, &source)
}

/// The entries of `text` in its order, or everything wrong with it. `source` is what problems call
/// the text by.
pub fn parse_catalog(text: &str, source: &str) -> Result<Vec<CatalogEntry>, Problems> {
    let document = Document { name: source, text };
    let table = document.parse().map_err(Problems::new)?;
    let mut catalog = Catalog {
        document,
        words: HashMap::new(),
        names: HashMap::new(),
        problems: Vec::new(),
    };
    let entries = catalog.entries(&table);
    if catalog.problems.is_empty() {
        Ok(entries)
    } else {
        Err(Problems::new(catalog.problems))
    }
}

struct Catalog<'a> {
    document: Document<'a>,
    /// Keys and aliases so far, with where they stand.
    words: HashMap<String, String>,
    /// Names so far in small letters, with where they stand.
    names: HashMap<String, String>,
    problems: Vec<Problem>,
}

impl Catalog<'_> {
    fn entries(&mut self, table: &DeTable<'_>) -> Vec<CatalogEntry> {
        let mut entries = Vec::new();
        for (field, value) in table {
            let place = self.document.place(field.span().start);
            let field = field.get_ref().as_ref();
            let elements = match (field, value.get_ref()) {
                ("component", DeValue::Array(elements)) => elements,
                _ => {
                    let remedy = "Every component begins with a line [[component]].";
                    let fault = Fault::new("A catalogue holds only components.", remedy);
                    self.report(fault, &place, field, None);
                    continue;
                }
            };
            for element in elements.iter() {
                let place = self.document.place(element.span().start);
                match element.get_ref() {
                    DeValue::Table(fields) => entries.extend(self.entry(fields, &place)),
                    _ => {
                        let remedy = "Write it under a line [[component]].";
                        let fault = Fault::new("This is not a component.", remedy);
                        self.report(fault, &place, "component", None);
                    }
                }
            }
        }
        entries
    }

    fn entry(&mut self, fields: &DeTable<'_>, place: &str) -> Option<CatalogEntry> {
        let mut texts = BTreeMap::new();
        let mut aliases = Vec::new();
        for (field, value) in fields {
            let place = self.document.place(field.span().start);
            let field = field.get_ref().to_string();
            match (field.as_str(), owned(value.clone())) {
                ("aliases", Ok(Value::Array(list))) => aliases = self.aliases(&list, &place),
                ("aliases", _) => {
                    let fault = Fault::new("It must be a list.", "Write it as [\"pay\"].");
                    self.report(fault, &place, &field, None);
                }
                (_, Ok(Value::String(text))) => {
                    self.question_field(&field, &place);
                    texts.insert(field, (text.trim().to_owned(), place));
                }
                _ => {
                    let fault = Fault::new("It must be a text.", "Put it in quotes.");
                    self.report(fault, &place, &field, None);
                }
            }
        }
        let key = texts.remove("key");
        let name = texts.remove("name");
        let group = texts.remove("group");
        for (field, given) in [("key", &key), ("name", &name)] {
            if given.is_none() && !fields.keys().any(|known| known.get_ref() == field) {
                let fault = Fault::new("The component has none.", "Add it.");
                self.report(fault, place, field, None);
            }
        }
        let (key, key_place) = key?;
        self.claim_word(&key, &key_place, "key");
        let (name, name_place) = name?;
        self.claim_name(&name, &name_place);
        Some(CatalogEntry {
            key,
            name,
            group: group
                .map(|(group, _)| group)
                .filter(|text| !text.is_empty()),
            aliases,
            attributes: texts
                .into_iter()
                .map(|(field, (text, _))| (field, text))
                .collect(),
        })
    }

    fn aliases(&mut self, list: &[Value], place: &str) -> Vec<String> {
        let mut aliases = Vec::new();
        for alias in list {
            match alias {
                Value::String(alias) => {
                    self.claim_word(alias, place, "aliases");
                    aliases.push(alias.clone());
                }
                _ => {
                    let fault = Fault::new("An alias must be a text.", "Put it in quotes.");
                    self.report(fault, place, "aliases", None);
                }
            }
        }
        aliases
    }

    /// Any field may be an attribute, but one that is a letter away from ours is a slip.
    fn question_field(&mut self, field: &str, place: &str) {
        if FIELDS.contains(&field) {
            return;
        }
        let meant = match field {
            "alias" => Some("aliases"),
            field => nearest(field, FIELDS),
        };
        if let Some(meant) = meant {
            let remedy = format!("Did you mean {meant}? Otherwise give it a longer name.");
            let fault = Fault::new("This looks like a misspelt field.", remedy);
            self.report(fault, place, field, None);
        }
    }

    fn claim_word(&mut self, word: &str, place: &str, field: &str) {
        if let Err(fault) = check_word(word) {
            self.report(fault, place, field, Some(word));
        }
        if let Some(other) = self.words.insert(word.to_owned(), place.to_owned()) {
            let fault = Fault::new(
                format!("It is taken as a key or alias already ({other})."),
                "Keys and aliases must all be different.",
            );
            self.report(fault, place, field, Some(word));
        }
    }

    fn claim_name(&mut self, name: &str, place: &str) {
        if name.is_empty() || name.chars().count() > NAME_MOST || name.chars().any(char::is_control)
        {
            let reason = format!("A name is one line of 1 to {NAME_MOST} characters.");
            let fault = Fault::new(reason, "Slack cannot show more in a list.");
            self.report(fault, place, "name", Some(name));
        } else if let Some(other) = self.names.insert(name.to_lowercase(), place.to_owned()) {
            let fault = Fault::new(
                format!("Another component has this name ({other})."),
                "People must be able to tell them apart.",
            );
            self.report(fault, place, "name", Some(name));
        }
    }

    fn report(&mut self, fault: Fault, place: &str, key: &str, value: Option<&str>) {
        let value = value.map(|text| format!("\"{text}\""));
        self.problems.push(fault.at(place, key, value));
    }
}

fn check_word(word: &str) -> Result<(), Fault> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    if RESERVED.contains(&word) {
        return Err(Fault::new(
            format!("It is a word of the command: /outage {word}."),
            "Choose another word.",
        ));
    }
    if !word.is_empty() && word.chars().all(|c| c.is_ascii_digit()) {
        return Err(Fault::new(
            "A plain number means the outage with that number.",
            "Choose a word.",
        ));
    }
    if !word.starts_with(|c: char| c.is_ascii_lowercase())
        || !word.chars().all(plain)
        || word.len() > KEY_MOST
    {
        return Err(Fault::new(
            format!(
                "It must be a small letter and then small letters, digits, - or _, at most {KEY_MOST} in all."
            ),
            "Write it like mobile-app.",
        ));
    }
    Ok(())
}
