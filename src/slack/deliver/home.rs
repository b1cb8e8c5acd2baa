//! Somebody's Home tab, as it is at that moment.

use serde_json::{Value, json};

use super::{SlackDeliver, Stop, judge, moot};
use crate::{
    desk::DeskError,
    domain::{
        delivery::{Outcome, Receipt},
        ids::{SlackUserId, WorkspaceId},
    },
    slack::{
        api::CallError,
        views::home::{HomeModel, home},
    },
};

impl SlackDeliver {
    pub(super) async fn home(
        &self,
        workspace: &WorkspaceId,
        user: &SlackUserId,
    ) -> Result<Receipt, Stop> {
        let shown = match self.desk.home(workspace, user).await {
            Ok(shown) => shown,
            Err(DeskError::Store(error)) => return Err(error.into()),
            Err(error) => {
                let why = error.to_string();
                return Err(Stop::Outcome(Outcome::Failed { why }));
            }
        };
        let view = home(&HomeModel {
            home: &shown,
            policy: &self.policy,
            command: &self.command,
            version: env!("CARGO_PKG_VERSION"),
            now: self.clock.now(),
        });
        let arguments = json!({ "user_id": user, "view": view });
        match self.api.post::<Value>("views.publish", &arguments).await {
            Ok(_) => Ok(Receipt::Done),
            Err(error) if has_none(&error) => {
                self.desk.left_home(workspace, user).await?;
                Err(moot("that person has no Home tab any more"))
            }
            Err(error) => {
                let outcome = judge(error);
                if matches!(outcome, Outcome::Refused { .. }) {
                    // Once for each visit is enough, and not with every change.
                    self.desk.left_home(workspace, user).await?;
                }
                Err(Stop::Outcome(outcome))
            }
        }
    }
}

/// Whether Slack says that there is no such tab: it is switched off, or the person is gone. Slack
/// says the latter as a word of its own, or as what is wrong with the arguments.
fn has_none(error: &CallError) -> bool {
    let gone = ["user_not_found", "user_not_visible", "user_disabled"];
    match error {
        CallError::Refused { code, detail } => {
            code == "not_enabled" || gone.iter().any(|it| code == it || detail.contains(it))
        }
        _ => false,
    }
}
