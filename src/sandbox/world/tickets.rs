//! The two short-lived permissions Slack hands to an app: trigger ids (to open a modal) and
//! response urls (to answer without a token).

use super::World;

/// A trigger opens one modal within this long.
const TRIGGER_LIFE_MICROS: i64 = 3_000_000;
/// A response_url answers for this long, and at most this often.
const HOOK_LIFE_SECONDS: i64 = 30 * 60;
const HOOK_USES: u32 = 5;

#[derive(Debug, Clone)]
pub struct Trigger {
    pub user: String,
    pub created_micros: i64,
    pub exchanged: bool,
}

#[derive(Debug, Clone)]
pub struct Hook {
    pub user: String,
    pub channel: String,
    /// The message the interaction happened in; commands have none.
    pub source: Source,
    /// The thread of that message, where an ephemeral answer appears.
    pub thread_ts: Option<String>,
    created: i64,
    uses: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Nothing,
    Message(String),
    Ephemeral(String),
}

impl World {
    pub fn new_trigger(&mut self, user: &str) -> String {
        let now = self.clock.micros();
        // Old ones are forgotten after an hour; until then they are known to be expired.
        self.triggers
            .retain(|_, trigger| now - trigger.created_micros < 3_600_000_000);
        let id = format!(
            "{}.{}.{:032x}",
            fastrand::u64(1_000_000_000_000..10_000_000_000_000),
            fastrand::u64(100_000_000..1_000_000_000),
            fastrand::u128(..)
        );
        self.triggers.insert(
            id.clone(),
            Trigger {
                user: user.to_owned(),
                created_micros: now,
                exchanged: false,
            },
        );
        id
    }

    /// Uses the trigger up and answers whose screen the modal is for.
    pub fn exchange_trigger(&mut self, id: &str) -> Result<String, &'static str> {
        let now = self.clock.micros();
        let trigger = self.triggers.get_mut(id).ok_or("invalid_trigger_id")?;
        if trigger.exchanged {
            return Err("exchanged_trigger_id");
        }
        if now - trigger.created_micros > TRIGGER_LIFE_MICROS {
            return Err("expired_trigger_id");
        }
        trigger.exchanged = true;
        Ok(trigger.user.clone())
    }

    /// A new response_url. `kind` is the part of the path: commands, actions or app.
    pub fn new_hook(
        &mut self,
        kind: &str,
        user: &str,
        channel: &str,
        source: Source,
        thread_ts: Option<String>,
    ) -> String {
        let id = format!(
            "{}-{}-{:032x}",
            self.workspace.id,
            fastrand::u32(..),
            fastrand::u128(..)
        );
        let url = format!("{}/hooks/{kind}/{id}", self.url);
        self.hooks.insert(
            id,
            Hook {
                user: user.to_owned(),
                channel: channel.to_owned(),
                source,
                thread_ts,
                created: self.clock.seconds(),
                uses: 0,
            },
        );
        url
    }

    /// Uses the hook once.
    pub fn use_hook(&mut self, id: &str) -> Result<Hook, &'static str> {
        let now = self.clock.seconds();
        let hook = self.hooks.get_mut(id).ok_or("invalid_url")?;
        if now - hook.created > HOOK_LIFE_SECONDS {
            return Err("expired_url");
        }
        if hook.uses >= HOOK_USES {
            return Err("used_url");
        }
        hook.uses += 1;
        Ok(hook.clone())
    }
}
