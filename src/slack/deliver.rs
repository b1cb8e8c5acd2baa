//! Carries out what the outbox hands over, by calling Slack.
//!
//! Renders from the state as it is now. What creates a message carries its delivery's key in the
//! message's metadata; after an unknown answer [`find`] looks for that key before posting again.

mod asking;
mod channel;
mod find;
mod home;
mod lost;
mod say;
mod share;
mod warn;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    api::{CallError, Posted, SlackApi},
    contact::Hindrance,
    views::{
        announcement::{Again, AnnouncementModel, announcement},
        direct, mended,
    },
};
use crate::{
    clock::Clock,
    desk::{Desk, people_of},
    domain::{
        actor::Identity,
        delivery::{Outcome, Receipt, Task},
        effect::Line,
        ids::{ChannelId, MessageTs, PersonId},
        impact::Answer,
        outage::{Outage, Phase},
        person::Person,
        policy::Policy,
    },
    outbox::Deliver,
    store::{
        self, Db,
        announcements::{Announcement, Former},
        deliveries::Delivery,
    },
};

/// The type of the metadata that our messages carry.
const METADATA: &str = "balefire_delivery";

/// Delivers to Slack.
pub struct SlackDeliver {
    db: Db,
    clock: Clock,
    api: Arc<SlackApi>,
    policy: Arc<Policy>,
    /// Decides what is done about an announcement that is not where it was.
    desk: Desk,
    command: String,
    may_customize: Optional,
    may_invite: Optional,
    may_read_groups: Optional,
    may_set_topics: Optional,
    may_bookmark: Optional,
    may_react: Optional,
    may_archive: Optional,
}

/// Something that needs a scope which the app may lack: the first refusal switches it off until the
/// next start, with one line in the log and no word to people.
struct Optional {
    lacks: AtomicBool,
    told: &'static str,
}

impl Optional {
    fn new(told: &'static str) -> Optional {
        Optional {
            lacks: AtomicBool::new(false),
            told,
        }
    }

    fn is_on(&self) -> bool {
        !self.lacks.load(Ordering::Relaxed)
    }

    fn switch_off(&self) {
        if !self.lacks.swap(true, Ordering::Relaxed) {
            tracing::info!("{}", self.told);
        }
    }

    /// Refuses to go on while it is off.
    fn check(&self) -> Result<(), Stop> {
        match self.is_on() {
            true => Ok(()),
            false => Err(moot(self.told)),
        }
    }

    /// Switches it off when that is what a call was refused for.
    fn learn(&self, error: CallError) -> Stop {
        if error.code() == Some("missing_scope") {
            self.switch_off();
            return moot(self.told);
        }
        error.into()
    }
}

/// What a delivery about an outage needs to know.
struct Scene {
    outage: Outage,
    announcement: Announcement,
    /// Those whose place it took, the last one first.
    former: Vec<Former>,
    people: Vec<Person>,
    /// Where the announcement stands of the outage that this one turned out to be.
    original: Option<String>,
}

/// Why an attempt ended before a call was made.
enum Stop {
    Outcome(Outcome),
    Call(CallError),
    Store(store::Error),
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Stop {
        Stop::Call(error)
    }
}

impl From<store::Error> for Stop {
    fn from(error: store::Error) -> Stop {
        Stop::Store(error)
    }
}

impl Deliver for SlackDeliver {
    async fn deliver(&self, delivery: &Delivery, look_first: bool) -> Outcome {
        let done = match &delivery.payload {
            Task::Rejoin { channel } => self.rejoin(&delivery.workspace_id, channel).await,
            Task::WarnOfRemovals { person, .. } => {
                self.warn_of_removals(delivery, *person, look_first).await
            }
            Task::Home { user } => self.home(&delivery.workspace_id, user).await,
            _ => self.about_outage(delivery, look_first).await,
        };
        match done {
            Ok(receipt) => Outcome::Delivered(receipt),
            Err(Stop::Outcome(outcome)) => outcome,
            Err(Stop::Call(error)) => judge(error),
            Err(Stop::Store(error)) => Outcome::Failed {
                why: store::trouble::in_words(&error),
            },
        }
    }

    async fn answers(&self) -> Result<(), String> {
        let sign = self.api.sign_of_life().await;
        sign.map_err(CallError::without_verdict)
    }
}

impl SlackDeliver {
    /// `command` is what people type to see an outage.
    pub fn new(
        db: Db,
        clock: Clock,
        api: Arc<SlackApi>,
        desk: Desk,
        command: String,
    ) -> SlackDeliver {
        SlackDeliver {
            db,
            clock,
            api,
            policy: desk.shared_policy(),
            desk,
            command,
            may_customize: Optional::new(
                "the app lacks the scope chat:write.customize: \
                 reasons and updates are posted under the bot's own name",
            ),
            may_invite: Optional::new("the app lacks a scope: nobody is invited to channels"),
            may_read_groups: Optional::new(
                "the app lacks the scope usergroups:read: \
                 the configured groups are not invited to dedicated channels",
            ),
            may_set_topics: Optional::new(
                "the app lacks a scope: dedicated channels have no topic",
            ),
            may_bookmark: Optional::new(
                "the app lacks the scopes bookmarks:read and bookmarks:write: \
                 dedicated channels have no bookmark",
            ),
            may_react: Optional::new(
                "the app lacks the scope reactions:write: shared messages are not marked",
            ),
            may_archive: Optional::new("the app lacks a scope: dedicated channels stay open"),
        }
    }

    async fn about_outage(&self, delivery: &Delivery, look_first: bool) -> Result<Receipt, Stop> {
        let seen_at = self.clock.now();
        let people = people_in(&delivery.payload);
        let scene = self.scene(delivery, people).await?;
        match self.carry_out(delivery, &scene, look_first).await {
            Err(Stop::Call(error)) => Err(self.missed(delivery, &scene, error, seen_at).await),
            done => done,
        }
    }

    async fn carry_out(
        &self,
        delivery: &Delivery,
        scene: &Scene,
        look_first: bool,
    ) -> Result<Receipt, Stop> {
        match &delivery.payload {
            Task::Announce { copy } => self.announce(delivery, scene, *copy, look_first).await,
            Task::Rejoin { channel } => self.rejoin(&delivery.workspace_id, channel).await,
            Task::WarnOfRemovals { person, .. } => {
                self.warn_of_removals(delivery, *person, look_first).await
            }
            Task::Home { user } => self.home(&delivery.workspace_id, user).await,
            Task::TellMend { person, mend } => {
                let person = scene.person(*person)?;
                let link = scene.announcement.permalink.as_deref();
                let message = mended::told(mend, &scene.outage, link, &self.command);
                self.direct(delivery, person, message.to_json(), look_first)
                    .await
            }
            Task::AskForAssignee { person, .. } => {
                self.ask_for_assignee(delivery, scene, *person, look_first)
                    .await
            }
            Task::Permalink => self.permalink(scene).await,
            Task::Refresh => self.refresh(scene).await,
            Task::Pin => self.pin(scene).await,
            Task::TellRoles {
                person,
                gained,
                lost,
            } => {
                if gained.is_empty() && lost.is_empty() {
                    return Err(moot("in the end nothing is different for that person"));
                }
                let person = scene.person(*person)?;
                let link = scene.announcement.permalink.as_deref();
                let message = direct::roles(gained, lost, &scene.outage, link, person);
                self.direct(delivery, person, message.to_json(), look_first)
                    .await
            }
            Task::Apologise { person, what, why } => {
                let person = scene.person(*person)?;
                let message = direct::apology(what, why, Some(&scene.outage), &self.command);
                self.direct(delivery, person, message.to_json(), look_first)
                    .await
            }
            Task::Say { line } => self.say(delivery, scene, line, look_first).await,
            Task::Amend {
                line,
                by,
                from_version,
                to_version,
            } => {
                let told = Line::Changes {
                    by: by.clone(),
                    from_version: *from_version,
                    to_version: *to_version,
                };
                self.amend(scene, *line, &told).await
            }
            Task::Sweep { of } => self.sweep(delivery, *of).await,
            Task::TellChannel { question, channel } => {
                let message = affected(scene, question)?;
                self.post(delivery, channel, None, message, look_first)
                    .await
            }
            Task::CreateChannel { name } => self.create_channel(scene, name, look_first).await,
            Task::AdoptChannel { channel } => self.adopt_channel(scene, channel).await,
            Task::Welcome => self.welcome(delivery, scene, look_first).await,
            Task::Invite {
                people,
                with_groups,
            } => self.invite(scene, people, *with_groups).await,
            Task::Topic => self.topic(scene).await,
            Task::Bookmark => self.bookmark(scene).await,
            Task::WarnOfArchive { at } => {
                self.warn_of_archive(delivery, scene, *at, look_first).await
            }
            Task::Archive => self.archive(scene).await,
            Task::Mark { share } => self.mark(*share).await,
            Task::Reshow { share } => self.reshow(scene, *share).await,
            Task::Unshare { share } => self.unshare(scene, *share).await,
        }
    }

    async fn announce(
        &self,
        delivery: &Delivery,
        scene: &Scene,
        copy: i64,
        look_first: bool,
    ) -> Result<Receipt, Stop> {
        if copy != scene.announcement.copy {
            return Err(moot("another announcement took its place"));
        }
        let channel = &scene.announcement.channel_id;
        if let Some(ts) = &scene.announcement.message_ts {
            return Ok(Receipt::Posted {
                channel: channel.clone(),
                ts: ts.clone(),
            });
        }
        let message = self.rendered(scene);
        self.post(delivery, channel, None, message, look_first)
            .await
    }

    async fn refresh(&self, scene: &Scene) -> Result<Receipt, Stop> {
        let ts = scene.posted()?;
        let mut arguments = self.rendered(scene);
        arguments["channel"] = json!(scene.announcement.channel_id);
        arguments["ts"] = json!(ts);
        let _: Value = self.api.post("chat.update", &arguments).await?;
        Ok(Receipt::Done)
    }

    fn rendered(&self, scene: &Scene) -> Value {
        announcement(&AnnouncementModel {
            outage: &scene.outage,
            people: &scene.people,
            now: self.clock.now(),
            policy: &self.policy,
            command: &self.command,
            original: scene.original.as_deref(),
            again: scene.again(&self.policy.announce_channel),
        })
        .to_json()
    }

    async fn permalink(&self, scene: &Scene) -> Result<Receipt, Stop> {
        let ts = scene.posted()?;
        let url = self
            .api
            .permalink(&scene.announcement.channel_id, ts)
            .await?;
        let copy = scene.announcement.copy;
        Ok(Receipt::Permalink { url, copy })
    }

    async fn pin(&self, scene: &Scene) -> Result<Receipt, Stop> {
        let ts = scene.posted()?;
        let pinned = scene.outage.is_open();
        let method = if pinned { "pins.add" } else { "pins.remove" };
        let arguments = json!({ "channel": scene.announcement.channel_id, "timestamp": ts });
        match self.api.post::<Value>(method, &arguments).await {
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.code(),
                    Some("already_pinned" | "no_pin" | "not_pinned")
                ) => {}
            Err(error) => return Err(error.into()),
        }
        let copy = scene.announcement.copy;
        Ok(Receipt::Pinned { pinned, copy })
    }

    async fn direct(
        &self,
        delivery: &Delivery,
        person: &Person,
        message: Value,
        look_first: bool,
    ) -> Result<Receipt, Stop> {
        #[derive(Deserialize)]
        struct Answer {
            channel: Channel,
        }
        #[derive(Deserialize)]
        struct Channel {
            id: ChannelId,
        }
        let arguments = json!({ "users": person.slack_user });
        let opened: Answer = match self.api.post("conversations.open", &arguments).await {
            Ok(opened) => opened,
            // Opening a conversation shows nothing to anybody: trying again is harmless.
            Err(CallError::Unknown { why }) => return Err(Stop::Outcome(Outcome::Failed { why })),
            Err(error) if error.code() == Some("user_disabled") => {
                return Err(moot("that person has left the workspace"));
            }
            Err(error) => return Err(error.into()),
        };
        self.post(delivery, &opened.channel.id, None, message, look_first)
            .await
    }

    /// Posts a message that is recognised by its delivery's key, once.
    async fn post(
        &self,
        delivery: &Delivery,
        channel: &ChannelId,
        thread: Option<&MessageTs>,
        mut arguments: Value,
        look_first: bool,
    ) -> Result<Receipt, Stop> {
        if look_first {
            let looked = find::messages(&self.api, delivery, channel, thread).await;
            let found = looked.map_err(|error| match error.code() {
                // The desk brings the bot back, and then it can be looked.
                Some("not_in_channel") => Stop::Call(error),
                // A look that failed must not be mistaken for a refusal of the post.
                _ => Stop::Outcome(judge(error)),
            })?;
            if let Some(ts) = found.into_iter().next() {
                return Ok(Receipt::Posted {
                    channel: channel.clone(),
                    ts,
                });
            }
        }
        // This node may have stood still since the call before this one, and another one be at it.
        if delivery
            .locked_until
            .is_some_and(|it| self.clock.now() >= it)
        {
            let why = "the lease ran out before the message was posted".into();
            return Err(Stop::Outcome(Outcome::Failed { why }));
        }
        arguments["channel"] = json!(channel);
        arguments["unfurl_links"] = json!(false);
        arguments["metadata"] = json!({
            "event_type": METADATA,
            "event_payload": { "delivery": find::key(delivery.id, delivery.created_at) },
        });
        if let Some(thread) = thread {
            arguments["thread_ts"] = json!(thread);
        }
        let posted: Posted = self.api.post("chat.postMessage", &arguments).await?;
        Ok(Receipt::Posted {
            channel: ChannelId(posted.channel),
            ts: MessageTs(posted.ts),
        })
    }

    async fn scene(&self, delivery: &Delivery, named: Vec<PersonId>) -> Result<Scene, Stop> {
        let Some(id) = delivery.outage_id else {
            return Err(moot("it belongs to no outage"));
        };
        let mut tx = self.db.read().await?;
        let outage = store::outages::by_id(&mut tx, id).await?;
        let announcement = store::announcements::of_outage(&mut tx, id).await?;
        let (Some(outage), Some(announcement)) = (outage, announcement) else {
            return Err(moot("the outage is gone"));
        };
        let former = match announcement.copy {
            1 => Vec::new(),
            _ => store::announcements::former(&mut tx, id).await?,
        };
        let mut ids = people_of(&outage);
        ids.extend(named);
        ids.sort();
        ids.dedup();
        let people = store::people::by_ids(&mut tx, &ids).await?;
        let original = match outage.phase.duplicate_of() {
            None => None,
            Some(number) => {
                let found = store::outages::by_number(&mut tx, &outage.workspace, number).await?;
                match found {
                    Some(original) => store::announcements::of_outage(&mut tx, original.id)
                        .await?
                        .and_then(|it| it.permalink),
                    None => None,
                }
            }
        };
        Ok(Scene {
            outage,
            announcement,
            former,
            people,
            original,
        })
    }
}

impl Scene {
    fn posted(&self) -> Result<&MessageTs, Stop> {
        if self.announcement.away {
            return Err(moot("somebody deleted the announcement, and it stays away"));
        }
        self.announcement.message_ts.as_ref().ok_or_else(|| {
            Stop::Outcome(Outcome::Refused {
                why: "the announcement itself was not posted".into(),
            })
        })
    }

    /// Why the announcement stands here, if that needs a word. `main` is where it was meant to be.
    fn again<'a>(&'a self, main: &'a ChannelId) -> Option<Again<'a>> {
        let because = self.announcement.because.as_ref()?.0;
        let former = self.former.first();
        let readable = former.filter(|it| it.thread_stands);
        Some(Again {
            because,
            channel: former.map_or(main, |it| &it.channel_id),
            thread: readable.and_then(|it| it.permalink.as_deref()),
        })
    }

    fn person(&self, id: PersonId) -> Result<&Person, Stop> {
        self.people
            .iter()
            .find(|it| it.id == id)
            .ok_or_else(|| moot("nobody knows that person any more"))
    }
}

fn moot(why: &str) -> Stop {
    Stop::Outcome(Outcome::Moot { why: why.into() })
}

fn refused(why: &str) -> Stop {
    Stop::Outcome(Outcome::Refused { why: why.into() })
}

/// That the answer to a question is yes, while it still is.
fn affected(scene: &Scene, question: &str) -> Result<Value, Stop> {
    let outage = &scene.outage;
    if matches!(outage.phase, Phase::Withdrawn { .. }) {
        return Err(moot("it was a false alarm"));
    }
    let yes =
        |it: &&crate::domain::impact::Impact| it.question == question && it.answer == Answer::Yes;
    let Some(impact) = outage.impact.iter().find(yes) else {
        return Err(moot("the answer is not yes any more"));
    };
    let link = scene.announcement.permalink.as_deref();
    Ok(direct::affected(&impact.label, outage, link).to_json())
}

/// Whom a task names besides the people of its outage.
fn people_in(task: &Task) -> Vec<PersonId> {
    match task {
        Task::TellRoles { person, .. }
        | Task::TellMend { person, .. }
        | Task::Apologise { person, .. } => vec![*person],
        Task::AskForAssignee { person, left, .. } => vec![*person, *left],
        Task::Amend { by, .. } => by.iter().filter_map(Identity::person).collect(),
        Task::Say { line } => line.people(),
        Task::Invite { people, .. } => people.clone(),
        _ => Vec::new(),
    }
}

/// What a failed call means for the delivery.
fn judge(error: CallError) -> Outcome {
    let why = error.to_string();
    // A token that is no longer good fails every call alike, and nothing is lost by waiting.
    if Hindrance::of(&error).is_some_and(|it| it.needs_somebody()) {
        return Outcome::Barred { why };
    }
    match error {
        CallError::RateLimited { seconds } => Outcome::RateLimited { seconds },
        CallError::Unknown { .. } | CallError::NotSlack { .. } => Outcome::Uncertain { why },
        CallError::Unreachable { .. } => Outcome::Failed { why },
        CallError::Refused { code, .. } => match code.as_str() {
            // The operator can mend these without anything being lost: wait for that.
            "missing_scope" | "not_in_channel" => Outcome::Failed { why },
            "update_failed" | "fetch_members_failed" => Outcome::Failed { why },
            _ => Outcome::Refused { why },
        },
    }
}
