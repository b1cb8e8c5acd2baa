//! Who has left the workspace can do nothing, whichever way they come, until Slack says that they are
//! back; and an outage that is opened again does not wait for somebody who is gone.

use balefire::{
    desk::{DeskError, Once},
    domain::{
        command::{Command, MessageRef, Request},
        component::Component,
        eta::Eta,
        ids::{OutageNumber, PersonId},
        outage::Severity,
        refusal::Refusal,
    },
    jobs::Job,
    store::{
        self,
        people::{Account, Profile},
    },
};
use serde_json::{Value, json};

use crate::{
    channel::{changes, update},
    databases,
    harness::{Setup, World, person::button, words},
    ingress::signed_body,
};

const REFUSED: &str = "account that is deactivated";

async fn person_id(world: &World, user: &str) -> PersonId {
    let workspace = world.slack.workspace().unwrap();
    let met = world.slack.desk.meet(&workspace, &user.into(), user).await;
    met.unwrap().id
}

/// Balefire takes Bo for somebody who left, whatever Slack would say.
async fn bo_is_taken_for_gone(world: &World) {
    let workspace = world.slack.workspace().unwrap();
    let bo = Profile {
        slack_user: "U0BO".into(),
        name: "Bo Berg".into(),
        handle: Some("bo".into()),
        email: Some("bo@example.com".into()),
        time_zone: "Europe/London".into(),
        picture: None,
        is_bot: false,
        is_restricted: false,
        is_deactivated: true,
    };
    let desk = &world.slack.desk;
    desk.learn_all(&workspace, &[bo], None).await.unwrap();
    world.settle().await;
}

async fn slack_says_nothing_of_anybody(world: &World) {
    let rule = json!({ "method": "users.info", "kind": "http_500", "times": 1_000_000 });
    world.faults(json!([rule])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_is_turned_away_in_slack_whichever_way_they_come() {
    let world = World::start().await;
    let bo = world.person("bo");
    bo.announces("Payments", "Cards fail").await;
    bo.clicks("Update").await.form("Update outage 1");
    slack_says_nothing_of_anybody(&world).await;
    bo_is_taken_for_gone(&world).await;
    let before = world.thread().await.len();

    // A form that was open already, which keeps what they wrote.
    let seen = bo.submits(json!({ "text": "It is the switch" })).await;
    assert!(!seen.is_closed(), "{seen:?}");
    bo.closes().await;
    // A button, words, and an announcement.
    bo.clicks("Resolve").await.no_form();
    for said in [
        "/outage update 1 It is back",
        "/outage",
        "/outage booking it is slow",
    ] {
        bo.runs(said).await.no_form();
        world.settle().await;
    }
    let told = bo.whispers().await;
    let refused = told.iter().filter(|it| it.contains(REFUSED)).count();
    assert_eq!(refused, 4, "{told:#?}");
    world.settle().await;
    assert_eq!(world.thread().await.len(), before);

    // Slack says that they are back as soon as it can be asked.
    world.faults(json!([])).await;
    let seen = bo.runs("/outage").await;
    world.settle().await;
    assert!(seen.asks("Announce an outage"), "{seen:?}");
    bo.closes().await;
    world.reads_all().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_itself_turns_them_away() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        world.person("bo").announces("Payments", "Cards fail").await;
        let bo = person_id(&world, "U0BO").await;
        bo_is_taken_for_gone(&world).await;
        let (desk, workspace) = (&world.slack.desk, world.slack.workspace().unwrap());
        let once = |key: &str| Once::new("test", key.into(), String::new());
        let number = OutageNumber(1);
        let component = desk.component_called(&workspace, "payments").await.unwrap();
        let component: Component = component.unwrap();
        let request = Request {
            summary: "Cards fail again".into(),
            component,
            severity: Severity::Major,
            eta: Eta::unknown(world.clock.now()),
            answers: Vec::new(),
            from_message: None::<MessageRef>,
            not_the_same_as: vec![number],
        };
        let take = Command::Take;
        let outcomes = [
            ("look", desk.actor(bo).await.map(drop)),
            ("may", desk.may_announce(&workspace, bo).await.map(drop)),
            (
                "begin",
                desk.announcing(&workspace, &"U0BO".into(), "")
                    .await
                    .map(drop),
            ),
            (
                "declare",
                desk.declare(&workspace, bo, &request, &once("a"))
                    .await
                    .map(drop),
            ),
            (
                "change",
                desk.change(&workspace, bo, number, &take, &once("b"))
                    .await
                    .map(drop),
            ),
            (
                "post again",
                desk.post_again(&workspace, bo, number, &once("c"))
                    .await
                    .map(drop),
            ),
        ];
        for (what, outcome) in outcomes {
            let is_refused = matches!(outcome, Err(DeskError::Refused(Refusal::Deactivated)));
            assert!(is_refused, "{what}: {outcome:?}");
        }
        world.reads_all().await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_opened_again_asks_at_once_who_takes_the_part_of_somebody_who_left() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        let jobs = world.node().await.jobs();
        jobs.turn(Job::Users, true).await.unwrap();
        let ana = world.person("ana");
        ana.announces("Payments", "Cards fail").await;
        ana.clicks("Reassign").await.form("Reassign outage 1");
        ana.submits(json!({ "solution": "bo" })).await.closed();
        ana.runs("/outage resolve 1 Switched").await.whisper();
        world.settle().await;
        bo_is_taken_for_gone(&world).await;
        let lines = async || {
            let thread = world.thread().await;
            let mut lines: Vec<String> = thread.into_iter().map(|(_, text)| text).collect();
            lines.retain(|it| it.contains("has left the workspace"));
            lines
        };
        assert_eq!(lines().await.len(), 0, "nobody is needed for what is over");
        let told = ana.direct_messages().await.len();

        ana.runs("/outage reopen 1 Cards fail again")
            .await
            .whisper();
        world.settle().await;
        let asked = lines().await;
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert!(asked[0].contains("Who takes solution?"), "{asked:?}");
        let asked = ana.direct_messages().await;
        assert_eq!(asked.len(), told + 1, "{asked:#?}");
        assert!(button(&asked[told], "I am on it").is_some());
        let text = words(&world.announcement().await);
        assert!(text.contains("nobody"), "{text}");

        // Once: neither the next change asks again nor the next sync.
        changes(&world, 1, &update("We look")).await;
        bo_is_taken_for_gone(&world).await;
        assert_eq!(lines().await.len(), 1);
        world.reads_all().await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_somebody_who_left_is_noticed_with_the_next_change() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    ana.clicks("Reassign").await.form("Reassign outage 1");
    ana.submits(json!({ "solution": "bo" })).await.closed();
    world.settle().await;
    // They left while somebody else opened it again: it was over when Balefire looked.
    let mut tx = world.db.begin().await.unwrap();
    let workspace = world.slack.workspace().unwrap();
    let bo = store::people::by_slack_user(&mut tx, &workspace, &"U0BO".into()).await;
    let bo = bo.unwrap().unwrap();
    let gone = Profile {
        slack_user: bo.slack_user,
        name: bo.name,
        handle: None,
        email: bo.email,
        time_zone: "Europe/London".into(),
        picture: None,
        is_bot: false,
        is_restricted: false,
        is_deactivated: true,
    };
    store::people::save_profiles(&mut tx, &workspace, &[&gone], world.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    changes(&world, 1, &update("We look")).await;
    let thread = world.thread().await;
    let asks = |it: &&(String, String)| it.1.contains("Who takes solution?");
    assert_eq!(thread.iter().filter(asks).count(), 1, "{thread:?}");
    world.reads_all().await;
    world.end().await;
}

/// Slack's word that an account changed, as it comes again when the first time was not answered.
async fn hears(world: &World, id: &str, change: Value) {
    let mut user = json!({
        "id": "U0BO", "team_id": "T0BALEFIRE", "name": "bo", "deleted": false,
        "is_restricted": false, "profile": { "real_name": "Bo Berg", "email": "bo@example.com" },
    });
    for (key, value) in change.as_object().unwrap() {
        user[key] = value.clone();
    }
    let event = json!({ "type": "event_callback", "event_id": id, "team_id": "T0BALEFIRE",
        "event": { "type": "user_change", "user": user } });
    let (status, _) = signed_body(world, "/slack/events", &event.to_string()).await;
    assert_eq!(status, 200);
    while balefire::jobs::inbox::run_once(&world.slack).await.unwrap() > 0 {}
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_late_gives_nobody_back_what_they_lost() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        let workspace = world.slack.workspace().unwrap();
        let bo = async || {
            let mut tx = world.db.read().await.unwrap();
            let users = ["U0BO".into()].into_iter().collect();
            let known = store::people::known(&mut tx, &workspace, &users).await;
            let account = store::people::account(&mut tx, &workspace, &"U0BO".into()).await;
            let profile = known.unwrap()[&"U0BO".into()].profile.clone();
            (
                account.unwrap(),
                profile.is_restricted,
                profile.email.unwrap(),
            )
        };
        let address = || "bo@example.com".to_owned();
        hears(&world, "E1", json!({})).await;
        assert_eq!(bo().await, (Account::Member, false, address()));

        world
            .control("person", json!({ "user": "bo", "guest": true }))
            .await;
        hears(&world, "E2", json!({ "is_restricted": true })).await;
        hears(&world, "E1 again", json!({})).await;
        assert_eq!(bo().await, (Account::Member, true, address()));
        world
            .control("person", json!({ "user": "bo", "deactivated": true }))
            .await;
        hears(
            &world,
            "E3",
            json!({ "deleted": true, "is_restricted": true }),
        )
        .await;
        let other = json!({ "real_name": "Bo Berg", "email": "cy@example.com" });
        for late in [
            json!({}),
            json!({ "is_restricted": true }),
            json!({ "profile": other }),
        ] {
            hears(&world, &format!("late {late}"), late).await;
            assert_eq!(bo().await, (Account::Gone, true, address()));
        }

        // And who is back is back.
        world
            .control(
                "person",
                json!({ "user": "bo", "deactivated": false, "guest": false }),
            )
            .await;
        hears(&world, "E4", json!({})).await;
        assert_eq!(bo().await, (Account::Member, false, address()));
        world.end().await;
    }
}
