//! Groups: those that are shipped, a team's own (`[[permissions.groups]]`), and where memberships
//! come from besides these settings (`[[permissions.sources]]`).

use toml::{Table, Value};

use super::channels::user_group;
use super::layers::Given;
use super::permissions::{Person, is_email, person};
use super::problem::Fault;
use super::reader::{Reader, text_of, texts_of};
use super::suggestion::nearest;
use crate::domain::actor::Right;
use crate::domain::membership::{ADMINISTRATORS, EDIT_ALL_OUTAGES, ON_CALL, Source};

/// A group with what it permits and the members that the settings name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub rights: Vec<Right>,
    pub members: Vec<Person>,
}

/// Members of a group that are read elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSource {
    pub group: String,
    pub source: Source,
}

const GROUPS: &str = "permissions.groups";
const SOURCES: &str = "permissions.sources";
const GROUP_FIELDS: [&str; 3] = ["name", "permits", "members"];
const SOURCE_FIELDS: [&str; 3] = ["group", "google", "slack"];

/// The names that are taken, in the order of the settings.
const SHIPPED: [&str; 3] = [ON_CALL, EDIT_ALL_OUTAGES, ADMINISTRATORS];
const NAME_MOST: usize = 40;

/// A team's own groups.
pub(super) fn read_groups(reader: &mut Reader) -> Option<Vec<Group>> {
    let tables = reader.tables(GROUPS, Vec::new())?;
    let mut groups: Vec<Option<Group>> = Vec::with_capacity(tables.len());
    let mut names: Vec<String> = SHIPPED.map(str::to_owned).to_vec();
    for (index, table) in tables.iter().enumerate() {
        let mut entry = Entry::new(reader, GROUPS, "group", index, table);
        entry.only(&GROUP_FIELDS);
        let name = entry.text("name", name);
        if let Some(name) = &name {
            if names.contains(name) {
                let fault = Fault::new("There is another group of that name.", "Rename one.");
                entry.refuse("name", fault);
            }
            names.push(name.clone());
        }
        let rights = entry.texts("permits", right);
        let members = entry.texts("members", person);
        let sound = entry.sound;
        let group = || {
            Some(Group {
                name: name?,
                rights: rights?,
                members: members?,
            })
        };
        groups.push(group().filter(|_| sound));
    }
    groups.into_iter().collect()
}

/// Where memberships of `groups` and of those that are shipped come from.
pub(super) fn read_sources(
    reader: &mut Reader,
    groups: Option<&[Group]>,
) -> Option<Vec<GroupSource>> {
    let tables = reader.tables(SOURCES, Vec::new())?;
    let mut sources: Vec<Option<GroupSource>> = Vec::with_capacity(tables.len());
    for (index, table) in tables.iter().enumerate() {
        let mut entry = Entry::new(reader, SOURCES, "source", index, table);
        entry.only(&SOURCE_FIELDS);
        let group = entry.text("group", |text| known(text, groups));
        let google = table.contains_key("google");
        let slack = table.contains_key("slack");
        let source = match (google, slack) {
            (true, false) => entry.text("google", google_group),
            (false, true) => entry.text("slack", slack_group),
            (true, true) => {
                let fault = Fault::new("slack is given too.", "Make two sources of them.");
                entry.refuse("google", fault);
                None
            }
            (false, false) => {
                let remedy = "Give google, a group's address, or slack, a user group's ID.";
                entry.refuse("group", Fault::new("It has no source.", remedy));
                None
            }
        };
        let found = group
            .zip(source)
            .map(|(group, source)| GroupSource { group, source });
        if found.is_some() && sources.contains(&found) {
            entry.refuse("group", Fault::new("It is listed twice.", "Remove one."));
        }
        let sound = entry.sound;
        sources.push(found.filter(|_| sound));
    }
    sources.into_iter().collect()
}

fn name(text: &str) -> Result<String, Fault> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if text.is_empty() || text.len() > NAME_MOST || !text.chars().all(plain) {
        let reason =
            format!("It must be small letters, digits, _ and -, at most {NAME_MOST} characters.");
        return Err(Fault::new(reason, "Write it like status_page_writers."));
    }
    Ok(text.to_owned())
}

fn right(text: &str) -> Result<Right, Fault> {
    Right::from_word(text).ok_or_else(|| {
        let words = Right::ALL.map(Right::word);
        let remedy = match nearest(text, words) {
            Some(word) => format!("Did you mean {word}?"),
            None => format!("There are {}.", words.join(", ")),
        };
        Fault::new("There is no such permission.", remedy)
    })
}

/// Without sound groups nobody knows which names there are.
fn known(text: &str, groups: Option<&[Group]>) -> Result<String, Fault> {
    let own = groups.unwrap_or_default().iter().map(|it| it.name.as_str());
    let names: Vec<&str> = SHIPPED.into_iter().chain(own).collect();
    if groups.is_none() || names.contains(&text) {
        return Ok(text.to_owned());
    }
    let remedy = match nearest(text, names.iter().copied()) {
        Some(name) => format!("Did you mean {name}?"),
        None => format!("There are {}.", names.join(", ")),
    };
    Err(Fault::new("There is no such group.", remedy))
}

fn google_group(text: &str) -> Result<Source, Fault> {
    if !is_email(text) {
        return Err(Fault::new(
            "It is not the address of a Google group.",
            "Write it like on-call@example.com.",
        ));
    }
    Ok(Source::Google(text.to_lowercase()))
}

fn slack_group(text: &str) -> Result<Source, Fault> {
    user_group(text).map(Source::SlackGroup)
}

/// One table of a list, and whether it is sound so far.
struct Entry<'a> {
    reader: &'a mut Reader,
    key: &'static str,
    /// What the table is, for the people who read the problem.
    what: &'static str,
    /// Counted from one.
    number: usize,
    table: &'a Table,
    sound: bool,
}

impl<'a> Entry<'a> {
    fn new(
        reader: &'a mut Reader,
        key: &'static str,
        what: &'static str,
        index: usize,
        table: &'a Table,
    ) -> Entry<'a> {
        Entry {
            reader,
            key,
            what,
            number: index + 1,
            table,
            sound: true,
        }
    }

    fn only(&mut self, fields: &[&str]) {
        for field in self.table.keys() {
            if !fields.contains(&field.as_str()) {
                let remedy = match nearest(field, fields.iter().copied()) {
                    Some(meant) => format!("Did you mean {meant}?"),
                    None => format!("It has {}.", fields.join(", ")),
                };
                self.refuse(field, Fault::new("There is no such field.", remedy));
            }
        }
    }

    fn text<T>(&mut self, field: &str, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Option<T> {
        let Some(value) = self.table.get(field) else {
            self.refuse(field, Fault::new("It is not there.", "Add it."));
            return None;
        };
        match text_of(&Given::Typed(value.clone())).and_then(parse) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.refuse(field, fault);
                None
            }
        }
    }

    /// A list; empty when it is not there.
    fn texts<T>(
        &mut self,
        field: &str,
        parse: impl Fn(&str) -> Result<T, Fault>,
    ) -> Option<Vec<T>> {
        let Some(value) = self.table.get(field) else {
            return Some(Vec::new());
        };
        let parsed = texts_of(&Given::Typed(value.clone()))
            .and_then(|texts| texts.iter().map(|it| parse(it)).collect());
        match parsed {
            Ok(values) => Some(values),
            Err(fault) => {
                self.refuse(field, fault);
                None
            }
        }
    }

    fn refuse(&mut self, field: &str, fault: Fault) {
        self.sound = false;
        let part = format!("{} {}, {field}", self.what, self.number);
        let value: Option<&Value> = self.table.get(field);
        self.reader.refuse_part(self.key, &part, value, fault);
    }
}
