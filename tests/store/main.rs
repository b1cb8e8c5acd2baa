//! Every store function on both databases.

#[path = "../harness/databases.rs"]
mod databases;
mod deliveries;
mod outages;
mod people;
mod samples;
