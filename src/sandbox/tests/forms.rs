//! Modals as people use them: filling in by label, errors at fields, suggestions, closing.

use super::{Stage, modal};
use serde_json::{Value, json};

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

fn input(block_id: &str, label: &str, element: Value, optional: bool) -> Value {
    json!({
        "type": "input", "block_id": block_id, "label": plain(label), "element": element,
        "optional": optional,
    })
}

fn option(label: &str, value: &str) -> Value {
    json!({"text": plain(label), "value": value})
}

fn form() -> Value {
    let severity = json!({
        "type": "static_select", "action_id": "severity",
        "options": [option("High", "sev1"), option("Low", "sev3")],
        "initial_option": option("Low", "sev3"),
    });
    modal(json!([
        input(
            "title",
            "What is broken?",
            json!({"type": "plain_text_input", "action_id": "title", "max_length": 10}),
            false
        ),
        input("severity", "Severity", severity, false),
        input(
            "service",
            "Service",
            json!({"type": "external_select", "action_id": "service", "min_query_length": 0}),
            true
        ),
        input(
            "people",
            "People",
            json!({"type": "multi_users_select", "action_id": "people"}),
            true
        ),
        input(
            "link",
            "Link",
            json!({"type": "url_text_input", "action_id": "link"}),
            true
        ),
        input(
            "count",
            "Count",
            json!({"type": "number_input", "action_id": "count", "is_decimal_allowed": false}),
            true
        ),
        input(
            "mail",
            "Mail",
            json!({"type": "email_text_input", "action_id": "mail"}),
            true
        ),
    ]))
}

async fn with_form(notify: bool) -> Stage {
    let stage = Stage::start().await;
    let trigger = stage.trigger().await;
    let mut view = form();
    view["notify_on_close"] = json!(notify);
    let opened = stage
        .api("views.open", json!({"trigger_id": trigger, "view": view}))
        .await;
    assert_eq!(opened["ok"], true, "{opened}");
    stage
}

fn submit(values: Value) -> Value {
    json!({"user": "ana", "values": values})
}

#[tokio::test]
async fn the_client_checks_first() {
    let stage = with_form(false).await;
    let seen = stage
        .control(
            "submit",
            submit(json!({"Link": "nonsense", "count": "1.5", "Mail": "x@y"})),
        )
        .await;
    let errors = &seen["seen"]["errors"];
    assert_eq!(errors["title"], "Please complete this required field.");
    assert_eq!(errors["link"], "Please enter a valid URL.");
    assert_eq!(errors["count"], "Please enter a whole number.");
    assert_eq!(errors["mail"], "Please enter a valid email address.");
    assert_eq!(errors.as_object().unwrap().len(), 4);
    let seen = stage
        .control("submit", submit(json!({"title": "much too long"})))
        .await;
    assert_eq!(
        seen["seen"]["errors"]["title"],
        "Please enter no more than 10 characters."
    );
    assert!(stage.app.received("interactivity").is_empty());
}

#[tokio::test]
async fn a_form_is_filled_in_by_label() {
    let stage = with_form(false).await;
    let options =
        json!({"options": [option("Payments API", "svc-1"), option("Payments", "svc-2")]});
    stage.app.answers("interactivity", options);
    let errors = json!({"response_action": "errors", "errors": {"severity": "Too low"}});
    stage.app.answers("interactivity", errors);
    let values = json!({
        "What is broken?": "Payments", "Service": "Payments", "people": ["bo", "U0CY"],
    });
    let seen = stage.control("submit", submit(values)).await;
    assert_eq!(
        seen["seen"]["errors"],
        json!({"severity": "Too low"}),
        "{seen}"
    );
    assert_eq!(seen["seen"]["modal"]["errors"]["severity"], "Too low");
    assert_eq!(seen["seen"]["closed"], false);
    let calls = stage.app.received("interactivity");
    let asked = calls[0].payload();
    assert_eq!(asked["type"], "block_suggestion");
    assert_eq!(asked["value"], "Payments");
    assert!(asked["trigger_id"].is_null());
    let sent = calls[1].payload();
    let values = &sent["view"]["state"]["values"];
    assert_eq!(values["title"]["title"]["value"], "Payments");
    assert_eq!(
        values["severity"]["severity"]["selected_option"]["value"],
        "sev3"
    );
    assert_eq!(
        values["service"]["service"]["selected_option"]["value"],
        "svc-2"
    );
    assert_eq!(
        values["people"]["people"]["selected_users"],
        json!(["U0BO", "U0CY"])
    );
    assert_eq!(values["link"]["link"]["value"], Value::Null);
    // What was typed is still there.
    let seen = stage
        .control("submit", submit(json!({"Severity": "High"})))
        .await;
    assert_eq!(seen["seen"]["closed"], true);
    assert_eq!(seen["seen"]["modal"], Value::Null);
    let sent = stage.app.last("interactivity").payload();
    let values = &sent["view"]["state"]["values"];
    assert_eq!(values["title"]["title"]["value"], "Payments");
    assert_eq!(
        values["severity"]["severity"]["selected_option"]["value"],
        "sev1"
    );
}

#[tokio::test]
async fn answers_change_the_stack() {
    let stage = with_form(false).await;
    let confirm = modal(json!([{"type": "divider"}]));
    stage.app.answers(
        "interactivity",
        json!({"response_action": "push", "view": confirm}),
    );
    let seen = stage.control("submit", submit(json!({"title": "x"}))).await;
    let modal = &seen["seen"]["modal"];
    assert_ne!(modal["previous_view_id"], Value::Null);
    assert_ne!(modal["root_view_id"], modal["id"]);
    stage
        .app
        .answers("interactivity", json!({"response_action": "clear"}));
    let seen = stage.control("submit", submit(json!({}))).await;
    assert_eq!(seen["seen"]["modal"], Value::Null);
    assert_eq!(stage.look("state").await["views"], json!({}));
}

#[tokio::test]
async fn unusable_answers_are_trouble() {
    let stage = with_form(false).await;
    for answer in [
        json!({"response_action": "errors", "errors": {"nowhere": "?"}}),
        json!({"response_action": "update", "view": {"type": "modal"}}),
        json!({"response_action": "dance"}),
        json!("not JSON"),
    ] {
        stage.app.answers("interactivity", answer);
        let seen = stage.control("submit", submit(json!({"title": "x"}))).await;
        assert_eq!(
            seen["seen"]["error"],
            "We had some trouble connecting. Try again?"
        );
        assert_eq!(seen["seen"]["closed"], false);
    }
}

#[tokio::test]
async fn closing_is_told_when_asked() {
    let stage = with_form(true).await;
    let seen = stage.control("close", json!({"user": "ana"})).await;
    assert_eq!(seen["seen"]["closed"], true);
    let payload = stage.app.last("interactivity").payload();
    assert_eq!(payload["type"], "view_closed");
    assert_eq!(payload["is_cleared"], false);
    let quiet = with_form(false).await;
    quiet.control("close", json!({"user": "ana"})).await;
    assert!(quiet.app.received("interactivity").is_empty());
    let nothing = quiet.control("close", json!({"user": "ana"})).await;
    assert_eq!(nothing["ok"], false);
}

#[tokio::test]
async fn menus_in_views_call_the_app() {
    let stage = Stage::start().await;
    let trigger = stage.trigger().await;
    let view = modal(json!([{
        "type": "section", "block_id": "s", "text": plain("Pick"),
        "accessory": {
            "type": "static_select", "action_id": "pick",
            "options": [option("One", "1"), option("Two", "2")],
        },
    }]));
    stage
        .api("views.open", json!({"trigger_id": trigger, "view": view}))
        .await;
    let click = json!({"user": "ana", "action_id": "pick", "selected": "Two", "wait_ms": 0});
    let seen = stage.control("click", click).await;
    let payload = stage.app.last("interactivity").payload();
    assert_eq!(payload["actions"][0]["selected_option"]["value"], "2");
    assert_eq!(payload["container"]["type"], "view");
    assert!(payload["response_url"].is_null());
    let values = &payload["view"]["state"]["values"];
    assert_eq!(values["s"]["pick"]["selected_option"]["value"], "2");
    assert_eq!(seen["seen"]["modal"]["values"], *values);
}
