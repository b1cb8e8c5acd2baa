//! One page of a group's members: the question, and what each kind of answer means. An answer that is
//! not Google's is no empty group.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Response, StatusCode, header::RETRY_AFTER};
use serde::Deserialize;
use serde_json::Value;

use super::{
    attempt::{Again, BROKEN, Failed},
    token::Account,
    unread::{Unread, code},
};
use crate::telemetry::unreached::why_unreached;

/// 200 members come to about 60 KB.
const LARGEST: usize = 4 * 1024 * 1024;

/// The most that Google gives at once.
const MEMBERS: &str = "200";

/// What an answer calls itself.
const KIND: &str = "admin#directory#members";

/// What may stand in a path as it is. Addresses have an @ besides, which Google wants encoded.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

#[derive(Debug)]
pub struct Page {
    pub members: Vec<Member>,
    pub next: Option<String>,
}

/// A person, a group or everybody.
#[derive(Debug, Deserialize)]
pub struct Member {
    pub id: Option<String>,
    pub email: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub status: Option<String>,
}

/// A group that is read: the one that was asked for, or one within it.
pub struct Place {
    /// What Google knows it by.
    pub key: String,
    /// What people know it by.
    pub name: String,
    /// The group that was asked for, if it is another one.
    pub within: Option<String>,
    pub depth: usize,
}

impl Place {
    fn told(&self) -> String {
        match &self.within {
            Some(root) => format!("{}, which is within {root}", self.name),
            None => self.name.clone(),
        }
    }
}

/// Where the questions go.
pub struct Api {
    pub http: reqwest::Client,
    pub url: String,
    pub host: String,
    pub timeout: Duration,
}

impl Api {
    pub async fn ask(
        &self,
        place: &Place,
        after: Option<&str>,
        token: &str,
        account: &Account,
    ) -> Result<Page, Failed> {
        let key = utf8_percent_encode(&place.key, PLAIN);
        let url = format!("{}/admin/directory/v1/groups/{key}/members", self.url);
        let mut query = vec![("maxResults", MEMBERS)];
        query.extend(after.map(|it| ("pageToken", it)));
        let request = self.http.get(url).query(&query).bearer_auth(token);
        let answer = request.send().await.map_err(|it| self.unreached(&it))?;
        let status = answer.status();
        let pause = pause_of(&answer);
        let body = self.body(answer).await?;
        if status == StatusCode::OK {
            return self.page(&body);
        }
        Err(self.refusal(status, pause, &body, place, account))
    }

    /// The body, unless it is larger than any answer of Google's.
    async fn body(&self, mut answer: Response) -> Result<Vec<u8>, Failed> {
        let mut body = Vec::new();
        let broken = |error: reqwest::Error| match error.is_timeout() {
            true => self.unreached(&error),
            false => self.not_google("its answer is cut off"),
        };
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > LARGEST {
                return Err(self.not_google("its answer is larger than 4 MiB"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn page(&self, body: &[u8]) -> Result<Page, Failed> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            kind: String,
            /// Not there when the group is empty.
            members: Option<Vec<Member>>,
            next_page_token: Option<String>,
        }
        let body: Body = serde_json::from_slice(body).map_err(|error| {
            self.not_google(match error.is_eof() {
                true => "its answer is cut off",
                false => "its answer is not a list of members",
            })
        })?;
        // Any other object would pass for an empty group, and everybody would lose their rights.
        if body.kind != KIND {
            return Err(self.not_google("its answer is not a list of members"));
        }
        Ok(Page {
            members: body.members.unwrap_or_default(),
            next: body.next_page_token.filter(|it| !it.is_empty()),
        })
    }

    fn refusal(
        &self,
        status: StatusCode,
        pause: Option<Duration>,
        body: &[u8],
        place: &Place,
        account: &Account,
    ) -> Failed {
        let said: Value = serde_json::from_slice(body).unwrap_or_default();
        let reasons = reasons(&said);
        let named = |words: &[&str]| reasons.iter().copied().find(|it| words.contains(it));
        let is_google = said["error"].is_object();
        let (group, address) = (place.told(), account.address.clone());
        let again = Again::After(pause);
        match (status.as_u16(), named(&PASSING)) {
            (401, _) => Failed {
                unread: Unread::Refused { account: address },
                again: Again::Fresh,
            },
            (403, Some(reason)) => Failed {
                unread: Unread::Quota { code: code(reason) },
                again,
            },
            // Over at midnight in California.
            (403, _) if named(&["dailyLimitExceeded"]).is_some() => {
                let code = "dailyLimitExceeded".into();
                Failed::for_good(Unread::Quota { code })
            }
            (403, _) if named(&["accessNotConfigured", "SERVICE_DISABLED"]).is_some() => {
                let project = account.project.clone();
                Failed::for_good(Unread::SwitchedOff { project })
            }
            (403, _) if is_google => Failed::for_good(Unread::Forbidden {
                account: address,
                whose: account.whose.clone(),
                group,
            }),
            (404, _) if is_google => Failed::for_good(Unread::Missing { group }),
            (429, reason) => Failed {
                unread: Unread::Quota {
                    code: code(reason.unwrap_or("429")),
                },
                again,
            },
            (status @ 500..=599, _) => Failed {
                unread: Unread::Trouble {
                    what: format!("HTTP status {status}"),
                },
                again,
            },
            (300..=399, _) => self.not_google("it sends whoever asks elsewhere"),
            (status, _) if is_google => Failed::for_good(Unread::Odd { group, status }),
            (status, _) => self.not_google(&format!("HTTP status {status}, not in Google's words")),
        }
    }

    fn unreached(&self, error: &reqwest::Error) -> Failed {
        let why = if error.is_timeout() {
            format!("no answer within {:?}", self.timeout)
        } else if error.is_connect() {
            why_unreached(error)
        } else {
            BROKEN.into()
        };
        let host = self.host.clone();
        Failed::for_good(Unread::NotReached { host, why })
    }

    pub fn not_google(&self, what: &str) -> Failed {
        let (host, what) = (self.host.clone(), what.to_owned());
        Failed::for_good(Unread::NotGoogle { host, what })
    }
}

/// Why Google refuses for a moment only.
const PASSING: [&str; 4] = [
    "userRateLimitExceeded",
    "rateLimitExceeded",
    "quotaExceeded",
    "RATE_LIMIT_EXCEEDED",
];

/// Why Google refuses, in its older and its newer form.
fn reasons(said: &Value) -> Vec<&str> {
    let error = &said["error"];
    let items = ["errors", "details"].map(|it| error[it].as_array().map_or(&[][..], Vec::as_slice));
    let items = items.into_iter().flatten();
    items.filter_map(|it| it["reason"].as_str()).collect()
}

/// Google gives seconds; a date is left to our own pauses.
fn pause_of(answer: &Response) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}
