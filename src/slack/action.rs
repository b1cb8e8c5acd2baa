//! What buttons and forms carry, and reading it back.
//!
//! Messages live for years and their buttons with them, so what an older version wrote must be
//! readable for ever: add a version, never change one.

use serde::{Deserialize, Serialize};

use crate::domain::{
    command::MessageRef,
    ids::{OutageNumber, ShareId},
    outage::Outage,
};

/// What every `action_id` and `callback_id` of ours begins with.
pub const PREFIX: &str = "balefire.";

/// What a button asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Update {
        number: OutageNumber,
    },
    Edit {
        number: OutageNumber,
    },
    Resolve {
        number: OutageNumber,
    },
    EditResolution {
        number: OutageNumber,
    },
    EditTimes {
        number: OutageNumber,
    },
    Reopen {
        number: OutageNumber,
    },
    Withdraw {
        number: OutageNumber,
    },
    Eta {
        number: OutageNumber,
    },
    Reassign {
        number: OutageNumber,
    },
    Take {
        number: OutageNumber,
    },
    CreateChannel {
        number: OutageNumber,
    },
    SetChannel {
        number: OutageNumber,
    },
    LinkPostMortem {
        number: OutageNumber,
    },
    /// Posts an announcement again that was deleted and stays away.
    PostAgain {
        number: OutageNumber,
    },
    Announce,
    Show {
        number: OutageNumber,
    },
    /// Within the form that announces.
    Preview,
    /// Takes a shared message out of the thread.
    WithdrawShare {
        share: ShareId,
    },
}

impl Action {
    pub fn number(&self) -> Option<OutageNumber> {
        match self {
            Action::Announce | Action::Preview | Action::WithdrawShare { .. } => None,
            Action::Update { number }
            | Action::Edit { number }
            | Action::Resolve { number }
            | Action::EditResolution { number }
            | Action::EditTimes { number }
            | Action::Reopen { number }
            | Action::Withdraw { number }
            | Action::Eta { number }
            | Action::Reassign { number }
            | Action::Take { number }
            | Action::CreateChannel { number }
            | Action::SetChannel { number }
            | Action::LinkPostMortem { number }
            | Action::PostAgain { number }
            | Action::Show { number } => Some(*number),
        }
    }

    /// The button's `action_id`.
    pub fn id(&self) -> String {
        format!("{PREFIX}v1.{}", self.word())
    }

    /// The button's `value`: the number of the outage or of the share, or nothing.
    pub fn value(&self) -> String {
        if let Action::WithdrawShare { share } = self {
            return share.to_string();
        }
        self.number().map(|it| it.to_string()).unwrap_or_default()
    }

    /// Reads a press; none when the button is not ours or not one we know.
    pub fn decode(action_id: &str, value: &str) -> Option<Action> {
        let word = action_id.strip_prefix(PREFIX)?.strip_prefix("v1.")?;
        match word {
            "announce" => return Some(Action::Announce),
            "preview" => return Some(Action::Preview),
            _ => {}
        }
        let number = outage_number(value)?;
        Some(match word {
            "update" => Action::Update { number },
            "edit" => Action::Edit { number },
            "resolve" => Action::Resolve { number },
            "edit_resolution" => Action::EditResolution { number },
            "edit_times" => Action::EditTimes { number },
            "reopen" => Action::Reopen { number },
            "withdraw" => Action::Withdraw { number },
            "eta" => Action::Eta { number },
            "reassign" => Action::Reassign { number },
            "take" => Action::Take { number },
            "create_channel" => Action::CreateChannel { number },
            "set_channel" => Action::SetChannel { number },
            "link_post_mortem" => Action::LinkPostMortem { number },
            "post_again" => Action::PostAgain { number },
            "show" => Action::Show { number },
            "withdraw_share" => Action::WithdrawShare {
                share: ShareId(number.0),
            },
            _ => return None,
        })
    }

    fn word(&self) -> &'static str {
        match self {
            Action::Update { .. } => "update",
            Action::Edit { .. } => "edit",
            Action::Resolve { .. } => "resolve",
            Action::EditResolution { .. } => "edit_resolution",
            Action::EditTimes { .. } => "edit_times",
            Action::Reopen { .. } => "reopen",
            Action::Withdraw { .. } => "withdraw",
            Action::Eta { .. } => "eta",
            Action::Reassign { .. } => "reassign",
            Action::Take { .. } => "take",
            Action::CreateChannel { .. } => "create_channel",
            Action::SetChannel { .. } => "set_channel",
            Action::LinkPostMortem { .. } => "link_post_mortem",
            Action::PostAgain { .. } => "post_again",
            Action::Announce => "announce",
            Action::Show { .. } => "show",
            Action::Preview => "preview",
            Action::WithdrawShare { .. } => "withdraw_share",
        }
    }
}

fn outage_number(value: &str) -> Option<OutageNumber> {
    let digits = value.bytes().all(|it| it.is_ascii_digit());
    let number = value.parse().ok().filter(|it| digits && *it > 0)?;
    Some(OutageNumber(number))
}

/// Which form was submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Announce,
    Update,
    Edit,
    Resolve,
    EditResolution,
    EditTimes,
    Reopen,
    Withdraw,
    Eta,
    Reassign,
    SetChannel,
    LinkPostMortem,
    /// Whether what is being announced is announced already.
    Same,
}

impl Form {
    pub const ALL: [Form; 13] = [
        Form::Announce,
        Form::Update,
        Form::Edit,
        Form::Resolve,
        Form::EditResolution,
        Form::EditTimes,
        Form::Reopen,
        Form::Withdraw,
        Form::Eta,
        Form::Reassign,
        Form::SetChannel,
        Form::LinkPostMortem,
        Form::Same,
    ];

    /// The form's `callback_id`.
    pub fn id(self) -> String {
        format!("{PREFIX}v1.form.{}", self.word())
    }

    pub fn decode(callback_id: &str) -> Option<Form> {
        let word = callback_id.strip_prefix(PREFIX)?.strip_prefix("v1.form.")?;
        Form::ALL.into_iter().find(|it| it.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            Form::Announce => "announce",
            Form::Update => "update",
            Form::Edit => "edit",
            Form::Resolve => "resolve",
            Form::EditResolution => "edit_resolution",
            Form::EditTimes => "edit_times",
            Form::Reopen => "reopen",
            Form::Withdraw => "withdraw",
            Form::Eta => "eta",
            Form::Reassign => "reassign",
            Form::SetChannel => "set_channel",
            Form::LinkPostMortem => "link_post_mortem",
            Form::Same => "same",
        }
    }
}

/// How many outages a context names: Slack keeps 3,000 characters.
const SEEN: usize = 100;

/// What a form is about, kept in its `private_metadata`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormContext {
    pub number: Option<OutageNumber>,
    /// The outage's version when the form was opened: what is unchanged since then was not
    /// touched by whoever filled it in.
    pub version: Option<i64>,
    /// The message that an outage is being made from.
    pub from_message: Option<MessageRef>,
    /// What was filled in before this form, and waits for its answer.
    pub draft: Option<Draft>,
    /// Outages that the person was shown, and says theirs is none of when they go on.
    pub seen: Vec<OutageNumber>,
}

/// A form that was submitted and is kept until a question about it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The form's ID.
    pub view: String,
    /// Of what was filled in.
    pub digest: String,
}

impl Draft {
    /// Under which it is kept.
    pub fn key(&self) -> String {
        format!("{}:{}", self.view, self.digest)
    }
}

/// As written. Unknown fields are skipped, so that an older node can read a newer one's.
#[derive(Serialize, Deserialize)]
struct Written {
    v: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<OutageNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from_message: Option<MessageRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    draft: Option<Draft>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    seen: Vec<OutageNumber>,
}

impl FormContext {
    pub fn of(outage: &Outage) -> FormContext {
        FormContext {
            number: Some(outage.number),
            version: Some(outage.version),
            ..FormContext::default()
        }
    }

    /// Of the outages that were seen, the newest ones are kept.
    pub fn encode(&self) -> String {
        let mut seen = self.seen.clone();
        seen.sort_by(|a, b| b.cmp(a));
        seen.dedup();
        seen.truncate(SEEN);
        let written = Written {
            v: 1,
            number: self.number,
            version: self.version,
            from_message: self.from_message.clone(),
            draft: self.draft.clone(),
            seen,
        };
        serde_json::json!(written).to_string()
    }

    pub fn decode(private_metadata: &str) -> Option<FormContext> {
        let written: Written = serde_json::from_str(private_metadata).ok()?;
        (written.v == 1).then_some(FormContext {
            number: written.number,
            version: written.version,
            from_message: written.from_message,
            draft: written.draft,
            seen: written.seen,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn actions() -> impl Strategy<Value = Action> {
        (1..=i64::MAX, 0..18usize).prop_map(|(number, which)| {
            let number = OutageNumber(number);
            [
                Action::Update { number },
                Action::Edit { number },
                Action::Resolve { number },
                Action::EditResolution { number },
                Action::EditTimes { number },
                Action::Reopen { number },
                Action::Withdraw { number },
                Action::Announce,
                Action::Show { number },
                Action::Eta { number },
                Action::Reassign { number },
                Action::Take { number },
                Action::CreateChannel { number },
                Action::SetChannel { number },
                Action::LinkPostMortem { number },
                Action::Preview,
                Action::PostAgain { number },
                Action::WithdrawShare {
                    share: ShareId(number.0),
                },
            ][which]
        })
    }

    proptest! {
        #[test]
        fn a_button_means_what_it_meant(action in actions()) {
            prop_assert_eq!(Action::decode(&action.id(), &action.value()), Some(action));
            prop_assert!(action.id().len() <= 255);
        }

        #[test]
        fn a_form_knows_its_outage(number in proptest::option::of(any::<i64>()), version in proptest::option::of(any::<i64>())) {
            let context = FormContext { number: number.map(OutageNumber), version, ..FormContext::default() };
            let written = context.encode();
            prop_assert!(written.len() <= 3000);
            prop_assert_eq!(FormContext::decode(&written), Some(context));
        }

        #[test]
        fn a_question_about_a_form_knows_the_form(numbers in proptest::collection::btree_set(1..i64::MAX, 0..150)) {
            let seen: Vec<_> = numbers.into_iter().rev().map(OutageNumber).collect();
            let context = FormContext {
                from_message: Some(MessageRef { channel: "C0123456789".into(), ts: "1772366400.000100".into() }),
                draft: Some(Draft { view: "V0123456789".into(), digest: "a".repeat(64) }),
                seen: seen.clone(),
                ..FormContext::default()
            };
            let written = context.encode();
            prop_assert!(written.len() <= 3000);
            let read = FormContext::decode(&written);
            prop_assert_eq!(read.map(|it| it.seen), Some(seen.into_iter().take(SEEN).collect()));
        }

        #[test]
        fn nothing_foreign_is_taken_for_ours(id in ".*", value in ".*") {
            prop_assume!(!id.starts_with(PREFIX));
            prop_assert_eq!(Action::decode(&id, &value), None);
            prop_assert_eq!(Form::decode(&id), None);
        }
    }

    /// These stand in messages that were posted long ago: never change an expectation here.
    #[test]
    fn buttons_of_older_versions_still_work() {
        let number = OutageNumber(12);
        for (id, action) in [
            ("balefire.v1.update", Action::Update { number }),
            ("balefire.v1.edit", Action::Edit { number }),
            ("balefire.v1.resolve", Action::Resolve { number }),
            (
                "balefire.v1.edit_resolution",
                Action::EditResolution { number },
            ),
            ("balefire.v1.edit_times", Action::EditTimes { number }),
            ("balefire.v1.reopen", Action::Reopen { number }),
            ("balefire.v1.withdraw", Action::Withdraw { number }),
            ("balefire.v1.announce", Action::Announce),
            ("balefire.v1.show", Action::Show { number }),
            ("balefire.v1.eta", Action::Eta { number }),
            ("balefire.v1.reassign", Action::Reassign { number }),
            ("balefire.v1.take", Action::Take { number }),
            (
                "balefire.v1.create_channel",
                Action::CreateChannel { number },
            ),
            ("balefire.v1.set_channel", Action::SetChannel { number }),
            (
                "balefire.v1.link_post_mortem",
                Action::LinkPostMortem { number },
            ),
            ("balefire.v1.preview", Action::Preview),
            ("balefire.v1.post_again", Action::PostAgain { number }),
            (
                "balefire.v1.withdraw_share",
                Action::WithdrawShare { share: ShareId(12) },
            ),
        ] {
            assert_eq!(Action::decode(id, "12"), Some(action), "{id}");
        }
        assert_eq!(
            FormContext::decode(r#"{"v":1,"number":12,"version":3,"later":true}"#),
            Some(FormContext {
                number: Some(number),
                version: Some(3),
                ..FormContext::default()
            })
        );
        for form in Form::ALL {
            assert_eq!(Form::decode(&form.id()), Some(form));
        }
        assert_eq!(
            Form::decode("balefire.v1.form.edit_times"),
            Some(Form::EditTimes)
        );
    }

    #[test]
    fn what_makes_no_sense_is_none() {
        for value in ["", "0", "-1", "+1", "1.5", "x", "99999999999999999999"] {
            assert_eq!(
                Action::decode("balefire.v1.resolve", value),
                None,
                "{value:?}"
            );
        }
        assert_eq!(Action::decode("balefire.v9.resolve", "12"), None);
        assert_eq!(Action::decode("balefire.v1.explode", "12"), None);
        for metadata in [
            "",
            "{}",
            "null",
            "12",
            r#"{"v":9}"#,
            r#"{"v":1,"number":"x"}"#,
        ] {
            assert_eq!(FormContext::decode(metadata), None, "{metadata:?}");
        }
    }
}
