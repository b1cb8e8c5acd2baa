//! Cuts written words into numbers, words and marks, and walks over them.

use super::vocabulary;

/// A whole number as it was written. Digits count, because `1630` is a time and `30` is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// Saturated: what does not fit is beyond every use.
    pub value: u32,
    /// How many digits were written, zeros in front included.
    pub digits: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    Number(Number),
    /// Lowercase letters.
    Word(&'a str),
    /// One of `. , : - + ~`.
    Mark(char),
}

/// The same text in lowercase, with one space between words, with plain marks for the curly ones that
/// keyboards put in, and with `pm` for `p.m.`
pub fn normal(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|it| match it {
            '’' => '\'',
            '–' | '—' | '−' => '-',
            _ => it.to_ascii_lowercase(),
        })
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let mut text = words.join(" ");
    for (dotted, short) in [("a.m.", "am"), ("p.m.", "pm"), ("a.m", "am"), ("p.m", "pm")] {
        text = text.replace(dotted, short);
    }
    text
}

/// None when there is anything that no ETA is made of. `text` is [`normal`].
pub fn split(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '0'..='9' => run(rest, |it| it.is_ascii_digit()),
            'a'..='z' => run(rest, |it| it.is_ascii_lowercase()),
            ' ' | '.' | ',' | ':' | '-' | '+' | '~' => 1,
            _ => return None,
        };
        let (piece, after) = rest.split_at(length);
        match first {
            '0'..='9' => tokens.push(Token::Number(number(piece))),
            'a'..='z' => tokens.push(match vocabulary::small_number(piece) {
                Some(number) => Token::Number(number),
                None => Token::Word(piece),
            }),
            ' ' => {}
            mark => tokens.push(Token::Mark(mark)),
        }
        rest = after;
    }
    Some(tokens)
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|it| !belongs(it)).unwrap_or(text.len())
}

fn number(digits: &str) -> Number {
    Number {
        value: digits.parse().unwrap_or(u32::MAX),
        digits: digits.len(),
    }
}

/// A place between tokens. Copied to try a reading, and thrown away when that fails: a method that
/// answers "no" may have moved it.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    rest: &'a [Token<'a>],
}

impl<'a> Cursor<'a> {
    pub fn new(tokens: &'a [Token<'a>]) -> Cursor<'a> {
        Cursor { rest: tokens }
    }

    pub fn is_end(self) -> bool {
        self.rest.is_empty()
    }

    /// Tries `reading` and stays where it was when that gives nothing.
    pub fn attempt<T>(&mut self, reading: impl FnOnce(&mut Cursor<'a>) -> Option<T>) -> Option<T> {
        let mut copy = *self;
        let found = reading(&mut copy)?;
        *self = copy;
        Some(found)
    }

    pub fn number(&mut self) -> Option<Number> {
        let (Token::Number(number), rest) = self.rest.split_first()? else {
            return None;
        };
        self.rest = rest;
        Some(*number)
    }

    /// A number of one or two digits.
    pub fn short_number(&mut self) -> Option<Number> {
        self.number().filter(|it| it.digits <= 2)
    }

    /// A number of exactly so many digits.
    pub fn number_of(&mut self, digits: usize) -> Option<u32> {
        self.number()
            .filter(|it| it.digits == digits)
            .map(|it| it.value)
    }

    pub fn word(&mut self) -> Option<&'a str> {
        let (Token::Word(word), rest) = self.rest.split_first()? else {
            return None;
        };
        self.rest = rest;
        Some(word)
    }

    pub fn mark(&mut self) -> Option<char> {
        let (Token::Mark(mark), rest) = self.rest.split_first()? else {
            return None;
        };
        self.rest = rest;
        Some(*mark)
    }

    /// Steps over `mark`, if it is next.
    pub fn skip_mark(&mut self, mark: char) -> bool {
        self.skip(Token::Mark(mark))
    }

    /// Steps over the full stop that ends everything, if it is next.
    pub fn full_stop(&mut self) -> bool {
        let end = |it: &mut Cursor<'a>| (it.skip_mark('.') && it.is_end()).then_some(());
        self.attempt(end).is_some()
    }

    /// Steps over `words`, if they are next, all of them in this order.
    pub fn skip_words(&mut self, words: &str) -> bool {
        let all = |copy: &mut Cursor<'a>| {
            words
                .split(' ')
                .all(|it| copy.skip(Token::Word(it)))
                .then_some(())
        };
        self.attempt(all).is_some()
    }

    fn skip(&mut self, token: Token<'_>) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == token => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }
}
