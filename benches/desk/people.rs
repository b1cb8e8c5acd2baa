//! Learning who is in a large workspace and in many groups: how long that takes, and how much memory.

use std::{path::Path, time::Duration};

use anyhow::ensure;
use axum::http::Uri;

use crate::{
    Arguments,
    child::{Database, Done, Setup},
    fill,
    google::{Google, Groups},
    note,
    stub::Stub,
    table::{Row, Table, count, mb, seconds},
};

const AIM: &str = "≤ 60 s, ≤ 150 MB";
const LONGEST: Duration = Duration::from_secs(60);
const MOST_MEMORY: u64 = 150_000_000;

/// Slack's limit for `users.list`, which the stub does not have.
const PAGES_A_MINUTE: f64 = 20.0;

/// Each with a database of its own.
const DATABASE: &str = "people";

pub async fn measure(
    arguments: &Arguments,
    groups: Groups,
    database: &Database,
    table: &mut Table,
) -> anyhow::Result<()> {
    let name = database.name();
    let folder = arguments.folder.join(format!("{name}-{DATABASE}"));
    std::fs::create_dir_all(folder.join("config"))?;
    let database = match database {
        Database::Sqlite => Database::Sqlite,
        Database::Postgres(url) => Database::Postgres(fill::another_database(url, DATABASE).await?),
    };
    let stub = Stub::start().await?;
    stub.has_people(groups.people);
    let google = Google::start(groups).await?;
    std::fs::write(folder.join("config/balefire.toml"), settings(groups))?;
    let program = &arguments.program;
    let mut setup = Setup::new(program, &folder, &database, &stub, arguments.ticks);
    let with_google = google.environment();
    setup.also(with_google.as_deref().unwrap_or_default());
    setup.run(&["migrate"]).await?;

    note(&format!("{name}: everybody of the workspace"));
    let all = groups.people;
    let what = format!("`sync users`, {} people", count(all));
    for (turn, expected) in [
        ("into an empty database", format!("{all} new, 0 changed")),
        ("nothing is new", "0 new, 0 changed".to_owned()),
    ] {
        let before = stub.count("users.list");
        let done = setup.run(&["sync", "users"]).await?;
        let said = done.said.lines().last().unwrap_or_default();
        ensure!(
            said.contains(&format!("{all} people: {expected}")),
            "not everybody was read: {said}"
        );
        let pages = stub.count("users.list") - before;
        let at_slack = seconds(Duration::from_secs_f64(
            pages as f64 * 60.0 / PAGES_A_MINUTE,
        ));
        let also = format!("{pages} pages, for which Slack's limit allows {at_slack}");
        table.add(row(format!("{what}, {turn}"), name, &done, &also));
    }
    ensure!(
        rows(&database, &folder, "people").await? == all,
        "not everybody was written down"
    );

    let what = format!(
        "`sync groups`, {} groups, {} members",
        count(groups.count),
        count(groups.memberships())
    );
    if let Err(why) = with_google {
        table.add(Row::new(what, name).measured(format!("not measured: {why}")));
        return Ok(());
    }
    note(&format!("{name}: members of groups"));
    for (turn, added, unchanged) in [
        ("into an empty database", groups.memberships(), 0),
        ("nothing is new", 0, groups.count),
    ] {
        let before = google.asked();
        let done = setup.run(&["sync", "groups", "--yes"]).await?;
        let lines = |begins: &str| done.said.lines().filter(|it| it.contains(begins)).count();
        ensure!(
            lines("  + ") == added && lines("nothing changes") == unchanged,
            "not every group was read"
        );
        let also = format!("{} pages from Google", google.asked() - before);
        table.add(row(format!("{what}, {turn}"), name, &done, &also));
    }
    ensure!(
        rows(&database, &folder, "group_members").await? >= groups.memberships(),
        "not every member was written down"
    );
    Ok(())
}

fn row(what: String, database: &str, done: &Done, also: &str) -> Row {
    let (took, peak) = (done.took, done.peak);
    Row::new(what, database)
        .slack(0)
        .measured(format!("{}, at most {}; {also}", seconds(took), mb(peak)))
        .aim(AIM, took <= LONGEST && peak <= MOST_MEMORY)
}

async fn rows(database: &Database, folder: &Path, of: &str) -> anyhow::Result<usize> {
    let db = fill::open(database, folder).await?;
    let rows = fill::rows(&db, of).await;
    db.close().await;
    Ok(usize::try_from(rows?)?)
}

/// A group of ours for each of Google's.
fn settings(groups: Groups) -> String {
    let each = (0..groups.count).map(|it| {
        let address = Groups::address(it);
        format!(
            "[[permissions.groups]]\nname = \"group-{it}\"\npermits = [\"announce\"]\n\n\
             [[permissions.sources]]\ngroup = \"group-{it}\"\ngoogle = \"{address}\"\n\n"
        )
    });
    let domain = "[permissions]\nemail_domain = \"example.com\"\n\n";
    std::iter::once(domain.to_owned()).chain(each).collect()
}

/// A page of `users.list` of a workspace with so many people: as large as Slack's are.
pub fn page(uri: &Uri, people: usize) -> String {
    let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let (mut from, mut limit) = (0, people);
    for (name, value) in query {
        match (&*name, value.parse()) {
            ("cursor", Ok(number)) => from = number,
            ("limit", Ok(number)) => limit = number,
            _ => {}
        }
    }
    let to = people.min(from + limit);
    let members: Vec<String> = (from..to).map(user).collect();
    let next = match to < people {
        true => to.to_string(),
        false => String::new(),
    };
    format!(
        "{{\"ok\":true,\"cache_ts\":1700000000,\"members\":[{}],\
         \"response_metadata\":{{\"next_cursor\":\"{next}\"}}}}",
        members.join(",")
    )
}

/// Every tenth has left, every twentieth is a guest, and every fourth has an address of another
/// domain, so that they are known by one that they borrow.
fn user(number: usize) -> String {
    let deleted = number % 10 == 9;
    let restricted = number % 20 == 7;
    let domain = if number % 4 == 2 { "org" } else { "com" };
    USER.replace('#', &number.to_string())
        .replace("DOMAIN", domain)
        .replace("DELETED", &deleted.to_string())
        .replace("RESTRICTED", &restricted.to_string())
}

/// Most of it is of no use to us.
const USER: &str = r##"{"id":"U0B#","team_id":"T0BENCH","name":"person-#","deleted":DELETED,
"color":"9f69e7","real_name":"Person # of Many","tz":"Europe/Prague",
"tz_label":"Central European Summer Time","tz_offset":7200,"profile":{"title":"Reliability Engineer",
"phone":"+420 000 000 #","skype":"","real_name":"Person # of Many",
"real_name_normalized":"Person # of Many","display_name":"Person #",
"display_name_normalized":"Person #","fields":null,"status_text":"In a meeting",
"status_emoji":":calendar:","status_emoji_display_info":[],"status_expiration":1700000000,
"avatar_hash":"g1f2e3d4c5b6","image_original":"https://avatars.example.com/original/#_original.png",
"is_custom_image":true,"email":"person-#@example.DOMAIN","huddle_state":"default_unset",
"huddle_state_expiration_ts":0,"first_name":"Person","last_name":"#",
"image_24":"https://avatars.example.com/2024-01-01/000000000000_g1f2e3d4c5b6_#_24.png",
"image_32":"https://avatars.example.com/2024-01-01/000000000000_g1f2e3d4c5b6_#_32.png",
"image_48":"https://avatars.example.com/2024-01-01/000000000000_g1f2e3d4c5b6_#_48.png",
"image_72":"https://avatars.example.com/2024-01-01/000000000000_g1f2e3d4c5b6_#_72.png",
"image_192":"https://avatars.example.com/2024-01-01/000000000000_g1f2e3d4c5b6_#_192.png",
"image_512":"https://avatars.example.com/2024-01-01/000000000000_g1f2e3d4c5b6_#_512.png",
"image_1024":"https://avatars.example.com/2024-01-01/000000000000_g1f2e3d4c5b6_#_1024.png",
"status_text_canonical":"","team":"T0BENCH"},"is_admin":false,"is_owner":false,
"is_primary_owner":false,"is_restricted":RESTRICTED,"is_ultra_restricted":false,"is_bot":false,
"is_app_user":false,"updated":1700000000,"is_email_confirmed":true,
"who_can_share_contact_card":"EVERYONE"}"##;
