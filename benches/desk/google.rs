//! What stands in Google's place: gives every account a token and lists made-up groups, page by page
//! and at once. It checks nothing; the Google of the tests does that.

use std::{
    collections::BTreeMap,
    ops::Range,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context, ensure};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

/// In every so many groups half of the members are in a group within it.
const NESTED: usize = 10;

/// Groups of `people`, who are called as they are at Slack.
#[derive(Clone, Copy)]
pub struct Groups {
    pub count: usize,
    pub people: usize,
    /// Members of the first one.
    pub largest: usize,
    /// Members of each of the others.
    pub each: usize,
}

pub struct Google {
    address: String,
    inner: Arc<Inner>,
    server: tokio::task::JoinHandle<()>,
}

struct Inner {
    groups: Groups,
    asked: AtomicUsize,
}

impl Groups {
    pub fn address(number: usize) -> String {
        format!("group-{number}@example.com")
    }

    pub fn memberships(&self) -> usize {
        self.largest + (self.count - 1) * self.each
    }

    /// Who is in a group, by its address or ID; none when there is no such group.
    fn members(&self, key: &str) -> Option<Members> {
        let name = key.strip_suffix("@example.com").unwrap_or(key);
        let (kind, number) = name.rsplit_once('-')?;
        let number = number.parse().ok().filter(|it| *it < self.count)?;
        let (all, nested) = match number {
            0 => (self.largest, false),
            _ => (self.each, number % NESTED == 0),
        };
        let first = number * self.each;
        let half = first + all / 2;
        let (people, within) = match (kind, nested) {
            ("group", false) => (first..first + all, None),
            ("group", true) => (half..first + all, Some(format!("inner-{number}"))),
            // They contain each other.
            ("inner", true) => (first..half, Some(format!("group-{number}"))),
            _ => return None,
        };
        Some(Members { people, within })
    }
}

/// Some people, and perhaps a group.
struct Members {
    people: Range<usize>,
    within: Option<String>,
}

impl Members {
    fn count(&self) -> usize {
        self.people.len() + usize::from(self.within.is_some())
    }

    /// One row of its list; there are `people` in the whole organisation.
    fn row(&self, at: usize, people: usize) -> String {
        match &self.within {
            Some(group) if at >= self.people.len() => row(group, "GROUP"),
            _ => row(
                &format!("person-{}", (self.people.start + at) % people),
                "USER",
            ),
        }
    }
}

/// A member as the Directory API describes them.
fn row(name: &str, kind: &str) -> String {
    format!(
        "{{\"kind\":\"admin#directory#member\",\"etag\":\"\\\"3jPhc8JpHh0ZTqL4tRSq1gXyNk0vYdE7bWmVuCoQi2U/\
         aB5rKx9fJwDn6sMzGv1eQpTlHcY\\\"\",\"id\":\"{name}\",\"email\":\"{name}@example.com\",\
         \"role\":\"MEMBER\",\"type\":\"{kind}\",\"status\":\"ACTIVE\"}}"
    )
}

impl Google {
    pub async fn start(groups: Groups) -> anyhow::Result<Google> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let asked = AtomicUsize::new(0);
        let inner = Arc::new(Inner { groups, asked });
        let router = Router::new()
            .route("/token", post(token))
            .route("/admin/directory/v1/groups/{group}/members", get(members))
            .with_state(inner.clone());
        let server = tokio::spawn(async move {
            // Only a listener that is broken ends this, and then everything fails loudly.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Google {
            address,
            inner,
            server,
        })
    }

    /// Pages that were asked for so far.
    pub fn asked(&self) -> usize {
        self.inner.asked.load(Ordering::Relaxed)
    }

    /// Variables of an account that this Google takes, with a key made for it.
    pub fn environment(&self) -> anyhow::Result<Vec<(&'static str, String)>> {
        let key = json!({
            "type": "service_account",
            "project_id": "bench",
            "private_key_id": "1",
            "private_key": private_key()?,
            "client_email": "desk@bench.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": format!("http://{}/token", self.address),
        });
        Ok(vec![
            ("BALEFIRE__GOOGLE__SERVICE_ACCOUNT", key.to_string()),
            ("BALEFIRE__GOOGLE__SUBJECT", "admin@example.com".to_owned()),
            (
                "BALEFIRE__GOOGLE__API_URL",
                format!("http://{}", self.address),
            ),
        ])
    }
}

impl Drop for Google {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// An RSA key as Google writes it. Nothing that this program is built with can make one.
fn private_key() -> anyhow::Result<String> {
    let mut openssl = Command::new("openssl");
    openssl.args("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048".split(' '));
    let made = openssl.output().context("openssl is not installed")?;
    ensure!(made.status.success(), "openssl makes no key");
    Ok(String::from_utf8(made.stdout)?)
}

async fn token() -> Json<Value> {
    Json(json!({ "access_token": "for-measuring", "expires_in": 3599, "token_type": "Bearer" }))
}

async fn members(
    State(inner): State<Arc<Inner>>,
    Path(group): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    inner.asked.fetch_add(1, Ordering::Relaxed);
    let Some(members) = inner.groups.members(&group) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let number = |name: &str| query.get(name).and_then(|it| it.parse::<usize>().ok());
    let from = number("pageToken").unwrap_or(0).min(members.count());
    let most = number("maxResults").unwrap_or(200);
    let to = members.count().min(from + most);
    let next = match to < members.count() {
        true => format!(",\"nextPageToken\":\"{to}\""),
        false => String::new(),
    };
    let rows: Vec<String> = (from..to)
        .map(|at| members.row(at, inner.groups.people))
        .collect();
    let page = format!(
        "{{\"kind\":\"admin#directory#members\",\"members\":[{}]{next}}}",
        rows.join(",")
    );
    ([(header::CONTENT_TYPE, "application/json")], page).into_response()
}
