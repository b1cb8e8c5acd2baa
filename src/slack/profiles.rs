//! Who somebody is, asked of Slack when it is not known or a day old.

use std::time::Duration;

use serde::Deserialize;

use super::{Slack, api::CallError};
use crate::{
    domain::{
        ids::{SlackUserId, WorkspaceId},
        time::Timestamp,
    },
    store::{self, people::Profile},
};

/// Profiles older than this are asked for again when their owner acts.
const FRESH: Duration = Duration::from_secs(24 * 3600);

/// Slack's own helper, which is no app to Slack and nobody to us.
const SLACKBOT: &str = "USLACKBOT";

/// A user as Slack describes them; only what is used. Of somebody who left, most may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlackUser {
    id: String,
    name: Option<String>,
    tz: Option<String>,
    deleted: Option<bool>,
    is_bot: Option<bool>,
    is_restricted: Option<bool>,
    is_ultra_restricted: Option<bool>,
    is_stranger: Option<bool>,
    profile: Option<SlackProfile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SlackProfile {
    display_name: Option<String>,
    real_name: Option<String>,
    email: Option<String>,
    image_48: Option<String>,
}

impl SlackUser {
    pub fn into_profile(self) -> Option<Profile> {
        if self.id.is_empty() {
            return None;
        }
        let profile = self.profile.unwrap_or_default();
        let handle = self.name.as_ref().filter(|it| !it.is_empty());
        let handle = handle.map(|it| it.to_lowercase());
        let called = [
            profile.display_name,
            profile.real_name,
            self.name,
            Some(self.id.clone()),
        ];
        let restricted = [
            self.is_restricted,
            self.is_ultra_restricted,
            self.is_stranger,
        ];
        Some(Profile {
            name: called.into_iter().flatten().find(|it| !it.is_empty())?,
            handle,
            email: profile.email.filter(|it| !it.is_empty()),
            time_zone: self.tz.unwrap_or_else(|| "Etc/UTC".to_owned()),
            picture: profile.image_48,
            is_bot: self.is_bot == Some(true) || self.id == SLACKBOT,
            is_restricted: restricted.contains(&Some(true)),
            is_deactivated: self.deleted == Some(true),
            slack_user: SlackUserId(self.id),
        })
    }
}

impl Slack {
    /// Whether the profile is known, even if it should be asked for again.
    pub async fn knows(&self, workspace: &WorkspaceId, user: &SlackUserId) -> store::Result<bool> {
        let mut tx = self.db.read().await?;
        Ok(store::people::profile_age(&mut tx, workspace, user)
            .await?
            .is_some())
    }

    /// Whether a profile of that time need not be asked for again.
    pub fn is_fresh(&self, profile_at: Timestamp) -> bool {
        self.clock.now().since(profile_at) < FRESH
    }

    /// Asks Slack about somebody, unless it was asked within a day. A failure is logged and leaves
    /// what was known.
    pub async fn get_to_know(&self, workspace: &WorkspaceId, user: &SlackUserId) {
        if let Err(error) = self.try_to_know(workspace, user).await {
            let error = store::trouble::of_any(&error);
            tracing::warn!(error, "somebody's profile could not be read");
        }
    }

    async fn try_to_know(&self, workspace: &WorkspaceId, user: &SlackUserId) -> anyhow::Result<()> {
        let mut tx = self.db.read().await?;
        let age = store::people::profile_age(&mut tx, workspace, user).await?;
        drop(tx);
        if age.is_some_and(|at| self.is_fresh(at)) {
            return Ok(());
        }
        #[derive(Deserialize)]
        struct Answer {
            user: SlackUser,
        }
        let arguments = [("user", user.to_string())];
        let answer: Result<Answer, CallError> = self.api.get("users.info", &arguments).await;
        if let Some(profile) = answer?.user.into_profile() {
            self.desk.learn(workspace, &profile).await?;
        }
        Ok(())
    }
}
