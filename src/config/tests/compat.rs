//! The variables of the tools that Balefire takes the place of.

use std::collections::BTreeSet;

use secrecy::ExposeSecret;

use super::super::compat::{Fate, Meaning, Part, Variable};
use super::*;
use crate::domain::ids::ChannelId;
use crate::domain::impact::Kind;

const GUIDE: &str = include_str!("../../../docs/phoenix.md");

/// What serve cannot do without and The Phoenix had no name for.
const SIGNING_SECRET: &str = "BALEFIRE__SLACK__SIGNING_SECRET";

/// Comes from The Phoenix, with what serve cannot do without.
fn phoenix() -> Desk {
    switched("")
        .variable(SIGNING_SECRET, "0123456789abcdefSECRET")
        .variable("SLACK_BOT_TOKEN", "xoxb-1-TOKEN")
        .variable("SLACK_ANNOUNCE_CHANNEL_ID", "C0123456789")
}

/// With `compat` and this in the file.
fn switched(file: &str) -> Desk {
    Desk::with_file(&format!("compat = \"phoenix\"\n{file}"))
}

/// The channels that are told when the answer to this question is yes.
fn told<S>(settings: &Settings<S>, question: &str) -> Vec<String> {
    let mut questions = settings.impact.questions.iter();
    match &questions
        .find(|it| it.key == question)
        .expect("a question")
        .kind
    {
        Kind::YesNo { tell } => tell.iter().map(|ChannelId(id)| id.clone()).collect(),
        Kind::Choice { .. } => panic!("{question} is not answered with yes or no"),
    }
}

/// The whole address, password included.
fn postgres<S>(settings: &Settings<S>) -> String {
    match &settings.database.url {
        DatabaseUrl::Postgres(url) => url.expose_secret().to_owned(),
        DatabaseUrl::Sqlite(path) => panic!("a file: {}", path.display()),
    }
}

#[test]
fn every_variable_that_means_something_here_is_read() {
    let settings = phoenix()
        .variable("SLACK_EMOJI", ":eyes:")
        .variable("SLACK_NOTIFY_SALES_CHANNEL_ID", "C0SALES")
        .variable("SLACK_NOTIFY_B2B_CHANNEL_ID", "C0PARTNERS, C0AGENTS,")
        .variable("ALLOW_ALL_TO_NOTIFY", "True")
        .variable("DEBUG", "on")
        .variable("DB_HOST", "db.example")
        .load()
        .expect("good settings");
    assert_eq!(settings.compat.tool, Some(OlderTool::Phoenix));
    assert_eq!(settings.slack.bot_token.expose_secret(), "xoxb-1-TOKEN");
    assert_eq!(settings.slack.announce_channel, "C0123456789");
    assert_eq!(settings.channels.emoji, "eyes");
    assert_eq!(told(&settings, "sales"), ["C0SALES"]);
    assert_eq!(told(&settings, "b2b_partners"), ["C0PARTNERS", "C0AGENTS"]);
    assert!(settings.permissions.allow_all_to_notify);
    assert_eq!(settings.log.filter, "info,balefire=debug");
    assert_eq!(
        settings.database.url.to_string(),
        "postgres://postgres:***@db.example:5432/postgres"
    );
    assert_eq!(settings.compat.warning(), None);
}

#[test]
fn without_compat_no_old_variable_is_looked_at() {
    for switch in ["", "compat = \"\"\n"] {
        let mut desk = Desk::with_file(&format!("{switch}{SLACK}"));
        for variable in OlderTool::Phoenix.variables() {
            desk = desk.variable(variable.name, "caf\u{fffd}");
        }
        let settings = desk.load().expect("nothing is wrong");
        let untouched = Desk::with_file(SLACK).load().expect("good settings");
        assert_eq!(format!("{settings:?}"), format!("{untouched:?}"));
        assert_eq!(settings.compat.warning(), None);
    }
}

#[test]
fn compat_comes_from_wherever_settings_come_from_and_can_be_switched_off() {
    let with_emoji = |desk: Desk| {
        let desk = desk.variable("SLACK_EMOJI", "eyes");
        desk.load_partial().expect("good settings").channels.emoji
    };
    let by_variable = Desk::without_file().variable("BALEFIRE__COMPAT", "phoenix");
    assert_eq!(with_emoji(by_variable), "eyes");
    let by_flag = Desk::without_file().flags("compat = \"phoenix\"\n");
    assert_eq!(with_emoji(by_flag), "eyes");
    let switched_off = switched("").variable("BALEFIRE__COMPAT", "");
    assert_eq!(with_emoji(switched_off), "point_up");
}

#[test]
fn everything_else_is_stronger_than_an_old_variable() {
    let file = "[channels]\nemoji = \"fire\"\n[impact.tell]\nsales = [\"C0FILE\"]\n\
        [permissions]\nallow_all_to_notify = false\n[database]\nurl = \"sqlite:a.db\"\n\
        [log]\nfilter = \"warn\"\n";
    let old = |desk: Desk| {
        desk.variable("SLACK_EMOJI", "eyes")
            .variable("SLACK_NOTIFY_SALES_CHANNEL_ID", "C0OLD")
            .variable("ALLOW_ALL_TO_NOTIFY", "1")
            .variable("DB_HOST", "old")
            .variable("DEBUG", "1")
    };
    let settings = old(switched(file)).load_partial().expect("the file wins");
    assert_eq!(settings.channels.emoji, "fire");
    assert_eq!(told(&settings, "sales"), ["C0FILE"]);
    assert!(!settings.permissions.allow_all_to_notify);
    assert_eq!(settings.database.url.to_string(), "sqlite:a.db");
    assert_eq!(settings.log.filter, "warn");

    let settings = old(phoenix())
        .variable("BALEFIRE__CHANNELS__EMOJI", "tada")
        .variable("BALEFIRE__SLACK__BOT_TOKEN", "xoxb-2-TOKEN")
        .variable("BALEFIRE__DATABASE__URL", "sqlite:b.db")
        .flags("[slack]\nannounce_channel = \"C0FLAG\"\n")
        .load()
        .expect("environment and flags win");
    assert_eq!(settings.channels.emoji, "tada");
    assert_eq!(settings.slack.bot_token.expose_secret(), "xoxb-2-TOKEN");
    assert_eq!(settings.database.url.to_string(), "sqlite:b.db");
    assert_eq!(settings.slack.announce_channel, "C0FLAG");
}

#[test]
fn a_secret_in_a_file_is_stronger_than_an_old_variable() {
    let desk = phoenix().variable("DB_HOST", "old");
    let token = desk.write("token", "xoxb-from-file\n");
    let url = desk.write("url", "postgres://new/balefire\n");
    let settings = desk
        .variable("BALEFIRE__SLACK__BOT_TOKEN_FILE", &token)
        .variable("BALEFIRE__DATABASE__URL_FILE", &url)
        .load()
        .expect("good settings");
    assert_eq!(settings.slack.bot_token.expose_secret(), "xoxb-from-file");
    assert_eq!(postgres(&settings), "postgres://new/balefire");
}

#[test]
fn an_empty_old_variable_is_not_set() {
    let mut desk = switched("");
    for variable in OlderTool::Phoenix.variables() {
        desk = desk.variable(variable.name, " ");
    }
    let settings = desk.load_partial().expect("as if nothing were set");
    assert!(settings.slack.is_none());
    assert_eq!(settings.channels.emoji, "point_up");
    assert_eq!(settings.database.url.to_string(), "sqlite:balefire.db");
    assert_eq!(settings.compat.without_effect, []);
}

#[test]
fn an_empty_secret_in_a_stronger_place_leaves_the_old_one() {
    let settings = phoenix()
        .variable("BALEFIRE__SLACK__BOT_TOKEN", "")
        .variable("BALEFIRE__DATABASE__URL", "")
        .variable("DB_NAME", "phoenix")
        .load()
        .expect("good settings");
    assert_eq!(settings.slack.bot_token.expose_secret(), "xoxb-1-TOKEN");
    assert_eq!(
        postgres(&settings),
        "postgres://postgres:postgres@postgres:5432/phoenix"
    );
}

#[test]
fn yes_and_no_are_the_words_that_the_phoenix_took() {
    let allowed = |word: &str| {
        let desk = phoenix().variable("ALLOW_ALL_TO_NOTIFY", word);
        desk.load().map(|it| it.permissions.allow_all_to_notify)
    };
    for word in ["y", "yes", "t", "true", "on", "1", "Yes", "TRUE", " on "] {
        assert_eq!(allowed(word), Ok(true), "{word}");
    }
    for word in ["n", "no", "f", "false", "off", "0", "No", "FALSE"] {
        assert_eq!(allowed(word), Ok(false), "{word}");
    }
    assert!(allowed("sometimes").is_err());
    let quiet = phoenix().variable("DEBUG", "False").load();
    assert_eq!(quiet.expect("good settings").log.filter, "info");
}

#[test]
fn the_address_of_the_database_is_made_of_its_parts() {
    for (set, expected) in [
        (
            &[("DB_PORT", "6432")][..],
            "postgres://postgres:postgres@postgres:6432/postgres",
        ),
        (
            &[
                ("DB_HOST", "db"),
                ("DB_USER", "ana@example"),
                ("DB_PASSWORD", "p@ss:w/rd%20 é#?"),
                ("DB_NAME", "out ages"),
            ],
            "postgres://ana%40example:p%40ss%3Aw%2Frd%2520%20%C3%A9%23%3F@db:5432/out%20ages",
        ),
        (
            &[("DB_HOST", "::1"), ("DB_USER", "")],
            "postgres://postgres:postgres@[::1]:5432/postgres",
        ),
        (
            &[("DB_HOST", "/run/postgresql")],
            "postgres://postgres:postgres@%2Frun%2Fpostgresql:5432/postgres",
        ),
    ] {
        let desk = set.iter().fold(switched(""), |desk, (name, value)| {
            desk.variable(name, value)
        });
        let settings = desk.load_partial().expect(expected);
        assert_eq!(postgres(&settings), expected);
        let shown = format!("{settings:?}");
        assert!(shown.contains(":***@"), "{shown}");
    }
}

#[test]
fn problems_name_the_old_variable() {
    for (name, value, expected) in [
        (
            "SLACK_EMOJI",
            "point up",
            "environment variable SLACK_EMOJI: channels.emoji = point up. It is not the name of \
             an emoji. Write it like point_up: what Slack shows between colons when you hover \
             over the emoji.",
        ),
        (
            "SLACK_NOTIFY_SALES_CHANNEL_ID",
            "#sales",
            "environment variable SLACK_NOTIFY_SALES_CHANNEL_ID: impact.tell.sales = #sales. It \
             is not the ID of a channel, which begins with C or G. Open the channel's details in \
             Slack and copy the ID.",
        ),
        (
            "ALLOW_ALL_TO_NOTIFY",
            "sometimes",
            "environment variable ALLOW_ALL_TO_NOTIFY: permissions.allow_all_to_notify = \
             sometimes. It means neither yes nor no. Write one of y, yes, t, true, on, 1, or one \
             of n, no, f, false, off, 0.",
        ),
        (
            "DEBUG",
            "verbose",
            "environment variable DEBUG: log.filter = verbose. It means neither yes nor no. Write \
             one of y, yes, t, true, on, 1, or one of n, no, f, false, off, 0.",
        ),
        (
            "DB_HOST",
            "db.example:6432",
            "environment variable DB_HOST: database.url. It is neither a host nor the folder of a \
             socket. Write it like db.example.com; the port has a variable of its own.",
        ),
        (
            "DB_PORT",
            "PASSWORD",
            "environment variable DB_PORT: database.url. It is not the number of a port. Write it \
             like 5432.",
        ),
        (
            "DB_PASSWORD",
            "PASSWORD\u{fffd}",
            "environment variable DB_PASSWORD: database.url. It is not valid UTF-8. Set it to \
             readable text.",
        ),
    ] {
        let problems = phoenix().variable(name, value).problems();
        assert_eq!(problems, [expected]);
    }
}

#[test]
fn an_old_channel_whose_question_is_not_asked_is_refused() {
    let questions = "[[impact.questions]]\nkey = \"shops\"\nlabel = \"Shops affected\"\n";
    let problems = Desk::with_file(&format!("compat = \"phoenix\"\n{SLACK}{questions}"))
        .variable("SLACK_NOTIFY_SALES_CHANNEL_ID", "C0SALES")
        .problems();
    assert_eq!(
        problems,
        [
            "environment variable SLACK_NOTIFY_SALES_CHANNEL_ID: impact.tell.sales = C0SALES. \
             There is no question with this key. The questions of yes and no are shops."
        ]
    );
}

#[test]
fn a_wrong_old_secret_is_not_shown() {
    let desk = switched("")
        .variable(SIGNING_SECRET, "0123456789abcdefSECRET")
        .variable("SLACK_ANNOUNCE_CHANNEL_ID", "C0123456789");
    assert_eq!(
        desk.variable("SLACK_BOT_TOKEN", "xoxp-1-TOKEN").problems(),
        [
            "environment variable SLACK_BOT_TOKEN: slack.bot_token = (hidden). This is a user's \
             token; a bot token begins with xoxb-. Copy the Bot User OAuth Token from OAuth & \
             Permissions in the settings of the Slack app."
        ]
    );
}

#[test]
fn what_a_stronger_place_says_need_not_be_right_in_the_old_one() {
    let settings = phoenix()
        .variable("ALLOW_ALL_TO_NOTIFY", "sometimes")
        .variable("BALEFIRE__PERMISSIONS__ALLOW_ALL_TO_NOTIFY", "true")
        .variable("DB_PORT", "none")
        .variable("BALEFIRE__DATABASE__URL", "sqlite:a.db")
        .load()
        .expect("the stronger ones are right");
    assert!(settings.permissions.allow_all_to_notify);
}

#[test]
fn a_missing_signing_secret_is_not_the_verification_token() {
    let desk = switched("")
        .variable("SLACK_BOT_TOKEN", "xoxb-1-TOKEN")
        .variable("SLACK_ANNOUNCE_CHANNEL_ID", "C0123456789")
        .variable("SLACK_VERIFICATION_TOKEN", "0123456789abcdef01234567");
    assert_eq!(
        desk.problems(),
        [
            "slack.signing_secret. It is not set. Copy the Signing Secret from Basic Information \
             in the settings of the Slack app. Put it into BALEFIRE__SLACK__SIGNING_SECRET, or \
             into a file that slack.signing_secret_file names. The verification token of The \
             Phoenix (SLACK_VERIFICATION_TOKEN) does not do: it never authenticates anybody here."
        ]
    );
}

#[test]
fn another_tool_is_not_known() {
    for (word, remedy) in [
        ("Phoenix", "Did you mean phoenix?"),
        ("pheonix", "Did you mean phoenix?"),
        ("django", "Write phoenix, or leave it empty."),
    ] {
        let problems = Desk::with_file(&format!("compat = \"{word}\"\n{SLACK}")).problems();
        assert_eq!(
            problems,
            [format!(
                "…/balefire.toml, line 1: compat = \"{word}\". Balefire does not read the \
                 variables of such a tool. {remedy}"
            )]
        );
    }
}

#[test]
fn what_has_no_effect_is_named_with_its_reason() {
    let settings = phoenix()
        .variable("REDIS_URL", "redis://redis/0")
        .variable("GITLAB_PRIVATE_TOKEN", "glpat-TOKEN")
        .variable("SECRET_KEY", "SECRET")
        .variable("HOSTNAME", "3f2a")
        .variable("PATH", "/bin")
        .load()
        .expect("good settings");
    assert_eq!(
        settings.compat.warning().as_deref(),
        Some(
            "Set for The Phoenix and without effect here: REDIS_URL, SECRET_KEY; not read yet: \
             GITLAB_PRIVATE_TOKEN. See docs/phoenix.md."
        )
    );
    let told: Vec<(&str, &str)> = settings
        .compat
        .without_effect
        .iter()
        .map(|it| (it.variable, it.advice.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                "REDIS_URL",
                "There is no broker: what waits is in the database. Remove it."
            ),
            (
                "SECRET_KEY",
                "Balefire signs nothing with a key of its own. Remove it."
            ),
            (
                "GITLAB_PRIVATE_TOKEN",
                "Not read yet: what reads post-mortems from GitLab comes later."
            ),
        ]
    );
    let shown = format!("{settings:?}");
    assert!(
        !shown.contains("glpat") && !shown.contains("SECRET\""),
        "{shown}"
    );
}

#[test]
fn every_variable_is_read_or_named_or_known_to_be_there_anyway() {
    for variable in OlderTool::Phoenix.variables() {
        let desk = switched("").variable(variable.name, "1");
        let layers = Layers::of(&desk.sources);
        let told = layers.without_effect.iter().map(|it| it.variable);
        let told: Vec<&str> = told.collect();
        let mut read: Vec<&str> = layers.entries.keys().map(String::as_str).collect();
        read.retain(|key| *key != "compat");
        let (setting, is_told) = match variable.fate {
            Fate::Is(setting, _) => (Some(setting), false),
            Fate::Database(_) => (Some("database.url"), false),
            Fate::Gone(..) | Fate::Later(_) => (None, true),
            Fate::Ambient => (None, false),
        };
        assert_eq!(read, Vec::from_iter(setting), "{}", variable.name);
        assert_eq!(told, Vec::from_iter(is_told.then_some(variable.name)));
    }
}

#[test]
fn old_variables_belong_to_settings_that_exist_and_are_listed_once() {
    let mut reader = Reader::new(Layers::default());
    read_sections(&mut reader, &CHECKS, slack::read);
    let mut names = BTreeSet::new();
    for variable in OlderTool::Phoenix.variables() {
        assert!(names.insert(variable.name), "{}", variable.name);
        if let Fate::Is(setting, _) = variable.fate {
            assert!(reader.known().contains_key(setting), "{setting}");
        }
    }
}

/// What the guide says about a variable.
fn row(variable: &Variable) -> String {
    let here = match &variable.fate {
        Fate::Is(setting, Meaning::Same) => format!("`{setting}`"),
        Fate::Is(setting, Meaning::YesNo) => format!("`{setting}`, from the words for yes and no"),
        Fate::Is(setting, Meaning::DebugLogs) => {
            format!("`{setting}` is `info,balefire=debug` for yes")
        }
        Fate::Database(Part::Port(default)) => {
            format!("a part of `database.url`; else `{default}`")
        }
        Fate::Database(
            Part::Host(default)
            | Part::Name(default)
            | Part::User(default)
            | Part::Password(default),
        ) => format!("a part of `database.url`; else `{default}`"),
        Fate::Gone(why, instead) => format!("*no effect.* {why} {instead}"),
        Fate::Later(what) => format!("*not yet:* {what}"),
        Fate::Ambient => "*no effect.* Every container has it, so the log is silent.".to_owned(),
    };
    format!("| `{}` | {here} |", variable.name)
}

#[test]
fn the_guide_lists_every_variable_and_what_becomes_of_it() {
    let (_, table) = GUIDE.split_once("## Every variable").expect("the table");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let shown: Vec<&str> = rows.collect();
    let expected: Vec<String> = OlderTool::Phoenix.variables().iter().map(row).collect();
    assert_eq!(
        shown,
        expected,
        "the table should be:\n{}",
        expected.join("\n")
    );
}
