//! Secrets come from settings or files and are never shown.

use secrecy::ExposeSecret;

use super::*;

/// The secret of the mode that is set.
fn of_mode(slack: &Slack) -> &str {
    match &slack.mode {
        SlackMode::Http { signing_secret } => signing_secret.expose_secret(),
        SlackMode::Socket { app_token } => app_token.expose_secret(),
    }
}

/// A file with the names of the files that hold the secrets.
fn with_secret_files(token: &str, signing_secret: &str) -> Desk {
    let desk = Desk::without_file();
    let token = desk.write("token", token);
    let signing_secret = desk.write("signing", signing_secret);
    let text = format!(
        "[slack]\nannounce_channel = \"C0123456789\"\nbot_token_file = \"{token}\"\n\
         signing_secret_file = \"{signing_secret}\"\n"
    );
    let file = desk.write("balefire.toml", &text);
    Desk {
        sources: Sources {
            file: Some(file.into()),
            ..Sources::default()
        },
        ..desk
    }
}

#[test]
fn secrets_come_from_files_without_their_line_break() {
    let desk = with_secret_files("xoxb-from-file\n", "0123456789abcdef\r\n");
    let slack = desk.load().expect("good settings").slack;
    assert_eq!(slack.bot_token.expose_secret(), "xoxb-from-file");
    assert_eq!(of_mode(&slack), "0123456789abcdef");
}

#[test]
fn socket_mode_takes_its_token_from_a_file_and_wants_no_signing_secret() {
    let desk = Desk::with_file("[slack]\nmode = \"socket\"\nannounce_channel = \"C0123456789\"\n");
    let desk = desk.variable("BALEFIRE__SLACK__BOT_TOKEN", "xoxb-1-TOKEN");
    let path = desk.write("app-token", "xapp-1-TOKEN\n");
    let desk = desk.variable("BALEFIRE__SLACK__APP_TOKEN_FILE", &path);
    let slack = desk.load().expect("good settings").slack;
    assert_eq!(of_mode(&slack), "xapp-1-TOKEN");
    assert!(!format!("{slack:?}").contains("TOKEN"), "{slack:?}");
    assert!(desk.load_partial().expect("good settings").slack.is_some());
}

#[test]
fn a_wrong_secret_in_a_file_is_told_with_the_file() {
    let problems = with_secret_files("xoxp-wrong\n", "  \n").problems();
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems[0].starts_with("file …/token: slack.bot_token = (hidden). This is a user's"));
    assert!(problems[1].contains("slack.signing_secret_file = …/signing. The file is empty."));
}

#[test]
fn a_file_that_is_not_there_matters_only_to_serve() {
    let desk = Desk::with_file(&format!(
        "{}bot_token_file = \"/nonexistent/token\"\n",
        SLACK.replace("bot_token = \"xoxb-1-TOKEN\"\n", "")
    ));
    let problems = desk.problems();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].contains(
        "slack.bot_token_file = /nonexistent/token. The file cannot be read: No such file"
    ));
    assert!(desk.load_partial().expect("no problem").slack.is_none());
}

#[test]
fn a_database_file_that_is_not_there_matters_to_everybody() {
    let desk = Desk::with_file("[database]\nurl_file = \"/nonexistent/url\"\n");
    assert_eq!(desk.load_partial().expect_err("no database").len(), 1);
}

#[test]
fn a_secret_and_its_file_in_one_place_contradict_each_other() {
    let problems = Desk::with_file(&format!("{SLACK}bot_token_file = \"token\"\n")).problems();
    assert_eq!(
        problems,
        [
            "…/balefire.toml, line 5: slack.bot_token_file. slack.bot_token is given too. \
          Keep one of the two."
        ]
    );
}

#[test]
fn a_secret_in_a_stronger_place_beats_the_file_in_a_weaker_one() {
    let desk = with_secret_files("xoxb-from-file", "0123456789abcdef")
        .variable("BALEFIRE__SLACK__BOT_TOKEN", "xoxb-from-variable");
    let slack = desk.load().expect("good settings").slack;
    assert_eq!(slack.bot_token.expose_secret(), "xoxb-from-variable");

    let desk = Desk::with_file(SLACK);
    let path = desk.write("token", "xoxb-from-file");
    let desk = desk.variable("BALEFIRE__SLACK__BOT_TOKEN_FILE", &path);
    let slack = desk.load().expect("good settings").slack;
    assert_eq!(slack.bot_token.expose_secret(), "xoxb-from-file");
}

#[test]
fn an_empty_variable_is_no_secret() {
    let desk = with_secret_files("xoxb-from-file", "0123456789abcdef")
        .variable("BALEFIRE__SLACK__BOT_TOKEN", "");
    assert!(desk.load().is_ok());
}

#[test]
fn an_empty_variable_does_not_swap_the_database_for_the_default() {
    let settings = Desk::with_file("[database]\nurl = \"postgres://db/balefire\"\n")
        .variable("BALEFIRE__DATABASE__URL", "")
        .load_partial()
        .expect("good settings");
    assert_eq!(settings.database.url.to_string(), "postgres://db/balefire");
}

#[test]
fn a_token_given_as_a_path_is_not_shown() {
    let line = "bot_token_file = \"xoxb-1-TOKEN\"";
    let file = SLACK.replace("bot_token = \"xoxb-1-TOKEN\"", line);
    let problems = Desk::with_file(&file).problems();
    assert!(problems[0].contains("slack.bot_token_file = (hidden). The file cannot be read"));
}

#[test]
fn commands_on_the_database_take_slack_if_it_is_complete() {
    let complete = Desk::with_file(SLACK).load_partial();
    assert!(complete.expect("good settings").slack.is_some());
    let wrong = Desk::with_file("[slack]\nbot_token = \"nonsense\"\n").load_partial();
    assert_eq!(wrong.expect_err("not a token").len(), 1);
}

#[test]
fn settings_can_be_logged_without_their_secrets() {
    let file = format!("{SLACK}[database]\nurl = \"postgres://ana:PASSWORD@db/balefire\"\n");
    let settings = Desk::with_file(&file).load().expect("good settings");
    let text = format!("{settings:?} {settings:#?} {}", settings.database.url);
    for secret in ["TOKEN", "SECRET", "PASSWORD"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(text.contains("postgres://ana:***@db/balefire"));
}

#[test]
fn problems_do_not_show_the_password_of_the_database() {
    let problems = Desk::with_file(&format!(
        "{SLACK}[database]\nurl = \"mysql://ana:PASSWORD@db/x\"\n"
    ))
    .problems();
    assert_eq!(
        problems,
        [
            "…/balefire.toml, line 6: database.url = mysql://ana:***@db/x. Only SQLite and \
          PostgreSQL are known. Write sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE."
        ]
    );
}
