//! Questions about who is hit: how they are asked and how their answers are read.

use slack_morphism::prelude::SlackBlock;

use super::{FieldErrors, NOT_OFFERED, Values, block, fields};
use crate::{
    domain::{
        command::Answers,
        impact::{Answer, Given, Question},
        limits,
        outage::Outage,
        policy::Policy,
        refusal::Field,
    },
    slack::{kit, views::state::capitalised},
};

/// How many blocks questions may take: Slack takes 100 in a form, and 250,000 characters in all.
const BLOCKS: usize = 60;

/// Questions of which the answer may stay unknown. `base` is none for an outage to be.
pub fn open(policy: &Policy, base: Option<&Outage>) -> Vec<SlackBlock> {
    let question = |it: &Question| {
        let mut offered = it.known_answers();
        offered.push(Answer::Unknown);
        question(it, &offered, base)
    };
    asked(policy).flat_map(question).collect()
}

/// Questions that want to be answered at last: an unknown answer starts blank.
pub fn last(policy: &Policy, base: &Outage) -> Vec<SlackBlock> {
    let question = |it: &Question| question(it, &it.known_answers(), Some(base));
    asked(policy).flat_map(question).collect()
}

fn question(question: &Question, offered: &[Answer], base: Option<&Outage>) -> Vec<SlackBlock> {
    let known = base.map_or(Answer::Unknown, |it| it.answer(&question.key));
    let choices = offered
        .iter()
        .map(|it| kit::choice(&capitalised(it.word()), it.word()));
    let at = block::impact(&question.key);
    let placeholder = "Choose an answer";
    let element = kit::select(&at, placeholder, choices.collect(), Some(known.word()));
    let mut blocks = vec![kit::input(&at, &question.label, element, "", false)];
    if question.has_details() {
        let at = block::impact_detail(&question.key);
        let before = base.map_or("", |it| it.detail(&question.key));
        let element = kit::text_line(&at, "A few words", before, limits::DETAIL);
        let label = format!("{} details", question.label);
        blocks.push(kit::input(&at, &label, element, "", true));
    }
    blocks
}

/// The answers that were given.
pub fn read_open(values: &Values, policy: &Policy, errors: &mut FieldErrors) -> Answers {
    asked(policy)
        .filter_map(|question| {
            let answer = read_answer(values, question, errors);
            let detail = read_detail(values, question, errors);
            (answer.is_some() || detail.is_some()).then(|| Given {
                question: question.key.clone(),
                answer,
                detail,
            })
        })
        .collect()
}

/// The answers that were given, of which none may be missing or unknown.
pub fn read_last(values: &Values, policy: &Policy, errors: &mut FieldErrors) -> Answers {
    let mut answers = read_open(values, policy, errors);
    for given in &mut answers {
        given.answer.take_if(|it| *it == Answer::Unknown);
    }
    for question in asked(policy) {
        let at = block::impact(&question.key);
        let given = answers.iter().find(|it| it.question == question.key);
        let answered = given.is_some_and(|it| it.answer.is_some());
        if values.has(&at) && !answered {
            errors.add(&at, "Choose an answer.");
        }
    }
    answers.retain(|it| it.answer.is_some() || it.detail.is_some());
    answers
}

fn read_answer(values: &Values, question: &Question, errors: &mut FieldErrors) -> Option<Answer> {
    let at = block::impact(&question.key);
    let answer = Answer::from(values.selected(&at)?.to_owned());
    if question.takes(&answer) {
        return Some(answer);
    }
    errors.add(&at, NOT_OFFERED);
    None
}

/// None when the form had no room for details.
fn read_detail(values: &Values, question: &Question, errors: &mut FieldErrors) -> Option<String> {
    let at = block::impact_detail(&question.key);
    (question.has_details() && values.has(&at))
        .then(|| fields::read_optional_text(values, &at, Field::Impact, limits::DETAIL, errors))
}

/// Only what differs from what is known.
pub fn changed(answers: Answers, base: &Outage) -> Answers {
    answers
        .into_iter()
        .filter_map(|mut it| {
            let known = base.answer(&it.question);
            it.answer.take_if(|answer| *answer == known);
            let before = base.detail(&it.question);
            it.detail
                .take_if(|detail| fields::left_alone(detail, before, limits::DETAIL));
            (it.answer.is_some() || it.detail.is_some()).then_some(it)
        })
        .collect()
}

/// As many as there is room for.
fn asked(policy: &Policy) -> impl Iterator<Item = &Question> {
    let mut room = BLOCKS;
    policy.questions.iter().take_while(move |it| {
        let needs = 1 + usize::from(it.has_details());
        let fits = needs <= room;
        room = room.saturating_sub(needs);
        fits
    })
}
