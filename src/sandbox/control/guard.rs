//! Who may use the control API: programs on this machine, and the sandbox's own page. It plays
//! anybody in the workspace, so a web page of somebody else must not reach it, neither directly
//! (Origin) nor under a name that resolves to this machine (Host: DNS rebinding).

use super::json_response;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::json;
use std::net::SocketAddr;

pub async fn local_only(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let is_local = peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback());
    let refusal = if is_local {
        refusal(request.headers())
    } else {
        Some("The control API answers only programs on the same machine.")
    };
    match refusal {
        None => next.run(request).await,
        Some(sentence) => {
            let answer = json!({"ok": false, "error": sentence});
            json_response(StatusCode::FORBIDDEN, &answer)
        }
    }
}

fn refusal(headers: &HeaderMap) -> Option<&'static str> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).unwrap_or("");
    if !matches!(name_of(host), "localhost" | "127.0.0.1" | "[::1]") {
        return Some("The control API answers only under localhost, 127.0.0.1 or [::1].");
    }
    match text(header::ORIGIN) {
        None => None,
        Some(origin) if origin.strip_prefix("http://") == Some(host) => None,
        Some(_) => Some("The control API does not answer pages of other sites."),
    }
}

/// A Host header without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(pairs: &[(header::HeaderName, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(name, value.parse().expect("a header value"));
        }
        refusal(&headers).is_some()
    }

    #[test]
    fn answers_only_its_own_names() {
        assert!(!refused(&[(header::HOST, "127.0.0.1:3000")]));
        assert!(!refused(&[(header::HOST, "localhost")]));
        assert!(!refused(&[(header::HOST, "[::1]:3000")]));
        assert!(refused(&[(header::HOST, "evil.example:3000")]));
        assert!(refused(&[(header::HOST, "127.0.0.1.evil.example")]));
        assert!(refused(&[]));
    }

    #[test]
    fn refuses_pages_of_other_sites() {
        let host = (header::HOST, "127.0.0.1:3000");
        assert!(!refused(&[
            host.clone(),
            (header::ORIGIN, "http://127.0.0.1:3000")
        ]));
        assert!(refused(&[
            host.clone(),
            (header::ORIGIN, "http://127.0.0.1:8080")
        ]));
        assert!(refused(&[host.clone(), (header::ORIGIN, "null")]));
        assert!(refused(&[host, (header::ORIGIN, "https://evil.example")]));
    }
}
