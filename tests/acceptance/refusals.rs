//! What people may not do, and what they are told instead.

use serde_json::json;

use crate::harness::{Setup, World, words};

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_announce_hears_who_may_and_whom_to_ask() {
    let world = World::start().await;
    let seen = world.person("cy").runs("/outage payments down").await;
    let whisper = seen.no_form().whisper();
    assert!(
        whisper.contains("U0ANA") && whisper.contains("the desk in #general"),
        "{whisper}"
    );
    // The second time Cy is known, and the answer comes with the acknowledgement.
    let again = world.person("cy").runs("/outage payments down").await;
    assert_eq!(again.no_form().whisper(), whisper);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_by_address_holds_from_the_first_command() {
    let world = World::start().await;
    world
        .person("bo")
        .runs("/outage")
        .await
        .form("Announce an outage");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_announce_when_the_settings_say_so() {
    let world = World::with(Setup {
        allow_all: true,
        ..Setup::default()
    })
    .await;
    let cy = world.person("cy");
    cy.announces("Payments", "Cards fail").await;
    world.announcement().await;
    cy.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_involved_and_editors_get_a_form() {
    let world = World::start().await;
    world.person("bo").announces("Payments", "Cards fail").await;
    for label in ["Update", "Edit", "Resolve", "Withdraw"] {
        let seen = world.person("cy").clicks(label).await;
        let whisper = seen.no_form().whisper();
        assert!(
            whisper.contains("U0BO") || whisper.contains("Bo Berg"),
            "{whisper}"
        );
    }
    world
        .person("ana")
        .clicks("Edit")
        .await
        .form("Edit outage 1");
    world.announcement().await;
    world.person("bo").direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_is_authorised_again() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    bo.announces("Payments", "Cards fail").await;
    ana.clicks("Withdraw").await.form("Withdraw outage 1");
    // Ana loses her right while the form is open.
    let workspace = world.slack.workspace().unwrap();
    let mut tx = world.db.begin().await.unwrap();
    balefire::store::rights::save_members(&mut tx, &workspace, "edit_all_outages", "settings", &[])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let seen = ana.submits(json!({ "why": "I was too late" })).await;
    assert!(seen.error_at("why").contains("Only Bo Berg"), "{seen:?}");
    world.settle().await;
    assert!(!words(&world.announcement().await).contains("too late"));
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_button_says_that_it_is_out_of_date_and_links_to_the_current_message() {
    let world = World::start().await;
    let bo = world.person("bo");
    bo.announces("Payments", "Cards fail").await;
    let announcement = world.announcement().await;
    let ts = announcement["ts"].as_str().unwrap().to_owned();
    bo.clicks("Withdraw").await.form("Withdraw outage 1");
    bo.submits(json!({ "why": "A test" })).await.closed();
    // Somebody's client still shows the buttons: the announcement was not rendered anew yet.
    let seen = bo
        .clicks_action("outages", &ts, "balefire.v1.resolve")
        .await;
    let whisper = seen.no_form().whisper();
    assert!(
        whisper.contains("out of date") && whisper.contains("/archives/C0OUTAGES/"),
        "{whisper}"
    );
    world.settle().await;
    world.announcement().await;
    world.thread().await;
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_too_long_is_refused_with_the_limit() {
    let world = World::start().await;
    let bo = world.person("bo");
    bo.announces("Payments", "Cards fail").await;
    bo.clicks("Edit").await.form("Edit outage 1");
    let seen = bo
        .submits(json!({ "summary": "x", "reason": "y".repeat(1001) }))
        .await;
    assert!(seen.error_at("reason").contains("1"), "{seen:?}");
    bo.closes().await;
    world.announcement().await;
    bo.direct_messages().await;
    world.end().await;
}
