//! `[permissions]`: who may do what. Deciding with it is the domain's business.

use std::collections::BTreeSet;

use super::groups::{Group, GroupSource, read_groups, read_sources};
use super::problem::Fault;
use super::reader::Reader;
use crate::domain::membership::Source;

#[derive(Debug, Clone)]
pub struct Permissions {
    /// Everybody may announce an outage.
    pub allow_all_to_notify: bool,
    pub on_call: Vec<Person>,
    pub edit_all_outages: Vec<Person>,
    pub administrators: Vec<Person>,
    /// Groups of the team's own, besides those three.
    pub groups: Vec<Group>,
    /// Whose members are also read elsewhere.
    pub sources: Vec<GroupSource>,
    /// The domain of the team's addresses: members who have another one in Slack are known by the
    /// same name in this one, unless that is somebody else's.
    pub email_domain: Option<String>,
    /// Who or where to ask for a right, shown in refusals; may be empty.
    pub ask: String,
}

impl Permissions {
    /// The user groups of Slack that give rights, by their IDs.
    pub fn user_groups(&self) -> BTreeSet<String> {
        let ids = self.sources.iter().filter_map(|it| match &it.source {
            Source::SlackGroup(id) => Some(id.clone()),
            _ => None,
        });
        ids.collect()
    }
}

/// How the settings name somebody.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Person {
    SlackUser(String),
    /// In small letters.
    Email(String),
}

impl std::fmt::Display for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::SlackUser(text) | Self::Email(text)) = self;
        f.write_str(text)
    }
}

const ASK_MOST: usize = 300;

pub(super) fn read(reader: &mut Reader) -> Option<Permissions> {
    let allow_all_to_notify = reader.switch("permissions.allow_all_to_notify", false);
    let on_call = reader.list("permissions.on_call", &[], person);
    let edit_all_outages = reader.list("permissions.edit_all_outages", &[], person);
    let administrators = reader.list("permissions.administrators", &[], person);
    let groups = read_groups(reader);
    let sources = read_sources(reader, groups.as_deref());
    let email_domain = reader.text("permissions.email_domain", "", domain);
    let ask = reader.text("permissions.ask", "", |text| {
        if text.chars().count() > ASK_MOST || text.chars().any(char::is_control) {
            return Err(Fault::new(
                format!("It must be one line of at most {ASK_MOST} characters."),
                "Shorten it, for example to: ask in #help-outages.",
            ));
        }
        Ok(text.to_owned())
    });
    Some(Permissions {
        allow_all_to_notify: allow_all_to_notify?,
        on_call: on_call?,
        edit_all_outages: edit_all_outages?,
        administrators: administrators?,
        groups: groups?,
        sources: sources?,
        email_domain: email_domain?,
        ask: ask?,
    })
}

pub(super) fn person(text: &str) -> Result<Person, Fault> {
    if is_slack_user(text) {
        Ok(Person::SlackUser(text.to_owned()))
    } else if is_email(text) {
        Ok(Person::Email(text.to_lowercase()))
    } else {
        Err(Fault::new(
            "It is neither the ID of a Slack user, which begins with U or W, nor an e-mail address.",
            "Open the person's profile in Slack and copy the member ID, or write the e-mail address.",
        ))
    }
}

fn domain(text: &str) -> Result<Option<String>, Fault> {
    let domain = text.trim_start_matches('@').to_lowercase();
    if domain.is_empty() {
        return Ok(None);
    }
    if !is_email(&format!("somebody@{domain}")) {
        return Err(Fault::new(
            "It is not the domain of e-mail addresses.",
            "Write it like example.com.",
        ));
    }
    Ok(Some(domain))
}

/// Whether this is the ID of a Slack user, as far as its form tells.
pub fn is_slack_user(text: &str) -> bool {
    let rest = text.strip_prefix(['U', 'W']).unwrap_or_default();
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    rest.len() >= 2 && rest.chars().all(plain)
}

/// Whether this is an e-mail address, as far as its form tells.
pub fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else {
        return false;
    };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"@<>,".contains(c);
    !name.is_empty()
        && text.chars().filter(|c| *c == '@').count() == 1
        && text.chars().all(|c| plain(c) || c == '@')
        && host.contains('.')
        && host.split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_by_id_or_address() {
        assert_eq!(person("U02ABC"), Ok(Person::SlackUser("U02ABC".into())));
        assert_eq!(person("W02ABC"), Ok(Person::SlackUser("W02ABC".into())));
        assert_eq!(
            person("Ana.B@Example.com"),
            Ok(Person::Email("ana.b@example.com".into()))
        );
    }

    #[test]
    fn names_and_groups_are_refused() {
        for text in [
            "ana", "@ana", "S02ABC", "ana@", "ana@host", "a@b@c.d", "<a@b.c>", "a@b..c", "",
        ] {
            assert!(person(text).is_err(), "{text}");
        }
    }
}
