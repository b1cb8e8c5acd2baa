//! What must hold after every step, and what must hold once everything is quiet.

use std::collections::BTreeMap;

use balefire::{
    desk::people_of,
    domain::{delivery::Receipt, ids::OutageId, outage::Outage},
    slack::views::{
        announcement::{AnnouncementModel, announcement},
        mended::Again,
    },
    store,
};
use serde_json::Value;

use crate::{
    amended::amended,
    away::{CHANNEL, FALLBACK},
    trouble::BOOKMARKS,
    world::World,
};

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub invariant: &'static str,
    pub seen: String,
}

pub fn violated<T>(invariant: &'static str, seen: impl Into<String>) -> Result<T, Violation> {
    Err(Violation {
        invariant,
        seen: seen.into(),
    })
}

pub const ONE_ANNOUNCEMENT: &str = "one announcement per outage";
const NO_EFFECT_TWICE: &str = "no effect twice";
const ORDER: &str = "the order of thread lines";
const NOTHING_LOST: &str = "nothing acknowledged is lost";
const NOTHING_AFTER: &str = "no message after withdrawal";
pub const CONVERGES: &str = "once quiet, the announcement equals the state";
const QUIET: &str = "it becomes quiet";
const HISTORY: &str = "every change has its version, and numbers have no gaps";

/// What Slack shows, taken apart.
pub struct Shown {
    pub channels: Vec<Value>,
    /// How often a message with this key is there.
    pub keys: BTreeMap<String, usize>,
    /// How often it may be: once, and once more for every call that Slack carried out late.
    late: BTreeMap<String, usize>,
}

impl Shown {
    async fn of(world: &World) -> Shown {
        let state = world.state();
        let channels = state["channels"].as_array().unwrap().clone();
        let mut keys = BTreeMap::new();
        for place in [&channels, state["dms"].as_array().unwrap()] {
            for message in place.iter().flat_map(messages) {
                if let Some(key) = key(message) {
                    *keys.entry(key.to_owned()).or_default() += 1;
                }
            }
        }
        let mut late = BTreeMap::new();
        for took in world.wire.took() {
            let times: &mut usize = late.entry(took.key).or_default();
            *times += usize::from(took.late);
        }
        Shown {
            channels,
            keys,
            late,
        }
    }

    pub fn channel(&self, id: &str) -> &Value {
        let found = self.channels.iter().find(|it| it["id"] == id);
        found.unwrap_or(&Value::Null)
    }

    /// What the bot said where announcements stand: they themselves, or the thread of one.
    pub fn said(&self, thread: Option<&str>) -> Vec<&Value> {
        let both = [CHANNEL, FALLBACK].into_iter();
        both.flat_map(|it| self.said_in(it, thread)).collect()
    }

    pub fn said_in(&self, channel: &str, thread: Option<&str>) -> Vec<&Value> {
        let all = messages(self.channel(channel));
        let ours = all.filter(|it| it["bot_id"].is_string() && it["subtype"] != "tombstone");
        ours.filter(|it| {
            let of = it["thread_ts"].as_str();
            match thread {
                None => of.is_none() || of == it["ts"].as_str(),
                Some(_) => of == thread && of != it["ts"].as_str(),
            }
        })
        .collect()
    }

    pub fn may_be_double(&self, message: &Value) -> bool {
        let late = key(message).and_then(|it| self.late.get(it));
        late.is_some_and(|it| *it > 0)
    }
}

pub fn messages(channel: &Value) -> impl Iterator<Item = &Value> {
    channel["messages"].as_array().into_iter().flatten()
}

fn key(message: &Value) -> Option<&str> {
    message["metadata"]["event_payload"]["delivery"].as_str()
}

/// Which delivery posted it, and when that was queued.
pub fn delivery(message: &Value) -> Option<(i64, i64)> {
    let (id, queued) = key(message)?.split_once('-')?;
    Some((id.parse().ok()?, queued.parse().ok()?))
}

pub fn text(message: &Value) -> &str {
    message["text"].as_str().unwrap_or("")
}

/// Every text that a message shows.
fn words(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                match (name.as_str(), value) {
                    ("text", Value::String(text)) => found.push(text.clone()),
                    ("metadata" | "ts" | "fallback" | "accessibility_label", _) => {}
                    (_, value) => words(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|it| words(it, found)),
        _ => {}
    }
}

fn all_words(blocks: &Value) -> Vec<String> {
    let mut found = Vec::new();
    words(blocks, &mut found);
    found
}

/// After every step. `heard` is whether Slack was called since the last time.
pub async fn always(world: &mut World, heard: bool) -> Result<(), Violation> {
    let seen = [world.silences.seen.take(), world.job_seen.take()];
    if let Some(seen) = seen.into_iter().flatten().next() {
        return Err(seen);
    }
    in_the_database(world).await?;
    if !heard {
        return Ok(());
    }
    let shown = Shown::of(world).await;
    for (key, times) in &shown.keys {
        let late = shown.late.get(key).copied().unwrap_or(0);
        if *times > 1 + late {
            return violated(
                NO_EFFECT_TWICE,
                format!("{times} messages of delivery {key}"),
            );
        }
    }
    for wish in &world.model.announced {
        for channel in [CHANNEL, FALLBACK] {
            let here = shown.said_in(channel, None).into_iter();
            let of_it = here.filter(|it| all_words(it).iter().any(|it| it.contains(&wish.word)));
            let surely = of_it.filter(|it| !shown.may_be_double(it)).count();
            if surely > 1 {
                let seen = format!("{surely} announcements of {} in {channel}", wish.word);
                return violated(ONE_ANNOUNCEMENT, seen);
            }
        }
    }
    told_of_sales(world, &shown)?;
    threads(world, &shown).await
}

/// Lines in their order, each once, and nothing after the last one.
async fn threads(world: &World, shown: &Shown) -> Result<(), Violation> {
    for (id, thread) in world.threads().await {
        let mut said = shown.said(Some(&thread));
        // What was retried by hand comes out of its turn.
        let retried = &world.model.retried;
        said.retain(|it| !delivery(it).is_some_and(|(id, _)| retried.contains(&id)));
        // In which message, and where in it: what came late is told together.
        let place = |word: &str| {
            let places = said.iter().enumerate();
            places
                .filter_map(|(index, it)| Some((index, text(it).find(word)?)))
                .next()
        };
        let lines: Vec<_> = world
            .model
            .lines
            .iter()
            .filter(|it| it.outage == id)
            .collect();
        let mut before: Option<((usize, usize), &str)> = None;
        for (index, line) in lines.iter().enumerate() {
            let Some(at) = place(&line.word) else {
                continue;
            };
            if let Some((earlier, word)) = before
                && at < earlier
            {
                let seen = format!("{} stands before {word} in thread {thread}", line.word);
                return violated(ORDER, seen);
            }
            before = Some((at, &line.word));
            let again = said[at.0..].iter().enumerate().find(|(index, it)| {
                let allowed = usize::from(*index == 0);
                let times = text(it).matches(&line.word).count();
                times > allowed && !shown.may_be_double(it)
            });
            if let Some((_, again)) = again {
                let seen = format!("{} again: {}", line.word, text(again));
                return violated(NO_EFFECT_TWICE, seen);
            }
            if !line.withdraws {
                continue;
            }
            // Until it is reopened. Messages that people share go on: they are about what happened.
            let next = lines.get(index + 1).and_then(|it| place(&it.word));
            let until = next.map_or(said.len(), |(index, _)| index.max(at.0 + 1));
            let after = said[at.0 + 1..until]
                .iter()
                .find(|it| !text(it).contains("\n— ") && !shown.may_be_double(it));
            if let Some(after) = after {
                let seen = format!("after {}: {}", line.word, text(after));
                return violated(NOTHING_AFTER, seen);
            }
        }
    }
    Ok(())
}

async fn in_the_database(world: &mut World) -> Result<(), Violation> {
    let holes: i64 = world
        .one(
            "SELECT COUNT(*) FROM outages WHERE version <>
             (SELECT COUNT(*) FROM outage_versions WHERE outage_id = outages.id)",
        )
        .await;
    let gaps: i64 = world
        .one("SELECT COALESCE(MAX(number), 0) - COUNT(*) FROM outages")
        .await;
    if (holes, gaps) != (0, 0) {
        return violated(HISTORY, format!("{holes} without a version, {gaps} gaps"));
    }
    let announced = world.model.announced.clone();
    for wish in announced {
        let sql = "SELECT number FROM outages WHERE summary GLOB $1";
        let there = world.mentions(sql, &wish.word).await.len();
        if there > 1 {
            let seen = format!("{there} outages of {}", wish.word);
            return violated(NO_EFFECT_TWICE, seen);
        }
        if there == 0 && wish.acknowledged {
            return violated(NOTHING_LOST, format!("the outage of {}", wish.word));
        }
    }
    for line in world.model.lines.clone() {
        let sql = "SELECT outage_id FROM timeline WHERE event GLOB $1";
        let there = world.mentions(sql, &line.word).await;
        match there.as_slice() {
            [] => return violated(NOTHING_LOST, line.word),
            [_] => {}
            more => {
                let seen = format!("{} times {} in the timeline", more.len(), line.word);
                return violated(NO_EFFECT_TWICE, seen);
            }
        }
    }
    let withdrawn: Vec<(i64,)> = world
        .rows("SELECT number FROM outages WHERE phase = 'withdrawn' ORDER BY number")
        .await;
    let still = |it: &(i64, i64)| withdrawn.contains(&(it.0,));
    world.model.withdrawn.retain(still);
    for (number,) in withdrawn {
        let known = world.model.withdrawn.iter().any(|it| it.0 == number);
        if !known {
            world.model.withdrawn.push((number, world.now));
        }
    }
    Ok(())
}

/// When nothing is left to do.
pub async fn finally(world: &mut World) -> Result<(), Violation> {
    always(world, true).await?;
    let shown = Shown::of(world).await;
    nothing_is_left(world).await?;
    world.is_known_to_be_back().await?;
    for (key, times) in &shown.keys {
        if *times > 1 {
            return violated(
                NO_EFFECT_TWICE,
                format!("{times} messages of delivery {key}, and nobody sweeps them away"),
            );
        }
    }
    receipts(world, &shown).await?;
    let standing = world.standing(&shown).await?;
    world.people_were_told(&shown).await?;
    world.leavers_are_free().await?;
    world.homes_are_true().await?;
    for (id, message) in standing {
        equals(world, &shown, id, &message).await?;
        lines(world, &shown, id).await?;
        amended(world, &shown, id, &message).await?;
        let posted: Vec<i64> = shown
            .said(Some(&message))
            .into_iter()
            .filter(|it| !text(it).contains("\n— "))
            .filter_map(delivery)
            // What was retried by hand was begun before.
            .filter(|it| !world.model.retried.contains(&it.0))
            .map(|it| it.1)
            .collect();
        world.no_flood(&message, &posted)?;
    }
    shares(world, &shown).await?;
    channels(world, &shown).await
}

async fn nothing_is_left(world: &World) -> Result<(), Violation> {
    let left: Vec<(i64, String, Option<String>)> = world
        .rows(
            "SELECT id, kind, last_error FROM deliveries
             WHERE done_at IS NULL OR dead_at IS NOT NULL ORDER BY id",
        )
        .await;
    if let Some(first) = left.first() {
        return violated(QUIET, format!("{} deliveries, first {first:?}", left.len()));
    }
    let events: Vec<(i64, String, Option<String>)> = world
        .rows(
            "SELECT id, kind, last_error FROM inbox
             WHERE done_at IS NULL OR last_error IS NOT NULL ORDER BY id",
        )
        .await;
    match events.first() {
        Some(first) => violated(QUIET, format!("{} events, first {first:?}", events.len())),
        None => Ok(()),
    }
}

/// What the outbox has noted as posted stands there, and what stands there was noted.
async fn receipts(world: &World, shown: &Shown) -> Result<(), Violation> {
    let rows: Vec<(i64, String, String)> = world
        .rows(
            "SELECT id, result, payload FROM deliveries
             WHERE result LIKE '%\"posted\"%' ORDER BY id",
        )
        .await;
    for (id, result, payload) in rows {
        let Ok(Receipt::Posted { channel, ts }) = serde_json::from_str(&result) else {
            continue;
        };
        // A line that was shared may have been taken out again.
        let here = shown.channels.iter().any(|it| it["id"] == channel.as_str());
        let deleted = &world.model.deleted;
        let deleted = deleted.iter().any(|it| it.1 == ts.as_str());
        if !here || deleted || payload.contains("\"shared\"") {
            continue;
        }
        let stands = messages(shown.channel(channel.as_str())).any(|it| it["ts"] == ts.as_str());
        if !stands {
            let seen = format!("delivery {id} noted {ts}, which is not there");
            return violated(NOTHING_LOST, seen);
        }
    }
    Ok(())
}

/// The announcement shows the state, and is pinned while the outage is open.
async fn equals(world: &World, shown: &Shown, id: i64, message: &str) -> Result<(), Violation> {
    let slack = world.node(0).slack.clone();
    let workspace = slack.workspace().unwrap();
    let mut tx = world.db.read().await.unwrap();
    let outage: Outage = store::outages::by_id(&mut tx, OutageId(id))
        .await
        .unwrap()
        .unwrap();
    let number = outage.number;
    let people = store::people::by_ids(&mut tx, &people_of(&outage))
        .await
        .unwrap();
    let mut original = None;
    if let Some(of) = outage.phase.duplicate_of() {
        let of = store::outages::by_number(&mut tx, &workspace, of).await;
        let of = store::announcements::of_outage(&mut tx, of.unwrap().unwrap().id).await;
        original = of.unwrap().and_then(|it| it.permalink);
    }
    let here = store::announcements::of_outage(&mut tx, outage.id).await;
    let here = here.unwrap().unwrap();
    let former = store::announcements::former(&mut tx, outage.id).await;
    let former = former.unwrap();
    let main = CHANNEL.into();
    let again = here.because.as_ref().map(|because| Again {
        because: because.0,
        channel: former.first().map_or(&main, |it| &it.channel_id),
        thread: former
            .first()
            .filter(|it| it.thread_stands)
            .and_then(|it| it.permalink.as_deref()),
    });
    let expected = announcement(&AnnouncementModel {
        outage: &outage,
        people: &people,
        now: slack.clock.now(),
        policy: slack.desk.policy(),
        command: "/outage",
        original: original.as_deref(),
        again,
    })
    .to_json();
    drop(tx);
    let channel = shown.channel(here.channel_id.as_str());
    let Some(found) = messages(channel).find(|it| it["ts"] == message) else {
        return violated(ONE_ANNOUNCEMENT, format!("{message} is not there"));
    };
    let (should, is) = (
        (text(&expected), all_words(&expected["attachments"])),
        (text(found), all_words(&found["attachments"])),
    );
    if should != is {
        return violated(CONVERGES, format!("{is:#?} should be {should:#?}"));
    }
    let pinned = channel["pins"]
        .as_array()
        .is_some_and(|it| it.iter().any(|it| it == message));
    // Whoever unpins it again means it.
    let may_be_unpinned = world.unpinned(number.0) > 1;
    if pinned != outage.is_open() && (pinned || !may_be_unpinned) {
        let seen = format!(
            "outage {number} is {}, pinned: {pinned}",
            outage.phase.word()
        );
        return violated(CONVERGES, seen);
    }
    Ok(())
}

/// Every line that was decided on stands in the thread, or in that of a former announcement; but
/// nobody says lines of an outage that is over where somebody deleted its announcement.
async fn lines(world: &World, shown: &Shown, outage: i64) -> Result<(), Violation> {
    let threads = world.threads().await.into_iter();
    let threads: Vec<String> = threads.filter(|it| it.0 == outage).map(|it| it.1).collect();
    let said = threads.iter().flat_map(|it| shown.said(Some(it)));
    let said: Vec<&Value> = said.collect();
    let unsaid: Vec<(i64,)> = world
        .rows(
            "SELECT number FROM deliveries JOIN outages ON outages.id = outage_id
             WHERE kind = 'say' AND last_error LIKE 'somebody deleted the announcement after%'",
        )
        .await;
    let unsaid = unsaid.iter().filter(|it| it.0 == outage).count();
    let of_it = world.model.lines.iter().filter(|it| it.outage == outage);
    let mut missing = of_it.filter(|line| !said.iter().any(|it| text(it).contains(&line.word)));
    if let Some(line) = missing.nth(unsaid) {
        let seen = format!("{} is in none of the threads {threads:?}", line.word);
        return violated(NOTHING_LOST, seen);
    }
    Ok(())
}

/// Who is told of sales does not hear of a false alarm that is known to be one.
fn told_of_sales(world: &World, shown: &Shown) -> Result<(), Violation> {
    for (number, since) in &world.model.withdrawn {
        for message in messages(shown.channel("C0SALES")) {
            let at: f64 = message["ts"].as_str().unwrap().parse().unwrap();
            let late = shown.may_be_double(message);
            let of_it = text(message).contains(&format!("Outage {number} "));
            if of_it && !late && at * 1e6 > *since as f64 {
                return violated(NOTHING_AFTER, text(message));
            }
        }
    }
    Ok(())
}

/// A message with a reaction stands in a thread once.
async fn shares(world: &World, shown: &Shown) -> Result<(), Violation> {
    // A line in the thread of a former announcement stays as it was.
    let moved: Vec<(Option<String>,)> = world
        .rows(
            "SELECT channel_id FROM dedicated_channels WHERE outage_id IN
             (SELECT outage_id FROM former_announcements) ORDER BY outage_id",
        )
        .await;
    // Whoever was asked may take one back although somebody else has reacted since.
    let mut taken_back = world.model.taken_back;
    for written in world.model.written.iter().filter(|it| !it.deleted) {
        let mut source = messages(shown.channel(&written.channel));
        let Some(source) = source.find(|it| it["ts"] == written.ts.as_str()) else {
            continue;
        };
        let reactions = source["reactions"].as_array().into_iter().flatten();
        let is_shared = reactions
            .into_iter()
            .any(|it| it["name"] == "point_up" && it["count"].as_u64() > Some(0));
        let is_moved = |it: &(Option<String>,)| it.0.as_ref() == Some(&written.channel);
        if moved.iter().any(is_moved) {
            continue;
        }
        let both = [CHANNEL, FALLBACK].into_iter();
        let lines = both
            .flat_map(|it| messages(shown.channel(it)))
            .filter(|it| it["thread_ts"].is_string() && text(it).contains(&written.word))
            .count();
        if lines > 1 {
            return violated(
                NO_EFFECT_TWICE,
                format!("{} shared {lines} times", written.word),
            );
        }
        if is_shared && lines == 0 {
            if taken_back == 0 {
                return violated(NOTHING_LOST, format!("{} is not shared", written.word));
            }
            taken_back -= 1;
        }
    }
    Ok(())
}

/// One dedicated channel for each outage that asked for one, with one first message.
async fn channels(world: &World, shown: &Shown) -> Result<(), Violation> {
    let made = |it: &&Value| it["name"].as_str().is_some_and(|it| it.starts_with("o-"));
    let rows: Vec<(i64, Option<String>, String, String)> = world
        .rows(
            "SELECT number, channel_id, name, topic FROM dedicated_channels
             JOIN outages ON outages.id = outage_id ORDER BY number",
        )
        .await;
    // One that was archived may have a successor, when its outage was reopened.
    let is_wanted = |it: &&Value| {
        let known = rows.iter().any(|row| row.1.as_deref() == it["id"].as_str());
        known || it["is_archived"] != true
    };
    let made: Vec<&Value> = shown.channels.iter().filter(made).collect();
    let made: Vec<&Value> = made.into_iter().filter(is_wanted).collect();
    if made.len() != rows.len() {
        let seen = format!("{} channels for {} outages", made.len(), rows.len());
        return violated(NO_EFFECT_TWICE, seen);
    }
    for number in &world.model.channels {
        if !rows.iter().any(|it| it.0 == *number) {
            return violated(NOTHING_LOST, format!("the channel of outage {number}"));
        }
    }
    for (number, id, name, topic) in rows {
        let found = made.iter().find(|it| it["id"].as_str() == id.as_deref());
        let Some(channel) = found else {
            return violated(NOTHING_LOST, format!("channel {name} of outage {number}"));
        };
        if channel["topic"].as_str().is_some_and(|it| it != topic) {
            let seen = format!("the topic is {}, not {topic}", channel["topic"]);
            return violated(CONVERGES, seen);
        }
        let bookmarks = channel["bookmarks"].as_array().map_or(0, Vec::len);
        let wanted = usize::from(world.lacks != Some(BOOKMARKS));
        // It leads to the announcement, and people may have left none.
        let leads_nowhere = bookmarks == 0 && world.deleted(number) > 0;
        if bookmarks != wanted && !leads_nowhere {
            return violated(NO_EFFECT_TWICE, format!("{bookmarks} bookmarks in {name}"));
        }
    }
    Ok(())
}
