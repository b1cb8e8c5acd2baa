//! The words that metrics are told apart by. All of them are fixed: nothing that people write may
//! become a label, because every new word is a new time series for ever.

use std::fmt;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};

/// An enum whose variants are label values.
macro_rules! label {
    ($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$what])* $variant,)+ }

        impl EncodeLabelValue for $name {
            fn encode(&self, encoder: &mut LabelValueEncoder) -> Result<(), fmt::Error> {
                let word = match self { $(Self::$variant => $word,)+ };
                EncodeLabelValue::encode(&word, encoder)
            }
        }
    };
}

label! {
    /// What Slack sent us.
    SlackRequest {
        Command = "command",
        /// A click on a button or a choice in a menu.
        Action = "action",
        /// A form that was sent or closed.
        Submission = "submission",
        Shortcut = "shortcut",
        Event = "event",
        /// Choices for a menu that asks us for them.
        Options = "options",
        Other = "other",
    }
}

label! {
    /// How a request by Slack was answered.
    SlackRequestOutcome {
        Accepted = "accepted",
        /// Seen before; it got the first answer again.
        Duplicate = "duplicate",
        /// The signature was missing, wrong or too old.
        Unauthentic = "unauthentic",
        Malformed = "malformed",
        /// Something of ours broke.
        Failed = "failed",
    }
}

label! {
    /// How one attempt to deliver ended.
    DeliveryOutcome {
        Delivered = "delivered",
        /// It failed and will be tried again.
        Retried = "retried",
        RateLimited = "rate_limited",
        /// Nobody knows whether Slack took it; we look before we try again.
        Uncertain = "uncertain",
        /// Told in another one, because it had waited too long.
        Folded = "folded",
        /// Given up.
        Dead = "dead",
    }
}

label! {
    /// How a run of a job ended.
    JobOutcome {
        Done = "done",
        Failed = "failed",
    }
}

label! {
    /// What became of an event in the inbox.
    InboxOutcome {
        Stored = "stored",
        Duplicate = "duplicate",
        Handled = "handled",
        /// Of a kind that means nothing to us.
        Ignored = "ignored",
        Failed = "failed",
    }
}

label! {
    /// How a request of a monitor was answered.
    SignalOutcome {
        Accepted = "accepted",
        /// The secret or the signature was missing or wrong.
        Refused = "refused",
        Malformed = "malformed",
        /// It could not be kept.
        Unavailable = "unavailable",
    }
}

label! {
    /// Why a connection of Socket Mode was replaced, or did not come about.
    SocketEnd {
        /// Slack said beforehand that its time is over.
        Warning = "warning",
        RefreshRequested = "refresh_requested",
        LinkDisabled = "link_disabled",
        TooMany = "too_many_websockets",
        /// Nothing came for too long.
        Silence = "silence",
        Closed = "closed",
        Broken = "broken",
        NotOpened = "not_opened",
        Other = "other",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct SocketLabels {
    pub(super) reason: SocketEnd,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct SlackRequestLabels {
    pub(super) kind: SlackRequest,
    pub(super) outcome: SlackRequestOutcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct SlackRequestKind {
    pub(super) kind: SlackRequest,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct DeliveryLabels {
    pub(super) kind: &'static str,
    pub(super) outcome: DeliveryOutcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct DeliveryKind {
    pub(super) kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct JobLabels {
    pub(super) job: &'static str,
    pub(super) outcome: JobOutcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct InboxLabels {
    pub(super) outcome: InboxOutcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct SignalLabels {
    pub(super) source: &'static str,
    pub(super) outcome: SignalOutcome,
}
