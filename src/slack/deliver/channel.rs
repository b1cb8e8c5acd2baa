//! The dedicated channel: made or entered, furnished, and left again.
//!
//! Whatever people do to the channel by hand wins: where it is archived, or the bot was sent out of
//! it, nothing is left to do.

use std::{collections::BTreeSet, time::Duration};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Optional, Scene, SlackDeliver, Stop, find::Paging, judge, moot, refused};
use crate::{
    domain::{
        channel::numbered,
        delivery::{Outcome, Receipt},
        ids::{ChannelId, PersonId, SlackUserId},
        outage::Outage,
        time::Timestamp,
    },
    slack::{api::CallError, views},
    store::{self, channels::Row, deliveries::Delivery},
};

/// How many names are tried. Slack lets an app make about 20 channels a minute, those that fail
/// included, and every attempt begins at the first name: with more of them it would never end.
const NAMES: usize = 15;

/// Clocks differ: a channel may seem to be made this long before it was asked for.
const CLOCKS: Duration = Duration::from_secs(300);

/// Pages of 1,000 channels, or of members.
const PAGES: usize = 25;

/// How many people one call may invite.
const INVITED_AT_ONCE: usize = 100;

#[derive(Deserialize)]
struct Answered {
    channel: Channel,
}

#[derive(Clone, Deserialize)]
struct Channel {
    id: ChannelId,
    #[serde(default)]
    name: String,
    #[serde(default)]
    creator: String,
    #[serde(default)]
    created: i64,
    #[serde(default)]
    is_member: bool,
}

impl SlackDeliver {
    /// Makes the channel. When an earlier attempt may have made it, a name that is taken may be
    /// taken by us.
    pub(super) async fn create_channel(
        &self,
        scene: &Scene,
        name: &str,
        look_first: bool,
    ) -> Result<Receipt, Stop> {
        let row = self.requested(scene).await?;
        if let Some(id) = row.channel_id {
            return Ok(Receipt::Channel { id, name: row.name });
        }
        if !row.made_here {
            return Err(moot("another channel was chosen since"));
        }
        let mut ours = None;
        for count in 1..=NAMES {
            let name = numbered(name, count);
            let arguments = json!({ "name": name });
            match self.api.post("conversations.create", &arguments).await {
                Ok(Answered { channel }) => {
                    return Ok(Receipt::Channel {
                        id: channel.id,
                        name: channel.name,
                    });
                }
                Err(error) if error.code() == Some("name_taken") => {}
                Err(error) => return Err(not_created(error)),
            }
            if !look_first {
                continue;
            }
            if ours.is_none() {
                ours = Some(self.made_by_us(scene, &row).await?);
            }
            let found = ours.iter().flatten().find(|it| it.name == name);
            if let Some(found) = found {
                return Ok(Receipt::Channel {
                    id: found.id.clone(),
                    name,
                });
            }
        }
        Err(refused(&format!(
            "the name #{name} and {} more like it are taken",
            NAMES - 1
        )))
    }

    /// Channels that the bot made since this one was asked for and that belong to no other outage.
    async fn made_by_us(&self, scene: &Scene, row: &Row) -> Result<Vec<Channel>, Stop> {
        #[derive(Deserialize)]
        struct Page {
            channels: Vec<Channel>,
            #[serde(flatten)]
            paging: Paging,
        }
        let workspace = &scene.outage.workspace;
        let mut tx = self.db.read().await?;
        let bot = store::workspaces::by_id(&mut tx, workspace).await?;
        drop(tx);
        let bot = bot.map(|it| it.bot_user_id).unwrap_or_default();
        let since = row.requested_at.minus(CLOCKS).epoch();
        let mut made = Vec::new();
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let mut arguments = vec![
                ("types", "public_channel".to_owned()),
                ("exclude_archived", "true".to_owned()),
                ("limit", "1000".to_owned()),
            ];
            if !cursor.is_empty() {
                arguments.push(("cursor", cursor));
            }
            let page: Page = self.api.get("conversations.list", &arguments).await?;
            let ours = |it: &Channel| it.creator == bot && it.created >= since;
            made.extend(page.channels.into_iter().filter(ours));
            cursor = page.paging.next();
            if cursor.is_empty() {
                break;
            }
        }
        let mut tx = self.db.read().await?;
        let mut free = Vec::new();
        for channel in made {
            let of = store::channels::outages_of(&mut tx, workspace, &channel.id).await?;
            if of.iter().all(|it| *it == scene.outage.id) {
                free.push(channel);
            }
        }
        Ok(free)
    }

    /// Enters an existing channel and learns what it is called.
    pub(super) async fn adopt_channel(
        &self,
        scene: &Scene,
        channel: &ChannelId,
    ) -> Result<Receipt, Stop> {
        let row = self.requested(scene).await?;
        if row.made_here || row.channel_id.as_ref().is_some_and(|it| it != channel) {
            return Err(moot("another channel was chosen since"));
        }
        let arguments = json!({ "channel": channel });
        let joined = self.api.post::<Value>("conversations.join", &arguments);
        let hidden = match joined.await {
            Ok(_) => false,
            Err(error) => match error.code() {
                // A private channel; the bot may have been invited.
                Some("method_not_supported_for_channel_type" | "channel_not_found") => true,
                _ => return Err(not_joined(error)),
            },
        };
        let arguments = [("channel", channel.to_string())];
        let info = self
            .api
            .get::<Answered>("conversations.info", &arguments)
            .await;
        let found = match info {
            Ok(found) => found.channel,
            Err(error) => return Err(not_joined(error)),
        };
        if hidden && !found.is_member {
            return Err(refused(NOT_INVITED));
        }
        Ok(Receipt::Channel {
            id: found.id,
            name: found.name,
        })
    }

    pub(super) async fn welcome(
        &self,
        delivery: &Delivery,
        scene: &Scene,
        look_first: bool,
    ) -> Result<Receipt, Stop> {
        let channel = scene.channel()?;
        let link = scene.announcement.permalink.as_deref();
        let emoji = &self.policy.channels.emoji;
        let message = views::channel::welcome(&scene.outage, &scene.people, link, emoji);
        let posted = self.post(delivery, channel, None, message.to_json(), look_first);
        posted.await.map_err(left)
    }

    /// Invites people one call for all of them, and one by one when that is refused: whoever cannot
    /// be invited must not keep the others out.
    pub(super) async fn invite(
        &self,
        scene: &Scene,
        people: &[PersonId],
        with_groups: bool,
    ) -> Result<Receipt, Stop> {
        let channel = scene.channel()?;
        let invited = people.iter().filter_map(|id| scene.person(*id).ok());
        let mut users: BTreeSet<SlackUserId> = invited.map(|it| it.slack_user.clone()).collect();
        if with_groups {
            users.extend(self.members_of_groups().await?);
        }
        let workspace = &scene.outage.workspace;
        let mut tx = self.db.read().await?;
        let bot = store::workspaces::by_id(&mut tx, workspace).await?;
        let mut out = store::workspaces::not_to_invite(&mut tx, workspace).await?;
        drop(tx);
        out.extend(bot.map(|it| SlackUserId(it.bot_user_id)));
        // Who is there already is left out, so that a later attempt has less to do.
        out.extend(self.members(channel).await?);
        users.retain(|it| !out.contains(it));
        let users: Vec<SlackUserId> = users.into_iter().collect();
        for batch in users.chunks(INVITED_AT_ONCE) {
            let refusal = match self.invite_all(channel, batch).await {
                Ok(()) => continue,
                Err(error) => error,
            };
            match &refusal {
                CallError::Refused { code, .. } if code == "missing_scope" => {
                    return Err(self.may_invite.learn(refusal));
                }
                CallError::Refused { .. } if !is_left(&refusal) => {}
                _ => return Err(left(refusal.into())),
            }
            for user in batch {
                match self.invite_all(channel, std::slice::from_ref(user)).await {
                    Ok(()) => {}
                    Err(error) if error.code() == Some("already_in_channel") => {}
                    Err(error @ CallError::Refused { .. }) if !is_left(&error) => {
                        tracing::info!(%user, %channel, %error, "somebody could not be invited");
                    }
                    Err(error) => return Err(left(error.into())),
                }
            }
        }
        Ok(Receipt::Done)
    }

    async fn invite_all(
        &self,
        channel: &ChannelId,
        users: &[SlackUserId],
    ) -> Result<(), CallError> {
        let users: Vec<&str> = users.iter().map(SlackUserId::as_str).collect();
        let arguments = json!({ "channel": channel, "users": users.join(","), "force": true });
        self.api
            .post::<Value>("conversations.invite", &arguments)
            .await
            .map(|_| ())
    }

    async fn members_of_groups(&self) -> Result<Vec<SlackUserId>, Stop> {
        #[derive(Deserialize)]
        struct Group {
            #[serde(default)]
            users: Vec<SlackUserId>,
        }
        let mut members = Vec::new();
        for group in &self.policy.channels.invite_groups {
            if !self.may_read_groups.is_on() {
                break;
            }
            let arguments = [("usergroup", group.clone())];
            let listed = self
                .api
                .get::<Group>("usergroups.users.list", &arguments)
                .await;
            match listed {
                Ok(listed) => members.extend(listed.users),
                Err(error) if error.code() == Some("missing_scope") => {
                    self.may_read_groups.switch_off();
                }
                Err(error @ CallError::Refused { .. }) => {
                    tracing::warn!(group, %error, "the members of a group could not be read");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(members)
    }

    /// Who is in the channel; nobody when Slack does not say.
    async fn members(&self, channel: &ChannelId) -> Result<Vec<SlackUserId>, Stop> {
        #[derive(Deserialize)]
        struct Page {
            members: Vec<SlackUserId>,
            #[serde(flatten)]
            paging: Paging,
        }
        let mut members = Vec::new();
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let mut arguments = vec![
                ("channel", channel.to_string()),
                ("limit", "1000".to_owned()),
            ];
            if !cursor.is_empty() {
                arguments.push(("cursor", cursor));
            }
            match self
                .api
                .get::<Page>("conversations.members", &arguments)
                .await
            {
                Ok(page) => {
                    members.extend(page.members);
                    cursor = page.paging.next();
                }
                Err(CallError::Refused { .. }) => break,
                Err(error) => return Err(error.into()),
            }
            if cursor.is_empty() {
                break;
            }
        }
        Ok(members)
    }

    pub(super) async fn topic(&self, scene: &Scene) -> Result<Receipt, Stop> {
        let channel = scene.channel()?;
        self.may_set_topics.check()?;
        let row = self.requested(scene).await?;
        // The topic of a channel that was there before belongs to its people.
        if !row.made_here {
            return Err(moot("the channel was not made here"));
        }
        let text = views::channel::topic(&scene.outage, &scene.people, self.policy.zone);
        if row.topic != text {
            let arguments = json!({ "channel": channel, "topic": text });
            let set = self
                .api
                .post::<Value>("conversations.setTopic", &arguments)
                .await;
            match set {
                Ok(_) => {}
                // Somebody archived it by hand: people can have another one.
                Err(error) if error.code() == Some("is_archived") => return Ok(Receipt::Archived),
                Err(error) => return Err(nicety(&self.may_set_topics, error)),
            }
        }
        Ok(Receipt::Topic { text })
    }

    pub(super) async fn bookmark(&self, scene: &Scene) -> Result<Receipt, Stop> {
        #[derive(Deserialize)]
        struct Listed {
            #[serde(default)]
            bookmarks: Vec<Bookmark>,
        }
        #[derive(Deserialize)]
        struct Bookmark {
            #[serde(default)]
            id: String,
            #[serde(default)]
            title: String,
            #[serde(default)]
            link: Option<String>,
        }
        let channel = scene.channel()?;
        self.may_bookmark.check()?;
        let Some(posted) = &scene.announcement.message_ts else {
            return Err(moot("there is no announcement to lead to"));
        };
        let link = match &scene.announcement.permalink {
            Some(link) => link.clone(),
            None => {
                let channel = &scene.announcement.channel_id;
                let asked = self.api.permalink(channel, posted).await;
                asked.map_err(|error| nicety(&self.may_bookmark, error))?
            }
        };
        let learnt = |error| nicety(&self.may_bookmark, error);
        let title = format!("Announcement of outage {}", scene.outage.number);
        let asked = [("channel_id", channel.to_string())];
        let listed = self.api.get::<Listed>("bookmarks.list", &asked).await;
        let ours = listed.map_err(learnt)?.bookmarks;
        let mut ours = ours.into_iter().filter(|it| it.title == title);
        let first = ours.next();
        // Slack may have carried out an earlier attempt after a later one.
        for double in ours {
            let arguments = json!({ "channel_id": channel, "bookmark_id": double.id });
            let removed = self.api.post::<Value>("bookmarks.remove", &arguments).await;
            match removed {
                Err(error) if error.code() != Some("not_found") => return Err(learnt(error)),
                _ => {}
            }
        }
        let mut arguments = json!({
            "channel_id": channel, "title": title, "type": "link", "link": link,
        });
        let method = match first {
            Some(there) if there.link.as_ref() == Some(&link) => return Ok(Receipt::Done),
            // It leads to where the announcement was.
            Some(there) => {
                arguments["bookmark_id"] = json!(there.id);
                "bookmarks.edit"
            }
            None => "bookmarks.add",
        };
        match self.api.post::<Value>(method, &arguments).await {
            Ok(_) => Ok(Receipt::Done),
            Err(error) => Err(learnt(error)),
        }
    }

    pub(super) async fn warn_of_archive(
        &self,
        delivery: &Delivery,
        scene: &Scene,
        at: Timestamp,
        look_first: bool,
    ) -> Result<Receipt, Stop> {
        let channel = scene.channel()?;
        self.may_archive.check()?;
        self.is_over(scene, channel).await?;
        let message = views::channel::archiving(&scene.outage, at);
        let posted = self.post(delivery, channel, None, message.to_json(), look_first);
        posted.await.map_err(left)
    }

    pub(super) async fn archive(&self, scene: &Scene) -> Result<Receipt, Stop> {
        let channel = scene.channel()?;
        self.may_archive.check()?;
        self.is_over(scene, channel).await?;
        if self.requested(scene).await?.warned_at.is_none() {
            return Err(moot("people worked in it again since they were warned"));
        }
        let arguments = json!({ "channel": channel });
        let archived = self.api.post::<Value>("conversations.archive", &arguments);
        match archived.await {
            Ok(_) => Ok(Receipt::Archived),
            Err(error) if error.code() == Some("already_archived") => Ok(Receipt::Archived),
            Err(error) => Err(left(self.may_archive.learn(error))),
        }
    }

    /// Nobody works in the channel any more, on this outage or on another.
    async fn is_over(&self, scene: &Scene, channel: &ChannelId) -> Result<(), Stop> {
        if scene.outage.is_open() {
            return Err(moot("the outage is open again"));
        }
        let mut tx = self.db.read().await?;
        let of = store::channels::outages_of(&mut tx, &scene.outage.workspace, channel).await?;
        for id in of {
            let other = store::outages::by_id(&mut tx, id).await?;
            if other.as_deref().is_some_and(|it| it.is_open()) {
                return Err(moot("people work on another outage in it"));
            }
        }
        Ok(())
    }

    async fn requested(&self, scene: &Scene) -> Result<Row, Stop> {
        let mut tx = self.db.read().await?;
        let row = store::channels::of_outage(&mut tx, scene.outage.id).await?;
        row.ok_or_else(|| moot("no channel was asked for"))
    }
}

impl Scene {
    /// The dedicated channel, while people can write in it.
    fn channel(&self) -> Result<&ChannelId, Stop> {
        let outage: &Outage = &self.outage;
        let Some(channel) = &outage.channel else {
            return Err(moot("there is no dedicated channel"));
        };
        if channel.archived_at.is_some() {
            return Err(moot("the dedicated channel is archived"));
        }
        let id = channel.id.as_ref();
        id.ok_or_else(|| moot("there is no dedicated channel"))
    }
}

/// What a private channel that the bot is not in asks of people.
const NOT_INVITED: &str = "that channel is private, and Balefire is not in it. Invite it there \
                           first, with /invite, and set the channel again";

/// Why there will be no new channel, in words.
fn not_created(error: CallError) -> Stop {
    let Some(code) = error.code() else {
        return error.into();
    };
    match code {
        "restricted_action" | "cannot_create_channel" | "no_permission" | "user_is_restricted" => {
            refused(
                "the workspace's settings do not let apps make channels. An administrator of the \
                 workspace can allow it, or you set a channel that exists",
            )
        }
        "missing_scope" => refused(
            "the app was installed without the right to make channels (channels:manage). You can \
             set a channel that exists",
        ),
        code if code.starts_with("invalid_name") => refused(
            "Slack does not take the name. Whoever runs Balefire can change the pattern of names",
        ),
        _ => error.into(),
    }
}

/// Why the bot cannot be in a channel, in words.
fn not_joined(error: CallError) -> Stop {
    let Some(code) = error.code() else {
        return error.into();
    };
    match code {
        "is_archived" => refused("that channel is archived"),
        "channel_not_found" | "method_not_supported_for_channel_type" => refused(NOT_INVITED),
        "restricted_action" | "no_permission" | "user_is_restricted" => refused(
            "the workspace's settings do not let apps join that channel. Invite Balefire there, \
             with /invite, and set the channel again",
        ),
        "missing_scope" => refused(
            "the app was installed without the right to join channels (channels:join). Invite \
             Balefire there, with /invite, and set the channel again",
        ),
        _ => error.into(),
    }
}

/// Whether people took the channel away, or the bot out of it.
fn is_left(error: &CallError) -> bool {
    matches!(
        error.code(),
        Some("is_archived" | "channel_not_found" | "not_in_channel")
    )
}

/// What only makes a channel nicer: where it is refused, nobody has to hear of it.
fn nicety(optional: &Optional, error: CallError) -> Stop {
    match left(optional.learn(error)) {
        Stop::Call(error) => match judge(error) {
            Outcome::Refused { why } => {
                tracing::info!(why, "something of a dedicated channel is left out");
                moot(&why)
            }
            outcome => Stop::Outcome(outcome),
        },
        stop => stop,
    }
}

/// What is for a channel that people left is done with.
fn left(stop: Stop) -> Stop {
    match stop {
        Stop::Call(error) if is_left(&error) => moot(&error.to_string()),
        other => other,
    }
}
