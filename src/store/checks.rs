//! What watches components, and what it said.

use sqlx::types::Json;

use super::{Result, Tx, among, db::on};
use crate::domain::{
    actor::Identity,
    health::{
        Check, Field, Importance, Last, Report, check::CheckState, component::CheckStanding,
        rule::Rule,
    },
    ids::{ChannelId, CheckId, ComponentId, WorkspaceId},
    status::Status,
    time::Timestamp,
};

const COLUMNS: &str = "id, workspace_id, source, external_id, name, link, description, importance, \
     created_by, note, edited, channel_id, component_id, mapped_by, rule, state, last, occurrences, \
     created_at";

/// No more rows than this are written by one statement: SQLite takes 32,766 parameters.
const AT_ONCE: usize = 1000;

#[derive(sqlx::FromRow)]
struct Row {
    id: CheckId,
    workspace_id: WorkspaceId,
    source: String,
    external_id: String,
    name: String,
    link: String,
    description: String,
    importance: String,
    created_by: String,
    note: String,
    edited: Json<Vec<Field>>,
    channel_id: Option<ChannelId>,
    component_id: Option<ComponentId>,
    mapped_by: Option<Json<Identity>>,
    rule: Option<Json<Rule>>,
    state: Json<CheckState>,
    last: Option<Json<Last>>,
    occurrences: i64,
    created_at: Timestamp,
}

impl From<Row> for Check {
    fn from(row: Row) -> Check {
        Check {
            id: row.id,
            workspace: row.workspace_id,
            source: row.source,
            external_id: row.external_id,
            name: row.name,
            link: row.link,
            description: row.description,
            importance: Importance::from_word(&row.importance).unwrap_or_default(),
            created_by: row.created_by,
            note: row.note,
            edited: row.edited.0,
            channel: row.channel_id,
            component: row.component_id,
            mapped_by: row.mapped_by.map(|it| it.0),
            rule: row.rule.map(|it| it.0),
            state: row.state.0,
            last: row.last.map(|it| it.0),
            occurrences: row.occurrences,
            created_at: row.created_at,
        }
    }
}

/// The checks that these reports are about, held until the end of the transaction; those that are
/// new are made first. In one order, so that no two nodes wait for each other.
pub async fn hold_all(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    reports: &[Report],
    now: Timestamp,
) -> Result<Vec<Check>> {
    let mut wanted: Vec<(&str, &str)> = reports
        .iter()
        .map(|it| (it.source.as_str(), it.external_id.as_str()))
        .collect();
    wanted.sort();
    wanted.dedup();
    let mut all = find(tx, workspace, &wanted).await?;
    if all.len() < wanted.len() {
        for some in wanted.chunks(AT_ONCE) {
            on!(tx, |conn| {
                let mut sql = sqlx::QueryBuilder::<Backend>::new(
                    "INSERT INTO checks (workspace_id, source, external_id, created_at) ",
                );
                sql.push_values(some, |mut row, (source, external_id)| {
                    row.push_bind(workspace.clone())
                        .push_bind(source.to_string())
                        .push_bind(external_id.to_string())
                        .push_bind(now);
                });
                sql.push(" ON CONFLICT (workspace_id, source, external_id) DO NOTHING");
                sql.build().execute(conn).await?;
            });
        }
        all = find(tx, workspace, &wanted).await?;
    }
    Ok(all)
}

async fn find(tx: &mut Tx, workspace: &WorkspaceId, wanted: &[(&str, &str)]) -> Result<Vec<Check>> {
    let lock = match tx.is_postgres() {
        true => "FOR UPDATE OF checks",
        false => "",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM checks
         WHERE workspace_id = $2 AND (source, external_id) IN
             (SELECT it.value ->> 0, it.value ->> 1 FROM {})
         ORDER BY id {lock}",
        among::each(tx, "$1")
    );
    let rows: Vec<Row> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(Json(wanted))
            .bind(workspace)
            .fetch_all(conn)
            .await
    })?;
    Ok(rows.into_iter().map(Check::from).collect())
}

/// Those that the passing of time may change by `now`, at most `limit`, held until the end of the
/// transaction.
pub async fn hold_due(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<Check>> {
    let lock = match tx.is_postgres() {
        true => "FOR UPDATE SKIP LOCKED",
        false => "",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM checks WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2 {lock}"
    );
    let mut rows: Vec<Row> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(now)
            .bind(limit)
            .fetch_all(conn)
            .await
    })?;
    rows.sort_by_key(|it| it.id);
    Ok(rows.into_iter().map(Check::from).collect())
}

/// When the passing of time may next change a check; none while nothing waits for it.
pub async fn next_due(tx: &mut Tx) -> Result<Option<Timestamp>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT MIN(due_at) FROM checks WHERE due_at IS NOT NULL"
    )
    .fetch_one(conn)
    .await)
}

/// A check, held until the end of the transaction.
pub async fn hold(tx: &mut Tx, workspace: &WorkspaceId, id: CheckId) -> Result<Option<Check>> {
    let lock = match tx.is_postgres() {
        true => "FOR UPDATE",
        false => "",
    };
    let sql = format!("SELECT {COLUMNS} FROM checks WHERE id = $1 AND workspace_id = $2 {lock}");
    let row: Option<Row> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(id)
            .bind(workspace)
            .fetch_optional(conn)
            .await
    })?;
    Ok(row.map(Check::from))
}

/// A check with when the passing of time may change it.
pub struct Kept<'a> {
    pub check: &'a Check,
    pub due_at: Option<Timestamp>,
}

/// Writes everything that may have changed of checks that are held.
pub async fn save_all(tx: &mut Tx, all: &[Kept<'_>]) -> Result<()> {
    for some in all.chunks(AT_ONCE) {
        on!(tx, |conn| {
            let mut sql = sqlx::QueryBuilder::<Backend>::new(
                "UPDATE checks SET name = it.column2, link = it.column3, description = it.column4,
                     importance = it.column5, created_by = it.column6, note = it.column7,
                     edited = it.column8, channel_id = it.column9, component_id = it.column10,
                     mapped_by = it.column11, rule = it.column12, state = it.column13,
                     last = it.column14, occurrences = it.column15, due_at = it.column16
                 FROM (",
            );
            sql.push_values(some, |mut row, Kept { check, due_at }| {
                row.push_bind(check.id)
                    .push_bind(check.name.clone())
                    .push_bind(check.link.clone())
                    .push_bind(check.description.clone())
                    .push_bind(check.importance.word())
                    .push_bind(check.created_by.clone())
                    .push_bind(check.note.clone())
                    .push_bind(Json(check.edited.clone()))
                    .push_bind(check.channel.clone())
                    .push_bind(check.component)
                    .push_bind(check.mapped_by.clone().map(Json))
                    .push_bind(check.rule.clone().map(Json))
                    .push_bind(Json(check.state.clone()))
                    .push_bind(check.last.clone().map(Json))
                    .push_bind(check.occurrences)
                    .push_bind(*due_at);
            });
            sql.push(") AS it WHERE checks.id = it.column1");
            sql.build().execute(conn).await?;
        });
    }
    Ok(())
}

/// What was said of a check.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Said {
    pub check_id: CheckId,
    pub at: Timestamp,
    pub word: String,
}

/// Keeps what was said; returns what had not been said before.
pub async fn keep_observations(
    tx: &mut Tx,
    all: &[(CheckId, &Report)],
    now: Timestamp,
) -> Result<Vec<Said>> {
    let mut new = Vec::new();
    for some in all.chunks(AT_ONCE) {
        let said: Vec<Said> = on!(tx, |conn| {
            let mut sql = sqlx::QueryBuilder::<Backend>::new(
                "INSERT INTO observations
                     (check_id, at, word, status, value, detail, is_test, received_at) ",
            );
            sql.push_values(some, |mut row, (id, report)| {
                let seen = &report.observation;
                row.push_bind(*id)
                    .push_bind(seen.at)
                    .push_bind(report.word.clone())
                    .push_bind(seen.status.map(Status::word))
                    .push_bind(seen.value)
                    .push_bind(seen.detail.clone())
                    .push_bind(report.is_test)
                    .push_bind(now);
            });
            sql.push(" ON CONFLICT (check_id, at, word) DO NOTHING RETURNING check_id, at, word");
            sql.build_query_as().fetch_all(conn).await
        })?;
        new.extend(said);
    }
    Ok(new)
}

#[derive(sqlx::FromRow)]
struct StandingRow {
    id: CheckId,
    component_id: ComponentId,
    state: Json<CheckState>,
}

/// How the checks of these components stand.
pub async fn standings(
    tx: &mut Tx,
    components: &[ComponentId],
) -> Result<Vec<(ComponentId, CheckStanding, Option<Timestamp>)>> {
    let sql = format!(
        "SELECT id, component_id, state FROM checks WHERE {} ORDER BY component_id, id",
        among::among(tx, "component_id")
    );
    let rows: Vec<StandingRow> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(among::ids(components.iter().map(|it| it.0)))
            .fetch_all(conn)
            .await
    })?;
    let standing = |row: StandingRow| {
        let CheckState {
            status,
            stale,
            flapping,
            since,
            ..
        } = row.state.0;
        let it = CheckStanding {
            id: row.id,
            status,
            stale,
            flapping,
        };
        (row.component_id, it, since)
    };
    Ok(rows.into_iter().map(standing).collect())
}

/// Forgets what was received before `before`, but not the newest that was said of a check; returns
/// how many.
pub async fn forget_observations(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    const SQL: &str = "
        DELETE FROM observations WHERE received_at < $1 AND EXISTS
            (SELECT 1 FROM observations AS newer
             WHERE newer.check_id = observations.check_id AND newer.at > observations.at)";
    Ok(on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(before)
            .execute(conn)
            .await?
            .rows_affected()
    }))
}
