//! chat.unfurl: what the app shows below a link that somebody posted.

use super::arguments::Arguments;
use super::{Answer, Fail, joined_channel};
use crate::sandbox::blocks::check_message;
use crate::sandbox::world::World;
use crate::sandbox::world::posting::Change;
use serde_json::{Value, json};

pub fn unfurl(world: &mut World, arguments: &Arguments) -> Answer {
    let unfurls = match arguments.nested("unfurls") {
        Ok(None) if arguments.text("user_auth_message").is_some() => return Ok(json!({})),
        Ok(None) => return Err("missing_unfurls".into()),
        Ok(Some(Value::Object(unfurls))) => unfurls,
        _ => return Err("invalid_unfurls_format".into()),
    };
    let (channel, ts) = target(world, arguments)?;
    let message = world
        .channel(&channel)
        .and_then(|channel| channel.message(&ts))
        .filter(|message| !message.tombstone)
        .ok_or_else(|| Fail::new("cannot_find_message"))?;
    let mut attachments = message.attachments.clone();
    for (url, shown) in unfurls {
        if !message.text.contains(&url) && !message.text.contains(&url.replace('&', "&amp;")) {
            return Err("cannot_unfurl_url".into());
        }
        let Value::Object(mut shown) = shown else {
            return Err("invalid_unfurls_format".into());
        };
        check_message(&[], &[Value::Object(shown.clone())])?;
        shown.insert("from_url".to_owned(), json!(url));
        shown.insert("app_unfurl_url".to_owned(), json!(url));
        shown.insert("is_app_unfurl".to_owned(), json!(true));
        shown.insert("bot_id".to_owned(), json!(world.app.bot_id));
        shown.insert("app_id".to_owned(), json!(world.app.app_id));
        attachments.retain(|attachment| attachment["from_url"] != json!(url));
        attachments.push(Value::Object(shown));
    }
    let change = Change {
        attachments: Some(attachments),
        ..Change::default()
    };
    world.change_message(&channel, &ts, change, None);
    Ok(json!({}))
}

/// The message, named by channel and time or as the event named it.
fn target(world: &World, arguments: &Arguments) -> Result<(String, String), Fail> {
    if let Some(id) = arguments.text("unfurl_id").filter(|id| !id.is_empty()) {
        if arguments.text("source").is_none_or(|text| text.is_empty()) {
            return Err("missing_source".into());
        }
        return world
            .unfurls
            .get(&id)
            .cloned()
            .ok_or_else(|| "cannot_find_message".into());
    }
    if arguments.text("channel").is_none_or(|text| text.is_empty()) {
        return Err("missing_channel".into());
    }
    let channel = joined_channel(world, arguments)?.id.clone();
    let ts = arguments
        .text("ts")
        .filter(|ts| !ts.is_empty())
        .ok_or_else(|| Fail::new("missing_ts"))?;
    Ok((channel, ts))
}
