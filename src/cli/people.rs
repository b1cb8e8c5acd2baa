//! `balefire people`: who is in which group, from where, and granting by hand.

use std::path::PathBuf;

use anyhow::Context;

use super::{Failure, checks, existing_database, say, sources};
use crate::{
    app::policy,
    clock::Clock,
    config::{self, is_email, is_slack_user},
    desk::{Desk, Standing},
    domain::{
        actor::{Identity, Right},
        ids::WorkspaceId,
        membership::{Membership, normal},
        person::Person,
        time::{Timestamp, Zone},
    },
    store::{self, Db, people::Account, rights::Member},
};

/// How many members of a group are listed.
const LISTED: i64 = 1000;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// JSON instead of sentences, one object to a line.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// The groups, what they permit, and who is in them.
    List {
        /// Only this group.
        #[arg(long)]
        group: Option<String>,
    },
    /// What somebody may do, and why.
    Show {
        /// A Slack user ID, an e-mail address or a name.
        person: String,
    },
    /// Put somebody into a group.
    Grant {
        /// A Slack user ID, an e-mail address or a name.
        person: String,
        group: String,
    },
    /// Take back what was granted here.
    Revoke {
        /// A Slack user ID, an e-mail address or a name.
        person: String,
        group: String,
    },
}

pub async fn run(config: Option<PathBuf>, arguments: Arguments) -> Result<(), Failure> {
    let settings = config::load_partial(&sources(config, toml::Table::new()), &checks())?;
    let db = existing_database(&settings.database).await?;
    let mut tx = db.read().await.context(READ)?;
    let workspace = store::workspaces::latest(&mut tx).await.context(READ)?;
    drop(tx);
    let Some(workspace) = workspace else {
        return Err(Failure::Usage(
            "balefire: no workspace is known yet. Start `balefire serve` once, so that Slack says \
             which one it is."
                .to_owned(),
        ));
    };
    let policy = std::sync::Arc::new(policy(&settings, "", None));
    let clock = Clock::system();
    let zone = policy.zone;
    let nobody = std::sync::Arc::new(tokio::sync::Notify::new());
    let register = Register {
        desk: Desk::new(db.clone(), clock, policy, nobody),
        db,
        workspace: workspace.id,
        zone,
        json: arguments.json,
    };
    match arguments.command {
        Command::List { group } => register.list(group.as_deref()).await,
        Command::Show { person } => register.show(&person).await,
        Command::Grant { person, group } => register.change(&person, &group, true).await,
        Command::Revoke { person, group } => register.change(&person, &group, false).await,
    }
}

const READ: &str = "cannot read the database";
const WRITE: &str = "cannot write to the database";

/// Who is who, and in which group.
struct Register {
    desk: Desk,
    db: Db,
    workspace: WorkspaceId,
    zone: Zone,
    json: bool,
}

/// Somebody as named on the command line.
enum Named {
    Known(Box<Person>),
    /// An ID or address that nobody is known by yet.
    Unknown(String),
}

impl Register {
    async fn list(&self, only: Option<&str>) -> Result<(), Failure> {
        let groups = self.groups().await?;
        if let Some(only) = only {
            self.check_group(only, &groups)?;
        }
        let mut tx = self.db.read().await.context(READ)?;
        let shown = groups
            .iter()
            .filter(|it| only.is_none_or(|name| name == it.0));
        for (group, rights) in shown {
            let members =
                store::rights::members_with_names(&mut tx, &self.workspace, group, LISTED)
                    .await
                    .context(READ)?;
            if self.json {
                for member in &members {
                    say(&self.member_json(group, member).to_string());
                }
                continue;
            }
            let permits: Vec<&str> = rights.iter().map(|it| it.word()).collect();
            let permits = match permits.is_empty() {
                true => "permits nothing".to_owned(),
                false => format!("permits {}", permits.join(", ")),
            };
            say(&format!("{group} ({permits})"));
            if members.is_empty() {
                say("  nobody");
            }
            for member in &members {
                let since = member.since.in_zone(self.zone);
                let whence = member.source.in_words();
                say(&format!("  {}, {whence}, since {since}", called(member)));
            }
        }
        Ok(())
    }

    fn member_json(&self, group: &str, member: &Member) -> serde_json::Value {
        serde_json::json!({
            "group": group,
            "member": member.member,
            "source": member.source.to_string(),
            "since": member.since.iso(),
            "slack_user": member.slack_user,
            "name": member.name,
            "active": member.is_active,
        })
    }

    async fn show(&self, named: &str) -> Result<(), Failure> {
        let person = match self.find(named).await? {
            Named::Known(person) => person,
            Named::Unknown(_) => return Err(unknown(named)),
        };
        let standing = self.desk.standing(&self.workspace, person.id).await;
        let standing = standing.context(READ)?;
        say(&match self.json {
            true => standing_json(&person, &standing).to_string(),
            false => self.standing(&person, &standing),
        });
        Ok(())
    }

    fn standing(&self, person: &Person, standing: &Standing) -> String {
        let address = person.email.as_deref().unwrap_or("no address known");
        let mut lines = vec![format!(
            "{} ({}, {address})",
            person.name, person.slack_user
        )];
        match standing.account {
            Account::Gone => lines.push("  has left the workspace, and may do nothing".into()),
            Account::App => lines.push("  is an app, and may do nothing".into()),
            Account::Member => {
                let mut rights: Vec<&str> = standing.rights.iter().map(|it| it.word()).collect();
                if standing.everybody_announces && !standing.rights.contains(&Right::Announce) {
                    rights.insert(0, "announce (everybody may)");
                }
                lines.push(match rights.is_empty() {
                    true => "  may change outages that they announced or have a part in".into(),
                    false => format!("  may {}", rights.join(", ")),
                });
            }
        }
        lines.extend(standing.memberships.iter().map(|it| self.membership(it)));
        if standing.memberships.is_empty() {
            lines.push("  is in no group".into());
        }
        lines.join("\n")
    }

    fn membership(&self, membership: &Membership) -> String {
        let (group, since) = (&membership.group, membership.since.in_zone(self.zone));
        format!(
            "  is in {group}, {}, since {since}",
            membership.source.in_words()
        )
    }

    async fn change(&self, named: &str, group: &str, is_in: bool) -> Result<(), Failure> {
        let groups = self.groups().await?;
        self.check_group(group, &groups)?;
        let (called, members) = match self.find(named).await? {
            Named::Known(person) => {
                // Granted by address before they were met.
                let mut tx = self.db.read().await.context(READ)?;
                let members = store::people::listed_as(&mut tx, person.id).await;
                (person.name.clone(), members.context(READ)?)
            }
            Named::Unknown(member) => (member.clone(), vec![member]),
        };
        let by = Identity::CommandLine { name: "cli".into() };
        let workspace = &self.workspace;
        if is_in {
            let member = &members[..1].concat();
            let granted = self.desk.grant(workspace, group, member, &by).await;
            say(&match granted.context(WRITE)? {
                true => format!("{called} is in {group} now"),
                false => format!("{called} was in {group} already"),
            });
            return Ok(());
        }
        let mut revoked = false;
        for member in &members {
            let done = self.desk.revoke(workspace, group, member, &by).await;
            revoked |= done.context(WRITE)?;
        }
        let others = self.others(&members, group).await?;
        say(&match (revoked, others.is_empty()) {
            (true, true) => format!("{called} is not in {group} any more"),
            (true, false) => format!(
                "what was granted to {called} is taken back; still in {group} {}",
                others.join(" and ")
            ),
            (false, false) => {
                return Err(Failure::Usage(format!(
                    "balefire: {called} was not put into {group} here, but {}. Take them out there.",
                    others.join(" and ")
                )));
            }
            (false, true) => {
                return Err(Failure::Usage(format!(
                    "balefire: {called} is not in {group}."
                )));
            }
        });
        Ok(())
    }

    /// From where else somebody is in a group.
    async fn others(&self, members: &[String], group: &str) -> Result<Vec<String>, Failure> {
        let mut tx = self.db.read().await.context(READ)?;
        let all = store::rights::members_with_names(&mut tx, &self.workspace, group, i64::MAX)
            .await
            .context(READ)?;
        let theirs = all.into_iter().filter(|it| {
            let by_id = it
                .slack_user
                .as_ref()
                .is_some_and(|id| members.contains(id));
            by_id || members.contains(&it.member)
        });
        let mut others: Vec<String> = theirs.map(|it| it.source.in_words()).collect();
        others.dedup();
        Ok(others)
    }

    async fn groups(&self) -> Result<Vec<(String, Vec<Right>)>, Failure> {
        let mut tx = self.db.read().await.context(READ)?;
        let groups = store::rights::groups(&mut tx, &self.workspace).await;
        Ok(groups.context(READ)?)
    }

    fn check_group(&self, name: &str, groups: &[(String, Vec<Right>)]) -> Result<(), Failure> {
        if groups.iter().any(|it| it.0 == name) {
            return Ok(());
        }
        let names: Vec<&str> = groups.iter().map(|it| it.0.as_str()).collect();
        Err(Failure::Usage(format!(
            "balefire: there is no group {name}. There are {}. Groups of your own stand in \
             [[permissions.groups]] of the settings.",
            names.join(", ")
        )))
    }

    async fn find(&self, named: &str) -> Result<Named, Failure> {
        let named = named.trim();
        let mut tx = self.db.read().await.context(READ)?;
        let mut found = store::people::called_at_all(&mut tx, &self.workspace, named)
            .await
            .context(READ)?;
        match (found.pop(), found.is_empty()) {
            (Some(person), true) => Ok(Named::Known(Box::new(person))),
            (Some(_), false) => Err(Failure::Usage(format!(
                "balefire: more than one person is called {named}. Give the Slack user ID or the \
                 e-mail address."
            ))),
            (None, _) if is_slack_user(named) || is_email(named) => {
                Ok(Named::Unknown(normal(named)))
            }
            (None, _) => Err(unknown(named)),
        }
    }
}

fn unknown(named: &str) -> Failure {
    Failure::Usage(format!(
        "balefire: nobody called {named} is known. Give the Slack user ID or the e-mail address; \
         `balefire sync users` reads who is in the workspace."
    ))
}

fn called(member: &Member) -> String {
    match (&member.name, &member.slack_user) {
        (Some(name), Some(id)) if member.is_active => format!("{name} ({id})"),
        (Some(name), Some(id)) => format!("{name} ({id}, may do nothing: gone, or an app)"),
        _ => format!("{} (not met yet)", member.member),
    }
}

fn standing_json(person: &Person, standing: &Standing) -> serde_json::Value {
    let may = standing.account == Account::Member;
    let rights = standing.rights.iter().map(|it| it.word());
    let memberships = standing.memberships.iter().map(|it| {
        let rights: Vec<&str> = it.rights.iter().map(|it| it.word()).collect();
        serde_json::json!({
            "group": it.group,
            "source": it.source.to_string(),
            "since": Timestamp::iso(it.since),
            "permits": rights,
        })
    });
    serde_json::json!({
        "slack_user": person.slack_user,
        "name": person.name,
        "email": person.email,
        "active": may,
        "rights": rights.collect::<Vec<_>>(),
        "everybody_announces": standing.everybody_announces,
        "memberships": memberships.collect::<Vec<_>>(),
    })
}
