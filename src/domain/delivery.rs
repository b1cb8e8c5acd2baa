//! What a row of the outbox asks for, and what became of it.

use serde::{Deserialize, Serialize};

use super::{
    actor::Identity,
    effect::Line,
    ids::{ChannelId, DeliveryId, MessageTs, PersonId, ShareId, SlackUserId},
    outage::Role,
    repair::Mend,
    time::Timestamp,
};

/// Something to do outside, as stored. What can be rendered from the current state is not stored,
/// so that a late delivery still says the truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Post the announcement: the first, or the one that takes its place.
    Announce {
        #[serde(default = "first")]
        copy: i64,
    },
    /// Ask for the announcement's address.
    Permalink,
    /// Render the announcement anew.
    Refresh,
    /// Pin the announcement while the outage is open, else unpin it.
    Pin,
    /// Tell somebody about roles they got or lost.
    TellRoles {
        person: PersonId,
        gained: Vec<Role>,
        lost: Vec<Role>,
    },
    /// Tell a channel that the answer to a question is yes.
    TellChannel {
        question: String,
        channel: ChannelId,
    },
    /// Make the dedicated channel, or find the one that was made when the answer got lost.
    CreateChannel { name: String },
    /// Enter an existing channel and learn its name.
    AdoptChannel { channel: ChannelId },
    /// Say in the dedicated channel what it is for.
    Welcome,
    /// Invite people, and with the first call the configured groups.
    Invite {
        people: Vec<PersonId>,
        with_groups: bool,
    },
    /// Write how the outage stands into the topic of the dedicated channel.
    Topic,
    /// A bookmark in the dedicated channel that leads to the announcement.
    Bookmark,
    /// Say in the dedicated channel that it will be archived.
    WarnOfArchive { at: Timestamp },
    /// Archive the dedicated channel, unless the outage is open again.
    Archive,
    /// Mark the source of a shared message, or take the mark away.
    Mark { share: ShareId },
    /// Write a shared message anew, because its source changed or is gone.
    Reshow { share: ShareId },
    /// Take a shared message out of the thread.
    Unshare { share: ShareId },
    /// Post a line into the thread.
    Say { line: Line },
    /// Write a line of changes anew, because more changed within the minute.
    Amend {
        line: DeliveryId,
        by: Vec<Identity>,
        from_version: i64,
        to_version: i64,
    },
    /// Delete what a delivery posted twice, or do it anew where it shows how things stand, because
    /// Slack may have committed later than anybody waits.
    Sweep { of: DeliveryId },
    /// Bring the bot back into a channel that announcements stand in.
    Rejoin { channel: ChannelId },
    /// Tell somebody what became of an announcement that was taken away.
    TellMend { person: PersonId, mend: Mend },
    /// Ask somebody who takes the roles of somebody who left.
    AskForAssignee {
        person: PersonId,
        left: PersonId,
        roles: Vec<Role>,
    },
    /// Tell an administrator that a list read elsewhere would take more than half of a group away.
    WarnOfRemovals {
        person: PersonId,
        group: String,
        source: String,
        /// Of how many it would remove how many.
        before: i64,
        would_remove: i64,
    },
    /// Render somebody's Home tab anew.
    Home { user: SlackUserId },
    /// Tell somebody that Slack refused something of theirs.
    Apologise {
        person: PersonId,
        what: String,
        why: String,
    },
}

/// What was queued before there were copies is about the first.
fn first() -> i64 {
    1
}

impl Task {
    /// The stored word, also a label of metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Task::Announce { .. } => "announce",
            Task::Permalink => "permalink",
            Task::Refresh => "refresh",
            Task::Pin => "pin",
            Task::TellRoles { .. } => "tell_roles",
            Task::TellChannel { .. } => "tell_channel",
            Task::CreateChannel { .. } => "create_channel",
            Task::AdoptChannel { .. } => "adopt_channel",
            Task::Welcome => "welcome",
            Task::Invite { .. } => "invite",
            Task::Topic => "topic",
            Task::Bookmark => "bookmark",
            Task::WarnOfArchive { .. } => "warn_of_archive",
            Task::Archive => "archive",
            Task::Mark { .. } => "mark",
            Task::Reshow { .. } => "reshow",
            Task::Unshare { .. } => "unshare",
            Task::Say {
                line: Line::Changes { .. },
            } => "say_changes",
            Task::Say {
                line: Line::CaughtUp { .. },
            } => "catch_up",
            Task::Say { .. } => "say",
            Task::Amend { .. } => "amend",
            Task::Sweep { .. } => "sweep",
            Task::Rejoin { .. } => "rejoin",
            Task::TellMend { .. } => "tell_mend",
            Task::AskForAssignee { .. } => "ask_for_assignee",
            Task::WarnOfRemovals { .. } => "warn_of_removals",
            Task::Home { .. } => "home",
            Task::Apologise { .. } => "apologise",
        }
    }

    /// What a person calls it.
    pub fn in_words(&self) -> &'static str {
        match self {
            Task::Announce { .. } => "the announcement",
            Task::Permalink => "the link to the announcement",
            Task::Refresh => "the change of the announcement",
            Task::Pin => "the pin of the announcement",
            Task::TellRoles { .. } => "the message about a role",
            Task::TellChannel { .. } => "the message to a channel that asked for it",
            Task::CreateChannel { .. } => "the dedicated channel",
            Task::AdoptChannel { .. } => "the bot's way into the dedicated channel",
            Task::Welcome => "the first message of the dedicated channel",
            Task::Invite { .. } => "the invitation to the dedicated channel",
            Task::Topic => "the topic of the dedicated channel",
            Task::Bookmark => "the bookmark of the dedicated channel",
            Task::WarnOfArchive { .. } => "the warning that the channel will be archived",
            Task::Archive => "the archiving of the dedicated channel",
            Task::Mark { .. } => "the mark on a shared message",
            Task::Reshow { .. } => "the change of a shared message",
            Task::Unshare { .. } => "the removal of a shared message",
            Task::Say { .. } | Task::Amend { .. } => "a line in the thread",
            Task::Sweep { .. } => "the removal of a doubled message",
            Task::Rejoin { .. } => "the bot's way back into a channel",
            Task::TellMend { .. } => "a note about the announcement",
            Task::AskForAssignee { .. } => "the question who takes the role of somebody who left",
            Task::WarnOfRemovals { .. } => {
                "the warning that a group would lose most of its members"
            }
            Task::Home { .. } => "somebody's Home tab",
            Task::Apologise { .. } => "a note about an undelivered message",
        }
    }

    /// Whether it makes a message, so that doing it twice would show twice.
    pub fn creates_message(&self) -> bool {
        matches!(
            self,
            Task::Announce { .. }
                | Task::TellRoles { .. }
                | Task::TellChannel { .. }
                | Task::Say { .. }
                | Task::Welcome
                | Task::WarnOfArchive { .. }
                | Task::TellMend { .. }
                | Task::AskForAssignee { .. }
                | Task::WarnOfRemovals { .. }
                | Task::Apologise { .. }
        )
    }

    /// Whether it shows how things stand at that moment, in place of what was shown before. Doing it
    /// anew is harmless, and needed where an older attempt may be carried out after a newer one.
    pub fn shows_state(&self) -> bool {
        matches!(
            self,
            Task::Refresh
                | Task::Pin
                | Task::Topic
                | Task::Bookmark
                | Task::Mark { .. }
                | Task::Reshow { .. }
                | Task::Amend { .. }
                | Task::Home { .. }
        )
    }

    /// Whether the dedicated channel comes from it: when it fails for good there is none.
    pub fn makes_channel(&self) -> bool {
        matches!(self, Task::CreateChannel { .. } | Task::AdoptChannel { .. })
    }
}

/// What a delivery brought back; kept in its row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "receipt", rename_all = "snake_case")]
pub enum Receipt {
    Posted {
        channel: ChannelId,
        ts: MessageTs,
    },
    /// Of the announcement of that copy.
    Permalink {
        url: String,
        #[serde(default = "first")]
        copy: i64,
    },
    Pinned {
        pinned: bool,
        #[serde(default = "first")]
        copy: i64,
    },
    /// The dedicated channel as it is called.
    Channel {
        id: ChannelId,
        name: String,
    },
    /// The topic that stands there now.
    Topic {
        text: String,
    },
    /// The channel is archived.
    Archived,
    Done,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Delivered(Receipt),
    /// The other side asks for a pause of this kind of call.
    RateLimited {
        seconds: u64,
    },
    /// It may or may not have happened: look before doing it again.
    Uncertain {
        why: String,
    },
    /// It did not happen and may go better later.
    Failed {
        why: String,
    },
    /// Nothing at all can be done there until somebody changes that: it waits, however long.
    Barred {
        why: String,
    },
    /// It did not happen and never will.
    Refused {
        why: String,
    },
    /// Nothing to do any more; why is kept.
    Moot {
        why: String,
    },
}
