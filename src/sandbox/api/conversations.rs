//! conversations.open, info, list, history, replies, members: looking at channels.

use super::arguments::Arguments;
use super::{Answer, Fail, channel, joined_channel, page};
use crate::sandbox::world::World;
use crate::sandbox::world::channel::{Channel, Kind};
use crate::sandbox::world::message::Message;
use serde_json::{Value, json};

/// A group conversation has at most this many people beside the bot.
const MOST_IN_GROUP: usize = 8;

pub fn open(world: &mut World, arguments: &Arguments) -> Answer {
    if let Some(id) = arguments.text("channel").filter(|id| !id.is_empty()) {
        let found = world
            .channel(&id)
            .filter(|channel| world.sees(channel))
            .ok_or_else(|| Fail::new("channel_not_found"))?;
        return Ok(json!({
            "no_op": true, "already_open": true, "channel": {"id": found.id},
        }));
    }
    let users = arguments.list("users");
    match users.as_slice() {
        [] => Err("users_list_not_supplied".into()),
        [user] => {
            match world.user(user).filter(|user| !user.is_bot) {
                None => return Err("user_not_found".into()),
                Some(user) if user.deleted => return Err("user_disabled".into()),
                Some(_) => {}
            }
            let known = world.channels.iter().any(
                |channel| matches!(&channel.kind, Kind::Direct { user: with } if with == user),
            );
            let id = world.open_dm(user);
            let mut answer = json!({"channel": {"id": id}});
            if known {
                answer["no_op"] = json!(true);
                answer["already_open"] = json!(true);
            }
            if arguments.bool("return_im")
                && let Some(channel) = world.channel(&id)
            {
                answer["channel"] = world.render_channel(channel, false);
            }
            Ok(answer)
        }
        several if several.len() > MOST_IN_GROUP => Err("too_many_users".into()),
        several => {
            for user in several {
                match world.user(user).filter(|user| !user.is_bot) {
                    None => return Err("user_not_found".into()),
                    Some(user) if user.deleted => return Err("user_disabled".into()),
                    Some(_) => {}
                }
            }
            let (id, known) = world.open_group(several);
            let mut answer = json!({"channel": {"id": id}});
            if known {
                answer["no_op"] = json!(true);
                answer["already_open"] = json!(true);
            }
            if arguments.bool("return_im")
                && let Some(channel) = world.channel(&id)
            {
                answer["channel"] = world.render_channel(channel, false);
            }
            Ok(answer)
        }
    }
}

pub fn info(world: &mut World, arguments: &Arguments) -> Answer {
    let found = channel(world, arguments)?;
    let count = arguments.bool("include_num_members");
    Ok(json!({"channel": world.render_channel(found, count)}))
}

pub fn list(world: &mut World, arguments: &Arguments) -> Answer {
    let channels = of_types(world, arguments, |channel| world.sees(channel))?;
    show_page(world, arguments, channels)
}

/// users.conversations: those that somebody, or the bot itself, is a member of.
pub fn of_user(world: &mut World, arguments: &Arguments) -> Answer {
    let bot = world.app.user_id.clone();
    let user = arguments
        .text("user")
        .filter(|user| !user.is_empty())
        .unwrap_or(bot);
    if world.user(&user).is_none() {
        return Err("user_not_found".into());
    }
    let with_user = |channel: &Channel| channel.has_member(&user) && world.sees(channel);
    let channels = of_types(world, arguments, with_user)?;
    show_page(world, arguments, channels)
}

fn show_page(world: &World, arguments: &Arguments, channels: Vec<&Channel>) -> Answer {
    let page = page::cut(channels, arguments, 100, 1000, |channel| &channel.id)?;
    let channels: Vec<Value> = page
        .items
        .iter()
        .map(|channel| world.render_channel(channel, true))
        .collect();
    Ok(json!({"channels": channels, "response_metadata": page.metadata()}))
}

/// The channels of the kinds asked for.
fn of_types<'a>(
    world: &'a World,
    arguments: &Arguments,
    wanted: impl Fn(&Channel) -> bool,
) -> Result<Vec<&'a Channel>, Fail> {
    let mut types = arguments.list("types");
    if types.is_empty() {
        types = vec!["public_channel".to_owned()];
    }
    let known = ["public_channel", "private_channel", "mpim", "im"];
    if types.iter().any(|kind| !known.contains(&kind.as_str())) {
        return Err("invalid_types".into());
    }
    if arguments.int("limit").is_some_and(|limit| limit > 1000) {
        return Err("invalid_limit".into());
    }
    let exclude_archived = arguments.bool("exclude_archived");
    let found = world.channels.iter().filter(|channel| {
        let kind = match channel.kind {
            Kind::Public { .. } => "public_channel",
            Kind::Private { .. } => "private_channel",
            Kind::Direct { .. } => "im",
            Kind::Group { .. } => "mpim",
        };
        types.iter().any(|wanted| wanted == kind)
            && !(channel.is_archived && exclude_archived)
            && wanted(channel)
    });
    Ok(found.collect())
}

pub fn history(world: &mut World, arguments: &Arguments) -> Answer {
    let channel = joined_channel(world, arguments)?;
    let window = Window::read(arguments)?;
    // Replies are not part of a channel's history, unless they were sent to the channel too.
    let messages: Vec<&Message> = channel
        .messages
        .iter()
        .rev()
        .filter(|message| !message.is_reply() || message.broadcast)
        .filter(|message| window.contains(&message.ts))
        .collect();
    let page = page::cut(messages, arguments, 100, 999, |message| &message.ts)?;
    let metadata = arguments.bool("include_all_metadata");
    let shown: Vec<Value> = page
        .items
        .iter()
        .map(|message| world.render(channel, message, metadata))
        .collect();
    let mut answer = json!({
        "messages": shown,
        "has_more": page.has_more(),
        "pin_count": channel.pins.len(),
        "channel_actions_ts": null,
        "channel_actions_count": 0,
    });
    if page.has_more() {
        answer["response_metadata"] = page.metadata();
    }
    Ok(answer)
}

pub fn replies(world: &mut World, arguments: &Arguments) -> Answer {
    let channel = joined_channel(world, arguments)?;
    let ts = arguments.required("ts")?;
    let window = Window::read(arguments)?;
    let asked = channel
        .message(&ts)
        .ok_or_else(|| Fail::new("thread_not_found"))?;
    // Asking with a reply's timestamp answers that reply alone, as Slack does.
    let messages: Vec<&Message> = if asked.is_reply() {
        vec![asked]
    } else {
        std::iter::once(asked)
            .chain(
                channel
                    .replies(&ts)
                    .filter(|message| window.contains(&message.ts)),
            )
            .collect()
    };
    let page = page::cut(messages, arguments, 1000, 1000, |message| &message.ts)?;
    let metadata = arguments.bool("include_all_metadata");
    let shown: Vec<Value> = page
        .items
        .iter()
        .map(|message| world.render(channel, message, metadata))
        .collect();
    let mut answer = json!({"messages": shown, "has_more": page.has_more()});
    if page.has_more() {
        answer["response_metadata"] = page.metadata();
    }
    Ok(answer)
}

pub fn members(world: &mut World, arguments: &Arguments) -> Answer {
    let channel = channel(world, arguments)?;
    let members = world.active_members(channel).collect();
    let page = page::cut(members, arguments, 100, 1000, |member| member.as_str())?;
    Ok(json!({"members": page.items, "response_metadata": page.metadata()}))
}

/// `oldest`, `latest` and `inclusive`.
struct Window {
    oldest: Option<f64>,
    latest: Option<f64>,
    inclusive: bool,
}

impl Window {
    fn read(arguments: &Arguments) -> Result<Window, Fail> {
        let bound = |name: &str, error: &'static str| match arguments.text(name) {
            None => Ok(None),
            Some(text) if text.is_empty() || text == "now" => Ok(None),
            Some(text) => match micros(&text) {
                // 0 means no bound.
                Some(0.0) => Ok(None),
                Some(value) => Ok(Some(value)),
                None => Err(Fail::new(error)),
            },
        };
        Ok(Window {
            oldest: bound("oldest", "invalid_ts_oldest")?,
            latest: bound("latest", "invalid_ts_latest")?,
            inclusive: arguments.bool("inclusive"),
        })
    }

    fn contains(&self, ts: &str) -> bool {
        let Some(at) = micros(ts) else {
            return false;
        };
        let after = self
            .oldest
            .is_none_or(|oldest| at > oldest || (self.inclusive && at == oldest));
        let before = self
            .latest
            .is_none_or(|latest| at < latest || (self.inclusive && at == latest));
        after && before
    }
}

/// Microseconds as a whole number, exact in a double until the year 2255.
fn micros(ts: &str) -> Option<f64> {
    let seconds: f64 = ts.parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then(|| (seconds * 1_000_000.0).round())
}
