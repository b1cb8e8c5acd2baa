//! People of the workspace.

mod roster;

pub use roster::{
    Known, count_borrowers, gone, known, save_profiles, settle_addresses, who_borrows,
};

use super::{Result, Tx, among::among, db::on};
use crate::domain::{
    ids::{PersonId, SlackUserId, WorkspaceId},
    person::Person,
    time::{Timestamp, Zone},
};

/// What Slack knows of somebody.
#[derive(Clone, Debug)]
pub struct Profile {
    pub slack_user: SlackUserId,
    pub name: String,
    /// What people write after an @ to mention them.
    pub handle: Option<String>,
    pub email: Option<String>,
    pub time_zone: String,
    pub picture: Option<String>,
    pub is_bot: bool,
    /// A guest: their address must not count as that of a member.
    pub is_restricted: bool,
    pub is_deactivated: bool,
}

/// Whether somebody can take part, as far as Slack said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// Also when nothing is known of them yet.
    Member,
    App,
    /// Their account is deactivated.
    Gone,
}

/// How many of those are given who are called the same.
const NAMESAKES: i64 = 10;

/// People by user ID, address, handle or name. SQLite lowers no letters but those of ASCII, so a
/// name as it is written counts, too.
macro_rules! called_so {
    () => {
        "SELECT id, slack_user_id, name, email, time_zone, picture,
                COALESCE(handle = $3, FALSE) AS by_handle
         FROM people
         WHERE workspace_id = $1
           AND (slack_user_id = $2 OR email = $3 OR handle = $3 OR name = $2 OR LOWER(name) = $3)"
    };
}

#[derive(sqlx::FromRow)]
struct Row {
    id: PersonId,
    slack_user_id: SlackUserId,
    name: String,
    email: Option<String>,
    time_zone: String,
    picture: Option<String>,
}

impl From<Row> for Person {
    fn from(row: Row) -> Person {
        Person {
            id: row.id,
            slack_user: row.slack_user_id,
            name: row.name,
            email: row.email,
            // A name that a newer Slack knows and we do not: UTC rather than an error.
            zone: row.time_zone.parse().unwrap_or(Zone::UTC),
            picture: row.picture,
        }
    }
}

/// Finds or makes the row of somebody who acts, knowing only what a request carries.
pub async fn meet(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    user: &SlackUserId,
    name: &str,
    now: Timestamp,
) -> Result<Person> {
    if let Some(person) = by_slack_user(tx, workspace, user).await? {
        return Ok(person);
    }
    const SQL: &str = "
        INSERT INTO people (workspace_id, slack_user_id, name, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (workspace_id, slack_user_id) DO UPDATE SET name = people.name
        RETURNING id, slack_user_id, name, email, time_zone, picture";
    let row: Row = on!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(workspace)
            .bind(user)
            .bind(name)
            .bind(now)
            .fetch_one(conn)
            .await
    })?;
    Ok(row.into())
}

/// When Slack was last asked about somebody; none when never, and of somebody who left: whoever
/// acts or is asked about may be back.
pub async fn profile_age(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    user: &SlackUserId,
) -> Result<Option<Timestamp>> {
    const SQL: &str = "
        SELECT profile_at FROM people
        WHERE workspace_id = $1 AND slack_user_id = $2 AND deactivated_at IS NULL";
    let found: Option<Option<Timestamp>> = on!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(workspace)
            .bind(user)
            .fetch_optional(conn)
            .await
    })?;
    Ok(found.flatten())
}

pub async fn account(tx: &mut Tx, workspace: &WorkspaceId, user: &SlackUserId) -> Result<Account> {
    const SQL: &str = "
        SELECT is_bot, deactivated_at FROM people WHERE workspace_id = $1 AND slack_user_id = $2";
    let found: Option<(bool, Option<Timestamp>)> = on!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(workspace)
            .bind(user)
            .fetch_optional(conn)
            .await
    })?;
    Ok(match found {
        Some((true, _)) => Account::App,
        Some((_, Some(_))) => Account::Gone,
        _ => Account::Member,
    })
}

/// Somebody by their Slack ID, and when Slack was last asked about them, as [`profile_age`] has it.
pub async fn with_profile_age(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    user: &SlackUserId,
) -> Result<Option<(PersonId, Option<Timestamp>)>> {
    const SQL: &str = "
        SELECT id, CASE WHEN deactivated_at IS NULL THEN profile_at END FROM people
        WHERE workspace_id = $1 AND slack_user_id = $2";
    on!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(workspace)
            .bind(user)
            .fetch_optional(conn)
            .await
    })
}

pub async fn by_slack_user(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    user: &SlackUserId,
) -> Result<Option<Person>> {
    const SQL: &str = "
        SELECT id, slack_user_id, name, email, time_zone, picture FROM people
        WHERE workspace_id = $1 AND slack_user_id = $2";
    let row: Option<Row> = on!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(workspace)
            .bind(user)
            .fetch_optional(conn)
            .await
    })?;
    Ok(row.map(Person::from))
}

pub async fn by_ids(tx: &mut Tx, ids: &[PersonId]) -> Result<Vec<Person>> {
    let among = among(tx, "id");
    let sql = format!(
        "SELECT id, slack_user_id, name, email, time_zone, picture FROM people WHERE {among}"
    );
    let rows: Vec<Row> = on!(tx, |conn| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(super::among::ids(ids.iter().map(|it| it.0)))
            .fetch_all(conn)
            .await
    })?;
    let mut people: Vec<Person> = rows.into_iter().map(Person::from).collect();
    // In the order in which they were asked for.
    people.sort_by_key(|it| ids.iter().position(|id| *id == it.id));
    Ok(people)
}

/// Members who are called so, by user ID, e-mail address, handle or name, at most some of them: when
/// there are several, it is not clear who is meant. After an `@` a handle goes before any name, as in
/// Slack.
pub async fn called(tx: &mut Tx, workspace: &WorkspaceId, said: &str) -> Result<Vec<Person>> {
    const SQL: &str = concat!(
        called_so!(),
        " AND deactivated_at IS NULL AND NOT is_bot ORDER BY id LIMIT $4"
    );
    search(tx, workspace, said, SQL).await
}

/// As [`called`], with those who left and with apps.
pub async fn called_at_all(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    said: &str,
) -> Result<Vec<Person>> {
    const SQL: &str = concat!(called_so!(), " ORDER BY id LIMIT $4");
    search(tx, workspace, said, SQL).await
}

async fn search(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    said: &str,
    sql: &'static str,
) -> Result<Vec<Person>> {
    #[derive(sqlx::FromRow)]
    struct Found {
        #[sqlx(flatten)]
        row: Row,
        by_handle: bool,
    }
    let said = said.trim();
    let name = said.strip_prefix('@').unwrap_or(said);
    let mut found: Vec<Found> = on!(tx, |conn| {
        sqlx::query_as(sql)
            .bind(workspace)
            .bind(name)
            .bind(name.to_lowercase())
            .bind(NAMESAKES)
            .fetch_all(conn)
            .await
    })?;
    if said != name && found.iter().any(|it| it.by_handle) {
        found.retain(|it| it.by_handle);
    }
    Ok(found.into_iter().map(|it| it.row.into()).collect())
}
