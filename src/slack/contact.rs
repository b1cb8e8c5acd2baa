//! Whether Slack can be talked to at all, as far as the last calls showed, and what whoever runs
//! Balefire can do about it. Said when it begins and when it is over, and not with every call;
//! what single calls were refused for is the business of whoever made them.

use std::{
    error::Error,
    io::{self, ErrorKind},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::api::CallError;

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
#[derive(Default)]
pub struct Contact(Mutex<Option<Hindrance>>);

impl Contact {
    pub fn hindrance(&self) -> Option<Hindrance> {
        self.lock().clone()
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
        let before = std::mem::replace(&mut *self.lock(), found.clone());
        match found {
            Some(hindrance) if before.as_ref() == Some(&hindrance) => {}
            Some(hindrance) if hindrance.needs_somebody() => tracing::error!("{hindrance}"),
            Some(hindrance) => tracing::warn!("{hindrance}"),
            None if before.is_some() => tracing::info!("Slack answers again"),
            None => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Hindrance>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why no connection came about, in words; libraries hide it several errors deep.
pub fn why_unreached(error: &(dyn Error + 'static)) -> String {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return tls_failed(tls);
        }
        // Neither the client nor the system has a type of its own for it.
        let text = error.to_string();
        if text.contains("dns error") || text.contains("failed to lookup address") {
            return "its name cannot be resolved".into();
        }
        next = match error.downcast_ref::<io::Error>() {
            // One that only carries another error would be passed over with it by `source`.
            Some(carrier) => match carrier.get_ref() {
                Some(carried) => Some(carried),
                None => return plainly(carrier).map_or_else(|| carrier.to_string(), str::to_owned),
            },
            None => error.source(),
        };
    }
    "no connection came about".into()
}

fn tls_failed(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(_) => {
            format!("its certificate is not trusted here, perhaps a proxy's ({error})")
        }
        rustls::Error::InvalidMessage(_) => "what answers there does not speak TLS".into(),
        error => format!("TLS failed ({error})"),
    }
}

/// What the system says of a connection, as far as it has a word of its own here.
pub fn plainly(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::ConnectionRefused => Some("the connection was refused"),
        ErrorKind::TimedOut => Some("the connection was not answered in time"),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            Some("there is no way to its network")
        }
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            Some("the other side cut it off")
        }
        ErrorKind::UnexpectedEof => Some("it ended in the middle of something"),
        _ => None,
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
        let contact = Contact::default();
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
    fn why_nothing_was_reached_is_found_below_other_errors() {
        #[derive(Debug, thiserror::Error)]
        #[error("client error (Connect)")]
        struct Client(#[source] Box<dyn Error + Send + Sync>);
        let below = |error: io::Error| why_unreached(&Client(Box::new(error)));
        let untrusted = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let no_tls = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        for (error, expected) in [
            (io::Error::from(ErrorKind::ConnectionRefused), "was refused"),
            (io::Error::from(ErrorKind::TimedOut), "in time"),
            (io::Error::from(ErrorKind::NetworkUnreachable), "no way"),
            (
                io::Error::other("dns error: no such name"),
                "cannot be resolved",
            ),
            (io::Error::other(untrusted), "certificate is not trusted"),
            (
                io::Error::other(io::Error::other(no_tls)),
                "does not speak TLS",
            ),
            (io::Error::other("odd"), "no connection came about"),
        ] {
            let told = below(error);
            assert!(told.contains(expected), "{told}");
        }
    }
}
