//! People calling the app: slash commands, shortcuts, opening its home tab.

use super::ask::{Ask, Refused};
use super::seen::{Mark, Result as Seen};
use crate::sandbox::outgoing::{answers, payload};
use crate::sandbox::world::posting::Draft;
use serde_json::{Value, json};

pub async fn command(ask: &Ask<'_>) -> Result<Value, Refused> {
    let user = ask.user()?;
    let channel = ask.channel()?;
    let (command, text) = typed_command(ask)?;
    let mut mark = Mark::now(ask, &user);
    let (fields, _) = ask.shared.change(|world| {
        let sent = match world.settings.should_escape {
            true => world.escape_mentions(&text),
            false => text.clone(),
        };
        payload::command(world, &user, &channel, &command, &sent)
    });
    let reply = ask.shared.post_form("commands", &fields).await;
    mark.answered();
    let typed = format!("{command} {text}");
    let mut result = Seen::of(&reply);
    let shown = ask.shared.change(|world| {
        if result.error.is_none() {
            match answers::show_command_answer(world, &user, &channel, typed.trim_end(), &reply) {
                Ok(shown) => return shown,
                Err(error) => result.error = Some(error.to_owned()),
            }
        }
        let error = result.error.as_deref().unwrap_or("");
        let sentence = format!("{command} failed with the error \"{error}\"");
        world.whisper(&user, &channel, Draft::text(sentence), "system");
        true
    });
    if !shown {
        mark.wait_for_sight(ask, Some(&channel)).await;
    }
    Ok(mark.report(ask, result))
}

/// The command and its text: given apart, or typed as "/outage text", or for the first command.
fn typed_command(ask: &Ask<'_>) -> Result<(String, String), Refused> {
    let text = ask.text("text").unwrap_or("").trim();
    let registered = ask.shared.read(|world| world.commands.clone());
    let slashed = |name: &str| format!("/{}", name.trim_start_matches('/'));
    let (command, text) = match (ask.text("command"), text.strip_prefix('/')) {
        (Some(command), _) => (slashed(command), text),
        (None, Some(typed)) => {
            let (name, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
            (slashed(name), rest.trim_start())
        }
        (None, None) => match registered.first() {
            Some(first) => (first.clone(), text),
            None => return Refused::because("No command is registered."),
        },
    };
    if registered.iter().any(|known| slashed(known) == command) {
        return Ok((command, text.to_owned()));
    }
    Refused::because(format!("{command} is not a valid command."))
}

pub async fn shortcut(ask: &Ask<'_>) -> Result<Value, Refused> {
    let user = ask.user()?;
    let callback_id = ask.required("callback_id")?;
    let target = match ask.text("ts") {
        None => None,
        Some(_) => {
            let channel = ask.channel()?;
            let ts = ask.message(&channel)?;
            Some((channel, ts))
        }
    };
    let mut mark = Mark::now(ask, &user);
    let (payload, _) = ask.shared.change(|world| {
        let message = target.as_ref().map(|(c, ts)| (c.as_str(), ts.as_str()));
        payload::shortcut(world, &user, callback_id, message)
    });
    let reply = ask.shared.post_payload(&payload).await;
    mark.answered();
    if reply.is_success() {
        let channel = target.as_ref().map(|(channel, _)| channel.as_str());
        mark.wait_for_sight(ask, channel).await;
    }
    Ok(mark.report(ask, Seen::of(&reply)))
}

/// Opens the app's home tab; the app is told by an event and publishes a view.
pub async fn home(ask: &Ask<'_>) -> Result<Value, Refused> {
    let user = ask.user()?;
    let mark = Mark::now(ask, &user);
    ask.shared.change(|world| {
        let channel = world.open_dm(&user);
        let mut event = json!({
            "type": "app_home_opened",
            "user": user,
            "channel": channel,
            "tab": "home",
        });
        // Absent the first time.
        if let Some(home) = world.homes.get(&user) {
            event["view"] = world.render_view(home);
        }
        world.tell(event);
    });
    mark.wait_for_sight(ask, None).await;
    let mut report = mark.report(ask, Seen::default());
    report["seen"]["home"] = ask.shared.read(|world| {
        world
            .homes
            .get(&user)
            .map_or(Value::Null, |home| world.show_view(home))
    });
    Ok(report)
}
