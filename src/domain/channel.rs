//! What dedicated channels are called.

use super::{outage::Outage, policy::Policy};

/// Slack's limit for the name of a channel, in characters.
pub const LONGEST_NAME: usize = 80;

/// The words that a name can be made of.
pub const PLACEHOLDERS: [&str; 4] = ["{component}", "{yymmdd}", "{number}", "{severity}"];

/// The name for an outage's channel by the configured pattern, as Slack takes names: small letters,
/// digits, hyphens and underscores. Another channel may have it already.
pub fn name(outage: &Outage, policy: &Policy) -> String {
    let component = outage
        .affected
        .first()
        .map_or("outage", |it| it.component.key.as_str());
    // `2026-03-01 13:00 CET`
    let announced = outage.announced_at.in_zone(policy.zone);
    let yymmdd: String = announced.get(2..10).unwrap_or_default().replace('-', "");
    let filled = policy
        .channels
        .name
        .replace("{component}", component)
        .replace("{yymmdd}", &yymmdd)
        .replace("{number}", &outage.number.to_string())
        .replace("{severity}", outage.severity.word());
    match slug(&filled, LONGEST_NAME) {
        name if name.is_empty() => format!("outage-{}", outage.number),
        name => name,
    }
}

/// The `count`-th name like this one: `-2`, `-3` and so on behind it.
pub fn numbered(name: &str, count: usize) -> String {
    if count < 2 {
        return name.to_owned();
    }
    let suffix = format!("-{count}");
    format!("{}{suffix}", slug(name, LONGEST_NAME - suffix.len()))
}

/// Only what Slack takes, at most `max` characters; anything else becomes one hyphen.
fn slug(text: &str, max: usize) -> String {
    let mut slug = String::new();
    for letter in text.to_lowercase().chars() {
        let plain = letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if plain {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(max);
    slug.trim_matches(['-', '_']).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_what_slack_takes() {
        assert_eq!(slug("o-Payments & Co.-260301", 80), "o-payments-co-260301");
        assert_eq!(slug("Žluťoučký kůň", 80), "lu-ou-k-k");
        assert_eq!(slug("--", 80), "");
        assert_eq!(numbered("o-payments-260301", 1), "o-payments-260301");
        assert_eq!(numbered("o-payments-260301", 12), "o-payments-260301-12");
        assert_eq!(numbered(&"x".repeat(80), 2).len(), 80);
    }

    proptest! {
        #[test]
        fn whatever_the_pattern_the_name_is_valid(text in ".*", count in 1..200usize) {
            let name = numbered(&slug(&text, LONGEST_NAME), count);
            prop_assert!(name.len() <= LONGEST_NAME);
            prop_assert!(name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-_".contains(&it)));
        }
    }
}
