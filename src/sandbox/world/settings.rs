//! The app's settings at Slack: its scopes and app-level token, Socket Mode, whether commands
//! escape what they mention, whose links it unfolds.

use super::World;
use crate::sandbox::api::scopes::EVERY_SCOPE;
use std::time::{Duration, Instant};

/// How long the address that `apps.connections.open` gives can be used, in real time.
const TICKET_LIFE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `xapp-…`; without it no socket can be opened.
    pub app_token: Option<String>,
    pub socket_mode: bool,
    /// What the bot's token may do; `None` is everything.
    pub scopes: Option<Vec<String>>,
    /// Commands show whom and what they mention as `<@U…|name>` and `<#C…|name>`.
    pub should_escape: bool,
    /// Links to these domains are shown to the app.
    pub unfurl_domains: Vec<String>,
    /// The bot's token was given up with `auth.revoke`.
    pub revoked: bool,
}

impl Settings {
    pub fn is_granted(&self, scope: &str) -> bool {
        match &self.scopes {
            None => true,
            Some(scopes) => scopes.iter().any(|granted| granted == scope),
        }
    }

    /// The scopes with commas between them, as headers and refusals name them.
    pub fn provided(&self) -> String {
        match &self.scopes {
            None => EVERY_SCOPE.join(","),
            Some(scopes) => scopes.join(","),
        }
    }
}

impl World {
    /// The address of a socket, to be used once and soon.
    pub fn new_link(&mut self) -> String {
        let ticket = format!("{:032x}", fastrand::u128(..));
        self.link_tickets
            .retain(|_, made| made.elapsed() < TICKET_LIFE);
        self.link_tickets.insert(ticket.clone(), Instant::now());
        let base = self.url.replacen("http", "ws", 1);
        format!("{base}/link/?ticket={ticket}&app_id={}", self.app.app_id)
    }

    pub fn use_link_ticket(&mut self, ticket: &str) -> bool {
        self.link_tickets
            .remove(ticket)
            .is_some_and(|made| made.elapsed() < TICKET_LIFE)
    }
}
