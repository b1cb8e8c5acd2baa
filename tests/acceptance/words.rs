//! What people do in words: text commands, mentions, and shortcuts.

use std::time::Duration;

use balefire::{
    domain::{command::MessageRef, effect::Event, ids::OutageNumber},
    slack::FORMS_AT_ONCE,
};
use serde_json::{Value, json};

use crate::harness::{
    World, minutes,
    person::{Seen, button},
    words,
};

/// What somebody was told alone, after something that the control API did.
fn whisper(seen: &Value) -> Value {
    let ephemeral = &seen["seen"]["ephemeral"];
    assert!(ephemeral.is_object(), "nothing was whispered: {seen:#}");
    ephemeral.clone()
}

/// Runs a command and returns what was whispered, with its buttons.
async fn runs(world: &World, user: &str, text: &str) -> Value {
    let body = json!({ "user": user, "channel": "general", "text": text });
    whisper(&world.control("command", body).await)
}

/// Writes to the bot and returns what was whispered.
async fn mentions(world: &World, user: &str, text: &str) -> Value {
    let body = json!({ "user": user, "channel": "general", "text": text });
    whisper(&writes(world, body).await)
}

/// Writes to the bot, while the inbox is worked on as its worker does.
async fn writes(world: &World, body: Value) -> Value {
    let works = async {
        loop {
            balefire::jobs::inbox::run_once(&world.slack).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        seen = world.control("mention", body) => seen,
        () = works => unreachable!("the inbox is never done"),
    }
}

/// Presses a button of a whispered message.
async fn presses(world: &World, user: &str, whispered: &Value, label: &str) -> Value {
    let found = button(whispered, label).unwrap_or_else(|| panic!("no {label}: {whispered:#}"));
    let body = json!({
        "user": user, "channel": whispered["channel"], "ts": whispered["id"],
        "action_id": found["action_id"], "value": found["value"],
    });
    world.control("click", body).await
}

/// A world in which Bo has announced outage 1 and is known.
async fn with_outage() -> World {
    let world = World::start().await;
    world.person("bo").announces("Payments", "Cards fail").await;
    world
}

async fn ends(world: World) {
    world.settle().await;
    world.channel("outages").await;
    world.thread().await;
    for name in ["ana", "bo", "cy", "dee"] {
        world.person(name).direct_messages().await;
    }
    world.end().await;
}

/// How often a text stands in the thread.
async fn times(world: &World, text: &str) -> usize {
    let thread = world.thread().await;
    thread.iter().filter(|(_, it)| it.contains(text)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_in_words_stands_in_the_thread_under_its_writers_name() {
    let world = with_outage().await;
    let told = runs(
        &world,
        "bo",
        "/outage update #1 We know why:\n<timeouts> & more",
    )
    .await;
    let shown = words(&told);
    assert!(
        shown.contains("You updated outage 1.") && shown.contains("/archives/C0OUTAGES/p"),
        "{shown}"
    );
    assert!(button(&told, "Resolve").is_some(), "{told:#}");
    world.settle().await;
    let thread = world.thread().await;
    let said = thread
        .iter()
        .find(|(_, it)| it.contains("We know why:\n&lt;timeouts&gt; &amp; more"));
    assert_eq!(said.map(|it| it.0.as_str()), Some("Bo Berg"), "{thread:?}");
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_words_within_a_minute_are_said_once_and_later_again() {
    let world = with_outage().await;
    let command = "/outage update 1 The provider is looking";
    let first = runs(&world, "bo", command).await;
    let again = runs(&world, "bo", command).await;
    assert_eq!(words(&again), words(&first));
    world.settle().await;
    assert_eq!(times(&world, "The provider is looking").await, 1);
    // Somebody else may say the same.
    runs(&world, "ana", command).await;
    world.settle().await;
    assert_eq!(times(&world, "The provider is looking").await, 2);
    world.passes(Duration::from_secs(61)).await;
    runs(&world, "bo", command).await;
    world.settle().await;
    assert_eq!(times(&world, "The provider is looking").await, 3);
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_count_once_do_not_say_what_is_not_so_any_more() {
    let world = with_outage().await;
    let ana = "/outage reopen 1 It fails again";
    runs(&world, "bo", "/outage resolve 1 It is back").await;
    let told = runs(&world, "ana", ana).await;
    assert!(words(&told).contains("You reopened outage 1."), "{told:#}");
    let told = runs(&world, "bo", "/outage resolve 1 It is back").await;
    let text = words(&told);
    assert!(text.contains("reopened since"), "{text}");
    assert!(button(&told, "Resolve").is_some(), "{told:#}");
    runs(&world, "bo", "/outage resolve 1 It really is back").await;
    let text = words(&runs(&world, "ana", ana).await);
    assert!(text.contains("resolved again since"), "{text}");
    world.settle().await;
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resolution_in_words_can_be_taken_back_at_once() {
    let world = with_outage().await;
    let told = runs(&world, "bo", "/outage resolve 1 The provider is back").await;
    assert!(words(&told).contains("You resolved outage 1."), "{told:#}");
    assert!(button(&told, "Edit resolution").is_some(), "{told:#}");
    world.settle().await;
    let text = words(&world.announcement().await);
    assert!(text.contains("The provider is back"), "{text}");
    let seen = presses(&world, "bo", &told, "Reopen").await;
    assert_eq!(seen["seen"]["modal"]["title"]["text"], "Reopen outage 1");
    let bo = world.person("bo");
    bo.submits(json!({ "reason": "It fails again" }))
        .await
        .closed();
    world.settle().await;
    assert_eq!(times(&world, "It fails again").await, 1);

    // What was said before is no longer the same: it is a minute old.
    world.passes(minutes(2)).await;
    runs(&world, "bo", "/outage RESOLVE 1 The provider is back").await;
    let late = runs(&world, "bo", "/outage resolve 1 Really").await;
    let shown = words(&late);
    assert!(
        shown.contains("Outage 1 is resolved, so that cannot be done now."),
        "{shown}"
    );
    let told = runs(&world, "bo", "/outage reopen 1 Some cards still fail").await;
    assert!(words(&told).contains("You reopened outage 1."), "{told:#}");
    assert!(button(&told, "Resolve").is_some(), "{told:#}");
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_eta_in_words_is_said_back() {
    let world = with_outage().await;
    let shown = words(&runs(&world, "bo", "/outage eta 1 45m").await);
    assert!(
        shown.contains("Understood as ") && shown.contains("You changed the ETA of outage 1."),
        "{shown}"
    );
    let shown = words(&runs(&world, "bo", "/outage eta 1 31 feb").await);
    assert!(
        shown.contains("stays as it was") && shown.contains("No calendar has that day."),
        "{shown}"
    );
    let shown = words(&runs(&world, "bo", "/outage eta 1 unknown").await);
    assert!(shown.contains("Understood as unknown."), "{shown}");
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_withdrawn_and_merged_in_words() {
    let world = with_outage().await;
    let bo = world.person("bo");
    bo.announces("Booking", "Nobody can book").await;
    bo.announces("Partner API", "It times out").await;
    let told = runs(&world, "bo", "/outage merge 2 into 1").await;
    assert!(
        words(&told).contains("You merged outage 2 into outage 1."),
        "{told:#}"
    );
    let seen = presses(&world, "bo", &told, "Show outage 1").await;
    assert!(words(&whisper(&seen)).contains("Cards fail"), "{seen:#}");
    let told = runs(&world, "bo", "/outage withdraw 3 It was a test").await;
    assert!(words(&told).contains("You withdrew outage 3."), "{told:#}");
    let told = runs(&world, "bo", "/outage merge 1 into 9").await;
    assert!(words(&told).contains("There is no outage 9."), "{told:#}");
    let told = runs(&world, "bo", "/outage take 1").await;
    assert!(words(&told).contains("taken already"), "{told:#}");
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_words_the_form_opens() {
    let world = with_outage().await;
    let bo = world.person("bo");
    for (command, title) in [
        ("/outage update 1", "Update outage 1"),
        ("/outage eta 1", "ETA of outage 1"),
        ("/outage resolve #1", "Resolve outage 1"),
        ("/outage withdraw 1", "Withdraw outage 1"),
    ] {
        bo.runs(command).await.form(title);
        bo.closes().await;
    }
    let told = runs(&world, "bo", "/outage reopen 1").await;
    assert!(words(&told).contains("Outage 1 is open"), "{told:#}");
    let told = runs(&world, "cy", "/outage update 1").await;
    assert!(words(&told).contains("U0BO"), "{told:#}");
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_and_what_is_not_there_is_told() {
    let world = with_outage().await;
    // The first time Cy is not known yet, and the answer comes beside.
    for _ in 0..2 {
        let shown = words(&runs(&world, "cy", "/outage resolve 1 done").await);
        assert!(shown.contains("Only <@U0BO>"), "{shown}");
    }
    let shown = words(&runs(&world, "bo", "/outage update 77 anything").await);
    assert!(shown.contains("There is no outage 77."), "{shown}");
    let shown = words(&runs(&world, "bo", "/outage resolve 0 done").await);
    assert!(
        shown.contains("0 is not the number of an outage."),
        "{shown}"
    );
    world.settle().await;
    assert_eq!(times(&world, "done").await, 0);
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_a_number_is_not_guessed() {
    let world = with_outage().await;
    let told = runs(&world, "bo", "/outage update the payments page is down").await;
    let shown = words(&told);
    assert!(shown.contains("`/outage update 12 "), "{shown}");
    let seen = presses(&world, "bo", &told, "Announce an outage with these words").await;
    let modal = seen["seen"]["modal"].to_string();
    assert!(
        modal.contains("update the payments page is down"),
        "{modal}"
    );
    world.person("bo").closes().await;
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_by_address_holds_from_the_first_words() {
    let world = World::start().await;
    world
        .person("ana")
        .announces("Payments", "Cards fail")
        .await;
    // Bo may announce by his address, and that lets him lend a hand; nobody asked for him before.
    let shown = words(&runs(&world, "bo", "/outage take 1").await);
    assert!(shown.contains("taken already"), "{shown}");
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shortcut_opens_the_form_for_whoever_may_announce() {
    let world = World::start().await;
    let shortcut = |user| json!({ "user": user, "callback_id": "balefire.v1.announce" });
    let seen = world.control("shortcut", shortcut("bo")).await;
    assert_eq!(seen["seen"]["modal"]["title"]["text"], "Announce an outage");
    world.person("bo").closes().await;
    // There is nowhere to whisper to.
    world.control("shortcut", shortcut("cy")).await;
    world.settle().await;
    let told = world.person("cy").direct_messages().await;
    assert!(words(&told[0]).contains("You may not announce"), "{told:?}");
    ends(world).await;
}

/// A message in #general that Dee wrote, and the answer to a shortcut on it.
async fn from_message(world: &World, user: &str, text: &str) -> (Value, Value) {
    let body = json!({ "user": "dee", "channel": "general", "text": text });
    let ts = world.control("message", body).await["ts"].clone();
    let body = json!({
        "user": user, "channel": "general", "ts": ts,
        "callback_id": "balefire.v1.announce_from_message",
    });
    (ts, world.control("shortcut", body).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_becomes_the_words_of_the_form() {
    let world = World::start().await;
    world
        .person("ana")
        .runs("/outage")
        .await
        .form("Announce an outage");
    world.person("ana").closes().await;
    let text = "payments: <@U0ANA> and <@U0BO> see &lt;timeouts&gt; on <https://pay.test|the page>";
    let (_, seen) = from_message(&world, "bo", text).await;
    let modal = &seen["seen"]["modal"];
    assert_eq!(modal["title"]["text"], "Announce an outage");
    let modal = modal.to_string();
    assert!(
        modal.contains("and @somebody see <timeouts> on the page"),
        "{modal}"
    );
    assert!(
        modal.contains("Payments") && !modal.contains("<@U0ANA>"),
        "{modal}"
    );
    let (_, seen) = from_message(&world, "cy", text).await;
    let told = words(&whisper(&seen));
    assert!(told.contains("You may not announce"), "{told}");
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_remembers_the_message_that_it_was_made_from() {
    let world = World::start().await;
    let (ts, _) = from_message(&world, "bo", "payments cards fail").await;
    world.person("bo").submits(json!({})).await.closed();
    world.settle().await;
    let workspace = world.slack.workspace().unwrap();
    let detail = world
        .slack
        .desk
        .detail(&workspace, OutageNumber(1), 5)
        .await;
    let timeline = detail.unwrap().timeline;
    let Event::Announced { from_message } = &timeline[0].event else {
        panic!("{timeline:?}");
    };
    let expected = MessageRef {
        channel: "C0GENERAL".into(),
        ts: ts.as_str().unwrap().into(),
    };
    assert_eq!(from_message.as_ref(), Some(&expected));
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_that_was_made_from_a_message_links_to_it() {
    let world = World::start().await;
    let (ts, _) = from_message(&world, "bo", "payments cards fail").await;
    world.person("bo").submits(json!({})).await.closed();
    world.settle().await;
    let link = format!("/p{}", ts.as_str().unwrap().replace('.', ""));
    assert_eq!(times(&world, &link).await, 1);
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_does_what_the_command_does() {
    let world = with_outage().await;
    let told = mentions(&world, "bo", "list").await;
    assert!(words(&told).contains("One outage is open."), "{told:#}");
    let told = mentions(&world, "bo", "1").await;
    assert!(words(&told).contains("Cards fail"), "{told:#}");
    let told = mentions(&world, "bo", "help").await;
    assert!(words(&told).contains("merge 13 into 12"), "{told:#}");
    let told = mentions(&world, "bo", "update 1 It is <@U0ANA>'s &lt;cache&gt;").await;
    assert!(words(&told).contains("You updated outage 1."), "{told:#}");
    let told = mentions(&world, "bo", "resolve 1").await;
    let seen = presses(&world, "bo", &told, "Resolve").await;
    assert_eq!(seen["seen"]["modal"]["title"]["text"], "Resolve outage 1");
    world.person("bo").closes().await;
    let told = mentions(&world, "cy", "resolve 1 done").await;
    assert!(words(&told).contains("Only <@U0BO>"), "{told:#}");
    world.settle().await;
    assert_eq!(times(&world, "'s &lt;cache&gt;").await, 1);
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_with_other_words_offers_the_form() {
    let world = World::start().await;
    let told = mentions(&world, "bo", "payments cards fail").await;
    let seen = presses(&world, "bo", &told, "Announce an outage").await;
    let modal = seen["seen"]["modal"].to_string();
    assert!(
        modal.contains("cards fail") && modal.contains("Payments"),
        "{modal}"
    );
    world.person("bo").closes().await;
    let told = mentions(&world, "bo", "").await;
    assert!(button(&told, "Announce an outage").is_some(), "{told:#}");
    let told = mentions(&world, "cy", "payments cards fail").await;
    assert!(words(&told).contains("You may not announce"), "{told:#}");
    ends(world).await;
}

/// Sends an event as Slack does.
async fn hears(world: &World, id: &str, event: &Value) {
    let body = json!({ "type": "event_callback", "event_id": id, "event": event }).to_string();
    let sent = world.clock.now().epoch();
    let signature = crate::ingress::signature(crate::harness::SIGNING_SECRET, sent, &body);
    let path = "/slack/events";
    let (status, _) = world.post(path, &body, Some((sent, &signature))).await;
    assert_eq!(status, 200);
    balefire::jobs::inbox::run_once(&world.slack).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_is_answered_once_and_programs_are_not() {
    let world = with_outage().await;
    let mention = |ts: &str, words: &str| {
        json!({
            "type": "app_mention", "user": "U0BO", "channel": "C0GENERAL", "ts": ts,
            "text": format!("<@U0BALEFIRE> {words}"),
        })
    };
    let first = mention("1700000000.000100", "update 1 once only");
    hears(&world, "Ev1", &first).await;
    hears(&world, "Ev1", &first).await;
    hears(&world, "Ev2", &first).await;
    let mut program = mention("1700000000.000200", "update 1 by a program");
    program["bot_id"] = json!("B1");
    hears(&world, "Ev3", &program).await;
    let mut edited = mention("1700000000.000300", "update 1 after a change");
    edited["edited"] = json!({ "user": "U0BO", "ts": "1700000001.000000" });
    hears(&world, "Ev4", &edited).await;
    world.settle().await;
    assert_eq!(times(&world, "once only").await, 1);
    assert_eq!(times(&world, "by a program").await, 0);
    assert_eq!(times(&world, "after a change").await, 0);
    let whispers = world.person("bo").whispers().await;
    assert_eq!(whispers.len(), 1, "{whispers:?}");
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_in_a_thread_is_answered_there_and_else_in_private() {
    let world = World::start().await;
    let body = json!({ "user": "dee", "channel": "general", "text": "Is anything down?" });
    let ts = world.control("message", body).await["ts"].clone();
    let body = json!({ "user": "bo", "channel": "general", "text": "list", "thread_ts": ts });
    let told = whisper(&writes(&world, body).await);
    assert_eq!(told["thread_ts"], ts, "{told:#}");

    let refused = json!([{
        "method": "chat.postEphemeral", "kind": "api_error", "error": "user_not_in_channel",
    }]);
    world.faults(refused).await;
    let body = json!({ "user": "bo", "channel": "general", "text": "list", "wait_ms": 300 });
    writes(&world, body).await;
    world.faults(json!([])).await;
    let told = world.person("bo").direct_messages().await;
    assert!(words(&told[0]).contains("No outage is open."), "{told:?}");
    ends(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_too_many_forms_are_on_their_way_a_button_opens_it_later() {
    let world = World::start().await;
    let forms = world.slack.forms.clone();
    let others = forms.try_acquire_many_owned(FORMS_AT_ONCE as u32).unwrap();
    let seen = runs(&world, "ana", "/outage pay: cards are <refused>").await;
    let said = words(&seen);
    assert!(said.contains("Press the button in a moment"), "{said}");
    drop(others);
    let opened = Seen::of(presses(&world, "ana", &seen, "Open the form").await);
    let form = opened.form("Announce an outage").to_string();
    assert!(form.contains("Payments"), "{form}");
    assert!(form.contains("cards are <refused>"), "{form}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_button_that_opens_it_later_opens_the_form_that_was_asked_for() {
    let world = with_outage().await;
    let forms = world.slack.forms.clone();
    let others = forms.try_acquire_many_owned(FORMS_AT_ONCE as u32).unwrap();
    let seen = runs(&world, "bo", "/outage resolve 1").await;
    drop(others);
    let opened = Seen::of(presses(&world, "bo", &seen, "Open the form").await);
    opened.form("Resolve outage 1");
    ends(world).await;
}
