//! The use cases: everything that may be done to an outage, each in one transaction.
//!
//! Load, decide (in the domain), write state, timeline and deliveries, commit. Nothing here talks
//! to the outside, and nothing here knows whether a person asked through Slack or otherwise.

pub mod catalog;
mod due;
mod effects;
mod groups;
mod homes;
mod lookup;
mod profiles;
mod repair;
mod shares;

use std::{sync::Arc, time::Duration};

use effects::Place;
use tokio::sync::Notify;

pub use due::DueError;
pub use groups::{How, Standing, Synced};
pub use homes::Home;
pub use lookup::{Announcing, Detail, MayAnnounce, people_of};
pub use profiles::Learned;
pub use repair::Noticed;

use crate::{
    clock::Clock,
    domain::{
        actor::{Actor, Identity},
        command::{Command, Request},
        decide::{absorb, decide, declare},
        effect::{Effect, Event},
        ids::{ChannelId, OutageNumber, PersonId, WorkspaceId},
        outage::Outage,
        policy::Policy,
        refusal::Refusal,
        time::Timestamp,
    },
    store::{self, Db, Tx, people::Account},
};

/// How often a decision is taken anew when somebody else was faster.
const RACES: usize = 8;

/// How long a first answer is kept. Forms stay open over lunch; a day covers every repetition.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// How far back the rules look for an outage that may be announced again. They ask for less.
const RECENT: Duration = Duration::from_secs(3600);

/// Why a use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// A normal answer.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    #[error("there is no outage {0}")]
    UnknownOutage(OutageNumber),
    #[error("there is no component {0}")]
    UnknownComponent(String),
    #[error("too many people change outage {0} at once")]
    Busy(OutageNumber),
    #[error("something else was done already with that form, for outage {0}")]
    DoneOtherwise(OutageNumber),
    #[error("the same request is being worked on")]
    FirstAnswerLost,
    #[error("{}", store::trouble::in_words(.0))]
    Store(#[from] store::Error),
}

impl From<Refusal> for DeskError {
    fn from(refusal: Refusal) -> DeskError {
        DeskError::Refused(refusal)
    }
}

/// Something that may arrive more than once and must happen once.
#[derive(Clone, Debug)]
pub struct Once {
    /// By what it is known again; by any of them.
    pub keys: Vec<OnceKey>,
    /// Tells what was asked for: with another content under the same key it is not the same again.
    pub content: String,
}

/// One way to know a request again.
#[derive(Clone, Debug)]
pub struct OnceKey {
    pub scope: &'static str,
    pub key: String,
    pub kept: Duration,
}

impl Once {
    /// Known by one key, for a day.
    pub fn new(scope: &'static str, key: String, content: String) -> Once {
        let kept = REMEMBERED;
        Once {
            keys: vec![OnceKey { scope, key, kept }],
            content,
        }
    }
}

/// The use cases; cheap to clone.
#[derive(Clone)]
pub struct Desk {
    db: Db,
    clock: Clock,
    policy: Arc<Policy>,
    /// Wakes the outbox after a commit that queued something.
    wake: Arc<Notify>,
}

impl Desk {
    pub fn new(db: Db, clock: Clock, policy: Arc<Policy>, wake: Arc<Notify>) -> Desk {
        Desk {
            db,
            clock,
            policy,
            wake,
        }
    }

    /// For those who need it for longer.
    pub fn shared_policy(&self) -> Arc<Policy> {
        self.policy.clone()
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Opens an outage. The same `once` again gives the outage that it opened.
    pub async fn declare(
        &self,
        workspace: &WorkspaceId,
        person: PersonId,
        request: &Request,
        once: &Once,
    ) -> Result<Outage, DeskError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        // Taking the number first lets two who announce at once come one after the other, so that
        // the second sees the outage of the first, and the same form its first answer. Whoever goes
        // without an outage gives the number back.
        let number = store::workspaces::next_value(&mut tx, workspace, "outage").await?;
        if let Some(outage) = self.already(&mut tx, workspace, once).await? {
            return Ok(outage);
        }
        let actor = acting(&mut tx, person).await?;
        let component = request.component.id;
        let open = store::outages::open_of_component(&mut tx, workspace, component).await?;
        let recent = store::outages::ended_since(&mut tx, workspace, now.minus(RECENT)).await?;
        let decision = declare(
            workspace,
            request,
            &open,
            &recent,
            &actor,
            &self.policy,
            now,
        )?;
        let by = &actor.identity;
        let outage =
            store::outages::insert(&mut tx, OutageNumber(number), decision.next, by, now).await?;
        let (channel, because) = self.where_to_announce(&mut tx, workspace, now).await?;
        store::announcements::insert(&mut tx, outage.id, workspace, &channel, because).await?;
        record(&mut tx, &outage, by, &decision.events, now).await?;
        let place = Place::new(channel);
        effects::enqueue(&mut tx, &outage, &place, by, &decision.effects, now).await?;
        if !self.remember(&mut tx, &outage, once).await? {
            // The same form came in twice at once: the other one committed first.
            drop(tx);
            return self.first_answer(workspace, once).await;
        }
        tx.commit().await?;
        self.wake.notify_one();
        Ok(outage)
    }

    /// Changes an outage. The same `once` again changes nothing and gives it as it is.
    pub async fn change(
        &self,
        workspace: &WorkspaceId,
        person: PersonId,
        number: OutageNumber,
        command: &Command,
        once: &Once,
    ) -> Result<Outage, DeskError> {
        for _ in 0..RACES {
            let now = self.clock.now();
            let mut tx = self.db.begin().await?;
            take_turns(&mut tx, workspace, number, command).await?;
            if let Some(outage) = self.already(&mut tx, workspace, once).await? {
                return Ok(outage);
            }
            let outage = store::outages::by_number(&mut tx, workspace, number)
                .await?
                .ok_or(DeskError::UnknownOutage(number))?;
            let actor = acting(&mut tx, person).await?;
            let decision = decide(&outage, command, &actor, &self.policy, now)?;
            if let Command::SetChannel { channel } = command {
                channel_is_free(&mut tx, &outage, channel).await?;
            }
            let by = &actor.identity;
            let why = why(command);
            let Some(next) = store::outages::save(&mut tx, decision.next, by, why, now).await?
            else {
                continue;
            };
            record(&mut tx, &next, by, &decision.events, now).await?;
            if let Some(channel) = channel_in_use(&next, command) {
                store::channels::forget_warnings(&mut tx, workspace, channel).await?;
            }
            self.enqueue(&mut tx, &next, by, &decision.effects, now)
                .await?;
            if let Command::Withdraw {
                duplicate_of: Some(original),
                ..
            } = command
                && !self.merge(&mut tx, &next, *original, &actor, now).await?
            {
                continue;
            }
            // Whoever had a part in it may have left while it was over.
            let next = match next.is_open() {
                true => self.without_leavers(&mut tx, next, now).await?,
                false => next,
            };
            if !self.remember(&mut tx, &next, once).await? {
                drop(tx);
                return self.first_answer(workspace, once).await;
            }
            tx.commit().await?;
            self.wake.notify_one();
            return Ok(next);
        }
        Err(DeskError::Busy(number))
    }

    /// The other half of a merge, in the same transaction. False when somebody changed the
    /// original meanwhile.
    async fn merge(
        &self,
        tx: &mut Tx,
        duplicate: &Outage,
        original: OutageNumber,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, DeskError> {
        let original = store::outages::by_number(tx, &duplicate.workspace, original)
            .await?
            .ok_or(DeskError::UnknownOutage(original))?;
        let decision = absorb(&original, duplicate, actor)?;
        let by = &actor.identity;
        let why = format!("outage {} is the same", duplicate.number);
        let Some(next) = store::outages::save(tx, decision.next, by, &why, now).await? else {
            return Ok(false);
        };
        record(tx, &next, by, &decision.events, now).await?;
        self.enqueue(tx, &next, by, &decision.effects, now).await?;
        Ok(true)
    }

    /// Queues what follows from a change, where the announcement stands.
    async fn enqueue(
        &self,
        tx: &mut Tx,
        outage: &Outage,
        by: &Identity,
        effects: &[Effect],
        now: Timestamp,
    ) -> Result<(), store::Error> {
        let place = match store::announcements::of_outage(tx, outage.id).await? {
            Some(announcement) => Place::of(tx, &announcement).await?,
            None => Place::new(self.policy.announce_channel.clone()),
        };
        effects::enqueue(tx, outage, &place, by, effects, now).await
    }

    /// What the same `once` did before, if it did; for those who have to look up or work out what
    /// is asked for, which may be another matter by now.
    pub async fn done_before(
        &self,
        workspace: &WorkspaceId,
        once: &Once,
    ) -> Result<Option<Outage>, DeskError> {
        let mut tx = self.db.read().await?;
        self.already(&mut tx, workspace, once).await
    }

    async fn already(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        once: &Once,
    ) -> Result<Option<Outage>, DeskError> {
        let now = self.clock.now();
        for OnceKey { scope, key, kept } in &once.keys {
            let known = store::idempotency::recall(tx, scope, key, now, *kept).await?;
            let number = known.as_ref().and_then(|it| it["outage"].as_i64());
            let (Some(known), Some(number)) = (known, number.map(OutageNumber)) else {
                continue;
            };
            if known["content"] != *once.content {
                return Err(DeskError::DoneOtherwise(number));
            }
            return Ok(store::outages::by_number(tx, workspace, number).await?);
        }
        Ok(None)
    }

    async fn remember(&self, tx: &mut Tx, outage: &Outage, once: &Once) -> Result<bool, DeskError> {
        let outcome = serde_json::json!({ "outage": outage.number, "content": once.content });
        let now = self.clock.now();
        for OnceKey { scope, key, kept } in &once.keys {
            if !store::idempotency::remember(tx, scope, key, &outcome, now, *kept).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn first_answer(
        &self,
        workspace: &WorkspaceId,
        once: &Once,
    ) -> Result<Outage, DeskError> {
        let mut tx = self.db.read().await?;
        self.already(&mut tx, workspace, once)
            .await?
            .ok_or(DeskError::FirstAnswerLost)
    }
}

/// Whoever changes an outage takes their turn before anything is read, so that many at once come one
/// after the other, and the same request finds its first answer. So does what concerns more than one
/// outage: two merges that cross would wait for each other for ever, and two outages would get the
/// same channel.
async fn take_turns(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    number: OutageNumber,
    command: &Command,
) -> Result<(), store::Error> {
    if matches!(command, Command::SetChannel { .. }) {
        store::workspaces::next_value(tx, workspace, "set_channel").await?;
    }
    let other = match command {
        Command::Withdraw { duplicate_of, .. } => *duplicate_of,
        _ => None,
    };
    store::outages::hold(tx, workspace, number, other).await
}

/// Writes what a decision says into the timeline.
async fn record(
    tx: &mut Tx,
    outage: &Outage,
    by: &Identity,
    events: &[Event],
    now: Timestamp,
) -> Result<(), store::Error> {
    for event in events {
        let occurred_at = match event {
            Event::Resolved { at, .. } => *at,
            _ => now,
        };
        let (id, version) = (outage.id, outage.version);
        store::timeline::add(tx, id, version, by, event, occurred_at, now).await?;
    }
    Ok(())
}

/// Somebody who does something, with what they may do at this moment. Whichever way they come, here
/// is where those are turned away who have left the workspace: a part in an outage would let them
/// change it still.
async fn acting(tx: &mut Tx, person: PersonId) -> Result<Actor, DeskError> {
    let (account, rights) = store::rights::with_account(tx, person).await?;
    match account {
        Account::Gone => Err(Refusal::Deactivated.into()),
        Account::Member | Account::App => Ok(Actor {
            identity: Identity::Person { id: person },
            rights,
        }),
    }
}

/// The reason that is kept with the version.
fn why(command: &Command) -> &str {
    match command {
        Command::Edit(edit) => &edit.reason,
        Command::Reopen { reason } | Command::Eta { reason, .. } => reason,
        Command::Withdraw { why, .. } => why,
        _ => "",
    }
}

/// The channel in which people work on the outage anew, or were working until just now: it is long
/// until it may be archived, whatever its members were told.
fn channel_in_use<'a>(outage: &'a Outage, command: &'a Command) -> Option<&'a ChannelId> {
    match command {
        Command::SetChannel { channel } => Some(channel),
        Command::Reopen { .. } | Command::Resolve(_) | Command::Withdraw { .. } => {
            outage.channel.as_ref()?.id.as_ref()
        }
        _ => None,
    }
}

/// A channel is dedicated to one open outage at a time, so that a reaction in it is about that one.
async fn channel_is_free(
    tx: &mut Tx,
    outage: &Outage,
    channel: &ChannelId,
) -> Result<(), DeskError> {
    for id in store::channels::wanted_by(tx, &outage.workspace, channel).await? {
        let other = store::outages::by_id(tx, id).await?;
        if let Some(other) = other.filter(|it| it.is_open() && it.id != outage.id) {
            let by = other.number;
            return Err(Refusal::ChannelTaken { by }.into());
        }
    }
    Ok(())
}
