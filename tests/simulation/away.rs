//! People who take an announcement away, or the channel that it stands in: what they do, and what
//! must hold then.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    invariants::{ONE_ANNOUNCEMENT, Shown, Violation, delivery, messages, violated},
    request::BOT,
    script::Who,
    world::World,
};

/// Where outages are announced, and where they are when that channel cannot be used.
pub const CHANNEL: &str = "C0OUTAGES";
pub const FALLBACK: &str = "C0ALERTS";

const MENDED_ONCE: &str = "what people take away is mended once";
const TOLD: &str = "people are told what became of an announcement";

/// How long Balefire has for what it does without the channel, in microseconds.
const LONG_ENOUGH: i64 = 2 * 3_600_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    Delete,
    Unpin,
    /// These three are done to the channel.
    Archive,
    /// The bot is removed from it.
    Remove,
    GiveBack,
}

/// Where an announcement stands, as the database has it.
#[derive(sqlx::FromRow)]
struct Standing {
    outage_id: i64,
    number: i64,
    phase: String,
    channel_id: String,
    message_ts: Option<String>,
    away: bool,
    unpins: i64,
    moves: i64,
    posted: i64,
}

impl Standing {
    fn is_open(&self) -> bool {
        self.phase != "resolved" && self.phase != "withdrawn"
    }
}

impl World {
    pub async fn takes_away(&mut self, index: usize, act: Act) {
        match act {
            Act::Delete | Act::Unpin => self.touches(index, act).await,
            Act::Archive | Act::Remove => {
                let (is_archived, has_bot) = self.channel_is();
                let (change, counted) = match act {
                    Act::Archive => (json!({ "archived": true }), "the channel is archived"),
                    _ => (json!({ "remove": "balefire" }), "the bot is removed"),
                };
                if !is_archived && has_bot {
                    self.model.channel_lost += 1;
                    self.changes_channel(change).await;
                    self.count(counted);
                }
            }
            Act::GiveBack => self.gives_back().await,
        }
    }

    /// Somebody deletes or unpins the announcement of an outage, where they can.
    async fn touches(&mut self, index: usize, act: Act) {
        let Some(outage) = self.outage(index).await else {
            return;
        };
        let Some(ts) = outage.message else { return };
        let state = self.state();
        let channel = channel_in(&state, &outage.channel);
        let (is_archived, has_bot) = how_it_is(channel);
        let mut all = messages(channel).filter(|it| it["subtype"] != "tombstone");
        let pinned = channel["pins"].as_array();
        let pinned = pinned.is_some_and(|it| it.contains(&json!(ts)));
        if is_archived || !has_bot || !all.any(|it| it["ts"] == ts.as_str()) {
            return;
        }
        let events = self.wire.events();
        let mut body = json!({ "user": Who::Ana.name(), "channel": outage.channel, "ts": ts });
        match act {
            Act::Unpin if !pinned => return,
            Act::Unpin => {
                self.count("an announcement is unpinned");
                self.model.unpinned.push(outage.number);
                body["remove"] = json!(true);
                self.control("pin", body).await;
            }
            _ => {
                self.count("an announcement is deleted");
                self.model.deleted.push((outage.number, ts.clone()));
                self.wire.will_be_deleted(&ts);
                self.control("delete", body).await;
            }
        }
        self.wire.events_are(events + 1).await;
    }

    /// Whether the channel of the announcements is archived, and whether the bot is in it.
    fn channel_is(&self) -> (bool, bool) {
        how_it_is(channel_in(&self.state(), CHANNEL))
    }

    async fn changes_channel(&mut self, mut change: Value) {
        change["channel"] = json!(CHANNEL);
        change["by"] = json!(Who::Ana.name());
        let events = self.wire.events();
        self.control("channel", change).await;
        self.wire.events_are(events + 1).await;
    }

    async fn gives_back(&mut self) {
        let (is_archived, has_bot) = self.channel_is();
        if is_archived {
            self.changes_channel(json!({ "archived": false })).await;
        }
        if !has_bot {
            self.changes_channel(json!({ "add": "balefire" })).await;
        }
        if is_archived || !has_bot {
            self.count("the channel is given back");
        }
    }

    /// How often somebody unpinned the announcement of this outage.
    pub fn unpinned(&self, number: i64) -> usize {
        let all = self.model.unpinned.iter();
        all.filter(|it| **it == number).count()
    }

    /// How often somebody deleted it.
    pub fn deleted(&self, number: i64) -> usize {
        let all = self.model.deleted.iter();
        all.filter(|it| it.0 == number).count()
    }

    // ---- what must hold

    async fn standings(&self) -> Vec<Standing> {
        self.rows(
            "SELECT outage_id, number, phase, channel_id, message_ts, away, unpins, moves,
                    (SELECT COUNT(*) FROM deliveries WHERE kind = 'announce'
                     AND deliveries.outage_id = announcements.outage_id) AS posted
             FROM announcements JOIN outages ON outages.id = outage_id ORDER BY number",
        )
        .await
    }

    /// Every message that is or was an announcement, with its outage.
    pub async fn threads(&self) -> Vec<(i64, String)> {
        self.rows(
            "SELECT outage_id, message_ts FROM announcements WHERE message_ts IS NOT NULL
             UNION ALL SELECT outage_id, message_ts FROM former_announcements
             ORDER BY outage_id, message_ts",
        )
        .await
    }

    /// While the channel cannot be used: nobody gives it back before Balefire had the time to do
    /// what it does without it.
    pub async fn stands_elsewhere(&mut self) -> Result<(), Violation> {
        let (mut is_archived, mut has_bot) = self.channel_is();
        if !is_archived && has_bot {
            return Ok(());
        }
        let end = self.now + LONG_ENOUGH;
        let mut jobs_ran = false;
        while self.now < end {
            self.work().await;
            match self.next_due().await {
                Some(due) if due < end => self.pass((due - self.now).max(0) + 1000).await,
                _ if jobs_ran => break,
                _ => {
                    self.jobs(0).await;
                    jobs_ran = true;
                }
            }
        }
        (is_archived, has_bot) = self.channel_is();
        if is_archived || !has_bot {
            self.everything_open_is_elsewhere().await?;
        }
        self.gives_back().await;
        self.hears_all().await;
        Ok(())
    }

    async fn everything_open_is_elsewhere(&self) -> Result<(), Violation> {
        for it in self.standings().await {
            if !it.is_open() || it.away {
                continue;
            }
            let number = it.number;
            if it.channel_id != CHANNEL {
                continue;
            }
            // It may have been there once already, or the other channel be of no use either.
            let stays = !self.fallback || it.moves > 0 || self.wire.channels_lost() > 0;
            if !stays {
                let seen = format!("outage {number} is left in a channel that cannot be used");
                return violated(ONE_ANNOUNCEMENT, seen);
            }
            if self.told(it.outage_id, "stranded").await.is_empty() {
                let seen = format!("that outage {number} has no channel");
                return violated(TOLD, seen);
            }
        }
        Ok(())
    }

    /// Who was to be told: the deliveries.
    async fn told(&self, outage: i64, what: &str) -> Vec<i64> {
        let sql = "SELECT id FROM deliveries WHERE dedupe_key LIKE $1";
        self.bound(sql, &format!("mend:{outage}:%:{what}:%")).await
    }

    /// Outages with the message that is their announcement. Each that is open has one, but for those
    /// that people deleted again; and nothing else stands there.
    pub async fn standing(&self, shown: &Shown) -> Result<Vec<(i64, String)>, Violation> {
        let threads = self.threads().await;
        // Where Slack's answer was lost and then the channel, Balefire does not look any more.
        let left_behind: Vec<(i64,)> = self
            .rows(
                "SELECT deliveries.id FROM deliveries
                 JOIN announcements ON announcements.outage_id = deliveries.outage_id
                 WHERE deliveries.kind = 'announce' AND moves > 0 ORDER BY deliveries.id",
            )
            .await;
        for message in shown.said(None) {
            let of = delivery(message).map(|it| it.0);
            let is_left_behind = left_behind.iter().any(|it| Some(it.0) == of);
            let is_known = threads.iter().any(|it| message["ts"] == it.1.as_str());
            if !is_known && !is_left_behind {
                let seen = format!("nobody knows of {}", message["text"]);
                return violated(ONE_ANNOUNCEMENT, seen);
            }
        }
        let mut standing = Vec::new();
        for it in self.standings().await {
            let number = it.number;
            let deleted = self.deleted(number);
            let lost = self.model.channel_lost + self.wire.channels_lost();
            let most = 1 + deleted.min(1) + lost.min(1);
            if it.posted > most as i64 {
                let seen = format!("outage {number} was announced {} times", it.posted);
                return violated(MENDED_ONCE, seen);
            }
            if it.away && deleted > 1 {
                continue;
            }
            let here = it.message_ts.clone().filter(|ts| {
                let mut all = shown.said_in(&it.channel_id, None).into_iter();
                all.any(|it| it["ts"] == ts.as_str())
            });
            let is_open = it.is_open();
            match here {
                Some(ts) => standing.push((it.outage_id, ts)),
                None if !is_open && deleted > 0 => {}
                None => return violated(ONE_ANNOUNCEMENT, format!("none of outage {number}")),
            }
        }
        Ok(standing)
    }

    /// Of what is not as it was, the person concerned has a message.
    pub async fn people_were_told(&self, shown: &Shown) -> Result<(), Violation> {
        for it in self.standings().await {
            let facts = [
                (it.away, "stays_away"),
                (it.moves > 0, "moved"),
                (it.unpins > 1, "stays_unpinned"),
            ];
            for (_, what) in facts.into_iter().filter(|it| it.0) {
                let told = self.told(it.outage_id, what).await;
                let has_it = |id: &i64| {
                    let begins = format!("{id}-");
                    shown.keys.keys().any(|key| key.starts_with(&begins))
                };
                if !told.iter().any(has_it) {
                    return violated(TOLD, format!("outage {}: {what}", it.number));
                }
            }
        }
        Ok(())
    }

    /// What was done about it, for the figures.
    pub async fn mended(&self) -> Vec<(&'static str, u64)> {
        const ALL: [(&str, &str); 6] = [
            ("mended: posted_again", "posted_again"),
            ("mended: stays_away", "stays_away"),
            ("mended: pinned_again", "pinned_again"),
            ("mended: stays_unpinned", "stays_unpinned"),
            ("mended: moved", "moved"),
            ("mended: stranded", "stranded"),
        ];
        let mut counts = Vec::new();
        for (counted, what) in ALL {
            let done = match what {
                "stranded" => {
                    let sql = "SELECT id FROM deliveries WHERE dedupe_key LIKE $1";
                    self.bound(sql, "mend:%:stranded:%").await
                }
                _ => {
                    let sql = "SELECT id FROM timeline WHERE kind = 'mended' AND event LIKE $1";
                    self.bound(sql, &format!("%\"{what}\"%")).await
                }
            };
            if !done.is_empty() {
                counts.push((counted, done.len() as u64));
            }
        }
        counts
    }
}

fn channel_in<'a>(state: &'a Value, id: &str) -> &'a Value {
    let mut all = state["channels"].as_array().into_iter().flatten();
    all.find(|it| it["id"] == id).unwrap_or(&Value::Null)
}

fn how_it_is(channel: &Value) -> (bool, bool) {
    let members = channel["members"].as_array();
    let has_bot = members.is_some_and(|it| it.iter().any(|it| it == BOT));
    (channel["is_archived"] == true, has_bot)
}
