//! Questions about who is hit, and their answers.

use serde::{Deserialize, Serialize};

use super::{ids::ChannelId, time::Timestamp};

/// A question of the announce form. Its key is stored, its label is what people read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub key: String,
    pub label: String,
    pub kind: Kind,
}

/// What a question takes for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Yes, no, or unknown as yet.
    YesNo {
        /// Channels that are told, each once, when the answer becomes yes.
        tell: Vec<ChannelId>,
    },
    /// One of these words, or unknown as yet.
    Choice {
        choices: Vec<String>,
        /// Whether there is room for a few words besides.
        details: bool,
    },
}

impl Question {
    /// The answers that say something, in the order of the form.
    pub fn known_answers(&self) -> Vec<Answer> {
        match &self.kind {
            Kind::YesNo { .. } => vec![Answer::Yes, Answer::No],
            Kind::Choice { choices, .. } => choices.iter().cloned().map(Answer::Choice).collect(),
        }
    }

    /// Whether this is an answer to it.
    pub fn takes(&self, answer: &Answer) -> bool {
        *answer == Answer::Unknown || self.known_answers().contains(answer)
    }

    pub fn has_details(&self) -> bool {
        matches!(self.kind, Kind::Choice { details: true, .. })
    }

    /// Whom to tell once the answer is yes.
    pub fn tells(&self) -> &[ChannelId] {
        match &self.kind {
            Kind::YesNo { tell } => tell,
            Kind::Choice { .. } => &[],
        }
    }
}

/// The questions of the older tool.
pub fn shipped_questions() -> Vec<Question> {
    let yes_no = |key: &str, label: &str| Question {
        key: key.into(),
        label: label.into(),
        kind: Kind::YesNo { tell: Vec::new() },
    };
    let lost = ["0%", "<10%", "<30%", "<60%", "<100%", "100%"];
    vec![
        yes_no("sales", "Sales affected"),
        yes_no("b2b_partners", "B2B partners affected"),
        Question {
            key: "lost_bookings".into(),
            label: "Lost bookings".into(),
            kind: Kind::Choice {
                choices: lost.map(str::to_owned).to_vec(),
                details: true,
            },
        },
    ]
}

/// Stored and sent as its word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Answer {
    Yes,
    No,
    #[default]
    Unknown,
    /// One of the words that the question offers.
    Choice(String),
}

impl Answer {
    pub fn word(&self) -> &str {
        match self {
            Answer::Yes => "yes",
            Answer::No => "no",
            Answer::Unknown => "unknown",
            Answer::Choice(word) => word,
        }
    }
}

impl From<String> for Answer {
    fn from(word: String) -> Answer {
        match word.as_str() {
            "yes" => Answer::Yes,
            "no" => Answer::No,
            "unknown" => Answer::Unknown,
            _ => Answer::Choice(word),
        }
    }
}

impl From<Answer> for String {
    fn from(answer: Answer) -> String {
        answer.word().to_owned()
    }
}

/// An answered question, with its label as it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    pub question: String,
    pub label: String,
    pub answer: Answer,
    /// A few words besides, at most [`super::limits::DETAIL`] characters; mostly empty.
    #[serde(default)]
    pub detail: String,
    /// When the people concerned were told that the answer is yes.
    pub told_at: Option<Timestamp>,
}

/// An answer that somebody gives. What is none stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub question: String,
    pub answer: Option<Answer>,
    pub detail: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_tools_questions_are_shipped() {
        let questions = shipped_questions();
        let words = |at: usize| -> Vec<String> {
            let answers = questions[at].known_answers();
            answers.into_iter().map(String::from).collect()
        };
        assert_eq!(questions[0].label, "Sales affected");
        assert_eq!(words(1), ["yes", "no"]);
        assert_eq!(words(2), ["0%", "<10%", "<30%", "<60%", "<100%", "100%"]);
        assert!(questions[2].has_details() && !questions[0].has_details());
        assert!(questions[2].takes(&Answer::Unknown));
        assert!(!questions[2].takes(&Answer::Yes));
    }

    #[test]
    fn answers_are_stored_as_words() {
        for answer in [
            Answer::Yes,
            Answer::No,
            Answer::Unknown,
            Answer::Choice("<10%".into()),
        ] {
            let word = serde_json::to_value(&answer).unwrap();
            assert_eq!(word, answer.word());
            assert_eq!(serde_json::from_value::<Answer>(word).unwrap(), answer);
        }
    }
}
