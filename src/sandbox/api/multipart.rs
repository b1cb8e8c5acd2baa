//! Forms in parts (`multipart/form-data`), as some clients send their arguments and files.

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::header;

async fn read(content_type: &str, body: Bytes) -> Option<Multipart> {
    let mut request = Request::builder()
        .header(header::CONTENT_TYPE, content_type)
        .body(Body::from(body))
        .ok()?;
    // How long it may be was checked when it was received.
    DefaultBodyLimit::disable().apply(&mut request);
    Multipart::from_request(request, &()).await.ok()
}

/// The fields of such a form in their order; `None` when it is broken.
pub async fn fields(content_type: &str, body: Bytes) -> Option<Vec<(String, String)>> {
    let mut form = read(content_type, body).await?;
    let mut fields = Vec::new();
    while let Some(field) = form.next_field().await.ok()? {
        let name = field.name().unwrap_or("").to_owned();
        fields.push((name, field.text().await.ok()?));
    }
    Some(fields)
}

/// What the first part holds that is a file, else the first part at all.
pub async fn first_part(content_type: &str, body: Bytes) -> Option<Bytes> {
    let mut form = read(content_type, body).await?;
    let mut first = None;
    while let Some(field) = form.next_field().await.ok()? {
        let is_file = field.file_name().is_some();
        let content = field.bytes().await.ok()?;
        if is_file {
            return Some(content);
        }
        first.get_or_insert(content);
    }
    first
}
