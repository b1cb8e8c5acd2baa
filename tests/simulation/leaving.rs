//! Somebody leaves the workspace, in the middle of an outage that they have a part in, and may come
//! back: what happens, and what must hold once everything is quiet.

use serde_json::json;

use crate::{
    invariants::{Violation, violated},
    script::{Crash, Entry, Hearing, How, Step, Verb, Who},
    world::World,
};

const FREE: &str = "nobody who left is an assignee of an open outage";
const ASKED: &str = "whoever left is asked for once";

/// Whoever leaves. The others keep an outage going meanwhile.
pub const LEAVER: Who = Who::Dee;

/// Somebody gets a role and leaves; others work on, and they may come back and get it again.
pub fn somebody_leaves(luck: &mut fastrand::Rng) -> Vec<Step> {
    let outage = luck.usize(..1000);
    let entry = |luck: &mut fastrand::Rng| Entry {
        node: luck.usize(..2),
        how: How::Plain,
    };
    let mut steps = vec![Step::GoOn, Step::Drain];
    for _ in 0..luck.usize(1..3) {
        steps.push(Step::Reassign {
            outage,
            to: LEAVER,
            who: Who::Ana,
            entry: entry(luck),
        });
        steps.push(Step::Leaves {
            who: LEAVER,
            back: false,
        });
        steps.push(Step::Hear {
            event: 0,
            node: luck.usize(..2),
            how: [Hearing::Once, Hearing::Repeated, Hearing::OtherId][luck.usize(..3)],
        });
        for _ in 0..luck.usize(0..3) {
            steps.push(Step::Follow {
                node: luck.usize(..2),
                crash: (luck.u32(..4) == 0).then_some(Crash {
                    nth: 0,
                    hold: crate::trouble::Hold::BeforeCommit,
                }),
            });
        }
        if luck.bool() {
            steps.push(Step::Words {
                outage,
                verb: [Verb::Update, Verb::Take, Verb::Resolve][luck.usize(..3)],
                who: Who::Ana,
                entry: entry(luck),
            });
        }
        if luck.bool() {
            steps.push(Step::Jobs {
                node: luck.usize(..2),
            });
        }
        steps.extend(luck.bool().then_some(Step::Drain));
        steps.push(Step::Leaves {
            who: LEAVER,
            back: luck.u32(..4) > 0,
        });
    }
    steps
}

impl World {
    pub async fn leaves(&mut self, who: Who, back: bool) {
        if self.is_gone(who) != back {
            return;
        }
        let events = self.wire.events();
        let body = json!({ "user": who.name(), "deactivated": !back });
        self.control("person", body).await;
        self.wire.events_are(events + 1).await;
        self.count(match back {
            true => "somebody comes back",
            false => "somebody leaves",
        });
    }

    pub fn is_gone(&self, who: Who) -> bool {
        let state = self.state();
        let mut users = state["users"].as_array().into_iter().flatten();
        users.any(|it| it["id"] == who.id() && it["deleted"] == true)
    }

    pub async fn leavers_are_free(&self) -> Result<(), Violation> {
        let left: Vec<(i64, String)> = self
            .rows(
                "SELECT number, people.name FROM outages JOIN people
                     ON people.id IN (solution_assignee_id, communication_assignee_id)
                 WHERE phase IN ('investigating', 'identified', 'monitoring')
                   AND people.deactivated_at IS NOT NULL ORDER BY number",
            )
            .await;
        if let Some(left) = left.first() {
            return violated(FREE, format!("{left:?}"));
        }
        // The key of a line and of a question names the version: once for each that somebody left.
        let asked: Vec<(i64, i64, i64)> = self
            .rows(
                "SELECT left_at.outage_id, left_at.version,
                        (SELECT COUNT(*) FROM deliveries WHERE dedupe_key LIKE
                         'say:' || left_at.outage_id || ':' || left_at.version || ':%')
                 FROM timeline AS left_at WHERE kind = 'assignee_left' ORDER BY left_at.id",
            )
            .await;
        for (outage, version, lines) in asked {
            if lines != 1 {
                let seen = format!("{outage}, version {version}: {lines} lines");
                return violated(ASKED, seen);
            }
        }
        Ok(())
    }
}
