//! Arranging the circumstances: the clock, faults.

use super::ask::{Ask, Refused};
use crate::sandbox::faults::{DeliveryFaults, Faults};
use serde_json::{Value, json};

/// Moves the clock, tells those who asked to know, and does what is due then: scheduled messages
/// and retries. With `stand_at_micros` it stops there and goes on only when it is told to.
pub async fn clock(ask: &Ask<'_>) -> Result<Value, Refused> {
    let offset = if let Some(micros) = ask.body["stand_at_micros"].as_i64() {
        ask.shared.change(|world| world.clock.stand_at(micros));
        ask.shared.clock.offset()
    } else if let Some(seconds) = ask.body["advance_seconds"].as_i64() {
        ask.shared.move_clock(seconds)
    } else {
        return Refused::because("\"advance_seconds\" must be a whole number.");
    };
    ask.shared.post_due_messages();
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
    ask.shared.change(|world| {
        world.faults = Faults::default();
        world.delivery_faults = DeliveryFaults::default();
    });
    Ok(json!({"ok": true}))
}
