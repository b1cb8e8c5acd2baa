//! What several nodes do at once to one database: on PostgreSQL, where nobody waits for anybody
//! unless told to.

use balefire::{
    desk::{DeskError, Once},
    domain::{
        command::{Command, Request},
        eta::Eta,
        ids::{ChannelId, OutageNumber, PersonId, WorkspaceId},
        outage::{Outage, Severity},
        refusal::Refusal,
    },
};

use crate::{
    databases,
    harness::{Setup, World},
};

/// Ana at her desk, and the number of everything she announced.
struct Desk {
    world: World,
    workspace: WorkspaceId,
    ana: PersonId,
    known: Vec<OutageNumber>,
}

impl Desk {
    async fn on_postgres() -> Desk {
        let world = World::on(databases::postgres().await, Setup::default()).await;
        let workspace = world.slack.workspace().unwrap();
        let desk = &world.slack.desk;
        let ana = desk.meet(&workspace, &"U0ANA".into(), "Ana").await.unwrap();
        Desk {
            workspace,
            ana: ana.id,
            known: Vec::new(),
            world,
        }
    }

    async fn request(&self) -> Request {
        let desk = &self.world.slack.desk;
        let ana = "U0ANA".into();
        let found = desk.announcing(&self.workspace, &ana, "payments").await;
        Request {
            summary: "Cards fail".into(),
            component: found.unwrap().component.unwrap(),
            severity: Severity::Major,
            eta: Eta::unknown(self.world.clock.now()),
            answers: Vec::new(),
            from_message: None,
            not_the_same_as: self.known.clone(),
        }
    }

    async fn declares(&self, request: &Request, key: &str) -> Result<Outage, DeskError> {
        let once = Once::new("test", key.to_owned(), String::new());
        let desk = self.world.slack.desk.clone();
        desk.declare(&self.workspace, self.ana, request, &once)
            .await
    }

    async fn announces(&mut self) -> OutageNumber {
        let key = format!("announce {}", self.known.len());
        let outage = self.declares(&self.request().await, &key).await.unwrap();
        self.known.push(outage.number);
        outage.number
    }

    async fn changes(
        &self,
        number: OutageNumber,
        command: Command,
        key: &str,
    ) -> Result<Outage, DeskError> {
        let once = Once::new("test", format!("{number} {key}"), String::new());
        let desk = self.world.slack.desk.clone();
        desk.change(&self.workspace, self.ana, number, &command, &once)
            .await
    }

    async fn merges(&self, from: OutageNumber, into: OutageNumber) -> Result<Outage, DeskError> {
        let merge = Command::Withdraw {
            why: String::new(),
            duplicate_of: Some(into),
        };
        self.changes(from, merge, "merge").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_form_at_two_nodes_at_once_opens_one_outage_and_asks_nothing() {
    let mut desk = Desk::on_postgres().await;
    for round in 0..15 {
        let request = desk.request().await;
        let key = format!("round {round}");
        let outcomes = tokio::join!(
            desk.declares(&request, &key),
            desk.declares(&request, &key),
            desk.declares(&request, &key),
        );
        let first = outcomes.0.unwrap().number;
        assert_eq!(outcomes.1.unwrap().number, first);
        assert_eq!(outcomes.2.unwrap().number, first);
        desk.known.push(first);
    }
    desk.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_at_two_nodes_at_once_is_done_once_and_refused_never() {
    let mut desk = Desk::on_postgres().await;
    let number = desk.announces().await;
    for round in 0..40 {
        let nobody = Command::Reassign {
            solution: Some(None),
            communication: None,
        };
        desk.changes(number, nobody, &format!("free {round}"))
            .await
            .unwrap();
        let key = format!("take {round}");
        let outcomes = tokio::join!(
            desk.changes(number, Command::Take, &key),
            desk.changes(number, Command::Take, &key),
            desk.changes(number, Command::Take, &key),
            desk.changes(number, Command::Take, &key),
        );
        for outcome in [outcomes.0, outcomes.1, outcomes.2, outcomes.3] {
            assert_eq!(outcome.unwrap().roles.solution, Some(desk.ana));
        }
    }
    desk.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn merges_that_cross_leave_one_outage_open() {
    let mut desk = Desk::on_postgres().await;
    for _ in 0..8 {
        let (a, b, c) = (
            desk.announces().await,
            desk.announces().await,
            desk.announces().await,
        );
        let outcomes = tokio::join!(desk.merges(a, b), desk.merges(b, c), desk.merges(c, a));
        let outcomes = [outcomes.0, outcomes.1, outcomes.2];
        let done = outcomes.iter().filter(|it| it.is_ok()).count();
        for outcome in &outcomes {
            assert!(
                matches!(
                    outcome,
                    Ok(_)
                        | Err(DeskError::Refused(
                            Refusal::NotAnOriginal { .. } | Refusal::OutOfDate { .. }
                        ))
                ),
                "{outcome:?}"
            );
        }
        let mut open = 0;
        for number in [a, b, c] {
            let outage = desk.world.slack.desk.outage(&desk.workspace, number).await;
            open += usize::from(outage.unwrap().is_open());
        }
        assert_eq!((open + done, open > 0), (3, true), "{outcomes:?}");
    }
    desk.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_outages_never_get_the_same_channel() {
    let mut desk = Desk::on_postgres().await;
    for round in 0..10 {
        let (a, b) = (desk.announces().await, desk.announces().await);
        let set = || Command::SetChannel {
            channel: ChannelId(format!("C0ROOM{round}")),
        };
        // The bot is in it only later: wanting it is enough.
        let (first, second) =
            tokio::join!(desk.changes(a, set(), "set"), desk.changes(b, set(), "set"));
        let taken = [&first, &second].into_iter().filter(|it| {
            matches!(
                it,
                Err(DeskError::Refused(Refusal::ChannelTaken { by })) if [a, b].contains(by)
            )
        });
        assert_eq!(taken.count(), 1, "{first:?} {second:?}");
        assert!(first.is_ok() || second.is_ok());
    }
    desk.world.close().await;
}

/// A big outage: everybody reports the same at once.
#[tokio::test(flavor = "multi_thread")]
async fn many_who_join_at_once_are_all_heard() {
    let mut desk = Desk::on_postgres().await;
    let number = desk.announces().await;
    let mut joining = tokio::task::JoinSet::new();
    for at in 0..40 {
        let (desk, workspace, ana) = (
            desk.world.slack.desk.clone(),
            desk.workspace.clone(),
            desk.ana,
        );
        joining.spawn(async move {
            let text = format!("Report {at}");
            let once = Once::new("test", text.clone(), String::new());
            let join = Command::Join { text };
            desk.change(&workspace, ana, number, &join, &once).await
        });
    }
    while let Some(outcome) = joining.join_next().await {
        outcome.unwrap().unwrap();
    }
    let outage = desk.world.slack.desk.outage(&desk.workspace, number).await;
    assert_eq!(outage.unwrap().version, 41);
    desk.world.close().await;
}
