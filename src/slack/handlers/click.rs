//! Buttons. Most open a form or show something; the few that do something at once do it once,
//! however often the click comes.

use std::{sync::Arc, time::Duration};

use super::{
    open::{Again, Opening},
    preview,
};
use crate::{
    desk::{DeskError, Once},
    domain::{
        command::Command,
        ids::{ChannelId, MessageTs, OutageNumber, PersonId, ShareId, SlackUserId, WorkspaceId},
        outage::{Outage, Phase, Role},
        policy::Policy,
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

/// How many open outages are offered as the one that another is the same as.
const OTHERS: i64 = 100;

/// Follows a click to its end, beside the acknowledgement.
pub async fn follow(slack: Arc<Slack>, interaction: Interaction) {
    let user = SlackUserId(interaction.user.id.clone());
    let Some(workspace) = slack.workspace() else {
        let message = views::lists::try_again("Balefire has not reached Slack yet");
        slack.tell(&user, &interaction.response_url, &message).await;
        return;
    };
    for clicked in &interaction.actions {
        let view = interaction.view.as_ref();
        let message_ts = interaction.container.message_ts.as_deref();
        let place = message_ts.or(view.map(|it| it.id.as_str())).unwrap_or("");
        let key = format!("{user}:{place}:{}", clicked.action_ts);
        match slack.first_time("slack.click", &key).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                let error = store::trouble::in_words(&error);
                tracing::error!(error, "a click could not be remembered");
            }
        }
        if let Some(view) = view.filter(|_| clicked.action_id == forms::ETA_TEXT_ACTION) {
            let said = preview::say_eta(&slack, &workspace, &interaction, clicked, view).await;
            if let Err(error) = said {
                let error = error.to_string();
                tracing::warn!(error, "a form could not say how an ETA is understood");
            }
            continue;
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
        let opening = opening_of(&interaction);
        let called = interaction.user.called();
        let outcome = match action {
            Action::Preview => preview::show(&slack, &workspace, &interaction).await,
            Action::Take { number } => {
                take(&slack, &workspace, called, &opening, number, key).await
            }
            Action::CreateChannel { number } => {
                create_channel(&slack, &workspace, called, &opening, number, key).await
            }
            Action::PostAgain { number } => {
                post_again(&slack, &workspace, called, &opening, number, key).await
            }
            Action::WithdrawShare { share } => {
                withdraw_share(&slack, &workspace, &interaction, share).await
            }
            action => act(&slack, &workspace, called, &opening, &action, value).await,
        };
        if let Err(error) = outcome {
            let message = match error {
                DeskError::UnknownOutage(_) => slack.outdated(&workspace, &interaction).await,
                error => slack.explain(&workspace, &error, action.number()).await,
            };
            slack.tell(&user, &interaction.response_url, &message).await;
        }
    }
    slack.get_to_know(&workspace, &user).await;
    // Whoever presses something there looks at it, and wants to see at once what came of it.
    if interaction.view.is_some_and(|it| it.kind == "home")
        && let Err(error) = slack.desk.visited_home(&workspace, &user).await
    {
        let error = store::trouble::in_words(&error);
        tracing::error!(error, "a Home tab could not be queued");
    }
}

/// Takes a shared message out of the thread; a second press finds it gone and says the same.
async fn withdraw_share(
    slack: &Arc<Slack>,
    workspace: &WorkspaceId,
    interaction: &Interaction,
    share: ShareId,
) -> Result<(), DeskError> {
    let user = SlackUserId(interaction.user.id.clone());
    let person = slack
        .desk
        .meet(workspace, &user, interaction.user.called())
        .await?;
    let outage = slack.desk.withdraw_share(workspace, person.id, share);
    let message = match outage.await? {
        Some(outage) => views::shared::withdrawn(outage.number),
        None => slack.outdated(workspace, interaction).await,
    };
    slack.tell(&user, &interaction.response_url, &message).await;
    Ok(())
}

/// Opens what a button asks for. `value` is what the button carries: words to announce, where there
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
                Ok(view) => {
                    slack
                        .open(opening, &view, Some(Again::announce(value)))
                        .await
                }
                Err(refusal) => slack.tell(user, &opening.response_url, &refusal).await,
            }
            return Ok(());
        }
        Action::Show { number } => {
            let message = slack.show(workspace, *number).await?;
            slack.tell(user, &opening.response_url, &message).await;
            return Ok(());
        }
        // These open nothing.
        Action::Preview
        | Action::Take { .. }
        | Action::CreateChannel { .. }
        | Action::PostAgain { .. }
        | Action::WithdrawShare { .. } => return Ok(()),
        Action::Eta { number }
        | Action::Reassign { number }
        | Action::SetChannel { number }
        | Action::LinkPostMortem { number }
        | Action::Update { number }
        | Action::Edit { number }
        | Action::Resolve { number }
        | Action::EditResolution { number }
        | Action::EditTimes { number }
        | Action::Reopen { number }
        | Action::Withdraw { number } => *number,
    };
    let outage = allowed(slack, workspace, user, called, number).await?;
    let person = slack.desk.meet(workspace, user, called).await?;
    // What a form shows of times stands in the zone of whoever fills it in.
    let policy = &Policy {
        zone: slack.zone_of(workspace, &person).await,
        ..slack.desk.policy().clone()
    };
    let now = slack.clock.now();
    let view = match (action, &outage.phase) {
        (Action::Update { .. }, Phase::Open { .. }) => forms::update::view(&outage, policy),
        (Action::Edit { .. }, Phase::Open { .. }) => forms::edit::view(&outage, policy),
        (Action::Resolve { .. }, Phase::Open { .. }) => forms::resolve::view(&outage, policy, now),
        (Action::Withdraw { .. }, Phase::Open { .. }) => {
            let others = maybe_the_same(slack, workspace, &outage).await?;
            forms::withdraw::view(&outage, &others)
        }
        (Action::Eta { .. }, Phase::Open { .. }) => forms::eta::view(&outage, policy),
        (Action::Reassign { .. }, Phase::Open { .. }) => {
            let people = slack.desk.people(&outage.roles.people()).await?;
            forms::reassign::view(&outage, &people)
        }
        (Action::SetChannel { .. }, Phase::Open { .. }) => forms::set_channel::view(&outage),
        (Action::LinkPostMortem { .. }, Phase::Resolved(_)) => {
            forms::link_post_mortem::view(&outage)
        }
        (Action::EditResolution { .. }, Phase::Resolved(_)) => {
            forms::edit_resolution::view(&outage, policy)
        }
        (Action::EditTimes { .. }, Phase::Resolved(_)) => forms::edit_times::view(&outage),
        (Action::Reopen { .. }, Phase::Resolved(_) | Phase::Withdrawn { .. }) => {
            forms::reopen::view(&outage)
        }
        _ => {
            return Err(DeskError::Refused(Refusal::OutOfDate {
                number,
                is: outage.phase.word(),
            }));
        }
    };
    let again = Again {
        action: *action,
        words: "",
    };
    slack.open(opening, &view, Some(again)).await;
    Ok(())
}

/// How to answer a click.
pub(super) fn opening_of(interaction: &Interaction) -> Opening {
    Opening {
        user: SlackUserId(interaction.user.id.clone()),
        trigger_id: interaction.trigger_id.clone(),
        response_url: interaction.response_url.clone(),
    }
}

async fn take(
    slack: &Slack,
    workspace: &WorkspaceId,
    called: &str,
    opening: &Opening,
    number: OutageNumber,
    key: String,
) -> Result<(), DeskError> {
    let command = Command::Take;
    let (outage, person) =
        at_once(slack, workspace, called, opening, number, &command, key).await?;
    let message = views::lists::taken(number, &roles_of(&outage, person));
    let user = &opening.user;
    slack.tell(user, &opening.response_url, &message).await;
    Ok(())
}

async fn create_channel(
    slack: &Slack,
    workspace: &WorkspaceId,
    called: &str,
    opening: &Opening,
    number: OutageNumber,
    key: String,
) -> Result<(), DeskError> {
    let command = Command::CreateChannel;
    at_once(slack, workspace, called, opening, number, &command, key).await?;
    let message = views::lists::channel_is_made(number);
    let user = &opening.user;
    slack.tell(user, &opening.response_url, &message).await;
    Ok(())
}

/// Brings an announcement back that stays away. `key` is the click's.
async fn post_again(
    slack: &Slack,
    workspace: &WorkspaceId,
    called: &str,
    opening: &Opening,
    number: OutageNumber,
    key: String,
) -> Result<(), DeskError> {
    let user = &opening.user;
    let person = slack.desk.meet(workspace, user, called).await?.id;
    let once = Once::new("slack.button", key, format!("post_again:{number}"));
    let post = || slack.desk.post_again(workspace, person, number, &once);
    let posted = match post().await {
        Err(DeskError::Refused(Refusal::MayNotChange { .. } | Refusal::Deactivated))
            if !slack.knows(workspace, user).await? =>
        {
            // Their e-mail address may be what gives them the right, or they are back.
            slack.get_to_know(workspace, user).await;
            post().await
        }
        outcome => outcome,
    };
    let (_, posted) = posted?;
    let link = slack.permalink(workspace, number).await;
    let message = views::mended::asked(number, posted, link.as_deref());
    slack.tell(user, &opening.response_url, &message).await;
    Ok(())
}

/// Does what a button asks for without a form. `key` is the click's.
async fn at_once(
    slack: &Slack,
    workspace: &WorkspaceId,
    called: &str,
    opening: &Opening,
    number: OutageNumber,
    command: &Command,
    key: String,
) -> Result<(Outage, PersonId), DeskError> {
    let user = &opening.user;
    let person = slack.desk.meet(workspace, user, called).await?.id;
    let once = Once::new("slack.button", key, format!("{command:?}:{number}"));
    let change = || slack.desk.change(workspace, person, number, command, &once);
    let outcome = match change().await {
        Err(DeskError::Refused(Refusal::MayNotChange { .. } | Refusal::Deactivated))
            if !slack.knows(workspace, user).await? =>
        {
            // Their e-mail address may be what gives them the right, or they are back.
            slack.get_to_know(workspace, user).await;
            change().await
        }
        outcome => outcome,
    };
    Ok((outcome?, person))
}

fn roles_of(outage: &Outage, person: PersonId) -> Vec<Role> {
    let mut roles = Role::ALL.to_vec();
    roles.retain(|it| outage.roles.of(*it) == Some(person));
    roles
}

/// What an outage may turn out to be: others that are open, newest first, then those that were
/// resolved last.
async fn maybe_the_same(
    slack: &Slack,
    workspace: &WorkspaceId,
    outage: &Outage,
) -> Result<Vec<Outage>, DeskError> {
    let open = slack.desk.open_outages(workspace, OTHERS).await?;
    let others = open.into_iter().map(|(it, _)| it);
    Ok(others.filter(|it| it.number != outage.number).collect())
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
    let mut actor = slack.desk.actor(person.id).await;
    let may = matches!(&actor, Ok(actor) if actor.may_change(&outage));
    if !may && !slack.knows(workspace, user).await? {
        // Their e-mail address may be what gives them the right, or they are back.
        slack.get_to_know(workspace, user).await;
        actor = slack.desk.actor(person.id).await;
    }
    if actor?.may_change(&outage) {
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
    async fn first_time(&self, scope: &str, key: &str) -> store::Result<bool> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let nothing = serde_json::Value::Null;
        let first =
            store::idempotency::remember(&mut tx, scope, key, &nothing, now, REMEMBERED).await?;
        tx.commit().await?;
        Ok(first)
    }
}
