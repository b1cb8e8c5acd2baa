//! The form that makes an existing channel the one in which people work on an outage.

use slack_morphism::prelude::SlackView;

use super::{FieldErrors, Values, block};
use crate::{
    domain::{
        ids::ChannelId,
        outage::Outage,
        refusal::{Field, Refusal},
    },
    slack::{
        action::{Form, FormContext},
        kit,
        views::answers,
    },
};

pub fn view(outage: &Outage) -> SlackView {
    let element = kit::channel_select(block::CHANNEL, "Choose a channel");
    let hint = "A channel in which people work on this outage. Balefire joins it; to a private one \
                it has to be invited.";
    let channel = kit::input(block::CHANNEL, "Channel", element, hint, false);
    let title = format!("Channel of outage {}", outage.number);
    kit::modal(
        Form::SetChannel,
        FormContext::of(outage),
        &title,
        "Save",
        vec![channel],
    )
}

pub fn read(values: &Values) -> Result<ChannelId, FieldErrors> {
    let mut errors = FieldErrors::default();
    match values.channel(block::CHANNEL) {
        Some(channel) => Ok(ChannelId::from(channel)),
        None => {
            let field = Field::Channel;
            errors.add(
                block::CHANNEL,
                &answers::sentence(&Refusal::Empty { field }),
            );
            Err(errors)
        }
    }
}
