//! The environment variables of The Phoenix, all of them, and what becomes of each. How they are
//! read is the business of `compat.rs`; `docs/phoenix.md` shows this table to people.

use super::{
    Fate::{Ambient, Database, Gone, Is, Later},
    Meaning::{DebugLogs, Same, YesNo},
    Part, Variable,
};

/// Added where the signing secret is missing.
pub(super) const TOKEN_IS_NO_SECRET: &str = "The verification token of The Phoenix \
    (SLACK_VERIFICATION_TOKEN) does not do: it never authenticates anybody here.";

const REMOVE: &str = "Remove it.";
const NO_BROKER: &str = "There is no broker: what waits is in the database.";
const NO_TRACES: &str = "Traces are not sent to Datadog.";
const DEAD_THERE: &str = "It did nothing in The Phoenix either.";

const GITLAB: &str = "what reads post-mortems from GitLab comes later";
const GITLAB_DAYS: &str = "reminders of post-mortems that fall due in GitLab come later";
const POST_MORTEMS: &str = "reminders of missing post-mortems come later";
const DATADOG: &str = "what reads monitors from Datadog comes later";

/// In the order of the guide.
pub(super) const VARIABLES: [Variable; 52] = [
    // Slack.
    is("SLACK_BOT_TOKEN", "slack.bot_token"),
    is("SLACK_ANNOUNCE_CHANNEL_ID", "slack.announce_channel"),
    is("SLACK_EMOJI", "channels.emoji"),
    is("SLACK_NOTIFY_SALES_CHANNEL_ID", "impact.tell.sales"),
    is("SLACK_NOTIFY_B2B_CHANNEL_ID", "impact.tell.b2b_partners"),
    gone(
        "SLACK_VERIFICATION_TOKEN",
        "It never authenticates anybody here: it stands in every request, and whoever saw one \
         could write another.",
        "Set slack.signing_secret, unless slack.mode is socket.",
    ),
    gone(
        "SLACK_TOKEN",
        "Nothing is done in the name of a user: the bot's token is enough.",
        "Remove it, and revoke that token once The Phoenix is switched off.",
    ),
    gone(
        "SLACK_BOT_ID",
        "Slack says who the bot is when it is asked with the token.",
        REMOVE,
    ),
    later(
        "SLACK_POSTMORTEM_REPORT_CHANNEL",
        "the weekly report on post-mortems comes later",
    ),
    // Who may do what.
    Variable {
        name: "ALLOW_ALL_TO_NOTIFY",
        fate: Is("permissions.allow_all_to_notify", YesNo),
    },
    is("ALLOWED_EMAIL_DOMAIN", "permissions.email_domain"),
    is("GOOGLE_SERVICE_ACCOUNT", "google.service_account"),
    is("GOOGLE_ACC", "google.subject"),
    // The database.
    part("DB_HOST", Part::Host("postgres")),
    part("DB_NAME", Part::Name("postgres")),
    part("DB_USER", Part::User("postgres")),
    part("DB_PASSWORD", Part::Password("postgres")),
    part("DB_PORT", Part::Port(5432)),
    gone(
        "DATABASE_URL",
        "The Phoenix did not read it, whatever its example said, and neither does Balefire.",
        "Set database.url.",
    ),
    gone("REDIS_URL", NO_BROKER, REMOVE),
    gone("REDIS_PORT", NO_BROKER, REMOVE),
    gone("REDIS_DB", NO_BROKER, REMOVE),
    // The process.
    Variable {
        name: "DEBUG",
        fate: Is("log.filter", DebugLogs),
    },
    gone(
        "SECRET_KEY",
        "Balefire signs nothing with a key of its own.",
        REMOVE,
    ),
    gone(
        "STRUCTLOG_TIMESTAMP_FORMAT",
        "Times in the logs are always like 2026-03-02T14:00:00Z.",
        "Set log.format to json for logs in JSON.",
    ),
    gone(
        "SENTRY_DSN",
        "Errors are not sent to Sentry.",
        "Watch the log, /readyz and /metrics.",
    ),
    gone(
        "WEB_CONCURRENCY",
        "One process uses all processors.",
        REMOVE,
    ),
    gone(
        "PACKAGE_VERSION",
        "The program knows its version: balefire --version.",
        REMOVE,
    ),
    // Reminders.
    later(
        "NOTIFY_BEFORE_ETA",
        "reminders to people before an ETA come later; the announcement itself says so from ten \
         minutes before",
    ),
    later(
        "NOTIFY_COMMUNICATION_ASSIGNEE_MINUTES",
        "asking the communication assignee for an update comes later",
    ),
    gone("UNKNOWN_ETA_PROMPT_AFTER_MINUTES", DEAD_THERE, REMOVE),
    // Post-mortems.
    later("GITLAB_URL", GITLAB),
    later("GITLAB_PRIVATE_TOKEN", GITLAB),
    later("GITLAB_POSTMORTEM_PROJECT", GITLAB),
    later("GITLAB_POSTMORTEM_DAYS_TO_NOTIFY", GITLAB_DAYS),
    gone("GITLAB_POSTMORTEM_PROJECT_SLUG", DEAD_THERE, REMOVE),
    later("POSTMORTEM_NOTIFICATION_LIST_LIMIT", POST_MORTEMS),
    later("POSTMORTEM_SLACK_NOTIFICATION_LIMIT", POST_MORTEMS),
    gone("POSTMORTEM_EMAIL_NOTIFICATION_LIMIT", DEAD_THERE, REMOVE),
    gone("POSTMORTEM_LABEL_NOTIFICATION_LIMIT", DEAD_THERE, REMOVE),
    gone("POSTMORTEM_LABEL", DEAD_THERE, REMOVE),
    // Spelt so there.
    gone(
        "POSTMORTEM_NOTIFICAION_EMAIL_RECIP_ADDR",
        DEAD_THERE,
        REMOVE,
    ),
    // Datadog.
    later("DATADOG_API_KEY", DATADOG),
    later("DATADOG_APP_KEY", DATADOG),
    gone("DATADOG_AGENT_HOSTNAME", NO_TRACES, REMOVE),
    gone("DATADOG_AGENT_PORT", NO_TRACES, REMOVE),
    gone("DATADOG_SERVICE_NAME", NO_TRACES, REMOVE),
    gone("DATADOG_TAG_HOST", NO_TRACES, REMOVE),
    Variable {
        name: "HOSTNAME",
        fate: Ambient,
    },
    // Development.
    gone(
        "DEVEL_GOOGLE_OAUTH_CLIENT_ID",
        "Trying Balefire out needs no account: balefire demo.",
        REMOVE,
    ),
    gone(
        "DEVEL_GOOGLE_OAUTH_SECRET",
        "Trying Balefire out needs no account: balefire demo.",
        REMOVE,
    ),
    gone(
        "TEST_DATABASE_URL",
        "scripts/test starts a database of its own.",
        REMOVE,
    ),
];

const fn is(name: &'static str, setting: &'static str) -> Variable {
    Variable {
        name,
        fate: Is(setting, Same),
    }
}

const fn part(name: &'static str, part: Part) -> Variable {
    Variable {
        name,
        fate: Database(part),
    }
}

const fn gone(name: &'static str, why: &'static str, instead: &'static str) -> Variable {
    Variable {
        name,
        fate: Gone(why, instead),
    }
}

const fn later(name: &'static str, what: &'static str) -> Variable {
    Variable {
        name,
        fate: Later(what),
    }
}
