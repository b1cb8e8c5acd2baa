//! Who somebody is, asked of Slack when it is not known or a day old.

use std::{collections::BTreeSet, time::Duration};

use anyhow::Context;
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
    /// The workspace that the account is of: in a channel that is shared with another company, theirs.
    team_id: Option<String>,
    enterprise_user: Option<EnterpriseUser>,
    profile: Option<SlackProfile>,
}

/// What an organisation of several workspaces knows of one of its people.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EnterpriseUser {
    /// The workspaces that they are members of.
    teams: Option<Vec<String>>,
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
    /// Whether the account is of another company, or of a workspace that ours is only related to.
    /// Slack calls them strangers only until they share a channel with us.
    fn is_of_another(&self, workspace: &WorkspaceId) -> bool {
        let ours = workspace.as_str();
        let theirs = self.team_id.as_deref().filter(|it| !it.is_empty());
        let organisation = self.enterprise_user.as_ref();
        let teams = organisation.and_then(|it| it.teams.as_deref());
        let is_in = teams.is_some_and(|it| it.iter().any(|team| team == ours));
        theirs.is_some_and(|it| it != ours) && !is_in
    }

    /// What `workspace` knows them as.
    pub fn into_profile(self, workspace: &WorkspaceId) -> Option<Profile> {
        if self.id.is_empty() {
            return None;
        }
        // Their own administrators say what their address is, so it proves no more than a guest's.
        let is_external = self.is_of_another(workspace);
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
            is_restricted: is_external || restricted.contains(&Some(true)),
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
        if let Some(profile) = self.described(workspace, user).await? {
            self.desk.learn(workspace, &profile).await?;
        }
        Ok(())
    }

    /// Writes down what an event says of somebody. Events come late and out of order, so one that
    /// would give back what somebody lost is a reason to ask Slack how it is by now.
    pub async fn hear_of(&self, workspace: &WorkspaceId, said: Profile) -> anyhow::Result<()> {
        let user = said.slack_user.clone();
        let mut tx = self.db.read().await?;
        let known =
            store::people::known(&mut tx, workspace, &BTreeSet::from([user.clone()])).await?;
        drop(tx);
        let gains = known.get(&user).is_some_and(|it| it.gains_by(&said));
        let profile = match gains {
            true => self.described(workspace, &user).await?,
            false => Some(said),
        };
        let profile = profile.context("Slack says of nobody who it is")?;
        self.desk.learn_all(workspace, &[profile], None).await?;
        Ok(())
    }

    /// Somebody as Slack has them at this moment.
    async fn described(
        &self,
        workspace: &WorkspaceId,
        user: &SlackUserId,
    ) -> Result<Option<Profile>, CallError> {
        #[derive(Deserialize)]
        struct Answer {
            user: SlackUser,
        }
        let arguments = [("user", user.to_string())];
        let answer: Answer = self.api.get("users.info", &arguments).await?;
        Ok(answer.user.into_profile(workspace))
    }
}
