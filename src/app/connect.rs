//! The first steps: opening the database, meeting Slack, groups from the settings.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use crate::{
    config::{self, Database, DatabaseUrl, Permissions},
    domain::{
        actor::Right,
        ids::WorkspaceId,
        membership::{ADMINISTRATORS, EDIT_ALL_OUTAGES, Group, ON_CALL, Source},
    },
    slack::{Slack, api::CallError, contact::Hindrance},
    store::{
        self, Db,
        db::{OpenError, Place},
        workspaces::Workspace,
    },
};

/// How often Slack is asked again who we are, while it does not say.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Why Slack could not be met.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The token will not get better by waiting.
    #[error("{0}")]
    Token(Hindrance),
    #[error("Slack does not say which workspace this is yet, and is asked again: {0}")]
    Slack(CallError),
    #[error("{}", store::trouble::in_words(.0))]
    Store(#[from] store::Error),
}

impl ConnectError {
    /// Logs what was not said before, by this or by the calls themselves.
    pub fn tell(&self, told: &mut String) {
        let hindered = match self {
            ConnectError::Token(_) => true,
            ConnectError::Slack(error) => Hindrance::of(error).is_some(),
            ConnectError::Store(_) => false,
        };
        let sentence = self.to_string();
        if !hindered && *told != sentence {
            tracing::warn!("{sentence}");
        }
        *told = sentence;
    }
}

/// Where the settings say that the database is.
pub fn place(database: &Database) -> Place<'_> {
    match &database.url {
        DatabaseUrl::Sqlite(path) => Place::Sqlite(path),
        DatabaseUrl::Postgres(url) => Place::Postgres {
            url: url.expose_secret(),
            migrate_url: database.migrate_url.as_ref().map(|it| it.expose_secret()),
            max_connections: database.max_connections,
        },
    }
}

pub async fn open(database: &Database) -> Result<Db, OpenError> {
    place(database).open().await
}

pub async fn connect(slack: &Slack, permissions: &Permissions) -> Result<(), ConnectError> {
    let installation = match slack.api.installation().await {
        Ok(installation) => installation,
        Err(error) => {
            let hindrance = Hindrance::of(&error);
            if let Some(token) = hindrance.filter(Hindrance::is_the_token) {
                return Err(ConnectError::Token(token));
            }
            // Known from before: people can go on while Slack is away.
            let mut tx = slack.db.read().await?;
            let known = store::workspaces::latest(&mut tx).await?;
            drop(tx);
            if let Some(workspace) = known {
                // Whoever lost a right in the settings must not keep it until Slack is back.
                provision_groups(slack, &workspace.id, permissions).await?;
                slack.desk.return_addresses(&workspace.id).await?;
                remember(slack, workspace.id);
            }
            return Err(ConnectError::Slack(error));
        }
    };
    let workspace = Workspace {
        id: WorkspaceId(installation.team_id),
        name: installation.team,
        url: installation.url,
        bot_user_id: installation.user_id,
        bot_id: installation.bot_id,
    };
    let mut tx = slack.db.begin().await?;
    store::workspaces::save(&mut tx, &workspace, slack.clock.now()).await?;
    tx.commit().await?;
    provision_groups(slack, &workspace.id, permissions).await?;
    slack.desk.return_addresses(&workspace.id).await?;
    tracing::info!(workspace = workspace.name, "connected to Slack");
    remember(slack, workspace.id);
    Ok(())
}

/// Tries until Slack says who we are.
pub async fn keep_trying(slack: Arc<Slack>, permissions: Permissions, stop: CancellationToken) {
    let mut told = String::new();
    loop {
        let until = slack.clock.now().plus(TRY_AGAIN);
        tokio::select! {
            () = stop.cancelled() => return,
            () = slack.clock.wait(until) => {}
        }
        match connect(&slack, &permissions).await {
            Ok(()) => return,
            Err(error) => error.tell(&mut told),
        }
    }
}

fn remember(slack: &Slack, workspace: WorkspaceId) {
    match slack.connected.write() {
        Ok(mut connected) => *connected = Some(workspace),
        Err(poisoned) => *poisoned.into_inner() = Some(workspace),
    }
}

/// The groups that are shipped and the team's own, with the members that the settings name.
async fn provision_groups(
    slack: &Slack,
    workspace: &WorkspaceId,
    permissions: &Permissions,
) -> store::Result<()> {
    let named = |people: &[config::Person]| -> BTreeSet<String> {
        people.iter().map(ToString::to_string).collect()
    };
    let shipped = [
        (ON_CALL, vec![Right::Announce], &permissions.on_call),
        (
            EDIT_ALL_OUTAGES,
            vec![Right::ChangeAnyOutage],
            &permissions.edit_all_outages,
        ),
        (
            ADMINISTRATORS,
            Right::ALL.to_vec(),
            &permissions.administrators,
        ),
    ];
    let shipped = shipped.into_iter().map(|(name, rights, members)| Group {
        name: name.to_owned(),
        rights,
        members: named(members),
    });
    let own = permissions.groups.iter().map(|it| Group {
        name: it.name.clone(),
        rights: it.rights.clone(),
        members: named(&it.members),
    });
    let groups: Vec<Group> = shipped.chain(own).collect();
    let sources = permissions.sources.iter();
    let sources: Vec<(String, Source)> = sources
        .map(|it| (it.group.clone(), it.source.clone()))
        .collect();
    slack
        .desk
        .provision_groups(workspace, &groups, &sources)
        .await
}
