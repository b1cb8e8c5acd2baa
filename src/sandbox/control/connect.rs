//! The app's settings at Slack, and its connection: where it is, what it may do, and what happens
//! to its sockets and its events.

use super::ask::{Ask, Refused};
use crate::sandbox::faults::DeliveryFaults;
use crate::sandbox::outgoing::Reply;
use crate::sandbox::outgoing::verify::Verified;
use crate::sandbox::seed::Shortcut;
use crate::sandbox::sockets::Order;
use crate::sandbox::sockets::connection::WARNING;
use serde_json::{Value, json};
use std::time::Duration;

const NOTHING: &str = "One of url, shortcuts, scopes, socket_mode, should_escape, unfurl_domains, \
    revoked, verify and ssl_check is needed.";

/// Changes the app's settings. `verify` and `ssl_check` ask the app at its URL.
pub async fn app(ask: &Ask<'_>) -> Result<Value, Refused> {
    let known = [
        "url",
        "shortcuts",
        "scopes",
        "socket_mode",
        "should_escape",
        "unfurl_domains",
        "revoked",
        "verify",
        "ssl_check",
    ];
    if !known.iter().any(|name| !ask.body[*name].is_null()) {
        return Refused::because(NOTHING);
    }
    let shortcuts: Option<Vec<Shortcut>> = list(ask, "shortcuts")?;
    let scopes: Option<Vec<String>> = list(ask, "scopes")?;
    let domains: Option<Vec<String>> = list(ask, "unfurl_domains")?;
    if let Some(url) = ask.text("url") {
        if url::Url::parse(url).is_err() {
            return Refused::because(format!("{url} is not a URL."));
        }
        ask.shared.connect_app(url);
    }
    ask.shared.change(|world| {
        if let Some(shortcuts) = shortcuts {
            world.shortcuts = shortcuts;
        }
        let settings = &mut world.settings;
        if let Some(scopes) = scopes {
            settings.scopes = Some(scopes);
        } else if ask.body["scopes"] == "all" {
            settings.scopes = None;
        }
        if let Some(domains) = domains {
            settings.unfurl_domains = domains;
        }
        let set = |name: &str, setting: &mut bool| {
            *setting = ask.body[name].as_bool().unwrap_or(*setting);
        };
        set("socket_mode", &mut settings.socket_mode);
        set("should_escape", &mut settings.should_escape);
        set("revoked", &mut settings.revoked);
    });
    if ask.body["socket_mode"] == false {
        let order = Order::Disconnect("link_disabled", Duration::ZERO);
        ask.shared.sockets.order(None, &order);
    }
    let mut answer = json!({"ok": true});
    if ask.flag("verify") {
        verify(ask).await?;
        answer["verified"] = json!(true);
    }
    if ask.flag("ssl_check") {
        let form = "ssl_check=1&token=sandbox-verification-token".to_owned();
        let reply = post(ask, "commands", "application/x-www-form-urlencoded", form).await;
        answer["status"] = json!(reply.status());
    }
    Ok(answer)
}

/// A list of the right things; `None` when there is none, or the word "all".
fn list<T: serde::de::DeserializeOwned>(ask: &Ask<'_>, name: &str) -> Result<Option<T>, Refused> {
    match &ask.body[name] {
        Value::Null => Ok(None),
        Value::String(all) if all == "all" => Ok(None),
        given => serde_json::from_value(given.clone())
            .map(Some)
            .map_err(|error| Refused(format!("These are not {name}: {error}."))),
    }
}

async fn post(ask: &Ask<'_>, path: &str, content_type: &str, body: String) -> Reply {
    ask.shared.post_to_app(path, content_type, body, None).await
}

/// What Slack does when a request URL is saved.
async fn verify(ask: &Ask<'_>) -> Result<(), Refused> {
    let (status, given) = match ask.shared.verify().await {
        Verified::Good => return Ok(()),
        Verified::Wrong { status, given } => (status, given),
        _ => (0, String::new()),
    };
    Refused::because(format!(
        "Your URL didn't respond with the value of the challenge parameter: it answered {status} \
         and \"{given}\"."
    ))
}

/// What goes wrong with events from now on. What is not named goes well.
pub fn events(ask: &Ask<'_>) -> Result<Value, Refused> {
    let faults: DeliveryFaults = serde_json::from_value(ask.body.clone())
        .map_err(|error| Refused(format!("This is no way to deliver events: {error}.")))?;
    ask.shared.change(|world| {
        world.delivery_faults = faults;
        Ok(json!({"ok": true, "events": world.delivery_faults}))
    })
}

/// Does something to one of the app's connections, or to all of them.
pub fn socket(ask: &Ask<'_>) -> Result<Value, Refused> {
    let order = order(ask)?;
    let connection = match &ask.body["connection"] {
        Value::Null => None,
        id => match id.as_u64() {
            Some(id) => Some(id),
            None => return Refused::because("\"connection\" must be a number."),
        },
    };
    let told = ask.shared.sockets.order(connection, &order);
    if told == 0 {
        return Refused::because("There is no such connection.");
    }
    Ok(json!({"ok": true, "connections": told}))
}

fn order(ask: &Ask<'_>) -> Result<Order, Refused> {
    if let Some(reason) = ask.text("disconnect") {
        let after = ask.body["close_after_ms"]
            .as_u64()
            .map(Duration::from_millis);
        let (reason, usual) = match reason {
            "warning" => ("warning", WARNING),
            "refresh_requested" => ("refresh_requested", WARNING),
            "link_disabled" => ("link_disabled", Duration::ZERO),
            other => return Refused::because(format!("Slack gives no reason {other}.")),
        };
        return Ok(Order::Disconnect(reason, after.unwrap_or(usual)));
    }
    if let Some(text) = ask.text("garbage") {
        return Ok(Order::Send(text.to_owned()));
    }
    if let Some(silent) = ask.body["silent"].as_bool() {
        return Ok(Order::Silent(silent));
    }
    if let Some(code) = ask.body["close_code"].as_u64() {
        return match u16::try_from(code) {
            Ok(code) if (1000..5000).contains(&code) => Ok(Order::Close(code)),
            _ => Refused::because("A close code is between 1000 and 4999."),
        };
    }
    if ask.flag("cut_mid_frame") {
        return Ok(Order::CutMidFrame);
    }
    if ask.flag("drop") {
        return Ok(Order::Drop);
    }
    Refused::because(
        "One of drop, disconnect, silent, garbage, cut_mid_frame, close_code is needed.",
    )
}
