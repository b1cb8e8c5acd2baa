//! The form that takes a false alarm back, or says that it is another outage reported again.

use slack_morphism::prelude::{SlackBlock, SlackView};

use super::{FieldErrors, Values, block, fields};
use crate::{
    domain::{
        ids::OutageNumber,
        limits,
        outage::Outage,
        refusal::{Field, Refusal},
    },
    slack::{
        action::{Form, FormContext},
        kit,
        views::answers,
    },
};

/// How many other outages can be chosen from.
const OTHERS: usize = 99;

/// `others` are the outages that this one may be, the likeliest first.
pub fn view(outage: &Outage, others: &[Outage]) -> SlackView {
    let element = kit::text_area(block::WHY, "It turned out that …", "", limits::REASON);
    let hint = "For a false alarm: nothing was broken. A withdrawn outage stays out of the \
                statistics. If something was broken and works again, resolve it instead.";
    let same = same(outage, others);
    let optional = same.is_some();
    let label = "Why was it no outage?";
    let mut blocks = vec![kit::input(block::WHY, label, element, hint, optional)];
    blocks.extend(same);
    let title = format!("Withdraw outage {}", outage.number);
    kit::modal(
        Form::Withdraw,
        FormContext::of(outage),
        &title,
        "Withdraw",
        blocks,
    )
}

/// Slack takes no select without a choice, so there may be none.
fn same(outage: &Outage, others: &[Outage]) -> Option<SlackBlock> {
    let others = others.iter().filter(|it| it.number != outage.number);
    let choice = |it: &Outage| {
        let summary: Vec<&str> = it.summary.split_whitespace().collect();
        let (component, summary) = (it.title_component(), summary.join(" "));
        let text = format!("{} · {component} — {summary}", it.number);
        kit::choice(&text, &it.number.to_string())
    };
    let choices: Vec<_> = others.take(OTHERS).map(choice).collect();
    if choices.is_empty() {
        return None;
    }
    let element = kit::select(block::DUPLICATE_OF, "No other outage", choices, None);
    let label = "Is it the same as another outage?";
    let hint = "Then it is merged into that one, and you need not say why.";
    Some(kit::input(block::DUPLICATE_OF, label, element, hint, true))
}

/// Why, which may be empty when it is the same as another one, and which one that is.
pub fn read(values: &Values) -> Result<(String, Option<OutageNumber>), FieldErrors> {
    let mut errors = FieldErrors::default();
    let chosen = values.selected(block::DUPLICATE_OF);
    let number = chosen.and_then(|it| it.parse().ok()).map(OutageNumber);
    if chosen.is_some() && number.is_none() {
        errors.add(block::DUPLICATE_OF, fields::NOT_OFFERED);
    }
    let (at, limit) = (block::WHY, limits::REASON);
    let why = fields::read_optional_text(values, at, Field::Reason, limit, &mut errors);
    if why.is_empty() && chosen.is_none() {
        let field = Field::Reason;
        errors.add(at, &answers::sentence(&Refusal::Empty { field }));
    }
    errors.or((why, number))
}
