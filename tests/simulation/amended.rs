//! A line of changes says what it was to say last, whatever Slack carried out late.

use std::collections::BTreeMap;

use balefire::{
    desk::people_of,
    domain::{delivery::Task, effect::Line, ids::OutageId},
    slack::views::thread::thread_line,
    store,
};

use crate::{
    invariants::{CONVERGES, Shown, Violation, delivery, text, violated},
    world::World,
};

/// Every line of this outage's thread that was to be written anew.
pub async fn amended(
    world: &World,
    shown: &Shown,
    outage: i64,
    thread: &str,
) -> Result<(), Violation> {
    let rows: Vec<(i64, String)> = world
        .rows(
            "SELECT outage_id, payload FROM deliveries
             WHERE kind = 'amend' AND folded_into IS NULL ORDER BY id",
        )
        .await;
    // Should one be shown anew, it is the newest then; so the longest is what matters.
    let mut newest = BTreeMap::new();
    for (_, payload) in rows.into_iter().filter(|it| it.0 == outage) {
        let Ok(Task::Amend {
            line,
            by,
            from_version,
            to_version,
        }) = serde_json::from_str(&payload)
        else {
            continue;
        };
        let known: &mut (i64, Line) = newest.entry(line.0).or_insert((
            0,
            Line::Changes {
                by: Vec::new(),
                from_version,
                to_version,
            },
        ));
        if to_version > known.0 {
            let line = Line::Changes {
                by,
                from_version,
                to_version,
            };
            *known = (to_version, line);
        }
    }
    for (id, (_, line)) in newest {
        let said = shown.said(Some(thread));
        let of_it = |it: &&serde_json::Value| delivery(it).is_some_and(|it| it.0 == id);
        let Some(found) = said.into_iter().find(of_it) else {
            continue;
        };
        let should = words(world, OutageId(outage), &line).await;
        if !text(found).contains(&should) {
            let seen = format!("{} should be {should}", text(found));
            return violated(CONVERGES, seen);
        }
    }
    Ok(())
}

async fn words(world: &World, outage: OutageId, line: &Line) -> String {
    let Line::Changes {
        from_version,
        to_version,
        ..
    } = line
    else {
        unreachable!("only lines of changes are written anew")
    };
    let mut tx = world.db.read().await.unwrap();
    let now = store::outages::by_id(&mut tx, outage)
        .await
        .unwrap()
        .unwrap();
    let mut versions = Vec::new();
    for version in [from_version, to_version] {
        let found = store::versions::at_version(&mut tx, outage, *version).await;
        versions.push(found.unwrap().unwrap());
    }
    let mut named = people_of(&now);
    named.extend(versions.iter().flat_map(people_of));
    named.extend(line.people());
    let people = store::people::by_ids(&mut tx, &named).await.unwrap();
    let versions = Some((&versions[0], &versions[1]));
    thread_line(line, &now, versions, &people, "/outage").text
}
