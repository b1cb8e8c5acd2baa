//! Every method there is: what carries it out, how often it may be called in a minute, and which
//! scopes it needs.

use super::arguments::Arguments;
use super::scopes::Needs;
use super::{
    Answer, apps, bookmarks, channels, chat, conversations, files, pins, reactions, scheduled,
    team, unfurl, usergroups, users, views,
};
use crate::sandbox::world::World;

pub struct Method {
    pub act: fn(&mut World, &Arguments) -> Answer,
    pub needs: Needs,
    /// Calls in a minute: Slack's tiers begin at 1, 20, 50 and 100.
    pub per_minute: usize,
}

const TIER_2: usize = 20;
const TIER_3: usize = 50;
const TIER_4: usize = 100;
/// "Several hundred a minute" is all that is said.
const SPECIAL: usize = 300;

const NONE: Needs = Needs::Nothing;
const MANAGE: Needs = Needs::OfChannel([
    &["channels:manage"],
    &["groups:write"],
    &["im:write"],
    &["mpim:write"],
]);
const INVITE: Needs = Needs::OfChannel([
    &["channels:manage", "channels:write.invites"],
    &["groups:write", "groups:write.invites"],
    &["im:write"],
    &["mpim:write"],
]);
const TOPIC: Needs = Needs::OfChannel([
    &["channels:manage", "channels:write.topic"],
    &["groups:write", "groups:write.topic"],
    &["im:write", "im:write.topic"],
    &["mpim:write", "mpim:write.topic"],
]);
const HISTORY: Needs = Needs::OfChannel([
    &["channels:history"],
    &["groups:history"],
    &["im:history"],
    &["mpim:history"],
]);
const READ: Needs = Needs::OfChannel([
    &["channels:read"],
    &["groups:read"],
    &["im:read"],
    &["mpim:read"],
]);

pub fn find(method: &str) -> Option<Method> {
    let one = Needs::One;
    let (act, per_minute, needs): (fn(&mut World, &Arguments) -> Answer, usize, Needs) =
        match method {
            "apps.connections.open" => (apps::open, TIER_3, Needs::AppToken),
            "auth.test" => (team::auth_test, SPECIAL, NONE),
            "auth.revoke" => (apps::revoke, TIER_3, NONE),
            "team.info" => (team::info, TIER_3, one("team:read")),
            "emoji.list" => (team::emoji, TIER_2, one("emoji:read")),
            "dnd.info" => (users::dnd, TIER_3, one("dnd:read")),
            "chat.postMessage" => (chat::post_message, SPECIAL, Needs::Post),
            "chat.update" => (chat::update, TIER_3, one("chat:write")),
            "chat.delete" => (chat::delete, TIER_3, one("chat:write")),
            "chat.postEphemeral" => (chat::post_ephemeral, TIER_4, one("chat:write")),
            "chat.getPermalink" => (chat::permalink, SPECIAL, NONE),
            "chat.unfurl" => (unfurl::unfurl, TIER_3, one("links:write")),
            "chat.scheduleMessage" => (scheduled::schedule, TIER_3, Needs::Post),
            "chat.deleteScheduledMessage" => (scheduled::delete, TIER_3, one("chat:write")),
            "chat.scheduledMessages.list" => (scheduled::list, TIER_3, NONE),
            "conversations.open" => (conversations::open, TIER_3, Needs::Open),
            "conversations.info" => (conversations::info, TIER_3, READ),
            "conversations.list" => (conversations::list, TIER_2, Needs::Types),
            "conversations.history" => (conversations::history, TIER_3, HISTORY),
            "conversations.replies" => (conversations::replies, TIER_3, HISTORY),
            "conversations.members" => (conversations::members, TIER_4, READ),
            "conversations.create" => (channels::create, TIER_2, Needs::Create),
            "conversations.join" => (channels::join, TIER_3, one("channels:join")),
            "conversations.leave" => (channels::leave, TIER_3, MANAGE),
            "conversations.invite" => (channels::invite, TIER_3, INVITE),
            "conversations.kick" => (channels::kick, TIER_3, MANAGE),
            "conversations.setTopic" => (channels::set_topic, TIER_2, TOPIC),
            "conversations.setPurpose" => (channels::set_purpose, TIER_2, TOPIC),
            "conversations.rename" => (channels::rename, TIER_2, MANAGE),
            "conversations.archive" => (channels::archive, TIER_2, MANAGE),
            "conversations.unarchive" => (channels::unarchive, TIER_2, MANAGE),
            "bookmarks.add" => (bookmarks::add, TIER_2, one("bookmarks:write")),
            "bookmarks.edit" => (bookmarks::edit, TIER_2, one("bookmarks:write")),
            "bookmarks.list" => (bookmarks::list, TIER_3, one("bookmarks:read")),
            "bookmarks.remove" => (bookmarks::remove, TIER_2, one("bookmarks:write")),
            "files.getUploadURLExternal" => (files::upload_url, TIER_4, one("files:write")),
            "files.completeUploadExternal" => (files::complete, TIER_4, one("files:write")),
            "files.info" => (files::info, TIER_4, one("files:read")),
            "usergroups.list" => (usergroups::list, TIER_2, one("usergroups:read")),
            "usergroups.users.list" => (usergroups::users, TIER_2, one("usergroups:read")),
            "pins.add" => (pins::add, TIER_2, one("pins:write")),
            "pins.remove" => (pins::remove, TIER_2, one("pins:write")),
            "pins.list" => (pins::list, TIER_2, one("pins:read")),
            "reactions.add" => (reactions::add, TIER_3, one("reactions:write")),
            "reactions.remove" => (reactions::remove, TIER_2, one("reactions:write")),
            "reactions.get" => (reactions::get, TIER_3, one("reactions:read")),
            "users.info" => (users::info, TIER_4, one("users:read")),
            "users.list" => (users::list, TIER_2, one("users:read")),
            "users.lookupByEmail" => (users::lookup_by_email, TIER_3, one("users:read.email")),
            "users.profile.get" => (users::profile, TIER_4, one("users.profile:read")),
            "users.conversations" => (conversations::of_user, TIER_3, Needs::Types),
            "views.open" => (views::open, TIER_4, NONE),
            "views.push" => (views::push, TIER_4, NONE),
            "views.update" => (views::update, TIER_4, NONE),
            "views.publish" => (views::publish, TIER_4, NONE),
            _ => return None,
        };
    Some(Method {
        act,
        needs,
        per_minute,
    })
}
