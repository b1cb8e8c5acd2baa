//! Outages with their components and impact answers, and the snapshot of every version.

use std::collections::HashMap;

use sqlx::types::Json;

use super::{
    Result, Tx,
    among::{among, among_found},
    db::on,
};
use crate::domain::{
    actor::Identity,
    component::Component,
    effect::Event,
    eta::Eta,
    ids::{ComponentId, ComponentKey, OutageId, OutageNumber, PersonId, WorkspaceId},
    impact::{Answer, Impact},
    money::Money,
    outage::{Affected, Facts, LastUpdate, Outage, Phase, PostMortem, Roles, Severity},
    time::Timestamp,
};

#[derive(sqlx::FromRow)]
struct Row {
    id: OutageId,
    workspace_id: WorkspaceId,
    number: OutageNumber,
    version: i64,
    phase_detail: Json<Phase>,
    severity: String,
    summary: String,
    eta_label: String,
    eta_due_at: Option<Timestamp>,
    eta_set_at: Timestamp,
    eta_slips: i64,
    creator_id: PersonId,
    solution_assignee_id: Option<PersonId>,
    communication_assignee_id: Option<PersonId>,
    turnover_minor: Option<i64>,
    turnover_currency: Option<String>,
    post_mortem_url: Option<String>,
    post_mortem_title: Option<String>,
    started_at: Timestamp,
    announced_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct AffectedRow {
    outage_id: OutageId,
    id: ComponentId,
    key: ComponentKey,
    name: String,
    status: String,
    from_at: Timestamp,
    to_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct UpdateRow {
    outage_id: OutageId,
    event: Json<Event>,
    actor: Json<Identity>,
    occurred_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct ImpactRow {
    outage_id: OutageId,
    question: String,
    label: String,
    answer: String,
    detail: String,
    told_at: Option<Timestamp>,
}

const COLUMNS: &str = "
    id, workspace_id, number, version, phase_detail, severity, summary, eta_label, eta_due_at,
    eta_set_at, eta_slips, creator_id, solution_assignee_id, communication_assignee_id,
    turnover_minor, turnover_currency, post_mortem_url, post_mortem_title, started_at, announced_at";

/// Writes a new outage as version 1 and returns it with its ID.
pub async fn insert(
    tx: &mut Tx,
    number: OutageNumber,
    facts: Facts,
    by: &Identity,
    now: Timestamp,
) -> Result<Outage> {
    const SQL: &str = "
        INSERT INTO outages (workspace_id, number, phase, phase_detail, severity, summary, eta_label,
            eta_due_at, eta_set_at, creator_id, solution_assignee_id, communication_assignee_id,
            started_at, detected_at, announced_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $14)
        RETURNING id";
    let id: OutageId = on!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(&facts.workspace)
            .bind(number)
            .bind(facts.phase.word())
            .bind(Json(&facts.phase))
            .bind(facts.severity.word())
            .bind(&facts.summary)
            .bind(&facts.eta.label)
            .bind(facts.eta.due)
            .bind(facts.eta.set_at)
            .bind(facts.roles.creator)
            .bind(facts.roles.solution)
            .bind(facts.roles.communication)
            .bind(facts.started_at)
            .bind(facts.announced_at)
            .fetch_one(conn)
            .await
    })?;
    let outage = Outage {
        id,
        number,
        version: 1,
        facts,
    };
    write_parts(tx, &outage).await?;
    super::versions::write_snapshot(tx, &outage, by, "", now).await?;
    Ok(outage)
}

/// Writes `next` over the version it was decided on and returns it as it is now; none when
/// somebody else was faster, and then nothing is written.
pub async fn save(
    tx: &mut Tx,
    mut next: Outage,
    by: &Identity,
    why: &str,
    now: Timestamp,
) -> Result<Option<Outage>> {
    const SQL: &str = "
        UPDATE outages SET version = version + 1, phase = $3, phase_detail = $4, severity = $5,
            summary = $6, eta_label = $7, eta_due_at = $8, eta_set_at = $9,
            solution_assignee_id = $10, communication_assignee_id = $11, turnover_minor = $12,
            turnover_currency = $13, started_at = $14, resolved_at = $15, updated_at = $16,
            eta_slips = $17, post_mortem_url = $18, post_mortem_title = $19,
            ended_at = CASE WHEN $20 THEN NULL ELSE COALESCE(ended_at, $16) END,
            duplicate_of = (SELECT original.id FROM outages AS original
                WHERE original.workspace_id = outages.workspace_id AND original.number = $21)
        WHERE id = $1 AND version = $2";
    let written = on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(next.id)
            .bind(next.version)
            .bind(next.phase.word())
            .bind(Json(&next.phase))
            .bind(next.severity.word())
            .bind(&next.summary)
            .bind(&next.eta.label)
            .bind(next.eta.due)
            .bind(next.eta.set_at)
            .bind(next.roles.solution)
            .bind(next.roles.communication)
            .bind(next.turnover.as_ref().map(|it| it.minor))
            .bind(next.turnover.as_ref().map(|it| it.currency.clone()))
            .bind(next.started_at)
            .bind(next.phase.resolution().map(|it| it.at))
            .bind(now)
            .bind(i64::from(next.slips))
            .bind(next.post_mortem.as_ref().map(|it| it.url.clone()))
            .bind(next.post_mortem.as_ref().and_then(|it| it.title.clone()))
            .bind(next.is_open())
            .bind(next.phase.duplicate_of())
            .execute(conn)
            .await?
            .rows_affected()
    });
    if written == 0 {
        return Ok(None);
    }
    next.version += 1;
    write_parts(tx, &next).await?;
    super::versions::write_snapshot(tx, &next, by, why, now).await?;
    Ok(Some(next))
}

async fn write_parts(tx: &mut Tx, outage: &Outage) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query("DELETE FROM outage_components WHERE outage_id = $1")
            .bind(outage.id)
            .execute(&mut *conn)
            .await?;
        for (position, affected) in outage.affected.iter().enumerate() {
            sqlx::query(
                "INSERT INTO outage_components (outage_id, position, component_id, status, from_at, to_at)
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(outage.id)
            .bind(position as i64)
            .bind(affected.component.id)
            .bind(&affected.status)
            .bind(affected.from)
            .bind(affected.to)
            .execute(&mut *conn)
            .await?;
        }
        for (position, impact) in outage.impact.iter().enumerate() {
            sqlx::query(
                "INSERT INTO impact_answers (outage_id, position, question, label, answer, told_at, detail)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (outage_id, question) DO UPDATE SET position = excluded.position,
                     label = excluded.label, answer = excluded.answer, told_at = excluded.told_at,
                     detail = excluded.detail",
            )
            .bind(outage.id)
            .bind(position as i64)
            .bind(&impact.question)
            .bind(&impact.label)
            .bind(impact.answer.word())
            .bind(impact.told_at)
            .bind(&impact.detail)
            .execute(&mut *conn)
            .await?;
        }
    });
    Ok(())
}

/// Keeps others from changing an outage until the commit; with another one in one order, so that
/// nobody holds one while waiting for the other.
pub async fn hold(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    number: OutageNumber,
    other: Option<OutageNumber>,
) -> Result<()> {
    let mut numbers = vec![number];
    numbers.extend(other);
    numbers.sort();
    on!(tx, |conn| {
        for number in &numbers {
            sqlx::query(
                "UPDATE outages SET version = version WHERE workspace_id = $1 AND number = $2",
            )
            .bind(workspace)
            .bind(number)
            .execute(&mut *conn)
            .await?;
        }
    });
    Ok(())
}

/// As [`hold`], for who knows an outage by its ID.
pub async fn hold_one(tx: &mut Tx, id: OutageId) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query("UPDATE outages SET version = version WHERE id = $1")
            .bind(id)
            .execute(conn)
            .await?;
    });
    Ok(())
}

pub async fn by_number(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    number: OutageNumber,
) -> Result<Option<Outage>> {
    let sql = format!("SELECT {COLUMNS} FROM outages WHERE workspace_id = $1 AND number = $2");
    let row: Option<Row> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(workspace)
            .bind(number)
            .fetch_optional(conn)
            .await
    })?;
    match row {
        Some(row) => Ok(Some(assemble(tx, row).await?)),
        None => Ok(None),
    }
}

pub async fn by_id(tx: &mut Tx, id: OutageId) -> Result<Option<Outage>> {
    let sql = format!("SELECT {COLUMNS} FROM outages WHERE id = $1");
    let row: Option<Row> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(id)
            .fetch_optional(conn)
            .await
    })?;
    match row {
        Some(row) => Ok(Some(assemble(tx, row).await?)),
        None => Ok(None),
    }
}

/// Open outages, newest first.
pub async fn open(tx: &mut Tx, workspace: &WorkspaceId, limit: i64) -> Result<Vec<Outage>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM outages
         WHERE workspace_id = $1 AND phase IN ('investigating', 'identified', 'monitoring')
         ORDER BY number DESC LIMIT $2"
    );
    list(tx, sql, workspace, limit).await
}

/// Open outages that a person announced or works on, newest first; or else all others.
pub async fn open_by_part(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    person: Option<PersonId>,
    has_part: bool,
    limit: i64,
) -> Result<Vec<Outage>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM outages
         WHERE workspace_id = $1 AND phase IN ('investigating', 'identified', 'monitoring')
           AND COALESCE($3 IN (creator_id, COALESCE(solution_assignee_id, creator_id),
                   COALESCE(communication_assignee_id, creator_id)), FALSE) = $4
         ORDER BY number DESC LIMIT $2"
    );
    let rows: Vec<Row> = on!(tx, |conn| sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(workspace)
        .bind(limit)
        .bind(person)
        .bind(has_part)
        .fetch_all(conn)
        .await)?;
    assemble_all(tx, rows).await
}

/// Outages that ended, the most recently changed first.
pub async fn ended(tx: &mut Tx, workspace: &WorkspaceId, limit: i64) -> Result<Vec<Outage>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM outages
         WHERE workspace_id = $1 AND phase IN ('resolved', 'withdrawn')
         ORDER BY updated_at DESC, number DESC LIMIT $2"
    );
    list(tx, sql, workspace, limit).await
}

/// The outages that turned out to be this one.
pub async fn duplicates_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    number: OutageNumber,
) -> Result<Vec<OutageId>> {
    const SQL: &str = "
        SELECT id FROM outages WHERE workspace_id = $1 AND phase = 'withdrawn'
          AND CAST(phase_detail ->> 'duplicate_of' AS BIGINT) = $2
        ORDER BY id";
    on!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(workspace)
        .bind(number)
        .fetch_all(conn)
        .await)
}

async fn list(
    tx: &mut Tx,
    sql: String,
    workspace: &WorkspaceId,
    limit: i64,
) -> Result<Vec<Outage>> {
    let rows: Vec<Row> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(workspace)
            .bind(limit)
            .fetch_all(conn)
            .await
    })?;
    assemble_all(tx, rows).await
}

/// Outages that were resolved or withdrawn since, newest first.
pub async fn ended_since(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    since: Timestamp,
) -> Result<Vec<Outage>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM outages
         WHERE workspace_id = $1 AND phase IN ('resolved', 'withdrawn') AND ended_at > $2
         ORDER BY number DESC LIMIT 100"
    );
    let rows: Vec<Row> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(workspace)
            .bind(since)
            .fetch_all(conn)
            .await
    })?;
    assemble_all(tx, rows).await
}

/// Open outages of a component, newest first.
pub async fn open_of_component(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    component: ComponentId,
) -> Result<Vec<Outage>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM outages
         WHERE workspace_id = $1 AND phase IN ('investigating', 'identified', 'monitoring')
           AND EXISTS (SELECT 1 FROM outage_components AS used
               WHERE used.outage_id = outages.id AND used.component_id = $2)
         ORDER BY number DESC LIMIT 100"
    );
    let rows: Vec<Row> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(workspace)
            .bind(component)
            .fetch_all(conn)
            .await
    })?;
    assemble_all(tx, rows).await
}

pub async fn count_open(tx: &mut Tx) -> Result<i64> {
    const SQL: &str = "
        SELECT COUNT(*) FROM outages WHERE phase IN ('investigating', 'identified', 'monitoring')";
    on!(tx, |conn| sqlx::query_scalar(SQL).fetch_one(conn).await)
}

async fn assemble(tx: &mut Tx, row: Row) -> Result<Outage> {
    assemble_all(tx, vec![row])
        .await?
        .pop()
        .ok_or(sqlx::Error::RowNotFound)
}

/// With the parts of all of them asked for together.
async fn assemble_all(tx: &mut Tx, rows: Vec<Row>) -> Result<Vec<Outage>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let affected = format!(
        "SELECT used.outage_id, components.id, components.key, components.name, used.status,
                used.from_at, used.to_at
         FROM outage_components AS used JOIN components ON components.id = used.component_id
         WHERE {} ORDER BY used.outage_id, used.position",
        among(tx, "used.outage_id")
    );
    let impact = format!(
        "SELECT outage_id, question, label, answer, detail, told_at FROM impact_answers
         WHERE {} ORDER BY outage_id, position",
        among(tx, "outage_id")
    );
    // The last one of each outage alone: there may be hundreds.
    let newest = format!(
        "SELECT (SELECT MAX(id) FROM timeline
                 WHERE outage_id = outages.id AND kind IN ('updated', 'reopened'))
         FROM outages WHERE {}",
        among(tx, "outages.id")
    );
    let update = format!(
        "SELECT outage_id, event, actor, occurred_at FROM timeline WHERE {}",
        among_found(tx, "id", &newest)
    );
    let ids = || super::among::ids(rows.iter().map(|it| it.id.0));
    let affected: Vec<AffectedRow> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(affected))
            .bind(ids())
            .fetch_all(conn)
            .await
    })?;
    let impact: Vec<ImpactRow> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(impact))
            .bind(ids())
            .fetch_all(conn)
            .await
    })?;
    let updates: Vec<UpdateRow> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(update))
            .bind(ids())
            .fetch_all(conn)
            .await
    })?;
    let channels = super::channels::of_outages(tx, rows.iter().map(|it| it.id)).await?;
    let mut parts: HashMap<OutageId, Parts> = HashMap::new();
    for it in affected {
        parts.entry(it.outage_id).or_default().affected.push(it);
    }
    for it in impact {
        parts.entry(it.outage_id).or_default().impact.push(it);
    }
    for it in updates {
        let of = parts.entry(it.outage_id).or_default();
        of.update = Some(it);
    }
    for it in channels {
        let of = parts.entry(it.outage_id).or_default();
        of.channel = Some(it);
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let parts = parts.remove(&row.id).unwrap_or_default();
            outage_of(row, parts)
        })
        .collect())
}

/// What an outage is made of besides its own row.
#[derive(Default)]
struct Parts {
    affected: Vec<AffectedRow>,
    impact: Vec<ImpactRow>,
    update: Option<UpdateRow>,
    channel: Option<super::channels::Row>,
}

fn outage_of(row: Row, parts: Parts) -> Outage {
    let Parts {
        affected,
        impact,
        update,
        channel,
    } = parts;
    let last_update = update.and_then(|it| match it.event.0 {
        // Why it was reopened is news; what was said before the resolution is not.
        Event::Updated { text, .. } | Event::Reopened { reason: text } if !text.is_empty() => {
            Some(LastUpdate {
                text,
                by: it.actor.0,
                at: it.occurred_at,
            })
        }
        _ => None,
    });
    Outage {
        id: row.id,
        number: row.number,
        version: row.version,
        facts: Facts {
            workspace: row.workspace_id,
            phase: row.phase_detail.0,
            severity: Severity::from_word(&row.severity).unwrap_or(Severity::Major),
            summary: row.summary,
            affected: affected
                .into_iter()
                .map(|it| Affected {
                    component: Component {
                        id: it.id,
                        key: it.key,
                        name: it.name,
                    },
                    status: it.status,
                    from: it.from_at,
                    to: it.to_at,
                })
                .collect(),
            impact: impact
                .into_iter()
                .map(|it| Impact {
                    question: it.question,
                    label: it.label,
                    answer: Answer::from(it.answer),
                    detail: it.detail,
                    told_at: it.told_at,
                })
                .collect(),
            eta: Eta {
                label: row.eta_label,
                due: row.eta_due_at,
                set_at: row.eta_set_at,
            },
            slips: u32::try_from(row.eta_slips).unwrap_or(0),
            roles: Roles {
                creator: row.creator_id,
                solution: row.solution_assignee_id,
                communication: row.communication_assignee_id,
            },
            turnover: row
                .turnover_minor
                .zip(row.turnover_currency)
                .map(|(minor, currency)| Money { minor, currency }),
            post_mortem: row.post_mortem_url.map(|url| PostMortem {
                url,
                title: row.post_mortem_title,
            }),
            started_at: row.started_at,
            announced_at: row.announced_at,
            last_update,
            channel: channel.map(super::channels::Row::into_channel),
        },
    }
}
