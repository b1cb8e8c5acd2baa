//! What a decision writes down: events for the timeline, effects for the outside.

use serde::{Deserialize, Serialize};

use super::{
    actor::Identity,
    change::Change,
    command::MessageRef,
    ids::{ChannelId, OutageNumber, PersonId, ShareId},
    outage::{Role, Severity},
    repair::Mend,
    time::Timestamp,
};

/// One line of an outage's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Announced {
        /// The message that it was made from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from_message: Option<MessageRef>,
    },
    Updated {
        text: String,
        changes: Vec<Change>,
    },
    Edited {
        reason: String,
        changes: Vec<Change>,
    },
    Resolved {
        text: String,
        at: Timestamp,
        changes: Vec<Change>,
    },
    ResolutionEdited {
        changes: Vec<Change>,
    },
    TimesEdited {
        changes: Vec<Change>,
    },
    EtaChanged {
        reason: String,
        changes: Vec<Change>,
    },
    Reassigned {
        changes: Vec<Change>,
    },
    /// Somebody took what nobody had.
    Taken {
        changes: Vec<Change>,
    },
    /// A dedicated channel is being made.
    ChannelRequested {
        name: String,
    },
    /// An existing channel became the dedicated one.
    ChannelSet {
        channel: ChannelId,
    },
    /// Somebody reported the same again.
    Joined {
        text: String,
    },
    /// Another outage turned out to be this one.
    Absorbed {
        number: OutageNumber,
    },
    PostMortemLinked {
        url: String,
    },
    /// A message of the dedicated channel was shared into the thread. What it says stands with the
    /// share alone, so that it goes when its source is deleted.
    Shared {
        share: ShareId,
        author: String,
    },
    ShareWithdrawn {
        share: ShareId,
    },
    /// Something was done about an announcement that people took away.
    Mended {
        mend: Mend,
    },
    /// Somebody left the workspace, and their roles are free.
    AssigneeLeft {
        person: PersonId,
        roles: Vec<Role>,
    },
    Reopened {
        reason: String,
    },
    Withdrawn {
        why: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        duplicate_of: Option<OutageNumber>,
    },
}

impl Event {
    /// Whom its changes name.
    pub fn people(&self) -> Vec<PersonId> {
        let changes = match self {
            Event::Reassigned { changes } | Event::Taken { changes } => changes,
            Event::AssigneeLeft { person, .. } => return vec![*person],
            _ => return Vec::new(),
        };
        let roles = changes.iter().filter_map(|it| match it {
            Change::Roles { before, after } => Some([before.people(), after.people()].concat()),
            _ => None,
        });
        roles.flatten().collect()
    }

    /// The stored word.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::Announced { .. } => "announced",
            Event::Updated { .. } => "updated",
            Event::Edited { .. } => "edited",
            Event::Resolved { .. } => "resolved",
            Event::ResolutionEdited { .. } => "resolution_edited",
            Event::TimesEdited { .. } => "times_edited",
            Event::EtaChanged { .. } => "eta_changed",
            Event::Reassigned { .. } => "reassigned",
            Event::Taken { .. } => "taken",
            Event::ChannelRequested { .. } => "channel_requested",
            Event::ChannelSet { .. } => "channel_set",
            Event::Joined { .. } => "joined",
            Event::Absorbed { .. } => "absorbed",
            Event::PostMortemLinked { .. } => "post_mortem_linked",
            Event::Shared { .. } => "shared",
            Event::ShareWithdrawn { .. } => "share_withdrawn",
            Event::Mended { .. } => "mended",
            Event::AssigneeLeft { .. } => "assignee_left",
            Event::Reopened { .. } => "reopened",
            Event::Withdrawn { .. } => "withdrawn",
        }
    }
}

/// A line in the announcement's thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// Why somebody changed the announcement, in their own words, under their own name.
    Reason {
        by: Identity,
        text: String,
    },
    /// An update, in somebody's own words, under their own name.
    Update {
        by: Identity,
        text: String,
    },
    /// Before → after between two versions, told once by everybody who had a part in it.
    Changes {
        by: Vec<Identity>,
        from_version: i64,
        to_version: i64,
    },
    /// Shown in the channel too, like everything that changes what the outage is.
    Resolved {
        by: Identity,
        at: Timestamp,
        /// How; may be empty.
        #[serde(default)]
        text: String,
    },
    Reopened {
        by: Identity,
        reason: String,
    },
    Withdrawn {
        by: Identity,
        why: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        duplicate_of: Option<OutageNumber>,
    },
    /// It is worse than was said; shown in the channel too, not in the thread alone.
    Raised {
        by: Identity,
        before: Severity,
        after: Severity,
    },
    /// The dedicated channel is there.
    Channel {
        by: Identity,
    },
    /// The same was reported again, in somebody's own words, under their own name.
    Joined {
        by: Identity,
        text: String,
    },
    /// Another outage was merged into this one.
    Absorbed {
        by: Identity,
        number: OutageNumber,
        summary: String,
    },
    /// The message that the outage was made from.
    FromMessage {
        message: MessageRef,
    },
    /// A message of the dedicated channel, as it stands now.
    Shared {
        share: ShareId,
    },
    /// Somebody left the workspace: who takes their roles?
    AssigneeLeft {
        person: PersonId,
        roles: Vec<Role>,
    },
    /// Lines that waited for so long that they are told together.
    CaughtUp {
        lines: Vec<Spoken>,
    },
}

/// A line with when it was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    pub at: Timestamp,
    pub line: Line,
}

impl Line {
    /// Whether it stands in the channel too: what the outage is has changed, and who does not
    /// follow the thread should know. Everything else would be noise there.
    pub fn is_for_everybody(&self) -> bool {
        match self {
            Line::Resolved { .. } | Line::Reopened { .. } | Line::Raised { .. } => true,
            Line::CaughtUp { lines } => lines.iter().any(|it| it.line.is_for_everybody()),
            _ => false,
        }
    }

    /// Whom it names, as those who said or did it or as whom it is about.
    pub fn people(&self) -> Vec<PersonId> {
        match self {
            Line::Changes { by, .. } => by.iter().filter_map(Identity::person).collect(),
            Line::Reason { by, .. }
            | Line::Update { by, .. }
            | Line::Resolved { by, .. }
            | Line::Reopened { by, .. }
            | Line::Withdrawn { by, .. }
            | Line::Raised { by, .. }
            | Line::Channel { by }
            | Line::Joined { by, .. }
            | Line::Absorbed { by, .. } => by.person().into_iter().collect(),
            Line::AssigneeLeft { person, .. } => vec![*person],
            Line::FromMessage { .. } | Line::Shared { .. } => Vec::new(),
            Line::CaughtUp { lines } => lines.iter().flat_map(|it| it.line.people()).collect(),
        }
    }
}

/// Something that must happen outside. Each becomes a delivery in the same transaction as the
/// state it follows from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// The announcement does not exist yet.
    Announce,
    /// The announcement is stale: render it anew.
    Refresh,
    /// The announcement should be pinned while the outage is open, and only then.
    Pin,
    /// The announcement stands elsewhere now: what leads to it has to follow.
    Bookmark,
    /// Tells somebody what became of an announcement that was taken away.
    TellMend { person: PersonId, mend: Mend },
    /// Somebody got or lost roles: one message, whatever it was.
    TellRoles {
        person: PersonId,
        gained: Vec<Role>,
        lost: Vec<Role>,
    },
    /// Somebody is asked in private who takes the roles of somebody who left.
    AskForAssignee {
        person: PersonId,
        left: PersonId,
        roles: Vec<Role>,
    },
    /// The answer to a question became yes for the first time.
    TellChannel {
        question: String,
        channel: ChannelId,
    },
    /// A line for the thread.
    Say { line: Line },
    /// A channel of this name, or one with a number behind it, for this outage.
    CreateChannel { name: String },
    /// This channel becomes the outage's.
    AdoptChannel { channel: ChannelId },
    /// The channel will be archived at that time.
    WarnOfArchive { at: Timestamp },
    /// The channel was warned and may be archived.
    ArchiveChannel { warned_at: Timestamp },
    /// These people belong into the dedicated channel, if there is one.
    Invite { people: Vec<PersonId> },
}
