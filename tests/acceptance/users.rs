//! The people of the workspace: read page by page, told of by events, and what happens when somebody
//! leaves who has a part in an outage.

mod scripted;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use balefire::{
    desk::MayAnnounce,
    domain::ids::{PersonId, SlackUserId, WorkspaceId},
    jobs::{Job, schedule::Turn},
    store::{
        self,
        people::{Account, Profile},
    },
};
use scripted::{Answer, Scripted, syncs, user};
use serde_json::{Value, json};

use crate::{
    crash::{balefire, control, local_slack, serve},
    databases,
    harness::{Setup, World, minutes, person::button, words},
};

/// Everybody who is known, by Slack ID: when Slack was asked about them.
async fn known(world: &World, users: &[&str]) -> BTreeMap<SlackUserId, store::people::Known> {
    let workspace = world.slack.workspace().unwrap();
    let users = users.iter().map(|it| SlackUserId::from(*it)).collect();
    let mut tx = world.db.read().await.unwrap();
    store::people::known(&mut tx, &workspace, &users)
        .await
        .unwrap()
}

/// Somebody's account changes, and Balefire hears of it.
async fn account(world: &World, change: Value) {
    world.control("person", change).await;
    for _ in 0..1000 {
        if balefire::jobs::inbox::run_once(&world.slack).await.unwrap() > 0 {
            world.settle().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("nobody heard of it");
}

fn ran(turn: &Turn) -> &str {
    match turn {
        Turn::Ran(done) => done,
        other => panic!("{other:?}"),
    }
}

fn failed(turn: &Turn) -> &str {
    match turn {
        Turn::Failed(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_learned_and_the_next_day_only_what_is_new() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let setup = Setup {
            more_people: 450,
            ..Setup::default()
        };
        let world = World::on(scratch, setup).await;
        let jobs = world.node().await.jobs();
        // Nothing has ever run, so it is due.
        let first = jobs.turn(Job::Users, false).await.unwrap();
        assert_eq!(ran(&first), "455 people: 455 new, 0 changed, 0 left");
        assert_eq!(world.calls("users.list").await.len(), 3);
        let early = jobs.turn(Job::Users, false).await.unwrap();
        assert!(matches!(early, Turn::Early { .. }), "{early:?}");

        world
            .control("person", json!({ "user": "p7", "name": "Pia Seven" }))
            .await;
        world
            .control("person", json!({ "user": "p8", "deactivated": true }))
            .await;
        world
            .control("person", json!({ "user": "p9", "guest": true }))
            .await;
        world
            .control("person", json!({ "user": "eve", "join": true }))
            .await;
        world.moves(minutes(24 * 60)).await;
        let next = jobs.turn(Job::Users, false).await.unwrap();
        assert_eq!(ran(&next), "456 people: 1 new, 3 changed, 1 left");

        let workspace = world.slack.workspace().unwrap();
        let mut tx = world.db.read().await.unwrap();
        let mut asked_at = Vec::new();
        for user in ["U1000006", "U1000007"] {
            let at = store::people::profile_age(&mut tx, &workspace, &user.into()).await;
            asked_at.push(at.unwrap().unwrap());
        }
        assert!(asked_at[0] < asked_at[1], "who is as before is not written");
        let bot = store::people::account(&mut tx, &workspace, &"U0BALEFIRE".into()).await;
        assert_eq!(bot.unwrap(), Account::App);
        let left = store::people::account(&mut tx, &workspace, &"U1000008".into()).await;
        assert_eq!(left.unwrap(), Account::Gone);
        drop(tx);
        let found = known(&world, &["U1000009", "U0EVE"]).await;
        assert!(found[&"U1000009".into()].profile.is_restricted);
        assert_eq!(found[&"U0EVE".into()].profile.name, "Eve");
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pauses_and_failures_hold_it_up_and_lose_nobody() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        let slack = Scripted::start(vec![
            Answer::Page(vec![user("U1"), user("U2")], "a"),
            // Longer than a lease lasts.
            Answer::Limited(90),
            Answer::Broken,
            // Short, and not the last one.
            Answer::Page(vec![], "b"),
            Answer::Dropped,
            Answer::Limited(30),
            Answer::Page(vec![user("U3"), json!({ "id": 4 }), user("U5")], ""),
        ])
        .await;
        let other = world.node().await.jobs();
        let refused = AtomicUsize::new(0);
        let turn = syncs(&world, &slack, async || {
            // Through the whole of the first pause, which ends with the fifth time that some passes.
            if slack.asked().len() == 2 && refused.load(Ordering::SeqCst) < 5 {
                let turn = other.turn(Job::Users, true).await.unwrap();
                assert!(matches!(turn, Turn::Taken { .. }), "{turn:?}");
                refused.fetch_add(1, Ordering::SeqCst);
            }
        })
        .await;
        assert_eq!(refused.load(Ordering::SeqCst), 5);
        assert_eq!(
            ran(&turn),
            "4 people: 4 new, 0 changed, 0 left; 1 could not be read"
        );
        assert_eq!(slack.asked(), ["", "a", "a", "a", "b", "b", "b"]);
        assert_eq!(
            known(&world, &["U1", "U2", "U3", "U4", "U5"]).await.len(),
            4
        );
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_expired_is_begun_anew_once_and_one_that_comes_again_ends_it() {
    let world = World::start().await;
    let page = |id: &str, next: &'static str| Answer::Page(vec![user(id)], next);
    let expired = || Answer::Refused("invalid_cursor");
    for (answers, expected) in [
        (
            vec![page("U1", "a"), expired(), page("U1", "b"), page("U2", "")],
            Ok("2 people: 2 new, 0 changed, 0 left"),
        ),
        (
            vec![page("U1", "a"), expired(), page("U1", "b"), expired()],
            Err("Slack did not say who is in the workspace: Slack answered invalid_cursor"),
        ),
        (
            vec![page("U1", "a"), page("U2", "b"), page("U1", "a")],
            Err("Slack gives the same page of people again and again"),
        ),
        (
            vec![Answer::Refused("missing_scope")],
            Err("Slack did not say who is in the workspace: Slack answered missing_scope"),
        ),
        (
            (0..5).map(|_| Answer::Broken).collect(),
            Err("Slack did not say who is in the workspace: it is unknown whether Slack did it"),
        ),
    ] {
        let slack = Scripted::start(answers).await;
        let turn = syncs(&world, &slack, async || ()).await;
        match expected {
            Ok(done) => assert_eq!(ran(&turn), done),
            Err(why) => assert!(failed(&turn).starts_with(why), "{turn:?}"),
        }
        assert!(slack.is_used_up());
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_lost_lease_nobody_is_written() {
    let world = World::start().await;
    let mut tx = world.db.begin().await.unwrap();
    let now = world.clock.now();
    let lost = store::leases::take(&mut tx, "job:users", "slept", now).await;
    let lost = lost.unwrap().unwrap();
    tx.commit().await.unwrap();
    world.moves(Duration::from_secs(61)).await;
    let mut tx = world.db.begin().await.unwrap();
    let now = world.clock.now();
    let taken = store::leases::take(&mut tx, "job:users", "awake", now).await;
    assert!(taken.unwrap().is_some());
    tx.commit().await.unwrap();
    let jobs = world.node().await.jobs();
    let late = jobs.run_once(Job::Users, Some(&lost)).await;
    assert_eq!(late.unwrap_err().to_string(), "another node has taken over");
    assert!(known(&world, &["U0ANA", "U0BO", "U0CY"]).await.is_empty());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_a_user_group_is_told_as_a_whole_or_not_at_all() {
    let world = World::start().await;
    let members = world.slack.members_of_user_group("S0ONCALL").await.unwrap();
    assert_eq!(members.into_iter().collect::<Vec<_>>(), ["U0ANA", "U0BO"]);
    let gone = world.slack.members_of_user_group("S0GONE").await;
    assert_eq!(
        gone.unwrap_err().to_string(),
        "Slack answered no_such_subteam: there is no user group S0GONE, or it is disabled"
    );
    let rule = |kind: &str, error: &str| json!([{ "method": "usergroups.users.list", "kind": kind, "error": error }]);
    for (error, words) in [
        ("subteam_disabled", "the user group S0ONCALL is disabled"),
        (
            "missing_scope",
            "add it to the app and install the app again",
        ),
        (
            "permission_denied",
            "the app may not see the user group S0ONCALL",
        ),
        (
            "plan_upgrade_required",
            "this workspace's plan has no user groups",
        ),
    ] {
        world.faults(rule("api_error", error)).await;
        let refused = world.slack.members_of_user_group("S0ONCALL").await;
        let why = refused.unwrap_err().to_string();
        assert!(why.contains(words), "{why}");
    }
    for kind in ["http_500", "html", "drop_after", "ratelimited"] {
        world.faults(rule(kind, "")).await;
        let nothing = world.slack.members_of_user_group("S0ONCALL").await;
        assert!(nothing.is_err(), "{kind}");
    }
    world.end().await;
}

/// The lines in the thread that ask for somebody.
async fn asked_for(world: &World) -> Vec<String> {
    let thread = world.thread().await.into_iter();
    let lines = thread.map(|(_, text)| text);
    lines
        .filter(|it| it.contains("has left the workspace"))
        .collect()
}

async fn person_id(world: &World, user: &str) -> PersonId {
    let workspace = world.slack.workspace().unwrap();
    let met = world.slack.desk.meet(&workspace, &user.into(), user).await;
    met.unwrap().id
}

async fn may_announce(world: &World, person: PersonId) -> bool {
    let workspace = world.slack.workspace().unwrap();
    let may = world.slack.desk.may_announce(&workspace, person).await;
    matches!(may, Ok(MayAnnounce::Yes))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_loses_rights_and_roles_and_others_are_asked_once() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        let jobs = world.node().await.jobs();
        jobs.turn(Job::Users, true).await.unwrap();
        let ana = world.person("ana");
        let bo = person_id(&world, "U0BO").await;
        assert!(may_announce(&world, bo).await);
        ana.announces("Payments", "Cards fail").await;
        ana.clicks("Reassign").await.form("Reassign outage 1");
        ana.submits(json!({ "communication": "bo" })).await.closed();
        world.settle().await;
        let told = ana.direct_messages().await.len();

        account(&world, json!({ "user": "bo", "deactivated": true })).await;
        assert!(!may_announce(&world, bo).await, "at once");
        let lines = asked_for(&world).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].contains("Bo Berg has left the workspace. Who takes communication?"),
            "{lines:?}"
        );
        let text = words(&world.announcement().await);
        assert!(!text.contains("U0BO") && text.contains("nobody"), "{text}");
        let asked = ana.direct_messages().await;
        assert_eq!(asked.len(), told + 1);
        let asked = asked.last().unwrap();
        assert!(
            words(asked).contains("Who takes communication?"),
            "{asked:#}"
        );

        // Two nodes find it again, and Slack says it again.
        for node in [world.node().await, world.node().await] {
            let turn = node.jobs().turn(Job::Users, true).await.unwrap();
            assert_eq!(ran(&turn), "5 people: 0 new, 0 changed, 0 left");
        }
        account(&world, json!({ "user": "bo", "deactivated": true })).await;
        world.settle().await;
        assert_eq!(asked_for(&world).await.len(), 1);

        // It is taken from the question itself.
        let state = world.state().await;
        let mut dms = state["dms"].as_array().unwrap().iter();
        let dm = dms.find(|it| it["user"] == "U0ANA").unwrap();
        let take = button(asked, "I am on it").unwrap();
        ana.clicks_action(
            dm["id"].as_str().unwrap(),
            asked["ts"].as_str().unwrap(),
            take["action_id"].as_str().unwrap(),
        )
        .await;
        world.settle().await;
        let text = words(&world.announcement().await);
        assert!(!text.contains("nobody"), "{text}");

        // Who comes back has their rights, and leaving again asks again.
        account(&world, json!({ "user": "bo", "deactivated": false })).await;
        assert!(may_announce(&world, bo).await);
        ana.clicks("Reassign").await.form("Reassign outage 1");
        ana.submits(json!({ "communication": "bo", "solution": "bo" }))
            .await
            .closed();
        world.settle().await;
        // Nobody hears of it, and the sync finds it.
        world
            .control("person", json!({ "user": "bo", "deactivated": true }))
            .await;
        let turn = jobs.turn(Job::Users, true).await.unwrap();
        assert_eq!(ran(&turn), "5 people: 0 new, 1 changed, 1 left");
        account_heard(&world).await;
        world.settle().await;
        let lines = asked_for(&world).await;
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[1].contains("Who takes solution and communication?"));

        // The history knows who it was and why.
        ana.runs("/outage 1").await.whisper();
        let detail = ana.whispers().await.join("\n");
        assert!(
            detail.contains("communication free, because Bo Berg has left"),
            "{detail}"
        );
        world.person("bo").direct_messages().await;
        ana.direct_messages().await;
        world.end().await;
    }
}

/// Works on what Slack has sent by now, which is at least one event.
async fn account_heard(world: &World) {
    for _ in 0..1000 {
        if balefire::jobs::inbox::run_once(&world.slack).await.unwrap() > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("nobody heard of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_everybody_with_a_part_is_gone_those_are_asked_who_may_change_it() {
    let setup = Setup {
        allow_all: true,
        ..Setup::default()
    };
    let world = World::with(setup).await;
    let jobs = world.node().await.jobs();
    jobs.turn(Job::Users, true).await.unwrap();
    let cy = world.person("cy");
    cy.announces("Payments", "Cards fail").await;
    assert_eq!(cy.direct_messages().await.len(), 1);
    account(&world, json!({ "user": "cy", "deactivated": true })).await;
    let asked = world.person("ana").direct_messages().await;
    assert_eq!(asked.len(), 1, "she may change every outage");
    assert!(words(&asked[0]).contains("Who takes solution and communication?"));
    assert_eq!(asked_for(&world).await.len(), 1);
    world.announcement().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_is_known_and_a_change_of_a_status_writes_nothing() {
    let world = World::start().await;
    account(&world, json!({ "user": "eve", "join": true })).await;
    assert_eq!(known(&world, &["U0EVE"]).await.len(), 1);
    let workspace = world.slack.workspace().unwrap();
    let asked_at = async || {
        let mut tx = world.db.read().await.unwrap();
        let at = store::people::profile_age(&mut tx, &workspace, &"U0EVE".into()).await;
        at.unwrap()
    };
    let before = asked_at().await;
    world.moves(minutes(5)).await;
    account(&world, json!({ "user": "eve", "name": "Eve" })).await;
    assert_eq!(asked_at().await, before);
    account(&world, json!({ "user": "eve", "name": "Eve Evans" })).await;
    assert_ne!(asked_at().await, before);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_teams_domain_gives_an_address_that_nobody_else_has() {
    let setup = Setup {
        email_domain: "example.com",
        ..Setup::default()
    };
    let world = World::with(setup).await;
    world
        .control("person", json!({ "user": "bo", "email": "bo@else.test" }))
        .await;
    let node = world.node().await;
    node.jobs().turn(Job::Users, true).await.unwrap();
    let bo = person_id(&world, "U0BO").await;
    // The settings name bo@example.com.
    assert!(may_announce(&world, bo).await);
    account(&world, json!({ "user": "eve", "join": true })).await;
    account(&world, json!({ "user": "eve", "email": "bo@example.com" })).await;
    let eve = person_id(&world, "U0EVE").await;
    assert!(may_announce(&world, eve).await, "it is hers");
    assert!(!may_announce(&world, bo).await, "at once");
    account(&world, json!({ "user": "eve", "email": "eve@example.com" })).await;
    assert!(may_announce(&world, bo).await);
    // Without the setting everybody is known by their own address again.
    let without = world.node_at(&world.sandbox.api_url());
    without.connect().await.unwrap();
    assert!(!may_announce(&world, bo).await);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_comes_in_whatever_order_nobody_is_taken_for_somebody_else() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let setup = Setup {
            email_domain: "corp.test",
            ..Setup::default()
        };
        let world = World::on(scratch, setup).await;
        for seed in 0..12 {
            let mut luck = fastrand::Rng::with_seed(seed);
            let workspace = WorkspaceId(format!("T{seed}"));
            let mut said: BTreeMap<SlackUserId, Profile> = BTreeMap::new();
            for _ in 0..20 {
                let page: Vec<Profile> =
                    (0..luck.usize(1..4)).map(|_| somebody(&mut luck)).collect();
                let desk = &world.slack.desk;
                desk.learn_all(&workspace, &page, None).await.unwrap();
                said.extend(page.into_iter().map(|it| (it.slack_user.clone(), it)));
                nobody_is_taken_for_somebody_else(&world, &workspace, &said, seed).await;
            }
        }
        world.end().await;
    }
}

fn somebody(luck: &mut fastrand::Rng) -> Profile {
    let email = format!(
        "{}@{}",
        ["ana", "bo"][luck.usize(..2)],
        ["corp.test", "a.test", "b.test"][luck.usize(..3)]
    );
    Profile {
        slack_user: SlackUserId(format!("U{}", luck.usize(..6))),
        name: "Somebody".into(),
        handle: None,
        email: (luck.u32(..8) > 0).then_some(email),
        time_zone: "Etc/UTC".into(),
        picture: None,
        is_bot: luck.u32(..8) == 0,
        is_restricted: luck.u32(..4) == 0,
        is_deactivated: luck.u32(..4) == 0,
    }
}

type Row = (String, Option<String>, Option<String>, bool, bool, bool);

const PEOPLE: &str = "
    SELECT slack_user_id, email, address, is_bot, is_restricted, deactivated_at IS NOT NULL
    FROM people WHERE workspace_id = $1 ORDER BY slack_user_id";

async fn nobody_is_taken_for_somebody_else(
    world: &World,
    workspace: &WorkspaceId,
    said: &BTreeMap<SlackUserId, Profile>,
    seed: u64,
) {
    let mut tx = world.db.read().await.unwrap();
    let rows: Vec<Row> = match &mut tx {
        store::Tx::Sqlite(tx) => {
            let rows = sqlx::query_as(PEOPLE).bind(workspace).fetch_all(&mut **tx);
            rows.await.unwrap()
        }
        store::Tx::Postgres(tx) => {
            let rows = sqlx::query_as(PEOPLE).bind(workspace).fetch_all(&mut **tx);
            rows.await.unwrap()
        }
    };
    drop(tx);
    assert_eq!(rows.len(), said.len());
    for (index, (user, email, address, is_bot, is_restricted, is_gone)) in rows.iter().enumerate() {
        let about = format!("seed {seed}, {user}: {rows:?}");
        let Some(address) = address else { continue };
        assert!(!is_bot && !is_restricted, "{about}");
        for (_, of_other, other, .., other_is_gone) in rows
            .iter()
            .enumerate()
            .filter(|it| it.0 != index)
            .map(|it| it.1)
        {
            let both_here = !is_gone && !other_is_gone;
            assert!(!both_here || other.as_ref() != Some(address), "{about}");
            let is_borrowed = email.as_ref() != Some(address);
            assert!(
                !is_borrowed || of_other.as_ref() != Some(address),
                "{about}"
            );
        }
    }
}

/// What a command said: exit code, standard output, standard error.
async fn says(mut command: tokio::process::Command) -> (i32, String, String) {
    command.stderr(std::process::Stdio::piped());
    let done = command.output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        done.status.code().unwrap(),
        text(done.stdout),
        text(done.stderr),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_reads_everybody_beside_a_server_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack().await;
    let command = || {
        let mut command = balefire(folder.path(), &slack.api_url());
        command.args(["sync", "users"]);
        command
    };
    let (code, _, why) = says(command()).await;
    assert_eq!(code, 2, "{why}");
    assert!(why.contains("there is no database"), "{why}");

    let (mut server, _) = serve(folder.path(), &slack).await;
    let mut said = says(command()).await;
    // The server reads everybody itself when it starts.
    for _ in 0..100 {
        if said.0 == 0 {
            break;
        }
        assert!(said.2.contains("is being done by"), "{said:?}");
        said = says(command()).await;
    }
    let (code, out, why) = said;
    assert_eq!(code, 0, "{why}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines,
        ["5 people …", "users: 5 people: 0 new, 0 changed, 0 left"]
    );

    let mut without = command();
    without.env_remove("BALEFIRE__SLACK__BOT_TOKEN");
    let (code, _, why) = says(without).await;
    assert_eq!(code, 2, "{why}");
    assert!(why.contains("slack.bot_token"), "{why}");
    control(&slack, "app", json!({ "revoked": true })).await;
    let (code, _, why) = says(command()).await;
    assert_eq!(code, 1, "{why}");
    assert!(why.contains("Slack cannot be asked: "), "{why}");
    server.kill().await.unwrap();
}
