//! What people see in a message, out of the markup in which Slack hands it over: for fields, which
//! show markup as it is.

use super::commands::unescaped;

/// The people whom a message names, each once.
pub fn mentioned(markup: &str) -> Vec<String> {
    let mut users: Vec<String> = Vec::new();
    for part in Parts(markup) {
        if let Part::Token(token) = part
            && let Some(rest) = token.strip_prefix('@')
        {
            let user = rest.split('|').next().unwrap_or(rest);
            if !users.iter().any(|it| it == user) {
                users.push(user.to_owned());
            }
        }
    }
    users
}

/// The words of a message. `name` says what to call a user, by their ID.
pub fn plain(markup: &str, name: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(markup.len());
    for part in Parts(markup) {
        match part {
            Part::Words(words) => text.push_str(&unescaped(words)),
            Part::Token(token) => text.push_str(&shown(token, &name)),
        }
    }
    text.trim().to_owned()
}

/// What stands for a token.
fn shown(token: &str, name: &impl Fn(&str) -> Option<String>) -> String {
    let (what, label) = match token.split_once('|') {
        Some((what, label)) => (what, Some(label).filter(|it| !it.trim().is_empty())),
        None => (token, None),
    };
    let label = label.map(unescaped);
    if let Some(user) = what.strip_prefix('@') {
        let called = name(user).or(label);
        return format!("@{}", called.as_deref().unwrap_or("somebody"));
    }
    if what.starts_with('#') {
        return format!("#{}", label.as_deref().unwrap_or("channel"));
    }
    if let Some(special) = what.strip_prefix('!') {
        return match label {
            // A user group's label begins with its @, a date's is how it reads.
            Some(label) => label,
            None if special.starts_with("subteam^") => "@somebody".to_owned(),
            None => format!("@{special}"),
        };
    }
    label.unwrap_or_else(|| unescaped(what.strip_prefix("mailto:").unwrap_or(what)))
}

/// The words without the bot's mention, wherever that stands first. Without the bot's ID it is the
/// mention at the beginning.
pub fn without_mention<'a>(markup: &'a str, bot: Option<&str>) -> std::borrow::Cow<'a, str> {
    let is_bot = |token: &str| match (token.strip_prefix('@'), bot) {
        (Some(user), Some(bot)) => user.split('|').next() == Some(bot),
        (Some(_), None) => true,
        (None, _) => false,
    };
    let mut at = 0;
    for part in Parts(markup) {
        let length = match part {
            Part::Words(words) => words.len(),
            Part::Token(token) => {
                let length = token.len() + 2;
                if is_bot(token) && (bot.is_some() || markup[..at].trim().is_empty()) {
                    let (before, after) = (&markup[..at], &markup[at + length..]);
                    return match before.trim() {
                        "" => after.trim().into(),
                        before => format!("{before} {}", after.trim())
                            .trim()
                            .to_owned()
                            .into(),
                    };
                }
                length
            }
        };
        at += length;
    }
    markup.trim().into()
}

enum Part<'a> {
    Words(&'a str),
    /// Without its brackets.
    Token(&'a str),
}

struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        if self.0.is_empty() {
            return None;
        }
        if let Some(rest) = self.0.strip_prefix('<')
            && let Some(end) = rest.find(['<', '>', '\n'])
            && rest[end..].starts_with('>')
            && end > 0
        {
            self.0 = &rest[end + 1..];
            return Some(Part::Token(&rest[..end]));
        }
        // A bracket that opens nothing is a word like others.
        let begin = self.0.chars().next().map_or(0, char::len_utf8);
        let end = self.0[begin..]
            .find('<')
            .map_or(self.0.len(), |it| it + begin);
        let (words, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(Part::Words(words))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(user: &str) -> Option<String> {
        (user == "U0ANA").then(|| "Ana".to_owned())
    }

    #[test]
    fn people_see_words() {
        for (markup, expected) in [
            ("", ""),
            (" plain :fire: *bold* ", "plain :fire: *bold*"),
            ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
            ("<@U0ANA> and <@U0BO>", "@Ana and @somebody"),
            ("<@U0BO|bo>", "@bo"),
            (
                "see <#C1|ops> and <#C2> and <#C3|>",
                "see #ops and #channel and #channel",
            ),
            (
                "<!here> <!subteam^S1|@oncall> <!subteam^S2>",
                "@here @oncall @somebody",
            ),
            ("<!date^1772366400^{date}|1 Mar>", "1 Mar"),
            (
                "<https://a.test/?x=1&amp;y=2> <https://b.test|the &lt;log&gt;>",
                "https://a.test/?x=1&y=2 the <log>",
            ),
            (
                "<mailto:a@b.test|a@b.test> <mailto:c@d.test>",
                "a@b.test c@d.test",
            ),
            ("1 < 2 <", "1 < 2 <"),
            ("<> <\n@U1>", "<> <\n@U1>"),
            ("two\nlines", "two\nlines"),
        ] {
            assert_eq!(plain(markup, named), expected, "{markup:?}");
        }
        assert_eq!(
            mentioned("<@U2> <@U1|x> <@U2> <#C1> &lt;@U3&gt;"),
            ["U2", "U1"]
        );
    }

    #[test]
    fn the_bots_mention_is_taken_out_where_it_stands_first() {
        for (markup, bot, expected) in [
            ("<@UBOT> list", Some("UBOT"), "list"),
            ("  <@UBOT|balefire>  ", Some("UBOT"), ""),
            (
                "hey <@UBOT> payments fail",
                Some("UBOT"),
                "hey payments fail",
            ),
            ("<@U1> says <@UBOT> help", Some("UBOT"), "<@U1> says help"),
            ("<@UBOT> ask <@UBOT>", Some("UBOT"), "ask <@UBOT>"),
            ("<@UBOT> list", None, "list"),
            ("<@U1> list", Some("UBOT"), "<@U1> list"),
            ("ask <@U1>", None, "ask <@U1>"),
        ] {
            assert_eq!(without_mention(markup, bot), expected, "{markup:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(markup in "[<>@#!|a&;\n é]{0,40}") {
            plain(&markup, |_| None);
            mentioned(&markup);
            without_mention(&markup, None);
            without_mention(&markup, Some("a"));
        }

        #[test]
        fn what_was_escaped_comes_back(text in "[a-z<>&\n]{0,40}[a-z]") {
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            prop_assert_eq!(plain(&escaped, |_| None), text.trim());
        }
    }
}
