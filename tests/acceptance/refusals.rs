//! What people may not do, and what they are told instead.

use std::collections::BTreeSet;

use balefire::{
    domain::{
        actor::Identity,
        ids::{OutageNumber, ShareId},
        membership::Source,
    },
    slack::action::{Action, Form, FormContext},
};
use serde_json::json;

use crate::{
    harness::{Setup, World, words},
    ingress::signed,
};

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
async fn an_administrator_may_do_everything() {
    let setup = Setup {
        administrators: vec!["U0CY"],
        ..Setup::default()
    };
    let world = World::with(setup).await;
    world.person("bo").announces("Payments", "Cards fail").await;
    let cy = world.person("cy");
    let seen = cy.runs("/outage").await;
    world.settle().await;
    assert!(seen.asks("Announce an outage"), "{seen:?}");
    cy.closes().await;
    for (label, form) in [
        ("Update", "Update outage 1"),
        ("Edit", "Edit outage 1"),
        ("Resolve", "Resolve outage 1"),
        ("Withdraw", "Withdraw outage 1"),
    ] {
        cy.clicks(label).await.form(form);
        cy.closes().await;
    }
    cy.runs("/outage resolve 1 Switched").await.whisper();
    world.settle().await;
    cy.clicks("Reopen").await.form("Reopen outage 1");
    cy.closes().await;
    world.reads_all().await;
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
    balefire::store::rights::set_members(
        &mut tx,
        &workspace,
        "edit_all_outages",
        &Source::Settings,
        &BTreeSet::new(),
        &Identity::Job {
            name: "settings".into(),
        },
        world.clock.now(),
    )
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

/// Whatever a form or a button may ask for: who may not, changes nothing by it, also when they send
/// it without having been offered it.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_had_by_sending_what_was_not_offered() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    let number = OutageNumber(1);
    let workspace = world.slack.workspace().unwrap();
    for round in 0..2 {
        if round == 1 {
            ana.runs("/outage resolve 1 It is back").await;
            world.settle().await;
        }
        let before = world.slack.desk.detail(&workspace, number, 100).await;
        let before = before.unwrap();
        for form in Form::ALL {
            let context = FormContext {
                number: Some(number),
                version: Some(1),
                ..FormContext::default()
            };
            let text = |block: &str, text: &str| json!({ block: { "type": "plain_text_input", "value": text } });
            let chosen = |block: &str, value: &str| json!({ block: { "type": "static_select", "selected_option": { "value": value } } });
            let payload = json!({
                "type": "view_submission", "user": { "id": "U0CY", "name": "cy" },
                "view": {
                    "id": format!("V{round}{}", form.id()), "callback_id": form.id(),
                    "private_metadata": context.encode(),
                    "blocks": [{ "type": "input", "block_id": "text" }],
                    "state": { "values": {
                        "text": text("text", "forged"), "why": text("why", "forged"),
                        "reason": text("reason", "forged"), "summary": text("summary", "forged"),
                        "eta": chosen("eta", "<2h"), "severity": chosen("severity", "critical"),
                        "url": text("url", "https://forged.test"),
                        "channel": { "channel": { "type": "conversations_select", "selected_conversation": "C0GENERAL" } },
                        "solution": { "solution": { "type": "users_select", "selected_user": "U0CY" } },
                        "communication": { "communication": { "type": "users_select", "selected_user": "U0CY" } },
                    } },
                },
            });
            let (status, _) = signed(&world, "/slack/interactivity", &payload).await;
            assert_eq!(status, 200);
            world.settle().await;
        }
        for (at, action) in [
            Action::Take { number },
            Action::CreateChannel { number },
            Action::SetChannel { number },
            Action::Reassign { number },
            Action::Eta { number },
            Action::LinkPostMortem { number },
            Action::Reopen { number },
            Action::Withdraw { number },
            Action::Preview,
            Action::WithdrawShare { share: ShareId(1) },
        ]
        .into_iter()
        .enumerate()
        {
            let payload = json!({
                "type": "block_actions", "user": { "id": "U0CY", "name": "cy" },
                "trigger_id": format!("{round}.{at}"),
                "container": { "type": "message", "message_ts": "1.1", "channel_id": "C0OUTAGES" },
                "actions": [{ "action_id": action.id(), "value": action.value(), "action_ts": format!("{round}.{at}") }],
            });
            signed(&world, "/slack/interactivity", &payload).await;
            world.settle().await;
        }
        for order in [
            "update 1 x",
            "eta 1 1h",
            "resolve 1 x",
            "reopen 1 x",
            "withdraw 1 x",
            "take 1",
        ] {
            world.person("cy").runs(&format!("/outage {order}")).await;
            world.settle().await;
        }
        let after = world.slack.desk.detail(&workspace, number, 100).await;
        let after = after.unwrap();
        assert_eq!(after.outage.version, before.outage.version);
        assert_eq!(after.lines, before.lines);
        assert!(after.outage.channel.is_none());
    }
    assert_eq!(world.channel("outages").await.len(), 1);
    let thread = world.thread().await;
    assert!(
        thread.iter().all(|(_, text)| !text.contains("forged")),
        "{thread:?}"
    );
    for person in ["ana", "cy"] {
        world.person(person).direct_messages().await;
    }
    world.end().await;
}
