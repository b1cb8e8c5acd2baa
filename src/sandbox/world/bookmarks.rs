//! The links in the bar under a channel's name.

use super::World;
use super::channel::Channel;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bookmark {
    pub id: String,
    pub title: String,
    pub link: String,
    /// With its colons, as Slack gives it back.
    pub emoji: Option<String>,
    pub created: i64,
    /// 0 as long as nobody changed it.
    pub updated: i64,
    pub updated_by: String,
}

impl World {
    pub fn render_bookmark(&self, channel: &Channel, bookmark: &Bookmark) -> Value {
        json!({
            "id": bookmark.id,
            "channel_id": channel.id,
            "title": bookmark.title,
            "link": bookmark.link,
            "emoji": bookmark.emoji,
            "icon_url": null,
            "type": "link",
            "entity_id": null,
            "date_created": bookmark.created,
            "date_updated": bookmark.updated,
            "rank": rank(channel, bookmark),
            "last_updated_by_user_id": bookmark.updated_by,
            "last_updated_by_team_id": self.workspace.id,
            "shortcut_id": null,
            "app_id": null,
        })
    }
}

/// Letters that sort as the bookmarks do; apps know only that they sort.
fn rank(channel: &Channel, bookmark: &Bookmark) -> String {
    let place = channel
        .bookmarks
        .iter()
        .position(|other| other.id == bookmark.id)
        .unwrap_or(channel.bookmarks.len());
    let letter = |number: usize| char::from(b'a' + u8::try_from(number % 26).unwrap_or(0));
    [letter(place / 26), letter(place)].iter().collect()
}
