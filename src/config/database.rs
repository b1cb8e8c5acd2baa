//! `[database]`: which database. Opening it is the store's business.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::problem::Fault;
use super::reader::Reader;
use super::secret::{Found, SecretSetting, without_password};

#[derive(Debug, Clone)]
pub struct Database {
    pub url: DatabaseUrl,
    /// PostgreSQL only: as whom the tables are made and changed, if not as in `url`.
    pub migrate_url: Option<SecretString>,
    pub max_connections: u32,
}

/// Shows itself without the password, in `Display` and in `Debug`.
#[derive(Clone)]
pub enum DatabaseUrl {
    Sqlite(PathBuf),
    /// The whole address, as PostgreSQL clients take it.
    Postgres(SecretString),
}

impl Database {
    /// The address for tools of PostgreSQL's, which take the password from elsewhere; none for a
    /// file. Of the role that owns the tables, if there is one of its own.
    pub fn address_for_tools(&self) -> Option<String> {
        let DatabaseUrl::Postgres(running) = &self.url else {
            return None;
        };
        let whole = self.migrate_url.as_ref().unwrap_or(running).expose_secret();
        Some(without_any_password(whole))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_password(url.expose_secret())),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const URL: SecretSetting = SecretSetting {
    key: "database.url",
    file_key: "database.url_file",
    default: "sqlite:balefire.db",
    show: without_secret,
};

const MIGRATE_URL: SecretSetting = SecretSetting {
    key: "database.migrate_url",
    file_key: "database.migrate_url_file",
    default: "",
    show: without_secret,
};

pub(super) fn read(reader: &mut Reader) -> Option<Database> {
    let url = match URL.read(reader, parse) {
        Found::Value(url) => Some(url),
        Found::Unreadable(problem) => {
            reader.report(problem);
            None
        }
        Found::Unset | Found::Refused => None,
    };
    let other = |text: &str| parse_migrate_url(text, url.as_ref());
    let migrate_url = match MIGRATE_URL.read(reader, other) {
        Found::Value(url) => Some(Some(url)),
        Found::Unset => Some(None),
        Found::Unreadable(problem) => {
            reader.report(problem);
            None
        }
        Found::Refused => None,
    };
    let max_connections = reader.number("database.max_connections", 16, 1..=1000, "connections");
    Some(Database {
        url: url?,
        migrate_url: migrate_url?,
        max_connections: max_connections?,
    })
}

fn parse(text: &str) -> Result<DatabaseUrl, Fault> {
    if let Some(path) = text.strip_prefix("sqlite:") {
        return sqlite(path.strip_prefix("//").unwrap_or(path));
    }
    let example = "Write sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE.";
    let url = Url::parse(text)
        .map_err(|error| Fault::new(format!("It is not a database address: {error}."), example))?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(Fault::new("Only SQLite and PostgreSQL are known.", example));
    }
    let host_in_query = url.query_pairs().any(|(name, _)| name == "host");
    if url.host_str().unwrap_or_default().is_empty() && !host_in_query {
        return Err(Fault::new("It names no host.", example));
    }
    Ok(DatabaseUrl::Postgres(text.into()))
}

fn parse_migrate_url(text: &str, running: Option<&DatabaseUrl>) -> Result<SecretString, Fault> {
    let DatabaseUrl::Postgres(migrating) = parse(text)? else {
        return Err(Fault::new(
            "A file has one owner; only PostgreSQL knows other roles.",
            "Leave it away, or write postgres://OWNER:PASSWORD@HOST/DATABASE.",
        ));
    };
    match running {
        Some(DatabaseUrl::Sqlite(_)) => Err(Fault::new(
            "database.url is a file, which needs no other role to be migrated.",
            "Leave it away, or let database.url name the same PostgreSQL database.",
        )),
        Some(DatabaseUrl::Postgres(running))
            if database_in(running.expose_secret()) != database_in(migrating.expose_secret()) =>
        {
            Err(Fault::new(
                "It names another database than database.url.",
                "Only the role and its password may differ.",
            ))
        }
        // If that one is wrong, its own problem is told.
        Some(DatabaseUrl::Postgres(_)) | None => Ok(migrating),
    }
}

/// The name of the database in an address. How its server is reached may differ, as with a pooler.
fn database_in(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let name = url.path().trim_start_matches('/').to_owned();
    let in_query = url.query_pairs().find(|(name, _)| name == "dbname");
    Some(in_query.map_or(name, |(_, value)| value.into_owned()))
}

fn sqlite(path: &str) -> Result<DatabaseUrl, Fault> {
    let example = "Write the path of a file: sqlite:balefire.db.";
    if path.is_empty() {
        return Err(Fault::new("It names no file.", example));
    }
    if path == ":memory:" {
        // Every connection of a pool would have a memory of its own.
        return Err(Fault::new(
            "A database in memory is not supported.",
            example,
        ));
    }
    if path.contains('?') {
        return Err(Fault::new("SQLite options are not read.", example));
    }
    Ok(DatabaseUrl::Sqlite(Path::new(path).to_owned()))
}

/// Without the password, and without what only our own driver understands.
fn without_any_password(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else {
        return "postgres://(hidden)".to_owned();
    };
    if url.set_password(None).is_err() && url.password().is_some() {
        return "postgres://(hidden)".to_owned();
    }
    let is_for_tools = |name: &str| {
        !name.contains("pass")
            && !name.starts_with("options[")
            && name != "statement-cache-capacity"
    };
    let pairs: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| is_for_tools(name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.set_query(None);
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    url.into()
}

/// A path is worth seeing; anything else may hide a password.
fn without_secret(text: &str) -> String {
    match text.starts_with("sqlite:") {
        true => text.to_owned(),
        false => without_password(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_is_a_path_in_all_spellings() {
        for (text, path) in [
            ("sqlite:balefire.db", "balefire.db"),
            ("sqlite://balefire.db", "balefire.db"),
            ("sqlite:///var/lib/balefire.db", "/var/lib/balefire.db"),
            ("sqlite:/var/lib/balefire.db", "/var/lib/balefire.db"),
        ] {
            match parse(text) {
                Ok(DatabaseUrl::Sqlite(parsed)) => assert_eq!(parsed, Path::new(path)),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn the_password_is_in_the_address_but_never_shown() {
        let text = "postgres://ana:s3cret@db/balefire";
        let url = parse(text).expect(text);
        assert!(!format!("{url} {url:?}").contains("s3cret"));
        assert_eq!(url.to_string(), "postgres://ana:***@db/balefire");
        assert!(matches!(url, DatabaseUrl::Postgres(whole) if whole.expose_secret() == text));
    }

    #[test]
    fn only_the_role_that_migrates_may_differ() {
        let running = parse("postgres://balefire:a@db/balefire").expect("an address");
        let refused = |text| parse_migrate_url(text, Some(&running)).is_err();
        assert!(!refused("postgres://owner:b@db/balefire"));
        assert!(!refused("postgresql://owner:b@primary:5433/balefire"));
        assert!(refused("postgres://owner:b@db/other"));
        assert!(refused("sqlite:balefire.db"));
        let file = parse("sqlite:balefire.db").expect("a path");
        assert!(parse_migrate_url("postgres://owner:b@db/balefire", Some(&file)).is_err());
    }

    #[test]
    fn tools_get_the_address_of_the_owner_without_its_password() {
        let database = Database {
            url: parse("postgres://balefire:s3cret@db/b?sslmode=require").expect("an address"),
            migrate_url: None,
            max_connections: 1,
        };
        let address = database.address_for_tools();
        assert_eq!(
            address.as_deref(),
            Some("postgres://balefire@db/b?sslmode=require")
        );
        let owner = "postgres://owner@db/b?password=s3cret&statement-cache-capacity=0&options[x]=1";
        let migrate_url = Some(owner.into());
        let address = Database {
            migrate_url,
            ..database
        }
        .address_for_tools();
        assert_eq!(address.as_deref(), Some("postgres://owner@db/b"));
    }

    #[test]
    fn a_socket_needs_no_host() {
        assert!(parse("postgres:///balefire?host=/run/postgresql").is_ok());
    }

    #[test]
    fn other_databases_are_refused() {
        for text in [
            "mysql://db/x",
            "balefire.db",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:a.db?mode=rwc",
            "postgres:///balefire",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
