//! Blocks, and Slack's limits on them. Whatever is built here fits: longer texts are cut on a
//! letter and marked with an ellipsis, longer lists end early, and no text is empty.
//!
//! Labels, titles and options are plain text, in which Slack reads no markup: they take a person's
//! words as they are. Sections and contexts are markup and take what [`super::mrkdwn`] made.

use slack_morphism::prelude::{
    SlackAccessibilityLabel, SlackActionBlockElement, SlackActionId, SlackActionsBlock, SlackBlock,
    SlackBlockButtonElement, SlackBlockButtonStyle, SlackBlockChoiceItem, SlackBlockConfirmItem,
    SlackBlockConversationFilter, SlackBlockConversationsSelectElement,
    SlackBlockDateTimePickerElement, SlackBlockExternalSelectElement, SlackBlockId,
    SlackBlockMarkDownText, SlackBlockPlainText, SlackBlockPlainTextInputElement,
    SlackBlockPlainTextOnly, SlackBlockRadioButtonsElement, SlackBlockStaticSelectElement,
    SlackBlockText, SlackBlockUsersSelectElement, SlackCallbackId, SlackContextBlock,
    SlackContextBlockElement, SlackConversationFilterInclude, SlackDateTime,
    SlackDispatchActionConfig, SlackDispatchActionTrigger, SlackDividerBlock, SlackHomeView,
    SlackInputBlock, SlackInputBlockElement, SlackModalView, SlackSectionBlock,
    SlackSectionBlockElement, SlackView,
};

use super::{
    action::{Action, Form, FormContext},
    mrkdwn::{cut, shorten},
};
use crate::domain::{component::Component, time::Timestamp};

/// Blocks of a message.
pub const MESSAGE_BLOCKS: usize = 50;
/// The text beside the blocks. `chat.postMessage` takes more, `chat.update` does not.
pub const MESSAGE_TEXT: usize = 4000;
/// A section's text and an element of a context.
pub const SECTION: usize = 3000;
/// All texts of a message's blocks together. Undocumented: above about 13,200 Slack answers
/// `msg_blocks_too_long`.
pub const ALL_TEXTS: usize = 12_000;
/// What a text field takes and what it starts with.
pub const TEXT_INPUT: usize = 3000;

const VIEW_BLOCKS: usize = 100;
const FIELDS: usize = 10;
const FIELD: usize = 2000;
const CONTEXT_ELEMENTS: usize = 10;
const ACTION_ELEMENTS: usize = 25;
const BUTTON: usize = 75;
const OPTIONS: usize = 100;
/// What radio buttons take.
pub const RADIOS: usize = 10;
const OPTION: usize = 75;
const OPTION_VALUE: usize = 150;
const PLACEHOLDER: usize = 150;
const LABEL: usize = 2000;
const TITLE: usize = 24;
const ID: usize = 255;

/// One choice of a select.
pub type Choice = SlackBlockChoiceItem<SlackBlockPlainTextOnly>;

pub fn section(block_id: &str, markup: &str) -> SlackBlock {
    SlackSectionBlock::new()
        .with_block_id(id(block_id))
        .with_text(markup_text(markup, SECTION).into())
        .into()
}

/// A section with a button at its right.
pub fn section_with(block_id: &str, markup: &str, button: SlackBlockButtonElement) -> SlackBlock {
    SlackSectionBlock::new()
        .with_block_id(id(block_id))
        .with_text(markup_text(markup, SECTION).into())
        .with_accessory(SlackSectionBlockElement::Button(button))
        .into()
}

/// Up to ten short texts in two columns. Slack refuses a section without any, so there is none.
pub fn fields(block_id: &str, markups: &[String]) -> Option<SlackBlock> {
    let fields: Vec<SlackBlockText> = markups
        .iter()
        .take(FIELDS)
        .map(|it| markup_text(it, FIELD).into())
        .collect();
    (!fields.is_empty()).then(|| {
        SlackSectionBlock::new()
            .with_block_id(id(block_id))
            .with_fields(fields)
            .into()
    })
}

/// Small grey text.
pub fn context(block_id: &str, markups: &[String]) -> Option<SlackBlock> {
    let elements: Vec<SlackContextBlockElement> = markups
        .iter()
        .take(CONTEXT_ELEMENTS)
        .map(|it| markup_text(it, SECTION).into())
        .collect();
    (!elements.is_empty()).then(|| {
        SlackContextBlock::new(elements)
            .with_block_id(id(block_id))
            .into()
    })
}

pub fn divider() -> SlackBlock {
    SlackDividerBlock::new().into()
}

/// A row of buttons, or nothing when there is none to show.
pub fn actions(block_id: &str, buttons: Vec<SlackBlockButtonElement>) -> Option<SlackBlock> {
    let elements: Vec<SlackActionBlockElement> = buttons
        .into_iter()
        .take(ACTION_ELEMENTS)
        .map(Into::into)
        .collect();
    (!elements.is_empty()).then(|| {
        SlackActionsBlock::new(elements)
            .with_block_id(id(block_id))
            .into()
    })
}

/// How a button looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Plain,
    /// The one most likely to be pressed.
    Primary,
    /// One to think about before.
    Danger,
}

/// A button. `spoken` is what a screen reader says, where "Resolve" alone would not tell of what.
pub fn button(action: Action, label: &str, spoken: &str, look: Look) -> SlackBlockButtonElement {
    let button = SlackBlockButtonElement::new(plain(label, BUTTON))
        .with_action_id(SlackActionId(action.id()))
        .with_accessibility_label(SlackAccessibilityLabel(shorten(spoken, BUTTON)));
    let button = match action.value() {
        value if value.is_empty() => button,
        value => button.with_value(value),
    };
    match look {
        Look::Plain => button,
        Look::Primary => button.with_style(SlackBlockButtonStyle::Primary),
        Look::Danger => button.with_style(SlackBlockButtonStyle::Danger),
    }
}

pub fn choice(text: &str, value: &str) -> Choice {
    SlackBlockChoiceItem::new(plain(text, OPTION), shorten(value, OPTION_VALUE))
}

pub fn described_choice(text: &str, value: &str, description: &str) -> Choice {
    choice(text, value).with_description(plain(description, OPTION))
}

/// A component as a choice: people see its name, we get its row.
pub fn component_option(component: &Component) -> Choice {
    choice(&component.name, &component.id.to_string())
}

/// A select. `initial` is the value of the choice it starts with.
pub fn select(
    action_id: &str,
    placeholder: &str,
    choices: Vec<Choice>,
    initial: Option<&str>,
) -> SlackInputBlockElement {
    let choices: Vec<Choice> = choices.into_iter().take(OPTIONS).collect();
    // Slack wants the very same object in both places.
    let initial = initial
        .map(|it| shorten(it, OPTION_VALUE))
        .and_then(|value| choices.iter().find(|it| it.value == value).cloned());
    SlackBlockStaticSelectElement::new()
        .with_action_id(action(action_id))
        .with_placeholder(plain(placeholder, PLACEHOLDER))
        .with_options(choices)
        .opt_initial_option(initial)
        .into()
}

/// Choices that are all seen at once. `initial` is the value of the one that is chosen already.
pub fn radios(
    action_id: &str,
    choices: &[Choice],
    initial: Option<&str>,
) -> SlackInputBlockElement {
    let choices: Vec<SlackBlockChoiceItem<SlackBlockText>> = choices
        .iter()
        .take(RADIOS)
        .map(|it| SlackBlockChoiceItem::new(it.text.clone().into(), it.value.clone()))
        .collect();
    let initial = initial.and_then(|value| choices.iter().find(|it| it.value == value).cloned());
    SlackBlockRadioButtonsElement::new(choices)
        .with_action_id(action(action_id))
        .opt_initial_option(initial)
        .into()
}

/// A select with everybody of the workspace. `initial` is a Slack user ID.
pub fn people_select(
    action_id: &str,
    placeholder: &str,
    initial: Option<&str>,
) -> SlackInputBlockElement {
    SlackBlockUsersSelectElement::new()
        .with_action_id(action(action_id))
        .with_placeholder(plain(placeholder, PLACEHOLDER))
        .opt_initial_user(initial.map(str::to_owned))
        .into()
}

/// A select with the channels that the person sees, without direct conversations.
pub fn channel_select(action_id: &str, placeholder: &str) -> SlackInputBlockElement {
    let filter = SlackBlockConversationFilter::new()
        .with_include(vec![
            SlackConversationFilterInclude::Public,
            SlackConversationFilterInclude::Private,
        ])
        .with_exclude_bot_users(true);
    SlackBlockConversationsSelectElement::new()
        .with_action_id(action(action_id))
        .with_placeholder(plain(placeholder, PLACEHOLDER))
        .with_filter(filter)
        .into()
}

/// A select that asks us for its choices while people type, and before they do.
pub fn suggesting_select(
    action_id: &str,
    placeholder: &str,
    initial: Option<Choice>,
) -> SlackInputBlockElement {
    SlackBlockExternalSelectElement::new()
        .with_action_id(action(action_id))
        .with_placeholder(plain(placeholder, PLACEHOLDER))
        .with_min_query_length(0)
        .opt_initial_option(initial)
        .into()
}

/// A field for text of several lines that takes at most `limit` characters.
pub fn text_area(
    action_id: &str,
    placeholder: &str,
    initial: &str,
    limit: usize,
) -> SlackInputBlockElement {
    text_input(action_id, placeholder, initial, limit)
        .with_multiline(true)
        .into()
}

/// A field for one line of at most `limit` characters.
pub fn text_line(
    action_id: &str,
    placeholder: &str,
    initial: &str,
    limit: usize,
) -> SlackInputBlockElement {
    text_input(action_id, placeholder, initial, limit).into()
}

/// A field for one line, which tells us when somebody presses Enter in it.
pub fn told_text_line(action_id: &str, placeholder: &str, limit: usize) -> SlackInputBlockElement {
    let config = SlackDispatchActionConfig::new()
        .with_trigger_actions_on(vec![SlackDispatchActionTrigger::OnEnterPressed]);
    text_input(action_id, placeholder, "", limit)
        .with_dispatch_action_config(config)
        .into()
}

fn text_input(
    action_id: &str,
    placeholder: &str,
    initial: &str,
    limit: usize,
) -> SlackBlockPlainTextInputElement {
    let limit = limit.min(TEXT_INPUT);
    let initial = shorten(initial, limit);
    SlackBlockPlainTextInputElement::new()
        .with_action_id(action(action_id))
        .with_placeholder(plain(placeholder, PLACEHOLDER))
        .with_max_length(limit as u64)
        .opt_initial_value((!initial.is_empty()).then_some(initial))
}

/// A date with a time, in the zone of whoever looks.
pub fn date_time(action_id: &str, initial: Timestamp) -> SlackInputBlockElement {
    SlackBlockDateTimePickerElement::new()
        .with_action_id(action(action_id))
        .opt_initial_date_time(picked(initial))
        .into()
}

/// A field of a form.
pub fn input(
    block_id: &str,
    label: &str,
    element: SlackInputBlockElement,
    hint: &str,
    optional: bool,
) -> SlackBlock {
    input_block(block_id, label, element, hint, optional).into()
}

/// An optional field that tells us of what is done in it.
pub fn told_input(
    block_id: &str,
    label: &str,
    element: SlackInputBlockElement,
    hint: &str,
) -> SlackBlock {
    input_block(block_id, label, element, hint, true)
        .with_dispatch_action(true)
        .into()
}

fn input_block(
    block_id: &str,
    label: &str,
    element: SlackInputBlockElement,
    hint: &str,
    optional: bool,
) -> SlackInputBlock {
    SlackInputBlock::new(plain(label, LABEL), element)
        .with_block_id(id(block_id))
        .opt_hint((!hint.is_empty()).then(|| plain(hint, LABEL)))
        .with_optional(optional)
}

pub fn modal(
    form: Form,
    context: FormContext,
    title: &str,
    submit: &str,
    blocks: Vec<SlackBlock>,
) -> SlackView {
    let blocks = blocks.into_iter().take(VIEW_BLOCKS).collect();
    SlackView::Modal(
        SlackModalView::new(plain(title, TITLE), blocks)
            .with_submit(plain(submit, TITLE))
            .with_close(plain("Cancel", TITLE))
            .with_callback_id(SlackCallbackId(form.id()))
            .with_private_metadata(context.encode()),
    )
}

/// A modal to read and close.
pub fn reading_modal(title: &str, blocks: Vec<SlackBlock>) -> SlackView {
    let blocks = blocks.into_iter().take(VIEW_BLOCKS).collect();
    SlackView::Modal(
        SlackModalView::new(plain(title, TITLE), blocks).with_close(plain("Back", TITLE)),
    )
}

/// What somebody sees in the Home tab.
pub fn home(blocks: Vec<SlackBlock>) -> SlackView {
    let blocks = blocks.into_iter().take(VIEW_BLOCKS).collect();
    SlackView::Home(SlackHomeView::new(blocks))
}

/// An identifier as Slack takes it; fields of a form are found again by the same rule.
pub fn short_id(id: &str) -> String {
    shorten(id, ID)
}

fn id(block_id: &str) -> SlackBlockId {
    SlackBlockId(short_id(block_id))
}

fn action(action_id: &str) -> SlackActionId {
    SlackActionId(short_id(action_id))
}

/// A question before a button acts.
pub fn confirm(title: &str, text: &str, yes: &str, no: &str) -> SlackBlockConfirmItem {
    let text = SlackBlockText::Plain(SlackBlockPlainText::new(present(shorten(text, 300))));
    SlackBlockConfirmItem::new(plain(title, 100), text, plain(yes, 30), plain(no, 30))
}

fn plain(text: &str, max: usize) -> SlackBlockPlainTextOnly {
    SlackBlockPlainText::new(present(shorten(text, max))).into()
}

fn markup_text(markup: &str, max: usize) -> SlackBlockMarkDownText {
    SlackBlockMarkDownText::new(present(cut(markup, max)))
}

/// Slack refuses texts without a letter.
fn present(text: String) -> String {
    if text.trim().is_empty() {
        "—".to_owned()
    } else {
        text
    }
}

/// The picker takes ten digits: from September 2001 on. The model's own type of time has no
/// constructor that would not name the library behind it, so it is read like from Slack.
fn picked(at: Timestamp) -> Option<SlackDateTime> {
    let seconds = at.minute().epoch();
    if !(1_000_000_000..=9_999_999_999).contains(&seconds) {
        return None;
    }
    // The type can be made of JSON alone: its inside is a date of another library.
    serde_json::from_value(seconds.into()).ok()
}
