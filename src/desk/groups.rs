//! Groups and who is in them: what the settings say, what is read elsewhere, what somebody grants.

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;

use super::Desk;
use crate::{
    domain::{
        actor::{Identity, Right},
        delivery::Task,
        ids::{PersonId, WorkspaceId},
        membership::{Difference, Group, Membership, Source},
        time::Timestamp,
    },
    store::{self, Tx, deliveries::NewDelivery, leases::Lease, people::Account, syncs::Sync},
};

/// How long administrators are left alone about removals that wait, when nothing else changed.
const WARNED: Duration = Duration::from_secs(24 * 3600);

/// How many administrators are told about removals that wait.
const TOLD_MOST: i64 = 10;

/// How many members an entry of the audit names; the number says how many there were.
const NAMED: usize = 500;

/// What became of a list that was read elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Synced {
    Applied(Difference),
    /// Nothing was written: it would remove more than half. True when administrators were told now.
    Held(Difference, bool),
    /// Nothing was written, because it was only asked what would be.
    WouldApply(Difference),
    /// Nothing was written: another node has the job by now.
    NotOurs,
    /// Nothing was written: there is no such group in the database yet.
    NoGroup,
}

/// How a list is taken over.
#[derive(Clone, Copy, Debug, Default)]
pub struct How<'a> {
    /// Nothing is written.
    pub dry_run: bool,
    /// More than half may go.
    pub yes: bool,
    /// Something is written only while it is ours.
    pub lease: Option<&'a Lease>,
}

/// What somebody may do, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who is no member may do nothing, whatever group they are in.
    pub account: Account,
    pub rights: Vec<Right>,
    pub memberships: Vec<Membership>,
    /// Whether everybody may announce here.
    pub everybody_announces: bool,
    /// Slack user IDs or e-mail addresses of people who administer groups.
    pub administrators: Vec<String>,
    /// Lists that could not be read, or that wait for a yes.
    pub stale: Vec<Sync>,
}

impl Desk {
    /// Makes groups what the settings say. A group that is not among them permits nothing any more,
    /// and what was read from a source that is not among them is gone; what somebody granted stays
    /// for when the group comes back.
    pub async fn provision_groups(
        &self,
        workspace: &WorkspaceId,
        groups: &[Group],
        sources: &[(String, Source)],
    ) -> store::Result<()> {
        let now = self.clock.now();
        let by = Identity::Job {
            name: "settings".into(),
        };
        let mut tx = self.db.begin().await?;
        let before = store::rights::groups(&mut tx, workspace).await?;
        for (name, rights) in &before {
            if !groups.iter().any(|it| it.name == *name) && !rights.is_empty() {
                store::rights::save_group(&mut tx, workspace, name, &[]).await?;
                audit(&mut tx, &by, "group.close", name, &json!({}), now).await?;
            }
        }
        for group in groups {
            store::rights::save_group(&mut tx, workspace, &group.name, &group.rights).await?;
        }
        let wanted = |group: &str, source: &Source| match source {
            Source::Manual => true,
            Source::Settings => groups.iter().any(|it| it.name == group),
            read => sources.iter().any(|it| it.0 == group && it.1 == *read),
        };
        let nobody = BTreeSet::new();
        for (group, source) in store::rights::sources(&mut tx, workspace).await? {
            if !wanted(&group, &source) {
                store::rights::hold_group(&mut tx, workspace, &group).await?;
                set(&mut tx, workspace, &group, &source, &nobody, &by, now).await?;
            }
        }
        for sync in store::syncs::all(&mut tx, workspace).await? {
            if !wanted(&sync.group, &sync.source) {
                store::syncs::forget(&mut tx, workspace, &sync.group, &sync.source).await?;
            }
        }
        // A list that was never read is not waited for until the next time.
        let syncs = store::syncs::all(&mut tx, workspace).await?;
        let is_known = |(group, source): &(String, Source)| {
            let mut syncs = syncs.iter();
            syncs.any(|it| it.group == *group && it.source == *source)
        };
        if !sources.iter().all(is_known) {
            store::runs::ask_for(&mut tx, store::runs::GROUPS, now, Duration::ZERO).await?;
        }
        for group in groups {
            let (name, members) = (&group.name, &group.members);
            set(
                &mut tx,
                workspace,
                name,
                &Source::Settings,
                members,
                &by,
                now,
            )
            .await?;
        }
        // Anybody may be in a group that permits something else now.
        if store::rights::groups(&mut tx, workspace).await? != before {
            store::homes::publish_all(&mut tx, workspace, "rights", now).await?;
        }
        tx.commit().await?;
        self.wake.notify_one();
        Ok(())
    }

    /// Takes over a list of members that was read as a whole: who is not on it any more goes.
    pub async fn sync_members(
        &self,
        workspace: &WorkspaceId,
        group: &str,
        source: &Source,
        after: &BTreeSet<String>,
        by: &Identity,
        how: How<'_>,
    ) -> store::Result<Synced> {
        let now = self.clock.now();
        if how.dry_run {
            let mut tx = self.db.read().await?;
            let before = store::rights::members(&mut tx, workspace, group, source).await?;
            return Ok(Synced::WouldApply(Difference::between(&before, after)));
        }
        let mut tx = self.db.begin().await?;
        if !ours(&mut tx, how.lease, now).await? {
            return Ok(Synced::NotOurs);
        }
        if !store::rights::hold_group(&mut tx, workspace, group).await? {
            return Ok(Synced::NoGroup);
        }
        let before = store::rights::members(&mut tx, workspace, group, source).await?;
        let difference = Difference::between(&before, after);
        if difference.needs_a_yes() && !how.yes {
            let last = store::syncs::of(&mut tx, workspace, group, source).await?;
            let would_remove = difference.removed.len() as i64;
            let told_at = last.as_ref().and_then(|it| it.warned_at).filter(|at| {
                let same = last
                    .as_ref()
                    .is_some_and(|it| it.would_remove == would_remove);
                same && now.since(*at) < WARNED
            });
            let sync = Sync {
                group: group.to_owned(),
                source: source.clone(),
                tried_at: now,
                synced_at: last.and_then(|it| it.synced_at),
                problem: String::new(),
                would_remove,
                warned_at: told_at.or(Some(now)),
            };
            store::syncs::save(&mut tx, workspace, &sync).await?;
            if told_at.is_none() {
                self.warn_of_removals(&mut tx, workspace, &sync, difference.before, now)
                    .await?;
            }
            tx.commit().await?;
            self.wake.notify_one();
            return Ok(Synced::Held(difference, told_at.is_none()));
        }
        store::rights::change_members(&mut tx, workspace, group, source, &difference, by, now)
            .await?;
        follow(&mut tx, workspace, group, source, &difference, by, now).await?;
        let sync = Sync {
            group: group.to_owned(),
            source: source.clone(),
            tried_at: now,
            synced_at: Some(now),
            problem: String::new(),
            would_remove: 0,
            warned_at: None,
        };
        store::syncs::save(&mut tx, workspace, &sync).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(Synced::Applied(difference))
    }

    /// Tells those who administer groups what waits for a yes.
    async fn warn_of_removals(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        sync: &Sync,
        before: usize,
        now: Timestamp,
    ) -> store::Result<()> {
        for person in
            store::rights::people_with(tx, workspace, Right::Administer, TOLD_MOST).await?
        {
            let (group, source) = (&sync.group, sync.source.to_string());
            let new = NewDelivery {
                workspace: workspace.clone(),
                outage: None,
                lane: format!("person:{person}"),
                conversation: format!("person:{person}"),
                after: None,
                dedupe_key: format!("removals:{group}:{source}:{person}:{}", now.micros()),
                task: Task::WarnOfRemovals {
                    person,
                    group: group.clone(),
                    source,
                    before: before as i64,
                    would_remove: sync.would_remove,
                },
                due_at: now,
            };
            store::deliveries::enqueue(tx, &new, now).await?;
        }
        Ok(())
    }

    /// Writes down that a list could not be read; memberships stay as they were.
    pub async fn sync_failed(
        &self,
        workspace: &WorkspaceId,
        group: &str,
        source: &Source,
        why: &str,
        lease: Option<&Lease>,
    ) -> store::Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if !ours(&mut tx, lease, now).await?
            || !store::rights::hold_group(&mut tx, workspace, group).await?
        {
            return Ok(());
        }
        let last = store::syncs::of(&mut tx, workspace, group, source).await?;
        let sync = Sync {
            group: group.to_owned(),
            source: source.clone(),
            tried_at: now,
            synced_at: last.as_ref().and_then(|it| it.synced_at),
            problem: why.to_owned(),
            would_remove: last.as_ref().map_or(0, |it| it.would_remove),
            warned_at: last.and_then(|it| it.warned_at),
        };
        store::syncs::save(&mut tx, workspace, &sync).await?;
        tx.commit().await
    }

    /// Puts somebody into a group by hand; false when somebody did before.
    pub async fn grant(
        &self,
        workspace: &WorkspaceId,
        group: &str,
        member: &str,
        by: &Identity,
    ) -> store::Result<bool> {
        self.by_hand(workspace, group, member, true, by).await
    }

    /// Takes away what was granted by hand; false when nobody did. What other sources say stays.
    pub async fn revoke(
        &self,
        workspace: &WorkspaceId,
        group: &str,
        member: &str,
        by: &Identity,
    ) -> store::Result<bool> {
        self.by_hand(workspace, group, member, false, by).await
    }

    async fn by_hand(
        &self,
        workspace: &WorkspaceId,
        group: &str,
        member: &str,
        is_in: bool,
        by: &Identity,
    ) -> store::Result<bool> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let source = Source::Manual;
        store::rights::hold_group(&mut tx, workspace, group).await?;
        let mut after = store::rights::members(&mut tx, workspace, group, &source).await?;
        let changed = match is_in {
            true => after.insert(member.to_owned()),
            false => after.remove(member),
        };
        if changed {
            set(&mut tx, workspace, group, &source, &after, by, now).await?;
            tx.commit().await?;
            self.wake.notify_one();
        }
        Ok(changed)
    }

    /// What somebody may do at this moment, and from where they have it.
    pub async fn standing(
        &self,
        workspace: &WorkspaceId,
        person: PersonId,
    ) -> store::Result<Standing> {
        let mut tx = self.db.read().await?;
        let (account, rights) = store::rights::with_account(&mut tx, person).await?;
        let memberships = store::rights::memberships(&mut tx, person).await?;
        let administrators =
            store::rights::holders(&mut tx, workspace, Right::Administer, 10).await?;
        let syncs = store::syncs::all(&mut tx, workspace).await?;
        Ok(Standing {
            account,
            rights: Right::ALL
                .into_iter()
                .filter(|it| rights.has(*it))
                .collect(),
            memberships,
            everybody_announces: self.policy.everybody_announces,
            administrators,
            stale: syncs
                .into_iter()
                .filter(|it| !it.problem.is_empty() || it.would_remove > 0)
                .collect(),
        })
    }
}

async fn ours(tx: &mut Tx, lease: Option<&Lease>, now: Timestamp) -> store::Result<bool> {
    match lease {
        Some(lease) => store::leases::hold(tx, lease, now).await,
        None => Ok(true),
    }
}

/// Makes `after` the whole of what `source` says of a group.
async fn set(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    group: &str,
    source: &Source,
    after: &BTreeSet<String>,
    by: &Identity,
    now: Timestamp,
) -> store::Result<()> {
    let difference =
        store::rights::set_members(tx, workspace, group, source, after, by, now).await?;
    follow(tx, workspace, group, source, &difference, by, now).await
}

/// Writes down who changed members, and shows those who came or went what they may do now; nothing
/// where nothing changed.
async fn follow(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    group: &str,
    source: &Source,
    difference: &Difference,
    by: &Identity,
    now: Timestamp,
) -> store::Result<()> {
    if difference.is_empty() {
        return Ok(());
    }
    audit_members(tx, group, source, difference, by, now).await?;
    let concerned = difference.added.union(&difference.removed).cloned();
    let because = format!("members:{group}:{source}");
    store::homes::publish_to(tx, workspace, &concerned.collect(), &because, now).await
}

async fn audit_members(
    tx: &mut Tx,
    group: &str,
    source: &Source,
    difference: &Difference,
    by: &Identity,
    now: Timestamp,
) -> store::Result<()> {
    let some = |all: &BTreeSet<String>| all.iter().take(NAMED).cloned().collect::<Vec<_>>();
    let detail = json!({
        "source": source.to_string(),
        "added": some(&difference.added),
        "added_in_all": difference.added.len(),
        "removed": some(&difference.removed),
        "removed_in_all": difference.removed.len(),
    });
    audit(tx, by, "group.members", group, &detail, now).await
}

async fn audit(
    tx: &mut Tx,
    by: &Identity,
    action: &str,
    subject: &str,
    detail: &serde_json::Value,
    now: Timestamp,
) -> store::Result<()> {
    store::audit::record(tx, by, action, subject, detail, now).await
}
