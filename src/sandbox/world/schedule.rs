//! Messages the app has put off: they are posted when the sandbox's clock is there.

use super::World;
use super::message::Author;
use super::posting::Draft;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Scheduled {
    pub id: String,
    pub channel: String,
    pub post_at: i64,
    pub created: i64,
    pub draft: Draft,
}

impl World {
    pub fn has_due_messages(&self) -> bool {
        let now = self.clock.seconds();
        self.scheduled.iter().any(|one| one.post_at <= now)
    }

    /// Posts those whose time has come, earliest first. Where the app cannot post any more, they
    /// are lost, as at Slack.
    pub fn post_due_messages(&mut self) {
        let now = self.clock.seconds();
        let (mut due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.scheduled)
            .into_iter()
            .partition(|one| one.post_at <= now);
        self.scheduled = later;
        due.sort_by_key(|one| one.post_at);
        for one in due {
            let open = self.channel(&one.channel).is_some_and(|channel| {
                !channel.is_archived && channel.has_member(&self.app.user_id)
            });
            if open {
                self.post(&one.channel, Author::App, one.draft);
            }
        }
    }
}
