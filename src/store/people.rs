//! People of the workspace.

mod roster;

pub use roster::{
    Known, count_borrowers, gone, known, save_profiles, settle_addresses, who_borrows,
};

use super::{Result, Tx, among::among, db::on};
use crate::domain::{
    address::local_part,
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
                CASE WHEN slack_user_id = $2 THEN 0 WHEN email = $3 OR address = $3 THEN 1
                     WHEN handle = $3 THEN 2 ELSE 3 END AS rank
         FROM people
         WHERE workspace_id = $1
           AND (slack_user_id = $2 OR email = $3 OR address = $3 OR handle = $3 OR name = $2
                OR LOWER(name) = $3)"
    };
}

/// By what somebody was found, as `rank` has it; an ID is 0.
const BY_ADDRESS: i32 = 1;
const BY_HANDLE: i32 = 2;
const BY_NAME: i32 = 3;

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
/// Slack. Anybody may call themselves what they like, so an ID and an address go before all that, and
/// what can only be one of these is nobody's name.
pub async fn called(tx: &mut Tx, workspace: &WorkspaceId, said: &str) -> Result<Vec<Person>> {
    const SQL: &str = concat!(
        called_so!(),
        " AND deactivated_at IS NULL AND NOT is_bot ORDER BY rank, id LIMIT $4"
    );
    search(tx, workspace, said, SQL).await
}

/// As [`called`], with those who left and with apps.
pub async fn called_at_all(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    said: &str,
) -> Result<Vec<Person>> {
    const SQL: &str = concat!(called_so!(), " ORDER BY rank, id LIMIT $4");
    search(tx, workspace, said, SQL).await
}

/// As whom lists may name somebody: their ID, their own address and the one they are known by.
pub async fn listed_as(tx: &mut Tx, person: PersonId) -> Result<Vec<String>> {
    const SQL: &str = "SELECT slack_user_id, email, address FROM people WHERE id = $1";
    type Row = (String, Option<String>, Option<String>);
    let row: Option<Row> = on!(tx, |conn| sqlx::query_as(SQL)
        .bind(person)
        .fetch_optional(conn)
        .await)?;
    let (id, email, address) = match row {
        Some((id, email, address)) => (Some(id), email, address),
        None => (None, None, None),
    };
    let mut all: Vec<String> = [id, email, address].into_iter().flatten().collect();
    all.dedup();
    Ok(all)
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
        rank: i32,
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
    let best = found.first().map_or(BY_NAME, |it| it.rank);
    // A handle and a name weigh the same where nobody says which it is.
    let alone = if said != name { BY_HANDLE } else { BY_ADDRESS };
    if best <= alone {
        found.retain(|it| it.rank == best);
    }
    if is_unique(name) && best > BY_ADDRESS {
        found.clear();
    }
    Ok(found.into_iter().map(|it| it.row.into()).collect())
}

/// Whether this can only be a user ID or an address. Slack's IDs have nine characters at least, and
/// nearly all of them a digit.
fn is_unique(said: &str) -> bool {
    let rest = said.strip_prefix(['U', 'W']).unwrap_or_default();
    let is_id = rest.len() >= 2
        && rest
            .chars()
            .all(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
        && (rest.len() >= 8 || rest.contains(|it: char| it.is_ascii_digit()));
    is_id || local_part(said).is_some_and(|it| !it.contains(char::is_whitespace))
}
