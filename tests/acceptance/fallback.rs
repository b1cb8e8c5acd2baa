//! Channels for announcements that are archived, deleted, or left by the bot: it comes back, or the
//! announcements move, and people are told.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    channel::read_all,
    databases,
    harness::{Setup, World, words},
    repair::{FALLBACK, announced, both, channel, dead, looks_after, thread_of, told, ts, updates},
    shares::hears,
};

async fn announcement_in(world: &World, name: &str) -> Value {
    let mut all = world.channel(name).await;
    assert_eq!(all.len(), 1, "one announcement in {name}, not {all:#?}");
    all.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_archived_channel_announcements_move_to_the_fallback() {
    for scratch in both().await {
        let world = announced(scratch, FALLBACK.0).await;
        let ana = world.person("ana");
        let first = ts(&world.announcement().await);
        updates(&world, "The provider looks into it").await;
        channel(&world, json!({ "archived": true })).await;
        hears(&world).await;
        let moved = announcement_in(&world, FALLBACK.1).await;
        let said = words(&moved);
        assert!(
            said.contains("It stands here because <#C0OUTAGES> is archived."),
            "{said}"
        );
        assert!(
            said.contains(&format!("/p{}|The thread", first.replace('.', ""))),
            "{said}"
        );
        let notes = told(&world, "ana").await;
        assert_eq!(notes.len(), 1, "{notes:#?}");
        assert!(words(&notes[0]).contains("stands in <#C0ALERTS> now"));

        updates(&world, "They found it").await;
        let lines = thread_of(&world, FALLBACK.1, &ts(&moved)).await;
        assert_eq!(lines, ["They found it"]);

        // What is announced meanwhile goes there at once, and says why.
        ana.announces("Booking", "No seats").await;
        assert_eq!(world.channel(FALLBACK.1).await.len(), 2);
        let newest = world.channel(FALLBACK.1).await.remove(1);
        assert!(words(&newest).contains("because <#C0OUTAGES> is archived"));
        assert_eq!(world.channel("outages").await.len(), 1);

        // Back again: what is new goes to the channel, what stands stays.
        channel(&world, json!({ "archived": false })).await;
        hears(&world).await;
        ana.announces("Partner API", "Slow").await;
        assert_eq!(world.channel("outages").await.len(), 2);
        updates(&world, "It is better").await;
        let lines = thread_of(&world, FALLBACK.1, &ts(&moved)).await;
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(dead(&world).await, 0);
        read_all(&world).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_gone_is_noticed_by_what_is_said_there() {
    for (scratch, gone) in both()
        .await
        .into_iter()
        .zip([json!({ "archived": true }), json!({ "delete": true })])
    {
        let world = announced(scratch, FALLBACK.0).await;
        world.announcement().await;
        world.sandbox.connect_app("http://127.0.0.1:1");
        channel(&world, gone).await;
        updates(&world, "The provider looks into it").await;
        let moved = announcement_in(&world, FALLBACK.1).await;
        assert!(words(&moved).contains("It stands here because"));
        let lines = {
            let state = world.state().await;
            let channels = state["channels"].as_array().unwrap().clone();
            let it = channels.into_iter().find(|it| it["id"] == FALLBACK.0);
            let messages = it.unwrap()["messages"].as_array().unwrap().clone();
            let replies = messages
                .into_iter()
                .filter(|it| it["thread_ts"] == moved["ts"] && it["ts"] != moved["ts"]);
            replies.map(|it| it["text"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(lines, ["The provider looks into it"]);
        assert_eq!(told(&world, "ana").await.len(), 1);
        assert_eq!(dead(&world).await, 0);
        world.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_on_its_way_moves_too() {
    for scratch in both().await {
        let setup = Setup {
            fallback_channel: FALLBACK.0,
            ..Setup::default()
        };
        let world = World::on(scratch, setup).await;
        world.sandbox.connect_app("http://127.0.0.1:1");
        channel(&world, json!({ "archived": true })).await;
        world.sandbox.connect_app(&world.app_url);
        let ana = world.person("ana");
        ana.announces("Payments", "Cards fail").await;
        let moved = announcement_in(&world, FALLBACK.1).await;
        assert!(words(&moved).contains("because <#C0OUTAGES> is archived"));
        assert!(world.channel("outages").await.is_empty());
        // The role's message waited for the address.
        let direct = ana.direct_messages().await;
        let link = format!("/p{}|", ts(&moved).replace('.', ""));
        assert!(
            direct.iter().any(|it| words(it).contains(&link)),
            "{direct:#?}"
        );
        assert_eq!(dead(&world).await, 0);
        read_all(&world).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_fallback_people_are_told_once() {
    for scratch in both().await {
        let setup = Setup {
            administrators: vec!["U0DEE"],
            ..Setup::default()
        };
        let world = World::on(scratch, setup).await;
        let dee = world.person("dee");
        dee.runs("/outage list").await.whisper();
        let ana = world.person("ana");
        ana.announces("Payments", "Cards fail").await;
        world.announcement().await;
        channel(&world, json!({ "archived": true })).await;
        hears(&world).await;
        updates(&world, "The provider looks into it").await;
        looks_after(&world).await;
        looks_after(&world).await;
        for who in ["ana", "dee"] {
            let notes = told(&world, who).await;
            assert_eq!(notes.len(), 1, "{who}: {notes:#?}");
            let note = words(&notes[0]);
            assert!(note.contains("because <#C0OUTAGES> is archived"), "{note}");
            assert!(note.contains("slack.fallback_channel"), "{note}");
        }
        assert!(dead(&world).await > 0, "deliveries stay for the operator");
        // When it is back, the announcement shows how the outage stands.
        channel(&world, json!({ "archived": false })).await;
        hears(&world).await;
        let said = words(&world.announcement().await);
        assert!(said.contains("The provider looks into it"), "{said}");
        world.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_was_removed_comes_back_once_and_then_moves_away() {
    for scratch in both().await {
        let world = announced(scratch, FALLBACK.0).await;
        let first = ts(&world.announcement().await);
        channel(&world, json!({ "remove": "balefire" })).await;
        hears(&world).await;
        assert_eq!(world.calls("conversations.join").await.len(), 1);
        updates(&world, "The provider looks into it").await;
        let lines = thread_of(&world, "outages", &first).await;
        assert_eq!(lines, ["The provider looks into it"]);
        assert!(world.channel(FALLBACK.1).await.is_empty());

        world.passes(Duration::from_secs(5)).await;
        channel(&world, json!({ "remove": "balefire" })).await;
        hears(&world).await;
        assert_eq!(world.calls("conversations.join").await.len(), 1);
        let moved = announcement_in(&world, FALLBACK.1).await;
        let said = words(&moved);
        assert!(
            said.contains("Balefire is not in <#C0OUTAGES> any more"),
            "{said}"
        );
        assert_eq!(told(&world, "ana").await.len(), 1);

        // Invited again, what is new goes there.
        channel(&world, json!({ "add": "balefire" })).await;
        hears(&world).await;
        let ana = world.person("ana");
        ana.announces("Booking", "No seats").await;
        assert_eq!(world.channel("outages").await.len(), 2);
        assert_eq!(dead(&world).await, 0);
        read_all(&world).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_may_not_join_it_moves_at_once() {
    let world = announced(databases::sqlite().await, FALLBACK.0).await;
    world.announcement().await;
    let refused = json!([{
        "method": "conversations.join", "kind": "api_error", "error": "missing_scope", "times": 9,
    }]);
    world.faults(refused).await;
    channel(&world, json!({ "remove": "balefire" })).await;
    hears(&world).await;
    announcement_in(&world, FALLBACK.1).await;
    assert_eq!(told(&world, "ana").await.len(), 1);
    assert_eq!(dead(&world).await, 0);
    read_all(&world).await;
    world.end().await;
}
