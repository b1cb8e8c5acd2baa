//! One rule everywhere: for people, groups and outages as chance has them, every way in decides alike,
//! and as the domain says.

use std::path::Path;

use balefire::{
    domain::{
        actor::{Identity, Right},
        ids::{OutageNumber, SlackUserId, WorkspaceId},
        membership::{ADMINISTRATORS, EDIT_ALL_OUTAGES, ON_CALL},
    },
    store::Db,
};
use serde_json::json;

use crate::{
    crash::balefire,
    harness::{
        Setup, World,
        person::{Person, Seen},
    },
};

const PEOPLE: [(&str, &str); 4] = [
    ("ana", "U0ANA"),
    ("bo", "U0BO"),
    ("cy", "U0CY"),
    ("dee", "U0DEE"),
];
const GROUPS: [&str; 3] = [ON_CALL, EDIT_ALL_OUTAGES, ADMINISTRATORS];

/// How many teams are made up.
const TEAMS: u64 = 8;

fn by() -> Identity {
    Identity::CommandLine {
        name: "test".into(),
    }
}

/// Puts everybody into groups as chance has it.
async fn shuffle(world: &World, workspace: &WorkspaceId, chance: &mut fastrand::Rng) {
    for (_, id) in PEOPLE {
        for group in GROUPS {
            let desk = &world.slack.desk;
            let done = match chance.u8(..4) {
                0 => desk.grant(workspace, group, id, &by()).await,
                _ => desk.revoke(workspace, group, id, &by()).await,
            };
            done.unwrap();
        }
    }
}

/// Whether that form is open; it is closed again.
async fn opened(person: &Person<'_>, seen: Seen, title: &str) -> bool {
    let is_open = seen.asks(title);
    if is_open {
        person.closes().await;
    }
    is_open
}

/// Whether a command of the terminal did it; with a reason if not.
async fn at_the_terminal(folder: &Path, world: &World, words: &[&str]) -> bool {
    let mut command = balefire(folder, &world.sandbox.api_url());
    command.args(["outage", "--as"]).args(words);
    command.stderr(std::process::Stdio::piped());
    let done = command.output().await.unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    if !done.status.success() {
        assert!(
            told.contains("may") || told.contains("can do that"),
            "{words:?} failed otherwise: {told}"
        );
    }
    done.status.success()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_in_decides_alike() {
    let (mut allowed, mut refused) = (0, 0);
    for team in 0..TEAMS {
        let mut chance = fastrand::Rng::with_seed(team);
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open_sqlite(&folder.path().join("balefire.db")).await;
        let setup = Setup {
            allow_all: team == 0,
            ..Setup::default()
        };
        let world = World::on(db.unwrap().into(), setup).await;
        let workspace = world.slack.workspace().unwrap();
        for (_, id) in PEOPLE {
            world.slack.get_to_know(&workspace, &id.into()).await;
        }

        // An outage of somebody's, with parts for others.
        let (creator, id) = PEOPLE[chance.usize(..PEOPLE.len())];
        let desk = &world.slack.desk;
        desk.grant(&workspace, ON_CALL, id, &by()).await.unwrap();
        world
            .person(creator)
            .announces("Payments", "Cards fail")
            .await;
        let other = PEOPLE[chance.usize(..PEOPLE.len())].1;
        if chance.bool() {
            world
                .person(creator)
                .clicks("Reassign")
                .await
                .form("Reassign outage 1");
            let parts = json!({ "Solution": other });
            world.person(creator).submits(parts).await;
            world.settle().await;
        }
        shuffle(&world, &workspace, &mut chance).await;

        for (name, id) in PEOPLE {
            let person = world.person(name);
            let user = SlackUserId(id.to_owned());
            let row = desk.meet(&workspace, &user, name).await.unwrap();
            let outage = desk.outage(&workspace, OutageNumber(1)).await.unwrap();
            let expected = desk.actor(row.id).await.unwrap().may_change(&outage);

            let button = opened(&person, person.clicks("Update").await, "Update outage 1").await;
            let form = person.runs("/outage update 1").await;
            let form = opened(&person, form, "Update outage 1").await;
            let text = format!("/outage update 1 {name} looks into it");
            let words = person.runs(&text).await.whisper().contains("You updated");
            let said = format!("{name} writes from a terminal");
            let terminal =
                at_the_terminal(folder.path(), &world, &[id, "update", "1", &said]).await;
            assert_eq!(
                [button, form, words, terminal],
                [expected; 4],
                "team {team}, {name}: the button, the form by words, the words, the terminal"
            );
            world.settle().await;
            if expected {
                allowed += 1;
            } else {
                refused += 1;
            }
        }
        for (index, (name, id)) in PEOPLE.into_iter().enumerate() {
            let person = world.person(name);
            let user = SlackUserId(id.to_owned());
            let row = desk.meet(&workspace, &user, name).await.unwrap();
            let rights = desk.actor(row.id).await.unwrap().rights;
            let expected = team == 0 || rights.has(Right::Announce);

            let command = person.runs("/outage").await;
            let command = opened(&person, command, "Announce an outage").await;
            let words = person.runs("/outage search is slow").await;
            let words = opened(&person, words, "Announce an outage").await;
            let standing = desk.standing(&workspace, row.id).await.unwrap();
            let told = standing.everybody_announces || standing.rights.contains(&Right::Announce);
            let mut ways = vec![command, words, told];
            if team > 0 {
                // With its own settings, in which not everybody may.
                let what = format!("Booking fails {index}");
                let announce = [id, "announce", "booking", &what, "--anyway"];
                ways.push(at_the_terminal(folder.path(), &world, &announce).await);
            }
            assert!(
                ways.iter().all(|it| *it == expected),
                "team {team}, {name}: {ways:?} instead of {expected}"
            );
            if expected {
                allowed += 1;
            } else {
                refused += 1;
            }
        }
        world.close().await;
    }
    assert!(
        allowed > 5 && refused > 5,
        "{allowed} allowed, {refused} refused"
    );
}
