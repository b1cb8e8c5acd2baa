//! Who somebody is, with a ping or without.

use crate::{
    domain::{actor::Identity, ids::PersonId, person::Person},
    slack::mrkdwn,
};

/// Who has a role that nobody has taken.
const NOBODY: &str = "nobody";

pub fn find(id: PersonId, people: &[Person]) -> Option<&Person> {
    people.iter().find(|it| it.id == id)
}

/// Pings; somebody who is not known any more is somebody.
pub fn mention(id: PersonId, people: &[Person]) -> String {
    find(id, people).map_or_else(|| "somebody".to_owned(), mrkdwn::mention)
}

/// Names without a ping.
pub fn name(id: PersonId, people: &[Person]) -> String {
    find(id, people).map_or_else(|| "somebody".to_owned(), mrkdwn::name)
}

/// Whoever has a role, with a ping; nobody as yet when none.
pub fn assignee(id: Option<PersonId>, people: &[Person]) -> String {
    id.map_or_else(|| NOBODY.to_owned(), |id| mention(id, people))
}

/// Whoever has a role, without a ping.
pub fn assignee_name(id: Option<PersonId>, people: &[Person]) -> String {
    id.map_or_else(|| NOBODY.to_owned(), |id| name(id, people))
}

/// Whoever caused a change, with a ping when it was a person.
pub fn mention_of(who: &Identity, people: &[Person]) -> String {
    match who {
        Identity::Person { id } => mention(*id, people),
        other => machine(other),
    }
}

/// Whoever caused a change, without a ping.
pub fn name_of(who: &Identity, people: &[Person]) -> String {
    match who {
        Identity::Person { id } => name(*id, people),
        other => machine(other),
    }
}

/// `A`, `A and B`, `A, B and C`; each once, in the order of their first.
pub fn listed(names: impl IntoIterator<Item = String>) -> String {
    let mut each: Vec<String> = Vec::new();
    for name in names {
        if !each.contains(&name) {
            each.push(name);
        }
    }
    match each.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

fn machine(who: &Identity) -> String {
    let name = mrkdwn::one_line(who.name(), 80);
    match who {
        Identity::Person { .. } => name,
        Identity::Job { .. } => "Balefire".to_owned(),
        Identity::Signal { .. } => format!("{name} (monitoring)"),
        Identity::ApiToken { .. } => format!("{name} (API)"),
        Identity::CommandLine { .. } => format!("{name} (command line)"),
        Identity::Import { .. } => format!("{name} (import)"),
    }
}
