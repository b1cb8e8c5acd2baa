//! Who people are, as Slack says: written down where it differs, with what follows. Their names may
//! stand in announcements already, and somebody who left leaves open outages behind.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{Desk, DueError, people_of, record};
use crate::{
    domain::{
        actor::{Identity, Right},
        address::local_part,
        decide::leave,
        effect::Effect,
        ids::{OutageId, PersonId, SlackUserId, WorkspaceId},
        outage::{Outage, Role},
        time::Timestamp,
    },
    store::{
        self, Tx,
        leases::Lease,
        people::{Known, Profile},
    },
};

/// For so long after its end an outage is shown anew when somebody in it gets a name.
const LATELY: Duration = Duration::from_secs(24 * 3600);

/// How many of those who may change any outage are asked when nobody else is there.
const ASKED_MOST: i64 = 3;

/// What was learned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// Who was not known before.
    pub new: usize,
    /// Of whom something is different now; those who left are among them.
    pub changed: usize,
    /// Who was here and is not any more.
    pub left: usize,
}

impl Desk {
    /// Writes down a profile that Slack was asked for just now.
    pub async fn learn(&self, workspace: &WorkspaceId, profile: &Profile) -> store::Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let profiles = by_user(std::slice::from_ref(profile));
        let (_, queued) = self.write(&mut tx, workspace, profiles, true, now).await?;
        tx.commit().await?;
        if queued {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Writes down what is new in profiles that came by themselves. Under a lease nothing is
    /// written unless it is still ours.
    pub async fn learn_all(
        &self,
        workspace: &WorkspaceId,
        profiles: &[Profile],
        lease: Option<&Lease>,
    ) -> Result<Learned, DueError> {
        let now = self.clock.now();
        let profiles = by_user(profiles);
        if lease.is_none() && self.says_nothing_new(workspace, &profiles).await? {
            return Ok(Learned::default());
        }
        let mut tx = self.db.begin().await?;
        if let Some(lease) = lease
            && !store::leases::hold(&mut tx, lease, now).await?
        {
            return Err(DueError::LeaseLost);
        }
        let (learned, queued) = self.write(&mut tx, workspace, profiles, false, now).await?;
        tx.commit().await?;
        if queued {
            self.wake.notify_one();
        }
        Ok(learned)
    }

    /// Makes addresses what the settings say by now: who borrowed one at a domain that is not the
    /// team's any more is known by their own again. New ones are given with the next sync.
    pub async fn return_addresses(&self, workspace: &WorkspaceId) -> store::Result<()> {
        let domain = self.policy.email_domain.as_deref();
        let mut tx = self.db.read().await?;
        let borrowed = store::people::who_borrows(&mut tx, workspace, domain).await?;
        drop(tx);
        if borrowed.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        take_turns(&mut tx, workspace).await?;
        store::people::settle_addresses(&mut tx, workspace, &borrowed, domain).await?;
        tx.commit().await
    }

    /// A look that writes nothing: Slack tells of every change of a status.
    async fn says_nothing_new(
        &self,
        workspace: &WorkspaceId,
        profiles: &BTreeMap<SlackUserId, &Profile>,
    ) -> store::Result<bool> {
        if profiles.values().any(|it| it.is_deactivated) {
            return Ok(false);
        }
        let users = profiles.keys().cloned().collect();
        let mut tx = self.db.read().await?;
        let known = store::people::known(&mut tx, workspace, &users).await?;
        Ok(new_in(profiles, &known, false).is_empty())
    }

    /// True when something was queued. Outages are held before people are written, as by everybody
    /// else, and those in one order.
    async fn write(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        profiles: BTreeMap<SlackUserId, &Profile>,
        in_any_case: bool,
        now: Timestamp,
    ) -> store::Result<(Learned, bool)> {
        take_turns(tx, workspace).await?;
        let users = profiles.keys().cloned().collect();
        let known = store::people::known(tx, workspace, &users).await?;
        let new = new_in(&profiles, &known, in_any_case);
        let renamed: Vec<PersonId> = new
            .iter()
            .filter_map(|it| {
                known
                    .get(&it.slack_user)
                    .filter(|was| was.profile.name != it.name)
            })
            .map(|it| it.id)
            .collect();
        let gone: Vec<PersonId> = profiles
            .values()
            .filter(|it| it.is_deactivated)
            .filter_map(|it| known.get(&it.slack_user))
            .map(|it| it.id)
            .collect();
        let stale = stale(tx, workspace, &renamed, now).await?;
        let left_behind = match gone.is_empty() {
            true => Vec::new(),
            false => store::assignees::open_outages_of(tx, &gone).await?,
        };
        let held: BTreeSet<OutageId> = stale.iter().chain(&left_behind).copied().collect();
        for id in &held {
            store::outages::hold_one(tx, *id).await?;
        }

        let mut learned = Learned::default();
        let mut local_parts = BTreeSet::new();
        for profile in profiles.values() {
            let emails = [
                profile.email.as_ref(),
                known
                    .get(&profile.slack_user)
                    .and_then(|it| it.profile.email.as_ref()),
            ];
            let emails = emails.into_iter().flatten().map(|it| it.to_lowercase());
            local_parts.extend(emails.filter_map(|it| local_part(&it).map(str::to_owned)));
        }
        for profile in &new {
            match known.get(&profile.slack_user) {
                None => learned.new += 1,
                Some(was) if was.differs_from(profile) => {
                    learned.changed += 1;
                    let left = profile.is_deactivated && !was.profile.is_deactivated;
                    learned.left += usize::from(left);
                }
                Some(_) => {}
            }
        }
        if !new.is_empty() {
            store::people::save_profiles(tx, workspace, &new, now).await?;
        }
        let domain = self.policy.email_domain.as_deref();
        store::people::settle_addresses(tx, workspace, &local_parts, domain).await?;
        // Their address may give them other rights, and times are shown in their zone.
        let differs = |it: &SlackUserId| {
            known
                .get(it)
                .is_none_or(|was| was.differs_from(profiles[it]))
        };
        let differing = profiles.keys().filter(|it| differs(it));
        let differing: BTreeSet<String> = differing.map(ToString::to_string).collect();
        let anew = !differing.is_empty();
        if anew {
            store::homes::publish_to(tx, workspace, &differing, "profile", now).await?;
        }

        for id in &held {
            let Some(mut outage) = store::outages::by_id(tx, *id).await? else {
                continue;
            };
            let before = outage.version;
            if left_behind.contains(id) {
                outage = self.without_leavers(tx, outage, now).await?;
            }
            if outage.version == before {
                self.enqueue(tx, &outage, &by(), &[Effect::Refresh], now)
                    .await?;
            }
        }
        Ok((learned, anew || !held.is_empty()))
    }

    /// Frees the roles of everybody who is gone, and asks who takes them. The outage is held.
    pub(super) async fn without_leavers(
        &self,
        tx: &mut Tx,
        mut outage: Outage,
        now: Timestamp,
    ) -> store::Result<Outage> {
        let involved = outage.roles.people();
        let gone = store::people::gone(tx, &involved).await?;
        if gone.is_empty() {
            return Ok(outage);
        }
        let mut may_change = Vec::new();
        for right in [Right::ChangeAnyOutage, Right::Administer] {
            if may_change.is_empty() {
                let workspace = &outage.workspace;
                may_change = store::rights::people_with(tx, workspace, right, ASKED_MOST).await?;
            }
        }
        let by = by();
        let leavers = Role::ALL
            .map(|it| outage.roles.of(it))
            .into_iter()
            .flatten();
        for person in leavers.filter(|it| gone.contains(it)) {
            let Some(decision) = leave(&outage, person, &gone, &may_change) else {
                continue;
            };
            let why = "an assignee has left the workspace";
            let saved = store::outages::save(tx, decision.next, &by, why, now).await?;
            // It is held, so nobody can have been faster.
            let Some(next) = saved else { break };
            record(tx, &next, &by, &decision.events, now).await?;
            self.enqueue(tx, &next, &by, &decision.effects, now).await?;
            outage = next;
        }
        Ok(outage)
    }
}

fn by() -> Identity {
    Identity::Job {
        name: "profiles".into(),
    }
}

/// Profiles are written one after the other: who is known by which address depends on others.
async fn take_turns(tx: &mut Tx, workspace: &WorkspaceId) -> store::Result<()> {
    store::workspaces::next_value(tx, workspace, "profiles").await?;
    Ok(())
}

/// Each person once, the last word about them.
fn by_user(profiles: &[Profile]) -> BTreeMap<SlackUserId, &Profile> {
    let each = profiles.iter().map(|it| (it.slack_user.clone(), it));
    each.collect()
}

/// Those of whom something is different; all of them `in_any_case`.
fn new_in<'a>(
    profiles: &BTreeMap<SlackUserId, &'a Profile>,
    known: &BTreeMap<SlackUserId, Known>,
    in_any_case: bool,
) -> Vec<&'a Profile> {
    let is_new = |it: &&Profile| {
        let known = known.get(&it.slack_user);
        in_any_case || known.is_none_or(|was| was.differs_from(it))
    };
    profiles.values().copied().filter(is_new).collect()
}

/// Open outages whose announcement calls one of these people otherwise.
async fn stale(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    renamed: &[PersonId],
    now: Timestamp,
) -> store::Result<Vec<OutageId>> {
    if renamed.is_empty() {
        return Ok(Vec::new());
    }
    let mut shown = store::outages::open(tx, workspace, i64::MAX).await?;
    // Whoever ended one a moment ago may be known by name only now.
    shown.extend(store::outages::ended_since(tx, workspace, now.minus(LATELY)).await?);
    let names = |it: &Outage| people_of(it).iter().any(|it| renamed.contains(it));
    Ok(shown
        .iter()
        .filter(|it| names(it))
        .map(|it| it.id)
        .collect())
}
