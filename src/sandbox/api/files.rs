//! files.getUploadURLExternal, files.completeUploadExternal, files.info, and the two addresses
//! that are not methods: where the bytes go, and where they are read again.

use super::arguments::Arguments;
use super::multipart::first_part;
use super::{Answer, Fail};
use crate::sandbox::blocks::check_message;
use crate::sandbox::shared::Shared;
use crate::sandbox::world::World;
use crate::sandbox::world::message::Author;
use crate::sandbox::world::posting::Draft;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;

pub fn upload_url(world: &mut World, arguments: &Arguments) -> Answer {
    let name = arguments.required("filename")?;
    let length = arguments
        .int("length")
        .and_then(|length| u64::try_from(length).ok())
        .filter(|length| *length > 0)
        .ok_or_else(|| Fail::missing("length"))?;
    let user = world.app.user_id.clone();
    let id = world.new_file(&name, length, &user).id.clone();
    let url = world.file(&id).map(|file| world.upload_url(file));
    Ok(json!({"upload_url": url, "file_id": id}))
}

pub fn complete(world: &mut World, arguments: &Arguments) -> Answer {
    let files = arguments
        .structures("files", "invalid_arguments")?
        .filter(|files| !files.is_empty())
        .ok_or_else(|| Fail::missing("files"))?;
    let mut ids = Vec::new();
    for given in &files {
        let id = given["id"].as_str().unwrap_or("");
        match world.file(id) {
            Some(file) if file.content.is_some() && !file.is_complete => ids.push(id.to_owned()),
            _ => return Err("file_not_found".into()),
        }
    }
    let channel = match arguments.text("channel_id").filter(|id| !id.is_empty()) {
        None => None,
        Some(id) => Some(destination(world, &id)?),
    };
    let blocks = arguments
        .structures("blocks", "invalid_blocks_format")?
        .unwrap_or_default();
    check_message(&blocks, &[])?;
    for given in &files {
        let id = given["id"].as_str().unwrap_or("");
        if let Some(file) = world.file_mut(id) {
            file.is_complete = true;
            if let Some(title) = given["title"].as_str() {
                file.title = title.to_owned();
            }
        }
        world.tell(json!({
            "type": "file_created",
            "file_id": id,
            "user_id": world.app.user_id,
            "file": {"id": id},
        }));
    }
    if let Some(channel) = channel {
        let draft = Draft {
            text: arguments.text("initial_comment").unwrap_or_default(),
            blocks,
            thread_ts: arguments.text("thread_ts").filter(|ts| !ts.is_empty()),
            files: ids.clone(),
            ..Draft::default()
        };
        let ts = world.post(&channel, Author::App, draft);
        world.share_files(&ids, &channel, &ts);
    }
    let shown: Vec<Value> = ids
        .iter()
        .filter_map(|id| world.file(id))
        .map(|file| world.render_file(file))
        .collect();
    Ok(json!({"files": shown}))
}

/// Unlike where messages go, this takes only ids.
fn destination(world: &World, id: &str) -> Result<String, Fail> {
    let found = world
        .channel(id)
        .filter(|channel| world.sees(channel))
        .ok_or_else(|| Fail::new("channel_not_found"))?;
    if !found.has_member(&world.app.user_id) {
        return Err("not_in_channel".into());
    }
    if found.is_archived {
        return Err("is_archived".into());
    }
    Ok(found.id.clone())
}

pub fn info(world: &mut World, arguments: &Arguments) -> Answer {
    let id = arguments.required("file")?;
    let file = world
        .file(&id)
        .filter(|file| file.is_complete)
        .ok_or_else(|| Fail::new("file_not_found"))?;
    Ok(json!({
        "file": world.render_file(file),
        "comments": [],
        "response_metadata": {"next_cursor": ""},
    }))
}

/// Where the bytes of a file go: as the whole body, or as a part of a form.
pub async fn upload(
    State(shared): State<Arc<Shared>>,
    Path(ticket): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let content = if content_type.starts_with("multipart/form-data") {
        match first_part(content_type, body).await {
            Some(content) => content,
            None => return (StatusCode::BAD_REQUEST, "no file in this form").into_response(),
        }
    } else {
        body
    };
    let length = content.len();
    if shared.change(|world| world.take_upload(&ticket, content)) {
        format!("OK - {length}").into_response()
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

/// Reads a file again. Without the token Slack leads to its login page.
pub async fn download(
    State(shared): State<Arc<Shared>>,
    Path((id, _name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let found = shared.read(|world| {
        if token != Some(world.token.as_str()) || !world.settings.is_granted("files:read") {
            return Err(format!("https://{}.slack.com/", world.workspace.domain));
        }
        let file = world.file(&id).filter(|file| file.is_complete);
        Ok(file.and_then(|file| file.content.clone()))
    });
    match found {
        Err(login) => (StatusCode::FOUND, [(header::LOCATION, login)]).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        // Never as something that a browser would run on this origin.
        Ok(Some(content)) => (
            [
                (header::CONTENT_TYPE, "application/octet-stream"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (
                    header::CONTENT_SECURITY_POLICY,
                    "default-src 'none'; sandbox",
                ),
            ],
            content,
        )
            .into_response(),
    }
}
