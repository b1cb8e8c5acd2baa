//! Members of groups that are read elsewhere: from Google groups and from user groups of Slack.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use crate::{
    config::{self, GroupSource},
    desk::{How, Synced},
    directory::google::Google,
    domain::{actor::Identity, ids::WorkspaceId, membership::Source},
    slack::{Slack, api::CallError},
    store::{self, leases::Lease},
};

/// How long one call to Google may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often a lease is begun anew while a list is read.
const BREATH: Duration = Duration::from_secs(20);

/// Settings that nobody has started with.
const NO_GROUP: &str = "there is no such group yet: `balefire serve` makes those of the settings \
                        when it starts";

/// As often as in the older tool.
pub const SYNC_EVERY: Duration = Duration::from_secs(8 * 3600);

/// Which lists are read, and who reads them.
pub struct Lists {
    pub slack: Arc<Slack>,
    pub google: config::Google,
    pub sources: Vec<GroupSource>,
}

/// What became of one list.
#[derive(Debug)]
pub struct Report {
    pub group: String,
    pub source: Source,
    pub outcome: Result<Synced, Unread>,
    /// Who is in the list and cannot be a member, in sentences.
    pub left_out: Vec<String>,
}

/// What became of all lists, in numbers: what each of them changed is told and not kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub lists: usize,
    pub added: usize,
    pub removed: usize,
    /// How many wait for somebody's yes.
    pub held: usize,
    pub unread: usize,
    /// Why the first was not read whose trouble may go away by itself.
    pub passing: Option<String>,
}

/// Why a list was not read. What was known of it stays as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    pub why: String,
    /// Whether it may go away by itself.
    pub may_pass: bool,
}

struct List {
    members: BTreeSet<String>,
    left_out: Vec<String>,
}

impl Lists {
    /// Reads every list and takes it over, each by itself: one that cannot be read keeps no other
    /// from being read. `told` is given each as it is done.
    pub async fn sync(
        &self,
        workspace: &WorkspaceId,
        by: &Identity,
        how: How<'_>,
        mut told: impl FnMut(Report),
    ) -> store::Result<Tally> {
        let desk = &self.slack.desk;
        let google = self.google().await;
        let mut tally = Tally::default();
        for GroupSource { group, source } in &self.sources {
            let read = self.read(source, google.as_ref());
            let (outcome, left_out) = match self.keeping(how.lease, read).await? {
                Ok(list) => {
                    let members = &list.members;
                    let synced = desk
                        .sync_members(workspace, group, source, members, by, how)
                        .await?;
                    match synced {
                        Synced::NoGroup => (Err(Unread::for_good(NO_GROUP)), Vec::new()),
                        synced => (Ok(synced), list.left_out),
                    }
                }
                Err(unread) => {
                    if !how.dry_run {
                        desk.sync_failed(workspace, group, source, &unread.why, how.lease)
                            .await?;
                    }
                    (Err(unread), Vec::new())
                }
            };
            let report = Report {
                group: group.clone(),
                source: source.clone(),
                outcome,
                left_out,
            };
            tally.count(&report);
            told(report);
        }
        Ok(tally)
    }

    /// Keeps the lease while a long list is read: another node would begin anew, and whoever is
    /// overtaken writes nothing.
    async fn keeping<T>(
        &self,
        lease: Option<&Lease>,
        reading: impl Future<Output = T>,
    ) -> store::Result<T> {
        let Some(lease) = lease else {
            return Ok(reading.await);
        };
        let (db, clock) = (&self.slack.db, &self.slack.clock);
        tokio::pin!(reading);
        loop {
            tokio::select! {
                read = &mut reading => return Ok(read),
                () = clock.wait(clock.now().plus(BREATH)) => {}
            }
            let mut tx = db.begin().await?;
            // Should it be lost, whoever writes is told.
            store::leases::hold(&mut tx, lease, clock.now()).await?;
            tx.commit().await?;
        }
    }

    /// Who asks Google, or why nobody can.
    async fn google(&self) -> Result<Google, Unread> {
        let unset = || Unread::for_good("no service account is set in google.service_account");
        let made = Google::new(&self.google, PATIENCE).await;
        made.map_err(|error| Unread::for_good(&error.to_string()))?
            .ok_or_else(unset)
    }

    async fn read(
        &self,
        source: &Source,
        google: Result<&Google, &Unread>,
    ) -> Result<List, Unread> {
        match source {
            Source::Google(address) => {
                let google = google.map_err(Clone::clone)?;
                let read = google.members(address).await.map_err(|error| Unread {
                    why: error.to_string(),
                    may_pass: error.may_pass(),
                })?;
                Ok(List {
                    members: read.addresses,
                    left_out: read.left_out,
                })
            }
            Source::SlackGroup(id) => {
                let members = self.slack.members_of_user_group(id).await;
                let members = members.map_err(|error| Unread {
                    why: error.to_string(),
                    may_pass: !matches!(error, CallError::Refused { .. }),
                })?;
                Ok(List {
                    members,
                    left_out: Vec::new(),
                })
            }
            Source::Settings | Source::Manual => {
                Err(Unread::for_good("nothing is read from there"))
            }
        }
    }

    /// The workspace of the token, also where this process has not asked Slack for it.
    pub async fn workspace(&self) -> store::Result<Option<WorkspaceId>> {
        if let Some(workspace) = self.slack.workspace() {
            return Ok(Some(workspace));
        }
        let mut tx = self.slack.db.read().await?;
        let known = store::workspaces::latest(&mut tx).await?;
        Ok(known.map(|it| it.id))
    }
}

impl Unread {
    fn for_good(why: &str) -> Unread {
        Unread {
            why: why.to_owned(),
            may_pass: false,
        }
    }
}

/// The job: every list, with a line in the log for each that needs somebody.
pub async fn sync(lists: &Lists, lease: Option<&Lease>) -> anyhow::Result<String> {
    let by = Identity::Job {
        name: "groups".into(),
    };
    let how = How {
        lease,
        ..How::default()
    };
    if lists.sources.is_empty() {
        return Ok("no group is read from elsewhere".to_owned());
    }
    let Some(workspace) = lists.workspace().await? else {
        anyhow::bail!("Slack was not reached yet");
    };
    let tally = lists.sync(&workspace, &by, how, |it| log(&it)).await?;
    match &tally.passing {
        // Tried again soon.
        Some(why) => anyhow::bail!("{tally}: {why}"),
        None => Ok(tally.to_string()),
    }
}

fn log(report: &Report) {
    let (group, source) = (report.group.as_str(), report.source.to_string());
    match &report.outcome {
        Ok(Synced::Applied(difference)) if !difference.is_empty() => {
            let (added, removed) = (difference.added.len(), difference.removed.len());
            tracing::info!(
                group,
                source,
                added,
                removed,
                "memberships were brought up to date"
            );
        }
        Ok(Synced::Held(difference, true)) => {
            let (would_remove, of) = (difference.removed.len(), difference.before);
            tracing::warn!(
                group,
                source,
                would_remove,
                of,
                "more than half of a group would go: nothing was changed, and administrators are asked"
            );
        }
        Ok(_) => {}
        Err(unread) => {
            let why = unread.why.as_str();
            tracing::error!(
                group,
                source,
                why,
                "members could not be read: they stay as they were"
            );
        }
    }
}

impl Tally {
    fn count(&mut self, report: &Report) {
        self.lists += 1;
        match &report.outcome {
            Ok(Synced::Applied(it) | Synced::WouldApply(it)) => {
                self.added += it.added.len();
                self.removed += it.removed.len();
            }
            Ok(Synced::Held(..)) => self.held += 1,
            Ok(Synced::NotOurs | Synced::NoGroup) => {}
            Err(unread) => {
                self.unread += 1;
                if unread.may_pass && self.passing.is_none() {
                    self.passing = Some(unread.why.clone());
                }
            }
        }
    }
}

/// In a few words, for `balefire jobs list`.
impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (lists, added, removed) = (self.lists, self.added, self.removed);
        write!(f, "{lists} lists, {added} added, {removed} removed")?;
        match self.held {
            0 => {}
            held => write!(f, ", {held} wait for a yes")?,
        }
        match self.unread {
            0 => Ok(()),
            unread => write!(f, ", {unread} not read"),
        }
    }
}
