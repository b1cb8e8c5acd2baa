//! Questions about who is hit, and their answers.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// A question of the announce form. Its key is stored, its label is what people read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub key: String,
    pub label: String,
}

/// The questions of the older tool.
pub fn shipped_questions() -> Vec<Question> {
    let question = |key: &str, label: &str| Question {
        key: key.into(),
        label: label.into(),
    };
    vec![
        question("sales", "Sales affected"),
        question("b2b_partners", "B2B partners affected"),
    ]
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    Yes,
    No,
    #[default]
    Unknown,
}

impl Answer {
    pub const ALL: [Answer; 3] = [Answer::Yes, Answer::No, Answer::Unknown];

    pub fn word(self) -> &'static str {
        match self {
            Answer::Yes => "yes",
            Answer::No => "no",
            Answer::Unknown => "unknown",
        }
    }

    pub fn from_word(word: &str) -> Option<Answer> {
        Answer::ALL.into_iter().find(|it| it.word() == word)
    }
}

/// An answered question, with its label as it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    pub question: String,
    pub label: String,
    pub answer: Answer,
    /// When the people concerned were told that the answer is yes.
    pub told_at: Option<Timestamp>,
}
