//! What of the workspace outlives the process: people, channels with everything written in them,
//! what only one person saw, the counters and the clock. Secrets, the journal, faults, open views
//! and permissions that last for minutes do not. The file itself is `keeping`'s.

use super::channel::Channel;
use super::files::File;
use super::people::User;
use super::schedule::Scheduled;
use super::{Ephemeral, World};
use serde::{Deserialize, Serialize};

/// Goes up when an older sandbox would misread what is written.
pub const FORMAT: u32 = 1;

/// After a crash the counters may be a moment behind what was handed out: no moment is so busy.
const LEAP: u32 = 1_000;

#[derive(Debug, Serialize, Deserialize)]
pub struct Kept {
    format: u32,
    whose: Whose,
    clock_offset_seconds: i64,
    last_ts: i64,
    last_number: u64,
    users: Vec<User>,
    channels: Vec<Channel>,
    ephemerals: Vec<Ephemeral>,
    #[serde(default)]
    files: Vec<File>,
    #[serde(default)]
    scheduled: Vec<Scheduled>,
}

/// Which workspace and which app it is about; messages of another one would make no sense.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Whose {
    workspace: String,
    app: String,
    bot: String,
    bot_user: String,
}

impl World {
    pub fn kept(&self) -> Kept {
        Kept {
            format: FORMAT,
            whose: self.whose(),
            clock_offset_seconds: self.clock.offset(),
            last_ts: self.last_ts,
            last_number: self.last_number,
            users: self.users.clone(),
            channels: self.channels.clone(),
            ephemerals: self.ephemerals.clone(),
            files: self.files.clone(),
            scheduled: self.scheduled.clone(),
        }
    }

    /// Makes the workspace what it was. People and channels that only the seed knows stay.
    pub fn restore(&mut self, kept: Kept) -> Result<(), String> {
        let (own, theirs) = (self.whose(), &kept.whose);
        if own != *theirs {
            return Err(format!(
                "it is about the app {} in the workspace {}, not about {} in {}",
                theirs.app, theirs.workspace, own.app, own.workspace
            ));
        }
        self.clock
            .advance(kept.clock_offset_seconds - self.clock.offset());
        self.last_ts = kept.last_ts.saturating_add(LEAP.into());
        self.last_number = kept.last_number.saturating_add(LEAP.into());
        put(&mut self.users, kept.users, |user| &user.id);
        put(&mut self.channels, kept.channels, |channel| &channel.id);
        self.ephemerals = kept.ephemerals;
        self.files = kept.files;
        self.scheduled = kept.scheduled;
        Ok(())
    }

    fn whose(&self) -> Whose {
        Whose {
            workspace: self.workspace.id.clone(),
            app: self.app.app_id.clone(),
            bot: self.app.bot_id.clone(),
            bot_user: self.app.user_id.clone(),
        }
    }
}

/// Puts each kept item in the place of the one with its id, or at the end.
fn put<T>(known: &mut Vec<T>, kept: Vec<T>, id: impl Fn(&T) -> &str) {
    for item in kept {
        match known.iter_mut().find(|other| id(other) == id(&item)) {
            Some(other) => *other = item,
            None => known.push(item),
        }
    }
}
