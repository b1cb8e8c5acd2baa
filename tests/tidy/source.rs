//! A source file as the rules see it: its path, its text, and its tokens, from
//! which comments and the insides of strings are gone.

use std::fmt;
use std::fs;
use std::path::Path;

pub struct Source {
    /// From the root of the project, with `/`.
    pub path: String,
    pub text: String,
    pub tokens: Vec<Token>,
}

/// An identifier, `::`, or any other single character.
#[derive(Debug, PartialEq)]
pub struct Token {
    pub line: usize,
    pub text: String,
}

pub struct Violation {
    pub path: String,
    pub line: usize,
    pub advice: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.path, self.line, self.advice)
    }
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            tokens: tokens(&code_only(text)),
        }
    }

    pub fn violation(&self, line: usize, advice: impl Into<String>) -> Violation {
        Violation {
            path: self.path.clone(),
            line,
            advice: advice.into(),
        }
    }

    /// The file itself or something in its folder: `src/clock` means
    /// `src/clock.rs` and `src/clock/…`.
    pub fn is_in(&self, place: &str) -> bool {
        self.path
            .strip_prefix(place)
            .is_some_and(|rest| rest.is_empty() || rest == ".rs" || rest.starts_with('/'))
    }
}

impl Token {
    pub fn is_word(&self) -> bool {
        self.text.starts_with(is_word_start)
    }
}

/// Every Rust file of the library, the tests and the benchmarks, by path.
pub fn tree() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    for folder in ["src", "tests", "benches"] {
        collect(root, &root.join(folder), &mut sources);
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    // A folder that is not there yet holds nothing to complain about.
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("an entry of a source folder").path();
        if path.is_dir() {
            collect(root, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file in UTF-8");
            let name = path.strip_prefix(root).expect("a path below the root");
            sources.push(Source::new(&name.to_string_lossy(), &text));
        }
    }
}

/// The text with comments and what stands in quotes made blank, line for line.
fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let after_word = code.ends_with(is_word);
        let (keep, skip) = if rest.starts_with("//") {
            (0, rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            (0, block_comment(rest))
        } else if let Some(length) = (!after_word).then(|| raw_string(rest)).flatten() {
            (0, length)
        } else if next == '"' {
            (0, quoted(rest, '"'))
        } else if next == '\'' && is_character(rest) {
            (0, quoted(rest, '\''))
        } else {
            (next.len_utf8(), 0)
        };
        code.push_str(&rest[..keep]);
        if skip > 0 {
            code.push(' ');
        }
        code.extend(rest[..skip].chars().filter(|c| *c == '\n'));
        rest = &rest[keep + skip..];
    }
    code
}

/// The length of a block comment, which may hold others.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length of `r"…"`, `r#"…"#`, `br"…"` or `cr"…"`, if there is one here.
fn raw_string(text: &str) -> Option<usize> {
    let after_kind = text.strip_prefix(['b', 'c']).unwrap_or(text);
    let after_r = after_kind.strip_prefix('r')?;
    let inner = after_r.trim_start_matches('#');
    let hashes = &after_r[..after_r.len() - inner.len()];
    let body = inner.strip_prefix('"')?;
    let end = format!("\"{hashes}");
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(text.len() - body.len() + length)
}

/// The length of a string or character, where a backslash hides what follows.
fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote {
            return at + 1;
        }
    }
    text.len()
}

/// Whether the apostrophe opens a character; otherwise it marks a lifetime.
fn is_character(text: &str) -> bool {
    let mut following = text.chars().skip(1);
    match following.next() {
        Some('\\') => true,
        Some(_) => following.next() == Some('\''),
        None => false,
    }
}

fn tokens(code: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(next) = rest.chars().next() {
            let length = if is_word_start(next) {
                rest.find(|c| !is_word(c)).unwrap_or(rest.len())
            } else if next.is_ascii_digit() {
                // With its suffix, so that `1u8` leaves no word behind.
                rest.find(|c| !is_word(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                next.len_utf8()
            };
            tokens.push(Token {
                line: index + 1,
                text: rest[..length].to_owned(),
            });
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

fn is_word_start(character: char) -> bool {
    character.is_alphabetic() || character == '_'
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[test]
fn comments_and_strings_leave_the_code_where_it_is() {
    let text = r####"
a // b "c
/* d /* e */ f
*/ g "h \" i
 j" k r#"l " m"# n b'o' '\'' 'p 'q' br"r\" s
"####;
    let source = Source::new("src/x.rs", text);
    let words: Vec<(usize, &str)> = source
        .tokens
        .iter()
        .filter(|token| token.is_word())
        .map(|token| (token.line, token.text.as_str()))
        .collect();
    assert_eq!(
        words,
        [
            (2, "a"),
            (4, "g"),
            (5, "k"),
            (5, "n"),
            (5, "b"),
            (5, "p"),
            (5, "s")
        ]
    );
}

#[test]
fn a_place_is_a_file_or_its_folder_and_nothing_that_only_begins_so() {
    let is_in = |path| Source::new(path, "").is_in("src/clock");
    assert!(is_in("src/clock.rs"));
    assert!(is_in("src/clock/fake.rs"));
    assert!(!is_in("src/clockwork.rs"));
    assert!(!is_in("src/jobs/clock.rs"));
}
