//! Tokens of a service account: the key, on whose behalf it asks, and what Google says when it gives
//! none. yup-oauth2 makes the assertion and keeps the token for the hour that it is good.

use std::time::Duration;

use anyhow::{Context, bail};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use secrecy::{ExposeSecret, SecretString};
use yup_oauth2::{
    AccessToken, CustomHyperClientBuilder, Error, ServiceAccountAuthenticator, ServiceAccountKey,
    authenticator::Authenticator,
    error::{AuthError, AuthErrorCode, SendError},
};

use super::{
    CONNECT,
    attempt::{Again, BROKEN, Failed},
    unread::{SCOPE, Unread, code},
};
use crate::telemetry::unreached::why_unreached;

type Connector = hyper_rustls::HttpsConnector<HttpConnector>;

const NO_KEY: &str = "google.service_account is not the key of a service account. Make a key of the \
                      type JSON under \"IAM & Admin\", \"Service Accounts\" in the Google Cloud \
                      console and give the whole file";

/// Who asks, as sentences name it.
pub struct Account {
    pub address: String,
    /// "in the name of …", or "in its own name".
    pub whose: String,
    pub project: String,
    client: String,
    subject: Option<String>,
}

/// Gives tokens, the same one as long as it is good.
pub struct Tokens {
    pub account: Account,
    authenticator: Authenticator<Connector>,
    host: String,
    timeout: Duration,
}

impl Tokens {
    /// Calls nobody.
    pub async fn new(
        key: &SecretString,
        subject: Option<&str>,
        timeout: Duration,
    ) -> anyhow::Result<Tokens> {
        // What these errors say may have parts of the key in it.
        let Ok(key) = yup_oauth2::parse_service_account_key(key.expose_secret()) else {
            bail!(NO_KEY);
        };
        // The library would panic at the first token.
        let Some(host) = host_of(&key.token_uri) else {
            bail!("token_uri of google.service_account is not a web address. {NO_KEY}");
        };
        let account = Account::of(&key, subject);
        let client = CustomHyperClientBuilder::from(
            Client::builder(TokioExecutor::new())
                .pool_max_idle_per_host(0)
                .build(connector()?),
        );
        let mut builder = ServiceAccountAuthenticator::with_client(key, client);
        if let Some(subject) = subject {
            builder = builder.subject(subject);
        }
        let Ok(authenticator) = builder.build().await else {
            bail!("private_key of google.service_account cannot be used. {NO_KEY}");
        };
        Ok(Tokens {
            account,
            authenticator,
            host,
            timeout,
        })
    }

    /// A token; a `fresh` one when the one that is kept was refused.
    pub async fn get(&self, fresh: bool) -> Result<String, Failed> {
        let asked = async {
            if !fresh {
                let kept = self.authenticator.token(&[SCOPE]).await?;
                // The library keeps any JSON object for ever, also one without a token.
                if is_token(&kept) {
                    return Ok(kept);
                }
            }
            self.authenticator.force_refreshed_token(&[SCOPE]).await
        };
        // The library's own limit does not reach to the end of the answer.
        match tokio::time::timeout(self.timeout, asked).await {
            Ok(Ok(given)) => match given.token() {
                Some(token) if is_token(&given) => Ok(token.to_owned()),
                _ => Err(self.not_google("there is no token in its answer")),
            },
            Ok(Err(error)) => Err(self.failed(error)),
            Err(_) => Err(self.not_reached(format!("no answer within {:?}", self.timeout))),
        }
    }

    fn failed(&self, error: Error) -> Failed {
        match error {
            Error::AuthError(refusal) => self.refused(&refusal),
            Error::JSONError(_) => self.not_google("its answer is cut off or no JSON"),
            Error::HttpClientError(SendError::Hyper(error)) if error.is_connect() => {
                self.not_reached(why_unreached(&error))
            }
            Error::HttpClientError(_) | Error::HttpError(_) => self.not_reached(BROKEN.into()),
            _ => self.not_google("there is no token in its answer"),
        }
    }

    /// <https://developers.google.com/identity/protocols/oauth2/service-account#error-codes>
    fn refused(&self, refusal: &AuthError) -> Failed {
        let said = refusal.error_description.as_deref().unwrap_or_default();
        let said = said.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|it| said.contains(it));
        let code = code(refusal.error.as_str());
        let Account {
            address: account,
            whose,
            client,
            subject,
            ..
        } = &self.account;
        let (account, whose) = (account.clone(), whose.clone());
        let unread = match (&refusal.error, code.as_str()) {
            (AuthErrorCode::UnauthorizedClient | AuthErrorCode::AccessDenied, _) => {
                Unread::NotDelegated {
                    account,
                    whose,
                    client: client.clone(),
                    code,
                }
            }
            (AuthErrorCode::InvalidGrant, _) if has(&["signature", "account not found"]) => {
                Unread::Key { account, code }
            }
            (AuthErrorCode::InvalidClient, _) | (_, "disabled_client" | "deleted_client") => {
                Unread::Key { account, code }
            }
            (AuthErrorCode::InvalidGrant, _) if has(&["timeframe", "short-lived"]) => Unread::Clock,
            (AuthErrorCode::InvalidGrant, _) if has(&["email", "user id"]) => match subject {
                Some(subject) => Unread::Subject {
                    subject: subject.clone(),
                },
                None => Unread::Key { account, code },
            },
            (_, "rate_limit_exceeded" | "quota_exceeded") => {
                return Failed::later(Unread::Quota { code });
            }
            (_, "internal_failure" | "server_error" | "temporarily_unavailable") => {
                return Failed::later(Unread::Trouble { what: code });
            }
            _ => Unread::NoToken {
                account,
                whose,
                code,
            },
        };
        Failed::for_good(unread)
    }

    fn not_reached(&self, why: String) -> Failed {
        let host = self.host.clone();
        Failed::for_good(Unread::NotReached { host, why })
    }

    /// Which status came with it the library does not tell; most often it is a server's in trouble.
    fn not_google(&self, what: &str) -> Failed {
        let (host, what) = (self.host.clone(), what.to_owned());
        Failed {
            unread: Unread::NotGoogle { host, what },
            again: Again::After(None),
        }
    }
}

impl Account {
    fn of(key: &ServiceAccountKey, subject: Option<&str>) -> Account {
        let named = |what: &str, name: &Option<String>| match name {
            Some(name) => format!("{what} {name}"),
            None => format!("{what} of the service account"),
        };
        Account {
            address: key.client_email.clone(),
            whose: match subject {
                Some(subject) => format!("in the name of {subject}"),
                None => "in its own name".into(),
            },
            project: named("the project", &key.project_id),
            client: named("the client ID", &key.client_id),
            subject: subject.map(str::to_owned),
        }
    }
}

/// Nothing kept between calls: tokens are asked for once an hour at most.
fn connector() -> anyhow::Result<Connector> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_connect_timeout(Some(CONNECT));
    let roots = hyper_rustls::HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(rustls::crypto::aws_lc_rs::default_provider())
        .context("this machine has no certificates to know Google by: install ca-certificates")?;
    Ok(roots
        .https_or_http()
        .enable_http1()
        .enable_http2()
        .wrap_connector(http))
}

fn host_of(address: &str) -> Option<String> {
    let address: hyper::Uri = address.parse().ok()?;
    let web = matches!(address.scheme_str(), Some("https" | "http"));
    address.host().filter(|_| web).map(str::to_owned)
}

fn is_token(given: &AccessToken) -> bool {
    given.token().is_some_and(|it| !it.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_give_tokens() {
        for (address, host) in [
            (
                "https://oauth2.googleapis.com/token",
                Some("oauth2.googleapis.com"),
            ),
            ("http://127.0.0.1:99/token", Some("127.0.0.1")),
            ("ftp://oauth2.googleapis.com", None),
            ("oauth2.googleapis.com", None),
            ("/token", None),
            ("https://exa mple/token", None),
            ("", None),
        ] {
            assert_eq!(host_of(address).as_deref(), host, "{address}");
        }
    }
}
