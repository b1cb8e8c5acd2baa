//! Stories over all of the settings. What belongs to one section is tested beside it.

mod catalog;
mod compat;
mod impact;
mod precedence;
mod problems;
mod secrets;
mod shipped_file;
mod signals;
mod stackmon;
mod written;

use std::fs;

use tempfile::TempDir;

use super::*;

/// What serve cannot do without.
const SLACK: &str = "[slack]\nbot_token = \"xoxb-1-TOKEN\"\n\
    signing_secret = \"0123456789abcdefSECRET\"\nannounce_channel = \"C0123456789\"\n";

/// Settings from all their places, without touching the process.
struct Desk {
    folder: TempDir,
    sources: Sources,
}

impl Desk {
    /// With this settings file.
    fn with_file(text: &str) -> Self {
        let mut desk = Self::without_file();
        desk.sources.file = Some(desk.write("balefire.toml", text).into());
        desk
    }

    fn without_file() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            sources: Sources::default(),
        }
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        let pair = (name.to_owned(), value.to_owned());
        self.sources.environment.push(pair);
        self
    }

    fn flags(mut self, text: &str) -> Self {
        self.sources.flags = text.parse().expect("flags in TOML");
        self
    }

    /// Writes a file beside the settings and gives its path.
    fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("a writable folder");
        path.display().to_string()
    }

    fn load(&self) -> Result<Settings, Problems> {
        load(&self.sources, &CHECKS)
    }

    fn load_partial(&self) -> Result<Settings<Option<Slack>>, Problems> {
        load_partial(&self.sources, &CHECKS)
    }

    /// The problems of `load`, the folder shown as `…/`.
    #[track_caller]
    fn problems(&self) -> Vec<String> {
        let problems = self.load().expect_err("something is wrong");
        let folder = format!("{}/", self.folder.path().display());
        let shown = |problem: &Problem| problem.to_string().replace(&folder, "…/");
        problems.iter().map(shown).collect()
    }
}

const CHECKS: Checks = Checks {
    zone_exists: |name| ["Etc/UTC", "Europe/Prague"].contains(&name),
    log_filter: |filter| match filter {
        "inof" => Err("There is no such level.".to_owned()),
        _ => Ok(()),
    },
};
