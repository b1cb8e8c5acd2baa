//! Messages of the dedicated channel in the announcement's thread.

use serde_json::{Value, json};

use super::{Scene, SlackDeliver, Stop, judge, lost::line_missed, moot};
use crate::{
    domain::{
        delivery::{Outcome, Receipt},
        ids::{ChannelId, MessageTs, ShareId, SlackUserId},
        person::Person,
    },
    slack::{mrkdwn, views::shared},
    store::{self, shares::Share},
};

/// What tells people in the dedicated channel that a message is shared.
const MARK: &str = "white_check_mark";

/// Where the line of a share stands.
fn stands_in<'a>(scene: &'a Scene, share: &'a Share) -> &'a ChannelId {
    let channel = share.posted_channel.as_ref();
    channel.unwrap_or(&scene.announcement.channel_id)
}

impl SlackDeliver {
    /// The line of a shared message as arguments of a call; none when it was taken back.
    pub(super) async fn line_to_share(
        &self,
        scene: &Scene,
        id: ShareId,
        signed: bool,
    ) -> Result<Option<Value>, Stop> {
        let share = self.share(id).await?;
        if share.withdrawn_at.is_some() {
            return Ok(None);
        }
        let mut message = self.shown(scene, &share).await?;
        if signed {
            message["username"] = json!(shared::author(&share));
            if let Some(picture) = &share.author_picture {
                message["icon_url"] = json!(picture);
            }
        }
        Ok(Some(message))
    }

    /// Uses a line that stands in the thread already: the message was taken back and shared again
    /// before anybody took it out. False when there is none: it was never posted, or an attempt to
    /// take it out whose answer got lost did so.
    pub(super) async fn stands(&self, scene: &Scene, id: ShareId) -> Result<bool, Stop> {
        let share = self.share(id).await?;
        let in_former_thread = |ts: &MessageTs| {
            stands_in(scene, &share) != &scene.announcement.channel_id
                || scene.announcement.message_ts.as_ref() > Some(ts)
        };
        match &share.posted_ts {
            Some(ts) if !in_former_thread(ts) => self.rewrite(scene, &share, ts).await,
            _ => Ok(false),
        }
    }

    /// Writes the line as its source stands now.
    pub(super) async fn reshow(&self, scene: &Scene, id: ShareId) -> Result<Receipt, Stop> {
        let share = self.share(id).await?;
        let Some(ts) = share.posted_ts.as_ref() else {
            return Err(moot("it was not posted yet, and will show how it stands"));
        };
        match self.rewrite(scene, &share, ts).await? {
            true => Ok(Receipt::Done),
            false => Err(moot("somebody deleted the line")),
        }
    }

    /// False when the line is gone.
    async fn rewrite(&self, scene: &Scene, share: &Share, ts: &MessageTs) -> Result<bool, Stop> {
        if share.withdrawn_at.is_some() {
            return Err(moot("it was taken back"));
        }
        let mut message = self.shown(scene, share).await?;
        let channel = stands_in(scene, share);
        message["channel"] = json!(channel);
        message["ts"] = json!(ts);
        match self.api.post::<Value>("chat.update", &message).await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("message_not_found") => Ok(false),
            Err(error) => Err(line_missed(error, scene, channel)),
        }
    }

    /// Takes the line out of the thread.
    pub(super) async fn unshare(&self, scene: &Scene, id: ShareId) -> Result<Receipt, Stop> {
        let share = self.share(id).await?;
        let Some(ts) = share.posted_ts.as_ref() else {
            return Err(moot("it was never posted"));
        };
        if share.withdrawn_at.is_none() {
            return Err(moot("it was shared again"));
        }
        let channel = stands_in(scene, &share);
        let arguments = json!({ "channel": channel, "ts": ts });
        match self.api.post::<Value>("chat.delete", &arguments).await {
            Ok(_) => Ok(Receipt::Done),
            Err(error) if error.code() == Some("message_not_found") => Ok(Receipt::Done),
            Err(error) => Err(line_missed(error, scene, channel)),
        }
    }

    /// Marks the source of what is shared, and takes the mark away from what is not.
    pub(super) async fn mark(&self, id: ShareId) -> Result<Receipt, Stop> {
        self.may_react.check()?;
        let share = self.share(id).await?;
        let method = match share.withdrawn_at {
            None => "reactions.add",
            Some(_) => "reactions.remove",
        };
        let arguments = json!({
            "channel": share.channel_id,
            "timestamp": share.message_ts,
            "name": MARK,
        });
        let error = match self.api.post::<Value>(method, &arguments).await {
            Ok(_) => return Ok(Receipt::Done),
            Err(error) => error,
        };
        match error.code() {
            Some("already_reacted" | "no_reaction" | "message_not_found") => Ok(Receipt::Done),
            Some("missing_scope") => Err(self.may_react.learn(error)),
            Some("not_in_channel") => Err(moot(&error.to_string())),
            // A mark is a courtesy: nobody has to hear that there is none.
            _ => match judge(error) {
                Outcome::Refused { why } => Err(moot(&why)),
                outcome => Err(Stop::Outcome(outcome)),
            },
        }
    }

    async fn shown(&self, scene: &Scene, share: &Share) -> Result<Value, Stop> {
        let mut people: Vec<Person> = Vec::new();
        let mut tx = self.db.read().await?;
        for user in mrkdwn::mentioned(&share.text) {
            let (workspace, user) = (&scene.outage.workspace, SlackUserId(user));
            people.extend(store::people::by_slack_user(&mut tx, workspace, &user).await?);
        }
        Ok(json!({ "text": shared::line(share, &people) }))
    }

    async fn share(&self, id: ShareId) -> Result<Share, Stop> {
        let mut tx = self.db.read().await?;
        let share = store::shares::by_id(&mut tx, id).await?;
        share.ok_or_else(|| moot("the shared message is not known any more"))
    }
}
