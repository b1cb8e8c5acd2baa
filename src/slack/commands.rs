//! The words after `/outage`, or after a mention, apart from what they do.

use crate::{
    config::is_slack_user,
    domain::ids::{OutageNumber, SlackUserId},
};

/// What can be done to an outage in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Update,
    Eta,
    Resolve,
    Reopen,
    Withdraw,
    Merge,
    Take,
    Show,
}

impl Verb {
    pub const ALL: [Verb; 8] = [
        Verb::Update,
        Verb::Eta,
        Verb::Resolve,
        Verb::Reopen,
        Verb::Withdraw,
        Verb::Merge,
        Verb::Take,
        Verb::Show,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Verb::Update => "update",
            Verb::Eta => "eta",
            Verb::Resolve => "resolve",
            Verb::Reopen => "reopen",
            Verb::Withdraw => "withdraw",
            Verb::Merge => "merge",
            Verb::Take => "take",
            Verb::Show => "show",
        }
    }

    /// The verb that a word misses by one letter: left out, too many, another one, or two that
    /// changed places.
    fn meant(word: &str) -> Option<Verb> {
        let word = word.to_lowercase();
        let long_enough = |it: &Verb| it.word().len() > 3;
        let mut all = Verb::ALL.into_iter().filter(long_enough);
        all.find(|it| one_letter_apart(&word, it.word()))
    }

    fn read(word: &str) -> Option<Verb> {
        let mut all = Verb::ALL.into_iter();
        all.find(|it| it.word().eq_ignore_ascii_case(word))
    }
}

/// What is asked of one outage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// A line for everybody.
    Update {
        text: String,
    },
    /// When it should be over, in the words of whoever wrote it.
    Eta {
        text: String,
    },
    Resolve {
        text: String,
    },
    Reopen {
        reason: String,
    },
    Withdraw {
        why: String,
    },
    /// It turned out to be this one.
    Merge {
        into: OutageNumber,
    },
    Take,
}

impl Order {
    pub fn verb(&self) -> Verb {
        match self {
            Order::Update { .. } => Verb::Update,
            Order::Eta { .. } => Verb::Eta,
            Order::Resolve { .. } => Verb::Resolve,
            Order::Reopen { .. } => Verb::Reopen,
            Order::Withdraw { .. } => Verb::Withdraw,
            Order::Merge { .. } => Verb::Merge,
            Order::Take => Verb::Take,
        }
    }
}

/// Somebody who is named in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Slack has put the ID in the place of the name.
    User(SlackUserId),
    /// As it was typed: `@ana`, a name, an address, an ID.
    Called(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// Open the form, with these words in it.
    Announce {
        words: String,
    },
    List,
    /// What somebody may do, and why; whoever asks, unless they name another.
    Who {
        of: Option<Whom>,
    },
    Show {
        number: OutageNumber,
    },
    Help,
    /// A number that no outage can have.
    NoSuchNumber {
        words: String,
    },
    /// Do it at once.
    Do {
        number: OutageNumber,
        order: Order,
    },
    /// The outage without the words: they are asked for in a form.
    Form {
        number: OutageNumber,
        verb: Verb,
    },
    /// Begins like a command and names no outage, or says more than the command takes. What is
    /// meant is asked, not guessed.
    Unclear {
        verb: Verb,
        /// Everything that was typed.
        words: String,
    },
}

/// Reads what Slack sends of a slash command, where three characters are escaped.
pub fn parse(text: &str) -> Parsed {
    read(&unescaped(text))
}

/// Reads words as a person sees them. A lone number, with or without `#`, shows that outage.
pub fn read(text: &str) -> Parsed {
    let words = text.trim();
    match words.to_lowercase().as_str() {
        "help" | "?" | "-h" | "--help" => return Parsed::Help,
        "list" | "ls" => return Parsed::List,
        "who" | "whoami" => return Parsed::Who { of: None },
        _ => {}
    }
    if let (first, rest) = first_word(words)
        && first.eq_ignore_ascii_case("who")
    {
        return Parsed::Who {
            of: Some(whom(rest)),
        };
    }
    match number(words) {
        Numbered::Is(number) => return Parsed::Show { number },
        Numbered::Impossible => {
            return Parsed::NoSuchNumber {
                words: words.to_owned(),
            };
        }
        Numbered::IsNot => {}
    }
    let (first, rest) = first_word(words);
    if let Some(verb) = Verb::read(first) {
        return with_verb(verb, rest, words);
    }
    // "resolv 12 …" is a command with a letter too few, and no way to begin an announcement.
    let numbered = matches!(number(first_word(rest).0), Numbered::Is(_));
    match Verb::meant(first).filter(|_| numbered) {
        Some(verb) => Parsed::Unclear {
            verb,
            words: words.to_owned(),
        },
        None => Parsed::Announce {
            words: words.to_owned(),
        },
    }
}

/// Whom somebody means: whether Slack puts an ID in the place of what they typed is a setting of the
/// app, and a mention of the bot always does.
fn whom(said: &str) -> Whom {
    let id = said.strip_prefix("<@").and_then(|it| it.strip_suffix('>'));
    let id = id.map(|it| it.split_once('|').map_or(it, |(id, _)| id));
    match id.filter(|it| is_slack_user(it)) {
        Some(id) => Whom::User(SlackUserId(id.to_owned())),
        None => Whom::Called(said.to_owned()),
    }
}

/// `rest` is what follows the verb, `words` is everything.
fn with_verb(verb: Verb, rest: &str, words: &str) -> Parsed {
    let unclear = || Parsed::Unclear {
        verb,
        words: words.to_owned(),
    };
    let (first, text) = first_word(rest);
    // `resolve 12: …` is how people write it; `eta 12:30` stays a time.
    let number = match number(first.trim_end_matches([':', ','])) {
        Numbered::Is(number) => number,
        Numbered::IsNot => return unclear(),
        Numbered::Impossible => {
            return Parsed::NoSuchNumber {
                words: first.to_owned(),
            };
        }
    };
    let said = text.to_owned();
    let order = match verb {
        Verb::Merge => return merge(number, text).unwrap_or_else(unclear),
        Verb::Show if text.is_empty() => return Parsed::Show { number },
        Verb::Take if text.is_empty() => Order::Take,
        Verb::Show | Verb::Take => return unclear(),
        _ if text.is_empty() => return Parsed::Form { number, verb },
        Verb::Update => Order::Update { text: said },
        Verb::Eta => Order::Eta { text: said },
        Verb::Resolve => Order::Resolve { text: said },
        Verb::Reopen => Order::Reopen { reason: said },
        Verb::Withdraw => Order::Withdraw { why: said },
    };
    Parsed::Do { number, order }
}

/// The rest of `merge 13 into 12` or `merge 13 12`.
fn merge(duplicate: OutageNumber, text: &str) -> Option<Parsed> {
    let (first, rest) = first_word(text);
    let original = match first.eq_ignore_ascii_case("into") {
        true => rest,
        false => text,
    };
    match number(original) {
        Numbered::Is(into) => Some(Parsed::Do {
            number: duplicate,
            order: Order::Merge { into },
        }),
        Numbered::Impossible => Some(Parsed::NoSuchNumber {
            words: original.to_owned(),
        }),
        Numbered::IsNot => None,
    }
}

/// The first word and what follows it, without the blanks between them.
fn first_word(text: &str) -> (&str, &str) {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (first, rest) = text.split_at(end);
    (first, rest.trim())
}

fn one_letter_apart(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (a, b) = (&one[same..], &other[same..]);
    match (a, b) {
        ([], []) => false,
        ([a0, a1, ..], [b0, b1, ..]) if (a0, a1) == (b1, b0) && a[2..] == b[2..] => true,
        (a, b) => {
            let rest = |of: &[char]| of.get(1..).unwrap_or_default().to_vec();
            rest(a) == rest(b) || rest(a) == b || a == rest(b)
        }
    }
}

enum Numbered {
    Is(OutageNumber),
    /// Digits, and no outage can have that number.
    Impossible,
    IsNot,
}

fn number(word: &str) -> Numbered {
    let digits = word.strip_prefix('#').unwrap_or(word);
    if digits.is_empty() || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return Numbered::IsNot;
    }
    match digits.parse() {
        Ok(number) if number > 0 => Numbered::Is(OutageNumber(number)),
        _ => Numbered::Impossible,
    }
}

/// Slack escapes three characters in what people type.
pub fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::RESERVED;

    fn announce(words: &str) -> Parsed {
        Parsed::Announce {
            words: words.into(),
        }
    }

    fn show(number: i64) -> Parsed {
        Parsed::Show {
            number: OutageNumber(number),
        }
    }

    #[test]
    fn a_verb_that_misses_a_letter_is_asked_about() {
        for (typed, verb) in [
            ("resolv 1 it is back", Verb::Resolve),
            ("udpate 12 we look", Verb::Update),
            ("withdrawn 3 a test", Verb::Withdraw),
            ("Reopem 3", Verb::Reopen),
        ] {
            let words = typed.to_owned();
            assert_eq!(read(typed), Parsed::Unclear { verb, words }, "{typed}");
        }
        for typed in [
            "resolver is slow",
            "updates fail",
            "date 12 is wrong",
            "et 12",
        ] {
            assert_eq!(read(typed), announce(typed));
        }
    }

    fn done(number: i64, order: Order) -> Parsed {
        Parsed::Do {
            number: OutageNumber(number),
            order,
        }
    }

    fn unclear(verb: Verb, words: &str) -> Parsed {
        Parsed::Unclear {
            verb,
            words: words.into(),
        }
    }

    #[test]
    fn words_are_told_apart() {
        for (text, expected) in [
            ("", announce("")),
            ("  payments are down ", announce("payments are down")),
            ("listing is slow", announce("listing is slow")),
            ("updates are late", announce("updates are late")),
            ("update: it is back", announce("update: it is back")),
            ("a &lt;b&gt; &amp;amp; c", announce("a <b> &amp; c")),
            ("12 hotels", announce("12 hotels")),
            ("who", Parsed::Who { of: None }),
            ("whose fault is it", announce("whose fault is it")),
            ("LIST", Parsed::List),
            ("ls", Parsed::List),
            ("help", Parsed::Help),
            ("?", Parsed::Help),
            ("12", show(12)),
            ("#12", show(12)),
            ("show 12", show(12)),
            ("Show #12", show(12)),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn somebody_is_named_by_a_mention_or_as_it_was_typed() {
        let user = |id: &str| Whom::User(SlackUserId(id.into()));
        let called = |name: &str| Whom::Called(name.into());
        for (text, expected) in [
            ("who <@U0ANA>", user("U0ANA")),
            ("Who  <@W0ANA|ana.a>", user("W0ANA")),
            ("who &lt;@U0ANA|ana&gt;", user("U0ANA")),
            ("who @ana", called("@ana")),
            ("who @Ana de la Cruz ", called("@Ana de la Cruz")),
            ("who ana@example.com", called("ana@example.com")),
            ("who U0ANA", called("U0ANA")),
            ("who <@ana>", called("<@ana>")),
        ] {
            let of = Some(expected);
            assert_eq!(parse(text), Parsed::Who { of }, "{text:?}");
        }
    }

    #[test]
    fn orders_are_read() {
        let merge = |into| Order::Merge {
            into: OutageNumber(into),
        };
        let text = String::from;
        for (written, expected) in [
            (
                "update 12 We know\nthe cause",
                done(
                    12,
                    Order::Update {
                        text: text("We know\nthe cause"),
                    },
                ),
            ),
            (
                "UPDATE #12\n\n  two\n\nparagraphs  ",
                done(
                    12,
                    Order::Update {
                        text: text("two\n\nparagraphs"),
                    },
                ),
            ),
            ("eta 12 &lt;2h", done(12, Order::Eta { text: text("<2h") })),
            (
                "eta 12 16:30 tomorrow",
                done(
                    12,
                    Order::Eta {
                        text: text("16:30 tomorrow"),
                    },
                ),
            ),
            (
                "resolve 12: a &amp; b",
                done(
                    12,
                    Order::Resolve {
                        text: text("a & b"),
                    },
                ),
            ),
            (
                "reopen 12 12 cards fail",
                done(
                    12,
                    Order::Reopen {
                        reason: text("12 cards fail"),
                    },
                ),
            ),
            (
                "withdraw 12 no outage",
                done(
                    12,
                    Order::Withdraw {
                        why: text("no outage"),
                    },
                ),
            ),
            ("merge 13 into 12", done(13, merge(12))),
            ("merge 13 12", done(13, merge(12))),
            ("Merge #13 INTO #12", done(13, merge(12))),
            ("take 12", done(12, Order::Take)),
        ] {
            assert_eq!(parse(written), expected, "{written:?}");
        }
    }

    #[test]
    fn without_words_a_form_asks_for_them() {
        for verb in [
            Verb::Update,
            Verb::Eta,
            Verb::Resolve,
            Verb::Reopen,
            Verb::Withdraw,
        ] {
            let expected = Parsed::Form {
                number: OutageNumber(12),
                verb,
            };
            assert_eq!(parse(&format!("{} 12", verb.word())), expected);
            assert_eq!(parse(&format!(" {} #12:  ", verb.word())), expected);
        }
    }

    #[test]
    fn what_is_not_clear_is_not_guessed() {
        for (verb, words) in [
            (Verb::Update, "update"),
            (Verb::Update, "update the payments page is down"),
            (Verb::Eta, "eta 16:30"),
            (Verb::Eta, "ETA 12:30"),
            (Verb::Resolve, "resolve -1"),
            (Verb::Merge, "merge 13"),
            (Verb::Merge, "merge 13 into"),
            (Verb::Merge, "merge 13 into payments"),
            (Verb::Merge, "merge 13 12 11"),
            (Verb::Take, "take 12 servers out"),
            (Verb::Show, "show"),
            (Verb::Show, "show must go on"),
        ] {
            assert_eq!(parse(words), unclear(verb, words));
        }
    }

    #[test]
    fn numbers_that_no_outage_has_are_told() {
        for (text, words) in [
            ("0", "0"),
            ("99999999999999999999", "99999999999999999999"),
            ("resolve 0 done", "0"),
            ("merge 13 into 0", "0"),
        ] {
            let words = words.to_owned();
            assert_eq!(parse(text), Parsed::NoSuchNumber { words });
        }
    }

    #[test]
    fn every_word_with_a_meaning_is_reserved() {
        for verb in Verb::ALL {
            assert!(RESERVED.contains(&verb.word()), "{}", verb.word());
        }
        for word in RESERVED {
            assert_ne!(parse(word), announce(word), "{word}");
        }
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(text in ".*") {
            parse(&text);
        }

        #[test]
        fn words_survive(number in 1..i64::MAX, said in "[a-z<&>\n ]{0,40}[a-z<>]", which in 0..5usize) {
            let verb = Verb::ALL[which];
            let escaped = said.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let said = said.trim().to_owned();
            let order = match verb {
                Verb::Update => Order::Update { text: said },
                Verb::Eta => Order::Eta { text: said },
                Verb::Resolve => Order::Resolve { text: said },
                Verb::Reopen => Order::Reopen { reason: said },
                _ => Order::Withdraw { why: said },
            };
            let written = format!("{} {number} {escaped}", verb.word());
            prop_assert_eq!(parse(&written), done(number, order));
        }

        #[test]
        fn what_is_announced_is_what_was_typed(words in "[A-Z][a-z<&>\n ]{0,40}[a-z]") {
            prop_assume!(Verb::read(words.split_whitespace().next().unwrap_or("")).is_none());
            prop_assume!(!matches!(parse(&words), Parsed::Help | Parsed::List));
            let escaped = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            prop_assert_eq!(parse(&escaped), announce(&words));
        }
    }
}
