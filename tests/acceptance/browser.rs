//! The demo in a browser, as somebody meets it who has just started it.
//!
//! Each step leaves a picture in `screenshots` beside what the build made.

use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::harness::browser::Browser;

pub(super) const COMPOSER: &str = "[data-testid=composer]";
pub(super) const FORM: &str = "dialog[open][data-testid=modal]";
pub(super) const SEND: &str = "dialog[open] [data-testid=modal-submit]";
pub(super) const CHANNEL: &str = "[data-testid=messages]";
pub(super) const ANNOUNCEMENT: &str = "[data-testid=messages] [data-testid=message]";
pub(super) const THREAD: &str = "[data-testid=thread-messages]";
pub(super) const WHISPER: &str = "[data-testid=messages] [data-testid=ephemeral]";

/// A demo of its own, started as a stranger starts it.
pub(super) struct Demo {
    child: Child,
    pub(super) page: String,
    folder: tempfile::TempDir,
}

impl Demo {
    pub(super) async fn start() -> Demo {
        let folder = tempfile::tempdir().unwrap();
        let listen = ["--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"];
        let mut child = Command::new(env!("CARGO_BIN_EXE_balefire"))
            .arg("demo")
            .args(listen)
            .current_dir(folder.path())
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = async {
            while let Some(line) = said.next_line().await.unwrap() {
                if let Some(page) = line.strip_prefix("sandbox: ") {
                    return page.to_owned();
                }
            }
            panic!("the demo ended before it listened");
        };
        let page = tokio::time::timeout(Duration::from_secs(30), listening)
            .await
            .unwrap();
        // What else it says is not for us; reading on keeps the pipe open.
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        Demo {
            child,
            page,
            folder,
        }
    }

    pub(super) async fn stop(mut self) {
        self.child.kill().await.unwrap();
        self.folder.close().unwrap();
    }
}

/// Announces an outage through the page, from the composer to the form's end.
async fn announce(browser: &Browser) {
    browser
        .reads(CHANNEL, &["very beginning of #outages"])
        .await;
    browser.keeps_picture("01-first-look").await;
    browser.types(COMPOSER, "/outage").await;
    browser
        .reads("[data-testid=command-list]", &["/outage"])
        .await;
    browser.keeps_picture("02-command").await;
    browser.hits_enter(COMPOSER).await;
    browser.reads(FORM, &["Announce an outage"]).await;
    browser.keeps_picture("03-form").await;

    browser.clicks(SEND).await;
    for label in ["What happened?", "What is affected?"] {
        assert!(!browser.complaint_at(label).await.is_empty());
    }
    browser.keeps_picture("04-form-complains").await;

    let what = "Customers in Spain cannot pay by card at all: the provider times out.";
    browser.fills_in("What happened?", what).await;
    browser
        .chooses("What is affected?", "paym", "Payments")
        .await;
    browser.chooses("How severe is it?", "", "Critical").await;
    browser.keeps_picture("05-form-filled").await;
    browser.clicks(SEND).await;
    browser.loses(FORM).await;
    let shown = [
        "Outage 1 · Payments",
        "severity critical",
        what,
        "Investigating",
        "Ana Alvarez",
        "Pinned",
    ];
    browser.reads(ANNOUNCEMENT, &shown).await;
    browser.keeps_picture("06-announced").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_from_the_first_word_to_the_last_in_a_browser() {
    let demo = Demo::start().await;
    let browser = Browser::start("desk").await;
    browser.is_sized(1280, 800).await;
    browser.opens(&demo.page).await;
    announce(&browser).await;
    update(&browser).await;
    edit(&browser).await;
    refuse(&browser).await;
    wait_an_hour(&browser).await;
    resolve(&browser).await;
    reopen(&browser).await;
    read_direct_message(&browser).await;

    browser.prefers_dark().await;
    browser
        .until("the page is dark", async || {
            let theme = browser.attribute("html", "data-theme").await?;
            (theme == "dark").then_some(())
        })
        .await;
    browser.keeps_picture("20-dark").await;
    browser.stop().await;
    demo.stop().await;
}

async fn update(browser: &Browser) {
    browser.presses("Update").await;
    browser.reads(FORM, &["Update outage 1"]).await;
    let known = "The provider has a broken certificate and renews it now.";
    browser.fills_in("Update", known).await;
    browser.chooses("Stage", "", "Identified").await;
    browser.keeps_picture("07-update-form").await;
    browser.clicks(SEND).await;
    browser.loses(FORM).await;
    browser
        .reads(ANNOUNCEMENT, &["Identified", "Last update", known])
        .await;
    browser.clicks("[data-testid=thread-footer]").await;
    browser
        .reads(THREAD, &[known, "Stage investigating → identified"])
        .await;
    browser.keeps_picture("08-updated").await;
}

async fn edit(browser: &Browser) {
    browser.presses("Edit").await;
    browser.reads(FORM, &["Edit outage 1"]).await;
    let better = "Customers in Spain and Portugal cannot pay by card.";
    browser.fills_in("What happened?", better).await;
    browser.chooses("How severe is it?", "maj", "Major").await;
    browser.clicks(SEND).await;
    let complaint = browser.complaint_at("Why do you change it?").await;
    assert!(complaint.contains("required"), "{complaint}");
    browser.keeps_picture("09-edit-without-reason").await;
    assert_eq!(browser.value_of("What happened?").await, better);
    assert_eq!(browser.value_of("How severe is it?").await, "Major");
    let why = "Portugal called too, but transfers work.";
    browser.fills_in("Why do you change it?", why).await;
    browser.clicks(SEND).await;
    browser.loses(FORM).await;
    browser
        .reads(ANNOUNCEMENT, &[better, "severity major"])
        .await;
    let told = browser
        .reads(THREAD, &[why, "Severity critical → major", "Summary was:"])
        .await;
    assert!(told.contains("Ana Alvarez"), "{told}");
    let last = format!("{THREAD} .message:last-child");
    assert!(
        browser.sees_whole(&last).await,
        "the thread stays at its end"
    );
    browser.keeps_picture("10-edited").await;
}

/// Cy may not touch it, which only Cy is told.
async fn refuse(browser: &Browser) {
    browser.clicks("[data-user-name=cy]").await;
    browser.presses("Resolve").await;
    let told = browser
        .reads(
            WHISPER,
            &["Only visible to you", "Ana Alvarez", "can do that"],
        )
        .await;
    assert!(!told.contains("<@"), "{told}");
    assert_eq!(browser.words_at(FORM).await, None);
    browser.keeps_picture("11-refused").await;
    browser.clicks("[data-user-name=ana]").await;
    browser.loses(WHISPER).await;
}

async fn wait_an_hour(browser: &Browser) {
    const CLOCK: &str = "#clock-time";
    let time = async || {
        let time = browser.attribute(CLOCK, "datetime").await.unwrap();
        chrono::DateTime::parse_from_rfc3339(&time).unwrap()
    };
    let before = time().await;
    browser.presses("+1 h").await;
    browser.reads("[data-testid=clock]", &["+1 h"]).await;
    let passed = time().await - before;
    // The page runs on between two looks at the sandbox's clock, so a second more or less.
    assert!((3598..3660).contains(&passed.num_seconds()), "{passed}");
    browser.keeps_picture("12-an-hour-later").await;
}

async fn resolve(browser: &Browser) {
    browser.presses("Resolve").await;
    browser.reads(FORM, &["Resolve outage 1"]).await;
    browser.keeps_picture("13-resolve-form").await;
    let helped = "The provider renewed the certificate.";
    browser.fills_in("Resolution", helped).await;
    browser.chooses("Sales affected", "", "Yes").await;
    browser.chooses("B2B partners affected", "", "No").await;
    browser.chooses("Lost bookings", "", "<10%").await;
    browser.fills_in("Impact on turnover", "a lot").await;
    browser.clicks(SEND).await;
    browser.complaint_at("Impact on turnover").await;
    browser.keeps_picture("14-resolve-complains").await;
    assert_eq!(browser.value_of("Resolution").await, helped);
    browser.fills_in("Impact on turnover", "1200").await;
    browser.clicks(SEND).await;
    browser.loses(FORM).await;
    browser
        .reads(ANNOUNCEMENT, &["Resolved", "after 1h ", helped])
        .await;
    browser.reads(THREAD, &["resolved", "after 1h "]).await;
    browser.keeps_picture("15-resolved").await;
}

async fn reopen(browser: &Browser) {
    browser.presses("Reopen").await;
    browser.reads(FORM, &["Reopen outage 1"]).await;
    let why = "Two banks still refuse.";
    browser.fills_in("Why do you reopen it?", why).await;
    browser.keeps_picture("16-reopen-form").await;
    browser.clicks(SEND).await;
    browser.loses(FORM).await;
    browser.reads(THREAD, &["reopened", why]).await;
    browser
        .reads(ANNOUNCEMENT, &["Investigating", "Pinned"])
        .await;
    browser.keeps_picture("17-reopened").await;
    browser.clicks("[data-testid=pins-toggle]").await;
    browser
        .reads("[data-testid=pins]", &["Outage 1 · Payments"])
        .await;
    browser.keeps_picture("18-pins").await;
    browser.presses("Jump to message").await;
    browser.loses("[data-testid=pins]").await;
}

async fn read_direct_message(browser: &Browser) {
    browser.clicks("[data-testid=dm-bot]").await;
    browser.reads(CHANNEL, &["Outage 1 · Payments"]).await;
    browser.keeps_picture("19-direct-message").await;
    browser.clicks("[data-channel-name=outages]").await;
    browser.reads(ANNOUNCEMENT, &["Investigating"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_announced_and_read_on_a_phone_in_a_browser() {
    let demo = Demo::start().await;
    let browser = Browser::start("phone").await;
    browser.is_a_phone(390, 844).await;
    browser.opens(&demo.page).await;
    announce(&browser).await;
    browser.fits(390).await;

    browser.presses("Update").await;
    browser.fills_in("Update", "We look into it.").await;
    browser.clicks(SEND).await;
    browser.loses(FORM).await;
    browser.clicks("[data-testid=thread-footer]").await;
    browser.reads(THREAD, &["We look into it."]).await;
    browser.fits(390).await;
    browser.keeps_picture("07-thread").await;
    browser.clicks("[data-testid=thread-close]").await;

    browser.clicks("[data-testid=drawer-open]").await;
    browser
        .until("the drawer has slid in", async || {
            browser
                .sees_whole("[data-user-name=dee]")
                .await
                .then_some(())
        })
        .await;
    browser.keeps_picture("08-drawer").await;
    browser.clicks("[data-user-name=dee]").await;
    browser.loses("#sidebar").await;
    browser.reads(ANNOUNCEMENT, &["Outage 1 · Payments"]).await;
    browser.prefers_dark().await;
    browser.keeps_picture("09-dark").await;
    browser.stop().await;
    demo.stop().await;
}
