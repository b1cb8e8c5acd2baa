//! Groups, what they permit, and who is in them.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, types::Json};

use super::{Result, Tx, among, db::on, people::Account};
use crate::domain::{
    actor::{Identity, Right, Rights},
    ids::{PersonId, WorkspaceId},
    membership::{Difference, Membership, Source},
    time::Timestamp,
};

/// How many members are written with one statement, so that none grows with a list.
const AT_ONCE: usize = 1000;

/// Makes a group permit exactly `rights`.
pub async fn save_group(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    name: &str,
    rights: &[Right],
) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query(
            // Nodes that start together take turns at the row.
            "INSERT INTO groups (workspace_id, name) VALUES ($1, $2)
             ON CONFLICT (workspace_id, name) DO UPDATE SET name = excluded.name",
        )
        .bind(workspace)
        .bind(name)
        .execute(&mut *conn)
        .await?;
        sqlx::query("DELETE FROM group_rights WHERE workspace_id = $1 AND group_name = $2")
            .bind(workspace)
            .bind(name)
            .execute(&mut *conn)
            .await?;
        for right in rights {
            sqlx::query(
                "INSERT INTO group_rights (workspace_id, group_name, permission) VALUES ($1, $2, $3)",
            )
            .bind(workspace)
            .bind(name)
            .bind(right.word())
            .execute(&mut *conn)
            .await?;
        }
    });
    Ok(())
}

/// Whoever changes members takes their turn first, so that two lists that are taken over at once do
/// not become a mixture of both. False when there is no such group.
pub async fn hold_group(tx: &mut Tx, workspace: &WorkspaceId, group: &str) -> Result<bool> {
    const SQL: &str = "UPDATE groups SET name = name WHERE workspace_id = $1 AND name = $2";
    let held = on!(tx, |conn| {
        sqlx::query(SQL)
            .bind(workspace)
            .bind(group)
            .execute(conn)
            .await?
            .rows_affected()
    });
    Ok(held > 0)
}

/// Whom `source` names as members of a group.
pub async fn members(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    group: &str,
    source: &Source,
) -> Result<BTreeSet<String>> {
    const SQL: &str = "
        SELECT member FROM group_members
        WHERE workspace_id = $1 AND group_name = $2 AND source = $3";
    let members: Vec<String> = on!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(workspace)
        .bind(group)
        .bind(source.to_string())
        .fetch_all(conn)
        .await)?;
    Ok(members.into_iter().collect())
}

/// Adds and removes members (see [`crate::domain::membership::normal`]) of a group, as far as
/// `source` names them.
pub async fn change_members(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    group: &str,
    source: &Source,
    difference: &Difference,
    by: &Identity,
    now: Timestamp,
) -> Result<()> {
    let source = source.to_string();
    let sql = format!(
        "DELETE FROM group_members
         WHERE workspace_id = $2 AND group_name = $3 AND source = $4 AND {}",
        among::among_texts(tx, "member")
    );
    let removed: Vec<&String> = difference.removed.iter().collect();
    for some in removed.chunks(AT_ONCE) {
        let sql = AssertSqlSafe(sql.clone());
        on!(tx, |conn| {
            sqlx::query(sql)
                .bind(Json(some))
                .bind(workspace)
                .bind(group)
                .bind(&source)
                .execute(conn)
                .await?;
        });
    }
    // SQLite takes ON for a part of the join unless a condition stands before it.
    let sql = format!(
        "INSERT INTO group_members (workspace_id, group_name, member, source, added_by, added_at)
         SELECT $2, $3, it.value, $4, $5, $6 FROM {} WHERE TRUE ON CONFLICT DO NOTHING",
        among::each_text(tx, "$1")
    );
    let added: Vec<&String> = difference.added.iter().collect();
    for some in added.chunks(AT_ONCE) {
        let sql = AssertSqlSafe(sql.clone());
        on!(tx, |conn| {
            sqlx::query(sql)
                .bind(Json(some))
                .bind(workspace)
                .bind(group)
                .bind(&source)
                .bind(Json(by))
                .bind(now)
                .execute(conn)
                .await?;
        });
    }
    Ok(())
}

/// Makes `after` the whole of what `source` says of a group, and gives what that changed.
pub async fn set_members(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    group: &str,
    source: &Source,
    after: &BTreeSet<String>,
    by: &Identity,
    now: Timestamp,
) -> Result<Difference> {
    let before = members(tx, workspace, group, source).await?;
    let difference = Difference::between(&before, after);
    change_members(tx, workspace, group, source, &difference, by, now).await?;
    Ok(difference)
}

/// Every group with each source that names members of it.
pub async fn sources(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<(String, Source)>> {
    const SQL: &str = "
        SELECT DISTINCT group_name, source FROM group_members WHERE workspace_id = $1
        ORDER BY group_name, source";
    let rows: Vec<(String, String)> = on!(tx, |conn| sqlx::query_as(SQL)
        .bind(workspace)
        .fetch_all(conn)
        .await)?;
    Ok(rows
        .into_iter()
        .filter_map(|(group, source)| Some((group, source.parse().ok()?)))
        .collect())
}

/// The groups that there are, with what they permit.
pub async fn groups(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<(String, Vec<Right>)>> {
    const SQL: &str = "
        SELECT groups.name, granted.permission FROM groups
        LEFT JOIN group_rights AS granted ON granted.workspace_id = groups.workspace_id
            AND granted.group_name = groups.name
        WHERE groups.workspace_id = $1 ORDER BY groups.name, granted.permission";
    let rows: Vec<(String, Option<String>)> = on!(tx, |conn| sqlx::query_as(SQL)
        .bind(workspace)
        .fetch_all(conn)
        .await)?;
    let mut groups: Vec<(String, Vec<Right>)> = Vec::new();
    for (name, word) in rows {
        if groups.last().is_none_or(|(last, _)| *last != name) {
            groups.push((name, Vec::new()));
        }
        let right = word.as_deref().and_then(Right::from_word);
        if let (Some((_, rights)), Some(right)) = (groups.last_mut(), right) {
            rights.push(right);
        }
    }
    Ok(groups)
}

/// The groups that a person is in, by whatever source; also of somebody who left.
pub async fn memberships(tx: &mut Tx, person: PersonId) -> Result<Vec<Membership>> {
    const SQL: &str = "
        SELECT member.group_name, member.source, member.added_at, granted.permission
        FROM people
        JOIN group_members AS member ON member.workspace_id = people.workspace_id
            AND (member.member = people.slack_user_id OR member.member = people.address)
        LEFT JOIN group_rights AS granted ON granted.workspace_id = member.workspace_id
            AND granted.group_name = member.group_name
        WHERE people.id = $1
        ORDER BY member.group_name, member.source, member.added_at, granted.permission";
    type Row = (String, String, Timestamp, Option<String>);
    let rows: Vec<Row> = on!(tx, |conn| sqlx::query_as(SQL)
        .bind(person)
        .fetch_all(conn)
        .await)?;
    let mut memberships: Vec<Membership> = Vec::new();
    for (group, source, since, word) in rows {
        let Ok(source) = source.parse::<Source>() else {
            continue;
        };
        let same = memberships
            .iter()
            .position(|it| it.group == group && it.source == source);
        let right = word.as_deref().and_then(Right::from_word);
        match same.map(|index| &mut memberships[index]) {
            // By ID and by address at once: it counts from the first.
            Some(known) => {
                known.since = known.since.min(since);
                known
                    .rights
                    .extend(right.filter(|it| !known.rights.contains(it)));
            }
            None => memberships.push(Membership {
                group,
                source,
                rights: right.into_iter().collect(),
                since,
            }),
        }
    }
    Ok(memberships)
}

/// Whether a person can take part, and what they may do: the union of what their groups permit.
/// Somebody who left, and a bot, may do nothing; a guest is only found by their ID.
pub async fn with_account(tx: &mut Tx, person: PersonId) -> Result<(Account, Rights)> {
    const SQL: &str = "
        SELECT DISTINCT people.is_bot, people.deactivated_at IS NOT NULL AS is_gone,
               granted.permission
        FROM people
        LEFT JOIN group_members AS member ON member.workspace_id = people.workspace_id
            AND (member.member = people.slack_user_id OR member.member = people.address)
        LEFT JOIN group_rights AS granted ON granted.workspace_id = member.workspace_id
            AND granted.group_name = member.group_name
        WHERE people.id = $1";
    let rows: Vec<(bool, bool, Option<String>)> = on!(tx, |conn| sqlx::query_as(SQL)
        .bind(person)
        .fetch_all(conn)
        .await)?;
    let account = match rows.first() {
        Some((true, ..)) => Account::App,
        Some((_, true, _)) => Account::Gone,
        _ => Account::Member,
    };
    let words = rows.iter().filter_map(|(.., word)| word.as_deref());
    let rights = match account {
        Account::Member => words.filter_map(Right::from_word).collect(),
        Account::App | Account::Gone => Rights::default(),
    };
    Ok((account, rights))
}

/// What a person may do.
pub async fn of_person(tx: &mut Tx, person: PersonId) -> Result<Rights> {
    Ok(with_account(tx, person).await?.1)
}

/// People who are known and have `right`, at most `limit`.
pub async fn people_with(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    right: Right,
    limit: i64,
) -> Result<Vec<PersonId>> {
    const SQL: &str = "
        SELECT DISTINCT people.id
        FROM group_rights AS granted
        JOIN group_members AS member ON member.workspace_id = granted.workspace_id
            AND member.group_name = granted.group_name
        JOIN people ON people.workspace_id = member.workspace_id
            AND (member.member = people.slack_user_id OR member.member = people.address)
        WHERE granted.workspace_id = $1 AND granted.permission = $2
          AND people.deactivated_at IS NULL AND NOT people.is_bot
        ORDER BY people.id LIMIT $3";
    on!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(workspace)
            .bind(right.word())
            .bind(limit)
            .fetch_all(conn)
            .await
    })
}

/// Members of the groups that grant `right`, at most `limit`: Slack user IDs, or what a list calls
/// somebody who was never met. Nobody who left.
pub async fn holders(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    right: Right,
    limit: i64,
) -> Result<Vec<String>> {
    const SQL: &str = "
        SELECT DISTINCT COALESCE(people.slack_user_id, member.member) AS holder
        FROM group_rights AS granted
        JOIN group_members AS member ON member.workspace_id = granted.workspace_id
            AND member.group_name = granted.group_name
        LEFT JOIN people ON people.workspace_id = member.workspace_id
            AND (people.slack_user_id = member.member OR people.address = member.member)
        WHERE granted.workspace_id = $1 AND granted.permission = $2
          AND (people.id IS NULL OR (people.deactivated_at IS NULL AND NOT people.is_bot))
        ORDER BY holder LIMIT $3";
    on!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(workspace)
            .bind(right.word())
            .bind(limit)
            .fetch_all(conn)
            .await
    })
}

/// A membership with whom it belongs to, as far as that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// As the source names them.
    pub member: String,
    pub source: Source,
    pub since: Timestamp,
    pub slack_user: Option<String>,
    pub name: Option<String>,
    /// Neither gone nor an app.
    pub is_active: bool,
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    member: String,
    source: String,
    added_at: Timestamp,
    slack_user_id: Option<String>,
    name: Option<String>,
    is_active: bool,
}

/// Who is in a group, by every source, those who are known first, at most `limit`.
pub async fn members_with_names(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    group: &str,
    limit: i64,
) -> Result<Vec<Member>> {
    const SQL: &str = "
        SELECT member.member, member.source, member.added_at, people.slack_user_id, people.name,
               COALESCE(people.deactivated_at IS NULL AND NOT people.is_bot, FALSE) AS is_active
        FROM group_members AS member
        LEFT JOIN people ON people.workspace_id = member.workspace_id
            AND (people.slack_user_id = member.member OR people.address = member.member)
        WHERE member.workspace_id = $1 AND member.group_name = $2
        ORDER BY CASE WHEN people.name IS NULL THEN 1 ELSE 0 END, people.name, member.member,
                 member.source
        LIMIT $3";
    let rows: Vec<MemberRow> = on!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(workspace)
            .bind(group)
            .bind(limit)
            .fetch_all(conn)
            .await
    })?;
    let members = rows.into_iter().filter_map(|row| {
        Some(Member {
            member: row.member,
            source: row.source.parse().ok()?,
            since: row.added_at,
            slack_user: row.slack_user_id,
            name: row.name,
            is_active: row.is_active,
        })
    });
    Ok(members.collect())
}
