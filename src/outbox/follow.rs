//! What follows from a settled attempt, in the same transaction: what came back is written where
//! others look for it, and what it brings about is queued.

use super::{Deliver, Outbox, SWEEP_AFTER, group::Ended};
use crate::{
    domain::{
        delivery::{Outcome, Receipt, Task},
        effect::Line,
        ids::{DeliveryId, OutageId},
        outage::Phase,
        time::Timestamp,
    },
    store::{
        self, Tx,
        deliveries::{Delivery, NewDelivery},
    },
};

impl<D: Deliver> Outbox<D> {
    /// What follows when it came to a good end.
    pub(super) async fn follow(
        &self,
        tx: &mut Tx,
        ended: &Ended,
        now: Timestamp,
    ) -> store::Result<()> {
        let Outcome::Delivered(receipt) = &ended.outcome else {
            return Ok(());
        };
        let (delivery, task) = (&ended.delivery, &ended.delivery.payload);
        // What an earlier attempt posted shows how things stood then.
        let shown_at = delivery.sent_at.filter(|_| ended.looked_first);
        let shown_at = shown_at.unwrap_or(now);
        self.record(tx, delivery, receipt, shown_at, now).await?;
        if ended.looked_first && (task.creates_message() || task.shows_state()) {
            self.sweep_later(tx, delivery, now).await?;
        }
        Ok(())
    }

    /// What follows when nobody will try again.
    pub(super) async fn given_up(
        &self,
        tx: &mut Tx,
        delivery: &Delivery,
        why: &str,
        now: Timestamp,
    ) -> store::Result<()> {
        if let Some(outage) = delivery.outage_id
            && delivery.payload.makes_channel()
        {
            // The buttons come back, so that it can be tried again.
            store::channels::record_failed(tx, outage, why).await?;
            self.refresh(tx, delivery, outage, now).await?;
        }
        self.apologise(tx, delivery, why, now).await
    }

    /// Writes what came back where others look for it.
    async fn record(
        &self,
        tx: &mut Tx,
        delivery: &Delivery,
        receipt: &Receipt,
        shown_at: Timestamp,
        now: Timestamp,
    ) -> store::Result<()> {
        if let Task::Sweep { of } = &delivery.payload {
            return self.show_anew(tx, delivery, *of, now).await;
        }
        let Some(outage) = delivery.outage_id else {
            return Ok(());
        };
        match (&delivery.payload, receipt) {
            (Task::Announce { copy }, Receipt::Posted { channel, ts }) => {
                store::announcements::record_posted(tx, outage, *copy, channel, ts, shown_at).await
            }
            (Task::Permalink, Receipt::Permalink { url, copy }) => {
                store::announcements::record_permalink(tx, outage, *copy, url).await?;
                self.link_duplicates(tx, delivery, outage, now).await?;
                self.show_at_home(tx, delivery, now).await
            }
            (Task::Pin, Receipt::Pinned { pinned, copy }) => {
                store::announcements::record_pinned(tx, outage, *copy, *pinned, now).await
            }
            (Task::Refresh, _) => store::announcements::record_rendered(tx, outage, now).await,
            (
                Task::CreateChannel { .. } | Task::AdoptChannel { .. },
                Receipt::Channel { id, name },
            ) => {
                store::channels::record_ready(tx, outage, id, name).await?;
                self.say_channel(tx, delivery, outage, now).await
            }
            (Task::Topic, Receipt::Topic { text }) => {
                store::channels::record_topic(tx, outage, text).await
            }
            (Task::Archive | Task::Topic, Receipt::Archived) => {
                store::channels::record_archived(tx, outage, now).await?;
                self.refresh(tx, delivery, outage, now).await
            }
            (
                Task::Say {
                    line: Line::Shared { share },
                },
                Receipt::Posted { channel, ts },
            ) => store::shares::record_posted(tx, *share, channel, ts).await,
            (Task::Unshare { share }, Receipt::Done) => {
                store::shares::record_unposted(tx, *share).await
            }
            _ => Ok(()),
        }
    }

    /// What was merged into the outage before anybody knew its address shows the address now.
    async fn link_duplicates(
        &self,
        tx: &mut Tx,
        delivery: &Delivery,
        outage: OutageId,
        now: Timestamp,
    ) -> store::Result<()> {
        let Some(original) = store::outages::by_id(tx, outage).await? else {
            return Ok(());
        };
        let workspace = &original.workspace;
        for id in store::outages::duplicates_of(tx, workspace, original.number).await? {
            self.in_thread(tx, delivery, id, Task::Refresh, now).await?;
        }
        Ok(())
    }

    /// The thread links the dedicated channel, and the announcement shows it. Nobody is called to
    /// work on what turned out to be a false alarm meanwhile.
    async fn say_channel(
        &self,
        tx: &mut Tx,
        delivery: &Delivery,
        outage: OutageId,
        now: Timestamp,
    ) -> store::Result<()> {
        let requested = store::channels::of_outage(tx, outage).await?;
        let Some(requested) = requested else {
            return Ok(());
        };
        let found = store::outages::by_id(tx, outage).await?;
        if !found.is_some_and(|it| matches!(it.phase, Phase::Withdrawn { .. })) {
            let by = requested.requested_by.0;
            let line = Line::Channel { by };
            self.in_thread(tx, delivery, outage, Task::Say { line }, now)
                .await?;
        }
        self.refresh(tx, delivery, outage, now).await
    }

    async fn refresh(
        &self,
        tx: &mut Tx,
        delivery: &Delivery,
        outage: OutageId,
        now: Timestamp,
    ) -> store::Result<()> {
        self.in_thread(tx, delivery, outage, Task::Refresh, now)
            .await?;
        self.show_at_home(tx, delivery, now).await
    }

    /// Home tabs show what announcements show.
    async fn show_at_home(
        &self,
        tx: &mut Tx,
        delivery: &Delivery,
        now: Timestamp,
    ) -> store::Result<()> {
        let (workspace, because) = (&delivery.workspace_id, delivery.id.to_string());
        store::homes::publish_all(tx, workspace, &because, now).await
    }

    /// Queues what follows from this delivery where the announcement stands.
    async fn in_thread(
        &self,
        tx: &mut Tx,
        delivery: &Delivery,
        outage: OutageId,
        task: Task,
        now: Timestamp,
    ) -> store::Result<()> {
        let announcement = store::announcements::of_outage(tx, outage).await?;
        let posted = announcement
            .as_ref()
            .is_some_and(|it| it.message_ts.is_some());
        let after = match posted {
            true => None,
            false => store::waiting::posting(tx, outage).await?,
        };
        let new = NewDelivery {
            workspace: delivery.workspace_id.clone(),
            outage: Some(outage),
            lane: format!("outage:{outage}:thread"),
            conversation: announcement.map(|it| it.channel_id.0).unwrap_or_default(),
            after,
            dedupe_key: format!("follows:{}:{outage}:{}", delivery.id, task.kind()),
            task,
            due_at: now,
        };
        store::deliveries::enqueue(tx, &new, now).await?;
        Ok(())
    }

    /// A pause holds for this kind of call everywhere in the workspace, and for the conversation.
    pub(super) async fn rest(
        &self,
        tx: &mut Tx,
        delivery: &Delivery,
        until: Timestamp,
    ) -> store::Result<()> {
        let kind = format!("kind:{}", delivery.payload.kind());
        store::deliveries::pause(tx, &delivery.workspace_id, &kind, until).await?;
        if !delivery.conversation.is_empty() {
            let (workspace, conversation) = (&delivery.workspace_id, &delivery.conversation);
            store::deliveries::pause(tx, workspace, conversation, until).await?;
        }
        Ok(())
    }

    async fn sweep_later(
        &self,
        tx: &mut Tx,
        delivery: &Delivery,
        now: Timestamp,
    ) -> store::Result<()> {
        let new = NewDelivery {
            workspace: delivery.workspace_id.clone(),
            outage: delivery.outage_id,
            lane: format!("sweep:{}", delivery.id),
            conversation: String::new(),
            after: Some(delivery.id),
            dedupe_key: format!("sweep:{}", delivery.id),
            task: Task::Sweep { of: delivery.id },
            due_at: now.plus(SWEEP_AFTER),
        };
        store::deliveries::enqueue(tx, &new, now).await?;
        Ok(())
    }

    /// What an older attempt may have overwritten is shown once more, in its turn.
    async fn show_anew(
        &self,
        tx: &mut Tx,
        sweep: &Delivery,
        of: DeliveryId,
        now: Timestamp,
    ) -> store::Result<()> {
        let swept = store::deliveries::by_id(tx, of).await?;
        let Some(mut swept) = swept.filter(|it| it.payload.shows_state()) else {
            return Ok(());
        };
        // The line may have grown since.
        if let (Task::Amend { line, .. }, Some(outage)) = (&swept.payload, swept.outage_id)
            && let Some(newest) = store::waiting::newest_amend(tx, outage, *line).await?
        {
            swept.payload = newest;
        }
        let new = NewDelivery {
            workspace: swept.workspace_id,
            outage: swept.outage_id,
            lane: swept.lane,
            conversation: swept.conversation,
            after: None,
            dedupe_key: format!("anew:{}", sweep.id),
            task: swept.payload,
            due_at: now,
        };
        store::deliveries::enqueue(tx, &new, now).await?;
        Ok(())
    }

    /// Tells whoever keeps people informed that something was not delivered and will not be.
    async fn apologise(
        &self,
        tx: &mut Tx,
        delivery: &Delivery,
        why: &str,
        now: Timestamp,
    ) -> store::Result<()> {
        let told = match &delivery.payload {
            Task::Apologise { .. }
            | Task::TellRoles { .. }
            | Task::TellMend { .. }
            | Task::AskForAssignee { .. }
            | Task::WarnOfRemovals { .. }
            | Task::Home { .. }
            | Task::Sweep { .. } => {
                return Ok(());
            }
            _ => match delivery.outage_id {
                Some(id) => store::outages::by_id(tx, id).await?,
                None => return Ok(()),
            },
        };
        let Some(outage) = told else {
            return Ok(());
        };
        // Who asked for a channel has to know that there is none; of everything else, whoever keeps
        // people informed.
        let requested = match delivery.payload.makes_channel() {
            true => store::channels::of_outage(tx, outage.id).await?,
            false => None,
        };
        let roles = &outage.roles;
        let person = requested
            .and_then(|it| it.requested_by.person())
            .or(roles.communication)
            .unwrap_or(roles.creator);
        let new = NewDelivery {
            workspace: delivery.workspace_id.clone(),
            outage: delivery.outage_id,
            lane: format!("apology:{}", delivery.id),
            conversation: format!("person:{person}"),
            after: None,
            // One note an hour about one kind of thing is enough.
            dedupe_key: format!(
                "apology:{}:{}:{}",
                outage.id,
                delivery.payload.kind(),
                now.epoch() / 3600
            ),
            task: Task::Apologise {
                person,
                what: delivery.payload.in_words().to_owned(),
                why: why.to_owned(),
            },
            due_at: now,
        };
        store::deliveries::enqueue(tx, &new, now).await?;
        Ok(())
    }
}
