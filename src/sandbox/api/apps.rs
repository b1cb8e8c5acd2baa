//! apps.connections.open, auth.revoke: what an app does with its tokens.

use super::Answer;
use super::arguments::Arguments;
use crate::sandbox::world::World;
use serde_json::json;

/// That Socket Mode is switched off shows only when the address is used, as at Slack.
pub fn open(world: &mut World, _arguments: &Arguments) -> Answer {
    Ok(json!({"url": world.new_link()}))
}

pub fn revoke(world: &mut World, arguments: &Arguments) -> Answer {
    if arguments.bool("test") {
        return Ok(json!({"revoked": false}));
    }
    world.tell(json!({
        "type": "tokens_revoked",
        "tokens": {"oauth": [], "bot": [world.app.user_id]},
    }));
    world.settings.revoked = true;
    Ok(json!({"revoked": true}))
}
