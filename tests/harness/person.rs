//! People of a story: they type, click, fill in and read.

use serde_json::{Value, json};

use super::World;

/// Somebody in the local Slack.
#[derive(Clone, Copy)]
pub struct Person<'w> {
    world: &'w World,
    name: &'static str,
}

/// What somebody saw after doing something.
#[derive(Debug)]
pub struct Seen(Value);

impl<'w> Person<'w> {
    pub fn new(world: &'w World, name: &'static str) -> Person<'w> {
        Person { world, name }
    }

    /// Types a slash command into #general.
    pub async fn runs(&self, text: &str) -> Seen {
        let body = json!({ "user": self.name, "channel": "general", "text": text });
        Seen(self.world.control("command", body).await)
    }

    /// Presses a button of the only announcement, by its words.
    pub async fn clicks(&self, label: &str) -> Seen {
        let message = self.world.announcement().await;
        let ts = message["ts"].as_str().unwrap();
        let action = button(&message, label)
            .unwrap_or_else(|| panic!("there is no button {label} in {message:#}"));
        self.clicks_action("outages", ts, action["action_id"].as_str().unwrap())
            .await
    }

    pub async fn clicks_action(&self, channel: &str, ts: &str, action_id: &str) -> Seen {
        let body =
            json!({ "user": self.name, "channel": channel, "ts": ts, "action_id": action_id });
        Seen(self.world.control("click", body).await)
    }

    /// Fills in the open form, by labels or block IDs, and submits it.
    pub async fn submits(&self, values: Value) -> Seen {
        let body = json!({ "user": self.name, "values": values });
        Seen(self.world.control("submit", body).await)
    }

    pub async fn closes(&self) {
        self.world
            .control("close", json!({ "user": self.name }))
            .await;
    }

    /// Types into a field that looks things up.
    pub async fn types(&self, action_id: &str, query: &str) -> Vec<String> {
        let body = json!({ "user": self.name, "action_id": action_id, "query": query });
        let seen = self.world.control("suggest", body).await;
        let options = seen["seen"]["options"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        options
            .iter()
            .map(|it| it["text"]["text"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Announces an outage of a component, as quickly as it goes.
    pub async fn announces(&self, component: &str, what: &str) {
        self.runs("/outage").await.form("Announce an outage");
        self.submits(json!({
            "What happened?": what, "component": component, "eta": "<2h",
        }))
        .await
        .closed();
        self.world.settle().await;
    }

    /// Everything that only they see, in words.
    pub async fn whispers(&self) -> Vec<String> {
        let state = self.world.state().await;
        let me = self.id(&state);
        let ephemerals = state["ephemerals"].as_array().unwrap();
        let mine = ephemerals.iter().filter(|it| it["user"] == me);
        mine.map(super::words).collect()
    }

    fn id(&self, state: &Value) -> Value {
        let users = state["users"].as_array().unwrap();
        users.iter().find(|it| it["name"] == self.name).unwrap()["id"].clone()
    }

    /// What the bot told them in private.
    pub async fn direct_messages(&self) -> Vec<Value> {
        let state = self.world.state().await;
        let me = self.id(&state);
        let dms = state["dms"].as_array().unwrap();
        dms.iter()
            .filter(|it| it["user"] == me)
            .flat_map(|it| self.world.bots_messages(&it["messages"]))
            .collect()
    }
}

/// The button with these words in a message.
pub fn button<'m>(value: &'m Value, label: &str) -> Option<&'m Value> {
    match value {
        Value::Object(map) => {
            if map.get("type").is_some_and(|it| it == "button")
                && value["text"]["text"].as_str() == Some(label)
            {
                return Some(value);
            }
            map.values().find_map(|it| button(it, label))
        }
        Value::Array(items) => items.iter().find_map(|it| button(it, label)),
        _ => None,
    }
}

impl Seen {
    /// What the local Slack's control said.
    pub fn of(answer: Value) -> Seen {
        Seen(answer)
    }

    /// Whether this form is open now.
    pub fn asks(&self, title: &str) -> bool {
        self.0["seen"]["modal"]["title"]["text"] == title
    }

    /// The form that is open now; panics when there is none, or another.
    pub fn form(&self, title: &str) -> &Value {
        let modal = &self.0["seen"]["modal"];
        assert_eq!(modal["title"]["text"], title, "{:#}", self.0);
        modal
    }

    /// The form closed without a complaint.
    pub fn closed(&self) {
        assert_eq!(self.0["seen"]["closed"], true, "{:#}", self.0);
        assert_eq!(self.0["seen"]["errors"], Value::Null, "{:#}", self.0);
    }

    pub fn is_closed(&self) -> bool {
        self.0["seen"]["closed"] == true
    }

    /// What is wrong at a field.
    pub fn error_at(&self, block: &str) -> &str {
        assert_ne!(self.0["seen"]["closed"], true, "{:#}", self.0);
        let error = &self.0["seen"]["errors"][block];
        error
            .as_str()
            .unwrap_or_else(|| panic!("no error at {block}: {:#}", self.0))
    }

    /// The words of what only they see.
    pub fn whisper(&self) -> String {
        let ephemeral = &self.0["seen"]["ephemeral"];
        assert!(ephemeral.is_object(), "nothing was whispered: {:#}", self.0);
        super::words(ephemeral)
    }

    pub fn no_form(&self) -> &Seen {
        assert_eq!(self.0["seen"]["modal"], Value::Null, "{:#}", self.0);
        self
    }

    pub fn milliseconds(&self) -> u64 {
        self.0["ms"].as_u64().unwrap()
    }
}
