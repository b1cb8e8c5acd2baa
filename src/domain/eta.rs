//! When an outage is expected to be over: a promise, with the moment it was made.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// One of the configured quick choices, such as `<2h`; `>24h` promises nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EtaChoice {
    /// As configured and as shown.
    pub label: String,
    /// How long from now, or none when nothing is promised.
    pub within: Option<Duration>,
}

impl EtaChoice {
    /// Reads `<30m`, `<2h`, `<3d` or `>24h`.
    pub fn parse(text: &str) -> Option<EtaChoice> {
        let text = text.trim();
        let promised = match text.chars().next()? {
            '<' => true,
            '>' => false,
            _ => return None,
        };
        let number = text.get(1..text.len().checked_sub(1)?)?;
        if !number.bytes().all(|it| it.is_ascii_digit()) {
            return None;
        }
        let minutes = number.parse::<u64>().ok().filter(|it| *it > 0)?
            * match text.chars().last()? {
                'm' => 1,
                'h' => 60,
                'd' => 1440,
                _ => return None,
            };
        // A year is beyond every promise and keeps arithmetic far from its limits.
        if minutes > 366 * 1440 {
            return None;
        }
        Some(EtaChoice {
            label: text.to_owned(),
            within: promised.then(|| Duration::from_secs(minutes * 60)),
        })
    }

    pub fn promise(&self, now: Timestamp) -> Eta {
        Eta {
            label: self.label.clone(),
            due: self.within.map(|span| now.plus(span)),
            set_at: now,
        }
    }
}

/// The promise as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eta {
    /// The choice as it was shown to whoever made it.
    pub label: String,
    /// When the outage should be over; none when unknown.
    pub due: Option<Timestamp>,
    pub set_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read() {
        let minutes =
            |text| EtaChoice::parse(text).map(|it| it.within.map(|span| span.as_secs() / 60));
        assert_eq!(minutes("<30m"), Some(Some(30)));
        assert_eq!(minutes("<2h"), Some(Some(120)));
        assert_eq!(minutes(">24h"), Some(None));
        for bad in [
            "",
            "<",
            "<m",
            "30m",
            "<30",
            "<-3h",
            "<3x",
            "<0m",
            "<ěm",
            "<9999999999d",
        ] {
            assert_eq!(minutes(bad), None, "{bad:?}");
        }
    }
}
