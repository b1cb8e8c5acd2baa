//! A small Google over loopback: tokens for one service account, whose assertions it verifies, and
//! the members of groups as the Directory API gives them, with faults by script.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, OnceLock},
};

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use axum::{
    Form, Router,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use balefire::{
    clock::Clock,
    config::{self, Checks, Sources},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

pub const ACCOUNT: &str = "desk@balefire-tests.iam.gserviceaccount.com";
/// The administrator in whose name the account may read.
pub const ADMIN: &str = "admin@example.com";
const SCOPE: &str = "https://www.googleapis.com/auth/admin.directory.group.member.readonly";

/// What goes wrong with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Unauthorized,
    Forbidden,
    SwitchedOff,
    Quota,
    /// Too many requests; to be tried again after so many seconds.
    Busy(u64),
    NotFound,
    Internal,
    Unavailable,
    /// Half of the answer, and its end.
    CutOff,
    /// Half of the answer, and the connection is gone.
    Broken,
    Html,
    Silent,
    Elsewhere,
    Huge,
    /// The next page is always this one.
    Circle,
    Says(u16, &'static str),
}

pub struct GoogleFake {
    address: SocketAddr,
    shared: Shared,
    server: tokio::task::JoinHandle<()>,
}

type Shared = Arc<Mutex<World>>;

struct World {
    address: SocketAddr,
    groups: BTreeMap<String, Vec<Value>>,
    page_size: usize,
    stumbles: BTreeMap<String, VecDeque<Fault>>,
    /// After so many good answers.
    faults: BTreeMap<String, (usize, Fault)>,
    token_fault: Option<Fault>,
    delegated: bool,
    /// How much later it is here.
    ahead: i64,
    /// Tokens that are good.
    tokens: BTreeSet<String>,
    /// Everything that nobody may see.
    secrets: Vec<String>,
    claims: Vec<Value>,
    /// What was asked: the path as it came, with what follows it.
    asked: Vec<String>,
    elsewhere: usize,
}

impl GoogleFake {
    pub async fn start() -> GoogleFake {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(World {
            address,
            groups: BTreeMap::new(),
            page_size: 200,
            stumbles: BTreeMap::new(),
            faults: BTreeMap::new(),
            token_fault: None,
            delegated: true,
            ahead: 0,
            tokens: BTreeSet::new(),
            secrets: Vec::new(),
            claims: Vec::new(),
            asked: Vec::new(),
            elsewhere: 0,
        }));
        let members = "/admin/directory/v1/groups/{group}/members";
        let routes = Router::new()
            .route("/token", post(token))
            .route(members, get(page))
            .route("/elsewhere", get(elsewhere))
            .with_state(shared.clone());
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        GoogleFake {
            address,
            shared,
            server,
        }
    }

    /// Settings with the account's own key, in the administrator's name.
    pub fn settings(&self) -> config::Google {
        settings(self.environment())
    }

    /// The same as variables.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.variables(&key_pair(), ADMIN)
    }

    /// Settings with another key, in somebody else's name, or in the account's own if that is empty.
    pub fn settings_with(&self, key: &KeyPair, subject: &str) -> config::Google {
        settings(self.variables(key, subject))
    }

    fn variables(&self, key: &KeyPair, subject: &str) -> Vec<(String, String)> {
        let address = self.address;
        let key = json!({
            "type": "service_account",
            "project_id": "balefire-tests",
            "private_key_id": "1",
            "private_key": pem(key),
            "client_email": ACCOUNT,
            "client_id": "1234567890",
            "token_uri": format!("http://{address}/token"),
        });
        let named = |name: &str, value: String| (format!("BALEFIRE__GOOGLE__{name}"), value);
        vec![
            named("SERVICE_ACCOUNT", key.to_string()),
            named("SUBJECT", subject.to_owned()),
            named("API_URL", format!("http://{address}")),
        ]
    }

    /// A group with these members. Whoever is a group, too, is listed as one.
    pub fn group(&self, address: &str, members: &[&str]) {
        let rows = members.iter().map(|it| json!({ "email": it })).collect();
        self.world().groups.insert(address.to_owned(), rows);
    }

    /// Another member, as Google would describe it.
    pub fn member(&self, group: &str, row: Value) {
        let mut world = self.world();
        world.groups.entry(group.to_owned()).or_default().push(row);
    }

    /// Gives at most so many members at once.
    pub fn pages_of(&self, members: usize) {
        self.world().page_size = members;
    }

    /// Every question for the group fails from now on.
    pub fn fails(&self, group: &str, fault: Fault) {
        self.fails_after(group, 0, fault);
    }

    /// Every question for the group fails after so many that do not.
    pub fn fails_after(&self, group: &str, answers: usize, fault: Fault) {
        self.world()
            .faults
            .insert(group.to_owned(), (answers, fault));
    }

    /// The next questions for the group fail.
    pub fn stumbles(&self, group: &str, faults: &[Fault]) {
        self.world()
            .stumbles
            .insert(group.to_owned(), faults.iter().copied().collect());
    }

    /// Questions for the group are answered again.
    pub fn works(&self, group: &str) {
        let mut world = self.world();
        world.faults.remove(group);
        world.stumbles.remove(group);
    }

    /// How tokens are answered from now on.
    pub fn tokens_fail(&self, fault: Option<Fault>) {
        self.world().token_fault = fault;
    }

    /// Takes back every token that was given.
    pub fn revokes_tokens(&self) {
        self.world().tokens.clear();
    }

    /// Nobody allowed the account to act for others.
    pub fn takes_delegation_back(&self) {
        self.world().delegated = false;
    }

    pub fn clock_is_ahead(&self, seconds: i64) {
        self.world().ahead = seconds;
    }

    /// What tokens were asked for with.
    pub fn claims(&self) -> Vec<Value> {
        self.world().claims.clone()
    }

    /// The questions for members so far.
    pub fn asked(&self) -> Vec<String> {
        self.world().asked.clone()
    }

    /// How often somebody came where it sent them.
    pub fn elsewhere(&self) -> usize {
        self.world().elsewhere
    }

    /// Whether a text has an assertion, a token or a part of the key in it.
    pub fn is_betrayed_by(&self, text: &str) -> bool {
        let pem = pem(&key_pair());
        let key = pem.lines().nth(3).unwrap();
        let world = self.world();
        let mut secrets = world.secrets.iter().map(String::as_str);
        assert!(!world.secrets.is_empty(), "there is something to tell");
        text.contains(key) || secrets.any(|it| text.contains(it))
    }

    /// Nobody answers any more when this is done.
    pub async fn stop(mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.lock().unwrap()
    }
}

impl Drop for GoogleFake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The account's key; to make one takes a moment, so there is one.
pub fn key_pair() -> Arc<KeyPair> {
    static PAIR: OnceLock<Arc<KeyPair>> = OnceLock::new();
    PAIR.get_or_init(|| Arc::new(another_key_pair())).clone()
}

pub fn another_key_pair() -> KeyPair {
    KeyPair::generate(KeySize::Rsa2048).unwrap()
}

/// As Google writes it.
fn pem(key: &KeyPair) -> String {
    let text = STANDARD.encode(key.as_der().unwrap().as_ref());
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|at| &text[at..text.len().min(at + 64)])
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n")
}

fn settings(environment: Vec<(String, String)>) -> config::Google {
    let sources = Sources {
        environment,
        ..Sources::default()
    };
    let checks = Checks {
        zone_exists: |_| true,
        log_filter: |_| Ok(()),
    };
    let settings = config::load_partial(&sources, &checks);
    settings
        .unwrap_or_else(|problems| panic!("{problems}"))
        .google
}

async fn token(
    State(shared): State<Shared>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let fault = {
        let mut world = shared.lock().unwrap();
        world.secrets.push(form["assertion"].clone());
        world.token_fault
    };
    if let Some(fault) = fault {
        return failed(fault, &shared, "{\"access_token\":\"x\"}").await;
    }
    assert_eq!(
        form["grant_type"],
        "urn:ietf:params:oauth:grant-type:jwt-bearer"
    );
    let mut world = shared.lock().unwrap();
    match world.grant(&form["assertion"]) {
        Ok(token) => axum::Json(json!({
            "access_token": token, "expires_in": 3599, "token_type": "Bearer",
        }))
        .into_response(),
        Err((status, error, description)) => {
            let said = json!({ "error": error, "error_description": description });
            (status, axum::Json(said)).into_response()
        }
    }
}

type Denied = (StatusCode, &'static str, &'static str);

impl World {
    /// A token, if the assertion is one that Google would take.
    fn grant(&mut self, assertion: &str) -> Result<String, Denied> {
        let denied = |error, description| Err((StatusCode::BAD_REQUEST, error, description));
        // What is signed has the padding in it.
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        let key = key_pair();
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key());
        if key.verify(signed.as_bytes(), &decoded(signature)).is_err() {
            return denied("invalid_grant", "Invalid JWT Signature.");
        }
        let (head, claims) = signed.split_once('.').unwrap();
        let head: Value = serde_json::from_slice(&decoded(head)).unwrap();
        assert_eq!(head["alg"], "RS256");
        let claims: Value = serde_json::from_slice(&decoded(claims)).unwrap();
        self.claims.push(claims.clone());
        assert_eq!(claims["iss"], ACCOUNT);
        assert_eq!(claims["aud"], format!("http://{}/token", self.address));
        assert_eq!(claims["scope"], SCOPE);
        let now = Clock::system().now().epoch() + self.ahead;
        let (from, to) = (
            claims["iat"].as_i64().unwrap(),
            claims["exp"].as_i64().unwrap(),
        );
        if to - from > 3600 || from > now + 300 || to < now {
            let said = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a \
                        reasonable timeframe. Check your iat and exp values in the JWT claim.";
            return denied("invalid_grant", said);
        }
        match claims["sub"].as_str() {
            Some(_) if !self.delegated => {
                let said = "Client is unauthorized to retrieve access tokens using this method, or \
                            client not authorized for any of the scopes requested.";
                return Err((StatusCode::UNAUTHORIZED, "unauthorized_client", said));
            }
            None | Some(ADMIN) => {}
            Some(_) => return denied("invalid_grant", "Invalid email or User ID"),
        }
        let token = format!("ya29.token-number-{}", self.secrets.len());
        self.tokens.insert(token.clone());
        self.secrets.push(token.clone());
        Ok(token)
    }

    /// What goes wrong with this question, if anything.
    fn fault(&mut self, group: &str) -> Option<Fault> {
        let stumble = self.stumbles.get_mut(group).and_then(VecDeque::pop_front);
        stumble.or_else(|| match self.faults.get_mut(group) {
            Some((0, fault)) => Some(*fault),
            Some((answers, _)) => {
                *answers -= 1;
                None
            }
            None => None,
        })
    }

    /// A group is known by its address and by its ID.
    fn address_of(&self, group: &str) -> Option<String> {
        let mut known = self.groups.keys();
        known.find(|it| *it == group || id(it) == group).cloned()
    }

    fn page(&self, group: &str, query: &BTreeMap<String, String>) -> Value {
        let from = query.get("pageToken").map_or(0, |it| {
            let offset = it.strip_prefix("from /+&=");
            offset.unwrap().parse().unwrap()
        });
        let rows = &self.groups[group];
        let to = rows.len().min(from + self.page_size);
        let mut page = json!({ "kind": "admin#directory#members", "etag": "\"x\"" });
        let members: Vec<Value> = rows[from..to].iter().map(|it| self.row(it)).collect();
        if !members.is_empty() {
            page["members"] = members.into();
        }
        if to < rows.len() {
            page["nextPageToken"] = format!("from /+&={to}").into();
        }
        page
    }

    fn row(&self, given: &Value) -> Value {
        let email = given["email"].as_str().unwrap_or_default();
        let mut row = json!({
            "kind": "admin#directory#member", "etag": "\"x\"", "id": id(email), "role": "MEMBER",
        });
        match self.groups.contains_key(email) {
            true => row["type"] = "GROUP".into(),
            false => {
                row["type"] = "USER".into();
                row["status"] = "ACTIVE".into();
            }
        }
        let row_fields = row.as_object_mut().unwrap();
        row_fields.extend(given.as_object().unwrap().clone());
        row
    }
}

async fn page(
    State(shared): State<Shared>,
    Path(group): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let (fault, said) = {
        let mut world = shared.lock().unwrap();
        world.asked.push(uri.to_string());
        let token = headers[header::AUTHORIZATION].to_str().unwrap();
        let token = token.strip_prefix("Bearer ").unwrap();
        assert_eq!(query["maxResults"], "200");
        let known = world.address_of(&group);
        let fault = match (&known, world.tokens.contains(token)) {
            (_, false) => Some(Fault::Unauthorized),
            (None, _) => Some(world.fault(&group).unwrap_or(Fault::NotFound)),
            (Some(address), _) => world.fault(address),
        };
        let said = known.map_or(Value::Null, |address| world.page(&address, &query));
        (fault, said)
    };
    match fault {
        Some(Fault::Circle) => {
            let mut said = said;
            said["nextPageToken"] = "from /+&=0".into();
            axum::Json(said).into_response()
        }
        Some(fault) => failed(fault, &shared, &said.to_string()).await,
        None => axum::Json(said).into_response(),
    }
}

async fn elsewhere(State(shared): State<Shared>) -> Response {
    shared.lock().unwrap().elsewhere += 1;
    axum::Json(json!({ "kind": "admin#directory#members" })).into_response()
}

/// The answer to a question that `said` would be the right answer to.
async fn failed(fault: Fault, shared: &Shared, said: &str) -> Response {
    let half = said[..said.len() / 2].to_owned();
    let json = [(header::CONTENT_TYPE, "application/json; charset=UTF-8")];
    match fault {
        Fault::Unauthorized => error(401, "authError", "Invalid Credentials"),
        Fault::Forbidden => error(
            403,
            "forbidden",
            "Not Authorized to access this resource/api",
        ),
        Fault::SwitchedOff => error(403, "accessNotConfigured", "Admin SDK API is disabled"),
        Fault::Quota => error(403, "userRateLimitExceeded", "User Rate Limit Exceeded"),
        Fault::Busy(seconds) => {
            let mut answer = error(429, "rateLimitExceeded", "Rate Limit Exceeded");
            let headers = answer.headers_mut();
            headers.insert(header::RETRY_AFTER, seconds.into());
            answer
        }
        Fault::NotFound => error(404, "notFound", "Resource Not Found: groupKey"),
        Fault::Internal => error(500, "backendError", "Internal error encountered."),
        Fault::Unavailable => error(503, "backendError", "Service unavailable. Please try again"),
        Fault::CutOff => (json, half).into_response(),
        Fault::Broken => {
            let gone = stream::once(async {
                // What came before is sent meanwhile.
                tokio::task::yield_now().await;
                Err(std::io::Error::other("gone"))
            });
            let parts = stream::iter([Ok(half)]).chain(gone);
            (json, Body::from_stream(parts)).into_response()
        }
        Fault::Html => axum::response::Html("<h1>Log in</h1>").into_response(),
        Fault::Silent => std::future::pending().await,
        Fault::Elsewhere => {
            let address = shared.lock().unwrap().address;
            let to = [(header::LOCATION, format!("http://{address}/elsewhere"))];
            (StatusCode::FOUND, to).into_response()
        }
        Fault::Huge => (json, " ".repeat(5 * 1024 * 1024)).into_response(),
        Fault::Circle => unreachable!("made where the page is known"),
        Fault::Says(status, said) => {
            (StatusCode::from_u16(status).unwrap(), json, said).into_response()
        }
    }
}

fn error(status: u16, reason: &str, message: &str) -> Response {
    let said = json!({ "error": {
        "code": status,
        "message": message,
        "errors": [{ "domain": "global", "reason": reason, "message": message }],
    } });
    (StatusCode::from_u16(status).unwrap(), axum::Json(said)).into_response()
}

fn id(address: &str) -> String {
    address.bytes().map(|it| format!("{it:02x}")).collect()
}

/// A part of an assertion. Google takes it with or without padding.
fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).unwrap()
}
