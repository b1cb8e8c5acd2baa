//! Catalogues that are right, and everything that can be wrong with one.

use super::*;

const SHIPPED: &str = include_str!("../../../config/catalog.toml");

#[track_caller]
fn problems(text: &str) -> Vec<String> {
    let problems = parse_catalog(text, "catalog.toml").expect_err("something is wrong");
    problems.iter().map(Problem::to_string).collect()
}

fn component(key: &str, name: &str, more: &str) -> String {
    format!("[[component]]\nkey = \"{key}\"\nname = \"{name}\"\n{more}\n")
}

#[test]
fn the_shipped_catalogue_is_good() {
    let entries = parse_catalog(SHIPPED, "config/catalog.toml").expect("a good example");
    let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "payments",
            "booking",
            "search",
            "website",
            "mobile-app",
            "check-in",
            "partner-api",
            "data-platform"
        ]
    );
    let payments = &entries[0];
    assert_eq!(payments.name, "Payments");
    assert_eq!(payments.group.as_deref(), Some("Money"));
    assert_eq!(payments.aliases, ["pay", "checkout"]);
    assert_eq!(payments.attributes["region"], "eu");
}

#[test]
fn key_and_name_are_all_that_is_needed() {
    let entries = parse_catalog(&component("a", "A", ""), "catalog.toml").expect("good");
    assert_eq!(entries[0].group, None);
    assert!(entries[0].aliases.is_empty() && entries[0].attributes.is_empty());
    assert_eq!(parse_catalog("", "catalog.toml"), Ok(Vec::new()));
}

#[test]
fn keys_and_aliases_have_a_shape() {
    let long = "a".repeat(65);
    for word in ["", "Pay", "1pay", "-pay", "pay me", "päy", &long] {
        let expected = "It must be a small letter and then";
        assert!(
            problems(&component(word, "A", ""))[0].contains(expected),
            "{word}"
        );
        let alias = component("a", "A", &format!("aliases = [\"{word}\"]"));
        assert!(problems(&alias)[0].contains(expected), "{word}");
    }
    assert!(parse_catalog(&component(&long[1..], "A", ""), "x").is_ok());
}

#[test]
fn words_of_the_command_and_numbers_are_not_free() {
    assert_eq!(
        problems(&component("resolve", "A", "aliases = [\"12\"]")),
        [
            "catalog.toml, line 4: aliases = \"12\". A plain number means the outage with that \
             number. Choose a word.",
            "catalog.toml, line 2: key = \"resolve\". It is a word of the command: \
             /outage resolve. Choose another word.",
        ]
    );
}

#[test]
fn every_word_of_the_command_is_refused_at_its_line() {
    for word in RESERVED {
        let expected = format!("It is a word of the command: /outage {word}. Choose another word.");
        let key = problems(&component(word, "A", ""));
        assert_eq!(
            key,
            [format!(
                "catalog.toml, line 2: key = \"{word}\". {expected}"
            )]
        );
        let alias = component("a", "A", &format!("aliases = [\"{word}\"]"));
        assert_eq!(
            problems(&alias),
            [format!(
                "catalog.toml, line 4: aliases = \"{word}\". {expected}"
            )]
        );
    }
    // Only the whole word is taken.
    for word in ["updates", "show-case", "listing"] {
        assert!(parse_catalog(&component(word, "A", ""), "x").is_ok());
    }
}

#[test]
fn nothing_is_there_twice() {
    let text =
        component("pay", "Payments", "") + &component("b", "payments", "aliases = [\"pay\"]");
    assert_eq!(
        problems(&text),
        [
            "catalog.toml, line 8: aliases = \"pay\". It is taken as a key or alias already \
             (catalog.toml, line 2). Keys and aliases must all be different.",
            "catalog.toml, line 7: name = \"payments\". Another component has this name \
             (catalog.toml, line 3). People must be able to tell them apart.",
        ]
    );
}

#[test]
fn names_fit_into_slack() {
    assert!(parse_catalog(&component("a", &"é".repeat(75), ""), "x").is_ok());
    for name in ["", "  ", "a\\nb", &"é".repeat(76)] {
        let expected = "A name is one line of 1 to 75 characters.";
        assert!(
            problems(&component("a", name, ""))[0].contains(expected),
            "{name}"
        );
    }
}

#[test]
fn what_is_missing_or_of_another_type_is_told_at_once() {
    let text = "[[component]]\nkey = 1\n\n[[component]]\naliases = \"pay\"\ntier = 2\n";
    assert_eq!(
        problems(text),
        [
            "catalog.toml, line 2: key. It must be a text. Put it in quotes.",
            "catalog.toml, line 1: name. The component has none. Add it.",
            "catalog.toml, line 5: aliases. It must be a list. Write it as [\"pay\"].",
            "catalog.toml, line 6: tier. It must be a text. Put it in quotes.",
            "catalog.toml, line 4: key. The component has none. Add it.",
            "catalog.toml, line 4: name. The component has none. Add it.",
        ]
    );
}

#[test]
fn a_slip_in_a_field_is_not_taken_for_an_attribute() {
    let problems = problems(&component("a", "A", "alias = \"pay\"\ngroups = \"x\""));
    assert!(problems[0].contains("Did you mean aliases?"));
    assert!(problems[1].contains("Did you mean group?"));
}

#[test]
fn only_components_are_in_a_catalogue() {
    assert!(problems("[components]\nkey = \"a\"\n")[0].contains("holds only components"));
    assert!(problems("component = [1]\n")[0].contains("not a component"));
    assert!(problems("[[component]\n")[0].contains("line 1: This is not TOML"));
    let missing = read_catalog(std::path::Path::new("/nonexistent/catalog.toml"));
    assert!(
        missing
            .expect_err("not there")
            .to_string()
            .contains("cannot be read")
    );
}
