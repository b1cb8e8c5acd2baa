//! Announcements that gave way to others, and the channels they stand in.

use balefire::{
    domain::{
        ids::*,
        repair::{Because, Channel},
    },
    store::{self, announcements::Former},
};

use crate::{on_both, samples::*};

on_both! {
    async fn an_announcement_gives_way_to_another_and_is_remembered(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let outage = outage(&mut tx).await;
        let channel = ChannelId::from("C1");
        store::announcements::insert(&mut tx, outage.id, &workspace(), &channel, None).await.unwrap();
        store::announcements::record_posted(&mut tx, outage.id, 1, &channel, &"1.1".into(), later(1)).await.unwrap();
        store::announcements::record_permalink(&mut tx, outage.id, 1, "https://x.test/p11").await.unwrap();
        let mut it = store::announcements::of_outage(&mut tx, outage.id).await.unwrap().unwrap();
        store::announcements::remember(&mut tx, &it, false, later(2)).await.unwrap();
        it.copy = 2;
        it.message_ts = None;
        it.permalink = None;
        it.because = Some(Because::Deleted.into());
        it.copied_at = Some(later(2));
        it.deletions = 1;
        store::announcements::save(&mut tx, &it).await.unwrap();
        let read = store::announcements::of_outage(&mut tx, outage.id).await.unwrap().unwrap();
        assert_eq!(read, it);

        // What comes back late about the first one is not taken for the second.
        store::announcements::record_permalink(&mut tx, outage.id, 1, "https://x.test/late").await.unwrap();
        store::announcements::record_pinned(&mut tx, outage.id, 1, true, later(3)).await.unwrap();
        store::announcements::record_posted(&mut tx, outage.id, 1, &channel, &"1.2".into(), later(3)).await.unwrap();
        let read = store::announcements::of_outage(&mut tx, outage.id).await.unwrap().unwrap();
        assert_eq!(read, it);

        store::announcements::record_posted(&mut tx, outage.id, 2, &channel, &"2.1".into(), later(4)).await.unwrap();
        let at = store::announcements::at(&mut tx, &workspace(), &channel, &"2.1".into()).await.unwrap();
        assert_eq!(at.map(|it| it.outage_id), Some(outage.id));
        let at = store::announcements::at(&mut tx, &workspace(), &channel, &"1.1".into()).await.unwrap();
        assert_eq!(at, None);
        let stood = store::announcements::formerly_at(&mut tx, &workspace(), &channel, &"1.1".into()).await.unwrap();
        assert_eq!(stood.and_then(|it| it.message_ts), Some("2.1".into()));
        let former = store::announcements::former(&mut tx, outage.id).await.unwrap();
        let expected = Former {
            channel_id: channel.clone(),
            message_ts: "1.1".into(),
            permalink: Some("https://x.test/p11".into()),
            thread_stands: false,
        };
        assert_eq!(former, [expected]);
    }

    async fn open_announcements_are_looked_at_in_turns(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let channel = ChannelId::from("C1");
        let mut ids = Vec::new();
        for number in 1..=3 {
            let outage = outage(&mut tx).await;
            ids.push(outage.id);
            store::announcements::insert(&mut tx, outage.id, &workspace(), &channel, None).await.unwrap();
            let ts = format!("{number}.1").as_str().into();
            store::announcements::record_posted(&mut tx, outage.id, 1, &channel, &ts, later(1)).await.unwrap();
        }
        store::announcements::record_checked(&mut tx, ids[0], later(3)).await.unwrap();
        store::announcements::record_checked(&mut tx, ids[1], later(2)).await.unwrap();
        let next = store::announcements::to_check(&mut tx, &workspace(), 2).await.unwrap();
        let next: Vec<_> = next.iter().map(|it| it.outage_id).collect();
        assert_eq!(next, [ids[2], ids[1]]);

        // What stays away is nobody's to look at.
        let mut away = store::announcements::of_outage(&mut tx, ids[2]).await.unwrap().unwrap();
        away.away = true;
        store::announcements::save(&mut tx, &away).await.unwrap();
        let next = store::announcements::to_check(&mut tx, &workspace(), 9).await.unwrap();
        assert_eq!(next.len(), 2);
        let numbers = store::announcements::open_in(&mut tx, &workspace(), &channel).await.unwrap();
        assert_eq!(numbers, [OutageNumber(1), OutageNumber(2)]);
        let channels = store::announcements::channels_in_use(&mut tx, &workspace()).await.unwrap();
        assert_eq!(channels, [channel]);
    }

    async fn what_is_known_of_a_channel_is_kept(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let channel = ChannelId::from("C1");
        let nothing = store::places::of(&mut tx, &workspace(), &channel).await.unwrap();
        assert_eq!(nothing, Channel::default());
        let held = store::places::hold(&mut tx, &workspace(), &channel).await.unwrap();
        assert_eq!(held, Channel::default());
        let known = Channel {
            lost: Some((later(1), Because::Archived)),
            found_at: Some(later(0)),
            rejoin_at: Some(later(2)),
            rejoining: true,
        };
        store::places::save(&mut tx, &workspace(), &channel, &known).await.unwrap();
        assert_eq!(store::places::hold(&mut tx, &workspace(), &channel).await.unwrap(), known);
        assert_eq!(store::places::lost(&mut tx, &workspace()).await.unwrap(), [channel]);
    }
}
