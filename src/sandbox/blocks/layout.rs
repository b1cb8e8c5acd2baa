//! The tables of layout blocks, and of the two kinds of views. docs.slack.dev, "Block Kit
//! reference", for the limits.

use super::elements::{IN_ACTIONS, IN_CONTEXT_ACTIONS, IN_INPUT, IN_SECTION};
use super::nested;
use super::objects::LONGEST_TEXT;
use super::rich::{check_columns, check_rich_text, check_rows};
use super::schema::{Field, Report, Rule, check_object, may, need};
use serde_json::Value;

const BLOCK_ID: Field = may("block_id", Rule::Str(255));

const SECTION: &[Field] = &[
    BLOCK_ID,
    may("text", Rule::Text(LONGEST_TEXT)),
    may("fields", Rule::Texts(10, 2000)),
    may("accessory", Rule::Element(IN_SECTION)),
    may("expand", Rule::Bool),
];

const HEADER: &[Field] = &[
    BLOCK_ID,
    need("text", Rule::Plain(150)),
    may("level", Rule::Int(1, 4)),
];

const DIVIDER: &[Field] = &[BLOCK_ID];

const CONTEXT: &[Field] = &[BLOCK_ID, need("elements", Rule::ContextItems(10))];

const ACTIONS: &[Field] = &[BLOCK_ID, need("elements", Rule::Elements(IN_ACTIONS, 25))];

const INPUT: &[Field] = &[
    BLOCK_ID,
    need("label", Rule::Plain(2000)),
    need("element", Rule::Element(IN_INPUT)),
    may("hint", Rule::Plain(2000)),
    may("optional", Rule::Bool),
    may("dispatch_action", Rule::Bool),
];

const IMAGE: &[Field] = &[
    BLOCK_ID,
    may("image_url", Rule::Url(3000)),
    may("slack_file", Rule::Any),
    need("alt_text", Rule::Str(2000)),
    may("title", Rule::Plain(2000)),
];

const RICH_TEXT: &[Field] = &[BLOCK_ID, need("elements", Rule::Check(check_rich_text))];

const VIDEO: &[Field] = &[
    BLOCK_ID,
    need("alt_text", Rule::Str(2000)),
    need("title", Rule::Plain(199)),
    need("thumbnail_url", Rule::Url(3000)),
    need("video_url", Rule::Url(3000)),
    may("title_url", Rule::Url(3000)),
    may("description", Rule::Plain(199)),
    may("author_name", Rule::Str(49)),
    may("provider_name", Rule::Str(49)),
    may("provider_icon_url", Rule::Url(3000)),
];

const FILE: &[Field] = &[
    BLOCK_ID,
    need("external_id", Rule::Filled(255)),
    need("source", Rule::OneOf(&["remote"])),
];

const MARKDOWN: &[Field] = &[BLOCK_ID, need("text", Rule::Filled(12_000))];

const TABLE: &[Field] = &[
    BLOCK_ID,
    need("rows", Rule::Check(check_rows)),
    may("column_settings", Rule::Check(check_columns)),
];

const CONTEXT_ACTIONS: &[Field] = &[
    BLOCK_ID,
    need("elements", Rule::Elements(IN_CONTEXT_ACTIONS, 5)),
];

pub const MODAL: &[Field] = &[
    need("title", Rule::Plain(24)),
    need("blocks", Rule::Array),
    may("submit", Rule::Plain(24)),
    may("close", Rule::Plain(24)),
    may("private_metadata", Rule::Str(3000)),
    may("callback_id", Rule::Str(255)),
    may("external_id", Rule::Str(255)),
    may("clear_on_close", Rule::Bool),
    may("notify_on_close", Rule::Bool),
];

pub const HOME: &[Field] = &[
    need("blocks", Rule::Array),
    may("private_metadata", Rule::Str(3000)),
    may("callback_id", Rule::Str(255)),
    may("external_id", Rule::Str(255)),
];

pub fn check_block(block: &Value, pointer: &str, in_message: bool, report: &mut Report) {
    if !block.is_object() {
        report.add("must be an object", pointer);
        return;
    }
    let Some(kind) = block["type"].as_str() else {
        report.add("missing required field: type", pointer);
        return;
    };
    let fields = match kind {
        "section" => SECTION,
        "header" => HEADER,
        "divider" => DIVIDER,
        "context" => CONTEXT,
        "actions" => ACTIONS,
        "input" => INPUT,
        "image" => IMAGE,
        "rich_text" => RICH_TEXT,
        "video" => VIDEO,
        "card" => nested::CARD,
        "carousel" => nested::CAROUSEL,
        "alert" => nested::ALERT,
        "container" => nested::CONTAINER,
        "task_card" if in_message => nested::TASK_CARD,
        "plan" if in_message => nested::PLAN,
        "file" if in_message => FILE,
        "markdown" if in_message => MARKDOWN,
        "table" if in_message => TABLE,
        "context_actions" if in_message => CONTEXT_ACTIONS,
        _ => {
            report.add(
                &format!("unsupported type: {kind}"),
                &format!("{pointer}/type"),
            );
            return;
        }
    };
    check_object(block, pointer, fields, report);
    match kind {
        "section" if block["text"].is_null() && block["fields"].is_null() => {
            report.add("missing required field: text", pointer);
        }
        "card"
            if ["hero_image", "title", "actions", "body"]
                .iter()
                .all(|name| block[*name].is_null()) =>
        {
            report.add("missing required field: title", pointer);
        }
        "container" if block["title"].is_null() && block["rich_text_title"].is_null() => {
            report.add("missing required field: title", pointer);
        }
        "image" if block["image_url"].is_null() && block["slack_file"].is_null() => {
            report.add("missing required field: image_url", pointer);
        }
        _ => {}
    }
}
