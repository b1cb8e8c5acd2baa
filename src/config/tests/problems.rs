//! Every kind of wrong setting, and how it is told.

use super::*;

/// The problem that one more section brings to good settings.
#[track_caller]
fn problem(section: &str) -> String {
    let problems = Desk::with_file(&format!("{SLACK}{section}\n")).problems();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems[0].replace("…/balefire.toml, ", "")
}

#[test]
fn serve_asks_for_everything_it_lacks_at_once() {
    let problems = Desk::without_file().problems();
    assert_eq!(
        problems,
        [
            "slack.bot_token. It is not set. Copy the Bot User OAuth Token from OAuth & \
             Permissions in the settings of the Slack app. Put it into \
             BALEFIRE__SLACK__BOT_TOKEN, or into a file that slack.bot_token_file names.",
            "slack.signing_secret. It is not set. Copy the Signing Secret from Basic Information \
             in the settings of the Slack app. Put it into BALEFIRE__SLACK__SIGNING_SECRET, \
             or into a file that slack.signing_secret_file names.",
            "slack.announce_channel. It is not set. Open the channel's details in Slack and copy \
             the ID. Put it into the settings file or into BALEFIRE__SLACK__ANNOUNCE_CHANNEL.",
        ]
    );
}

#[test]
fn all_kinds_of_problems_are_told_together() {
    let problems = Desk::with_file(&format!(
        "{SLACK}wrokers = 3\ntimeout_seconds = 0\n[server]\nlisten = 8080\n[time]\nzone = \"Brno\"\n"
    ))
    .variable("BALEFIRE__LOG__FILTR", "debug")
    .flags("[log]\nformat = \"jsn\"\n")
    .problems();
    assert_eq!(
        problems,
        [
            "…/balefire.toml, line 8: server.listen = 8080. It must be a text, and this is a \
             whole number. Put it in quotes.",
            "command line: log.format = \"jsn\". It must be one of human, json. \
             Did you mean json?",
            "…/balefire.toml, line 6: slack.timeout_seconds = 0. It must be between 1 and 60 \
             seconds. Choose a number in that range.",
            "…/balefire.toml, line 10: time.zone = \"Brno\". There is no such time zone. Use an \
             IANA name with its capitals, like Europe/Prague or Etc/UTC.",
            "environment variable BALEFIRE__LOG__FILTR: log.filtr. There is no such setting. \
             Did you mean BALEFIRE__LOG__FILTER?",
            "…/balefire.toml, line 5: slack.wrokers. There is no such setting. Remove it, or look \
             in config/balefire.toml for the right name.",
        ]
    );
}

#[test]
fn wrong_types_say_what_is_wanted() {
    for (section, expected) in [
        (
            "[deliveries]\nworkers = \"4\"",
            "whole number, and this is a text",
        ),
        (
            "[deliveries]\nworkers = 4.5",
            "this is a number with a fraction",
        ),
        (
            "[permissions]\nallow_all_to_notify = 1",
            "true or false, and this is a whole",
        ),
        (
            "[permissions]\non_call = \"U02ABC\"",
            "Write it as [\"one\", \"two\"]",
        ),
        ("[permissions]\non_call = [1]", "a list of texts"),
        ("[time]\nzone = 2024-01-01", "a date or time"),
        ("log = \"info\"", "There is no such setting"),
    ] {
        let problem = problem(section);
        assert!(problem.contains(expected), "{section}: {problem}");
    }
}

#[test]
fn values_out_of_range_or_shape_are_refused() {
    for (section, expected) in [
        (
            "[server]\nbody_limit = 65535",
            "between 65536 and 16777216 bytes",
        ),
        ("[server]\nshutdown_grace_seconds = -1", "between 1 and 300"),
        (
            "[server]\nlisten = \"localhost:8080\"",
            "not an IP address with a port",
        ),
        ("[database]\nmax_connections = 0", "between 1 and 1000"),
        ("[deliveries]\nworkers = 65", "between 1 and 64"),
        ("[log]\nfilter = \"inof\"", "There is no such level."),
        (
            "[outages]\neta_choices = [\"soon\"]",
            "= soon. It is not < or >",
        ),
        ("[outages]\neta_choices = []", "between 1 and 100 choices"),
        (
            "[outages]\ndefault_severity = \"majr\"",
            "Did you mean major?",
        ),
        ("[outages]\ncurrency = \"euro\"", "three capital letters"),
        (
            "[permissions]\nadministrators = [\"ana\"]",
            "= ana. It is neither",
        ),
        (
            "[permissions]\non_call = [\"U02ABC\", \"U02ABC\"]",
            "listed twice",
        ),
        ("[permissions]\nask = \"a\\nb\"", "one line"),
    ] {
        let problem = problem(section);
        assert!(problem.contains(expected), "{section}: {problem}");
    }
}

#[test]
fn slack_settings_are_looked_at_closely() {
    for (line, expected) in [
        ("bot_token = \"xoxp-1-TOKEN\"", "This is a user's token"),
        ("bot_token = \"xoxb-1-TO\\nKEN\"", "a space or a line break"),
        (
            "bot_token = \"xapp-1-TOKEN\"",
            "app-level token, which belongs into slack.app_token",
        ),
        ("bot_token = 5", "= (hidden). It must be a text"),
        ("signing_secret = \"short\"", "at least 16 characters"),
        (
            "signing_secret = \"xoxb-1-TOKEN-TOKEN\"",
            "not the signing secret",
        ),
        (
            "announce_channel = \"#outages\"",
            "Open the channel's details in Slack and copy the ID",
        ),
        (
            "announce_channel = \"xoxb-1-TOKEN\"",
            "= \"(hidden)\". It is not the ID",
        ),
        (
            "mode = \"sockets\"",
            "one of http, socket. Did you mean socket?",
        ),
        (
            "app_token = \"xoxb-1-TOKEN\"",
            "This is a bot token, which belongs into slack.bot_token",
        ),
        ("app_token = \"xoxp-1-TOKEN\"", "This is a user's token"),
        ("app_token = \"xapp-1-TO KEN\"", "a space or a line break"),
        (
            "mode = \"socket\"",
            "slack.app_token. It is not set. Make an App-Level Token with the scope \
             connections:write under Basic Information in the settings of the Slack app. Put it \
             into BALEFIRE__SLACK__APP_TOKEN, or into a file that slack.app_token_file names.",
        ),
        ("commands = []", "There is no command"),
        ("commands = [\"outage\"]", "= outage. A command is a slash"),
        (
            "api_url = \"http://slack.example/api\"",
            "could be read on the way",
        ),
    ] {
        let name = line.split(' ').next().expect("a name");
        let kept: Vec<&str> = SLACK.lines().filter(|l| !l.starts_with(name)).collect();
        let file = format!("{}\n{line}\n", kept.join("\n"));
        let problems = Desk::with_file(&file).problems();
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(problems[0].contains(expected), "{line}: {}", problems[0]);
        assert!(!problems[0].contains("TOKEN-"), "{}", problems[0]);
        assert!(!problems[0].contains("1-TOKEN"), "{}", problems[0]);
    }
}

#[test]
fn plain_http_to_slack_can_be_allowed_for_tests() {
    for lines in [
        "api_url = \"http://127.0.0.1:9/api\"",
        "api_url = \"http://slack.example/api\"\nallow_insecure_api = true",
    ] {
        let desk = Desk::with_file(&format!("{SLACK}{lines}\n"));
        assert!(desk.load().is_ok(), "{lines}");
    }
}

#[test]
fn a_section_where_a_setting_is_and_the_other_way_round() {
    let problems = Desk::with_file(&format!("log = \"debug\"\n{SLACK}")).problems();
    assert!(problems[0].ends_with(
        "This is a section, not a setting. Put its settings under [log], one to a line."
    ));
    let problem = problem("[deliveries.workers]\nx = 1");
    assert!(problem.contains("deliveries.workers.x. There is no such setting."));
}

#[test]
fn an_unknown_name_does_not_show_its_value() {
    let problem = problem("bot_tokn = \"xoxb-2-OTHER\"");
    assert!(
        problem
            .ends_with("slack.bot_tokn. There is no such setting. Did you mean slack.bot_token?")
    );
}

#[test]
fn broken_syntax_is_told_without_complaints_about_what_could_not_be_read() {
    let problems = Desk::with_file("[server\nlisten = \"127.0.0.1:1\"\n")
        .variable("BALEFIRE__DELIVERIES__WORKERS", "0")
        .problems();
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems[0].starts_with("…/balefire.toml, line 1: This is not TOML:"));
    assert!(problems[0].ends_with("Correct column 8 of: [server"));
    assert!(problems[1].contains("between 1 and 64 workers"));
}
