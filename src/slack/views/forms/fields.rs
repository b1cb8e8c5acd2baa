//! Fields that several forms have: how each looks and how it is read.
//!
//! A text may be longer than a field can start with, when it came in another way. The field then
//! starts with its beginning, and a text that comes back as exactly that counts as left alone.

use slack_morphism::prelude::SlackBlock;

use super::{COMPONENT_ACTION, ETA_TEXT_ACTION, FieldErrors, Values, block};
use crate::{
    domain::{
        component::Component,
        eta::{Eta, EtaChoice, understand},
        ids::ComponentId,
        impact::Answer,
        limits,
        money::Money,
        outage::{Outage, Severity},
        policy::Policy,
        refusal::{Field, Refusal},
        time::{Timestamp, Zone},
    },
    slack::{
        kit::{self, Choice},
        mrkdwn,
        views::{answers, eta::unclear as unclear_words, state::capitalised},
    },
};

/// The choice of an ETA that leaves it as it is. No label can be this.
const KEEP: &str = "keep";

/// The choice that promises nothing. No label can be this either.
const UNKNOWN: &str = "unknown";

/// How long exact words may be; nothing longer is understood.
const ETA_TEXT: usize = 100;

/// How long the field for an amount is.
const AMOUNT: usize = 100;

pub const NOT_OFFERED: &str = "This choice is not offered any more. Choose again.";

pub fn summary(initial: &str) -> SlackBlock {
    let element = kit::text_area(
        block::SUMMARY,
        "Customers in Spain cannot pay by card at all, because the card provider times out.",
        initial,
        limits::SUMMARY,
    );
    let hint = "WHO is affected, HOW (fully or partly), WHAT they cannot do, BECAUSE of what: as far \
                as it is known.";
    kit::input(block::SUMMARY, "What happened?", element, hint, false)
}

pub fn component(initial: Option<&Component>) -> SlackBlock {
    let element = kit::suggesting_select(
        COMPONENT_ACTION,
        "Type a part of its name",
        initial.map(kit::component_option),
    );
    kit::input(block::COMPONENT, "What is affected?", element, "", false)
}

pub fn read_component(values: &Values, errors: &mut FieldErrors) -> Option<ComponentId> {
    let Some(value) = values.selected(block::COMPONENT) else {
        errors.add(block::COMPONENT, "Choose what is affected.");
        return None;
    };
    let id = value.parse().ok().filter(|it| *it > 0).map(ComponentId);
    if id.is_none() {
        errors.add(block::COMPONENT, NOT_OFFERED);
    }
    id
}

pub fn severity(initial: Severity) -> SlackBlock {
    let choices = Severity::ALL.map(|it| {
        let meaning = match it {
            Severity::Critical => "Nobody or nearly nobody can use it",
            Severity::Major => "Many people are hit, or something important fails",
            Severity::Minor => "Few people are hit, or there is a way around it",
        };
        kit::described_choice(&capitalised(it.word()), it.word(), meaning)
    });
    let element = kit::select(
        block::SEVERITY,
        "Choose a severity",
        choices.to_vec(),
        Some(initial.word()),
    );
    kit::input(block::SEVERITY, "How severe is it?", element, "", false)
}

pub fn read_severity(values: &Values, errors: &mut FieldErrors) -> Option<Severity> {
    let word = values.selected(block::SEVERITY)?;
    let severity = Severity::from_word(word);
    if severity.is_none() {
        errors.add(block::SEVERITY, NOT_OFFERED);
    }
    severity
}

/// The choices, of which "unknown" is chosen: nobody should promise anything by leaving a field
/// alone. Below them room for exact words, which count more.
pub fn eta(policy: &Policy) -> [SlackBlock; 2] {
    let choices = eta_choices(policy);
    let element = kit::select(block::ETA, "Choose an ETA", choices, Some(UNKNOWN));
    let hint = "How long until it is over? It counts from now.";
    [
        kit::input(block::ETA, "ETA", element, hint, false),
        exact_eta(),
    ]
}

/// The choices for a new promise, with keeping the present one chosen.
pub fn new_eta(base: &Outage, policy: &Policy) -> [SlackBlock; 2] {
    let keep = match (base.eta.due, base.eta.label.trim()) {
        // An exact time has no label, and a choice shows no date of Slack's.
        (Some(due), "") => format!("Keep: {}", due.in_zone(policy.zone)),
        (None, "") => "Keep: unknown".to_owned(),
        (_, label) => format!("Keep: {label}"),
    };
    let mut choices = vec![kit::choice(&keep, KEEP)];
    choices.extend(eta_choices(policy));
    let element = kit::select(block::ETA, "Choose an ETA", choices, Some(KEEP));
    let hint = "A new ETA counts from now.";
    [
        kit::input(block::ETA, "ETA", element, hint, false),
        exact_eta(),
    ]
}

fn exact_eta() -> SlackBlock {
    let placeholder = "45m, 16:30, tomorrow noon, unknown";
    let element = kit::told_text_line(ETA_TEXT_ACTION, placeholder, ETA_TEXT);
    let hint = "Counts more than the choice above. Press Enter to see how it is understood.";
    kit::told_input(block::ETA_TEXT, "Or an exact ETA", element, hint)
}

/// What stands as an exact ETA, else the choice. None when it stays as it is, when the fields hold
/// nothing, or when something is wrong.
pub fn read_eta(
    values: &Values,
    policy: &Policy,
    now: Timestamp,
    zone: Zone,
    errors: &mut FieldErrors,
) -> Option<Eta> {
    if let Some(text) = values.text(block::ETA_TEXT) {
        return match understand(text, now, zone) {
            Ok(eta) => Some(eta),
            Err(unclear) => {
                errors.add(block::ETA_TEXT, &unclear_words(&unclear, zone));
                None
            }
        };
    }
    let value = values.selected(block::ETA)?;
    if value == KEEP {
        return None;
    }
    if value == UNKNOWN {
        return Some(Eta::unknown(now));
    }
    let choice = policy.eta_choice(value);
    if choice.is_none() {
        errors.add(block::ETA, NOT_OFFERED);
    }
    choice.map(|it| it.promise(now))
}

fn eta_choices(policy: &Policy) -> Vec<Choice> {
    let choice = |it: &EtaChoice| kit::choice(&it.label, &it.label);
    let unknown = kit::choice("Unknown", UNKNOWN);
    let choices = policy.eta_choices.iter().map(choice);
    choices.chain([unknown]).collect()
}

pub fn reason(label: &str, hint: &str, optional: bool) -> SlackBlock {
    let element = kit::text_area(block::REASON, "Write a sentence", "", limits::REASON);
    kit::input(block::REASON, label, element, hint, optional)
}

pub fn resolution(initial: &str) -> SlackBlock {
    let element = kit::text_area(
        block::RESOLUTION,
        "What was wrong and what helped?",
        initial,
        limits::RESOLUTION,
    );
    let hint = "You may leave it for later, but now you know it best.";
    kit::input(block::RESOLUTION, "Resolution", element, hint, true)
}

pub fn turnover(initial: Option<&Money>, policy: &Policy) -> SlackBlock {
    let whole = initial.map(|it| it.whole().to_string()).unwrap_or_default();
    let element = kit::text_line(block::TURNOVER, "1000", &whole, AMOUNT);
    let label = format!("Impact on turnover in {}", currency(initial, policy));
    let hint = "A whole number. Leave it empty while nobody knows.";
    kit::input(block::TURNOVER, &label, element, hint, true)
}

/// None when the field is empty. What was counted in another currency stays in that.
pub fn read_turnover(
    values: &Values,
    before: Option<&Money>,
    policy: &Policy,
    errors: &mut FieldErrors,
) -> Option<Money> {
    let text = values.text(block::TURNOVER)?;
    let money = Money::parse_whole(text, currency(before, policy));
    match (&money, before) {
        (None, _) => errors.add(block::TURNOVER, "Write a whole number such as 1000."),
        // Cents that the field does not show are kept.
        (Some(now), Some(before)) if now.whole() == before.whole() => return Some(before.clone()),
        _ => {}
    }
    money
}

fn currency<'a>(amount: Option<&'a Money>, policy: &'a Policy) -> &'a str {
    amount.map_or(&policy.currency, |it| &it.currency)
}

pub fn post_mortem(initial: bool) -> SlackBlock {
    let choices = vec![
        kit::choice("Yes", Answer::Yes.word()),
        kit::choice("No", Answer::No.word()),
    ];
    let initial = if initial { Answer::Yes } else { Answer::No };
    let element = kit::select(
        block::POST_MORTEM,
        "Choose an answer",
        choices,
        Some(initial.word()),
    );
    let label = "Should there be a post-mortem?";
    kit::input(block::POST_MORTEM, label, element, "", false)
}

/// None when the field holds nothing.
pub fn read_post_mortem(values: &Values, errors: &mut FieldErrors) -> Option<bool> {
    match values.selected(block::POST_MORTEM)? {
        "yes" => Some(true),
        "no" => Some(false),
        _ => {
            errors.add(block::POST_MORTEM, "Choose yes or no.");
            None
        }
    }
}

/// A text that must be there.
pub fn read_text(
    values: &Values,
    block: &str,
    field: Field,
    limit: usize,
    errors: &mut FieldErrors,
) -> String {
    let text = read_optional_text(values, block, field, limit, errors);
    if text.is_empty() {
        errors.add(block, &answers::sentence(&Refusal::Empty { field }));
    }
    text
}

/// A text that may be empty.
pub fn read_optional_text(
    values: &Values,
    block: &str,
    field: Field,
    limit: usize,
    errors: &mut FieldErrors,
) -> String {
    // Slack sends what was typed; browsers differ about the ends of lines.
    let text = values.text(block).unwrap_or("").replace("\r\n", "\n");
    let actual = text.chars().count();
    if actual > limit {
        let refusal = Refusal::TooLong {
            field,
            limit,
            actual,
        };
        errors.add(block, &answers::sentence(&refusal));
    }
    text
}

/// The address of a post-mortem. Not a field for addresses: that refuses one without its scheme.
pub fn link(label: &str, initial: &str, optional: bool) -> SlackBlock {
    let placeholder = "https://wiki.example.com/post-mortem-12";
    let element = kit::text_line(block::LINK, placeholder, initial, limits::URL);
    let hint = "Paste its address.";
    kit::input(block::LINK, label, element, hint, optional)
}

/// Whether a text comes back as the field started with it.
pub fn left_alone(text: &str, before: &str, limit: usize) -> bool {
    let shown = mrkdwn::shorten(before, limit.min(kit::TEXT_INPUT));
    text == before || text == shown.trim()
}
