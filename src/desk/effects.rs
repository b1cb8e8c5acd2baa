//! Effects become deliveries, in the transaction of the change that asked for them.
//!
//! Lanes keep the order per outage and conversation: the announcement and its thread are one lane,
//! every direct message is one, pins are one. What would render the same state twice is queued
//! once; changes within a minute are told in one line.
//!
//! An announcement that takes another one's place has a lane of its own, and whatever belongs to it
//! waits for it: what was queued for the former one would stand before it in theirs.

use std::time::Duration;

use crate::{
    domain::{
        actor::Identity,
        delivery::Task,
        effect::{Effect, Line},
        ids::{ChannelId, DeliveryId, WorkspaceId},
        outage::Outage,
        time::Timestamp,
    },
    store::{self, Tx, announcements::Announcement, deliveries::NewDelivery},
};

/// Changes within this time of the first line are written into that line.
const GROUPED: Duration = Duration::from_secs(60);

/// Where an outage is announced.
pub struct Place {
    pub channel: ChannelId,
    /// Which announcement that is, counted from 1.
    pub copy: i64,
    /// Since when it is that one.
    pub since: Option<Timestamp>,
    /// The delivery that will post it, while it is not posted.
    pub posting: Option<DeliveryId>,
}

impl Place {
    /// Of an outage that is new.
    pub fn new(channel: ChannelId) -> Place {
        Place {
            channel,
            copy: 1,
            since: None,
            posting: None,
        }
    }

    pub async fn of(tx: &mut Tx, announcement: &Announcement) -> Result<Place, store::Error> {
        let posting = match announcement.message_ts {
            Some(_) => None,
            None => store::waiting::posting(tx, announcement.outage_id).await?,
        };
        Ok(Place {
            channel: announcement.channel_id.clone(),
            copy: announcement.copy,
            since: announcement.copied_at,
            posting,
        })
    }
}

/// Queues what must follow from `outage`, announced in `place`.
pub async fn enqueue(
    tx: &mut Tx,
    outage: &Outage,
    place: &Place,
    by: &Identity,
    effects: &[Effect],
    now: Timestamp,
) -> Result<(), store::Error> {
    let mut queue = Queue {
        tx,
        outage,
        place,
        by,
        now,
        posted: place.posting,
        linked: None,
    };
    for (index, effect) in effects.iter().enumerate() {
        queue.effect(index, effect).await?;
    }
    let shows = |it: &Effect| matches!(it, Effect::Announce | Effect::Refresh);
    if effects.iter().any(shows) {
        // Last, so that nobody's Home tab comes before what everybody sees.
        let because = format!("{}:{}", outage.id, outage.version);
        store::homes::publish_all(tx, &outage.workspace, &because, now).await?;
    }
    Ok(())
}

/// Queues the bot's way back into a channel.
pub async fn rejoin(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    channel: &ChannelId,
    now: Timestamp,
) -> Result<(), store::Error> {
    let new = NewDelivery {
        workspace: workspace.clone(),
        outage: None,
        lane: format!("rejoin:{channel}"),
        conversation: String::new(),
        after: None,
        dedupe_key: format!("rejoin:{channel}:{}", now.micros()),
        task: Task::Rejoin {
            channel: channel.clone(),
        },
        due_at: now,
    };
    store::deliveries::enqueue(tx, &new, now).await?;
    Ok(())
}

struct Queue<'a> {
    tx: &'a mut Tx,
    outage: &'a Outage,
    place: &'a Place,
    /// Who asked for it.
    by: &'a Identity,
    now: Timestamp,
    /// The delivery that posts the announcement, while it is not posted.
    posted: Option<DeliveryId>,
    /// The delivery that learns its address, when it is queued here.
    linked: Option<DeliveryId>,
}

impl Queue<'_> {
    async fn effect(&mut self, index: usize, effect: &Effect) -> Result<(), store::Error> {
        let (id, version) = (self.outage.id, self.outage.version);
        match effect {
            Effect::Announce => {
                let copy = self.place.copy;
                let task = Task::Announce { copy };
                let lane = if copy == 1 { "thread" } else { "announce" };
                let key = self.announce_key();
                let of = key.trim_start_matches("announce:").to_owned();
                self.posted = self.push(task, lane, true, None, key).await?;
                if let Some(posted) = self.posted.filter(|_| copy > 1) {
                    let lanes = ["thread", "link", "pin"].map(|it| format!("outage:{id}:{it}"));
                    store::waiting::wait_for(self.tx, posted, lanes).await?;
                }
                let after = self.posted;
                self.linked = self
                    .push(
                        Task::Permalink,
                        "link",
                        false,
                        after,
                        format!("permalink:{of}"),
                    )
                    .await?;
            }
            Effect::Refresh => {
                // One that was meant to post a former announcement shows nothing any more.
                let announce = self.announce_key();
                let kinds = [Task::Refresh.kind(); 2];
                if !store::waiting::waits(self.tx, id, kinds).await?
                    && !store::waiting::waits_by_key(self.tx, &announce).await?
                {
                    // Time makes a rendering stale too, without a new version.
                    let key = format!("refresh:{id}:{version}:{}", self.now.micros());
                    let after = self.posted;
                    self.push(Task::Refresh, "thread", true, after, key).await?;
                }
                self.topic().await?;
            }
            Effect::Pin => {
                if !store::waiting::waits(self.tx, id, [Task::Pin.kind(); 2]).await? {
                    // Somebody may unpin it without a new version.
                    let key = format!("pin:{id}:{version}:{}", self.now.micros());
                    let after = self.posted;
                    self.push(Task::Pin, "pin", false, after, key).await?;
                }
            }
            Effect::Bookmark => {
                if store::channels::of_outage(self.tx, id).await?.is_some() {
                    let key = format!("bookmark:{id}:{version}:{}", self.place.copy);
                    let after = self.linked;
                    self.push(Task::Bookmark, "bookmark", false, after, key)
                        .await?;
                }
            }
            Effect::TellMend { person, mend } => {
                let task = Task::TellMend {
                    person: *person,
                    mend: mend.clone(),
                };
                let (copy, word) = (self.place.copy, mend.word());
                let key = format!("mend:{id}:{copy}:{word}:{person}");
                let lane = format!("person:{person}");
                let after = self.linked;
                self.push_to(task, &lane, format!("person:{person}"), after, key)
                    .await?;
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
            Effect::AskForAssignee {
                person,
                left,
                roles,
            } => {
                let task = Task::AskForAssignee {
                    person: *person,
                    left: *left,
                    roles: roles.clone(),
                };
                let key = format!("ask:{id}:{version}:{index}");
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
                let after = self.posted;
                self.push(task, "thread", true, after, key).await?;
            }
        }
        Ok(())
    }

    fn announce_key(&self) -> String {
        let id = self.outage.id;
        match self.place.copy {
            1 => format!("announce:{id}"),
            copy => format!("announce:{id}:{copy}"),
        }
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
        if exists && !store::waiting::waits(self.tx, id, [Task::Topic.kind(); 2]).await? {
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
        // A line in the thread of another announcement is left as it is.
        let minute = self.now.minus(GROUPED);
        let since = self.place.since.map_or(minute, |it| it.max(minute));
        let kind = "say_changes";
        let first = store::waiting::newest_since(self.tx, id, kind, since).await?;
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
            let after = self.posted;
            self.push(task, "thread", true, after, key).await?;
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
        if store::waiting::replace_task(self.tx, line, &longer).await? {
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
        let newest = store::waiting::newest_amend(self.tx, self.outage.id, line);
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
            self.place.channel.to_string()
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
