//! Catalogues of stackmon's status dashboard: names without keys, once for each region.

use super::*;
use crate::domain::component::Described;

#[track_caller]
fn read(text: &str) -> Vec<Described> {
    let catalog = parse_stackmon(text, "catalog.yaml");
    catalog.expect("a good catalogue").entries
}

#[track_caller]
fn problems(text: &str) -> Vec<String> {
    let problems = parse_stackmon(text, "catalog.yaml").expect_err("something is wrong");
    problems.iter().map(Problem::to_string).collect()
}

/// A file of entries, each a name with its attributes as `region=eu,type=mq`.
fn file(entries: &[(&str, &str)]) -> String {
    let mut text = "components:\n".to_owned();
    for (name, attributes) in entries {
        text.push_str(&format!("  - name: \"{name}\"\n"));
        if !attributes.is_empty() {
            text.push_str("    attributes:\n");
        }
        for attribute in attributes.split(',').filter(|it| !it.is_empty()) {
            let (field, value) = attribute.split_once('=').expect("field=value");
            text.push_str(&format!("      {field}: {value}\n"));
        }
    }
    text
}

fn known(entries: &[(&str, &str)]) -> Vec<(String, String)> {
    let said = read(&file(entries)).into_iter();
    said.map(|it| (it.key.0, it.name)).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let pair = |(key, name): &(&str, &str)| ((*key).to_owned(), (*name).to_owned());
    expected.iter().map(pair).collect()
}

#[test]
fn a_name_in_two_regions_is_two_components() {
    let text = "
# the services
components:
  - name: Object Storage
    attributes:
      region: north-1
      category: Storage
      type: obs
  - name: Object Storage
    attributes: {region: south-1, category: Storage, type: obs}
  - name: Console
";
    let said = read(text);
    let known: Vec<_> = said
        .iter()
        .map(|it| (it.key.as_str(), it.name.as_str()))
        .collect();
    assert_eq!(
        known,
        [
            ("object-storage-north-1", "Object Storage (north-1)"),
            ("object-storage-south-1", "Object Storage (south-1)"),
            ("console", "Console"),
        ]
    );
    let attributes: Vec<_> = said[0].attributes.iter().collect();
    let pair = |field: &str, value: &str| (field.to_owned(), value.to_owned());
    let expected = [
        pair("group", "Storage"),
        pair("region", "north-1"),
        pair("type", "obs"),
    ];
    assert_eq!(
        attributes,
        expected.iter().map(|(a, b)| (a, b)).collect::<Vec<_>>()
    );
}

#[test]
fn an_entry_keeps_its_key_whatever_stands_around_it() {
    let alone = known(&[("Queue", "region=eu")]);
    assert_eq!(alone, pairs(&[("queue-eu", "Queue")]));
    let others = [
        ("Queue", "region=us"),
        ("Queue", ""),
        ("Queue", "region=eu"),
    ];
    assert_eq!(
        known(&others),
        pairs(&[
            ("queue-us", "Queue (us)"),
            ("queue", "Queue"),
            ("queue-eu", "Queue (eu)")
        ])
    );
    // What else is said may change.
    assert_eq!(known(&[("Queue", "region=eu,type=mq")]), alone);
}

#[test]
fn entries_of_one_region_are_told_apart_by_what_differs() {
    assert_eq!(
        known(&[
            ("Queue", "region=eu,category=A,type=mq,tier=1"),
            ("Queue", "region=eu,category=A,type=mq,tier=2"),
            ("Queue", "region=us,category=A,type=mq,tier=2"),
        ]),
        pairs(&[
            ("queue-eu-1", "Queue (eu, 1)"),
            ("queue-eu-2", "Queue (eu, 2)"),
            ("queue-us", "Queue (us, 2)"),
        ])
    );
    assert_eq!(
        problems(&file(&[("Queue", "region=eu"), ("queue", "region=eu")])),
        [
            "catalog.yaml, line 5: name = \"queue\". The same stands there already (catalog.yaml, \
             line 2). Take one of them out."
        ]
    );
}

#[test]
fn every_name_gives_a_key_that_can_be_one() {
    let long = "Very ".repeat(14);
    let keys: Vec<String> = known(&[
        ("Help", ""),
        ("24", ""),
        ("A+B", ""),
        ("A B", ""),
        ("Fronta žluťoučká", ""),
        ("Очередь", ""),
        (&long, ""),
    ])
    .into_iter()
    .map(|(key, _)| key)
    .collect();
    assert_eq!(keys[..2], ["c-help", "c-24"]);
    let marked = |key: &str, of: &str| {
        let mark = key.strip_prefix(of).and_then(|it| it.strip_prefix('-'));
        mark.is_some_and(|it| it.len() == 6 && it.chars().all(|c| c.is_ascii_hexdigit()))
    };
    assert!(
        marked(&keys[2], "a-b") && marked(&keys[3], "a-b"),
        "{keys:?}"
    );
    assert_ne!(keys[2], keys[3]);
    assert!(marked(&keys[4], "fronta-lu-ou-k"), "{keys:?}");
    assert!(marked(&keys[5], "c"), "{keys:?}");
    assert!(
        keys[6].len() <= 64 && keys[6].starts_with("very-very-"),
        "{keys:?}"
    );
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let told = problems("components:\n  - name: A\n    attributes:\n      names: x\n");
    assert_eq!(
        told,
        [
            "catalog.yaml, line 4: names. This looks like a misspelt field. Did you mean name? \
             Otherwise give it a longer name."
        ]
    );
    for (text, line) in [
        ("components:\n  - title: A\n", "line 2"),
        ("components:\n  - name: [A]\n", "line 2"),
        ("components:\n  - name: A\n  - attributes: {}\n", "line 3"),
        ("parts:\n  - name: A\n", "line 1"),
        ("components: [\n", "line"),
    ] {
        let told = problems(text).join("\n");
        assert!(
            told.contains("no catalogue of a status dashboard") && told.contains(line),
            "{told}"
        );
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    let long = problems(&file(&[(&"a".repeat(76), "")]));
    assert!(long[0].contains("one line of 1 to 75"), "{long:?}");
}

#[test]
fn numbers_and_nothing_are_read_as_what_they_look_like() {
    let said = read(
        "components:\n  - name: 42\n    attributes: {region: 1, tier: ~, beta: yes, owner: Team}\n",
    );
    assert_eq!(
        (said[0].key.as_str(), said[0].name.as_str()),
        ("c-42-1", "42")
    );
    assert_eq!(said[0].attributes["region"], "1");
    assert_eq!(said[0].attributes["beta"], "yes");
    assert_eq!(said[0].owner.as_deref(), Some("Team"));
    assert_eq!(said[0].attributes.len(), 2);
    assert_eq!(read(""), []);
    assert_eq!(read("components:\n"), []);
}

#[test]
fn the_name_of_the_file_says_which_kind_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        read_catalog(&path)
    };
    let yaml = file(&[("A", "")]);
    for name in ["a.yaml", "a.yml", "a.YAML"] {
        assert_eq!(write(name, &yaml).expect("yaml").entries.len(), 1);
    }
    assert!(write("a.toml", &yaml).is_err());
    assert!(write("a", "[[component]]\nkey = \"a\"\nname = \"A\"\n").is_ok());
}

#[test]
fn thousands_of_entries_are_read() {
    let entries: Vec<(String, String)> = (0..10_000)
        .map(|n| {
            (
                format!("Service {}", n / 2),
                format!("region=r{},type=t,category=c", n % 2),
            )
        })
        .collect();
    let entries: Vec<(&str, &str)> = entries
        .iter()
        .map(|(name, attributes)| (name.as_str(), attributes.as_str()))
        .collect();
    assert_eq!(read(&file(&entries)).len(), 10_000);
}
