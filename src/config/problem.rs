//! What is wrong with the settings, said so that the reader can put it right.
//! Where the problems are found is the business of the other files here.

use std::fmt;

/// The source of a value that nobody gave.
pub(super) const DEFAULTS: &str = "defaults";

/// What is shown in place of a secret.
pub(super) const HIDDEN: &str = "(hidden)";

/// One thing wrong, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A file with its line, an environment variable, "command line" or "defaults".
    pub source: String,
    /// The dotted name of the setting; empty if the whole source is meant.
    pub key: String,
    /// What was given, never a secret.
    pub value: Option<String>,
    /// One sentence: what is wrong.
    pub reason: String,
    /// One sentence: what to do.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.source != DEFAULTS {
            write!(f, "{}: ", self.source)?;
        }
        match (self.key.as_str(), &self.value) {
            ("", _) => {}
            (key, Some(value)) => write!(f, "{key} = {value}. ")?,
            (key, None) => write!(f, "{key}. ")?,
        }
        write!(f, "{} {}", self.reason, self.remedy)
    }
}

/// Everything wrong at once, so that nobody has to start the program five times.
#[derive(Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self(problems)
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One paragraph for each problem.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

/// As `Display`, so that a `main` that returns the error prints sentences.
impl fmt::Debug for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Problems {}

/// Why a value was refused, before it is known where the value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) reason: String,
    pub(super) remedy: String,
}

impl Fault {
    pub(super) fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            remedy: remedy.into(),
        }
    }

    pub(super) fn at(self, source: &str, key: &str, value: Option<String>) -> Problem {
        Problem {
            source: source.to_owned(),
            key: key.to_owned(),
            value,
            reason: self.reason,
            remedy: self.remedy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(source: &str, key: &str, value: Option<&str>) -> Problem {
        Fault::new("It is too small.", "Choose 2 or more.").at(
            source,
            key,
            value.map(str::to_owned),
        )
    }

    #[test]
    fn each_problem_is_a_paragraph() {
        let problems = Problems::new(vec![
            problem("balefire.toml, line 3", "a.b", Some("1")),
            problem(DEFAULTS, "c.d", None),
            problem("balefire.toml", "", None),
        ]);
        assert_eq!(
            problems.to_string(),
            "balefire.toml, line 3: a.b = 1. It is too small. Choose 2 or more.\n\n\
             c.d. It is too small. Choose 2 or more.\n\n\
             balefire.toml: It is too small. Choose 2 or more."
        );
    }
}
