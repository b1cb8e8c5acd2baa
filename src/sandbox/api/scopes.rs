//! What a token may do: which scopes a call needs, which an event, and the refusal when one is
//! missing.

use super::Fail;
use super::arguments::Arguments;
use crate::sandbox::world::World;
use crate::sandbox::world::channel::Kind;
use serde_json::{Value, json};

/// What a token without limits is said to have. `chat:write.public` is not among them: without
/// it an app must join before it posts, and that is what most have to be tested with.
pub const EVERY_SCOPE: &[&str] = &[
    "app_mentions:read",
    "bookmarks:read",
    "bookmarks:write",
    "channels:history",
    "channels:join",
    "channels:manage",
    "channels:read",
    "chat:write",
    "chat:write.customize",
    "commands",
    "dnd:read",
    "emoji:read",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "groups:write",
    "im:history",
    "im:read",
    "im:write",
    "links:read",
    "links:write",
    "metadata.message:read",
    "mpim:history",
    "mpim:read",
    "mpim:write",
    "pins:read",
    "pins:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users.profile:read",
    "users:read",
    "users:read.email",
];

/// Alternatives: one of them is enough.
type OneOf = &'static [&'static str];

#[derive(Clone, Copy)]
pub enum Needs {
    Nothing,
    /// An app-level token instead of the bot's.
    AppToken,
    One(&'static str),
    /// By the kind of the channel named: public, private, direct, group.
    OfChannel([OneOf; 4]),
    /// By the kinds of channels asked for.
    Types,
    /// Posting; under another name it takes more.
    Post,
    Open,
    Create,
}

const READ: [OneOf; 4] = [
    &["channels:read"],
    &["groups:read"],
    &["im:read"],
    &["mpim:read"],
];

impl Needs {
    /// Every one of these is needed.
    fn of(self, world: &World, arguments: &Arguments) -> Vec<OneOf> {
        let given = |name: &str| arguments.text(name).is_some_and(|text| !text.is_empty());
        match self {
            Needs::Nothing | Needs::AppToken => Vec::new(),
            Needs::One(scope) => alternatives(scope).into_iter().collect(),
            Needs::OfChannel(kinds) => {
                let name = arguments.text("channel").unwrap_or_default();
                let found = world.channel_named(&name);
                let found = found.filter(|channel| world.sees(channel));
                let kind = found.map(|channel| &channel.kind);
                vec![kinds[kind.map_or(0, place)]]
            }
            Needs::Types => {
                let types = arguments.list("types");
                let wanted = |kind: &str| types.iter().any(|one| one == kind);
                let kinds = ["public_channel", "private_channel", "im", "mpim"];
                let found: Vec<OneOf> = kinds
                    .iter()
                    .zip(READ)
                    .filter(|(kind, _)| wanted(kind))
                    .map(|(_, scope)| scope)
                    .collect();
                if found.is_empty() {
                    vec![READ[0]]
                } else {
                    found
                }
            }
            Needs::Post => {
                let mut needed: Vec<OneOf> = vec![&["chat:write"]];
                if ["username", "icon_url", "icon_emoji"]
                    .into_iter()
                    .any(given)
                {
                    needed.push(&["chat:write.customize"]);
                }
                needed
            }
            Needs::Open if arguments.list("users").len() > 1 => vec![&["mpim:write"]],
            Needs::Open => vec![&["im:write"]],
            Needs::Create if arguments.bool("is_private") => vec![&["groups:write"]],
            Needs::Create => vec![&["channels:manage"]],
        }
    }

    /// For the header that names what a method accepts.
    pub fn accepted(self) -> String {
        let lists: Vec<OneOf> = match self {
            Needs::Nothing => return String::new(),
            Needs::AppToken => vec![&["connections:write"]],
            Needs::One(scope) => return scope.to_owned(),
            Needs::OfChannel(kinds) => kinds.to_vec(),
            Needs::Types => READ.to_vec(),
            Needs::Post => vec![&["chat:write"]],
            Needs::Open => vec![&["im:write", "mpim:write"]],
            Needs::Create => vec![&["channels:manage", "groups:write"]],
        };
        lists.concat().join(",")
    }

    /// Refuses a call for which the token has not enough.
    pub fn check(self, world: &World, arguments: &Arguments) -> Result<(), Fail> {
        let needed = self.of(world, arguments);
        let missing = needed
            .iter()
            .find(|one_of| !one_of.iter().any(|scope| world.settings.is_granted(scope)));
        let Some(missing) = missing else {
            return Ok(());
        };
        let mut fail = Fail::new("missing_scope");
        fail.extra.insert("needed".to_owned(), json!(missing[0]));
        let provided = world.settings.provided();
        fail.extra.insert("provided".to_owned(), json!(provided));
        Err(fail)
    }
}

/// The table's own text for a scope, as a list of one.
fn alternatives(scope: &str) -> Option<OneOf> {
    let place = EVERY_SCOPE.iter().position(|known| *known == scope)?;
    EVERY_SCOPE.get(place..=place)
}

fn place(kind: &Kind) -> usize {
    match kind {
        Kind::Public { .. } => 0,
        Kind::Private { .. } => 1,
        Kind::Direct { .. } => 2,
        Kind::Group { .. } => 3,
    }
}

/// Whether the app has the scope that an event takes.
pub fn is_event_granted(world: &World, event: &Value) -> bool {
    let by_channel = |[public, private, direct, group]: [&'static str; 4]| {
        let id = event["channel"]["id"].as_str();
        let id = id.or(event["channel"].as_str()).unwrap_or("");
        match world.channel(id).map(|channel| place(&channel.kind)) {
            None | Some(0) => public,
            Some(1) => private,
            Some(2) => direct,
            Some(_) => group,
        }
    };
    let kind = event["type"].as_str().unwrap_or("");
    let scope = match kind {
        "message" => by_channel([
            "channels:history",
            "groups:history",
            "im:history",
            "mpim:history",
        ]),
        "app_mention" => "app_mentions:read",
        "member_joined_channel" | "member_left_channel" => {
            by_channel(["channels:read", "groups:read", "im:read", "mpim:read"])
        }
        "reaction_added" | "reaction_removed" => "reactions:read",
        "pin_added" | "pin_removed" => "pins:read",
        "link_shared" => "links:read",
        "user_change" | "team_join" => "users:read",
        "file_created" | "file_shared" => "files:read",
        _ if kind.starts_with("subteam_") => "usergroups:read",
        _ if kind.starts_with("channel_") => "channels:read",
        _ if kind.starts_with("group_") => "groups:read",
        _ => return true,
    };
    world.settings.is_granted(scope)
}
