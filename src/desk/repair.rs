//! Announcements that people took away, and channels that cannot be used any more: decided once in
//! one transaction each, whoever noticed it, however often, and on whichever node.

use super::{Desk, DeskError, DueError, Once, Place, acting, effects};
use crate::{
    domain::{
        actor::{Identity, Right},
        effect::{Effect, Event},
        ids::{ChannelId, MessageTs, OutageNumber, PersonId, SlackUserId, WorkspaceId},
        outage::Outage,
        refusal::Refusal,
        repair::{Because, Loss, Mend, Standing, Trouble, mend},
        time::Timestamp,
    },
    store::{self, Tx, announcements::Announcement, leases::Lease},
};

/// How many administrators are told at most that announcements have no channel.
const ADMINISTRATORS: i64 = 20;

/// A message, as somebody noticed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noticed {
    pub workspace: WorkspaceId,
    pub channel: ChannelId,
    pub ts: MessageTs,
    /// When it was seen like this. What was mended since is not mended again.
    pub seen_at: Timestamp,
}

impl Desk {
    /// Where a new outage is announced, and why there if that is not where it should be.
    pub(super) async fn where_to_announce(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        now: Timestamp,
    ) -> Result<(ChannelId, Option<Because>), store::Error> {
        let main = &self.policy.announce_channel;
        if let Some(fallback) = self.fallback(tx, workspace, main, now).await?
            && let Some(because) = store::places::of(tx, workspace, main).await?.why_lost(now)
        {
            return Ok((fallback, Some(because)));
        }
        Ok((main.clone(), None))
    }

    /// Where announcements go that cannot stand in `channel`, if anywhere.
    async fn fallback(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        channel: &ChannelId,
        now: Timestamp,
    ) -> Result<Option<ChannelId>, store::Error> {
        let Some(fallback) = self.policy.fallback_channel.as_ref() else {
            return Ok(None);
        };
        if fallback == channel {
            return Ok(None);
        }
        let known = store::places::of(tx, workspace, fallback).await?;
        Ok(known.why_lost(now).is_none().then(|| fallback.clone()))
    }

    /// Somebody deleted an announcement: it is posted again, once. Gives what was done.
    pub async fn announcement_deleted(
        &self,
        noticed: &Noticed,
        thread_stands: bool,
        lease: Option<&Lease>,
    ) -> Result<Option<Mend>, DueError> {
        self.announcement_changed(noticed, &Trouble::Deleted, thread_stands, lease)
            .await
    }

    /// Somebody unpinned an announcement: it is pinned again, once. Gives what was done.
    pub async fn announcement_unpinned(
        &self,
        noticed: &Noticed,
        lease: Option<&Lease>,
    ) -> Result<Option<Mend>, DueError> {
        self.announcement_changed(noticed, &Trouble::Unpinned, true, lease)
            .await
    }

    async fn announcement_changed(
        &self,
        noticed: &Noticed,
        trouble: &Trouble,
        thread_stands: bool,
        lease: Option<&Lease>,
    ) -> Result<Option<Mend>, DueError> {
        let now = self.clock.now();
        let Noticed {
            workspace,
            channel,
            ts,
            seen_at,
        } = noticed;
        let mut tx = self.db.begin().await?;
        under(&mut tx, lease, now).await?;
        let found = store::announcements::at(&mut tx, workspace, channel, ts).await?;
        let Some(found) = found else {
            return Ok(None);
        };
        let Some(outage) = store::outages::by_id(&mut tx, found.outage_id).await? else {
            return Ok(None);
        };
        let Some((outage, announcement)) = self.held(&mut tx, workspace, outage.number).await?
        else {
            return Ok(None);
        };
        // Somebody was faster.
        let same =
            announcement.channel_id == *channel && announcement.message_ts.as_ref() == Some(ts);
        let pinned_since = announcement.pinned_at.is_some_and(|it| it >= *seen_at);
        if !same || (*trouble == Trouble::Unpinned && pinned_since) {
            return Ok(None);
        }
        let done = self
            .mend(&mut tx, &outage, announcement, trouble, thread_stands, now)
            .await?;
        if done.is_some() {
            tx.commit().await?;
            self.wake.notify_one();
        }
        Ok(done)
    }

    /// A channel cannot be used for announcements, as it was seen at `seen_at`: the bot comes back
    /// by itself, or the announcements of open outages move to the fallback. Gives how many were
    /// dealt with.
    pub async fn channel_lost(
        &self,
        workspace: &WorkspaceId,
        channel: &ChannelId,
        because: Because,
        seen_at: Timestamp,
        lease: Option<&Lease>,
    ) -> Result<usize, DueError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        under(&mut tx, lease, now).await?;
        let mut known = store::places::hold(&mut tx, workspace, channel).await?;
        match known.lose(because, seen_at, now) {
            Loss::Old | Loss::BeingMended => return Ok(0),
            Loss::MayRejoin => {
                known.rejoin_at = Some(now);
                known.rejoining = true;
                store::places::save(&mut tx, workspace, channel, &known).await?;
                effects::rejoin(&mut tx, workspace, channel, now).await?;
                tx.commit().await?;
                self.wake.notify_one();
                return Ok(1);
            }
            Loss::Real => {}
        }
        if known.why_lost(now).is_none() {
            tracing::error!(%channel, ?because, "announcements cannot stand in a channel");
        }
        known.lost = Some((now, because));
        known.rejoining = false;
        store::places::save(&mut tx, workspace, channel, &known).await?;
        let numbers = store::announcements::open_in(&mut tx, workspace, channel).await?;
        tx.commit().await?;
        // One transaction each: whoever comes after a crash finds those that are left.
        let mut count = 0;
        for number in numbers {
            let lost = (channel, because);
            if self.move_away(workspace, number, lost, lease).await? {
                count += 1;
            }
        }
        Ok(count)
    }

    /// The bot could not come back into a channel.
    pub async fn rejoin_failed(
        &self,
        workspace: &WorkspaceId,
        channel: &ChannelId,
        because: Because,
        seen_at: Timestamp,
    ) -> Result<usize, DueError> {
        let mut tx = self.db.begin().await?;
        let mut known = store::places::hold(&mut tx, workspace, channel).await?;
        known.rejoining = false;
        store::places::save(&mut tx, workspace, channel, &known).await?;
        tx.commit().await?;
        // That it tried lately makes this loss a real one.
        self.channel_lost(workspace, channel, because, seen_at, None)
            .await
    }

    async fn move_away(
        &self,
        workspace: &WorkspaceId,
        number: OutageNumber,
        (channel, because): (&ChannelId, Because),
        lease: Option<&Lease>,
    ) -> Result<bool, DueError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        under(&mut tx, lease, now).await?;
        let Some((outage, announcement)) = self.held(&mut tx, workspace, number).await? else {
            return Ok(false);
        };
        if announcement.channel_id != *channel {
            return Ok(false);
        }
        let fallback = self.fallback(&mut tx, workspace, channel, now).await?;
        let trouble = Trouble::Lost { because, fallback };
        let done = self
            .mend(&mut tx, &outage, announcement, &trouble, true, now)
            .await?;
        if done.is_some() {
            tx.commit().await?;
            self.wake.notify_one();
        }
        Ok(done.is_some())
    }

    /// A channel can be used: new announcements go there again, and those that stand there show how
    /// their outages stand.
    pub async fn channel_found(
        &self,
        workspace: &WorkspaceId,
        channel: &ChannelId,
        lease: Option<&Lease>,
    ) -> Result<bool, DueError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        under(&mut tx, lease, now).await?;
        let mut known = store::places::hold(&mut tx, workspace, channel).await?;
        if known.lost.is_none() && !known.rejoining {
            return Ok(false);
        }
        known.lost = None;
        known.rejoining = false;
        known.found_at = Some(now);
        store::places::save(&mut tx, workspace, channel, &known).await?;
        let numbers = store::announcements::open_in(&mut tx, workspace, channel).await?;
        tx.commit().await?;
        tracing::info!(%channel, "announcements can stand in a channel again");
        for number in numbers {
            let mut tx = self.db.begin().await?;
            let Some((outage, _)) = self.held(&mut tx, workspace, number).await? else {
                continue;
            };
            self.enqueue(&mut tx, &outage, &by(), &[Effect::Refresh], now)
                .await?;
            tx.commit().await?;
        }
        self.wake.notify_one();
        Ok(true)
    }

    /// Whether the bot is on its way back into a channel.
    pub async fn is_rejoining(
        &self,
        workspace: &WorkspaceId,
        channel: &ChannelId,
    ) -> Result<bool, store::Error> {
        let mut tx = self.db.read().await?;
        let known = store::places::of(&mut tx, workspace, channel).await?;
        Ok(known.rejoining)
    }

    /// Posts an announcement again that stays away, because somebody asks for it. False when it
    /// does not stay away, or not any more.
    pub async fn post_again(
        &self,
        workspace: &WorkspaceId,
        person: PersonId,
        number: OutageNumber,
        once: &Once,
    ) -> Result<(Outage, bool), DeskError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let found = self.held(&mut tx, workspace, number).await?;
        let (outage, mut announcement) = found.ok_or(DeskError::UnknownOutage(number))?;
        let actor = acting(&mut tx, person).await?;
        if !actor.may_change(&outage) {
            let involved = outage.roles.people();
            return Err(Refusal::MayNotChange { involved }.into());
        }
        if !outage.is_open() {
            let is = outage.phase.word();
            return Err(Refusal::OutOfDate { number, is }.into());
        }
        if !announcement.away || self.already(&mut tx, workspace, once).await?.is_some() {
            return Ok((outage, false));
        }
        let because = Because::Asked;
        let (channel, _) = self.where_to_announce(&mut tx, workspace, now).await?;
        take_place(&mut announcement, channel, because, now);
        store::announcements::save(&mut tx, &announcement).await?;
        let done = Mend::PostedAgain { because };
        let person = &actor.identity;
        self.follow_mend(&mut tx, &outage, &announcement, &done, person, now)
            .await?;
        if !self.remember(&mut tx, &outage, once).await? {
            return Ok((outage, false));
        }
        tx.commit().await?;
        self.wake.notify_one();
        Ok((outage, true))
    }

    /// An outage whose row nobody else may write until the commit, with its announcement.
    async fn held(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        number: OutageNumber,
    ) -> Result<Option<(Outage, Announcement)>, store::Error> {
        store::outages::hold(tx, workspace, number, None).await?;
        let Some(outage) = store::outages::by_number(tx, workspace, number).await? else {
            return Ok(None);
        };
        let announcement = store::announcements::of_outage(tx, outage.id).await?;
        Ok(announcement.map(|it| (outage, it)))
    }

    async fn mend(
        &self,
        tx: &mut Tx,
        outage: &Outage,
        mut announcement: Announcement,
        trouble: &Trouble,
        thread_stands: bool,
        now: Timestamp,
    ) -> Result<Option<Mend>, store::Error> {
        let standing = Standing {
            outage_is_open: outage.is_open(),
            pinned: announcement.pinned,
            away: announcement.away,
            deletions: announcement.deletions,
            unpins: announcement.unpins,
            moves: announcement.moves,
        };
        let Some(done) = mend(&standing, trouble, &announcement.channel_id) else {
            return Ok(None);
        };
        let now_at = announcement.channel_id.clone();
        match &done {
            Mend::PostedAgain { because } => {
                store::announcements::remember(tx, &announcement, thread_stands, now).await?;
                announcement.deletions += 1;
                take_place(&mut announcement, now_at, *because, now);
            }
            Mend::Moved { because, to, .. } => {
                store::announcements::remember(tx, &announcement, true, now).await?;
                announcement.moves += 1;
                take_place(&mut announcement, to.clone(), *because, now);
            }
            Mend::StaysAway => {
                store::announcements::remember(tx, &announcement, thread_stands, now).await?;
                announcement.deletions += 1;
                announcement.away = true;
                announcement.message_ts = None;
                announcement.permalink = None;
                announcement.pinned = false;
            }
            Mend::PinnedAgain | Mend::StaysUnpinned => {
                announcement.unpins += 1;
                announcement.pinned = false;
                announcement.pinned_at = Some(now);
            }
            // Said already, to the same people: there is no news in it.
            Mend::Stranded { .. } => {}
        }
        store::announcements::save(tx, &announcement).await?;
        self.follow_mend(tx, outage, &announcement, &done, &by(), now)
            .await?;
        Ok(Some(done))
    }

    /// What follows from what was done: the deliveries, a line of the timeline, and who is told.
    async fn follow_mend(
        &self,
        tx: &mut Tx,
        outage: &Outage,
        announcement: &Announcement,
        done: &Mend,
        by: &Identity,
        now: Timestamp,
    ) -> Result<(), store::Error> {
        let roles = &outage.roles;
        let told = match done {
            Mend::PostedAgain { .. } | Mend::PinnedAgain => Vec::new(),
            Mend::StaysAway | Mend::StaysUnpinned | Mend::Moved { .. } => {
                vec![roles.communication.unwrap_or(roles.creator)]
            }
            Mend::Stranded { .. } => {
                let workspace = &outage.workspace;
                let right = Right::Administer;
                let named = store::rights::holders(tx, workspace, right, ADMINISTRATORS).await?;
                // Whoever is named by an address is known once they have done something.
                for user in named.iter().filter(|it| !it.contains('@')) {
                    let user = SlackUserId::from(user.as_str());
                    store::people::meet(tx, workspace, &user, user.as_str(), now).await?;
                }
                let mut told =
                    store::rights::people_with(tx, workspace, right, ADMINISTRATORS).await?;
                told.extend(roles.people());
                told.sort();
                told.dedup();
                told
            }
        };
        let mut effects = match done {
            Mend::PostedAgain { .. } | Mend::Moved { .. } => {
                vec![Effect::Announce, Effect::Pin, Effect::Bookmark]
            }
            Mend::PinnedAgain => vec![Effect::Pin],
            _ => Vec::new(),
        };
        let mend = done.clone();
        effects.extend(told.into_iter().map(|person| Effect::TellMend {
            person,
            mend: mend.clone(),
        }));
        let place = Place::of(tx, announcement).await?;
        effects::enqueue(tx, outage, &place, by, &effects, now).await?;
        // Whoever tries to deliver there finds it stranded again and again.
        if !matches!(done, Mend::Stranded { .. }) {
            let event = Event::Mended { mend };
            store::timeline::add(tx, outage.id, outage.version, by, &event, now, now).await?;
        }
        Ok(())
    }
}

/// Makes way for another message in `channel`.
fn take_place(it: &mut Announcement, channel: ChannelId, because: Because, now: Timestamp) {
    it.copy += 1;
    it.channel_id = channel;
    it.message_ts = None;
    it.permalink = None;
    it.pinned = false;
    it.pinned_at = Some(now);
    it.because = Some(because.into());
    it.copied_at = Some(now);
    it.away = false;
}

fn by() -> Identity {
    Identity::Job {
        name: "repair".into(),
    }
}

/// Under a lease nothing is written unless it is still ours.
async fn under(tx: &mut Tx, lease: Option<&Lease>, now: Timestamp) -> Result<(), DueError> {
    match lease {
        Some(lease) if !store::leases::hold(tx, lease, now).await? => Err(DueError::LeaseLost),
        _ => Ok(()),
    }
}
