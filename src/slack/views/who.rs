//! What somebody may do, why, and who can give them more.

use super::{Message, done, people};
use crate::{
    desk::Standing,
    domain::{
        actor::Right,
        membership::{Membership, Source},
        person::Person,
    },
    slack::{
        action::Action,
        kit::{self, Look},
        mrkdwn,
    },
    store::{people::Account, syncs::Sync},
};

/// How many of anything are listed.
const LISTED: usize = 20;

/// How long one entry may be.
const NAME: usize = 80;

/// `/outage who`. `of` is how the person is called when somebody else asks; `ask` is whom to ask
/// for a right, as the settings say.
pub fn who(standing: &Standing, of: Option<&str>, ask: &str) -> Message {
    let (may, has) = match of {
        None => ("You may".to_owned(), "You are".to_owned()),
        Some(name) => {
            let name = mrkdwn::one_line(name, NAME);
            (format!("{name} may"), format!("{name} is"))
        }
    };
    let rights = abilities(standing, of.is_some());
    let mut lines = vec![format!("*{may}*")];
    lines.extend(rights.iter().map(|it| format!("• {it}")));
    lines.push("*Because*".to_owned());
    lines.extend(match standing.account {
        Account::Member => None,
        Account::Gone => Some(format!("• {} deactivated in Slack", lower(&has))),
        Account::App => Some(format!("• {} an app", lower(&has))),
    });
    if standing.everybody_announces && standing.account == Account::Member {
        lines.push("• everybody here may announce".to_owned());
    }
    match standing.memberships.is_empty() {
        true => lines.push(format!("• {} in no group", lower(&has))),
        false => {
            let groups = standing.memberships.iter().take(LISTED);
            lines.extend(groups.map(|it| format!("• {} in {}", lower(&has), membership(it))));
        }
    }
    let mut blocks = vec![kit::section("who", &lines.join("\n"))];
    if standing.account == Account::Member {
        blocks.push(kit::section("more", &more(standing, ask)));
        blocks.extend(kit::context("stale", &stale(&standing.stale)));
    }
    let text = format!("{may}: {}.", rights.join("; "));
    Message::new(&text, blocks)
}

/// What follows "may"; somebody else's, or that of whoever reads it.
fn abilities(standing: &Standing, other: bool) -> Vec<&'static str> {
    if standing.account != Account::Member {
        return vec!["do nothing"];
    }
    let mut rights: Vec<&str> = standing.rights.iter().map(|it| ability(*it)).collect();
    if standing.everybody_announces && !standing.rights.contains(&Right::Announce) {
        rights.insert(0, ability(Right::Announce));
    }
    rights.push(match other {
        true => "change outages that they announced or have a part in",
        false => "change outages that you announced or have a part in",
    });
    rights
}

/// Nobody is called as somebody wrote. Words without an @ may have been meant for an announcement.
pub fn nobody(command: &str, said: &str) -> Message {
    let name = mrkdwn::one_line(said, NAME);
    let text = format!(
        "Balefire knows nobody called {name}. Write the name as Slack shows it, the e-mail address, \
         or the member ID from the person's profile: {command} who U0123456789."
    );
    if said.starts_with('@') {
        return Message::new(&text, Vec::new());
    }
    let mut blocks = vec![kit::section("nobody", &text)];
    blocks.push(kit::section(
        "announce",
        "If this is what happened, and no name, announce it with the button.",
    ));
    let words = format!("who {said}");
    let button = done::carrying(
        Action::Announce,
        &words,
        "Announce an outage",
        Look::Primary,
    );
    blocks.extend(kit::actions("actions", vec![button]));
    Message::new(&text, blocks)
}

/// Several are called as somebody wrote.
pub fn several(command: &str, said: &str, people: &[Person]) -> Message {
    let name = mrkdwn::one_line(said, NAME);
    let text = format!("More than one person is called {name}. Write whom you mean:");
    let each = people.iter().map(|it| {
        let id = mrkdwn::one_line(it.slack_user.as_str(), NAME);
        format!("• {}: `{command} who {id}`", mrkdwn::mention(it))
    });
    let lines: Vec<String> = std::iter::once(text.clone()).chain(each).collect();
    let plain = people.iter().map(|it| it.slack_user.as_str());
    let plain: Vec<&str> = plain.collect();
    let plain = format!("{text} {}.", plain.join(", "));
    Message::new(&plain, vec![kit::section("several", &lines.join("\n"))])
}

/// Why somebody cannot be given more, or who gives it.
fn more(standing: &Standing, ask: &str) -> String {
    if standing.rights.contains(&Right::Administer) {
        return "That is everything there is.".to_owned();
    }
    let holders = standing.administrators.iter().take(LISTED);
    let holders = people::listed(
        holders.map(|it| mrkdwn::mention_id(it).unwrap_or_else(|| mrkdwn::one_line(it, NAME))),
    );
    match (ask, holders.as_str()) {
        ("", "") => "Whoever runs Balefire can give you more.".to_owned(),
        ("", holders) => format!("{holders} can give you more."),
        (ask, "") => format!("For more: {}", mrkdwn::escape(ask)),
        (ask, holders) => format!("{holders} can give you more: {}", mrkdwn::escape(ask)),
    }
}

fn lower(sentence: &str) -> String {
    match sentence.strip_prefix("You ") {
        Some(rest) => format!("you {rest}"),
        None => sentence.to_owned(),
    }
}

/// What a right lets people do, to follow "may".
pub fn ability(right: Right) -> &'static str {
    match right {
        Right::Announce => "announce outages",
        Right::ChangeAnyOutage => "change every outage",
        Right::Publish => "write to the status page",
        Right::Administer => "do everything, and give others rights",
    }
}

fn membership(membership: &Membership) -> String {
    let since = mrkdwn::date(membership.since);
    let group = mrkdwn::one_line(&membership.group, NAME);
    format!("*{group}*, {}, since {since}", whence(&membership.source))
}

/// Where a membership comes from.
fn whence(source: &Source) -> String {
    mrkdwn::one_line(&source.in_words(), 2 * NAME)
}

/// What may be out of date.
fn stale(syncs: &[Sync]) -> Vec<String> {
    let lines = syncs.iter().take(LISTED).map(|it| {
        let group = mrkdwn::one_line(&it.group, NAME);
        let of = format!("{group}, {}", whence(&it.source));
        let since = match it.synced_at {
            Some(at) => format!("as it was {}", mrkdwn::date(at)),
            None => "not read yet".to_owned(),
        };
        match it.problem.as_str() {
            "" => format!(
                "{of}: {since}. {} memberships wait for an administrator to confirm that they go.",
                it.would_remove
            ),
            why => format!("{of}: {since}. {}", mrkdwn::one_line(why, 200)),
        }
    });
    lines.collect()
}

/// Tells an administrator that a list would take more than half of a group away.
pub fn removals(group: &str, source: &str, would_remove: i64, before: i64) -> Message {
    let source = source
        .parse::<Source>()
        .map_or_else(|_| mrkdwn::one_line(source, NAME), |source| whence(&source));
    let group = mrkdwn::one_line(group, NAME);
    let text = format!(
        "{would_remove} of {before} members of {group} ({source}) are not on its list any more. \
         Nobody was removed: more than half at once may be a mistake. If it is meant, run \
         balefire sync groups --yes where Balefire runs; \
         balefire sync groups --dry-run shows who would go."
    );
    let markup = text
        .replace("balefire sync groups --yes", "`balefire sync groups --yes`")
        .replace(
            "balefire sync groups --dry-run",
            "`balefire sync groups --dry-run`",
        );
    Message::new(&text, vec![kit::section("removals", &markup)])
}
