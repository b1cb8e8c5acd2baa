//! Updates and edits: what changes, who is heard, and in which order.

use balefire::{
    desk::Once,
    domain::{
        command::{Command, Request, Update},
        eta::Eta,
        ids::OutageNumber,
        outage::Severity,
    },
};
use serde_json::json;

use crate::{
    databases,
    harness::{Setup, World, minutes, words},
    ingress::signed_body,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_update_changes_the_announcement_and_stands_in_the_thread() {
    let world = World::start().await;
    let bo = world.person("bo");
    bo.announces("Payments", "Cards fail").await;
    bo.clicks("Update").await.form("Update outage 1");
    bo.submits(json!({ "text": "The provider restarts", "stage": "identified" }))
        .await
        .closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(
        text.contains("The provider restarts") && text.contains("dentified"),
        "{text}"
    );
    let thread = world.thread().await;
    assert_eq!(
        thread[0],
        ("Bo Berg".to_owned(), "The provider restarts".to_owned())
    );
    assert!(
        thread[1].1.contains("dentified") && thread[1].1.contains("U0BO"),
        "{thread:?}"
    );
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_gives_its_reason_first_and_then_what_changed() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    bo.announces("Payments", "Cards fail").await;
    ana.clicks("Edit").await.form("Edit outage 1");
    ana.submits(json!({
        "summary": "Only Visa fails", "severity": "critical", "component": "Booking",
        "Sales affected": "yes", "B2B partners affected": "no", "eta": "<8h", "reason": "More is known",
    }))
    .await
    .closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(
        text.contains("Only Visa fails") && text.contains("Booking") && text.contains("critical"),
        "{text}"
    );
    let thread = world.thread().await;
    assert_eq!(thread.len(), 3, "{thread:?}");
    assert!(thread[2].1.contains("raised to critical"), "{thread:?}");
    assert_eq!(
        thread[0],
        ("Ana Alvarez".to_owned(), "More is known".to_owned())
    );
    let changes = &thread[1].1;
    for expected in [
        "Booking",
        "critical",
        "&lt;8h",
        "Sales affected",
        "B2B partners affected",
        "U0ANA",
    ] {
        assert!(
            changes.contains(expected),
            "{expected} is missing in {changes}"
        );
    }
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_needs_a_reason_and_a_change() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    ana.clicks("Edit").await.form("Edit outage 1");
    ana.submits(json!({ "summary": "Only Visa fails" }))
        .await
        .error_at("reason");
    let unchanged = ana
        .submits(json!({ "summary": "Cards fail", "reason": "none" }))
        .await;
    assert!(!unchanged.error_at("summary").is_empty());
    ana.closes().await;
    world.settle().await;
    assert!(world.thread().await.is_empty());
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_edits_within_a_minute_share_one_line_of_changes() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    bo.announces("Payments", "Cards fail").await;
    bo.clicks("Edit").await.form("Edit outage 1");
    bo.submits(json!({ "severity": "critical", "reason": "worse" }))
        .await
        .closed();
    world.settle().await;
    ana.clicks("Edit").await.form("Edit outage 1");
    ana.submits(json!({ "Sales affected": "yes", "reason": "sales called" }))
        .await
        .closed();
    world.settle().await;
    let thread = world.thread().await;
    assert_eq!(
        thread.len(),
        4,
        "two reasons, one line of changes, and that it is worse: {thread:#?}"
    );
    let changes = &thread[1].1;
    for expected in ["critical", "Sales affected", "U0BO", "U0ANA"] {
        assert!(
            changes.contains(expected),
            "{expected} is missing in {changes}"
        );
    }
    world.passes(minutes(2)).await;
    bo.clicks("Edit").await.form("Edit outage 1");
    bo.submits(json!({ "severity": "minor", "reason": "better" }))
        .await
        .closed();
    world.settle().await;
    assert_eq!(
        world.thread().await.len(),
        6,
        "after a minute a line of its own"
    );
    world.announcement().await;
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_who_edit_different_things_do_not_undo_each_other() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    bo.announces("Payments", "Cards fail").await;
    bo.clicks("Edit").await.form("Edit outage 1");
    ana.clicks("Edit").await.form("Edit outage 1");
    ana.submits(json!({ "severity": "critical", "reason": "worse" }))
        .await
        .closed();
    bo.submits(json!({ "summary": "Only Visa fails", "reason": "narrowed down" }))
        .await
        .closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(
        text.contains("Only Visa fails") && text.contains("critical"),
        "{text}"
    );
    world.thread().await;
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_at_another_time_of_the_outage_is_out_of_date() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    bo.announces("Payments", "Cards fail").await;
    bo.clicks("Edit").await.form("Edit outage 1");
    ana.clicks("Withdraw").await.form("Withdraw outage 1");
    ana.submits(json!({ "why": "It was a test" }))
        .await
        .closed();
    let seen = bo
        .submits(json!({ "summary": "Only Visa fails", "reason": "narrowed down" }))
        .await;
    assert!(
        seen.error_at("summary").contains("Copy what you wrote"),
        "{seen:?}"
    );
    bo.closes().await;
    world.settle().await;
    world.announcement().await;
    world.thread().await;
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_was_rewritten_meanwhile_is_shown_before_it_is_replaced() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    bo.announces("Payments", "Cards fail").await;
    ana.clicks("Edit").await.form("Edit outage 1");
    bo.clicks("Edit").await.form("Edit outage 1");
    let everywhere = json!({ "summary": "Cards fail everywhere", "reason": "more calls" });
    bo.submits(everywhere).await.closed();

    // Ana hears of Bo's words before hers take their place, and hers are still in the form.
    let mine = json!({ "summary": "Cards fail in Spain", "reason": "narrowed down" });
    let seen = ana.submits(mine).await;
    let form = seen.form("Edit outage 1").to_string();
    assert!(form.contains("Cards fail everywhere"), "{form}");
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(text.contains("Cards fail everywhere"), "{text}");
    ana.submits(json!({})).await.closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(text.contains("Cards fail in Spain"), "{text}");
    world.thread().await;
    bo.direct_messages().await;
    world.end().await;
}

/// Whoever announces from a terminal may be known by what was typed there.
#[tokio::test(flavor = "multi_thread")]
async fn once_somebodys_profile_is_known_open_announcements_call_them_by_their_name() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let setup = Setup {
            allow_all: true,
            ..Setup::default()
        };
        let world = World::on(scratch, setup).await;
        let (desk, workspace) = (&world.slack.desk, world.slack.workspace().unwrap());
        let bo = "U0BO".into();
        let met = desk.meet(&workspace, &bo, "the night shift").await.unwrap();
        for component in ["payments", "booking"] {
            let found = desk.announcing(&workspace, &bo, component).await.unwrap();
            let request = Request {
                summary: "It fails".into(),
                component: found.component.unwrap(),
                severity: Severity::Major,
                eta: Eta::unknown(world.clock.now()),
                answers: Vec::new(),
                from_message: None,
                not_the_same_as: Vec::new(),
            };
            let once = Once::new("test", component.into(), String::new());
            let declared = desk.declare(&workspace, met.id, &request, &once).await;
            let number = declared.unwrap().number;
            let update = Command::Update(Update {
                text: "On it".into(),
                stage: None,
                eta: None,
            });
            let once = Once::new("test", format!("{component} update"), String::new());
            let changed = desk.change(&workspace, met.id, number, &update, &once);
            changed.await.unwrap();
            world.settle().await;
        }
        // Over a moment ago: whoever did that is to be known, too.
        let ended = Command::Withdraw {
            why: "A test".into(),
            duplicate_of: None,
        };
        let once = Once::new("test", "over".into(), String::new());
        let withdrawn = desk.change(&workspace, met.id, OutageNumber(2), &ended, &once);
        withdrawn.await.unwrap();
        world.settle().await;
        let named = async |name: &str| {
            let all = world.channel("outages").await;
            all.iter().filter(|it| words(it).contains(name)).count()
        };
        assert!(named("the night shift").await > 0);

        let rendered = world.calls("chat.update").await.len();
        for id in ["E1", "E2"] {
            let event = json!({ "type": "event_callback", "event_id": id, "team_id": "T0BALEFIRE",
                "event": { "type": "user_change", "user": { "id": "U0BO", "name": "bo",
                    "tz": "Europe/Prague", "profile": { "real_name": "Bo Berg" } } } });
            let (status, _) = signed_body(&world, "/slack/events", &event.to_string()).await;
            assert_eq!(status, 200);
            balefire::jobs::inbox::run_once(&world.slack).await.unwrap();
            world.settle().await;
            let anew = world.calls("chat.update").await.len() - rendered;
            assert_eq!(anew, 2, "each once");
        }
        assert_eq!(named("Bo Berg").await, 2);
        world.thread().await;
        for person in ["ana", "bo"] {
            world.person(person).direct_messages().await;
        }
        world.end().await;
    }
}
