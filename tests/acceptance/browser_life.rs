//! What came after the first words, in a browser: preview, roles, a channel of its own, reactions.
//! The same story on a desk and on a phone, because it is read in the street as often.

use crate::{
    browser::{ANNOUNCEMENT, CHANNEL, COMPOSER, Demo, FORM, SEND, THREAD},
    harness::browser::Browser,
};

const LAST: &str = "[data-testid=messages] [data-testid=message]:last-of-type";

#[tokio::test(flavor = "multi_thread")]
async fn preview_roles_channel_and_reactions_on_a_desk_in_a_browser() {
    let demo = Demo::start().await;
    let browser = Browser::start("life-desk").await;
    browser.is_sized(1280, 800).await;
    browser.opens(&demo.page).await;
    live(&browser, false).await;
    browser.stop().await;
    demo.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preview_roles_channel_and_reactions_on_a_phone_in_a_browser() {
    let demo = Demo::start().await;
    let browser = Browser::start("life-phone").await;
    browser.is_a_phone(390, 844).await;
    browser.opens(&demo.page).await;
    live(&browser, true).await;
    browser.fits(390).await;
    browser.stop().await;
    demo.stop().await;
}

async fn live(browser: &Browser, phone: bool) {
    preview_and_announce(browser).await;
    announce_again(browser).await;
    promise_anew(browser).await;
    reassign(browser, phone).await;
    open_channel(browser, phone).await;
    share(browser, phone).await;
}

/// Goes to a channel by its name; on a phone the list of channels is behind a button.
async fn goes_to(browser: &Browser, channel: &str, phone: bool) {
    pick_beside(browser, &format!("[data-channel-name='{channel}']"), phone).await;
}

async fn becomes(browser: &Browser, person: &str, phone: bool) {
    pick_beside(browser, &format!("[data-user-name={person}]"), phone).await;
}

async fn pick_beside(browser: &Browser, place: &str, phone: bool) {
    if phone {
        browser.clicks("[data-testid=drawer-open]").await;
        browser
            .until("the drawer has slid in", async || {
                browser.sees_whole(place).await.then_some(())
            })
            .await;
    }
    browser.clicks(place).await;
    if phone {
        browser.loses("#sidebar").await;
    }
}

async fn preview_and_announce(browser: &Browser) {
    browser
        .types(COMPOSER, "/outage payments cards are declined in Spain")
        .await;
    browser.hits_enter(COMPOSER).await;
    browser.reads(FORM, &["Announce an outage"]).await;
    assert_eq!(browser.value_of("What is affected?").await, "Payments");

    browser.fills_in("Or an exact ETA", "in a while").await;
    browser.clicks(SEND).await;
    browser.complaint_at("Or an exact ETA").await;
    browser.keeps_picture("01-eta-not-understood").await;
    browser.fills_in("Or an exact ETA", "45m").await;
    browser.hits_enter_in("Or an exact ETA").await;
    browser.reads(FORM, &["Understood as", "in 45m"]).await;
    browser.chooses("Sales affected", "", "Yes").await;
    browser.chooses("Lost bookings", "", "<10%").await;
    browser.keeps_picture("02-eta-understood").await;

    browser.presses("Preview").await;
    let seen = browser
        .reads(FORM, &["Preview", "cards are declined in Spain", "#sales"])
        .await;
    assert!(seen.contains("Ana Alvarez"), "{seen}");
    browser.keeps_picture("03-preview").await;
    browser
        .clicks("dialog[open] [data-testid=modal-back]")
        .await;
    browser.reads(FORM, &["Announce an outage"]).await;
    assert_eq!(browser.value_of("Or an exact ETA").await, "45m");
    browser.clicks(SEND).await;
    browser.loses(FORM).await;
    browser
        .reads(
            ANNOUNCEMENT,
            &["Outage 1 · Payments", "Sales affected: yes", "<10%"],
        )
        .await;
    browser.keeps_picture("04-announced").await;
}

/// The same component again: Balefire asks first, and what was written joins the first outage.
async fn announce_again(browser: &Browser) {
    browser
        .types(COMPOSER, "/outage payments refunds fail, too")
        .await;
    browser.hits_enter(COMPOSER).await;
    browser.reads(FORM, &["Announce an outage"]).await;
    browser.clicks(SEND).await;
    browser.reads(FORM, &["Outage 1", "Join outage 1"]).await;
    browser.keeps_picture("05-the-same").await;
    browser.clicks(SEND).await;
    browser.loses(FORM).await;
    browser.reads(ANNOUNCEMENT, &["1 reply"]).await;
    browser.keeps_picture("06-joined").await;
}

async fn promise_anew(browser: &Browser) {
    browser.presses("+10 min").await;
    browser.presses("ETA").await;
    browser.reads(FORM, &["ETA of outage 1"]).await;
    browser.fills_in("Or an exact ETA", "tomorrow noon").await;
    browser.clicks(SEND).await;
    browser.loses(FORM).await;
    browser.reads(ANNOUNCEMENT, &["slipped once"]).await;
    browser.keeps_picture("07-slipped").await;
}

async fn reassign(browser: &Browser, phone: bool) {
    browser.presses("Reassign").await;
    browser.reads(FORM, &["Reassign outage 1"]).await;
    browser.chooses("Solution", "bo", "Bo Berg").await;
    browser.keeps_picture("08-reassign").await;
    browser.clicks(SEND).await;
    browser.loses(FORM).await;
    browser.reads(ANNOUNCEMENT, &["Solution: @Bo Berg"]).await;
    browser.keeps_picture("09-reassigned").await;
    becomes(browser, "bo", phone).await;
    pick_beside(browser, "[data-testid=dm-bot]", phone).await;
    browser
        .reads(CHANNEL, &["You are responsible for solution"])
        .await;
    browser.keeps_picture("10-told").await;
    becomes(browser, "ana", phone).await;
    goes_to(browser, "outages", phone).await;
}

async fn open_channel(browser: &Browser, phone: bool) {
    browser.presses("Create channel").await;
    browser
        .reads(
            "[data-testid=confirm]",
            &["Create a channel?", "#o-payments-"],
        )
        .await;
    browser.keeps_picture("11-confirm").await;
    browser.clicks("[data-testid=confirm-yes]").await;
    browser
        .reads(ANNOUNCEMENT, &["Channel: #o-payments-"])
        .await;
    let name = channel_name(browser).await;
    goes_to(browser, &name, phone).await;
    browser.reads(CHANNEL, &["This channel is for"]).await;
    browser
        .reads("[data-testid=channel-topic]", &["Outage 1 · Payments"])
        .await;
    browser
        .reads("[data-testid=bookmarks]", &["Announcement of outage 1"])
        .await;
    browser.keeps_picture("12-channel").await;
}

/// The name that the announcement gives, without its `#`.
async fn channel_name(browser: &Browser) -> String {
    let words = browser.words_at(ANNOUNCEMENT).await.unwrap();
    let rest = &words[words.find("#o-payments-").unwrap() + 1..];
    let end = rest.find(|it: char| !(it.is_ascii_alphanumeric() || it == '-'));
    rest[..end.unwrap_or(rest.len())].to_owned()
}

async fn share(browser: &Browser, phone: bool) {
    let found = "The provider revoked our certificate at noon.";
    browser.types(COMPOSER, found).await;
    browser.hits_enter(COMPOSER).await;
    browser.reads(LAST, &[found]).await;
    browser.clicks(LAST).await;
    let tool = |name: &str| format!("{LAST} [data-testid={name}]");
    browser.clicks(&tool("add-reaction")).await;
    browser.clicks("[data-testid=pick-point_up]").await;
    for mark in ["reaction-point_up", "reaction-white_check_mark"] {
        browser.reads(&tool(mark), &["1"]).await;
    }
    browser.keeps_picture("13-shared").await;

    goes_to(browser, "outages", phone).await;
    browser.clicks("[data-testid=thread-footer]").await;
    let shared = browser.reads(THREAD, &[found, "Ana Alvarez"]).await;
    assert_eq!(shared.matches(found).count(), 1, "{shared}");
    browser.keeps_picture("14-in-the-thread").await;
}

/// Announcing, changing and looking, all of it in the tab.
#[tokio::test(flavor = "multi_thread")]
async fn the_home_tab_is_worked_from_in_a_browser() {
    const HOME: &str = "[data-testid=home]";
    let demo = Demo::start().await;
    let browser = Browser::start("home").await;
    browser.is_sized(1280, 800).await;
    browser.opens(&demo.page).await;
    browser.clicks("[data-testid=dm-bot]").await;
    browser.clicks("[data-testid=tab-home]").await;
    browser.reads(HOME, &["No outage is open"]).await;
    browser.keeps_picture("01-nothing").await;

    browser.presses("Announce").await;
    browser.reads(FORM, &["Announce an outage"]).await;
    browser
        .fills_in("What happened?", "Cards are refused.")
        .await;
    browser
        .chooses("What is affected?", "paym", "Payments")
        .await;
    browser.clicks(SEND).await;
    browser.loses(FORM).await;
    let shown = [
        "Your open outage",
        "Outage 1 · Payments",
        "Cards are refused.",
    ];
    browser.reads(HOME, &shown).await;
    browser.keeps_picture("02-open").await;

    // What is filled in from here shows here, without looking again.
    browser.presses("Update").await;
    browser.reads(FORM, &["Update outage 1"]).await;
    browser.fills_in("Update", "It is the switch.").await;
    browser.chooses("Stage", "", "Identified").await;
    browser.clicks(SEND).await;
    browser.loses(FORM).await;
    browser.reads(HOME, &["identified, severity"]).await;
    browser.keeps_picture("03-updated").await;

    // Somebody else sees it, and no button for it.
    browser.clicks("[data-user-name=cy]").await;
    browser.clicks("[data-testid=dm-bot]").await;
    browser.clicks("[data-testid=tab-home]").await;
    let theirs = browser.reads(HOME, &["Outage 1 · Payments"]).await;
    assert!(!theirs.contains("Your open outage"), "{theirs}");
    assert!(!theirs.contains("Resolve"), "{theirs}");
    browser.keeps_picture("04-somebody-else").await;
    browser.stop().await;
    demo.stop().await;
}
