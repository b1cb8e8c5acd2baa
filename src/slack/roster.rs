//! Everybody of the workspace, read page by page, and who is in a user group.
//!
//! A page is written before the next one is asked for, so that memory does not grow with the
//! workspace and a run that ends early has not been for nothing.

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use serde::Deserialize;
use serde_json::Value;

use super::{Slack, api::CallError, profiles::SlackUser};
use crate::{
    desk::DueError,
    domain::ids::WorkspaceId,
    store::{self, leases::Lease, people::Profile},
};

/// How many are asked for at once: what Slack recommends at most.
const PAGE: usize = 200;

/// How often the same page is asked for when Slack asks for a pause or something goes wrong.
const TRIES: u32 = 20;
/// Of those, how many may go wrong: waiting helps less often there.
const FAILURES: u32 = 5;
const AFTER_FAILURE: Duration = Duration::from_secs(20);

/// A pause is never longer: what Slack asks for beyond that is a mistake.
const LONGEST_PAUSE: u64 = 600;

/// What is waited for in one go while a lease has to be kept.
const BREATH: Duration = Duration::from_secs(20);

/// What reading everybody came to, so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    pub seen: usize,
    pub new: usize,
    pub changed: usize,
    pub left: usize,
    /// Whom Slack described in a way that cannot be read.
    pub skipped: usize,
}

impl std::fmt::Display for Roster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Roster {
            seen,
            new,
            changed,
            left,
            skipped,
        } = self;
        let people = if *seen == 1 { "person" } else { "people" };
        write!(
            f,
            "{seen} {people}: {new} new, {changed} changed, {left} left"
        )?;
        match skipped {
            0 => Ok(()),
            _ => write!(f, "; {skipped} could not be read"),
        }
    }
}

/// Why not everybody was read.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    #[error("Slack did not say who is in the workspace: {0}")]
    Slack(CallError),
    #[error("Slack gives the same page of people again and again")]
    Endless,
    #[error("{}", store::trouble::in_words(.0))]
    Store(#[from] store::Error),
    #[error(transparent)]
    Due(#[from] DueError),
}

#[derive(Deserialize)]
struct Page {
    members: Vec<Value>,
    #[serde(default)]
    response_metadata: Option<Metadata>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    next_cursor: Option<String>,
}

impl Page {
    fn next(&self) -> &str {
        let metadata = self.response_metadata.as_ref();
        let cursor = metadata.and_then(|it| it.next_cursor.as_deref());
        cursor.unwrap_or_default()
    }

    /// Those who can be read, and how many cannot.
    fn profiles(self, workspace: &WorkspaceId) -> (Vec<Profile>, usize) {
        let all = self.members.len();
        let read = self.members.into_iter().filter_map(|it| {
            let user: SlackUser = serde_json::from_value(it).ok()?;
            user.into_profile(workspace)
        });
        let read: Vec<Profile> = read.collect();
        let skipped = all - read.len();
        (read, skipped)
    }
}

impl Slack {
    /// Reads everybody and writes down what is different, telling how far it is after each page.
    pub async fn sync_people(
        &self,
        workspace: &WorkspaceId,
        lease: Option<&Lease>,
        mut progress: impl FnMut(&Roster),
    ) -> Result<Roster, RosterError> {
        let mut roster = Roster::default();
        let mut cursor = String::new();
        let mut asked: HashSet<String> = HashSet::new();
        let mut begun_again = false;
        let mut addresses = 0;
        loop {
            let page = match self.page(&cursor, lease).await {
                // It expired, for example while Slack was away.
                Err(RosterError::Slack(error))
                    if error.code() == Some("invalid_cursor") && !begun_again =>
                {
                    begun_again = true;
                    cursor.clear();
                    asked.clear();
                    (roster.seen, roster.skipped) = (0, 0);
                    continue;
                }
                page => page?,
            };
            let next = page.next().to_owned();
            let (profiles, skipped) = page.profiles(workspace);
            addresses += profiles.iter().filter(|it| it.email.is_some()).count();
            let learned = self.desk.learn_all(workspace, &profiles, lease).await?;
            roster.seen += profiles.len();
            roster.skipped += skipped;
            roster.new += learned.new;
            roster.changed += learned.changed;
            roster.left += learned.left;
            progress(&roster);
            // A short page is not the last one: Slack filters after it has counted.
            if next.is_empty() {
                break;
            }
            if !asked.insert(next.clone()) {
                return Err(RosterError::Endless);
            }
            cursor = next;
        }
        self.report(workspace, &roster, addresses).await?;
        Ok(roster)
    }

    async fn report(
        &self,
        workspace: &WorkspaceId,
        roster: &Roster,
        addresses: usize,
    ) -> store::Result<()> {
        if addresses == 0 {
            tracing::warn!(
                "Slack shows nobody's e-mail address: the app lacks the scope users:read.email, and \
                 whoever groups name by address has no rights by that"
            );
        }
        if roster.skipped > 0 {
            let skipped = roster.skipped;
            tracing::warn!(skipped, "some people could not be read");
        }
        let Some(domain) = &self.desk.policy().email_domain else {
            return Ok(());
        };
        let mut tx = self.db.read().await?;
        let borrowers = store::people::count_borrowers(&mut tx, workspace).await?;
        if borrowers > 0 {
            tracing::info!(
                borrowers,
                domain,
                "people whose address is of another domain are known by the same name at this one"
            );
        }
        Ok(())
    }

    /// One page, asked for again after a pause where that may help.
    async fn page(&self, cursor: &str, lease: Option<&Lease>) -> Result<Page, RosterError> {
        let (mut tries, mut failures) = (0, 0);
        loop {
            tries += 1;
            let mut arguments = vec![("limit", PAGE.to_string())];
            if !cursor.is_empty() {
                arguments.push(("cursor", cursor.to_owned()));
            }
            let error = match self.api.get::<Page>("users.list", &arguments).await {
                Ok(page) => return Ok(page),
                Err(error) => error,
            };
            let pause = match &error {
                CallError::RateLimited { seconds } => {
                    Duration::from_secs((*seconds).clamp(1, LONGEST_PAUSE))
                }
                // It only reads, so whether it was done does not matter.
                CallError::Unknown { .. }
                | CallError::NotSlack { .. }
                | CallError::Unreachable { .. } => {
                    failures += 1;
                    AFTER_FAILURE
                }
                CallError::Refused { .. } => return Err(RosterError::Slack(error)),
            };
            if tries >= TRIES || failures >= FAILURES {
                return Err(RosterError::Slack(error));
            }
            self.rest(pause, lease).await?;
        }
    }

    /// Waits, and keeps the lease meanwhile.
    async fn rest(&self, pause: Duration, lease: Option<&Lease>) -> Result<(), RosterError> {
        let until = self.clock.now().plus(pause);
        loop {
            if let Some(lease) = lease {
                let mut tx = self.db.begin().await?;
                if !store::leases::hold(&mut tx, lease, self.clock.now()).await? {
                    return Err(DueError::LeaseLost.into());
                }
                tx.commit().await?;
            }
            let now = self.clock.now();
            // A clock that was set back must not make it wait for ever.
            if now >= until || until.since(now) > pause {
                return Ok(());
            }
            self.clock.wait(until.min(now.plus(BREATH))).await;
        }
    }

    /// The Slack IDs of everybody in a user group: all of them, or an error that says why not.
    pub async fn members_of_user_group(&self, id: &str) -> Result<BTreeSet<String>, CallError> {
        #[derive(Deserialize)]
        struct Answer {
            users: Vec<String>,
        }
        let arguments = [("usergroup", id.to_owned())];
        let answer: Result<Answer, CallError> =
            self.api.get("usergroups.users.list", &arguments).await;
        match answer {
            Ok(answer) => Ok(answer.users.into_iter().collect()),
            Err(CallError::Refused { code, detail }) => {
                let why = why_no_members(&code, id);
                Err(CallError::Refused {
                    detail: format!("{detail}{why}"),
                    code,
                })
            }
            Err(error) => Err(error),
        }
    }
}

/// What an operator can do about it, besides the code.
fn why_no_members(code: &str, id: &str) -> String {
    match code {
        "no_such_subteam" => format!(": there is no user group {id}, or it is disabled"),
        "subteam_disabled" | "usergroup_disabled" => format!(": the user group {id} is disabled"),
        "missing_scope" => ": add it to the app and install the app again".to_owned(),
        "permission_denied" => format!(": the app may not see the user group {id}"),
        "plan_upgrade_required" | "paid_teams_only" => {
            ": this workspace's plan has no user groups".to_owned()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everybody_is_read_who_can_be() {
        let page: Page = serde_json::from_value(json!({
            "members": [
                { "id": "U1", "name": "ana", "profile": { "email": "Ana@x.test" } },
                { "id": "U2", "deleted": true, "profile": null, "name": null, "tz": null },
                { "id": "U3", "is_bot": true },
                { "id": "U4", "is_ultra_restricted": true, "profile": { "display_name": "" } },
                { "id": "USLACKBOT", "is_bot": false, "name": "slackbot" },
                { "id": "U5", "team_id": "T0HERE", "is_stranger": false },
                // Of another company, in a channel that is shared with it.
                { "id": "U6", "team_id": "T0THERE", "is_stranger": false, "is_restricted": false },
                // Of our organisation: a member of this workspace, and not of it.
                { "id": "W7", "team_id": "T0THERE", "enterprise_user": { "teams": ["T0HERE"] } },
                { "id": "W8", "team_id": "T0THERE", "enterprise_user": { "teams": null } },
                { "id": 7 },
                { "name": "nobody" },
                null,
            ],
            "response_metadata": { "next_cursor": null },
        }))
        .unwrap();
        assert_eq!(page.next(), "");
        let (read, skipped) = page.profiles(&"T0HERE".into());
        assert_eq!(skipped, 3);
        let marks = |it: &Profile| (it.is_bot, it.is_restricted, it.is_deactivated);
        let read: Vec<_> = read
            .iter()
            .map(|it| (it.name.as_str(), marks(it)))
            .collect();
        assert_eq!(
            read,
            [
                ("ana", (false, false, false)),
                ("U2", (false, false, true)),
                ("U3", (true, false, false)),
                ("U4", (false, true, false)),
                ("slackbot", (true, false, false)),
                ("U5", (false, false, false)),
                ("U6", (false, true, false)),
                ("W7", (false, false, false)),
                ("W8", (false, true, false)),
            ]
        );
    }

    #[test]
    fn counts_are_said_in_a_line() {
        let mut roster = Roster {
            seen: 1,
            new: 1,
            ..Roster::default()
        };
        assert_eq!(roster.to_string(), "1 person: 1 new, 0 changed, 0 left");
        roster.skipped = 2;
        roster.seen = 30;
        assert_eq!(
            roster.to_string(),
            "30 people: 1 new, 0 changed, 0 left; 2 could not be read"
        );
    }
}
