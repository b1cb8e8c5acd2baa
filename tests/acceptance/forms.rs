//! Forms and buttons for all that can become of an outage: ETAs in people's own words, who works
//! on it, what is known in the end, and whether it is the same as another one.

use serde_json::{Value, json};

use balefire::{domain::time::Zone, store};

use crate::harness::{
    World, minutes,
    person::{Person, Seen},
    words,
};

/// The part of a form with this block.
fn block<'v>(form: &'v Value, id: &str) -> Option<&'v Value> {
    let blocks = form["blocks"].as_array()?;
    blocks.iter().find(|it| it["block_id"] == id)
}

/// Fills in the announce form without waiting for what follows.
async fn reports(person: &Person<'_>, component: &str, what: &str) -> Seen {
    person.runs("/outage").await.form("Announce an outage");
    person
        .submits(json!({ "What happened?": what, "component": component }))
        .await
}

/// The announcement that has these words.
async fn announcement_of(world: &World, what: &str) -> Value {
    let all = world.channel("outages").await;
    let found = all.into_iter().find(|it| words(it).contains(what));
    found.unwrap_or_else(|| panic!("nothing announced says {what}"))
}

pub async fn click_on(world: &World, person: &Person<'_>, what: &str, action: &str) -> Seen {
    let message = announcement_of(world, what).await;
    let ts = message["ts"].as_str().unwrap();
    person
        .clicks_action("outages", ts, &format!("balefire.v1.{action}"))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exact_eta_is_announced_and_slips() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.runs("/outage").await.form("Announce an outage");
    let what = json!({ "summary": "Cards fail", "component": "Payments", "eta_text": "soonish" });
    let seen = ana.submits(what).await;
    assert!(seen.error_at("eta_text").contains("unknown"));
    ana.submits(json!({ "eta_text": "45m" })).await.closed();
    world.settle().await;
    let before = words(&world.announcement().await);
    assert!(before.contains("ETA"), "{before}");

    // At once it would only correct a slip of the pen.
    world.passes(minutes(2)).await;
    ana.clicks("ETA").await.form("ETA of outage 1");
    ana.submits(json!({})).await.error_at("eta");
    let later = json!({ "eta_text": "2h30", "reason": "The part is late" });
    ana.submits(later).await.closed();
    world.settle().await;
    let after = words(&world.announcement().await);
    assert!(after.contains("slipped once"), "{after}");
    let thread = world.thread().await;
    assert!(
        thread.iter().any(|(_, text)| text == "The part is late"),
        "{thread:?}"
    );

    // Untouched, an update keeps the promise; in words, it makes another one.
    world.passes(minutes(2)).await;
    ana.clicks("Update").await.form("Update outage 1");
    ana.submits(json!({ "text": "Nobody knows how long", "eta_text": "unknown" }))
        .await
        .closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(text.contains("slipped twice"), "{text}");
    world.thread().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_says_how_an_eta_is_understood_and_keeps_what_was_typed() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.runs("/outage cards fail")
        .await
        .form("Announce an outage");
    let presses = async |text: &str| {
        let body = json!({ "user": "ana", "action_id": "eta_text", "selected": text });
        let seen = world.control("click", body).await;
        world.settle().await;
        seen["seen"]["modal"].clone()
    };
    let form = presses("in 45m").await;
    let note = block(&form, "eta_note").unwrap_or_else(|| panic!("no note in {form:#}"));
    let note = note["elements"][0]["text"].as_str().unwrap();
    assert!(
        // The promise ends on a whole minute, which may be one later.
        note.starts_with("Understood as ") && note.contains("(in 4"),
        "{note}"
    );
    let form = presses("when it is done").await;
    let note = block(&form, "eta_note").unwrap();
    assert!(note.to_string().contains("cannot be read"), "{note}");
    let ids: Vec<_> = form["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["block_id"] == "eta_note")
        .collect();
    assert_eq!(ids.len(), 1);
    // What stood in the other fields still does, and so does what was typed here.
    ana.submits(json!({ "component": "Payments" }))
        .await
        .error_at("eta_text");
    ana.submits(json!({ "eta_text": "1h" })).await.closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(text.contains("cards fail"), "{text}");
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_reassigned_and_each_is_told_once() {
    let world = World::start().await;
    let (ana, cy, dee) = (world.person("ana"), world.person("cy"), world.person("dee"));
    ana.announces("Payments", "Cards fail").await;
    assert_eq!(ana.direct_messages().await.len(), 1);
    // Nobody here has ever met Cy or Dee.
    ana.clicks("Reassign").await.form("Reassign outage 1");
    ana.submits(json!({ "solution": "cy", "communication": "dee" }))
        .await
        .closed();
    world.settle().await;
    assert_eq!(cy.direct_messages().await.len(), 1);
    assert_eq!(dee.direct_messages().await.len(), 1);
    assert_eq!(ana.direct_messages().await.len(), 2, "she lost both");
    let text = words(&world.announcement().await);
    assert!(text.contains("U0CY") && text.contains("U0DEE"), "{text}");

    ana.clicks("Reassign").await.form("Reassign outage 1");
    ana.submits(json!({ "communication": "cy" })).await.closed();
    world.settle().await;
    assert_eq!(cy.direct_messages().await.len(), 2, "one for what is new");

    // Untouched, there is nothing to tell.
    ana.clicks("Reassign").await.form("Reassign outage 1");
    ana.submits(json!({})).await.error_at("solution");
    world.thread().await;
    dee.direct_messages().await;
    world.end().await;
}

/// Waits until Slack's word that somebody left was heard.
async fn until_gone(world: &World, user: &str) {
    let (workspace, user) = (world.slack.workspace().unwrap(), user.into());
    for _ in 0..1000 {
        while world.slack.work_on_event().await.unwrap() {}
        let mut tx = world.db.read().await.unwrap();
        let standing = store::people::account(&mut tx, &workspace, &user);
        if standing.await.unwrap() == store::people::Account::Gone {
            return;
        }
        drop(tx);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("nobody heard that {user} left");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_gone_gets_no_part() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    world
        .control("person", json!({ "user": "dee", "deactivated": true }))
        .await;
    until_gone(&world, "U0DEE").await;
    ana.clicks("Reassign").await.form("Reassign outage 1");
    let seen = ana.submits(json!({ "communication": "dee" })).await;
    assert!(seen.error_at("communication").contains("deactivated"));
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_on_it_takes_what_nobody_has() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    ana.announces("Payments", "Cards fail").await;
    ana.clicks("Reassign").await.form("Reassign outage 1");
    ana.submits(json!({ "solution": "", "communication": "" }))
        .await
        .closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(text.contains("*Solution:* nobody"), "{text}");

    // Bo has no part in it and may announce: that is enough to lend a hand.
    let seen = bo.clicks("I am on it").await;
    assert!(seen.whisper().contains("solution and communication"));
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(
        text.contains("U0BO") && !text.contains("*Solution:* nobody"),
        "{text}"
    );
    assert!(!text.contains("I am on it"));
    world.thread().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_with_details_and_at_last() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.runs("/outage").await.form("Announce an outage");
    ana.submits(json!({
        "summary": "Cards fail", "component": "Payments",
        "impact.lost_bookings": "<10%", "detail.lost_bookings": "about 40 an hour",
    }))
    .await
    .closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(text.contains("&lt;10%"), "{text}");
    assert!(text.contains("about 40 an hour"), "{text}");

    let seen = ana.clicks("Resolve").await;
    let form = seen.form("Resolve outage 1");
    let options = |id: &str| block(form, id).unwrap()["element"]["options"].clone();
    assert_eq!(options("impact.sales").as_array().unwrap().len(), 2);
    assert_eq!(options("impact.lost_bookings").as_array().unwrap().len(), 6);
    ana.submits(json!({ "impact.sales": "yes", "impact.b2b_partners": "no", "detail.lost_bookings": "about 60" }))
        .await
        .closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(text.contains("about 60"), "{text}");
    world.thread().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_mortem_is_linked_corrected_and_taken_away() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    ana.clicks("Resolve").await.form("Resolve outage 1");
    let known =
        json!({ "impact.sales": "no", "impact.b2b_partners": "no", "impact.lost_bookings": "0%" });
    ana.submits(known).await.closed();
    world.settle().await;
    ana.clicks("Link post-mortem").await.form("Post-mortem 1");
    ana.submits(json!({ "link": "tomorrow" }))
        .await
        .error_at("link");
    ana.submits(json!({ "link": "wiki.example.com/pm-1" }))
        .await
        .closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(text.contains("https://wiki.example.com/pm-1"), "{text}");

    ana.clicks("Edit resolution")
        .await
        .form("Edit resolution 1");
    ana.submits(json!({ "link": "" })).await.closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(!text.contains("wiki.example.com"), "{text}");
    world.thread().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_the_announcement_and_changes_nothing() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.runs("/outage cards <fail>")
        .await
        .form("Announce an outage");
    let preview = async || {
        let body = json!({ "user": "ana", "action_id": "balefire.v1.preview" });
        Seen::of(world.control("click", body).await)
    };
    let seen = preview().await;
    let shown = seen.form("Preview");
    let text = words(shown);
    for expected in [
        "Choose what is affected.",
        "cards &lt;fail&gt;",
        "⟨next number⟩",
        "<#C0OUTAGES>",
        "pinned",
        "direct message",
        "ETA understood as",
    ] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
    assert!(!shown.to_string().contains("\"button\""), "{shown}");
    ana.closes().await;
    // The form below has everything still.
    ana.submits(json!({ "component": "Payments", "eta_text": "1h" }))
        .await
        .closed();
    world.settle().await;
    assert!(words(&world.announcement().await).contains("cards &lt;fail&gt;"));
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_again_is_joined() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    ana.announces("Payments", "Cards fail").await;
    let seen = reports(&bo, "Payments", "Refunds fail, too").await;
    let form = seen.form("Is it the same?");
    let text = words(form);
    assert!(text.contains("Outage 1 · Payments"), "{text}");
    assert!(text.contains("Cards fail"), "{text}");
    // Joining the newest open one is chosen already.
    bo.submits(json!({})).await.closed();
    world.settle().await;
    assert_eq!(world.channel("outages").await.len(), 1);
    let thread = world.thread().await;
    assert!(
        thread
            .iter()
            .any(|(_, text)| text.contains("Refunds fail, too")),
        "{thread:?}"
    );
    let told = bo.direct_messages().await;
    assert_eq!(told.len(), 1);
    assert!(words(&told[0]).contains("thread of outage 1"));
    assert!(words(&told[0]).contains("/archives/C0OUTAGES/p"));
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_again_is_reopened() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    ana.clicks("Resolve").await.form("Resolve outage 1");
    let known =
        json!({ "impact.sales": "no", "impact.b2b_partners": "no", "impact.lost_bookings": "0%" });
    ana.submits(known).await.closed();
    world.settle().await;
    let seen = reports(&ana, "Payments", "Cards fail again").await;
    seen.form("Is it the same?");
    ana.submits(json!({ "same": "reopen.1" })).await.closed();
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(
        text.contains("nvestigating") && text.contains("Cards fail again"),
        "{text}"
    );
    world.thread().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_something_else_is_announced_once() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    ana.announces("Payments", "Cards fail").await;
    let seen = reports(&bo, "Payments", "Invoices are empty").await;
    let question = seen.form("Is it the same?").clone();
    bo.submits(json!({ "same": "announce" })).await.closed();
    // The question again, as a proxy may send it twice.
    let mut state = question["state"].clone();
    if state["values"].is_null() {
        state = json!({ "values": {} });
    }
    state["values"]["same"] = json!({ "same": { "type": "radio_buttons",
        "selected_option": { "value": "announce" } } });
    let payload = json!({
        "type": "view_submission", "team": { "id": "T0BALEFIRE" }, "user": { "id": "U0BO", "name": "bo" },
        "view": { "id": question["id"], "callback_id": question["callback_id"],
                  "private_metadata": question["private_metadata"],
                  "blocks": question["blocks"], "state": state },
    });
    let (status, answer) = crate::ingress::signed(&world, "/slack/interactivity", &payload).await;
    assert_eq!(status, 200);
    assert_eq!(answer["response_action"], "clear", "{answer}");
    world.settle().await;
    assert_eq!(world.channel("outages").await.len(), 2);
    ana.direct_messages().await;
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_announce_the_same_at_once_are_asked() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    ana.runs("/outage").await.form("Announce an outage");
    bo.runs("/outage").await.form("Announce an outage");
    let what = |text: &str| json!({ "summary": text, "component": "Payments" });
    let (first, second) = tokio::join!(
        ana.submits(what("Cards fail")),
        bo.submits(what("Nobody can pay"))
    );
    let asked = [&first, &second]
        .into_iter()
        .filter(|it| it.asks("Is it the same?"))
        .count();
    assert_eq!(asked, 1, "{first:?} {second:?}");
    let late = if first.asks("Is it the same?") {
        ana
    } else {
        bo
    };
    late.submits(json!({})).await.closed();
    world.settle().await;
    assert_eq!(world.channel("outages").await.len(), 1);
    world.thread().await;
    ana.direct_messages().await;
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_asked_again_when_another_one_opens_meanwhile() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    ana.announces("Payments", "Cards fail").await;
    reports(&bo, "Payments", "Invoices are empty")
        .await
        .form("Is it the same?");
    reports(&ana, "Payments", "The till is slow")
        .await
        .form("Is it the same?");
    ana.submits(json!({ "same": "announce" })).await.closed();
    let seen = bo.submits(json!({ "same": "announce" })).await;
    let text = words(seen.form("Is it the same?"));
    assert!(
        text.contains("Outage 2") && !text.contains("Outage 1"),
        "{text}"
    );
    bo.submits(json!({ "same": "announce" })).await.closed();
    world.settle().await;
    assert_eq!(world.channel("outages").await.len(), 3);
    ana.direct_messages().await;
    bo.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_is_merged_into_the_other_one() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    ana.announces("Booking", "Nobody can book").await;
    let seen = click_on(&world, &ana, "Nobody can book", "withdraw").await;
    let form = seen.form("Withdraw outage 2");
    let choices = block(form, "duplicate_of").unwrap().to_string();
    assert!(choices.contains("1 · Payments — Cards fail"), "{choices}");
    ana.submits(json!({})).await.error_at("why");
    ana.submits(json!({ "duplicate_of": "1" })).await.closed();
    world.settle().await;
    let double = words(&announcement_of(&world, "Nobody can book").await);
    assert!(double.contains("utage 1"), "{double}");
    let thread = world.thread().await;
    assert!(
        thread.iter().any(|(_, text)| text.contains("utage 2")),
        "{thread:?}"
    );
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_channel_of_all_announcements_is_nobodys_own() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    ana.clicks("Set channel").await.form("Channel of outage 1");
    let seen = ana.submits(json!({ "channel": "outages" })).await;
    assert!(seen.error_at("channel").contains("Choose one"));
    ana.closes().await;
    // Dee has no part in it and may not announce.
    let dee = world.person("dee");
    assert!(
        dee.clicks("Set channel")
            .await
            .no_form()
            .whisper()
            .contains("Only")
    );
    assert!(dee.clicks("ETA").await.no_form().whisper().contains("Only"));
    let whisper = dee.clicks("Create channel").await.whisper();
    assert!(whisper.contains("Only"), "{whisper}");
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_passed_while_the_question_was_open_is_said() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    ana.announces("Payments", "Cards fail").await;
    bo.runs("/outage").await.form("Announce an outage");
    let soon = world.clock.now().plus(minutes(10));
    let zone: Zone = "UTC".parse().unwrap();
    let clock = format!("today {} UTC", zone.clock(soon));
    let filled =
        json!({ "summary": "Invoices are empty", "component": "Payments", "eta_text": clock });
    let seen = bo.submits(filled).await;
    if !seen.asks("Is it the same?") {
        // Near midnight somewhere: today is another day there, which the form says.
        seen.error_at("eta_text");
        ana.direct_messages().await;
        return world.end().await;
    }
    world.passes(minutes(20)).await;
    let seen = bo.submits(json!({ "same": "announce" })).await;
    assert!(seen.error_at("same").contains("form below"));
    world.announcement().await;
    world.thread().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_was_retired_while_the_question_was_open_is_said() {
    let world = World::start().await;
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    ana.announces("Payments", "Cards fail").await;
    bo.runs("/outage").await.form("Announce an outage");
    let filled = json!({ "summary": "Invoices are empty", "component": "Payments" });
    bo.submits(filled).await.form("Is it the same?");
    let workspace = world.slack.workspace().unwrap();
    let mut tx = world.db.begin().await.unwrap();
    let named = balefire::store::components::named(&mut tx, &workspace, &["payments".into()]).await;
    let ids = [named.unwrap()[0].0.id];
    balefire::store::components::retire(&mut tx, &ids, world.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let seen = bo.submits(json!({ "same": "announce" })).await;
    let told = seen.error_at("same");
    assert!(
        told.contains("form below") && told.contains("not offered"),
        "{told}"
    );
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}
