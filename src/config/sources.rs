//! Where settings come from: which file, the environment, the flags. The only file that asks the
//! process for its environment. What the values mean is read elsewhere.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::compat;

/// Names the settings file when `--config` does not.
const FILE_VARIABLE: &str = "BALEFIRE_CONFIG";

/// Looked for in this order, and it is no fault if neither is there.
const USUAL_FILES: [&str; 2] = ["config/balefire.toml", "/etc/balefire/balefire.toml"];

/// Environment variables that are settings start with this: `BALEFIRE__LOG__FILTER`.
pub(super) const PREFIX: &str = "BALEFIRE__";

/// Everything that settings are read from, weakest first.
#[derive(Default)]
pub struct Sources {
    /// The settings file; without one there are only defaults, environment and flags.
    pub file: Option<PathBuf>,
    /// Variables with their values. Besides those that start with `BALEFIRE__` only those of an
    /// older tool are looked at, and only if `compat` names it.
    pub environment: Vec<(String, String)>,
    /// Sections and keys as in the file, only those that were given as flags.
    pub flags: toml::Table,
}

impl Sources {
    /// The sources of this process. `file` is what `--config` says.
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn from_process(file: Option<PathBuf>, flags: toml::Table) -> Self {
        let present = |path: &Path| {
            // A file that cannot be looked at is there for our purpose: the problem is told later.
            path.try_exists().unwrap_or(true)
        };
        Self {
            file: settings_file(file, env::var_os(FILE_VARIABLE), present),
            environment: settings_variables(env::vars_os()),
            flags,
        }
    }
}

/// The value of one variable, for commands that take no settings but may be given a secret. An
/// empty one counts as not given.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name)?.to_string_lossy().trim().to_owned();
    (!value.is_empty()).then_some(value)
}

fn settings_file(
    flag: Option<PathBuf>,
    variable: Option<OsString>,
    present: impl Fn(&Path) -> bool,
) -> Option<PathBuf> {
    let variable = variable.filter(|path| !path.is_empty()).map(PathBuf::from);
    let usual = || {
        USUAL_FILES
            .iter()
            .map(PathBuf::from)
            .find(|path| present(path))
    };
    flag.or(variable).or_else(usual)
}

/// Bytes that are not UTF-8 become U+FFFD, which is refused when the value is read.
fn settings_variables(all: impl Iterator<Item = (OsString, OsString)>) -> Vec<(String, String)> {
    all.map(|(name, value)| {
        (
            name.to_string_lossy().into_owned(),
            value.to_string_lossy().into_owned(),
        )
    })
    .filter(|(name, _)| setting_of(name).is_some() || compat::is_old(name))
    .collect()
}

/// `BALEFIRE__LOG__FILTER` → `log.filter`.
pub(super) fn setting_of(variable: &str) -> Option<String> {
    let (prefix, rest) = variable.split_at_checked(PREFIX.len())?;
    prefix
        .eq_ignore_ascii_case(PREFIX)
        .then(|| rest.to_ascii_lowercase().replace("__", "."))
}

/// `log.filter` → `BALEFIRE__LOG__FILTER`.
pub(super) fn variable_of(setting: &str) -> String {
    format!("{PREFIX}{}", setting.replace('.', "__").to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(flag: Option<&str>, variable: Option<&str>, present: &[&str]) -> Option<String> {
        settings_file(
            flag.map(PathBuf::from),
            variable.map(OsString::from),
            |path| present.iter().any(|there| Path::new(there) == path),
        )
        .map(|path| path.display().to_string())
    }

    #[test]
    fn the_flag_beats_the_variable_beats_the_usual_places() {
        let both = USUAL_FILES;
        assert_eq!(chosen(Some("a"), Some("b"), &both).as_deref(), Some("a"));
        assert_eq!(chosen(None, Some("b"), &both).as_deref(), Some("b"));
        assert_eq!(chosen(None, Some(""), &both).as_deref(), Some(both[0]));
        assert_eq!(chosen(None, None, &both[1..]).as_deref(), Some(both[1]));
        assert_eq!(chosen(None, None, &[]), None);
    }

    #[test]
    fn variables_name_settings_in_any_case() {
        assert_eq!(
            setting_of("BALEFIRE__SLACK__BOT_TOKEN").as_deref(),
            Some("slack.bot_token")
        );
        assert_eq!(
            setting_of("balefire__Log__filter").as_deref(),
            Some("log.filter")
        );
        assert_eq!(setting_of("BALEFIRE_CONFIG"), None);
        assert_eq!(setting_of("BALEFIRÉ__LOG"), None);
        assert_eq!(variable_of("slack.bot_token"), "BALEFIRE__SLACK__BOT_TOKEN");
    }

    #[test]
    fn other_variables_are_left_out() {
        let all = [("BALEFIRE__LOG__FILTER", "debug"), ("PATH", "/bin")];
        let kept = settings_variables(all.map(|(k, v)| (k.into(), v.into())).into_iter());
        assert_eq!(kept, [("BALEFIRE__LOG__FILTER".into(), "debug".into())]);
    }
}
