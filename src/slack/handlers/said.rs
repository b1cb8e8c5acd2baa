//! What a message says, in Slack's markup. People's messages have their words in `text`; those of
//! apps often have them in blocks or attachments alone.

use serde_json::Value;

/// The words of a message; empty when it has none.
pub fn words(message: &Value) -> String {
    let text = message["text"].as_str().unwrap_or("");
    if !text.trim().is_empty() {
        return text.to_owned();
    }
    let mut lines = Vec::new();
    in_blocks(&message["blocks"], &mut lines);
    for attachment in message["attachments"].as_array().into_iter().flatten() {
        let said = ["text", "title", "fallback"].into_iter();
        let mut said = said.filter_map(|key| attachment[key].as_str());
        match said.find(|it| !it.trim().is_empty()) {
            Some(text) => lines.push(text.to_owned()),
            None => in_blocks(&attachment["blocks"], &mut lines),
        }
    }
    lines.join("\n")
}

/// The lines of blocks that are there to be read.
fn in_blocks(blocks: &Value, lines: &mut Vec<String>) {
    for block in blocks.as_array().into_iter().flatten() {
        let mut said = Vec::new();
        match block["type"].as_str().unwrap_or("") {
            "header" | "section" => {
                said.push(text_of(&block["text"]));
                let fields = block["fields"].as_array();
                said.extend(fields.into_iter().flatten().map(text_of));
            }
            "context" => {
                let elements = block["elements"].as_array();
                said.extend(elements.into_iter().flatten().map(text_of));
            }
            "rich_text" => {
                let parts = block["elements"].as_array();
                said.extend(parts.into_iter().flatten().map(|it| rich(it, DEEPEST)));
            }
            _ => {}
        }
        said.retain(|it| !it.trim().is_empty());
        lines.extend(said);
    }
}

/// How deep elements of rich text are read. Slack nests them three deep.
const DEEPEST: usize = 5;

/// An element of rich text as the markup that means the same.
fn rich(element: &Value, deep: usize) -> String {
    let of = |key: &str| element[key].as_str().unwrap_or("");
    match of("type") {
        "text" => escaped(of("text")),
        "link" => match of("text") {
            "" => format!("<{}>", of("url")),
            label => format!("<{}|{}>", of("url"), escaped(label)),
        },
        "emoji" => format!(":{}:", of("name")),
        "user" => format!("<@{}>", of("user_id")),
        "channel" => format!("<#{}>", of("channel_id")),
        "usergroup" => format!("<!subteam^{}>", of("usergroup_id")),
        "broadcast" => format!("<!{}>", of("range")),
        kind => {
            let Some(deep) = deep.checked_sub(1) else {
                return String::new();
            };
            let between = if kind == "rich_text_list" { "\n" } else { "" };
            let parts = element["elements"].as_array().into_iter().flatten();
            let parts: Vec<String> = parts.map(|it| rich(it, deep)).collect();
            parts.join(between)
        }
    }
}

fn text_of(object: &Value) -> String {
    object["text"].as_str().unwrap_or("").to_owned()
}

/// Rich text is the one place where Slack sends words as they are.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_app_says_is_found_in_its_attachments() {
        let message = json!({ "text": "", "attachments": [
            { "title": "Disk full", "fallback": "x" }, { "fallback": "Host a" }, {},
        ] });
        assert_eq!(words(&message), "Disk full\nHost a");
        assert_eq!(
            words(&json!({ "text": "hello", "attachments": [] })),
            "hello"
        );
        assert_eq!(words(&json!({ "text": null })), "");
    }

    #[test]
    fn what_an_app_says_is_found_in_its_blocks() {
        let message = json!({ "text": "", "blocks": [
            { "type": "header", "text": { "type": "plain_text", "text": "Disk full" } },
            { "type": "divider" },
            { "type": "section", "text": { "type": "mrkdwn", "text": "on <https://a.test|host a>" },
              "fields": [{ "type": "mrkdwn", "text": "98%" }, null] },
            { "type": "context", "elements": [{ "type": "image" }, { "type": "mrkdwn", "text": "just now" }] },
            { "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": [
                { "type": "text", "text": "a < b, " }, { "type": "user", "user_id": "U1" },
                { "type": "broadcast", "range": "here" }, { "type": "emoji", "name": "fire" },
            ] }] },
            7,
        ] });
        assert_eq!(
            words(&message),
            "Disk full\non <https://a.test|host a>\n98%\njust now\na &lt; b, <@U1><!here>:fire:"
        );
        let mut deep = json!({ "type": "text", "text": "x" });
        for _ in 0..50 {
            deep = json!({ "type": "rich_text_section", "elements": [deep] });
        }
        let message = json!({ "blocks": [{ "type": "rich_text", "elements": [deep] }] });
        assert_eq!(words(&message), "");
    }
}
