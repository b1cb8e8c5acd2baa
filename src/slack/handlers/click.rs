//! Buttons. Pressing one changes nothing: it opens a form or shows something.

use std::{sync::Arc, time::Duration};

use super::open::Opening;
use crate::{
    desk::DeskError,
    domain::{
        ids::{ChannelId, MessageTs, OutageNumber, SlackUserId, WorkspaceId},
        outage::{Outage, Phase},
        refusal::Refusal,
    },
    slack::{
        Slack,
        action::Action,
        ingress::envelope::Interaction,
        views::{self, Message, forms},
    },
    store,
};

/// How long the same click is known again.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// Follows a click to its end, beside the acknowledgement.
pub async fn follow(slack: Arc<Slack>, interaction: Interaction) {
    let user = SlackUserId(interaction.user.id.clone());
    let Some(workspace) = slack.workspace() else {
        let message = views::lists::try_again("Balefire has not reached Slack yet");
        slack.tell(&user, &interaction.response_url, &message).await;
        return;
    };
    for clicked in &interaction.actions {
        let key = format!(
            "{user}:{}:{}",
            interaction.container.message_ts.as_deref().unwrap_or(""),
            clicked.action_ts
        );
        match slack.first_time("slack.click", &key).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => tracing::error!(%error, "a click could not be remembered"),
        }
        let value = clicked.value.as_deref().unwrap_or("");
        let action = Action::decode(&clicked.action_id, value);
        let Some(action) = action else {
            // Links and fields of forms send clicks, too; they are not buttons of ours.
            if clicked.action_id.starts_with(crate::slack::action::PREFIX) {
                let message = slack.outdated(&workspace, &interaction).await;
                slack.tell(&user, &interaction.response_url, &message).await;
            }
            continue;
        };
        let opening = Opening {
            user: user.clone(),
            trigger_id: interaction.trigger_id.clone(),
            response_url: interaction.response_url.clone(),
        };
        let called = interaction.user.called();
        if let Err(error) = act(&slack, &workspace, called, &opening, &action, value).await {
            let message = match error {
                DeskError::UnknownOutage(_) => slack.outdated(&workspace, &interaction).await,
                error => slack.explain(&workspace, &error, action.number()).await,
            };
            slack.tell(&user, &interaction.response_url, &message).await;
        }
    }
    slack.get_to_know(&workspace, &user).await;
}

/// Does what a button asks for. `value` is what the button carries: words to announce, where there
/// are any.
pub(super) async fn act(
    slack: &Arc<Slack>,
    workspace: &WorkspaceId,
    called: &str,
    opening: &Opening,
    action: &Action,
    value: &str,
) -> Result<(), DeskError> {
    let user = &opening.user;
    let number = match action {
        Action::Announce => {
            match slack.form_for(workspace, user, called, value, None).await? {
                Ok(view) => slack.open(opening, &view).await,
                Err(refusal) => slack.tell(user, &opening.response_url, &refusal).await,
            }
            return Ok(());
        }
        Action::Show { number } => {
            let message = slack.show(workspace, *number).await?;
            slack.tell(user, &opening.response_url, &message).await;
            return Ok(());
        }
        Action::Update { number }
        | Action::Edit { number }
        | Action::Resolve { number }
        | Action::EditResolution { number }
        | Action::EditTimes { number }
        | Action::Reopen { number }
        | Action::Withdraw { number } => *number,
    };
    let outage = allowed(slack, workspace, user, called, number).await?;
    let policy = slack.desk.policy();
    let now = slack.clock.now();
    let view = match (action, &outage.phase) {
        (Action::Update { .. }, Phase::Open { .. }) => forms::update::view(&outage, policy),
        (Action::Edit { .. }, Phase::Open { .. }) => forms::edit::view(&outage, policy),
        (Action::Resolve { .. }, Phase::Open { .. }) => forms::resolve::view(&outage, policy, now),
        (Action::Withdraw { .. }, Phase::Open { .. }) => forms::withdraw::view(&outage),
        (Action::EditResolution { .. }, Phase::Resolved(_)) => {
            forms::edit_resolution::view(&outage, policy)
        }
        (Action::EditTimes { .. }, Phase::Resolved(_)) => forms::edit_times::view(&outage),
        (Action::Reopen { .. }, Phase::Resolved(_)) => forms::reopen::view(&outage),
        _ => {
            return Err(DeskError::Refused(Refusal::OutOfDate {
                number,
                is: outage.phase.word(),
            }));
        }
    };
    slack.open(opening, &view).await;
    Ok(())
}

/// The outage, if this person may change it. The form's submission is checked again.
async fn allowed(
    slack: &Slack,
    workspace: &WorkspaceId,
    user: &SlackUserId,
    called: &str,
    number: OutageNumber,
) -> Result<Outage, DeskError> {
    let outage = slack.desk.outage(workspace, number).await?;
    let person = slack.desk.meet(workspace, user, called).await?;
    let mut actor = slack.desk.actor(person.id).await?;
    if !actor.may_change(&outage) && !slack.knows(workspace, user).await? {
        // Their e-mail address may be what gives them the right.
        slack.get_to_know(workspace, user).await;
        actor = slack.desk.actor(person.id).await?;
    }
    if actor.may_change(&outage) {
        return Ok(outage);
    }
    let involved = outage.roles.people();
    Err(DeskError::Refused(Refusal::MayNotChange { involved }))
}

impl Slack {
    /// That a button means nothing any more, with a link to the announcement it stands on.
    async fn outdated(&self, workspace: &WorkspaceId, interaction: &Interaction) -> Message {
        let place = &interaction.container;
        let found = async {
            let channel = ChannelId(place.channel_id.clone()?);
            let ts = MessageTs(place.message_ts.clone()?);
            self.desk
                .announced_at(workspace, &channel, &ts)
                .await
                .ok()?
        };
        let (number, link) = found.await.unzip();
        views::lists::out_of_date(number, link.flatten().as_deref(), None, self.command())
    }

    /// Whether this comes for the first time.
    pub(super) async fn first_time(&self, scope: &str, key: &str) -> store::Result<bool> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let nothing = serde_json::Value::Null;
        let first =
            store::idempotency::remember(&mut tx, scope, key, &nothing, now, REMEMBERED).await?;
        tx.commit().await?;
        Ok(first)
    }
}
