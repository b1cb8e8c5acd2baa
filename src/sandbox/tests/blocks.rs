//! The validator's words. "Recorded" ones were seen in answers of the real Slack.

use crate::sandbox::blocks::{check_message, check_suggestions, check_view};
use serde_json::{Value, json};

fn message_problems(blocks: Value) -> Vec<String> {
    let refusal = check_message(blocks.as_array().unwrap(), &[]).unwrap_err();
    assert_eq!(refusal.error, "invalid_blocks");
    refusal.problems
}

fn view_problems(view: Value) -> Vec<String> {
    let refusal = check_view(&view, false).unwrap_err();
    assert_eq!(refusal.error, "invalid_arguments");
    refusal.problems
}

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

fn button(id: &str) -> Value {
    json!({"type": "button", "action_id": id, "text": plain("Go")})
}

#[test]
fn long_section_text_as_recorded() {
    let text = "x".repeat(3001);
    let blocks = json!([{"type": "section", "text": {"type": "mrkdwn", "text": text}}]);
    assert_eq!(
        message_problems(blocks),
        [
            "failed to match all allowed schemas [json-pointer:/blocks/0/text]",
            "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        ]
    );
}

#[test]
fn too_many_blocks_as_recorded() {
    let blocks: Vec<Value> = (0..51).map(|_| json!({"type": "divider"})).collect();
    assert_eq!(
        message_problems(json!(blocks)),
        ["no more than 50 items allowed [json-pointer:/blocks]"]
    );
    assert!(check_message(&blocks[..50], &[]).is_ok());
}

#[test]
fn views_as_recorded() {
    let input = json!({
        "type": "input", "label": plain("L"),
        "element": {"type": "plain_text_input", "action_id": "a"},
    });
    let view = json!({
        "type": "modal",
        "title": plain(&"t".repeat(25)),
        "private_metadata": "m".repeat(3001),
        "blocks": [{"type": "divider"}, {"type": "divider"}, input],
    });
    assert_eq!(
        view_problems(view),
        [
            "must be less than 25 characters [json-pointer:/view/title/text]",
            "must be less than 3001 characters [json-pointer:/view/private_metadata]",
            "must define `submit` to use an `input` block in modals \
             [json-pointer:/view/blocks/2/input]",
        ]
    );
}

#[test]
fn options_as_recorded() {
    let select = |options: Value| {
        super::modal(json!([{
            "type": "input", "label": plain("L"),
            "element": {"type": "static_select", "options": options},
        }]))
    };
    let option = json!({"text": plain("One"), "value": "1"});
    assert!(check_view(&select(json!([option])), false).is_ok());
    assert_eq!(
        view_problems(select(json!(vec![option; 101]))),
        ["no more than 100 items allowed [json-pointer:/view/blocks/0/element/options]"]
    );
    assert_eq!(
        view_problems(select(json!([]))),
        ["must provide at least 1 items [json-pointer:/view/blocks/0/element/options]"]
    );
}

#[test]
fn types_and_properties_as_recorded() {
    let mut styled = button("a");
    styled["disabled"] = json!(true);
    let blocks = json!([{"type": "bogus"}, {"type": "actions", "elements": [styled]}]);
    assert_eq!(
        message_problems(blocks),
        [
            "unsupported type: bogus [json-pointer:/blocks/0/type]",
            "invalid additional property: disabled [json-pointer:/blocks/1/elements/0]",
        ]
    );
    let view = super::modal(json!([{"type": "input", "label": plain("L")}]));
    assert_eq!(
        view_problems(view),
        ["missing required field: element [json-pointer:/view/blocks/0]"]
    );
}

#[test]
fn elements_belong_where_slack_has_them() {
    let date = json!({"type": "datetimepicker", "action_id": "when"});
    let text = plain("When?");
    let section = json!([{"type": "section", "text": text, "accessory": date}]);
    assert_eq!(
        message_problems(section),
        ["unsupported type: datetimepicker [json-pointer:/blocks/0/accessory/type]"]
    );
    let actions = json!([{"type": "actions", "elements": [date]}]);
    assert!(check_message(actions.as_array().unwrap(), &[]).is_ok());
}

#[test]
fn ids_are_unique() {
    let blocks = json!([
        {"type": "divider", "block_id": "b"},
        {"type": "actions", "block_id": "b", "elements": [button("a"), button("a")]},
    ]);
    let problems = message_problems(blocks);
    assert!(problems[0].ends_with("[json-pointer:/blocks/1/elements/1/action_id]"));
    assert!(problems[1].ends_with("[json-pointer:/blocks/1/block_id]"));
    assert_eq!(problems.len(), 2);
}

#[test]
fn limits_of_one_character_more() {
    for (block, fits) in [
        (
            json!({"type": "header", "text": plain(&"x".repeat(150))}),
            true,
        ),
        (
            json!({"type": "header", "text": plain(&"x".repeat(151))}),
            false,
        ),
        (json!({"type": "header", "text": plain("")}), false),
        (
            json!({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}),
            false,
        ),
        (
            json!({"type": "section", "fields": vec![plain("x"); 10]}),
            true,
        ),
        (
            json!({"type": "section", "fields": vec![plain("x"); 11]}),
            false,
        ),
        (json!({"type": "section"}), false),
        (
            json!({"type": "context", "elements": vec![plain("x"); 10]}),
            true,
        ),
        (
            json!({"type": "context", "elements": vec![plain("x"); 11]}),
            false,
        ),
        (json!({"type": "context", "elements": []}), false),
    ] {
        assert_eq!(
            check_message(std::slice::from_ref(&block), &[]).is_ok(),
            fits,
            "{block}"
        );
    }
}

#[test]
fn all_text_together_has_a_limit() {
    let section = json!({"type": "section", "text": plain(&"x".repeat(2700))});
    assert!(check_message(&vec![section.clone(); 4], &[]).is_ok());
    let attachment = json!({"color": "#d00000", "blocks": vec![section; 5]});
    let refusal = check_message(&[], &[attachment]).unwrap_err();
    assert_eq!(refusal.error, "msg_blocks_too_long");
}

#[test]
fn attachments_have_their_own_pointers() {
    let attachment = json!({"blocks": [{"type": "bogus"}]});
    let refusal = check_message(&[], &[attachment]).unwrap_err();
    assert_eq!(
        refusal.problems,
        ["unsupported type: bogus [json-pointer:/attachments/0/blocks/0/type]"]
    );
}

#[test]
fn suggestions_are_checked() {
    let option = json!({"text": plain("One"), "value": "1"});
    assert!(check_suggestions(&json!({"options": []})).is_ok());
    assert!(check_suggestions(&json!({"options": vec![option.clone(); 100]})).is_ok());
    assert!(check_suggestions(&json!({"options": vec![option; 101]})).is_err());
    assert!(check_suggestions(&json!({})).is_err());
}
