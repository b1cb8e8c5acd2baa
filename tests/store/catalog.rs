//! The catalogue: what is said of components, provisioning it, and purging.

use std::collections::BTreeSet;

use balefire::{
    clock::Clock,
    config::{parse_catalog, write_catalog},
    desk::catalog::{self, CatalogError, Fate},
    domain::{
        actor::Identity,
        catalog::{Conflict, Kind, Plan},
        component::{Described, Known, Link},
        ids::ComponentKey,
    },
    store,
};
use fastrand::Rng;

use crate::{on_both, samples::*};

fn cli() -> Identity {
    Identity::CommandLine { name: "cli".into() }
}

async fn provision(
    db: &store::Db,
    wanted: &[Described],
    prune: bool,
) -> Result<Plan, CatalogError> {
    catalog::provision(db, &Clock::system(), &workspace(), wanted, prune, &cli()).await
}

async fn all(db: &store::Db) -> Vec<Known> {
    catalog::components(db, &workspace()).await.unwrap()
}

async fn said(db: &store::Db) -> Vec<Described> {
    all(db).await.into_iter().map(|it| it.said).collect()
}

async fn purge(db: &store::Db, keys: &[&str]) -> Result<Vec<(ComponentKey, Fate)>, CatalogError> {
    let keys: Vec<ComponentKey> = keys.iter().map(|it| ComponentKey::from(*it)).collect();
    let foretold = catalog::would_purge(db, &workspace(), &keys).await;
    let done = catalog::purge(db, &Clock::system(), &workspace(), &keys, &cli()).await;
    match (&foretold, &done) {
        (Ok(foretold), Ok(done)) => assert_eq!(foretold, done),
        (foretold, done) => assert_eq!(foretold.is_ok(), done.is_ok()),
    }
    done
}

/// Long enough for a statement to come to a lock that somebody holds.
const A_WHILE: std::time::Duration = std::time::Duration::from_millis(300);

/// An outage of a component that is there, which the component's row does not feel.
async fn outage_of(tx: &mut store::Tx, key: &str) {
    let person = person(tx, "U1").await;
    let named = store::components::named(tx, &workspace(), &[key.to_owned()]).await;
    let facts = facts(&named.unwrap()[0].0, &person);
    let number = store::workspaces::next_value(tx, &workspace(), "outage").await;
    let number = balefire::domain::ids::OutageNumber(number.unwrap());
    store::outages::insert(tx, number, facts, &cli(), noon())
        .await
        .unwrap();
}

fn below(key: &str, parents: &[&str]) -> Described {
    let mut said = Described::plain(key, &key.to_uppercase());
    said.parents = parents.iter().map(|it| ComponentKey::from(*it)).collect();
    said
}

/// Of everything that can be said, something.
fn drawn(rng: &mut Rng) -> Vec<Described> {
    let mut keys: Vec<usize> = (0..8).collect();
    rng.shuffle(&mut keys);
    keys.truncate(rng.usize(0..8));
    let all: BTreeSet<usize> = keys.iter().copied().collect();
    keys.into_iter()
        .map(|n| {
            // Mostly names of their own.
            let name = match rng.u8(0..20) {
                0 => rng.usize(0..8),
                _ => n + 8 * rng.usize(0..3),
            };
            let mut said = Described::plain(&format!("k{n}"), &format!("Name {name}"));
            let mut some = |most: usize| {
                let mut some: Vec<usize> = all.iter().copied().filter(|it| *it < n).collect();
                some.extend((rng.u8(0..20) == 0).then(|| rng.usize(0..8)));
                some.retain(|it| *it != n);
                rng.shuffle(&mut some);
                some.truncate(rng.usize(0..=most));
                some
            };
            said.parents = some(2)
                .iter()
                .map(|it| ComponentKey(format!("k{it}")))
                .collect();
            said.aliases = some(1).iter().map(|it| format!("a{n}-{it}")).collect();
            if rng.u8(0..10) == 0 {
                said.aliases.insert(format!("a{}", rng.usize(0..3)));
            }
            said.owner = rng.bool().then(|| format!("Team \"{}\"", rng.usize(0..3)));
            said.description = rng.bool().then(|| "two\nlines".to_owned());
            if rng.bool() {
                said.attributes.insert("region".into(), "eu".into());
                said.links.push(Link {
                    name: "Runbook".into(),
                    url: "https://wiki.example.com".into(),
                });
            }
            said.retired = rng.u8(0..10) == 0;
            said
        })
        .collect()
}

on_both! {
    async fn everything_that_is_said_is_kept(db: &Db) {
        let mut payments = below("payments", &["ledger", "cards"]);
        payments.aliases = ["pay".to_owned(), "checkout".to_owned()].into();
        payments.attributes.insert("group".into(), "Money \"€\"".into());
        payments.owner = Some("Team 💸".into());
        payments.description = Some("one\n\ttwo".into());
        payments.links = ["z", "a"].map(|it| Link { name: it.into(), url: format!("https://{it}.test/?a=b&c") }).into();
        let wanted = [payments.clone(), below("cards", &[]), below("ledger", &["cards"])];
        let plan = provision(db, &wanted, false).await.unwrap();
        assert_eq!((plan.count(Kind::New), plan.steps.len()), (3, 3));
        let known = all(db).await;
        assert_eq!(known.iter().map(|it| it.said.clone()).collect::<Vec<_>>(), [wanted[1].clone(), wanted[2].clone(), payments.clone()]);

        let mut tx = db.read().await.unwrap();
        let id = |key: &str| known.iter().find(|it| it.said.key.as_str() == key).unwrap().id;
        let asked = [id("payments"), id("cards")];
        let parents = store::components::parents(&mut tx, &asked).await.unwrap();
        assert_eq!(parents, [(id("payments"), id("cards")), (id("payments"), id("ledger"))]);
        drop(tx);

        // Less is said, and other words.
        let mut changed = below("payments", &["cards"]);
        changed.aliases = ["cash".to_owned()].into();
        let plan = provision(db, &[changed.clone()], false).await.unwrap();
        assert_eq!((plan.count(Kind::Changed), plan.left), (1, 2));
        assert_eq!(said(db).await[2], changed);
        assert_eq!(all(db).await[2].id, id("payments"));
    }

    async fn provisioning_again_writes_nothing(db: &Db) {
        let wanted = [below("a", &[]), below("b", &["a"])];
        provision(db, &wanted, false).await.unwrap();
        let again = provision(db, &wanted, true).await.unwrap();
        assert_eq!((again.steps.len(), again.unchanged, again.left), (0, 2, 0));
        let mut tx = db.read().await.unwrap();
        let told = store::audit::newest(&mut tx, "catalog.provision", 10).await.unwrap();
        assert_eq!(told.len(), 1, "{told:?}");
    }

    async fn who_changed_what_is_recorded_for_each(db: &Db) {
        provision(db, &[below("a", &[]), below("b", &[])], false).await.unwrap();
        let mut renamed = below("a", &["b"]);
        renamed.name = "Renamed".into();
        provision(db, &[renamed, below("b", &[])], false).await.unwrap();
        provision(db, &[below("b", &[])], true).await.unwrap();
        purge(db, &["a"]).await.unwrap();
        let mut tx = db.read().await.unwrap();
        let newest = async |tx: &mut store::Tx, action: &str| store::audit::newest(tx, action, 10).await.unwrap();
        let added = newest(&mut tx, "component.add").await;
        assert_eq!(added.len(), 2, "{added:?}");
        assert_eq!(added[0]["detail"]["name"]["new"], "B");
        let changed = newest(&mut tx, "component.change").await;
        assert_eq!(changed.len(), 1, "{changed:?}");
        assert_eq!(changed[0]["subject"], "a");
        assert_eq!(changed[0]["actor"]["name"], "cli");
        assert_eq!(changed[0]["detail"], serde_json::json!({
            "name": { "old": "A", "new": "Renamed" }, "parents": { "old": "", "new": "b" } }));
        assert_eq!(newest(&mut tx, "component.retire").await[0]["subject"], "a");
        let deleted = newest(&mut tx, "component.delete").await;
        assert_eq!(deleted[0]["detail"]["name"], "Renamed");
        let whole = newest(&mut tx, "catalog.provision").await;
        assert_eq!(whole[0]["detail"]["retired"], 1);
    }

    async fn nothing_of_a_refused_catalogue_is_written(db: &Db) {
        provision(db, &[below("a", &[])], false).await.unwrap();
        let mut same = below("c", &[]);
        same.name = "a".into();
        let refused = provision(db, &[below("b", &[]), same], false).await;
        assert!(matches!(refused, Err(CatalogError::Refused(it)) if matches!(it[..], [Conflict::Name { .. }])));
        assert_eq!(said(db).await, [below("a", &[])]);
    }

    async fn words_move_from_one_component_to_another(db: &Db) {
        let with = |key: &str, alias: &str| {
            let mut said = below(key, &[]);
            said.aliases.insert(alias.into());
            said
        };
        provision(db, &[with("a", "x"), with("b", "y")], false).await.unwrap();
        provision(db, &[with("a", "y"), with("b", "x")], false).await.unwrap();
        assert_eq!(said(db).await, [with("a", "y"), with("b", "x")]);
        // What is retired gives its words back, and its name.
        provision(db, &[with("b", "x")], true).await.unwrap();
        let mut heir = with("heir", "y");
        heir.aliases.insert("a".into());
        heir.name = "A".into();
        provision(db, &[with("b", "x"), heir.clone()], true).await.unwrap();
        let known = said(db).await;
        assert!(known[0].retired && known[0].aliases.is_empty(), "{known:?}");
        assert_eq!(known[2], heir);
    }

    async fn what_is_retired_is_since_then_and_can_come_back(db: &Db) {
        provision(db, &[below("a", &[]), below("b", &[])], false).await.unwrap();
        provision(db, &[below("b", &[])], true).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        assert_eq!(store::components::count(&mut tx, &workspace()).await.unwrap(), 1);
        drop(tx);
        let mut renamed = below("a", &[]);
        renamed.retired = true;
        renamed.owner = Some("nobody".into());
        let plan = provision(db, &[renamed, below("b", &[])], true).await.unwrap();
        assert_eq!((plan.count(Kind::Changed), plan.count(Kind::Retired)), (1, 0));
        provision(db, &[below("a", &[])], false).await.unwrap();
        assert_eq!(said(db).await, [below("a", &[]), below("b", &[])]);
    }

    // Whatever files come one after the other: what `diff` says is what `provision` does, and a
    // file that was exported changes nothing.
    async fn what_is_foretold_is_done_and_what_is_exported_changes_nothing(db: &Db) {
        let mut done = 0;
        for seed in 0..40 {
            let mut rng = Rng::with_seed(seed);
            let (wanted, prune) = (drawn(&mut rng), rng.bool());
            let before = said(db).await;
            let foretold = catalog::would_provision(db, &workspace(), &wanted, prune).await;
            assert_eq!(said(db).await, before, "seed {seed}: it was only asked");
            let plan = match (foretold, provision(db, &wanted, prune).await) {
                (Ok(foretold), Ok(plan)) => {
                    assert_eq!(foretold, plan, "seed {seed}");
                    plan
                }
                (Err(CatalogError::Refused(foretold)), Err(CatalogError::Refused(found))) => {
                    assert_eq!(foretold, found, "seed {seed}");
                    assert_eq!(said(db).await, before, "seed {seed}");
                    continue;
                }
                other => panic!("seed {seed}: {other:?}"),
            };
            done += 1;
            let known = said(db).await;
            for step in &plan.steps {
                assert!(known.contains(&step.after), "seed {seed}: {step:?}");
            }
            let touched: Vec<&ComponentKey> = plan.steps.iter().map(|it| &it.after.key).collect();
            let untouched = |all: &[Described]| -> Vec<Described> {
                all.iter().filter(|it| !touched.contains(&&it.key)).cloned().collect()
            };
            assert_eq!(untouched(&known), untouched(&before), "seed {seed}");

            let live: Vec<Described> = known.iter().filter(|it| !it.retired).cloned().collect();
            for exported in [&known, &live] {
                let file = parse_catalog(&write_catalog(exported), "exported").unwrap();
                for prune in [true, false] {
                    let again = catalog::would_provision(db, &workspace(), &file.entries, prune).await;
                    let again = again.unwrap();
                    assert_eq!(again.steps, [], "seed {seed}");
                    assert_eq!((again.unchanged, again.left), (exported.len(), 0), "seed {seed}");
                }
            }
        }
        assert!(done > 10, "only {done} of 40 could be written");
    }

    async fn two_who_provision_at_once_come_one_after_the_other(db: &Db) {
        for round in 0..10 {
            let name = format!("Name {round}");
            let file = |who: &str| -> Vec<Described> {
                let mut said = Described::plain(&format!("{who}{round}"), &name);
                said.aliases.insert(format!("alias{round}"));
                vec![said, Described::plain(&format!("both{round}"), &format!("{round} of {who}"))]
            };
            let (left, right) = (file("l"), file("r"));
            let (left, right) = tokio::join!(provision(db, &left, false), provision(db, &right, false));
            let refused = [left, right].into_iter().filter_map(Result::err).collect::<Vec<_>>();
            assert!(matches!(&refused[..], [CatalogError::Refused(_)]), "{refused:?}");
            let known = said(db).await;
            let named = known.iter().filter(|it| it.name == name).count();
            assert_eq!((named, known.len()), (1, 2 * (round + 1)));
        }
    }

    async fn the_same_file_at_once_is_written_once(db: &Db) {
        let wanted: Vec<Described> = (0..50).map(|n| below(&format!("k{n}"), &[])).collect();
        let plans = tokio::join!(
            provision(db, &wanted, true), provision(db, &wanted, true), provision(db, &wanted, true));
        let new = [plans.0, plans.1, plans.2].map(|it| it.unwrap().count(Kind::New));
        assert_eq!(new.iter().sum::<usize>(), 50, "{new:?}");
        assert!(new.contains(&50), "{new:?}");
    }

    async fn only_what_nothing_refers_to_is_deleted(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let outage = outage(&mut tx).await;
        tx.commit().await.unwrap();
        let mut payments = below("payments", &[]);
        payments.name = "Payments".into();
        provision(db, &[payments, below("plain", &[]), below("child", &["plain"])], false).await.unwrap();
        let id = all(db).await.iter().find(|it| it.said.key.as_str() == "plain").unwrap().id;

        let fates = purge(db, &["plain", "payments"]).await.unwrap();
        let needed = Fate::Needed { by: vec!["child".into()] };
        assert_eq!(fates, [("plain".into(), needed), ("payments".into(), Fate::Retired { outages: 1, before: false })]);
        let fates = purge(db, &["payments", "child", "plain"]).await.unwrap();
        let stays = Fate::Retired { outages: 1, before: true };
        assert_eq!(fates, [("payments".into(), stays), ("child".into(), Fate::Deleted), ("plain".into(), Fate::Deleted)]);
        assert_eq!(said(db).await.len(), 1);

        // The outage is about its component as ever, and the key that is gone is another component.
        let mut tx = db.begin().await.unwrap();
        let read = store::outages::by_number(&mut tx, &workspace(), outage.number).await.unwrap().unwrap();
        assert_eq!(read.affected[0].component.key.as_str(), "payments");
        drop(tx);
        provision(db, &[below("plain", &[])], false).await.unwrap();
        assert_ne!(all(db).await[1].id, id);
        assert!(matches!(purge(db, &["plain", "nothing"]).await, Err(CatalogError::Unknown(key)) if key.as_str() == "nothing"));
        assert_eq!(said(db).await.len(), 2);
    }

    async fn a_component_that_an_outage_once_had_is_not_deleted(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let mut outage = outage(&mut tx).await;
        let other = component(&mut tx, "other", "Other").await;
        outage.affected[0].component = other;
        let by = cli();
        let written = store::outages::save(&mut tx, outage, &by, "it is the other one", later(60)).await;
        assert!(written.unwrap().is_some());
        tx.commit().await.unwrap();
        let fates = purge(db, &["payments", "other"]).await.unwrap();
        let retired = Fate::Retired { outages: 1, before: false };
        assert_eq!(fates, [("payments".into(), retired.clone()), ("other".into(), retired)]);
    }

    async fn an_outage_that_is_being_announced_keeps_its_component(db: &Db) {
        let mut payments = below("payments", &[]);
        payments.name = "Payments".into();
        provision(db, &[payments], false).await.unwrap();
        let mut announcing = db.begin().await.unwrap();
        outage_of(&mut announcing, "payments").await;
        let (at, keys) = (db.clone(), [ComponentKey::from("payments")]);
        let mut purging = tokio::spawn(async move {
            catalog::purge(&at, &Clock::system(), &workspace(), &keys, &cli()).await
        });
        let waits = tokio::time::timeout(A_WHILE, &mut purging).await;
        assert!(waits.is_err(), "{waits:?}");
        announcing.commit().await.unwrap();
        let fates = purging.await.unwrap().unwrap();
        assert_eq!(fates, [("payments".into(), Fate::Retired { outages: 1, before: false })]);
    }

    async fn a_retired_child_lets_its_parent_go(db: &Db) {
        provision(db, &[below("base", &[]), below("top", &["base"])], false).await.unwrap();
        provision(db, &[below("base", &[])], true).await.unwrap();
        let fates = purge(db, &["base"]).await.unwrap();
        assert_eq!(fates, [("base".into(), Fate::Deleted)]);
        let mut top = below("top", &[]);
        top.retired = true;
        assert_eq!(said(db).await, [top]);
    }
}
