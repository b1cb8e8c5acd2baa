//! Secrets of monitors: as a list or a file, several at once, never shown.

use secrecy::{ExposeSecret, SecretString};

use super::*;

const ONE: &str = "one-SECRET-of-a-monitor";
const TWO: &str = "two-SECRET-of-a-monitor";

fn shown(secrets: &[SecretString]) -> Vec<&str> {
    secrets.iter().map(ExposeSecret::expose_secret).collect()
}

fn desk(text: &str) -> Desk {
    Desk::with_file(&format!("{SLACK}{text}"))
}

#[test]
fn a_source_is_off_until_it_has_a_secret() {
    let settings = desk("").load().expect("good settings").signals;
    for source in [
        &settings.pingdom,
        &settings.alertmanager,
        &settings.grafana,
        &settings.datadog,
        &settings.generic,
    ] {
        assert!(source.is_off());
    }
    let text = format!("[signals.datadog]\nsecrets = [\"{ONE}\", \"{TWO}\"]\n");
    let settings = desk(&text).load().expect("good settings").signals;
    assert_eq!(shown(&settings.datadog.secrets), [ONE, TWO]);
    assert!(settings.pingdom.is_off());
    assert!(!format!("{settings:?}").contains("SECRET"), "{settings:?}");
}

#[test]
fn secrets_come_from_a_file_one_to_a_line_or_from_the_environment() {
    let from_file = desk("");
    let path = from_file.write("secrets", &format!("{ONE}\n\n  {TWO}  \r\n"));
    let from_file = from_file.variable("BALEFIRE__SIGNALS__PINGDOM__SECRETS_FILE", &path);
    let settings = from_file.load().expect("good settings").signals;
    assert_eq!(shown(&settings.pingdom.secrets), [ONE, TWO]);
    // The stronger place wins; within one there is only one.
    let text = format!("[signals.pingdom]\nsecrets_file = \"{path}\"\n");
    let stronger = desk(&text).variable("BALEFIRE__SIGNALS__PINGDOM__SECRETS", TWO);
    let settings = stronger.load().expect("good settings").signals;
    assert_eq!(shown(&settings.pingdom.secrets), [TWO]);
    let list = format!("{ONE},{TWO}");
    let listed = desk("").variable("BALEFIRE__SIGNALS__PINGDOM__SECRETS", &list);
    let settings = listed.load().expect("good settings").signals;
    assert_eq!(shown(&settings.pingdom.secrets), [ONE, TWO]);
}

#[test]
fn grafana_may_sign_with_headers_of_ones_own() {
    let text = format!(
        "[signals.grafana]\nhmac_secrets = [\"{ONE} with what a signature may have: %/&\"]\n\
         hmac_timestamp_header = \"X-Time\"\n"
    );
    let grafana = desk(&text).load().expect("good settings").signals.grafana;
    assert!(!grafana.is_off() && grafana.secrets.is_empty());
    let signing = grafana.signing.expect("a signature");
    assert_eq!(signing.header, "X-Grafana-Alerting-Signature");
    assert_eq!(signing.timestamp_header.as_deref(), Some("X-Time"));
}

#[test]
fn all_problems_are_told_at_once_and_no_secret_with_them() {
    let problems = desk(&format!(
        "[signals.pingdom]\nsecrets = [\"short-SECRET\", \"{ONE}\", \"with/a/slash/SECRET/inside\"]\n\
         [signals.alertmanager]\nsecrets_file = \"/nonexistent/secrets\"\n\
         [signals.grafana]\nhmac_header = \"X Y\"\nhmac_secrets = \"SECRET\"\n\
         [signals.datadog]\nsecrets = [\"{ONE}\"]\nsecrets_file = \"{ONE}\"\n\
         [signals.generic]\nsecret = [\"{ONE}\"]\n"
    ))
    .problems();
    let told = problems.join("\n");
    assert_eq!(problems.len(), 7, "{told}");
    assert!(!told.contains("SECRET"), "{told}");
    for expected in [
        "signals.pingdom.secrets = (hidden). A secret has 20 to 256 characters",
        "signals.pingdom.secrets = (hidden). A secret has letters, digits,",
        "signals.alertmanager.secrets_file = /nonexistent/secrets. The file cannot be read",
        "signals.grafana.hmac_header = \"X Y\". It is not the name of a header.",
        "signals.grafana.hmac_secrets = (hidden). It must be a list of texts",
        "signals.datadog.secrets_file. signals.datadog.secrets is given too.",
        "signals.generic.secret. There is no such setting. Did you mean signals.generic.secrets?",
    ] {
        assert!(told.contains(expected), "no \"{expected}\" in:\n{told}");
    }
}

#[test]
fn an_empty_file_is_no_secret() {
    let empty = desk("");
    let path = empty.write("secrets", " \n");
    let empty = empty.variable("BALEFIRE__SIGNALS__GENERIC__SECRETS_FILE", &path);
    let problems = empty.problems();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].contains("The file is empty."), "{problems:#?}");
}
