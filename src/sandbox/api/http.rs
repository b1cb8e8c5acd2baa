//! The HTTP side of the Web API: reading a call and writing its answer.

use super::arguments::{Arguments, Sent};
use crate::sandbox::calls::{Call, record};
use crate::sandbox::shared::Shared;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;

pub async fn serve(
    State(shared): State<Arc<Shared>>,
    Path(method): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text_header = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let content_type = text_header(header::CONTENT_TYPE).unwrap_or("");
    let parts = if content_type.starts_with("multipart/form-data") {
        super::multipart::fields(content_type, body.clone()).await
    } else {
        None
    };
    let read = Arguments::read(Sent {
        query: query.as_deref().unwrap_or(""),
        content_type,
        authorization: text_header(header::AUTHORIZATION),
        body: &body,
        parts,
    });
    let arguments = match read {
        Ok(arguments) => arguments,
        Err(fail) => {
            let answer = fail.into_answer();
            shared.change(|world| record(world, &method, json!({}), &answer, 200));
            return present(200, &answer);
        }
    };
    let named = method.clone();
    let call = Call {
        method: method.clone(),
        arguments: arguments.decoded(),
        act: move |world: &mut _| {
            let mut answer = super::call(world, &method, &arguments);
            warn(&mut answer, &arguments.warnings);
            (200, answer)
        },
        present,
    };
    let mut response = call.run(&shared).await;
    let provided = shared.read(|world| world.settings.provided());
    let accepted = super::accepted_scopes(&named);
    for (name, value) in [
        ("x-oauth-scopes", provided),
        ("x-accepted-oauth-scopes", accepted),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Adds warnings about the way a call was sent to those of the method itself.
fn warn(answer: &mut Value, warnings: &[&str]) {
    for warning in warnings {
        let before = answer["warning"].as_str().unwrap_or("").to_owned();
        answer["warning"] = match before.as_str() {
            "" => json!(warning),
            _ => json!(format!("{before},{warning}")),
        };
        match answer["response_metadata"]["warnings"].as_array_mut() {
            Some(list) => list.push(json!(warning)),
            None => answer["response_metadata"]["warnings"] = json!([warning]),
        }
    }
}

fn present(status: u16, answer: &Value) -> Response {
    let request_id = format!("{:032x}", fastrand::u128(..));
    (
        StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
        [
            ("content-type", "application/json; charset=utf-8"),
            ("x-slack-req-id", request_id.as_str()),
        ],
        answer.to_string(),
    )
        .into_response()
}
