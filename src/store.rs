//! SQL, and nothing else: one file per aggregate, one text for SQLite and PostgreSQL.
//!
//! Every function takes an open [`Tx`], so that a use case composes them in one commit and there
//! is no way to write outside of a transaction. A function says nothing of *why*: rules live in
//! the domain, and only the desk, the outbox, the worker of the inbox and the intake of signals call what writes.

mod among;
pub mod announcements;
pub mod assignees;
pub mod audit;
pub mod backup;
pub mod channels;
pub mod checks;
pub mod components;
pub mod db;
pub mod deliveries;
pub mod etas;
pub mod health;
pub mod homes;
pub mod idempotency;
pub mod inbox;
pub mod late;
pub mod leases;
pub mod migrations;
pub mod outages;
pub mod people;
pub mod places;
pub mod reach;
pub mod rights;
pub mod runs;
pub mod shares;
pub mod signals;
pub mod syncs;
pub mod timeline;
pub mod trouble;
pub mod versions;
pub mod waiting;
pub mod workspaces;

pub use db::{Db, Tx};

/// A failed statement. Treat it as the end of the transaction: PostgreSQL refuses all that follows.
pub type Error = sqlx::Error;
pub type Result<T> = std::result::Result<T, Error>;
