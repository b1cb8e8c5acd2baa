//! Why something on the network was not reached, in words; libraries hide it several errors deep.

use std::{
    error::Error,
    io::{self, ErrorKind},
};

/// Why no connection came about.
pub fn why_unreached(error: &(dyn Error + 'static)) -> String {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return tls_failed(tls);
        }
        // Neither the client nor the system has a type of its own for it.
        let text = error.to_string();
        if text.contains("dns error") || text.contains("failed to lookup address") {
            return "its name cannot be resolved".into();
        }
        next = match error.downcast_ref::<io::Error>() {
            // One that only carries another error would be passed over with it by `source`.
            Some(carrier) => match carrier.get_ref() {
                Some(carried) => Some(carried),
                None => return plainly(carrier).map_or_else(|| carrier.to_string(), str::to_owned),
            },
            None => error.source(),
        };
    }
    "no connection came about".into()
}

fn tls_failed(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(_) => {
            format!("its certificate is not trusted here, perhaps a proxy's ({error})")
        }
        rustls::Error::InvalidMessage(_) => "what answers there does not speak TLS".into(),
        error => format!("TLS failed ({error})"),
    }
}

/// What the system says of a connection, as far as it has a word of its own here.
pub fn plainly(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::ConnectionRefused => Some("the connection was refused"),
        ErrorKind::TimedOut => Some("the connection was not answered in time"),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            Some("there is no way to its network")
        }
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            Some("the other side cut it off")
        }
        ErrorKind::UnexpectedEof => Some("it ended in the middle of something"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_nothing_was_reached_is_found_below_other_errors() {
        #[derive(Debug, thiserror::Error)]
        #[error("client error (Connect)")]
        struct Client(#[source] Box<dyn Error + Send + Sync>);
        let below = |error: io::Error| why_unreached(&Client(Box::new(error)));
        let untrusted = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let no_tls = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        for (error, expected) in [
            (io::Error::from(ErrorKind::ConnectionRefused), "was refused"),
            (io::Error::from(ErrorKind::TimedOut), "in time"),
            (io::Error::from(ErrorKind::NetworkUnreachable), "no way"),
            (
                io::Error::other("dns error: no such name"),
                "cannot be resolved",
            ),
            (io::Error::other(untrusted), "certificate is not trusted"),
            (
                io::Error::other(io::Error::other(no_tls)),
                "does not speak TLS",
            ),
            (io::Error::other("odd"), "no connection came about"),
        ] {
            let told = below(error);
            assert!(told.contains(expected), "{told}");
        }
    }
}
