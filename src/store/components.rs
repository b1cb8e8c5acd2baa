//! The catalogue of components.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::types::Json;

use super::{
    Result, Tx,
    among::{self, among, among_texts},
    db::on,
};
use crate::domain::{
    component::{Component, Described, Known, Link},
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

/// How many rows one statement writes: SQLite takes 32,766 values at once.
const AT_ONCE: usize = 1000;

#[derive(sqlx::FromRow)]
struct WholeRow {
    id: ComponentId,
    key: ComponentKey,
    name: String,
    attributes: Json<BTreeMap<String, String>>,
    owner: Option<String>,
    description: Option<String>,
    links: Json<Vec<Link>>,
    retired_at: Option<Timestamp>,
}

/// Without aliases and parents, which stand elsewhere.
impl From<WholeRow> for Known {
    fn from(row: WholeRow) -> Known {
        let said = Described {
            key: row.key,
            name: row.name,
            aliases: BTreeSet::new(),
            attributes: row.attributes.0,
            parents: BTreeSet::new(),
            owner: row.owner,
            links: row.links.0,
            description: row.description,
            retired: row.retired_at.is_some(),
        };
        Known { id: row.id, said }
    }
}

/// Everything that is said of every component of the workspace, also of retired ones, by key.
pub async fn all(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Known>> {
    const SQL: &str = "
        SELECT id, key, name, attributes, owner, description, links, retired_at
        FROM components WHERE workspace_id = $1";
    const ALIASES: &str = "
        SELECT component_id, alias FROM component_aliases WHERE workspace_id = $1";
    let rows: Vec<WholeRow> = on!(tx, |conn| sqlx::query_as(SQL)
        .bind(workspace)
        .fetch_all(conn)
        .await)?;
    let aliases: Vec<(ComponentId, String)> = on!(tx, |conn| sqlx::query_as(ALIASES)
        .bind(workspace)
        .fetch_all(conn)
        .await)?;
    let keys: HashMap<ComponentId, ComponentKey> =
        rows.iter().map(|it| (it.id, it.key.clone())).collect();
    let mut all: HashMap<ComponentId, Known> =
        rows.into_iter().map(|it| (it.id, it.into())).collect();
    for (id, alias) in aliases {
        let known = all.get_mut(&id);
        known.map(|it| it.said.aliases.insert(alias));
    }
    let ids: Vec<ComponentId> = keys.keys().copied().collect();
    for (id, parent) in parents(tx, &ids).await? {
        if let (Some(known), Some(parent)) = (all.get_mut(&id), keys.get(&parent)) {
            known.said.parents.insert(parent.clone());
        }
    }
    let mut all: Vec<Known> = all.into_values().collect();
    all.sort_by(|a, b| a.said.key.cmp(&b.said.key));
    Ok(all)
}

/// The parents of components: pairs of one of `ids` and what it needs in order to work.
pub async fn parents(tx: &mut Tx, ids: &[ComponentId]) -> Result<Vec<(ComponentId, ComponentId)>> {
    let sql = format!(
        "SELECT component_id, parent_id FROM component_parents WHERE {}
         ORDER BY component_id, parent_id",
        among(tx, "component_id")
    );
    on!(tx, |conn| sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(among::ids(ids.iter().map(|it| it.0)))
        .fetch_all(conn)
        .await)
}

/// Makes components with these keys what is said of them, new ones among them. Keys are all
/// different, aliases are nobody else's, and parents are there or among them.
pub async fn save(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    components: &[&Described],
    now: Timestamp,
) -> Result<()> {
    let mut ids: HashMap<ComponentKey, ComponentId> = HashMap::new();
    for some in components.chunks(AT_ONCE) {
        ids.extend(save_rows(tx, workspace, some, now).await?);
    }
    let saved = || among::ids(ids.values().map(|it| it.0));
    for table in ["component_aliases", "component_parents"] {
        let sql = format!("DELETE FROM {table} WHERE {}", among(tx, "component_id"));
        on!(tx, |conn| {
            sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(saved())
                .execute(conn)
                .await?;
        });
    }
    let aliases = components.iter().flat_map(|it| {
        let id = ids.get(&it.key).copied();
        it.aliases
            .iter()
            .filter_map(move |alias| Some((id?, alias)))
    });
    let aliases: Vec<(ComponentId, &String)> = aliases.collect();
    for some in aliases.chunks(AT_ONCE) {
        on!(tx, |conn| {
            let mut sql = sqlx::QueryBuilder::<Backend>::new(
                "INSERT INTO component_aliases (workspace_id, component_id, alias) ",
            );
            sql.push_values(some, |mut row, (id, alias)| {
                row.push_bind(workspace.clone());
                row.push_bind(*id);
                row.push_bind(alias.to_lowercase());
            });
            sql.build().persistent(false).execute(conn).await?;
        });
    }
    let named = components.iter().flat_map(|it| &it.parents);
    let others: BTreeSet<&ComponentKey> = named.filter(|it| !ids.contains_key(it)).collect();
    if !others.is_empty() {
        ids.extend(ids_of(tx, workspace, &others).await?);
    }
    let parents = components.iter().flat_map(|it| {
        let (id, ids) = (ids.get(&it.key).copied(), &ids);
        let parents = it.parents.iter();
        parents.filter_map(move |parent| Some((id?, *ids.get(parent)?)))
    });
    let parents: Vec<(ComponentId, ComponentId)> = parents.collect();
    for some in parents.chunks(AT_ONCE) {
        on!(tx, |conn| {
            let mut sql = sqlx::QueryBuilder::<Backend>::new(
                "INSERT INTO component_parents (component_id, parent_id) ",
            );
            sql.push_values(some, |mut row, (id, parent)| {
                row.push_bind(*id);
                row.push_bind(*parent);
            });
            sql.build().persistent(false).execute(conn).await?;
        });
    }
    Ok(())
}

async fn save_rows(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    components: &[&Described],
    now: Timestamp,
) -> Result<Vec<(ComponentKey, ComponentId)>> {
    on!(tx, |conn| {
        let mut sql = sqlx::QueryBuilder::<Backend>::new(
            "INSERT INTO components (workspace_id, key, name, name_lower, attributes, owner,
                 description, links, retired_at, created_at) ",
        );
        sql.push_values(components, |mut row, said| {
            row.push_bind(workspace.clone());
            row.push_bind(said.key.clone());
            row.push_bind(said.name.clone());
            row.push_bind(said.name.to_lowercase());
            row.push_bind(Json(said.attributes.clone()));
            row.push_bind(said.owner.clone());
            row.push_bind(said.description.clone());
            row.push_bind(Json(said.links.clone()));
            row.push_bind(said.retired.then_some(now));
            row.push_bind(now);
        });
        // What is retired stays so since then.
        sql.push(
            " ON CONFLICT (workspace_id, key) DO UPDATE SET name = excluded.name,
                 name_lower = excluded.name_lower, attributes = excluded.attributes,
                 owner = excluded.owner, description = excluded.description,
                 links = excluded.links,
                 retired_at = CASE WHEN excluded.retired_at IS NULL THEN NULL
                     ELSE COALESCE(components.retired_at, excluded.retired_at) END
             RETURNING key, id",
        );
        let query = sql.build_query_as().persistent(false);
        query.fetch_all(conn).await
    })
}

async fn ids_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    keys: &BTreeSet<&ComponentKey>,
) -> Result<Vec<(ComponentKey, ComponentId)>> {
    let sql = format!(
        "SELECT key, id FROM components WHERE {} AND workspace_id = $2",
        among_texts(tx, "key")
    );
    on!(tx, |conn| sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(Json(keys))
        .bind(workspace)
        .fetch_all(conn)
        .await)
}

/// They can no longer be chosen.
pub async fn retire(tx: &mut Tx, ids: &[ComponentId], now: Timestamp) -> Result<()> {
    let sql = format!(
        "UPDATE components SET retired_at = $2 WHERE {} AND retired_at IS NULL",
        among(tx, "id")
    );
    on!(tx, |conn| {
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(among::ids(ids.iter().map(|it| it.0)))
            .bind(now)
            .execute(conn)
            .await?;
    });
    Ok(())
}

/// Nothing new refers to them until the transaction ends.
pub async fn hold(tx: &mut Tx, ids: &[ComponentId]) -> Result<()> {
    if !tx.is_postgres() {
        // Nobody else writes anyway.
        return Ok(());
    }
    let sql = format!(
        "SELECT id FROM components WHERE {} ORDER BY id FOR UPDATE",
        among(tx, "id")
    );
    on!(tx, |conn| {
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(among::ids(ids.iter().map(|it| it.0)))
            .fetch_all(conn)
            .await?;
    });
    Ok(())
}

/// Which of them were named by an outage, now or in any former version of it, and by how many.
pub async fn named_by_outages(tx: &mut Tx, ids: &[ComponentId]) -> Result<Vec<(ComponentId, i64)>> {
    let former = match tx.is_postgres() {
        true => {
            "SELECT CAST(part -> 'component' ->> 'id' AS BIGINT), outage_id
             FROM outage_versions, JSONB_ARRAY_ELEMENTS(snapshot -> 'affected') AS part"
        }
        false => {
            "SELECT JSON_EXTRACT(part.value, '$.component.id'), outage_id
             FROM outage_versions, JSON_EACH(snapshot, '$.affected') AS part"
        }
    };
    let sql = format!(
        "SELECT component_id, COUNT(*) FROM
             (SELECT component_id, outage_id FROM outage_components UNION {former}) AS named
         WHERE {} GROUP BY component_id ORDER BY component_id",
        among(tx, "component_id")
    );
    on!(tx, |conn| sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(among::ids(ids.iter().map(|it| it.0)))
        .fetch_all(conn)
        .await)
}

/// Deletes components that nothing refers to but other components.
pub async fn delete(tx: &mut Tx, ids: &[ComponentId]) -> Result<()> {
    for (table, column) in [
        ("component_parents", "component_id"),
        ("component_parents", "parent_id"),
        ("component_aliases", "component_id"),
        ("components", "id"),
    ] {
        let sql = format!("DELETE FROM {table} WHERE {}", among(tx, column));
        on!(tx, |conn| {
            sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(among::ids(ids.iter().map(|it| it.0)))
                .execute(conn)
                .await?;
        });
    }
    Ok(())
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
