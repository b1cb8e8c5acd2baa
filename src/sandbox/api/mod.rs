//! Slack's Web API: which method is which function. Each function works on the locked world and
//! answers at once; the HTTP side is `http`, the reading of arguments `arguments`.

mod apps;
pub mod arguments;
mod bookmarks;
mod catalog;
mod channels;
mod chat;
mod conversations;
pub mod files;
pub mod http;
mod multipart;
mod page;
mod pins;
mod reactions;
mod scheduled;
pub mod scopes;
mod team;
mod unfurl;
mod usergroups;
mod users;
mod views;

pub use pins::{pin, unpin};
pub use reactions::react;

use super::blocks::Refusal;
use super::world::World;
use super::world::channel::Channel;
use arguments::Arguments;
use scopes::Needs;
use serde_json::{Map, Value, json};

/// A refused call: the error name, and what else goes into the answer.
#[derive(Debug, Clone)]
pub struct Fail {
    pub error: String,
    pub extra: Map<String, Value>,
}

impl Fail {
    pub fn new(error: impl Into<String>) -> Fail {
        Fail {
            error: error.into(),
            extra: Map::new(),
        }
    }

    fn missing(name: &str) -> Fail {
        Fail::invalid_arguments(&format!("missing required field: {name}"))
    }

    fn invalid_arguments(problem: &str) -> Fail {
        let mut fail = Fail::new("invalid_arguments");
        fail.extra.insert(
            "response_metadata".to_owned(),
            json!({"messages": [format!("[ERROR] {problem}")]}),
        );
        fail
    }

    pub fn into_answer(self) -> Value {
        let mut answer = self.extra;
        answer.insert("ok".to_owned(), json!(false));
        answer.insert("error".to_owned(), json!(self.error));
        Value::Object(answer)
    }
}

impl From<&str> for Fail {
    fn from(error: &str) -> Fail {
        Fail::new(error)
    }
}

/// Messages list their problems twice, views only in `response_metadata` (seen in real answers).
impl From<Refusal> for Fail {
    fn from(refusal: Refusal) -> Fail {
        let mut fail = Fail::new(refusal.error);
        if refusal.problems.is_empty() {
            return fail;
        }
        let messages: Vec<String> = refusal
            .problems
            .iter()
            .map(|problem| format!("[ERROR] {problem}"))
            .collect();
        if refusal.error == "invalid_blocks" {
            fail.extra
                .insert("errors".to_owned(), json!(refusal.problems));
        }
        fail.extra.insert(
            "response_metadata".to_owned(),
            json!({"messages": messages}),
        );
        fail
    }
}

/// The fields of a successful answer, without `ok`.
pub type Answer = Result<Value, Fail>;

/// Carries out one call.
pub fn call(world: &mut World, method: &str, arguments: &Arguments) -> Value {
    // The only method that needs no token.
    if method == "api.test" {
        return finish(team::api_test(arguments));
    }
    let Some(found) = catalog::find(method) else {
        return json!({"ok": false, "error": "unknown_method", "req_method": method});
    };
    let allowed =
        authorise(world, arguments, found.needs).and_then(|()| found.needs.check(world, arguments));
    if let Err(fail) = allowed {
        return fail.into_answer();
    }
    finish((found.act)(world, arguments))
}

/// How often a method may be called in a minute; `None` for one that does not exist.
pub fn calls_per_minute(method: &str) -> Option<usize> {
    catalog::find(method).map(|found| found.per_minute)
}

/// The scopes with which a method can be called, for a header.
pub fn accepted_scopes(method: &str) -> String {
    catalog::find(method).map_or_else(String::new, |found| found.needs.accepted())
}

fn authorise(world: &World, arguments: &Arguments, needs: Needs) -> Result<(), Fail> {
    let token = arguments.token.as_deref().unwrap_or("");
    let is_app = world.settings.app_token.as_deref() == Some(token);
    let is_bot = world.token == token;
    match (token, needs) {
        ("", _) => Err("not_authed".into()),
        (_, Needs::AppToken) if is_app => Ok(()),
        (_, Needs::AppToken) if is_bot => Err("not_allowed_token_type".into()),
        (_, Needs::AppToken) => Err("invalid_auth".into()),
        _ if is_bot && world.settings.revoked => Err("token_revoked".into()),
        _ if is_bot => Ok(()),
        _ if is_app => Err("not_allowed_token_type".into()),
        _ => Err("invalid_auth".into()),
    }
}

fn finish(answer: Answer) -> Value {
    match answer {
        Ok(mut answer) => {
            answer["ok"] = json!(true);
            answer
        }
        Err(fail) => fail.into_answer(),
    }
}

/// The channel an argument names, by id or by name. Of a private one that it is not in, the app
/// does not learn that it exists.
fn channel<'a>(world: &'a World, arguments: &Arguments) -> Result<&'a Channel, Fail> {
    let name = arguments.required("channel")?;
    world
        .channel_named(&name)
        .filter(|channel| world.sees(channel))
        .ok_or_else(|| "channel_not_found".into())
}

/// The same, where the app must be a member.
fn joined_channel<'a>(world: &'a World, arguments: &Arguments) -> Result<&'a Channel, Fail> {
    let channel = channel(world, arguments)?;
    if !channel.has_member(&world.app.user_id) {
        return Err("not_in_channel".into());
    }
    Ok(channel)
}
