//! An older tool's variables, file, environment and flags laid over each other: for every name the
//! strongest value and where it came from. What a value means is the reader's business.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use toml::Value;

use super::compat::{self, OlderTool, WithoutEffect};
use super::document::Document;
use super::problem::{Fault, Problem};
use super::reader::text_of;
use super::sources::{Sources, setting_of};

/// Weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    /// Variables with an older tool's names, if `compat` asks for them.
    OlderTool,
    File,
    Environment,
    Flags,
}

/// A value as it was given. No `Debug` here and below: it may be a secret.
#[derive(Clone)]
pub(super) enum Given {
    /// From TOML or a flag: the type is part of the value.
    Typed(Value),
    /// From the environment: text that becomes whatever the setting wants.
    Raw(String),
}

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) layer: Layer,
    pub(super) source: String,
    pub(super) value: Given,
    /// What a weaker layer said.
    beneath: Option<Box<Entry>>,
}

impl Entry {
    /// The strongest entry that is not the empty text. Where there must be a value, as with
    /// secrets, an empty one means "not given": container tools set variables to nothing when
    /// they have nothing.
    pub(super) fn not_blank(self) -> Option<Self> {
        let blank = match &self.value {
            Given::Typed(Value::String(text)) | Given::Raw(text) => text.trim().is_empty(),
            Given::Typed(_) => false,
        };
        match blank {
            true => self.beneath.and_then(|weaker| weaker.not_blank()),
            false => Some(self),
        }
    }

    fn put_beneath(&mut self, weakest: Box<Entry>) {
        match &mut self.beneath {
            Some(weaker) => weaker.put_beneath(weakest),
            None => self.beneath = Some(weakest),
        }
    }
}

/// What was given, strongest value per name.
#[derive(Default)]
pub(super) struct Layers {
    pub(super) entries: BTreeMap<String, Entry>,
    pub(super) problems: Vec<Problem>,
    /// The file could not be read or parsed, so nobody can say that a setting is missing.
    pub(super) file_lost: bool,
    /// The tool that `compat` names.
    pub(super) older_tool: Option<OlderTool>,
    /// Its variables that were set and do nothing.
    pub(super) without_effect: Vec<WithoutEffect>,
}

impl Layers {
    pub(super) fn of(sources: &Sources) -> Self {
        let mut layers = Self::default();
        if let Some(path) = &sources.file {
            layers.lay_file(path);
        }
        layers.lay_environment(&sources.environment);
        layers.lay_flags("", &sources.flags);
        // Last, because the others say whether they are wanted.
        compat::lay(&mut layers, &sources.environment);
        layers
    }

    fn lay_file(&mut self, path: &Path) {
        let name = path.display().to_string();
        let leaves = match fs::read_to_string(path) {
            Ok(text) => Document {
                name: &name,
                text: &text,
            }
            .leaves(),
            Err(error) => Err(vec![unreadable(&error).at(&name, "", None)]),
        };
        match leaves {
            Ok(leaves) => {
                for leaf in leaves {
                    self.lay(Layer::File, leaf.key, leaf.source, Given::Typed(leaf.value));
                }
            }
            Err(problems) => {
                self.file_lost = true;
                self.problems.extend(problems);
            }
        }
    }

    fn lay_environment(&mut self, environment: &[(String, String)]) {
        for (variable, value) in environment {
            let Some(key) = setting_of(variable) else {
                continue;
            };
            let source = format!("environment variable {variable}");
            if value.contains('\u{fffd}') {
                let fault = Fault::new("It is not valid UTF-8.", "Set it to readable text.");
                self.problems.push(fault.at(&source, &key, None));
                continue;
            }
            let twice = self.entries.get(&key).filter(|known| {
                known.layer == Layer::Environment
                    && !matches!(&known.value, Given::Raw(other) if other == value)
            });
            if let Some(other) = twice {
                let fault = Fault::new(
                    format!("The {} sets it too, to something else.", other.source),
                    "Names do not depend on case; remove one of the two.",
                );
                self.problems.push(fault.at(&source, &key, None));
                continue;
            }
            self.lay(Layer::Environment, key, source, Given::Raw(value.clone()));
        }
    }

    fn lay_flags(&mut self, prefix: &str, table: &toml::Table) {
        for (name, value) in table {
            let key = match prefix {
                "" => name.clone(),
                prefix => format!("{prefix}.{name}"),
            };
            match value {
                Value::Table(inner) => self.lay_flags(&key, inner),
                value => {
                    let source = "command line".to_owned();
                    self.lay(Layer::Flags, key, source, Given::Typed(value.clone()));
                }
            }
        }
    }

    /// What is set for `key`, if it is a text.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        text_of(&self.entries.get(key)?.value).ok()
    }

    /// Whether anybody set `key`, to something else than nothing.
    pub(super) fn is_given(&self, key: &str) -> bool {
        let entry = self.entries.get(key).cloned();
        entry.and_then(Entry::not_blank).is_some()
    }

    /// Lays what an older tool's variables say beneath everything else.
    pub(super) fn lay_beneath(&mut self, key: &str, source: String, value: Given) {
        let weakest = Entry {
            layer: Layer::OlderTool,
            source,
            value,
            beneath: None,
        };
        match self.entries.get_mut(key) {
            Some(entry) => entry.put_beneath(Box::new(weakest)),
            None => {
                self.entries.insert(key.to_owned(), weakest);
            }
        }
    }

    fn lay(&mut self, layer: Layer, key: String, source: String, value: Given) {
        let beneath = self.entries.remove(&key).map(Box::new);
        let entry = Entry {
            layer,
            source,
            value,
            beneath,
        };
        self.entries.insert(key, entry);
    }
}

pub(super) fn unreadable(error: &std::io::Error) -> Fault {
    Fault::new(
        format!("The file cannot be read: {error}."),
        "Check the path, and that the user Balefire runs as may read it.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Layers {
        Layers::of(&Sources {
            environment: pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Sources::default()
        })
    }

    #[test]
    fn two_spellings_of_one_variable_must_agree() {
        let agreeing = environment(&[("BALEFIRE__A__B", "1"), ("balefire__a__b", "1")]);
        assert!(agreeing.problems.is_empty());
        let quarrelling = environment(&[("BALEFIRE__A__B", "1"), ("balefire__a__b", "2")]);
        assert_eq!(quarrelling.problems.len(), 1);
        assert_eq!(
            quarrelling.problems[0].source,
            "environment variable balefire__a__b"
        );
    }

    #[test]
    fn a_variable_that_is_not_text_is_a_problem() {
        let layers = environment(&[("BALEFIRE__A__B", "caf\u{fffd}")]);
        assert_eq!(layers.problems[0].reason, "It is not valid UTF-8.");
    }

    #[test]
    fn a_named_file_that_is_not_there_is_a_problem() {
        let layers = Layers::of(&Sources {
            file: Some("/nonexistent/balefire.toml".into()),
            ..Sources::default()
        });
        assert!(layers.file_lost);
        assert_eq!(layers.problems[0].source, "/nonexistent/balefire.toml");
    }
}
