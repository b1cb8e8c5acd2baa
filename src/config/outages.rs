//! `[outages]`: what a new outage starts with. The life of an outage is the domain's business.

use super::one_of;
use super::problem::Fault;
use super::reader::Reader;
use crate::domain::eta::EtaChoice;
use crate::domain::outage::Severity;

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

/// A select in Slack holds no more.
const ETA_CHOICES_MOST: usize = 100;

pub(super) fn read(reader: &mut Reader) -> Option<Outages> {
    let eta_choices = eta_choices(reader);
    let severities = Severity::ALL.map(|it| (it.word(), it));
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
        EtaChoice::parse(text).ok_or_else(|| {
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
