//! Two real processes on one PostgreSQL, killed again and again while people work: nothing that was
//! acknowledged is lost, nothing stands twice. `scripts/soak` does it for minutes, with the program
//! as it is released.

use std::{
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use balefire::sandbox::Sandbox;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{
    crash::{control, local_slack, state},
    databases::unused_name,
    harness::{BOT_TOKEN, SIGNING_SECRET, environment},
};

/// How often a process is killed when nobody says for how long.
const KILLS: u64 = 6;

/// After so many looks at which nothing more was delivered, nothing will be.
const STUCK: u32 = 1000;

/// Who changes outages, each their own, so that the order of what they say is known.
const PEOPLE: [&str; 3] = ["ana", "bo", "cy"];

struct Soak {
    slack: Sandbox,
    program: String,
    database: String,
    folder: tempfile::TempDir,
    /// Where the nodes listen that live.
    nodes: Mutex<Vec<Option<String>>>,
    next: AtomicU64,
    over: AtomicBool,
}

/// What somebody asked for, and whether they were told that it is done.
#[derive(Debug)]
struct Wish {
    outage: i64,
    word: String,
    acknowledged: bool,
}

impl Soak {
    async fn start_node(&self, index: usize) -> Child {
        let mut child = Command::new(&self.program)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .current_dir(self.folder.path())
            .env("BALEFIRE__DATABASE__URL", &self.database)
            .env("BALEFIRE__SLACK__API_URL", self.slack.api_url())
            .env("BALEFIRE__SLACK__BOT_TOKEN", BOT_TOKEN)
            .env("BALEFIRE__SLACK__SIGNING_SECRET", SIGNING_SECRET)
            .env("BALEFIRE__SLACK__ANNOUNCE_CHANNEL", "C0OUTAGES")
            .env("BALEFIRE__PERMISSIONS__ALLOW_ALL_TO_NOTIFY", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().expect("it starts");
        let url = line.strip_prefix("app: ").expect(&line).to_owned();
        self.nodes.lock().unwrap()[index] = Some(url);
        child
    }

    /// As a balancer does: one node after the other, those that live.
    fn route(&self) {
        let nodes = self.nodes.lock().unwrap();
        let living: Vec<&String> = nodes.iter().flatten().collect();
        let turn = self.next.fetch_add(1, Ordering::Relaxed) as usize;
        if let Some(url) = living.get(turn % living.len().max(1)) {
            self.slack.connect_app(url);
        }
    }

    async fn asks(&self, what: &str, body: Value) -> Value {
        self.route();
        control(&self.slack, what, body).await
    }

    /// Opens the form and sends it, and does both again until it closes.
    async fn announces(&self, who: &str, component: &str, word: &str) {
        let command =
            json!({ "user": who, "channel": "general", "text": format!("/outage {component}") });
        'open: loop {
            let seen = self.asks("command", command.clone()).await;
            if seen["seen"]["modal"].is_null() {
                continue;
            }
            let values = json!({ "What happened?": word, "eta": "<2h" });
            for _ in 0..20 {
                let form = json!({ "user": who, "values": values });
                let seen = self.asks("submit", form).await;
                if seen["seen"]["closed"] == true {
                    return;
                }
                if seen["ok"] == false {
                    // The form is not there any more: it did close, unseen.
                    if self.is_announced(word).await {
                        return;
                    }
                    continue 'open;
                }
            }
        }
    }

    async fn is_announced(&self, word: &str) -> bool {
        let mut database = PgConnection::connect(&self.database).await.unwrap();
        let found: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM outages WHERE summary = $1")
            .bind(word)
            .fetch_one(&mut database)
            .await
            .unwrap();
        found > 0
    }

    /// Says something about one's own outage, and says it again until somebody answers.
    async fn talks(&self, who: &str, outage: i64, wishes: &Mutex<Vec<Wish>>) {
        for n in 0.. {
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            let word = format!("{who}-{n}-");
            let text = format!("/outage update {outage} {word}");
            wishes.lock().unwrap().push(Wish {
                outage,
                word,
                acknowledged: false,
            });
            for _ in 0..50 {
                let command = json!({ "user": who, "channel": "general", "text": text });
                let seen = self.asks("command", command).await;
                if seen.to_string().contains("You updated outage") {
                    if let Some(wish) = wishes.lock().unwrap().last_mut() {
                        wish.acknowledged = true;
                    }
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            tokio::time::sleep(Duration::from_millis(fastrand::u64(20..200))).await;
        }
    }
}

/// As [`environment`], where it is a choice.
#[expect(
    clippy::disallowed_methods,
    reason = "what scripts/soak exports is no setting of Balefire"
)]
fn environment_if_set(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Whatever waits for a time waits no longer: as if an hour had passed in the database. Slack's pace
/// is not what is tried here.
async fn an_hour_passes(database: &mut PgConnection, also_leases: bool) {
    if also_leases {
        // What somebody is writing just now need not be hurried, and waiting for two of them at once
        // could be for ever.
        let earlier = "UPDATE deliveries SET due_at = due_at - INTERVAL '1 hour',
            locked_until = locked_until - INTERVAL '1 hour' WHERE id IN (
                SELECT id FROM deliveries WHERE done_at IS NULL FOR UPDATE SKIP LOCKED)";
        database.execute(earlier).await.unwrap();
        let leases = "UPDATE leases SET expires_at = expires_at - INTERVAL '1 hour'";
        database.execute(leases).await.unwrap();
        let inbox = "UPDATE inbox SET due_at = due_at - INTERVAL '1 hour' WHERE done_at IS NULL";
        database.execute(inbox).await.unwrap();
    }
    database.execute("DELETE FROM pacing").await.unwrap();
}

async fn count(database: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(database).await.unwrap()
}

fn replies(state: &Value, thread: &str) -> Vec<String> {
    let channels = state["channels"].as_array().unwrap();
    let outages = channels.iter().find(|it| it["name"] == "outages").unwrap();
    let messages = outages["messages"].as_array().unwrap().iter();
    let of_it = messages.filter(|it| it["thread_ts"] == thread && it["ts"] != thread);
    of_it
        .map(|it| it["text"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_over_and_over_two_nodes_lose_nothing_and_double_nothing() {
    let name = unused_name("soak");
    let server = environment("TEST_POSTGRES_URL");
    let mut admin = PgConnection::connect(&server).await.unwrap();
    let create = format!("CREATE DATABASE {name} TEMPLATE template0");
    admin.execute(sqlx::AssertSqlSafe(create)).await.unwrap();
    let (host, _) = server.rsplit_once('/').unwrap();
    let program = environment_if_set("BALEFIRE_SOAK_PROGRAM");
    let soak = Arc::new(Soak {
        slack: local_slack().await,
        program: program.unwrap_or_else(|| env!("CARGO_BIN_EXE_balefire").to_owned()),
        database: format!("{host}/{name}"),
        folder: tempfile::tempdir().unwrap(),
        nodes: Mutex::new(vec![None, None]),
        next: AtomicU64::new(0),
        over: AtomicBool::new(false),
    });
    let seconds = environment_if_set("BALEFIRE_SOAK_SECONDS");
    let lasts = seconds.map(|it| Duration::from_secs(it.parse().unwrap()));

    let mut nodes = vec![soak.start_node(0).await, soak.start_node(1).await];
    let mut database = PgConnection::connect(&soak.database).await.unwrap();
    for person in PEOPLE {
        let sql = "INSERT INTO components (workspace_id, key, name, name_lower, created_at)
                   SELECT id, $1, $1, $1, seen_at FROM workspaces";
        let inserted = sqlx::query(sql).bind(format!("of-{person}"));
        inserted.execute(&mut database).await.unwrap();
    }

    // People, each with an outage of their own.
    let wishes = Arc::new(Mutex::new(Vec::new()));
    let mut people = Vec::new();
    for person in PEOPLE {
        let (soak, wishes) = (soak.clone(), wishes.clone());
        people.push(tokio::spawn(async move {
            let word = format!("announced by {person}");
            soak.announces(person, &format!("of-{person}"), &word).await;
            let mut database = PgConnection::connect(&soak.database).await.unwrap();
            let outage: i64 = sqlx::query_scalar("SELECT number FROM outages WHERE summary = $1")
                .bind(&word)
                .fetch_one(&mut database)
                .await
                .unwrap();
            let own = Mutex::new(Vec::new());
            soak.talks(person, outage, &own).await;
            wishes
                .lock()
                .unwrap()
                .append(&mut own.into_inner().unwrap());
        }));
    }

    // Death, at moments of its own choice.
    let began = Instant::now();
    let mut kills = 0;
    loop {
        let over = match lasts {
            Some(lasts) => began.elapsed() >= lasts,
            None => kills >= KILLS,
        };
        if over {
            break;
        }
        tokio::time::sleep(Duration::from_millis(fastrand::u64(100..1500))).await;
        let victim = fastrand::usize(0..nodes.len());
        soak.nodes.lock().unwrap()[victim] = None;
        nodes[victim].start_kill().unwrap();
        nodes[victim].wait().await.unwrap();
        kills += 1;
        nodes[victim] = soak.start_node(victim).await;
        // What the dead held need not be waited for.
        an_hour_passes(&mut database, true).await;
    }
    soak.over.store(true, Ordering::Relaxed);
    for person in people {
        person.await.unwrap();
    }

    // Everything that was left is delivered.
    let (mut rounds, mut left) = (0, i64::MAX);
    for look in 0.. {
        // Writing every row that waits takes longer than to deliver one.
        an_hour_passes(&mut database, look % 40 == 0).await;
        let waiting = count(
            &mut database,
            "SELECT COUNT(*) FROM deliveries WHERE done_at IS NULL",
        )
        .await;
        if waiting == 0 {
            break;
        }
        rounds = if waiting < left { 0 } else { rounds + 1 };
        left = left.min(waiting);
        assert!(rounds < STUCK, "{waiting} deliveries are never delivered");
        // Each look lets one more message into the channel.
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let dead = count(
        &mut database,
        "SELECT COUNT(*) FROM deliveries WHERE dead_at IS NOT NULL",
    )
    .await;
    assert_eq!(dead, 0, "nothing was given up");

    let state = state(&soak.slack).await;
    let wishes = std::mem::take(&mut *wishes.lock().unwrap());
    let announcements: Vec<(i64, String, String)> = sqlx::query_as(
        "SELECT number, summary, message_ts FROM outages
         JOIN announcements ON outage_id = outages.id ORDER BY number",
    )
    .fetch_all(&mut database)
    .await
    .unwrap();
    assert_eq!(announcements.len(), PEOPLE.len());
    let channels = state["channels"].as_array().unwrap();
    let outages = channels.iter().find(|it| it["name"] == "outages").unwrap();
    let top = outages["messages"].as_array().unwrap().iter();
    let top = top.filter(|it| {
        it["bot_id"].is_string() && (it["thread_ts"].is_null() || it["thread_ts"] == it["ts"])
    });
    assert_eq!(top.count(), PEOPLE.len(), "each outage is announced once");
    assert_eq!(outages["pins"].as_array().unwrap().len(), PEOPLE.len());
    let (mut lines, mut unheard) = (0, 0);
    for (number, summary, ts) in &announcements {
        let said = replies(&state, ts).join("\n");
        let mut from = 0;
        for wish in wishes.iter().filter(|it| it.outage == *number) {
            let times = said.matches(&wish.word).count();
            assert!(
                times <= 1,
                "{} stands {times} times in the thread of {summary}",
                wish.word
            );
            if wish.acknowledged {
                let at = said[from..].find(&wish.word);
                let at = at.unwrap_or_else(|| panic!("{} is lost or out of order", wish.word));
                from += at;
                lines += 1;
            } else {
                unheard += 1;
            }
        }
    }
    let dms = state["dms"].as_array().unwrap();
    for person in dms {
        let told = person["messages"].as_array().unwrap().len();
        assert_eq!(told, 1, "each was told of their roles once: {person:#}");
    }
    assert!(lines > 0);
    let took = began.elapsed().as_secs();
    println!(
        "{kills} kills in {took} s: {lines} acknowledged lines, all there once and in order; {unheard} never acknowledged; 0 lost, 0 doubled"
    );
    for node in &mut nodes {
        node.kill().await.unwrap();
    }
    soak_end(soak).await;
}

async fn soak_end(soak: Arc<Soak>) {
    if let Some(soak) = Arc::into_inner(soak) {
        soak.slack.stop().await;
    }
}
