//! `[log]`: how much is logged and in which form. Setting up the logs is telemetry's business.

use super::problem::Fault;
use super::reader::Reader;
use super::{Checks, one_of};

#[derive(Debug, Clone)]
pub struct Log {
    pub format: LogFormat,
    /// Levels by target, as `info,balefire::outbox=debug`.
    pub filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Human,
    /// One JSON object to a line, for collectors.
    Json,
}

pub(super) fn read(reader: &mut Reader, checks: &Checks) -> Option<Log> {
    let formats = [("human", LogFormat::Human), ("json", LogFormat::Json)];
    let format = reader.text("log.format", "human", |text| one_of(text, &formats));
    let filter = reader.text("log.filter", "info", |text| {
        (checks.log_filter)(text)
            .map(|()| text.to_owned())
            .map_err(|reason| Fault::new(reason, "Write it like info or info,sqlx=debug."))
    });
    Some(Log {
        format: format?,
        filter: filter?,
    })
}
