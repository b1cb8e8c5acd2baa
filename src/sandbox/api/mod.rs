//! Slack's Web API: which method is which function. Each function works on the locked world and
//! answers at once; the HTTP side is `http`, the reading of arguments `arguments`.

pub mod arguments;
mod bookmarks;
mod channels;
mod chat;
mod conversations;
pub mod http;
mod page;
mod pins;
mod reactions;
mod team;
mod usergroups;
mod users;
mod views;

pub use reactions::react;

use super::blocks::Refusal;
use super::world::World;
use super::world::channel::Channel;
use arguments::Arguments;
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
    let act = match find(method) {
        Some(act) => act,
        None => {
            return json!({"ok": false, "error": "unknown_method", "req_method": method});
        }
    };
    if let Err(fail) = authorise(world, arguments) {
        return fail.into_answer();
    }
    finish(act(world, arguments))
}

fn find(method: &str) -> Option<fn(&mut World, &Arguments) -> Answer> {
    Some(match method {
        "auth.test" => team::auth_test,
        "team.info" => team::info,
        "chat.postMessage" => chat::post_message,
        "chat.update" => chat::update,
        "chat.delete" => chat::delete,
        "chat.postEphemeral" => chat::post_ephemeral,
        "chat.getPermalink" => chat::permalink,
        "conversations.open" => conversations::open,
        "conversations.info" => conversations::info,
        "conversations.list" => conversations::list,
        "conversations.history" => conversations::history,
        "conversations.replies" => conversations::replies,
        "conversations.members" => conversations::members,
        "conversations.create" => channels::create,
        "conversations.join" => channels::join,
        "conversations.leave" => channels::leave,
        "conversations.invite" => channels::invite,
        "conversations.kick" => channels::kick,
        "conversations.setTopic" => channels::set_topic,
        "conversations.setPurpose" => channels::set_purpose,
        "conversations.rename" => channels::rename,
        "conversations.archive" => channels::archive,
        "conversations.unarchive" => channels::unarchive,
        "bookmarks.add" => bookmarks::add,
        "bookmarks.edit" => bookmarks::edit,
        "bookmarks.list" => bookmarks::list,
        "bookmarks.remove" => bookmarks::remove,
        "usergroups.list" => usergroups::list,
        "usergroups.users.list" => usergroups::users,
        "pins.add" => pins::add,
        "pins.remove" => pins::remove,
        "pins.list" => pins::list,
        "reactions.add" => reactions::add,
        "reactions.remove" => reactions::remove,
        "reactions.get" => reactions::get,
        "users.info" => users::info,
        "users.list" => users::list,
        "users.lookupByEmail" => users::lookup_by_email,
        "views.open" => views::open,
        "views.push" => views::push,
        "views.update" => views::update,
        "views.publish" => views::publish,
        _ => return None,
    })
}

fn authorise(world: &World, arguments: &Arguments) -> Result<(), Fail> {
    match arguments.token.as_deref() {
        None | Some("") => Err("not_authed".into()),
        Some(token) if token != world.token => Err("invalid_auth".into()),
        Some(_) => Ok(()),
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

/// The channel an argument names, by id or by name.
fn channel<'a>(world: &'a World, arguments: &Arguments) -> Result<&'a Channel, Fail> {
    let name = arguments.required("channel")?;
    world
        .channel_named(&name)
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
