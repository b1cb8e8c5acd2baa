//! TOML text with the line of every value, and its syntax errors in our words.
//! What the values mean is read elsewhere.

use serde::Deserialize;
use toml::Value;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::problem::{Fault, HIDDEN, Problem};

/// More broken lines than this are mostly echoes of the first ones.
const SYNTAX_ERRORS_SHOWN: usize = 5;

/// A file's text under the name that problems call it by.
pub(super) struct Document<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

/// A value with its dotted name and where it stands.
pub(super) struct Leaf {
    pub(super) key: String,
    pub(super) source: String,
    pub(super) value: Value,
}

impl<'a> Document<'a> {
    /// The table of the document, or what is wrong with its syntax, at most once per line.
    pub(super) fn parse(&self) -> Result<DeTable<'a>, Vec<Problem>> {
        let (table, mut errors) = DeTable::parse_recoverable(self.text);
        if errors.is_empty() {
            return Ok(table.into_inner());
        }
        errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
        let mut problems: Vec<Problem> = Vec::new();
        for error in &errors {
            let problem = self.syntax_problem(error);
            let seen = problems.iter().any(|known| known.source == problem.source);
            if !seen && problems.len() < SYNTAX_ERRORS_SHOWN {
                problems.push(problem);
            }
        }
        Err(problems)
    }

    /// All values that are not tables, in the order of their names.
    pub(super) fn leaves(&self) -> Result<Vec<Leaf>, Vec<Problem>> {
        let mut leaves = Vec::new();
        let mut problems = Vec::new();
        self.collect("", &self.parse()?, &mut leaves, &mut problems);
        if problems.is_empty() {
            Ok(leaves)
        } else {
            Err(problems)
        }
    }

    /// The name of the document with the line of a byte offset.
    pub(super) fn place(&self, offset: usize) -> String {
        format!("{}, line {}", self.name, self.position(offset).0)
    }

    fn collect(
        &self,
        prefix: &str,
        table: &DeTable<'_>,
        leaves: &mut Vec<Leaf>,
        problems: &mut Vec<Problem>,
    ) {
        for (name, value) in table {
            let key = match prefix {
                "" => name.get_ref().to_string(),
                prefix => format!("{prefix}.{}", name.get_ref()),
            };
            if let DeValue::Table(inner) = value.get_ref() {
                self.collect(&key, inner, leaves, problems);
                continue;
            }
            let source = self.place(name.span().start);
            match owned(value.clone()) {
                Ok(value) => leaves.push(Leaf { key, source, value }),
                Err(fault) => problems.push(fault.at(&source, &key, None)),
            }
        }
    }

    fn syntax_problem(&self, error: &toml::de::Error) -> Problem {
        let offset = error.span().map_or(0, |span| span.start);
        let (line, column) = self.position(offset);
        let text = self.text.lines().nth(line - 1).unwrap_or_default();
        Fault::new(
            format!("This is not TOML: {}.", error.message()),
            format!("Correct column {column} of: {}", without_secrets(text)),
        )
        .at(&self.place(offset), "", None)
    }

    /// Line and column, counted from one, in characters.
    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }
}

/// The value without its span.
pub(super) fn owned(value: toml::Spanned<DeValue<'_>>) -> Result<Value, Fault> {
    Value::deserialize(ValueDeserializer::from(value)).map_err(|error| {
        Fault::new(
            format!("The value cannot be read: {}.", error.message()),
            "Numbers have to fit into 64 bits.",
        )
    })
}

/// The line for showing. A broken line may be the one with the token, and this text may end up
/// in a log, so what looks like a secret or belongs to a name that sounds like one is hidden.
fn without_secrets(line: &str) -> String {
    let (name, value) = match line.split_once('=') {
        Some((name, value)) => (name.trim(), value),
        None => ("", line),
    };
    let sounds_secret = ["token", "secret", "password", "url"]
        .iter()
        .any(|word| name.to_lowercase().contains(word));
    let looks_secret = value.contains("xox")
        || value.contains("://")
        || value
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|run| run.len() >= 16);
    match (sounds_secret || looks_secret, name) {
        (false, _) => line.trim().to_owned(),
        (true, "") => HIDDEN.to_owned(),
        (true, name) => format!("{name} = {HIDDEN}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document<'_> {
        Document {
            name: "balefire.toml",
            text,
        }
    }

    fn syntax_problems(text: &str) -> Vec<String> {
        let problems = document(text).parse().expect_err("the text is broken");
        problems.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn leaves_know_their_line() {
        let leaves = document("[log]\nfilter = \"info\"\n\n[a.b]\nc = [1, 2]\n")
            .leaves()
            .expect("sound TOML");
        let seen: Vec<_> = leaves
            .iter()
            .map(|leaf| (leaf.key.as_str(), leaf.source.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                ("a.b.c", "balefire.toml, line 5"),
                ("log.filter", "balefire.toml, line 2")
            ]
        );
    }

    #[test]
    fn broken_syntax_is_shown_with_line_column_and_the_line() {
        assert_eq!(
            syntax_problems("[log]\nformat json\n"),
            [
                "balefire.toml, line 2: This is not TOML: key with no value, expected `=`. \
              Correct column 8 of: format json"
            ]
        );
    }

    #[test]
    fn a_broken_line_with_a_token_is_not_shown() {
        let problems = syntax_problems("[slack]\nbot_token = \"xoxb-123\n[log\n");
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].ends_with("of: bot_token = (hidden)"));
        assert!(problems[1].ends_with("of: [log"));
        assert_eq!(without_secrets("0123456789abcdef0123"), HIDDEN);
        assert_eq!(
            without_secrets(" shutdown_grace_seconds = 3 3"),
            "shutdown_grace_seconds = 3 3"
        );
    }

    #[test]
    fn a_number_beyond_64_bits_is_a_problem() {
        let problems = document("[a]\nb = 99999999999999999999\n").leaves();
        let problems = problems.err().expect("too large");
        assert_eq!(problems[0].key, "a.b");
        assert_eq!(problems[0].source, "balefire.toml, line 2");
    }
}
