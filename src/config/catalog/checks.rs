//! What each field of an entry may look like, whichever file it comes from.

use url::Url;

use crate::config::problem::Fault;
use crate::config::suggestion::nearest;

/// Words that mean something after `/outage`, so no component can be called so: an outage of it
/// could not be announced by its name. Plain numbers are taken, too.
pub const RESERVED: [&str; 14] = [
    "help", "?", "list", "ls", "show", "update", "eta", "resolve", "reopen", "withdraw", "merge",
    "take", "who", "whoami",
];

/// Fields with a meaning of their own. Every other one is an attribute.
pub(super) const FIELDS: [&str; 9] = [
    "key",
    "name",
    "group",
    "aliases",
    "parents",
    "owner",
    "links",
    "description",
    "retired",
];

/// What an option in Slack can show.
const NAME_MOST: usize = 75;
pub(super) const KEY_MOST: usize = 64;
/// What is said in one line.
const LINE_MOST: usize = 150;
const DESCRIPTION_MOST: usize = 3000;
const LINKS_MOST: usize = 20;
/// What a button in Slack can open, and more than any page needs.
const URL_MOST: usize = 2000;

pub(super) fn word(word: &str) -> Result<(), Fault> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    if RESERVED.contains(&word) {
        return Err(Fault::new(
            format!("It is a word of the command: /outage {word}."),
            "Choose another word.",
        ));
    }
    if !word.is_empty() && word.chars().all(|c| c.is_ascii_digit()) {
        return Err(Fault::new(
            "A plain number means the outage with that number.",
            "Choose a word.",
        ));
    }
    if !word.starts_with(|c: char| c.is_ascii_lowercase())
        || !word.chars().all(plain)
        || word.len() > KEY_MOST
    {
        return Err(Fault::new(
            format!(
                "It must be a small letter and then small letters, digits, - or _, at most {KEY_MOST} in all."
            ),
            "Write it like mobile-app.",
        ));
    }
    Ok(())
}

pub(super) fn name(name: &str) -> Result<(), Fault> {
    match name.is_empty() || !is_line(name, NAME_MOST) {
        true => Err(Fault::new(
            format!("A name is one line of 1 to {NAME_MOST} characters."),
            "Slack cannot show more in a list.",
        )),
        false => Ok(()),
    }
}

/// An owner, or the value of an attribute.
pub(super) fn line(text: &str) -> Result<(), Fault> {
    match is_line(text, LINE_MOST) {
        true => Ok(()),
        false => Err(Fault::new(
            format!("It must be one line of at most {LINE_MOST} characters."),
            "Shorten it; a description may be longer.",
        )),
    }
}

pub(super) fn description(text: &str) -> Result<(), Fault> {
    let strange = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    match text.chars().count() > DESCRIPTION_MOST || text.contains(strange) {
        true => Err(Fault::new(
            format!("A description is a text of at most {DESCRIPTION_MOST} characters."),
            "Shorten it, and link a page that says more.",
        )),
        false => Ok(()),
    }
}

/// The name of an attribute. One that is a letter away from a field of ours is a slip.
pub(super) fn attribute(field: &str) -> Result<(), Fault> {
    if field.is_empty() || !is_line(field, KEY_MOST) {
        let reason = format!("The name of a field has 1 to {KEY_MOST} characters.");
        return Err(Fault::new(reason, "Shorten it."));
    }
    let meant = match field {
        "alias" => Some("aliases"),
        field => nearest(field, FIELDS),
    };
    match meant {
        Some(meant) => {
            let remedy = format!("Did you mean {meant}? Otherwise give it a longer name.");
            Err(Fault::new("This looks like a misspelt field.", remedy))
        }
        None => Ok(()),
    }
}

pub(super) fn link_name(name: &str) -> Result<(), Fault> {
    match name.is_empty() || !is_line(name, NAME_MOST) {
        true => Err(Fault::new(
            format!("The name of a link is one line of 1 to {NAME_MOST} characters."),
            "Say in a word or two what stands there.",
        )),
        false => Ok(()),
    }
}

pub(super) fn link_count(count: usize) -> Result<(), Fault> {
    match count > LINKS_MOST {
        true => Err(Fault::new(
            format!("There are more than {LINKS_MOST} links."),
            "Link a page that lists the others.",
        )),
        false => Ok(()),
    }
}

pub(super) fn url(text: &str) -> Result<(), Fault> {
    let example = "Write it like https://wiki.example.com/payments.";
    let reason = match Url::parse(text) {
        Err(error) => format!("It is not a web address: {error}."),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            "It must begin with http:// or https://.".to_owned()
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "It must not contain a user name or password.".to_owned()
        }
        Ok(_) if text.chars().count() > URL_MOST => {
            format!("It is longer than {URL_MOST} characters.")
        }
        // The parser passes over line breaks, and takes spaces for %20.
        Ok(_) if text.contains(|c: char| c.is_control() || c.is_whitespace()) => {
            "It must not contain spaces or line breaks.".to_owned()
        }
        Ok(_) => return Ok(()),
    };
    Err(Fault::new(reason, example))
}

fn is_line(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.chars().any(char::is_control)
}
