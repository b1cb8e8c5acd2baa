//! `[server]`: where Balefire listens and how it is reached.

use std::net::SocketAddr;
use std::time::Duration;

use super::address::{BaseUrl, base_url};
use super::problem::Fault;
use super::reader::Reader;

#[derive(Debug, Clone)]
pub struct Server {
    pub listen: SocketAddr,
    /// How people and Slack reach us, if it is known.
    pub public_url: Option<BaseUrl>,
    /// Bytes of a request body.
    pub body_limit: usize,
    pub shutdown_grace: Duration,
}

const BODY_LIMIT: u32 = 1024 * 1024;
const BODY_LIMIT_LEAST: u32 = 64 * 1024;
const BODY_LIMIT_MOST: u32 = 16 * 1024 * 1024;

pub(super) fn read(reader: &mut Reader) -> Option<Server> {
    let listen = reader.text("server.listen", "127.0.0.1:8080", |text| {
        text.parse().map_err(|_| {
            Fault::new(
                "It is not an IP address with a port.",
                "Write it like 127.0.0.1:8080, or 0.0.0.0:8080 for all interfaces.",
            )
        })
    });
    let public_url = reader.text("server.public_url", "", |text| match text {
        "" => Ok(None),
        text => base_url(text).map(Some),
    });
    let body_limit = reader.number(
        "server.body_limit",
        BODY_LIMIT,
        BODY_LIMIT_LEAST..=BODY_LIMIT_MOST,
        "bytes",
    );
    let grace = reader.number("server.shutdown_grace_seconds", 20, 1..=300, "seconds");
    Some(Server {
        listen: listen?,
        public_url: public_url?,
        body_limit: usize::try_from(body_limit?).ok()?,
        shutdown_grace: Duration::from_secs(grace?.into()),
    })
}
