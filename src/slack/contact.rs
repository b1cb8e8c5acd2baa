//! Whether Slack can be talked to at all, as far as the last calls showed, and what whoever runs
//! Balefire can do about it. Said when it begins and when it is over, and not with every call, nor
//! over and over while it comes and goes;
//! what single calls were refused for is the business of whoever made them.

use std::{
    mem::{Discriminant, discriminant},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::api::CallError;
use crate::{clock::Clock, domain::time::Timestamp};

/// A hindrance that comes and goes is said again after this time: some of Slack's calls may work
/// for hours while others do not.
const QUIET: Duration = Duration::from_secs(120);

/// What keeps every call from being carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Hindrance {
    #[error(
        "Slack does not know the bot token ({code}). Copy the Bot User OAuth Token, which starts \
         with xoxb-, from \"Install App\" in the app's settings into slack.bot_token, and start \
         Balefire again"
    )]
    Unknown { code: String },
    #[error(
        "The bot token is no longer good ({code}): it was revoked, or the app was removed from \
         the workspace. Install the app again under \"Install App\" in the app's settings, copy \
         the new Bot User OAuth Token into slack.bot_token, and start Balefire again. What is to \
         be delivered waits until then"
    )]
    Revoked { code: String },
    #[error(
        "Slack does not let the app into the workspace ({code}). Whoever administers the workspace \
         or its organisation can change that. What is to be delivered waits until then"
    )]
    Denied { code: String },
    #[error(
        "Something answers in Slack's place: {what}. It may be the page of a proxy or a login \
         between this machine and slack.com, or Slack has troubles of its own. What is to be \
         delivered waits and is tried again"
    )]
    Page { what: String },
    #[error(
        "Slack cannot be reached: {why}. Look at this machine's network, its DNS and its firewall, \
         and at slack.api_url. What is to be delivered waits and is tried again"
    )]
    Away { why: String },
}

impl Hindrance {
    /// What an error says about all calls, if anything.
    pub fn of(error: &CallError) -> Option<Hindrance> {
        match error {
            CallError::Refused { code, .. } => {
                let code = code.clone();
                match code.as_str() {
                    "invalid_auth" | "not_authed" | "not_allowed_token_type" => {
                        Some(Hindrance::Unknown { code })
                    }
                    "account_inactive" | "token_revoked" | "token_expired" => {
                        Some(Hindrance::Revoked { code })
                    }
                    "org_login_required"
                    | "ekm_access_denied"
                    | "accesslimited"
                    | "team_access_not_granted"
                    | "team_added_to_org"
                    | "user_removed_from_team" => Some(Hindrance::Denied { code }),
                    _ => None,
                }
            }
            CallError::NotSlack { what } => Some(Hindrance::Page { what: what.clone() }),
            CallError::Unreachable { why } => Some(Hindrance::Away { why: why.clone() }),
            CallError::RateLimited { .. } | CallError::Unknown { .. } => None,
        }
    }

    /// Whether it stays until somebody does something.
    pub fn needs_somebody(&self) -> bool {
        match self {
            Hindrance::Unknown { .. } | Hindrance::Revoked { .. } | Hindrance::Denied { .. } => {
                true
            }
            Hindrance::Page { .. } | Hindrance::Away { .. } => false,
        }
    }

    /// Whether another token is needed, so that the same one need not be tried.
    pub fn is_the_token(&self) -> bool {
        matches!(self, Hindrance::Unknown { .. } | Hindrance::Revoked { .. })
    }
}

/// What the last call showed.
pub struct Contact {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    hindrance: Option<Hindrance>,
    /// What the log said last, if it does not say since that it is over.
    said: Option<Hindrance>,
    /// When something of each kind was said last.
    said_at: Vec<(Discriminant<Hindrance>, Timestamp)>,
}

/// What should stand in the log now.
#[derive(Clone, Debug, PartialEq)]
enum Say {
    Trouble(Hindrance),
    Over,
}

impl Contact {
    pub fn new(clock: Clock) -> Contact {
        Contact {
            clock,
            state: Mutex::default(),
        }
    }

    pub fn hindrance(&self) -> Option<Hindrance> {
        self.lock().hindrance.clone()
    }

    /// Takes in how a call ended.
    pub fn learn(&self, error: Option<&CallError>) {
        let found = match error {
            None => None,
            Some(error) => match (Hindrance::of(error), error) {
                (Some(hindrance), _) => Some(hindrance),
                // Slack looked at the call, so token and network are well.
                (None, CallError::Refused { .. }) => None,
                // It says nothing about other calls.
                (None, _) => return,
            },
        };
        let say = self.lock().take_in(found, self.clock.now());
        match say {
            Some(Say::Trouble(it)) if it.needs_somebody() => tracing::error!("{it}"),
            Some(Say::Trouble(it)) => tracing::warn!("{it}"),
            Some(Say::Over) => tracing::info!("Slack answers again"),
            None => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_in(&mut self, found: Option<Hindrance>, now: Timestamp) -> Option<Say> {
        self.hindrance.clone_from(&found);
        let Some(hindrance) = found else {
            // Whoever read that it began reads that it is over.
            return self.said.take().map(|_| Say::Over);
        };
        let kind = discriminant(&hindrance);
        let lately = self
            .said_at
            .iter()
            .any(|(said, at)| *said == kind && *at <= now && now.since(*at) < QUIET);
        if lately || self.said.as_ref() == Some(&hindrance) {
            return None;
        }
        self.said = Some(hindrance.clone());
        self.said_at.retain(|(said, _)| *said != kind);
        self.said_at.push((kind, now));
        Some(Say::Trouble(hindrance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str) -> CallError {
        CallError::Refused {
            code: code.into(),
            detail: String::new(),
        }
    }

    #[test]
    fn every_hindrance_says_what_it_is_and_what_to_do() {
        let page = CallError::NotSlack {
            what: "a page that is not Slack's".into(),
        };
        let away = CallError::Unreachable {
            why: "the connection was refused".into(),
        };
        for (error, is, todo, by_somebody) in [
            (
                refused("invalid_auth"),
                "does not know the bot token",
                "slack.bot_token",
                true,
            ),
            (refused("not_authed"), "(not_authed)", "xoxb-", true),
            (
                refused("not_allowed_token_type"),
                "(not_allowed_token_type)",
                "xoxb-",
                true,
            ),
            (
                refused("token_revoked"),
                "no longer good",
                "Install the app again",
                true,
            ),
            (
                refused("token_expired"),
                "(token_expired)",
                "slack.bot_token",
                true,
            ),
            (
                refused("account_inactive"),
                "removed from the workspace",
                "Install App",
                true,
            ),
            (
                refused("org_login_required"),
                "does not let the app in",
                "administers",
                true,
            ),
            (
                refused("team_added_to_org"),
                "(team_added_to_org)",
                "waits",
                true,
            ),
            (page, "in Slack's place: a page", "proxy", false),
            (
                away,
                "cannot be reached: the connection was refused",
                "DNS",
                false,
            ),
        ] {
            let hindrance = Hindrance::of(&error).unwrap_or_else(|| panic!("{error}"));
            let sentence = hindrance.to_string();
            assert!(
                sentence.contains(is) && sentence.contains(todo),
                "{sentence}"
            );
            assert_eq!(hindrance.needs_somebody(), by_somebody, "{sentence}");
        }
    }

    #[test]
    fn what_a_single_call_is_refused_for_hinders_no_other() {
        let contact = Contact::new(Clock::system());
        contact.learn(Some(&refused("token_revoked")));
        assert!(contact.hindrance().is_some_and(|it| it.is_the_token()));
        // Nothing is known by these.
        contact.learn(Some(&CallError::RateLimited { seconds: 1 }));
        contact.learn(Some(&CallError::Unknown { why: "x".into() }));
        assert!(contact.hindrance().is_some());
        contact.learn(Some(&refused("channel_not_found")));
        assert_eq!(contact.hindrance(), None);
    }

    #[test]
    fn what_comes_and_goes_is_said_now_and_then_and_its_end_as_often() {
        let mut state = State::default();
        let page = |what: &str| Some(Hindrance::Page { what: what.into() });
        let away = Hindrance::Away { why: "x".into() };
        let noon = Timestamp::from_epoch(1_772_366_400);
        let mut said: Vec<(u64, Say)> = Vec::new();
        for second in 0..300 {
            let now = noon.plus(Duration::from_secs(second));
            // Two that differ in words only, another one, and a call that works.
            for found in [page("a"), page("b"), Some(away.clone()), None] {
                said.extend(state.take_in(found, now).map(|it| (second, it)));
            }
        }
        let expected = [0, 120, 240].map(|second| {
            let page = page("a").map(Say::Trouble).unwrap();
            [page, Say::Trouble(away.clone()), Say::Over].map(|it| (second, it))
        });
        assert_eq!(said, expected.concat());

        // What lasts is said after a while.
        let mut said = Vec::new();
        for second in 300..500 {
            let now = noon.plus(Duration::from_secs(second));
            said.extend(state.take_in(page("a"), now).map(|_| second));
        }
        assert_eq!(said, [360]);
    }
}
