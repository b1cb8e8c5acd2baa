//! Messages of a dedicated channel that are shared into the announcement's thread.
//!
//! What a message says is kept as it was when it was shared, and again whenever its source changes,
//! so that the thread can be rendered without asking Slack.

use super::{Desk, DeskError, acting, effects::Place};
use crate::{
    domain::{
        actor::Identity,
        delivery::Task,
        effect::{Event, Line},
        ids::{ChannelId, MessageTs, OutageId, PersonId, ShareId, WorkspaceId},
        outage::Outage,
        refusal::Refusal,
    },
    store::{
        self, Tx,
        deliveries::NewDelivery,
        shares::{Share, Source},
    },
};

impl Desk {
    /// The outage that a channel is dedicated to: the open one, else the newest.
    pub async fn outage_of_channel(
        &self,
        workspace: &WorkspaceId,
        channel: &ChannelId,
    ) -> Result<Option<Outage>, DeskError> {
        let mut tx = self.db.read().await?;
        Ok(outage_of(&mut tx, workspace, channel).await?)
    }

    /// The shared message that this is the source of, unless it was taken back.
    pub async fn share_of(
        &self,
        workspace: &WorkspaceId,
        channel: &ChannelId,
        ts: &MessageTs,
    ) -> Result<Option<Share>, DeskError> {
        let mut tx = self.db.read().await?;
        let share = store::shares::of_message(&mut tx, workspace, channel, ts).await?;
        Ok(share.filter(|it| it.withdrawn_at.is_none()))
    }

    /// Shares a message of a dedicated channel; once, however often it is asked for. Nothing
    /// happens in other channels.
    pub async fn share(
        &self,
        workspace: &WorkspaceId,
        person: PersonId,
        source: &Source,
    ) -> Result<Option<Share>, DeskError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let Some(outage) = outage_of(&mut tx, workspace, &source.channel).await? else {
            return Ok(None);
        };
        let shared =
            store::shares::share(&mut tx, workspace, outage.id, source, person, now).await?;
        let Some(share) = shared else {
            return Ok(None);
        };
        let event = Event::Shared {
            share: share.id,
            author: share.author_name.clone(),
        };
        let by = Identity::Person { id: person };
        let (id, version) = (outage.id, outage.version);
        store::timeline::add(&mut tx, id, version, &by, &event, now, now).await?;
        let line = Line::Shared { share: share.id };
        self.follow(&mut tx, &share, "say", Task::Say { line })
            .await?;
        self.follow(&mut tx, &share, "mark", Task::Mark { share: share.id })
            .await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(Some(share))
    }

    /// Remembers that somebody was asked whether a message should leave the thread again.
    pub async fn offer_to_withdraw(
        &self,
        share: ShareId,
        person: PersonId,
    ) -> Result<(), DeskError> {
        let mut tx = self.db.begin().await?;
        store::shares::record_offer(&mut tx, share, person).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes a shared message out of the thread: whoever shared it, wrote it, or was asked may, and
    /// whoever may change the outage. Gives the outage; none when there is no such share.
    pub async fn withdraw_share(
        &self,
        workspace: &WorkspaceId,
        person: PersonId,
        share: ShareId,
    ) -> Result<Option<Outage>, DeskError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let found = store::shares::by_id(&mut tx, share).await?;
        let Some(share) = found.filter(|it| it.workspace_id == *workspace) else {
            return Ok(None);
        };
        let Some(outage) = store::outages::by_id(&mut tx, share.outage_id).await? else {
            return Ok(None);
        };
        let actor = acting(&mut tx, person).await?;
        let me = store::people::by_ids(&mut tx, &[person]).await?;
        let wrote_it = me
            .first()
            .is_some_and(|it| it.slack_user.as_str() == share.author_user);
        let may = share.shared_by == person
            || share.offered_to == Some(person)
            || wrote_it
            || actor.may_change(&outage);
        if !may {
            let involved = outage.roles.people();
            return Err(Refusal::MayNotChange { involved }.into());
        }
        if store::shares::withdraw(&mut tx, share.id, now).await? {
            let event = Event::ShareWithdrawn { share: share.id };
            let (by, id, version) = (&actor.identity, outage.id, outage.version);
            store::timeline::add(&mut tx, id, version, by, &event, now, now).await?;
            self.follow(
                &mut tx,
                &share,
                "unshare",
                Task::Unshare { share: share.id },
            )
            .await?;
            self.follow(&mut tx, &share, "unmark", Task::Mark { share: share.id })
                .await?;
            tx.commit().await?;
            self.wake.notify_one();
        }
        Ok(Some(outage))
    }

    /// The source says something else now, or nothing any more when `text` is none.
    pub async fn source_changed(
        &self,
        workspace: &WorkspaceId,
        channel: &ChannelId,
        ts: &MessageTs,
        text: Option<&str>,
    ) -> Result<(), DeskError> {
        let mut tx = self.db.begin().await?;
        let found = store::shares::of_message(&mut tx, workspace, channel, ts).await?;
        let Some(share) = found else {
            return Ok(());
        };
        match text {
            // What was deleted says nothing any more, whatever comes late.
            Some(text) if text == share.text || share.deleted => return Ok(()),
            Some(text) => store::shares::record_edited(&mut tx, share.id, text).await?,
            None => store::shares::record_deleted(&mut tx, share.id).await?,
        }
        if share.withdrawn_at.is_none() {
            let stamp = format!("reshow:{}", self.clock.now().micros());
            self.follow(&mut tx, &share, &stamp, Task::Reshow { share: share.id })
                .await?;
        }
        tx.commit().await?;
        self.wake.notify_one();
        Ok(())
    }

    /// Queues something about a share, in the order of the thread.
    async fn follow(
        &self,
        tx: &mut Tx,
        share: &Share,
        what: &str,
        task: Task,
    ) -> Result<(), store::Error> {
        let marks = matches!(task, Task::Mark { .. });
        let place = match store::announcements::of_outage(tx, share.outage_id).await? {
            Some(announcement) => Place::of(tx, &announcement).await?,
            None => Place::new(self.policy.announce_channel.clone()),
        };
        let new = NewDelivery {
            workspace: share.workspace_id.clone(),
            outage: Some(share.outage_id),
            lane: match marks {
                true => format!("outage:{}:mark", share.outage_id),
                false => format!("outage:{}:thread", share.outage_id),
            },
            conversation: match marks {
                true => String::new(),
                false => place.channel.to_string(),
            },
            after: place.posting.filter(|_| !marks),
            dedupe_key: format!("share:{}:{}:{what}", share.id, share.round),
            task,
            due_at: self.clock.now(),
        };
        store::deliveries::enqueue(tx, &new, self.clock.now()).await?;
        Ok(())
    }
}

async fn outage_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    channel: &ChannelId,
) -> Result<Option<Outage>, store::Error> {
    let ids: Vec<OutageId> = store::channels::outages_of(tx, workspace, channel).await?;
    let mut newest = None;
    for id in ids {
        let Some(outage) = store::outages::by_id(tx, id).await? else {
            continue;
        };
        if outage.is_open() {
            return Ok(Some(outage));
        }
        newest = newest.or(Some(outage));
    }
    Ok(newest)
}
