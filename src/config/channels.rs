//! `[channels]`: how dedicated channels are made, used and left. Making them is done elsewhere.

use std::time::Duration;

use super::problem::Fault;
use super::reader::Reader;
use super::suggestion::nearest;
use crate::domain::channel::{LONGEST_NAME, PLACEHOLDERS};
use crate::domain::policy::Channels;

/// Slack's own limit for the name of an emoji.
const EMOJI_MOST: usize = 100;

/// What Balefire itself puts on a message.
const MARK: &str = "white_check_mark";

const WHERE_THE_GROUP_IS: &str =
    "Open the user group in Slack and copy its ID, which looks like S0123456789.";

pub(super) fn read(reader: &mut Reader) -> Option<Channels> {
    let default = Channels::default();
    let name = reader.text("channels.name", &default.name, name);
    let emoji = reader.text("channels.emoji", &default.emoji, emoji);
    let invite_groups = reader.list("channels.invite_groups", &[], user_group);
    let hours = reader.number("channels.archive_after_hours", 0, 0..=8760, "hours");
    Some(Channels {
        name: name?,
        emoji: emoji?,
        invite_groups: invite_groups?,
        archive_after: match hours? {
            0 => None,
            hours => Some(Duration::from_secs(u64::from(hours) * 3600)),
        },
    })
}

fn name(text: &str) -> Result<String, Fault> {
    let mut letters = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        letters.push_str(before);
        let end = after.find('}').map_or(after.len(), |end| end + 1);
        let (placeholder, behind) = rest[before.len()..].split_at(end + 1);
        if !PLACEHOLDERS.contains(&placeholder) {
            return Err(unknown_placeholder(placeholder));
        }
        rest = behind;
    }
    letters.push_str(rest);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let reason = if !letters.chars().all(plain) {
        "Besides placeholders, Slack takes only small letters, digits, - and _.".to_owned()
    } else if text.trim_matches(['-', '_']).is_empty() {
        "Nothing would be left of the name.".to_owned()
    } else if text.len() > LONGEST_NAME {
        format!("It is longer than Slack takes: {LONGEST_NAME} characters.")
    } else {
        return Ok(text.to_owned());
    };
    Err(Fault::new(reason, "Write it like o-{component}-{yymmdd}."))
}

fn unknown_placeholder(placeholder: &str) -> Fault {
    let remedy = match nearest(placeholder, PLACEHOLDERS) {
        Some(known) => format!("Did you mean {known}?"),
        None => format!("Use any of {}.", PLACEHOLDERS.join(", ")),
    };
    let reason = match placeholder.ends_with('}') {
        true => format!("There is no placeholder {placeholder}."),
        false => format!("The brace at {placeholder} is not closed."),
    };
    Fault::new(reason, remedy)
}

/// The name of an emoji, with or without its colons.
fn emoji(text: &str) -> Result<String, Fault> {
    let name = text.strip_prefix(':').unwrap_or(text);
    let name = name.strip_suffix(':').unwrap_or(name);
    if name.contains("::skin-tone-") {
        return Err(Fault::new(
            "It names a skin tone.",
            "Leave the skin tone out: the emoji counts with all of them.",
        ));
    }
    if name == MARK {
        return Err(Fault::new(
            "Balefire itself marks with it what was shared.",
            "Choose another emoji, such as point_up.",
        ));
    }
    // Slack has a piñata.
    let plain = |c: char| c.is_alphanumeric() && !c.is_uppercase() || "_-+".contains(c);
    if name.is_empty() || name.chars().count() > EMOJI_MOST || !name.chars().all(plain) {
        return Err(Fault::new(
            "It is not the name of an emoji.",
            "Write it like point_up: what Slack shows between colons when you hover over the emoji.",
        ));
    }
    Ok(name.to_owned())
}

pub(super) fn user_group(text: &str) -> Result<String, Fault> {
    let rest = text.strip_prefix('S').unwrap_or_default();
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    if rest.len() >= 2 && rest.chars().all(plain) {
        return Ok(text.to_owned());
    }
    let reason = "It is not the ID of a user group, which begins with S.";
    Err(Fault::new(reason, WHERE_THE_GROUP_IS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_letters_and_placeholders() {
        for text in [
            "o-{component}-{yymmdd}",
            "{number}",
            "outage_{severity}{number}",
            "war-room",
        ] {
            assert_eq!(name(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn names_that_slack_would_not_take_are_refused() {
        let long = "o".repeat(LONGEST_NAME + 1);
        for (text, reason, remedy) in [
            ("o-{componet}", "no placeholder {componet}.", "{component}?"),
            (
                "o-{x}-{number}",
                "no placeholder {x}.",
                "{yymmdd}, {number}",
            ),
            ("o-{number", "brace at {number is not closed", "{number}?"),
            ("o-{", "brace at { is not closed", "Use any of {component}"),
            ("o-{}", "no placeholder {}.", "Use any of"),
            ("o-{ž", "brace at {ž is not closed", "Use any of"),
            ("o-number}", "only small letters", "Write it like"),
            ("O-{number}", "only small letters", "Write it like"),
            ("o {number}", "only small letters", "Write it like"),
            ("", "Nothing would be left", "Write it like"),
            ("-_-", "Nothing would be left", "Write it like"),
            (long.as_str(), "80 characters", "Write it like"),
        ] {
            let fault = name(text).expect_err(text);
            assert!(fault.reason.contains(reason), "{text}: {}", fault.reason);
            assert!(fault.remedy.contains(remedy), "{text}: {}", fault.remedy);
        }
    }

    #[test]
    fn an_emoji_may_have_its_colons() {
        for (text, name) in [
            ("point_up", "point_up"),
            (":point_up:", "point_up"),
            (":+1:", "+1"),
            ("piñata", "piñata"),
            ("flag-cz", "flag-cz"),
        ] {
            assert_eq!(emoji(text).as_deref(), Ok(name));
        }
    }

    #[test]
    fn what_is_no_emojis_name_is_refused() {
        for (text, reason) in [
            (":point_up::skin-tone-2:", "skin tone"),
            ("point_up::skin-tone-6", "skin tone"),
            (":white_check_mark:", "Balefire itself"),
            ("☝", "not the name"),
            ("Point_Up", "not the name"),
            ("point up", "not the name"),
            ("::", "not the name"),
            ("", "not the name"),
        ] {
            let fault = emoji(text).expect_err(text);
            assert!(fault.reason.contains(reason), "{text}: {}", fault.reason);
        }
    }
}
