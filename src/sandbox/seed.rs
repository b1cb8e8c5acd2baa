//! What a sandbox workspace contains when it starts: the names of the workspace, the app, the
//! people and the channels. Nothing here changes while the sandbox runs.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Seed {
    pub workspace: SeedWorkspace,
    pub app: SeedApp,
    pub users: Vec<SeedUser>,
    pub channels: Vec<SeedChannel>,
    pub groups: Vec<SeedGroup>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SeedWorkspace {
    pub id: String,
    pub name: String,
    pub domain: String,
}

/// The installed app and its bot user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SeedApp {
    pub app_id: String,
    pub bot_id: String,
    pub user_id: String,
    pub name: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SeedUser {
    pub id: String,
    pub name: String,
    pub real_name: String,
    pub email: String,
    pub tz: String,
    #[serde(default)]
    pub is_admin: bool,
    /// A guest.
    #[serde(default)]
    pub is_restricted: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SeedChannel {
    pub id: String,
    pub name: String,
    /// Ids of the members; `None` means every person and the bot.
    #[serde(default)]
    pub members: Option<Vec<String>>,
    #[serde(default)]
    pub is_archived: bool,
}

/// People who can be mentioned together, as `@oncall`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SeedGroup {
    pub id: String,
    pub handle: String,
    pub name: String,
    pub users: Vec<String>,
}

/// A shortcut of the app, as its settings at Slack name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortcut {
    pub callback_id: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: ShortcutKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ShortcutKind {
    /// In the menu beside the message box.
    Global,
    /// In the menu of every message.
    Message,
}

impl Default for Seed {
    fn default() -> Seed {
        Seed {
            workspace: SeedWorkspace::default(),
            app: SeedApp::default(),
            users: vec![
                user("U0ANA", "ana", "Ana Alvarez", "Europe/Prague", true),
                user("U0BO", "bo", "Bo Berg", "Europe/London", false),
                user("U0CY", "cy", "Cy Chen", "America/New_York", false),
                user("U0DEE", "dee", "Dee Diaz", "Asia/Tokyo", false),
            ],
            channels: [
                ("C0GENERAL", "general"),
                ("C0OUTAGES", "outages"),
                ("C0SALES", "sales"),
                ("C0PARTNERS", "partners"),
                ("C0ALERTS", "alerts"),
            ]
            .into_iter()
            .map(|(id, name)| SeedChannel {
                id: id.to_owned(),
                name: name.to_owned(),
                members: None,
                is_archived: false,
            })
            .collect(),
            groups: vec![
                group("S0ONCALL", "oncall", "On call", &["U0BO", "U0ANA"]),
                group("S0SUPPORT", "support", "Support", &["U0CY", "U0DEE"]),
            ],
        }
    }
}

impl Default for SeedWorkspace {
    fn default() -> SeedWorkspace {
        SeedWorkspace {
            id: "T0BALEFIRE".to_owned(),
            name: "Balefire Demo".to_owned(),
            domain: "balefire-demo".to_owned(),
        }
    }
}

impl Default for SeedApp {
    fn default() -> SeedApp {
        SeedApp {
            app_id: "A0BALEFIRE".to_owned(),
            bot_id: "B0BALEFIRE".to_owned(),
            user_id: "U0BALEFIRE".to_owned(),
            name: "balefire".to_owned(),
        }
    }
}

fn user(id: &str, name: &str, real_name: &str, tz: &str, is_admin: bool) -> SeedUser {
    SeedUser {
        id: id.to_owned(),
        name: name.to_owned(),
        real_name: real_name.to_owned(),
        email: format!("{name}@example.com"),
        tz: tz.to_owned(),
        is_admin,
        is_restricted: false,
    }
}

fn group(id: &str, handle: &str, name: &str, users: &[&str]) -> SeedGroup {
    SeedGroup {
        id: id.to_owned(),
        handle: handle.to_owned(),
        name: name.to_owned(),
        users: users.iter().map(|user| (*user).to_owned()).collect(),
    }
}
