//! The shipped settings file explains every setting and gives its default.

use std::collections::BTreeMap;

use toml::Value;

use super::super::document::Document;
use super::*;

const SHIPPED: &str = include_str!("../../../config/balefire.toml");

/// The first line of a table in a list of tables.
fn is_table(rest: &str) -> bool {
    rest.starts_with("[[") && rest.ends_with("]]")
}

/// With all settings in force.
fn uncommented() -> String {
    let is_setting = |rest: &str| {
        let name = rest.split_once(" = ").map_or("", |(name, _)| name);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        !name.is_empty() && name.chars().all(plain)
    };
    let lines = SHIPPED.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if is_setting(rest) || is_table(rest) => rest,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_file_shows_every_setting_with_its_default() {
    let text = uncommented();
    let document = Document {
        name: "config/balefire.toml",
        text: &text,
    };
    let shown: BTreeMap<String, Value> = document
        .leaves()
        .expect("sound TOML")
        .into_iter()
        .map(|leaf| (leaf.key, leaf.value))
        .collect();
    let mut reader = Reader::new(Layers::default());
    read_sections(&mut reader, &CHECKS, slack::read);
    let known: BTreeMap<String, Value> = reader
        .known()
        .iter()
        .map(|(key, default)| (key.clone(), default.clone()))
        .collect();
    assert_eq!(shown, known);
}

#[test]
fn the_file_changes_nothing_as_it_is_and_with_everything_in_force() {
    let defaults = Desk::without_file().load_partial().expect("defaults");
    for text in [SHIPPED, &uncommented()] {
        let settings = Desk::with_file(text)
            .load_partial()
            .expect("the file is good");
        assert_eq!(format!("{settings:?}"), format!("{defaults:?}"));
    }
}

/// The tables of a list are explained together, before the first.
#[test]
fn every_setting_is_explained() {
    let mut before = "";
    let mut in_tables = false;
    for line in SHIPPED.lines() {
        let rest = line.strip_prefix("# ").unwrap_or_default();
        let is_setting = rest
            .split_once(" = ")
            .is_some_and(|(name, _)| !name.contains(' '));
        if (is_setting || is_table(rest)) && !in_tables {
            assert!(before.starts_with("# ") && before.ends_with('.'), "{line}");
        }
        in_tables = is_table(rest) || (in_tables && is_setting);
        before = line;
    }
}
