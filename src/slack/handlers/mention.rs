//! Mentions: what the command does, for those who write to the bot instead. A mention has no trigger,
//! so forms wait behind a button, and no address for answers, so they are whispered where it stands.

use serde_json::{Value, json};

use super::words::Asking;
use crate::{
    desk::{DeskError, MayAnnounce},
    domain::{
        ids::{SlackUserId, WorkspaceId},
        time::Timestamp,
    },
    slack::{
        Slack,
        commands::{Parsed, parse, read, unescaped},
        ingress::envelope::Mention,
        plain, views,
        views::Message,
    },
    store::{self, inbox::Received},
};

/// How long the same mention is known again. Slack sends an event again for an hour or so, and may
/// send one mention as two events.
const REMEMBERED: std::time::Duration = std::time::Duration::from_secs(25 * 3600);

/// Answers a mention. An error lets the inbox try again.
pub async fn answer(slack: &Slack, received: &Received) -> anyhow::Result<()> {
    let mention: Mention = serde_json::from_value(received.body.0.clone())?;
    let Some(workspace) = slack.workspace() else {
        anyhow::bail!("Slack was not reached yet");
    };
    let from_program = mention.bot_id.as_ref().is_some_and(|it| !it.is_empty());
    let was_edited = mention.edited.as_ref().is_some_and(|it| !it.is_null());
    let user = mention.user.clone().filter(|it| !it.is_empty());
    let (Some(user), false) = (
        user,
        from_program || was_edited || mention.subtype.is_some(),
    ) else {
        return Ok(());
    };
    if mention.channel.is_empty() || mention.ts.is_empty() {
        return Ok(());
    }
    let user = SlackUserId(user);
    let key = format!("{}:{}", mention.channel, mention.ts);
    let now = slack.clock.now();
    let mut tx = slack.db.begin().await?;
    let bot = store::workspaces::latest(&mut tx).await?;
    let bot = bot.map(|it| it.bot_user_id).filter(|it| !it.is_empty());
    let first = is_ours(&mut tx, &key, received.id, now).await?;
    tx.commit().await?;
    if !first || bot.as_deref() == Some(user.as_str()) {
        return Ok(());
    }
    // Their e-mail address may be what gives them a right.
    if !slack.knows(&workspace, &user).await? {
        slack.get_to_know(&workspace, &user).await;
    }
    let said = plain::without_mention(mention.text.as_deref().unwrap_or(""), bot.as_deref());
    // Whoever is mentioned is meant, whatever others are called.
    let words = match parse(&said) {
        Parsed::Who { .. } => unescaped(&said),
        _ => slack.words_of(&workspace, &said).await,
    };
    let asking = Asking {
        name: user.to_string(),
        user,
        words,
        scope: "slack.mention.words",
        key,
    };
    let message = match reply(slack, &workspace, &asking).await {
        Ok(message) => message,
        Err(error @ DeskError::Store(_)) => return Err(error.into()),
        Err(error) => slack.explain(&workspace, &error, None).await,
    };
    whisper(slack, &mention, &asking.user, &message).await;
    Ok(())
}

/// Whether this event is the one that the mention is answered for. It stays so when the inbox tries
/// it again.
async fn is_ours(tx: &mut store::Tx, key: &str, event: i64, now: Timestamp) -> store::Result<bool> {
    const SCOPE: &str = "slack.mention";
    let outcome = json!({ "event": event });
    if let Some(first) = store::idempotency::recall(tx, SCOPE, key, now, REMEMBERED).await? {
        return Ok(first == outcome);
    }
    store::idempotency::remember(tx, SCOPE, key, &outcome, now, REMEMBERED).await
}

async fn reply(
    slack: &Slack,
    workspace: &WorkspaceId,
    asking: &Asking,
) -> Result<Message, DeskError> {
    Ok(match read(&asking.words) {
        Parsed::Help => views::lists::help(&slack.commands),
        Parsed::List => slack.list(workspace).await?,
        Parsed::Who { of } => match slack.whom(workspace, &asking.user, of).await? {
            Ok(of) => slack.who(workspace, &asking.user, &of, &asking.name).await,
            Err(unclear) => unclear,
        },
        Parsed::Show { number } => slack.show(workspace, number).await?,
        Parsed::NoSuchNumber { words } => views::done::no_such_number(&words),
        Parsed::Unclear { verb, words } => slack.how_to_write(verb, &words),
        Parsed::Do { number, order } => slack.carry_out(workspace, asking, number, &order).await,
        Parsed::Form { number, verb } => {
            let detail = slack.desk.detail(workspace, number, 1).await?;
            let link = detail.announcement.as_ref();
            let link = link.and_then(|it| it.permalink.as_deref());
            views::done::press(&detail.outage, link, verb)
        }
        Parsed::Announce { words } => {
            let person = slack
                .desk
                .meet(workspace, &asking.user, &asking.name)
                .await?;
            match slack.desk.may_announce(workspace, person.id).await? {
                MayAnnounce::Yes => views::done::announce(&words),
                MayAnnounce::No { holders } => {
                    views::lists::may_not_announce(&holders, &slack.desk.policy().ask)
                }
            }
        }
    })
}

/// Tells somebody alone, where they wrote; in a direct message where that does not work.
async fn whisper(slack: &Slack, mention: &Mention, user: &SlackUserId, message: &Message) {
    let mut body = message.to_json();
    body["channel"] = json!(mention.channel);
    body["user"] = json!(user);
    if let Some(thread) = mention.thread_ts.as_ref().filter(|it| !it.is_empty()) {
        body["thread_ts"] = json!(thread);
    }
    if let Err(error) = slack.api.post::<Value>("chat.postEphemeral", &body).await {
        tracing::warn!(%error, "a mention could not be answered where it stands");
        slack.tell(user, "", message).await;
    }
}
