//! The manifest in all its forms keeps to Slack's limits, and says what the rest of the program does.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;

/// Scopes that exist; a typing mistake would be found by Slack alone.
const SCOPES: &[&str] = &[
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
    "groups:history",
    "groups:read",
    "groups:write.invites",
    "groups:write.topic",
    "im:history",
    "im:write",
    "metadata.message:read",
    "pins:read",
    "pins:write",
    "reactions:read",
    "reactions:write",
    "usergroups:read",
    "users:read",
    "users:read.email",
];

/// Events, and the scope without which Slack refuses them; empty where it asks for none.
const EVENTS: &[(&str, &str)] = &[
    ("app_home_opened", ""),
    ("app_uninstalled", ""),
    ("tokens_revoked", ""),
    ("app_mention", "app_mentions:read"),
    ("channel_archive", "channels:read"),
    ("channel_deleted", "channels:read"),
    ("channel_left", "channels:read"),
    ("channel_unarchive", "channels:read"),
    ("group_archive", "groups:read"),
    ("group_deleted", "groups:read"),
    ("group_left", "groups:read"),
    ("group_unarchive", "groups:read"),
    ("member_joined_channel", "channels:read"),
    ("message.channels", "channels:history"),
    ("message.groups", "groups:history"),
    ("pin_removed", "pins:read"),
    ("reaction_added", "reactions:read"),
    ("reaction_removed", "reactions:read"),
    ("subteam_members_changed", "usergroups:read"),
    ("subteam_updated", "usergroups:read"),
    ("team_join", "users:read"),
    ("user_change", "users:read"),
];

/// What the bot calls, and what each call needs for everything that it is called for, in public
/// channels and private ones. None where nothing is needed, or no token of the bot's.
const METHODS: &[(&str, &[&str])] = &[
    ("apps.connections.open", &[]),
    ("auth.test", &[]),
    ("bookmarks.add", &["bookmarks:write"]),
    ("bookmarks.edit", &["bookmarks:write"]),
    ("bookmarks.list", &["bookmarks:read"]),
    ("bookmarks.remove", &["bookmarks:write"]),
    ("chat.delete", &["chat:write"]),
    ("chat.getPermalink", &[]),
    ("chat.postEphemeral", &["chat:write"]),
    ("chat.postMessage", &["chat:write", "chat:write.customize"]),
    ("chat.update", &["chat:write"]),
    ("conversations.archive", &["channels:manage"]),
    ("conversations.create", &["channels:manage"]),
    (
        "conversations.history",
        &[
            "channels:history",
            "groups:history",
            "im:history",
            "metadata.message:read",
        ],
    ),
    ("conversations.info", &["channels:read", "groups:read"]),
    (
        "conversations.invite",
        &["channels:manage", "groups:write.invites"],
    ),
    ("conversations.join", &["channels:join"]),
    ("conversations.list", &["channels:read"]),
    ("conversations.members", &["channels:read", "groups:read"]),
    ("conversations.open", &["im:write"]),
    (
        "conversations.replies",
        &[
            "channels:history",
            "groups:history",
            "metadata.message:read",
        ],
    ),
    (
        "conversations.setTopic",
        &["channels:manage", "groups:write.topic"],
    ),
    ("pins.add", &["pins:write"]),
    ("pins.remove", &["pins:write"]),
    ("reactions.add", &["reactions:write"]),
    ("reactions.get", &["reactions:read"]),
    ("reactions.remove", &["reactions:write"]),
    ("usergroups.users.list", &["usergroups:read"]),
    ("users.list", &["users:read", "users:read.email"]),
    ("users.info", &["users:read", "users:read.email"]),
    ("views.open", &[]),
    ("views.publish", &[]),
    ("views.push", &[]),
    ("views.update", &[]),
];

/// Families of Slack's methods, so that a new call is seen.
const FAMILIES: &[&str] = &[
    "admin",
    "api",
    "apps",
    "assistant",
    "auth",
    "bookmarks",
    "bots",
    "calls",
    "canvases",
    "chat",
    "conversations",
    "dialog",
    "dnd",
    "emoji",
    "files",
    "functions",
    "im",
    "lists",
    "migration",
    "mpim",
    "oauth",
    "openid",
    "pins",
    "reactions",
    "reminders",
    "search",
    "stars",
    "team",
    "tooling",
    "usergroups",
    "users",
    "views",
    "workflows",
];

/// Everything in quotes, in all files below a folder, that reads like one of Slack's methods.
fn called_below(folder: &std::path::Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            called_below(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a text");
        for quoted in text.split('"').filter(|it| it.len() < 50) {
            let letters = |it: char| it.is_ascii_alphabetic() || it == '.';
            let family = quoted.split_once('.').map(|(family, _)| family);
            if quoted.chars().all(letters) && family.is_some_and(|it| FAMILIES.contains(&it)) {
                found.insert(quoted.to_owned());
            }
        }
    }
}

fn wanted(url: Option<&str>, commands: &[&str], user_groups: bool) -> Wanted {
    Wanted {
        url: url.map(str::to_owned),
        commands: commands.iter().map(|it| (*it).to_owned()).collect(),
        user_groups,
        groups_give_rights: user_groups,
    }
}

fn length(value: &Value) -> usize {
    value.as_str().expect("a text").chars().count()
}

#[track_caller]
fn only(value: &Value, keys: &[&str]) {
    for key in value.as_object().expect("a map").keys() {
        assert!(keys.contains(&key.as_str()), "{key}");
    }
}

fn words(value: &Value) -> Vec<&str> {
    let list = value.as_array().expect("a list");
    list.iter().map(|it| it.as_str().expect("a text")).collect()
}

#[track_caller]
fn keeps_to_slacks_limits(manifest: &Value) {
    only(
        manifest,
        &[
            "_metadata",
            "display_information",
            "features",
            "oauth_config",
            "settings",
        ],
    );
    assert_eq!(
        manifest["_metadata"],
        json!({"major_version": 1, "minor_version": 1})
    );
    let shown = &manifest["display_information"];
    only(shown, &["name", "description", "background_color"]);
    assert!(length(&shown["name"]) <= 35 && length(&shown["description"]) <= 140);
    let color = shown["background_color"].as_str().expect("a text");
    assert!(color.len() == 7 && color.starts_with('#'), "{color}");

    let features = &manifest["features"];
    only(
        features,
        &["app_home", "bot_user", "shortcuts", "slash_commands"],
    );
    only(
        &features["app_home"],
        &[
            "home_tab_enabled",
            "messages_tab_enabled",
            "messages_tab_read_only_enabled",
        ],
    );
    only(&features["bot_user"], &["display_name", "always_online"]);
    assert!(length(&features["bot_user"]["display_name"]) <= 80);
    let shortcuts = features["shortcuts"].as_array().expect("a list");
    assert!(shortcuts.len() <= 10);
    for shortcut in shortcuts {
        only(shortcut, &["name", "type", "callback_id", "description"]);
        assert!(length(&shortcut["name"]) <= 24, "{shortcut}");
        assert!(length(&shortcut["callback_id"]) <= 255);
        assert!(length(&shortcut["description"]) <= 150);
        assert!(["message", "global"].contains(&shortcut["type"].as_str().expect("a text")));
    }
    let commands = features["slash_commands"].as_array().expect("a list");
    assert!(!commands.is_empty() && commands.len() <= 50);
    for command in commands {
        only(
            command,
            &[
                "command",
                "url",
                "description",
                "usage_hint",
                "should_escape",
            ],
        );
        assert!((2..=32).contains(&length(&command["command"])));
        assert!(length(&command["description"]) <= 2000);
        assert!(length(&command["usage_hint"]) <= 1000);
        assert_eq!(command["should_escape"], false);
    }

    only(&manifest["oauth_config"], &["scopes"]);
    only(&manifest["oauth_config"]["scopes"], &["bot"]);
    let scopes = words(&manifest["oauth_config"]["scopes"]["bot"]);
    let different: BTreeSet<&str> = scopes.iter().copied().collect();
    assert_eq!(different.len(), scopes.len(), "one is there twice");
    for scope in &scopes {
        assert!(SCOPES.contains(scope), "{scope}");
    }

    let settings = &manifest["settings"];
    only(
        settings,
        &[
            "event_subscriptions",
            "interactivity",
            "org_deploy_enabled",
            "socket_mode_enabled",
            "token_rotation_enabled",
        ],
    );
    only(
        &settings["event_subscriptions"],
        &["request_url", "bot_events"],
    );
    let events = words(&settings["event_subscriptions"]["bot_events"]);
    assert!(events.len() <= 100);
    for event in events {
        let known = EVENTS.iter().find(|(name, _)| *name == event);
        let (_, scope) = known.unwrap_or_else(|| panic!("{event}"));
        assert!(
            scope.is_empty() || scopes.contains(scope),
            "{event} needs {scope}"
        );
    }
    only(
        &settings["interactivity"],
        &["is_enabled", "request_url", "message_menu_options_url"],
    );
    assert_eq!(settings["interactivity"]["is_enabled"], true);
}

#[test]
fn the_app_asks_for_what_is_called_and_for_nothing_else() {
    let mut called = BTreeSet::new();
    let below = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/slack");
    called_below(&below, &mut called);
    let known: BTreeSet<String> = METHODS.iter().map(|it| it.0.to_owned()).collect();
    assert_eq!(called, known);

    let shipped = yaml::parse(SHIPPED);
    let scopes: BTreeSet<&str> = words(&shipped["oauth_config"]["scopes"]["bot"])
        .into_iter()
        .collect();
    let events = words(&shipped["settings"]["event_subscriptions"]["bot_events"]);
    let heard = EVENTS.iter().filter(|(event, _)| events.contains(event));
    let mut needed: BTreeSet<&str> = heard.map(|(_, scope)| *scope).collect();
    needed.extend(
        METHODS
            .iter()
            .flat_map(|(_, scopes)| scopes.iter().copied()),
    );
    needed.remove("");
    // Of the slash commands and the shortcuts.
    needed.insert("commands");
    assert_eq!(scopes, needed);
}

#[test]
fn with_everything_it_is_the_shipped_file() {
    let all = wanted(Some(EXAMPLE), &["/outage", "/announce"], true);
    let body = |text: &str| text[text.find("_metadata:").expect("its first key")..].to_owned();
    assert_eq!(body(&manifest(&all)), body(SHIPPED));
}

#[test]
fn every_form_keeps_to_slacks_limits() {
    let long = format!("/{}", "x".repeat(31));
    for url in [None, Some(EXAMPLE), Some("https://a.example/b")] {
        for user_groups in [true, false] {
            for commands in [
                &["/o"][..],
                &["/outage", "/announce"],
                &[long.as_str(), "/b", "/c"],
            ] {
                let manifest = yaml::parse(&manifest(&wanted(url, commands, user_groups)));
                keeps_to_slacks_limits(&manifest);
                let listed = manifest["features"]["slash_commands"].as_array();
                let listed = listed.expect("a list").iter().map(|it| &it["command"]);
                assert!(listed.eq(commands.iter().copied()), "{manifest:#}");
                let scopes = words(&manifest["oauth_config"]["scopes"]["bot"]);
                assert_eq!(scopes.contains(&"usergroups:read"), user_groups);
                let events = words(&manifest["settings"]["event_subscriptions"]["bot_events"]);
                assert_eq!(events.contains(&"subteam_members_changed"), user_groups);
                let socket = manifest["settings"]["socket_mode_enabled"] == true;
                assert_eq!(socket, url.is_none());
            }
        }
    }
}

#[test]
fn groups_that_are_only_invited_are_not_listened_to() {
    let invited = manifest(&Wanted {
        groups_give_rights: false,
        ..wanted(None, &["/outage"], true)
    });
    assert!(invited.contains("- usergroups:read"), "{invited}");
    assert!(!invited.contains("subteam") && !invited.contains("gives rights has"));
    let neither = manifest(&wanted(None, &["/outage"], false));
    assert!(!neither.contains("user group"), "{neither}");
}

#[test]
fn socket_mode_has_no_addresses_and_http_has_its_own() {
    let socket = manifest(&wanted(None, &["/outage", "/announce"], true));
    assert!(
        !socket.contains("https://") && !socket.contains("url:"),
        "{socket}"
    );
    let http = manifest(&wanted(Some("https://a.example"), &["/outage"], true));
    assert!(!http.contains(EXAMPLE), "{http}");
    assert_eq!(http.matches("https://a.example/slack/").count(), 4);
}

#[test]
fn a_renamed_command_is_named_by_the_others() {
    let text = manifest(&wanted(None, &["/fire", "/blaze"], false));
    assert!(
        text.contains("command: /blaze\n      description: The same as /fire\n"),
        "{text}"
    );
    assert!(!text.contains("/outage") && !text.contains("/announce\n"));
}

#[test]
fn the_demo_has_the_same_shortcuts() {
    let shipped = yaml::parse(SHIPPED);
    let mut named = shipped["features"]["shortcuts"].clone();
    for shortcut in named.as_array_mut().expect("a list") {
        shortcut
            .as_object_mut()
            .expect("a map")
            .remove("description");
    }
    assert_eq!(json!(crate::cli::demo::shortcuts()), named);
}

#[test]
fn only_https_will_do() {
    assert_eq!(
        address("https://a.example/").ok().as_deref(),
        Some("https://a.example")
    );
    for text in [
        "http://a.example",
        "a.example",
        "https://",
        "https://a/?b=c",
        "https://a/#b",
    ] {
        assert!(address(text).is_err(), "{text}");
    }
}
