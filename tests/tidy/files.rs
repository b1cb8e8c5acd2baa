//! What holds for a file as a whole: its length, its first lines, its name, and
//! that nothing in it waits for later.

use crate::source::{Source, Violation};

/// Look again at 400; at this many it is two files.
const LONGEST: usize = 600;

const NAMES_THAT_SAY_NOTHING: &[&str] = &["utils", "util", "helpers", "common", "manager"];

pub fn length(sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in sources {
        let lines = source.text.lines().count();
        if lines > LONGEST {
            found.push(source.violation(
                LONGEST + 1,
                format!("{lines} lines, {LONGEST} at most: split it where its first lines need an \"and\""),
            ));
        }
    }
    found
}

pub fn opening(sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.is_in("src")) {
        if !source.text.starts_with("//!") {
            found.push(source.violation(
                1,
                "begin with `//!` lines: what lives here, and what does not",
            ));
        }
    }
    found
}

pub fn names(sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in sources {
        let empty = source
            .path
            .trim_end_matches(".rs")
            .split('/')
            .find(|part| NAMES_THAT_SAY_NOTHING.contains(part));
        if let Some(name) = empty {
            found.push(source.violation(
                1,
                format!("`{name}` says nothing: name it after what it holds, or put it beside what uses it"),
            ));
        }
    }
    found
}

/// `FIXME` counts in comments too, so this looks at the text.
pub fn leftovers(sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in sources {
        for pair in source.tokens.windows(2) {
            let unfinished = ["todo", "unimplemented"].contains(&pair[0].text.as_str());
            if unfinished && pair[1].text == "!" {
                let advice = format!(
                    "`{}!` would panic in front of somebody: finish it, or leave it out",
                    pair[0].text
                );
                found.push(source.violation(pair[0].line, advice));
            }
        }
        // This folder has to name what it forbids.
        if source.is_in("tests/tidy") {
            continue;
        }
        for (index, line) in source.text.lines().enumerate() {
            if line.contains("FIXME") {
                found.push(source.violation(
                    index + 1,
                    "FIXME: mend it now, or say in a plain comment what does not work and why that is borne",
                ));
            }
        }
    }
    found
}

#[test]
fn a_long_file_is_found() {
    let fits = "//! x\n".repeat(LONGEST);
    let long = format!("{fits}\n");
    assert!(crate::lines(length, "src/a.rs", &fits).is_empty());
    let found = crate::violations(length, &[("tests/a.rs", &long)]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("tests/a.rs:601: 601 lines, 600 at most"));
}

#[test]
fn a_file_that_does_not_say_what_it_is_is_found() {
    assert_eq!(
        crate::lines(opening, "src/a.rs", "use b::c;\n//! late"),
        [1]
    );
    assert_eq!(crate::lines(opening, "src/a.rs", ""), [1]);
    assert!(crate::lines(opening, "src/a.rs", "//! Here.").is_empty());
    assert!(crate::lines(opening, "tests/a.rs", "").is_empty());
}

#[test]
fn a_name_that_says_nothing_is_found() {
    for path in [
        "src/desk/utils.rs",
        "tests/common/mod.rs",
        "src/job/manager.rs",
    ] {
        assert_eq!(crate::lines(names, path, ""), [1], "{path}");
    }
    assert!(crate::lines(names, "src/desk/common_words.rs", "").is_empty());
}

#[test]
fn what_is_left_for_later_is_found() {
    let text = "fn f() {\n todo!()\n}\n// FIXME: sometimes\nfn g() { unimplemented !(\"x\") }\nfn todo() { \"todo!()\"; }";
    assert_eq!(crate::lines(leftovers, "src/a.rs", text), [2, 5, 4]);
}
