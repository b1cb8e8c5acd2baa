//! Every store function on both databases.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

mod announcements;
mod backup;
mod channels;
#[path = "../harness/databases.rs"]
mod databases;
mod deliveries;
mod faults;
mod leases;
mod locks;
mod migrations;
mod outages;
mod people;
mod roles;
mod samples;
