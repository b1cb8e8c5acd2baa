//! Groups, what they permit, and who is in them.

use super::{Result, Tx, db::on};
use crate::domain::{
    actor::{Right, Rights},
    ids::{PersonId, WorkspaceId},
};

/// Makes a group permit exactly `rights`.
pub async fn save_group(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    name: &str,
    rights: &[Right],
) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query(
            "INSERT INTO groups (workspace_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
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

/// Makes `members` (Slack user IDs or e-mail addresses) the whole of what `source` says of a group.
pub async fn save_members(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    group: &str,
    source: &str,
    members: &[String],
) -> Result<()> {
    on!(tx, |conn| {
        sqlx::query(
            "DELETE FROM group_members WHERE workspace_id = $1 AND group_name = $2 AND source = $3",
        )
        .bind(workspace)
        .bind(group)
        .bind(source)
        .execute(&mut *conn)
        .await?;
        for member in members {
            let member = if member.contains('@') {
                member.to_lowercase()
            } else {
                member.clone()
            };
            sqlx::query(
                "INSERT INTO group_members (workspace_id, group_name, member, source)
                 VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            )
            .bind(workspace)
            .bind(group)
            .bind(member)
            .bind(source)
            .execute(&mut *conn)
            .await?;
        }
    });
    Ok(())
}

/// What a person may do: the union of what their groups permit. Somebody who left, and a bot, may
/// do nothing; a guest is only found by their ID, because their address proves nothing.
pub async fn of_person(tx: &mut Tx, person: PersonId) -> Result<Rights> {
    const SQL: &str = "
        SELECT DISTINCT granted.permission
        FROM people
        JOIN group_members AS member ON member.workspace_id = people.workspace_id
            AND (member.member = people.slack_user_id
                 OR (member.member = people.email AND NOT people.is_restricted))
        JOIN group_rights AS granted ON granted.workspace_id = member.workspace_id
            AND granted.group_name = member.group_name
        WHERE people.id = $1 AND people.deactivated_at IS NULL AND NOT people.is_bot";
    let words: Vec<String> = on!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(person)
        .fetch_all(conn)
        .await)?;
    Ok(words.iter().filter_map(|it| Right::from_word(it)).collect())
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
            AND (member.member = people.slack_user_id
                 OR (member.member = people.email AND NOT people.is_restricted))
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

/// Members of the groups that grant `right`, as configured, at most `limit`.
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
        LEFT JOIN people ON people.workspace_id = member.workspace_id AND people.email = member.member
        WHERE granted.workspace_id = $1 AND granted.permission = $2
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
