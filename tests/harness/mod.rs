//! A world to tell stories in: the real app in this process over real HTTP, a fresh database, the
//! local Slack, and a clock that the story moves.
//!
//! Nothing here sleeps: the story delivers what is due by [`World::settle`]. Everything the bot
//! posts has to be read before [`World::end`].

pub mod browser;
pub mod databases;
pub mod google;
pub mod monitors;
pub mod person;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use balefire::{
    app::{App, Running},
    clock::Clock,
    config::{self, Checks, Settings, Sources, parse_catalog},
    desk::catalog::provision,
    domain::{actor::Identity, time::Zone},
    outbox::Outbox,
    sandbox::{self, Sandbox},
    slack::{Slack, deliver::SlackDeliver},
    store::Db,
};
use databases::Scratch;
pub use databases::environment;
use person::Person;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

pub const SIGNING_SECRET: &str = "a-signing-secret-for-tests";
pub const BOT_TOKEN: &str = "xoxb-a-token-for-tests";
pub const APP_TOKEN: &str = "xapp-a-token-for-tests";

const CATALOG: &str = r#"
    [[component]]
    key = "payments"
    name = "Payments"
    aliases = ["pay"]

    [[component]]
    key = "booking"
    name = "Booking"

    [[component]]
    key = "partner-api"
    name = "Partner API"
"#;

/// Everything, running.
pub struct World {
    pub sandbox: Sandbox,
    pub db: Db,
    pub clock: Clock,
    pub slack: Arc<Slack>,
    pub outbox: Arc<Outbox<SlackDeliver>>,
    pub app_url: String,
    settings: Settings,
    running: Running,
    http: reqwest::Client,
    read: Mutex<BTreeSet<String>>,
    _scratch: Scratch,
}

/// How a story's Balefire is set up.
pub struct Setup {
    pub allow_all: bool,
    pub with_components: bool,
    /// User groups whose members are invited to dedicated channels.
    pub invite_groups: Vec<&'static str>,
    /// User groups whose members are on call.
    pub on_call_groups: Vec<&'static str>,
    /// After which dedicated channels are archived; never when 0.
    pub archive_after_hours: u32,
    /// Channels that are told when sales are affected.
    pub told_of_sales: Vec<&'static str>,
    /// Slack is heard over Balefire's own connections.
    pub socket_mode: bool,
    /// Where announcements go while #outages cannot be used; nowhere when empty.
    pub fallback_channel: &'static str,
    /// Who administers Balefire.
    pub administrators: Vec<&'static str>,
    /// Channels that are told when partners are affected.
    pub told_of_partners: Vec<&'static str>,
    /// The domain of the team's addresses; any when empty.
    pub email_domain: &'static str,
    /// How many people there are besides the four.
    pub more_people: usize,
    /// The secret of Pingdom's webhook, which is off when empty.
    pub monitors: &'static str,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            allow_all: false,
            with_components: true,
            invite_groups: Vec::new(),
            on_call_groups: Vec::new(),
            archive_after_hours: 0,
            told_of_sales: Vec::new(),
            socket_mode: false,
            fallback_channel: "",
            administrators: Vec::new(),
            told_of_partners: Vec::new(),
            email_domain: "",
            more_people: 0,
            monitors: "",
        }
    }
}

pub fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

impl World {
    pub async fn start() -> World {
        World::with(Setup::default()).await
    }

    pub async fn with(setup: Setup) -> World {
        World::on(databases::sqlite().await, setup).await
    }

    /// Ana may announce and change everything, Bo is on call, Cy and Dee may do nothing.
    pub async fn on(scratch: Scratch, setup: Setup) -> World {
        let sandbox = Sandbox::start(sandbox::Options {
            listen: ([127, 0, 0, 1], 0).into(),
            app_url: None,
            signing_secret: SIGNING_SECRET.to_owned(),
            bot_token: BOT_TOKEN.to_owned(),
            scopes: None,
            app_token: Some(APP_TOKEN.to_owned()),
            socket_mode: setup.socket_mode,
            commands: vec!["/outage".to_owned(), "/announce".to_owned()],
            shortcuts: Vec::new(),
            clock_offset_seconds: 0,
            seed: seed(setup.more_people),
            data: None,
        })
        .await
        .unwrap();
        let clock = Clock::system();
        let moved = clock.clone();
        sandbox.on_clock_moved(move |seconds| moved.run_ahead(seconds));
        let settings = loaded(&sandbox.api_url(), &setup);
        let app = App::with_database(settings.clone(), scratch.db.clone(), clock.clone()).unwrap();
        app.connect().await.unwrap();
        if setup.with_components {
            let catalog = parse_catalog(CATALOG, "test").unwrap();
            let by = Identity::CommandLine {
                name: "test".into(),
            };
            let workspace = app.slack.workspace().unwrap();
            provision(&app.db, &clock, &workspace, &catalog.entries, false, &by)
                .await
                .unwrap();
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (slack, outbox) = (app.slack.clone(), app.outbox.clone());
        let running = app.serve(listener, TaskTracker::new()).unwrap();
        let app_url = format!("http://{}", running.address);
        sandbox.connect_app(&app_url);
        let world = World {
            db: scratch.db.clone(),
            sandbox,
            clock,
            slack,
            outbox,
            app_url,
            settings,
            running,
            http: reqwest::Client::new(),
            read: Mutex::new(BTreeSet::new()),
            _scratch: scratch,
        };
        if setup.socket_mode {
            world.sockets(2).await;
        }
        world
    }

    /// Waits until so many connections of Socket Mode are open, and gives their numbers.
    pub async fn sockets(&self, open: usize) -> Vec<u64> {
        for _ in 0..2000 {
            let state = self.state().await;
            let sockets = state["sockets"].as_array().unwrap();
            if sockets.len() == open {
                return sockets
                    .iter()
                    .map(|it| it["id"].as_u64().unwrap())
                    .collect();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("there are never {open} connections");
    }

    pub fn person(&self, name: &'static str) -> Person<'_> {
        Person::new(self, name)
    }

    /// Another node on the same database, which neither serves nor works by itself.
    pub async fn node(&self) -> App {
        let (db, clock) = (self.db.clone(), self.clock.clone());
        let app = App::with_database(self.settings.clone(), db, clock).unwrap();
        app.connect().await.unwrap();
        app
    }

    /// A node that finds something else in Slack's place.
    pub fn node_at(&self, api_url: &str) -> App {
        let (db, clock) = (self.db.clone(), self.clock.clone());
        let settings = loaded(api_url, &Setup::default());
        let app = App::with_database(settings, db, clock).unwrap();
        *app.slack.connected.write().unwrap() = self.slack.workspace();
        app
    }

    /// Moves both clocks.
    pub async fn moves(&self, span: Duration) {
        self.control("clock", json!({ "advance_seconds": span.as_secs() }))
            .await;
    }

    /// Moves both clocks and delivers what became due.
    pub async fn passes(&self, span: Duration) {
        self.moves(span).await;
        // What the jobs would do now.
        self.slack.desk.refresh_etas(None).await.unwrap();
        self.slack.desk.archive_channels(None).await.unwrap();
        self.outbox.look_for_signs_of_life().await.unwrap();
        self.settle().await;
    }

    /// Lets everything that was started finish, and delivers until nothing is due within two
    /// seconds; a turn of a channel that must be waited for is waited for by the clock.
    pub async fn settle(&self) {
        for _ in 0..200 {
            self.idle().await;
            let made = self.outbox.run_once().await.unwrap();
            let next = self.outbox.next_due().await.unwrap();
            let now = self.clock.now();
            match next {
                Some(due) if due.since(now) <= Duration::from_secs(2) => {
                    self.control("clock", json!({ "advance_seconds": 1 })).await;
                }
                _ if made == 0 => return,
                _ => {}
            }
        }
        panic!("deliveries never come to rest");
    }

    /// Waits until no handler is at work.
    async fn idle(&self) {
        for _ in 0..2000 {
            if self.slack.tasks.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("a handler does not come to an end");
    }

    /// Asks the local Slack for something.
    pub async fn control(&self, what: &str, body: Value) -> Value {
        let url = format!("{}/_sandbox/{what}", self.sandbox.url());
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        let status = answer.status();
        let answer: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{what} {body}: {answer}");
        answer
    }

    pub async fn state(&self) -> Value {
        let url = format!("{}/_sandbox/state", self.sandbox.url());
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// What the app called, from the beginning: methods with arguments and answers.
    pub async fn calls(&self, method: &str) -> Vec<Value> {
        let url = format!("{}/_sandbox/journal?since=0", self.sandbox.url());
        let journal: Value = self
            .http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let entries = journal["entries"].as_array().unwrap();
        entries
            .iter()
            .filter(|it| it["method"] == method)
            .cloned()
            .collect()
    }

    /// Top-level messages of the bot in a channel.
    pub async fn channel(&self, name: &str) -> Vec<Value> {
        let messages = self.messages(name).await;
        messages.into_iter().filter(is_top_level).collect()
    }

    /// The one announcement in #outages.
    pub async fn announcement(&self) -> Value {
        let mut all = self.channel("outages").await;
        assert_eq!(all.len(), 1, "one announcement, not {all:#?}");
        all.remove(0)
    }

    /// The texts in the thread of the only announcement, with who wrote them.
    pub async fn thread(&self) -> Vec<(String, String)> {
        let messages = self.messages("outages").await;
        messages
            .iter()
            .filter(|it| !is_top_level(it))
            .map(|it| {
                let who = it["username"].as_str().unwrap_or("balefire").to_owned();
                (who, it["text"].as_str().unwrap_or("").to_owned())
            })
            .collect()
    }

    async fn messages(&self, channel: &str) -> Vec<Value> {
        let state = self.state().await;
        let channels = state["channels"].as_array().unwrap();
        let channel = channels.iter().find(|it| it["name"] == channel).unwrap();
        self.bots_messages(&channel["messages"])
    }

    /// Marks messages of the bot as read and returns them.
    fn bots_messages(&self, messages: &Value) -> Vec<Value> {
        let of_bot = messages
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| it["bot_id"].is_string());
        let of_bot: Vec<Value> = of_bot
            .filter(|it| it["subtype"] != "tombstone")
            .cloned()
            .collect();
        let mut read = self.read.lock().unwrap();
        read.extend(
            of_bot
                .iter()
                .map(|it| it["ts"].as_str().unwrap().to_owned()),
        );
        of_bot
    }

    /// Whether the announcement is pinned.
    pub async fn is_pinned(&self) -> bool {
        let ts = self.announcement().await["ts"].clone();
        let state = self.state().await;
        let channels = state["channels"].as_array().unwrap();
        let channel = channels.iter().find(|it| it["name"] == "outages").unwrap();
        channel["pins"].as_array().unwrap().contains(&ts)
    }

    pub async fn faults(&self, rules: Value) {
        self.control("faults", json!({ "rules": rules })).await;
    }

    /// A request as Slack would send it, signed or not.
    pub async fn post(
        &self,
        path: &str,
        body: &str,
        signature: Option<(i64, &str)>,
    ) -> (u16, Value) {
        let mut request = self
            .http
            .post(format!("{}{path}", self.app_url))
            .body(body.to_owned());
        request = request.header("content-type", "application/x-www-form-urlencoded");
        if let Some((sent, signature)) = signature {
            request = request
                .header("x-slack-request-timestamp", sent.to_string())
                .header("x-slack-signature", signature);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    pub async fn get(&self, path: &str) -> (u16, String) {
        let answer = self
            .http
            .get(format!("{}{path}", self.app_url))
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Reads what the bot said in #outages and in private.
    pub async fn reads_all(&self) {
        self.channel("outages").await;
        self.thread().await;
        for who in ["ana", "bo", "cy", "dee"] {
            self.person(who).direct_messages().await;
        }
    }

    /// The end of a story: everything delivered, nothing dead, every message read.
    pub async fn end(self) {
        self.settle().await;
        let mut tx = self.db.read().await.unwrap();
        let left = balefire::store::deliveries::list(&mut tx, false, 50)
            .await
            .unwrap();
        drop(tx);
        assert!(left.is_empty(), "deliveries are left: {left:#?}");
        let state = self.state().await;
        let read = self.read.lock().unwrap().clone();
        for place in ["channels", "dms"] {
            for conversation in state[place].as_array().unwrap() {
                for message in conversation["messages"].as_array().unwrap() {
                    let of_bot = message["bot_id"].is_string() && message["subtype"] != "tombstone";
                    let ts = message["ts"].as_str().unwrap();
                    assert!(!of_bot || read.contains(ts), "nobody read {message:#}");
                }
            }
        }
        self.close().await;
    }

    /// Ends without looking at what is left.
    pub async fn close(self) {
        self.running.stop().await;
        self.sandbox.stop().await;
    }
}

/// The usual workspace, and so many people more.
fn seed(more_people: usize) -> sandbox::Seed {
    let mut seed = sandbox::Seed::default();
    let like = seed.users[0].clone();
    seed.users
        .extend((0..more_people).map(|nth| sandbox::SeedUser {
            id: format!("U1{nth:06}"),
            name: format!("p{nth}"),
            real_name: format!("Person {nth}"),
            email: format!("p{nth}@example.com"),
            is_admin: false,
            ..like.clone()
        }));
    seed
}

/// Everything a message shows, in one text.
pub fn words(message: &Value) -> String {
    let mut words = Vec::new();
    gather(message, &mut words);
    words.join("\n")
}

fn gather(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("text", Value::String(text)) => words.push(text.clone()),
                    ("metadata" | "ts" | "fallback", _) => {}
                    (_, value) => gather(value, words),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|it| gather(it, words)),
        _ => {}
    }
}

fn is_top_level(message: &Value) -> bool {
    message["thread_ts"].is_null() || message["thread_ts"] == message["ts"]
}

fn loaded(api_url: &str, setup: &Setup) -> Settings {
    config::load(
        &Sources {
            file: None,
            environment: Vec::new(),
            flags: settings(api_url, setup),
        },
        &Checks {
            zone_exists: |name| name.parse::<Zone>().is_ok(),
            log_filter: |_| Ok(()),
        },
    )
    .unwrap_or_else(|problems| panic!("{problems}"))
}

fn settings(api_url: &str, setup: &Setup) -> toml::Table {
    let sources = setup
        .on_call_groups
        .iter()
        .map(|id| format!("[[permissions.sources]]\ngroup = \"on_call\"\nslack = {id:?}\n"));
    let sources: Vec<String> = sources.collect();
    let text = format!(
        r#"
        [slack]
        bot_token = "{BOT_TOKEN}"
        mode = "{}"
        app_token = "{APP_TOKEN}"
        signing_secret = "{SIGNING_SECRET}"
        announce_channel = "C0OUTAGES"
        fallback_channel = {:?}
        api_url = "{api_url}"
        timeout_seconds = 2

        [permissions]
        allow_all_to_notify = {}
        on_call = ["U0ANA", "bo@example.com"]
        edit_all_outages = ["U0ANA"]
        administrators = {:?}
        email_domain = {:?}
        ask = "the desk in #general"

        [impact.tell]
        sales = {:?}
        b2b_partners = {:?}

        [channels]
        invite_groups = {:?}
        archive_after_hours = {}
        {}

        [signals.pingdom]
        secrets = {:?}
        "#,
        if setup.socket_mode { "socket" } else { "http" },
        setup.fallback_channel,
        setup.allow_all,
        setup.administrators,
        setup.email_domain,
        setup.told_of_sales,
        setup.told_of_partners,
        setup.invite_groups,
        setup.archive_after_hours,
        sources.concat(),
        Some(setup.monitors)
            .filter(|it| !it.is_empty())
            .into_iter()
            .collect::<Vec<_>>()
    );
    text.parse().unwrap()
}
