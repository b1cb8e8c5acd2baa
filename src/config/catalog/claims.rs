//! Whether the entries of a file contradict each other. What the database says is not looked at here.

use std::collections::HashMap;

use super::{Entry, Report, checks, circle};
use crate::{config::problem::Fault, domain};

/// Where something was said first.
#[derive(Default)]
struct Claims {
    /// Keys, also of what is retired.
    keys: HashMap<String, usize>,
    /// Aliases, also of what is retired.
    aliases: HashMap<String, usize>,
    /// Keys and aliases of what is in use.
    words: HashMap<String, usize>,
    /// Names of what is in use, in small letters.
    names: HashMap<String, usize>,
}

pub(super) fn check(entries: &[Entry], report: &mut Report<'_>) {
    let mut claims = Claims::default();
    for entry in entries {
        claims.words(entry, report);
        claims.name(entry, report);
    }
    if let Some(keys) = domain::catalog::circle(entries.iter().map(|it| &it.said)) {
        let first = entries.iter().find(|it| keys.contains(&it.said.key));
        let line = first.map_or(0, |it| it.lines.parents);
        report.fault(line, "parents", None, circle(&keys));
    }
}

impl Claims {
    fn words(&mut self, entry: &Entry, report: &mut Report<'_>) {
        let said = &entry.said;
        let mut take = |word: &str, is_key: bool| {
            let (line, field, own) = match is_key {
                true => (entry.lines.key, "key", &mut self.keys),
                false => (entry.lines.aliases, "aliases", &mut self.aliases),
            };
            if let Err(fault) = checks::word(word) {
                report.fault(line, field, Some(word), fault);
            }
            let mut other = own.insert(word.to_owned(), line);
            if !said.retired {
                other = self.words.insert(word.to_owned(), line).or(other);
            }
            if let Some(other) = other {
                let fault = Fault::new(
                    format!(
                        "It is taken as a key or alias already ({}).",
                        report.place(other)
                    ),
                    "Keys and aliases must all be different.",
                );
                report.fault(line, field, Some(word), fault);
            }
        };
        take(said.key.as_str(), true);
        for alias in &said.aliases {
            take(alias, false);
        }
    }

    fn name(&mut self, entry: &Entry, report: &mut Report<'_>) {
        let (name, line) = (&entry.said.name, entry.lines.name);
        if let Err(fault) = checks::name(name) {
            report.fault(line, "name", Some(name), fault);
            return;
        }
        if entry.said.retired {
            return;
        }
        if let Some(other) = self.names.insert(name.to_lowercase(), line) {
            let fault = Fault::new(
                format!("Another component has this name ({}).", report.place(other)),
                "People must be able to tell them apart.",
            );
            report.fault(line, "name", Some(name), fault);
        }
    }
}
