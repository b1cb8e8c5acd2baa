//! How components are, how they came to be so, and what people say of it.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::types::Json;

use super::{Result, Tx, among, db::on};
use crate::domain::{
    actor::Identity,
    health::component::{Override, Standing, Why},
    ids::{ComponentId, OverrideId, WorkspaceId},
    status::Status,
    time::Timestamp,
};

const AT_ONCE: usize = 1000;

/// How a component is, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    pub standing: Standing,
    /// When its status was another one last.
    pub since: Timestamp,
}

/// A status that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    pub component: ComponentId,
    pub at: Timestamp,
    pub from: Option<Status>,
    pub to: Option<Status>,
    pub why: Why,
}

#[derive(sqlx::FromRow)]
struct Row {
    component_id: ComponentId,
    status: Option<String>,
    since: Timestamp,
    why: Json<Why>,
    stale: bool,
    flapping: bool,
}

/// How these components are, as far as anything was ever said of them. Of held components it can be
/// written what they become.
pub async fn of(tx: &mut Tx, components: &[ComponentId]) -> Result<BTreeMap<ComponentId, Health>> {
    let sql = format!(
        "SELECT component_id, status, since, why, stale, flapping FROM component_health WHERE {}",
        among::among(tx, "component_id")
    );
    let rows: Vec<Row> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(among::ids(components.iter().map(|it| it.0)))
            .fetch_all(conn)
            .await
    })?;
    let health = |row: Row| {
        let standing = Standing {
            status: row.status.as_deref().and_then(Status::from_word),
            why: row.why.0,
            stale: row.stale,
            flapping: row.flapping,
        };
        let since = row.since;
        (row.component_id, Health { standing, since })
    };
    Ok(rows.into_iter().map(health).collect())
}

/// Holds components, so that nobody else decides on them meanwhile. In one order.
pub async fn hold(tx: &mut Tx, components: &[ComponentId]) -> Result<()> {
    if !tx.is_postgres() {
        // SQLite has a single writer.
        return Ok(());
    }
    let sql = format!(
        "SELECT id FROM components WHERE {} ORDER BY id FOR NO KEY UPDATE",
        among::among(tx, "id")
    );
    on!(tx, |conn| {
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(among::ids(components.iter().map(|it| it.0)))
            .execute(conn)
            .await?;
    });
    Ok(())
}

pub async fn save_all(tx: &mut Tx, all: &[(ComponentId, Health)]) -> Result<()> {
    for some in all.chunks(AT_ONCE) {
        on!(tx, |conn| {
            let mut sql = sqlx::QueryBuilder::<Backend>::new(
                "INSERT INTO component_health (component_id, status, since, why, stale, flapping) ",
            );
            sql.push_values(some, |mut row, (id, health)| {
                row.push_bind(*id)
                    .push_bind(health.standing.status.map(Status::word))
                    .push_bind(health.since)
                    .push_bind(Json(health.standing.why.clone()))
                    .push_bind(health.standing.stale)
                    .push_bind(health.standing.flapping);
            });
            sql.push(
                " ON CONFLICT (component_id) DO UPDATE SET status = excluded.status,
                     since = excluded.since, why = excluded.why, stale = excluded.stale,
                     flapping = excluded.flapping",
            );
            sql.build().execute(conn).await?;
        });
    }
    Ok(())
}

pub async fn add_transitions(tx: &mut Tx, all: &[Transition], now: Timestamp) -> Result<()> {
    for some in all.chunks(AT_ONCE) {
        on!(tx, |conn| {
            let mut sql = sqlx::QueryBuilder::<Backend>::new(
                "INSERT INTO component_transitions
                     (component_id, at, from_status, to_status, why, recorded_at) ",
            );
            sql.push_values(some, |mut row, it| {
                row.push_bind(it.component)
                    .push_bind(it.at)
                    .push_bind(it.from.map(Status::word))
                    .push_bind(it.to.map(Status::word))
                    .push_bind(Json(it.why.clone()))
                    .push_bind(now);
            });
            sql.build().execute(conn).await?;
        });
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct TransitionRow {
    component_id: ComponentId,
    at: Timestamp,
    from_status: Option<String>,
    to_status: Option<String>,
    why: Json<Why>,
}

/// How a component came to be as it is, the newest change first.
pub async fn history(tx: &mut Tx, component: ComponentId, limit: i64) -> Result<Vec<Transition>> {
    const SQL: &str = "
        SELECT component_id, at, from_status, to_status, why FROM component_transitions
        WHERE component_id = $1 ORDER BY id DESC LIMIT $2";
    let rows: Vec<TransitionRow> = on!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(component)
            .bind(limit)
            .fetch_all(conn)
            .await
    })?;
    let transition = |row: TransitionRow| Transition {
        component: row.component_id,
        at: row.at,
        from: row.from_status.as_deref().and_then(Status::from_word),
        to: row.to_status.as_deref().and_then(Status::from_word),
        why: row.why.0,
    };
    Ok(rows.into_iter().map(transition).collect())
}

/// Something that somebody says of a component.
#[derive(Clone, Debug)]
pub struct NewOverride<'a> {
    pub component: ComponentId,
    pub status: Status,
    pub why: &'a str,
    pub by: &'a Identity,
    pub from: Timestamp,
    /// None until somebody takes it back.
    pub until: Option<Timestamp>,
}

pub async fn say(tx: &mut Tx, new: &NewOverride<'_>, now: Timestamp) -> Result<OverrideId> {
    const SQL: &str = "
        INSERT INTO overrides (component_id, status, why, said_by, from_at, until_at, due_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id";
    on!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(new.component)
            .bind(new.status.word())
            .bind(new.why)
            .bind(Json(new.by))
            .bind(new.from)
            .bind(new.until)
            .bind(new.from)
            .bind(now)
            .fetch_one(conn)
            .await
    })
}

/// Takes back what was said of a component; returns how much that was.
pub async fn unsay(tx: &mut Tx, component: ComponentId, now: Timestamp) -> Result<u64> {
    const SQL: &str = "
        UPDATE overrides SET is_over = TRUE, until_at = $2, due_at = NULL
        WHERE component_id = $1 AND NOT is_over";
    Ok(on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(component)
            .bind(now)
            .execute(conn)
            .await?
            .rows_affected()
    }))
}

#[derive(sqlx::FromRow)]
struct OverrideRow {
    id: OverrideId,
    component_id: ComponentId,
    status: String,
    from_at: Timestamp,
    until_at: Option<Timestamp>,
}

/// What people say of these components and have not taken back.
pub async fn overrides(
    tx: &mut Tx,
    components: &[ComponentId],
) -> Result<Vec<(ComponentId, Override)>> {
    let sql = format!(
        "SELECT id, component_id, status, from_at, until_at FROM overrides
         WHERE {} AND NOT is_over ORDER BY id",
        among::among(tx, "component_id")
    );
    let rows: Vec<OverrideRow> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(among::ids(components.iter().map(|it| it.0)))
            .fetch_all(conn)
            .await
    })?;
    let said = |row: OverrideRow| {
        let status = Status::from_word(&row.status)?;
        let it = Override {
            id: row.id,
            status,
            from: row.from_at,
            until: row.until_at,
        };
        Some((row.component_id, it))
    };
    Ok(rows.into_iter().filter_map(said).collect())
}

/// Components of which something that was said begins or ends by `now`, at most `limit` of what was
/// said. Each beginning and end is answered once.
pub async fn take_due(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<ComponentId>> {
    macro_rules! sql {
        ($lock:literal) => {
            concat!(
                "WITH due AS MATERIALIZED (
                     SELECT id FROM overrides WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2 ",
                $lock,
                ")
                 UPDATE overrides SET is_over = COALESCE(until_at <= $1, FALSE),
                     due_at = CASE WHEN until_at > $1 THEN until_at END
                 WHERE id IN (SELECT id FROM due) RETURNING component_id"
            )
        };
    }
    let sql = match tx.is_postgres() {
        true => sql!("FOR UPDATE SKIP LOCKED"),
        false => sql!(""),
    };
    let mut found: Vec<ComponentId> = on!(tx, |conn| {
        sqlx::query_scalar(sql)
            .bind(now)
            .bind(limit)
            .fetch_all(conn)
            .await
    })?;
    found.sort();
    found.dedup();
    Ok(found)
}

/// When something that was said begins or ends next.
pub async fn next_due(tx: &mut Tx) -> Result<Option<Timestamp>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT MIN(due_at) FROM overrides WHERE due_at IS NOT NULL"
    )
    .fetch_one(conn)
    .await)
}

/// Those of these components that a check is about, or that anybody ever said anything of.
pub async fn ever_known(tx: &mut Tx, components: &[ComponentId]) -> Result<BTreeSet<ComponentId>> {
    let sql = format!(
        "SELECT component_id FROM
             (SELECT component_id FROM checks UNION SELECT component_id FROM overrides
              UNION SELECT component_id FROM component_health
              UNION SELECT component_id FROM component_transitions) AS known
         WHERE {}",
        among::among(tx, "component_id")
    );
    let found: Vec<ComponentId> = on!(tx, |conn| {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(among::ids(components.iter().map(|it| it.0)))
            .fetch_all(conn)
            .await
    })?;
    Ok(found.into_iter().collect())
}

/// The components in use with these keys.
pub async fn by_keys(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    keys: &[&str],
) -> Result<BTreeMap<String, ComponentId>> {
    let sql = format!(
        "SELECT key, id FROM components WHERE workspace_id = $2 AND retired_at IS NULL AND {}",
        among::among_texts(tx, "key")
    );
    let rows: Vec<(String, ComponentId)> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(Json(keys))
            .bind(workspace)
            .fetch_all(conn)
            .await
    })?;
    Ok(rows.into_iter().collect())
}
