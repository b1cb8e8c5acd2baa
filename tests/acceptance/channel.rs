//! The dedicated channel of an outage, and what is shared from it.

use std::time::Duration;

use balefire::{
    desk::Once,
    domain::{
        command::{Command, Edit, Resolve, Update},
        eta::Eta,
        ids::{ChannelId, OutageNumber},
        outage::{Outage, Severity, Stage},
    },
};
use serde_json::{Value, json};

use crate::harness::{Setup, World, minutes, words};

/// Ana has announced outage 1.
pub async fn announced(setup: Setup) -> World {
    let world = World::with(setup).await;
    world
        .person("ana")
        .announces("Payments", "Cards fail")
        .await;
    world
}

/// Ana changes an outage, by whatever button that is.
pub fn update(text: &str) -> Command {
    Command::Update(Update {
        text: text.into(),
        stage: None,
        eta: None,
    })
}

/// Ana changes an outage, and all that follows is delivered.
pub async fn changes(world: &World, number: i64, command: &Command) -> Outage {
    let changed = writes(world, number, command).await;
    world.settle().await;
    changed
}

/// Ana changes an outage, and nothing is delivered yet.
pub async fn writes(world: &World, number: i64, command: &Command) -> Outage {
    let desk = &world.slack.desk;
    let workspace = world.slack.workspace().unwrap();
    let ana = desk.meet(&workspace, &"U0ANA".into(), "Ana").await.unwrap();
    let key = format!("{number}:{command:?}:{}", world.clock.now().micros());
    let once = Once::new("test", key, String::new());
    let number = OutageNumber(number);
    let changed = desk
        .change(&workspace, ana.id, number, command, &once)
        .await;
    changed.unwrap()
}

pub async fn resolves(world: &World) {
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

pub async fn only_made(world: &World) -> Value {
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

/// Everything the bot wrote to people is read.
pub async fn read_all(world: &World) {
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

#[tokio::test(flavor = "multi_thread")]
async fn what_got_worse_is_seen_in_the_channel_too() {
    let world = announced(Setup::default()).await;
    let edit = Edit {
        summary: None,
        component: None,
        severity: Some(Severity::Critical),
        eta: None,
        answers: Vec::new(),
        reason: "Everything is down".into(),
    };
    changes(&world, 1, &Command::Edit(edit)).await;
    let posted = world.calls("chat.postMessage").await;
    let loud = posted
        .iter()
        .filter(|it| it.to_string().contains("reply_broadcast"));
    let loud: Vec<String> = loud.map(words).collect();
    assert_eq!(loud.len(), 1, "{loud:?}");
    assert!(loud[0].contains("severity raised to critical"), "{loud:?}");
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_died_tells_everything_when_it_is_tried_again() {
    let world = announced(Setup::default()).await;
    let outages = "outages";
    world
        .faults(json!([
            { "method": "chat.postMessage", "kind": "drop_before", "times": 1, "channel": outages },
            { "method": "chat.postMessage", "kind": "api_error", "error": "invalid_blocks", "times": 1, "channel": outages },
        ]))
        .await;
    let eta = Eta {
        label: "<8h".into(),
        due: Some(world.clock.now().plus(Duration::from_secs(8 * 3600))),
        set_at: world.clock.now(),
    };
    let reason = String::new();
    changes(&world, 1, &Command::Eta { eta, reason }).await;
    let desk = &world.slack.desk;
    let workspace = world.slack.workspace().unwrap();
    let bo = desk.meet(&workspace, &"U0BO".into(), "Bo").await.unwrap();
    let reassign = Command::Reassign {
        solution: None,
        communication: Some(Some(bo.id)),
    };
    changes(&world, 1, &reassign).await;
    world.passes(minutes(1)).await;
    assert!(world.thread().await.is_empty());
    let mut tx = world.db.begin().await.unwrap();
    let dead = balefire::store::deliveries::list(&mut tx, true, 10)
        .await
        .unwrap();
    assert_eq!(dead.len(), 1, "{dead:#?}");
    let now = world.clock.now();
    balefire::store::deliveries::revive(&mut tx, dead[0].id, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
    let thread = world.thread().await;
    assert_eq!(thread.len(), 1, "{thread:?}");
    let text = &thread[0].1;
    assert!(
        text.contains("ETA") && text.contains("Communication"),
        "{text}"
    );
    world.passes(minutes(5)).await;
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_channel_asks_for_an_invitation_first() {
    let world = announced(Setup::default()).await;
    let body = json!({ "create": true, "name": "war-room", "by": "bo" });
    let channel = world.control("channel", body).await["channel"].clone();
    world
        .faults(json!([{ "method": "conversations.join", "kind": "api_error", "error": "method_not_supported_for_channel_type", "times": 1 }]))
        .await;
    let set = Command::SetChannel {
        channel: ChannelId::from(channel["id"].as_str().unwrap()),
    };
    changes(&world, 1, &set).await;
    let told = world.person("ana").direct_messages().await;
    let told: Vec<String> = told.iter().map(words).collect();
    assert!(told.iter().any(|it| it.contains("/invite")), "{told:?}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_asked_for_it_hears_that_sales_are_hit() {
    let world = World::with(Setup {
        told_of_sales: vec!["C0SALES"],
        ..Setup::default()
    })
    .await;
    let ana = world.person("ana");
    ana.runs("/outage").await.form("Announce an outage");
    ana.submits(json!({
        "What happened?": "Cards fail", "component": "Payments", "Sales affected": "Yes",
    }))
    .await
    .closed();
    world.settle().await;
    let told = world.channel("sales").await;
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(words(&told[0]).contains("Sales affected: yes"), "{told:#?}");
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_topic_of_a_channel_that_was_there_stays_its_peoples() {
    let world = announced(Setup::default()).await;
    let topic = json!({ "channel": "partners", "topic": "Hotline: ext 444" });
    world.control("channel", topic).await;
    let set = Command::SetChannel {
        channel: ChannelId::from("C0PARTNERS"),
    };
    changes(&world, 1, &set).await;
    let state = world.state().await;
    let channels = state["channels"].as_array().unwrap();
    let partners = channels.iter().find(|it| it["name"] == "partners").unwrap();
    assert!(
        partners["topic"].to_string().contains("Hotline: ext 444"),
        "{partners:#}"
    );
    world.channel("partners").await;
    read_all(&world).await;
    world.end().await;
}
