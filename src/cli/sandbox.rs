//! `balefire sandbox`: the local Slack alone, for any Slack app. It tells the operator whether the
//! app answers; how a single request failed is shown on its page.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Context;
use url::Url;

use super::{Failure, asked_to_stop, say};
use crate::{
    config,
    sandbox::{self, Sandbox, Verified},
    telemetry::logs::{self, Format},
};

const SIGNING_SECRET: &str = "BALEFIRE_SANDBOX_SIGNING_SECRET";
const BOT_TOKEN: &str = "BALEFIRE_SANDBOX_BOT_TOKEN";
const APP_TOKEN: &str = "BALEFIRE_SANDBOX_APP_TOKEN";

/// Slack's own limit, with the slash.
const COMMAND_MOST: usize = 32;

/// How long until an app that was not there is looked for again.
const PAUSE: Duration = Duration::from_secs(2);

/// Secrets are best given by the variables named here: everybody on the machine can read the list
/// of processes. None of them needs to be real, and a real one has no place here.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where the app is: /slack/commands, /slack/interactivity and /slack/events are called below it. Not needed with --socket-mode.
    #[arg(long, value_name = "URL", required_unless_present = "socket_mode")]
    app_url: Option<String>,
    /// What requests to the app are signed with, also from $BALEFIRE_SANDBOX_SIGNING_SECRET. Without it one is made up and printed.
    #[arg(long, value_name = "SECRET")]
    signing_secret: Option<String>,
    /// The one token that the Web API accepts, xoxb-…, also from $BALEFIRE_SANDBOX_BOT_TOKEN. Without it one is made up and printed.
    #[arg(long, value_name = "TOKEN")]
    bot_token: Option<String>,
    /// The token that opens sockets, xapp-…, also from $BALEFIRE_SANDBOX_APP_TOKEN. Without it --socket-mode makes one up and prints it.
    #[arg(long, value_name = "TOKEN")]
    app_token: Option<String>,
    /// Where to listen; port 0 picks one. Whoever reaches this address can act as anybody in the workspace.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Where to keep the workspace. Without it, it is gone at the end.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A slash command of the app, such as /deploy; may be given several times.
    #[arg(long = "command", value_name = "/COMMAND")]
    commands: Vec<String>,
    /// Call the app over sockets that it opens, instead of its URL.
    #[arg(long)]
    socket_mode: bool,
    /// What the bot's token may do, with commas between; without it, everything.
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    scopes: Option<Vec<String>>,
}

pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let app_url = arguments.app_url.as_deref().map(app_url).transpose()?;
    for command in &arguments.commands {
        check_command(command)?;
    }
    let secrets = Secrets::of(&arguments, config::variable)?;
    logs::init(Format::Human, "warn,balefire=info").map_err(anyhow::Error::from)?;
    if let Some(folder) = &arguments.data {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let sandbox = Sandbox::start(sandbox::Options {
        listen: arguments.listen,
        app_url: app_url.clone(),
        signing_secret: secrets.signing.value.clone(),
        bot_token: secrets.bot.value.clone(),
        scopes: arguments.scopes,
        app_token: secrets.app.as_ref().map(|it| it.value.clone()),
        socket_mode: arguments.socket_mode,
        commands: arguments.commands,
        shortcuts: Vec::new(),
        clock_offset_seconds: 0,
        seed: sandbox::Seed::default(),
        data: arguments.data.map(|folder| folder.join("sandbox.json")),
    })
    .await?;
    say(&format!("sandbox: {}", sandbox.url()));
    say(&format!("api: {}/", sandbox.api_url()));
    say(&format!("control: {}/_sandbox", sandbox.url()));
    for line in secrets.made_up(arguments.socket_mode) {
        say(&line);
    }
    say("");
    say("Open the sandbox in a browser. Stop with Ctrl-C.");
    let watched = async {
        match &app_url {
            Some(url) if !arguments.socket_mode => tell_whether_it_answers(&sandbox, url).await,
            _ => say("The app opens the connections; open ones are shown on the page."),
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = watched => {}
        asked = asked_to_stop() => asked?,
    }
    sandbox.stop().await;
    Ok(())
}

/// Says what comes back from the app, and looks again until something does.
async fn tell_whether_it_answers(sandbox: &Sandbox, url: &str) {
    let mut said = String::new();
    loop {
        let verified = sandbox.verify().await;
        let sentence = sentence(&verified, url);
        if sentence != said {
            say(&sentence);
            said = sentence;
        }
        if !matches!(verified, Verified::Unreachable(_) | Verified::TimedOut) {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn sentence(verified: &Verified, url: &str) -> String {
    match verified {
        Verified::Good => format!("The app at {url} answers as it should."),
        Verified::Unreachable(why) => format!(
            "Nobody answers at {url}: {why}. Start the app there, or give another --app-url; it is \
             tried again every {} seconds.",
            PAUSE.as_secs()
        ),
        Verified::TimedOut => format!(
            "The app at {url} takes longer than the three seconds that Slack waits. It is tried \
             again."
        ),
        Verified::TooManyRedirects => {
            format!("The app at {url} redirects more often than Slack follows.")
        }
        Verified::Wrong {
            status: status @ (401 | 403),
            ..
        } => format!(
            "The app at {url} refuses what is signed here, with status {status}: it has another \
             signing secret, or its clock is more than five minutes away."
        ),
        Verified::Wrong {
            status: status @ (404 | 405),
            ..
        } => format!(
            "The app at {url} has nothing at {url}/slack/events: it answered status {status}. It \
             is also asked at /slack/commands and /slack/interactivity; give an --app-url below \
             which it answers those."
        ),
        Verified::Wrong { status, .. } => format!(
            "The app at {url} answers, but at /slack/events it did not repeat the challenge of \
             url_verification: it said status {status}."
        ),
    }
}

/// A secret, and whether it is nobody's but ours to print.
#[derive(Clone)]
struct Secret {
    value: String,
    made_up: bool,
}

struct Secrets {
    signing: Secret,
    bot: Secret,
    app: Option<Secret>,
}

impl Secrets {
    /// From the flags, else from the variables, else made up.
    fn of(
        arguments: &Arguments,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Secrets, Failure> {
        let given = |flag: &Option<String>, name: &str| flag.clone().or_else(|| variable(name));
        let or_made_up = |given: Option<String>, prefix: &str| match given {
            Some(value) => Secret {
                value,
                made_up: false,
            },
            None => Secret {
                value: format!("{prefix}{}", uuid::Uuid::new_v4().simple()),
                made_up: true,
            },
        };
        let bot = token(given(&arguments.bot_token, BOT_TOKEN), "bot", "xoxb-")?;
        let app = token(given(&arguments.app_token, APP_TOKEN), "app-level", "xapp-")?;
        Ok(Secrets {
            signing: or_made_up(given(&arguments.signing_secret, SIGNING_SECRET), ""),
            bot: or_made_up(bot, "xoxb-pretend-"),
            app: match arguments.socket_mode || app.is_some() {
                true => Some(or_made_up(app, "xapp-pretend-")),
                false => None,
            },
        })
    }

    /// One line for each that was not given, and none for those that somebody else knows.
    fn made_up(&self, socket_mode: bool) -> Vec<String> {
        let signing = (!socket_mode).then_some(&self.signing);
        [
            ("signing secret", signing),
            ("bot token", Some(&self.bot)),
            ("app-level token", self.app.as_ref()),
        ]
        .into_iter()
        .filter_map(|(name, secret)| Some((name, secret.filter(|it| it.made_up)?)))
        .map(|(name, secret)| format!("pretend {name}, made up for this run: {}", secret.value))
        .collect()
    }
}

/// The value stays unseen: it may be a real one in the wrong place.
fn token(given: Option<String>, kind: &str, prefix: &str) -> Result<Option<String>, Failure> {
    match given {
        Some(text) if !text.starts_with(prefix) || text.contains(char::is_whitespace) => {
            Err(Failure::Usage(format!(
                "balefire: the {kind} token must begin with {prefix} and have no spaces. Leave it \
                 out to have one made up."
            )))
        }
        given => Ok(given),
    }
}

fn app_url(text: &str) -> Result<String, Failure> {
    let sound = Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    match sound {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err(Failure::Usage(format!(
            "balefire: {text} is not the address of an app. Write it like http://127.0.0.1:3000."
        ))),
    }
}

fn check_command(text: &str) -> Result<(), Failure> {
    let name = text.strip_prefix('/').unwrap_or_default();
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !c.is_uppercase() && c != '/';
    if !name.is_empty() && text.chars().count() <= COMMAND_MOST && name.chars().all(plain) {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "balefire: {text} is not a command. Write a slash and small letters, at most \
         {COMMAND_MOST} characters, like /deploy."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(flags: &[&str]) -> Arguments {
        use clap::{Args, FromArgMatches};
        let command = Arguments::augment_args(clap::Command::new("sandbox"));
        let all = ["sandbox"].iter().chain(flags);
        Arguments::from_arg_matches(&command.get_matches_from(all)).unwrap()
    }

    fn usage<T>(done: Result<T, Failure>) -> String {
        match done {
            Err(Failure::Usage(text)) => text,
            _ => panic!("it was not refused"),
        }
    }

    #[test]
    fn only_made_up_secrets_are_told() {
        let given = arguments(&["--app-url", "http://a", "--bot-token", "xoxb-flag"]);
        let variable = |name: &str| (name != APP_TOKEN).then(|| "xoxb-variable".to_owned());
        let secrets = Secrets::of(&given, variable).unwrap_or_else(|_| panic!("refused"));
        assert_eq!(secrets.bot.value, "xoxb-flag");
        assert_eq!(secrets.signing.value, "xoxb-variable");
        assert!(secrets.made_up(false).is_empty());

        let none = Secrets::of(&arguments(&["--socket-mode"]), |_| None);
        let lines = none.unwrap_or_else(|_| panic!("refused")).made_up(true);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("pretend bot token, made up for this run: xoxb-pretend-"));
        assert!(lines[1].contains(": xapp-pretend-"));
    }

    #[test]
    fn a_wrong_token_is_refused_and_not_shown() {
        let wrong = arguments(&["--socket-mode", "--bot-token", "xoxp-mine"]);
        let text = usage(Secrets::of(&wrong, |_| None));
        assert!(text.contains("must begin with xoxb-") && !text.contains("xoxp-mine"));
    }

    #[test]
    fn addresses_and_commands_are_looked_at() {
        assert_eq!(app_url("http://a:1/").ok().as_deref(), Some("http://a:1"));
        for text in ["a:1", "ftp://a", "http://", "http://a/?b=c"] {
            assert!(
                usage(app_url(text)).contains("is not the address"),
                "{text}"
            );
        }
        assert!(check_command("/deploy-it").is_ok());
        for text in ["deploy", "/", "/De", "/a b", "/a/b"] {
            assert!(check_command(text).is_err(), "{text}");
        }
    }
}
