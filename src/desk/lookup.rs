//! Questions that change nothing: lists, details, suggestions, and who may do what.

use std::collections::HashMap;

use super::{Desk, DeskError, acting};
use crate::{
    domain::{
        actor::{Actor, Right},
        component::{Component, beginnings, recognise},
        ids::{
            ChannelId, ComponentId, MessageTs, OutageNumber, PersonId, SlackUserId, WorkspaceId,
        },
        outage::Outage,
        person::Person,
        time::Timestamp,
    },
    store::{self, announcements::Announcement, timeline},
};

/// How many suggestions a type-ahead gets. Slack takes at most 100.
const SUGGESTED: i64 = 50;

/// An outage with what surrounds it.
#[derive(Clone, Debug)]
pub struct Detail {
    pub outage: Outage,
    pub announcement: Option<Announcement>,
    /// The newest lines, oldest first.
    pub timeline: Vec<timeline::Line>,
    /// How many lines there are in all.
    pub lines: i64,
    pub people: Vec<Person>,
}

/// Whether somebody may announce; if not, who may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MayAnnounce {
    Yes,
    /// Slack user IDs or e-mail addresses of some who may.
    No {
        holders: Vec<String>,
    },
}

/// What the announce form depends on, all as it was at one moment.
#[derive(Clone, Debug)]
pub struct Announcing {
    /// Whether they have a row; without one they are found in no group.
    pub met: bool,
    /// When Slack was last asked who they are.
    pub profile_at: Option<Timestamp>,
    pub may: MayAnnounce,
    /// Whether there is any component to choose.
    pub has_components: bool,
    /// The component that the words begin with.
    pub component: Option<Component>,
    /// The words that follow; else all the words.
    pub summary: String,
}

impl Desk {
    /// Everything that is asked before the announce form opens, in one transaction: people wait
    /// for it, and each transaction costs more than what is asked in it.
    pub async fn announcing(
        &self,
        workspace: &WorkspaceId,
        user: &SlackUserId,
        words: &str,
    ) -> Result<Announcing, DeskError> {
        let mut tx = self.db.read().await?;
        let known = store::people::with_profile_age(&mut tx, workspace, user).await?;
        if let Some((person, _)) = known {
            acting(&mut tx, person).await?;
        }
        let may = self
            .may(&mut tx, workspace, known.map(|(id, _)| id))
            .await?;
        let (component, summary) = recognised(&mut tx, workspace, words).await?;
        let has_components =
            component.is_some() || store::components::count(&mut tx, workspace).await? > 0;
        Ok(Announcing {
            met: known.is_some(),
            profile_at: known.and_then(|(_, at)| at),
            may,
            has_components,
            component,
            summary,
        })
    }

    /// The component that is called so, by key, alias or name.
    pub async fn component_called(
        &self,
        workspace: &WorkspaceId,
        said: &str,
    ) -> Result<Option<Component>, DeskError> {
        let mut tx = self.db.read().await?;
        let (component, rest) = recognised(&mut tx, workspace, said).await?;
        Ok(component.filter(|_| rest.is_empty()))
    }

    /// Whom somebody means by an ID, an e-mail address, a handle or a name: members, else those who
    /// left and apps. Several are not clear.
    pub async fn people_called(
        &self,
        workspace: &WorkspaceId,
        said: &str,
    ) -> store::Result<Vec<Person>> {
        let mut tx = self.db.read().await?;
        let found = store::people::called(&mut tx, workspace, said).await?;
        match found.is_empty() {
            true => store::people::called_at_all(&mut tx, workspace, said).await,
            false => Ok(found),
        }
    }

    /// The row of somebody who acts, made when they act for the first time.
    pub async fn meet(
        &self,
        workspace: &WorkspaceId,
        user: &SlackUserId,
        name: &str,
    ) -> Result<Person, DeskError> {
        let mut tx = self.db.read().await?;
        if let Some(person) = store::people::by_slack_user(&mut tx, workspace, user).await? {
            return Ok(person);
        }
        drop(tx);
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        let person = store::people::meet(&mut tx, workspace, user, name, now).await?;
        tx.commit().await?;
        Ok(person)
    }

    pub async fn actor(&self, person: PersonId) -> Result<Actor, DeskError> {
        let mut tx = self.db.read().await?;
        acting(&mut tx, person).await
    }

    pub async fn may_announce(
        &self,
        workspace: &WorkspaceId,
        person: PersonId,
    ) -> Result<MayAnnounce, DeskError> {
        let mut tx = self.db.read().await?;
        acting(&mut tx, person).await?;
        self.may(&mut tx, workspace, Some(person)).await
    }

    pub(super) async fn may(
        &self,
        tx: &mut store::Tx,
        workspace: &WorkspaceId,
        person: Option<PersonId>,
    ) -> Result<MayAnnounce, DeskError> {
        if self.policy.everybody_announces {
            return Ok(MayAnnounce::Yes);
        }
        if let Some(person) = person
            && store::rights::of_person(tx, person)
                .await?
                .has(Right::Announce)
        {
            return Ok(MayAnnounce::Yes);
        }
        let holders = store::rights::holders(tx, workspace, Right::Announce, 10).await?;
        Ok(MayAnnounce::No { holders })
    }

    pub async fn outage(
        &self,
        workspace: &WorkspaceId,
        number: OutageNumber,
    ) -> Result<Outage, DeskError> {
        let mut tx = self.db.read().await?;
        store::outages::by_number(&mut tx, workspace, number)
            .await?
            .ok_or(DeskError::UnknownOutage(number))
    }

    /// The outage as it was when a form was opened; as it is now when that version is unknown.
    pub async fn outage_at(
        &self,
        workspace: &WorkspaceId,
        number: OutageNumber,
        version: i64,
    ) -> Result<Outage, DeskError> {
        let current = self.outage(workspace, number).await?;
        if current.version == version {
            return Ok(current);
        }
        let mut tx = self.db.read().await?;
        let then = store::versions::at_version(&mut tx, current.id, version).await?;
        Ok(then.unwrap_or(current))
    }

    pub async fn detail(
        &self,
        workspace: &WorkspaceId,
        number: OutageNumber,
        lines: i64,
    ) -> Result<Detail, DeskError> {
        let mut tx = self.db.read().await?;
        let outage = store::outages::by_number(&mut tx, workspace, number)
            .await?
            .ok_or(DeskError::UnknownOutage(number))?;
        let announcement = store::announcements::of_outage(&mut tx, outage.id).await?;
        let (timeline, lines) = store::timeline::last(&mut tx, outage.id, lines).await?;
        let mut ids = people_of(&outage);
        ids.extend(timeline.iter().filter_map(|it| it.by.person()));
        ids.extend(timeline.iter().flat_map(|it| it.event.people()));
        ids.sort();
        ids.dedup();
        let people = store::people::by_ids(&mut tx, &ids).await?;
        Ok(Detail {
            outage,
            announcement,
            timeline,
            lines,
            people,
        })
    }

    /// The outage whose announcement stands there, with the announcement's address.
    pub async fn announced_at(
        &self,
        workspace: &WorkspaceId,
        channel: &ChannelId,
        ts: &MessageTs,
    ) -> Result<Option<(OutageNumber, Option<String>)>, DeskError> {
        let mut tx = self.db.read().await?;
        let mut found = store::announcements::at(&mut tx, workspace, channel, ts).await?;
        if found.is_none() {
            found = store::announcements::formerly_at(&mut tx, workspace, channel, ts).await?;
        }
        let Some(announcement) = found else {
            return Ok(None);
        };
        let outage = store::outages::by_id(&mut tx, announcement.outage_id).await?;
        Ok(outage.map(|it| (it.number, announcement.permalink)))
    }

    /// Open outages, newest first, each with its announcement.
    pub async fn open_outages(
        &self,
        workspace: &WorkspaceId,
        limit: i64,
    ) -> Result<Vec<(Outage, Option<Announcement>)>, DeskError> {
        let mut tx = self.db.read().await?;
        let outages = store::outages::open(&mut tx, workspace, limit).await?;
        with_announcements(&mut tx, outages).await
    }

    /// Outages that ended last.
    pub async fn ended_outages(
        &self,
        workspace: &WorkspaceId,
        limit: i64,
    ) -> Result<Vec<(Outage, Option<Announcement>)>, DeskError> {
        let mut tx = self.db.read().await?;
        let outages = store::outages::ended(&mut tx, workspace, limit).await?;
        with_announcements(&mut tx, outages).await
    }

    /// What a person may mean: what was announced last as long as nothing is typed, then by name.
    pub async fn suggest_components(
        &self,
        workspace: &WorkspaceId,
        person: PersonId,
        typed: &str,
    ) -> Result<Vec<Component>, DeskError> {
        let mut tx = self.db.read().await?;
        let mut found = if typed.trim().is_empty() {
            store::components::recent(&mut tx, workspace, person, 5).await?
        } else {
            Vec::new()
        };
        for component in store::components::search(&mut tx, workspace, typed, SUGGESTED).await? {
            if !found.iter().any(|it| it.id == component.id) {
                found.push(component);
            }
        }
        found.truncate(SUGGESTED as usize);
        Ok(found)
    }

    pub async fn component(
        &self,
        workspace: &WorkspaceId,
        id: ComponentId,
    ) -> Result<Component, DeskError> {
        let mut tx = self.db.read().await?;
        store::components::by_id(&mut tx, workspace, id)
            .await?
            .ok_or_else(|| DeskError::UnknownComponent(id.to_string()))
    }

    pub async fn people(&self, ids: &[PersonId]) -> Result<Vec<Person>, DeskError> {
        let mut tx = self.db.read().await?;
        Ok(store::people::by_ids(&mut tx, ids).await?)
    }
}

/// The component that the words begin with, and the words that follow; else all the words.
async fn recognised(
    tx: &mut store::Tx,
    workspace: &WorkspaceId,
    words: &str,
) -> Result<(Option<Component>, String), DeskError> {
    let words = words.trim();
    let known = store::components::named(tx, workspace, &beginnings(words)).await?;
    Ok(match recognise(words, &known) {
        Some((component, rest)) => (Some(component.clone()), rest.to_owned()),
        None => (None, words.to_owned()),
    })
}

pub(super) async fn with_announcements(
    tx: &mut store::Tx,
    outages: Vec<Outage>,
) -> Result<Vec<(Outage, Option<Announcement>)>, DeskError> {
    let ids = outages.iter().map(|it| it.id);
    let found = store::announcements::of_outages(tx, ids).await?;
    let mut found: HashMap<_, _> = found.into_iter().map(|it| (it.outage_id, it)).collect();
    let with_its_own = |outage: Outage| {
        let announcement = found.remove(&outage.id);
        (outage, announcement)
    };
    Ok(outages.into_iter().map(with_its_own).collect())
}

/// Everybody whom a rendering of the outage may name.
pub fn people_of(outage: &Outage) -> Vec<PersonId> {
    use crate::domain::outage::Phase;
    let roles = &outage.roles;
    let mut ids = roles.people();
    ids.extend(match &outage.phase {
        Phase::Open { former, .. } => former.as_ref().and_then(|it| it.by.person()),
        Phase::Resolved(resolution) => resolution.by.person(),
        Phase::Withdrawn { by, .. } => by.person(),
    });
    ids.extend(outage.last_update.as_ref().and_then(|it| it.by.person()));
    ids
}
