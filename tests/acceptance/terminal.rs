//! Outages from a terminal, beside a `balefire serve` that runs.

use std::path::Path;

use balefire::{
    domain::time::Timestamp,
    sandbox::Sandbox,
    store::{self, Db},
};
use serde_json::{Value, json};

use crate::crash::{announcements, balefire, control, local_slack, serve, until};

/// What a command said: exit code, standard output, standard error.
struct Said(i32, String, String);

async fn runs(folder: &Path, slack: &Sandbox, words: &[&str]) -> Said {
    let mut command = balefire(folder, &slack.api_url());
    command.arg("outage").args(words);
    command.stderr(std::process::Stdio::piped());
    let done = command.output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said(
        done.status.code().unwrap(),
        text(done.stdout),
        text(done.stderr),
    )
}

/// A catalogue with one component, over the settings of the story.
async fn with_payments(folder: &Path, slack: &Sandbox) {
    let catalog = "[[component]]\nkey = \"payments\"\nname = \"Payments\"\n";
    std::fs::write(folder.join("catalog.toml"), catalog).unwrap();
    let mut command = balefire(folder, &slack.api_url());
    let done = command
        .args(["catalog", "provision", "catalog.toml"])
        .status();
    assert!(done.await.unwrap().success());
}

fn thread(state: &Value) -> Vec<String> {
    let replies = announcements(state).into_iter();
    let replies = replies.filter(|it| !it["thread_ts"].is_null() && it["thread_ts"] != it["ts"]);
    replies
        .map(|it| it["text"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_announced_and_brought_to_its_end_beside_a_server_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack().await;
    let (mut server, _) = serve(folder.path(), &slack).await;
    with_payments(folder.path(), &slack).await;
    let run = async |words: &[&str]| runs(folder.path(), &slack, words).await;

    let said = run(&[
        "announce",
        "payments",
        "Cards fail",
        "--as",
        "U0ANA",
        "--eta",
        "2h",
        "--answer",
        "sales=yes",
    ])
    .await;
    assert_eq!(
        (said.0, said.1.as_str()),
        (0, "Outage 1 (Payments) is announced.\n"),
        "{}",
        said.2
    );
    until(&slack, "the announcement", |state| {
        announcements(state).len() == 1
    })
    .await;

    let said = run(&["announce", "payments", "Cards fail again", "--as", "U0ANA"]).await;
    assert_eq!(said.0, 1);
    assert!(
        said.2
            .contains("outage 1, which is open. Update that one, or add --anyway."),
        "{}",
        said.2
    );

    let said = run(&[
        "update",
        "1",
        "We",
        "are",
        "on",
        "it",
        "--stage",
        "identified",
        "--as",
        "U0ANA",
        "--once",
        "job-7",
    ])
    .await;
    assert_eq!(
        (said.0, said.1.as_str()),
        (0, "Outage 1 (Payments) is updated.\n"),
        "{}",
        said.2
    );
    let said = run(&[
        "update",
        "1",
        "We",
        "are",
        "on",
        "it",
        "--stage",
        "identified",
        "--as",
        "U0ANA",
        "--once",
        "job-7",
    ])
    .await;
    assert_eq!(said.0, 0, "{}", said.2);
    // The key of hers gives nobody else what she did, and does nothing else.
    let bo = ["update", "1", "Well", "--as", "U0BO", "--once", "job-7"];
    let cy = [
        "update",
        "1",
        "We",
        "are",
        "on",
        "it",
        "--stage",
        "identified",
        "--as",
        "U0CY",
        "--once",
        "job-7",
    ];
    for words in [&bo[..], &cy] {
        let said = run(words).await;
        assert_eq!((said.0, said.1.as_str()), (1, ""), "{words:?}");
        assert!(
            said.2
                .contains("was used before, for something else: outage 1"),
            "{}",
            said.2
        );
    }
    let said = run(&["resolve", "1", "Replaced", "--as", "U0BO"]).await;
    assert_eq!(said.0, 1, "Bo has no part in it");
    assert!(said.2.contains("can do that"), "{}", said.2);
    let said = run(&["resolve", "1", "Replaced", "--as", "anna", "--json"]).await;
    assert_eq!(said.0, 2, "nobody knows her by that name: {}", said.2);
    // As Slack offers her after an @.
    let said = run(&["resolve", "1", "Replaced", "--as", "@ana", "--json"]).await;
    let outage: Value = serde_json::from_str(&said.1).unwrap();
    assert_eq!(outage["phase"], "resolved");
    assert_eq!(outage["resolution"], "Replaced");
    let said = run(&["resolve", "1", "Twice", "--as", "U0ANA"]).await;
    assert_eq!(
        said.2,
        "balefire: outage 1 is resolved, so that cannot be done now\n"
    );
    let said = run(&["reopen", "1", "Not yet", "--as", "U0ANA"]).await;
    assert_eq!(said.0, 0, "{}", said.2);

    // Each line once, in their order; the key kept the second update away.
    let state = until(&slack, "the thread", |state| {
        thread(state).iter().any(|it| it.contains("Not yet"))
    })
    .await;
    let lines = thread(&state);
    let updates = lines.iter().filter(|it| it.contains("We are on it"));
    assert_eq!(updates.count(), 1, "{lines:#?}");

    let said = run(&["show", "1"]).await;
    for words in [
        "Outage 1",
        "Cards fail",
        "Sales affected",
        "We are on it",
        "reopened",
    ] {
        assert!(said.1.contains(words), "no {words} in {}", said.1);
    }
    assert!(
        !said.1.contains("<!date") && !said.1.contains("<@"),
        "{}",
        said.1
    );
    let said = run(&["list", "--json"]).await;
    let listed: Value = serde_json::from_str(said.1.trim()).unwrap();
    assert_eq!(
        (&listed["number"], &listed["phase"]),
        (&json!(1), &json!("open"))
    );
    server.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_slack_is_away_the_terminal_still_works_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack().await;
    let (mut server, _) = serve(folder.path(), &slack).await;
    with_payments(folder.path(), &slack).await;
    let down = json!({ "rules": [{ "method": "*", "kind": "http_500", "times": 1_000_000 }] });
    control(&slack, "faults", down).await;
    // What three failures in a row would find out.
    let db = Db::open_sqlite(&folder.path().join("balefire.db"))
        .await
        .unwrap();
    let mut tx = db.begin().await.unwrap();
    let workspace = store::workspaces::latest(&mut tx).await.unwrap().unwrap();
    let long_ago = Timestamp::from_epoch(1_772_366_400);
    store::reach::lost(&mut tx, &workspace.id, "nobody answers", long_ago)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    db.close().await;

    let announce = ["announce", "payments", "Cards fail", "--as", "U0ANA"];
    let said = runs(folder.path(), &slack, &announce).await;
    assert_eq!(said.0, 0, "{}", said.2);
    assert!(
        said.1.contains("is announced.\nSlack cannot be reached (")
            && said.1.contains("as soon as it answers."),
        "{}",
        said.1
    );
    let mut deliveries = balefire(folder.path(), &slack.api_url());
    let listed = deliveries.arg("deliveries").output().await.unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(
        listed.starts_with("Slack cannot be reached since 2026-03-01"),
        "{listed}"
    );
    assert!(listed.contains("waits for delivery"), "{listed}");

    control(&slack, "faults", json!({ "rules": [] })).await;
    until(&slack, "the announcement", |state| {
        announcements(state).len() == 1
    })
    .await;
    server.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_wrong_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack().await;
    let said = runs(folder.path(), &slack, &["list"]).await;
    assert_eq!(said.0, 2);
    assert!(said.2.contains("there is no database"), "{}", said.2);
    let (mut server, _) = serve(folder.path(), &slack).await;
    with_payments(folder.path(), &slack).await;
    for (words, code, told) in [
        (
            &["show", "9"][..],
            1,
            "there is no outage 9; `balefire outage list`",
        ),
        (&["update", "9", "x"], 2, "say who does it with --as"),
        (
            &["update", "9", "x", "--as", "U0ANA"],
            1,
            "there is no outage 9",
        ),
        (
            &["update", "9", "x", "--as", "zoe"],
            2,
            "nobody called zoe has met Balefire yet",
        ),
        (
            &["announce", "paymetns", "x", "--as", "U0ANA"],
            2,
            "there is no component paymetns",
        ),
        (
            &["announce", "payments", "x", "--as", "U0CY"],
            1,
            "announce",
        ),
        (
            &[
                "announce",
                "payments",
                "x",
                "--as",
                "U0ANA",
                "--severity",
                "bad",
            ],
            2,
            "bad is no severity",
        ),
        (
            &[
                "announce", "payments", "x", "--as", "U0ANA", "--eta", "soonish",
            ],
            2,
            "cannot be read as an ETA",
        ),
        (
            &[
                "announce", "payments", "x", "--as", "U0ANA", "--answer", "sale=yes",
            ],
            2,
            "there is no question sale. There are sales,",
        ),
        (
            &[
                "announce",
                "payments",
                "x",
                "--as",
                "U0ANA",
                "--answer",
                "sales=maybe",
            ],
            2,
            "sales is answered with yes, no or unknown",
        ),
    ] {
        let said = runs(folder.path(), &slack, words).await;
        assert_eq!(said.0, code, "{words:?}: {}", said.2);
        assert!(said.2.contains(told), "{words:?}: {}", said.2);
        assert_eq!(said.1, "", "{words:?}");
    }
    let said = runs(folder.path(), &slack, &["list"]).await;
    assert!(said.1.starts_with("No outage is open."), "{}", said.1);
    server.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_acts_who_cannot_act_in_slack() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack().await;
    let (mut server, _) = serve(folder.path(), &slack).await;
    with_payments(folder.path(), &slack).await;
    server.kill().await.unwrap();
    let announce = ["announce", "payments", "Cards fail", "--as", "U0ANA"];
    for (is_bot, is_deactivated, told) in [(false, true, "deactivated"), (true, false, "an app")] {
        let db = Db::open_sqlite(&folder.path().join("balefire.db"))
            .await
            .unwrap();
        let mut tx = db.begin().await.unwrap();
        let workspace = store::workspaces::latest(&mut tx).await.unwrap().unwrap();
        let profile = store::people::Profile {
            slack_user: "U0ANA".into(),
            name: "Ana".into(),
            handle: Some("ana".into()),
            email: None,
            time_zone: "UTC".into(),
            picture: None,
            is_bot,
            is_restricted: false,
            is_deactivated,
        };
        let now = Timestamp::from_epoch(1_772_366_400);
        store::people::save_profiles(&mut tx, &workspace.id, &[&profile], now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        db.close().await;
        let said = runs(folder.path(), &slack, &announce).await;
        assert_eq!((said.0, said.1.as_str()), (2, ""), "{}", said.2);
        assert!(said.2.contains(told), "{}", said.2);
    }
}

/// A script that tries again may do so hours later.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_answer_is_given_again_though_the_words_mean_nothing_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack().await;
    let (mut server, _) = serve(folder.path(), &slack).await;
    let provision = async |words: &str| {
        let catalog = format!("[[component]]\nkey = \"payments\"\nname = \"Payments\"\n{words}");
        std::fs::write(folder.path().join("catalog.toml"), catalog).unwrap();
        let mut command = balefire(folder.path(), &slack.api_url());
        command.args(["catalog", "provision", "catalog.toml"]);
        let done = command.output().await.unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    provision("aliases = [\"cards\"]").await;
    let run = async |words: &[&str]| runs(folder.path(), &slack, words).await;
    let announce = [
        "announce",
        "cards",
        "Cards fail",
        "--eta",
        "2h",
        "--as",
        "U0ANA",
        "--once",
        "job-1",
    ];
    let answer = "Outage 1 (Payments) is announced.\n";
    let said = run(&announce).await;
    assert_eq!((said.0, said.1.as_str()), (0, answer), "{}", said.2);
    let resolve = [
        "resolve", "1", "Replaced", "--as", "U0ANA", "--once", "job-2",
    ];
    assert_eq!(run(&resolve).await.0, 0);

    provision("").await;
    let said = run(&["announce", "cards", "Cards fail", "--as", "U0ANA"]).await;
    assert!(said.2.contains("there is no component cards"), "{}", said.2);
    let said = run(&announce).await;
    assert_eq!((said.0, said.1.as_str()), (0, answer), "{}", said.2);
    let said = run(&resolve).await;
    assert_eq!(said.0, 0, "{}", said.2);
    server.kill().await.unwrap();
    slack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_run_a_job_beside_a_server_one_does_it_and_the_other_says_who() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack().await;
    let (mut server, _) = serve(folder.path(), &slack).await;
    with_payments(folder.path(), &slack).await;
    let announce = ["announce", "payments", "Cards fail", "--as", "U0ANA"];
    let said = runs(folder.path(), &slack, &announce).await;
    assert_eq!(said.0, 0, "{}", said.2);
    until(&slack, "the announcement", |it| {
        announcements(it).len() == 1
    })
    .await;

    let looks = async || {
        let mut command = balefire(folder.path(), &slack.api_url());
        command.args(["jobs", "run", "announcements"]);
        command.stdout(std::process::Stdio::piped());
        command.stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let slow = json!([{ "method": "*", "kind": "slow", "milliseconds": 3000, "times": 1000 }]);
    control(&slack, "faults", json!({ "rules": slow })).await;
    let first = looks().await;
    let db = Db::open_sqlite(&folder.path().join("balefire.db"))
        .await
        .unwrap();
    let holder = loop {
        let mut tx = db.read().await.unwrap();
        let now = balefire::clock::Clock::system().now();
        let found = store::leases::holder(&mut tx, "job:announcements", now).await;
        match found.unwrap() {
            Some((holder, _)) => break holder,
            None => tokio::task::yield_now().await,
        }
    };
    let second = looks().await.wait_with_output().await.unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    let expected = format!("announcements is being done by {holder}, until ");
    assert!(said.contains(&expected), "{said}");
    assert!(second.stdout.is_empty());

    control(&slack, "reset_faults", json!({})).await;
    let first = first.wait_with_output().await.unwrap();
    let said = String::from_utf8(first.stdout).unwrap();
    assert_eq!(said, "announcements: 1 announcement looked at, 0 mended\n");
    db.close().await;
    server.kill().await.unwrap();
    slack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_and_run_from_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack().await;
    let run = async |words: &[&str]| {
        let mut command = balefire(folder.path(), &slack.api_url());
        command.arg("jobs").args(words);
        command.stderr(std::process::Stdio::piped());
        let done = command.output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said(
            done.status.code().unwrap(),
            text(done.stdout),
            text(done.stderr),
        )
    };
    let said = run(&["list"]).await;
    assert_eq!(said.0, 2);
    assert!(said.2.contains("there is no database"), "{}", said.2);
    assert!(!folder.path().join("balefire.db").exists());
    let (mut server, _) = serve(folder.path(), &slack).await;
    server.kill().await.unwrap();
    let said = run(&["run", "channels"]).await;
    assert!(
        said.1.contains("channels: 0 channels warned or archived"),
        "{} {}",
        said.1,
        said.2
    );
    let said = run(&["list"]).await;
    for words in [
        "etas",
        "every 10m",
        "0 channels warned or archived; next ",
        "runs on every node",
    ] {
        assert!(said.1.contains(words), "no {words} in {}", said.1);
    }
    let said = run(&["list", "--json"]).await;
    let channels = said
        .1
        .lines()
        .map(|it| serde_json::from_str::<Value>(it).unwrap());
    let channels = channels
        .into_iter()
        .find(|it| it["job"] == "channels")
        .unwrap();
    assert_eq!(
        (&channels["every_seconds"], &channels["failed"]),
        (&json!(600), &json!(false))
    );
    let said = run(&["run", "chanels"]).await;
    assert_eq!(said.0, 2);
    assert!(
        said.2
            .contains("there is no job chanels. There are etas, channels,"),
        "{}",
        said.2
    );
}
