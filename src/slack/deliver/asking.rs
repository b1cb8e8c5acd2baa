//! Asking in private who takes the roles of somebody who left.

use super::{Scene, SlackDeliver, Stop, moot};
use crate::{
    domain::{
        delivery::{Receipt, Task},
        ids::PersonId,
        outage::Role,
    },
    slack::{mrkdwn, views::direct},
    store::deliveries::Delivery,
};

impl SlackDeliver {
    pub(super) async fn ask_for_assignee(
        &self,
        delivery: &Delivery,
        scene: &Scene,
        person: PersonId,
        look_first: bool,
    ) -> Result<Receipt, Stop> {
        let Task::AskForAssignee { left, roles, .. } = &delivery.payload else {
            return Err(moot("it asks nobody"));
        };
        // Somebody may have taken them while this waited.
        let outage = &scene.outage;
        let is_free = |it: &Role| outage.roles.of(*it).is_none();
        let free: Vec<Role> = roles.iter().copied().filter(is_free).collect();
        if free.is_empty() || !outage.is_open() {
            return Err(moot("nobody is looked for any more"));
        }
        let left = mrkdwn::name(scene.person(*left)?);
        let link = scene.announcement.permalink.as_deref();
        let message = direct::ask_for_assignee(&free, &left, outage, link);
        self.direct(
            delivery,
            scene.person(person)?,
            message.to_json(),
            look_first,
        )
        .await
    }
}
