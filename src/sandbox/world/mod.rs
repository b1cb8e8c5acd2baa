//! Everything the workspace remembers: people, channels, messages, modals, triggers. Plain data
//! behind one mutex (held by `shared`); nothing here waits, and nothing here speaks HTTP.

pub mod bookmarks;
pub mod channel;
pub mod controls;
pub mod events;
pub mod files;
pub mod groups;
pub mod kept;
pub mod links;
pub mod membership;
pub mod message;
pub mod people;
pub mod posting;
pub mod schedule;
pub mod settings;
pub mod tickets;
pub mod views;

use super::clock::Clock;
use super::faults::{DeliveryFaults, Faults};
use super::journal::Journal;
use super::seed::{Seed, SeedApp, SeedGroup, SeedWorkspace, Shortcut};
use channel::{Channel, Kind};
use files::File;
use people::User;
use schedule::Scheduled;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use settings::Settings;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tickets::{Hook, Trigger};
use views::{OpenView, Typed};

pub struct World {
    pub clock: Arc<Clock>,
    /// Where the sandbox listens; set once it is bound, used in URLs it hands out.
    pub url: String,
    pub token: String,
    pub settings: Settings,
    pub workspace: SeedWorkspace,
    pub app: SeedApp,
    pub commands: Vec<String>,
    pub shortcuts: Vec<Shortcut>,
    pub groups: Vec<SeedGroup>,
    pub users: Vec<User>,
    pub channels: Vec<Channel>,
    pub ephemerals: Vec<Ephemeral>,
    pub files: Vec<File>,
    pub scheduled: Vec<Scheduled>,
    /// The message that each `unfurl_id` is about: its channel and timestamp.
    pub unfurls: HashMap<String, (String, String)>,
    /// Addresses of sockets that were handed out, and when.
    pub link_tickets: HashMap<String, tokio::time::Instant>,
    pub triggers: HashMap<String, Trigger>,
    pub hooks: HashMap<String, Hook>,
    /// Each person's open modals, bottom first.
    pub views: BTreeMap<String, Vec<OpenView>>,
    pub homes: BTreeMap<String, OpenView>,
    /// What each person chose in the menus of each message, by `user/channel/ts`.
    pub message_state: HashMap<String, Typed>,
    /// The options the app last offered each person in a menu, by `user/block/action`.
    pub suggested: HashMap<String, Vec<Value>>,
    pub journal: Journal,
    pub faults: Faults,
    pub delivery_faults: DeliveryFaults,
    /// Events that happened during the change under way; `shared` sends them afterwards.
    pub happened: Vec<Value>,
    last_ts: i64,
    last_number: u64,
}

/// A message that only one person sees. Slack does not store these; the sandbox keeps them so
/// that a page can show them and a click in one can be played.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ephemeral {
    pub id: String,
    pub user: String,
    pub channel: String,
    pub thread_ts: Option<String>,
    pub ts: String,
    pub text: String,
    pub blocks: Vec<Value>,
    pub attachments: Vec<Value>,
    pub source: String,
}

impl World {
    pub fn new(seed: Seed, token: String, commands: Vec<String>, clock: Arc<Clock>) -> World {
        let mut users: Vec<User> = seed.users.into_iter().map(User::person).collect();
        users.push(User::bot(&seed.app));
        let everyone: Vec<String> = users.iter().map(|user| user.id.clone()).collect();
        let created = clock.seconds();
        let channels = seed
            .channels
            .into_iter()
            .map(|channel| {
                let members = channel.members.unwrap_or_else(|| everyone.clone());
                let kind = Kind::Public { name: channel.name };
                let is_archived = channel.is_archived;
                Channel {
                    is_archived,
                    ..Channel::new(channel.id, kind, members, created)
                }
            })
            .collect();
        World {
            clock,
            url: String::new(),
            token,
            settings: Settings::default(),
            workspace: seed.workspace,
            app: seed.app,
            commands,
            shortcuts: Vec::new(),
            groups: seed.groups,
            users,
            channels,
            ephemerals: Vec::new(),
            files: Vec::new(),
            scheduled: Vec::new(),
            unfurls: HashMap::new(),
            link_tickets: HashMap::new(),
            triggers: HashMap::new(),
            hooks: HashMap::new(),
            views: BTreeMap::new(),
            homes: BTreeMap::new(),
            message_state: HashMap::new(),
            suggested: HashMap::new(),
            journal: Journal::default(),
            faults: Faults::default(),
            delivery_faults: DeliveryFaults::default(),
            happened: Vec::new(),
            last_ts: 0,
            last_number: 0,
        }
    }

    /// A message timestamp: unique and increasing in the whole workspace, whatever the clock does.
    pub fn next_ts(&mut self) -> String {
        self.last_ts = self.clock.micros().max(self.last_ts + 1);
        format!(
            "{}.{:06}",
            self.last_ts / 1_000_000,
            self.last_ts % 1_000_000
        )
    }

    /// An id in Slack's style: a prefix, then letters and digits, never repeated.
    pub fn next_id(&mut self, prefix: &str) -> String {
        self.last_number += 1;
        let random = fastrand::u32(..1_048_576);
        format!(
            "{prefix}0{}{}",
            base36(self.last_number, 4),
            base36(u64::from(random), 4)
        )
    }

    pub fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    pub fn channel_mut(&mut self, id: &str) -> Option<&mut Channel> {
        self.channels.iter_mut().find(|channel| channel.id == id)
    }

    /// A channel by id, by name or by "#name".
    pub fn channel_named(&self, name: &str) -> Option<&Channel> {
        let bare = name.strip_prefix('#').unwrap_or(name);
        self.channels
            .iter()
            .find(|channel| channel.id == name || channel.name() == Some(bare))
    }

    /// A person (or the bot) by id, name, "@name" or full name.
    pub fn user_named(&self, name: &str) -> Option<&User> {
        let bare = name.strip_prefix('@').unwrap_or(name);
        self.users.iter().find(|user| {
            user.id == name || user.name == bare || user.real_name.eq_ignore_ascii_case(bare)
        })
    }

    /// The direct conversation between the bot and this person, opened if there is none yet.
    pub fn open_dm(&mut self, user: &str) -> String {
        let known = self
            .channels
            .iter()
            .find(|channel| matches!(&channel.kind, Kind::Direct { user: with } if with == user));
        if let Some(channel) = known {
            return channel.id.clone();
        }
        // Readable in logs, and the same in every run.
        let id = format!("D0{}", user.strip_prefix("U0").unwrap_or(user));
        let created = self.clock.seconds();
        let members = vec![user.to_owned(), self.app.user_id.clone()];
        let kind = Kind::Direct {
            user: user.to_owned(),
        };
        self.channels
            .push(Channel::new(id.clone(), kind, members, created));
        id
    }

    /// The group conversation of exactly these people and the bot, and whether there was one.
    pub fn open_group(&mut self, people: &[String]) -> (String, bool) {
        let mut members: Vec<String> = people.to_vec();
        members.push(self.app.user_id.clone());
        members.sort();
        members.dedup();
        let known = self.channels.iter().find(|channel| {
            let mut theirs = channel.members.clone();
            theirs.sort();
            matches!(channel.kind, Kind::Group { .. }) && theirs == members
        });
        if let Some(channel) = known {
            return (channel.id.clone(), true);
        }
        let names: Vec<&str> = members
            .iter()
            .filter_map(|id| self.user(id))
            .map(|user| user.name.as_str())
            .collect();
        let name = format!("mpdm-{}-1", names.join("--"));
        let id = self.next_id("C");
        let created = self.clock.seconds();
        let kind = Kind::Group { name };
        self.channels.push(Channel {
            creator: Some(self.app.user_id.clone()),
            ..Channel::new(id.clone(), kind, members, created)
        });
        (id, false)
    }

    pub fn ephemeral(&self, id_or_ts: &str) -> Option<&Ephemeral> {
        self.ephemerals
            .iter()
            .find(|ephemeral| ephemeral.id == id_or_ts || ephemeral.ts == id_or_ts)
    }
}

fn base36(mut number: u64, width: usize) -> String {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut text = Vec::with_capacity(width);
    while number > 0 || text.len() < width {
        text.push(char::from(DIGITS[(number % 36) as usize]));
        number /= 36;
    }
    text.into_iter().rev().collect()
}
