//! Web addresses that other addresses are built on. Whether anybody answers there is not asked.

use std::fmt;

use url::{Host, Url};

use super::problem::Fault;

/// `http` or `https`, a host, perhaps a path; never a slash at the end, so that `{base}/path` fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(super) fn base_url(text: &str) -> Result<BaseUrl, Fault> {
    let example = "Write it like https://outages.example.com.";
    let url = Url::parse(text)
        .map_err(|error| Fault::new(format!("It is not a web address: {error}."), example))?;
    let reason = if !matches!(url.scheme(), "http" | "https") {
        "It must begin with http:// or https://."
    } else if !url.username().is_empty() || url.password().is_some() {
        "It must not contain a user name or password."
    } else if url.query().is_some() || url.fragment().is_some() {
        "It must not contain a question mark or #."
    } else {
        return Ok(BaseUrl(text.trim_end_matches('/').to_owned()));
    };
    Err(Fault::new(reason, example))
}

/// Whether what is sent there may be read on the way: plain http to another machine.
pub(super) fn is_exposed(address: &BaseUrl) -> bool {
    let Ok(url) = Url::parse(address.as_str()) else {
        return true;
    };
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    url.scheme() != "https" && !loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_addresses_are_kept_as_written() {
        for text in ["https://a.example", "http://a.example:8080/outages"] {
            assert_eq!(base_url(text).expect(text).as_str(), text);
        }
    }

    #[test]
    fn a_slash_at_the_end_does_not_matter() {
        assert_eq!(
            base_url("https://a.example/x/").expect("address").as_str(),
            "https://a.example/x"
        );
    }

    #[test]
    fn bad_addresses_are_refused_with_their_reason() {
        for (text, reason) in [
            ("a.example", "not a web address"),
            ("ftp://a.example", "begin with http"),
            ("https://ana:pw@a.example", "user name"),
            ("https://a.example?x=1", "question mark"),
            ("https://", "not a web address"),
        ] {
            let fault = base_url(text).expect_err(text);
            assert!(fault.reason.contains(reason), "{text}: {}", fault.reason);
        }
    }

    #[test]
    fn only_plain_http_to_other_machines_is_exposed() {
        for (text, exposed) in [
            ("http://slack.example/api", true),
            ("http://10.0.0.1", true),
            ("http://127.0.0.5:9", false),
            ("http://[::1]:9", false),
            ("http://localhost", false),
            ("https://slack.example", false),
        ] {
            assert_eq!(is_exposed(&base_url(text).expect(text)), exposed, "{text}");
        }
    }
}
