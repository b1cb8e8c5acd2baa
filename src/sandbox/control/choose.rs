//! Turning what a test or the page says ("Payments", "U0BO", ["a", "b"]) into what an element
//! then holds. Menus fed by the app are asked for their options, as Slack's client does.

use super::ask::{Ask, Refused};
use crate::sandbox::blocks::check_suggestions;
use crate::sandbox::outgoing::Reply;
use crate::sandbox::outgoing::payload::{Place, block_suggestion};
use crate::sandbox::world::World;
use crate::sandbox::world::controls::state_key;
use serde_json::{Map, Value, json};

/// An element that somebody uses.
pub struct Target {
    pub user: String,
    pub place: Place,
    pub block: Value,
    pub element: Value,
}

impl Target {
    pub fn block_id(&self) -> &str {
        self.block["block_id"].as_str().unwrap_or("")
    }

    pub fn action_id(&self) -> &str {
        self.element["action_id"].as_str().unwrap_or("")
    }

    fn kind(&self) -> &str {
        self.element["type"].as_str().unwrap_or("")
    }

    /// The state of the element after this was typed or chosen.
    pub async fn choose(&self, ask: &Ask<'_>, given: &Value) -> Result<Value, Refused> {
        let Some((key, empty)) = state_key(self.kind()) else {
            return Refused::because(format!("A {} holds no value.", self.kind()));
        };
        let value = if given.is_null() || given == "" {
            empty
        } else if empty.is_array() {
            let items = match given {
                Value::Array(items) => items.clone(),
                single => vec![single.clone()],
            };
            let mut chosen = Vec::new();
            for item in &items {
                chosen.push(self.choose_one(ask, item).await?);
            }
            self.check_count(chosen.len())?;
            Value::Array(chosen)
        } else {
            let single = match given.as_array().map(Vec::as_slice) {
                Some([single]) => single,
                Some(_) => return Refused::because("Only one thing can be chosen here."),
                None => given,
            };
            self.choose_one(ask, single).await?
        };
        let mut state = Map::new();
        state.insert("type".to_owned(), json!(self.kind()));
        state.insert(key.to_owned(), value);
        Ok(Value::Object(state))
    }

    fn check_count(&self, count: usize) -> Result<(), Refused> {
        let most = self.element["max_selected_items"]
            .as_u64()
            .or(self.element["max_files"].as_u64());
        if most.is_some_and(|most| count as u64 > most) {
            return Refused::because("More is chosen than this menu allows.");
        }
        Ok(())
    }

    async fn choose_one(&self, ask: &Ask<'_>, given: &Value) -> Result<Value, Refused> {
        let text = match given {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            // An option as the app sent it, chosen on the page.
            Value::Object(option) if option.contains_key("value") => {
                return Ok(given.clone());
            }
            Value::Object(_) if self.kind() == "rich_text_input" => return Ok(given.clone()),
            _ => return Refused::because(format!("{given} cannot be chosen here.")),
        };
        match self.kind() {
            "plain_text_input" | "number_input" | "url_text_input" | "email_text_input" => {
                Ok(json!(text))
            }
            "rich_text_input" => Ok(World::rich_text(&text)),
            "file_input" => Ok(self.choose_file(ask, &text)),
            "users_select" | "multi_users_select" => ask.shared.read(|world| {
                world.user_named(&text).map_or_else(
                    || Refused::because(format!("There is nobody called {text}.")),
                    |user| Ok(json!(user.id)),
                )
            }),
            "conversations_select"
            | "multi_conversations_select"
            | "channels_select"
            | "multi_channels_select" => ask.shared.read(|world| {
                world.channel_named(&text).map_or_else(
                    || Refused::because(format!("There is no channel called {text}.")),
                    |channel| Ok(json!(channel.id)),
                )
            }),
            "external_select" | "multi_external_select" => self.choose_external(ask, &text).await,
            "datepicker" => match chrono::NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
                Ok(_) => Ok(json!(text)),
                Err(_) => Refused::because(format!("{text} is not a date like 2026-11-21.")),
            },
            "timepicker" => match chrono::NaiveTime::parse_from_str(&text, "%H:%M") {
                Ok(_) => Ok(json!(text)),
                Err(_) => Refused::because(format!("{text} is not a time like 09:30.")),
            },
            "datetimepicker" => match text.parse::<i64>() {
                Ok(epoch) => Ok(json!(epoch)),
                Err(_) => Refused::because(format!("{text} is not a number of seconds.")),
            },
            _ => pick(&offered(&self.element), &text)
                .ok_or_else(|| Refused(format!("There is no option {text} here."))),
        }
    }

    /// A file there is, by its id; else one of this name that the person brings along.
    fn choose_file(&self, ask: &Ask<'_>, name: &str) -> Value {
        ask.shared.change(|world| {
            let id = match world.file(name) {
                Some(file) => file.id.clone(),
                None => {
                    let file = world.new_file(name, 0, &self.user);
                    file.is_complete = true;
                    file.content = Some(bytes::Bytes::new());
                    file.ticket.clear();
                    file.id.clone()
                }
            };
            world
                .file(&id)
                .map_or(Value::Null, |file| world.render_file(file))
        })
    }

    async fn choose_external(&self, ask: &Ask<'_>, label: &str) -> Result<Value, Refused> {
        let (_, answer) = self.suggest(ask, label).await;
        let options = answer
            .map_err(|error| Refused(format!("The app gave no options for {label}: {error}.")))?;
        // What was offered before may still be on the screen.
        let earlier = ask.shared.read(|world| {
            let offers = world.suggested.get(&self.offer_key());
            offers.cloned().unwrap_or_default()
        });
        pick(&offered(&options), label)
            .or_else(|| pick(&earlier, label))
            .ok_or_else(|| Refused(format!("The app offers no option called {label}.")))
    }

    /// Asks the app for options. The error is what the person sees, or what is wrong.
    pub async fn suggest(&self, ask: &Ask<'_>, query: &str) -> (Reply, Result<Value, String>) {
        let payload = ask.shared.read(|world| {
            block_suggestion(
                world,
                &self.user,
                &self.place,
                self.block_id(),
                self.action_id(),
                query,
            )
        });
        let reply = ask.shared.post_payload(&payload).await;
        if let Some(error) = reply.error() {
            return (reply, Err(error.to_owned()));
        }
        let Some(answer) = reply.json() else {
            return (reply, Err("the answer is not JSON".to_owned()));
        };
        if let Err(refusal) = check_suggestions(&answer) {
            return (reply, Err(refusal.problems.join("; ")));
        }
        let options = offered(&answer);
        if !options.is_empty() {
            ask.shared.change(|world| {
                world.suggested.insert(self.offer_key(), options);
            });
        }
        (reply, Ok(answer))
    }

    fn offer_key(&self) -> String {
        format!("{}/{}/{}", self.user, self.block_id(), self.action_id())
    }
}

/// The options of an element or of a suggestion, groups taken apart.
pub fn offered(of: &Value) -> Vec<Value> {
    let groups = of["option_groups"].as_array();
    let grouped = groups
        .into_iter()
        .flatten()
        .filter_map(|group| group["options"].as_array())
        .flatten();
    let plain = of["options"].as_array();
    plain
        .into_iter()
        .flatten()
        .chain(grouped)
        .cloned()
        .collect()
}

/// The option with this value, else with this visible label.
pub fn pick(options: &[Value], name: &str) -> Option<Value> {
    options
        .iter()
        .find(|option| option["value"] == name)
        .or_else(|| options.iter().find(|option| option["text"]["text"] == name))
        .cloned()
}
