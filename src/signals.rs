//! Webhooks of monitors: who may send them, what they say, and that nothing of it is lost.
//!
//! Each source has a pure parser from the bytes of a body to [`Report`]s. `trust` decides who is
//! listened to, `http` has the routes, [`intake`] keeps what came before it is answered, and
//! [`worker`] hands it on. What a report makes of a check is not known here.

mod alertmanager;
mod datadog;
mod generic;
mod grafana;
pub mod http;
pub mod intake;
mod pingdom;
mod shape;
mod trust;
pub mod worker;

use crate::domain::{health::Report, time::Timestamp};

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    Pingdom,
    Alertmanager,
    Grafana,
    Datadog,
    Generic,
}

impl Source {
    pub const ALL: [Source; 5] = [
        Source::Pingdom,
        Source::Alertmanager,
        Source::Grafana,
        Source::Datadog,
        Source::Generic,
    ];

    /// In paths, settings, reports and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Source::Pingdom => "pingdom",
            Source::Alertmanager => "alertmanager",
            Source::Grafana => "grafana",
            Source::Datadog => "datadog",
            Source::Generic => "generic",
        }
    }

    pub fn named(name: &str) -> Option<Source> {
        Source::ALL.into_iter().find(|it| it.name() == name)
    }

    /// What a body says. `now` stands in for a time that was not given, or lies ahead.
    pub fn read(self, body: &[u8], now: Timestamp) -> Result<Said, BadSignal> {
        match self {
            Source::Pingdom => pingdom::read(body, now),
            Source::Alertmanager => alertmanager::read(body, now),
            Source::Grafana => grafana::read(body, now),
            Source::Datadog => datadog::read(body, now),
            Source::Generic => generic::read(body, now),
        }
    }
}

/// What one request said.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub reports: Vec<Report>,
    /// How many more there were that the source left out. That says nothing of them.
    pub left_out: u64,
}

impl From<Vec<Report>> for Said {
    fn from(reports: Vec<Report>) -> Said {
        Said {
            reports,
            left_out: 0,
        }
    }
}

/// Why a body cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct BadSignal {
    /// Which field, as in `alerts[2].fingerprint`; `body` where it is about all of it.
    pub field: String,
    pub why: String,
}

impl BadSignal {
    fn new(field: impl Into<String>, why: impl Into<String>) -> BadSignal {
        BadSignal {
            field: field.into(),
            why: why.into(),
        }
    }
}
