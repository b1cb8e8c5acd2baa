//! From reports to how components are.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use balefire::{
    clock::Clock,
    desk::catalog::Fate,
    domain::{
        actor::Identity,
        health::{
            Importance, Observation, Report,
            component::Why,
            rule::{Agreement, Rule},
        },
        ids::{CheckId, ComponentId},
        status::Status,
        time::Timestamp,
    },
    health::{Health, Taken},
    store::{self, Db},
};

use crate::{on_both, samples::*};

const GOOD: Status = Status::Operational;
const SLOW: Status = Status::DegradedPerformance;
const DOWN: Status = Status::MajorOutage;

fn room(db: &Db, clock: &Clock, rules: &[(&str, Rule)]) -> Health {
    let rules: BTreeMap<String, Rule> = rules
        .iter()
        .map(|(source, rule)| ((*source).to_owned(), rule.clone()))
        .collect();
    Health::new(db.clone(), clock.clone(), Arc::default(), rules)
}

fn report(id: &str, seconds: u64, status: impl Into<Option<Status>>, word: &str) -> Report {
    Report {
        source: "pingdom".into(),
        external_id: id.into(),
        observation: Observation {
            at: later(seconds),
            status: status.into(),
            value: None,
            detail: "the answer took too long".into(),
        },
        word: word.into(),
        name: Some(format!("Check {id}")),
        link: None,
        description: None,
        importance: Some(Importance::High),
        created_by: None,
        component: None,
        channel: None,
        is_measured: false,
        is_test: false,
    }
}

fn of(component: &str, report: Report) -> Report {
    Report {
        component: Some(component.into()),
        ..report
    }
}

async fn take(room: &Health, db: &Db, reports: &[Report], now: Timestamp) -> Taken {
    let mut tx = db.begin().await.unwrap();
    let taken = room.take_in(&mut tx, &workspace(), reports, now).await;
    let taken = taken.unwrap();
    tx.commit().await.unwrap();
    taken
}

async fn made(db: &Db, key: &str) -> ComponentId {
    let mut tx = db.begin().await.unwrap();
    let made = component(&mut tx, key, &key.to_uppercase()).await;
    tx.commit().await.unwrap();
    made.id
}

async fn status(db: &Db, component: ComponentId) -> Option<Status> {
    let mut tx = db.read().await.unwrap();
    let all = store::health::of(&mut tx, &[component]).await.unwrap();
    all.get(&component).and_then(|it| it.standing.status)
}

async fn history(db: &Db, component: ComponentId) -> Vec<(i64, Option<Status>)> {
    let mut tx = db.read().await.unwrap();
    let all = store::health::history(&mut tx, component, 100).await;
    let mut all: Vec<_> = all
        .unwrap()
        .iter()
        .map(|it| (it.at.since(noon()).as_secs() as i64, it.to))
        .collect();
    all.reverse();
    all
}

fn by() -> Identity {
    Identity::CommandLine { name: "cli".into() }
}

async fn only_check(db: &Db) -> store::checks::Said {
    let mut tx = db.begin().await.unwrap();
    let again = report("1", 0, None, "?");
    let all = store::checks::hold_all(&mut tx, &workspace(), &[again], noon()).await;
    let check = all.unwrap().remove(0);
    store::checks::Said {
        check_id: check.id,
        at: check.created_at,
        word: check.last.map(|it| it.word).unwrap_or_default(),
    }
}

on_both! {
    async fn what_a_source_says_becomes_the_status_of_a_component(db: &Db) {
        let payments = made(db, "payments").await;
        let room = room(db, &Clock::standing_at(noon()), &[]);
        let down = of("payments", report("1", 10, DOWN, "DOWN"));
        let taken = take(&room, db, std::slice::from_ref(&down), later(20)).await;
        assert_eq!(taken.new, 1);
        assert_eq!(taken.changed.len(), 1);
        assert_eq!(taken.changed[0].to, Some(DOWN));
        // The very same again, and one from before that comes late.
        let late = of("payments", report("1", 5, GOOD, "UP"));
        let taken = take(&room, db, &[down, late], later(30)).await;
        assert_eq!(taken.new, 1);
        assert!(taken.changed.is_empty());
        assert_eq!(status(db, payments).await, Some(DOWN));
        let up = of("payments", report("1", 40, GOOD, "UP"));
        take(&room, db, &[up], later(50)).await;
        assert_eq!(status(db, payments).await, Some(GOOD));
        assert_eq!(history(db, payments).await, [(10, Some(DOWN)), (40, Some(GOOD))]);
    }

    async fn the_worst_check_counts_and_says_why(db: &Db) {
        let payments = made(db, "payments").await;
        let room = room(db, &Clock::standing_at(noon()), &[]);
        let all = [
            of("payments", report("1", 10, SLOW, "DOWN")),
            of("payments", report("2", 10, DOWN, "DOWN")),
            of("payments", report("3", 10, None, "PAUSED")),
        ];
        take(&room, db, &all, later(10)).await;
        assert_eq!(status(db, payments).await, Some(DOWN));
        take(&room, db, &[report("2", 20, GOOD, "UP")], later(20)).await;
        assert_eq!(status(db, payments).await, Some(SLOW));
        let mut tx = db.read().await.unwrap();
        let known = store::health::of(&mut tx, &[payments]).await.unwrap();
        let Why::Checks { worst } = &known[&payments].standing.why else {
            panic!("its checks say so");
        };
        assert_eq!(worst.len(), 1);
    }

    async fn what_nobody_mapped_is_kept_and_counts_once_it_is(db: &Db) {
        let payments = made(db, "payments").await;
        let clock = Clock::standing_at(later(60));
        let room = room(db, &clock, &[]);
        // There is no such component.
        let down = of("search", report("1", 10, DOWN, "DOWN"));
        let taken = take(&room, db, &[down], later(20)).await;
        assert_eq!((taken.new, taken.changed.len()), (1, 0));
        let check = only_check(db).await.check_id;
        assert!(room.map(&workspace(), check, Some(payments), &by()).await.unwrap());
        assert_eq!(status(db, payments).await, Some(DOWN));
        // Whoever mapped it by hand knows better than the source.
        made(db, "search").await;
        take(&room, db, &[of("search", report("1", 70, DOWN, "DOWN"))], later(80)).await;
        assert_eq!(status(db, payments).await, Some(DOWN));
        assert!(room.map(&workspace(), check, None, &by()).await.unwrap());
        assert_eq!(status(db, payments).await, None);
        assert!(!room.map(&workspace(), CheckId(999), None, &by()).await.unwrap());
    }

    async fn what_people_say_wins_for_as_long_as_they_say(db: &Db) {
        let payments = made(db, "payments").await;
        let clock = Clock::standing_at(noon());
        let room = room(db, &clock, &[]);
        take(&room, db, &[of("payments", report("1", 0, DOWN, "DOWN"))], noon()).await;
        room.say(payments, GOOD, Some(later(600)), "it is only the probe", &by()).await.unwrap();
        assert_eq!(status(db, payments).await, Some(GOOD));
        assert_eq!(room.next_due().await.unwrap(), Some(later(600)));
        // Nothing to do before that.
        room.pass(later(599)).await.unwrap();
        assert_eq!(status(db, payments).await, Some(GOOD));
        room.pass(later(600)).await.unwrap();
        assert_eq!(status(db, payments).await, Some(DOWN));
        assert_eq!(room.next_due().await.unwrap(), None);
        room.say(payments, Status::UnderMaintenance, None, "", &by()).await.unwrap();
        assert_eq!(status(db, payments).await, Some(Status::UnderMaintenance));
        assert!(room.unsay(payments, &by()).await.unwrap());
        assert!(!room.unsay(payments, &by()).await.unwrap());
        assert_eq!(status(db, payments).await, Some(DOWN));
    }

    async fn what_has_to_last_is_due_later(db: &Db) {
        let payments = made(db, "payments").await;
        let clock = Clock::standing_at(noon());
        let rule = Rule {
            worse: Agreement::AT_ONCE,
            worse_for: Duration::from_secs(120),
            ..Rule::TOLD
        };
        let room = room(db, &clock, &[("pingdom", rule)]);
        take(&room, db, &[of("payments", report("1", 0, GOOD, "UP"))], noon()).await;
        take(&room, db, &[of("payments", report("1", 10, DOWN, "DOWN"))], later(10)).await;
        assert_eq!(status(db, payments).await, Some(GOOD));
        assert_eq!(room.next_due().await.unwrap(), Some(later(130)));
        room.pass(later(500)).await.unwrap();
        assert_eq!(history(db, payments).await, [(0, Some(GOOD)), (130, Some(DOWN))]);
    }

    async fn a_test_changes_nothing_but_is_shown(db: &Db) {
        let payments = made(db, "payments").await;
        let room = room(db, &Clock::standing_at(noon()), &[]);
        let test = Report { is_test: true, ..of("payments", report("1", 10, DOWN, "DOWN")) };
        let taken = take(&room, db, &[test], later(10)).await;
        assert_eq!(taken.new, 1);
        assert_eq!(status(db, payments).await, None);
    }

    async fn what_is_measured_again_and_again_is_kept_where_it_differs(db: &Db) {
        made(db, "payments").await;
        let room = room(db, &Clock::standing_at(noon()), &[]);
        let measured = |seconds, status: Status| Report {
            is_measured: true,
            ..of("payments", report("1", seconds, status, status.word()))
        };
        for turn in 0..10 {
            take(&room, db, &[measured(turn * 60, GOOD)], later(turn * 60)).await;
        }
        let both = [measured(600, SLOW), measured(660, SLOW)];
        take(&room, db, &both, later(660)).await;
        let mut tx = db.begin().await.unwrap();
        let forgotten = store::checks::forget_observations(&mut tx, later(9999)).await.unwrap();
        // Two were kept, and the newest stays.
        assert_eq!(forgotten, 1);
    }

    async fn a_clock_that_is_wrong_does_not_lock_everything_out(db: &Db) {
        let payments = made(db, "payments").await;
        let room = room(db, &Clock::standing_at(noon()), &[]);
        let future = of("payments", report("1", 86_400 * 365, DOWN, "DOWN"));
        take(&room, db, &[future], noon()).await;
        take(&room, db, &[of("payments", report("1", 60, GOOD, "UP"))], later(60)).await;
        assert_eq!(status(db, payments).await, Some(GOOD));
    }

    async fn what_is_watched_is_not_deleted(db: &Db) {
        let watched = made(db, "payments").await;
        let room = room(db, &Clock::standing_at(noon()), &[]);
        take(&room, db, &[of("payments", report("1", 0, GOOD, "UP"))], noon()).await;
        let keys = ["payments".into()];
        let purged = balefire::desk::catalog::purge(db, &Clock::standing_at(noon()), &workspace(), &keys, &by()).await;
        let fates = purged.unwrap();
        let retired = Fate::Retired { outages: 0, before: false };
        assert_eq!(fates.into_iter().map(|it| it.1).collect::<Vec<_>>(), [retired]);
        assert_eq!(status(db, watched).await, Some(GOOD));
    }

    async fn two_nodes_hear_the_same_at_once(db: &Db) {
        let payments = made(db, "payments").await;
        let rooms = [0, 1].map(|_| room(db, &Clock::standing_at(noon()), &[]));
        let mut running = tokio::task::JoinSet::new();
        for turn in 0..20u64 {
            for room in &rooms {
                let (room, db) = (room.clone(), db.clone());
                running.spawn(async move {
                    let both = [
                        of("payments", report("1", turn, DOWN, "DOWN")),
                        of("payments", report("2", turn, GOOD, "UP")),
                    ];
                    take(&room, &db, &both, later(turn)).await.new
                });
            }
        }
        let mut new = 0;
        while let Some(done) = running.join_next().await {
            new += done.unwrap();
        }
        assert_eq!(new, 40);
        assert_eq!(status(db, payments).await, Some(DOWN));
        let of_it = history(db, payments).await;
        assert_eq!(of_it.len(), 1, "{of_it:?}");
    }
}
