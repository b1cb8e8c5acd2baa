//! `balefire outage`: what people do in Slack, from a terminal or a script: the same use cases, the
//! same rights, also while Slack is away. What is written here is delivered by `balefire serve`.

mod command;
mod shown;

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, anyhow};
use command::Command;
use tokio::sync::Notify;

use super::{Failure, checks, existing_database, say, sources};
use crate::{
    app::policy,
    clock::Clock,
    config,
    desk::{Desk, DeskError, Once},
    domain::{
        actor::Identity,
        command::{Answers, Command as Change, Request, Resolve, Update},
        eta::{Eta, understand},
        ids::{ChannelId, OutageNumber, SlackUserId, WorkspaceId},
        impact::{Answer, Given},
        outage::{Outage, Phase, Severity, Stage},
        person::Person,
        refusal::Refusal,
    },
    slack::views::{self, lists},
    store::{self, Db, people::Account},
};

/// How many outages a list reads of those that are open and of those that ended.
const LISTED: (i64, i64) = (500, 20);

/// How many lines of a timeline are shown.
const LINES: i64 = 50;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Who does it, with their rights: a Slack user ID, an e-mail address or a name.
    #[arg(long = "as", global = true, value_name = "PERSON")]
    person: Option<String>,
    /// A key of your own: the same key again changes nothing, for scripts that try again.
    #[arg(long, global = true, value_name = "KEY")]
    once: Option<String>,
    /// JSON instead of sentences.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

pub async fn run(config: Option<PathBuf>, arguments: Arguments) -> Result<(), Failure> {
    let settings = config::load_partial(&sources(config, toml::Table::new()), &checks())?;
    let announce_channel = settings
        .slack
        .as_ref()
        .map(|it| it.announce_channel.as_str());
    if announce_channel.is_none() && matches!(arguments.command, Command::Announce { .. }) {
        return Err(Failure::Usage(
            "balefire: the settings of Slack are not complete here, so nobody knows where to \
             announce. Run this with the settings of `balefire serve`."
                .to_owned(),
        ));
    }
    let db = existing_database(&settings.database).await?;
    let mut tx = db.read().await.context("cannot read the database")?;
    let workspace = store::workspaces::latest(&mut tx)
        .await
        .context("cannot read the database")?;
    drop(tx);
    let Some(workspace) = workspace else {
        return Err(Failure::Usage(
            "balefire: no workspace is known yet. Start `balefire serve` once, so that Slack says \
             which one it is."
                .to_owned(),
        ));
    };
    let clock = Clock::system();
    let fallback = settings.slack.as_ref();
    let fallback = fallback.and_then(|it| it.fallback_channel.clone());
    let policy = policy(
        &settings,
        announce_channel.unwrap_or_default(),
        fallback.map(ChannelId),
    );
    let policy = Arc::new(policy);
    let terminal = Terminal {
        desk: Desk::new(db.clone(), clock.clone(), policy, Arc::new(Notify::new())),
        db,
        clock,
        workspace: workspace.id,
        json: arguments.json,
    };
    match arguments.command {
        Command::List => terminal.list().await,
        Command::Show { number } => terminal.show(OutageNumber(number)).await,
        command => {
            let person = terminal.person(arguments.person.as_deref()).await?;
            let key = arguments
                .once
                .unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
            // Somebody else with the same key asks for something else.
            let asked = format!("{}: {command:?}", person.slack_user);
            let once = Once::new("command_line", key, asked);
            terminal.write(command, &person, &once).await
        }
    }
}

/// Somebody at a terminal, with what they see and may ask for.
struct Terminal {
    desk: Desk,
    db: Db,
    clock: Clock,
    workspace: WorkspaceId,
    json: bool,
}

impl Terminal {
    async fn list(&self) -> Result<(), Failure> {
        let open = self.desk.open_outages(&self.workspace, LISTED.0).await;
        let ended = self.desk.ended_outages(&self.workspace, LISTED.1).await;
        let (open, ended) = (
            open.context("cannot read the database")?,
            ended.context("cannot read the database")?,
        );
        if self.json {
            for (outage, announcement) in open.iter().chain(&ended) {
                let people = self.people_of(outage).await?;
                say(&shown::json(outage, announcement.as_ref(), &people).to_string());
            }
            return Ok(());
        }
        say(&shown::list(&open, &ended, self.clock.now()));
        Ok(())
    }

    async fn show(&self, number: OutageNumber) -> Result<(), Failure> {
        let detail = match self.desk.detail(&self.workspace, number, LINES).await {
            Ok(detail) => detail,
            Err(error) => return Err(self.explained(error).await),
        };
        if self.json {
            let announcement = detail.announcement.as_ref();
            let mut outage = shown::json(&detail.outage, announcement, &detail.people);
            outage["timeline"] = detail.timeline.iter().map(shown::line_json).collect();
            say(&outage.to_string());
            return Ok(());
        }
        let message = lists::detail(&detail, self.desk.policy(), self.clock.now());
        say(&shown::words(&message, &detail.people));
        Ok(())
    }

    /// Who acts. Their rights are looked up with the change itself.
    async fn person(&self, named: Option<&str>) -> Result<Person, Failure> {
        let Some(named) = named.map(str::trim).filter(|it| !it.is_empty()) else {
            return Err(Failure::Usage(
                "balefire: say who does it with --as, by Slack user ID, e-mail address or name. \
                 What they may do in Slack they may do here."
                    .to_owned(),
            ));
        };
        let mut tx = self.db.read().await.context("cannot read the database")?;
        let mut found = store::people::called(&mut tx, &self.workspace, named)
            .await
            .context("cannot read the database")?;
        drop(tx);
        match (found.pop(), found.is_empty()) {
            (Some(person), true) => Ok(person),
            (Some(_), false) => Err(Failure::Usage(format!(
                "balefire: more than one person is called {named}. Give the Slack user ID or the \
                 e-mail address."
            ))),
            (None, _) if config::is_slack_user(named) => {
                let user = SlackUserId(named.to_owned());
                let mut tx = self.db.read().await.context("cannot read the database")?;
                let standing = store::people::account(&mut tx, &self.workspace, &user).await;
                drop(tx);
                let is = match standing.context("cannot read the database")? {
                    Account::Member => None,
                    Account::App => Some("an app"),
                    Account::Gone => Some("somebody whose account is deactivated"),
                };
                if let Some(is) = is {
                    return Err(Failure::Usage(format!(
                        "balefire: {named} is {is}, and can do nothing in Slack either."
                    )));
                }
                let met = self.desk.meet(&self.workspace, &user, named).await;
                Ok(met.context("cannot write to the database")?)
            }
            (None, _) => Err(Failure::Usage(format!(
                "balefire: nobody called {named} has met Balefire yet. Give the Slack user ID, \
                 which begins with U and stands in the person's profile."
            ))),
        }
    }

    async fn write(&self, command: Command, person: &Person, once: &Once) -> Result<(), Failure> {
        let done = command.done();
        // Before anything is read again: "in 2 h" may mean nothing any more, and a component may
        // have been renamed since.
        let written = match self.desk.done_before(&self.workspace, once).await {
            Ok(Some(outage)) => Ok(outage),
            Ok(None) => self.carry_out(command, person, once).await?,
            Err(error) => Err(error),
        };
        let outage = match written {
            Ok(outage) => outage,
            Err(error) => return Err(self.explained(error).await),
        };
        self.audit(person, done, outage.number).await?;
        self.told(&outage, done).await
    }

    async fn carry_out(
        &self,
        command: Command,
        person: &Person,
        once: &Once,
    ) -> Result<Result<Outage, DeskError>, Failure> {
        Ok(match command {
            Command::Announce {
                component,
                summary,
                severity,
                eta,
                answers,
                anyway,
            } => {
                let request = Request {
                    summary: summary.join(" "),
                    component: self.component(&component).await?,
                    severity: self.severity(severity.as_deref())?,
                    eta: match eta {
                        Some(eta) => self.promise(&eta, person)?,
                        None => Eta::unknown(self.clock.now()),
                    },
                    answers: self.answers(&answers)?,
                    from_message: None,
                    not_the_same_as: Vec::new(),
                };
                self.declare(person, request, once, anyway).await
            }
            Command::Update {
                number,
                text,
                stage,
                eta,
            } => {
                let update = Change::Update(Update {
                    text: text.join(" "),
                    stage: stage.as_deref().map(stage_named).transpose()?,
                    eta: match eta {
                        Some(eta) => Some(self.promise(&eta, person)?),
                        None => None,
                    },
                });
                self.change(person, number, &update, once).await
            }
            Command::Eta {
                number,
                eta,
                reason,
            } => {
                let eta = self.promise(&eta.join(" "), person)?;
                let change = Change::Eta { eta, reason };
                self.change(person, number, &change, once).await
            }
            Command::Resolve {
                number,
                text,
                answers,
            } => {
                let answers = self.answers(&answers)?;
                let resolve = self.resolve(number, text.join(" "), answers).await?;
                self.change(person, number, &resolve, once).await
            }
            Command::Reopen { number, reason } => {
                let reason = reason.join(" ");
                let change = Change::Reopen { reason };
                self.change(person, number, &change, once).await
            }
            Command::Withdraw { number, why } => {
                let change = Change::Withdraw {
                    why: why.join(" "),
                    duplicate_of: None,
                };
                self.change(person, number, &change, once).await
            }
            Command::List | Command::Show { .. } => {
                return Err(anyhow!("looking changes nothing").into());
            }
        })
    }

    async fn declare(
        &self,
        person: &Person,
        mut request: Request,
        once: &Once,
        anyway: bool,
    ) -> Result<Outage, DeskError> {
        let declared = self
            .desk
            .declare(&self.workspace, person.id, &request, once)
            .await;
        match declared {
            Err(DeskError::Refused(Refusal::MaybeTheSame { open, lately })) if anyway => {
                request.not_the_same_as = [open, lately].concat();
                self.desk
                    .declare(&self.workspace, person.id, &request, once)
                    .await
            }
            other => other,
        }
    }

    async fn change(
        &self,
        person: &Person,
        number: i64,
        change: &Change,
        once: &Once,
    ) -> Result<Outage, DeskError> {
        let number = OutageNumber(number);
        self.desk
            .change(&self.workspace, person.id, number, change, once)
            .await
    }

    /// What the form would ask besides keeps what it has, also from before it was reopened.
    async fn resolve(
        &self,
        number: i64,
        text: String,
        answers: Answers,
    ) -> Result<Change, Failure> {
        let outage = match self
            .desk
            .outage(&self.workspace, OutageNumber(number))
            .await
        {
            Ok(outage) => outage,
            Err(error) => return Err(self.explained(error).await),
        };
        let former = match &outage.phase {
            Phase::Open { former, .. } => former.as_ref(),
            _ => None,
        };
        let preset = self.desk.policy().post_mortem_default;
        Ok(Change::Resolve(Resolve {
            text,
            at: self.clock.now(),
            answers,
            turnover: outage.turnover.clone(),
            post_mortem_wanted: former.map_or(preset, |it| it.post_mortem_wanted),
        }))
    }

    async fn component(&self, named: &str) -> Result<crate::domain::component::Component, Failure> {
        let found = self.desk.component_called(&self.workspace, named).await;
        found.context("cannot read the database")?.ok_or_else(|| {
            Failure::Usage(format!(
                "balefire: there is no component {named}. Give its key, an alias or its name as in \
                 the catalogue."
            ))
        })
    }

    fn severity(&self, named: Option<&str>) -> Result<Severity, Failure> {
        let Some(named) = named else {
            return Ok(self.desk.policy().default_severity);
        };
        Severity::from_word(&named.to_lowercase()).ok_or_else(|| {
            Failure::Usage(format!(
                "balefire: {named} is no severity. Choose minor, major or critical."
            ))
        })
    }

    fn promise(&self, words: &str, person: &Person) -> Result<Eta, Failure> {
        understand(words, self.clock.now(), person.zone).map_err(|unclear| {
            let why = views::eta::unclear(&unclear, person.zone);
            Failure::Usage(format!("balefire: {why}"))
        })
    }

    fn answers(&self, said: &[String]) -> Result<Answers, Failure> {
        let questions = &self.desk.policy().questions;
        let mut answers = Answers::new();
        for it in said {
            let (key, answer) = it.split_once('=').unwrap_or((it, ""));
            let Some(question) = questions.iter().find(|it| it.key == key) else {
                let keys: Vec<&str> = questions.iter().map(|it| it.key.as_str()).collect();
                return Err(Failure::Usage(format!(
                    "balefire: there is no question {key}. There are {}.",
                    keys.join(", ")
                )));
            };
            let answer = Answer::from(answer.to_owned());
            if !question.takes(&answer) {
                let known = question.known_answers();
                let words: Vec<&str> = known.iter().map(Answer::word).collect();
                return Err(Failure::Usage(format!(
                    "balefire: {key} is answered with {} or unknown.",
                    words.join(", ")
                )));
            }
            answers.push(Given {
                question: key.to_owned(),
                answer: Some(answer),
                detail: None,
            });
        }
        Ok(answers)
    }

    /// The timeline says who did it; this says that it was done from here.
    async fn audit(
        &self,
        person: &Person,
        done: &str,
        number: OutageNumber,
    ) -> Result<(), Failure> {
        let now = self.clock.now();
        let by = Identity::CommandLine {
            name: "cli".to_owned(),
        };
        let detail = serde_json::json!({ "as": person.slack_user, "done": done });
        let recorded = async {
            let mut tx = self.db.begin().await?;
            let subject = format!("outage {number}");
            store::audit::record(&mut tx, &by, "outage.change", &subject, &detail, now).await?;
            tx.commit().await
        };
        Ok(recorded
            .await
            .context("it was done, but the audit table could not be written")?)
    }

    async fn told(&self, outage: &Outage, done: &str) -> Result<(), Failure> {
        if self.json {
            let people = self.people_of(outage).await?;
            say(&shown::json(outage, None, &people).to_string());
            return Ok(());
        }
        let (number, component) = (outage.number, outage.title_component());
        say(&format!("Outage {number} ({component}) is {done}."));
        let mut tx = self.db.read().await.context("cannot read the database")?;
        let unreached = store::reach::all(&mut tx)
            .await
            .context("cannot read the database")?;
        if let Some(it) = unreached.first() {
            say(&format!(
                "Slack cannot be reached ({}); it hears of it as soon as it answers.",
                it.why
            ));
        }
        Ok(())
    }

    async fn people_of(&self, outage: &Outage) -> Result<Vec<Person>, Failure> {
        let people = self.desk.people(&crate::desk::people_of(outage)).await;
        Ok(people.context("cannot read the database")?)
    }

    /// Why something was not done, in the words that people read in Slack.
    async fn explained(&self, error: DeskError) -> Failure {
        let ask = &self.desk.policy().ask;
        let (message, people) = match &error {
            DeskError::Refused(Refusal::MayNotAnnounce) => {
                (lists::may_not_announce(&[], ask), Vec::new())
            }
            DeskError::Refused(Refusal::OutOfDate { number, is }) => {
                return anyhow!("outage {number} is {is}, so that cannot be done now").into();
            }
            DeskError::Refused(refusal @ Refusal::MaybeTheSame { .. }) => {
                let why = lists::refusal(refusal, &[], ask).text;
                return anyhow!("{why} Update that one, or add --anyway.").into();
            }
            DeskError::Refused(refusal) => {
                let people = match refusal {
                    Refusal::MayNotChange { involved } => {
                        self.desk.people(involved).await.unwrap_or_default()
                    }
                    _ => Vec::new(),
                };
                (lists::refusal(refusal, &people, ask), people)
            }
            DeskError::DoneOtherwise(number) => {
                return anyhow!(
                    "this --once key was used before, for something else: outage {number}. \
                     Nothing was done; give another key"
                )
                .into();
            }
            DeskError::UnknownOutage(number) => {
                return anyhow!(
                    "there is no outage {number}; `balefire outage list` shows what there is"
                )
                .into();
            }
            _ => return anyhow!(error).into(),
        };
        anyhow!(shown::plain(&message.text, &people)).into()
    }
}

fn stage_named(word: &str) -> Result<Stage, Failure> {
    Stage::from_word(&word.to_lowercase()).ok_or_else(|| {
        Failure::Usage(format!(
            "balefire: {word} is no stage. Choose investigating, identified or monitoring."
        ))
    })
}
