//! Type-ahead: what somebody may mean while they type.

use std::sync::Arc;

use serde_json::json;

use crate::{
    domain::ids::SlackUserId,
    slack::{
        Slack, handlers::Answer, ingress::envelope::Interaction, kit,
        views::forms::COMPONENT_ACTION,
    },
};

/// Answers with options, or with none: an error here would only show as "no results".
pub async fn answer(slack: Arc<Slack>, interaction: Interaction) -> Answer {
    let nothing = json!({ "options": [] });
    if interaction.action_id != COMPONENT_ACTION {
        tracing::info!(
            action = interaction.action_id,
            "an unknown field asks for suggestions"
        );
        return Answer::Body(nothing);
    }
    let Some(workspace) = slack.workspace() else {
        return Answer::Body(nothing);
    };
    let user = SlackUserId(interaction.user.id.clone());
    let found = async {
        let person = slack
            .desk
            .meet(&workspace, &user, interaction.user.called())
            .await?;
        slack
            .desk
            .suggest_components(&workspace, person.id, &interaction.value)
            .await
    };
    match found.await {
        Ok(components) => {
            let options: Vec<_> = components.iter().map(kit::component_option).collect();
            Answer::Body(json!({ "options": options }))
        }
        Err(error) => {
            tracing::error!(%error, "components could not be suggested");
            Answer::Body(nothing)
        }
    }
}
