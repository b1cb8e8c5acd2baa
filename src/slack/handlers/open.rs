//! Opens forms: at once, beside the acknowledgement, because a trigger lives three seconds.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use slack_morphism::prelude::SlackView;
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    domain::ids::SlackUserId,
    slack::{
        Slack,
        action::Action,
        api::CallError,
        views::{self, Message},
    },
};

/// Whom to open a form for, and how to tell them when it does not work.
#[derive(Clone, Debug)]
pub struct Opening {
    pub user: SlackUserId,
    pub trigger_id: String,
    pub response_url: String,
}

/// What a button asks for that opens the same form later.
#[derive(Clone, Copy, Debug)]
pub struct Again<'a> {
    pub action: Action,
    /// What was typed already.
    pub words: &'a str,
}

impl<'a> Again<'a> {
    pub fn announce(words: &'a str) -> Again<'a> {
        let action = Action::Announce;
        Again { action, words }
    }
}

/// Held while a form is on its way.
pub type Turn = OwnedSemaphorePermit;

/// The arguments of a call; the view is written once, and not by way of a [`Value`].
#[derive(Serialize)]
struct Arguments<'a> {
    trigger_id: &'a str,
    view: &'a SlackView,
}

impl Slack {
    /// Opens a form. Whatever goes wrong, the person hears of it; when too many are on their way,
    /// by a button that opens it later, where `again` says which.
    pub async fn open(
        self: &Arc<Slack>,
        opening: &Opening,
        view: &SlackView,
        again: Option<Again<'_>>,
    ) {
        self.open_by("views.open", opening, view, again).await;
    }

    /// Opens a modal above the one that is open, which keeps the button that was pressed.
    pub async fn push(self: &Arc<Slack>, opening: &Opening, view: &SlackView) {
        self.open_by("views.push", opening, view, None).await;
    }

    async fn open_by(
        self: &Arc<Slack>,
        method: &str,
        opening: &Opening,
        view: &SlackView,
        again: Option<Again<'_>>,
    ) {
        match self.turn(again) {
            Ok(turn) => self.call(method, turn, opening, view).await,
            Err(later) => {
                let (user, address) = (&opening.user, &opening.response_url);
                self.tell(user, address, &later).await;
            }
        }
    }

    /// One of the forms that may be on their way at once; when so many are that another one would
    /// come too late, what to tell the person.
    pub fn turn(&self, again: Option<Again<'_>>) -> Result<Turn, Message> {
        let turn = self.forms.clone().try_acquire_owned();
        turn.map_err(|_| {
            self.metrics.modal_refused();
            views::lists::too_many_forms(again.map(|it| (it.action, it.words)))
        })
    }

    /// As [`Slack::open`], by somebody whose turn it is already.
    pub async fn open_in(self: &Arc<Slack>, turn: Turn, opening: &Opening, view: &SlackView) {
        self.call("views.open", turn, opening, view).await;
    }

    async fn call(
        self: &Arc<Slack>,
        method: &str,
        _turn: Turn,
        opening: &Opening,
        view: &SlackView,
    ) {
        let _opening = self.metrics.modal_opening();
        let arguments = Arguments {
            trigger_id: &opening.trigger_id,
            view,
        };
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
