//! What only one place may reach for: the clock, the environment, the libraries
//! that have one owner, and a transaction. Tests and benchmarks are free.

use crate::paths;
use crate::source::{Source, Violation};

/// A path that may be named in these places of `src` and in no other.
struct Reach {
    what: &'static [&'static str],
    places: &'static [&'static str],
    instead: &'static str,
}

const CLOCK: &[&str] = &["src/clock", "src/sandbox/clock"];
const ASK_THE_CLOCK: &str =
    "take `now` as an argument, or ask the clock (src/clock.rs), which tests can move";

const CLOCKS: &[Reach] = &[
    Reach {
        what: &["Utc", "now"],
        places: CLOCK,
        instead: ASK_THE_CLOCK,
    },
    Reach {
        what: &["Local", "now"],
        places: CLOCK,
        instead: ASK_THE_CLOCK,
    },
    Reach {
        what: &["SystemTime", "now"],
        places: CLOCK,
        instead: ASK_THE_CLOCK,
    },
    Reach {
        // How long something took is no decision, so telemetry may measure it.
        // The sandbox reports how long an answer took, and waits in real time for what follows.
        what: &["Instant", "now"],
        places: &[
            "src/clock",
            "src/sandbox/clock",
            "src/sandbox/control/seen",
            "src/telemetry",
        ],
        instead: "to decide, ask the clock (src/clock.rs); to measure, let telemetry do it",
    },
];

const ENVIRONMENT: &[Reach] = &[
    setting(&["env", "var"]),
    setting(&["env", "vars"]),
    setting(&["env", "var_os"]),
    setting(&["env", "vars_os"]),
];

const fn setting(what: &'static [&'static str]) -> Reach {
    Reach {
        what,
        places: &["src/config"],
        instead: "make it a setting: src/config/ reads it once and reports what is wrong with it",
    }
}

/// The sandbox may use nothing of ours, not even our calendar.
const CALENDAR: &[&str] = &[
    "src/domain/time",
    "src/sandbox/blocks/schema",
    "src/sandbox/control/choose",
    "src/sandbox/world/people",
];

const LIBRARIES: &[Reach] = &[
    Reach {
        what: &["chrono"],
        places: CALENDAR,
        instead: "use or extend the types of src/domain/time",
    },
    Reach {
        what: &["chrono_tz"],
        places: CALENDAR,
        instead: "use or extend the types of src/domain/time",
    },
    Reach {
        what: &["serde_saphyr"],
        places: &["src/config"],
        instead: "YAML is read only in files of older tools, by src/config/; ours is TOML",
    },
    Reach {
        // The derives that make an ID or a time a column are no statements.
        what: &["sqlx"],
        places: &[
            "src/store",
            "src/domain/ids",
            "src/domain/time",
            // Multiplies rows: nothing that the product ever does.
            "benches/desk/fill",
        ],
        instead: "put the statement into src/store/ as a function with a name of the domain",
    },
];

/// Code that calls the outside. Add a file here when it begins to.
const NETWORK: &[&str] = &[
    "src/directory",
    "src/slack/api",
    "src/slack/deliver",
    "src/slack/ingress/socket",
    "src/slack/replies",
];

pub fn clocks(sources: &[Source]) -> Vec<Violation> {
    out_of_place(sources, CLOCKS)
}

pub fn environment(sources: &[Source]) -> Vec<Violation> {
    out_of_place(sources, ENVIRONMENT)
}

pub fn libraries(sources: &[Source]) -> Vec<Violation> {
    out_of_place(sources, LIBRARIES)
}

/// `Tx`, the store's transaction, must not be near a call to the outside.
pub fn transactions(sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in sources {
        if !NETWORK.iter().any(|place| source.is_in(place)) {
            continue;
        }
        for token in source.tokens.iter().filter(|token| token.text == "Tx") {
            found.push(source.violation(
                token.line,
                "`Tx` in a file that talks to the network: no transaction is open during a call. Write what is to happen as a delivery, and the result after the call",
            ));
        }
    }
    found
}

fn out_of_place(sources: &[Source], rules: &[Reach]) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.is_in("src")) {
        for named in paths::named(source) {
            for rule in rules {
                let at_home = rule.places.iter().any(|place| source.is_in(place));
                if named.has(rule.what) && !at_home {
                    let path = named.written();
                    let places = rule.places.join(", ");
                    let advice = format!("`{path}` outside {places}: {}", rule.instead);
                    found.push(source.violation(named.line, advice));
                }
            }
        }
    }
    found
}

#[test]
fn a_clock_elsewhere_is_found() {
    let text = "use std::time::{Instant, SystemTime};\nfn f() {\n chrono::Utc::now();\n SystemTime::now();\n tokio::time::Instant::now();\n x.map_or_else(Local::now, g);\n}";
    assert_eq!(
        crate::lines(clocks, "src/desk/declare.rs", text),
        [3, 4, 5, 6]
    );
    assert_eq!(
        crate::lines(clocks, "src/telemetry/timing.rs", text),
        [3, 4, 6]
    );
    for free in ["src/clock.rs", "src/sandbox/clock.rs", "tests/story.rs"] {
        assert!(crate::lines(clocks, free, text).is_empty(), "{free}");
    }
    let found = crate::violations(clocks, &[("src/desk/a.rs", "fn f() { Utc::now() }")]);
    assert_eq!(
        found,
        [
            "src/desk/a.rs:1: `Utc::now` outside src/clock, src/sandbox/clock: take `now` as an argument, or ask the clock (src/clock.rs), which tests can move"
        ]
    );
}

#[test]
fn the_environment_elsewhere_is_found() {
    let text = "use std::env::{self, var_os};\nfn f() {\n env::var(\"A\");\n std::env::vars();\n env::args(); env!(\"B\");\n}";
    assert_eq!(crate::lines(environment, "src/app.rs", text), [1, 3, 4]);
    assert!(crate::lines(environment, "src/config/sources.rs", text).is_empty());
    assert!(crate::lines(environment, "benches/desk.rs", text).is_empty());
}

#[test]
fn a_library_away_from_its_owner_is_found() {
    let text = "use chrono as c;\nuse chrono_tz::Tz;\ntype A = sqlx::types::chrono::NaiveDate;\nfn f(chrono: u8, sqlx: u8) { chrono + sqlx }";
    assert_eq!(
        crate::lines(libraries, "src/domain/outage.rs", text),
        [1, 2, 3, 3]
    );
    assert!(crate::lines(libraries, "src/domain/time.rs", text).is_empty());
    assert_eq!(crate::lines(libraries, "src/store/db.rs", text), [1, 2, 3]);
    assert!(crate::lines(libraries, "tests/migrations.rs", text).is_empty());
}

#[test]
fn a_transaction_near_the_network_is_found() {
    let text = "use crate::store::{Db, Tx as T};\nstruct TxCount;\nfn f(tx: &mut Tx<'_>) {}";
    assert_eq!(crate::lines(transactions, "src/slack/api.rs", text), [1, 3]);
    assert_eq!(
        crate::lines(transactions, "src/slack/deliver/post.rs", text),
        [1, 3]
    );
    assert!(crate::lines(transactions, "src/desk/declare.rs", text).is_empty());
}
