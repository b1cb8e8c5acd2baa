//! Why the app did not answer as it should, in a sentence for whoever runs the sandbox. People in
//! a workspace of Slack's only ever see the name of an error; here it is said in the terminal when
//! it begins and when it is over, and beside what the person sees.

use super::Reply;
use crate::sandbox::shared::Shared;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::{Mutex, PoisonError};

/// What is wrong at the moment.
#[derive(Debug, Default)]
pub struct Troubles(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// By what was called.
    now: BTreeMap<String, String>,
    /// Of the last call, when that went wrong.
    last: Option<String>,
}

impl Troubles {
    /// The trouble with the last call to the app.
    pub fn last(&self) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.last.clone()
    }

    fn notice(&self, path: &str, found: Option<String>) {
        let before = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.last.clone_from(&found);
            match &found {
                Some(sentence) => known.now.insert(path.to_owned(), sentence.clone()),
                None => known.now.remove(path),
            }
        };
        match found {
            Some(sentence) if before.as_ref() == Some(&sentence) => {}
            Some(sentence) => tracing::warn!("{sentence}"),
            None if before.is_some() => tracing::info!("The app answers {path} again."),
            None => {}
        }
    }
}

impl Shared {
    /// Takes in how a call to the app ended.
    pub fn notice(&self, path: &str, reply: &Reply) {
        let place = match (self.is_socket_mode(), self.app_url()) {
            (true, _) => Place::Socket,
            (false, Some(url)) => Place::Url(format!("{url}/slack/{path}")),
            (false, None) => Place::Nowhere,
        };
        self.troubles.notice(path, sentence(&place, reply));
    }
}

enum Place {
    Url(String),
    Socket,
    Nowhere,
}

fn sentence(place: &Place, reply: &Reply) -> Option<String> {
    if reply.is_success() {
        return None;
    }
    let url = match place {
        Place::Url(url) => url,
        Place::Nowhere => return Some("No app is connected to this sandbox.".into()),
        Place::Socket => {
            return Some(match reply {
                Reply::Unreachable(_) => "The app has no connection open. Start it in Socket \
                    Mode, with the address of this sandbox's API and its app-level token."
                    .into(),
                _ => "The app did not acknowledge what was sent over its connection within the \
                    three seconds that Slack waits."
                    .into(),
            });
        }
    };
    Some(match reply {
        Reply::Unreachable(why) => format!(
            "Nobody answers at {url}: {why}. Start the app there, or give the sandbox another \
             address for it."
        ),
        Reply::TimedOut => {
            format!("The app took longer than the three seconds that Slack waits, at {url}.")
        }
        Reply::TooManyRedirects => {
            format!("The app redirects more often than Slack follows, at {url}.")
        }
        Reply::Answered {
            status: status @ (401 | 403),
            ..
        } => format!(
            "The app refuses what is signed here with status {status}, at {url}: its signing \
             secret is not this sandbox's, or its clock is more than five minutes away."
        ),
        Reply::Answered {
            status: status @ (404 | 405),
            ..
        } => format!(
            "The app has nothing at {url}: it answered status {status}. It is asked below its \
             address at /slack/commands, /slack/interactivity and /slack/events."
        ),
        Reply::Answered { status, .. } => {
            format!("The app answered status {status} at {url}; its own log may say why.")
        }
    })
}

/// Why no answer came, in words; the client hides it several errors deep.
pub fn why(error: &reqwest::Error) -> String {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    let mut last = String::new();
    while let Some(error) = next {
        last = error.to_string();
        if last.contains("dns error") {
            return "its name cannot be resolved".into();
        }
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        match kind {
            Some(ErrorKind::ConnectionRefused) => return "the connection was refused".into(),
            Some(ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof) => {
                return "the connection was cut off before an answer came".into();
            }
            _ => {}
        }
        next = error.source();
    }
    match last.contains("certificate") || last.contains("corrupt message") {
        true => format!("TLS failed ({last})"),
        false => last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_fail_has_its_sentence() {
        let at = || Place::Url("http://a:1/slack/commands".into());
        let answered = |status| Reply::Answered {
            status,
            is_json: false,
            no_retry: false,
            body: bytes::Bytes::new(),
        };
        let refused = || Reply::Unreachable("the connection was refused".into());
        for (place, reply, expected) in [
            (
                at(),
                refused(),
                "http://a:1/slack/commands: the connection was refused",
            ),
            (at(), Reply::TimedOut, "three seconds"),
            (at(), Reply::TooManyRedirects, "redirects"),
            (at(), answered(401), "signing secret is not this sandbox's"),
            (at(), answered(404), "nothing at http://a:1/slack/commands"),
            (at(), answered(500), "status 500"),
            (Place::Socket, refused(), "no connection open"),
            (Place::Socket, Reply::TimedOut, "did not acknowledge"),
            (Place::Nowhere, refused(), "No app"),
        ] {
            let told = sentence(&place, &reply).unwrap_or_default();
            assert!(told.contains(expected), "{told}");
        }
        assert_eq!(sentence(&at(), &answered(200)), None);
    }
}
