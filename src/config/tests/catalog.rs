//! Catalogues that are right, and everything that can be wrong with one.

use super::*;
use crate::domain::{catalog::Conflict, component::Described};

const SHIPPED: &str = include_str!("../../../config/catalog.toml");

#[track_caller]
fn problems(text: &str) -> Vec<String> {
    let problems = parse_catalog(text, "catalog.toml").expect_err("something is wrong");
    problems.iter().map(Problem::to_string).collect()
}

#[track_caller]
fn read(text: &str) -> Vec<Described> {
    let catalog = parse_catalog(text, "catalog.toml");
    catalog.expect("a good catalogue").entries
}

fn component(key: &str, name: &str, more: &str) -> String {
    format!("[[component]]\nkey = \"{key}\"\nname = \"{name}\"\n{more}\n")
}

#[test]
fn the_shipped_catalogue_is_good() {
    let entries = read(SHIPPED);
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
    assert_eq!(payments.attributes["group"], "Money");
    assert_eq!(payments.attributes["region"], "eu");
    assert_eq!(
        payments.words().collect::<Vec<_>>(),
        ["payments", "checkout", "pay"]
    );
    assert_eq!(payments.owner.as_deref(), Some("Team Payments"));
    assert!(payments.description.is_some() && !payments.links.is_empty());
    let booking = &entries[1];
    assert!(booking.parents.contains(&payments.key));
}

#[test]
fn key_and_name_are_all_that_is_needed() {
    let entries = read(&component("a", "A", "owner = \" \"\nregion = \"\""));
    assert_eq!(entries, [Described::plain("a", "A")]);
    assert_eq!(read(""), []);
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
            "catalog.toml, line 2: key = \"resolve\". It is a word of the command: \
             /outage resolve. Choose another word.",
            "catalog.toml, line 4: aliases = \"12\". A plain number means the outage with that \
             number. Choose a word.",
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
            "catalog.toml, line 7: name = \"payments\". Another component has this name \
             (catalog.toml, line 3). People must be able to tell them apart.",
            "catalog.toml, line 8: aliases = \"pay\". It is taken as a key or alias already \
             (catalog.toml, line 2). Keys and aliases must all be different.",
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
            "catalog.toml, line 1: name. The component has none. Add it.",
            "catalog.toml, line 2: key. It must be a text. Put it in quotes.",
            "catalog.toml, line 4: key. The component has none. Add it.",
            "catalog.toml, line 4: name. The component has none. Add it.",
            "catalog.toml, line 5: aliases. It must be a list. Write it as [\"pay\"].",
            "catalog.toml, line 6: tier. It must be a text. Put it in quotes.",
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

#[test]
fn everything_can_be_said_of_a_component() {
    let more = "
group = \"Money\"
market = \"b2b\"
parents = [\"b\"]
owner = \"Team Payments\"
links = [{ name = \"Runbook\", url = \"https://wiki.example.com/a?b=c#d\" }]
description = \"\"\"
Cards,
and invoices.
\"\"\"";
    let said = read(&(component("a", "A", more) + &component("b", "B", "retired = true")));
    let a = &said[0];
    assert_eq!(
        a.parents.iter().map(|it| it.as_str()).collect::<Vec<_>>(),
        ["b"]
    );
    assert_eq!(a.owner.as_deref(), Some("Team Payments"));
    assert_eq!(a.description.as_deref(), Some("Cards,\nand invoices."));
    assert_eq!(a.links[0].url, "https://wiki.example.com/a?b=c#d");
    assert_eq!((a.retired, said[1].retired), (false, true));
    assert_eq!(a.attributes.keys().collect::<Vec<_>>(), ["group", "market"]);
}

#[test]
fn links_are_a_list_or_a_table() {
    let list = "[[component.links]]\nname = \"Graphs\"\nurl = \"http://graphs.example.com\"\n\
                [[component.links]]\nname = \"Code\"\nurl = \"https://code.example.com\"";
    let table = "[component.links]\nGraphs = \"http://graphs.example.com\"\n\
                 Code = \"https://code.example.com\"";
    let names = |more: &str| -> Vec<String> {
        let said = read(&component("a", "A", more));
        said[0].links.iter().map(|it| it.name.clone()).collect()
    };
    assert_eq!(names(list), ["Graphs", "Code"]);
    assert_eq!(names(table), ["Code", "Graphs"]);
}

#[test]
fn links_that_cannot_be_opened_are_told_at_their_line() {
    let a = |url: &str| {
        let links = format!("links = [\n  {{ name = \"Code\", url = \"{url}\" }},\n]");
        problems(&component("a", "A", &links))
    };
    assert_eq!(
        a("javascript:alert(1)"),
        [
            "catalog.toml, line 5: links = \"javascript:alert(1)\". It must begin with http:// or \
             https://. Write it like https://wiki.example.com/payments."
        ]
    );
    for (url, told) in [
        ("code.example.com", "not a web address"),
        ("ftp://code.example.com", "http:// or https://"),
        ("https://ana:pw@code.example.com", "user name or password"),
        ("https://code.example.com/a b", "spaces"),
        (
            &format!("https://x.test/{}", "a".repeat(2000)),
            "longer than",
        ),
    ] {
        assert!(a(url)[0].contains(told), "{url}: {:?}", a(url));
    }
    let wrong = |links: &str| problems(&component("a", "A", links)).join(" ");
    let link = "{ name = \"a\", url = \"https://x.test\" }";
    let bare = wrong("links = [\"https://x.test\"]");
    assert!(bare.contains("Write it as { name = \"Runbook\""), "{bare}");
    assert!(wrong("links = \"https://x.test\"").contains("has a name and a url"));
    assert!(wrong("links = [{ name = \"a\" }]").contains("has a name and a url"));
    assert!(wrong(&format!("links = [{link}, {link}]")).contains("Another link has this name"));
    let icon = "links = [{ name = \"a\", url = \"https://x.test\", icon = \"b\" }]";
    assert!(wrong(icon).contains("links.icon. A link has only"));
    let many: Vec<String> = (0..21)
        .map(|n| format!("{{ name = \"a{n}\", url = \"https://x.test\" }}"))
        .collect();
    assert!(wrong(&format!("links = [{}]", many.join(", "))).contains("more than 20 links"));
}

#[test]
fn texts_have_limits() {
    let long = |field: &str, most: usize| {
        let with = |count| component("a", "A", &format!("{field} = \"{}\"", "é".repeat(count)));
        assert!(parse_catalog(&with(most), "x").is_ok(), "{field}");
        problems(&with(most + 1))[0].clone()
    };
    assert!(long("owner", 150).contains("one line of at most 150"));
    assert!(long("region", 150).contains("one line of at most 150"));
    assert!(long("description", 3000).contains("at most 3000"));
    let told = problems(&component(
        "a",
        "A",
        "owner = \"a\\nb\"\ndescription = \"a\\u0000b\"",
    ));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(problems(&component("a", "A", "retired = \"yes\""))[0].contains("true or false"));
    assert!(problems(&component("a", "A", "parents = \"b\""))[0].contains("[\"payments\"]"));
    assert!(problems(&component("a", "A", "parents = [\"b\", \"b\"]"))[0].contains("twice"));
}

#[test]
fn parents_that_go_in_a_circle_are_shown() {
    let file = component("a", "A", "parents = [\"b\"]")
        + &component("b", "B", "parents = [\"c\"]")
        + &component("c", "C", "parents = [\"a\"]")
        + &component("d", "D", "parents = [\"a\"]");
    assert_eq!(
        problems(&file),
        [
            "catalog.toml, line 4: parents. Parents go in a circle: a needs b needs c needs a. Take \
             one of these parents out."
        ]
    );
    let own = problems(&component("a", "A", "parents = [\"a\"]"));
    assert!(own[0].contains("a needs a."), "{own:?}");
}

#[test]
fn what_is_retired_leaves_its_name_and_key_as_words_to_others() {
    let file = component("pay", "Payments", "retired = true")
        + &component("payments", "Payments", "aliases = [\"pay\"]");
    assert_eq!(read(&file).len(), 2);
    let twice = component("pay", "A", "retired = true") + &component("pay", "B", "");
    assert!(problems(&twice)[0].contains("taken as a key"));
}

#[test]
fn what_the_database_refuses_is_told_at_its_line() {
    let file = component("a", "A", "aliases = [\"x\"]\nparents = [\"b\"]");
    let catalog = parse_catalog(&file, "catalog.toml").expect("good");
    let told = |conflict: Conflict| catalog.refused(&[conflict]).to_string();
    let (key, other) = (|| "a".into(), || "old".into());
    assert_eq!(
        told(Conflict::Name {
            key: key(),
            name: "A".into(),
            other: other()
        }),
        "catalog.toml, line 3: name = \"A\". In the database the component old has this name. Keys \
         never change: give the entry that key, or another name; --prune retires what the file does \
         not name."
    );
    let word = told(Conflict::Word {
        key: key(),
        word: "x".into(),
        other: other(),
    });
    assert!(
        word.starts_with("catalog.toml, line 4: aliases = \"x\". In the database"),
        "{word}"
    );
    let word = told(Conflict::Word {
        key: key(),
        word: "a".into(),
        other: other(),
    });
    assert!(
        word.starts_with("catalog.toml, line 2: key = \"a\"."),
        "{word}"
    );
    assert_eq!(
        told(Conflict::UnknownParent {
            key: key(),
            parent: "b".into(),
            meant: None
        }),
        "catalog.toml, line 5: parents = \"b\". No component has this key, here or in the database. \
         Write the key of a component that is in use."
    );
    let meant = Some("base".into());
    let alias = told(Conflict::UnknownParent {
        key: key(),
        parent: "b".into(),
        meant,
    });
    assert!(alias.ends_with("It is an alias: write base."), "{alias}");
    let gone = told(Conflict::RetiredParent {
        key: key(),
        parent: "b".into(),
    });
    assert!(gone.starts_with("catalog.toml, line 5: parents = \"b\". This component is retired"));
    let circle = told(Conflict::Circle {
        key: key(),
        keys: vec![key(), other()],
    });
    assert!(circle.contains("line 5: parents. Parents go in a circle: a needs old needs a."));
}
