//! Files: the way up (a ticket for a URL, then the bytes, then telling where it is shared) and how
//! `files.info` and messages show them.

use super::World;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct File {
    pub id: String,
    pub name: String,
    pub title: String,
    pub user: String,
    pub created: i64,
    /// How long the app said it would be; what came is in `content`.
    pub size: u64,
    /// `None` until the bytes have arrived. They are not kept between runs.
    #[serde(skip)]
    pub content: Option<bytes::Bytes>,
    /// Whether the upload was completed; until then the file is nowhere.
    pub is_complete: bool,
    /// The channels it is in, with the message in each.
    pub shares: Vec<(String, String)>,
    /// The address of the upload, used up when the bytes have arrived.
    #[serde(skip)]
    pub ticket: String,
}

impl World {
    pub fn file(&self, id: &str) -> Option<&File> {
        self.files.iter().find(|file| file.id == id)
    }

    pub fn file_mut(&mut self, id: &str) -> Option<&mut File> {
        self.files.iter_mut().find(|file| file.id == id)
    }

    pub fn new_file(&mut self, name: &str, size: u64, user: &str) -> &mut File {
        let file = File {
            id: self.next_id("F"),
            name: name.to_owned(),
            title: name.to_owned(),
            user: user.to_owned(),
            created: self.clock.seconds(),
            size,
            content: None,
            is_complete: false,
            shares: Vec::new(),
            ticket: format!("{:032x}", fastrand::u128(..)),
        };
        self.files.push(file);
        let last = self.files.len() - 1;
        &mut self.files[last]
    }

    pub fn upload_url(&self, file: &File) -> String {
        format!("{}/upload/v1/{}", self.url, file.ticket)
    }

    /// Takes the bytes of an upload; `false` when nobody asked for this address.
    pub fn take_upload(&mut self, ticket: &str, content: bytes::Bytes) -> bool {
        let found = self
            .files
            .iter_mut()
            .find(|file| !ticket.is_empty() && file.ticket == ticket);
        let Some(file) = found else {
            return false;
        };
        file.ticket.clear();
        file.size = content.len() as u64;
        file.content = Some(content);
        true
    }

    pub fn render_file(&self, file: &File) -> Value {
        let (mimetype, filetype, pretty) = kind_of(&file.name);
        let private = format!("{}/files/{}/{}", self.url, file.id, escaped(&file.name));
        let of_kind = |wanted: &[&str]| -> Vec<&str> {
            let fits = |channel: &str| wanted.iter().any(|prefix| channel.starts_with(prefix));
            let shares = file.shares.iter().map(|(channel, _)| channel.as_str());
            shares.filter(|channel| fits(channel)).collect()
        };
        let mut public = json!({});
        for (channel, ts) in &file.shares {
            public[channel.as_str()] = json!([{
                "ts": ts,
                "reply_users": [],
                "reply_users_count": 0,
                "reply_count": 0,
                "team_id": self.workspace.id,
                "share_user_id": file.user,
            }]);
        }
        json!({
            "id": file.id,
            "created": file.created,
            "timestamp": file.created,
            "name": file.name,
            "title": file.title,
            "mimetype": mimetype,
            "filetype": filetype,
            "pretty_type": pretty,
            "user": file.user,
            "user_team": self.workspace.id,
            "editable": mimetype.starts_with("text/"),
            "size": file.size,
            "mode": if mimetype.starts_with("text/") { "snippet" } else { "hosted" },
            "is_external": false,
            "external_type": "",
            "is_public": !file.shares.is_empty(),
            "public_url_shared": false,
            "display_as_bot": false,
            "username": "",
            "url_private": private,
            "url_private_download": format!("{private}?download=1"),
            "permalink": format!(
                "https://{}.slack.com/files/{}/{}/{}",
                self.workspace.domain, file.user, file.id, escaped(&file.name)
            ),
            "is_starred": false,
            "has_rich_preview": false,
            "file_access": "visible",
            "shares": {"public": public},
            "channels": of_kind(&["C"]),
            "groups": of_kind(&["G"]),
            "ims": of_kind(&["D"]),
            "comments_count": 0,
        })
    }

    /// Notes that a message shows these files, and tells the app.
    pub fn share_files(&mut self, files: &[String], channel: &str, ts: &str) {
        for id in files {
            if let Some(file) = self.file_mut(id) {
                file.is_complete = true;
                file.shares.push((channel.to_owned(), ts.to_owned()));
                let user = file.user.clone();
                self.tell(json!({
                    "type": "file_shared",
                    "channel_id": channel,
                    "file_id": id,
                    "user_id": user,
                    "file": {"id": id},
                }));
            }
        }
    }
}

/// The name as it can be in an address.
fn escaped(name: &str) -> String {
    let keep = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    name.to_lowercase()
        .chars()
        .map(|letter| if keep(letter) { letter } else { '_' })
        .collect()
}

/// The media type, Slack's word for it, and the word it shows.
fn kind_of(name: &str) -> (&'static str, &'static str, &'static str) {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "txt" | "log" => ("text/plain", "text", "Plain Text"),
        "md" => ("text/markdown", "markdown", "Markdown (raw)"),
        "csv" => ("text/csv", "csv", "CSV"),
        "json" => ("application/json", "json", "JSON"),
        "html" => ("text/html", "html", "HTML"),
        "png" => ("image/png", "png", "PNG"),
        "jpg" | "jpeg" => ("image/jpeg", "jpg", "JPEG"),
        "gif" => ("image/gif", "gif", "GIF"),
        "pdf" => ("application/pdf", "pdf", "PDF"),
        "zip" => ("application/zip", "zip", "Zip"),
        _ => ("application/octet-stream", "binary", "Binary"),
    }
}
