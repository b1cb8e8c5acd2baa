//! Reactions in dedicated channels: the configured emoji shares a message in the thread of the
//! announcement, and taking the last one away asks whether the message should leave it again.
//! What is shared follows its source when that is changed or deleted.

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Value, json};

use super::said::words;
use crate::{
    domain::{
        ids::{ChannelId, MessageTs, SlackUserId, WorkspaceId},
        person::Person,
    },
    slack::{
        Slack,
        api::CallError,
        contact::Hindrance,
        views::{Message, shared},
    },
    store::{self, shares::Source},
};

/// What an event of ours is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Happened {
    Reacted {
        user: SlackUserId,
        at: Place,
    },
    TookAway {
        user: SlackUserId,
        at: Place,
    },
    /// Says something else now.
    Changed {
        at: Place,
        text: String,
    },
    Deleted {
        at: Place,
    },
}

/// Where a message stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    channel: ChannelId,
    ts: MessageTs,
}

/// What an event tells; none when it is of no use, whatever its channel. `emoji` shares messages.
fn read(event: &Value, emoji: &str) -> Option<Happened> {
    let text = |value: &Value| {
        value
            .as_str()
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
    };
    match event["type"].as_str()? {
        kind @ ("reaction_added" | "reaction_removed") => {
            let item = &event["item"];
            if item["type"] != "message" || bare(event["reaction"].as_str()?) != emoji {
                return None;
            }
            let user = SlackUserId(text(&event["user"])?);
            let at = Place {
                channel: ChannelId(text(&item["channel"])?),
                ts: MessageTs(text(&item["ts"])?),
            };
            Some(match kind {
                "reaction_added" => Happened::Reacted { user, at },
                _ => Happened::TookAway { user, at },
            })
        }
        "message" => {
            let channel = ChannelId(text(&event["channel"])?);
            let at = |ts: &Value| {
                Some(Place {
                    channel: channel.clone(),
                    ts: MessageTs(text(ts)?),
                })
            };
            let message = &event["message"];
            match event["subtype"].as_str()? {
                "message_deleted" => Some(Happened::Deleted {
                    at: at(&event["deleted_ts"])?,
                }),
                // A message with replies leaves a stone in its place.
                "message_changed" if message["subtype"] == "tombstone" => Some(Happened::Deleted {
                    at: at(&message["ts"])?,
                }),
                "message_changed" => Some(Happened::Changed {
                    at: at(&message["ts"])?,
                    text: words(message),
                }),
                _ => None,
            }
        }
        _ => None,
    }
}

impl Happened {
    fn at(&self) -> &Place {
        match self {
            Happened::Reacted { at, .. }
            | Happened::TookAway { at, .. }
            | Happened::Changed { at, .. }
            | Happened::Deleted { at } => at,
        }
    }
}

/// An emoji without its skin tone: whoever reacts means the same.
fn bare(emoji: &str) -> &str {
    emoji.split("::skin-tone-").next().unwrap_or(emoji)
}

/// A message as Slack shows it to the bot; only what is used.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Found {
    user: String,
    username: String,
    bot_id: String,
    bot_profile: BotProfile,
    thread_ts: Option<String>,
    permalink: Option<String>,
    reactions: Vec<Reaction>,
    /// What it says.
    #[serde(skip)]
    words: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BotProfile {
    name: String,
    icons: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reaction {
    name: String,
    users: Vec<String>,
    /// Slack may name fewer users than there are.
    count: usize,
}

impl Found {
    /// How many react with the emoji, the bot left out.
    fn people_with(&self, emoji: &str, bot: &SlackUserId) -> usize {
        let meant = |it: &&Reaction| bare(&it.name) == bare(emoji);
        let people = self.reactions.iter().filter(meant).map(|it| {
            let ours = usize::from(it.users.iter().any(|user| user == bot.as_str()));
            it.count.max(it.users.len()).saturating_sub(ours)
        });
        people.sum()
    }
}

impl Slack {
    /// The channel of an event that would be worked on if that is a dedicated one.
    pub(super) fn about_channel(&self, event: &Value) -> Option<ChannelId> {
        let emoji = &self.desk.policy().channels.emoji;
        read(event, bare(emoji)).map(|it| it.at().channel.clone())
    }

    /// Whether people work on an outage in this channel, or did.
    pub(super) async fn is_dedicated(&self, channel: &ChannelId) -> store::Result<bool> {
        let Some(workspace) = self.workspace() else {
            // Nobody knows yet: kept, and found out when it is worked on.
            return Ok(true);
        };
        let mut tx = self.db.read().await?;
        let outages = store::channels::outages_of(&mut tx, &workspace, channel).await?;
        Ok(!outages.is_empty())
    }

    /// Works on an event of a dedicated channel. An error asks for another try.
    pub(super) async fn follow_reaction(&self, event: &Value) -> anyhow::Result<()> {
        let workspace = self
            .workspace()
            .context("Slack has not said yet which workspace this is")?;
        let emoji = &self.desk.policy().channels.emoji;
        let Some(happened) = read(event, bare(emoji)) else {
            return Ok(());
        };
        match happened {
            Happened::Reacted { user, at } => self.reacted(&workspace, &user, &at).await,
            Happened::TookAway { user, at } => self.took_away(&workspace, &user, &at).await,
            Happened::Changed { at, text } => self.changed(&workspace, &at, text).await,
            Happened::Deleted { at } => {
                let (channel, ts) = (&at.channel, &at.ts);
                self.desk
                    .source_changed(&workspace, channel, ts, None)
                    .await?;
                Ok(())
            }
        }
    }

    /// Events of two edits may come in any order: what is true now is asked, where that can be.
    async fn changed(
        &self,
        workspace: &WorkspaceId,
        at: &Place,
        told: String,
    ) -> anyhow::Result<()> {
        let (channel, ts) = (&at.channel, &at.ts);
        let Some(share) = self.desk.share_of(workspace, channel, ts).await? else {
            return Ok(());
        };
        if share.deleted || share.text == told {
            return Ok(());
        }
        let text = match self.look_up(at).await {
            Ok(Some(found)) => found.words,
            Ok(None) => told,
            Err(error) => {
                let error = store::trouble::of_any(&error);
                tracing::info!(error, "an edited message is taken as its event tells");
                told
            }
        };
        let desk = &self.desk;
        desk.source_changed(workspace, channel, ts, Some(&text))
            .await?;
        Ok(())
    }

    async fn reacted(
        &self,
        workspace: &WorkspaceId,
        user: &SlackUserId,
        at: &Place,
    ) -> anyhow::Result<()> {
        let (channel, ts) = (&at.channel, &at.ts);
        let of = self.desk.outage_of_channel(workspace, channel).await?;
        let shared = self.desk.share_of(workspace, channel, ts).await?;
        let bot = self.bot(workspace).await?;
        if of.is_none() || shared.is_some() || *user == bot {
            return Ok(());
        }
        let Some(found) = self.look_up(at).await? else {
            return Ok(());
        };
        // Whoever took it away again before it was seen did not mean it.
        if found.people_with(&self.desk.policy().channels.emoji, &bot) == 0 {
            return Ok(());
        }
        let by = self.known(workspace, user).await?;
        let source = self.source(workspace, at, found).await?;
        if self.desk.share(workspace, by.id, &source).await?.is_none() {
            // Somebody else was faster, or its line has to leave another thread first.
            let shared = self.desk.share_of(workspace, channel, ts).await?;
            shared.context("the message is still being taken out of another thread")?;
        }
        Ok(())
    }

    async fn source(
        &self,
        workspace: &WorkspaceId,
        at: &Place,
        found: Found,
    ) -> anyhow::Result<Source> {
        let is_app = !found.bot_id.is_empty();
        let author = match found.user.as_str() {
            "" => None,
            user => Some(self.known(workspace, &SlackUserId::from(user)).await?),
        };
        let icon = ["image_72", "image_48", "image_36"]
            .into_iter()
            .find_map(|size| found.bot_profile.icons[size].as_str())
            .map(str::to_owned);
        let named = [found.username, found.bot_profile.name];
        let named = named.into_iter().find(|it| is_app && !it.is_empty());
        let permalink = match found.permalink.filter(|it| !it.is_empty()) {
            Some(permalink) => Some(permalink),
            None => match self.api.permalink(&at.channel, &at.ts).await {
                Ok(permalink) => Some(permalink),
                Err(CallError::Refused { .. }) => None,
                Err(error) => return Err(error.into()),
            },
        };
        let picture = author.as_ref().and_then(|it| it.picture.clone());
        Ok(Source {
            channel: at.channel.clone(),
            ts: at.ts.clone(),
            author_user: if is_app { String::new() } else { found.user },
            author_name: named
                .or(author.map(|it| it.name))
                .unwrap_or_else(|| "An app".to_owned()),
            author_picture: icon.filter(|_| is_app).or(picture),
            text: found.words,
            permalink,
        })
    }

    async fn took_away(
        &self,
        workspace: &WorkspaceId,
        user: &SlackUserId,
        at: &Place,
    ) -> anyhow::Result<()> {
        let (channel, ts) = (&at.channel, &at.ts);
        let Some(share) = self.desk.share_of(workspace, channel, ts).await? else {
            return Ok(());
        };
        let bot = self.bot(workspace).await?;
        if *user == bot {
            return Ok(());
        }
        let Some(found) = self.look_up(at).await? else {
            return Ok(());
        };
        let emoji = &self.desk.policy().channels.emoji;
        if found.people_with(emoji, &bot) > 0 {
            return Ok(());
        }
        let mut tx = self.db.read().await?;
        let outage = store::outages::by_id(&mut tx, share.outage_id).await?;
        drop(tx);
        let Some(outage) = outage else {
            return Ok(());
        };
        let by = self.known(workspace, user).await?;
        self.desk.offer_to_withdraw(share.id, by.id).await?;
        let message = shared::offer(outage.number, share.id, bare(emoji));
        let thread = found.thread_ts.filter(|it| it != ts.as_str());
        self.whisper(channel, thread.as_deref(), user, &message)
            .await
    }

    /// Tells somebody something in a channel where nobody else sees it, else as a direct message.
    async fn whisper(
        &self,
        channel: &ChannelId,
        thread: Option<&str>,
        user: &SlackUserId,
        message: &Message,
    ) -> anyhow::Result<()> {
        let mut body = message.to_json();
        body["channel"] = json!(channel);
        body["user"] = json!(user);
        if let Some(thread) = thread {
            body["thread_ts"] = json!(thread);
        }
        match self.api.post::<Value>("chat.postEphemeral", &body).await {
            Ok(_) => Ok(()),
            Err(error @ CallError::Refused { .. }) if Hindrance::of(&error).is_none() => {
                self.tell(user, "", message).await;
                Ok(())
            }
            // Asking twice would be worse than not at all.
            Err(error @ CallError::Unknown { .. }) => {
                tracing::warn!(%error, "somebody may not have been asked");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The message as it stands now, with its reactions; none when it is gone.
    async fn look_up(&self, at: &Place) -> anyhow::Result<Option<Found>> {
        #[derive(Deserialize)]
        struct One {
            message: Value,
        }
        #[derive(Deserialize)]
        struct Thread {
            #[serde(default)]
            messages: Vec<Value>,
        }
        let arguments = [
            ("channel", at.channel.to_string()),
            ("timestamp", at.ts.to_string()),
            ("full", "true".to_owned()),
        ];
        let found = match self.api.get::<One>("reactions.get", &arguments).await {
            Ok(one) => Some(one.message),
            Err(error) if error.code() == Some("missing_scope") => {
                let arguments = [
                    ("channel", at.channel.to_string()),
                    ("ts", at.ts.to_string()),
                    ("oldest", at.ts.to_string()),
                    ("latest", at.ts.to_string()),
                    ("inclusive", "true".to_owned()),
                    ("limit", "1".to_owned()),
                ];
                let thread = self.api.get::<Thread>("conversations.replies", &arguments);
                match thread.await {
                    Ok(thread) => thread
                        .messages
                        .into_iter()
                        .find(|it| it["ts"] == *at.ts.as_str()),
                    Err(error) if is_gone(&error) => None,
                    Err(error) => return Err(error.into()),
                }
            }
            Err(error) if is_gone(&error) => None,
            Err(error) => return Err(error.into()),
        };
        let Some(message) = found.filter(|it| it["subtype"] != "tombstone") else {
            return Ok(None);
        };
        let words = words(&message);
        // Slack writes null where it knows nothing.
        let known: Value = match message {
            Value::Object(fields) => fields.into_iter().filter(|(_, it)| !it.is_null()).collect(),
            other => other,
        };
        let found: Found = serde_json::from_value(known)?;
        Ok(Some(Found { words, ..found }))
    }

    /// Somebody who wrote or reacted, with their name and picture where Slack gives them.
    async fn known(&self, workspace: &WorkspaceId, user: &SlackUserId) -> anyhow::Result<Person> {
        self.get_to_know(workspace, user).await;
        Ok(self.desk.meet(workspace, user, user.as_str()).await?)
    }

    async fn bot(&self, workspace: &WorkspaceId) -> anyhow::Result<SlackUserId> {
        let mut tx = self.db.read().await?;
        let known = store::workspaces::by_id(&mut tx, workspace).await?;
        let known = known.context("the workspace is not known")?;
        Ok(SlackUserId(known.bot_user_id))
    }
}

/// Whether there is nothing to look at any more, or the bot may not.
fn is_gone(error: &CallError) -> bool {
    matches!(
        error.code(),
        Some(
            "message_not_found"
                | "thread_not_found"
                | "no_item_specified"
                | "channel_not_found"
                | "not_in_channel"
                | "is_archived"
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reaction(emoji: &str, item: &str) -> Value {
        json!({
            "type": "reaction_added", "user": "U0ANA", "reaction": emoji,
            "item": { "type": item, "channel": "C1", "ts": "1772366400.000100" },
        })
    }

    #[test]
    fn the_emoji_counts_in_every_skin_tone_and_no_other_does() {
        for emoji in ["point_up", "point_up::skin-tone-2", "point_up::skin-tone-6"] {
            let happened = read(&reaction(emoji, "message"), "point_up");
            assert!(
                matches!(happened, Some(Happened::Reacted { .. })),
                "{emoji}"
            );
        }
        for emoji in ["point_up_2", "eyes", "", "::skin-tone-2"] {
            assert_eq!(
                read(&reaction(emoji, "message"), "point_up"),
                None,
                "{emoji}"
            );
        }
        assert_eq!(read(&reaction("point_up", "file"), "point_up"), None);
    }

    #[test]
    fn changes_and_deletions_are_read() {
        let event = |subtype: &str, more: Value| {
            let mut event = json!({ "type": "message", "subtype": subtype, "channel": "C1" });
            for (key, value) in more.as_object().into_iter().flatten() {
                event[key] = value.clone();
            }
            read(&event, "point_up")
        };
        let at = Place {
            channel: "C1".into(),
            ts: "1.2".into(),
        };
        let changed = event(
            "message_changed",
            json!({ "message": { "ts": "1.2", "text": "new" } }),
        );
        let text = "new".to_owned();
        assert_eq!(
            changed,
            Some(Happened::Changed {
                at: at.clone(),
                text
            })
        );
        let stone = json!({ "message": { "ts": "1.2", "subtype": "tombstone", "text": "gone" } });
        let deleted = Some(Happened::Deleted { at });
        assert_eq!(event("message_changed", stone), deleted);
        assert_eq!(
            event("message_deleted", json!({ "deleted_ts": "1.2" })),
            deleted
        );
        for subtype in ["channel_join", "bot_message", "something_new"] {
            assert_eq!(event(subtype, json!({ "ts": "1.2", "text": "x" })), None);
        }
        for broken in [
            json!(null),
            json!(3),
            json!({ "type": "message" }),
            json!({ "type": 7 }),
        ] {
            assert_eq!(read(&broken, "point_up"), None);
        }
    }
}
