//! Arranging the circumstances: the clock, faults, where the app is.

use super::ask::{Ask, Refused};
use crate::sandbox::faults::Faults;
use crate::sandbox::seed::Shortcut;
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

/// Says where the app is, and which shortcuts it has.
pub fn app(ask: &Ask<'_>) -> Result<Value, Refused> {
    let shortcuts = match &ask.body["shortcuts"] {
        Value::Null => None,
        given => Some(
            serde_json::from_value::<Vec<Shortcut>>(given.clone())
                .map_err(|error| Refused(format!("These are not shortcuts: {error}.")))?,
        ),
    };
    if shortcuts.is_none() || ask.text("url").is_some() {
        let url = ask.required("url")?;
        if url::Url::parse(url).is_err() {
            return Refused::because(format!("{url} is not a URL."));
        }
        ask.shared.connect_app(url);
    }
    if let Some(shortcuts) = shortcuts {
        ask.shared.change(|world| world.shortcuts = shortcuts);
    }
    Ok(json!({"ok": true}))
}
