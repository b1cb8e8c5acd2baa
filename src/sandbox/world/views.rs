//! Modals and home tabs: the stack of each person, hashes, and the view object Slack returns.

use super::World;
pub use super::controls::Typed;
use super::controls::state_values;
use super::message::finish_texts;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A person's stack holds at most this many modals.
pub const DEEPEST_STACK: usize = 3;

#[derive(Debug, Clone)]
pub struct OpenView {
    pub id: String,
    pub user: String,
    pub hash: String,
    pub previous: Option<String>,
    pub root: String,
    /// The view as the app gave it, with generated block ids.
    pub definition: Value,
    pub typed: Typed,
    /// What is shown at the fields, by block_id.
    pub errors: BTreeMap<String, String>,
}

impl OpenView {
    pub fn blocks(&self) -> &[Value] {
        self.definition["blocks"]
            .as_array()
            .map_or(&[], Vec::as_slice)
    }

    pub fn external_id(&self) -> &str {
        self.definition["external_id"].as_str().unwrap_or("")
    }

    pub fn is_home(&self) -> bool {
        self.definition["type"] == "home"
    }

    pub fn wants_close(&self) -> bool {
        self.definition["notify_on_close"] == true
    }

    pub fn values(&self) -> Value {
        state_values(self.blocks(), &self.typed)
    }

    pub fn set(&mut self, block_id: &str, action_id: &str, state: Value) {
        self.errors.remove(block_id);
        self.typed
            .entry(block_id.to_owned())
            .or_default()
            .insert(action_id.to_owned(), state);
    }
}

impl World {
    /// The view object as the Web API and payloads show it.
    pub fn render_view(&self, view: &OpenView) -> Value {
        let given = &view.definition;
        let or_null = |name: &str| given.get(name).cloned().unwrap_or(Value::Null);
        let or_empty = |name: &str| given[name].as_str().unwrap_or("").to_owned();
        json!({
            "id": view.id,
            "team_id": self.workspace.id,
            "type": given["type"],
            "blocks": view.blocks(),
            "private_metadata": or_empty("private_metadata"),
            "callback_id": or_empty("callback_id"),
            "state": {"values": view.values()},
            "hash": view.hash,
            "title": if view.is_home() {
                json!({"type": "plain_text", "text": "View Title", "emoji": true})
            } else {
                or_null("title")
            },
            "clear_on_close": given["clear_on_close"] == true,
            "notify_on_close": view.wants_close(),
            "close": or_null("close"),
            "submit": or_null("submit"),
            "previous_view_id": view.previous,
            "root_view_id": view.root,
            "app_id": self.app.app_id,
            "external_id": view.external_id(),
            "app_installed_team_id": self.workspace.id,
            "bot_id": self.app.bot_id,
        })
    }

    /// The view with what its person sees beside it: errors at fields, what was typed.
    pub fn show_view(&self, view: &OpenView) -> Value {
        let mut shown = self.render_view(view);
        shown["errors"] = json!(view.errors);
        shown["values"] = view.values();
        shown
    }

    /// Opens a modal on top of what the person has open (`root: false`), or instead of it.
    pub fn open_view(&mut self, user: &str, definition: Value, root: bool) -> String {
        let id = self.next_id("V");
        let stack = self.views.get(user).map_or(&[][..], Vec::as_slice);
        let below = if root { None } else { stack.last() };
        let previous = below.map(|view| view.id.clone());
        let root_id = below.map_or_else(|| id.clone(), |view| view.root.clone());
        let view = OpenView {
            id: id.clone(),
            user: user.to_owned(),
            hash: self.next_hash(),
            previous,
            root: root_id,
            definition: self.finish_view(definition),
            typed: Typed::new(),
            errors: BTreeMap::new(),
        };
        let stack = self.views.entry(user.to_owned()).or_default();
        if root {
            stack.clear();
        }
        stack.push(view);
        id
    }

    pub fn publish_home(&mut self, user: &str, definition: Value) -> OpenView {
        let id = match self.homes.get(user) {
            Some(home) => home.id.clone(),
            None => self.next_id("V"),
        };
        let typed = self.homes.remove(user).map(|home| home.typed);
        let view = OpenView {
            root: id.clone(),
            id,
            user: user.to_owned(),
            hash: self.next_hash(),
            previous: None,
            definition: self.finish_view(definition),
            typed: typed.unwrap_or_default(),
            errors: BTreeMap::new(),
        };
        self.homes.insert(user.to_owned(), view.clone());
        view
    }

    /// Replaces what a view shows. What was typed stays where block_id, action_id and type stay.
    pub fn update_view(&mut self, id: &str, definition: Value) {
        let definition = self.finish_view(definition);
        let hash = self.next_hash();
        if let Some(view) = self.view_mut(id) {
            view.definition = definition;
            view.hash = hash;
            view.errors.clear();
        }
    }

    pub fn view(&self, id: &str) -> Option<&OpenView> {
        self.every_view().find(|view| view.id == id)
    }

    pub fn view_by_external_id(&self, external_id: &str) -> Option<&OpenView> {
        self.every_view()
            .find(|view| !external_id.is_empty() && view.external_id() == external_id)
    }

    fn every_view(&self) -> impl Iterator<Item = &OpenView> {
        self.views.values().flatten().chain(self.homes.values())
    }

    pub fn view_mut(&mut self, id: &str) -> Option<&mut OpenView> {
        self.views
            .values_mut()
            .flatten()
            .chain(self.homes.values_mut())
            .find(|view| view.id == id)
    }

    pub fn top_view(&self, user: &str) -> Option<&OpenView> {
        self.views.get(user)?.last()
    }

    /// Takes one modal off its stack, with those above it.
    pub fn close_view(&mut self, id: &str) {
        for stack in self.views.values_mut() {
            if let Some(place) = stack.iter().position(|view| view.id == id) {
                stack.truncate(place);
            }
        }
        self.views.retain(|_, stack| !stack.is_empty());
    }

    /// Hashes look like Slack's: a time, a dot, letters.
    fn next_hash(&mut self) -> String {
        let seconds = self.clock.seconds();
        format!("{seconds}.{}", self.next_id(""))
    }

    fn finish_view(&mut self, mut definition: Value) -> Value {
        let mut blocks = definition["blocks"].as_array().cloned().unwrap_or_default();
        self.finish_blocks(&mut blocks);
        definition["blocks"] = json!(blocks);
        for name in ["title", "submit", "close"] {
            if definition[name].is_object() {
                finish_texts(&mut definition[name]);
            }
        }
        definition
    }
}
