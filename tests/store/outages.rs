//! Outages, their parts, versions, timeline and announcement.

use balefire::{
    domain::{
        actor::Identity, component::Described, effect::Event, ids::*, money::Money, outage::*,
        time::Timestamp,
    },
    store::{self, Tx},
};
use sqlx::types::Json;

use crate::{on_both, samples::*};

/// A version as it is kept: its number, who made it, why, and when.
type Kept = (i64, Json<Identity>, String, Timestamp);

async fn versions(tx: &mut Tx, outage: OutageId) -> Vec<Kept> {
    const SQL: &str = "SELECT version, actor, why, recorded_at FROM outage_versions
        WHERE outage_id = $1 ORDER BY version";
    match tx {
        Tx::Sqlite(tx) => sqlx::query_as(SQL).bind(outage).fetch_all(&mut **tx).await,
        Tx::Postgres(tx) => sqlx::query_as(SQL).bind(outage).fetch_all(&mut **tx).await,
    }
    .unwrap()
}

on_both! {
    async fn an_outage_reads_back_as_it_was_written(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let written = outage(&mut tx).await;
        tx.commit().await.unwrap();
        let mut tx = db.read().await.unwrap();
        let read = store::outages::by_number(&mut tx, &workspace(), OutageNumber(1)).await.unwrap().unwrap();
        assert_eq!(read, written);
        assert_eq!(store::outages::by_id(&mut tx, written.id).await.unwrap().unwrap(), written);
        assert_eq!(store::versions::at_version(&mut tx, written.id, 1).await.unwrap().unwrap(), written);
        assert_eq!(store::outages::by_number(&mut tx, &"T2".into(), OutageNumber(1)).await.unwrap(), None);
    }

    async fn numbers_have_no_gaps_after_a_rollback(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        outage(&mut tx).await;
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        assert_eq!(outage(&mut tx).await.number, OutageNumber(1));
        assert_eq!(outage(&mut tx).await.number, OutageNumber(2));
    }

    async fn a_stale_version_is_not_written(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let first = outage(&mut tx).await;
        let by = Identity::CommandLine { name: "test".into() };
        let mut next = first.clone();
        next.summary = "Only some cards".into();
        next.turnover = Some(Money { minor: 100_000, currency: "EUR".into() });
        let saved = store::outages::save(&mut tx, next.clone(), &by, "typo", later(5)).await.unwrap().unwrap();
        assert_eq!(saved.version, 2);
        let stale = store::outages::save(&mut tx, next, &by, "typo", later(6)).await.unwrap();
        assert_eq!(stale, None);
        let read = store::outages::by_id(&mut tx, first.id).await.unwrap().unwrap();
        assert_eq!(read, saved);
        assert_eq!(store::versions::at_version(&mut tx, first.id, 1).await.unwrap().unwrap(), first);
    }

    async fn every_version_is_kept_with_who_when_and_why(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let first = outage(&mut tx).await;
        let by = Identity::CommandLine { name: "test".into() };
        let mut next = first.clone();
        next.summary = "Only some cards".into();
        let second = store::outages::save(&mut tx, next, &by, "narrowed down", later(5)).await.unwrap().unwrap();
        let author = Identity::Person { id: first.roles.creator };
        let expected = [
            (1, Json(author), String::new(), noon()),
            (2, Json(by), "narrowed down".into(), later(5)),
        ];
        assert_eq!(versions(&mut tx, first.id).await, expected);
        for version in [first, second] {
            let kept = store::versions::at_version(&mut tx, version.id, version.version).await;
            assert_eq!(kept.unwrap().unwrap(), version);
        }
    }

    async fn a_resolved_outage_leaves_the_open_list(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let first = outage(&mut tx).await;
        let second = outage(&mut tx).await;
        let by = Identity::Person { id: first.roles.creator };
        let mut next = first.clone();
        next.phase = Phase::Resolved(Resolution {
            at: later(60),
            by: by.clone(),
            first_recorded_at: later(61),
            text: String::new(),
            post_mortem_wanted: true,
        });
        let resolved = store::outages::save(&mut tx, next, &by, "", later(61)).await.unwrap().unwrap();
        assert_eq!(store::outages::open(&mut tx, &workspace(), 10).await.unwrap(), [second]);
        assert_eq!(store::outages::ended(&mut tx, &workspace(), 10).await.unwrap(), [resolved]);
        assert_eq!(store::outages::count_open(&mut tx).await.unwrap(), 1);
    }

    async fn the_timeline_gives_the_last_lines_in_order(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let outage = outage(&mut tx).await;
        let by = Identity::Person { id: outage.roles.creator };
        for n in 1..=3 {
            let event = Event::Updated { text: format!("line {n}"), changes: vec![] };
            store::timeline::add(&mut tx, outage.id, 1, &by, &event, later(n), later(n)).await.unwrap();
        }
        let (lines, total) = store::timeline::last(&mut tx, outage.id, 2).await.unwrap();
        assert_eq!(total, 3);
        let at: Vec<_> = lines.iter().map(|it| it.occurred_at).collect();
        assert_eq!(at, [later(2), later(3)]);
        let read = store::outages::by_id(&mut tx, outage.id).await.unwrap().unwrap();
        assert_eq!(read.last_update.as_ref().unwrap().text, "line 3");
    }

    async fn an_announcement_learns_where_it_stands(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let outage = outage(&mut tx).await;
        store::announcements::insert(&mut tx, outage.id, &workspace(), &"C1".into(), None).await.unwrap();
        store::announcements::record_posted(&mut tx, outage.id, 1, &"C1".into(), &"1.000001".into(), later(1)).await.unwrap();
        store::announcements::record_permalink(&mut tx, outage.id, 1, "https://x.test/p1").await.unwrap();
        store::announcements::record_pinned(&mut tx, outage.id, 1, true, later(1)).await.unwrap();
        let read = store::announcements::of_outage(&mut tx, outage.id).await.unwrap().unwrap();
        assert_eq!(read.message_ts, Some("1.000001".into()));
        assert_eq!(read.permalink.as_deref(), Some("https://x.test/p1"));
        assert!(read.pinned);
    }

    async fn components_are_found_by_name_key_and_alias(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        for (key, name, alias) in [("payments", "Payments", "pay"), ("partner-api", "Partner API", "b2b"), ("odd", "100%_sure!", "x")] {
            let mut said = Described::plain(key, name);
            said.aliases.insert(alias.to_owned());
            store::components::save(&mut tx, &workspace(), &[&said], noon()).await.unwrap();
        }
        async fn found(tx: &mut store::Tx, query: &str) -> Vec<String> {
            let found = store::components::search(tx, &workspace(), query, 10).await.unwrap();
            found.into_iter().map(|it| it.name).collect()
        }
        assert_eq!(found(&mut tx, "").await, ["100%_sure!", "Partner API", "Payments"]);
        assert_eq!(found(&mut tx, "PAY").await, ["Payments"]);
        assert_eq!(found(&mut tx, "api").await, ["Partner API"]);
        assert_eq!(found(&mut tx, "b2").await, ["Partner API"]);
        assert_eq!(found(&mut tx, "%").await, ["100%_sure!"]);
        assert_eq!(found(&mut tx, "_s").await, ["100%_sure!"]);
        assert_eq!(found(&mut tx, "e!").await, ["100%_sure!"]);
        for name in ["partner-api", "odd"] {
            let other = store::components::named(&mut tx, &workspace(), &[name.to_owned()]).await.unwrap();
            store::components::retire(&mut tx, &[other[0].0.id], noon()).await.unwrap();
        }
        assert_eq!(found(&mut tx, "").await, ["Payments"]);
        assert_eq!(store::components::count(&mut tx, &workspace()).await.unwrap(), 1);
    }

    async fn recent_components_come_first_for_who_used_them(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let used = outage(&mut tx).await;
        component(&mut tx, "booking", "Booking").await;
        let recent = store::components::recent(&mut tx, &workspace(), used.roles.creator, 5).await.unwrap();
        assert_eq!(recent, [used.affected[0].component.clone()]);
    }
}
