//! Typed reading of settings by name. A value that does not fit becomes a problem and reading goes
//! on, so that all problems come out together. Which settings exist is said by the sections:
//! whatever they ask for is known, everything else that was given is unknown.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use toml::{Table, Value};

use super::compat::WithoutEffect;
use super::layers::{Entry, Given, Layers};
use super::problem::{DEFAULTS, Fault, Problem};
use super::secret::shown;
use super::sources::variable_of;
use super::suggestion::nearest_setting;

/// The methods give `None` where they have reported a problem.
pub(super) struct Reader {
    layers: Layers,
    known: BTreeMap<String, Value>,
    problems: Vec<Problem>,
}

impl Reader {
    pub(super) fn new(mut layers: Layers) -> Self {
        let problems = std::mem::take(&mut layers.problems);
        Self {
            layers,
            known: BTreeMap::new(),
            problems,
        }
    }

    /// A text, made into what it means by `parse`. The default goes through `parse` too.
    pub(super) fn text<T>(
        &mut self,
        key: &'static str,
        default: &str,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        let default = Value::String(default.to_owned());
        self.value(key, default, |given| parse(text_of(given)?))
    }

    /// A whole number within `range`; `unit` is for the people who read the problem.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        default: u32,
        range: RangeInclusive<u32>,
        unit: &str,
    ) -> Option<u32> {
        self.value(key, Value::Integer(default.into()), |given| {
            let number = match given {
                Given::Typed(Value::Integer(number)) => Some(*number),
                Given::Raw(text) => text.trim().replace('_', "").parse().ok(),
                Given::Typed(_) => None,
            };
            let number = number.ok_or_else(|| wrong_type("a whole number", given))?;
            u32::try_from(number)
                .ok()
                .filter(|number| range.contains(number))
                .ok_or_else(|| {
                    let (least, most) = (range.start(), range.end());
                    Fault::new(
                        format!("It must be between {least} and {most} {unit}."),
                        "Choose a number in that range.",
                    )
                })
        })
    }

    /// `true` or `false`.
    pub(super) fn switch(&mut self, key: &'static str, default: bool) -> Option<bool> {
        self.value(key, Value::Boolean(default), |given| match given {
            Given::Typed(Value::Boolean(on)) => Ok(*on),
            Given::Raw(text) if text.trim() == "true" => Ok(true),
            Given::Raw(text) if text.trim() == "false" => Ok(false),
            _ => Err(wrong_type("true or false", given)),
        })
    }

    /// A list of texts. Every entry that `parse` refuses is a problem of its own.
    pub(super) fn list<T>(
        &mut self,
        key: &str,
        default: &[&str],
        parse: impl Fn(&str) -> Result<T, Fault>,
    ) -> Option<Vec<T>> {
        let default = default.iter().map(|text| Value::from(*text)).collect();
        let texts = self.value(key, Value::Array(default), texts_of)?;
        let mut parsed = Vec::with_capacity(texts.len());
        let mut refused = Vec::new();
        for text in &texts {
            match parse(text) {
                Ok(value) => parsed.push(value),
                Err(fault) => refused.push((fault, shown(text))),
            }
        }
        for position in 1..texts.len() {
            if texts[..position].contains(&texts[position]) {
                let fault = Fault::new("It is listed twice.", "Remove one of the two.");
                refused.push((fault, shown(&texts[position])));
            }
        }
        let complete = refused.is_empty();
        for (fault, value) in refused {
            self.report(fault.at(&self.source(key), key, Some(value)));
        }
        complete.then_some(parsed)
    }

    /// A list of tables, in JSON when it comes from the environment. What they hold is for the
    /// section to look at, and to tell with [`Reader::refuse_part`].
    pub(super) fn tables(&mut self, key: &str, default: Vec<Table>) -> Option<Vec<Table>> {
        let default = default.into_iter().map(Value::Table).collect();
        self.value(key, Value::Array(default), tables_of)
    }

    /// The full names of what was given under a section whose names are not fixed.
    pub(super) fn given_under(&self, section: &str) -> Vec<String> {
        let prefix = format!("{section}.");
        let given = self.layers.entries.keys();
        given
            .filter(|key| key.starts_with(&prefix))
            .cloned()
            .collect()
    }

    /// Makes `key` known without reading it, and gives what was said about it.
    pub(super) fn entry(&mut self, key: &str, default: &str) -> Option<Entry> {
        let default = Value::String(default.to_owned());
        self.known.insert(key.to_owned(), default);
        self.layers.entries.get(key).cloned()
    }

    /// As [`Reader::entry`], for a list that is empty by default.
    pub(super) fn list_entry(&mut self, key: &str) -> Option<Entry> {
        self.known.insert(key.to_owned(), Value::Array(Vec::new()));
        let entry = self.layers.entries.get(key).cloned()?;
        entry
            .not_blank()
            .filter(|it| !matches!(&it.value, Given::Typed(Value::Array(list)) if list.is_empty()))
    }

    /// A problem with a value that only shows when it is seen together with others.
    pub(super) fn refuse(&mut self, key: &str, fault: Fault) {
        let value = self.layers.entries.get(key).map(|entry| show(&entry.value));
        self.report(fault.at(&self.source(key), key, value));
    }

    /// A problem with a part of a value; `part` is for the people who read the problem.
    pub(super) fn refuse_part(
        &mut self,
        key: &str,
        part: &str,
        value: Option<&Value>,
        fault: Fault,
    ) {
        let name = format!("{key}, {part}");
        let problem = fault.at(&self.source(key), &name, value.map(show_value));
        self.report(problem);
    }

    /// A problem with a setting that has no default and was not given.
    pub(super) fn missing(&mut self, key: &'static str, mut remedy: String) {
        let tool = self.layers.older_tool;
        if let Some(sentence) = tool.and_then(|tool| tool.misunderstanding(key)) {
            remedy = format!("{remedy} {sentence}");
        }
        if !self.layers.file_lost {
            self.report(Fault::new("It is not set.", remedy).at(DEFAULTS, key, None));
        }
    }

    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Everything wrong, unknown names included. To be called when all sections have been read.
    pub(super) fn finish(self) -> Vec<Problem> {
        let known: Vec<&str> = self.known.keys().map(String::as_str).collect();
        let mut problems = self.problems;
        for (key, entry) in &self.layers.entries {
            if !self.known.contains_key(key.as_str()) {
                // The value stays unseen: it may be a token under a misspelt name.
                problems.push(unknown(key, entry, &known).at(&entry.source, key, None));
            }
        }
        problems
    }

    /// What was found of an older tool's variables that do nothing.
    pub(super) fn take_without_effect(&mut self) -> Vec<WithoutEffect> {
        std::mem::take(&mut self.layers.without_effect)
    }

    fn value<T>(
        &mut self,
        key: &str,
        default: Value,
        interpret: impl FnOnce(&Given) -> Result<T, Fault>,
    ) -> Option<T> {
        let given = match self.layers.entries.get(key) {
            Some(entry) => entry.value.clone(),
            None => Given::Typed(default.clone()),
        };
        self.known.insert(key.to_owned(), default);
        interpret(&given)
            .map_err(|fault| self.report(fault.at(&self.source(key), key, Some(show(&given)))))
            .ok()
    }

    fn source(&self, key: &str) -> String {
        match self.layers.entries.get(key) {
            Some(entry) => entry.source.clone(),
            None => DEFAULTS.to_owned(),
        }
    }

    /// Every setting that was asked for, with its default.
    #[cfg(test)]
    pub(super) fn known(&self) -> &BTreeMap<String, Value> {
        &self.known
    }
}

pub(super) fn text_of(given: &Given) -> Result<&str, Fault> {
    match given {
        Given::Typed(Value::String(text)) | Given::Raw(text) => Ok(text.trim()),
        Given::Typed(_) => Err(wrong_type("a text", given)),
    }
}

pub(super) fn texts_of(given: &Given) -> Result<Vec<String>, Fault> {
    let wrong = || wrong_type("a list of texts", given);
    let array = match given {
        Given::Typed(Value::Array(array)) => array.clone(),
        Given::Raw(text) if text.trim_start().starts_with('[') => {
            let table: Table = format!("list = {text}").parse().map_err(|_| wrong())?;
            let list = table.get("list").and_then(Value::as_array);
            list.filter(|_| table.len() == 1).ok_or_else(wrong)?.clone()
        }
        Given::Raw(text) => {
            let parts = text.split(',').map(str::trim);
            let parts = parts.filter(|part| !part.is_empty());
            return Ok(parts.map(str::to_owned).collect());
        }
        Given::Typed(_) => return Err(wrong()),
    };
    let texts = array
        .iter()
        .map(|value| value.as_str().map(|text| text.trim().to_owned()));
    texts.collect::<Option<_>>().ok_or_else(wrong)
}

fn tables_of(given: &Given) -> Result<Vec<Table>, Fault> {
    let wrong = || wrong_type("a list of tables", given);
    let value = match given {
        Given::Typed(value) => value.clone(),
        Given::Raw(text) if text.trim().is_empty() => return Ok(Vec::new()),
        Given::Raw(text) => serde_json::from_str(text).map_err(|error| {
            Fault::new(
                format!("It is not a list in JSON: {error}."),
                "Write it like [{\"key\": \"sales\", \"label\": \"Sales affected\"}].",
            )
        })?,
    };
    let tables = match value {
        Value::Array(values) => values.into_iter().map(|value| match value {
            Value::Table(table) => Some(table),
            _ => None,
        }),
        _ => return Err(wrong()),
    };
    tables.collect::<Option<_>>().ok_or_else(wrong)
}

pub(super) fn wrong_type(wanted: &str, given: &Given) -> Fault {
    let got = match given {
        Given::Raw(_) => return Fault::new(format!("It must be {wanted}."), "Correct the value."),
        Given::Typed(Value::String(_)) => "a text",
        Given::Typed(Value::Integer(_)) => "a whole number",
        Given::Typed(Value::Float(_)) => "a number with a fraction",
        Given::Typed(Value::Boolean(_)) => "true or false",
        Given::Typed(Value::Datetime(_)) => "a date or time",
        Given::Typed(Value::Array(_)) => "a list",
        Given::Typed(Value::Table(_)) => "a table",
    };
    let remedy = match wanted {
        "a text" => "Put it in quotes.",
        "a list of tables" => "Write each under a line with its name in [[ ]].",
        "a list of texts" => "Write it as [\"one\", \"two\"].",
        _ => "Write it without quotes.",
    };
    Fault::new(format!("It must be {wanted}, and this is {got}."), remedy)
}

fn unknown(key: &str, entry: &Entry, known: &[&str]) -> Fault {
    let section = format!("{key}.");
    if known.iter().any(|name| name.starts_with(&section)) {
        let remedy = format!("Put its settings under [{key}], one to a line.");
        return Fault::new("This is a section, not a setting.", remedy);
    }
    let spelt = |name: &str| match entry.value {
        Given::Raw(_) => variable_of(name),
        Given::Typed(_) => name.to_owned(),
    };
    let remedy = match nearest_setting(key, known) {
        Some(name) => format!("Did you mean {}?", spelt(name)),
        None => "Remove it, or look in config/balefire.toml for the right name.".to_owned(),
    };
    Fault::new("There is no such setting.", remedy)
}

fn show(given: &Given) -> String {
    match given {
        Given::Raw(text) => shown(text),
        Given::Typed(value) => show_value(value),
    }
}

fn show_value(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", shown(text)),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(on) => on.to_string(),
        Value::Datetime(time) => time.to_string(),
        Value::Array(array) => {
            let parts: Vec<String> = array.iter().map(show_value).collect();
            format!("[{}]", parts.join(", "))
        }
        Value::Table(_) => "{…}".to_owned(),
    }
}
