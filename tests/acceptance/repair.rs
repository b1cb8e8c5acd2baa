//! Announcements that people delete or unpin: noticed, mended once, and people are told.

use balefire::{
    domain::command::{Command, Update},
    jobs::{Job, schedule::Turn},
    store,
};
use serde_json::{Value, json};

use crate::{
    channel::{changes, read_all, resolves},
    databases::{self, Scratch},
    harness::{Setup, World, minutes, person::button, words},
    shares::{comes, hears},
};

/// The channel that is named as the fallback, and how people call it.
pub const FALLBACK: (&str, &str) = ("C0ALERTS", "alerts");

pub async fn both() -> [Scratch; 2] {
    [databases::sqlite().await, databases::postgres().await]
}

pub async fn announced(scratch: Scratch, fallback_channel: &'static str) -> World {
    let setup = Setup {
        fallback_channel,
        ..Setup::default()
    };
    let world = World::on(scratch, setup).await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    world
}

pub async fn updates(world: &World, text: &str) {
    let update = Command::Update(Update {
        text: text.into(),
        stage: None,
        eta: None,
    });
    changes(world, 1, &update).await;
}

async fn deletes(world: &World, channel: &str, ts: &str) {
    let body = json!({ "user": "ana", "channel": channel, "ts": ts });
    world.control("delete", body).await;
}

async fn pins(world: &World, ts: &str, remove: bool) {
    let body = json!({ "user": "bo", "channel": "outages", "ts": ts, "remove": remove });
    world.control("pin", body).await;
}

pub async fn channel(world: &World, change: Value) {
    let mut body = json!({ "channel": "C0OUTAGES", "by": "ana" });
    for (key, value) in change.as_object().unwrap() {
        body[key] = value.clone();
    }
    world.control("channel", body).await;
}

pub fn ts(message: &Value) -> String {
    message["ts"].as_str().unwrap().to_owned()
}

/// What the bot told somebody about an announcement that was taken away.
pub async fn told(world: &World, who: &'static str) -> Vec<Value> {
    let all = world.person(who).direct_messages().await;
    let about = |it: &&Value| {
        let said = words(it);
        said.contains("The announcement of") && !said.contains("Slack did not take")
    };
    all.iter().filter(about).cloned().collect()
}

/// The texts in the thread of a message.
pub async fn thread_of(world: &World, name: &str, parent: &str) -> Vec<String> {
    world.channel(name).await;
    world.thread().await;
    let state = world.state().await;
    let channels = state["channels"].as_array().unwrap();
    let channel = channels.iter().find(|it| it["name"] == name).unwrap();
    let messages = channel["messages"].as_array().unwrap();
    let replies = messages
        .iter()
        .filter(|it| it["thread_ts"] == parent && it["ts"] != parent);
    replies
        .map(|it| it["text"].as_str().unwrap().to_owned())
        .collect()
}

pub async fn dead(world: &World) -> usize {
    let mut tx = world.db.read().await.unwrap();
    let dead = store::deliveries::list(&mut tx, true, 100).await.unwrap();
    dead.len()
}

pub async fn looks_after(world: &World) -> String {
    let jobs = world.node().await.jobs();
    let turn = jobs.turn(Job::Announcements, true).await.unwrap();
    world.settle().await;
    match turn {
        Turn::Ran(done) => done,
        other => panic!("{other:?}"),
    }
}

/// The process ends between the commit of the repair and the call: before anybody has claimed it,
/// or afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_the_next_start_posts_again_what_was_to_be_posted_again() {
    for claimed in [false, true] {
        for scratch in both().await {
            let world = announced(scratch, "").await;
            let first = ts(&world.announcement().await);
            deletes(&world, "outages", &first).await;
            let posted = world.calls("chat.postMessage").await.len();
            let mut waiting = 0;
            while waiting == 0 {
                balefire::jobs::inbox::run_once(&world.slack).await.unwrap();
                let mut tx = world.db.read().await.unwrap();
                let listed = store::deliveries::list(&mut tx, false, 100).await.unwrap();
                waiting = listed.iter().filter(|it| it.kind == "announce").count();
            }
            if claimed {
                let dies = world.node().await.jobs().outbox;
                assert!(!dies.claim(10).await.unwrap().is_empty());
            }
            assert_eq!(world.calls("chat.postMessage").await.len(), posted);

            let next = world.node().await.jobs().outbox;
            world.moves(minutes(2)).await;
            for _ in 0..10 {
                next.run_once().await.unwrap();
                world.moves(minutes(1)).await;
            }
            world.settle().await;
            let again = world.announcement().await;
            assert_ne!(ts(&again), first);
            assert_eq!(world.channel("outages").await.len(), 1);
            assert!(world.is_pinned().await);
            read_all(&world).await;
            world.end().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_announcement_is_posted_again_once() {
    for scratch in both().await {
        let world = announced(scratch, "").await;
        updates(&world, "The provider looks into it").await;
        let first = ts(&world.announcement().await);
        deletes(&world, "outages", &first).await;
        hears(&world).await;

        let second = world.announcement().await;
        assert_ne!(ts(&second), first);
        assert!(world.is_pinned().await);
        let said = words(&second);
        assert!(said.contains("Cards fail"), "{said}");
        assert!(
            said.contains("Posted again, because it was deleted."),
            "{said}"
        );
        // Its replies can still be read, and the way there is said.
        assert!(
            said.contains(&format!("/p{}|The thread", first.replace('.', ""))),
            "{said}"
        );

        // What comes next is said in the new thread, and the old buttons mean what they meant.
        updates(&world, "They found it").await;
        let lines = thread_of(&world, "outages", &ts(&second)).await;
        assert_eq!(lines, ["They found it"]);
        assert_eq!(world.announcement().await["ts"], second["ts"]);
        let shown = world.person("ana").runs("/outage 1").await.whisper();
        let link = format!("/p{}|Go to", ts(&second).replace('.', ""));
        assert!(shown.contains(&link), "{shown}");
        assert!(
            shown.contains("posted it again after it was deleted"),
            "{shown}"
        );
        let workspace = world.slack.workspace().unwrap();
        let (place, message) = ("C0OUTAGES".into(), first.as_str().into());
        let desk = &world.slack.desk;
        let former = desk.announced_at(&workspace, &place, &message);
        assert_eq!(former.await.unwrap().unwrap().0.0, 1);
        assert!(
            told(&world, "ana").await.is_empty(),
            "nobody has to do anything"
        );

        // The same event once more, and late, is no second deletion.
        let again = json!({
            "type": "message", "subtype": "message_deleted", "channel": "C0OUTAGES",
            "deleted_ts": first,
        });
        comes(&world, "Ev0AGAIN", again).await;
        assert_eq!(world.announcement().await["ts"], second["ts"]);
        assert_eq!(dead(&world).await, 0);
        read_all(&world).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_again_it_stays_away_until_somebody_asks_for_it() {
    for scratch in both().await {
        let world = announced(scratch, "").await;
        let ana = world.person("ana");
        for _ in 0..2 {
            let stands = ts(&world.announcement().await);
            deletes(&world, "outages", &stands).await;
            hears(&world).await;
        }
        assert!(world.channel("outages").await.is_empty());
        let notes = told(&world, "ana").await;
        assert_eq!(notes.len(), 1, "{notes:#?}");
        let note = words(&notes[0]);
        assert!(note.contains("was deleted again"), "{note}");
        assert!(note.contains("/outage 1 shows everything"), "{note}");

        // The outage goes on, and nothing of it is lost or dead.
        updates(&world, "The provider looks into it").await;
        looks_after(&world).await;
        assert!(world.channel("outages").await.is_empty());
        assert_eq!(dead(&world).await, 0);
        let shown = world.person("ana").runs("/outage 1").await.whisper();
        assert!(shown.contains("left it away"), "{shown}");
        assert!(shown.contains("The provider looks into it"), "{shown}");

        let press = button(&notes[0], "Post it again").unwrap();
        let action = press["action_id"].as_str().unwrap().to_owned();
        let note_ts = ts(&notes[0]);
        let cy = world.person("cy").runs("/outage 1").await.whisper();
        assert!(cy.contains("Post it again"), "{cy}");
        ana.clicks_action("@ana", &note_ts, &action).await;
        ana.clicks_action("@ana", &note_ts, &action).await;
        world.settle().await;
        let said = words(&world.announcement().await);
        assert!(said.contains("because somebody asked for it"), "{said}");
        assert!(said.contains("The provider looks into it"), "{said}");
        assert!(world.is_pinned().await);
        read_all(&world).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_change_an_outage_does_not_bring_it_back() {
    let world = announced(databases::sqlite().await, "").await;
    for _ in 0..2 {
        let stands = ts(&world.announcement().await);
        deletes(&world, "outages", &stands).await;
        hears(&world).await;
    }
    let desk = &world.slack.desk;
    let workspace = world.slack.workspace().unwrap();
    let cy = desk.meet(&workspace, &"U0CY".into(), "Cy").await.unwrap();
    let once = balefire::desk::Once::new("test", "cy".into(), String::new());
    let number = balefire::domain::ids::OutageNumber(1);
    let posted = desk.post_again(&workspace, cy.id, number, &once).await;
    assert!(posted.is_err());
    world.settle().await;
    assert!(world.channel("outages").await.is_empty());
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_nobody_told_is_noticed() {
    for scratch in both().await {
        let world = announced(scratch, "").await;
        // By the next change, without an event.
        let first = ts(&world.announcement().await);
        world.sandbox.connect_app("http://127.0.0.1:1");
        deletes(&world, "outages", &first).await;
        updates(&world, "The provider looks into it").await;
        let second = world.announcement().await;
        assert_ne!(ts(&second), first);
        let lines = thread_of(&world, "outages", &ts(&second)).await;
        assert_eq!(lines, ["The provider looks into it"]);
        assert!(world.is_pinned().await);
        assert_eq!(dead(&world).await, 0);
        world.sandbox.connect_app(&world.app_url);
        read_all(&world).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_notices_what_no_event_told() {
    for scratch in both().await {
        let world = announced(scratch, "").await;
        world.sandbox.connect_app("http://127.0.0.1:1");
        let first = ts(&world.announcement().await);
        assert_eq!(
            looks_after(&world).await,
            "1 announcement looked at, 0 mended"
        );
        pins(&world, &first, true).await;
        assert_eq!(
            looks_after(&world).await,
            "1 announcement looked at, 1 mended"
        );
        assert!(world.is_pinned().await);
        deletes(&world, "outages", &first).await;
        assert_eq!(
            looks_after(&world).await,
            "1 announcement looked at, 1 mended"
        );
        assert_ne!(ts(&world.announcement().await), first);
        assert!(world.is_pinned().await);
        assert_eq!(
            looks_after(&world).await,
            "1 announcement looked at, 0 mended"
        );
        // It asks little: the channel, and each announcement.
        let looks = world.calls("conversations.history").await.len();
        looks_after(&world).await;
        assert_eq!(world.calls("conversations.history").await.len(), looks + 1);
        world.sandbox.connect_app(&world.app_url);
        read_all(&world).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_all_who_notice_at_once_one_posts_it_again() {
    for scratch in both().await {
        let world = announced(scratch, "").await;
        let first = ts(&world.announcement().await);
        deletes(&world, "outages", &first).await;
        let nodes = [world.node().await, world.node().await];
        let (one, other, event) = tokio::join!(
            nodes[0].slack.look_after_announcements(None),
            nodes[1].slack.look_after_announcements(None),
            balefire::jobs::inbox::run_once(&world.slack),
        );
        one.unwrap();
        other.unwrap();
        event.unwrap();
        hears(&world).await;
        assert_ne!(ts(&world.announcement().await), first);
        assert!(told(&world, "ana").await.is_empty());
        read_all(&world).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_the_second_announcement_does_not_double_it() {
    for scratch in both().await {
        let world = announced(scratch, "").await;
        let first = ts(&world.announcement().await);
        let lost = json!([{ "method": "chat.postMessage", "kind": "drop_after", "times": 1 }]);
        world.faults(lost).await;
        deletes(&world, "outages", &first).await;
        hears(&world).await;
        // Meanwhile people go on; what they say waits for the announcement.
        updates(&world, "The provider looks into it").await;
        for _ in 0..4 {
            world.passes(minutes(1)).await;
        }
        let second = ts(&world.announcement().await);
        assert_ne!(second, first);
        let lines = thread_of(&world, "outages", &second).await;
        assert_eq!(lines, ["The provider looks into it"]);
        assert_eq!(dead(&world).await, 0);
        read_all(&world).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_left_alone() {
    for scratch in both().await {
        let world = announced(scratch, FALLBACK.0).await;
        resolves(&world).await;
        let stands = ts(&world.announcement().await);
        deletes(&world, "outages", &stands).await;
        hears(&world).await;
        looks_after(&world).await;
        // A change of what is over finds nobody to tell, which is no trouble.
        changes(
            &world,
            1,
            &Command::LinkPostMortem {
                url: "https://example.com/pm".into(),
            },
        )
        .await;
        assert!(world.channel("outages").await.is_empty());
        assert!(told(&world, "ana").await.is_empty());
        assert_eq!(dead(&world).await, 0);
        channel(&world, json!({ "archived": true })).await;
        hears(&world).await;
        assert!(world.channel(FALLBACK.1).await.is_empty());
        read_all(&world).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpinned_announcement_is_pinned_again_once() {
    for scratch in both().await {
        let world = announced(scratch, "").await;
        let stands = ts(&world.announcement().await);
        pins(&world, &stands, true).await;
        hears(&world).await;
        assert!(world.is_pinned().await);
        // The same event late: it is pinned by now.
        let again = json!({
            "type": "pin_removed", "user": "U0BO", "channel_id": "C0OUTAGES",
            "item": { "type": "message", "channel": "C0OUTAGES", "message": { "ts": stands } },
        });
        comes(&world, "Ev0AGAIN", again).await;
        assert!(world.is_pinned().await);
        assert!(told(&world, "ana").await.is_empty());

        for _ in 0..2 {
            pins(&world, &stands, true).await;
            hears(&world).await;
            looks_after(&world).await;
            assert!(!world.is_pinned().await, "whoever does it again means it");
            pins(&world, &stands, false).await;
        }
        let notes = told(&world, "ana").await;
        assert_eq!(notes.len(), 1, "{notes:#?}");
        assert!(words(&notes[0]).contains("was unpinned again"));
        read_all(&world).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_unpinning_is_nobodys() {
    let world = announced(databases::sqlite().await, "").await;
    resolves(&world).await;
    let reason = "not quite".to_owned();
    changes(&world, 1, &Command::Reopen { reason }).await;
    hears(&world).await;
    assert!(world.is_pinned().await);
    let removals = world.calls("pins.remove").await.len();
    let additions = world.calls("pins.add").await.len();
    assert_eq!((removals, additions), (1, 2));
    read_all(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bookmark_of_the_dedicated_channel_follows() {
    let world = announced(databases::sqlite().await, "").await;
    changes(&world, 1, &Command::CreateChannel).await;
    let first = ts(&world.announcement().await);
    deletes(&world, "outages", &first).await;
    hears(&world).await;
    let second = ts(&world.announcement().await);
    let made = crate::channel::only_made(&world).await;
    let bookmarks = made["bookmarks"].as_array().unwrap();
    assert_eq!(bookmarks.len(), 1, "{bookmarks:#?}");
    let link = bookmarks[0]["link"].as_str().unwrap();
    assert!(
        link.ends_with(&format!("/p{}", second.replace('.', ""))),
        "{link}"
    );
    read_all(&world).await;
    world.end().await;
}
