//! The words after `/outage`, apart from what they do.

use crate::domain::ids::OutageNumber;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// Open the form, with these words in it.
    Announce {
        words: String,
    },
    List,
    Show {
        number: OutageNumber,
    },
    Help,
    /// A number that no outage can have.
    NoSuchNumber {
        words: String,
    },
}

/// Reads the words. A lone number, with or without `#`, shows that outage.
pub fn parse(text: &str) -> Parsed {
    let words = text.trim();
    match words.to_lowercase().as_str() {
        "help" | "?" | "-h" | "--help" => return Parsed::Help,
        "list" | "ls" => return Parsed::List,
        _ => {}
    }
    let number = words.strip_prefix('#').unwrap_or(words);
    if !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit()) {
        return match number.parse() {
            Ok(number) if number > 0 => Parsed::Show {
                number: OutageNumber(number),
            },
            _ => Parsed::NoSuchNumber {
                words: words.to_owned(),
            },
        };
    }
    Parsed::Announce {
        words: unescaped(words),
    }
}

/// Slack escapes three characters in what people type.
fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        let announce = |words: &str| Parsed::Announce {
            words: words.into(),
        };
        let show = |number| Parsed::Show {
            number: OutageNumber(number),
        };
        assert_eq!(parse(""), announce(""));
        assert_eq!(parse("  payments are down "), announce("payments are down"));
        assert_eq!(parse("listing is slow"), announce("listing is slow"));
        assert_eq!(parse("a &lt;b&gt; &amp;amp; c"), announce("a <b> &amp; c"));
        assert_eq!(parse("LIST"), Parsed::List);
        assert_eq!(parse("help"), Parsed::Help);
        assert_eq!(parse("12"), show(12));
        assert_eq!(parse("#12"), show(12));
        assert_eq!(parse("12 hotels"), announce("12 hotels"));
        assert!(matches!(parse("0"), Parsed::NoSuchNumber { .. }));
        assert!(matches!(
            parse("99999999999999999999"),
            Parsed::NoSuchNumber { .. }
        ));
    }
}
