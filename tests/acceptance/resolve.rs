//! The end of an outage, its corrections, and its return.

use serde_json::json;

use crate::harness::{World, minutes, person::button, words};

async fn resolved(world: &World) {
    let bo = world.person("bo");
    bo.announces("Payments", "Cards fail").await;
    world.passes(minutes(75)).await;
    bo.clicks("Resolve").await.form("Resolve outage 1");
    bo.submits(json!({
        "resolution": "The provider is back", "Sales affected": "yes", "B2B partners affected": "no",
        "Lost bookings": "<10%", "turnover": "1000", "post_mortem": "yes",
    }))
    .await
    .closed();
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pressing_resolve_resolves_nothing_and_submitting_does() {
    let world = World::start().await;
    let bo = world.person("bo");
    bo.announces("Payments", "Cards fail").await;
    bo.clicks("Resolve").await.form("Resolve outage 1");
    world.settle().await;
    assert!(
        button(&world.announcement().await, "Resolve").is_some(),
        "still open"
    );
    bo.closes().await;
    world.settle().await;
    assert!(world.is_pinned().await);
    bo.clicks("Resolve").await.form("Resolve outage 1");
    let known =
        json!({ "Sales affected": "no", "B2B partners affected": "no", "Lost bookings": "0%" });
    bo.submits(known).await.closed();
    world.settle().await;
    let announcement = world.announcement().await;
    assert!(!world.is_pinned().await);
    for label in ["Edit resolution", "Edit times", "Reopen"] {
        assert!(button(&announcement, label).is_some(), "{label} is missing");
    }
    assert!(button(&announcement, "Resolve").is_none());
    assert!(!words(&announcement).contains("None"));
    assert!(
        world.thread().await[0]
            .1
            .to_lowercase()
            .contains("resolved")
    );
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resolved_announcement_says_how_long_and_what_it_cost() {
    let world = World::start().await;
    resolved(&world).await;
    let text = words(&world.announcement().await);
    for expected in ["The provider is back", "1h 15m", "1,000 EUR", "esolved"] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
    world.thread().await;
    world.person("bo").direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_is_no_answer_any_more_and_all_errors_come_together() {
    let world = World::start().await;
    let bo = world.person("bo");
    bo.announces("Payments", "Cards fail").await;
    let seen = bo.clicks("Resolve").await;
    let form = seen.form("Resolve outage 1").to_string();
    assert!(!form.contains("\"unknown\""), "{form}");
    let now = world.clock.now().epoch();
    let seen = bo
        .submits(json!({
            "Sales affected": "no", "B2B partners affected": "no", "Lost bookings": "0%",
            "resolved_at": (now - 7200).to_string(), "turnover": "about 3",
        }))
        .await;
    assert!(seen.error_at("resolved_at").contains("start"), "{seen:?}");
    assert!(seen.error_at("turnover").contains("1000"));
    let seen = bo
        .submits(json!({ "turnover": "3", "resolved_at": (now - 7200).to_string() }))
        .await;
    assert!(seen.error_at("resolved_at").contains("start"), "{seen:?}");
    let seen = bo
        .submits(json!({ "resolved_at": (now + 7200).to_string() }))
        .await;
    assert!(
        seen.error_at("resolved_at").contains("not come yet"),
        "{seen:?}"
    );
    bo.closes().await;
    world.announcement().await;
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_corrected_across_days() {
    let world = World::start().await;
    resolved(&world).await;
    let bo = world.person("bo");
    bo.clicks("Edit times").await.form("Edit times 1");
    // Not this very minute: an end that is left alone keeps its seconds, and they are rounded.
    let end = world.clock.now().epoch() / 60 * 60 - 300;
    let start = end - 27 * 3600 - 600;
    let wrong = json!({ "started_at": end.to_string(), "resolved_at": start.to_string() });
    assert!(
        bo.submits(wrong)
            .await
            .error_at("resolved_at")
            .contains("start")
    );
    let right = json!({ "started_at": start.to_string(), "resolved_at": end.to_string() });
    bo.submits(right).await.closed();
    world.settle().await;
    assert!(words(&world.announcement().await).contains("1d 3h 10m"));
    let thread = world.thread().await;
    assert!(
        thread
            .last()
            .unwrap()
            .1
            .contains(&format!("<!date^{start}^")),
        "{thread:?}"
    );
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_resolution_is_edited_and_only_what_changed_is_told() {
    let world = World::start().await;
    resolved(&world).await;
    let before = world.thread().await.len();
    let bo = world.person("bo");
    world.passes(minutes(2)).await;
    bo.clicks("Edit resolution").await.form("Edit resolution 1");
    bo.submits(json!({ "turnover": "2500" })).await.closed();
    world.settle().await;
    let thread = world.thread().await;
    assert_eq!(thread.len(), before + 1);
    let line = &thread.last().unwrap().1;
    assert!(
        line.contains("1,000 EUR") && line.contains("2,500 EUR") && !line.contains("Sales"),
        "{line}"
    );
    world.announcement().await;
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reopened_outage_is_open_pinned_and_keeps_its_first_resolver() {
    let world = World::start().await;
    resolved(&world).await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    ana.clicks("Reopen").await.form("Reopen outage 1");
    ana.submits(json!({ "reason": "It is back" }))
        .await
        .closed();
    world.settle().await;
    assert!(world.is_pinned().await);
    let announcement = world.announcement().await;
    assert!(button(&announcement, "Resolve").is_some());
    assert!(words(&announcement).contains("It is back"));
    let thread = world.thread().await;
    let reopened = thread.last().unwrap();
    assert!(
        reopened.1.to_lowercase().contains("reopened") && reopened.1.contains("It is back"),
        "{thread:?}"
    );
    let count = thread.len();

    let seen = ana.clicks("Resolve").await;
    let form = seen.form("Resolve outage 1").to_string();
    assert!(
        form.contains("The provider is back"),
        "the former resolution is there: {form}"
    );
    ana.submits(json!({})).await.closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(text.contains("U0BO"), "Bo resolved it first: {text}");
    assert!(world.thread().await.len() > count);
    assert!(!world.is_pinned().await);
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_alarm_is_withdrawn_with_its_reason() {
    let world = World::start().await;
    let bo = world.person("bo");
    bo.announces("Payments", "Cards fail").await;
    bo.clicks("Withdraw").await.form("Withdraw outage 1");
    bo.submits(json!({ "why": "The monitor was wrong" }))
        .await
        .closed();
    world.settle().await;
    let announcement = world.announcement().await;
    assert!(words(&announcement).contains("The monitor was wrong"));
    assert!(button(&announcement, "Resolve").is_none());
    assert!(!world.is_pinned().await);
    assert!(world.thread().await[0].1.contains("The monitor was wrong"));
    bo.direct_messages().await;
    world.end().await;
}
