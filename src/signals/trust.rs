//! Who is listened to: whoever knows a secret of the source, or signed the body with one.
//!
//! Of several secrets each is good, so that one can take the place of another without a gap. Nothing
//! here says to the sender why it was refused.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::{
    config::{SignalSource, Signing},
    domain::time::Timestamp,
};

/// How far a signed timestamp may be from our clock, in seconds, both ways.
const TOLERANCE: u64 = 300;

/// Why a request is not listened to; for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refused {
    #[error("no secret is set for it under [signals]")]
    Off,
    #[error(
        "it came without a secret, neither at the end of its address nor in the header \
         Authorization"
    )]
    NoSecret,
    #[error("its secret is none of those that are set")]
    Mismatch,
    #[error(
        "it is not signed, or a proxy in front of Balefire takes the headers with the signature \
         and its time away"
    )]
    NotSigned,
    #[error(
        "it was signed more than five minutes ago, or in the future: one of the two clocks is \
         wrong, or somebody sends an old request again"
    )]
    Stale,
    #[error("its signature fits none of the secrets that are set")]
    WrongSignature,
}

/// What somebody sent besides the body.
pub struct Credentials<'a> {
    /// The end of the address, where there is one.
    pub in_path: Option<&'a str>,
    pub headers: &'a HeaderMap,
}

/// What is asked for is what is set: a secret, a signature, or both.
pub fn check(
    source: &SignalSource,
    given: &Credentials<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refused> {
    if source.is_off() {
        return Err(Refused::Off);
    }
    if !source.secrets.is_empty() {
        let in_header = in_header(given.headers);
        let mut offered = [given.in_path, in_header.as_deref()].into_iter().flatten();
        match (offered.next(), offered.next()) {
            (None, _) => return Err(Refused::NoSecret),
            (Some(one), other) => {
                let fits = |it: &str| is_one_of(it, &source.secrets);
                if !fits(one) && !other.is_some_and(fits) {
                    return Err(Refused::Mismatch);
                }
            }
        }
    }
    match &source.signing {
        Some(signing) => check_signature(signing, given.headers, body, now),
        None => Ok(()),
    }
}

/// What `Authorization` brings: a bearer's token, or the password of somebody.
fn in_header(headers: &HeaderMap) -> Option<String> {
    let (scheme, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    pair.split_once(':')
        .map(|(_, password)| password.to_owned())
}

/// Takes as long for every answer, whichever secret it is and however much of it is right: what is
/// compared are digests that nobody outside can aim at.
fn is_one_of(given: &str, secrets: &[SecretString]) -> bool {
    let digest = |text: &str| {
        let mut mac = mac(text)?;
        mac.update(b"balefire");
        Some(mac)
    };
    let fits = |secret: &SecretString| -> Option<bool> {
        let wanted = digest(secret.expose_secret())?.finalize().into_bytes();
        Some(digest(given)?.verify_slice(&wanted).is_ok())
    };
    let hits = secrets.iter().filter(|it| fits(it) == Some(true));
    hits.count() > 0
}

/// Grafana's: HMAC-SHA256 in hex, over the body, or over `timestamp:body` where a header for the
/// timestamp is set.
fn check_signature(
    signing: &Signing,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refused> {
    let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
    let signature = header(&signing.header)
        .and_then(bytes_of_hex)
        .ok_or(Refused::NotSigned)?;
    let sent = match &signing.timestamp_header {
        Some(name) => Some(header(name).ok_or(Refused::NotSigned)?),
        None => None,
    };
    let fits = |secret: &SecretString| {
        let Some(mut mac) = mac(secret.expose_secret()) else {
            return false;
        };
        if let Some(sent) = sent {
            mac.update(sent.as_bytes());
            mac.update(b":");
        }
        mac.update(body);
        mac.verify_slice(&signature).is_ok()
    };
    if signing.secrets.iter().filter(|it| fits(it)).count() == 0 {
        return Err(Refused::WrongSignature);
    }
    // After the signature, so that only what was once signed can speak of clocks.
    let Some(sent) = sent else {
        return Ok(());
    };
    let sent: i64 = sent.trim().parse().map_err(|_| Refused::NotSigned)?;
    match now.epoch().abs_diff(sent) > TOLERANCE {
        true => Err(Refused::Stale),
        false => Ok(()),
    }
}

fn mac(key: &str) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(key.as_bytes()).ok()
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
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
    use axum::http::HeaderValue;

    use super::*;

    const OLD: &str = "an-old-secret-of-1999";
    const NEW: &str = "a-new-secret-of-2026";

    fn now() -> Timestamp {
        Timestamp::from_epoch(1_772_366_400)
    }

    fn rotating() -> SignalSource {
        SignalSource {
            secrets: vec![OLD.into(), NEW.into()],
            signing: None,
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            let name = axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    fn asked(
        source: &SignalSource,
        in_path: Option<&str>,
        pairs: &[(&'static str, &str)],
    ) -> Result<(), Refused> {
        let headers = headers(pairs);
        let given = Credentials {
            in_path,
            headers: &headers,
        };
        check(source, &given, b"{}", now())
    }

    #[test]
    fn each_secret_is_good_in_the_path_as_a_bearers_and_as_a_password() {
        let source = rotating();
        for secret in [OLD, NEW] {
            assert_eq!(asked(&source, Some(secret), &[]), Ok(()));
            let bearer = format!("Bearer {secret}");
            assert_eq!(asked(&source, None, &[("authorization", &bearer)]), Ok(()));
            let basic = format!("basic {}", STANDARD.encode(format!("anybody:{secret}")));
            assert_eq!(asked(&source, None, &[("authorization", &basic)]), Ok(()));
            // A proxy of theirs that wants to know who they are does no harm.
            let other = [("authorization", "Bearer of-somebody-else")];
            assert_eq!(asked(&source, Some(secret), &other), Ok(()));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let source = rotating();
        assert_eq!(asked(&source, None, &[]), Err(Refused::NoSecret));
        for wrong in ["", "x", &OLD[..20], "an-old-secret-of-19990"] {
            let path = asked(&source, Some(wrong), &[]);
            assert_eq!(path, Err(Refused::Mismatch), "{wrong}");
        }
        for header in ["Bearer x", &format!("Bearer {OLD} x")] {
            let asked = asked(&source, None, &[("authorization", header)]);
            assert_eq!(asked, Err(Refused::Mismatch), "{header}");
        }
        let user = format!("Basic {}", STANDARD.encode(format!("{OLD}:")));
        let as_user = asked(&source, None, &[("authorization", &user)]);
        assert_eq!(as_user, Err(Refused::Mismatch));
        for header in ["Basic %%%", OLD, "Digest x", "Basic eA=="] {
            let asked = asked(&source, None, &[("authorization", header)]);
            assert_eq!(asked, Err(Refused::NoSecret), "{header}");
        }
        let off = SignalSource::default();
        assert_eq!(asked(&off, Some(OLD), &[]), Err(Refused::Off));
        assert_eq!(asked(&off, Some(""), &[]), Err(Refused::Off));
    }

    /// Signs independently of the product's own code.
    fn signed(secret: &str, text: &str) -> String {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
        let tag = aws_lc_rs::hmac::sign(&key, text.as_bytes());
        tag.as_ref().iter().map(|it| format!("{it:02x}")).collect()
    }

    fn signing(timestamp_header: Option<&str>) -> SignalSource {
        SignalSource {
            secrets: Vec::new(),
            signing: Some(Signing {
                secrets: vec![OLD.into(), NEW.into()],
                header: "X-Grafana-Alerting-Signature".to_owned(),
                timestamp_header: timestamp_header.map(str::to_owned),
            }),
        }
    }

    const SIGNATURE: &str = "x-grafana-alerting-signature";
    const SENT: &str = "x-grafana-alerting-timestamp";

    #[test]
    fn a_body_is_signed_with_either_secret() {
        let source = signing(None);
        for secret in [OLD, NEW] {
            let right = signed(secret, "{}");
            assert_eq!(asked(&source, None, &[(SIGNATURE, &right)]), Ok(()));
        }
        let wrong = signed("another", "{}");
        let refused = asked(&source, None, &[(SIGNATURE, &wrong)]);
        assert_eq!(refused, Err(Refused::WrongSignature));
        let other = signed(OLD, "{ }");
        let refused = asked(&source, None, &[(SIGNATURE, &other)]);
        assert_eq!(refused, Err(Refused::WrongSignature));
        assert_eq!(asked(&source, None, &[]), Err(Refused::NotSigned));
        let short = [(SIGNATURE, "abc")];
        assert_eq!(asked(&source, None, &short), Err(Refused::NotSigned));
    }

    #[test]
    fn a_signed_time_may_be_five_minutes_off() {
        let source = signing(Some("X-Grafana-Alerting-Timestamp"));
        let at = |seconds: i64| {
            let sent = (now().epoch() + seconds).to_string();
            let signature = signed(NEW, &format!("{sent}:{{}}"));
            asked(&source, None, &[(SIGNATURE, &signature), (SENT, &sent)])
        };
        assert_eq!(at(0), Ok(()));
        assert_eq!(at(-300), Ok(()));
        assert_eq!(at(300), Ok(()));
        assert_eq!(at(-301), Err(Refused::Stale));
        assert_eq!(at(301), Err(Refused::Stale));
        let without = signed(NEW, "{}");
        let refused = asked(&source, None, &[(SIGNATURE, &without)]);
        assert_eq!(refused, Err(Refused::NotSigned));
        let sent = now().epoch().to_string();
        let refused = asked(&source, None, &[(SIGNATURE, &without), (SENT, &sent)]);
        assert_eq!(refused, Err(Refused::WrongSignature));
    }

    #[test]
    fn both_are_asked_for_where_both_are_set() {
        let source = SignalSource {
            secrets: vec![OLD.into()],
            ..signing(None)
        };
        let right = signed(NEW, "{}");
        assert_eq!(asked(&source, Some(OLD), &[(SIGNATURE, &right)]), Ok(()));
        let refused = asked(&source, None, &[(SIGNATURE, &right)]);
        assert_eq!(refused, Err(Refused::NoSecret));
        assert_eq!(asked(&source, Some(OLD), &[]), Err(Refused::NotSigned));
    }
}
