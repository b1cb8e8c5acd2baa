//! `[slack]`: the app that Balefire is in Slack. `serve` cannot do without; commands that only need
//! the database can.

use std::time::Duration;

use secrecy::SecretString;

use super::address::{BaseUrl, base_url, is_exposed};
use super::problem::Fault;
use super::reader::Reader;
use super::secret::{Found, SecretSetting, hidden};
use super::sources::variable_of;

#[derive(Debug, Clone)]
pub struct Slack {
    pub bot_token: SecretString,
    pub mode: SlackMode,
    /// The ID of the channel that outages are announced in.
    pub announce_channel: String,
    /// Where they go while that channel cannot be used, if anywhere.
    pub fallback_channel: Option<String>,
    /// With their slash, at least one.
    pub commands: Vec<String>,
    pub api_url: BaseUrl,
    /// How long one call to Slack may take.
    pub timeout: Duration,
}

/// How Slack reaches us, with the secret that this needs.
#[derive(Debug, Clone)]
pub enum SlackMode {
    /// It sends requests to a public address and signs them.
    Http { signing_secret: SecretString },
    /// We open WebSockets to it: Socket Mode.
    Socket { app_token: SecretString },
}

/// What has to be known of the app before it exists.
#[derive(Debug, Clone)]
pub struct SlackApp {
    pub socket_mode: bool,
    /// With their slash, at least one.
    pub commands: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Http,
    Socket,
}

const BOT_TOKEN: SecretSetting = SecretSetting {
    key: "slack.bot_token",
    file_key: "slack.bot_token_file",
    default: "",
    show: hidden,
};
const SIGNING_SECRET: SecretSetting = SecretSetting {
    key: "slack.signing_secret",
    file_key: "slack.signing_secret_file",
    default: "",
    show: hidden,
};
const APP_TOKEN: SecretSetting = SecretSetting {
    key: "slack.app_token",
    file_key: "slack.app_token_file",
    default: "",
    show: hidden,
};
const ANNOUNCE_CHANNEL: &str = "slack.announce_channel";
const FALLBACK_CHANNEL: &str = "slack.fallback_channel";
const API_URL: &str = "slack.api_url";

const WHERE_THE_TOKEN_IS: &str =
    "Copy the Bot User OAuth Token from OAuth & Permissions in the settings of the Slack app.";
const WHERE_THE_SIGNING_SECRET_IS: &str =
    "Copy the Signing Secret from Basic Information in the settings of the Slack app.";
const WHERE_THE_APP_TOKEN_IS: &str = "Make an App-Level Token with the scope connections:write \
    under Basic Information in the settings of the Slack app.";
const WHERE_THE_CHANNEL_IS: &str = "Open the channel's details in Slack and copy the ID.";

/// Shorter ones are typing mistakes; Slack's have 32 characters.
const SIGNING_SECRET_LEAST: usize = 16;

/// Slack's own limit.
const COMMAND_MOST: usize = 32;

/// Everything is needed, but of the secrets of both modes only the one that is used.
pub(super) fn read(reader: &mut Reader) -> Option<Slack> {
    let parts = Parts::read(reader);
    let bot_token = required(reader, &BOT_TOKEN, parts.bot_token, WHERE_THE_TOKEN_IS);
    let mode = match parts.way {
        // Which secret is needed is not known.
        None => None,
        Some(Way::Http) => {
            let place = WHERE_THE_SIGNING_SECRET_IS;
            required(reader, &SIGNING_SECRET, parts.signing_secret, place)
                .map(|signing_secret| SlackMode::Http { signing_secret })
        }
        Some(Way::Socket) => {
            let place = WHERE_THE_APP_TOKEN_IS;
            required(reader, &APP_TOKEN, parts.app_token, place)
                .map(|app_token| SlackMode::Socket { app_token })
        }
    };
    if parts.announce_channel == Some(None) {
        let variable = variable_of(ANNOUNCE_CHANNEL);
        let remedy =
            format!("{WHERE_THE_CHANNEL_IS} Put it into the settings file or into {variable}.");
        reader.missing(ANNOUNCE_CHANNEL, remedy);
    }
    Some(Slack {
        bot_token: bot_token?,
        mode: mode?,
        announce_channel: parts.announce_channel??,
        fallback_channel: parts.fallback_channel?,
        commands: parts.commands?,
        api_url: parts.api_url?,
        timeout: parts.timeout?,
    })
}

/// `Some(None)` if something is not set or the file of a secret is out of reach, which is no
/// problem here. Values that are wrong are problems all the same.
pub(super) fn read_if_set(reader: &mut Reader) -> Option<Option<Slack>> {
    let parts = Parts::read(reader);
    let bot_token = optional(parts.bot_token)?;
    let signing_secret = optional(parts.signing_secret)?;
    let app_token = optional(parts.app_token)?;
    let mode = match parts.way? {
        Way::Http => signing_secret.map(|signing_secret| SlackMode::Http { signing_secret }),
        Way::Socket => app_token.map(|app_token| SlackMode::Socket { app_token }),
    };
    let announce_channel = parts.announce_channel?;
    let fallback_channel = parts.fallback_channel?;
    let (commands, api_url, timeout) = (parts.commands?, parts.api_url?, parts.timeout?);
    let complete = bot_token.zip(mode).zip(announce_channel);
    Some(complete.map(|((bot_token, mode), announce_channel)| Slack {
        bot_token,
        mode,
        announce_channel,
        fallback_channel,
        commands,
        api_url,
        timeout,
    }))
}

/// What does not need any secret. Values that are wrong are problems all the same.
pub(super) fn read_app(reader: &mut Reader) -> Option<SlackApp> {
    let parts = Parts::read(reader);
    Some(SlackApp {
        socket_mode: parts.way? == Way::Socket,
        commands: parts.commands?,
    })
}

/// What was found; `None` where a problem has been reported.
struct Parts {
    bot_token: Found<SecretString>,
    way: Option<Way>,
    app_token: Found<SecretString>,
    signing_secret: Found<SecretString>,
    announce_channel: Option<Option<String>>,
    fallback_channel: Option<Option<String>>,
    commands: Option<Vec<String>>,
    api_url: Option<BaseUrl>,
    timeout: Option<Duration>,
}

impl Parts {
    fn read(reader: &mut Reader) -> Self {
        Self {
            bot_token: BOT_TOKEN.read(reader, bot_token),
            way: reader.text("slack.mode", "http", |text| {
                super::one_of(text, &[("http", Way::Http), ("socket", Way::Socket)])
            }),
            app_token: APP_TOKEN.read(reader, app_token),
            signing_secret: SIGNING_SECRET.read(reader, signing_secret),
            announce_channel: reader.text(ANNOUNCE_CHANNEL, "", |text| match text {
                "" => Ok(None),
                text => channel(text).map(Some),
            }),
            fallback_channel: reader.text(FALLBACK_CHANNEL, "", |text| match text {
                "" => Ok(None),
                text => channel(text).map(Some),
            }),
            commands: commands(reader),
            api_url: api_url(reader),
            timeout: reader
                .number("slack.timeout_seconds", 10, 1..=60, "seconds")
                .map(|seconds| Duration::from_secs(seconds.into())),
        }
    }
}

fn required<T>(
    reader: &mut Reader,
    setting: &SecretSetting,
    found: Found<T>,
    place: &str,
) -> Option<T> {
    match found {
        Found::Value(value) => return Some(value),
        Found::Unreadable(problem) => reader.report(problem),
        Found::Unset => {
            let (variable, file) = (variable_of(setting.key), setting.file_key);
            let remedy =
                format!("{place} Put it into {variable}, or into a file that {file} names.");
            reader.missing(setting.key, remedy);
        }
        Found::Refused => {}
    }
    None
}

fn optional<T>(found: Found<T>) -> Option<Option<T>> {
    match found {
        Found::Value(value) => Some(Some(value)),
        Found::Unset | Found::Unreadable(_) => Some(None),
        Found::Refused => None,
    }
}

const BROKEN: &str = "It has a space or a line break inside.";

fn bot_token(text: &str) -> Result<SecretString, Fault> {
    if text.chars().any(char::is_whitespace) {
        return Err(Fault::new(BROKEN, WHERE_THE_TOKEN_IS));
    }
    if text.starts_with("xoxb-") {
        return Ok(text.into());
    }
    let reason = if text.starts_with("xoxp-") {
        "This is a user's token; a bot token begins with xoxb-."
    } else if text.starts_with("xapp-") {
        "This is an app-level token, which belongs into slack.app_token; a bot token begins with \
         xoxb-."
    } else {
        "A bot token begins with xoxb-."
    };
    Err(Fault::new(reason, WHERE_THE_TOKEN_IS))
}

fn app_token(text: &str) -> Result<SecretString, Fault> {
    if text.chars().any(char::is_whitespace) {
        return Err(Fault::new(BROKEN, WHERE_THE_APP_TOKEN_IS));
    }
    if text.starts_with("xapp-") {
        return Ok(text.into());
    }
    let reason = if text.starts_with("xoxb-") {
        "This is a bot token, which belongs into slack.bot_token; an app-level token begins with \
         xapp-."
    } else if text.starts_with("xoxp-") {
        "This is a user's token; an app-level token begins with xapp-."
    } else {
        "An app-level token begins with xapp-."
    };
    Err(Fault::new(reason, WHERE_THE_APP_TOKEN_IS))
}

fn signing_secret(text: &str) -> Result<SecretString, Fault> {
    if text.starts_with("xox") || text.starts_with("xapp-") {
        return Err(Fault::new(
            "This is a token, not the signing secret.",
            WHERE_THE_SIGNING_SECRET_IS,
        ));
    }
    if text.chars().any(char::is_whitespace) {
        return Err(Fault::new(BROKEN, WHERE_THE_SIGNING_SECRET_IS));
    }
    if text.chars().count() < SIGNING_SECRET_LEAST {
        return Err(Fault::new(
            format!("It must have at least {SIGNING_SECRET_LEAST} characters."),
            WHERE_THE_SIGNING_SECRET_IS,
        ));
    }
    Ok(text.into())
}

/// Also of channels that other sections name.
pub(super) fn channel(text: &str) -> Result<String, Fault> {
    let rest = text.strip_prefix(['C', 'G']).unwrap_or_default();
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    if rest.len() >= 2 && rest.chars().all(plain) {
        return Ok(text.to_owned());
    }
    let reason = "It is not the ID of a channel, which begins with C or G.";
    Err(Fault::new(reason, WHERE_THE_CHANNEL_IS))
}

fn commands(reader: &mut Reader) -> Option<Vec<String>> {
    let key = "slack.commands";
    let commands = reader.list(key, &["/outage", "/announce"], |text| {
        let name = text.strip_prefix('/').unwrap_or_default();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        if name.is_empty() || text.len() > COMMAND_MOST || !name.chars().all(plain) {
            return Err(Fault::new(
                format!(
                    "A command is a slash and small letters, digits, - or _, \
                     at most {COMMAND_MOST} characters."
                ),
                "Write it like /outage, as in the settings of the Slack app.",
            ));
        }
        Ok(text.to_owned())
    })?;
    if commands.is_empty() {
        let remedy = "Name at least one, or leave the setting out.";
        reader.refuse(key, Fault::new("There is no command.", remedy));
        return None;
    }
    Some(commands)
}

fn api_url(reader: &mut Reader) -> Option<BaseUrl> {
    let url = reader.text(API_URL, "https://slack.com/api", base_url);
    let insecure_allowed = reader.switch("slack.allow_insecure_api", false);
    let (url, insecure_allowed) = (url?, insecure_allowed?);
    if is_exposed(&url) && !insecure_allowed {
        let fault = Fault::new(
            "Over plain http the bot token could be read on the way.",
            "Use https, or set slack.allow_insecure_api = true for a test.",
        );
        reader.refuse(API_URL, fault);
        return None;
    }
    Some(url)
}
