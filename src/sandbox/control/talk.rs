//! What people do without the app: writing, changing and deleting messages, reacting.

use super::ask::{Ask, Refused};
use super::seen::{Mark, Result as Seen};
use crate::sandbox::api::react as add_reaction;
use crate::sandbox::world::World;
use crate::sandbox::world::message::Author;
use crate::sandbox::world::posting::{Change, Draft};
use serde_json::{Value, json};

pub fn message(ask: &Ask<'_>) -> Result<Value, Refused> {
    let text = ask.required("text")?.to_owned();
    say(ask, text)
}

/// A message to the bot in a channel: `<@BOT> text`.
pub fn mention(ask: &Ask<'_>) -> Result<Value, Refused> {
    let bot = ask.shared.read(|world| world.app.user_id.clone());
    let text = format!("<@{bot}> {}", ask.text("text").unwrap_or(""));
    say(ask, text.trim_end().to_owned())
}

fn say(ask: &Ask<'_>, text: String) -> Result<Value, Refused> {
    let user = ask.user()?;
    let channel = ask.channel()?;
    let mark = Mark::now(ask, &user);
    let thread_ts = ask.text("thread_ts").map(str::to_owned);
    let ts = ask.shared.change(|world| {
        let found = world.channel(&channel);
        if found.is_some_and(|channel| channel.is_archived) {
            return Refused::because("The channel is archived.");
        }
        if found.is_some_and(|channel| !channel.has_member(&user)) {
            return Refused::because(format!("{user} is not a member of {channel}."));
        }
        let parent = match &thread_ts {
            None => None,
            Some(ts) => match found.and_then(|channel| channel.message(ts)) {
                Some(parent) => Some(parent.thread_ts.clone().unwrap_or_else(|| ts.clone())),
                None => {
                    return Refused::because(format!("There is no message {ts} in {channel}."));
                }
            },
        };
        let draft = Draft {
            thread_ts: parent,
            ..Draft::text(text)
        };
        Ok(world.post(&channel, Author::Person(user.clone()), draft))
    })?;
    Ok(with_ts(mark.report(ask, Seen::default()), &ts))
}

pub fn edit(ask: &Ask<'_>) -> Result<Value, Refused> {
    let user = ask.user()?;
    let channel = ask.channel()?;
    let ts = ask.message(&channel)?;
    let text = ask.required("text")?.to_owned();
    let mark = Mark::now(ask, &user);
    ask.shared.change(|world| {
        let own = world
            .channel(&channel)
            .and_then(|channel| channel.message(&ts))
            .is_some_and(|message| message.author == Author::Person(user.clone()));
        if !own {
            return Refused::because("People can change only their own messages.");
        }
        let change = Change {
            blocks: Some(vec![World::rich_text(&text)]),
            text: Some(text),
            ..Change::default()
        };
        world.change_message(&channel, &ts, change, Some(user.clone()));
        Ok(())
    })?;
    Ok(with_ts(mark.report(ask, Seen::default()), &ts))
}

pub fn delete(ask: &Ask<'_>) -> Result<Value, Refused> {
    let user = ask.user()?;
    let channel = ask.channel()?;
    let ts = ask.message(&channel)?;
    let mark = Mark::now(ask, &user);
    ask.shared.change(|world| {
        let own = world
            .channel(&channel)
            .and_then(|channel| channel.message(&ts))
            .is_some_and(|message| message.author == Author::Person(user.clone()));
        let is_admin = world.user(&user).is_some_and(|user| user.is_admin);
        if !own && !is_admin {
            return Refused::because("Only administrators can delete messages of others.");
        }
        world.delete_message(&channel, &ts);
        Ok(())
    })?;
    Ok(with_ts(mark.report(ask, Seen::default()), &ts))
}

pub fn react(ask: &Ask<'_>) -> Result<Value, Refused> {
    let user = ask.user()?;
    let channel = ask.channel()?;
    let ts = ask.message(&channel)?;
    let name = ask.required("name")?.trim_matches(':').to_owned();
    let mark = Mark::now(ask, &user);
    let add = !ask.flag("remove");
    ask.shared
        .change(|world| add_reaction(world, &user, &channel, &ts, &name, add))
        .map_err(|fail| Refused(format!("Slack would refuse this reaction: {}.", fail.error)))?;
    Ok(with_ts(mark.report(ask, Seen::default()), &ts))
}

fn with_ts(mut report: Value, ts: &str) -> Value {
    report["ts"] = json!(ts);
    report
}
