//! Effects become deliveries, in the transaction of the change that asked for them.
//!
//! Lanes keep the order per outage and conversation: the announcement and its thread are one lane,
//! every direct message is one, pins are one. What would render the same state twice is queued
//! once; changes within a minute are told in one line.

use std::time::Duration;

use crate::{
    domain::{
        actor::Identity,
        delivery::Task,
        effect::{Effect, Line},
        ids::{ChannelId, DeliveryId},
        outage::Outage,
        time::Timestamp,
    },
    store::{self, Tx, deliveries::NewDelivery},
};

/// Changes within this time of the first line are written into that line.
const GROUPED: Duration = Duration::from_secs(60);

/// Queues what must follow from `outage`, announced in `channel`.
pub async fn enqueue(
    tx: &mut Tx,
    outage: &Outage,
    channel: &ChannelId,
    by: &Identity,
    effects: &[Effect],
    now: Timestamp,
) -> Result<(), store::Error> {
    let mut queue = Queue {
        tx,
        outage,
        channel,
        by,
        now,
        posted: None,
        linked: None,
    };
    for (index, effect) in effects.iter().enumerate() {
        queue.effect(index, effect).await?;
    }
    Ok(())
}

struct Queue<'a> {
    tx: &'a mut Tx,
    outage: &'a Outage,
    channel: &'a ChannelId,
    /// Who asked for it.
    by: &'a Identity,
    now: Timestamp,
    /// The delivery that posts the announcement, when it is queued here.
    posted: Option<DeliveryId>,
    /// The delivery that learns its address, when it is queued here.
    linked: Option<DeliveryId>,
}

impl Queue<'_> {
    async fn effect(&mut self, index: usize, effect: &Effect) -> Result<(), store::Error> {
        let (id, version) = (self.outage.id, self.outage.version);
        match effect {
            Effect::Announce => {
                let key = format!("announce:{id}");
                self.posted = self.push(Task::Announce, "thread", true, None, key).await?;
                let key = format!("permalink:{id}");
                let after = self.posted;
                self.linked = self
                    .push(Task::Permalink, "link", false, after, key)
                    .await?;
            }
            Effect::Refresh => {
                let kinds = [Task::Announce.kind(), Task::Refresh.kind()];
                if !store::deliveries::waits(self.tx, id, kinds).await? {
                    // Time makes a rendering stale too, without a new version.
                    let key = format!("refresh:{id}:{version}:{}", self.now.micros());
                    self.push(Task::Refresh, "thread", true, None, key).await?;
                }
                self.topic().await?;
            }
            Effect::Pin => {
                if !store::deliveries::waits(self.tx, id, [Task::Pin.kind(); 2]).await? {
                    let key = format!("pin:{id}:{version}");
                    let after = self.posted;
                    self.push(Task::Pin, "pin", false, after, key).await?;
                }
            }
            Effect::TellRoles {
                person,
                gained,
                lost,
            } => {
                let task = Task::TellRoles {
                    person: *person,
                    gained: gained.clone(),
                    lost: lost.clone(),
                };
                let key = format!("tell:{id}:{version}:{index}");
                let lane = format!("person:{person}");
                let after = self.linked;
                self.push_to(task, &lane, format!("person:{person}"), after, key)
                    .await?;
            }
            Effect::TellChannel { question, channel } => {
                let task = Task::TellChannel {
                    question: question.clone(),
                    channel: channel.clone(),
                };
                // Once for ever, whatever becomes of the answer.
                let key = format!("tell:{id}:{question}:{channel}");
                let lane = format!("channel:{channel}");
                let after = self.linked;
                self.push_to(task, &lane, channel.to_string(), after, key)
                    .await?;
            }
            Effect::CreateChannel { name } => {
                let task = Task::CreateChannel { name: name.clone() };
                self.open_channel(name, true, task).await?;
            }
            Effect::AdoptChannel { channel } => {
                let task = Task::AdoptChannel {
                    channel: channel.clone(),
                };
                self.open_channel(channel.as_str(), false, task).await?;
            }
            Effect::WarnOfArchive { at } => {
                store::channels::record_warned(self.tx, id, self.now).await?;
                let key = format!("warn_of_archive:{id}:{}", self.now.micros());
                let task = Task::WarnOfArchive { at: *at };
                self.push(task, "channel", false, None, key).await?;
            }
            Effect::ArchiveChannel { warned_at } => {
                let key = format!("archive:{id}:{}", warned_at.micros());
                self.push(Task::Archive, "channel", false, None, key)
                    .await?;
            }
            Effect::Invite { people } => {
                let task = Task::Invite {
                    people: people.clone(),
                    with_groups: false,
                };
                let key = format!("invite:{id}:{version}:{index}");
                self.push(task, "channel", false, None, key).await?;
            }
            Effect::Say {
                line:
                    Line::Changes {
                        by,
                        from_version,
                        to_version,
                    },
            } => self.say_changes(by, *from_version, *to_version).await?,
            Effect::Say { line } => {
                let key = format!("say:{id}:{version}:{index}");
                let task = Task::Say { line: line.clone() };
                self.push(task, "thread", true, None, key).await?;
            }
        }
        Ok(())
    }

    /// A dedicated channel, and what makes it useful. Everything comes after the channel in one
    /// lane; when there is none in the end, the rest has nothing to do.
    async fn open_channel(
        &mut self,
        name: &str,
        made_here: bool,
        open: Task,
    ) -> Result<(), store::Error> {
        let (id, version, now) = (self.outage.id, self.outage.version, self.now);
        let workspace = &self.outage.workspace;
        store::channels::request(self.tx, id, workspace, name, made_here, self.by, now).await?;
        let invite = Task::Invite {
            people: self.outage.roles.people(),
            with_groups: true,
        };
        for task in [open, Task::Welcome, invite, Task::Topic, Task::Bookmark] {
            let key = format!("{}:{id}:{version}", task.kind());
            self.push(task, "channel", false, None, key).await?;
        }
        Ok(())
    }

    /// The topic of the dedicated channel says how the outage stands.
    async fn topic(&mut self) -> Result<(), store::Error> {
        let (id, version) = (self.outage.id, self.outage.version);
        let exists = store::channels::of_outage(self.tx, id).await?.is_some();
        if exists && !store::deliveries::waits(self.tx, id, [Task::Topic.kind(); 2]).await? {
            let key = format!("topic:{id}:{version}:{}", self.now.micros());
            self.push(Task::Topic, "channel", false, None, key).await?;
        }
        Ok(())
    }

    /// The first line of changes is posted at once; what follows within the minute goes into it.
    async fn say_changes(
        &mut self,
        by: &[Identity],
        from_version: i64,
        to_version: i64,
    ) -> Result<(), store::Error> {
        let id = self.outage.id;
        let since = self.now.minus(GROUPED);
        let kind = "say_changes";
        let first = store::deliveries::newest_since(self.tx, id, kind, since).await?;
        let Some((
            line,
            Task::Say {
                line:
                    Line::Changes {
                        by: who,
                        from_version: from,
                        ..
                    },
            },
        )) = first
        else {
            let task = Task::Say {
                line: Line::Changes {
                    by: by.to_vec(),
                    from_version,
                    to_version,
                },
            };
            let key = format!("changes:{id}:{to_version}");
            self.push(task, "thread", true, None, key).await?;
            return Ok(());
        };
        let mut who = self.amended_by(line, who).await?;
        for identity in by {
            if !who.contains(identity) {
                who.push(identity.clone());
            }
        }
        let longer = Task::Say {
            line: Line::Changes {
                by: who.clone(),
                from_version: from,
                to_version,
            },
        };
        if store::deliveries::replace_task(self.tx, line, &longer).await? {
            return Ok(());
        }
        let amend = Task::Amend {
            line,
            by: who,
            from_version: from,
            to_version,
        };
        let key = format!("amend:{id}:{to_version}");
        self.push(amend, "thread", true, Some(line), key).await?;
        Ok(())
    }

    /// Everybody who changed something that is already told in the line.
    async fn amended_by(
        &mut self,
        line: DeliveryId,
        first: Vec<Identity>,
    ) -> Result<Vec<Identity>, store::Error> {
        let newest = store::deliveries::newest_amend(self.tx, self.outage.id, line);
        match newest.await? {
            Some(Task::Amend { by, .. }) => Ok(by),
            _ => Ok(first),
        }
    }

    async fn push(
        &mut self,
        task: Task,
        lane: &str,
        paced: bool,
        after: Option<DeliveryId>,
        key: String,
    ) -> Result<Option<DeliveryId>, store::Error> {
        let conversation = if paced {
            self.channel.to_string()
        } else {
            String::new()
        };
        self.push_to(task, lane, conversation, after, key).await
    }

    async fn push_to(
        &mut self,
        task: Task,
        lane: &str,
        conversation: String,
        after: Option<DeliveryId>,
        dedupe_key: String,
    ) -> Result<Option<DeliveryId>, store::Error> {
        let new = NewDelivery {
            workspace: self.outage.workspace.clone(),
            outage: Some(self.outage.id),
            lane: format!("outage:{}:{lane}", self.outage.id),
            conversation,
            after,
            dedupe_key,
            task,
            due_at: self.now,
        };
        store::deliveries::enqueue(self.tx, &new, self.now).await
    }
}
