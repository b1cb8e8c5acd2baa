//! Every way in which Google, or whatever stands in its place, keeps a group from being read: what is
//! told, whether it may pass, and how often the question is put again.

use balefire::config;

use crate::{
    google::{Fault, GoogleFake, LIST, TIMEOUT, read, reader, two_pages},
    harness::google::{ADMIN, another_key_pair, key_pair},
};

/// What every way to fail is told as: what is wrong, what to do, whether it may pass, and how often
/// the page was asked for.
const FAILURES: &[(Fault, &str, &str, bool, usize)] = &[
    (
        Fault::Forbidden,
        "may not read the group on-call@example.com in the name of admin@",
        "Admin roles",
        false,
        1,
    ),
    (
        Fault::SwitchedOff,
        "switched off for the project balefire-tests",
        "Admin SDK API",
        false,
        1,
    ),
    (
        Fault::NotFound,
        "knows no group on-call@example.com",
        "[[permissions.sources]]",
        false,
        1,
    ),
    (
        Fault::Says(400, "{\"error\":{}}"),
        "(HTTP status 400)",
        "address of a group",
        false,
        1,
    ),
    (
        Fault::Says(
            403,
            "{\"error\":{\"errors\":[{\"reason\":\"dailyLimitExceeded\"}]}}",
        ),
        "quota is used up (dailyLimitExceeded)",
        "Quotas",
        true,
        1,
    ),
    (
        Fault::Says(
            403,
            "{\"error\":{\"details\":[{\"reason\":\"SERVICE_DISABLED\"}]}}",
        ),
        "switched off",
        "Library",
        false,
        1,
    ),
    (
        Fault::Says(403, "<html>"),
        "in Google's place at 127.0.0.1: HTTP status 403",
        "proxy",
        true,
        1,
    ),
    (
        Fault::Says(404, "<html>"),
        "HTTP status 404, not in Google's words",
        "proxy",
        true,
        1,
    ),
    (
        Fault::Unauthorized,
        "takes no token of the service account desk@",
        "google.subject",
        false,
        2,
    ),
    (
        Fault::Quota,
        "quota is used up (userRateLimitExceeded)",
        "by itself",
        true,
        4,
    ),
    (
        Fault::Busy(31),
        "quota is used up (rateLimitExceeded)",
        "by itself",
        true,
        1,
    ),
    (
        Fault::Internal,
        "troubles of its own (HTTP status 500)",
        "passes",
        true,
        4,
    ),
    (
        Fault::Unavailable,
        "troubles of its own (HTTP status 503)",
        "passes",
        true,
        4,
    ),
    (Fault::CutOff, "its answer is cut off", "proxy", true, 1),
    (Fault::Broken, "its answer is cut off", "proxy", true, 1),
    (
        Fault::Html,
        "its answer is not a list of members",
        "login",
        true,
        1,
    ),
    (
        Fault::Elsewhere,
        "sends whoever asks elsewhere",
        "login",
        true,
        1,
    ),
    (Fault::Huge, "larger than 4 MiB", "proxy", true, 1),
    (Fault::Circle, "pages lead in a circle", "proxy", true, 2),
];

#[tokio::test]
async fn a_page_that_cannot_be_read_leaves_the_whole_group_unread() {
    for (fault, wrong, todo, may_pass, tries) in FAILURES {
        let fake = two_pages().await;
        fake.fails_after(LIST, 1, *fault);
        let unread = read(&fake).await.unwrap_err();
        let told = unread.to_string();
        assert!(
            told.contains(wrong) && told.contains(todo),
            "{fault:?}: {told}"
        );
        assert_eq!(unread.may_pass(), *may_pass, "{told}");
        assert_eq!(fake.asked().len(), 1 + tries, "{fault:?}");
        assert!(!fake.is_betrayed_by(&format!("{told}{unread:?}")), "{told}");
        assert_eq!(fake.elsewhere(), 0, "a token is for Google alone");
    }
}

#[tokio::test]
async fn what_keeps_google_from_giving_a_token_is_told_apart() {
    let fake = GoogleFake::start().await;
    let own = fake.settings();
    let other_key = fake.settings_with(&another_key_pair(), ADMIN);
    told(
        &fake,
        &other_key,
        "does not take the key",
        "make a new key",
        false,
    )
    .await;
    let nobody = fake.settings_with(&key_pair(), "nobody@example.com");
    told(
        &fake,
        &nobody,
        "knows nobody called nobody@example.com",
        "google.subject",
        false,
    )
    .await;
    fake.clock_is_ahead(3600);
    told(&fake, &own, "clock is wrong", "Set it", true).await;
    fake.clock_is_ahead(-3600);
    told(&fake, &own, "clock is wrong", "Set it", true).await;
    fake.clock_is_ahead(0);
    fake.takes_delegation_back();
    let scope = "allow the client ID 1234567890 the scope https://www.googleapis.com/auth/admin.directory.group.member.readonly";
    told(
        &fake,
        &own,
        "read groups in the name of admin@example.com",
        scope,
        false,
    )
    .await;

    for (status, said, wrong, todo, may_pass) in [
        (
            403,
            "{\"error\":\"access_denied\"}",
            "(access_denied)",
            "delegation",
            false,
        ),
        (
            400,
            "{\"error\":\"invalid_grant\",\"error_description\":\"Bad Request\"}",
            "no token in the name of",
            "clock",
            false,
        ),
        (
            400,
            "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid grant: account not found\"}",
            "does not take the key",
            "new key",
            false,
        ),
        (
            401,
            "{\"error\":\"disabled_client\",\"error_description\":\"The OAuth client was disabled.\"}",
            "(disabled_client)",
            "Service Accounts",
            false,
        ),
        (
            400,
            "{\"error\":\"<b>invalid</b>_scope\"}",
            "(binvalidb_scope)",
            "google.subject",
            false,
        ),
        (
            500,
            "{\"error\":\"internal_failure\",\"error_description\":\"Backend Error\"}",
            "troubles of its own",
            "passes",
            true,
        ),
        (
            503,
            "<html>",
            "at 127.0.0.1: its answer is cut off or no JSON",
            "proxy",
            true,
        ),
        (
            500,
            "{\"error\":{\"code\":500}}",
            "there is no token in its answer",
            "proxy",
            true,
        ),
        (
            200,
            "{\"access_token\":\" \"}",
            "there is no token in its answer",
            "proxy",
            true,
        ),
        (
            200,
            "{\"access_token\":\"x\",\"token_type\":\"mac\"}",
            "there is no token",
            "proxy",
            true,
        ),
        (302, "", "at 127.0.0.1", "proxy", true),
    ] {
        fake.tokens_fail(Some(Fault::Says(status, said)));
        told(&fake, &own, wrong, todo, may_pass).await;
    }
    assert_eq!(fake.asked(), [""; 0], "nobody asks without a token");
}

async fn told(
    fake: &GoogleFake,
    settings: &config::Google,
    wrong: &str,
    todo: &str,
    may_pass: bool,
) {
    let (google, _) = reader(settings, TIMEOUT).await;
    let unread = google.members(LIST).await.unwrap_err();
    let told = unread.to_string();
    assert!(told.contains(wrong) && told.contains(todo), "{told}");
    assert_eq!(unread.may_pass(), may_pass, "{told}");
    assert!(!fake.is_betrayed_by(&format!("{told}{unread:?}")), "{told}");
}
