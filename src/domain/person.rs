//! People of the workspace.

use super::{
    ids::{PersonId, SlackUserId},
    time::Zone,
};

/// Somebody of the workspace, as far as Balefire knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub slack_user: SlackUserId,
    /// What to call them where a mention cannot stand.
    pub name: String,
    pub email: Option<String>,
    /// Falls back to UTC while unknown.
    pub zone: Zone,
    /// An https address of their picture.
    pub picture: Option<String>,
}
