//! What somebody may do, why, and who can give them more.

use super::{Message, people};
use crate::{
    desk::Standing,
    domain::{
        actor::Right,
        membership::{Membership, Source},
    },
    slack::{kit, mrkdwn},
    store::syncs::Sync,
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
    let mut rights: Vec<&str> = standing.rights.iter().map(|it| ability(*it)).collect();
    if standing.everybody_announces && !standing.rights.contains(&Right::Announce) {
        rights.insert(0, ability(Right::Announce));
    }
    rights.push("change outages that you announced or have a part in");
    let mut lines = vec![format!("*{may}*")];
    lines.extend(rights.iter().map(|it| format!("• {it}")));
    lines.push("*Because*".to_owned());
    if standing.everybody_announces {
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
    blocks.push(kit::section("more", &more(standing, ask)));
    if let Some(stale) = kit::context("stale", &stale(&standing.stale)) {
        blocks.push(stale);
    }
    let text = format!("{may}: {}.", rights.join("; "));
    Message::new(&text, blocks)
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
pub fn whence(source: &Source) -> String {
    match source {
        Source::Settings => "named in the settings".to_owned(),
        Source::Manual => "added by an administrator".to_owned(),
        Source::Google(address) => {
            format!("from the Google group {}", mrkdwn::one_line(address, NAME))
        }
        Source::SlackGroup(id) => {
            format!("from the user group {}", mrkdwn::one_line(id, NAME))
        }
    }
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
