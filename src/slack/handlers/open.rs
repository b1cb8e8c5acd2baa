//! Opens forms: at once, beside the acknowledgement, because a trigger lives three seconds.

use std::sync::Arc;

use serde_json::{Value, json};
use slack_morphism::prelude::SlackView;

use crate::{
    domain::ids::SlackUserId,
    slack::{Slack, api::CallError, views},
};

/// Whom to open a form for, and how to tell them when it does not work.
#[derive(Clone, Debug)]
pub struct Opening {
    pub user: SlackUserId,
    pub trigger_id: String,
    pub response_url: String,
}

impl Slack {
    /// Opens a form. Whatever goes wrong, the person hears of it.
    pub async fn open(self: &Arc<Slack>, opening: &Opening, view: &SlackView) {
        self.open_by("views.open", opening, view).await;
    }

    /// Opens a modal above the one that is open.
    pub async fn push(self: &Arc<Slack>, opening: &Opening, view: &SlackView) {
        self.open_by("views.push", opening, view).await;
    }

    async fn open_by(self: &Arc<Slack>, method: &str, opening: &Opening, view: &SlackView) {
        let Ok(_permit) = self.forms.clone().try_acquire_owned() else {
            self.metrics.modal_refused();
            let message = views::lists::too_many_forms();
            self.tell(&opening.user, &opening.response_url, &message)
                .await;
            return;
        };
        let _opening = self.metrics.modal_opening();
        let arguments = json!({ "trigger_id": opening.trigger_id, "view": view });
        let Err(error) = self.api.post::<Value>(method, &arguments).await else {
            return;
        };
        match error.code() {
            // Slack sent the same request twice and the form is open already.
            Some("exchanged_trigger_id") => return,
            Some("expired_trigger_id") => {
                tracing::warn!("a form came too late for its trigger");
            }
            _ => tracing::error!(%error, "a form could not be opened"),
        }
        let why = match error {
            CallError::RateLimited { .. } => "Slack is busy and did not open the form",
            CallError::Unreachable { .. } => "Slack could not be reached to open the form",
            CallError::Refused { ref code, .. } if code == "expired_trigger_id" => {
                "the form came too late for Slack"
            }
            CallError::Refused { .. } => "Slack did not accept the form; the log says why",
            CallError::Unknown { .. } | CallError::NotSlack { .. } => {
                "Slack did not say whether the form opened"
            }
        };
        let message = views::lists::try_again(why);
        self.tell(&opening.user, &opening.response_url, &message)
            .await;
    }
}
