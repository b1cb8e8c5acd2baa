//! Secrets: given directly or through a file, never shown. What a secret must look like is said by
//! the section it belongs to.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use url::Url;

use super::layers::{Entry, unreadable};
use super::problem::{Fault, HIDDEN, Problem};
use super::reader::{Reader, text_of, texts_of};

/// No secret is longer; a path that names a log or a device by mistake is not swallowed whole.
const FILE_LIMIT: u64 = 64 * 1024;

/// A setting `key` that may also be given as the path of a file under `file_key`.
pub(super) struct SecretSetting {
    pub(super) key: &'static str,
    pub(super) file_key: &'static str,
    /// Empty if there is none.
    pub(super) default: &'static str,
    /// How a refused value is shown.
    pub(super) show: fn(&str) -> String,
}

/// What became of a secret.
pub(super) enum Found<T> {
    Value(T),
    Unset,
    /// The file is not there or not ours to read. Not reported yet: some commands do not mind.
    Unreadable(Problem),
    /// Already reported.
    Refused,
}

impl SecretSetting {
    pub(super) fn read<T>(
        &self,
        reader: &mut Reader,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Found<T> {
        let direct = reader.entry(self.key, self.default);
        let path = reader.entry(self.file_key, "");
        let given = |entry: Option<Entry>| entry.and_then(Entry::not_blank);
        match (given(direct), given(path)) {
            (Some(direct), Some(path)) if direct.layer == path.layer => {
                let fault = Fault::new(
                    format!("{} is given too.", self.key),
                    "Keep one of the two.",
                );
                reader.report(fault.at(&path.source, self.file_key, None));
                Found::Refused
            }
            // The stronger layer wins here as everywhere.
            (Some(direct), Some(path)) if direct.layer < path.layer => {
                self.read_file(reader, &path, parse)
            }
            (Some(direct), _) => match text_of(&direct.value) {
                Ok(text) => self.parsed(reader, &direct.source, text, parse),
                Err(fault) => {
                    reader.report(fault.at(&direct.source, self.key, Some(HIDDEN.to_owned())));
                    Found::Refused
                }
            },
            (None, Some(path)) => self.read_file(reader, &path, parse),
            (None, None) if self.default.is_empty() => Found::Unset,
            (None, None) => self.parsed(reader, super::problem::DEFAULTS, self.default, parse),
        }
    }

    fn read_file<T>(
        &self,
        reader: &mut Reader,
        entry: &Entry,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Found<T> {
        let path = match text_of(&entry.value) {
            Ok(path) => path,
            Err(fault) => {
                reader.report(fault.at(&entry.source, self.file_key, None));
                return Found::Refused;
            }
        };
        let text = match read_limited(Path::new(path)) {
            Ok(text) => text,
            Err(error) => {
                // Shown with care: it may be the secret itself, put here by mistake.
                let value = Some(shown(path));
                return Found::Unreadable(unreadable(&error).at(
                    &entry.source,
                    self.file_key,
                    value,
                ));
            }
        };
        if text.trim().is_empty() {
            let fault = Fault::new("The file is empty.", "Write the secret into it.");
            reader.report(fault.at(&entry.source, self.file_key, Some(path.to_owned())));
            return Found::Refused;
        }
        self.parsed(reader, &format!("file {path}"), text.trim(), parse)
    }

    fn parsed<T>(
        &self,
        reader: &mut Reader,
        source: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Found<T> {
        match parse(text) {
            Ok(value) => Found::Value(value),
            Err(fault) => {
                reader.report(fault.at(source, self.key, Some((self.show)(text))));
                Found::Refused
            }
        }
    }
}

/// Several secrets that are all good, given as a list or as a file with one to a line.
pub(super) struct SecretList {
    pub(super) key: &'static str,
    pub(super) file_key: &'static str,
}

impl SecretList {
    /// Empty where none is given; `None` where a problem has been reported.
    pub(super) fn read<T>(
        &self,
        reader: &mut Reader,
        parse: impl Fn(&str) -> Result<T, Fault>,
    ) -> Option<Vec<T>> {
        let direct = reader.list_entry(self.key);
        let path = reader.entry(self.file_key, "").and_then(Entry::not_blank);
        let path = match (&direct, path) {
            (Some(direct), Some(path)) if direct.layer == path.layer => {
                let fault = Fault::new(
                    format!("{} is given too.", self.key),
                    "Keep one of the two.",
                );
                reader.report(fault.at(&path.source, self.file_key, None));
                return None;
            }
            // The stronger layer wins here as everywhere.
            (Some(direct), path) => path.filter(|it| direct.layer < it.layer),
            (None, path) => path,
        };
        let (source, texts) = match (path, direct) {
            (Some(path), _) => self.lines(reader, &path)?,
            (None, None) => return Some(Vec::new()),
            (None, Some(direct)) => match texts_of(&direct.value) {
                Ok(texts) => (direct.source, texts),
                Err(fault) => {
                    reader.report(fault.at(&direct.source, self.key, Some(HIDDEN.to_owned())));
                    return None;
                }
            },
        };
        let mut parsed = Vec::with_capacity(texts.len());
        for text in &texts {
            match parse(text) {
                Ok(value) => parsed.push(value),
                Err(fault) => {
                    reader.report(fault.at(&source, self.key, Some(HIDDEN.to_owned())));
                }
            }
        }
        (parsed.len() == texts.len()).then_some(parsed)
    }

    /// The lines of a file, with where they came from.
    fn lines(&self, reader: &mut Reader, entry: &Entry) -> Option<(String, Vec<String>)> {
        let path = match text_of(&entry.value) {
            Ok(path) => path,
            Err(fault) => {
                reader.report(fault.at(&entry.source, self.file_key, None));
                return None;
            }
        };
        let text = match read_limited(Path::new(path)) {
            Ok(text) => text,
            Err(error) => {
                // Shown with care: it may be the secret itself, put here by mistake.
                let problem = unreadable(&error);
                reader.report(problem.at(&entry.source, self.file_key, Some(shown(path))));
                return None;
            }
        };
        let lines = text.lines().map(str::trim).filter(|it| !it.is_empty());
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        if lines.is_empty() {
            let fault = Fault::new("The file is empty.", "Write a secret into it.");
            reader.report(fault.at(&entry.source, self.file_key, Some(path.to_owned())));
            return None;
        }
        Some((format!("file {path}"), lines))
    }
}

/// For secrets of which nothing may be seen.
pub(super) fn hidden(_: &str) -> String {
    HIDDEN.to_owned()
}

/// A text for showing, also one that was put in the wrong place: no token, no password.
pub(super) fn shown(text: &str) -> String {
    let text = text.trim();
    let is_token = text.starts_with("xox") || text.starts_with("xapp-");
    let is_signing_secret = text.len() >= 32 && text.chars().all(|c| c.is_ascii_hexdigit());
    if is_token || is_signing_secret {
        HIDDEN.to_owned()
    } else if text.contains("://") {
        without_password(text)
    } else {
        text.to_owned()
    }
}

/// An address without the password in it, wherever it stands; of an address that cannot be taken
/// apart only the scheme is left.
pub(super) fn without_password(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else {
        return match address.split_once("://") {
            Some((scheme, _)) => format!("{scheme}://{HIDDEN}"),
            None => HIDDEN.to_owned(),
        };
    };
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return HIDDEN.to_owned();
    }
    let is_secret = |name: &str| name.to_lowercase().contains("pass");
    if url.query_pairs().any(|(name, _)| is_secret(&name)) {
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| match is_secret(&name) {
                true => (name.into_owned(), "***".to_owned()),
                false => (name.into_owned(), value.into_owned()),
            })
            .collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    url.into()
}

fn read_limited(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?
        .take(FILE_LIMIT)
        .read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_addresses_are_not_shown() {
        assert_eq!(
            without_password("postgres://ana:s3cret@db.example/balefire"),
            "postgres://ana:***@db.example/balefire"
        );
        assert_eq!(
            without_password("postgres://db/b?user=ana&password=s3cret&sslmode=require"),
            "postgres://db/b?user=ana&password=***&sslmode=require"
        );
        assert_eq!(
            without_password("postgres://ana:s3cret@:x/balefire"),
            "postgres://(hidden)"
        );
    }

    #[test]
    fn a_token_in_the_wrong_place_is_not_shown() {
        assert_eq!(shown("xoxb-1-abc"), HIDDEN);
        assert_eq!(shown("xapp-1-abc"), HIDDEN);
        assert_eq!(shown("0123456789abcdef0123456789abcdef"), HIDDEN);
        assert_eq!(shown("C0123456789"), "C0123456789");
    }
}
