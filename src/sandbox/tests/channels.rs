//! Channels the app makes and changes: names, invitations, topics, bookmarks, and what it is told.

use super::Stage;
use serde_json::{Value, json};

impl Stage {
    /// The app makes a channel and answers its id.
    async fn create(&self, name: &str) -> String {
        let answer = self
            .api("conversations.create", json!({"name": name}))
            .await;
        assert_eq!(answer["ok"], true, "{answer}");
        answer["channel"]["id"].as_str().unwrap().to_owned()
    }

    async fn error(&self, method: &str, arguments: Value) -> String {
        let answer = self.api(method, arguments).await;
        answer["error"].as_str().unwrap_or("").to_owned()
    }

    /// Waits for the first event of this kind (type, or type and subtype with a slash).
    async fn event(&self, kind: &str) -> Value {
        for _ in 0..1000 {
            let found = self.app.received("events").iter().find_map(|call| {
                let event = call.event()["event"].clone();
                let full = match event["subtype"].as_str() {
                    Some(subtype) => format!("{}/{subtype}", event["type"].as_str().unwrap()),
                    None => event["type"].as_str().unwrap().to_owned(),
                };
                (full == kind).then_some(event)
            });
            if let Some(event) = found {
                return event;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        panic!("the app was not told of {kind}");
    }

    async fn last_message(&self, channel: &str) -> Value {
        self.messages(channel).await.pop().unwrap()
    }
}

#[tokio::test]
async fn names_are_checked_as_slack_checks_them() {
    let stage = Stage::start().await;
    for (name, error) in [
        ("", "invalid_name_required"),
        ("Inc-Cards", "invalid_name_specials"),
        ("inc cards", "invalid_name_specials"),
        ("inc.cards", "invalid_name_specials"),
        ("größe", "invalid_name_specials"),
        ("--__", "invalid_name_punctuation"),
        (&"a".repeat(81), "invalid_name_maxlength"),
        ("outages", "name_taken"),
    ] {
        let found = stage.error("conversations.create", json!({"name": name}));
        assert_eq!(found.await, error, "{name}");
    }

    let id = stage.create(&"a".repeat(80)).await;
    let asked = json!({"channel": id, "include_num_members": true});
    let channel = stage.api("conversations.info", asked).await["channel"].clone();
    assert_eq!(channel["creator"], "U0BALEFIRE");
    assert_eq!(channel["is_member"], true);
    assert_eq!(channel["num_members"], 1);
    let created = stage.event("channel_created").await;
    assert_eq!(created["channel"]["id"], json!(id));
    assert_eq!(created["channel"]["creator"], "U0BALEFIRE");
    let joined = stage.event("member_joined_channel").await;
    assert_eq!(joined["user"], "U0BALEFIRE");
    assert_eq!(joined["channel_type"], "C");
    // An archived channel keeps its name.
    let archive = stage.api("conversations.archive", json!({"channel": id}));
    assert_eq!(archive.await["ok"], true);
    let again = json!({"name": "a".repeat(80)});
    assert_eq!(
        stage.error("conversations.create", again).await,
        "name_taken"
    );
}

#[tokio::test]
async fn one_bad_invitation_spoils_all_without_force() {
    let stage = Stage::start().await;
    let id = stage.create("inc-1").await;
    let invite = |users: &str, force: bool| json!({"channel": id, "users": users, "force": force});
    stage
        .control("person", json!({"user": "dee", "deactivated": true}))
        .await;
    let users = "U0ANA,U0DEE,U0NOBODY,U0BALEFIRE";
    let refused = stage
        .api("conversations.invite", invite(users, false))
        .await;
    assert_eq!(refused["ok"], false);
    assert_eq!(refused["error"], "cant_invite");
    let errors = json!([
        {"user": "U0DEE", "ok": false, "error": "cant_invite"},
        {"user": "U0NOBODY", "ok": false, "error": "user_not_found"},
        {"user": "U0BALEFIRE", "ok": false, "error": "cant_invite_self"},
    ]);
    assert_eq!(refused["errors"], errors);
    let members = || stage.api("conversations.members", json!({"channel": id}));
    assert_eq!(members().await["members"], json!(["U0BALEFIRE"]));

    let forced = stage.api("conversations.invite", invite(users, true)).await;
    assert_eq!(forced["errors"], errors);
    assert_eq!(members().await["members"], json!(["U0BALEFIRE", "U0ANA"]));
    let again = stage
        .api("conversations.invite", invite("U0ANA", false))
        .await;
    assert_eq!(again["error"], "already_in_channel");
    let good = stage
        .api("conversations.invite", invite("U0BO,U0CY", false))
        .await;
    assert_eq!(good["channel"]["id"], json!(id));

    let said = stage.last_message(&id).await;
    assert_eq!(said["subtype"], "channel_join");
    assert_eq!(said["text"], "<@U0CY> has joined the channel");
    assert_eq!(said["inviter"], "U0BALEFIRE");
    assert_eq!(
        stage.event("message/channel_join").await["channel"],
        json!(id)
    );

    for (arguments, error) in [
        (json!({"channel": id}), "no_user"),
        (
            json!({"channel": "C0NOT", "users": "U0BO"}),
            "channel_not_found",
        ),
    ] {
        assert_eq!(stage.error("conversations.invite", arguments).await, error);
    }
    let kick = |user: &str| json!({"channel": id, "user": user});
    assert_eq!(
        stage.api("conversations.kick", kick("U0CY")).await["ok"],
        true
    );
    let left = stage.event("member_left_channel").await;
    assert_eq!(
        (&left["user"], &left["channel"]),
        (&json!("U0CY"), &json!(id))
    );
    let twice = stage.error("conversations.kick", kick("U0CY")).await;
    assert_eq!(twice, "not_in_channel");
    let own = stage.error("conversations.kick", kick("U0BALEFIRE")).await;
    assert_eq!(own, "cant_kick_self");
}

#[tokio::test]
async fn topics_names_and_the_end_of_a_channel_are_said_in_it() {
    let stage = Stage::start().await;
    let id = stage.create("inc-2").await;
    let topic = |topic: &str| json!({"channel": id, "topic": topic});
    let set = stage
        .api("conversations.setTopic", topic("Cards fail"))
        .await;
    assert_eq!(set["channel"]["topic"]["value"], "Cards fail");
    assert_eq!(set["channel"]["topic"]["creator"], "U0BALEFIRE");
    let said = stage.last_message(&id).await;
    assert_eq!(said["subtype"], "channel_topic");
    assert_eq!(said["topic"], "Cards fail");
    assert_eq!(said["user"], "U0BALEFIRE");
    assert_eq!(said["bot_id"], Value::Null);
    let count = stage.messages(&id).await.len();
    stage
        .api("conversations.setTopic", topic("Cards fail"))
        .await;
    assert_eq!(stage.messages(&id).await.len(), count, "nothing changed");
    let long = stage.error("conversations.setTopic", topic(&"é".repeat(251)));
    assert_eq!(long.await, "too_long");
    let purpose = json!({"channel": id, "purpose": "To find out why"});
    let purpose = stage.api("conversations.setPurpose", purpose).await;
    assert_eq!(purpose["channel"]["purpose"]["value"], "To find out why");

    let rename = |name: &str| json!({"channel": id, "name": name});
    let taken = stage.error("conversations.rename", rename("sales")).await;
    assert_eq!(taken, "name_taken");
    let renamed = stage
        .api("conversations.rename", rename("inc-2-cards"))
        .await;
    assert_eq!(renamed["channel"]["name"], "inc-2-cards");
    assert_eq!(renamed["channel"]["previous_names"], json!(["inc-2"]));
    let told = stage.event("channel_rename").await;
    assert_eq!(told["channel"]["name"], "inc-2-cards");
    let foreign = json!({"channel": "C0SALES", "name": "selling"});
    let foreign = stage.error("conversations.rename", foreign).await;
    assert_eq!(foreign, "not_authorized");

    let here = json!({"channel": id});
    let archived = stage.api("conversations.archive", here.clone()).await;
    assert_eq!(archived["ok"], true);
    assert_eq!(stage.last_message(&id).await["subtype"], "channel_archive");
    let told = stage.event("channel_archive").await;
    assert_eq!(told["channel"], json!(id));
    assert_eq!(told["user"], "U0BALEFIRE");
    for (method, arguments, error) in [
        ("conversations.archive", here.clone(), "already_archived"),
        (
            "conversations.archive",
            json!({"channel": "general"}),
            "cant_archive_general",
        ),
        ("conversations.setTopic", topic("x"), "is_archived"),
        ("conversations.join", here.clone(), "is_archived"),
        ("conversations.unarchive", here.clone(), "not_in_channel"),
        (
            "conversations.unarchive",
            json!({"channel": "sales"}),
            "not_archived",
        ),
        (
            "conversations.leave",
            json!({"channel": "general"}),
            "cant_leave_general",
        ),
    ] {
        assert_eq!(stage.error(method, arguments).await, error, "{method}");
    }
    let back = json!({"channel": id, "archived": false, "by": "bo"});
    assert_eq!(stage.control("channel", back).await["ok"], true);
    assert_eq!(stage.event("channel_unarchive").await["user"], "U0BO");
}

#[tokio::test]
async fn channels_of_people_are_closed_to_the_app_until_it_joins() {
    let stage = Stage::start().await;
    let made = json!({"create": true, "name": "lunch", "by": "bo"});
    let made = stage.control("channel", made).await;
    let id = made["channel"]["id"].as_str().unwrap().to_owned();
    assert_eq!(made["channel"]["is_member"], false);
    assert_eq!(
        stage.event("channel_created").await["channel"]["creator"],
        "U0BO"
    );
    let topic = json!({"channel": id, "topic": "x"});
    let refused = stage.error("conversations.setTopic", topic).await;
    assert_eq!(refused, "not_in_channel");
    let mention = json!({"user": "bo", "channel": "lunch", "text": "hello"});
    assert_eq!(stage.control("mention", mention).await["ok"], true);
    let joined = stage
        .api("conversations.join", json!({"channel": id}))
        .await;
    assert_eq!(joined["channel"]["is_member"], true);
    let again = stage
        .api("conversations.join", json!({"channel": id}))
        .await;
    assert_eq!(again["warning"], "already_in_channel");

    let renamed = json!({"channel": "lunch", "rename": "dinner"});
    let renamed = stage.control("channel", renamed).await;
    assert_eq!(renamed["channel"]["name"], "dinner");
    for (body, sentence) in [
        (json!({"channel": "dinner", "rename": "sales"}), "already"),
        (
            json!({"create": true, "name": "No Way"}),
            "invalid_name_specials",
        ),
    ] {
        let refused = stage.control("channel", body).await;
        assert!(
            refused["error"].as_str().unwrap().contains(sentence),
            "{refused}"
        );
    }
    let out = json!({"channel": "dinner", "remove": "balefire", "by": "bo"});
    stage.control("channel", out).await;
    assert_eq!(stage.event("channel_left").await["actor_id"], "U0BO");
    let left = stage
        .api("conversations.leave", json!({"channel": id}))
        .await;
    assert_eq!(left["not_in_channel"], true);
}

#[tokio::test]
async fn what_happens_in_a_new_channel_reaches_the_app() {
    let stage = Stage::start().await;
    let id = stage.create("inc-3").await;
    let invite = json!({"channel": id, "users": "U0BO"});
    stage.api("conversations.invite", invite).await;
    let posted = stage
        .api(
            "chat.postMessage",
            json!({"channel": id, "text": "What is known"}),
        )
        .await;
    let react = json!({
        "user": "bo", "channel": id, "ts": posted["ts"], "name": "point_up::skin-tone-3",
    });
    assert_eq!(stage.control("react", react).await["ok"], true);
    let added = stage.event("reaction_added").await;
    assert_eq!(added["reaction"], "point_up::skin-tone-3");
    assert_eq!(added["item_user"], "U0BALEFIRE");
    assert_eq!(added["item"]["channel"], json!(id));
    assert_eq!(added["item"]["ts"], posted["ts"]);
    assert!(added["event_ts"].as_str() > posted["ts"].as_str());

    let own = json!({"user": "bo", "channel": id, "text": "A restart helps"});
    let own = stage.control("message", own).await;
    let own = |more: Value| {
        let mut body = json!({"user": "bo", "channel": id, "ts": own["ts"]});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    stage
        .control("edit", own(json!({"text": "A restart does not help"})))
        .await;
    let changed = stage.event("message/message_changed").await;
    assert_eq!(changed["channel"], json!(id));
    assert_eq!(changed["message"]["text"], "A restart does not help");
    assert_eq!(changed["previous_message"]["text"], "A restart helps");
    stage.control("delete", own(json!({}))).await;
    let deleted = stage.event("message/message_deleted").await;
    assert_eq!(deleted["previous_message"]["user"], "U0BO");

    let asked = json!({"channel": id, "message_ts": posted["ts"]});
    let link = stage.api("chat.getPermalink", asked).await;
    let digits = posted["ts"].as_str().unwrap().replace('.', "");
    assert_eq!(
        link["permalink"],
        json!(format!(
            "https://balefire-demo.slack.com/archives/{id}/p{digits}"
        ))
    );
    // Nobody can change what Slack says in their name.
    let joined = stage.messages(&id).await[1]["ts"].clone();
    let edit = json!({"user": "bo", "channel": id, "ts": joined, "text": "no"});
    assert_eq!(stage.control("edit", edit).await["ok"], false);
}

#[tokio::test]
async fn bookmarks_are_links_in_order() {
    let stage = Stage::start().await;
    let id = stage.create("inc-4").await;
    let add = |title: &str, link: &str| {
        json!({
            "channel_id": id, "title": title, "type": "link", "link": link, "emoji": "fire",
        })
    };
    let first = stage
        .api("bookmarks.add", add("Call", "https://example.com/call"))
        .await;
    let first = first["bookmark"].clone();
    assert!(first["id"].as_str().unwrap().starts_with("Bk"), "{first}");
    assert_eq!(first["emoji"], ":fire:");
    assert_eq!(first["date_updated"], 0);
    let second = add("Status", "https://example.com/status");
    let second = stage.api("bookmarks.add", second).await["bookmark"].clone();
    assert!(first["rank"].as_str() < second["rank"].as_str());
    let edit = json!({
        "channel_id": id, "bookmark_id": first["id"], "title": "The call",
    });
    let edited = stage.api("bookmarks.edit", edit).await["bookmark"].clone();
    assert_eq!(edited["title"], "The call");
    assert_eq!(edited["link"], first["link"]);
    let here = json!({"channel_id": id});
    let listed = stage.api("bookmarks.list", here.clone()).await["bookmarks"].clone();
    assert_eq!(listed[0]["title"], "The call");
    let shown = stage.look("state").await;
    let channels = shown["channels"].as_array().unwrap();
    let shown = channels.iter().find(|one| one["id"] == json!(id)).unwrap();
    assert_eq!(shown["bookmarks"], listed);
    let remove = json!({"channel_id": id, "bookmark_id": second["id"]});
    assert_eq!(
        stage.api("bookmarks.remove", remove.clone()).await["ok"],
        true
    );
    for (method, arguments, error) in [
        ("bookmarks.remove", remove, "not_found"),
        (
            "bookmarks.add",
            add("x", "ftp://example.com"),
            "invalid_link",
        ),
        (
            "bookmarks.add",
            add(&"x".repeat(257), "https://example.com"),
            "invalid_arguments",
        ),
        (
            "bookmarks.list",
            json!({"channel_id": "C0NOT"}),
            "channel_not_found",
        ),
    ] {
        assert_eq!(stage.error(method, arguments).await, error, "{method}");
    }
    let out = json!({"channel": "sales", "remove": "balefire"});
    stage.control("channel", out).await;
    let outside = json!({
        "channel_id": "C0SALES", "title": "x", "type": "link", "link": "https://example.com",
    });
    let outside = stage.error("bookmarks.add", outside).await;
    assert_eq!(outside, "not_in_channel");
}

#[tokio::test]
async fn groups_have_people() {
    let stage = Stage::start().await;
    let listed = stage
        .api("usergroups.list", json!({"include_users": true}))
        .await;
    assert_eq!(listed["usergroups"][0]["handle"], "oncall");
    assert_eq!(listed["usergroups"][0]["users"], json!(["U0BO", "U0ANA"]));
    assert_eq!(listed["usergroups"][0]["user_count"], Value::Null);
    let users = stage
        .api("usergroups.users.list", json!({"usergroup": "S0SUPPORT"}))
        .await;
    assert_eq!(users["users"], json!(["U0CY", "U0DEE"]));
    let unknown = json!({"usergroup": "S0NOT"});
    let unknown = stage.error("usergroups.users.list", unknown).await;
    assert_eq!(unknown, "no_such_subteam");
    let change = json!({"group": "oncall", "add": ["cy", "bo"], "remove": "ana"});
    let changed = stage.control("group", change).await;
    assert_eq!(changed["users"], json!(["U0BO", "U0CY"]));
    let users = stage
        .api("usergroups.users.list", json!({"usergroup": "S0ONCALL"}))
        .await;
    assert_eq!(users["users"], json!(["U0BO", "U0CY"]));
}

#[tokio::test]
async fn accounts_change() {
    let stage = Stage::start().await;
    let moved = json!({"user": "cy", "name": "Cy Chan", "zone": "Asia/Tokyo"});
    assert_eq!(
        stage.control("person", moved).await["user"]["tz"],
        "Asia/Tokyo"
    );
    let told = stage.event("user_change").await;
    assert_eq!(told["user"]["real_name"], "Cy Chan");
    let guest = json!({"user": "cy", "guest": true, "email": "cy@partner.test"});
    let guest = stage.control("person", guest).await;
    assert_eq!(guest["user"]["is_restricted"], true);
    assert_eq!(guest["user"]["profile"]["email"], "cy@partner.test");
    let back = json!({"user": "cy", "guest": false, "email": "cy@example.com"});
    stage.control("person", back).await;
    let joined = stage
        .control("person", json!({"user": "eve", "join": true}))
        .await;
    assert_eq!(joined["user"]["id"], "U0EVE");
    assert_eq!(stage.event("team_join").await["user"]["name"], "eve");
    for taken in ["eve", "a b"] {
        let again = stage
            .control("person", json!({"user": taken, "join": true}))
            .await;
        assert_eq!(again["ok"], false);
    }
    let nowhere = json!({"user": "cy", "zone": "Mars/Olympus"});
    assert_eq!(stage.control("person", nowhere).await["ok"], false);
    stage
        .control("person", json!({"user": "cy", "deactivated": true}))
        .await;
    let info = stage.api("users.info", json!({"user": "U0CY"})).await;
    assert_eq!(info["user"]["deleted"], true);
    let email = json!({"email": "cy@example.com"});
    let email = stage.error("users.lookupByEmail", email).await;
    assert_eq!(email, "users_not_found");
    let open = stage
        .error("conversations.open", json!({"users": "U0CY"}))
        .await;
    assert_eq!(open, "user_disabled");
    let asked = json!({"channel": "C0SALES"});
    let members = stage.api("conversations.members", asked).await["members"].clone();
    assert!(!members.as_array().unwrap().contains(&json!("U0CY")));
    let whisper = json!({"channel": "C0SALES", "user": "U0CY", "text": "psst"});
    let whisper = stage.error("chat.postEphemeral", whisper).await;
    assert_eq!(whisper, "user_not_in_channel");
    let says = json!({"user": "cy", "channel": "sales", "text": "hello?"});
    let refused = stage.control("message", says).await;
    assert_eq!(refused["error"], "The account of Cy Chan is deactivated.");
}

#[tokio::test]
async fn people_pin_and_unpin_and_delete_channels() {
    let stage = Stage::start().await;
    stage.post("look here").await;
    let pin =
        |remove: bool| json!({"user": "bo", "channel": "outages", "ts": "last", "remove": remove});
    assert_eq!(stage.control("pin", pin(false)).await["ok"], true);
    let refused = stage.control("pin", pin(false)).await;
    assert!(
        refused["error"]
            .as_str()
            .unwrap()
            .contains("already_pinned"),
        "{refused}"
    );
    assert_eq!(stage.event("pin_added").await["user"], "U0BO");
    assert_eq!(stage.control("pin", pin(true)).await["ok"], true);
    let told = stage.event("pin_removed").await;
    assert_eq!(
        (&told["user"], &told["channel_id"]),
        (&json!("U0BO"), &json!("C0OUTAGES"))
    );

    let delete = json!({"channel": "sales", "delete": true, "by": "ana"});
    assert_eq!(stage.control("channel", delete).await["ok"], true);
    let told = stage.event("channel_deleted").await;
    assert_eq!(
        (&told["channel"], &told["actor_id"]),
        (&json!("C0SALES"), &json!("U0ANA"))
    );
    let gone = stage
        .error("conversations.info", json!({"channel": "C0SALES"}))
        .await;
    assert_eq!(gone, "channel_not_found");
}
