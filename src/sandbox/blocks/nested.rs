//! The tables of blocks made of other things: cards and carousels, alerts, containers, tasks.

use super::layout::check_block;
use super::objects::check_text;
use super::rich::check_rich_value;
use super::schema::{Field, Report, Rule, check_object, list, may, need};
use serde_json::Value;

const BLOCK_ID: Field = may("block_id", Rule::Str(255));
const IMAGE: &[&str] = &["image"];
const BUTTON: &[&str] = &["button"];

pub const CARD: &[Field] = &[
    BLOCK_ID,
    may("hero_image", Rule::Element(IMAGE)),
    may("icon", Rule::Element(IMAGE)),
    may("title", Rule::Text(150)),
    may("subtitle", Rule::Text(150)),
    may("body", Rule::Text(200)),
    may("actions", Rule::Elements(BUTTON, 25)),
];

pub const CAROUSEL: &[Field] = &[BLOCK_ID, need("elements", Rule::Check(check_cards))];

pub const ALERT: &[Field] = &[
    BLOCK_ID,
    need("text", Rule::Check(check_alert_text)),
    may(
        "level",
        Rule::OneOf(&["default", "info", "warning", "error", "success"]),
    ),
];

pub const CONTAINER: &[Field] = &[
    BLOCK_ID,
    need("child_blocks", Rule::Check(check_children)),
    may("title", Rule::Plain(150)),
    may("rich_text_title", Rule::Check(check_rich_value)),
    may("subtitle", Rule::Text(150)),
    may(
        "width",
        Rule::OneOf(&["narrow", "standard", "wide", "full"]),
    ),
    may("icon", Rule::Element(IMAGE)),
    may("is_collapsible", Rule::Bool),
    may("default_collapsed", Rule::Bool),
    may("has_header_divider", Rule::Bool),
];

pub const TASK_CARD: &[Field] = &[
    BLOCK_ID,
    need("task_id", Rule::Filled(255)),
    need("title", Rule::Filled(3000)),
    need(
        "status",
        Rule::OneOf(&["pending", "in_progress", "complete", "error"]),
    ),
    may("details", Rule::Check(check_rich_value)),
    may("output", Rule::Check(check_rich_value)),
    may("sources", Rule::Array),
];

pub const PLAN: &[Field] = &[
    BLOCK_ID,
    need("title", Rule::Filled(3000)),
    may("tasks", Rule::Check(check_tasks)),
];

fn check_alert_text(value: &Value, pointer: &str, report: &mut Report) {
    check_text(value, pointer, 3000, report);
}

fn check_cards(value: &Value, pointer: &str, report: &mut Report) {
    for (card, pointer) in list(value, pointer, 1, 10, report) {
        if card["type"] == "card" {
            check_block(card, &pointer, true, report);
        } else {
            unsupported(card, &pointer, report);
        }
    }
}

/// A container holds no other container.
fn check_children(value: &Value, pointer: &str, report: &mut Report) {
    for (block, pointer) in list(value, pointer, 1, 10, report) {
        if block["type"] == "container" {
            unsupported(block, &pointer, report);
        } else {
            check_block(block, &pointer, true, report);
        }
    }
}

fn check_tasks(value: &Value, pointer: &str, report: &mut Report) {
    for (task, pointer) in list(value, pointer, 0, usize::MAX, report) {
        if task["type"] == "task_card" {
            check_object(task, &pointer, TASK_CARD, report);
        } else {
            unsupported(task, &pointer, report);
        }
    }
}

fn unsupported(block: &Value, pointer: &str, report: &mut Report) {
    let kind = super::plain(&block["type"]);
    report.add(
        &format!("unsupported type: {kind}"),
        &format!("{pointer}/type"),
    );
}
