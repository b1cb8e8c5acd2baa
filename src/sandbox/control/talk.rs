//! What people do without calling the app: writing, changing and deleting messages, reacting. The
//! app hears of it by events. A mention waits for what comes of them; the others do so where
//! `wait_ms` asks for it, because most of what people write is not for the app.

use super::ask::{Ask, Refused};
use super::seen::{Mark, Result as Seen};
use crate::sandbox::api::{pin as add_pin, react as add_reaction, unpin};
use crate::sandbox::world::World;
use crate::sandbox::world::message::{Author, Message};
use crate::sandbox::world::posting::{Change, Draft};
use serde_json::{Value, json};

pub async fn message(ask: &Ask<'_>) -> Result<Value, Refused> {
    let text = ask.required("text")?.to_owned();
    say(ask, text, asked_to_wait(ask)).await
}

/// A message to the bot in a channel: `<@BOT> text`.
pub async fn mention(ask: &Ask<'_>) -> Result<Value, Refused> {
    let channel = ask.channel()?;
    let (bot, heard) = ask.shared.read(|world| {
        let found = world.channel(&channel);
        let heard = found.is_some_and(|channel| world.is_heard(channel));
        (world.app.user_id.clone(), heard)
    });
    let text = format!("<@{bot}> {}", ask.text("text").unwrap_or(""));
    // Without an app that hears it there is nothing to wait for.
    let wait = heard && ask.shared.has_app();
    say(ask, text.trim_end().to_owned(), wait).await
}

async fn say(ask: &Ask<'_>, text: String, wait: bool) -> Result<Value, Refused> {
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
    Ok(seen(ask, &mark, &channel, &ts, wait).await)
}

/// Slack's client lets nobody write or react in an archived channel.
fn refuse_archived(ask: &Ask<'_>, channel: &str) -> Result<(), Refused> {
    let archived = ask.shared.read(|world| {
        world
            .channel(channel)
            .is_some_and(|channel| channel.is_archived)
    });
    if archived {
        return Refused::because("The channel is archived.");
    }
    Ok(())
}

fn asked_to_wait(ask: &Ask<'_>) -> bool {
    ask.body["wait_ms"].is_u64()
}

async fn seen(ask: &Ask<'_>, mark: &Mark, channel: &str, ts: &str, wait: bool) -> Value {
    if wait {
        mark.wait_for_sight(ask, Some(channel)).await;
    }
    let mut report = mark.report(ask, Seen::default());
    report["ts"] = json!(ts);
    report
}

pub async fn edit(ask: &Ask<'_>) -> Result<Value, Refused> {
    let user = ask.user()?;
    let channel = ask.channel()?;
    let ts = ask.message(&channel)?;
    let text = ask.required("text")?.to_owned();
    let mark = Mark::now(ask, &user);
    refuse_archived(ask, &channel)?;
    ask.shared.change(|world| {
        let own = world
            .channel(&channel)
            .and_then(|channel| channel.message(&ts))
            .is_some_and(|message| is_own(message, &user));
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
    Ok(seen(ask, &mark, &channel, &ts, asked_to_wait(ask)).await)
}

pub async fn delete(ask: &Ask<'_>) -> Result<Value, Refused> {
    let user = ask.user()?;
    let channel = ask.channel()?;
    let ts = ask.message(&channel)?;
    let mark = Mark::now(ask, &user);
    ask.shared.change(|world| {
        let own = world
            .channel(&channel)
            .and_then(|channel| channel.message(&ts))
            .is_some_and(|message| is_own(message, &user));
        let is_admin = world.user(&user).is_some_and(|user| user.is_admin);
        if !own && !is_admin {
            return Refused::because("Only administrators can delete messages of others.");
        }
        world.delete_message(&channel, &ts);
        Ok(())
    })?;
    Ok(seen(ask, &mark, &channel, &ts, asked_to_wait(ask)).await)
}

pub async fn react(ask: &Ask<'_>) -> Result<Value, Refused> {
    let user = ask.user()?;
    let channel = ask.channel()?;
    let ts = ask.message(&channel)?;
    let name = ask.required("name")?.trim_matches(':').to_owned();
    let mark = Mark::now(ask, &user);
    refuse_archived(ask, &channel)?;
    let add = !ask.flag("remove");
    ask.shared
        .change(|world| add_reaction(world, &user, &channel, &ts, &name, add))
        .map_err(|fail| Refused(format!("Slack would refuse this reaction: {}.", fail.error)))?;
    Ok(seen(ask, &mark, &channel, &ts, asked_to_wait(ask)).await)
}

/// Pins a message, or takes its pin away.
pub async fn pin(ask: &Ask<'_>) -> Result<Value, Refused> {
    let user = ask.user()?;
    let channel = ask.channel()?;
    let ts = ask.message(&channel)?;
    let mark = Mark::now(ask, &user);
    refuse_archived(ask, &channel)?;
    let change = if ask.flag("remove") { unpin } else { add_pin };
    ask.shared
        .change(|world| change(world, &channel, &ts, &user))
        .map_err(|fail| Refused(format!("Slack would refuse this: {}.", fail.error)))?;
    Ok(seen(ask, &mark, &channel, &ts, asked_to_wait(ask)).await)
}

/// What Slack says in somebody's name is not theirs.
fn is_own(message: &Message, user: &str) -> bool {
    message.author == Author::Person(user.to_owned()) && message.system.is_none()
}
