//! What events tell about announcements and the channels they stand in: deleted, unpinned, archived,
//! left, and back again. Slack is asked how it stands by now, because events come late, twice and in
//! any order; what an event says counts only where Slack may not be asked.

use anyhow::Context;
use serde_json::Value;

use crate::{
    desk::{DueError, Noticed},
    domain::{
        ids::{ChannelId, MessageTs, WorkspaceId},
        repair::Because,
    },
    slack::{
        Slack,
        api::CallError,
        standing::{self, Seen},
    },
    store::{self, leases::Lease},
};

/// How many announcements are looked at in one go, each with a call.
const LOOKED_AT: i64 = 20;

/// What an event tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    Deleted {
        channel: ChannelId,
        ts: MessageTs,
        thread_stands: bool,
    },
    Unpinned {
        channel: ChannelId,
        ts: MessageTs,
        by: String,
    },
    Lost {
        channel: ChannelId,
        because: Because,
    },
    Back {
        channel: ChannelId,
        /// Who came in; none when nobody did.
        who: Option<String>,
    },
}

/// What an event tells; none when it is about nothing of this kind.
pub(super) fn read(event: &Value) -> Option<News> {
    let text = |value: &Value| {
        let text = value.as_str().filter(|it| !it.is_empty());
        text.map(str::to_owned)
    };
    let channel = || text(&event["channel"]).map(ChannelId);
    let lost = |because| channel().map(|channel| News::Lost { channel, because });
    match event["type"].as_str()? {
        "message" => {
            let (ts, thread_stands) = match event["subtype"].as_str()? {
                "message_deleted" => (&event["deleted_ts"], false),
                "message_changed" if event["message"]["subtype"] == "tombstone" => {
                    (&event["message"]["ts"], true)
                }
                _ => return None,
            };
            Some(News::Deleted {
                channel: channel()?,
                ts: MessageTs(text(ts)?),
                thread_stands,
            })
        }
        "pin_removed" => {
            let item = &event["item"];
            let channel = text(&event["channel_id"]).or_else(|| text(&item["channel"]));
            Some(News::Unpinned {
                channel: ChannelId(channel?),
                ts: MessageTs(text(&item["message"]["ts"])?),
                by: text(&event["user"]).unwrap_or_default(),
            })
        }
        "channel_archive" | "group_archive" => lost(Because::Archived),
        "channel_deleted" | "group_deleted" => lost(Because::Gone),
        "channel_left" | "group_left" => lost(Because::Left),
        "channel_unarchive" | "group_unarchive" => Some(News::Back {
            channel: channel()?,
            who: None,
        }),
        "member_joined_channel" => Some(News::Back {
            channel: channel()?,
            who: text(&event["user"]),
        }),
        _ => None,
    }
}

impl Slack {
    /// Whether news are about an announcement or a channel of ours, so that anything may follow.
    pub(super) async fn concerns_us(&self, news: &News) -> store::Result<bool> {
        let Some(workspace) = self.workspace() else {
            // Nobody knows yet: kept, and found out when it is worked on.
            return Ok(true);
        };
        let mut tx = self.db.read().await?;
        match news {
            News::Deleted { channel, ts, .. } => {
                let found = store::announcements::at(&mut tx, &workspace, channel, ts).await?;
                Ok(found.is_some())
            }
            News::Unpinned { channel, ts, by } => {
                let found = store::announcements::at(&mut tx, &workspace, channel, ts).await?;
                let bot = store::workspaces::by_id(&mut tx, &workspace).await?;
                Ok(found.is_some() && bot.is_none_or(|it| it.bot_user_id != *by))
            }
            News::Lost { channel, .. } => Ok(self.is_named(channel)
                || !store::announcements::open_in(&mut tx, &workspace, channel)
                    .await?
                    .is_empty()),
            News::Back { channel, who } => {
                let bot = store::workspaces::by_id(&mut tx, &workspace).await?;
                let ours = match who {
                    Some(who) => bot.is_none_or(|it| it.bot_user_id == *who),
                    None => true,
                };
                let known = store::places::of(&mut tx, &workspace, channel).await?;
                Ok(ours && (known.lost.is_some() || known.rejoining))
            }
        }
    }

    /// Whether the settings name a channel for announcements.
    fn is_named(&self, channel: &ChannelId) -> bool {
        let policy = self.desk.policy();
        policy.announce_channel == *channel || policy.fallback_channel.as_ref() == Some(channel)
    }

    /// Works on an event about an announcement or its channel. An error asks for another try.
    pub(super) async fn follow_news(&self, event: &Value) -> anyhow::Result<()> {
        let Some(news) = read(event) else {
            return Ok(());
        };
        if !self.concerns_us(&news).await? {
            return Ok(());
        }
        let workspace = self
            .workspace()
            .context("Slack has not said yet which workspace this is")?;
        match news {
            News::Deleted {
                channel,
                ts,
                thread_stands,
            } => {
                let noticed = self.noticed(&workspace, channel, ts);
                self.desk
                    .announcement_deleted(&noticed, thread_stands, None)
                    .await?;
            }
            News::Unpinned { channel, ts, .. } => {
                let noticed = self.noticed(&workspace, channel, ts);
                self.look_at(&noticed, None).await?;
            }
            News::Lost { channel, because } => {
                self.look_at_channel(&workspace, &channel, Some(because), None)
                    .await?;
            }
            News::Back { channel, .. } => {
                self.look_at_channel(&workspace, &channel, None, None)
                    .await?;
            }
        }
        Ok(())
    }

    fn noticed(&self, workspace: &WorkspaceId, channel: ChannelId, ts: MessageTs) -> Noticed {
        Noticed {
            workspace: workspace.clone(),
            channel,
            ts,
            seen_at: self.clock.now(),
        }
    }

    /// Looks how an announcement stands, and has mended what is amiss. True when something was.
    async fn look_at(&self, noticed: &Noticed, lease: Option<&Lease>) -> anyhow::Result<bool> {
        let seen = match standing::look(&self.api, &noticed.channel, &noticed.ts).await {
            Ok(seen) => seen,
            Err(error) => {
                let Some(because) = standing::why_lost(&error) else {
                    return Err(error.into());
                };
                let Noticed {
                    workspace,
                    channel,
                    seen_at,
                    ..
                } = noticed;
                let lost = self
                    .desk
                    .channel_lost(workspace, channel, because, *seen_at, lease);
                return Ok(lost.await? > 0);
            }
        };
        let done = match seen {
            Seen::Stands { pinned: true } => None,
            Seen::Stands { pinned: false } => {
                self.desk.announcement_unpinned(noticed, lease).await?
            }
            Seen::Deleted { thread_stands } => {
                let deleted = self
                    .desk
                    .announcement_deleted(noticed, thread_stands, lease);
                deleted.await?
            }
        };
        Ok(done.is_some())
    }

    /// Looks how a channel stands, and has done what follows. `told` counts where Slack may not be
    /// asked. True when something was done.
    async fn look_at_channel(
        &self,
        workspace: &WorkspaceId,
        channel: &ChannelId,
        told: Option<Because>,
        lease: Option<&Lease>,
    ) -> anyhow::Result<bool> {
        let seen_at = self.clock.now();
        let why = match standing::channel(&self.api, channel).await? {
            Some(Some(Because::Gone)) => Some(told.unwrap_or(Because::Gone)),
            Some(why) => why,
            None => told,
        };
        match why {
            Some(because) => {
                let lost = self
                    .desk
                    .channel_lost(workspace, channel, because, seen_at, lease);
                Ok(lost.await? > 0)
            }
            None => Ok(self.desk.channel_found(workspace, channel, lease).await?),
        }
    }

    /// Looks whether the announcements of open outages stand where they should, in case nobody told:
    /// first their channels, then those that nobody looked at for longest. Says what it did.
    pub async fn look_after_announcements(&self, lease: Option<&Lease>) -> anyhow::Result<String> {
        let mut tx = self.db.read().await?;
        let workspace = match self.workspace() {
            Some(workspace) => workspace,
            // Who runs a job by hand has not met Slack, and a node that starts not yet.
            None => match store::workspaces::latest(&mut tx).await? {
                Some(known) => known.id,
                None => return Ok("no workspace is known yet".to_owned()),
            },
        };
        let mut channels = store::announcements::channels_in_use(&mut tx, &workspace).await?;
        let lost = store::places::lost(&mut tx, &workspace).await?;
        drop(tx);
        channels.extend(lost);
        channels.sort();
        channels.dedup();
        let mut mended = 0;
        for channel in &channels {
            match self.look_at_channel(&workspace, channel, None, lease).await {
                Ok(done) => mended += usize::from(done),
                Err(error) => self.pass_over(channel, error)?,
            }
        }
        let mut tx = self.db.read().await?;
        let stand = store::announcements::to_check(&mut tx, &workspace, LOOKED_AT).await?;
        drop(tx);
        let looked = stand.len();
        for it in stand {
            let outage = it.outage_id;
            let noticed = self.noticed(&workspace, it.channel_id, it.message_ts);
            match self.look_at(&noticed, lease).await {
                Ok(done) => mended += usize::from(done),
                Err(error) => self.pass_over(&noticed.channel, error)?,
            }
            let now = self.clock.now();
            let mut tx = self.db.begin().await?;
            if let Some(lease) = lease
                && !store::leases::hold(&mut tx, lease, now).await?
            {
                return Err(DueError::LeaseLost.into());
            }
            store::announcements::record_checked(&mut tx, outage, now).await?;
            tx.commit().await?;
        }
        if mended > 0 {
            tracing::info!(mended, "announcements were not as they should be");
        }
        let s = if looked == 1 { "" } else { "s" };
        Ok(format!(
            "{looked} announcement{s} looked at, {mended} mended"
        ))
    }

    /// What Slack refuses for one of them says nothing about the others; anything else ends it.
    fn pass_over(&self, channel: &ChannelId, error: anyhow::Error) -> anyhow::Result<()> {
        match error.downcast_ref() {
            Some(CallError::Refused { .. }) => {
                tracing::info!(%channel, %error, "how an announcement stands cannot be seen");
                Ok(())
            }
            _ => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn news_are_read_and_nothing_else_is() {
        let (channel, ts) = (ChannelId::from("C1"), MessageTs::from("1.2"));
        let deleted = |thread_stands| News::Deleted {
            channel: channel.clone(),
            ts: ts.clone(),
            thread_stands,
        };
        let lost = |because| News::Lost {
            channel: channel.clone(),
            because,
        };
        let back = |who: Option<&str>| News::Back {
            channel: channel.clone(),
            who: who.map(str::to_owned),
        };
        let unpinned = News::Unpinned {
            channel: channel.clone(),
            ts: ts.clone(),
            by: "U1".into(),
        };
        for (event, news) in [
            (
                json!({ "type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": "1.2" }),
                Some(deleted(false)),
            ),
            (
                json!({ "type": "message", "subtype": "message_changed", "channel": "C1",
                    "message": { "subtype": "tombstone", "ts": "1.2" } }),
                Some(deleted(true)),
            ),
            (
                json!({ "type": "pin_removed", "user": "U1", "channel_id": "C1",
                    "item": { "message": { "ts": "1.2" } } }),
                Some(unpinned),
            ),
            (
                json!({ "type": "channel_archive", "channel": "C1", "user": "U1" }),
                Some(lost(Because::Archived)),
            ),
            (
                json!({ "type": "group_deleted", "channel": "C1" }),
                Some(lost(Because::Gone)),
            ),
            (
                json!({ "type": "channel_left", "channel": "C1", "actor_id": "U1" }),
                Some(lost(Because::Left)),
            ),
            (
                json!({ "type": "group_unarchive", "channel": "C1", "user": "U1" }),
                Some(back(None)),
            ),
            (
                json!({ "type": "member_joined_channel", "channel": "C1", "user": "U1" }),
                Some(back(Some("U1"))),
            ),
            (
                json!({ "type": "message", "subtype": "message_changed", "channel": "C1",
                    "message": { "ts": "1.2", "text": "x" } }),
                None,
            ),
            (
                json!({ "type": "message", "channel": "C1", "ts": "1.2" }),
                None,
            ),
            (
                json!({ "type": "pin_removed", "item": { "file": {} } }),
                None,
            ),
            (json!({ "type": "channel_archive", "channel": null }), None),
            (
                json!({ "type": "channel_rename", "channel": { "id": "C1" } }),
                None,
            ),
            (json!(null), None),
            (json!({ "type": 7 }), None),
        ] {
            assert_eq!(read(&event), news, "{event}");
        }
    }
}
