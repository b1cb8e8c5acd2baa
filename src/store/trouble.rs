//! What went wrong with the database, in a sentence for whoever looks after it. What a driver says
//! is only passed on where it says more than we know; no driver's error has a password in it.

use std::{io::ErrorKind, path::Path};

use sqlx::{Error, postgres::PgConnectOptions};

/// What SQLite calls it, without the details of extended codes.
#[derive(PartialEq)]
enum Sqlite {
    Locked,
    ReadOnly,
    Io,
    Corrupt,
    Full,
    CannotOpen,
    NoDatabase,
}

/// For logs and commands, while it runs.
pub fn in_words(error: &Error) -> String {
    match error {
        Error::PoolTimedOut => {
            "no connection became free in time: the database is very busy or does not answer"
                .to_owned()
        }
        Error::PoolClosed => "the database was closed, because Balefire stops".to_owned(),
        Error::Io(error) => format!("the connection to the database is lost ({error})"),
        Error::Database(_) => match (sqlite(error), code(error).as_deref()) {
            (Some(known), _) => of_sqlite(&known).to_owned(),
            (None, Some(code)) => of_postgres(code, error),
            (None, None) => driver(error),
        },
        other => driver(other),
    }
}

/// As [`in_words`], for what may have gone wrong elsewhere: that says itself what it is.
pub fn of_any(error: &anyhow::Error) -> String {
    let ours = error.chain().find_map(|it| it.downcast_ref::<Error>());
    ours.map_or_else(|| format!("{error:#}"), in_words)
}

fn of_sqlite(known: &Sqlite) -> &'static str {
    match known {
        Sqlite::Locked => {
            "the database is locked: another program holds the file for longer than we wait"
        }
        Sqlite::ReadOnly => "the database may not be written: the file or its folder is read-only",
        Sqlite::Io => "the disk under the database does not work (an I/O error)",
        Sqlite::Corrupt => {
            "the database is damaged. Stop Balefire and restore the latest backup \
             (docs/operating.md says how)"
        }
        Sqlite::Full => "the disk under the database is full. Nothing is lost; make room",
        Sqlite::CannotOpen => "the file of the database cannot be opened",
        Sqlite::NoDatabase => "the file is no SQLite database",
    }
}

fn of_postgres(code: &str, error: &Error) -> String {
    let known = match code {
        "53100" => "the disk of PostgreSQL is full. Nothing is lost; make room",
        "53300" => {
            "PostgreSQL has no connection left for us. Lower database.max_connections, or raise \
             max_connections of the server"
        }
        "57P01" | "57P02" => "PostgreSQL ended the connection, because it stops or was asked to",
        "57P03" => "PostgreSQL is starting or stopping and takes no connections yet",
        "57014" => "PostgreSQL took too long for a statement and gave it up",
        "25P03" => "PostgreSQL ended a transaction that stood still for too long",
        "25006" => "PostgreSQL takes no writes: it is a standby, or set to read only",
        "42501" => {
            "our role lacks a right. Run `balefire migrate` with database.migrate_url set: it \
             grants what is needed"
        }
        _ => return driver(error),
    };
    known.to_owned()
}

/// Why an SQLite file could not be opened.
pub(super) fn opening_sqlite(path: &Path, error: &Error) -> String {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let shown = folder.display();
    match sqlite(error) {
        Some(Sqlite::CannotOpen) if !folder.exists() => {
            format!("the folder {shown} does not exist. Make it, or change database.url")
        }
        Some(Sqlite::CannotOpen) if path.is_dir() => {
            "it is a folder. Name a file in it in database.url".to_owned()
        }
        Some(Sqlite::CannotOpen | Sqlite::ReadOnly) => format!(
            "Balefire may not write there. The user it runs as must be able to write the file, and \
             the folder {shown} as well, because two more files are kept beside it"
        ),
        Some(Sqlite::NoDatabase) => {
            "the file is no SQLite database. Nothing was changed; name another one in database.url"
                .to_owned()
        }
        Some(Sqlite::Locked) => {
            "another program holds the file locked. Find out which one (`fuser FILE`) and stop it"
                .to_owned()
        }
        _ => in_words(error),
    }
}

/// Why a server could not be connected to.
pub(super) fn opening_postgres(options: &PgConnectOptions, error: &Error) -> String {
    let place = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let role = options.get_username();
    match (code(error).as_deref(), error) {
        (_, Error::PoolTimedOut) => format!(
            "PostgreSQL at {place} does not answer. Is the address right, and is no firewall \
             between?"
        ),
        (_, Error::Io(error)) if error.kind() == ErrorKind::ConnectionRefused => {
            format!("nobody listens at {place}. Is PostgreSQL running there?")
        }
        (_, Error::Io(error)) => format!("PostgreSQL at {place} cannot be reached: {error}"),
        (_, Error::Tls(error)) => {
            format!("no encrypted connection to PostgreSQL at {place}: {error}")
        }
        (Some("28P01"), _) => {
            format!("PostgreSQL at {place} refuses the password of the role {role}")
        }
        (Some("28000"), _) => format!(
            "PostgreSQL at {place} does not let the role {role} in: there is no such role, or \
             pg_hba.conf has no line for it"
        ),
        (Some("3D000"), _) => {
            let name = options.get_database().unwrap_or(role);
            format!(
                "there is no database {name} at {place}. Make it (`createdb {name}`), or change \
                 the address"
            )
        }
        _ => in_words(error),
    }
}

pub(super) fn is_busy(error: &Error) -> bool {
    sqlite(error) == Some(Sqlite::Locked)
}

/// Whether it is the database that does not work, and not what it was asked to write: then everything
/// else fails as well, and the same may go through later.
pub fn is_of_the_database(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::PoolTimedOut | Error::PoolClosed => true,
        Error::WorkerCrashed | Error::Protocol(_) => true,
        Error::Database(_) => match (sqlite(error), code(error).as_deref()) {
            (Some(_), _) => true,
            // A statement that takes too long may be the fault of what it writes.
            (None, Some("57014")) => false,
            // It ended the transaction, or takes no writes.
            (None, Some("25P03" | "25006")) => true,
            (None, Some(code)) if code.len() == 5 => OF_THE_SERVER.contains(&&code[..2]),
            _ => false,
        },
        _ => false,
    }
}

/// Classes of PostgreSQL's codes: connections, transactions undone for another, rights and tables that
/// are not there, resources, operators, the system.
const OF_THE_SERVER: [&str; 6] = ["08", "40", "42", "53", "57", "58"];

/// Whether PostgreSQL says that the role may not do this.
pub(super) fn is_forbidden(error: &Error) -> bool {
    sqlite(error).is_none() && code(error).as_deref() == Some("42501")
}

fn code(error: &Error) -> Option<String> {
    let code = error.as_database_error()?.code()?;
    Some(code.into_owned())
}

fn sqlite(error: &Error) -> Option<Sqlite> {
    let error = error.as_database_error()?;
    error.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
    let extended: i32 = error.code()?.parse().ok()?;
    match extended & 0xff {
        5 | 6 => Some(Sqlite::Locked),
        8 => Some(Sqlite::ReadOnly),
        10 => Some(Sqlite::Io),
        11 => Some(Sqlite::Corrupt),
        13 => Some(Sqlite::Full),
        14 => Some(Sqlite::CannotOpen),
        26 => Some(Sqlite::NoDatabase),
        _ => None,
    }
}

fn driver(error: &Error) -> String {
    format!("the database does not do what it should: {error}")
}
