//! Reading what the control API is asked: people and channels by id or name, messages by
//! timestamp or "last", with a sentence when there is no such thing.

use crate::sandbox::shared::Shared;
use crate::sandbox::world::World;
use serde_json::Value;
use std::sync::Arc;

/// Why something could not be played: a sentence for whoever asked.
#[derive(Debug)]
pub struct Refused(pub String);

impl Refused {
    pub fn because<T>(sentence: impl Into<String>) -> Result<T, Refused> {
        Err(Refused(sentence.into()))
    }
}

pub struct Ask<'a> {
    pub shared: &'a Arc<Shared>,
    pub body: Value,
}

impl<'a> Ask<'a> {
    pub fn read(shared: &'a Arc<Shared>, body: &[u8]) -> Result<Ask<'a>, Refused> {
        let body = if body.trim_ascii().is_empty() {
            Value::Object(serde_json::Map::new())
        } else {
            serde_json::from_slice(body)
                .map_err(|error| Refused(format!("The body is not JSON: {error}.")))?
        };
        if !body.is_object() {
            return Refused::because("The body must be a JSON object.");
        }
        Ok(Ask { shared, body })
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.body[name].as_str().filter(|text| !text.is_empty())
    }

    pub fn required(&self, name: &str) -> Result<&str, Refused> {
        self.text(name)
            .ok_or_else(|| Refused(format!("\"{name}\" is missing.")))
    }

    pub fn flag(&self, name: &str) -> bool {
        self.body[name] == true
    }

    /// The id of the person who acts.
    pub fn user(&self) -> Result<String, Refused> {
        let name = self.required("user")?;
        self.shared.read(|world| user_id(world, name))
    }

    /// The channel's id. "@ana" and people's ids mean the direct conversation with the bot.
    pub fn channel(&self) -> Result<String, Refused> {
        let name = self.required("channel")?;
        self.shared.change(|world| {
            if let Some(channel) = world.channel_named(name) {
                return Ok(channel.id.clone());
            }
            let person = world.user_named(name).filter(|user| !user.is_bot);
            match person.map(|user| user.id.clone()) {
                Some(id) => Ok(world.open_dm(&id)),
                None => Refused::because(format!("There is no channel called {name}.")),
            }
        })
    }

    /// The timestamp of a message in the channel; "last" is the newest one.
    pub fn message(&self, channel: &str) -> Result<String, Refused> {
        let ts = self.required("ts")?;
        self.shared.read(|world| {
            let messages = world
                .channel(channel)
                .map_or(&[][..], |channel| channel.messages.as_slice());
            let found = match ts {
                "last" => messages.last(),
                _ => messages.iter().find(|message| message.ts == ts),
            };
            match found {
                Some(message) => Ok(message.ts.clone()),
                None => Refused::because(format!("There is no message {ts} in {channel}.")),
            }
        })
    }
}

/// A person by id or name; the bot does nothing on its own here.
pub fn user_id(world: &World, name: &str) -> Result<String, Refused> {
    match world.user_named(name) {
        Some(user) if user.is_bot => Refused::because("The bot cannot be played; its app does."),
        Some(user) if user.deleted => {
            Refused::because(format!("The account of {} is deactivated.", user.real_name))
        }
        Some(user) => Ok(user.id.clone()),
        None => Refused::because(format!("There is nobody called {name}.")),
    }
}
