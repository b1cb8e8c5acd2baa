//! The form that says who works on an outage and who keeps everybody informed.

use slack_morphism::prelude::{SlackBlock, SlackView};

use super::{Values, block};
use crate::{
    domain::{
        ids::SlackUserId,
        outage::{Outage, Role},
        person::Person,
    },
    slack::{
        action::{Form, FormContext},
        kit,
        views::people::find,
    },
};

/// Whom a field names: none when the form has no such field, the inner none when it is empty.
pub type Named = Option<Option<SlackUserId>>;

/// The field of a role.
pub fn field(role: Role) -> &'static str {
    match role {
        Role::Solution => block::SOLUTION,
        Role::Communication => block::COMMUNICATION,
    }
}

/// `people` are those whom the outage names.
pub fn view(outage: &Outage, people: &[Person]) -> SlackView {
    let blocks = Role::ALL.map(|role| select(role, outage, people)).to_vec();
    let title = format!("Reassign outage {}", outage.number);
    kit::modal(
        Form::Reassign,
        FormContext::of(outage),
        &title,
        "Save",
        blocks,
    )
}

fn select(role: Role, outage: &Outage, people: &[Person]) -> SlackBlock {
    let (label, hint) = match role {
        Role::Solution => ("Solution", "Who works on the fix, or finds who can."),
        Role::Communication => ("Communication", "Who keeps everybody informed."),
    };
    let person = outage.roles.of(role).and_then(|id| find(id, people));
    let initial = person.map(|it| it.slack_user.as_str());
    let element = kit::people_select(field(role), "Nobody yet, whoever takes it", initial);
    kit::input(field(role), label, element, hint, true)
}

/// Whom the form names for solution and for communication.
pub fn read(values: &Values) -> (Named, Named) {
    let named = |role| {
        let at = field(role);
        let person = || values.person(at).map(SlackUserId::from);
        values.has(at).then(person)
    };
    (named(Role::Solution), named(Role::Communication))
}
