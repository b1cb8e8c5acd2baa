//! The forms, each with how it looks and how it is read, and what they share.
//!
//! `view` builds a form, `read` turns what was filled in into a typed value or says what is wrong
//! at which field, all at once. Where a form changes something, `read` compares with the outage as
//! it was when the form was opened and gives none for what was left alone.
//!
//! Slack reports whatever stands in `state.values`, also from forms that an older version opened,
//! so a missing field is left alone rather than complained about: an error at a field that the
//! form does not have would show nothing to anybody.

pub mod announce;
pub mod edit;
pub mod edit_resolution;
pub mod edit_times;
pub mod eta;
mod fields;
pub mod link_post_mortem;
mod questions;
pub mod reassign;
pub mod reopen;
pub mod resolve;
pub mod same;
pub mod set_channel;
pub mod update;
mod values;
pub mod withdraw;

pub use fields::NOT_OFFERED;
pub use values::{FieldErrors, Values};

use super::answers;
use crate::{
    domain::{
        command::Command,
        outage::Outage,
        refusal::{Field, Refusal},
    },
    slack::mrkdwn,
};

/// The `action_id` of the field that asks for suggestions.
pub const COMPONENT_ACTION: &str = "component";

/// The `action_id` of the field that says how an ETA is understood when Enter is pressed in it.
pub const ETA_TEXT_ACTION: &str = "eta_text";

/// The names of fields, which are also the names of their blocks. Questions about the impact are
/// named by [`block::impact`].
pub mod block {
    pub const SUMMARY: &str = "summary";
    pub const COMPONENT: &str = "component";
    pub const SEVERITY: &str = "severity";
    pub const ETA: &str = "eta";
    pub const TEXT: &str = "text";
    pub const STAGE: &str = "stage";
    pub const REASON: &str = "reason";
    pub const RESOLUTION: &str = "resolution";
    pub const RESOLVED_AT: &str = "resolved_at";
    pub const STARTED_AT: &str = "started_at";
    pub const TURNOVER: &str = "turnover";
    pub const POST_MORTEM: &str = "post_mortem";
    pub const WHY: &str = "why";
    pub const ETA_TEXT: &str = "eta_text";
    /// Below it: how its words are understood.
    pub const ETA_NOTE: &str = "eta_note";
    /// What to do with an outage that may be announced already.
    pub const SAME: &str = "same";
    pub const LINK: &str = "link";
    pub const CHANNEL: &str = "channel";
    pub const DUPLICATE_OF: &str = "duplicate_of";
    pub const SOLUTION: &str = "solution";
    pub const COMMUNICATION: &str = "communication";

    /// The block of a question.
    pub fn impact(question: &str) -> String {
        crate::slack::kit::short_id(&format!("impact.{question}"))
    }

    /// The block of the few words besides an answer.
    pub fn impact_detail(question: &str) -> String {
        crate::slack::kit::short_id(&format!("detail.{question}"))
    }
}

/// What somebody else made of the very text that a form is about to replace, while the form was
/// open; none when nothing is lost by saving it.
pub fn rewritten(command: &Command, base: &Outage, current: &Outage) -> Option<String> {
    let resolution = |of: &Outage| of.phase.resolution().map(|it| it.text.clone());
    let (what, theirs) = match command {
        Command::Edit(edit) => {
            let mine = edit.summary.as_ref()?;
            let lost = base.summary != current.summary && *mine != current.summary;
            ("The summary", lost.then(|| current.summary.clone())?)
        }
        Command::EditResolution(edit) => {
            let mine = edit.text.as_ref()?;
            let theirs = resolution(current)?;
            let lost = resolution(base).as_ref() != Some(&theirs) && *mine != theirs;
            ("The resolution", lost.then_some(theirs)?)
        }
        _ => return None,
    };
    let quoted = match theirs.as_str() {
        "" => "_nothing_".to_owned(),
        text => mrkdwn::quote(text, 1500),
    };
    Some(format!(
        "*{what} was changed while you wrote.* It is now:\n{quoted}\nTake over what you need: yours \
         replaces it when you save once more."
    ))
}

/// At which field a refusal belongs, and what it says there; none when it is about no field.
pub fn field_error(refusal: &Refusal) -> Option<(&'static str, String)> {
    let field = match refusal {
        Refusal::Empty { field }
        | Refusal::TooLong { field, .. }
        | Refusal::EndsBeforeItStarts { field, .. }
        | Refusal::InTheFuture { field } => *field,
        Refusal::NotALink => Field::Link,
        Refusal::ChannelTaken { .. } | Refusal::IsAnnounceChannel => Field::Channel,
        Refusal::NotAnOriginal { .. } => Field::DuplicateOf,
        Refusal::Deactivated
        | Refusal::MayNotAnnounce
        | Refusal::MayNotChange { .. }
        | Refusal::OutOfDate { .. }
        | Refusal::MaybeTheSame { .. }
        | Refusal::HasChannel
        | Refusal::NothingToTake
        | Refusal::NothingChanged => return None,
    };
    let block = match field {
        Field::Summary => block::SUMMARY,
        Field::Component => block::COMPONENT,
        Field::Update => block::TEXT,
        Field::Reason => block::REASON,
        Field::Resolution => block::RESOLUTION,
        Field::ResolvedAt => block::RESOLVED_AT,
        Field::StartedAt => block::STARTED_AT,
        Field::Link => block::LINK,
        Field::Channel => block::CHANNEL,
        Field::DuplicateOf => block::DUPLICATE_OF,
        // Which question it is only the form knows, and checks before it comes here.
        Field::Impact => return None,
    };
    Some((block, answers::sentence(refusal)))
}
