//! Shortcuts: the announce form from anywhere, or from a message.

use std::sync::Arc;

use super::open::{Again, Opening};
use crate::{
    domain::{
        command::MessageRef,
        ids::{ChannelId, MessageTs, SlackUserId, WorkspaceId},
        limits,
    },
    slack::{Slack, ingress::envelope::Interaction, mrkdwn, views},
};

/// The shortcuts of `manifest/slack.yaml`; never change one.
pub const ANNOUNCE: &str = "balefire.v1.announce";
pub const ANNOUNCE_FROM_MESSAGE: &str = "balefire.v1.announce_from_message";

/// Follows a shortcut to its end, beside the acknowledgement. A shortcut on a message has a response
/// address; for one from anywhere it is empty, and answers go to a direct message.
pub async fn follow(slack: Arc<Slack>, interaction: Interaction) {
    let opening = Opening {
        user: SlackUserId(interaction.user.id.clone()),
        trigger_id: interaction.trigger_id.clone(),
        response_url: interaction.response_url.clone(),
    };
    let user = &opening.user;
    let Some(workspace) = slack.workspace() else {
        let message = views::lists::try_again("Balefire has not reached Slack yet");
        slack.tell(user, &opening.response_url, &message).await;
        return;
    };
    // The same shortcut again would only be told that its trigger is used up.
    if !slack.triggers.first_time(&opening.trigger_id) {
        return;
    }
    let (words, from_message) = match interaction.callback_id.as_str() {
        ANNOUNCE => (String::new(), None),
        ANNOUNCE_FROM_MESSAGE => message(&slack, &workspace, &interaction).await,
        other => {
            tracing::warn!(callback = other, "an unknown shortcut was used");
            let message = views::done::unknown_shortcut(slack.command());
            slack.tell(user, &opening.response_url, &message).await;
            return;
        }
    };
    // Their e-mail address may be what gives them the right.
    if !matches!(slack.knows(&workspace, user).await, Ok(true)) {
        slack.get_to_know(&workspace, user).await;
    }
    let called = interaction.user.called();
    // A button cannot carry the message: whoever used the shortcut on one uses it again.
    let again = from_message.is_none().then(|| Again::announce(&words));
    let form = slack
        .form_for(&workspace, user, called, &words, from_message)
        .await;
    match form {
        Ok(Ok(view)) => slack.open(&opening, &view, again).await,
        Ok(Err(refusal)) => slack.tell(user, &opening.response_url, &refusal).await,
        Err(error) => {
            let message = slack.explain(&workspace, &error, None).await;
            slack.tell(user, &opening.response_url, &message).await;
        }
    }
    slack.get_to_know(&workspace, user).await;
}

/// The words of the message, and where it stands.
async fn message(
    slack: &Slack,
    workspace: &WorkspaceId,
    interaction: &Interaction,
) -> (String, Option<MessageRef>) {
    let message = interaction.message.clone().unwrap_or_default();
    let markup = message.text.unwrap_or_default();
    let words = slack.words_of(workspace, &markup).await;
    let words = mrkdwn::shorten(&words, limits::SUMMARY);
    let ts = interaction.message_ts.clone().unwrap_or(message.ts);
    let channel = interaction.channel.as_ref().map(|it| it.id.clone());
    let place = channel
        .filter(|it| !it.is_empty() && !ts.is_empty())
        .map(|channel| MessageRef {
            channel: ChannelId(channel),
            ts: MessageTs(ts),
        });
    (words, place)
}
