//! The Home tab: who looks at it, and what they see there, all as it is at one moment.

use super::{
    Desk, DeskError, MayAnnounce,
    lookup::{people_of, with_announcements},
};
use crate::{
    domain::{
        actor::{Actor, Identity, Right},
        ids::{SlackUserId, WorkspaceId},
        outage::Outage,
        person::Person,
    },
    store::{self, announcements::Announcement, homes::Backlog},
};

/// How many outages are asked for; a view has no room for more.
const OWN: i64 = 15;
const OTHERS: i64 = 25;
const ENDED: i64 = 5;

/// What somebody sees in the Home tab.
#[derive(Clone, Debug)]
pub struct Home {
    /// None as long as nothing is known of them: then they may do nothing.
    pub actor: Option<Actor>,
    pub may_announce: MayAnnounce,
    /// Open outages that they announced or work on, newest first, and how many there are in all.
    pub own: Vec<(Outage, Option<Announcement>)>,
    pub own_in_all: i64,
    /// All other open outages.
    pub others: Vec<(Outage, Option<Announcement>)>,
    pub others_in_all: i64,
    /// What ended last.
    pub ended: Vec<(Outage, Option<Announcement>)>,
    /// Everybody whom these outages name.
    pub people: Vec<Person>,
    pub backlog: Backlog,
    /// How many deliveries were given up; only administrators are told.
    pub given_up: Option<i64>,
}

impl Desk {
    /// Somebody looks at their Home tab: it is published, and for a day again with every change.
    pub async fn visited_home(
        &self,
        workspace: &WorkspaceId,
        user: &SlackUserId,
    ) -> store::Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        store::homes::visited(&mut tx, workspace, user, now).await?;
        store::homes::publish(&mut tx, workspace, user, now).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(())
    }

    /// Somebody has no Home tab any more.
    pub async fn left_home(
        &self,
        workspace: &WorkspaceId,
        user: &SlackUserId,
    ) -> store::Result<()> {
        let mut tx = self.db.begin().await?;
        store::homes::forget(&mut tx, workspace, user).await?;
        tx.commit().await
    }

    pub async fn home(
        &self,
        workspace: &WorkspaceId,
        user: &SlackUserId,
    ) -> Result<Home, DeskError> {
        let now = self.clock.now();
        let mut tx = self.db.read().await?;
        let person = store::people::by_slack_user(&mut tx, workspace, user).await?;
        let person = person.map(|it| it.id);
        let actor = match person {
            // Also of somebody who left: they see that they may do nothing.
            Some(id) => Some(Actor {
                identity: Identity::Person { id },
                rights: store::rights::of_person(&mut tx, id).await?,
            }),
            None => None,
        };
        let may_announce = self.may(&mut tx, workspace, person).await?;
        let (open, own_in_all) = store::homes::open(&mut tx, workspace, person).await?;
        let own = store::outages::open_by_part(&mut tx, workspace, person, true, OWN).await?;
        let others =
            store::outages::open_by_part(&mut tx, workspace, person, false, OTHERS).await?;
        let ended = store::outages::ended(&mut tx, workspace, ENDED).await?;
        let mut named: Vec<_> = own.iter().chain(&others).flat_map(people_of).collect();
        named.sort();
        named.dedup();
        let administers = |it: &Actor| it.rights.has(Right::Administer);
        let given_up = match actor.as_ref().is_some_and(administers) {
            true => Some(store::homes::given_up(&mut tx, workspace).await?),
            false => None,
        };
        Ok(Home {
            actor,
            may_announce,
            own: with_announcements(&mut tx, own).await?,
            own_in_all,
            others: with_announcements(&mut tx, others).await?,
            others_in_all: open - own_in_all,
            ended: with_announcements(&mut tx, ended).await?,
            people: store::people::by_ids(&mut tx, &named).await?,
            backlog: store::homes::backlog(&mut tx, workspace, now).await?,
            given_up,
        })
    }
}
