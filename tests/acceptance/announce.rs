//! Announcing an outage, and seeing what everybody else sees.

use balefire::domain::component::Described;
use serde_json::json;

use crate::harness::{Setup, World, words};

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_announced_once_pinned_and_told_to_its_assignee() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.runs("/outage").await.form("Announce an outage");
    ana.submits(
        json!({ "What happened?": "Customers cannot pay by card", "component": "Payments" }),
    )
    .await
    .closed();
    world.settle().await;

    let announcement = world.announcement().await;
    let text = words(&announcement);
    for expected in [
        "Payments",
        "Customers cannot pay by card",
        "U0ANA",
        "major",
        "nvestigating",
    ] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
    assert!(
        !text.contains("Major outage"),
        "severity major is no major outage: {text}"
    );
    assert!(world.is_pinned().await);
    let told = ana.direct_messages().await;
    assert_eq!(told.len(), 1, "one message for both roles");
    assert!(
        words(&told[0]).contains("/archives/C0OUTAGES/p"),
        "{}",
        words(&told[0])
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_the_command_fill_the_form() {
    let world = World::start().await;
    let ana = world.person("ana");
    let seen = ana
        .runs("/outage pay: cards are <refused> & returned")
        .await;
    let form = seen.form("Announce an outage").to_string();
    assert!(form.contains("cards are <refused> & returned"), "{form}");
    assert!(
        form.contains("Payments"),
        "the component is recognised: {form}"
    );
    ana.submits(json!({})).await.closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(
        text.contains("cards are &lt;refused&gt; &amp; returned"),
        "{text}"
    );
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_command_works_too() {
    let world = World::start().await;
    world
        .person("bo")
        .runs("/announce")
        .await
        .form("Announce an outage");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_the_form_changes_nothing() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.runs("/outage payments down")
        .await
        .form("Announce an outage");
    ana.closes().await;
    world.settle().await;
    assert!(world.channel("outages").await.is_empty());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_happened_and_the_component_are_required() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.runs("/outage").await.form("Announce an outage");
    let seen = ana.submits(json!({})).await;
    assert!(!seen.error_at("summary").is_empty());
    assert!(!seen.error_at("component").is_empty());
    ana.submits(json!({ "summary": "  ", "component": "Booking" }))
        .await
        .error_at("summary");
    ana.submits(json!({ "summary": "Search is slow" }))
        .await
        .closed();
    world.settle().await;
    assert!(words(&world.announcement().await).contains("Search is slow"));
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_submitted_twice_opens_one_outage() {
    let world = World::start().await;
    let ana = world.person("ana");
    let seen = ana.runs("/outage payments gone").await;
    let view = seen.form("Announce an outage").clone();
    ana.submits(json!({})).await.closed();
    let payload = json!({
        "type": "view_submission", "team": { "id": "T0BALEFIRE" }, "user": { "id": "U0ANA", "name": "ana" },
        "view": { "id": view["id"], "callback_id": view["callback_id"], "private_metadata": view["private_metadata"],
                  "blocks": view["blocks"], "state": view["state"] },
    });
    for _ in 0..2 {
        let (status, answer) =
            crate::ingress::signed(&world, "/slack/interactivity", &payload).await;
        assert_eq!((status, answer.as_str()), (200, Some("")), "{answer}");
    }
    // Somebody who was told that it takes long, and wrote something else meanwhile.
    let mut other = payload.clone();
    other["view"]["state"]["values"]["summary"]["summary"]["value"] = json!("something else");
    let (_, answer) = crate::ingress::signed(&world, "/slack/interactivity", &other).await;
    let error = answer["errors"]["summary"].as_str().unwrap();
    assert!(error.contains("outage 1"), "{error}");
    world.settle().await;
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn components_are_looked_up_while_typing_with_recent_ones_first() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "first").await;
    ana.runs("/outage").await.form("Announce an outage");
    assert_eq!(
        ana.types("component", "").await,
        ["Payments", "Booking", "Partner API"]
    );
    assert_eq!(ana.types("component", "api").await, ["Partner API"]);
    assert!(ana.types("component", "nothing like it").await.is_empty());
    ana.closes().await;
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_components_the_answer_says_how_to_get_them() {
    let world = World::with(Setup {
        with_components: false,
        ..Setup::default()
    })
    .await;
    let seen = world.person("ana").runs("/outage").await;
    assert!(seen.no_form().whisper().contains("catalog provision"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_details_and_help_are_for_one_person() {
    let world = World::start().await;
    let ana = world.person("ana");
    assert!(
        world
            .person("cy")
            .runs("/outage list")
            .await
            .whisper()
            .to_lowercase()
            .contains("no outage is open")
    );
    ana.announces("Booking", "Nobody can book").await;
    let list = world.person("cy").runs("/outage list").await.whisper();
    assert!(
        list.contains("Booking") && list.contains("Nobody can book"),
        "{list}"
    );
    let detail = world.person("cy").runs("/outage 1").await.whisper();
    assert!(
        detail.contains("Nobody can book") && detail.to_lowercase().contains("announced"),
        "{detail}"
    );
    assert!(
        world
            .person("cy")
            .runs("/outage 7")
            .await
            .whisper()
            .contains('7')
    );
    let help = world.person("cy").runs("/outage help").await.whisper();
    assert!(help.contains("/outage list"), "{help}");
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_a_person_writes_can_ping_everybody_or_break_the_message() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces(
        "Payments",
        "<!channel> <!here> <@U0BO> @everyone <https://evil.test|click> &lt;",
    )
    .await;
    let text = words(&world.announcement().await);
    assert!(
        !text.contains("<!channel>")
            && !text.contains("<@U0BO>")
            && !text.contains("<https://evil"),
        "{text}"
    );
    assert!(text.contains("&lt;!channel&gt;"), "{text}");
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_is_gone_is_refused_at_its_field() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.runs("/outage payments gone")
        .await
        .form("Announce an outage");
    let workspace = world.slack.workspace().unwrap();
    let mut tx = world.db.begin().await.unwrap();
    let named = balefire::store::components::named(&mut tx, &workspace, &["payments".into()]).await;
    let ids = [named.unwrap()[0].0.id];
    let now = world.clock.now();
    let retired = balefire::store::components::retire(&mut tx, &ids, now).await;
    retired.unwrap();
    tx.commit().await.unwrap();
    let seen = ana.submits(json!({})).await;
    assert!(
        seen.error_at("component").contains("not offered"),
        "{seen:?}"
    );
    ana.submits(json!({ "component": "Booking" }))
        .await
        .closed();
    world.settle().await;
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn among_thousands_of_components_a_few_are_suggested() {
    let world = World::start().await;
    let workspace = world.slack.workspace().unwrap();
    let mut tx = world.db.begin().await.unwrap();
    let services: Vec<Described> = (0..3000)
        .map(|n| Described::plain(&format!("service-{n}"), &format!("Service {n}")))
        .collect();
    let all: Vec<&Described> = services.iter().collect();
    balefire::store::components::save(&mut tx, &workspace, &all, world.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let ana = world.person("ana");
    ana.runs("/outage service-2718 is slow")
        .await
        .form("Announce an outage");
    assert_eq!(ana.types("component", "service").await.len(), 50);
    assert_eq!(ana.types("component", "2718").await, ["Service 2718"]);
    ana.submits(json!({})).await.closed();
    world.settle().await;
    assert!(words(&world.announcement().await).contains("Service 2718"));
    ana.direct_messages().await;
    world.end().await;
}
