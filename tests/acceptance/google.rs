//! Members of Google groups: the whole list or a sentence, never half a list, and never a secret.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use balefire::{
    clock::Clock,
    config,
    directory::google::{Google, Members, Unread},
    domain::time::Timestamp,
};
use futures_util::FutureExt;
use serde_json::json;

use crate::harness::google::{ACCOUNT, ADMIN, key_pair};
pub use crate::harness::google::{Fault, GoogleFake};

pub const LIST: &str = "on-call@example.com";
pub const TIMEOUT: Duration = Duration::from_secs(20);
/// For what never answers.
const SHORT: Duration = Duration::from_millis(200);

/// The pauses that were made, in whole seconds; none of them takes any time.
pub type Pauses = Arc<Mutex<Vec<u64>>>;

pub async fn reader(settings: &config::Google, timeout: Duration) -> (Google, Pauses) {
    let pauses = Pauses::default();
    let made = pauses.clone();
    let google = Google::new(settings, timeout).await.unwrap().unwrap();
    let google = google.with_pause(move |span| {
        made.lock().unwrap().push(span.as_secs());
        async {}.boxed()
    });
    (google, pauses)
}

pub async fn read(fake: &GoogleFake) -> Result<Members, Unread> {
    reader(&fake.settings(), TIMEOUT)
        .await
        .0
        .members(LIST)
        .await
}

fn set(addresses: &[&str]) -> BTreeSet<String> {
    addresses.iter().map(|it| (*it).to_owned()).collect()
}

/// A group of two pages, whose first one is always well.
pub async fn two_pages() -> GoogleFake {
    let fake = GoogleFake::start().await;
    fake.group(
        LIST,
        &["ana@example.com", "bo@example.com", "cy@example.com"],
    );
    fake.pages_of(2);
    fake
}

#[tokio::test]
async fn everybody_in_the_group_and_in_the_groups_within_it_is_read_once() {
    let fake = two_pages().await;
    let inner = ["Dee@Example.com", "ana@example.com", "night@example.com"];
    fake.group("day@example.com", &inner);
    fake.group(
        "night@example.com",
        &["eve@example.com", LIST, "day@example.com"],
    );
    fake.member(LIST, json!({ "email": "day@example.com" }));
    fake.member(LIST, json!({ "email": "night@example.com" }));

    let (google, pauses) = reader(&fake.settings(), TIMEOUT).await;
    let members = google.members(" On-Call@example.com").await.unwrap();
    let all = ["ana", "bo", "cy", "dee", "eve"].map(|it| format!("{it}@example.com"));
    assert_eq!(members.addresses, BTreeSet::from(all));
    assert_eq!(members.left_out, [""; 0]);
    assert!(pauses.lock().unwrap().is_empty());

    // Three pages, two and two: each page of each group once, with the address encoded.
    let asked = fake.asked();
    assert_eq!(asked.len(), 7, "{asked:#?}");
    let path = "/admin/directory/v1/groups/on-call%40example.com/members?maxResults=200";
    assert_eq!(asked[0], path);
    let pages: BTreeSet<&String> = asked.iter().collect();
    assert_eq!(pages.len(), 7, "{asked:#?}");
}

#[tokio::test]
async fn one_token_in_the_administrators_name_serves_many_questions() {
    let fake = two_pages().await;
    let (google, _) = reader(&fake.settings(), TIMEOUT).await;
    assert_eq!(
        fake.claims().len(),
        0,
        "nobody is called before there is a question"
    );
    for _ in 0..2 {
        google.members(LIST).await.unwrap();
    }
    // What else is in them the fake has looked at.
    let claims = fake.claims();
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0]["sub"], ADMIN);
    let life = claims[0]["exp"].as_i64().unwrap() - claims[0]["iat"].as_i64().unwrap();
    assert!((60..=3600).contains(&life), "{life}");
}

#[tokio::test]
async fn without_a_subject_the_account_asks_in_its_own_name() {
    let fake = two_pages().await;
    let (google, _) = reader(&fake.settings_with(&key_pair(), ""), TIMEOUT).await;
    assert_eq!(google.members(LIST).await.unwrap().addresses.len(), 3);
    assert!(fake.claims()[0]["sub"].is_null());
    fake.fails(LIST, Fault::Forbidden);
    let told = google.members(LIST).await.unwrap_err().to_string();
    assert!(told.contains("in its own name"), "{told}");
}

#[tokio::test]
async fn without_an_account_there_is_nobody_to_ask() {
    let fake = GoogleFake::start().await;
    let mut settings = fake.settings();
    settings.service_account = None;
    assert!(Google::new(&settings, TIMEOUT).await.unwrap().is_none());

    // Balefire's settings let a key through whose parts are there and no more.
    let mut key = json!({ "client_email": ACCOUNT, "private_key": "PRIVATE", "token_uri": "https://x.example/t" });
    for (field, value, reason) in [
        (
            "private_key",
            json!("PRIVATE"),
            "private_key of google.service_account cannot be used",
        ),
        (
            "token_uri",
            json!("https://exa mple/"),
            "token_uri of google.service_account is not a web",
        ),
        ("project_id", json!(5), "not the key of a service account"),
    ] {
        key[field] = value;
        settings.service_account = Some(key.to_string().into());
        let told = Google::new(&settings, TIMEOUT)
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(
            told.contains(reason) && told.contains("Service Accounts"),
            "{told}"
        );
        assert!(!told.contains("PRIVATE"), "{told}");
    }
}

#[tokio::test]
async fn an_empty_group_has_no_members_and_an_empty_answer_is_no_group() {
    let fake = GoogleFake::start().await;
    fake.group(LIST, &[]);
    assert_eq!(read(&fake).await.unwrap(), Members::default());
    for said in [
        "{}",
        "[]",
        "null",
        "{\"kind\":\"admin#directory#groups\"}",
        "{\"members\":[]}",
    ] {
        fake.fails(LIST, Fault::Says(200, said));
        let unread = read(&fake).await.unwrap_err();
        assert!(
            matches!(unread, Unread::NotGoogle { .. }),
            "{said}: {unread}"
        );
    }
}

#[tokio::test]
async fn whoever_does_not_count_is_said() {
    let fake = GoogleFake::start().await;
    fake.group(LIST, &["ana@example.com", "day@example.com"]);
    fake.group("day@example.com", &[]);
    for group in [LIST, "day@example.com"] {
        // The same person in both.
        fake.member(
            group,
            json!({ "email": "gone@example.com", "status": "SUSPENDED" }),
        );
    }
    fake.member(
        LIST,
        json!({ "email": "old@example.com", "status": "ARCHIVED" }),
    );
    fake.member(LIST, json!({ "id": "7", "type": "CUSTOMER" }));
    fake.member(
        LIST,
        json!({ "email": "guest@partner.example", "type": "EXTERNAL", "status": null }),
    );
    fake.member(LIST, json!({ "id": "8", "type": "USER" }));
    fake.member(
        LIST,
        json!({ "email": "b@example.com", "type": "ROBOT <!>" }),
    );

    let members = read(&fake).await.unwrap();
    assert_eq!(
        members.addresses,
        set(&["ana@example.com", "guest@partner.example"])
    );
    assert_eq!(
        members.left_out,
        [
            "Everybody in the organisation is a member of on-call@example.com, and Google does not \
             list them: nobody comes in by that.",
            "2 members are suspended.",
            "1 member has no address.",
            "Members of the kind ROBOT are not known here: 1.",
        ]
    );
}

#[tokio::test]
async fn a_group_within_that_cannot_be_read_leaves_the_whole_group_unread() {
    let fake = two_pages().await;
    fake.group("day@example.com", &["dee@example.com"]);
    fake.member(LIST, json!({ "email": "day@example.com" }));
    fake.fails("day@example.com", Fault::Forbidden);
    let told = read(&fake).await.unwrap_err().to_string();
    assert!(
        told.contains("day@example.com, which is within on-call@example.com"),
        "{told}"
    );
    fake.works("day@example.com");
    assert_eq!(read(&fake).await.unwrap().addresses.len(), 4);
}

#[tokio::test]
async fn groups_that_are_nested_without_end_are_refused() {
    let fake = GoogleFake::start().await;
    let name = |n: usize| match n {
        0 => LIST.to_owned(),
        n => format!("level-{n}@example.com"),
    };
    for n in 0..30 {
        fake.group(&name(n), &["ana@example.com", &name(n + 1)]);
    }
    let unread = read(&fake).await.unwrap_err();
    assert!(
        unread
            .to_string()
            .contains("nested in it more than 20 deep"),
        "{unread}"
    );
    assert!(!unread.may_pass());
}

#[tokio::test]
async fn google_is_asked_again_while_it_stumbles() {
    let fake = two_pages().await;
    let stumbles = [Fault::Quota, Fault::Busy(7), Fault::Unavailable];
    fake.stumbles(LIST, &stumbles);
    let (google, pauses) = reader(&fake.settings(), TIMEOUT).await;
    assert_eq!(google.members(LIST).await.unwrap().addresses.len(), 3);
    let pauses = pauses.lock().unwrap().clone();
    // One to one and a half, as long as Google says, four to six.
    assert_eq!(pauses[..2], [1, 7]);
    assert!(
        (4..=6).contains(&pauses[2]) && pauses.len() == 3,
        "{pauses:?}"
    );
    assert_eq!(fake.asked().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_is_over_when_the_clock_says_so() {
    let fake = two_pages().await;
    fake.stumbles(LIST, &[Fault::Busy(25)]);
    let clock = Clock::standing_at(Timestamp::from_epoch(1_772_366_400));
    let google = Google::new(&fake.settings(), TIMEOUT)
        .await
        .unwrap()
        .unwrap();
    let google = google.with_clock(clock.clone());
    let reading = tokio::spawn(async move { google.members(LIST).await });
    let moving = async {
        while !reading.is_finished() {
            clock.move_to(clock.now().plus(Duration::from_secs(1)));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    // In real time it would last 25 s.
    tokio::time::timeout(Duration::from_secs(15), moving)
        .await
        .unwrap();
    assert_eq!(reading.await.unwrap().unwrap().addresses.len(), 3);
}

#[tokio::test]
async fn a_token_that_is_no_longer_good_is_replaced_once() {
    let fake = two_pages().await;
    let (google, pauses) = reader(&fake.settings(), TIMEOUT).await;
    google.members(LIST).await.unwrap();
    fake.revokes_tokens();
    google.members(LIST).await.unwrap();
    assert_eq!((fake.claims().len(), fake.asked().len()), (2, 5));

    // Then it is not the token.
    fake.fails(LIST, Fault::Unauthorized);
    let unread = google.members(LIST).await.unwrap_err();
    assert!(matches!(unread, Unread::Refused { .. }), "{unread}");
    assert_eq!((fake.claims().len(), fake.asked().len()), (3, 7));
    assert!(pauses.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_without_a_token_is_not_kept() {
    let fake = two_pages().await;
    let (google, _) = reader(&fake.settings(), TIMEOUT).await;
    fake.tokens_fail(Some(Fault::Says(200, "{}")));
    assert!(google.members(LIST).await.is_err());
    fake.tokens_fail(None);
    assert_eq!(google.members(LIST).await.unwrap().addresses.len(), 3);
}

#[tokio::test]
async fn a_google_that_is_silent_or_away_is_not_waited_for() {
    let fake = two_pages().await;
    let (google, pauses) = reader(&fake.settings(), SHORT).await;
    fake.tokens_fail(Some(Fault::Silent));
    let silent = google.members(LIST).await.unwrap_err();
    assert!(
        silent
            .to_string()
            .contains("127.0.0.1 cannot be reached: no answer within 200ms"),
        "{silent}"
    );
    fake.tokens_fail(None);
    fake.fails(LIST, Fault::Silent);
    let silent = google.members(LIST).await.unwrap_err();
    assert!(
        silent.to_string().contains("no answer within 200ms"),
        "{silent}"
    );
    assert!(silent.may_pass() && pauses.lock().unwrap().is_empty());

    let settings = fake.settings();
    fake.stop().await;
    let (google, _) = reader(&settings, TIMEOUT).await;
    let away = google.members(LIST).await.unwrap_err();
    assert!(
        away.to_string().contains("the connection was refused"),
        "{away}"
    );
    assert!(away.may_pass());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_organisation_is_read_page_by_page() {
    let fake = GoogleFake::start().await;
    let members: Vec<String> = (0..50_000).map(|n| format!("p{n}@example.com")).collect();
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    fake.group(LIST, &members);
    assert_eq!(read(&fake).await.unwrap().addresses.len(), 50_000);
    assert_eq!(fake.asked().len(), 250);
}

/// Everything that any library says through `tracing`; what yup-oauth2 says another way is told
/// about where the logs are set up.
#[tokio::test]
async fn no_library_says_a_secret_however_loud_it_is() {
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Page {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(text);
            Ok(text.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let page = Page::default();
    let writer = page.clone();
    let loud = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let fake = two_pages().await;
    fake.stumbles(LIST, &[Fault::Quota]);
    let listening = tracing::subscriber::set_default(loud);
    read(&fake).await.unwrap();
    fake.fails(LIST, Fault::Unauthorized);
    read(&fake).await.unwrap_err();
    drop(listening);
    let said = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    assert!(
        said.contains("Google is asked again") && said.contains("hyper"),
        "{said}"
    );
    assert!(!fake.is_betrayed_by(&said));
}
