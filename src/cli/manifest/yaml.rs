//! As much of YAML as `manifest/slack.yaml` is written in: maps and lists by indentation, texts
//! with and without quotes, numbers, true and false, and comments on lines of their own.

use serde_json::{Map, Value};

type Line<'a> = (usize, &'a str);

pub(super) fn parse(text: &str) -> Value {
    let mut lines: Vec<Line<'_>> = text
        .lines()
        .map(|line| (line.len() - line.trim_start().len(), line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .collect();
    block(&mut lines, &mut 0)
}

/// Everything that is indented like the line at `at`.
fn block(lines: &mut [Line<'_>], at: &mut usize) -> Value {
    let Some(&(indent, first)) = lines.get(*at) else {
        return Value::Null;
    };
    if first.starts_with("- ") {
        let mut list = Vec::new();
        while let Some(&(here, line)) = lines.get(*at) {
            let Some(item) = line.strip_prefix("- ").filter(|_| here == indent) else {
                break;
            };
            if key(item).is_some() {
                // The same map, as if it began on a line of its own.
                lines[*at] = (indent + 2, item);
                list.push(block(lines, at));
            } else {
                list.push(scalar(item));
                *at += 1;
            }
        }
        return Value::Array(list);
    }
    let mut map = Map::new();
    while let Some(&(here, line)) = lines.get(*at) {
        let Some((name, value)) = key(line).filter(|_| here == indent) else {
            break;
        };
        *at += 1;
        let value = match value {
            "" => block(lines, at),
            value => scalar(value),
        };
        map.insert(name.to_owned(), value);
    }
    Value::Object(map)
}

fn key(line: &str) -> Option<(&str, &str)> {
    if line.starts_with('"') {
        return None;
    }
    line.split_once(": ")
        .or_else(|| line.strip_suffix(':').map(|name| (name, "")))
}

/// A text in double quotes means the same in JSON.
fn scalar(text: &str) -> Value {
    let is_plain_json = text.starts_with('"') || matches!(text, "true" | "false");
    if is_plain_json || text.parse::<u32>().is_ok() {
        return serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    }
    Value::from(text)
}
