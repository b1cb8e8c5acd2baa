//! Every store function on both databases.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

mod announcements;
mod attempts;
mod backup;
mod catalog;
mod channels;
#[path = "../harness/databases.rs"]
mod databases;
mod deliveries;
mod faults;
mod health;
mod homes;
mod leases;
mod locks;
mod migrations;
mod outages;
mod people;
mod roles;
mod samples;
mod signals;

/// Another run on this server, in a container of its own, has the same numbers of processes.
#[tokio::test(flavor = "multi_thread")]
async fn databases_of_another_run_are_in_nobodys_way() {
    let address = databases::empty_postgres().await;
    let process = std::process::id();
    let theirs = ["template", "test", "empty"].map(|it| match it {
        "template" => format!("template_{process}"),
        it => format!("{it}_{process}_0"),
    });
    for name in &theirs {
        databases::administer(&address, &format!("CREATE DATABASE {name}")).await;
    }
    let scratch = databases::postgres().await;
    drop(scratch.db.begin().await.unwrap());
    databases::empty_postgres().await;
    for name in &theirs {
        databases::administer(&address, &format!("DROP DATABASE {name}")).await;
    }
}
