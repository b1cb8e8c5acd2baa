//! Lines in the announcement's thread: posted, written anew, and swept when they stand there twice.

use serde_json::{Value, json};

use super::{Scene, SlackDeliver, Stop, find, lost::line_missed, moot};
use crate::{
    desk::people_of,
    domain::{
        delivery::{Outcome, Receipt, Task},
        effect::Line,
        ids::{DeliveryId, MessageTs},
        late::LATE,
        time::Timestamp,
    },
    slack::{
        api::CallError,
        views::thread::{self, ThreadMessage},
    },
    store::{self, deliveries::Delivery},
};

/// Slack may refuse to show a thread by mistake. It is asked again before a line is said that may
/// stand there.
const BELIEVED_AFTER: i64 = 4;

impl SlackDeliver {
    pub(super) async fn say(
        &self,
        delivery: &Delivery,
        scene: &Scene,
        line: &Line,
        look_first: bool,
    ) -> Result<Receipt, Stop> {
        let thread = match scene.posted() {
            Ok(thread) => thread,
            // It may have been said while there was a thread, and more than once.
            Err(gone) if look_first => {
                let said = self.said_before_it_moved(delivery, scene).await?;
                return said.ok_or(gone);
            }
            Err(gone) => return Err(gone),
        };
        let signed = self.may_customize.is_on();
        if let Line::Shared { share } = line
            && self.stands(scene, *share).await?
        {
            return Ok(Receipt::Done);
        }
        let message = match line {
            Line::Shared { share } => match self.line_to_share(scene, *share, signed).await? {
                Some(message) => message,
                // Taken back, but an attempt with an unknown answer may have posted it: whoever
                // takes it out of the thread has to know where it stands.
                None if look_first => return self.found(delivery, scene, thread).await,
                None => return Err(moot("it was taken back before it was posted")),
            },
            _ => {
                self.worded(scene, line, delivery.created_at, signed)
                    .await?
            }
        };
        let customized = message.get("username").is_some();
        let channel = &scene.announcement.channel_id;
        let thread = Some(thread);
        if look_first && let Some(found) = self.said_before_it_moved(delivery, scene).await? {
            return Ok(found);
        }
        let posted = self
            .post(delivery, channel, thread, message, look_first)
            .await;
        match posted {
            Err(Stop::Call(error)) if customized && error.code() == Some("missing_scope") => {
                self.may_customize.switch_off();
                let message = match line {
                    Line::Shared { share } => self
                        .line_to_share(scene, *share, false)
                        .await?
                        .ok_or_else(|| moot("it was taken back before it was posted"))?,
                    _ => self.worded(scene, line, delivery.created_at, false).await?,
                };
                self.post(delivery, channel, thread, message, false).await
            }
            posted => posted,
        }
    }

    /// An earlier attempt at a line may have posted it in the thread of an announcement that another
    /// one took the place of since.
    async fn said_before_it_moved(
        &self,
        delivery: &Delivery,
        scene: &Scene,
    ) -> Result<Option<Receipt>, Stop> {
        for former in scene.former.iter().filter(|it| it.thread_stands) {
            let (channel, thread) = (&former.channel_id, Some(&former.message_ts));
            let ts = match find::messages(&self.api, delivery, channel, thread).await {
                Ok(found) => found.into_iter().next(),
                Err(error) => {
                    let refused = matches!(error, CallError::Refused { .. });
                    match super::judge(error) {
                        // Who may not read it any more cannot know; the line is said rather than lost.
                        Outcome::Refused { .. } | Outcome::Failed { .. }
                            if refused && delivery.attempts > BELIEVED_AFTER =>
                        {
                            None
                        }
                        Outcome::Refused { why } => {
                            return Err(Stop::Outcome(Outcome::Failed { why }));
                        }
                        outcome => return Err(Stop::Outcome(outcome)),
                    }
                }
            };
            if let Some(ts) = ts {
                let channel = channel.clone();
                return Ok(Some(Receipt::Posted { channel, ts }));
            }
        }
        Ok(None)
    }

    /// A line of the thread as arguments of a call; `signed` with its author's name and picture,
    /// else with the author named in the text.
    async fn worded(
        &self,
        scene: &Scene,
        line: &Line,
        said_at: Timestamp,
        signed: bool,
    ) -> Result<Value, Stop> {
        let mut worded = match line {
            Line::CaughtUp { lines } => {
                let mut spoken = Vec::with_capacity(lines.len());
                for it in lines {
                    spoken.push((it.at, self.in_words(scene, &it.line).await?.unsigned));
                }
                thread::caught_up(&spoken, &scene.outage, &self.command)
            }
            line => self.in_words(scene, line).await?,
        };
        // The message shows when it was posted. When it was said is another matter by then.
        if self.clock.now().since(said_at) >= LATE {
            worded = thread::said_earlier(worded, line, said_at);
        }
        let broadcast = line.is_for_everybody();
        let mut message = json!({ "text": worded.text });
        if broadcast {
            message["reply_broadcast"] = json!(true);
        }
        if !signed {
            message["text"] = json!(worded.unsigned);
            return Ok(message);
        }
        if let Some(person) = &worded.as_person {
            message["username"] = json!(person.name);
            if let Some(picture) = &person.picture {
                message["icon_url"] = json!(picture);
            }
        }
        Ok(message)
    }

    async fn in_words(&self, scene: &Scene, line: &Line) -> Result<ThreadMessage, Stop> {
        Ok(match line {
            Line::Changes {
                from_version,
                to_version,
                ..
            } => {
                let mut tx = self.db.read().await?;
                let id = scene.outage.id;
                let before = store::versions::at_version(&mut tx, id, *from_version).await?;
                let after = store::versions::at_version(&mut tx, id, *to_version).await?;
                let versions = before.as_ref().zip(after.as_ref());
                // Roles that changed name people who have no part in it any more.
                let mut people = scene.people.clone();
                if let Some((before, after)) = versions {
                    let mut named = people_of(before);
                    named.extend(people_of(after));
                    named.retain(|id| !people.iter().any(|it| it.id == *id));
                    people.extend(store::people::by_ids(&mut tx, &named).await?);
                }
                thread::thread_line(line, &scene.outage, versions, &people, &self.command)
            }
            Line::FromMessage { message } => {
                match self.api.permalink(&message.channel, &message.ts).await {
                    Ok(url) => thread::from_message(Some(&url)),
                    // Gone, or where the bot is not.
                    Err(CallError::Refused { .. }) => thread::from_message(None),
                    Err(error) => return Err(error.into()),
                }
            }
            _ => {
                let outage = &scene.outage;
                thread::thread_line(line, outage, None, &scene.people, &self.command)
            }
        })
    }

    pub(super) async fn amend(
        &self,
        scene: &Scene,
        line: DeliveryId,
        told: &Line,
    ) -> Result<Receipt, Stop> {
        let mut tx = self.db.begin().await?;
        let receipt = store::deliveries::receipt(&mut tx, line).await?;
        let Some(Receipt::Posted { channel, ts }) = receipt else {
            // Should somebody retry the line, it tells everything.
            let longer = Task::Say { line: told.clone() };
            store::waiting::replace_dead(&mut tx, line, &longer).await?;
            tx.commit().await?;
            return Err(moot("the line it belongs to was not posted"));
        };
        drop(tx);
        // It stands there since it was said, however late this is.
        let now = self.clock.now();
        let mut arguments = self.worded(scene, told, now, true).await?;
        arguments["channel"] = json!(channel);
        arguments["ts"] = json!(ts);
        match self.api.post::<Value>("chat.update", &arguments).await {
            Ok(_) => Ok(Receipt::Done),
            Err(error) => Err(line_missed(error, scene, &channel)),
        }
    }

    /// Where an earlier attempt posted the line, if it did.
    async fn found(
        &self,
        delivery: &Delivery,
        scene: &Scene,
        thread: &MessageTs,
    ) -> Result<Receipt, Stop> {
        let channel = &scene.announcement.channel_id;
        let found = find::messages(&self.api, delivery, channel, Some(thread)).await?;
        match found.into_iter().next() {
            Some(ts) => Ok(Receipt::Posted {
                channel: channel.clone(),
                ts,
            }),
            None => Err(moot("it was taken back before it was posted")),
        }
    }

    /// Deletes every message of a delivery but the one it is known by. What posts nothing is only
    /// shown anew, which follows from this one's end.
    pub(super) async fn sweep(&self, sweep: &Delivery, of: DeliveryId) -> Result<Receipt, Stop> {
        let mut tx = self.db.read().await?;
        let swept = store::deliveries::by_id(&mut tx, of).await?;
        let receipt = store::deliveries::receipt(&mut tx, of).await?;
        let mut threads: Vec<MessageTs> = Vec::new();
        if let Some(id) = sweep.outage_id {
            let announcement = store::announcements::of_outage(&mut tx, id).await?;
            threads.extend(announcement.and_then(|it| it.message_ts));
            let former = store::announcements::former(&mut tx, id).await?;
            threads.extend(former.into_iter().map(|it| it.message_ts));
        }
        drop(tx);
        if swept.as_ref().is_some_and(|it| it.payload.shows_state()) {
            return Ok(Receipt::Done);
        }
        let (Some(swept), Some(Receipt::Posted { channel, ts })) = (swept, receipt) else {
            return Err(moot("the delivery posted nothing"));
        };
        let mut found = Vec::new();
        match &swept.payload {
            // A line may stand in the thread of an announcement whose place was taken since.
            Task::Say { .. } => {
                for thread in &threads {
                    let looked = find::messages(&self.api, &swept, &channel, Some(thread)).await;
                    found.extend(looked?);
                }
            }
            _ => found = find::messages(&self.api, &swept, &channel, None).await?,
        }
        for doubled in found.into_iter().filter(|it| *it != ts) {
            tracing::warn!(
                delivery.id = of.0,
                "Slack committed a message late: deleting the double"
            );
            let arguments = json!({ "channel": channel, "ts": doubled });
            match self.api.post::<Value>("chat.delete", &arguments).await {
                Ok(_) => {}
                Err(error) if error.code() == Some("message_not_found") => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Receipt::Done)
    }
}
