//! The Block Kit validator: what Slack refuses in messages and views, in Slack's words and with
//! its json-pointers. The tables of fields and limits are in `layout` and `elements`, the way to
//! read them in `schema`, texts and options in `objects`, rich text and tables in `rich`.
//!
//! Wordings marked "recorded" in the tests were seen in answers of the real Slack; the others
//! follow their style, since Slack documents none of them.

mod elements;
mod layout;
mod nested;
mod objects;
mod rich;
mod schema;

use schema::Report;
use serde_json::Value;
use std::collections::HashSet;

/// The most blocks in a message, and in a modal or home tab.
const MESSAGE_BLOCKS: usize = 50;
const VIEW_BLOCKS: usize = 100;
/// All text in the blocks of one message: not documented, met in practice (bolt-js issue 2509).
const MESSAGE_TEXT: usize = 13_200;
const ATTACHMENTS: usize = 100;
/// The JSON of a view may be this long: 250 kB.
const VIEW_BYTES: usize = 250_000;

/// Why Slack refuses: an error name, and sentences for `response_metadata.messages`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub error: &'static str,
    pub problems: Vec<String>,
}

impl Refusal {
    fn bare(error: &'static str) -> Refusal {
        Refusal {
            error,
            problems: Vec::new(),
        }
    }
}

/// Checks `blocks` and `attachments` of a message.
pub fn check_message(blocks: &[Value], attachments: &[Value]) -> Result<(), Refusal> {
    let mut report = Report::default();
    check_blocks(blocks, "/blocks", MESSAGE_BLOCKS, &mut report);
    if attachments.len() > ATTACHMENTS {
        return Err(Refusal::bare("too_many_attachments"));
    }
    let mut text = text_length(blocks);
    for (index, attachment) in attachments.iter().enumerate() {
        let pointer = format!("/attachments/{index}");
        if !attachment.is_object() {
            report.add("must be an object", &pointer);
        } else if let Some(nested) = attachment.get("blocks") {
            let pointer = format!("{pointer}/blocks");
            match nested.as_array() {
                Some(nested) => {
                    check_blocks(nested, &pointer, MESSAGE_BLOCKS, &mut report);
                    text += text_length(nested);
                }
                None => report.add("must be an array", &pointer),
            }
        }
    }
    report.finish("invalid_blocks")?;
    let nested = attachments
        .iter()
        .filter_map(|attachment| attachment["blocks"].as_array())
        .flatten();
    let tables = blocks.iter().chain(nested);
    if tables.filter(|block| block["type"] == "table").count() > 1 {
        return Err(Refusal {
            error: "invalid_attachments",
            problems: vec!["only_one_table_allowed".to_owned()],
        });
    }
    if text > MESSAGE_TEXT {
        return Err(Refusal::bare("msg_blocks_too_long"));
    }
    Ok(())
}

/// Checks a modal or a home tab. `home` says which of the two is expected.
pub fn check_view(view: &Value, home: bool) -> Result<(), Refusal> {
    if view.to_string().len() > VIEW_BYTES {
        return Err(Refusal::bare("view_too_large"));
    }
    let mut report = Report::default();
    let expected = if home { "home" } else { "modal" };
    if view["type"].is_null() {
        report.add("missing required field: type", "/view");
    } else if view["type"] != expected {
        report.add(
            &format!("unsupported type: {}", plain(&view["type"])),
            "/view/type",
        );
    }
    let fields = if home { layout::HOME } else { layout::MODAL };
    schema::check_object(view, "/view", fields, &mut report);
    if let Some(blocks) = view["blocks"].as_array() {
        check_blocks(blocks, "/view/blocks", VIEW_BLOCKS, &mut report);
        let input = blocks.iter().position(|block| block["type"] == "input");
        if let Some(place) = input
            && !home
            && !view["submit"].is_object()
        {
            report.add(
                "must define `submit` to use an `input` block in modals",
                &format!("/view/blocks/{place}/input"),
            );
        }
    }
    report.finish("invalid_arguments")
}

/// Checks the answer to a `block_suggestion`.
pub fn check_suggestions(answer: &Value) -> Result<(), Refusal> {
    let mut report = Report::default();
    match (answer.get("options"), answer.get("option_groups")) {
        (Some(options), _) => {
            objects::check_options(options, "/options", objects::Limits::SUGGESTED, &mut report)
        }
        (None, Some(groups)) => objects::check_groups(groups, "/option_groups", &mut report),
        (None, None) => report.add("missing required field: options", ""),
    }
    report.finish("invalid_options")
}

fn check_blocks(blocks: &[Value], pointer: &str, most: usize, report: &mut Report) {
    if blocks.len() > most {
        report.add(&format!("no more than {most} items allowed"), pointer);
    }
    let mut seen = HashSet::new();
    for (index, block) in blocks.iter().enumerate() {
        let pointer = format!("{pointer}/{index}");
        layout::check_block(block, &pointer, most == MESSAGE_BLOCKS, report);
        if let Some(id) = block["block_id"].as_str()
            && !id.is_empty()
            && !seen.insert(id)
        {
            report.add(
                "block_id needs to be unique",
                &format!("{pointer}/block_id"),
            );
        }
    }
}

/// Characters in the texts of these blocks, labels included.
fn text_length(blocks: &[Value]) -> usize {
    fn count(value: &Value) -> usize {
        match value {
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| match value {
                    Value::String(text) if name == "text" => text.chars().count(),
                    other => count(other),
                })
                .sum(),
            Value::Array(items) => items.iter().map(count).sum(),
            _ => 0,
        }
    }
    blocks.iter().map(count).sum()
}

/// A value as people would write it: strings without quotes.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
