//! Identifiers as types of their own, so that a channel cannot be given where a person is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! number_id {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
        #[sqlx(transparent)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
        #[sqlx(transparent)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> $name {
                $name(text.to_owned())
            }
        }
    )+};
}

number_id! {
    /// Row of an outage. People never see it: they see the [`OutageNumber`].
    OutageId;
    /// The public number of an outage, counted per workspace from 1 without gaps.
    OutageNumber;
    /// Row of a person.
    PersonId;
    /// Row of a component. People use its key or its name.
    ComponentId;
    /// Row of the outbox. Travels in the metadata of what it posts.
    DeliveryId;
    /// Row of a check: one source that observes a component.
    CheckId;
    /// Row of what somebody said of a component's status.
    OverrideId;
    /// Row of a message that was shared from a dedicated channel.
    ShareId;
}

text_id! {
    /// Slack's team ID, `T…`.
    WorkspaceId;
    /// Slack's conversation ID: `C…`, `G…` or `D…`.
    ChannelId;
    /// Slack's user ID, `U…` or `W…`.
    SlackUserId;
    /// Slack's message ID within its channel: seconds, a dot, microseconds.
    MessageTs;
    /// The immutable key of a component, as in `payments`.
    ComponentKey;
}
