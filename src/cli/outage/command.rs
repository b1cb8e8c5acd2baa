//! What can be asked for on the command line.

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// What is open, and what ended last.
    List,
    /// One outage with its timeline.
    Show { number: i64 },
    /// Announce an outage.
    Announce {
        /// What is affected: a component's key, alias or name.
        component: String,
        /// What happened.
        #[arg(required = true)]
        summary: Vec<String>,
        /// minor, major or critical; without it what `outages.default_severity` says.
        #[arg(long)]
        severity: Option<String>,
        /// When it should be over, such as 45m, 16:30 or "tomorrow 9:00"; without it nothing is promised.
        #[arg(long)]
        eta: Option<String>,
        /// An answer about the impact, such as sales=yes; once for each question.
        #[arg(long = "answer", value_name = "QUESTION=ANSWER")]
        answers: Vec<String>,
        /// Also when something of the component is open or was resolved just now.
        #[arg(long)]
        anyway: bool,
    },
    /// Say what is known now.
    Update {
        number: i64,
        #[arg(required = true)]
        text: Vec<String>,
        /// investigating, identified or monitoring.
        #[arg(long)]
        stage: Option<String>,
        /// A new promise.
        #[arg(long)]
        eta: Option<String>,
    },
    /// Promise another end.
    Eta {
        number: i64,
        #[arg(required = true)]
        eta: Vec<String>,
        /// Why it changed.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// It is over, now.
    Resolve {
        number: i64,
        /// How it was resolved.
        text: Vec<String>,
        /// An answer about the impact, such as sales=no; once for each question.
        #[arg(long = "answer", value_name = "QUESTION=ANSWER")]
        answers: Vec<String>,
    },
    /// It is not over after all.
    Reopen {
        number: i64,
        #[arg(required = true)]
        reason: Vec<String>,
    },
    /// It was no outage.
    Withdraw {
        number: i64,
        #[arg(required = true)]
        why: Vec<String>,
    },
}

impl Command {
    /// What was done to the outage, in a word.
    pub(super) fn done(&self) -> &'static str {
        match self {
            Command::List | Command::Show { .. } => "shown",
            Command::Announce { .. } => "announced",
            Command::Update { .. } => "updated",
            Command::Eta { .. } => "promised anew",
            Command::Resolve { .. } => "resolved",
            Command::Reopen { .. } => "reopened",
            Command::Withdraw { .. } => "withdrawn",
        }
    }
}
