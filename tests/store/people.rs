//! People, groups, rights; first answers; the inbox.

use std::{collections::BTreeSet, time::Duration};

use balefire::{
    domain::{
        actor::{Identity, Right, Rights},
        address::local_part,
        membership::Source,
    },
    store::{
        self, Tx,
        people::{Account, Profile},
    },
};
use serde_json::json;

use crate::{on_both, samples::*};

fn profile(user: &str, email: &str) -> Profile {
    Profile {
        slack_user: user.into(),
        name: "Ana".into(),
        handle: None,
        email: Some(email.into()),
        time_zone: "Europe/Prague".into(),
        picture: None,
        is_bot: false,
        is_restricted: false,
        is_deactivated: false,
    }
}

/// Makes these the members that the settings name.
async fn name_members(tx: &mut Tx, group: &str, members: &[&str]) {
    let members = members.iter().map(|it| (*it).to_owned()).collect();
    let by = Identity::Job {
        name: "settings".into(),
    };
    let (workspace, source) = (workspace(), Source::Settings);
    store::rights::set_members(tx, &workspace, group, &source, &members, &by, noon())
        .await
        .unwrap();
}

/// Writes a profile as the desk does.
async fn write(tx: &mut Tx, profile: &Profile, domain: Option<&str>) {
    let users = [profile.slack_user.clone()].into_iter().collect();
    let known = store::people::known(tx, &workspace(), &users)
        .await
        .unwrap();
    let before = known.values().filter_map(|it| it.profile.email.clone());
    let emails = before.chain(profile.email.as_ref().map(|it| it.to_lowercase()));
    let parts = emails
        .filter_map(|it| local_part(&it).map(str::to_owned))
        .collect();
    store::people::save_profiles(tx, &workspace(), &[profile], noon())
        .await
        .unwrap();
    store::people::settle_addresses(tx, &workspace(), &parts, domain)
        .await
        .unwrap();
}

const ADDRESS: &str = "SELECT address FROM people WHERE slack_user_id = $1";

async fn address(tx: &mut Tx, user: &str) -> Option<String> {
    match tx {
        Tx::Sqlite(tx) => sqlx::query_scalar(ADDRESS)
            .bind(user)
            .fetch_one(&mut **tx)
            .await
            .unwrap(),
        Tx::Postgres(tx) => sqlx::query_scalar(ADDRESS)
            .bind(user)
            .fetch_one(&mut **tx)
            .await
            .unwrap(),
    }
}

/// What is kept of an event.
const BODY: &str = "SELECT CAST(body AS TEXT) FROM inbox";

on_both! {
    async fn apps_and_leavers_are_known_as_such(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let standing = async |tx: &mut store::Tx| {
            store::people::account(tx, &workspace(), &"U1".into()).await.unwrap()
        };
        assert_eq!(standing(&mut tx).await, Account::Member, "nothing is known of them");
        let mut known = profile("U1", "ana@example.com");
        for (is_bot, is_deactivated, expected) in [
            (false, false, Account::Member),
            (false, true, Account::Gone),
            (true, false, Account::App),
        ] {
            (known.is_bot, known.is_deactivated) = (is_bot, is_deactivated);
            store::people::save_profiles(&mut tx, &workspace(), &[&known], noon()).await.unwrap();
            assert_eq!(standing(&mut tx).await, expected);
        }
    }

    async fn people_are_found_by_their_names_in_all_alphabets(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let known = Profile { name: "Žofie".into(), ..profile("U1", "Zofie@Example.com") };
        store::people::save_profiles(&mut tx, &workspace(), &[&known], noon()).await.unwrap();
        for said in ["Žofie", "U1", "ZOFIE@example.com"] {
            let found = store::people::called(&mut tx, &workspace(), said).await.unwrap();
            assert_eq!(found.len(), 1, "{said}");
        }
        assert!(store::people::called(&mut tx, &workspace(), "Zofie").await.unwrap().is_empty());
    }

    async fn a_handle_goes_before_any_name_after_an_at(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let by_handle = Profile { name: "Ana Alvarez".into(), handle: Some("ana".into()), ..profile("U1", "a@x.test") };
        let by_name = Profile { handle: Some("ana.b".into()), ..profile("U2", "b@x.test") };
        let left = Profile { is_deactivated: true, handle: Some("cy".into()), ..profile("U3", "c@x.test") };
        for it in [by_handle, by_name, left] {
            store::people::save_profiles(&mut tx, &workspace(), &[&it], noon()).await.unwrap();
        }
        for (said, expected) in [
            ("@ana", &["U1"][..]),
            ("@Ana", &["U1"]),
            ("ana", &["U1", "U2"]),
            ("@ana.b", &["U2"]),
            ("@Ana Alvarez", &["U1"]),
            ("ana alvarez ", &["U1"]),
            ("@cy", &[]),
            ("@", &[]),
        ] {
            let found = store::people::called(&mut tx, &workspace(), said).await.unwrap();
            let found: Vec<&str> = found.iter().map(|it| it.slack_user.as_str()).collect();
            assert_eq!(found, expected, "{said}");
        }
        let gone = store::people::called_at_all(&mut tx, &workspace(), "@cy").await.unwrap();
        assert_eq!(gone.len(), 1);
    }

    async fn nobody_is_found_by_calling_themselves_as_somebody_else_is_known(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let bo = Profile { name: "Bo".into(), ..profile("U0BO", "bo@else.test") };
        for (id, name) in [("U1", "U0BO"), ("U2", "bo@else.test"), ("U3", "U0NEW"), ("U4", "eve@corp.test")] {
            let email = format!("{}@x.test", id.to_lowercase());
            let named = Profile { name: name.into(), handle: Some(name.to_lowercase()), ..profile(id, &email) };
            store::people::save_profiles(&mut tx, &workspace(), &[&named], noon()).await.unwrap();
        }
        let tall = Profile { name: "UMA".into(), ..profile("U5", "uma@x.test") };
        for it in [&bo, &tall] {
            write(&mut tx, it, Some("corp.test")).await;
        }
        for (said, expected) in [
            ("U0BO", &["U0BO"][..]),
            ("Bo@else.test", &["U0BO"]),
            // What groups know them by.
            ("bo@corp.test", &["U0BO"]),
            // Who is not known yet.
            ("U0NEW", &[]),
            ("@U0NEW", &[]),
            ("eve@corp.test", &[]),
            ("UMA", &["U5"]),
        ] {
            for found in [
                store::people::called(&mut tx, &workspace(), said).await.unwrap(),
                store::people::called_at_all(&mut tx, &workspace(), said).await.unwrap(),
            ] {
                let found: Vec<&str> = found.iter().map(|it| it.slack_user.as_str()).collect();
                assert_eq!(found, expected, "{said}");
            }
        }
        let bo = store::people::by_slack_user(&mut tx, &workspace(), &"U0BO".into()).await.unwrap();
        let listed = store::people::listed_as(&mut tx, bo.unwrap().id).await.unwrap();
        assert_eq!(listed, ["U0BO", "bo@else.test", "bo@corp.test"]);
    }

    async fn whoever_left_is_asked_about_again(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let left = Profile { is_deactivated: true, ..profile("U1", "a@x.test") };
        for (profile, age) in [(profile("U1", "a@x.test"), Some(noon())), (left, None)] {
            store::people::save_profiles(&mut tx, &workspace(), &[&profile], noon()).await.unwrap();
            let known = store::people::profile_age(&mut tx, &workspace(), &"U1".into()).await;
            assert_eq!(known.unwrap(), age);
            let known = store::people::with_profile_age(&mut tx, &workspace(), &"U1".into()).await;
            assert_eq!(known.unwrap().unwrap().1, age);
        }
    }

    async fn a_profile_is_written_over_what_was_known(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let met = person(&mut tx, "U1").await;
        assert_eq!(store::people::profile_age(&mut tx, &workspace(), &"U1".into()).await.unwrap(), None);
        store::people::save_profiles(&mut tx, &workspace(), &[&profile("U1", "Ana@Example.com")], later(5)).await.unwrap();
        let known = store::people::by_slack_user(&mut tx, &workspace(), &"U1".into()).await.unwrap().unwrap();
        assert_eq!(known.id, met.id);
        assert_eq!(known.email.as_deref(), Some("ana@example.com"));
        assert_eq!(known.zone.name(), "Europe/Prague");
        assert_eq!(store::people::profile_age(&mut tx, &workspace(), &"U1".into()).await.unwrap(), Some(later(5)));
        assert_eq!(person(&mut tx, "U1").await, known);
    }

    async fn rights_are_the_union_of_groups_by_id_and_address(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        store::people::save_profiles(&mut tx, &workspace(), &[&profile("U1", "ana@example.com")], noon()).await.unwrap();
        let ana = person(&mut tx, "U1").await;
        let bo = person(&mut tx, "U2").await;
        store::rights::save_group(&mut tx, &workspace(), "on_call", &[Right::Announce]).await.unwrap();
        store::rights::save_group(&mut tx, &workspace(), "edit_all_outages", &[Right::ChangeAnyOutage]).await.unwrap();
        let members = ["ana@example.com", "U2"];
        name_members(&mut tx, "on_call", &members).await;
        name_members(&mut tx, "edit_all_outages", &["U1"]).await;
        let ana_may = store::rights::of_person(&mut tx, ana.id).await.unwrap();
        assert!(ana_may.has(Right::Announce) && ana_may.has(Right::ChangeAnyOutage) && !ana_may.has(Right::Publish));
        let bo_may = store::rights::of_person(&mut tx, bo.id).await.unwrap();
        assert!(bo_may.has(Right::Announce) && !bo_may.has(Right::ChangeAnyOutage));
        let holders = store::rights::holders(&mut tx, &workspace(), Right::Announce, 10).await.unwrap();
        assert_eq!(holders, ["U1", "U2"]);
        name_members(&mut tx, "on_call", &[]).await;
        assert_eq!(store::rights::of_person(&mut tx, bo.id).await.unwrap(), Rights::default());
    }

    async fn guests_and_leavers_have_no_rights_by_address(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        store::rights::save_group(&mut tx, &workspace(), "on_call", &[Right::Announce]).await.unwrap();
        name_members(&mut tx, "on_call", &["a@x.test", "U3"]).await;
        let guest = Profile { is_restricted: true, ..profile("U1", "a@x.test") };
        let bot = Profile { is_bot: true, ..profile("U2", "a@x.test") };
        let left = Profile { is_deactivated: true, ..profile("U3", "a@x.test") };
        for profile in [guest, bot, left] {
            store::people::save_profiles(&mut tx, &workspace(), &[&profile], noon()).await.unwrap();
            let person = person(&mut tx, profile.slack_user.as_str()).await;
            assert_eq!(store::rights::of_person(&mut tx, person.id).await.unwrap(), Rights::default(), "{profile:?}");
        }
        store::people::save_profiles(&mut tx, &workspace(), &[&profile("U3", "a@x.test")], noon()).await.unwrap();
        let back = person(&mut tx, "U3").await;
        assert!(store::rights::of_person(&mut tx, back.id).await.unwrap().has(Right::Announce));
    }

    async fn a_member_from_elsewhere_borrows_an_address_until_its_owner_comes(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let domain = Some("corp.test");
        write(&mut tx, &profile("U1", "Ana@Else.test"), domain).await;
        assert_eq!(address(&mut tx, "U1").await.as_deref(), Some("ana@corp.test"));
        assert_eq!(store::people::count_borrowers(&mut tx, &workspace()).await.unwrap(), 1);
        // The owner left long ago: it is theirs all the same.
        let owner = Profile { is_deactivated: true, ..profile("U2", "ana@corp.test") };
        write(&mut tx, &owner, domain).await;
        assert_eq!(address(&mut tx, "U1").await.as_deref(), Some("ana@else.test"));
        // Slack says less of those who left.
        let forgotten = Profile { email: None, ..owner };
        write(&mut tx, &forgotten, domain).await;
        assert_eq!(address(&mut tx, "U1").await.as_deref(), Some("ana@else.test"));
        // They get another one, so it is free again.
        write(&mut tx, &profile("U2", "berg@corp.test"), domain).await;
        assert_eq!(address(&mut tx, "U1").await.as_deref(), Some("ana@corp.test"));
        // Somebody else could be meant just as well.
        write(&mut tx, &profile("U3", "ana@third.test"), domain).await;
        assert_eq!(address(&mut tx, "U1").await.as_deref(), Some("ana@else.test"));
        assert_eq!(address(&mut tx, "U3").await.as_deref(), Some("ana@third.test"));
        assert_eq!(store::people::count_borrowers(&mut tx, &workspace()).await.unwrap(), 0);
    }

    async fn who_borrowed_at_a_former_domain_is_found(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        write(&mut tx, &profile("U1", "ana@else.test"), Some("corp.test")).await;
        write(&mut tx, &profile("U2", "bo@corp.test"), Some("corp.test")).await;
        for (domain, expected) in [(Some("corp.test"), vec![]), (None, vec!["ana"]), (Some("new.test"), vec!["ana"])] {
            let found = store::people::who_borrows(&mut tx, &workspace(), domain).await.unwrap();
            assert_eq!(found.into_iter().collect::<Vec<_>>(), expected, "{domain:?}");
        }
    }

    async fn many_are_known_at_once(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        write(&mut tx, &profile("U1", "Ana@x.test"), None).await;
        person(&mut tx, "U2").await;
        let asked = ["U1", "U2", "U3"].map(Into::into).into_iter().collect();
        let known = store::people::known(&mut tx, &workspace(), &asked).await.unwrap();
        assert_eq!(known.len(), 2);
        let (ana, bo) = (&known[&"U1".into()], &known[&"U2".into()]);
        let mut said = profile("U1", "ANA@x.test");
        assert!(!ana.differs_from(&said), "addresses are the same whatever their case");
        said.is_deactivated = true;
        assert!(ana.differs_from(&said));
        assert!(bo.differs_from(&profile("U2", "bo@x.test")), "Slack has never said anything of them");
        write(&mut tx, &said, None).await;
        assert_eq!(store::people::gone(&mut tx, &[ana.id, bo.id]).await.unwrap(), [ana.id]);
        let known = store::people::known(&mut tx, &workspace(), &asked).await.unwrap();
        let without_address = Profile { email: None, ..said };
        assert!(!known[&"U1".into()].differs_from(&without_address));
    }

    async fn many_are_written_at_once_as_they_are(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let mut many: Vec<Profile> = (0..1200)
            .map(|it| profile(&format!("U{it:04}"), &format!("p{it}@else.test")))
            .collect();
        many[1].name = "O'Hara \"\\ Žofie 🔥\n{}".into();
        many[2].picture = Some("https://x.test/2.png".into());
        many[3].is_bot = true;
        many[4].is_restricted = true;
        many[5].is_deactivated = true;
        many[6].email = None;
        let all: Vec<&Profile> = many.iter().collect();
        store::people::save_profiles(&mut tx, &workspace(), &all, noon()).await.unwrap();
        let parts = (0..1200).map(|it| format!("p{it}")).collect();
        store::people::settle_addresses(&mut tx, &workspace(), &parts, Some("corp.test")).await.unwrap();

        let asked = many.iter().map(|it| it.slack_user.clone()).collect();
        let known = store::people::known(&mut tx, &workspace(), &asked).await.unwrap();
        assert_eq!(known.len(), many.len());
        for said in &many {
            assert!(!known[&said.slack_user].differs_from(said), "{said:?}");
        }
        assert_eq!(known[&"U0006".into()].profile.email, None);
        for (user, expected) in [
            ("U0000", Some("p0@corp.test")),
            ("U1199", Some("p1199@corp.test")),
            ("U0003", None),
            ("U0004", None),
            ("U0005", Some("p5@else.test")),
            ("U0006", None),
        ] {
            assert_eq!(address(&mut tx, user).await.as_deref(), expected, "{user}");
        }

        for it in &mut many {
            it.name = "Bo".into();
        }
        let all: Vec<&Profile> = many.iter().collect();
        store::people::save_profiles(&mut tx, &workspace(), &all, later(5)).await.unwrap();
        let now = store::people::known(&mut tx, &workspace(), &asked).await.unwrap();
        assert!(now.values().all(|it| it.profile.name == "Bo" && it.id == known[&it.profile.slack_user].id));
    }

    async fn a_long_list_is_taken_over_as_a_whole(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let (workspace, source) = (workspace(), Source::Google("all@x.test".into()));
        store::rights::save_group(&mut tx, &workspace, "crew", &[]).await.unwrap();
        name_members(&mut tx, "crew", &["p1@x.test"]).await;
        let by = Identity::Job { name: "groups".into() };
        let all: BTreeSet<String> = (0..2500).map(|it| format!("p{it}@x.test")).collect();
        let few: BTreeSet<String> = ["p7@x.test", "o'hara\"\\@x.test"].map(str::to_owned).into();
        for (after, changes) in [(&all, (2500, 0)), (&all, (0, 0)), (&few, (1, 2499)), (&all, (2499, 1))] {
            let done = store::rights::set_members(&mut tx, &workspace, "crew", &source, after, &by, noon());
            let done = done.await.unwrap();
            assert_eq!((done.added.len(), done.removed.len()), changes);
            let now = store::rights::members(&mut tx, &workspace, "crew", &source).await.unwrap();
            assert_eq!(now, *after);
        }
        let settings = store::rights::members(&mut tx, &workspace, "crew", &Source::Settings).await.unwrap();
        assert_eq!(settings.len(), 1, "what another source says stays");
    }

    async fn a_first_answer_is_kept_until_it_expires(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let hour = Duration::from_secs(3600);
        let first = json!({ "outage": 1 });
        assert!(store::idempotency::remember(&mut tx, "form", "V1", &first, noon(), hour).await.unwrap());
        assert!(!store::idempotency::remember(&mut tx, "form", "V1", &json!(2), later(5), hour).await.unwrap());
        assert_eq!(store::idempotency::recall(&mut tx, "form", "V1", later(5), hour).await.unwrap(), Some(first));
        assert_eq!(store::idempotency::recall(&mut tx, "form", "V1", later(3600), hour).await.unwrap(), None);
        assert!(store::idempotency::remember(&mut tx, "form", "V1", &json!(2), later(3600), hour).await.unwrap());
        assert_eq!(store::idempotency::forget_expired(&mut tx, later(9000)).await.unwrap(), 1);
    }

    async fn an_event_is_kept_once_and_worked_on_once(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let body = json!({ "user": { "id": "U1" } });
        assert!(store::inbox::receive(&mut tx, "slack", "Ev1", "user_change", &body, noon()).await.unwrap());
        assert!(!store::inbox::receive(&mut tx, "slack", "Ev1", "user_change", &body, later(60)).await.unwrap());
        let taken = store::inbox::take(&mut tx, noon(), later(60)).await.unwrap().unwrap();
        assert_eq!(taken.body.0, body);
        assert!(store::inbox::take(&mut tx, later(59), later(99)).await.unwrap().is_none());
        assert_eq!(store::inbox::take(&mut tx, later(60), later(99)).await.unwrap().unwrap().attempts, 2);
        store::inbox::finish(&mut tx, taken.id, None, later(61)).await.unwrap();
        // Nothing is kept of what it said; that it came is.
        let kept: String = match &mut tx {
            Tx::Sqlite(tx) => sqlx::query_scalar(BODY).fetch_one(&mut **tx).await.unwrap(),
            Tx::Postgres(tx) => sqlx::query_scalar(BODY).fetch_one(&mut **tx).await.unwrap(),
        };
        assert_eq!(kept, "{}");
        assert!(store::inbox::take(&mut tx, later(999), later(1000)).await.unwrap().is_none());
        assert!(!store::inbox::receive(&mut tx, "slack", "Ev1", "user_change", &body, later(999)).await.unwrap());
        assert_eq!(store::inbox::forget(&mut tx, later(62)).await.unwrap(), 1);
    }
}
