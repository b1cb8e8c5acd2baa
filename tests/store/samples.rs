//! Rows that tests start from.

use std::time::Duration;

use balefire::{
    domain::{
        actor::Identity,
        component::{Component, Described},
        delivery::Task,
        eta::Eta,
        ids::*,
        impact::{Answer, Impact},
        outage::*,
        person::Person,
        time::Timestamp,
    },
    store::{self, Tx, deliveries::NewDelivery},
};

pub fn noon() -> Timestamp {
    Timestamp::from_epoch(1_772_366_400)
}

pub fn later(seconds: u64) -> Timestamp {
    noon().plus(Duration::from_secs(seconds))
}

pub fn workspace() -> WorkspaceId {
    WorkspaceId::from("T1")
}

pub async fn person(tx: &mut Tx, user: &str) -> Person {
    store::people::meet(tx, &workspace(), &user.into(), user, noon())
        .await
        .unwrap()
}

pub async fn component(tx: &mut Tx, key: &str, name: &str) -> Component {
    let said = Described::plain(key, name);
    store::components::save(tx, &workspace(), &[&said], noon())
        .await
        .unwrap();
    let found = store::components::named(tx, &workspace(), &[key.to_owned()]).await;
    found.unwrap().remove(0).0
}

pub fn facts(component: &Component, person: &Person) -> Facts {
    Facts {
        workspace: workspace(),
        phase: Phase::Open {
            stage: Stage::Investigating,
            former: None,
        },
        severity: Severity::Major,
        summary: "Cards fail — \"žluťoučký\" <b>".into(),
        affected: vec![Affected {
            component: component.clone(),
            status: "partial_outage".into(),
            from: noon(),
            to: None,
        }],
        impact: vec![Impact {
            question: "sales".into(),
            label: "Sales affected".into(),
            answer: Answer::Yes,
            detail: "mostly Spain".into(),
            told_at: None,
        }],
        eta: Eta {
            label: "<2h".into(),
            due: Some(later(7200)),
            set_at: noon(),
        },
        roles: Roles {
            creator: person.id,
            solution: Some(person.id),
            communication: Some(person.id),
        },
        slips: 0,
        turnover: None,
        post_mortem: None,
        started_at: noon(),
        announced_at: noon(),
        last_update: None,
        channel: None,
    }
}

pub async fn outage(tx: &mut Tx) -> Outage {
    let person = person(tx, "U1").await;
    let component = component(tx, "payments", "Payments").await;
    let number = store::workspaces::next_value(tx, &workspace(), "outage")
        .await
        .unwrap();
    let by = Identity::Person { id: person.id };
    let facts = facts(&component, &person);
    store::outages::insert(tx, OutageNumber(number), facts, &by, noon())
        .await
        .unwrap()
}

pub fn delivery(lane: &str, key: &str) -> NewDelivery {
    NewDelivery {
        workspace: workspace(),
        outage: None,
        lane: lane.into(),
        conversation: String::new(),
        after: None,
        dedupe_key: key.into(),
        task: Task::Pin,
        due_at: noon(),
    }
}
