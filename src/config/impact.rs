//! `[impact]`: the questions about who is hit, and which channels are told when the answer is yes.
//! Asking and telling is done elsewhere.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::layers::Given;
use super::problem::Fault;
use super::reader::{Reader, text_of, texts_of, wrong_type};
use super::slack::channel;
use super::suggestion::nearest;
use crate::domain::ids::ChannelId;
use crate::domain::impact::{Kind, Question, shipped_questions};

#[derive(Debug, Clone)]
pub struct Impact {
    /// In the order of the form; none when a team asks nothing.
    pub questions: Vec<Question>,
}

const QUESTIONS: &str = "impact.questions";
const TELL: &str = "impact.tell";
const FIELDS: [&str; 5] = ["key", "label", "tell", "choices", "details"];

/// More would be a questionnaire. Slack's forms take 100 blocks, and a question may need two.
const QUESTIONS_MOST: usize = 20;
const KEY_MOST: usize = 40;
/// Slack takes far more, but a longer one breaks into lines in a form on a phone.
const LABEL_MOST: usize = 48;
const CHOICES_LEAST: usize = 2;
/// A select in Slack holds 100, and there is one for unknown.
const CHOICES_MOST: usize = 90;
/// What an option in Slack can show.
const CHOICE_MOST: usize = 75;

/// What every question may be answered with, so no choice can be called so.
const RESERVED: [&str; 3] = ["yes", "no", "unknown"];

pub(super) fn read(reader: &mut Reader) -> Option<Impact> {
    let default = shipped_questions().iter().map(table_of).collect();
    let tables = reader.tables(QUESTIONS, default);
    let questions = tables.and_then(|tables| questions(reader, &tables));
    let questions = tell(reader, questions);
    Some(Impact {
        questions: questions?,
    })
}

/// A question as the settings write it.
fn table_of(question: &Question) -> Table {
    let list = |texts: &[String]| Value::Array(texts.iter().cloned().map(Value::from).collect());
    let mut table = Table::new();
    table.insert("key".to_owned(), question.key.clone().into());
    table.insert("label".to_owned(), question.label.clone().into());
    match &question.kind {
        Kind::YesNo { tell } => {
            let channels: Vec<String> = tell.iter().map(|it| it.0.clone()).collect();
            table.insert("tell".to_owned(), list(&channels));
        }
        Kind::Choice { choices, details } => {
            table.insert("choices".to_owned(), list(choices));
            table.insert("details".to_owned(), Value::Boolean(*details));
        }
    }
    table
}

fn questions(reader: &mut Reader, tables: &[Table]) -> Option<Vec<Question>> {
    let mut questions = Vec::with_capacity(tables.len());
    let mut keys = BTreeSet::new();
    let mut labels = BTreeSet::new();
    for (index, table) in tables.iter().enumerate() {
        let mut entry = QuestionTable {
            reader: &mut *reader,
            number: index + 1,
            table,
            sound: true,
        };
        questions.push(entry.question(&mut keys, &mut labels));
    }
    if questions.len() > QUESTIONS_MOST {
        let reason = format!("There are more than {QUESTIONS_MOST} questions.");
        let part = format!("question {}", QUESTIONS_MOST + 1);
        let fault = Fault::new(reason, "Leave some out.");
        reader.refuse_part(QUESTIONS, &part, None, fault);
        return None;
    }
    questions.into_iter().collect()
}

/// One question as it was given, and whether it is sound so far.
struct QuestionTable<'a> {
    reader: &'a mut Reader,
    /// Counted from one, for the people who read the problem.
    number: usize,
    table: &'a Table,
    sound: bool,
}

impl QuestionTable<'_> {
    /// `keys` and `labels` are those of the questions before it.
    fn question(
        &mut self,
        keys: &mut BTreeSet<String>,
        labels: &mut BTreeSet<String>,
    ) -> Option<Question> {
        for field in self.table.keys() {
            if !FIELDS.contains(&field.as_str()) {
                self.refuse(field, unknown_field(field));
            }
        }
        let key = self.needed("key", |text| {
            check_key(text)?;
            taken(keys, text, "Another question has this key.")
        });
        let label = self.needed("label", |text| {
            check_line(text, LABEL_MOST)?;
            taken(
                labels,
                &text.to_lowercase(),
                "Another question has this label.",
            )
        });
        let kind = match self.table.contains_key("choices") {
            true => self.choice(),
            false => self.yes_no(),
        };
        let question = Question {
            key: key?,
            label: label?,
            kind: kind?,
        };
        self.sound.then_some(question)
    }

    fn yes_no(&mut self) -> Option<Kind> {
        if self.table.contains_key("details") {
            let remedy = "Give it choices, or leave details out.";
            let fault = Fault::new("Only a question with choices has details.", remedy);
            self.refuse("details", fault);
        }
        let tell = self.texts("tell", channel)?;
        Some(Kind::YesNo {
            tell: tell.into_iter().map(ChannelId).collect(),
        })
    }

    fn choice(&mut self) -> Option<Kind> {
        if self.table.contains_key("tell") {
            let remedy = "Leave out either choices or tell.";
            let fault = Fault::new("Channels are told only when an answer is yes.", remedy);
            self.refuse("tell", fault);
        }
        let details = self.details();
        let choices = self.texts("choices", check_choice)?;
        if !(CHOICES_LEAST..=CHOICES_MOST).contains(&choices.len()) {
            let reason =
                format!("There must be between {CHOICES_LEAST} and {CHOICES_MOST} choices.");
            self.refuse("choices", Fault::new(reason, "Add or remove some."));
        }
        Some(Kind::Choice {
            choices,
            details: details?,
        })
    }

    fn details(&mut self) -> Option<bool> {
        match self.table.get("details") {
            None => Some(false),
            Some(Value::Boolean(on)) => Some(*on),
            Some(other) => {
                let given = Given::Typed(other.clone());
                self.refuse("details", wrong_type("true or false", &given));
                None
            }
        }
    }

    /// A text that must be there and pass `check`.
    fn needed(
        &mut self,
        field: &str,
        check: impl FnOnce(&str) -> Result<(), Fault>,
    ) -> Option<String> {
        let Some(value) = self.table.get(field) else {
            self.refuse(field, Fault::new("The question has none.", "Add it."));
            return None;
        };
        let given = Given::Typed(value.clone());
        match text_of(&given).and_then(|text| check(text).map(|()| text.to_owned())) {
            Ok(text) => Some(text),
            Err(fault) => {
                self.refuse(field, fault);
                None
            }
        }
    }

    /// A list of texts that look different; empty when it is not there. Every text that `parse`
    /// refuses is a problem of its own.
    fn texts(
        &mut self,
        field: &str,
        parse: impl Fn(&str) -> Result<String, Fault>,
    ) -> Option<Vec<String>> {
        let Some(value) = self.table.get(field) else {
            return Some(Vec::new());
        };
        let texts = match texts_of(&Given::Typed(value.clone())) {
            Ok(texts) => texts,
            Err(fault) => {
                self.refuse(field, fault);
                return None;
            }
        };
        let mut seen = BTreeSet::new();
        for text in &texts {
            let fault = match parse(text) {
                Err(fault) => fault,
                // Answers are shown with a capital, so those that differ in it alone look the same.
                Ok(text) if !seen.insert(text.to_lowercase()) => {
                    Fault::new("It is listed twice.", "Remove one of the two.")
                }
                Ok(_) => continue,
            };
            self.report(field, Some(&Value::from(text.as_str())), fault);
        }
        Some(texts)
    }

    fn refuse(&mut self, field: &str, fault: Fault) {
        let value = self.table.get(field).cloned();
        self.report(field, value.as_ref(), fault);
    }

    fn report(&mut self, field: &str, value: Option<&Value>, fault: Fault) {
        self.sound = false;
        let part = format!("question {}, {field}", self.number);
        self.reader.refuse_part(QUESTIONS, &part, value, fault);
    }
}

fn unknown_field(field: &str) -> Fault {
    let remedy = match nearest(field, FIELDS) {
        Some(meant) => format!("Did you mean {meant}?"),
        None => format!("A question has {}.", FIELDS.join(", ")),
    };
    Fault::new("A question has no such field.", remedy)
}

fn taken(seen: &mut BTreeSet<String>, text: &str, reason: &str) -> Result<(), Fault> {
    match seen.insert(text.to_owned()) {
        true => Ok(()),
        false => Err(Fault::new(reason, "Choose another one.")),
    }
}

fn check_key(text: &str) -> Result<(), Fault> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if text.is_empty() || text.len() > KEY_MOST || !text.chars().all(plain) {
        let reason =
            format!("It must be small letters, digits and _, at most {KEY_MOST} characters.");
        return Err(Fault::new(reason, "Write it like b2b_partners."));
    }
    Ok(())
}

fn check_line(text: &str, most: usize) -> Result<(), Fault> {
    if text.is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
        let reason = format!("It must be one line of 1 to {most} characters.");
        return Err(Fault::new(reason, "Say it in a few words."));
    }
    Ok(())
}

fn check_choice(text: &str) -> Result<String, Fault> {
    check_line(text, CHOICE_MOST)?;
    if RESERVED.contains(&text.to_lowercase().as_str()) {
        let remedy = "Choose another word; unknown is always offered, and without choices a \
                      question is answered with yes or no.";
        return Err(Fault::new("This answer has a meaning already.", remedy));
    }
    Ok(text.to_owned())
}

/// Adds the channels of `[impact.tell]`. Without sound questions only the channels are looked at.
fn tell(reader: &mut Reader, mut questions: Option<Vec<Question>>) -> Option<Vec<Question>> {
    let mut problem = false;
    let mut names = BTreeSet::new();
    for question in questions.iter_mut().flatten() {
        let Kind::YesNo { tell } = &mut question.kind else {
            continue;
        };
        let name = format!("{TELL}.{}", question.key);
        match reader.list(&name, &[], channel) {
            Some(channels) => {
                for channel in channels.into_iter().map(ChannelId) {
                    if !tell.contains(&channel) {
                        tell.push(channel);
                    }
                }
            }
            None => problem = true,
        }
        names.insert(name);
    }
    for name in reader.given_under(TELL) {
        if names.contains(&name) {
            continue;
        }
        let channels = reader.list(&name, &[], channel);
        if let Some(questions) = &questions {
            reader.refuse(&name, no_such_question(&name, questions));
        }
        problem |= channels.is_none() || questions.is_some();
    }
    questions.filter(|_| !problem)
}

fn no_such_question(name: &str, questions: &[Question]) -> Fault {
    let key = name.get(TELL.len() + 1..).unwrap_or_default();
    if questions.iter().any(|it| it.key == key) {
        return Fault::new(
            "This question has choices, and channels are told only when an answer is yes.",
            "Remove it, or make it a question of yes and no.",
        );
    }
    let yes_no = |it: &&Question| matches!(it.kind, Kind::YesNo { .. });
    let known = questions.iter().filter(yes_no).map(|it| it.key.as_str());
    let known: Vec<&str> = known.collect();
    let remedy = match known.as_slice() {
        [] => "Remove it: no question is answered with yes or no.".to_owned(),
        known => format!("The questions of yes and no are {}.", known.join(", ")),
    };
    Fault::new("There is no question with this key.", remedy)
}
