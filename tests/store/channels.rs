//! Dedicated channels, shared messages, and what becomes due about them.

use balefire::{
    domain::{actor::Identity, ids::*, outage::*},
    store::{self, Tx, shares::Source},
};

use crate::{on_both, samples::*};

async fn requested(tx: &mut Tx, outage: &Outage) {
    let by = Identity::Person {
        id: outage.roles.creator,
    };
    store::channels::request(
        tx,
        outage.id,
        &workspace(),
        "o-payments-260301",
        true,
        &by,
        noon(),
    )
    .await
    .unwrap();
}

async fn channel_of(tx: &mut Tx, outage: &Outage) -> Option<DedicatedChannel> {
    store::outages::by_id(tx, outage.id)
        .await
        .unwrap()
        .unwrap()
        .facts
        .channel
}

async fn ended(tx: &mut Tx, outage: &Outage, at: u64) -> Outage {
    let by = Identity::Person {
        id: outage.roles.creator,
    };
    let mut next = outage.clone();
    next.phase = Phase::Resolved(Resolution {
        at: later(at),
        by: by.clone(),
        first_recorded_at: later(at),
        text: String::new(),
        post_mortem_wanted: false,
    });
    store::outages::save(tx, next, &by, "", later(at))
        .await
        .unwrap()
        .unwrap()
}

fn source(ts: &str, text: &str) -> Source {
    Source {
        channel: "C5".into(),
        ts: ts.into(),
        author_user: "U2".into(),
        author_name: "Bo".into(),
        author_picture: None,
        text: text.into(),
        permalink: Some("https://x.test/p5".into()),
    }
}

on_both! {
    async fn a_channel_is_wanted_then_there_then_archived(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let outage = outage(&mut tx).await;
        assert_eq!(channel_of(&mut tx, &outage).await, None);
        requested(&mut tx, &outage).await;
        let wanted = channel_of(&mut tx, &outage).await.unwrap();
        assert_eq!((wanted.name.as_str(), wanted.id), ("o-payments-260301", None));
        store::channels::record_ready(&mut tx, outage.id, &"C5".into(), "o-payments-260301-2").await.unwrap();
        store::channels::record_topic(&mut tx, outage.id, "Investigating").await.unwrap();
        let there = channel_of(&mut tx, &outage).await.unwrap();
        assert_eq!((there.name.as_str(), there.id), ("o-payments-260301-2", Some("C5".into())));
        store::channels::record_failed(&mut tx, outage.id, "too late to fail").await.unwrap();
        assert_eq!(channel_of(&mut tx, &outage).await.unwrap().failed, None);
        store::channels::record_archived(&mut tx, outage.id, later(9)).await.unwrap();
        let row = store::channels::of_outage(&mut tx, outage.id).await.unwrap().unwrap();
        assert_eq!((row.topic.as_str(), row.archived_at), ("Investigating", Some(later(9))));
    }

    async fn a_channel_that_could_not_be_had_is_asked_for_anew(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let outage = outage(&mut tx).await;
        requested(&mut tx, &outage).await;
        store::channels::record_failed(&mut tx, outage.id, "restricted_action").await.unwrap();
        assert_eq!(channel_of(&mut tx, &outage).await.unwrap().failed.as_deref(), Some("restricted_action"));
        requested(&mut tx, &outage).await;
        assert_eq!(channel_of(&mut tx, &outage).await.unwrap().failed, None);
    }

    async fn a_channel_knows_its_outages_the_newest_first(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let (first, second) = (outage(&mut tx).await, outage(&mut tx).await);
        for it in [&first, &second] {
            requested(&mut tx, it).await;
            store::channels::record_ready(&mut tx, it.id, &"C5".into(), "war-room").await.unwrap();
        }
        let known = store::channels::outages_of(&mut tx, &workspace(), &"C5".into()).await.unwrap();
        assert_eq!(known, [second.id, first.id]);
        let other = store::channels::outages_of(&mut tx, &"T2".into(), &"C5".into()).await.unwrap();
        assert!(other.is_empty());
    }

    async fn only_channels_made_here_of_outages_long_over_are_left(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let (over, open, lately) = (outage(&mut tx).await, outage(&mut tx).await, outage(&mut tx).await);
        for (it, channel) in [(&over, "C5"), (&open, "C6"), (&lately, "C7")] {
            requested(&mut tx, it).await;
            store::channels::record_ready(&mut tx, it.id, &channel.into(), channel).await.unwrap();
        }
        ended(&mut tx, &over, 100).await;
        ended(&mut tx, &lately, 900).await;
        let left = store::channels::left(&mut tx, later(500), 10).await.unwrap();
        assert_eq!(left, [over.id]);
        store::channels::record_archived(&mut tx, over.id, later(600)).await.unwrap();
        assert!(store::channels::left(&mut tx, later(500), 10).await.unwrap().is_empty());
    }

    async fn a_channel_that_cannot_be_archived_does_not_stand_before_the_others(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let (first, second) = (outage(&mut tx).await, outage(&mut tx).await);
        for (it, channel) in [(&first, "C5"), (&second, "C6")] {
            requested(&mut tx, it).await;
            store::channels::record_ready(&mut tx, it.id, &channel.into(), channel).await.unwrap();
            ended(&mut tx, it, 100).await;
        }
        assert_eq!(store::channels::left(&mut tx, later(500), 1).await.unwrap(), [first.id]);
        store::channels::record_warned(&mut tx, first.id, later(500)).await.unwrap();
        assert_eq!(store::channels::left(&mut tx, later(500), 1).await.unwrap(), [first.id]);
        let archive = store::deliveries::NewDelivery {
            outage: Some(first.id),
            task: balefire::domain::delivery::Task::Archive,
            ..delivery("channel", "archive")
        };
        store::deliveries::enqueue(&mut tx, &archive, later(600)).await.unwrap();
        assert_eq!(store::channels::left(&mut tx, later(500), 1).await.unwrap(), [second.id]);
        // People work in it again, and then no more.
        store::channels::forget_warnings(&mut tx, &workspace(), &"C5".into()).await.unwrap();
        assert_eq!(store::channels::left(&mut tx, later(500), 1).await.unwrap(), [first.id]);
    }

    async fn a_message_is_shared_once_until_it_is_withdrawn(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let outage = outage(&mut tx).await;
        let bo = person(&mut tx, "U2").await;
        let share = async |tx: &mut Tx, text: &str| {
            store::shares::share(tx, &workspace(), outage.id, &source("1.5", text), bo.id, noon()).await.unwrap()
        };
        let first = share(&mut tx, "it is the disk").await.unwrap();
        assert_eq!(share(&mut tx, "again").await, None);
        store::shares::record_posted(&mut tx, first.id, &"C1".into(), &"9.1".into()).await.unwrap();
        store::shares::record_edited(&mut tx, first.id, "it was the disk").await.unwrap();
        store::shares::record_offer(&mut tx, first.id, bo.id).await.unwrap();
        let read = store::shares::of_message(&mut tx, &workspace(), &"C5".into(), &"1.5".into()).await.unwrap().unwrap();
        assert_eq!((read.text.as_str(), read.edited, read.offered_to), ("it was the disk", true, Some(bo.id)));
        assert!(store::shares::withdraw(&mut tx, first.id, later(5)).await.unwrap());
        assert!(!store::shares::withdraw(&mut tx, first.id, later(6)).await.unwrap());
        let anew = share(&mut tx, "the disk").await.unwrap();
        // Nobody took the line out of the thread meanwhile.
        assert_eq!((anew.id, anew.round, anew.edited), (first.id, 2, false));
        assert_eq!(anew.posted_ts, Some("9.1".into()));
        store::shares::record_unposted(&mut tx, first.id).await.unwrap();
        let out = store::shares::by_id(&mut tx, first.id).await.unwrap().unwrap();
        assert_eq!(out.posted_ts, None);
        store::shares::record_deleted(&mut tx, first.id).await.unwrap();
        let gone = store::shares::by_id(&mut tx, first.id).await.unwrap().unwrap();
        assert_eq!((gone.text.as_str(), gone.deleted), ("", true));
    }

    async fn what_nears_its_eta_is_found_with_when_it_was_rendered(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let outage = outage(&mut tx).await;
        store::announcements::insert(&mut tx, outage.id, &workspace(), &"C1".into(), None).await.unwrap();
        assert!(store::etas::near_their_eta(&mut tx, later(9000)).await.unwrap().is_empty());
        store::announcements::record_posted(&mut tx, outage.id, 1, &"C1".into(), &"1.1".into(), later(1)).await.unwrap();
        assert!(store::etas::near_their_eta(&mut tx, later(7199)).await.unwrap().is_empty());
        let near = store::etas::near_their_eta(&mut tx, later(7200)).await.unwrap();
        assert_eq!(near, [(outage.id, later(7200), Some(later(1)))]);
        store::announcements::record_rendered(&mut tx, outage.id, later(6600)).await.unwrap();
        let near = store::etas::near_their_eta(&mut tx, later(7200)).await.unwrap();
        assert_eq!(near[0].2, Some(later(6600)));
        ended(&mut tx, &outage, 7000).await;
        assert!(store::etas::near_their_eta(&mut tx, later(9000)).await.unwrap().is_empty());
    }

    async fn the_guard_finds_what_is_open_and_what_was_lately_resolved(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let (first, second) = (outage(&mut tx).await, outage(&mut tx).await);
        let component = first.affected[0].component.id;
        let open = store::outages::open_of_component(&mut tx, &workspace(), component).await.unwrap();
        assert_eq!(open, [second.clone(), first.clone()]);
        let none = store::outages::open_of_component(&mut tx, &workspace(), ComponentId(999)).await.unwrap();
        assert!(none.is_empty());
        let resolved = ended(&mut tx, &first, 300).await;
        let lately = store::outages::ended_since(&mut tx, &workspace(), later(200)).await.unwrap();
        assert_eq!(lately, [resolved]);
        assert!(store::outages::ended_since(&mut tx, &workspace(), later(300)).await.unwrap().is_empty());
    }

    async fn slips_parts_and_links_are_kept(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let first = outage(&mut tx).await;
        let by = Identity::Person { id: first.roles.creator };
        let mut next = first.clone();
        next.slips = 3;
        next.roles.solution = None;
        next.post_mortem = Some(PostMortem {
            url: "https://wiki.example.com/12".into(),
            title: Some("Cards".into()),
        });
        let saved = store::outages::save(&mut tx, next, &by, "", later(5)).await.unwrap().unwrap();
        let read = store::outages::by_id(&mut tx, first.id).await.unwrap().unwrap();
        assert_eq!(read, saved);
        assert_eq!((read.slips, read.roles.solution), (3, None));
        assert_eq!(store::versions::at_version(&mut tx, first.id, 2).await.unwrap().unwrap(), saved);
    }
}
