//! What becomes due because time passes, when it does not go as it should.

use std::time::Duration;

use balefire::{
    domain::{
        command::{Command, Resolve, Update},
        eta::Eta,
        ids::ChannelId,
        outage::Stage,
    },
    store,
};
use serde_json::json;

use crate::{
    channel::{announced, changes, only_made, read_all, resolves},
    harness::{Setup, World, minutes},
};

/// Asks as often as the job does, for so long.
async fn goes_on(world: &World, seconds: u64) {
    for _ in 0..seconds / 20 {
        world.passes(Duration::from_secs(20)).await;
    }
}

/// How many deliveries are not through: dead, and waiting.
async fn left(world: &World) -> (usize, usize) {
    let mut tx = world.db.read().await.unwrap();
    let dead = store::deliveries::list(&mut tx, true, 1000).await.unwrap();
    let all = store::deliveries::list(&mut tx, false, 1000).await.unwrap();
    (dead.len(), all.len() - dead.len())
}

async fn promises(world: &World, minutes_ahead: u64) {
    let now = world.clock.now();
    let eta = Command::Eta {
        eta: Eta::exact(now.plus(minutes(minutes_ahead)), now),
        reason: String::new(),
    };
    changes(world, 1, &eta).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_that_somebody_deleted_is_not_rendered_over_and_over() {
    let world = announced(Setup::default()).await;
    promises(&world, 5).await;
    let gone = json!([{ "method": "chat.update", "kind": "api_error", "error": "message_not_found", "times": 1000 }]);
    world.faults(gone).await;
    goes_on(&world, 25 * 60).await;
    assert_eq!(left(&world).await, (1, 0));
    read_all(&world).await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_slack_does_not_answer_one_rendering_waits() {
    let world = announced(Setup::default()).await;
    promises(&world, 5).await;
    let lost = json!([{ "method": "chat.update", "kind": "http_500", "times": 1000 }]);
    world.faults(lost).await;
    goes_on(&world, 15 * 60).await;
    assert_eq!(left(&world).await, (0, 1));
    world.faults(json!([])).await;
    world.control("reset_faults", json!({})).await;
    world.passes(minutes(6)).await;
    read_all(&world).await;
    world.passes(minutes(3)).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_long_overdue_is_seldom_rendered_anew() {
    let world = announced(Setup::default()).await;
    promises(&world, 1).await;
    let mut rendered = Vec::new();
    // A quarter of an hour each: two days, then as many on the tenth and eleventh day.
    for rounds in [192, 192] {
        let before = world.calls("chat.update").await.len();
        for _ in 0..rounds {
            world.passes(minutes(15)).await;
        }
        rendered.push(world.calls("chat.update").await.len() - before);
        world.passes(minutes(8 * 24 * 60)).await;
    }
    assert!((50..80).contains(&rendered[0]), "{rendered:?}");
    assert!((1..4).contains(&rendered[1]), "{rendered:?}");
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_with_a_later_outage_is_not_archived_by_an_old_warning() {
    let world = announced(Setup {
        archive_after_hours: 48,
        ..Setup::default()
    })
    .await;
    changes(&world, 1, &Command::CreateChannel).await;
    let id = only_made(&world).await["id"].as_str().unwrap().to_owned();
    resolves(&world).await;
    world.passes(minutes(25 * 60)).await;
    world
        .person("ana")
        .announces("Booking", "Nobody can book")
        .await;
    let set = Command::SetChannel {
        channel: ChannelId::from(id.as_str()),
    };
    changes(&world, 2, &set).await;
    let over = Resolve {
        text: String::new(),
        at: world.clock.now(),
        answers: Vec::new(),
        turnover: None,
        post_mortem_wanted: false,
    };
    changes(&world, 2, &Command::Resolve(over)).await;
    world.passes(minutes(24 * 60 - 10)).await;
    world.passes(minutes(1)).await;
    assert_eq!(only_made(&world).await["is_archived"], false);
    // Warned again, and a day later it is.
    world.passes(minutes(60)).await;
    assert_eq!(only_made(&world).await["is_archived"], false);
    world.passes(minutes(25 * 60)).await;
    assert_eq!(only_made(&world).await["is_archived"], true);
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_somebody_archived_makes_room_for_another() {
    let world = announced(Setup::default()).await;
    changes(&world, 1, &Command::CreateChannel).await;
    let id = only_made(&world).await["id"].as_str().unwrap().to_owned();
    world
        .control("channel", json!({ "channel": id, "archived": true }))
        .await;
    let update = Command::Update(Update {
        text: "We know the cause".into(),
        stage: Some(Stage::Identified),
        eta: None,
    });
    changes(&world, 1, &update).await;
    let outage = changes(&world, 1, &Command::CreateChannel).await;
    world.settle().await;
    let workspace = world.slack.workspace().unwrap();
    let desk = &world.slack.desk;
    let outage = desk.outage(&workspace, outage.number).await.unwrap();
    let channel = outage.working_channel().unwrap();
    assert!(channel.id.as_ref().is_some_and(|it| it.as_str() != id));
    read_all(&world).await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slack_never_lets_through_is_given_up_and_told() {
    let world = announced(Setup::default()).await;
    let never = json!([{ "method": "conversations.create", "kind": "ratelimited", "retry_after": 3600, "times": 100000 }]);
    world.faults(never).await;
    changes(&world, 1, &Command::CreateChannel).await;
    for _ in 0..(24 * 6 + 3) {
        world.passes(minutes(10)).await;
    }
    assert_eq!(left(&world).await, (1, 0));
    let told = world.person("ana").direct_messages().await;
    let told: Vec<String> = told.iter().map(crate::harness::words).collect();
    assert!(
        told.iter().any(|it| it.contains("asked for a pause")),
        "{told:?}"
    );
    // It can be asked for again.
    world.control("reset_faults", json!({})).await;
    changes(&world, 1, &Command::CreateChannel).await;
    only_made(&world).await;
    read_all(&world).await;
    world.close().await;
}
