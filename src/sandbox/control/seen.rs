//! What a person would have seen after doing something, and how long it took. Apps often answer
//! first and open their modal a moment later, so this waits for that moment.

use super::ask::Ask;
use crate::sandbox::outgoing::{Reply, hooks};
use crate::sandbox::world::{Ephemeral, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long to wait, in real time, for something to appear after an empty answer.
const WAIT: Duration = Duration::from_secs(2);
/// After the app wrote to the channel, a modal may still be on its way for this long.
const GRACE: Duration = Duration::from_millis(200);

/// The moment before somebody acts.
pub struct Mark {
    started: Instant,
    user: String,
    journal: u64,
    ephemerals: Vec<String>,
    answered: Option<Duration>,
}

/// What came of it, beside what can be read from the world.
#[derive(Default)]
pub struct Result {
    pub status: u16,
    pub errors: Option<BTreeMap<String, String>>,
    pub closed: bool,
    pub options: Option<Value>,
    pub error: Option<String>,
}

impl Mark {
    pub fn now(ask: &Ask<'_>, user: &str) -> Mark {
        ask.shared.read(|world| Mark {
            started: Instant::now(),
            user: user.to_owned(),
            journal: world.journal.last(),
            ephemerals: own(world, user).map(|seen| seen.id.clone()).collect(),
            answered: None,
        })
    }

    /// Notes that the app has answered: the milliseconds reported are until here.
    pub fn answered(&mut self) {
        self.answered = Some(self.started.elapsed());
    }

    /// Waits until the app did something the person sees: opened or changed a view, whispered,
    /// or (with a little patience for a modal to follow) wrote to the channel.
    pub async fn wait_for_sight(&self, ask: &Ask<'_>, channel: Option<&str>) {
        let patience = ask.body["wait_ms"]
            .as_u64()
            .map_or(WAIT, Duration::from_millis);
        let mut deadline = Instant::now() + patience;
        let mut wrote = false;
        let mut changes = ask.shared.watch();
        loop {
            match ask.shared.read(|world| self.sight(world, channel)) {
                Sight::Shown => return,
                Sight::Wrote if !wrote => {
                    wrote = true;
                    deadline = deadline.min(Instant::now() + GRACE);
                }
                Sight::Wrote | Sight::Nothing => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(left) => return,
                () = ask.shared.stopping.cancelled() => return,
            }
        }
    }

    fn sight(&self, world: &World, channel: Option<&str>) -> Sight {
        if self.new_ephemeral(world).is_some() {
            return Sight::Shown;
        }
        let mut sight = Sight::Nothing;
        for entry in world.journal.since(self.journal) {
            let method = entry.method.as_str();
            if method.starts_with("views.") {
                return Sight::Shown;
            }
            let given = entry.arguments["channel"].as_str();
            let here = given
                .and_then(|name| world.channel_named(name))
                .is_some_and(|found| Some(found.id.as_str()) == channel);
            if here && (method.starts_with("chat.") || method == hooks::METHOD) {
                sight = Sight::Wrote;
            }
        }
        sight
    }

    fn new_ephemeral<'a>(&self, world: &'a World) -> Option<&'a Ephemeral> {
        own(world, &self.user)
            .filter(|seen| !self.ephemerals.contains(&seen.id))
            .last()
    }

    /// The answer of the control API.
    pub fn report(&self, ask: &Ask<'_>, result: Result) -> Value {
        let elapsed = self.answered.unwrap_or_else(|| self.started.elapsed());
        ask.shared.read(|world| {
            json!({
                "ok": true,
                "ms": u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
                "status": result.status,
                "seen": {
                    "ephemeral": self.new_ephemeral(world).map(show_ephemeral),
                    "modal": world.top_view(&self.user).map(|view| world.show_view(view)),
                    "errors": result.errors,
                    "closed": result.closed,
                    "options": result.options,
                    "error": result.error,
                    // Slack shows nobody this.
                    "why": result.error.as_ref().and_then(|_| ask.shared.troubles.last()),
                },
            })
        })
    }
}

enum Sight {
    Nothing,
    Wrote,
    Shown,
}

impl Result {
    /// The result of an interaction outside modals.
    pub fn of(reply: &Reply) -> Result {
        Result {
            status: reply.status(),
            error: reply.error().map(str::to_owned),
            ..Result::default()
        }
    }
}

fn own<'a>(world: &'a World, user: &str) -> impl Iterator<Item = &'a Ephemeral> {
    world
        .ephemerals
        .iter()
        .filter(move |seen| seen.user == user)
}

pub fn show_ephemeral(ephemeral: &Ephemeral) -> Value {
    let mut shown = json!({
        "id": ephemeral.id,
        "user": ephemeral.user,
        "channel": ephemeral.channel,
        "ts": ephemeral.ts,
        "text": ephemeral.text,
        "source": ephemeral.source,
    });
    if let Some(thread) = &ephemeral.thread_ts {
        shown["thread_ts"] = json!(thread);
    }
    if !ephemeral.blocks.is_empty() {
        shown["blocks"] = json!(ephemeral.blocks);
    }
    if !ephemeral.attachments.is_empty() {
        shown["attachments"] = json!(ephemeral.attachments);
    }
    shown
}
