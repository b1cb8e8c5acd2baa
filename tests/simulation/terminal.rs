//! Somebody at a terminal: a third process that writes to the same database, by the same use cases,
//! and delivers nothing.

use std::sync::Arc;

use balefire::{
    clock::Clock,
    desk::{Desk, DeskError, Once},
    domain::{
        command::{Command, Request, Resolve, Update},
        eta::{Eta, understand},
        ids::{OutageNumber, SlackUserId, WorkspaceId},
        outage::Severity,
        person::Person,
        refusal::Refusal,
        time::Timestamp,
    },
    store::Db,
};
use tokio::sync::Notify;

use crate::{
    invariants::{Violation, violated},
    model::Announced,
    node::Node,
    script::{ETAS, Verb, Who},
    world::{COMPONENTS, World},
};

/// The rooms that a command has.
pub struct Terminal {
    desk: Desk,
    clock: Clock,
    workspace: WorkspaceId,
    keys: u64,
}

impl Terminal {
    pub async fn start(path: &std::path::Path, node: &Node) -> Terminal {
        let db = Db::open_sqlite(path).await.unwrap();
        let clock = Clock::standing_at(node.slack.clock.now());
        let policy = Arc::new(node.slack.desk.policy().clone());
        Terminal {
            desk: Desk::new(db, clock.clone(), policy, Arc::new(Notify::new())),
            clock,
            workspace: node.slack.workspace().unwrap(),
            keys: 0,
        }
    }

    /// Under the name that Slack has, too: what was shown does not change when that becomes known.
    async fn person(&self, who: Who) -> Person {
        let user = SlackUserId(who.id().to_owned());
        let met = self
            .desk
            .meet(&self.workspace, &user, who.real_name())
            .await;
        met.unwrap()
    }

    async fn change(&self, number: i64, who: Who, change: &Command, once: &Once) -> bool {
        let person = self.person(who).await.id;
        let number = OutageNumber(number);
        let changed = self
            .desk
            .change(&self.workspace, person, number, change, once);
        answered(changed.await)
    }

    async fn declare(&self, who: Who, mut request: Request, once: &Once) -> bool {
        let person = self.person(who).await.id;
        let declared = self
            .desk
            .declare(&self.workspace, person, &request, once)
            .await;
        if let Err(DeskError::Refused(Refusal::MaybeTheSame { open, lately })) = declared {
            request.not_the_same_as = [open, lately].concat();
            let anyway = self.desk.declare(&self.workspace, person, &request, once);
            return answered(anyway.await);
        }
        answered(declared)
    }
}

/// Whether it was done. A refusal is an answer, too.
fn answered<T>(done: Result<T, DeskError>) -> bool {
    match done {
        Ok(_) => true,
        Err(DeskError::Store(error)) => panic!("{error}"),
        Err(_) => false,
    }
}

impl World {
    /// Somebody types a command in a shell; with `again` a script that heard nothing types it once
    /// more, with the same key.
    pub async fn types(
        &mut self,
        index: usize,
        verb: Verb,
        who: Who,
        again: bool,
    ) -> Result<(), Violation> {
        let Some((number, _)) = self.numbered(index).await else {
            return Ok(());
        };
        let word = self.model.word();
        let now = Timestamp::from_micros(self.now);
        let terminal = self.terminal();
        terminal.clock.move_to(now);
        terminal.keys += 1;
        let key = format!("a key of a script's {}", terminal.keys);
        let zone = terminal.person(who).await.zone;
        let change = match verb {
            Verb::Resolve => Command::Resolve(Resolve {
                text: format!("Over {word}"),
                at: now,
                answers: Vec::new(),
                turnover: None,
                post_mortem_wanted: false,
            }),
            Verb::Reopen => Command::Reopen {
                reason: format!("Back {word}"),
            },
            Verb::Withdraw => Command::Withdraw {
                why: format!("Wrong {word}"),
                duplicate_of: None,
            },
            Verb::Eta { phrase } => Command::Eta {
                eta: understand(ETAS[phrase % ETAS.len()], now, zone)
                    .unwrap_or_else(|_| Eta::unknown(now)),
                reason: format!("Later {word}"),
            },
            Verb::Update | Verb::Merge { .. } | Verb::Take => Command::Update(Update {
                text: format!("News {word}"),
                stage: None,
                eta: None,
            }),
        };
        let once = Once::new("command_line", key, format!("{verb:?}"));
        let done = terminal.change(number, who, &change, &once).await;
        if again && done && !terminal.change(number, who, &change, &once).await {
            return violated(
                "no effect twice",
                format!("{word} is refused the second time"),
            );
        }
        self.count("a command in a terminal");
        if again {
            self.count("a command in a terminal again");
        }
        let withdraws = matches!(verb, Verb::Withdraw);
        // An ETA that stays the same says nothing.
        let told = done && !matches!(verb, Verb::Eta { .. });
        self.line(word, number, withdraws, told).await
    }

    /// Somebody announces an outage in a shell.
    pub async fn announces_in_a_terminal(
        &mut self,
        who: Who,
        component: usize,
        again: bool,
    ) -> Result<(), Violation> {
        let word = self.model.word();
        let now = Timestamp::from_micros(self.now);
        let terminal = self.terminal();
        terminal.clock.move_to(now);
        terminal.keys += 1;
        let key = format!("a key of a script's {}", terminal.keys);
        let once = Once::new("command_line", key, word.clone());
        let named = COMPONENTS[component % COMPONENTS.len()];
        let found = terminal
            .desk
            .component_called(&terminal.workspace, named)
            .await;
        let request = Request {
            summary: format!("It fails {word}"),
            component: found.unwrap().unwrap(),
            severity: Severity::Major,
            eta: Eta::unknown(now),
            answers: Vec::new(),
            from_message: None,
            not_the_same_as: Vec::new(),
        };
        let done = terminal.declare(who, request.clone(), &once).await;
        if again && done && !terminal.declare(who, request, &once).await {
            return violated(
                "no effect twice",
                format!("{word} is refused the second time"),
            );
        }
        self.count("an outage announced in a terminal");
        let found = "SELECT number FROM outages WHERE summary GLOB $1";
        let numbers = self.mentions(found, &word).await;
        self.model.announced.push(Announced {
            word,
            acknowledged: done,
            number: numbers.first().copied(),
        });
        Ok(())
    }
}
