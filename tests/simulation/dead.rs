//! What Slack refuses for good: only that may be given up, somebody is told, and an operator who
//! mends the cause and retries gets everything back.

use balefire::{
    domain::{ids::DeliveryId, time::Timestamp},
    store,
};

use crate::{
    invariants::{Violation, violated},
    world::World,
};

const EXPLAINED: &str = "only what Slack refused is given up";
const TOLD: &str = "somebody is told of what was given up";

#[derive(sqlx::FromRow)]
struct Dead {
    id: i64,
    kind: String,
    outage_id: Option<i64>,
    last_error: Option<String>,
    dead_at: Timestamp,
}

impl World {
    /// Looks at what is dead and takes it back to life, as `balefire deliveries retry` does. True
    /// when there was any.
    pub async fn retries_what_is_dead(&mut self) -> Result<bool, Violation> {
        let dead: Vec<Dead> = self
            .rows(
                "SELECT id, kind, outage_id, last_error, dead_at FROM deliveries
                 WHERE dead_at IS NOT NULL ORDER BY id",
            )
            .await;
        for it in &dead {
            let follows = it.last_error.as_deref()
                == Some("the announcement itself was not posted")
                && dead
                    .iter()
                    .any(|other| other.kind == "announce" && other.outage_id == it.outage_id);
            // Really so, while people had taken the channel away.
            let says = |code: &str| it.last_error.as_deref().is_some_and(|it| it.contains(code));
            let was_lost = self.model.channel_lost > 0
                && ["is_archived", "not_in_channel", "channel_not_found"]
                    .into_iter()
                    .any(says);
            if !follows && !was_lost && !self.model.refused.contains(&it.id) {
                let seen = format!("{} {}: {:?}", it.kind, it.id, it.last_error);
                return violated(EXPLAINED, seen);
            }
            if matches!(
                it.kind.as_str(),
                "apologise" | "tell_roles" | "sweep" | "tell_mend" | "ask_for_assignee" | "home"
            ) {
                continue;
            }
            let (outage, hour) = (it.outage_id.unwrap_or(0), it.dead_at.epoch() / 3600);
            let key = format!("apology:{outage}:{}:{hour}", it.kind);
            let sql = "SELECT id FROM deliveries WHERE dedupe_key = $1";
            if self.bound(sql, &key).await.is_empty() {
                return violated(TOLD, format!("nobody of {} {}", it.kind, it.id));
            }
        }
        for it in &dead {
            self.count("a retry by hand");
            self.model.retried.push(it.id);
            let mut tx = self.db.begin().await.unwrap();
            let now = Timestamp::from_micros(self.now);
            store::deliveries::revive(&mut tx, DeliveryId(it.id), now)
                .await
                .unwrap();
            tx.commit().await.unwrap();
        }
        Ok(!dead.is_empty())
    }
}
