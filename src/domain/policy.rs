//! What the installation allows and asks: the part of the settings that decisions depend on.

use std::time::Duration;

use super::{eta::EtaChoice, ids::ChannelId, impact::Question, outage::Severity, time::Zone};

#[derive(Clone, Debug)]
pub struct Policy {
    /// Everybody may announce, whatever their groups.
    pub everybody_announces: bool,
    /// Where announcements are posted.
    pub announce_channel: ChannelId,
    /// Where they go while that channel cannot be used, if anywhere.
    pub fallback_channel: Option<ChannelId>,
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
    /// The domain of the team's addresses, see [`super::address`].
    pub email_domain: Option<String>,
    pub channels: Channels,
    /// The zone for what everybody reads and for people whose own is not known.
    pub zone: Zone,
}

impl Default for Channels {
    fn default() -> Channels {
        Channels {
            name: "o-{component}-{yymmdd}".to_owned(),
            emoji: "point_up".to_owned(),
            invite_groups: Vec::new(),
            archive_after: None,
        }
    }
}

/// How dedicated channels are made, used and left.
#[derive(Clone, Debug)]
pub struct Channels {
    /// With `{component}`, `{yymmdd}`, `{number}`, `{severity}`.
    pub name: String,
    /// The emoji that shares a message, without colons.
    pub emoji: String,
    /// Slack user groups whose members are invited, `S…`.
    pub invite_groups: Vec<String>,
    /// How long after the end a channel that was made here is archived; never when none.
    pub archive_after: Option<Duration>,
}

impl Policy {
    pub fn eta_choice(&self, label: &str) -> Option<&EtaChoice> {
        self.eta_choices.iter().find(|it| it.label == label)
    }
}
