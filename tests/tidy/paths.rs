//! The paths that a file names, written out: `use a::{b, c::d}` names `a::b` and
//! `a::c::d`, and `super::` is followed to where it leads.

use crate::source::{Source, Token};

#[derive(Debug)]
pub struct Named {
    pub line: usize,
    pub segments: Vec<String>,
    /// Whether it stands in a `use`, where a single word is a path as well.
    pub imported: bool,
}

impl Named {
    /// Whether these segments follow one another somewhere in the path.
    pub fn has(&self, wanted: &[&str]) -> bool {
        self.segments
            .windows(wanted.len())
            .any(|part| part.iter().eq(wanted))
    }

    pub fn written(&self) -> String {
        self.segments.join("::")
    }
}

/// All paths of two segments or more, and those that `use` brings in.
pub fn named(source: &Source) -> Vec<Named> {
    let mut reader = Reader {
        tokens: &source.tokens,
        at: 0,
        found: Vec::new(),
    };
    let mut modules = Modules::of_file(&source.path);
    while let Some(token) = reader.token() {
        let before = reader.found.len();
        match token.text.as_str() {
            "use" => {
                reader.at += 1;
                // `impl Trait + use<'a>` is another thing of the same name.
                if !reader.stands("<") {
                    reader.tree(&[]);
                }
            }
            _ if token.is_word() => reader.inline(),
            "::" if reader.token_after().is_some_and(Token::is_word) => {
                reader.at += 1;
                reader.inline();
            }
            _ => reader.at += 1,
        }
        for named in &mut reader.found[before..] {
            modules.resolve(&mut named.segments);
        }
        modules.follow(token, reader.token());
    }
    reader
        .found
        .retain(|named| named.imported || named.segments.len() > 1);
    reader.found
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    found: Vec<Named>,
}

impl<'a> Reader<'a> {
    fn token(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn token_after(&self) -> Option<&'a Token> {
        self.tokens.get(self.at + 1)
    }

    fn stands(&self, text: &str) -> bool {
        self.token().is_some_and(|token| token.text == text)
    }

    /// `a::b::c`, as it stands in an expression or a type.
    fn inline(&mut self) {
        let Some(first) = self.token() else { return };
        let mut segments = vec![first.text.clone()];
        self.at += 1;
        while self.stands("::") && self.token_after().is_some_and(Token::is_word) {
            segments.push(self.tokens[self.at + 1].text.clone());
            self.at += 2;
        }
        self.found.push(Named {
            line: first.line,
            segments,
            imported: false,
        });
    }

    /// What follows `use`, up to the end of it or of its branch.
    fn tree(&mut self, above: &[String]) {
        let mut segments = above.to_vec();
        let mut line = self.token().map_or(0, |token| token.line);
        while let Some(token) = self.token() {
            match token.text.as_str() {
                "::" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while self.token().is_some() && !self.stands("}") {
                        self.tree(&segments);
                        if self.stands(",") {
                            self.at += 1;
                        } else if !self.stands("}") {
                            // Not a `use` after all; look no further.
                            return;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "as" => self.at += 2,
                // `{self, …}` is the path above it.
                "self" if !above.is_empty() => self.at += 1,
                "*" => {
                    segments.push("*".to_owned());
                    self.at += 1;
                }
                // `r#move`, and `$crate` in a macro.
                "#" | "$" => self.at += 1,
                _ if token.is_word() => {
                    line = token.line;
                    segments.push(token.text.clone());
                    self.at += 1;
                }
                _ => break,
            }
        }
        self.found.push(Named {
            line,
            segments,
            imported: true,
        });
    }
}

/// The modules we are inside of, to know what `super` means.
struct Modules {
    of_file: Vec<String>,
    /// `mod` blocks within the file, with the depth of their braces.
    inner: Vec<(String, usize)>,
    depth: usize,
    opening: Option<String>,
    after_mod: bool,
}

impl Modules {
    fn of_file(path: &str) -> Self {
        let inside = path.strip_prefix("src/").unwrap_or(path);
        let mut of_file: Vec<String> = inside
            .trim_end_matches(".rs")
            .split('/')
            .map(str::to_owned)
            .collect();
        let is_root = of_file.len() == 1 && ["lib", "main"].contains(&of_file[0].as_str());
        if is_root || of_file.last().is_some_and(|name| name == "mod") {
            of_file.pop();
        }
        Self {
            of_file,
            inner: Vec::new(),
            depth: 0,
            opening: None,
            after_mod: false,
        }
    }

    /// Takes note of `mod name {` and of the brace that ends it.
    fn follow(&mut self, token: &Token, next: Option<&Token>) {
        match token.text.as_str() {
            "{" => {
                self.depth += 1;
                if let Some(name) = self.opening.take() {
                    self.inner.push((name, self.depth));
                }
            }
            "}" => {
                if self.inner.last().is_some_and(|(_, at)| *at == self.depth) {
                    self.inner.pop();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            name if self.after_mod && next.is_some_and(|token| token.text == "{") => {
                self.opening = Some(name.to_owned());
            }
            _ => {}
        }
        self.after_mod = token.text == "mod";
    }

    /// Makes `super::x` and `self::x` of this place a path from `crate`.
    fn resolve(&self, segments: &mut Vec<String>) {
        let supers = segments
            .iter()
            .skip_while(|segment| *segment == "self")
            .take_while(|segment| *segment == "super")
            .count();
        let selves = usize::from(segments.first().is_some_and(|first| first == "self"));
        if segments.len() < 2 || supers + selves == 0 {
            return;
        }
        let mut here = vec!["crate".to_owned()];
        here.extend(self.of_file.iter().cloned());
        here.extend(self.inner.iter().map(|(name, _)| name.clone()));
        here.truncate(here.len().saturating_sub(supers).max(1));
        segments.splice(..selves + supers, here);
    }
}

fn written(path: &str, text: &str) -> Vec<String> {
    named(&Source::new(path, text))
        .iter()
        .map(Named::written)
        .collect()
}

#[test]
fn imports_are_written_out() {
    let text =
        "pub use a::{self, b::{c as d, e}, *};\nuse f;\nuse ::g::{\n  h,\n};\nuse crate::on;";
    assert_eq!(
        written("src/x.rs", text),
        ["a", "a::b::c", "a::b::e", "a::*", "f", "g::h", "crate::on"]
    );
}

#[test]
fn paths_in_code_are_found() {
    let text =
        "fn f(a: &crate::b::C<d::E>) -> impl G + use<'_> { h.i(<J as k::L>::m()); $crate::n!() }";
    assert_eq!(
        written("src/x.rs", text),
        ["crate::b::C", "d::E", "k::L", "crate::n"]
    );
}

#[test]
fn super_is_followed() {
    let text = "use super::a::B;\nmod tests {\n use super::*;\n fn f() { { super::super::c::d() } }\n}\nuse super::super::e;\nuse self::g::h;";
    assert_eq!(
        written("src/room/file.rs", text),
        [
            "crate::room::a::B",
            "crate::room::file::*",
            "crate::room::c::d",
            "crate::e",
            "crate::room::file::g::h",
        ]
    );
    assert_eq!(written("src/room/mod.rs", "use super::a;"), ["crate::a"]);
    assert_eq!(written("src/room.rs", "use super::a;"), ["crate::a"]);
}
