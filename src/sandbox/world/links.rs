//! What people mention in what they type: links to the app's domains (`link_shared`), and people
//! and channels in a command that escapes them.

use super::World;
use super::channel::{Channel, Kind};
use serde_json::{Value, json};

/// More links of one message are not told.
const MOST_LINKS: usize = 50;

impl World {
    /// Tells the app of links to its domains in a message of somebody's.
    pub fn tell_links(&mut self, channel_id: &str, ts: &str) {
        let Some(channel) = self.channel(channel_id) else {
            return;
        };
        let Some(message) = channel.message(ts) else {
            return;
        };
        let links: Vec<Value> = links_in(&message.text)
            .into_iter()
            .filter_map(|url| Some((self.unfurl_domain(&url)?, url)))
            .map(|(domain, url)| json!({"domain": domain, "url": url}))
            .take(MOST_LINKS)
            .collect();
        if links.is_empty() {
            return;
        }
        let mut event = json!({
            "type": "link_shared",
            "channel": channel_id,
            "is_bot_user_member": channel.has_member(&self.app.user_id),
            "user": self.author_id(message),
            "message_ts": ts,
            "links": links,
            "source": "conversations_history",
        });
        if let Some(thread) = &message.thread_ts {
            event["thread_ts"] = json!(thread);
        }
        let unfurl_id = format!("C{}", self.next_id("U"));
        event["unfurl_id"] = json!(unfurl_id);
        self.unfurls
            .insert(unfurl_id, (channel_id.to_owned(), ts.to_owned()));
        self.tell(event);
    }

    /// The app's domain that this address belongs to: that host, or one below it.
    fn unfurl_domain(&self, url: &str) -> Option<String> {
        let parsed = url::Url::parse(url).ok()?;
        let host = parsed.host_str()?.to_ascii_lowercase();
        let belongs = |domain: &&String| {
            host == **domain
                || host
                    .strip_suffix(domain.as_str())
                    .is_some_and(|rest| rest.ends_with('.'))
        };
        self.settings.unfurl_domains.iter().find(belongs).cloned()
    }

    /// The text of a command as it reaches an app that wants mentions escaped.
    pub fn escape_mentions(&self, text: &str) -> String {
        // Spaces stay as they were typed.
        text.split_inclusive(char::is_whitespace)
            .map(|piece| {
                let word = piece.trim_end();
                format!("{}{}", self.escape_word(word), &piece[word.len()..])
            })
            .collect()
    }

    fn escape_word(&self, word: &str) -> String {
        // A comma or a full stop behind a name is not part of it.
        let bare = word.trim_end_matches([',', '.', ';', ':', '!', '?', ')']);
        let tail = &word[bare.len()..];
        let name = bare.get(1..).unwrap_or("");
        let mention = match bare.chars().next() {
            Some('@') => self.escape_name(name),
            Some('#') => self
                .channels
                .iter()
                .find(|channel| channel.name() == Some(name))
                .map(escape_channel),
            _ if bare.starts_with("http://") || bare.starts_with("https://") => {
                Some(format!("<{bare}>"))
            }
            _ => None,
        };
        match mention {
            Some(mention) => mention + tail,
            None => word.to_owned(),
        }
    }

    fn escape_name(&self, name: &str) -> Option<String> {
        if ["here", "channel", "everyone"].contains(&name) {
            return Some(format!("<!{name}>"));
        }
        if let Some(user) = self.users.iter().find(|user| user.name == name) {
            return Some(format!("<@{}|{}>", user.id, user.name));
        }
        let group = self.groups.iter().find(|group| group.handle == name)?;
        Some(format!("<!subteam^{}|@{}>", group.id, group.handle))
    }
}

/// The name of a private channel is not told.
fn escape_channel(channel: &Channel) -> String {
    let name = match &channel.kind {
        Kind::Public { name } => name.as_str(),
        _ => "",
    };
    format!("<#{}|{name}>", channel.id)
}

/// The addresses in a text, bare or as `<address|label>`.
fn links_in(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for piece in text.split([' ', '\n', '\t', '<', '>', '|']) {
        let bare = piece.trim_end_matches([',', '.', ';', '!', '?', ')']);
        let is_link = bare.starts_with("http://") || bare.starts_with("https://");
        let link = bare.replace("&amp;", "&");
        if is_link && !found.contains(&link) {
            found.push(link);
        }
    }
    found
}
