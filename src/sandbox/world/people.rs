//! People and the bot user, and how `users.*` shows them.

use super::World;
use crate::sandbox::seed::{SeedApp, SeedUser};
use chrono::{DateTime, Offset, TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    pub id: String,
    pub name: String,
    pub real_name: String,
    pub email: Option<String>,
    pub tz: String,
    pub is_admin: bool,
    pub is_bot: bool,
    /// A guest.
    #[serde(default)]
    pub is_restricted: bool,
    /// The account is deactivated.
    #[serde(default)]
    pub deleted: bool,
}

impl User {
    pub fn person(seed: SeedUser) -> User {
        User {
            id: seed.id,
            name: seed.name,
            real_name: seed.real_name,
            email: Some(seed.email),
            tz: seed.tz,
            is_admin: seed.is_admin,
            is_bot: false,
            is_restricted: seed.is_restricted,
            deleted: false,
        }
    }

    pub fn bot(app: &SeedApp) -> User {
        User {
            id: app.user_id.clone(),
            name: app.name.clone(),
            real_name: capitalised(&app.name),
            email: None,
            tz: "America/Los_Angeles".to_owned(),
            is_admin: false,
            is_bot: true,
            is_restricted: false,
            deleted: false,
        }
    }
}

impl World {
    pub fn picture(&self, user: &str) -> String {
        format!("{}/avatar/{user}.svg", self.url)
    }

    pub fn render_user(&self, user: &User) -> Value {
        let picture = self.picture(&user.id);
        let called = if user.is_bot { "" } else { &user.real_name };
        let mut profile = json!({
            "title": "", "phone": "", "skype": "",
            "real_name": user.real_name,
            "real_name_normalized": user.real_name,
            "display_name": called,
            "display_name_normalized": called,
            "status_text": "", "status_emoji": "", "status_expiration": 0,
            "team": self.workspace.id,
        });
        for size in [24, 32, 48, 72, 192, 512] {
            profile[format!("image_{size}")] = json!(picture);
        }
        if let Some(email) = &user.email
            && self.settings.is_granted("users:read.email")
        {
            profile["email"] = json!(email);
        }
        if user.is_bot {
            profile["bot_id"] = json!(self.app.bot_id);
            profile["api_app_id"] = json!(self.app.app_id);
        }
        json!({
            "id": user.id,
            "team_id": self.workspace.id,
            "name": user.name,
            "real_name": user.real_name,
            "deleted": user.deleted,
            "color": "9f69e7",
            "tz": user.tz,
            "tz_label": user.tz,
            "tz_offset": self.tz_offset(&user.tz),
            "profile": profile,
            "is_admin": user.is_admin,
            "is_owner": false,
            "is_primary_owner": false,
            "is_restricted": user.is_restricted,
            "is_ultra_restricted": false,
            "is_bot": user.is_bot,
            "is_app_user": false,
            "is_email_confirmed": !user.is_bot,
            "updated": 1_700_000_000,
        })
    }

    /// Tells the app that something about a person is different now.
    pub fn tell_user_changed(&mut self, id: &str) {
        let Some(user) = self.user(id) else {
            return;
        };
        let event = json!({
            "type": "user_change",
            "user": self.render_user(user),
            "cache_ts": self.clock.seconds(),
        });
        self.tell(event);
    }

    /// Somebody new, who is in no channel yet; tells the app.
    pub fn join(&mut self, name: &str) -> String {
        let id = format!("U0{}", name.to_uppercase());
        let user = User::person(SeedUser {
            id: id.clone(),
            name: name.to_owned(),
            real_name: capitalised(name),
            email: format!("{name}@example.com"),
            tz: "Europe/Prague".to_owned(),
            is_admin: false,
            is_restricted: false,
        });
        let shown = self.render_user(&user);
        self.users.push(user);
        self.tell(json!({"type": "team_join", "user": shown, "cache_ts": self.clock.seconds()}));
        id
    }

    /// Whether this is the name of a time zone.
    pub fn is_zone(name: &str) -> bool {
        name.parse::<chrono_tz::Tz>().is_ok()
    }

    /// Seconds east of UTC now, on the sandbox's clock; 0 for a zone nobody knows.
    fn tz_offset(&self, tz: &str) -> i32 {
        let zone: Option<chrono_tz::Tz> = tz.parse().ok();
        let now = DateTime::from_timestamp(self.clock.seconds(), 0);
        match (zone, now) {
            (Some(zone), Some(now)) => zone
                .offset_from_utc_datetime(&now.naive_utc())
                .fix()
                .local_minus_utc(),
            _ => 0,
        }
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
