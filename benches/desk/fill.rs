//! Fills a database with Balefire's own functions, and multiplies what they wrote.

use std::time::Duration;

use anyhow::Context;
use balefire::{
    clock::Clock,
    domain::{
        actor::Identity,
        component::Component,
        delivery::Task,
        effect::Event,
        eta::Eta,
        ids::{ChannelId, OutageNumber, PersonId, WorkspaceId},
        outage::{Affected, Facts, Outage, Phase, Resolution, Roles, Severity, Stage},
        time::Timestamp,
    },
    store::{self, Db, Tx, db::Place, deliveries::NewDelivery},
};
use sqlx::AssertSqlSafe;

use crate::child::Database;

pub fn workspace() -> WorkspaceId {
    WorkspaceId::from("T0BENCH")
}

/// Who does everything.
pub async fn person(tx: &mut Tx) -> anyhow::Result<PersonId> {
    let ana = store::people::by_slack_user(tx, &workspace(), &"U0ANA".into()).await?;
    Ok(ana.context("nobody announced anything yet")?.id)
}

/// The channel that such an outage is announced in.
pub fn channel(number: i64) -> String {
    format!("CB{number:07}")
}

pub async fn open(database: &Database, folder: &std::path::Path) -> anyhow::Result<Db> {
    Ok(match database {
        Database::Sqlite => Db::open_sqlite(&folder.join("balefire.db")).await?,
        Database::Postgres(url) => place(url, 5).open().await?,
    })
}

pub fn place(url: &str, max_connections: u32) -> Place<'_> {
    Place::Postgres {
        url,
        migrate_url: None,
        max_connections,
    }
}

/// The address of another database on the same server, which is empty.
pub async fn another_database(url: &str, name: &str) -> anyhow::Result<String> {
    let db = place(url, 1).open().await?;
    run(&db, format!("CREATE DATABASE {name}")).await?;
    db.close().await;
    let mut url = url::Url::parse(url).context("no address of a database")?;
    url.set_path(name);
    Ok(url.into())
}

/// Open outages that wait to be announced, each in a channel of its own; the number of the first.
pub async fn outages(db: &Db, count: usize) -> anyhow::Result<i64> {
    let clock = Clock::system();
    let mut first = None;
    let mut left = count;
    while left > 0 {
        // Not all in one: its journal would be as large as the database.
        let some = left.min(1000);
        left -= some;
        let mut tx = db.begin().await?;
        let person = person(&mut tx).await?;
        let parts = store::components::search(&mut tx, &workspace(), "part", 100).await?;
        for turn in 0..some {
            let part = &parts[turn % parts.len()];
            let number = outage(&mut tx, person, part, clock.now()).await?;
            first.get_or_insert(number);
        }
        tx.commit().await?;
    }
    first.context("no outages at all")
}

async fn outage(
    tx: &mut Tx,
    person: PersonId,
    part: &Component,
    now: Timestamp,
) -> anyhow::Result<i64> {
    let number = store::workspaces::next_value(tx, &workspace(), "outage").await?;
    let by = Identity::Person { id: person };
    let facts = Facts {
        workspace: workspace(),
        phase: Phase::Open {
            stage: Stage::Investigating,
            former: None,
        },
        severity: Severity::Major,
        summary: "cards are declined".to_owned(),
        affected: vec![Affected {
            component: part.clone(),
            status: Severity::Major.component_status().to_owned(),
            from: now,
            to: None,
        }],
        impact: Vec::new(),
        eta: Eta {
            label: "<2h".to_owned(),
            due: Some(now.plus(Duration::from_secs(7200))),
            set_at: now,
        },
        slips: 0,
        roles: Roles {
            creator: person,
            solution: Some(person),
            communication: Some(person),
        },
        turnover: None,
        post_mortem: None,
        started_at: now,
        announced_at: now,
        last_update: None,
        channel: None,
    };
    let outage = store::outages::insert(tx, OutageNumber(number), facts, &by, now).await?;
    let channel = ChannelId(channel(number));
    store::announcements::insert(tx, outage.id, &workspace(), &channel, None).await?;
    let announced = Event::Announced { from_message: None };
    let updated = Event::Updated {
        text: "we know why, and work on it".to_owned(),
        changes: Vec::new(),
    };
    for event in [announced, updated] {
        store::timeline::add(tx, outage.id, 1, &by, &event, now, now).await?;
    }
    let announce = NewDelivery {
        workspace: workspace(),
        outage: Some(outage.id),
        lane: format!("outage:{}:thread", outage.id),
        conversation: channel.0,
        after: None,
        dedupe_key: format!("announce:{}", outage.id),
        task: Task::Announce { copy: 1 },
        due_at: now,
    };
    store::deliveries::enqueue(tx, &announce, now).await?;
    Ok(number)
}

/// A history of years: all but the last `open` outages are over, each line of the timeline stands
/// there so often, each delivered row so often.
pub async fn history(db: &Db, open: i64, lines: u32, deliveries: u32) -> anyhow::Result<()> {
    let clock = Clock::system();
    let mut tx = db.begin().await?;
    let person = person(&mut tx).await?;
    let now = clock.now();
    resolve(&mut tx, person, now).await?;
    let answer = serde_json::json!({ "outage": 1 });
    for number in 0..1000 {
        let (key, keep) = (format!("many-{number}"), Duration::from_secs(24 * 3600));
        store::idempotency::remember(&mut tx, "view", &key, &answer, now, keep).await?;
        let body = serde_json::json!({});
        store::inbox::receive(&mut tx, "slack", &key, "message", &body, now).await?;
    }
    tx.commit().await?;
    let seq = |times: u32| {
        format!(
            "WITH RECURSIVE seq(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM seq WHERE n < {times})"
        )
    };
    // From the last to the first update, an hour apart: as if it had taken years.
    let statements = [
        format!(
            "UPDATE outages SET phase = 'resolved', resolved_at = started_at, ended_at = started_at,
                 phase_detail = (SELECT phase_detail FROM outages WHERE phase = 'resolved' LIMIT 1)
             WHERE number <= (SELECT MAX(number) FROM outages) - {open}"
        ),
        format!(
            "{} INSERT INTO timeline (outage_id, version, kind, visibility, actor, event, occurred_at, recorded_at)
             SELECT outage_id, version, kind, visibility, actor, event, occurred_at, recorded_at
             FROM seq CROSS JOIN timeline",
            seq(lines)
        ),
        format!(
            "{} INSERT INTO deliveries (workspace_id, outage_id, kind, lane, conversation, dedupe_key,
                 payload, attempts, due_at, trying_since, sent_at, done_at, result, created_at)
             SELECT workspace_id, outage_id, 'refresh', lane, conversation,
                 dedupe_key || ':again:' || CAST(n AS TEXT), payload, attempts, due_at, trying_since,
                 sent_at, done_at, result, created_at
             FROM seq CROSS JOIN deliveries WHERE done_at IS NOT NULL AND kind = 'announce'",
            seq(deliveries)
        ),
        format!(
            "{} INSERT INTO idempotency (scope, key, outcome, expires_at)
             SELECT scope, key || ':' || CAST(n AS TEXT), outcome, expires_at
             FROM seq CROSS JOIN idempotency WHERE key LIKE 'many-%'",
            seq(200)
        ),
        "UPDATE inbox SET done_at = received_at".to_owned(),
        format!(
            "{} INSERT INTO inbox (source, event_id, kind, body, due_at, received_at, done_at)
             SELECT source, event_id || ':' || CAST(n AS TEXT), kind, body, due_at, received_at, done_at
             FROM seq CROSS JOIN inbox",
            seq(200)
        ),
    ];
    for sql in statements {
        run(db, sql).await?;
    }
    match db {
        // Its autovacuum would do it by itself, some time.
        Db::Postgres(_) => run(db, "VACUUM ANALYZE".to_owned()).await,
        Db::Sqlite { .. } => Ok(()),
    }
}

/// The state that the others are given.
async fn resolve(tx: &mut Tx, person: PersonId, now: Timestamp) -> anyhow::Result<()> {
    let by = Identity::Person { id: person };
    let first = store::outages::by_number(tx, &workspace(), OutageNumber(1)).await?;
    let mut outage: Outage = first.context("there is no outage 1")?;
    outage.facts.phase = Phase::Resolved(Resolution {
        at: now,
        by: by.clone(),
        first_recorded_at: now,
        text: "it is back".to_owned(),
        post_mortem_wanted: false,
    });
    store::outages::save(tx, outage, &by, "", now).await?;
    Ok(())
}

pub async fn rows(db: &Db, table: &str) -> anyhow::Result<i64> {
    let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
    Ok(match db {
        Db::Sqlite { readers, .. } => sqlx::query_scalar(sql).fetch_one(readers).await?,
        Db::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await?,
    })
}

async fn run(db: &Db, sql: String) -> anyhow::Result<()> {
    let sql = AssertSqlSafe(sql);
    match db {
        Db::Sqlite { writer, .. } => {
            sqlx::query(sql).execute(writer).await?;
        }
        Db::Postgres(pool) => {
            sqlx::query(sql).execute(pool).await?;
        }
    }
    Ok(())
}

/// How SQLite would carry a statement out, a line for each step.
pub async fn sqlite_plan(db: &Db, sql: &str) -> anyhow::Result<Vec<String>> {
    let Db::Sqlite { readers, .. } = db else {
        return Ok(Vec::new());
    };
    let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(sql).fetch_all(readers).await?;
    Ok(steps.into_iter().map(|it| it.3).collect())
}
