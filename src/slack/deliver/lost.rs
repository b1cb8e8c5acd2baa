//! What it means that a delivery did not find the announcement, or may not into its channel: the
//! desk decides what is done about it, and the delivery goes where the announcement stands then.

use serde_json::{Value, json};

use super::{Scene, SlackDeliver, Stop, judge, moot};
use crate::{
    desk::{DueError, Noticed},
    domain::{
        delivery::{Outcome, Receipt, Task},
        ids::{ChannelId, WorkspaceId},
        repair::Because,
        time::Timestamp,
    },
    slack::{
        api::CallError,
        standing::{self, Seen, why_lost},
    },
    store::{self, deliveries::Delivery},
};

impl SlackDeliver {
    /// Judges a call about an announcement that Slack refused.
    pub(super) async fn missed(
        &self,
        delivery: &Delivery,
        scene: &Scene,
        error: CallError,
        seen_at: Timestamp,
    ) -> Stop {
        if !concerns_announcement(&delivery.payload) {
            return error.into();
        }
        let noticed = match (why_lost(&error), is_deleted(&delivery.payload, &error)) {
            (Some(because), _) => self.lost(delivery, scene, because, seen_at).await,
            (None, true) => self.deleted(delivery, scene, seen_at).await,
            (None, false) => return error.into(),
        };
        match noticed {
            Ok(true) => {}
            Ok(false) => return error.into(),
            Err(stop) => return stop,
        }
        if !scene.outage.is_open() {
            return match is_deleted(&delivery.payload, &error) {
                true => moot("somebody deleted the announcement after the outage was over"),
                false => error.into(),
            };
        }
        match self.is_being_mended(scene).await {
            // It waits for the announcement that takes this one's place.
            Ok(true) => Stop::Outcome(Outcome::Failed {
                why: format!("{error}: that is being mended"),
            }),
            Ok(false) => error.into(),
            Err(error) => error.into(),
        }
    }

    /// False when it stands there all the same.
    async fn deleted(
        &self,
        delivery: &Delivery,
        scene: &Scene,
        seen_at: Timestamp,
    ) -> Result<bool, Stop> {
        let channel = &scene.announcement.channel_id;
        let Some(ts) = &scene.announcement.message_ts else {
            return Ok(false);
        };
        let seen = standing::look(&self.api, channel, ts).await;
        // A look that failed must not be mistaken for a refusal of the delivery.
        let seen = seen.map_err(|error| Stop::Outcome(judge(error)))?;
        let Seen::Deleted { thread_stands } = seen else {
            return Ok(false);
        };
        let noticed = Noticed {
            workspace: delivery.workspace_id.clone(),
            channel: channel.clone(),
            ts: ts.clone(),
            seen_at,
        };
        let decided = self
            .desk
            .announcement_deleted(&noticed, thread_stands, None);
        decided.await.map_err(not_decided)?;
        Ok(true)
    }

    async fn lost(
        &self,
        delivery: &Delivery,
        scene: &Scene,
        because: Because,
        seen_at: Timestamp,
    ) -> Result<bool, Stop> {
        let workspace = &delivery.workspace_id;
        let channel = &scene.announcement.channel_id;
        let decided = self
            .desk
            .channel_lost(workspace, channel, because, seen_at, None);
        decided.await.map_err(not_decided)?;
        Ok(true)
    }

    /// Whether the announcement stands elsewhere by now, or stays away, or its channel is being
    /// entered again.
    async fn is_being_mended(&self, scene: &Scene) -> Result<bool, store::Error> {
        let mut tx = self.db.read().await?;
        let id = scene.outage.id;
        let is = store::announcements::of_outage(&mut tx, id).await?;
        drop(tx);
        let was = &scene.announcement;
        if is.is_some_and(|it| it.copy != was.copy || it.away != was.away) {
            return Ok(true);
        }
        let workspace = &scene.outage.workspace;
        self.desk.is_rejoining(workspace, &was.channel_id).await
    }

    /// Brings the bot back into a public channel.
    pub(super) async fn rejoin(
        &self,
        workspace: &WorkspaceId,
        channel: &ChannelId,
    ) -> Result<Receipt, Stop> {
        let arguments = json!({ "channel": channel });
        let seen_at = self.clock.now();
        let joined = self
            .api
            .post::<Value>("conversations.join", &arguments)
            .await;
        match joined {
            Ok(_) => {
                let found = self.desk.channel_found(workspace, channel, None);
                found.await.map_err(not_decided)?;
                Ok(Receipt::Done)
            }
            Err(CallError::Unknown { why }) => {
                // Entering twice is entering once.
                Err(Stop::Outcome(Outcome::Failed { why }))
            }
            Err(error @ CallError::Refused { .. }) => {
                if let outcome @ Outcome::Barred { .. } = judge(error.clone()) {
                    return Err(Stop::Outcome(outcome));
                }
                let because = match why_lost(&error) {
                    Some(Because::Archived) => Because::Archived,
                    _ => Because::Left,
                };
                let failed = self
                    .desk
                    .rejoin_failed(workspace, channel, because, seen_at);
                failed.await.map_err(not_decided)?;
                Err(moot(&error.to_string()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether what it did not find is the announcement, or the channel that this is in.
fn concerns_announcement(task: &Task) -> bool {
    matches!(
        task,
        Task::Announce { .. } | Task::Permalink | Task::Refresh | Task::Pin | Task::Say { .. }
    )
}

/// Whether Slack says that the announcement is not there.
fn is_deleted(task: &Task, error: &CallError) -> bool {
    match task {
        Task::Permalink | Task::Refresh | Task::Pin => error.code() == Some("message_not_found"),
        Task::Say { .. } => matches!(
            error.code(),
            Some("cannot_reply_to_message" | "message_not_found" | "thread_not_found")
        ),
        _ => false,
    }
}

fn not_decided(error: DueError) -> Stop {
    Stop::Outcome(Outcome::Failed {
        why: error.to_string(),
    })
}

/// A line of the thread that Slack did not change. Nobody can, once it is gone, or where the
/// announcement stood before.
pub(super) fn line_missed(error: CallError, scene: &Scene, channel: &ChannelId) -> Stop {
    if error.code() == Some("message_not_found") {
        return moot("somebody deleted the line");
    }
    match why_lost(&error) {
        Some(_) if *channel != scene.announcement.channel_id => {
            moot("it stands where the announcement does not stand any more")
        }
        _ => error.into(),
    }
}
