//! Requests of Slack's on their way in, and events that wait until Slack sends them.

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, HeaderValue, Request, Response, StatusCode},
};
use hyper_util::service::TowerToHyperService;

use super::{Entrance, HungUp, LONGEST_BODY, Passing, Wire};
use crate::request::{Kept, is_by_a_person, sign};

impl Wire {
    pub fn open(&self, node: usize, entrance: Option<Entrance>) {
        self.state().entrances[node] = entrance;
    }

    /// Where the next request goes, and how it fares.
    pub fn route(&self, node: usize, passing: Passing) {
        self.state().next = (node, passing);
    }

    pub(super) async fn enter(
        &self,
        path: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Response<Body>, HungUp> {
        let content_type = headers["content-type"].to_str().unwrap().to_owned();
        let kept = Kept {
            path: path.to_owned(),
            content_type,
            body: self.readdress(&body),
        };
        let (node, passing) = {
            let mut state = self.state();
            if path.ends_with("/events") {
                if is_by_a_person(&body, &state.deleted) {
                    state.events.push_back(kept);
                }
                drop(state);
                self.notice();
                return Ok(Response::new(Body::empty()));
            }
            state.last = Some(kept.clone());
            state.next
        };
        let answer = match passing {
            Passing::Lost => return Err(HungUp),
            _ => self.pass_on(node, &kept).await,
        };
        match (passing, answer) {
            (Passing::Through, Some((status, content_type, body))) => {
                let mut response = Response::builder().status(status);
                if let Some(content_type) = content_type {
                    response = response.header("content-type", content_type);
                }
                Ok(response.body(Body::from(body)).unwrap())
            }
            _ => Err(HungUp),
        }
    }

    /// Slack gives addresses of its own to answer at; they lead over this wire, too.
    fn readdress(&self, body: &Bytes) -> Bytes {
        let ours = self.address.to_string();
        let slacks = self.sandbox.trim_start_matches("http://").to_owned();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let text = text.replace(&format!("{slacks}/hooks"), &format!("{ours}/hooks"));
        let escaped = |it: &str| it.replace(':', "%3A") + "%2Fhooks";
        Bytes::from(text.replace(&escaped(&slacks), &escaped(&ours)))
    }

    /// Hands a request to a node; none when the node is not there, or is gone before it answers.
    pub async fn pass_on(
        &self,
        node: usize,
        kept: &Kept,
    ) -> Option<(StatusCode, Option<HeaderValue>, Bytes)> {
        let (entrance, now) = {
            let state = self.state();
            (state.entrances[node].clone()?, state.now)
        };
        let Entrance::Http { router, runtime } = entrance else {
            let (kind, payload) = kept.in_envelope();
            let body = self.sockets.send(node, kind, payload).await?;
            let content_type = HeaderValue::from_static("application/json; charset=utf-8");
            return Some((StatusCode::OK, Some(content_type), body));
        };
        let seconds = (now / 1_000_000).to_string();
        let request = Request::post(kept.path.clone())
            .header("content-type", &kept.content_type)
            .header("x-slack-request-timestamp", &seconds)
            .header("x-slack-signature", sign(&seconds, &kept.body))
            .body(Body::from(kept.body.clone()))
            .unwrap();
        let service = TowerToHyperService::new(router);
        let answering = runtime.spawn(async move {
            let Ok(answer) = hyper::service::Service::call(&service, request).await;
            let (parts, body) = answer.into_parts();
            let body = to_bytes(body, LONGEST_BODY).await.unwrap();
            let content_type = parts.headers.get("content-type").cloned();
            (parts.status, content_type, body)
        });
        answering.await.ok()
    }

    /// What Slack sent since this was asked last.
    pub fn take_last(&self) -> Option<Kept> {
        self.state().last.take()
    }

    /// Somebody is about to delete a message of the bot's.
    pub fn will_be_deleted(&self, ts: &str) {
        self.state().deleted.push(ts.to_owned());
    }

    /// How many events wait for Slack to send them.
    pub fn events(&self) -> usize {
        self.state().events.len()
    }

    pub async fn events_are(&self, many: usize) {
        let wait = self.until(|state| state.events.len() >= many);
        let patience = std::time::Duration::from_secs(20);
        tokio::time::timeout(patience, wait)
            .await
            .expect("what somebody did becomes an event");
    }

    pub fn take_event(&self, at: usize) -> Option<Kept> {
        self.state().events.remove(at)
    }

    pub fn give_back(&self, event: Kept) {
        self.state().events.push_back(event);
    }
}
