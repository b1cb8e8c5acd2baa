//! Our catalogue, in TOML: one `[[component]]` after the other.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Entry, Lines, Report, checks};
use crate::config::document::Document;
use crate::config::problem::Fault;
use crate::domain::{
    component::{Described, GROUP, Link},
    ids::ComponentKey,
};

/// The entries that can be read. Everything wrong with the others is reported.
pub(super) fn read(text: &str, report: &mut Report<'_>) -> Vec<Entry> {
    let document = Document {
        name: report.source,
        text,
    };
    let table = match document.parse() {
        Ok(table) => table,
        Err(problems) => {
            // They are in the order of their lines.
            let problems = problems.into_iter().map(|it| (0, it));
            report.problems.extend(problems);
            return Vec::new();
        }
    };
    let line_ends = text.match_indices('\n').map(|(at, _)| at).collect();
    let mut reader = Reader { line_ends, report };
    reader.entries(&table)
}

struct Reader<'a, 'r> {
    /// Counting them anew for each of thousands of entries would take minutes.
    line_ends: Vec<usize>,
    report: &'a mut Report<'r>,
}

/// The fields of an entry, as far as they were read.
#[derive(Default)]
struct Fields {
    texts: BTreeMap<String, String>,
    aliases: BTreeSet<String>,
    parents: BTreeSet<ComponentKey>,
    links: Vec<Link>,
    retired: bool,
}

impl Reader<'_, '_> {
    fn line(&self, offset: usize) -> usize {
        self.line_ends.partition_point(|end| *end < offset) + 1
    }

    fn entries(&mut self, table: &DeTable<'_>) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (field, value) in table {
            let line = self.line(field.span().start);
            let field = field.get_ref().as_ref();
            let elements = match (field, value.get_ref()) {
                ("component", DeValue::Array(elements)) => elements,
                _ => {
                    let remedy = "Every component begins with a line [[component]].";
                    let fault = Fault::new("A catalogue holds only components.", remedy);
                    self.report.fault(line, field, None, fault);
                    continue;
                }
            };
            for element in elements.iter() {
                let line = self.line(element.span().start);
                match element.get_ref() {
                    DeValue::Table(fields) => entries.extend(self.entry(fields, line)),
                    _ => {
                        let remedy = "Write it under a line [[component]].";
                        let fault = Fault::new("This is not a component.", remedy);
                        self.report.fault(line, "component", None, fault);
                    }
                }
            }
        }
        entries
    }

    fn entry(&mut self, table: &DeTable<'_>, start: usize) -> Option<Entry> {
        let mut fields = Fields::default();
        let mut lines = Lines::all(start);
        for (field, value) in table {
            let line = self.line(field.span().start);
            let field = field.get_ref().as_ref();
            match field {
                "key" => lines.key = line,
                "name" => lines.name = line,
                "aliases" => lines.aliases = line,
                "parents" => lines.parents = line,
                _ => {}
            }
            self.field(field, value, line, &mut fields);
        }
        for field in ["key", "name"] {
            if !table.keys().any(|known| known.get_ref() == field) {
                let fault = Fault::new("The component has none.", "Add it.");
                self.report.fault(start, field, None, fault);
            }
        }
        let mut texts = fields.texts;
        let (key, name) = (texts.remove("key")?, texts.remove("name")?);
        // An empty text says nothing.
        texts.retain(|_, text| !text.is_empty());
        let owner = texts.remove("owner");
        let description = texts.remove("description");
        let said = Described {
            key: ComponentKey(key),
            name,
            aliases: fields.aliases,
            attributes: texts,
            parents: fields.parents,
            owner,
            links: fields.links,
            description,
            retired: fields.retired,
        };
        Some(Entry { said, lines })
    }

    fn field(
        &mut self,
        field: &str,
        value: &Spanned<DeValue<'_>>,
        line: usize,
        fields: &mut Fields,
    ) {
        match (field, value.get_ref()) {
            ("aliases", value) => fields.aliases = self.list(field, value, line, "pay"),
            ("parents", value) => {
                let parents = self.list(field, value, line, "payments");
                fields.parents = parents.into_iter().map(ComponentKey).collect();
            }
            ("links", value) => fields.links = self.links(value, line),
            ("retired", DeValue::Boolean(retired)) => fields.retired = *retired,
            ("retired", _) => {
                let fault = Fault::new("It must be true or false.", "Write it without quotes.");
                self.report.fault(line, field, None, fault);
            }
            (_, DeValue::String(text)) => {
                let text = text.replace("\r\n", "\n").trim().to_owned();
                if let Err(fault) = checked(field, &text) {
                    self.report.fault(line, field, None, fault);
                }
                fields.texts.insert(field.to_owned(), text);
            }
            _ => {
                let fault = Fault::new("It must be a text.", "Put it in quotes.");
                self.report.fault(line, field, None, fault);
            }
        }
    }

    fn list(
        &mut self,
        field: &str,
        value: &DeValue<'_>,
        line: usize,
        example: &str,
    ) -> BTreeSet<String> {
        let mut words = BTreeSet::new();
        let DeValue::Array(list) = value else {
            let remedy = format!("Write it as [\"{example}\"].");
            let fault = Fault::new("It must be a list.", remedy);
            self.report.fault(line, field, None, fault);
            return words;
        };
        for word in list.iter() {
            let DeValue::String(word) = word.get_ref() else {
                let fault = Fault::new("It must be a list of texts.", "Put each in quotes.");
                self.report.fault(line, field, None, fault);
                continue;
            };
            if !words.insert(word.to_string()) {
                let fault = Fault::new("It stands there twice.", "Take one of them out.");
                self.report.fault(line, field, Some(word), fault);
            }
        }
        words
    }

    /// A list of tables with name and url, or one table of names and addresses.
    fn links(&mut self, value: &DeValue<'_>, line: usize) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        match value {
            DeValue::Table(table) => {
                for (name, url) in table {
                    let line = self.line(name.span().start);
                    let name = name.get_ref().as_ref();
                    let url = match url.get_ref() {
                        DeValue::String(url) => Some(url.as_ref()),
                        _ => None,
                    };
                    self.link(Some(name), url, line, &mut links);
                }
            }
            DeValue::Array(list) => {
                for link in list.iter() {
                    let line = self.line(link.span().start);
                    let DeValue::Table(table) = link.get_ref() else {
                        self.link(None, None, line, &mut links);
                        continue;
                    };
                    let strange = table
                        .keys()
                        .find(|it| !matches!(it.get_ref().as_ref(), "name" | "url"));
                    if let Some(strange) = strange {
                        let fault = Fault::new("A link has only a name and a url.", "Take it out.");
                        let field = format!("links.{}", strange.get_ref());
                        self.report.fault(line, &field, None, fault);
                    }
                    let text = |field: &str| match table.get(field).map(Spanned::get_ref) {
                        Some(DeValue::String(text)) => Some(text.as_ref()),
                        _ => None,
                    };
                    self.link(text("name"), text("url"), line, &mut links);
                }
            }
            _ => self.link(None, None, line, &mut links),
        }
        if let Err(fault) = checks::link_count(links.len()) {
            self.report.fault(line, "links", None, fault);
        }
        links
    }

    fn link(&mut self, name: Option<&str>, url: Option<&str>, line: usize, links: &mut Vec<Link>) {
        let (Some(name), Some(url)) = (name, url) else {
            let fault = Fault::new(
                "A link has a name and a url, both texts.",
                "Write it as { name = \"Runbook\", url = \"https://wiki.example.com/payments\" }.",
            );
            self.report.fault(line, "links", None, fault);
            return;
        };
        let (name, url) = (name.trim(), url.trim());
        for (text, checked) in [(name, checks::link_name(name)), (url, checks::url(url))] {
            if let Err(fault) = checked {
                self.report.fault(line, "links", Some(text), fault);
            }
        }
        let same = |it: &Link| it.name.to_lowercase() == name.to_lowercase();
        if links.iter().any(same) {
            let fault = Fault::new("Another link has this name.", "Choose another one.");
            self.report.fault(line, "links", Some(name), fault);
        }
        links.push(Link {
            name: name.to_owned(),
            url: url.to_owned(),
        });
    }
}

/// Texts other than key and name, which are looked at together with those of all entries.
fn checked(field: &str, text: &str) -> Result<(), Fault> {
    match field {
        "key" | "name" => Ok(()),
        "owner" | GROUP => checks::line(text),
        "description" => checks::description(text),
        attribute => checks::attribute(attribute).and_then(|()| checks::line(text)),
    }
}
