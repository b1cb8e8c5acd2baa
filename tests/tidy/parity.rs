//! `docs/parity.md` says which test holds which line. So that it cannot rot: every test and file
//! that it names is there, every line of the checklist has its row, and the totals are right.
//!
//! The last column of a table names places and tests: `acceptance/announce`, `store/people`, a path
//! in backticks, or `tidy`; the words with underscores after one are tests in it. What else stands
//! in backticks is prose.

use std::{collections::BTreeMap, fs, path::Path};

use crate::source::{Source, Violation};

const DOCUMENT: &str = "docs/parity.md";
/// How many lines the checklist has.
const LINES: usize = 190;
const NOTHING: &str = "–";

pub fn map(sources: &[Source]) -> Vec<Violation> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    let text = fs::read_to_string(path).expect("the map of parity");
    let mut found = names(&text, sources);
    found.extend(totals(&text, LINES));
    found
}

/// Tests and files that are named and not there, and rows that hold and name nothing.
fn names(text: &str, sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    for (line, cells) in rows(text) {
        let named = cells[cells.len() - 1];
        if named == NOTHING && !cells.iter().any(|it| it.starts_with("*later*")) {
            found.push(violation(line, "names neither a test nor a place"));
        }
        let mut place: Option<&str> = None;
        for word in named.split_whitespace() {
            let word = word.trim_end_matches([',', ';', ':', '.']);
            if let Some(folder) = folder(word) {
                place = Some(word);
                if !sources.iter().any(|it| it.path.starts_with(&folder)) {
                    found.push(violation(line, format!("there is no {folder}")));
                }
            } else if is_test(word) {
                let at = place.and_then(folder).unwrap_or_default();
                let mut there = sources.iter().filter(|it| it.path.starts_with(&at));
                if at.is_empty() {
                    found.push(violation(line, format!("says not where {word} is")));
                } else if !there.any(|it| has_function(it, word)) {
                    found.push(violation(line, format!("there is no {word} in {at}")));
                }
            }
        }
    }
    found
}

/// Lines of the checklist without a row, with two, or out of order, and totals that are wrong.
fn totals(text: &str, lines: usize) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut last = 0;
    for (line, cells) in rows(text) {
        let Ok(number) = cells[0].parse::<usize>() else {
            continue;
        };
        if number != last + 1 {
            found.push(violation(line, format!("row {number} follows row {last}")));
        }
        last = number;
        let said = ["kept", "changed", "later"]
            .into_iter()
            .find(|it| cells[2].starts_with(&format!("*{it}*")));
        match said {
            Some(said) => *counts.entry(said).or_default() += 1,
            None => found.push(violation(line, "is neither kept, changed, nor later")),
        }
    }
    if last != lines {
        found.push(violation(1, format!("{lines} lines, and {last} rows")));
    }
    let count = |said| counts.get(said).copied().unwrap_or_default();
    let (kept, changed, later) = (count("kept"), count("changed"), count("later"));
    let right = format!(
        "Of the {lines} lines, {kept} are kept, {changed} are changed and {later} come later."
    );
    if !text.contains(&right) {
        found.push(violation(1, format!("should say: {right}")));
    }
    found
}

/// The cells of the tables' rows, with their lines in the file.
fn rows(text: &str) -> Vec<(usize, Vec<&str>)> {
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let inner = line.strip_prefix("| ").and_then(|it| it.strip_suffix(" |"));
        let cells: Vec<&str> = inner.unwrap_or("").split(" | ").map(str::trim).collect();
        let is_heading = cells[0].starts_with("---") || ["#", "defect"].contains(&cells[0]);
        if cells.len() >= 3 && !is_heading {
            rows.push((index + 1, cells));
        }
    }
    rows
}

/// The file or the folder that a word means, if it means one.
fn folder(word: &str) -> Option<String> {
    if word == "tidy" {
        return Some("tests/tidy/".to_owned());
    }
    for folder in ["acceptance/", "store/"] {
        if let Some(name) = word.strip_prefix(folder) {
            return Some(format!("tests/{folder}{name}.rs"));
        }
    }
    let path = word.strip_prefix('`')?.strip_suffix('`')?;
    ["src/", "tests/"]
        .iter()
        .any(|it| path.starts_with(it))
        .then(|| path.to_owned())
}

fn is_test(word: &str) -> bool {
    let plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    word.contains('_') && word.chars().all(plain)
}

fn has_function(source: &Source, name: &str) -> bool {
    let mut pairs = source.tokens.windows(2);
    pairs.any(|pair| pair[0].text == "fn" && pair[1].text == name)
}

fn violation(line: usize, advice: impl Into<String>) -> Violation {
    Violation {
        path: DOCUMENT.to_owned(),
        line,
        advice: advice.into(),
    }
}

#[test]
fn tests_that_are_not_there_are_found() {
    let sources = [
        Source::new("tests/acceptance/a.rs", "async fn it_works() {}"),
        Source::new("src/b.rs", "// fn only_said() {}\nfn it_holds() {}"),
    ];
    let row = |last: &str| names(&format!("| 1 | x | *kept* | {last} |"), &sources);
    for good in [
        "acceptance/a it_works",
        "acceptance/a it_works, it_works; `src/b.rs` it_holds: for `a_word` of prose",
        "`src/b.rs`",
    ] {
        assert!(row(good).is_empty(), "{good}");
    }
    for bad in [
        "acceptance/a it_broke",
        "acceptance/a it_holds",
        "acceptance/gone",
        "`src/b.rs` only_said",
        "it_works",
        NOTHING,
    ] {
        assert_eq!(row(bad).len(), 1, "{bad}");
    }
    assert!(names("| 1 | x | *later*: not yet | – |", &sources).is_empty());
}

#[test]
fn rows_are_counted() {
    let text = "Of the 2 lines, 1 are kept, 0 are changed and 1 come later.\n\
        | # | there | here | test |\n| 1 | x | *kept* | a |\n| 2 | x | *later* | – |\n";
    assert!(totals(text, 2).is_empty());
    assert_eq!(totals(text, 3).len(), 2, "a row too few, and other totals");
    assert_eq!(totals(&text.replace("*later*", "*kept*"), 2).len(), 1);
    assert_eq!(totals(&text.replace("| 2 |", "| 1 |"), 2).len(), 2);
    assert_eq!(totals(&text.replace("*kept*", "kept"), 2).len(), 2);
}
