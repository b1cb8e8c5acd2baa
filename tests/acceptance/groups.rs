//! Groups: lists that are kept elsewhere, rights by hand, and what people are told of their rights.

use std::{collections::BTreeSet, sync::Arc};

use balefire::{
    config::GroupSource,
    desk::{How, Synced},
    domain::{
        actor::{Identity, Right},
        ids::{SlackUserId, WorkspaceId},
        membership::{Group, ON_CALL, Source},
    },
    jobs::{
        Job,
        groups::{self, Lists, Report},
        housekeeping,
        schedule::Turn,
    },
    store,
    telemetry::Metrics,
};
use serde_json::{Value, json};

use crate::{
    crash::{balefire, local_slack, serve},
    google::{Fault, GoogleFake},
    harness::{Setup, World, minutes, words},
};

const LIST: &str = "on-call@example.com";

fn by() -> Identity {
    Identity::CommandLine {
        name: "test".into(),
    }
}

/// The lists of a world in which Google says who is on call.
fn lists(world: &World, google: &GoogleFake) -> Lists {
    Lists {
        slack: world.slack.clone(),
        google: google.settings(),
        sources: vec![GroupSource {
            group: ON_CALL.into(),
            source: Source::Google(LIST.into()),
        }],
    }
}

/// What becomes of each list.
async fn all_of(lists: &Lists, workspace: &WorkspaceId, how: How<'_>) -> Vec<Report> {
    let mut reports = Vec::new();
    let keep = |it| reports.push(it);
    let tally = lists.sync(workspace, &by(), how, keep).await.unwrap();
    assert_eq!(tally.lists, reports.len());
    reports
}

async fn may_announce(world: &World, id: &str) -> bool {
    let workspace = world.slack.workspace().unwrap();
    let user: SlackUserId = id.into();
    world.slack.get_to_know(&workspace, &user).await;
    let desk = &world.slack.desk;
    let person = desk.meet(&workspace, &user, id).await.unwrap();
    let actor = desk.actor(person.id).await.unwrap();
    actor.rights.has(Right::Announce)
}

async fn audit(world: &World) -> Vec<Value> {
    let mut tx = world.db.read().await.unwrap();
    let rows = store::audit::newest(&mut tx, "group.members", 50).await;
    rows.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_on_the_list_is_in_the_group_and_who_leaves_it_goes() {
    let google = GoogleFake::start().await;
    google.group(
        LIST,
        &[
            "Dee@Example.com",
            "cy@example.com",
            "stranger@example.com",
            "x@example.com",
        ],
    );
    let world = World::start().await;
    let lists = lists(&world, &google);
    assert!(!may_announce(&world, "U0DEE").await);

    let done = groups::sync(&lists, None).await.unwrap();
    assert_eq!(done, "1 lists, 4 added, 0 removed");
    assert!(may_announce(&world, "U0DEE").await && may_announce(&world, "U0CY").await);

    // Bo stays, whom the settings name, too.
    google.group(
        LIST,
        &["dee@example.com", "bo@example.com", "x@example.com"],
    );
    let done = groups::sync(&lists, None).await.unwrap();
    assert_eq!(done, "1 lists, 1 added, 2 removed");
    assert!(!may_announce(&world, "U0CY").await);
    google.group(LIST, &["dee@example.com", "x@example.com"]);
    groups::sync(&lists, None).await.unwrap();
    assert!(may_announce(&world, "U0DEE").await && may_announce(&world, "U0BO").await);

    let kept = audit(&world).await;
    let from_google = kept
        .iter()
        .filter(|it| it["detail"]["source"] == format!("google:{LIST}"));
    let from_google: Vec<&Value> = from_google.collect();
    assert_eq!(from_google.len(), 3, "{kept:#?}");
    assert_eq!(from_google[0]["detail"]["removed"][0], "bo@example.com");
    assert_eq!(from_google[0]["actor"]["name"], "groups");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_half_goes_only_when_somebody_says_yes() {
    let google = GoogleFake::start().await;
    google.group(
        LIST,
        &["cy@example.com", "dee@example.com", "x@example.com"],
    );
    let world = World::with(Setup {
        administrators: vec!["U0ANA"],
        ..Setup::default()
    })
    .await;
    assert!(may_announce(&world, "U0ANA").await, "she is met");
    let lists = lists(&world, &google);
    groups::sync(&lists, None).await.unwrap();

    google.group(LIST, &["dee@example.com"]);
    for _ in 0..2 {
        let done = groups::sync(&lists, None).await.unwrap();
        assert_eq!(done, "1 lists, 0 added, 0 removed, 1 wait for a yes");
    }
    assert!(may_announce(&world, "U0CY").await);
    world.settle().await;
    let told = world.person("ana").direct_messages().await;
    assert_eq!(told.len(), 1, "once, not at each try: {told:#?}");
    let told = words(&told[0]);
    assert!(told.contains("2 of 3 members of on_call"), "{told}");
    assert!(told.contains("balefire sync groups --yes"), "{told}");
    let who = world.person("ana").runs("/outage who").await.whisper();
    assert!(who.contains("2 memberships wait"), "{who}");

    let workspace = world.slack.workspace().unwrap();
    let yes = How {
        yes: true,
        ..How::default()
    };
    let reports = all_of(&lists, &workspace, yes).await;
    assert!(matches!(&reports[0].outcome, Ok(Synced::Applied(it)) if it.removed.len() == 2));
    assert!(!may_announce(&world, "U0CY").await && may_announce(&world, "U0DEE").await);
    let who = world.person("ana").runs("/outage who").await.whisper();
    assert!(!who.contains("wait"), "{who}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_read_changes_nothing_and_is_seen() {
    let google = GoogleFake::start().await;
    google.group(LIST, &["dee@example.com"]);
    let world = World::start().await;
    let lists = lists(&world, &google);
    groups::sync(&lists, None).await.unwrap();

    google.fails(LIST, Fault::Forbidden);
    let done = groups::sync(&lists, None).await.unwrap();
    assert_eq!(done, "1 lists, 0 added, 0 removed, 1 not read");
    assert!(may_announce(&world, "U0DEE").await);
    let metrics = Metrics::new();
    housekeeping::count(&world.db, &world.clock, &metrics)
        .await
        .unwrap();
    let shown = metrics.render();
    assert!(shown.contains("balefire_group_lists_unread 1"), "{shown}");
    let who = world.person("dee").runs("/outage who").await.whisper();
    assert!(who.contains(LIST) && who.contains("as it was"), "{who}");

    // What may pass is tried again soon: the job fails.
    google.fails(LIST, Fault::CutOff);
    assert!(groups::sync(&lists, None).await.is_err());
    assert!(may_announce(&world, "U0DEE").await);
    google.works(LIST);
    groups::sync(&lists, None).await.unwrap();
    let who = world.person("dee").runs("/outage who").await.whisper();
    assert!(!who.contains("as it was"), "{who}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_writes_nothing() {
    let google = GoogleFake::start().await;
    google.group(LIST, &["dee@example.com"]);
    let world = World::start().await;
    let lists = lists(&world, &google);
    let workspace = world.slack.workspace().unwrap();
    let dry = How {
        dry_run: true,
        ..How::default()
    };
    let reports = all_of(&lists, &workspace, dry).await;
    assert!(matches!(&reports[0].outcome, Ok(Synced::WouldApply(it)) if it.added.len() == 1));
    google.fails(LIST, Fault::NotFound);
    let reports = all_of(&lists, &workspace, dry).await;
    assert!(reports[0].outcome.is_err());
    assert!(!may_announce(&world, "U0DEE").await);
    let mut tx = world.db.read().await.unwrap();
    assert!(
        store::syncs::all(&mut tx, &workspace)
            .await
            .unwrap()
            .is_empty()
    );
    drop(tx);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_read_at_once_leave_one_truth() {
    let google = GoogleFake::start().await;
    google.group(LIST, &["dee@example.com", "cy@example.com"]);
    let world = World::on(crate::databases::postgres().await, Setup::default()).await;
    let lists = Arc::new(lists(&world, &google));
    let both = [lists.clone(), lists.clone()]
        .map(|lists| tokio::spawn(async move { groups::sync(&lists, None).await.unwrap() }));
    for one in both {
        one.await.unwrap();
    }
    let mut tx = world.db.read().await.unwrap();
    let workspace = world.slack.workspace().unwrap();
    let source = Source::Google(LIST.into());
    let members = store::rights::members(&mut tx, &workspace, ON_CALL, &source).await;
    let expected = ["cy@example.com", "dee@example.com"].map(str::to_owned);
    assert_eq!(members.unwrap(), BTreeSet::from(expected));
    drop(tx);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_group_of_slack_is_a_list_too() {
    let world = World::start().await;
    let lists = Lists {
        sources: vec![GroupSource {
            group: ON_CALL.into(),
            source: Source::SlackGroup("S0ONCALL".into()),
        }],
        ..lists(&world, &GoogleFake::start().await)
    };
    assert!(!may_announce(&world, "U0CY").await);
    groups::sync(&lists, None).await.unwrap();
    let members = {
        let mut tx = world.db.read().await.unwrap();
        let workspace = world.slack.workspace().unwrap();
        let source = Source::SlackGroup("S0ONCALL".into());
        store::rights::members(&mut tx, &workspace, ON_CALL, &source)
            .await
            .unwrap()
    };
    assert!(!members.is_empty());
    for id in &members {
        let mut tx = world.db.read().await.unwrap();
        let workspace = world.slack.workspace().unwrap();
        let user: SlackUserId = id.as_str().into();
        drop(tx);
        world.slack.get_to_know(&workspace, &user).await;
        tx = world.db.read().await.unwrap();
        let account = store::people::account(&mut tx, &workspace, &user)
            .await
            .unwrap();
        drop(tx);
        let is_member = account == store::people::Account::Member;
        assert_eq!(may_announce(&world, id).await, is_member, "{id}");
    }
    world.end().await;
}

/// Works on as many events, which come in their own time.
async fn hears(world: &World, events: usize) {
    let mut heard = 0;
    for _ in 0..2000 {
        heard += balefire::jobs::inbox::run_once(&world.slack).await.unwrap();
        if heard >= events {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("only {heard} events were heard");
}

/// People come and go in a user group; Slack tells each change twice.
async fn change_group(world: &World, changes: &[Value]) {
    for change in changes {
        world.control("group", change.clone()).await;
    }
    hears(world, 2 * changes.len()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_group_that_changes_is_read_at_once_and_not_at_every_change() {
    for scratch in [
        crate::databases::sqlite().await,
        crate::databases::postgres().await,
    ] {
        let setup = Setup {
            on_call_groups: vec!["S0SUPPORT"],
            ..Setup::default()
        };
        let world = World::on(scratch, setup).await;
        let jobs = world.node().await.jobs();
        let runs = async || jobs.turn(Job::Groups, false).await.unwrap();
        let ran = |done: &str| Turn::Ran(done.to_owned());
        assert_eq!(runs().await, ran("1 lists, 2 added, 0 removed"));
        assert!(may_announce(&world, "U0CY").await);
        world.moves(minutes(5)).await;
        assert!(matches!(runs().await, Turn::Early { .. }));

        let eve = json!({ "user": "eve", "join": true });
        world.control("person", eve).await;
        hears(&world, 1).await;
        let change = |how: &str, who: &str| json!({ "group": "support", how: who });
        change_group(&world, &[change("add", "eve")]).await;
        assert_eq!(runs().await, ran("1 lists, 1 added, 0 removed"));
        assert!(may_announce(&world, "U0EVE").await);

        // A storm is one run, a minute after the last one.
        let storm = [
            change("add", "ana"),
            change("add", "bo"),
            change("remove", "cy"),
            change("remove", "dee"),
            change("add", "cy"),
        ];
        change_group(&world, &storm).await;
        let at = world.clock.now();
        match runs().await {
            Turn::Early { next_at } => assert!(next_at.since(at) <= minutes(1)),
            other => panic!("{other:?}"),
        }
        world.moves(minutes(1)).await;
        assert_eq!(runs().await, ran("1 lists, 2 added, 1 removed"));
        assert!(!may_announce(&world, "U0DEE").await && may_announce(&world, "U0CY").await);
        world.moves(minutes(5)).await;
        assert!(matches!(runs().await, Turn::Early { .. }));

        // Another group is no concern of ours.
        let other = json!({ "group": "oncall", "add": "dee" });
        world.control("group", other).await;
        world
            .control("person", json!({ "user": "eve", "name": "Eve E." }))
            .await;
        hears(&world, 1).await;
        assert!(matches!(runs().await, Turn::Early { .. }));
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_new_in_the_settings_is_read_soon() {
    let world = World::start().await;
    let jobs = world.node().await.jobs();
    let nothing = jobs.turn(Job::Groups, false).await.unwrap();
    let said = "no group is read from elsewhere".to_owned();
    assert_eq!(nothing, Turn::Ran(said));
    world.moves(minutes(5)).await;
    let early = jobs.turn(Job::Groups, false).await.unwrap();
    assert!(matches!(early, Turn::Early { .. }), "{early:?}");
    let workspace = world.slack.workspace().unwrap();
    let new = [(ON_CALL.to_owned(), Source::Google(LIST.into()))];
    let provisioned = world.slack.desk.provision_groups(&workspace, &[], &new);
    provisioned.await.unwrap();
    let due = jobs.turn(Job::Groups, false).await.unwrap();
    assert!(matches!(due, Turn::Ran(_)), "{due:?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_settings_drop_is_gone_and_what_was_granted_stays() {
    let google = GoogleFake::start().await;
    google.group(LIST, &["dee@example.com"]);
    let world = World::start().await;
    let workspace = world.slack.workspace().unwrap();
    let desk = &world.slack.desk;
    groups::sync(&lists(&world, &google), None).await.unwrap();
    desk.grant(&workspace, ON_CALL, "U0CY", &by())
        .await
        .unwrap();
    assert!(may_announce(&world, "U0DEE").await && may_announce(&world, "U0CY").await);

    let on_call = Group {
        name: ON_CALL.into(),
        rights: vec![Right::Announce],
        members: BTreeSet::new(),
    };
    let groups = std::slice::from_ref(&on_call);
    desk.provision_groups(&workspace, groups, &[])
        .await
        .unwrap();
    assert!(!may_announce(&world, "U0DEE").await && may_announce(&world, "U0CY").await);
    assert!(
        !may_announce(&world, "U0BO").await,
        "the settings do not name him any more"
    );
    desk.provision_groups(&workspace, &[], &[]).await.unwrap();
    assert!(
        !may_announce(&world, "U0CY").await,
        "the group permits nothing"
    );
    desk.provision_groups(&workspace, groups, &[])
        .await
        .unwrap();
    assert!(may_announce(&world, "U0CY").await);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_told_what_they_may_and_why() {
    let world = World::start().await;
    let told = world.person("dee").runs("/outage who").await;
    drop(told);
    world.settle().await;
    let told = world.person("dee").whispers().await.join("\n");
    assert!(told.contains("in no group"), "{told}");
    assert!(told.contains("the desk in #general"), "{told}");
    for _ in 0..2 {
        // Unknown at first, and asked for beside the answer.
        world.person("ana").runs("/outage who").await;
        world.settle().await;
    }
    let told = world.person("ana").whispers().await.join("\n");
    assert!(told.contains("announce outages"), "{told}");
    assert!(
        told.contains("*edit_all_outages*, named in the settings"),
        "{told}"
    );
    let other = world.person("dee").runs("/outage who <@U0ANA|ana>").await;
    assert!(other.whisper().contains("may"), "{other:?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_is_named_as_people_write_names() {
    let world = World::start().await;
    let jobs = world.node().await.jobs();
    jobs.turn(Job::Users, true).await.unwrap();
    let dee = world.person("dee");
    for said in [
        "@ana",
        "@Ana Alvarez",
        "ana alvarez",
        "ana@example.com",
        "U0ANA",
        "<@U0ANA>",
        "<@U0ANA|ana>",
    ] {
        let seen = dee.runs(&format!("/outage who {said}")).await;
        let told = seen.no_form().whisper();
        assert!(told.contains("*Ana Alvarez may*"), "{said}: {told}");
        assert!(told.contains("change every outage"), "{said}: {told}");
        assert!(
            told.contains("outages that they announced"),
            "{said}: {told}"
        );
    }
    // Also where Slack puts an ID in its place.
    world.control("app", json!({ "should_escape": true })).await;
    let told = dee.runs("/outage who @bo").await.whisper();
    assert!(told.contains("*Bo Berg may*"), "{told}");
    world
        .control("app", json!({ "should_escape": false }))
        .await;

    let told = dee.runs("/outage who @nobody.at.all").await.whisper();
    assert!(
        told.contains("knows nobody called @nobody.at.all"),
        "{told}"
    );
    assert!(told.contains("/outage who U0123456789"), "{told}");
    let seen = dee.runs("/outage who can log in is random").await;
    let told = seen.no_form().whisper();
    assert!(told.contains("Announce an outage"), "{told}");

    // Two of the same name, and one who left.
    world
        .control("person", json!({ "user": "cy", "name": "Bo Berg" }))
        .await;
    world
        .control("person", json!({ "user": "ana", "deactivated": true }))
        .await;
    jobs.turn(Job::Users, true).await.unwrap();
    let told = dee.runs("/outage who Bo Berg").await.whisper();
    assert!(told.contains("More than one person"), "{told}");
    for id in ["U0BO", "U0CY"] {
        assert!(told.contains(&format!("/outage who {id}")), "{told}");
    }
    let told = dee.runs("/outage who @bo").await.whisper();
    assert!(
        told.contains("*Bo Berg may*"),
        "a handle is one person's: {told}"
    );
    dee.runs("/outage who @ana").await;
    world.settle().await;
    let told = dee.whispers().await.pop().unwrap();
    assert!(told.contains("*Ana Alvarez may*\n• do nothing"), "{told}");
    assert!(told.contains("is deactivated in Slack"), "{told}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_are_granted_and_taken_back_at_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack().await;
    let (mut server, _) = serve(folder.path(), &slack).await;
    let run = async |words: &[&str]| {
        let mut command = balefire(folder.path(), &slack.api_url());
        command.args(words).stderr(std::process::Stdio::piped());
        let done = command.output().await.unwrap();
        let mut said = String::from_utf8(done.stdout).unwrap();
        said.push_str(&String::from_utf8(done.stderr).unwrap());
        (done.status.code().unwrap(), said)
    };
    // Everybody is read soon after the first start.
    for _ in 0..200 {
        if run(&["people", "show", "U0DEE"]).await.0 == 0 {
            break;
        }
    }
    let (code, said) = run(&["people", "grant", "U0DEE", "on_call"]).await;
    assert_eq!((code, said.trim()), (0, "Dee Diaz is in on_call now"));
    let (code, said) = run(&["people", "grant", "U0DEE", "on_call"]).await;
    assert_eq!((code, said.trim()), (0, "Dee Diaz was in on_call already"));
    let (_, said) = run(&["people", "list"]).await;
    assert!(said.contains("on_call (permits announce)"), "{said}");
    assert!(said.contains("Dee Diaz (U0DEE), granted by hand"), "{said}");
    assert!(
        said.contains("edit_all_outages (permits change_any_outage)\n  nobody"),
        "{said}"
    );
    assert!(
        said.contains("administrators (permits administer"),
        "{said}"
    );
    let (code, said) = run(&["people", "revoke", "U0DEE", "on_call"]).await;
    assert_eq!(
        (code, said.trim()),
        (0, "Dee Diaz is not in on_call any more")
    );
    let (code, said) = run(&["people", "revoke", "U0ANA", "on_call"]).await;
    assert_eq!(code, 2);
    assert!(
        said.contains("but named in the settings. Take them out there."),
        "{said}"
    );
    let (code, said) = run(&["people", "grant", "U0DEE", "oncall"]).await;
    assert_eq!(code, 2);
    assert!(said.contains("there is no group oncall"), "{said}");
    let (code, said) = run(&["people", "show", "nobody at all"]).await;
    assert_eq!(code, 2);
    assert!(
        said.contains("nobody called nobody at all is known"),
        "{said}"
    );
    let (code, said) = run(&["sync", "groups"]).await;
    assert_eq!(code, 2);
    assert!(said.contains("[[permissions.sources]]"), "{said}");
    server.kill().await.unwrap();
    slack.stop().await;
}
