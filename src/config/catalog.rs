//! The catalogue of components as a file: ours, or the one of an older status page. What is done with
//! the entries is not decided here.

mod checks;
mod claims;
mod ours;
mod stackmon;
mod written;

use std::{collections::HashMap, fs, path::Path};

use crate::domain::{catalog::Conflict, component::Described, ids::ComponentKey};

use super::layers::unreadable;
use super::problem::{Fault, Problem, Problems};

pub use checks::RESERVED;
pub use written::write_catalog;

/// What a file says of components, and where it says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// In the order of the file. Each has a good shape, and they do not contradict each other.
    pub entries: Vec<Described>,
    /// What problems call the file by.
    source: String,
    lines: HashMap<ComponentKey, Lines>,
}

/// The lines on which an entry says what may be in the way of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lines {
    key: usize,
    name: usize,
    aliases: usize,
    parents: usize,
}

impl Lines {
    fn all(line: usize) -> Lines {
        Lines {
            key: line,
            name: line,
            aliases: line,
            parents: line,
        }
    }
}

/// One entry as it was read.
struct Entry {
    said: Described,
    lines: Lines,
}

/// Reads a file: as YAML of the older tool when its name ends in `.yaml` or `.yml`, else as ours.
pub fn read_catalog(path: &Path) -> Result<Catalog, Problems> {
    let source = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|error| Problems::new(vec![unreadable(&error).at(&source, "", None)]))?;
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    match ending == "yaml" || ending == "yml" {
        true => parse_stackmon(&text, &source),
        false => parse_catalog(&text, &source),
    }
}

/// The entries of `text` in its order, or everything wrong with it. `source` is what problems call
/// the text by.
pub fn parse_catalog(text: &str, source: &str) -> Result<Catalog, Problems> {
    let mut report = Report::new(source);
    let entries = ours::read(text, &mut report);
    finish(entries, report)
}

/// As [`parse_catalog`], of the YAML that stackmon's status dashboard reads.
pub fn parse_stackmon(text: &str, source: &str) -> Result<Catalog, Problems> {
    let mut report = Report::new(source);
    let entries = stackmon::read(text, &mut report);
    finish(entries, report)
}

fn finish(entries: Vec<Entry>, mut report: Report<'_>) -> Result<Catalog, Problems> {
    claims::check(&entries, &mut report);
    report.done()?;
    let lines = entries
        .iter()
        .map(|it| (it.said.key.clone(), it.lines))
        .collect();
    Ok(Catalog {
        entries: entries.into_iter().map(|it| it.said).collect(),
        source: report.source.to_owned(),
        lines,
    })
}

impl Catalog {
    /// Why the database cannot take the file, with the places in it.
    pub fn refused(&self, conflicts: &[Conflict]) -> Problems {
        let mut report = Report::new(&self.source);
        for conflict in conflicts {
            self.report(conflict, &mut report);
        }
        Problems::new(report.sorted())
    }

    fn report(&self, conflict: &Conflict, report: &mut Report<'_>) {
        let lines = |key: &ComponentKey| self.lines.get(key).copied().unwrap_or(Lines::all(0));
        match conflict {
            Conflict::Word { key, word, other } => {
                let (line, field) = match word == key.as_str() {
                    true => (lines(key).key, "key"),
                    false => (lines(key).aliases, "aliases"),
                };
                let fault = Fault::new(
                    format!("In the database it is a key or alias of {other}."),
                    "Choose another one, or take it from that component first. Keys never change.",
                );
                report.fault(line, field, Some(word), fault);
            }
            Conflict::Name { key, name, other } => {
                let fault = Fault::new(
                    format!("In the database the component {other} has this name."),
                    "Keys never change: give the entry that key, or another name; --prune retires \
                     what the file does not name.",
                );
                report.fault(lines(key).name, "name", Some(name), fault);
            }
            Conflict::UnknownParent { key, parent, meant } => {
                let remedy = match meant {
                    Some(meant) => format!("It is an alias: write {meant}."),
                    None => "Write the key of a component that is in use.".to_owned(),
                };
                let reason = "No component has this key, here or in the database.";
                let fault = Fault::new(reason, remedy);
                report.fault(lines(key).parents, "parents", Some(parent.as_str()), fault);
            }
            Conflict::RetiredParent { key, parent } => {
                let fault = Fault::new(
                    "This component is retired, or would be.",
                    "Take it out, or let the file name it as one that is in use.",
                );
                report.fault(lines(key).parents, "parents", Some(parent.as_str()), fault);
            }
            Conflict::Circle { key, keys } => {
                report.fault(lines(key).parents, "parents", None, circle(keys));
            }
        }
    }
}

fn circle(keys: &[ComponentKey]) -> Fault {
    let mut way: Vec<&str> = keys.iter().map(ComponentKey::as_str).collect();
    way.extend(keys.first().map(ComponentKey::as_str));
    Fault::new(
        format!("Parents go in a circle: {}.", way.join(" needs ")),
        "Take one of these parents out.",
    )
}

/// What is wrong with a file, so far.
struct Report<'a> {
    source: &'a str,
    /// With their lines; none when no line is meant.
    problems: Vec<(usize, Problem)>,
}

impl<'a> Report<'a> {
    fn new(source: &'a str) -> Report<'a> {
        Report {
            source,
            problems: Vec::new(),
        }
    }

    fn place(&self, line: usize) -> String {
        match line {
            0 => self.source.to_owned(),
            line => format!("{}, line {line}", self.source),
        }
    }

    fn fault(&mut self, line: usize, field: &str, value: Option<&str>, fault: Fault) {
        let value = value.map(|text| format!("\"{text}\""));
        let problem = fault.at(&self.place(line), field, value);
        self.problems.push((line, problem));
    }

    fn sorted(&mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|(line, _)| *line);
        self.problems.drain(..).map(|(_, it)| it).collect()
    }

    fn done(&mut self) -> Result<(), Problems> {
        match self.problems.is_empty() {
            true => Ok(()),
            false => Err(Problems::new(self.sorted())),
        }
    }
}
