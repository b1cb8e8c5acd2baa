//! What is done all the time, with next to nothing in the database and with years of history; and
//! how the databases carry it out.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use balefire::{
    clock::Clock,
    domain::{delivery::Task, ids::OutageNumber, time::Timestamp},
    outbox::LEASE,
    store::{self, Db, Tx, deliveries::NewDelivery},
};
use tracing::{Event, Subscriber, field::Visit};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt};

use crate::{
    child::{Database, Setup},
    drive::{Kind, Sender},
    fill, note,
    stub::Stub,
    table::ms,
};

/// How long an answer is remembered.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// One thing that is done all the time.
#[derive(Clone, Copy)]
enum Hot {
    OpenForm,
    List,
    Detail,
    Known,
    ClaimNothing,
    ClaimDue,
    NextDue,
    NearEta,
    Gauges,
    Forget,
}

const HOT: [Hot; 10] = [
    Hot::OpenForm,
    Hot::List,
    Hot::Detail,
    Hot::Known,
    Hot::ClaimNothing,
    Hot::ClaimDue,
    Hot::NextDue,
    Hot::NearEta,
    Hot::Gauges,
    Hot::Forget,
];

const REQUESTS: [Kind; 4] = [Kind::Command, Kind::List, Kind::Update, Kind::Event];

/// How long each of it takes.
pub type Times = Vec<(String, Duration)>;

/// Requests from outside, and what runs inside, in this order.
pub async fn times(
    database: &Database,
    folder: &Path,
    setup: &Setup,
    stub: &Stub,
    lasting: Duration,
) -> anyhow::Result<Times> {
    note(&format!("{}: what is done all the time", database.name()));
    let mut times = Vec::new();
    let balefire = setup.serve().await?;
    let sender = Arc::new(Sender::new(&balefire.address, &stub.url()));
    for kind in REQUESTS {
        sender.steady(kind, 20, Duration::from_secs(1)).await?;
        let load = sender.steady(kind, 20, lasting).await?;
        anyhow::ensure!(load.is_well(), "{}{}", kind.word(), load.complaint());
        times.push((format!("{}, p50", kind.word()), load.quantile(0.5)));
    }
    balefire.stop().await?;
    let db = fill::open(database, folder).await?;
    for hot in HOT {
        let mut took = Vec::new();
        let began = Instant::now();
        while took.len() < 5 || (took.len() < 50 && began.elapsed() < Duration::from_secs(3)) {
            took.push(hot.once(&db).await?);
        }
        took.sort();
        times.push((hot.words().to_owned(), took[took.len() / 2]));
    }
    db.close().await;
    Ok(times)
}

impl Hot {
    fn words(self) -> &'static str {
        match self {
            Hot::OpenForm => "inside: what a command asks before its form opens",
            Hot::List => "inside: open outages and those that ended last",
            Hot::Detail => "inside: an outage with its last 10 lines",
            Hot::Known => "inside: whether a form was answered before",
            Hot::ClaimNothing => "inside: claim, nothing due",
            Hot::ClaimDue => "inside: claim 64 of 100 due",
            Hot::NextDue => "inside: when the next is due",
            Hot::NearEta => "inside: announcements whose ETA is near",
            Hot::Gauges => "inside: the gauges",
            Hot::Forget => "inside: forgetting, nothing old enough",
        }
    }

    /// Does it once, in a transaction that is not committed.
    async fn once(self, db: &Db) -> anyhow::Result<Duration> {
        let now = Clock::system().now();
        let mut tx = match self {
            Hot::ClaimNothing | Hot::ClaimDue | Hot::Forget => db.begin().await?,
            _ => db.read().await?,
        };
        if let Hot::ClaimDue = self {
            queue(&mut tx, now).await?;
        }
        let began = Instant::now();
        self.act(&mut tx, now).await?;
        Ok(began.elapsed())
    }

    async fn act(self, tx: &mut Tx, now: Timestamp) -> anyhow::Result<()> {
        let workspace = fill::workspace();
        match self {
            Hot::OpenForm => {
                let user = "U0ANA".into();
                let known = store::people::with_profile_age(tx, &workspace, &user).await?;
                if let Some((id, _)) = known {
                    store::rights::of_person(tx, id).await?;
                }
                let words = ["part-7".to_owned(), "part-7 cards".to_owned()];
                store::components::named(tx, &workspace, &words).await?;
            }
            Hot::List => {
                let mut all = store::outages::open(tx, &workspace, 20).await?;
                all.extend(store::outages::ended(tx, &workspace, 20).await?);
                for outage in all {
                    store::announcements::of_outage(tx, outage.id).await?;
                }
            }
            Hot::Detail => {
                let number = OutageNumber(1);
                let found = store::outages::by_number(tx, &workspace, number).await?;
                if let Some(outage) = found {
                    store::timeline::last(tx, outage.id, 10).await?;
                }
            }
            Hot::Known => {
                store::idempotency::recall(tx, "view", "many-7:100", now, KEPT).await?;
            }
            Hot::ClaimNothing => {
                claim(tx, now, 4).await?;
            }
            Hot::ClaimDue => {
                claim(tx, now, 64).await?;
            }
            Hot::NextDue => {
                store::deliveries::next_due(tx, now).await?;
            }
            Hot::NearEta => {
                store::etas::near_their_eta(tx, now.plus(Duration::from_secs(600))).await?;
            }
            Hot::Gauges => {
                store::deliveries::figures(tx, now).await?;
                store::outages::count_open(tx).await?;
            }
            Hot::Forget => {
                let before = now.minus(Duration::from_secs(30 * 24 * 3600));
                store::db::plan_for_values(tx).await?;
                store::idempotency::forget_expired(tx, before).await?;
                store::inbox::forget(tx, before).await?;
                store::deliveries::forget(tx, before).await?;
                store::audit::forget(tx, before).await?;
            }
        }
        Ok(())
    }
}

async fn claim(tx: &mut Tx, now: Timestamp, limit: i64) -> anyhow::Result<()> {
    store::deliveries::claim(tx, "bench", now, now.plus(LEASE), limit).await?;
    Ok(())
}

/// A hundred deliveries that are due.
async fn queue(tx: &mut Tx, now: Timestamp) -> anyhow::Result<()> {
    for number in 0..100 {
        let new = NewDelivery {
            workspace: fill::workspace(),
            outage: None,
            lane: format!("bench:{number}"),
            conversation: fill::channel(number),
            after: None,
            dedupe_key: format!("bench:{number}"),
            task: Task::Pin,
            due_at: now,
        };
        store::deliveries::enqueue(tx, &new, now).await?;
    }
    Ok(())
}

/// How the database carries each of it out, as it says itself.
pub async fn plans(database: &Database, folder: &Path, heard: &Heard) -> anyhow::Result<String> {
    let db = match database {
        Database::Sqlite => fill::open(database, folder).await?,
        Database::Postgres(url) => {
            // The plans of the very statements, with what they were given and found.
            let url = format!(
                "{url}?options[session_preload_libraries]=auto_explain\
                 &options[auto_explain.log_min_duration]=0&options[auto_explain.log_analyze]=on\
                 &options[auto_explain.log_level]=notice&options[auto_explain.log_nested_statements]=off"
            );
            fill::place(&url, 1).open().await?
        }
    };
    let mut text = String::new();
    for hot in HOT {
        let now = Clock::system().now();
        let mut tx = db.begin().await?;
        if let Hot::ClaimDue = hot {
            queue(&mut tx, now).await?;
        }
        heard.take();
        let began = Instant::now();
        hot.act(&mut tx, now).await?;
        let took = began.elapsed();
        drop(tx);
        text.push_str(&format!("\n{} ({}):\n", hot.words(), ms(took)));
        let mut last = String::new();
        for said in heard.take() {
            let plan = match (database, said) {
                (Database::Sqlite, Said::Statement(sql)) => {
                    let steps = fill::sqlite_plan(&db, &sql).await.unwrap_or_default();
                    indented(&sql, steps.into_iter())
                }
                (Database::Postgres(_), Said::Notice(notice)) => condensed(&notice),
                _ => continue,
            };
            // Announcements are asked for one by one, all in the same way.
            if plan != last {
                text.push_str(&plan);
            }
            last = plan;
        }
    }
    db.close().await;
    Ok(text)
}

fn indented(sql: &str, steps: impl Iterator<Item = String>) -> String {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let mut text: String = words.join(" ").chars().take(150).collect();
    text = format!("  {text}\n");
    for step in steps {
        text.push_str(&format!("      {step}\n"));
    }
    text
}

/// Without the times, which the line above has.
fn condensed(notice: &str) -> String {
    let Some((sql, plan)) = notice.split_once("\n").and_then(|_| {
        let (head, rest) = notice.split_once("Query Text:")?;
        let _ = head;
        let at = rest.find("(cost=")?;
        let line = rest[..at].rfind('\n')?;
        Some((rest[..line].to_owned(), rest[line + 1..].to_owned()))
    }) else {
        return String::new();
    };
    let steps = plan.lines().map(|line| {
        let line = line.trim_end();
        match (line.find("  (cost="), line.find("(actual ")) {
            (Some(cost), Some(actual)) => format!("{}  {}", &line[..cost], &line[actual..]),
            _ => line.to_owned(),
        }
    });
    indented(&sql, steps)
}

enum Said {
    Statement(String),
    Notice(String),
}

/// What the database driver says of its statements.
#[derive(Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<Said>>>);

impl Heard {
    /// Listens from now on, in all threads: SQLite's have their own.
    pub fn begin() -> anyhow::Result<Heard> {
        let heard = Heard::default();
        let subscriber = tracing_subscriber::registry().with(heard.clone());
        tracing::subscriber::set_global_default(subscriber)?;
        Ok(heard)
    }

    fn take(&self) -> Vec<Said> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut words = Words::default();
        event.record(&mut words);
        let said = match event.metadata().target() {
            // The summary alone when that is all.
            "sqlx::query" if words.statement.trim().is_empty() => Said::Statement(words.summary),
            "sqlx::query" => Said::Statement(words.statement),
            "sqlx::postgres::notice" => Said::Notice(words.message),
            _ => return,
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(said);
    }
}

#[derive(Default)]
struct Words {
    statement: String,
    summary: String,
    message: String,
}

impl Visit for Words {
    fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
        match field.name() {
            "db.statement" => self.statement = value.to_owned(),
            "summary" => self.summary = value.to_owned(),
            "message" => self.message = value.to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
