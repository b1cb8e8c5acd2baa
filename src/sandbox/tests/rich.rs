//! The validator on rich text, tables and the newer blocks and elements; and people using them.

use super::{Stage, modal};
use crate::sandbox::blocks::{check_message, check_view};
use serde_json::{Value, json};

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

fn problems(block: Value) -> Vec<String> {
    check_message(&[block], &[]).map_or_else(|refusal| refusal.problems, |()| Vec::new())
}

fn input(element: Value) -> Value {
    modal(json!([{
        "type": "input", "block_id": "b", "label": plain("L"), "element": element,
    }]))
}

fn input_problems(element: Value) -> Vec<String> {
    check_view(&input(element), false).map_or_else(|refusal| refusal.problems, |()| Vec::new())
}

#[test]
fn the_newer_blocks_are_known() {
    let video = json!({
        "type": "video", "alt_text": "x", "title": plain("T"),
        "thumbnail_url": "https://example.com/t.png", "video_url": "https://example.com/v",
    });
    let text = json!({"type": "raw_text", "text": "cell"});
    let words = json!({"type": "rich_text_section", "elements": [
        {"type": "text", "text": "a", "style": {"bold": true}},
        {"type": "user", "user_id": "U0ANA"},
        {"type": "link", "url": "https://example.com"},
        {"type": "emoji", "name": "fire"},
        {"type": "broadcast", "range": "here"},
        {"type": "date", "timestamp": 1_700_000_000, "format": "{date}"},
    ]});
    let rich = json!({"type": "rich_text", "elements": [
        words,
        {"type": "rich_text_list", "style": "bullet", "elements": [words]},
        {"type": "rich_text_quote", "elements": []},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x"}]},
    ]});
    for block in [
        video.clone(),
        rich.clone(),
        json!({"type": "markdown", "text": "**bold**"}),
        json!({"type": "file", "external_id": "E1", "source": "remote"}),
        json!({"type": "table", "rows": [[text, rich], [text]]}),
        json!({"type": "context_actions", "elements": [
            {"type": "icon_button", "icon": "trash", "text": plain("Delete"), "action_id": "d"},
        ]}),
    ] {
        assert_eq!(problems(block), Vec::<String>::new());
    }
    let mut wrong = video;
    wrong["title"] = json!(null);
    assert_eq!(
        problems(wrong),
        ["missing required field: title [json-pointer:/blocks/0]"]
    );
    let wrong = json!({"type": "rich_text", "elements": [
        {"type": "rich_text_section", "elements": [{"type": "shout", "text": "a"}]},
    ]});
    assert_eq!(
        problems(wrong),
        ["unsupported type: shout [json-pointer:/blocks/0/elements/0/elements/0/type]"]
    );
    let wide: Vec<Value> = (0..21).map(|_| text.clone()).collect();
    assert_eq!(
        problems(json!({"type": "table", "rows": [wide]})),
        ["no more than 20 items allowed [json-pointer:/blocks/0/rows/0]"]
    );
    let table = json!({"type": "table", "rows": [[text]]});
    let two = check_message(&[table.clone(), table.clone()], &[]).unwrap_err();
    assert_eq!(two.error, "invalid_attachments");
    let long = "x".repeat(12_001);
    assert_eq!(
        problems(json!({"type": "markdown", "text": long})),
        ["must be less than 12001 characters [json-pointer:/blocks/0/text]"]
    );
    // Only in messages.
    let refused = check_view(&modal(json!([table])), false).unwrap_err();
    assert_eq!(
        refused.problems,
        ["unsupported type: table [json-pointer:/view/blocks/0/type]"]
    );
}

#[test]
fn cards_and_what_holds_them() {
    let button = json!({"type": "button", "action_id": "go", "text": plain("Go")});
    let card = json!({"type": "card", "title": plain("T"), "actions": [button]});
    let alert = json!({"type": "alert", "text": plain("Look out"), "level": "warning"});
    let task = json!({"type": "task_card", "task_id": "1", "title": "Do", "status": "pending"});
    for block in [
        card.clone(),
        json!({"type": "carousel", "elements": [card, card]}),
        alert.clone(),
        json!({"type": "container", "title": plain("Box"), "child_blocks": [card, alert]}),
        json!({"type": "plan", "title": "The plan", "tasks": [task]}),
    ] {
        assert_eq!(problems(block), Vec::<String>::new());
    }
    let place = "json-pointer:/blocks/0";
    let eleven: Vec<Value> = (0..11).map(|_| card.clone()).collect();
    for (block, problem) in [
        (
            json!({"type": "card", "subtitle": plain("x")}),
            format!("missing required field: title [{place}]"),
        ),
        (
            json!({"type": "carousel", "elements": eleven}),
            format!("no more than 10 items allowed [{place}/elements]"),
        ),
        (
            json!({"type": "alert", "text": plain("x"), "level": "loud"}),
            format!("must be a valid enum value [{place}/level]"),
        ),
        (
            json!({"type": "carousel", "elements": [alert]}),
            format!("unsupported type: alert [{place}/elements/0/type]"),
        ),
    ] {
        assert_eq!(problems(block), [problem]);
    }
}

#[tokio::test]
async fn a_button_of_a_card_is_clicked() {
    let stage = Stage::start().await;
    let button = json!({"type": "button", "text": plain("Go"), "value": "7"});
    let mut go = button.clone();
    go["action_id"] = json!("go");
    let card = json!({"type": "card", "title": plain("T"), "actions": [go, button]});
    let blocks = json!([{"type": "carousel", "elements": [card]}]);
    let post = json!({"channel": "C0OUTAGES", "text": "x", "blocks": blocks});
    let posted = stage.api("chat.postMessage", post).await;
    let shown = &posted["message"]["blocks"][0]["elements"][0];
    assert!(shown["block_id"].is_string(), "{posted}");
    assert!(shown["actions"][1]["action_id"].is_string(), "{posted}");
    let click = json!({
        "user": "bo", "channel": "outages", "ts": "last", "action_id": "go", "wait_ms": 0,
    });
    assert_eq!(stage.control("click", click).await["status"], 200);
    let payload = stage.app.last("interactivity").payload();
    assert_eq!(payload["actions"][0]["block_id"], shown["block_id"]);
}

#[test]
fn a_view_has_at_most_250_kilobytes() {
    let text = "x".repeat(2900);
    let section = json!({"type": "section", "text": {"type": "plain_text", "text": text}});
    let sections: Vec<Value> = (0..90).map(|_| section.clone()).collect();
    let refused = check_view(&modal(json!(sections)), false).unwrap_err();
    assert_eq!(refused.error, "view_too_large");
}

#[test]
fn every_input_has_its_limits() {
    let option = json!({"text": plain("One"), "value": "1"});
    let eleven: Vec<Value> = (0..11)
        .map(|number| json!({"text": plain("x"), "value": number.to_string()}))
        .collect();
    for element in [
        json!({"type": "checkboxes", "options": [option]}),
        json!({"type": "radio_buttons", "options": [option]}),
        json!({"type": "timepicker", "initial_time": "09:30"}),
        json!({"type": "datepicker", "initial_date": "2026-11-21"}),
        json!({"type": "datetimepicker", "initial_date_time": 1_700_000_000}),
        json!({"type": "number_input", "is_decimal_allowed": false, "min_value": "1"}),
        json!({"type": "email_text_input"}),
        json!({"type": "url_text_input"}),
        json!({"type": "rich_text_input"}),
        json!({"type": "file_input", "filetypes": ["png"], "max_files": 10}),
        json!({"type": "multi_external_select", "min_query_length": 3}),
    ] {
        assert_eq!(input_problems(element), Vec::<String>::new());
    }
    let place = "json-pointer:/view/blocks/0/element";
    for (element, problem) in [
        (
            json!({"type": "checkboxes", "options": eleven}),
            format!("no more than 10 items allowed [{place}/options]"),
        ),
        (
            json!({"type": "radio_buttons", "options": []}),
            format!("must provide at least 1 items [{place}/options]"),
        ),
        (
            json!({"type": "timepicker", "initial_time": "9:30"}),
            format!("must be a time in the format HH:mm [{place}/initial_time]"),
        ),
        (
            json!({"type": "number_input"}),
            format!("missing required field: is_decimal_allowed [{place}]"),
        ),
        (
            json!({"type": "file_input", "max_files": 11}),
            format!("must be less than 11 [{place}/max_files]"),
        ),
        (
            json!({"type": "overflow", "options": [option]}),
            format!("unsupported type: overflow [{place}/type]"),
        ),
        (
            json!({"type": "rich_text_input", "initial_value": {"type": "text"}}),
            format!("unsupported type: text [{place}/initial_value/type]"),
        ),
    ] {
        assert_eq!(input_problems(element), [problem]);
    }
}

#[tokio::test]
async fn files_and_rich_text_are_put_into_forms() {
    let stage = Stage::start().await;
    let view = modal(json!([
        {"type": "input", "block_id": "shot", "label": plain("Screenshot"), "optional": true,
         "element": {"type": "file_input", "action_id": "f", "max_files": 1}},
        {"type": "input", "block_id": "story", "label": plain("Story"),
         "element": {"type": "rich_text_input", "action_id": "r"}},
    ]));
    let trigger = stage.trigger().await;
    let opened = stage.api("views.open", json!({"trigger_id": trigger, "view": view}));
    let opened = opened.await;
    let values = &opened["view"]["state"]["values"];
    assert_eq!(values["shot"]["f"]["files"], json!([]), "{opened}");
    assert_eq!(values["story"]["r"]["rich_text_value"], Value::Null);
    let submit = json!({
        "user": "ana", "values": {"Screenshot": ["page.png"], "Story": "It broke"},
    });
    let seen = stage.control("submit", submit).await;
    assert_eq!(seen["seen"]["closed"], true, "{seen}");
    let payload = stage.app.last("interactivity").payload();
    let values = &payload["view"]["state"]["values"];
    let file = &values["shot"]["f"]["files"][0];
    assert_eq!(file["name"], "page.png");
    assert_eq!(file["user"], "U0ANA");
    assert_eq!(
        values["story"]["r"]["rich_text_value"]["elements"][0]["elements"][0]["text"],
        "It broke"
    );
    let found = stage.api("files.info", json!({"file": file["id"]})).await;
    assert_eq!(found["file"]["mimetype"], "image/png");
}

#[tokio::test]
async fn feedback_is_given_with_its_buttons() {
    let stage = Stage::start().await;
    let blocks = json!([{"type": "context_actions", "elements": [{
        "type": "feedback_buttons", "action_id": "vote",
        "positive_button": {"text": plain("Good"), "value": "up"},
        "negative_button": {"text": plain("Bad"), "value": "down"},
    }]}]);
    let post = json!({"channel": "C0OUTAGES", "text": "x", "blocks": blocks});
    assert_eq!(stage.api("chat.postMessage", post).await["ok"], true);
    let click = json!({
        "user": "bo", "channel": "outages", "ts": "last", "action_id": "vote",
        "selected": "Bad", "wait_ms": 0,
    });
    assert_eq!(stage.control("click", click).await["status"], 200);
    let payload = stage.app.last("interactivity").payload();
    assert_eq!(payload["actions"][0]["value"], "down");
    assert_eq!(payload["actions"][0]["type"], "feedback_buttons");
}
