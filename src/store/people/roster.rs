//! Many people at once: what is known of them, and by which addresses they are known.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::types::Json;

use super::Profile;
use crate::{
    domain::{
        address::{Claim, addresses, at_domain},
        ids::{PersonId, SlackUserId, WorkspaceId},
        time::Timestamp,
    },
    store::{Result, Tx, among, db::on},
};

/// Somebody as the database has them.
#[derive(Clone, Debug)]
pub struct Known {
    pub id: PersonId,
    pub profile: Profile,
    /// Whether Slack has ever said anything of them.
    pub was_described: bool,
}

impl Known {
    /// Whether writing what Slack says would change anything.
    pub fn differs_from(&self, said: &Profile) -> bool {
        let known = &self.profile;
        let email = match &said.email {
            None if said.is_deactivated => known.email.clone(),
            email => email.as_ref().map(|it| it.to_lowercase()),
        };
        !self.was_described
            || known.email != email
            || known.name != said.name
            || known.handle != said.handle
            || known.time_zone != said.time_zone
            || known.picture != said.picture
            || known.is_bot != said.is_bot
            || known.is_restricted != said.is_restricted
            || known.is_deactivated != said.is_deactivated
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: PersonId,
    slack_user_id: SlackUserId,
    name: String,
    handle: Option<String>,
    email: Option<String>,
    time_zone: String,
    picture: Option<String>,
    is_bot: bool,
    is_restricted: bool,
    profile_at: Option<Timestamp>,
    deactivated_at: Option<Timestamp>,
}

/// Those of `users` who are known.
pub async fn known(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    users: &BTreeSet<SlackUserId>,
) -> Result<BTreeMap<SlackUserId, Known>> {
    let sql = format!(
        "SELECT id, slack_user_id, name, handle, email, time_zone, picture, is_bot, is_restricted,
                profile_at, deactivated_at
         FROM people WHERE workspace_id = $2 AND {}",
        among::among_texts(tx, "slack_user_id")
    );
    let rows: Vec<Row> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(Json(users))
            .bind(workspace)
            .fetch_all(conn)
            .await
    })?;
    let known = rows.into_iter().map(|row| {
        let profile = Profile {
            slack_user: row.slack_user_id.clone(),
            name: row.name,
            handle: row.handle,
            email: row.email,
            time_zone: row.time_zone,
            picture: row.picture,
            is_bot: row.is_bot,
            is_restricted: row.is_restricted,
            is_deactivated: row.deactivated_at.is_some(),
        };
        let known = Known {
            id: row.id,
            profile,
            was_described: row.profile_at.is_some(),
        };
        (row.slack_user_id, known)
    });
    Ok(known.collect())
}

/// Those of `people` whose account is deactivated.
pub async fn gone(tx: &mut Tx, people: &[PersonId]) -> Result<Vec<PersonId>> {
    let sql = format!(
        "SELECT id FROM people WHERE {} AND deactivated_at IS NOT NULL ORDER BY id",
        among::among(tx, "id")
    );
    on!(tx, |conn| {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(among::ids(people.iter().map(|it| it.0)))
            .fetch_all(conn)
            .await
    })
}

#[derive(sqlx::FromRow)]
struct Relative {
    id: PersonId,
    email: Option<String>,
    local_part: Option<String>,
    address: Option<String>,
    is_bot: bool,
    is_restricted: bool,
    deactivated_at: Option<Timestamp>,
}

/// Brings the addresses of everybody up to date whose e-mail address begins with one of these
/// parts. Whoever calls it has the workspace's turn for that, or two who are written down at once
/// would not see each other.
pub async fn settle_addresses(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    local_parts: &BTreeSet<String>,
    domain: Option<&str>,
) -> Result<()> {
    let sql = format!(
        "SELECT id, email, local_part, address, is_bot, is_restricted, deactivated_at
         FROM people WHERE workspace_id = $2 AND {} ORDER BY local_part, id",
        among::among_texts(tx, "local_part")
    );
    let rows: Vec<Relative> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(Json(local_parts))
            .bind(workspace)
            .fetch_all(conn)
            .await
    })?;
    for family in rows.chunk_by(|a, b| a.local_part == b.local_part) {
        let claims: Vec<Claim> = family
            .iter()
            .map(|it| Claim {
                email: it.email.clone().unwrap_or_default(),
                is_member: !it.is_bot && !it.is_restricted,
                is_gone: it.deactivated_at.is_some(),
            })
            .collect();
        for (it, address) in family.iter().zip(addresses(&claims, domain)) {
            if it.address == address {
                continue;
            }
            on!(tx, |conn| {
                sqlx::query("UPDATE people SET address = $2 WHERE id = $1")
                    .bind(it.id)
                    .bind(&address)
                    .execute(conn)
                    .await?;
            });
        }
    }
    Ok(())
}

/// The parts before the `@` of those who are known by an address that is not their own and not at
/// `domain`: the settings named another one when it was given.
pub async fn who_borrows(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    domain: Option<&str>,
) -> Result<BTreeSet<String>> {
    const SQL: &str = "
        SELECT email, local_part, address FROM people
        WHERE workspace_id = $1 AND address <> email AND local_part IS NOT NULL";
    let rows: Vec<(String, String, String)> = on!(tx, |conn| sqlx::query_as(SQL)
        .bind(workspace)
        .fetch_all(conn)
        .await)?;
    let is_old = |email: &str, address: &str| {
        let wanted = domain.and_then(|it| at_domain(email, it));
        wanted.as_deref() != Some(address)
    };
    Ok(rows
        .into_iter()
        .filter(|(email, _, address)| is_old(email, address))
        .map(|(_, local_part, _)| local_part)
        .collect())
}

/// How many people are known by an address that is not their own.
pub async fn count_borrowers(tx: &mut Tx, workspace: &WorkspaceId) -> Result<i64> {
    const SQL: &str = "
        SELECT COUNT(*) FROM people
        WHERE workspace_id = $1 AND address <> email AND deactivated_at IS NULL";
    on!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(workspace)
        .fetch_one(conn)
        .await)
}
