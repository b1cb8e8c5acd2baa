//! Slack's request signature, version 0: HMAC-SHA256 over `v0:timestamp:body`.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::domain::time::Timestamp;

/// How far a request's timestamp may be from our clock, in seconds, both ways.
const TOLERANCE: u64 = 300;

/// Why a request is not believed. None of it is told to the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Untrusted {
    #[error(
        "it has none of Slack's signature. Slack signs everything: either somebody else calls \
         this address, or a proxy in front of Balefire takes the headers X-Slack-Signature and \
         X-Slack-Request-Timestamp away"
    )]
    Malformed,
    #[error(
        "it was signed more than five minutes ago, or in the future. If people's commands fail, \
         this machine's clock is wrong: set it, and keep it right with NTP; else somebody sends \
         an old request again"
    )]
    Stale,
    #[error(
        "its signature does not fit slack.signing_secret. If people's commands fail, compare that \
         with the Signing Secret under \"Basic Information\" in the app's settings, correct it, \
         and start Balefire again; else somebody who is not Slack calls this address"
    )]
    Mismatch,
}

/// Checks signatures with the app's signing secret.
pub struct Verifier {
    secret: SecretString,
}

impl Verifier {
    pub fn new(secret: SecretString) -> Verifier {
        Verifier { secret }
    }

    /// Compares in constant time, over the body as it came.
    pub fn verify(
        &self,
        timestamp: Option<&str>,
        signature: Option<&str>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), Untrusted> {
        let timestamp = timestamp.ok_or(Untrusted::Malformed)?;
        let sent: i64 = timestamp.parse().map_err(|_| Untrusted::Malformed)?;
        let signature = signature
            .and_then(|it| it.strip_prefix("v0="))
            .and_then(bytes_of_hex)
            .ok_or(Untrusted::Malformed)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes())
            .map_err(|_| Untrusted::Mismatch)?;
        mac.update(b"v0:");
        mac.update(timestamp.as_bytes());
        mac.update(b":");
        mac.update(body);
        mac.verify_slice(&signature)
            .map_err(|_| Untrusted::Mismatch)?;
        // After the signature, so that only what Slack once signed can speak of clocks.
        match now.epoch().abs_diff(sent) > TOLERANCE {
            true => Err(Untrusted::Stale),
            false => Ok(()),
        }
    }
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of Slack's documentation.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const SENT: &str = "1531420618";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn verify(
        sent: &str,
        signature: &str,
        body: &str,
        seconds_later: i64,
    ) -> Result<(), Untrusted> {
        let now = Timestamp::from_epoch(1_531_420_618 + seconds_later);
        Verifier::new(SECRET.into()).verify(Some(sent), Some(signature), body.as_bytes(), now)
    }

    #[test]
    fn slacks_own_example_is_believed() {
        assert_eq!(verify(SENT, SIGNATURE, BODY, 0), Ok(()));
    }

    #[test]
    fn five_minutes_either_way_are_the_limit() {
        assert_eq!(verify(SENT, SIGNATURE, BODY, 300), Ok(()));
        assert_eq!(verify(SENT, SIGNATURE, BODY, -300), Ok(()));
        assert_eq!(verify(SENT, SIGNATURE, BODY, 301), Err(Untrusted::Stale));
        assert_eq!(verify(SENT, SIGNATURE, BODY, -301), Err(Untrusted::Stale));
    }

    #[test]
    fn anything_that_differs_is_refused() {
        // What was never signed says nothing about clocks, however old it claims to be.
        assert_eq!(verify(SENT, SIGNATURE, "", 301), Err(Untrusted::Mismatch));
        let other = BODY.replace("roadrunner", "coyote");
        assert_eq!(verify(SENT, SIGNATURE, &other, 0), Err(Untrusted::Mismatch));
        assert_eq!(
            verify("1531420619", SIGNATURE, BODY, 0),
            Err(Untrusted::Mismatch)
        );
        let flipped = SIGNATURE.replace('3', "4");
        assert_eq!(verify(SENT, &flipped, BODY, 0), Err(Untrusted::Mismatch));
        for bad in ["", "v0=", "v1=00", &SIGNATURE[..60], "v0=žž"] {
            assert_eq!(
                verify(SENT, bad, BODY, 0),
                Err(Untrusted::Malformed),
                "{bad}"
            );
        }
        assert_eq!(
            verify("soon", SIGNATURE, BODY, 0),
            Err(Untrusted::Malformed)
        );
        let verifier = Verifier::new(SECRET.into());
        let now = Timestamp::from_epoch(1_531_420_618);
        assert_eq!(
            verifier.verify(None, None, b"", now),
            Err(Untrusted::Malformed)
        );
    }
}
