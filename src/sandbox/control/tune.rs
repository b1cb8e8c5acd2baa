//! Arranging the circumstances: the clock, faults, the state of channels, where the app is.

use super::ask::{Ask, Refused, user_id};
use crate::sandbox::faults::Faults;
use crate::sandbox::world::World;
use serde_json::{Value, json};

/// Moves the clock, tells those who asked to know, and runs the retries that are due then.
pub async fn clock(ask: &Ask<'_>) -> Result<Value, Refused> {
    let Some(seconds) = ask.body["advance_seconds"].as_i64() else {
        return Refused::because("\"advance_seconds\" must be a whole number.");
    };
    let offset = ask.shared.move_clock(seconds);
    ask.shared.run_due_retries().await;
    let now = ask.shared.clock.seconds();
    Ok(json!({"ok": true, "clock": {"now": now, "offset": offset}}))
}

/// Replaces the rules. What is not named is as in a sandbox without faults.
pub fn faults(ask: &Ask<'_>) -> Result<Value, Refused> {
    let mut faults: Faults = serde_json::from_value(ask.body.clone())
        .map_err(|error| Refused(format!("These are not faults: {error}.")))?;
    ask.shared.change(|world| {
        for rule in &mut faults.rules {
            if let Some(name) = &rule.channel {
                let found = world.channel_named(name);
                let Some(channel) = found else {
                    return Refused::because(format!("There is no channel called {name}."));
                };
                rule.channel = Some(channel.id.clone());
            }
        }
        world.faults = faults;
        Ok(json!({"ok": true, "faults": world.faults}))
    })
}

pub fn reset_faults(ask: &Ask<'_>) -> Result<Value, Refused> {
    ask.shared.change(|world| world.faults = Faults::default());
    Ok(json!({"ok": true}))
}

/// Archives a channel or brings it back, adds and removes members (the bot, too).
pub fn channel(ask: &Ask<'_>) -> Result<Value, Refused> {
    let id = ask.channel()?;
    let (add, remove) = ask.shared.read(|world| {
        let member = |name: &str| match ask.text(name) {
            None => Ok(None),
            Some(user) if world.app.user_id == user || world.app.name == user => {
                Ok(Some(world.app.user_id.clone()))
            }
            Some(user) => user_id(world, user).map(Some),
        };
        Ok::<_, Refused>((member("add")?, member("remove")?))
    })?;
    ask.shared.change(|world: &mut World| {
        if let Some(channel) = world.channel_mut(&id) {
            if let Some(archived) = ask.body["archived"].as_bool() {
                channel.is_archived = archived;
            }
            channel
                .members
                .retain(|member| Some(member) != remove.as_ref());
            if let Some(user) = add.filter(|user| !channel.has_member(user)) {
                channel.members.push(user);
            }
        }
        let shown = world
            .channel(&id)
            .map(|channel| world.render_channel(channel, true));
        Ok(json!({"ok": true, "channel": shown}))
    })
}

/// Says where the app is.
pub fn app(ask: &Ask<'_>) -> Result<Value, Refused> {
    let url = ask.required("url")?;
    if url::Url::parse(url).is_err() {
        return Refused::because(format!("{url} is not a URL."));
    }
    ask.shared.connect_app(url);
    Ok(json!({"ok": true}))
}
