//! The rules about our own sources that no compiler knows: which room may use
//! which, where a clock or the environment may be read, how long a file may be.
//!
//! Each rule is a function from sources to violations, so that it is run here
//! over the tree and, beside the rule, over made-up sources that break it.
//! The sources are read as tokens, without comments and strings; macros that put
//! a path together are beyond it.

mod files;
mod logs;
mod parity;
mod paths;
mod reach;
mod rooms;
mod source;

use source::{Source, Violation};

#[test]
fn a_room_uses_only_the_rooms_below_it() {
    hold(rooms::imports);
}

#[test]
fn clocks_are_read_in_the_clock_alone() {
    hold(reach::clocks);
}

#[test]
fn the_environment_is_read_by_the_settings_alone() {
    hold(reach::environment);
}

#[test]
fn libraries_with_one_owner_stay_with_it() {
    hold(reach::libraries);
}

#[test]
fn what_talks_to_the_network_holds_no_transaction() {
    hold(reach::transactions);
}

#[test]
fn errors_of_the_database_are_logged_in_words() {
    hold(logs::errors);
}

#[test]
fn files_are_short_enough_to_read() {
    hold(files::length);
}

#[test]
fn files_say_what_lives_in_them() {
    hold(files::opening);
}

#[test]
fn files_are_named_after_what_they_hold() {
    hold(files::names);
}

#[test]
fn nothing_is_left_for_later() {
    hold(files::leftovers);
}

#[test]
fn the_map_of_parity_names_what_is_there() {
    hold(parity::map);
}

/// Runs a rule over the tree and fails with everything it found.
#[track_caller]
fn hold(rule: fn(&[Source]) -> Vec<Violation>) {
    let sources = source::tree();
    assert!(
        sources.iter().any(|source| source.path == "src/lib.rs"),
        "the sources were not found"
    );
    let found = rule(&sources);
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "\n\n{}\n", lines.join("\n"));
}

/// What a rule says of made-up files, as `path:line` and advice.
fn violations(rule: fn(&[Source]) -> Vec<Violation>, files: &[(&str, &str)]) -> Vec<String> {
    let sources: Vec<Source> = files
        .iter()
        .map(|(path, text)| Source::new(path, text))
        .collect();
    rule(&sources).iter().map(ToString::to_string).collect()
}

/// Where a rule finds something in one made-up file: the lines.
fn lines(rule: fn(&[Source]) -> Vec<Violation>, path: &str, text: &str) -> Vec<usize> {
    rule(&[Source::new(path, text)])
        .iter()
        .map(|violation| violation.line)
        .collect()
}
