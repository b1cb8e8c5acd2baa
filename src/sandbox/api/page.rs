//! Pages of lists: `cursor` and `limit`, and the cursor of the next page.

use super::Fail;
use super::arguments::Arguments;
use serde_json::{Value, json};

/// Cursors are opaque to apps; ours say at which item the page starts.
const PREFIX: &str = "c3RhcnQ6";

pub struct Page<T> {
    pub items: Vec<T>,
    /// Empty at the end.
    pub next_cursor: String,
}

impl<T> Page<T> {
    pub fn metadata(&self) -> Value {
        json!({"next_cursor": self.next_cursor})
    }

    pub fn has_more(&self) -> bool {
        !self.next_cursor.is_empty()
    }
}

/// Cuts one page out of a list that is already in order. `key` names an item for the cursor:
/// the next page starts at that item, so that items added in front do not shift it.
pub fn cut<T>(
    items: Vec<T>,
    arguments: &Arguments,
    default_limit: i64,
    most: i64,
    key: impl Fn(&T) -> &str,
) -> Result<Page<T>, Fail> {
    let limit = match arguments.text("limit").filter(|text| !text.is_empty()) {
        None => default_limit,
        Some(_) => match arguments.int("limit") {
            Some(0) => default_limit,
            Some(limit) if limit > 0 => limit.min(most),
            _ => return Err("invalid_limit".into()),
        },
    };
    let start = match arguments.text("cursor").filter(|text| !text.is_empty()) {
        None => 0,
        Some(cursor) => {
            let wanted = cursor
                .strip_prefix(PREFIX)
                .ok_or_else(|| Fail::new("invalid_cursor"))?;
            items
                .iter()
                .position(|item| key(item) == wanted)
                .ok_or_else(|| Fail::new("invalid_cursor"))?
        }
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let next_cursor = items
        .get(start.saturating_add(limit))
        .map_or_else(String::new, |item| format!("{PREFIX}{}", key(item)));
    let items = items.into_iter().skip(start).take(limit).collect();
    Ok(Page { items, next_cursor })
}
