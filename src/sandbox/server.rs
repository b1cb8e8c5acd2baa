//! The listening side: routes, connections, stopping. Connections are served by hand rather than
//! with `axum::serve`, because a fault may have to close one without an answer.

use super::api;
use super::avatar;
use super::control;
use super::outgoing::hooks;
use super::shared::Shared;
use super::sockets::connection;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, State};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// No call of Slack's is as long as this; the largest legal view has 250 kB.
const LONGEST_BODY: usize = 4 * 1024 * 1024;
/// Files are kept in memory.
const LONGEST_FILE: usize = 64 * 1024 * 1024;
/// How long an open connection may take to finish when the sandbox stops.
const GRACE: Duration = Duration::from_secs(1);
/// The page runs only its own script and style; pictures may come from anywhere, as in Slack.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: https: http:; connect-src 'self'";

/// A mark on a response: close the connection instead of sending this.
#[derive(Clone)]
pub struct Hangup;

impl Hangup {
    pub fn response() -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Hangup);
        response
    }
}

pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(
            "/api/{method}",
            get(api::http::serve).post(api::http::serve),
        )
        .route("/hooks/{kind}/{id}", post(hooks::serve))
        .route("/link/", get(connection::serve))
        .route(
            "/upload/v1/{ticket}",
            post(api::files::upload).layer(DefaultBodyLimit::max(LONGEST_FILE)),
        )
        .route("/files/{id}/{name}", get(api::files::download))
        .route("/avatar/{file}", get(serve_avatar))
        .route("/", get(serve_page))
        .route("/style.css", get(serve_style))
        .route("/app.js", get(serve_script))
        .merge(control::routes(shared.clone()))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .with_state(shared)
}

/// Accepts connections until the sandbox stops.
pub async fn accept(listener: TcpListener, router: Router, shared: Arc<Shared>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stopping.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = serve_connection(stream, peer, router.clone(), shared.clone());
                shared.tasks.spawn(connection);
            }
            // For example too many open files: try again shortly.
            Err(error) => {
                tracing::warn!(%error, "the sandbox could not accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    shared: Arc<Shared>,
) {
    // Small answers: no waiting to fill packets. A failure only costs speed.
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
        let router = TowerToHyperService::new(router.clone());
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let Ok(response) = hyper::service::Service::call(&router, request).await;
            if response.extensions().get::<Hangup>().is_some() {
                // An error from the service makes hyper close the connection unanswered.
                return Err(std::io::Error::other("hung up on request"));
            }
            Ok(response)
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // Errors here are clients going away and our own hanging up.
        _ = connection.as_mut() => {}
        () = shared.stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(GRACE, connection).await;
        }
    }
}

async fn serve_avatar(State(shared): State<Arc<Shared>>, Path(file): Path<String>) -> Response {
    let user = file.strip_suffix(".svg").and_then(|id| {
        shared.read(|world| world.user(id).map(|user| avatar::svg(&user.real_name, id)))
    });
    match user {
        Some(svg) => (
            [
                ("content-type", "image/svg+xml"),
                ("cache-control", "max-age=3600"),
                // A picture, and nothing that could run on this origin.
                ("content-security-policy", "default-src 'none'; sandbox"),
            ],
            svg,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn serve_page() -> Response {
    file("text/html; charset=utf-8", include_str!("page/index.html"))
}

async fn serve_style() -> Response {
    file("text/css; charset=utf-8", include_str!("page/style.css"))
}

async fn serve_script() -> Response {
    file(
        "text/javascript; charset=utf-8",
        include_str!("page/app.js"),
    )
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    (
        [
            ("content-type", content_type),
            ("content-security-policy", PAGE_POLICY),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-cache"),
        ],
        text,
    )
        .into_response()
}
