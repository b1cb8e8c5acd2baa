//! Every store function on both databases.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

mod channels;
#[path = "../harness/databases.rs"]
mod databases;
mod deliveries;
mod leases;
mod locks;
mod outages;
mod people;
mod samples;
