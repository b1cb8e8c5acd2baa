//! Many people at once: what is known of them, and by which addresses they are known.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sqlx::types::Json;

use super::Profile;
use crate::{
    domain::{
        address::{Claim, addresses, at_domain, local_part},
        ids::{PersonId, SlackUserId, WorkspaceId},
        time::Timestamp,
    },
    store::{Result, Tx, among, db::on},
};

/// Whether the plan of a statement is kept for the next time. When everybody is learned for the first
/// time, PostgreSQL would go on with the plan that was good while a few were known: to read them all.
const PLAN_KEPT: bool = false;

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

    /// Whether somebody would have more by what Slack says, or be known by another address.
    pub fn gains_by(&self, said: &Profile) -> bool {
        let known = &self.profile;
        let email = said.email.as_ref().map(|it| it.to_lowercase());
        let is_back = known.is_deactivated && !said.is_deactivated;
        is_back
            || (known.is_restricted && !said.is_restricted)
            || (known.is_bot && !said.is_bot)
            || (self.was_described && email.is_some() && known.email != email)
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
            .persistent(PLAN_KEPT)
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

/// What is written of somebody.
#[derive(Serialize)]
struct Written<'a> {
    slack_user: &'a SlackUserId,
    name: &'a str,
    handle: Option<&'a str>,
    email: Option<&'a str>,
    local_part: Option<&'a str>,
    address: Option<&'a str>,
    time_zone: &'a str,
    picture: Option<&'a str>,
    is_bot: bool,
    is_restricted: bool,
    is_deactivated: bool,
}

/// Writes what Slack says of people, each of them once, over what was known. Until
/// [`settle_addresses`] has looked at who else could be meant, they are known by their own e-mail
/// addresses. The address of somebody who left stays known, also when Slack does not say it any
/// more, so that nobody else gets it.
pub async fn save_profiles(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    profiles: &[&Profile],
    now: Timestamp,
) -> Result<()> {
    // SQLite takes ON for a part of the join unless a condition stands before it.
    let sql = format!(
        "INSERT INTO people (workspace_id, slack_user_id, name, email, local_part, address, time_zone,
                             picture, is_bot, is_restricted, profile_at, deactivated_at, created_at,
                             handle)
         SELECT $2, it.value ->> 'slack_user', it.value ->> 'name', it.value ->> 'email',
                it.value ->> 'local_part', it.value ->> 'address',
                it.value ->> 'time_zone', it.value ->> 'picture',
                CAST(it.value ->> 'is_bot' AS BOOLEAN),
                CAST(it.value ->> 'is_restricted' AS BOOLEAN), $3,
                CASE WHEN CAST(it.value ->> 'is_deactivated' AS BOOLEAN) THEN $3 END, $3,
                it.value ->> 'handle'
         FROM {} WHERE TRUE
         ON CONFLICT (workspace_id, slack_user_id) DO UPDATE SET
             name = excluded.name, handle = excluded.handle, time_zone = excluded.time_zone,
             email = CASE WHEN excluded.deactivated_at IS NULL THEN excluded.email
                          ELSE COALESCE(excluded.email, people.email) END,
             local_part = CASE WHEN excluded.deactivated_at IS NULL THEN excluded.local_part
                               ELSE COALESCE(excluded.local_part, people.local_part) END,
             address = CASE WHEN excluded.deactivated_at IS NULL THEN excluded.address
                            ELSE COALESCE(excluded.address, people.address) END,
             picture = excluded.picture, is_bot = excluded.is_bot,
             is_restricted = excluded.is_restricted, profile_at = excluded.profile_at,
             deactivated_at = CASE WHEN excluded.deactivated_at IS NULL THEN NULL
                                   ELSE COALESCE(people.deactivated_at, excluded.deactivated_at) END",
        among::each(tx, "$1")
    );
    let emails = profiles.iter().map(|it| it.email.as_deref());
    let emails: Vec<Option<String>> = emails.map(|it| it.map(str::to_lowercase)).collect();
    let written = profiles.iter().zip(&emails).map(|(profile, email)| {
        let email = email.as_deref();
        let local_part = email.and_then(local_part);
        // The address of a guest or an app proves nothing.
        let proves = local_part.is_some() && !profile.is_restricted && !profile.is_bot;
        Written {
            slack_user: &profile.slack_user,
            name: &profile.name,
            handle: profile.handle.as_deref(),
            email,
            local_part,
            address: email.filter(|_| proves),
            time_zone: &profile.time_zone,
            picture: profile.picture.as_deref(),
            is_bot: profile.is_bot,
            is_restricted: profile.is_restricted,
            is_deactivated: profile.is_deactivated,
        }
    });
    let written: Vec<Written> = written.collect();
    on!(tx, |conn| {
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(Json(written))
            .bind(workspace)
            .bind(now)
            .execute(conn)
            .await?;
    });
    Ok(())
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
            .persistent(PLAN_KEPT)
            .bind(Json(local_parts))
            .bind(workspace)
            .fetch_all(conn)
            .await
    })?;
    #[derive(Serialize)]
    struct Settled {
        id: PersonId,
        address: Option<String>,
    }
    let mut settled = Vec::new();
    for family in rows.chunk_by(|a, b| a.local_part == b.local_part) {
        let claims: Vec<Claim> = family
            .iter()
            .map(|it| Claim {
                email: it.email.clone().unwrap_or_default(),
                is_member: !it.is_bot && !it.is_restricted,
                is_gone: it.deactivated_at.is_some(),
            })
            .collect();
        let each = family.iter().zip(addresses(&claims, domain));
        let different = each.filter(|(it, address)| it.address != *address);
        settled.extend(different.map(|(it, address)| Settled { id: it.id, address }));
    }
    if settled.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "UPDATE people SET address = it.value ->> 'address' FROM {}
         WHERE people.id = CAST(it.value ->> 'id' AS BIGINT)",
        among::each(tx, "$1")
    );
    on!(tx, |conn| {
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .persistent(PLAN_KEPT)
            .bind(Json(settled))
            .execute(conn)
            .await?;
    });
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
