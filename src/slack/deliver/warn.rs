//! Warnings to administrators, which are about no outage.

use super::{SlackDeliver, Stop, moot, refused};
use crate::{
    domain::{
        delivery::{Receipt, Task},
        ids::PersonId,
    },
    slack::views::who,
    store::{self, deliveries::Delivery},
};

impl SlackDeliver {
    pub(super) async fn warn_of_removals(
        &self,
        delivery: &Delivery,
        person: PersonId,
        look_first: bool,
    ) -> Result<Receipt, Stop> {
        let Task::WarnOfRemovals {
            group,
            source,
            before,
            would_remove,
            ..
        } = &delivery.payload
        else {
            return Err(refused("it is about something else"));
        };
        let mut tx = self.db.read().await?;
        let person = store::people::by_ids(&mut tx, &[person]).await?.pop();
        drop(tx);
        let person = person.ok_or_else(|| moot("that person is not known any more"))?;
        let message = who::removals(group, source, *would_remove, *before);
        self.direct(delivery, &person, message.to_json(), look_first)
            .await
    }
}
