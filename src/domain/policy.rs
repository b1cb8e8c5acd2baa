//! What the installation allows and asks: the part of the settings that decisions depend on.

use super::{eta::EtaChoice, ids::ChannelId, impact::Question, outage::Severity};

#[derive(Clone, Debug)]
pub struct Policy {
    /// Everybody may announce, whatever their groups.
    pub everybody_announces: bool,
    /// Where announcements are posted.
    pub announce_channel: ChannelId,
    /// The quick choices, in the order of the form. Never empty.
    pub eta_choices: Vec<EtaChoice>,
    pub default_severity: Severity,
    pub questions: Vec<Question>,
    /// ISO 4217.
    pub currency: String,
    /// Whether the resolve form suggests a post-mortem.
    pub post_mortem_default: bool,
    /// Whom to ask for a right one does not have; may be empty.
    pub ask: String,
}

impl Policy {
    pub fn eta_choice(&self, label: &str) -> Option<&EtaChoice> {
        self.eta_choices.iter().find(|it| it.label == label)
    }
}
