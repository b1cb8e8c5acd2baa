//! Events: kept first, worked on later, each once.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use serde_json::{Value, json};

use crate::{
    domain::ids::SlackUserId,
    slack::{
        Slack,
        api::CallError,
        contact::Hindrance,
        handlers::{Answer, mention, place},
        ingress::envelope::EventEnvelope,
        profiles::SlackUser,
    },
    store::{self, inbox::Received},
    telemetry::InboxOutcome,
};

/// How long an event that is being worked on is left alone by others.
const HELD: Duration = Duration::from_secs(60);

/// After this many tries an event is put away with its error. The pauses between them double. Tries
/// while nothing gets through to Slack do not count.
const TRIES: i64 = 5;

/// How long an event waits when Slack asks for pauses, at most.
const LONGEST_PAUSE: u64 = 600;

/// User groups are read anew at most once in this time, however often they change.
const LISTS_REST: Duration = Duration::from_secs(60);

/// Keeps an event and answers. Slack's repetitions carry the same ID and are kept once.
pub async fn receive(slack: Arc<Slack>, mut envelope: EventEnvelope) -> Answer {
    match envelope.kind.as_str() {
        "url_verification" => {
            let challenge = envelope.challenge.unwrap_or_default();
            return Answer::Body(json!({ "challenge": challenge }));
        }
        "event_callback" => {}
        other => {
            tracing::info!(
                kind = other,
                "ignored something Slack sent that is no event"
            );
            return Answer::Empty;
        }
    }
    let kind = envelope.event["type"].as_str().unwrap_or("").to_owned();
    if let Some(event) = envelope.event.as_object_mut()
        && kind == "app_home_opened"
    {
        // All that the tab showed is ours, long, and of no use later.
        event.remove("view");
    }
    let kept = match is_used(&slack, &envelope.event).await {
        Ok(true) => keep(&slack, &envelope, &kind).await,
        Ok(false) => {
            // Nothing will ever be done with it, so it need not be kept to be known again.
            tracing::debug!(kind, "ignored an event that is not used");
            slack.metrics.inbox_event(InboxOutcome::Ignored);
            return Answer::Empty;
        }
        Err(error) => Err(error),
    };
    match kept {
        Ok(true) => {
            slack.metrics.inbox_event(InboxOutcome::Stored);
            slack.inbox_wake.notify_one();
        }
        Ok(false) => slack.metrics.inbox_event(InboxOutcome::Duplicate),
        Err(error) => {
            // Slack sends it again.
            let error = store::trouble::in_words(&error);
            tracing::error!(error, "an event could not be kept");
            return Answer::Unavailable;
        }
    }
    Answer::Empty
}

/// Whether anything will be done with it. Most of what people write and how they react is no
/// concern of ours: only in dedicated channels it may be, and elsewhere nothing of it is kept.
async fn is_used(slack: &Slack, event: &Value) -> store::Result<bool> {
    if let Some(news) = place::read(event)
        && slack.concerns_us(&news).await?
    {
        return Ok(true);
    }
    match event["type"].as_str().unwrap_or("") {
        // The tab of messages is no concern of ours.
        "app_home_opened" => Ok(event["tab"] == "home" && event["user"].is_string()),
        "user_change" | "team_join" | "app_mention" | "app_uninstalled" | "tokens_revoked" => {
            Ok(true)
        }
        "subteam_members_changed" | "subteam_updated" => Ok(slack.reads_group_of(event)),
        _ => match slack.about_channel(event) {
            Some(channel) => slack.is_dedicated(&channel).await,
            None => Ok(false),
        },
    }
}

async fn keep(slack: &Slack, envelope: &EventEnvelope, kind: &str) -> store::Result<bool> {
    let mut tx = slack.db.begin().await?;
    let (id, event) = (&envelope.event_id, &envelope.event);
    let new = store::inbox::receive(&mut tx, "slack", id, kind, event, slack.clock.now()).await?;
    tx.commit().await?;
    Ok(new)
}

impl Slack {
    /// Works on the oldest event that waits; false when none does.
    pub async fn work_on_event(&self) -> store::Result<bool> {
        // What they are about belongs to a workspace, and nobody knows yet which one.
        if self.workspace().is_none() {
            return Ok(false);
        }
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let taken = store::inbox::take(&mut tx, now, now.plus(HELD)).await?;
        tx.commit().await?;
        let Some(received) = taken else {
            return Ok(false);
        };
        let outcome = self.work_on(&received).await;
        let rest = match &outcome {
            Ok(()) => None,
            Err(error) => self.rest_that_is_free(error).await?,
        };
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        if let Some(rest) = rest {
            store::inbox::put_back(&mut tx, received.id, now.plus(rest), true).await?;
            tx.commit().await?;
            return Ok(true);
        }
        match outcome {
            Ok(()) => {
                store::inbox::finish(&mut tx, received.id, None, now).await?;
                self.metrics.inbox_event(InboxOutcome::Handled);
            }
            Err(error) if received.attempts >= TRIES => {
                let why = store::trouble::of_any(&error);
                tracing::error!(why, kind = received.kind, "an event was put away");
                store::inbox::finish(&mut tx, received.id, Some(&why), now).await?;
                self.metrics.inbox_event(InboxOutcome::Failed);
            }
            Err(error) => {
                let why = store::trouble::of_any(&error);
                tracing::warn!(why, kind = received.kind, "an event did not work out");
                let doublings = u32::try_from(received.attempts - 1).unwrap_or(0);
                let rest = HELD.saturating_mul(2u32.saturating_pow(doublings));
                store::inbox::put_back(&mut tx, received.id, now.plus(rest), false).await?;
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    /// How long an event waits, and the try does not count, when the failure says nothing about it:
    /// Slack asks for a pause because many react at once, or nothing of ours gets through.
    async fn rest_that_is_free(&self, error: &anyhow::Error) -> store::Result<Option<Duration>> {
        let Some(error) = error.downcast_ref::<CallError>() else {
            return Ok(None);
        };
        let nothing_gets_through = match error {
            CallError::RateLimited { seconds } => {
                return Ok(Some(Duration::from_secs((*seconds).min(LONGEST_PAUSE))));
            }
            CallError::Unreachable { .. } => true,
            CallError::Refused { .. } => Hindrance::of(error).is_some_and(|it| it.needs_somebody()),
            // It may be this event's call alone.
            CallError::Unknown { .. } | CallError::NotSlack { .. } => {
                let mut tx = self.db.read().await?;
                let unreached = store::reach::all(&mut tx).await?;
                let here = self.workspace();
                unreached
                    .iter()
                    .any(|it| Some(&it.workspace_id) == here.as_ref())
            }
        };
        Ok(nothing_gets_through.then_some(HELD))
    }

    async fn work_on(&self, received: &Received) -> anyhow::Result<()> {
        match received.kind.as_str() {
            "user_change" | "team_join" => {
                let user: SlackUser = serde_json::from_value(received.body.0["user"].clone())?;
                if let Some(workspace) = self.workspace() {
                    let said = user.into_profile(&workspace);
                    let said = said.context("it says of nobody who it is")?;
                    self.hear_of(&workspace, said).await?;
                }
            }
            "reaction_added" | "reaction_removed" => {
                self.follow_reaction(&received.body.0).await?;
            }
            "message" => {
                self.follow_news(&received.body.0).await?;
                self.follow_reaction(&received.body.0).await?;
            }
            "pin_removed"
            | "channel_archive"
            | "channel_deleted"
            | "channel_left"
            | "channel_unarchive"
            | "group_archive"
            | "group_deleted"
            | "group_left"
            | "group_unarchive"
            | "member_joined_channel" => self.follow_news(&received.body.0).await?,
            // They come late or of another token, too: whether ours still works only Slack can say.
            "app_uninstalled" | "tokens_revoked" => match self.api.installation().await {
                Ok(_) | Err(CallError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            },
            "subteam_members_changed" | "subteam_updated" => self.read_groups_soon().await?,
            "app_mention" => mention::answer(self, received).await?,
            "app_home_opened" => self.show_home(&received.body.0).await?,
            other => tracing::info!(kind = other, "an event of a kind that is not used any more"),
        }
        Ok(())
    }

    /// Whether a change of a user group changes who may do what.
    fn reads_group_of(&self, event: &Value) -> bool {
        let id = event["subteam_id"].as_str();
        let id = id.or(event["subteam"]["id"].as_str());
        id.is_some_and(|it| self.user_groups.contains(it))
    }

    /// What the event says of the group is not taken over: it may come late or out of order, and a
    /// list is read as a whole or not at all.
    async fn read_groups_soon(&self) -> store::Result<()> {
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        store::runs::ask_for(&mut tx, store::runs::GROUPS, now, LISTS_REST).await?;
        tx.commit().await?;
        self.groups_wake.notify_one();
        Ok(())
    }

    /// Somebody looks at the Home tab.
    async fn show_home(&self, event: &Value) -> anyhow::Result<()> {
        if let (Some(user), Some(workspace)) = (event["user"].as_str(), self.workspace()) {
            let user = SlackUserId::from(user);
            // Their e-mail address may be what gives them rights.
            self.get_to_know(&workspace, &user).await;
            self.desk.visited_home(&workspace, &user).await?;
        }
        Ok(())
    }
}
