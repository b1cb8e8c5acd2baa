//! The dedicated channel of an outage, and what is shared from it.

use std::time::Duration;

use balefire::{
    desk::Once,
    domain::{
        command::{Command, Resolve, Update},
        ids::{ChannelId, OutageNumber},
        outage::{Outage, Stage},
    },
};
use serde_json::{Value, json};

use crate::harness::{Setup, World, minutes, words};

/// Ana has announced outage 1.
async fn announced(setup: Setup) -> World {
    let world = World::with(setup).await;
    world
        .person("ana")
        .announces("Payments", "Cards fail")
        .await;
    world
}

/// Ana changes an outage, by whatever button that is.
async fn changes(world: &World, number: i64, command: &Command) -> Outage {
    let desk = &world.slack.desk;
    let workspace = world.slack.workspace().unwrap();
    let ana = desk.meet(&workspace, &"U0ANA".into(), "Ana").await.unwrap();
    let key = format!("{number}:{}", world.clock.now().micros());
    let once = Once::new("test", key, String::new());
    let number = OutageNumber(number);
    let changed = desk
        .change(&workspace, ana.id, number, command, &once)
        .await;
    let changed = changed.unwrap();
    world.settle().await;
    changed
}

async fn resolves(world: &World) {
    let resolve = Resolve {
        text: "Switched to the other provider".into(),
        at: world.clock.now(),
        answers: Vec::new(),
        turnover: None,
        post_mortem_wanted: false,
    };
    changes(world, 1, &Command::Resolve(resolve)).await;
}

/// The channels that were made for outages, as they stand.
async fn made(world: &World) -> Vec<Value> {
    let state = world.state().await;
    let channels = state["channels"].as_array().unwrap();
    let made = |it: &&Value| it["name"].as_str().unwrap().starts_with("o-");
    channels.iter().filter(made).cloned().collect()
}

async fn only_made(world: &World) -> Value {
    let mut made = made(world).await;
    assert_eq!(made.len(), 1, "{made:#?}");
    made.remove(0)
}

fn name(channel: &Value) -> &str {
    channel["name"].as_str().unwrap()
}

/// What the bot wrote in a channel, system messages left out.
async fn said(world: &World, channel: &Value) -> Vec<String> {
    let messages = world.channel(name(channel)).await;
    messages.iter().map(words).collect()
}

fn bot_in(channel: &Value) -> bool {
    has_member(channel, "U0BALEFIRE")
}

fn has_member(channel: &Value, user: &str) -> bool {
    let members = channel["members"].as_array().unwrap();
    members.iter().any(|it| it == user)
}

/// Events reach the app on their own: works on them until nothing more comes.
async fn hears(world: &World) {
    for _ in 0..15 {
        balefire::jobs::inbox::run_once(&world.slack).await.unwrap();
        world.settle().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn writes(world: &World, user: &str, channel: &str, text: &str) -> String {
    let body = json!({ "user": user, "channel": channel, "text": text });
    let seen = world.control("message", body).await;
    seen["ts"].as_str().unwrap().to_owned()
}

async fn reacts(world: &World, user: &str, channel: &str, ts: &str, emoji: &str, remove: bool) {
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

/// Everything the bot wrote to people is read.
async fn read_all(world: &World) {
    for person in ["ana", "bo", "cy", "dee"] {
        world.person(person).direct_messages().await;
    }
    for channel in made(world).await {
        world.channel(name(&channel)).await;
    }
    world.channel("outages").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_made_with_all_that_belongs_into_it() {
    let world = announced(Setup {
        invite_groups: vec!["S0SUPPORT", "S0NOBODY"],
        ..Setup::default()
    })
    .await;
    changes(&world, 1, &Command::CreateChannel).await;
    let channel = only_made(&world).await;
    assert!(name(&channel).starts_with("o-payments-"), "{channel:#}");
    for member in ["U0BALEFIRE", "U0ANA", "U0CY", "U0DEE"] {
        assert!(has_member(&channel, member), "{member}: {channel:#}");
    }
    assert!(!has_member(&channel, "U0BO"), "{channel:#}");
    let welcome = said(&world, &channel).await;
    assert!(welcome[0].contains("This channel is for *Outage 1 · Payments*"));
    assert!(welcome[0].contains(":point_up:"), "{welcome:?}");
    let link = channel["bookmarks"][0]["link"].as_str().unwrap();
    assert!(welcome[0].contains(link), "{link}: {welcome:?}");
    let mention = format!("<#{}>", channel["id"].as_str().unwrap());
    let thread = world.thread().await;
    assert!(thread[0].1.contains(&mention), "{thread:?}");
    assert!(words(&world.announcement().await).contains(&mention));

    let topic = channel["topic"]["value"].as_str().unwrap().to_owned();
    assert!(
        topic.starts_with("Outage 1 · Payments: investigating, severity"),
        "{topic}"
    );
    let update = Update {
        text: "It is the provider".into(),
        stage: Some(Stage::Identified),
        eta: None,
    };
    changes(&world, 1, &Command::Update(update)).await;
    let topic = only_made(&world).await["topic"]["value"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(topic.contains(": identified, severity"), "{topic}");
    resolves(&world).await;
    let topic = only_made(&world).await["topic"]["value"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        topic.contains(": resolved ") && topic.contains("by Ana Alvarez"),
        "{topic}"
    );
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_gets_a_number() {
    let world = announced(Setup::default()).await;
    let workspace = world.slack.workspace().unwrap();
    let outage = world.slack.desk.outage(&workspace, OutageNumber(1)).await;
    let outage = outage.unwrap();
    let wanted = balefire::domain::channel::name(&outage, world.slack.desk.policy());
    world
        .control(
            "channel",
            json!({ "create": true, "name": wanted, "by": "bo" }),
        )
        .await;
    changes(&world, 1, &Command::CreateChannel).await;
    let made = made(&world).await;
    assert_eq!(made.len(), 2, "{made:#?}");
    assert_eq!(name(&made[1]), format!("{wanted}-2"));
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_whose_answer_got_lost_is_found_again() {
    let world = announced(Setup::default()).await;
    world
        .faults(json!([{ "method": "conversations.create", "kind": "drop_after", "times": 1 }]))
        .await;
    changes(&world, 1, &Command::CreateChannel).await;
    only_made(&world).await;
    world.passes(minutes(1)).await;
    let channel = only_made(&world).await;
    assert!(has_member(&channel, "U0ANA"), "{channel:#}");
    assert_eq!(said(&world, &channel).await.len(), 1);
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_does_not_take_the_channel_of_another_outage() {
    let world = announced(Setup::default()).await;
    changes(&world, 1, &Command::CreateChannel).await;
    // The same component once more, on the same day.
    let withdraw = Command::Withdraw {
        why: "A false alarm".into(),
        duplicate_of: None,
    };
    changes(&world, 1, &withdraw).await;
    world
        .person("ana")
        .announces("Payments", "Refunds fail")
        .await;
    world
        .faults(json!([{ "method": "conversations.create", "kind": "drop_before", "times": 1 }]))
        .await;
    changes(&world, 2, &Command::CreateChannel).await;
    world.passes(minutes(1)).await;
    let made = made(&world).await;
    assert_eq!(made.len(), 2, "{made:#?}");
    assert_eq!(name(&made[1]), format!("{}-2", name(&made[0])));
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_refused_is_told_and_can_be_tried_again() {
    let world = announced(Setup::default()).await;
    world
        .faults(json!([{ "method": "conversations.create", "kind": "api_error", "error": "restricted_action", "times": 1 }]))
        .await;
    changes(&world, 1, &Command::CreateChannel).await;
    assert!(made(&world).await.is_empty());
    let told: Vec<String> = world
        .person("ana")
        .direct_messages()
        .await
        .iter()
        .map(words)
        .collect();
    let plain = "do not let apps make channels";
    assert!(told.iter().any(|it| it.contains(plain)), "{told:?}");
    // Nothing that came after it is left over, and it can be asked for again.
    changes(&world, 1, &Command::CreateChannel).await;
    only_made(&world).await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cannot_be_invited_keeps_nobody_out() {
    let world = announced(Setup {
        invite_groups: vec!["S0SUPPORT"],
        ..Setup::default()
    })
    .await;
    let gone = json!({ "user": "cy", "deactivated": true });
    world.control("person", gone).await;
    changes(&world, 1, &Command::CreateChannel).await;
    let channel = only_made(&world).await;
    assert!(has_member(&channel, "U0DEE") && has_member(&channel, "U0ANA"));
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scopes_for_the_niceties_there_is_a_channel_all_the_same() {
    let world = announced(Setup {
        invite_groups: vec!["S0SUPPORT"],
        ..Setup::default()
    })
    .await;
    let lacks = |method: &str| json!({ "method": method, "kind": "api_error", "error": "missing_scope", "times": 9 });
    let faults = [
        "usergroups.users.list",
        "conversations.setTopic",
        "bookmarks.add",
    ];
    world
        .faults(faults.into_iter().map(lacks).collect::<Vec<_>>().into())
        .await;
    changes(&world, 1, &Command::CreateChannel).await;
    let channel = only_made(&world).await;
    assert!(has_member(&channel, "U0ANA") && !has_member(&channel, "U0DEE"));
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_exists_is_entered() {
    let world = announced(Setup::default()).await;
    let body = json!({ "create": true, "name": "war-room", "by": "bo" });
    let channel = world.control("channel", body).await["channel"].clone();
    assert!(!channel["id"].is_null(), "{channel:#}");
    let set = Command::SetChannel {
        channel: ChannelId::from(channel["id"].as_str().unwrap()),
    };
    changes(&world, 1, &set).await;
    let state = world.state().await;
    let channels = state["channels"].as_array().unwrap();
    let channel = channels.iter().find(|it| it["name"] == "war-room").unwrap();
    assert!(bot_in(channel) && has_member(channel, "U0ANA"));
    assert_eq!(world.channel("war-room").await.len(), 1);
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_channel_is_not_entered_and_that_is_told() {
    let world = announced(Setup::default()).await;
    let body = json!({ "create": true, "name": "war-room", "by": "bo", "archived": true });
    let channel = world.control("channel", body).await["channel"].clone();
    let set = Command::SetChannel {
        channel: ChannelId::from(channel["id"].as_str().unwrap()),
    };
    changes(&world, 1, &set).await;
    let told = world.person("ana").direct_messages().await;
    let told: Vec<String> = told.iter().map(words).collect();
    assert!(
        told.iter()
            .any(|it| it.contains("that channel is archived")),
        "{told:?}"
    );
    world.close().await;
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
async fn an_old_channel_is_archived_after_a_warning() {
    let world = announced(Setup {
        archive_after_hours: 48,
        ..Setup::default()
    })
    .await;
    changes(&world, 1, &Command::CreateChannel).await;
    resolves(&world).await;
    world.passes(minutes(25 * 60)).await;
    let channel = only_made(&world).await;
    let told = said(&world, &channel).await;
    assert!(told[1].contains("will be archived"), "{told:?}");
    assert_eq!(channel["is_archived"], false);
    world.passes(minutes(25 * 60)).await;
    assert_eq!(only_made(&world).await["is_archived"], true);
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
