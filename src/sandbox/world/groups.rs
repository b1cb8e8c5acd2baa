//! User groups: how Slack shows them, and what the app is told when one changes.

use super::World;
use crate::sandbox::seed::SeedGroup;
use serde_json::{Value, json};

impl World {
    pub fn group(&self, id: &str) -> Option<&SeedGroup> {
        self.groups.iter().find(|group| group.id == id)
    }

    /// A user group as `usergroups.list` and events show it.
    pub fn render_group(&self, group: &SeedGroup) -> Value {
        let creator = self.users.first().map(|user| user.id.clone());
        json!({
            "id": group.id,
            "team_id": self.workspace.id,
            "is_usergroup": true,
            "is_subteam": true,
            "name": group.name,
            "description": "",
            "handle": group.handle,
            "is_external": false,
            "date_create": 1_700_000_000,
            "date_update": 1_700_000_000,
            "date_delete": 0,
            "auto_type": null,
            "auto_provision": false,
            "enterprise_subteam_id": "",
            "created_by": creator,
            "updated_by": creator,
            "deleted_by": null,
            "prefs": {"channels": [], "groups": []},
        })
    }

    /// Takes people into a user group and out of it. Slack tells it twice: that the group is
    /// different, and who came and went.
    pub fn change_group(&mut self, id: &str, add: Vec<String>, remove: &[String]) {
        let Some(group) = self.groups.iter_mut().find(|group| group.id == id) else {
            return;
        };
        let removed: Vec<String> = remove
            .iter()
            .filter(|user| group.users.contains(user))
            .cloned()
            .collect();
        group.users.retain(|user| !removed.contains(user));
        let added: Vec<String> = add
            .into_iter()
            .filter(|user| !group.users.contains(user))
            .collect();
        group.users.extend(added.iter().cloned());
        if added.is_empty() && removed.is_empty() {
            return;
        }
        let Some(group) = self.group(id) else {
            return;
        };
        let mut shown = self.render_group(group);
        shown["users"] = json!(group.users);
        shown["user_count"] = json!(group.users.len());
        let members = json!({
            "type": "subteam_members_changed",
            "subteam_id": id,
            "team_id": self.workspace.id,
            "date_previous_update": 1_700_000_000,
            "date_update": self.clock.seconds(),
            "added_users": added,
            "added_users_count": added.len(),
            "removed_users": removed,
            "removed_users_count": removed.len(),
        });
        self.tell(json!({"type": "subteam_updated", "subteam": shown}));
        self.tell(members);
    }
}
