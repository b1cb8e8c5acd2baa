//! `[outages]`: what a new outage starts with. The life of an outage is the domain's business.

use std::time::Duration;

use super::one_of;
use super::problem::Fault;
use super::reader::Reader;

#[derive(Debug, Clone)]
pub struct Outages {
    /// What the form offers, in this order, at least one.
    pub eta_choices: Vec<EtaChoice>,
    pub default_severity: Severity,
    /// Three capital letters of ISO 4217.
    pub currency: String,
    /// Whether the box for a post mortem starts ticked.
    pub post_mortem_default: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtaChoice {
    /// As written in the settings, such as `<2h`.
    pub label: String,
    /// By when at the latest; `None` for a `>`, which promises nothing.
    pub within: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Minor,
    Major,
    Critical,
}

/// A select in Slack holds no more.
const ETA_CHOICES_MOST: usize = 100;
const YEAR: u64 = 365 * 24 * 60 * 60;

pub(super) fn read(reader: &mut Reader) -> Option<Outages> {
    let eta_choices = eta_choices(reader);
    let severities = [
        ("minor", Severity::Minor),
        ("major", Severity::Major),
        ("critical", Severity::Critical),
    ];
    let default_severity = reader.text("outages.default_severity", "major", |text| {
        one_of(text, &severities)
    });
    let currency = reader.text("outages.currency", "EUR", |text| {
        if text.len() == 3 && text.chars().all(|c| c.is_ascii_uppercase()) {
            Ok(text.to_owned())
        } else {
            Err(Fault::new(
                "It is not a currency code of three capital letters.",
                "Write it like EUR or USD.",
            ))
        }
    });
    let post_mortem_default = reader.switch("outages.post_mortem_default", false);
    Some(Outages {
        eta_choices: eta_choices?,
        default_severity: default_severity?,
        currency: currency?,
        post_mortem_default: post_mortem_default?,
    })
}

fn eta_choices(reader: &mut Reader) -> Option<Vec<EtaChoice>> {
    let key = "outages.eta_choices";
    let choices = reader.list(key, &["<30m", "<2h", "<8h", "<24h", ">24h"], |text| {
        eta_choice(text).ok_or_else(|| {
            Fault::new(
                "It is not < or > with a number and m, h or d.",
                "Write it like <30m, <2h or >1d, at most a year.",
            )
        })
    })?;
    if choices.is_empty() || choices.len() > ETA_CHOICES_MOST {
        let reason = format!("There must be between 1 and {ETA_CHOICES_MOST} choices.");
        reader.refuse(key, Fault::new(reason, "Add or remove some."));
        return None;
    }
    Some(choices)
}

fn eta_choice(text: &str) -> Option<EtaChoice> {
    let promises = match text.chars().next()? {
        '<' => true,
        '>' => false,
        _ => return None,
    };
    let (number, unit) = text[1..].split_at_checked(text.len().checked_sub(2)?)?;
    let seconds_each: u64 = match unit {
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    if !number.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let seconds = number.parse::<u64>().ok()?.checked_mul(seconds_each)?;
    (1..=YEAR).contains(&seconds).then(|| EtaChoice {
        label: text.to_owned(),
        within: promises.then(|| Duration::from_secs(seconds)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_than_promises_and_more_than_does_not() {
        let within = |text| eta_choice(text).expect(text).within;
        assert_eq!(within("<30m"), Some(Duration::from_secs(1800)));
        assert_eq!(within("<2d"), Some(Duration::from_secs(2 * 86_400)));
        assert_eq!(within(">24h"), None);
    }

    #[test]
    fn other_texts_are_no_choice() {
        for text in [
            "", "<", "<m", "30m", "<30", "<30s", "<-3m", "<0m", "<400d", "<+3m", "<3é",
        ] {
            assert_eq!(eta_choice(text), None, "{text}");
        }
    }
}
