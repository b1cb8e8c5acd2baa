//! The catalogue of components.

use std::collections::BTreeMap;

use sqlx::types::Json;

use super::{Result, Tx, db::on};
use crate::domain::{
    component::Component,
    ids::{ComponentId, ComponentKey, PersonId, WorkspaceId},
    time::Timestamp,
};

#[derive(sqlx::FromRow)]
struct Row {
    id: ComponentId,
    key: ComponentKey,
    name: String,
}

impl From<Row> for Component {
    fn from(row: Row) -> Component {
        Component {
            id: row.id,
            key: row.key,
            name: row.name,
        }
    }
}

/// Makes or renames the component with this key, and takes it out of retirement.
pub async fn save(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    key: &str,
    name: &str,
    attributes: &BTreeMap<String, String>,
    aliases: &[String],
    now: Timestamp,
) -> Result<ComponentId> {
    const SQL: &str = "
        INSERT INTO components (workspace_id, key, name, name_lower, attributes, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (workspace_id, key) DO UPDATE SET name = excluded.name,
            name_lower = excluded.name_lower, attributes = excluded.attributes, retired_at = NULL
        RETURNING id";
    let id: ComponentId = on!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(workspace)
            .bind(key)
            .bind(name)
            .bind(name.to_lowercase())
            .bind(Json(attributes))
            .bind(now)
            .fetch_one(&mut *conn)
            .await
    })?;
    on!(tx, |conn| {
        sqlx::query("DELETE FROM component_aliases WHERE component_id = $1")
            .bind(id)
            .execute(&mut *conn)
            .await?;
        for alias in aliases {
            sqlx::query(
                "INSERT INTO component_aliases (workspace_id, alias, component_id) VALUES ($1, $2, $3)
                 ON CONFLICT (workspace_id, alias) DO UPDATE SET component_id = excluded.component_id",
            )
            .bind(workspace)
            .bind(alias.to_lowercase())
            .bind(id)
            .execute(&mut *conn)
            .await?;
        }
    });
    Ok(id)
}

/// Retires every component whose key is not in `keys`; returns how many were retired now.
pub async fn retire_others(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    keys: &[String],
    now: Timestamp,
) -> Result<u64> {
    on!(tx, |conn| {
        let mut sql = sqlx::QueryBuilder::<Backend>::new("UPDATE components SET retired_at = ");
        sql.push_bind(now);
        sql.push(" WHERE retired_at IS NULL AND workspace_id = ");
        sql.push_bind(workspace.clone());
        if !keys.is_empty() {
            sql.push(" AND key NOT IN (");
            let mut list = sql.separated(", ");
            for key in keys {
                list.push_bind(key.clone());
            }
            sql.push(")");
        }
        Ok(sql.build().execute(conn).await?.rows_affected())
    })
}

/// A component that can be chosen.
pub async fn by_id(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: ComponentId,
) -> Result<Option<Component>> {
    const SQL: &str = "
        SELECT id, key, name FROM components
        WHERE id = $1 AND workspace_id = $2 AND retired_at IS NULL";
    let row: Option<Row> = on!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(id)
            .bind(workspace)
            .fetch_optional(conn)
            .await
    })?;
    Ok(row.map(Component::from))
}

/// Components whose key, name or alias starts like `query`, then those that contain it, by name.
/// An empty query gives the first by name. Bounded, because a type-ahead asks at every letter.
pub async fn search(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    query: &str,
    limit: i64,
) -> Result<Vec<Component>> {
    const SQL: &str = "
        SELECT id, key, name FROM components
        WHERE workspace_id = $1 AND retired_at IS NULL
          AND (name_lower LIKE $2 ESCAPE '!' OR key LIKE $2 ESCAPE '!'
               OR id IN (SELECT component_id FROM component_aliases
                         WHERE workspace_id = $1 AND alias LIKE $3 ESCAPE '!'))
        ORDER BY CASE WHEN name_lower LIKE $3 ESCAPE '!' OR key LIKE $3 ESCAPE '!' THEN 0 ELSE 1 END,
                 name_lower, id
        LIMIT $4";
    // Longer than any name, and far below what SQLite takes for a pattern.
    let literal: String = query
        .trim()
        .to_lowercase()
        .chars()
        .take(200)
        .flat_map(|it| match it {
            '!' | '%' | '_' => vec!['!', it],
            _ => vec![it],
        })
        .collect();
    let rows: Vec<Row> = on!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(workspace)
            .bind(format!("%{literal}%"))
            .bind(format!("{literal}%"))
            .bind(limit)
            .fetch_all(conn)
            .await
    })?;
    Ok(rows.into_iter().map(Component::from).collect())
}

/// What a person announced last, newest first, then what anybody did.
pub async fn recent(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    person: PersonId,
    limit: i64,
) -> Result<Vec<Component>> {
    const SQL: &str = "
        SELECT components.id, components.key, components.name
        FROM components
        JOIN (SELECT used.component_id,
                     MAX(CASE WHEN outages.creator_id = $2 THEN outages.id ELSE 0 END) AS own,
                     MAX(outages.id) AS latest
              FROM outage_components AS used JOIN outages ON outages.id = used.outage_id
              WHERE outages.workspace_id = $1
              GROUP BY used.component_id) AS use ON use.component_id = components.id
        WHERE components.retired_at IS NULL
        ORDER BY use.own DESC, use.latest DESC LIMIT $3";
    let rows: Vec<Row> = on!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(workspace)
            .bind(person)
            .bind(limit)
            .fetch_all(conn)
            .await
    })?;
    Ok(rows.into_iter().map(Component::from).collect())
}

/// Components whose key, name or alias is one of `names` (in lower case), each with its aliases.
pub async fn named(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    names: &[String],
) -> Result<Vec<(Component, Vec<String>)>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    #[derive(sqlx::FromRow)]
    struct Named {
        #[sqlx(flatten)]
        component: Row,
        alias: Option<String>,
    }
    let rows: Vec<Named> = on!(tx, |conn| {
        let mut sql = sqlx::QueryBuilder::<Backend>::new(
            "SELECT id, key, name, alias FROM components
             LEFT JOIN component_aliases ON component_id = id
             WHERE retired_at IS NULL AND components.workspace_id = ",
        );
        sql.push_bind(workspace.clone());
        for (before, after) in [
            (" AND (name_lower IN (", ")"),
            (" OR key IN (", ")"),
            (
                " OR id IN (SELECT component_id FROM component_aliases WHERE alias IN (",
                ")))",
            ),
        ] {
            sql.push(before);
            let mut list = sql.separated(", ");
            for name in names {
                list.push_bind(name.clone());
            }
            sql.push(after);
        }
        sql.push(" ORDER BY id")
            .build_query_as()
            .fetch_all(conn)
            .await
    })?;
    let mut found: Vec<(Component, Vec<String>)> = Vec::new();
    for Named { component, alias } in rows {
        match found.last_mut() {
            Some((last, aliases)) if last.id == component.id => aliases.extend(alias),
            _ => found.push((component.into(), alias.into_iter().collect())),
        }
    }
    Ok(found)
}

pub async fn count(tx: &mut Tx, workspace: &WorkspaceId) -> Result<i64> {
    const SQL: &str =
        "SELECT COUNT(*) FROM components WHERE workspace_id = $1 AND retired_at IS NULL";
    on!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(workspace)
        .fetch_one(conn)
        .await)
}
