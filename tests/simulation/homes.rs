//! Home tabs: people look at theirs, and in the end it shows what is open.

use std::collections::{BTreeMap, BTreeSet};

use balefire::domain::time::Timestamp;
use serde_json::{Value, json};

use crate::{
    invariants::{Violation, violated},
    script::{Hearing, Step, Who},
    world::World,
};

const TRUE: &str = "once quiet, a Home tab equals the state";

/// For how long what follows is shown to whoever looked; a clock may be some seconds off.
const SHOWN: i64 = 23 * 3_600_000_000;

/// Somebody looks, and Balefire hears of it. None of this is left to chance, so that scripts stay
/// otherwise as they were.
pub fn look(who: Who) -> Vec<Step> {
    let (event, node, how) = (0, 0, Hearing::Once);
    let mut steps = vec![Step::Look { who }];
    steps.extend((0..8).map(|_| Step::Hear { event, node, how }));
    steps.push(Step::Follow { node, crash: None });
    steps
}

impl World {
    pub async fn looks(&mut self, who: Who) {
        let events = self.wire.events();
        let body = json!({ "user": who.name(), "wait_ms": 0 });
        self.control("home", body).await;
        self.wire.events_are(events + 1).await;
        self.count("somebody looks at the Home tab");
    }

    /// Whoever looked within the day sees every open outage as it is, and no other.
    pub async fn homes_are_true(&self) -> Result<(), Violation> {
        let looked: Vec<(String, Timestamp)> = self
            .rows("SELECT slack_user_id, opened_at FROM home_tabs ORDER BY slack_user_id")
            .await;
        let open: Vec<(i64, String, String)> = self
            .rows(
                "SELECT number, phase, severity FROM outages
                 WHERE phase NOT IN ('resolved', 'withdrawn') ORDER BY number",
            )
            .await;
        let numbers: BTreeSet<i64> = open.iter().map(|it| it.0).collect();
        let state = self.state();
        for (user, at) in looked {
            if self.now - at.micros() > SHOWN {
                continue;
            }
            let shown = entries(&state["homes"][&user]);
            if shown.keys().copied().collect::<BTreeSet<_>>() != numbers {
                let seen = format!("{user} sees {:?}, open are {numbers:?}", shown.keys());
                return violated(TRUE, seen);
            }
            for (number, phase, severity) in &open {
                let says = &shown[number];
                if !says.contains(&format!("— {phase}, severity {severity}, ")) {
                    let seen = format!("{user} sees {says}, it is {phase} and {severity}");
                    return violated(TRUE, seen);
                }
            }
        }
        Ok(())
    }
}

/// What a tab says of each open outage, by its number.
fn entries(view: &Value) -> BTreeMap<i64, String> {
    let blocks = view["blocks"].as_array().into_iter().flatten();
    let entry = |it: &Value| {
        let number = it["block_id"].as_str()?.strip_prefix("outage.")?;
        Some((
            number.parse().ok()?,
            it["text"]["text"].as_str()?.to_owned(),
        ))
    };
    blocks.filter_map(entry).collect()
}
