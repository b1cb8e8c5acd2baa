//! Which source wins when several give the same setting.

use super::*;

#[test]
fn nothing_given_means_defaults() {
    let settings = Desk::without_file().load_partial().expect("defaults");
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.server.public_url, None);
    assert_eq!(settings.database.url.to_string(), "sqlite:balefire.db");
    assert_eq!(
        settings.outages.default_severity,
        crate::domain::outage::Severity::Major
    );
    assert_eq!(settings.time.zone, "Etc/UTC");
    assert!(settings.slack.is_none());
}

#[test]
fn each_place_is_stronger_than_the_one_before() {
    let file = format!("{SLACK}[deliveries]\nworkers = 5\n");
    let desk = Desk::with_file(&file);
    assert_eq!(desk.load().expect("file").deliveries.workers, 5);
    let desk = desk.variable("BALEFIRE__DELIVERIES__WORKERS", "6");
    assert_eq!(desk.load().expect("environment").deliveries.workers, 6);
    let desk = desk.flags("[deliveries]\nworkers = 7\n");
    assert_eq!(desk.load().expect("flags").deliveries.workers, 7);
}

#[test]
fn the_environment_speaks_every_type() {
    let settings = Desk::with_file(SLACK)
        .variable("BALEFIRE__SERVER__PUBLIC_URL", "https://outages.example")
        .variable("balefire__deliveries__give_up_after_hours", " 3 ")
        .variable("BALEFIRE__PERMISSIONS__ALLOW_ALL_TO_NOTIFY", "true")
        .variable("BALEFIRE__PERMISSIONS__ON_CALL", "U02ABC, ana@example.com,")
        .variable("BALEFIRE__OUTAGES__ETA_CHOICES", "[\"<1h\", \">1h\"]")
        .variable("BALEFIRE_CONFIG", "ignored here")
        .load()
        .expect("good settings");
    let public_url = settings.server.public_url.expect("an address");
    assert_eq!(public_url.as_str(), "https://outages.example");
    assert_eq!(settings.deliveries.give_up_after.as_secs(), 3 * 3600);
    assert!(settings.permissions.allow_all_to_notify);
    assert_eq!(
        settings.permissions.on_call,
        [
            Person::SlackUser("U02ABC".into()),
            Person::Email("ana@example.com".into())
        ]
    );
    assert_eq!(settings.outages.eta_choices.len(), 2);
}

#[test]
fn a_variable_can_empty_a_list_and_an_address() {
    let file =
        "[server]\npublic_url = \"https://a.example\"\n[permissions]\non_call = [\"U02ABC\"]\n";
    let settings = Desk::with_file(file)
        .variable("BALEFIRE__SERVER__PUBLIC_URL", "")
        .variable("BALEFIRE__PERMISSIONS__ON_CALL", "")
        .load_partial()
        .expect("good settings");
    assert_eq!(settings.server.public_url, None);
    assert!(settings.permissions.on_call.is_empty());
}

#[test]
fn a_problem_names_the_place_that_won() {
    let problems = Desk::with_file(&format!("{SLACK}[deliveries]\nworkers = 5\n"))
        .variable("BALEFIRE__DELIVERIES__WORKERS", "many")
        .problems();
    assert_eq!(
        problems,
        [
            "environment variable BALEFIRE__DELIVERIES__WORKERS: deliveries.workers = many. \
          It must be a whole number. Correct the value."
        ]
    );
}
