//! Slack is away for long: people go on, deliveries wait, and what is told afterwards is short.

use std::time::Duration;

use balefire::store;
use serde_json::{Value, json};

use crate::{
    databases,
    harness::{Setup, World, minutes},
};

/// No call of the bot's gets through, as long as nobody ends it.
fn nothing_goes() -> Value {
    json!([{ "method": "*", "kind": "http_500", "times": 1_000_000 }])
}

async fn minutes_pass(world: &World, count: u64) {
    for _ in 0..count * 3 {
        world.passes(Duration::from_secs(20)).await;
    }
}

async fn says(world: &World, command: &str) {
    world.person("ana").runs(command).await.whisper();
    world.passes(minutes(2)).await;
}

async fn calls_of_the_bot(world: &World) -> usize {
    let mut all = 0;
    for method in ["chat.postMessage", "chat.update", "conversations.replies"] {
        all += world.calls(method).await.len();
    }
    all
}

async fn why_out_of_reach(world: &World) -> Option<String> {
    let mut tx = world.db.read().await.unwrap();
    let unreached = store::reach::all(&mut tx).await.unwrap();
    unreached.into_iter().next().map(|it| it.why)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_hour_without_slack_one_line_tells_what_was_said() {
    for scratch in [databases::sqlite().await, databases::postgres().await] {
        let world = World::on(scratch, Setup::default()).await;
        let ana = world.person("ana");
        ana.announces("Payments", "Cards fail").await;
        world.faults(nothing_goes()).await;

        says(&world, "/outage update 1 We found the switch").await;
        says(&world, "/outage update 1 It is being replaced").await;
        says(&world, "/outage eta 1 3h").await;
        minutes_pass(&world, 3).await;
        assert!(why_out_of_reach(&world).await.is_some());
        let (_, metrics) = world.get("/metrics").await;
        assert!(metrics.contains("balefire_slack_reachable 0"), "{metrics}");

        // Nobody tries anything but a sign of life.
        let tried = calls_of_the_bot(&world).await;
        says(&world, "/outage update 1 Half of it works").await;
        says(&world, "/outage resolve 1 Replaced").await;
        minutes_pass(&world, 40).await;
        assert_eq!(calls_of_the_bot(&world).await, tried);
        assert_eq!(world.thread().await, []);

        world.faults(json!([])).await;
        minutes_pass(&world, 5).await;
        assert_eq!(why_out_of_reach(&world).await, None);
        let (_, metrics) = world.get("/metrics").await;
        assert!(metrics.contains("balefire_slack_reachable 1"), "{metrics}");
        let thread = world.thread().await;
        assert_eq!(thread.len(), 1, "{thread:#?}");
        let told = &thread[0].1;
        assert!(told.starts_with("*Caught up.*"), "{told}");
        let mut from = 0;
        for said in [
            "We found the switch",
            "It is being replaced",
            "*ETA*",
            "Half of it works",
            "resolved",
            "Replaced",
        ] {
            let at = told[from..].find(said);
            from += at.unwrap_or_else(|| panic!("no {said} after {from} in {told}"));
        }
        // Everybody who looks into the channel learns that it is over.
        let state = world.state().await;
        let told = state
            .to_string()
            .contains("\"subtype\":\"thread_broadcast\"");
        assert!(told, "the end stands in the channel too");
        world.channel("outages").await;
        ana.direct_messages().await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_of_an_hour_ends_with_one_line_too() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    let limited = |seconds| json!([{ "method": "*", "kind": "ratelimited", "times": 1000, "retry_after": seconds }]);
    world.faults(limited(600)).await;
    for n in 1..=30 {
        says(&world, &format!("/outage update 1 Step {n}")).await;
    }
    // Whoever asks for a pause is there.
    assert_eq!(why_out_of_reach(&world).await, None);
    world.faults(json!([])).await;
    minutes_pass(&world, 12).await;
    let thread = world.thread().await;
    assert_eq!(thread.len(), 2, "{thread:#?}");
    for n in 1..=30 {
        let told = thread.iter().filter(|(_, text)| {
            text.contains(&format!("Step {n}\n")) || text.ends_with(&format!("Step {n}"))
        });
        assert_eq!(told.count(), 1, "step {n} in {thread:#?}");
    }
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_tell_together_at_once_double_nothing_and_leave_nothing_out() {
    for round in 0..4 {
        let world = World::on(databases::postgres().await, Setup::default()).await;
        let ana = world.person("ana");
        ana.announces("Payments", "Cards fail").await;
        ana.announces("Booking", "Nobody can book").await;
        let limited = json!([{ "method": "chat.postMessage", "kind": "ratelimited", "times": 1000, "retry_after": 600 }]);
        world.faults(limited).await;
        for n in 10..22 {
            for outage in [1, 2] {
                let update = format!("/outage update {outage} Step {n} of {outage}");
                ana.runs(&update).await.whisper();
            }
        }
        world.passes(minutes(10)).await;
        world.faults(json!([])).await;
        world.moves(minutes(11)).await;
        let one = world.node().await.jobs().outbox;
        let other = world.node().await.jobs().outbox;
        for _ in 0..12 {
            let (first, second) = tokio::join!(one.run_once(), other.run_once());
            first.unwrap();
            second.unwrap();
            world.moves(Duration::from_secs(2)).await;
        }
        world.settle().await;
        let state = world.state().await;
        world.channel("outages").await;
        let channels = state["channels"].as_array().unwrap();
        let outages = channels.iter().find(|it| it["name"] == "outages").unwrap();
        let messages = outages["messages"].as_array().unwrap().iter();
        let said: Vec<&str> = messages.filter_map(|it| it["text"].as_str()).collect();
        for n in 10..22 {
            for outage in [1, 2] {
                let step = format!("Step {n} of {outage}");
                // The announcement shows the last one, too.
                let lines = said.iter().filter(|it| !it.contains("*Summary*"));
                let times: usize = lines.map(|it| it.matches(&step).count()).sum();
                assert_eq!(times, 1, "{step}, round {round}: {said:#?}");
            }
        }
        let together = said.iter().filter(|it| it.starts_with("*Caught up.*"));
        assert!(together.count() <= 4, "{said:#?}");
        world.thread().await;
        ana.direct_messages().await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_late_line_keeps_its_author_and_says_when_it_was_said() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    let limited = json!([{ "method": "chat.postMessage", "kind": "ratelimited", "times": 1, "retry_after": 400 }]);
    world.faults(limited).await;
    ana.runs("/outage update 1 On it").await.whisper();
    world.settle().await;
    world.passes(minutes(8)).await;
    let thread = world.thread().await;
    assert_eq!(thread.len(), 1);
    assert_eq!(thread[0].0, "Ana Alvarez");
    assert!(
        thread[0].1.starts_with("On it\n_Said <!date^"),
        "{thread:?}"
    );
    world.announcement().await;
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_that_went_round_in_circles_are_told_once() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    world.announcement().await;
    let limited = json!([{ "method": "chat.postMessage", "kind": "ratelimited", "times": 1000, "retry_after": 600 }]);
    world.faults(limited).await;
    for somebody in ["bo", "ana", "bo"] {
        ana.clicks("Reassign").await.form("Reassign outage 1");
        ana.submits(json!({ "Solution": somebody })).await.closed();
        world.passes(minutes(4)).await;
    }
    world.faults(json!([])).await;
    minutes_pass(&world, 12).await;
    let told = world.person("bo").direct_messages().await;
    assert_eq!(told.len(), 1, "{told:#?}");
    ana.direct_messages().await;
    world.thread().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_in_the_end_what_they_had_hears_nothing() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    world.announcement().await;
    let limited = json!([{ "method": "chat.postMessage", "kind": "ratelimited", "times": 1000, "retry_after": 600 }]);
    world.faults(limited).await;
    for somebody in ["bo", "ana"] {
        ana.clicks("Reassign").await.form("Reassign outage 1");
        ana.submits(json!({ "Solution": somebody })).await.closed();
        world.passes(minutes(4)).await;
    }
    world.faults(json!([])).await;
    minutes_pass(&world, 12).await;
    let told = world.person("bo").direct_messages().await;
    assert!(told.is_empty(), "{told:#?}");
    ana.direct_messages().await;
    world.thread().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_was_not_closed_swallows_nobody_elses_words() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    world.announcement().await;
    world.faults(nothing_goes()).await;
    says(&world, "/outage update 1 The log says ``` panic").await;
    says(&world, "/outage update 1 Restarted").await;
    says(&world, "/outage update 1 And again ``` panic").await;
    minutes_pass(&world, 10).await;
    world.faults(json!([])).await;
    minutes_pass(&world, 5).await;
    let thread = world.thread().await;
    assert_eq!(thread.len(), 1, "{thread:#?}");
    let lines: Vec<&str> = thread[0].1.split("<!date").collect();
    assert_eq!(lines.len(), 4, "{lines:#?}");
    for line in lines {
        assert_eq!(line.matches("```").count() % 2, 0, "{line}");
    }
    ana.direct_messages().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_that_always_fails_does_not_hold_up_the_others() {
    let world = World::start().await;
    let ana = world.person("ana");
    ana.announces("Payments", "Cards fail").await;
    let broken = json!([{ "method": "chat.update", "kind": "http_500", "times": 1_000_000 }]);
    world.faults(broken).await;
    says(&world, "/outage eta 1 3h").await;
    minutes_pass(&world, 20).await;
    assert_eq!(why_out_of_reach(&world).await, None);
    ana.announces("Booking", "No seats").await;
    assert_eq!(world.channel("outages").await.len(), 2);
    world.faults(json!([])).await;
    // With what is shown once more after an unknown answer.
    minutes_pass(&world, 9).await;
    world.thread().await;
    world.channel("outages").await;
    ana.direct_messages().await;
    world.end().await;
}

/// `auth.test` may be ill, or refuse us, all by itself: what else is answered shows that Slack is
/// there.
#[tokio::test(flavor = "multi_thread")]
async fn one_question_that_always_fails_keeps_nobody_at_rest() {
    for ill in [
        json!({ "method": "auth.test", "kind": "http_500", "times": 1_000_000 }),
        json!({ "method": "auth.test", "kind": "api_error", "error": "method_deprecated", "times": 1_000_000 }),
    ] {
        let world = World::start().await;
        let ana = world.person("ana");
        ana.announces("Payments", "Cards fail").await;
        let broken = json!({ "method": "*", "kind": "http_500", "times": 6 });
        world.faults(json!([ill, broken])).await;
        says(&world, "/outage update 1 The switch is broken").await;
        minutes_pass(&world, 10).await;
        assert_eq!(why_out_of_reach(&world).await, None, "{ill}");
        let thread = world.thread().await;
        assert_eq!(thread.len(), 1, "{ill}: {thread:#?}");
        world.faults(json!([])).await;
        world.announcement().await;
        ana.direct_messages().await;
        world.end().await;
    }
}
