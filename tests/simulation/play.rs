//! What a step does: people who type, press and fill in, Slack that sends events, nodes that work.

use serde_json::{Value, json};

use crate::{
    invariants::{Violation, violated},
    model::{Announced, Line, Written},
    script::{ETAS, Entry, Hearing, How, METHODS, Step, Verb, Who},
    wire::Passing,
    world::{COMPONENTS, World},
};

type Played = Result<(), Violation>;

/// An outage, as the database has it.
pub struct Found {
    pub number: i64,
    pub phase: String,
    /// Where its announcement stands, once it does.
    pub channel: String,
    pub message: Option<String>,
}

impl World {
    pub async fn play(&mut self, step: &Step) -> Played {
        // No two steps at the same microsecond.
        self.pass(1000).await;
        // Whoever left does nothing.
        let actor = match step {
            Step::Announce { who, .. }
            | Step::Words { who, .. }
            | Step::Edit { who, .. }
            | Step::Reassign { who, .. }
            | Step::Channel { who, .. }
            | Step::TakeBack { who } => Some(*who),
            _ => None,
        };
        if actor.is_some_and(|it| self.is_gone(it)) {
            return Ok(());
        }
        match step {
            Step::Announce {
                who,
                component,
                sales,
                entry,
            } => {
                self.announces(*who, *component, *sales, *entry).await?;
            }
            Step::Words {
                outage,
                verb,
                who,
                entry,
            } => self.says(*outage, *verb, *who, *entry).await?,
            Step::Edit {
                outage,
                severity,
                who,
                entry,
            } => self.edits(*outage, *severity, *who, *entry).await?,
            Step::Reassign {
                outage,
                to,
                who,
                entry,
            } => self.reassigns(*outage, *to, *who, *entry).await?,
            Step::Channel { outage, who, entry } => {
                self.wants_channel(*outage, *who, *entry).await?;
            }
            Step::Terminal {
                outage,
                verb,
                who,
                again,
            } => self.types(*outage, *verb, *who, *again).await?,
            Step::AnnounceInTerminal {
                who,
                component,
                again,
            } => {
                self.announces_in_a_terminal(*who, *component, *again)
                    .await?;
            }
            Step::Silence { how, minutes } => self.falls_silent(*how, *minutes).await,
            Step::Leaves { who, back } => self.leaves(*who, *back).await,
            Step::Write { outage } => self.writes(*outage).await,
            Step::React {
                message,
                who,
                remove,
            } => self.reacts(*message, *who, *remove).await,
            Step::TakeBack { who } => self.takes_back(*who).await,
            Step::Rewrite { message } => self.rewrites(*message, false).await,
            Step::Delete { message } => self.rewrites(*message, true).await,
            Step::TakeAway { outage, act } => self.takes_away(*outage, *act).await,
            Step::Look { who } => self.looks(*who).await,
            Step::Hear { event, node, how } => self.hears(*event, *node, *how).await,
            Step::Follow { node, crash } => match crash {
                None => drop(self.follow(*node).await),
                Some(crash) => self.follow_and_crash(*node, *crash).await,
            },
            Step::Claim { node } => drop(self.claim(*node).await),
            Step::Attempt { node, end } => {
                let has_one = |it: &crate::node::Node| !it.claimed.is_empty();
                if !self.nodes[*node].as_ref().is_some_and(has_one) {
                    self.claim(*node).await;
                }
                self.attempt(*node, *end).await;
            }
            Step::GoOn => self.go_on().await,
            Step::Drain => self.drain().await,
            Step::Pass { seconds } => self.pass(*seconds as i64 * 1_000_000).await,
            Step::PassWorking { hours } => {
                self.count("hours pass");
                self.pass_working(*hours as i64 * 3_600_000_000).await;
            }
            Step::Skew { node, seconds } => {
                let now = self.now;
                if let Some(node) = &mut self.nodes[*node] {
                    node.skew = seconds * 1_000_000;
                    node.move_to(now);
                    self.count("a clock jumps");
                }
            }
            Step::Jobs { node } => self.jobs(*node).await,
            Step::JobStands { node, crash } => self.job_stands(*node, *crash).await,
            Step::Fault { method, trouble } => self.wire.trouble(METHODS[*method], *trouble),
            Step::Break { node } => drop(self.breaks(*node).await),
            Step::Crash { node } => {
                if self.nodes[*node].is_some() {
                    self.count("crash at rest");
                    self.crash(*node).await;
                }
            }
            Step::Start { node } => self.start(*node).await,
        }
        Ok(())
    }

    /// Plays something that becomes one request, and gives what the person saw last; none when they
    /// saw nothing, because no answer came.
    async fn asks(&mut self, entry: Entry, what: &str, body: Value) -> Option<Value> {
        let node = self.living(entry.node).await;
        self.count(entry.how.word());
        match entry.how {
            How::Plain => self.asks_once(node, what, body).await,
            How::Twice { node: other } => {
                self.wire.take_last();
                let seen = self.asks_once(node, what, body).await;
                let other = self.living(other).await;
                if let Some(kept) = self.wire.take_last() {
                    self.wire.pass_on(other, &kept).await;
                    self.rests(other).await;
                }
                seen
            }
            How::Again => {
                let first = self.asks_once(node, what, body.clone()).await;
                let node = self.living(1 - node).await;
                let second = self.asks_once(node, what, body).await;
                match what {
                    // The form is closed already.
                    "submit" => first,
                    _ => second,
                }
            }
            How::AnswerLost => {
                self.wire.route(node, Passing::AnswerLost);
                self.control(what, body.clone()).await;
                self.rests(node).await;
                self.asks_once(node, what, body).await
            }
            How::CrashBefore => {
                self.wire.route(node, Passing::Lost);
                self.control(what, body).await;
                self.crash(node).await;
                None
            }
            How::CrashAfter => {
                self.wire.route(node, Passing::AnswerLost);
                self.control(what, body).await;
                self.rests(node).await;
                self.crash(node).await;
                None
            }
            How::CrashBeside { crash } => {
                if self.wire.is_held() {
                    return self.asks_once(node, what, body).await;
                }
                self.wire.hold(crash.nth, crash.hold);
                self.wire.route(node, Passing::Through);
                let seen = self.control(what, body).await;
                if self.rests(node).await {
                    self.count("a call beside an answer is cut off");
                    self.crash(node).await;
                }
                self.wire.unhold();
                Some(seen)
            }
        }
    }

    pub async fn asks_once(&mut self, node: usize, what: &str, body: Value) -> Option<Value> {
        self.wire.route(node, Passing::Through);
        let seen = self.control(what, body).await;
        self.rests(node).await;
        Some(seen)
    }

    // ---- people

    async fn outages(&self) -> Vec<Found> {
        let rows: Vec<(i64, String, String, Option<String>)> = self
            .rows(
                "SELECT number, phase, channel_id, message_ts FROM outages
                 JOIN announcements ON announcements.outage_id = outages.id ORDER BY number",
            )
            .await;
        let found = |(number, phase, channel, message)| Found {
            number,
            phase,
            channel,
            message,
        };
        rows.into_iter().map(found).collect()
    }

    pub async fn outage(&self, index: usize) -> Option<Found> {
        let mut all = self.outages().await;
        match all.len() {
            0 => None,
            many => Some(all.swap_remove(index % many)),
        }
    }

    /// Whether the person has a form open.
    async fn has_form(&self, who: Who) -> bool {
        let state = self.state();
        let stack = state["views"][who.id()].as_array();
        stack.is_some_and(|it| !it.is_empty())
    }

    async fn puts_away(&mut self, who: Who) {
        let node = self.living(0).await;
        let body = json!({ "user": who.name(), "all": true });
        self.asks_once(node, "close", body).await;
    }

    /// Fills in and submits the open form, in the way of `entry`; true when Slack heard that it is
    /// done.
    async fn submits(&mut self, who: Who, values: Value, entry: Entry) -> bool {
        let body = json!({ "user": who.name(), "values": values });
        let seen = self.asks(entry, "submit", body).await;
        let mut done = seen.is_some_and(|it| it["seen"]["closed"] == true);
        if self.has_form(who).await {
            // It may be the question whether it is the same as another one.
            let node = self.living(entry.node).await;
            let answer = json!({ "user": who.name(), "values": { "same": "announce" } });
            let seen = self.asks_once(node, "submit", answer).await;
            done = done || seen.is_some_and(|it| it["seen"]["closed"] == true);
            self.puts_away(who).await;
        }
        done
    }

    async fn announces(&mut self, who: Who, component: usize, sales: bool, entry: Entry) -> Played {
        self.count("announce");
        let word = self.model.word();
        let (opening, entry) = apart(entry);
        let body = json!({ "user": who.name(), "channel": "general", "text": "/outage" });
        self.asks(opening, "command", body).await;
        if !self.has_form(who).await {
            return Ok(());
        }
        let sales = if sales { "yes" } else { "no" };
        let values = json!({
            "summary": format!("It fails {word}"),
            "component": COMPONENTS[component % COMPONENTS.len()],
            "Sales affected": sales,
        });
        let acknowledged = self.submits(who, values, entry).await;
        let found = "SELECT number FROM outages WHERE summary GLOB $1";
        let numbers = self.mentions(found, &word).await;
        if acknowledged && numbers.is_empty() {
            return violated(
                "nothing acknowledged is lost",
                format!("the outage of {word}"),
            );
        }
        self.model.announced.push(Announced {
            word,
            acknowledged,
            number: numbers.first().copied(),
        });
        Ok(())
    }

    async fn says(&mut self, index: usize, verb: Verb, who: Who, entry: Entry) -> Played {
        let Some(outage) = self.outage(index).await else {
            return Ok(());
        };
        let word = self.model.word();
        let number = outage.number;
        let (said, possible, counted) = match verb {
            Verb::Update => (
                format!("update {number} News {word}"),
                outage.phase != "resolved" && outage.phase != "withdrawn",
                "update",
            ),
            Verb::Eta { phrase } => (
                format!("eta {number} {}", ETAS[phrase % ETAS.len()]),
                false,
                "eta",
            ),
            Verb::Resolve => (
                format!("resolve {number} Over {word}"),
                outage.phase != "resolved" && outage.phase != "withdrawn",
                "resolve",
            ),
            Verb::Reopen => (
                format!("reopen {number} Back {word}"),
                outage.phase == "resolved" || outage.phase == "withdrawn",
                "reopen",
            ),
            Verb::Withdraw => (
                format!("withdraw {number} Wrong {word}"),
                outage.phase != "resolved" && outage.phase != "withdrawn",
                "withdraw",
            ),
            Verb::Merge { into } => {
                let all = self.outages().await;
                let into = all[into % all.len()].number;
                (format!("merge {number} into {into}"), false, "merge")
            }
            Verb::Take => (format!("take {number}"), false, "take"),
        };
        self.count(counted);
        let body = json!({
            "user": who.name(), "channel": "general", "text": format!("/outage {said}"),
        });
        let seen = self.asks(entry, "command", body).await;
        let told = seen.is_some_and(|it| it["seen"]["ephemeral"]["source"] == "command");
        let acknowledged = told && possible && who.may_change();
        self.line(word, number, matches!(verb, Verb::Withdraw), acknowledged)
            .await
    }

    /// Number and phase of an outage.
    pub async fn numbered(&self, index: usize) -> Option<(i64, String)> {
        let found = self.outage(index).await?;
        Some((found.number, found.phase))
    }

    /// Looks whether a line was decided on, which it must be when people were told so.
    pub async fn line(&mut self, word: String, outage: i64, withdraws: bool, told: bool) -> Played {
        let found = "SELECT outage_id FROM timeline WHERE event GLOB $1";
        let there = !self.mentions(found, &word).await.is_empty();
        if told && !there {
            let seen = format!("{word}, of outage {outage}");
            return violated("nothing acknowledged is lost", seen);
        }
        if there {
            self.model.lines.push(Line {
                word,
                outage,
                withdraws,
            });
        }
        Ok(())
    }

    /// Opens the form behind a button of an announcement; false when it does not open.
    async fn opens(&mut self, outage: &Found, action: &str, who: Who, entry: Entry) -> bool {
        let Some(ts) = &outage.message else {
            return false;
        };
        let body = json!({
            "user": who.name(), "channel": outage.channel, "ts": ts,
            "action_id": format!("balefire.v1.{action}"),
        });
        self.asks(entry, "click", body).await;
        self.has_form(who).await
    }

    async fn edits(&mut self, index: usize, severity: usize, who: Who, entry: Entry) -> Played {
        let Some(outage) = self.outage(index).await else {
            return Ok(());
        };
        let (opening, entry) = apart(entry);
        if !self.opens(&outage, "edit", who, opening).await {
            return Ok(());
        }
        self.count("edit");
        let word = self.model.word();
        let announced = &self.model.announced;
        let of = announced.iter().find(|it| it.number == Some(outage.number));
        let base = of.map_or(String::new(), |it| it.word.clone());
        let severity = ["minor", "major", "critical"][severity % 3];
        let values = json!({
            "summary": format!("It fails {base} otherwise {}", self.now),
            "severity": severity,
            "reason": format!("More is known {word}"),
        });
        let told = self.submits(who, values, entry).await;
        self.line(word, outage.number, false, told).await
    }

    async fn reassigns(&mut self, index: usize, to: Who, who: Who, entry: Entry) -> Played {
        let Some(outage) = self.outage(index).await else {
            return Ok(());
        };
        let (opening, entry) = apart(entry);
        if !self.opens(&outage, "reassign", who, opening).await {
            return Ok(());
        }
        self.count("reassign");
        let values = json!({ "solution": to.id() });
        self.submits(who, values, entry).await;
        Ok(())
    }

    async fn wants_channel(&mut self, index: usize, who: Who, entry: Entry) -> Played {
        let Some(outage) = self.outage(index).await else {
            return Ok(());
        };
        self.opens(&outage, "create_channel", who, entry).await;
        let made: Vec<(i64,)> = self
            .rows(
                "SELECT number FROM dedicated_channels
                 JOIN outages ON outages.id = outage_id ORDER BY number",
            )
            .await;
        if made.contains(&(outage.number,)) && !self.model.channels.contains(&outage.number) {
            self.count("create a channel");
            self.model.channels.push(outage.number);
        }
        Ok(())
    }

    // ---- dedicated channels

    async fn writes(&mut self, index: usize) {
        let made: Vec<(String,)> = self
            .rows(
                "SELECT channel_id FROM dedicated_channels
                 WHERE channel_id IS NOT NULL AND archived_at IS NULL ORDER BY outage_id",
            )
            .await;
        if made.is_empty() {
            return;
        }
        let channel = made[index % made.len()].0.clone();
        let state = self.state();
        let channels = state["channels"].as_array().unwrap();
        let found = channels.iter().find(|it| it["id"] == channel.as_str());
        let members = found.and_then(|it| it["members"].as_array()).cloned();
        let members = members.unwrap_or_default();
        let writers = [Who::Ana, Who::Bo].into_iter();
        let mut writers = writers.filter(|who| members.iter().any(|it| it == who.id()));
        let Some(who) = writers.next() else { return };
        let word = self.model.word();
        let events = self.wire.events();
        let body = json!({
            "user": who.name(), "channel": channel, "text": format!("We look at {word}"),
        });
        let seen = self.control("message", body).await;
        let Some(ts) = seen["ts"].as_str() else {
            return;
        };
        self.wire.events_are(events + 1).await;
        self.count("write");
        self.model.written.push(Written {
            channel,
            ts: ts.to_owned(),
            by: who.name(),
            word,
            deleted: false,
        });
    }

    async fn reacts(&mut self, index: usize, who: Who, remove: bool) {
        let written = &self.model.written;
        if written.is_empty() {
            return;
        }
        let message = written[index % written.len()].clone();
        let events = self.wire.events();
        let body = json!({
            "user": who.name(), "channel": message.channel, "ts": message.ts,
            "name": "point_up", "remove": remove,
        });
        let seen = self.control("react", body).await;
        if seen["ok"] == true {
            self.wire.events_are(events + 1).await;
            self.count(if remove {
                "take a reaction away"
            } else {
                "react"
            });
        }
    }

    async fn rewrites(&mut self, index: usize, delete: bool) {
        if self.model.written.is_empty() {
            return;
        }
        let index = index % self.model.written.len();
        let message = self.model.written[index].clone();
        if message.deleted {
            return;
        }
        let word = self.model.word();
        let events = self.wire.events();
        let body = json!({
            "user": message.by, "channel": message.channel, "ts": message.ts,
            "text": format!("Now we see {word}"),
        });
        let what = if delete { "delete" } else { "edit" };
        let seen = self.control(what, body).await;
        if seen["ok"] != true {
            return;
        }
        self.wire.events_are(events + 1).await;
        self.count(if delete {
            "delete a message"
        } else {
            "change a message"
        });
        let message = &mut self.model.written[index];
        message.deleted = delete;
        message.word = word;
    }

    // ---- events

    async fn hears(&mut self, index: usize, node: usize, how: Hearing) {
        let many = self.wire.events();
        if many == 0 {
            return;
        }
        let Some(event) = self.wire.take_event(index % many) else {
            return;
        };
        let node = self.living(node).await;
        self.count(how.word());
        let status = self.wire.pass_on(node, &event).await.map(|it| it.0);
        self.rests(node).await;
        let taken = status.is_some_and(|it| it.is_success());
        match how {
            Hearing::Once => {}
            Hearing::Repeated => {
                let other = self.living(1 - node).await;
                self.wire.pass_on(other, &event).await;
                self.rests(other).await;
            }
            Hearing::OtherId => {
                let other = self.living(1 - node).await;
                let id = format!("Ev{}", self.model.word());
                self.wire.pass_on(other, &event.renamed(&id)).await;
                self.rests(other).await;
            }
            Hearing::AnswerLost => {
                if self.breaks(node).await {
                    self.count("a socket breaks under an event");
                }
                return self.wire.give_back(event);
            }
            Hearing::CrashAfter => {
                self.crash(node).await;
                return self.wire.give_back(event);
            }
        }
        if !taken {
            self.wire.give_back(event);
        }
    }

    /// Slack sends everything that is left.
    pub async fn hears_all(&mut self) {
        while self.wire.events() > 0 {
            self.hears(0, 0, Hearing::Once).await;
        }
    }
}

/// What opens a form goes wrong in its own way; the rest happens to the submission.
fn apart(entry: Entry) -> (Entry, Entry) {
    let plain = Entry {
        how: How::Plain,
        ..entry
    };
    match entry.how {
        How::CrashBeside { .. } => (entry, plain),
        _ => (plain, entry),
    }
}
