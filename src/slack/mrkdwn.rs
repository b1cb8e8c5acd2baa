//! Slack's markup. The only place where a person's words become part of a text that Slack reads.
//!
//! Whatever people wrote goes through [`escape`] or one of its relatives; after that it can name,
//! ping and link nobody. Lengths are counted after escaping, because escaping makes text longer,
//! and no cut falls into an entity or a token.

use crate::domain::{
    ids::ChannelId,
    person::Person,
    time::{Timestamp, Zone},
};

/// Stands between an `@` and a word that would call many people. Nobody sees it.
const JOINER: char = '\u{200d}';

/// Words that call many people when an `@` precedes them.
const CALLS: [&str; 4] = ["channel", "everyone", "here", "group"];

/// How long a name may be that stands within a sentence.
const NAME: usize = 80;

/// How long the label of a link may be, and its address.
const LINK_LABEL: usize = 120;
const LINK_ADDRESS: usize = 1000;

/// Where a block of code begins and ends.
const FENCE: &str = "```";

/// How long a text is for Slack. Its documentation says "characters" and no more; UTF-16 units are
/// the largest of the likely readings, so what fits by this fits by all of them.
pub fn width(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A person's words as words and nothing else.
pub fn escape(text: &str) -> String {
    escape_within(text, usize::MAX)
}

/// As [`escape`], cut to `max` with an ellipsis at its end when it would be longer.
pub fn escape_within(text: &str, max: usize) -> String {
    // First what nobody sees: it must not stand between an `@` and a word that calls many.
    let text: String = text.chars().filter(|it| is_shown(*it)).collect();
    let mut escaped = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        match letter {
            // Whoever shows them begins a new line, so they are told apart as one.
            '\u{2028}' | '\u{2029}' => escaped.push('\n'),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '@' => {
                escaped.push('@');
                if calls_many(&text[at + 1..]) {
                    escaped.push(JOINER);
                }
            }
            letter => escaped.push(letter),
        }
    }
    cut(&escaped, max)
}

/// Not line ends of other systems, nor what no keyboard types.
fn is_shown(letter: char) -> bool {
    matches!(letter, '\n' | '\t') || !(letter.is_control() || turns_text(letter))
}

/// Marks that turn the direction of what follows: ours would be turned, too.
pub fn turns_text(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// As [`escape_within`], with a note on where to read on after the ellipsis. The note is ours.
pub fn abridge(text: &str, max: usize, note: &str) -> String {
    let whole = escape(text);
    if width(&whole) <= max {
        return whole;
    }
    match max.checked_sub(width(note) + 1) {
        Some(room) if room > 0 => format!("{} {note}", cut(&whole, room)),
        _ => cut(&whole, max),
    }
}

/// As [`escape_within`], on one line: for titles and lists.
pub fn one_line(text: &str, max: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    escape_within(&words.join(" "), max)
}

/// A person's words as a quotation, at most `max` long.
pub fn quote(text: &str, max: usize) -> String {
    let lines = |text: &str| format!("> {}", text.replace('\n', "\n> "));
    let quoted = lines(&escape(text.trim()));
    cut(&quoted, max)
}

/// As [`quote`], with a note below on where to read on when it was cut. The note is ours.
pub fn quote_abridged(text: &str, max: usize, note: &str) -> String {
    let whole = quote(text, usize::MAX);
    if width(&whole) <= max {
        return whole;
    }
    let room = max.saturating_sub(width(note) + 1);
    format!("{}\n{note}", cut(&whole, room))
}

/// Markup in which nothing begins or ends a block of code: what follows such a block stands on a
/// line of its own, outside of the quotation that it was in.
pub fn without_fences(markup: &str) -> String {
    markup.replace(FENCE, &format!("`{JOINER}`{JOINER}`"))
}

/// Markup that [`foreign`] made as a quotation, at most `max` long.
pub fn quote_markup(markup: &str, max: usize) -> String {
    let quoted = format!("> {}", markup.trim().replace('\n', "\n> "));
    cut(&quoted, max)
}

/// What Slack sent of a message, made harmless: it links where it linked, but pings nobody. Who is
/// mentioned is named, if they are among `people`; groups and calls to everybody become their words.
pub fn foreign(sent: &str, people: &[Person]) -> String {
    let mut shown = String::new();
    // Words are gathered up to the next token, so that no call can be hidden across one.
    let mut words = String::new();
    for part in parts(sent) {
        let token = match part {
            Part::Words(text) => {
                words.push_str(&unescape(text));
                continue;
            }
            Part::Token(token) => token,
        };
        let (target, label) = match token.split_once('|') {
            Some((target, label)) => (target, unescape(label)),
            None => (token, String::new()),
        };
        let link = if let Some(id) = target.strip_prefix('#') {
            Some(channel(&ChannelId::from(id))).filter(|it| it.starts_with('<'))
        } else {
            Some(link(target, &or(label.clone(), unescape(target))))
                .filter(|it| it.starts_with('<'))
        };
        if let Some(link) = link {
            shown.push_str(&escape(&words));
            shown.push_str(&link);
            words.clear();
            continue;
        }
        words.push_str(&match target.split_at_checked(1) {
            Some(("@", user)) => people
                .iter()
                .find(|it| it.slack_user.as_str() == user)
                .map(|it| it.name.trim())
                .filter(|it| !it.is_empty())
                .unwrap_or("somebody")
                .to_owned(),
            Some(("!", "here" | "channel" | "everyone" | "group")) => {
                format!("@{}", &target[1..])
            }
            Some(("!", what)) if what.starts_with("subteam") => or(label, "a group".to_owned()),
            Some(("!", _)) => or(label, "…".to_owned()),
            Some(("#", _)) => or(label, "a channel".to_owned()),
            _ => or(label, unescape(target)),
        });
    }
    shown.push_str(&escape(&words));
    shown
}

/// The Slack user IDs that a message which Slack sent mentions, each once.
pub fn mentioned(sent: &str) -> Vec<String> {
    let mut users: Vec<String> = Vec::new();
    for part in parts(sent) {
        if let Part::Token(token) = part
            && let Some(mention) = token.strip_prefix('@')
        {
            let user = mention.split('|').next().unwrap_or(mention).to_owned();
            if !users.contains(&user) {
                users.push(user);
            }
        }
    }
    users
}

/// Words of a text that Slack sent, or what stands between angle brackets in it.
enum Part<'a> {
    Words(&'a str),
    Token(&'a str),
}

fn parts(sent: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = sent;
    while let Some(start) = rest.find('<') {
        let (words, from) = rest.split_at(start);
        parts.push(Part::Words(words));
        // A token holds no other one and no line end; a bracket without its partner is a word.
        let end = from[1..].find(['<', '>', '\n']).map(|it| it + 1);
        match end.filter(|end| from[*end..].starts_with('>')) {
            Some(end) => {
                parts.push(Part::Token(&from[1..end]));
                rest = &from[end + 1..];
            }
            None => {
                parts.push(Part::Words(&from[..1]));
                rest = &from[1..];
            }
        }
    }
    parts.push(Part::Words(rest));
    parts
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn or(text: String, other: String) -> String {
    match text.trim() {
        "" => other,
        _ => text,
    }
}

/// Cuts what is not read as markup, such as a label or what a field starts with.
pub fn shorten(text: &str, max: usize) -> String {
    cut_between(
        text.char_indices()
            .map(|(at, it)| &text[at..at + it.len_utf8()]),
        text,
        max,
    )
}

/// Cuts markup, never within an entity or a token. Meant for text that is escaped already.
pub fn cut(text: &str, max: usize) -> String {
    cut_between(Pieces(text), text, max)
}

/// As [`cut`], with the end of a block of code that would otherwise take in whatever comes after.
pub fn cut_whole(text: &str, max: usize) -> String {
    let is_open = |text: &str| !text.matches(FENCE).count().is_multiple_of(2);
    let short = cut(text, max);
    if !is_open(&short) {
        return short;
    }
    let shorter = cut(text, max.saturating_sub(width(FENCE)));
    match is_open(&shorter) {
        true => format!("{shorter}{FENCE}"),
        false => shorter,
    }
}

/// Pings.
pub fn mention(person: &Person) -> String {
    mention_id(person.slack_user.as_str()).unwrap_or_else(|| name(person))
}

/// Pings whoever has this Slack user ID; none when it cannot be one.
pub fn mention_id(user: &str) -> Option<String> {
    let letters = user
        .bytes()
        .all(|it| it.is_ascii_uppercase() || it.is_ascii_digit());
    (letters && user.starts_with(['U', 'W'])).then(|| format!("<@{user}>"))
}

/// Names somebody without a ping.
pub fn name(person: &Person) -> String {
    match person.name.trim() {
        "" => "somebody".to_owned(),
        name => one_line(name, NAME),
    }
}

/// A channel that everybody who may can open.
pub fn channel(id: &ChannelId) -> String {
    let plain = |it: u8| it.is_ascii_uppercase() || it.is_ascii_digit();
    match id.as_str().bytes().all(plain) {
        true => format!("<#{id}>"),
        false => "a channel".to_owned(),
    }
}

/// A time that everybody reads in their own zone; in UTC where nothing converts it.
pub fn date(at: Timestamp) -> String {
    date_in(at, Zone::UTC)
}

/// As [`date`], in `zone` where nothing converts it: for a message to one person.
pub fn date_in(at: Timestamp, zone: Zone) -> String {
    format!(
        "<!date^{}^{{date_short_pretty}} at {{time}}|{}>",
        at.epoch(),
        at.in_zone(zone)
    )
}

/// A link, or only its label when the address is no plain web address.
pub fn link(url: &str, label: &str) -> String {
    let label = one_line(label, LINK_LABEL);
    let web = url.starts_with("https://") || url.starts_with("http://");
    let clean = !url.contains(|it: char| {
        it.is_control() || it.is_whitespace() || matches!(it, '<' | '>' | '|' | '"')
    });
    if web && clean && width(url) <= LINK_ADDRESS {
        format!(
            "<{}|{label}>",
            url.replace("&amp;", "&").replace('&', "&amp;")
        )
    } else {
        label
    }
}

fn calls_many(after: &str) -> bool {
    CALLS.iter().any(|word| {
        after
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    })
}

fn cut_between<'a>(pieces: impl Iterator<Item = &'a str>, whole: &str, max: usize) -> String {
    if width(whole) <= max {
        return whole.to_owned();
    }
    let Some(room) = max.checked_sub(1) else {
        return String::new();
    };
    let mut kept = String::new();
    let mut used = 0;
    for piece in pieces {
        used += width(piece);
        if used > room {
            break;
        }
        kept.push_str(piece);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// Markup in parts that must stay whole: tokens, entities, letters.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let first = self.0.chars().next()?;
        let end = match first {
            '<' => self.0.find('>').map(|it| it + 1),
            '&' => ["&amp;", "&lt;", "&gt;"]
                .into_iter()
                .find(|entity| self.0.starts_with(entity))
                .map(str::len),
            _ => None,
        };
        let (piece, rest) = self.0.split_at(end.unwrap_or(first.len_utf8()));
        self.0 = rest;
        Some(piece)
    }
}

#[cfg(test)]
mod tests;
