//! `compat`: the environment variables of the tool that Balefire takes the place of, as the weakest
//! layer of settings. The tables of these variables are in the files of the folder; what becomes of
//! each is told to people in the tool's guide under `docs/`, which a test compares.
//!
//! Without `compat` no such variable is looked at, because many of their names, such as `DEBUG` or
//! `DB_HOST`, mean something else in other containers.

mod phoenix;

use std::net::Ipv6Addr;

use super::layers::{Given, Layers};
use super::problem::Fault;
use super::reader::Reader;
use super::secret::shown;
use super::suggestion::nearest;

pub(super) const COMPAT: &str = "compat";
const DATABASE_URL: &str = "database.url";
const DATABASE_URL_FILE: &str = "database.url_file";

const YES: [&str; 6] = ["y", "yes", "t", "true", "on", "1"];
const NO: [&str; 6] = ["n", "no", "f", "false", "off", "0"];

/// What `log.filter` is when an older tool is asked for its debug logs: ours, not those of every
/// library.
const DEBUG_FILTER: &str = "info,balefire=debug";

/// A tool whose variables can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OlderTool {
    Phoenix,
}

const TOOLS: [OlderTool; 1] = [OlderTool::Phoenix];

/// One environment variable of an older tool.
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) fate: Fate,
}

/// What becomes of a variable.
pub(super) enum Fate {
    /// It is this setting, read with this meaning.
    Is(&'static str, Meaning),
    /// It is a part of `database.url`.
    Database(Part),
    /// It can do nothing here: why, and what to do instead.
    Gone(&'static str, &'static str),
    /// It sets what is not here yet.
    Later(&'static str),
    /// It can do nothing here, and nobody is told: every container has it, whatever runs in it.
    Ambient,
}

/// How the value of a variable becomes that of a setting.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It is the value.
    Same,
    /// One of the words for yes and no.
    YesNo,
    /// The same words: yes asks for debug logs, no for nothing.
    DebugLogs,
}

/// A part of an address of PostgreSQL, with the tool's default.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Host(&'static str),
    Port(u16),
    Name(&'static str),
    User(&'static str),
    Password(&'static str),
}

/// What was found of an older tool's variables.
#[derive(Debug, Clone, Default)]
pub struct Compat {
    pub tool: Option<OlderTool>,
    /// In the order of the tool's table.
    pub without_effect: Vec<WithoutEffect>,
}

/// A variable of an older tool that was set and does nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithoutEffect {
    pub variable: &'static str,
    /// It sets what a later version may have.
    pub later: bool,
    /// Sentences: why, and what to do.
    pub advice: String,
}

impl OlderTool {
    /// What `compat` calls it.
    fn word(self) -> &'static str {
        match self {
            Self::Phoenix => "phoenix",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Phoenix => "The Phoenix",
        }
    }

    /// The page for people who come from it.
    fn guide(self) -> &'static str {
        match self {
            Self::Phoenix => "docs/phoenix.md",
        }
    }

    pub(super) fn variables(self) -> &'static [Variable] {
        match self {
            Self::Phoenix => &phoenix::VARIABLES,
        }
    }

    /// What people who come from the tool may believe of a setting that they left out.
    pub(super) fn misunderstanding(self, setting: &str) -> Option<&'static str> {
        match (self, setting) {
            (Self::Phoenix, "slack.signing_secret") => Some(phoenix::TOKEN_IS_NO_SECRET),
            _ => None,
        }
    }

    fn called(word: &str) -> Option<Self> {
        TOOLS.into_iter().find(|tool| tool.word() == word)
    }
}

impl Compat {
    /// One sentence or two that name all variables without effect, if there are any.
    pub fn warning(&self) -> Option<String> {
        let tool = self.tool?;
        let names = |later: bool| -> Vec<&str> {
            let chosen = self.without_effect.iter().filter(|it| it.later == later);
            chosen.map(|it| it.variable).collect()
        };
        let (gone, later) = (names(false), names(true));
        let mut said = Vec::new();
        if !gone.is_empty() {
            said.push(format!("without effect here: {}", gone.join(", ")));
        }
        if !later.is_empty() {
            said.push(format!("not read yet: {}", later.join(", ")));
        }
        (!said.is_empty()).then(|| {
            let (name, guide) = (tool.name(), tool.guide());
            format!("Set for {name} and {}. See {guide}.", said.join("; "))
        })
    }
}

impl Fate {
    /// What somebody who set such a variable is told, if it does nothing.
    pub(super) fn advice(&self) -> Option<String> {
        match self {
            Self::Gone(why, instead) => Some(format!("{why} {instead}")),
            Self::Later(what) => Some(format!("Not read yet: {what}.")),
            Self::Is(..) | Self::Database(_) | Self::Ambient => None,
        }
    }
}

/// Whether this is a variable of any older tool, so that it is worth keeping until `compat` is known.
pub(super) fn is_old(variable: &str) -> bool {
    let mut all = TOOLS.iter().flat_map(|tool| tool.variables());
    all.any(|known| known.name == variable)
}

pub(super) fn read(reader: &mut Reader) -> Option<Compat> {
    let tool = reader.text(COMPAT, "", |text| match text {
        "" => Ok(None),
        word => OlderTool::called(word)
            .map(Some)
            .ok_or_else(|| no_such_tool(word)),
    })?;
    let without_effect = reader.take_without_effect();
    Some(Compat {
        tool,
        without_effect,
    })
}

fn no_such_tool(word: &str) -> Fault {
    let words: Vec<&str> = TOOLS.iter().map(|tool| tool.word()).collect();
    let remedy = match nearest(&word.to_lowercase(), words.iter().copied()) {
        Some(word) => format!("Did you mean {word}?"),
        None => format!("Write {}, or leave it empty.", words.join(" or ")),
    };
    let reason = "Balefire does not read the variables of such a tool.";
    Fault::new(reason, remedy)
}

/// Lays the variables of the tool that the other layers name beneath them.
pub(super) fn lay(layers: &mut Layers, environment: &[(String, String)]) {
    let word = layers.text(COMPAT).unwrap_or_default();
    let Some(tool) = OlderTool::called(word) else {
        // Whoever reads `compat` tells that it is wrong.
        return;
    };
    layers.older_tool = Some(tool);
    let environment = Environment(environment);
    let mut parts = Vec::new();
    for variable in tool.variables() {
        let given = environment.value(variable.name);
        match (&variable.fate, given) {
            (Fate::Is(setting, meaning), Some(text)) => {
                lay_setting(layers, variable.name, setting, *meaning, text);
            }
            (Fate::Database(part), given) => parts.push((variable.name, *part, given)),
            (fate, Some(_)) => {
                let found = fate.advice().map(|advice| WithoutEffect {
                    variable: variable.name,
                    later: matches!(fate, Fate::Later(_)),
                    advice,
                });
                layers.without_effect.extend(found);
            }
            (_, None) => {}
        }
    }
    lay_database(layers, &parts);
}

struct Environment<'a>(&'a [(String, String)]);

impl<'a> Environment<'a> {
    /// An empty variable counts as not set: container tools hand over what they do not have.
    fn value(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        (!value.trim().is_empty()).then_some(value.as_str())
    }
}

fn lay_setting(layers: &mut Layers, name: &str, setting: &str, meaning: Meaning, text: &str) {
    let source = format!("environment variable {name}");
    match readable(text).and_then(|text| meaning.of(text)) {
        Ok(Some(value)) => layers.lay_beneath(setting, source, Given::Raw(value)),
        Ok(None) => {}
        // As everywhere, only the value that counts must be right.
        Err(_) if layers.is_given(setting) => {}
        Err(fault) => {
            let value = readable(text).ok().map(shown);
            layers.problems.push(fault.at(&source, setting, value));
        }
    }
}

/// Bytes that are not UTF-8 arrive as U+FFFD.
fn readable(text: &str) -> Result<&str, Fault> {
    match text.contains('\u{fffd}') {
        true => Err(Fault::new(
            "It is not valid UTF-8.",
            "Set it to readable text.",
        )),
        false => Ok(text),
    }
}

impl Meaning {
    /// `None` if nothing follows from the value.
    fn of(self, text: &str) -> Result<Option<String>, Fault> {
        Ok(match self {
            Self::Same => Some(text.to_owned()),
            Self::YesNo => Some(yes_or_no(text)?.to_string()),
            Self::DebugLogs => yes_or_no(text)?.then(|| DEBUG_FILTER.to_owned()),
        })
    }
}

fn yes_or_no(text: &str) -> Result<bool, Fault> {
    let word = text.trim().to_lowercase();
    if YES.contains(&word.as_str()) {
        return Ok(true);
    }
    if NO.contains(&word.as_str()) {
        return Ok(false);
    }
    let (yes, no) = (YES.join(", "), NO.join(", "));
    let remedy = format!("Write one of {yes}, or one of {no}.");
    Err(Fault::new("It means neither yes nor no.", remedy))
}

/// The address that the parts make together. Where none was set the tool's defaults count for
/// nothing, and ours hold.
fn lay_database(layers: &mut Layers, parts: &[(&str, Part, Option<&str>)]) {
    let set = parts.iter().filter(|(_, _, given)| given.is_some());
    let set: Vec<&str> = set.map(|(name, _, _)| *name).collect();
    let source = match set.as_slice() {
        [] => return,
        [name] => format!("environment variable {name}"),
        names => format!("environment variables {}", names.join(", ")),
    };
    let mut address = Address::default();
    for (name, part, given) in parts {
        if let Err(fault) = address.take(*part, *given) {
            if !layers.is_given(DATABASE_URL) && !layers.is_given(DATABASE_URL_FILE) {
                let source = format!("environment variable {name}");
                layers.problems.push(fault.at(&source, DATABASE_URL, None));
            }
            return;
        }
    }
    let url = address.url();
    layers.lay_beneath(DATABASE_URL, source, Given::Raw(url));
}

/// Percent-encoded parts of an address.
#[derive(Default)]
struct Address {
    host: String,
    port: u16,
    name: String,
    user: String,
    password: String,
}

impl Address {
    fn take(&mut self, part: Part, given: Option<&str>) -> Result<(), Fault> {
        let given = given.map(readable).transpose()?;
        match part {
            Part::Host(default) => self.host = host(given.unwrap_or(default).trim())?,
            Part::Port(default) => self.port = given.map_or(Ok(default), port)?,
            Part::Name(default) => self.name = encoded(given.unwrap_or(default).trim()),
            Part::User(default) => self.user = encoded(given.unwrap_or(default).trim()),
            // A blank at its end may belong to it.
            Part::Password(default) => self.password = encoded(given.unwrap_or(default)),
        }
        Ok(())
    }

    fn url(&self) -> String {
        let Self {
            host,
            port,
            name,
            user,
            password,
        } = self;
        format!("postgres://{user}:{password}@{host}:{port}/{name}")
    }
}

/// Also the folder of a socket, which clients of PostgreSQL take in the place of a host once its
/// slashes are encoded.
fn host(text: &str) -> Result<String, Fault> {
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Ok(format!("[{address}]"));
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if text.starts_with('/') || text.chars().all(is_name) {
        return Ok(encoded(text));
    }
    Err(Fault::new(
        "It is neither a host nor the folder of a socket.",
        "Write it like db.example.com; the port has a variable of its own.",
    ))
}

fn port(text: &str) -> Result<u16, Fault> {
    let port = text.trim().parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| Fault::new("It is not the number of a port.", "Write it like 5432."))
}

/// Everything that could have a meaning in an address is encoded, the percent sign too.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}
