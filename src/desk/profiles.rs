//! Who somebody is, once it is known: their name may stand in announcements already.

use super::{Desk, people_of};
use crate::{
    domain::{actor::Identity, effect::Effect, ids::WorkspaceId, outage::Outage},
    store::{self, people::Profile},
};

impl Desk {
    /// Writes down a profile. Announcements of open outages that call the person otherwise, such as
    /// by what somebody typed into a terminal, are rendered anew.
    pub async fn learn(&self, workspace: &WorkspaceId, profile: &Profile) -> store::Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let user = &profile.slack_user;
        let before = store::people::by_slack_user(&mut tx, workspace, user).await?;
        store::people::save_profile(&mut tx, workspace, profile, now).await?;
        let called_otherwise = before.filter(|it| it.name != profile.name);
        let mut stale: Vec<Outage> = Vec::new();
        if let Some(person) = called_otherwise {
            let open = store::outages::open(&mut tx, workspace, i64::MAX).await?;
            stale.extend(
                open.into_iter()
                    .filter(|it| people_of(it).contains(&person.id)),
            );
        }
        // In one order, as whoever holds more than one.
        stale.sort_by_key(|it| it.id);
        let by = Identity::Job {
            name: "profiles".into(),
        };
        for outage in &stale {
            store::outages::hold_one(&mut tx, outage.id).await?;
            self.enqueue(&mut tx, outage, &by, &[Effect::Refresh], now)
                .await?;
        }
        tx.commit().await?;
        if !stale.is_empty() {
            self.wake.notify_one();
        }
        Ok(())
    }
}
