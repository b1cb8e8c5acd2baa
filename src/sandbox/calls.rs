//! Carrying out one call of the app: choosing the fault somebody asked for, doing the work under
//! it, keeping the journal. The Web API and response urls both come through here.

use super::api::calls_per_minute;
use super::faults::{Kind, Rule};
use super::server::Hangup;
use super::shared::Shared;
use super::world::World;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// One call: what the journal calls it, what it was given, what it does and how its answer looks.
pub struct Call<Act> {
    pub method: String,
    pub arguments: Value,
    pub act: Act,
    pub present: fn(u16, &Value) -> Response,
}

impl<Act> Call<Act>
where
    Act: FnOnce(&mut World) -> (u16, Value) + Send + 'static,
{
    pub async fn run(self, shared: &Arc<Shared>) -> Response {
        match shared.change(|world| choose_fault(world, &self.method, &self.arguments)) {
            None => {
                let present = self.present;
                let (status, answer) = self.commit(shared);
                present(status, &answer)
            }
            Some(rule) => self.misbehave(shared, rule).await,
        }
    }

    async fn misbehave(self, shared: &Arc<Shared>, rule: Rule) -> Response {
        let pause = Duration::from_millis(rule.milliseconds.unwrap_or(1000));
        let present = self.present;
        match rule.kind {
            Kind::Ratelimited => {
                let answer = json!({"ok": false, "error": "ratelimited"});
                self.refuse(shared, &answer, 429);
                let mut response = present(429, &answer);
                let seconds = rule.retry_after.unwrap_or(1);
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                response
            }
            Kind::Http500 => {
                self.refuse(shared, &json!("Internal Server Error"), 500);
                (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response()
            }
            Kind::Html => {
                let page = "<!DOCTYPE html><html><head><title>Slack</title></head>\
                            <body><h1>Something went wrong</h1></body></html>";
                self.refuse(shared, &json!(page), 200);
                ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
            }
            Kind::ApiError => {
                let error = rule.error.as_deref().unwrap_or("fatal_error");
                let answer = json!({"ok": false, "error": error});
                self.refuse(shared, &answer, 200);
                present(200, &answer)
            }
            Kind::Slow => {
                let (status, answer) = self.commit(shared);
                tokio::time::sleep(pause).await;
                present(status, &answer)
            }
            Kind::DropBefore => {
                self.refuse(shared, &Value::Null, 0);
                Hangup::response()
            }
            Kind::DropAfter => {
                self.commit_unanswered(shared);
                Hangup::response()
            }
            Kind::LateCommit => {
                let later = shared.clone();
                shared.spawn(async move {
                    tokio::time::sleep(pause).await;
                    self.commit_unanswered(&later);
                });
                Hangup::response()
            }
        }
    }

    fn commit(self, shared: &Arc<Shared>) -> (u16, Value) {
        shared.change(|world| {
            let (status, answer) = (self.act)(world);
            record(world, &self.method, self.arguments, &answer, status);
            (status, answer)
        })
    }

    /// Does what was asked, where the caller will never know. The journal shows status 0.
    fn commit_unanswered(self, shared: &Arc<Shared>) {
        shared.change(|world| {
            (self.act)(world);
            record(world, &self.method, self.arguments, &Value::Null, 0);
        });
    }

    fn refuse(self, shared: &Arc<Shared>, answer: &Value, status: u16) {
        shared.change(|world| record(world, &self.method, self.arguments, answer, status));
    }
}

pub fn record(world: &mut World, method: &str, arguments: Value, answer: &Value, status: u16) {
    let now = world.clock.micros();
    world
        .journal
        .record(method, arguments, answer.clone(), status, now);
}

/// The rule that hits this call, from the list, from pacing or from the method's tier.
fn choose_fault(world: &mut World, method: &str, arguments: &Value) -> Option<Rule> {
    // Bookmarks call it otherwise.
    let named = arguments["channel"]
        .as_str()
        .or(arguments["channel_id"].as_str());
    let channel = named.map(|name| {
        world
            .channel_named(name)
            .map_or_else(|| name.to_owned(), |channel| channel.id.clone())
    });
    if let Some(rule) = world.faults.take(method, channel.as_deref()) {
        return Some(rule);
    }
    let now = world.clock.micros();
    let wait = match (method, &channel) {
        ("chat.postMessage", Some(channel)) => world.faults.too_fast(channel, now),
        _ => None,
    };
    let wait = wait.or_else(|| {
        let most = calls_per_minute(method)?;
        world.faults.too_often(method, most, now)
    });
    wait.map(|seconds| Rule::too_soon(method, seconds))
}
