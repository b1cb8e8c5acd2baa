//! Messages of a dedicated channel that are shared in the thread of the announcement.

use std::time::Duration;

use balefire::domain::{
    command::Command,
    ids::{ChannelId, OutageNumber},
};
use serde_json::{Value, json};

use crate::{
    channel::{announced, changes, only_made, read_all, resolves},
    harness::{Setup, World, minutes, words},
};

/// Events reach the app on their own: works on them until nothing more comes.
pub async fn hears(world: &World) {
    for _ in 0..15 {
        balefire::jobs::inbox::run_once(&world.slack).await.unwrap();
        world.settle().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub async fn writes(world: &World, user: &str, channel: &str, text: &str) -> String {
    let body = json!({ "user": user, "channel": channel, "text": text });
    let seen = world.control("message", body).await;
    seen["ts"].as_str().unwrap().to_owned()
}

pub async fn reacts(world: &World, user: &str, channel: &str, ts: &str, emoji: &str, remove: bool) {
    let body = json!({
        "user": user, "channel": channel, "ts": ts, "name": emoji, "remove": remove,
    });
    world.control("react", body).await;
    hears(world).await;
}

/// The lines in the thread that are shared messages.
async fn shared(world: &World) -> Vec<(String, String)> {
    let thread = world.thread().await;
    let source = |it: &(String, String)| it.1.contains("\n— ");
    thread.into_iter().filter(source).collect()
}

/// What was sent before the app was removed is worked on when it is back, however long that took.
#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_waits_until_slack_takes_the_token_again() {
    let world = announced(Setup::default()).await;
    changes(&world, 1, &Command::CreateChannel).await;
    let channel = only_made(&world).await;
    let id = channel["id"].as_str().unwrap().to_owned();
    let ts = writes(&world, "ana", &id, "the provider answers").await;
    reacts(&world, "ana", &id, &ts, "eyes", false).await;
    world.control("app", json!({ "revoked": true })).await;
    let event = json!({ "type": "event_callback", "event_id": "E1", "team_id": "T0BALEFIRE",
        "event": { "type": "reaction_added", "user": "U0ANA", "reaction": "point_up",
            "item": { "type": "message", "channel": id, "ts": ts }, "event_ts": ts } });
    let event = event.to_string();
    let (status, _) = crate::ingress::signed_body(&world, "/slack/events", &event).await;
    assert_eq!(status, 200);
    let work = async || balefire::jobs::inbox::run_once(&world.slack).await.unwrap();
    for _ in 0..120 {
        assert_eq!(work().await, 1, "it is tried every minute");
        assert_eq!(work().await, 0);
        world.passes(minutes(1)).await;
    }
    let body = json!({ "user": "ana", "channel": id, "ts": ts, "name": "point_up" });
    world.control("app", json!({ "revoked": false })).await;
    world.control("react", body).await;
    world.passes(minutes(2)).await;
    hears(&world).await;
    let lines = shared(&world).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_shares_a_message_once() {
    let world = announced(Setup::default()).await;
    changes(&world, 1, &Command::CreateChannel).await;
    let channel = only_made(&world).await;
    let id = channel["id"].as_str().unwrap().to_owned();
    world
        .control("channel", json!({ "channel": id, "add": "bo" }))
        .await;
    let ts = writes(&world, "bo", &id, "<!here> <@U0ANA> the provider & we").await;
    reacts(&world, "ana", &id, &ts, "eyes", false).await;
    assert!(
        shared(&world).await.is_empty(),
        "another emoji does nothing"
    );
    reacts(&world, "ana", &id, &ts, "point_up::skin-tone-3", false).await;
    let lines = shared(&world).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0].0, "Bo Berg");
    let text = &lines[0].1;
    assert!(
        text.starts_with("> @\u{200d}here Ana Alvarez the provider &amp; we"),
        "{text}"
    );
    assert!(
        text.contains(&format!("Bo Berg in <#{id}>, <!date^")),
        "{text}"
    );
    assert!(text.contains("|Go to the message>"), "{text}");
    let marked = message(&world, &id, &ts).await;
    assert!(has_mark(&marked), "{marked:#}");

    reacts(&world, "bo", &id, &ts, "point_up", false).await;
    assert_eq!(shared(&world).await.len(), 1, "shared once");

    // It follows its source.
    let edit = json!({ "user": "bo", "channel": id, "ts": ts, "text": "the provider is back" });
    world.control("edit", edit).await;
    hears(&world).await;
    let text = shared(&world).await.remove(0).1;
    assert!(text.starts_with("> the provider is back"), "{text}");
    assert!(text.contains("(edited)"), "{text}");
    let delete = json!({ "user": "bo", "channel": id, "ts": ts });
    world.control("delete", delete).await;
    hears(&world).await;
    let text = shared(&world).await.remove(0).1;
    assert!(
        text.contains("was deleted") && !text.contains("is back"),
        "{text}"
    );
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_channels_are_no_concern() {
    let world = announced(Setup::default()).await;
    changes(&world, 1, &Command::CreateChannel).await;
    let ts = writes(&world, "bo", "general", "nothing to see").await;
    reacts(&world, "ana", "general", &ts, "point_up", false).await;
    assert!(shared(&world).await.is_empty());
    assert!(world.calls("reactions.get").await.is_empty());
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_the_last_reaction_away_offers_to_take_the_message_out() {
    let world = announced(Setup::default()).await;
    changes(&world, 1, &Command::CreateChannel).await;
    resolves(&world).await;
    let channel = only_made(&world).await;
    let id = channel["id"].as_str().unwrap().to_owned();
    let ts = writes(&world, "ana", &id, "we watch it").await;
    reacts(&world, "ana", &id, &ts, "point_up", false).await;
    assert_eq!(shared(&world).await.len(), 1, "works after the end, too");
    reacts(&world, "ana", &id, &ts, "point_up", true).await;
    let ephemerals = world.state().await["ephemerals"].clone();
    let asked = ephemerals.as_array().unwrap().last().unwrap().clone();
    assert!(
        words(&asked).contains("You took the last :point_up: away"),
        "{asked:#}"
    );
    assert_eq!(shared(&world).await.len(), 1, "nothing happens unasked");
    let asked_ts = asked["ts"]
        .as_str()
        .or(asked["message_ts"].as_str())
        .unwrap();
    world
        .person("ana")
        .clicks_action(&id, asked_ts, "balefire.v1.withdraw_share")
        .await;
    world.settle().await;
    assert!(shared(&world).await.is_empty());
    assert!(!has_mark(&message(&world, &id, &ts).await));

    // Shared anew, it stands there anew.
    reacts(&world, "ana", &id, &ts, "point_up", false).await;
    assert_eq!(shared(&world).await.len(), 1);
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_channel_of_two_outages_the_open_one_is_meant() {
    let world = announced(Setup::default()).await;
    changes(&world, 1, &Command::CreateChannel).await;
    let id = only_made(&world).await["id"].as_str().unwrap().to_owned();
    resolves(&world).await;
    world
        .person("ana")
        .announces("Booking", "Nobody can book")
        .await;
    let set = Command::SetChannel {
        channel: ChannelId::from(id.as_str()),
    };
    changes(&world, 2, &set).await;
    let ts = writes(&world, "ana", &id, "it is the database").await;
    reacts(&world, "ana", &id, &ts, "point_up", false).await;
    let workspace = world.slack.workspace().unwrap();
    let desk = &world.slack.desk;
    let share = desk
        .share_of(&workspace, &id.as_str().into(), &ts.as_str().into())
        .await
        .unwrap()
        .unwrap();
    let second = desk.outage(&workspace, OutageNumber(2)).await.unwrap();
    assert_eq!(share.outage_id, second.id);
    assert_eq!(shared(&world).await.len(), 1);
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_shared_and_whoever_cannot_be_whispered_to_is_written_to() {
    let world = announced(Setup::default()).await;
    changes(&world, 1, &Command::CreateChannel).await;
    let id = only_made(&world).await["id"].as_str().unwrap().to_owned();
    let first = writes(&world, "ana", &id, "who knows the disk?").await;
    let reply = json!({ "user": "ana", "channel": id, "text": "it is full", "thread_ts": first });
    let ts = world.control("message", reply).await["ts"].clone();
    let ts = ts.as_str().unwrap();
    reacts(&world, "ana", &id, ts, "point_up", false).await;
    assert!(shared(&world).await[0].1.starts_with("> it is full"));
    let lacks = |method: &str, error: &str| json!({ "method": method, "kind": "api_error", "error": error, "times": 1 });
    world
        .faults(json!([
            lacks("reactions.get", "missing_scope"),
            lacks("chat.postEphemeral", "user_not_in_channel"),
        ]))
        .await;
    reacts(&world, "ana", &id, ts, "point_up", true).await;
    let told = world.person("ana").direct_messages().await;
    let told: Vec<String> = told.iter().map(words).collect();
    assert!(
        told.iter().any(|it| it.contains("You took the last")),
        "{told:?}"
    );
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_taken_back_before_anybody_knew_it_was_posted_leaves_nothing() {
    let world = announced(Setup::default()).await;
    changes(&world, 1, &Command::CreateChannel).await;
    let id = only_made(&world).await["id"].as_str().unwrap().to_owned();
    let ts = writes(&world, "ana", &id, "forget this").await;
    world
        .faults(json!([{ "method": "chat.postMessage", "kind": "drop_after", "times": 1, "channel": "outages" }]))
        .await;
    reacts(&world, "ana", &id, &ts, "point_up", false).await;
    assert_eq!(
        shared(&world).await.len(),
        1,
        "Slack has it, we do not know"
    );
    let desk = &world.slack.desk;
    let workspace = world.slack.workspace().unwrap();
    let ana = desk.meet(&workspace, &"U0ANA".into(), "Ana").await.unwrap();
    let share = desk
        .share_of(&workspace, &id.as_str().into(), &ts.as_str().into())
        .await
        .unwrap()
        .unwrap();
    let withdrawn = desk.withdraw_share(&workspace, ana.id, share.id).await;
    assert!(withdrawn.unwrap().is_some());
    world.passes(minutes(1)).await;
    world.passes(minutes(5)).await;
    assert!(shared(&world).await.is_empty());
    read_all(&world).await;
    world.end().await;
}

async fn message(world: &World, channel: &str, ts: &str) -> Value {
    let state = world.state().await;
    let channels = state["channels"].as_array().unwrap();
    let channel = channels.iter().find(|it| it["id"] == channel).unwrap();
    let messages = channel["messages"].as_array().unwrap();
    messages.iter().find(|it| it["ts"] == ts).unwrap().clone()
}

fn has_mark(message: &Value) -> bool {
    let reactions = message["reactions"].as_array();
    let mut reactions = reactions.into_iter().flatten();
    reactions.any(|it| it["name"] == "white_check_mark")
}

/// An event as Slack may send it late, or again.
pub async fn comes(world: &World, id: &str, event: Value) {
    let mut tx = world.db.begin().await.unwrap();
    let kind = event["type"].as_str().unwrap().to_owned();
    balefire::store::inbox::receive(&mut tx, "slack", id, &kind, &event, world.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    hears(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_that_is_gone_before_it_was_seen_shares_nothing() {
    let world = announced(Setup::default()).await;
    changes(&world, 1, &Command::CreateChannel).await;
    let id = only_made(&world).await["id"].as_str().unwrap().to_owned();
    let ts = writes(&world, "ana", &id, "wrong window, sorry").await;
    for remove in [false, true] {
        let body = json!({
            "user": "ana", "channel": id, "ts": ts, "name": "point_up", "remove": remove,
        });
        world.control("react", body).await;
    }
    hears(&world).await;
    // The first event once more, behind the second one.
    let again = json!({
        "type": "reaction_added", "user": "U0ANA", "reaction": "point_up",
        "item": { "type": "message", "channel": id, "ts": ts },
    });
    comes(&world, "Ev0LATE", again).await;
    assert!(shared(&world).await.is_empty());
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_late_brings_no_old_words_back() {
    let world = announced(Setup::default()).await;
    changes(&world, 1, &Command::CreateChannel).await;
    let id = only_made(&world).await["id"].as_str().unwrap().to_owned();
    let ts = writes(&world, "ana", &id, "the password is hunter2").await;
    reacts(&world, "ana", &id, &ts, "point_up", false).await;
    let edit = json!({ "user": "ana", "channel": id, "ts": ts, "text": "the provider is back" });
    world.control("edit", edit).await;
    hears(&world).await;
    let late = json!({
        "type": "message", "subtype": "message_changed", "channel": id,
        "message": { "type": "message", "user": "U0ANA", "ts": ts, "text": "it is hunter2" },
    });
    comes(&world, "Ev0LATE1", late.clone()).await;
    let text = shared(&world).await.remove(0).1;
    assert!(text.starts_with("> the provider is back"), "{text}");
    let delete = json!({ "user": "ana", "channel": id, "ts": ts });
    world.control("delete", delete).await;
    hears(&world).await;
    comes(&world, "Ev0LATE2", late).await;
    let workspace = world.slack.workspace().unwrap();
    let share = world
        .slack
        .desk
        .share_of(&workspace, &id.as_str().into(), &ts.as_str().into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((share.text.as_str(), share.deleted), ("", true));
    // The timeline says that it was shared, and nothing of what it said.
    let timeline = world.person("ana").runs("/outage 1").await.whisper();
    assert!(timeline.contains("shared what"), "{timeline}");
    assert!(!timeline.contains("hunter2"), "{timeline}");
    read_all(&world).await;
    world.end().await;
}

/// The line still stands in the thread of the first outage when the message is shared for the
/// second one: it leaves the one and comes into the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_moves_from_one_thread_to_another() {
    let world = announced(Setup::default()).await;
    changes(&world, 1, &Command::CreateChannel).await;
    let id = only_made(&world).await["id"].as_str().unwrap().to_owned();
    let ts = writes(&world, "ana", &id, "it is the database").await;
    reacts(&world, "ana", &id, &ts, "point_up", false).await;
    assert_eq!(shared(&world).await.len(), 1);
    world
        .faults(json!([{ "method": "chat.delete", "kind": "http_500", "times": 1 }]))
        .await;
    let desk = &world.slack.desk;
    let workspace = world.slack.workspace().unwrap();
    let ana = desk.meet(&workspace, &"U0ANA".into(), "Ana").await.unwrap();
    let place = (ChannelId::from(id.as_str()), ts.as_str().into());
    let share = desk.share_of(&workspace, &place.0, &place.1).await;
    let share = share.unwrap().unwrap();
    desk.withdraw_share(&workspace, ana.id, share.id)
        .await
        .unwrap();
    world.settle().await;
    resolves(&world).await;
    world
        .person("ana")
        .announces("Booking", "Nobody can book")
        .await;
    let set = Command::SetChannel {
        channel: place.0.clone(),
    };
    changes(&world, 2, &set).await;
    let again = json!({
        "type": "reaction_added", "user": "U0ANA", "reaction": "point_up",
        "item": { "type": "message", "channel": id, "ts": ts },
    });
    comes(&world, "Ev0AGAIN", again).await;
    for _ in 0..5 {
        world.passes(minutes(2)).await;
        hears(&world).await;
    }
    let announcements = world.channel("outages").await;
    let state = world.state().await;
    let channels = state["channels"].as_array().unwrap();
    let outages = channels.iter().find(|it| it["name"] == "outages").unwrap();
    let lines = |thread: &Value| {
        let all = outages["messages"].as_array().unwrap().iter();
        let shared = |it: &&Value| {
            it["thread_ts"] == thread["ts"] && it["text"].as_str().unwrap().contains("\n— ")
        };
        all.filter(shared).count()
    };
    assert_eq!(
        (lines(&announcements[0]), lines(&announcements[1])),
        (0, 1),
        "{outages:#}"
    );
    shared(&world).await;
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_outlasts_pauses_and_a_while_without_slack() {
    for (kind, times) in [("ratelimited", 12), ("http_500", 4)] {
        let world = announced(Setup::default()).await;
        changes(&world, 1, &Command::CreateChannel).await;
        let id = only_made(&world).await["id"].as_str().unwrap().to_owned();
        let ts = writes(&world, "ana", &id, "it is the database").await;
        let fault =
            json!({ "method": "reactions.get", "kind": kind, "times": times, "retry_after": 30 });
        world.faults(json!([fault])).await;
        reacts(&world, "ana", &id, &ts, "point_up", false).await;
        for _ in 0..15 {
            world.passes(minutes(1)).await;
            balefire::jobs::inbox::run_once(&world.slack).await.unwrap();
        }
        world.settle().await;
        assert_eq!(shared(&world).await.len(), 1, "{kind}");
        read_all(&world).await;
        world.end().await;
    }
}

/// Taken out, though nobody knows, and shared again: it comes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_shared_again_comes_back_whatever_became_of_its_line() {
    let world = announced(Setup::default()).await;
    changes(&world, 1, &Command::CreateChannel).await;
    let id = only_made(&world).await["id"].as_str().unwrap().to_owned();
    let ts = writes(&world, "ana", &id, "it is the database").await;
    reacts(&world, "ana", &id, &ts, "point_up", false).await;
    assert_eq!(shared(&world).await.len(), 1);
    world
        .faults(json!([{ "method": "chat.delete", "kind": "drop_after", "times": 1 }]))
        .await;
    let desk = &world.slack.desk;
    let workspace = world.slack.workspace().unwrap();
    let ana = desk.meet(&workspace, &"U0ANA".into(), "Ana").await.unwrap();
    let share = desk
        .share_of(&workspace, &id.as_str().into(), &ts.as_str().into())
        .await
        .unwrap()
        .unwrap();
    desk.withdraw_share(&workspace, ana.id, share.id)
        .await
        .unwrap();
    world.settle().await;
    assert!(shared(&world).await.is_empty());
    let again = json!({
        "type": "reaction_added", "user": "U0ANA", "reaction": "point_up",
        "item": { "type": "message", "channel": id, "ts": ts },
    });
    comes(&world, "Ev0AGAIN", again).await;
    world.passes(minutes(5)).await;
    assert_eq!(shared(&world).await.len(), 1);
    read_all(&world).await;
    world.end().await;
}
