//! Which room may use which. `ARCHITECTURE.md` tells why; this table holds it.
//! Code under `#[cfg(test)]` counts too: its tests belong to the room.

use crate::paths;
use crate::source::{Source, Violation};

enum May {
    Everything,
    Only(&'static [&'static str]),
}
use May::{Everything, Only};

/// From the top of the house to its cellar; nobody uses what stands above.
const ROOMS: &[(&str, May)] = &[
    ("lib", Everything),
    ("main", Everything),
    ("cli", Everything),
    ("app", Everything),
    (
        "jobs",
        Only(&[
            "slack",
            "pages",
            "signals",
            "mirror",
            "mail",
            "gitlab",
            "directory",
            "outbox",
            "desk",
            "health",
            "store",
            "config",
            "clock",
            "domain",
            "telemetry",
        ]),
    ),
    (
        "slack",
        Only(&[
            "outbox",
            "desk",
            "health",
            "store",
            "config",
            "clock",
            "domain",
            "telemetry",
        ]),
    ),
    (
        "pages",
        Only(&[
            "desk",
            "health",
            "store",
            "config",
            "clock",
            "domain",
            "telemetry",
        ]),
    ),
    (
        "signals",
        Only(&["health", "store", "config", "clock", "domain", "telemetry"]),
    ),
    ("mirror", ADAPTER),
    ("mail", ADAPTER),
    ("gitlab", ADAPTER),
    ("directory", ADAPTER),
    (
        "outbox",
        Only(&["store", "config", "clock", "domain", "telemetry"]),
    ),
    // No settings: what a team has decided comes in as a value of the domain.
    ("desk", Only(&["store", "clock", "domain"])),
    ("health", Only(&["store", "clock", "domain"])),
    ("store", Only(&["domain"])),
    ("config", Only(&["domain"])),
    ("clock", Only(&["domain"])),
    ("domain", Only(&[])),
    ("telemetry", Only(&[])),
    // Knows nothing of ours, so that it cannot agree with our mistakes.
    ("sandbox", Only(&[])),
];

const ADAPTER: May = Only(&["outbox", "store", "config", "clock", "domain", "telemetry"]);

pub fn imports(sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in sources {
        let Some(room) = room_of(&source.path) else {
            continue;
        };
        let Some((_, may)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            found.push(source.violation(1, format!("`{room}` is not in the table of rooms: add it to tests/tidy/rooms.rs with what it may use, or move the file into the room it belongs to")));
            continue;
        };
        let Only(below) = may else { continue };
        for named in paths::named(source) {
            let [root, used, ..] = named.segments.as_slice() else {
                continue;
            };
            if root != "crate" || used == room || below.contains(&used.as_str()) {
                continue;
            }
            let path = named.written();
            let advice = if ROOMS.iter().any(|(name, _)| name == used) {
                format!(
                    "`{path}`: room `{room}` may not use `{used}` ({}). Take what you need as an argument, or move this to a room above both",
                    allowed(below)
                )
            } else {
                format!("`{path}` names no room: use it from the room that owns it")
            };
            found.push(source.violation(named.line, advice));
        }
    }
    found
}

/// The first segment of the path under `src`.
fn room_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let first = inside.split('/').next()?;
    Some(first.trim_end_matches(".rs"))
}

fn allowed(below: &[&str]) -> String {
    if below.is_empty() {
        "it uses no other room".to_owned()
    } else {
        format!("only {}", below.join(", "))
    }
}

#[test]
fn every_room_uses_only_what_stands_below_it_in_the_table() {
    for (index, (room, may)) in ROOMS.iter().enumerate() {
        let Only(below) = may else { continue };
        for used in *below {
            let at = ROOMS.iter().position(|(name, _)| name == used);
            assert!(at.is_some_and(|at| at > index), "{room} uses {used}");
        }
    }
}

#[test]
fn an_import_from_above_is_told_with_its_place() {
    let found = crate::violations(
        imports,
        &[
            (
                "src/desk/declare.rs",
                "use crate::domain::Outage;\nuse crate::{\n    store::Db,\n    slack::views,\n};\n",
            ),
            ("src/domain/outage.rs", "fn f(db: &crate::store::Db) {}"),
        ],
    );
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[0].starts_with("src/desk/declare.rs:4: `crate::slack::views`: room `desk` may not use `slack` (only store, clock, domain)"),
        "{}",
        found[0]
    );
    assert!(found[1].contains("it uses no other room"), "{}", found[1]);
}

#[test]
fn there_is_no_way_around() {
    let lines = |path, text| crate::lines(imports, path, text);
    assert_eq!(lines("src/sandbox/web.rs", "use crate::domain::X;"), [1]);
    assert_eq!(lines("src/store.rs", "use super::desk;"), [1]);
    assert_eq!(
        lines("src/store/db.rs", "mod t { use super::super::super::app; }"),
        [1]
    );
    assert_eq!(
        lines("src/pages/feed.rs", "pub(in crate::outbox) fn f() {}"),
        [1]
    );
    assert_eq!(
        lines("src/desk/mod.rs", "use crate::config as domain;"),
        [1]
    );
    assert_eq!(lines("src/desk/mod.rs", "use crate::*;"), [1]);
    assert_eq!(
        lines("src/desk/mod.rs", "#[cfg(test)] mod t { use crate::app; }"),
        [1]
    );
    assert_eq!(lines("src/utils/text.rs", ""), [1]);
    assert_eq!(lines("src/time.rs", ""), [1]);
}

#[test]
fn what_is_allowed_stays_unsaid() {
    let silent = |path, text| {
        let found = crate::violations(imports, &[(path, text)]);
        assert!(found.is_empty(), "{found:#?}");
    };
    silent(
        "src/desk/a.rs",
        "use crate::desk::b; use super::c; use crate::store::Db;",
    );
    silent(
        "src/desk/a.rs",
        "// crate::slack::x\nconst A: &str = \"crate::slack::x\";",
    );
    silent(
        "src/cli/serve.rs",
        "use crate::app::Running; use crate::sandbox::Slack;",
    );
    silent(
        "src/desk/a.rs",
        "pub(crate) fn slack() { other::slack::x(); }",
    );
    silent("tests/story.rs", "use crate::harness::World;");
}
